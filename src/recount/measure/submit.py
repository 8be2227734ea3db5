"""A measurement that somebody sends: is it whole, and can it be?"""

from __future__ import annotations

import datetime
import itertools
import json
import math
from pathlib import Path
from typing import Any

from recount.errors import RecountError
from recount.measure import record as records
from recount.measure import session, workloads
from recount.vocabulary import data_folder

_METER = 1.05  # a board's meter is good to some per cent, and the limit is kept in the mean
# How far repeats of one case may lie apart: farther, something else was measured as well. A processor
# is shared with whatever else its machine does, and its row carries the range.
_AGREE = {"gpu": 1.1, "cpu": 2.0}
_EXACT = 1e-6  # a figure and the readings that it follows from
_RENEWED = 0.1  # seconds between two values of the counter
_SHORT = 50  # renewals of the counter in a stretch: fewer, and its ends are felt by more than 2 %
_RATED = 1.05  # of the rated power, for a limit: makers allow no more
_PROCESSOR = 2000  # W: more than the processors and the memory of one board draw
_WATCHED = (0.1, 2.0)  # how far CodeCarbon's seconds may be off: a share, and its own start and end
_PRECISION = {"gpu": "bfloat16", "cpu": "float32"}
_TEXT = 1000  # characters
_TOLD = 20  # faults of the form that are told: a file of another kind has millions
REPEATS = 3


def faults(path: Path, partial: bool = False) -> list[str]:
    """Everything that speaks against a file, one sentence each; nothing where it can be taken.

    With *partial* a case whose repeats are not all there yet speaks against itself alone (:func:`complete`).

    Raises
    ------
    RecountError : it is no file of a measurement at all.
    """
    found = records.read(path)
    return _shape(found) or [*_head(found), *(one for entry in found["repeats"] for one in _repeat(entry, found)), *_together(found, partial)]


def complete(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The repeats of each case that has enough of them, by case."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in sorted(found["repeats"], key=lambda one: (one["case"], one["repeat"])):
        groups.setdefault(entry["case"], []).append(entry)
    return {case: entries for case, entries in groups.items() if len(entries) >= REPEATS}


def _shape(found: dict[str, Any]) -> list[str]:
    """What ``data/measurement.schema.json`` says of it."""
    from jsonschema import Draft202012Validator

    schema = json.loads((data_folder() / "measurement.schema.json").read_text(encoding="utf-8"))
    told = []
    for error in sorted(itertools.islice(Draft202012Validator(schema).iter_errors(found), _TOLD), key=lambda one: [str(part) for part in one.absolute_path]):
        place = " → ".join(str(part + 1 if isinstance(part, int) else part) for part in error.absolute_path) or "the file"
        told.append(f"{place}: {error.message[:200]}.")
    return told or _leaves(found)[:_TOLD] or _sizes(found)


def _sizes(found: dict[str, Any]) -> list[str]:
    """Cases of sizes that there are not."""
    told = []
    for name in sorted({entry["case"] for entry in found["repeats"]} | set(found["prediction"]["cases"])):
        try:
            workloads.case(name)
        except RecountError as error:
            told.append(str(error))
    return told


def _leaves(value: Any, place: str = "") -> list[str]:
    """Numbers and words that no instrument writes."""
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in _leaves(inner, f"{place} → {key}".removeprefix(" → "))]
    if isinstance(value, list):
        return [one for number, inner in enumerate(value, 1) for one in _leaves(inner, f"{place} → {number}")]
    if isinstance(value, str):
        return [] if value.isprintable() and len(value) <= _TEXT else [f"{place}: it is not one line of at most {_TEXT:,} characters."]
    if isinstance(value, float) and not math.isfinite(value):
        return [f"{place}: it is not a finite number."]
    return [f"{place}: no instrument writes such a number."] if value and not 1e-30 < abs(value) < 1e30 else []


def _head(found: dict[str, Any]) -> list[str]:
    told = []
    if found["synthetic"]:
        told.append("it is synthetic: made-up readings are no measurement.")
    if not found["repeats"]:
        told.append("it holds no repeat: nothing has been measured yet.")
    if found["prediction"]["sha256"] != records.seal(found["settings"], found["chip"], found["prediction"]["cases"]):
        told.append("its prediction or its settings were changed after they were sealed: the hash does not fit.")
    device = found["device"]
    if found["repeats"] and not device:
        return [*told, "it does not say on what it was measured."]
    if device:
        told += _device(device, found)
    if found["repeats"]:
        told += _date(found["measured_on"]) + ([] if found["software"] else ["it does not say with which versions it was measured."])
    return told


def _date(text: str) -> list[str]:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return [f"it was measured on '{text}', which is no date."]
    # A day more, since it may be tomorrow already where it was measured.
    return [f"it was measured on {text}, which is still to come."] if day > datetime.date.today() + datetime.timedelta(days=1) else []


def _device(device: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What the device says of itself, against what the file is for."""
    told, chip, limit = [], found["chip"], device.get("power_limit_w")
    if device["kind"] == "gpu" and device["chip"] != workloads.chip_of(device["name"]):
        told.append(f"{device['name']} is called '{device['chip']}', and data/measure.toml calls it '{workloads.chip_of(device['name'])}'.")
    if found["for"] != workloads.called(device):
        told.append(f"it was prepared for '{found['for']}' and measured on '{workloads.called(device)}'.")
    if device["chip"] != (chip["name"] if chip else ""):
        told.append(f"its data sheet is that of '{chip['name'] if chip else ''}', and the chip is '{device['chip']}'.")
    if device["kind"] == "cpu" and not workloads.slug(device["name"]):
        told.append("its name has no letter from a to z and no digit: no row could be called by it.")
    if limit and chip and limit > _RATED * chip["thermal_design_power_w"]:
        told.append(f"its power limit of {limit:g} W is above the rated {chip['thermal_design_power_w']:g} W.")
    told += [f"{at['watts']:.3g} W at rest are more than its limit of {limit:g} W." for at in found["idle"] if limit and at["watts"] > _METER * limit]
    if device.get("partitioned"):
        told.append(f"{device['name']} was cut into partitions: its counter counts all of them.")
    if (device.get("other_processes") or 0) > 1:
        told.append(f"{device['other_processes']} processes were on {device['name']}: its counter counts all of them.")
    if device.get("kind") == "gpu" and device["power_limit_w"] is None:
        told.append(f"the power limit of {device['name']} is missing: without it the energy cannot be held against anything.")
    for key, rate in (("peak_flop_per_s", "peak rate"), ("thermal_design_power_w", "rated power")):
        if found["chip"] and found["for"] != "cpu" and (ours := _sheet(found["for"]).get(key)) is not None and found["chip"][key] != ours:
            told.append(f"its {rate} of {found['for']} is {found['chip'][key]:g}, and the data have {ours:g}.")
    return told


def _sheet(chip: str) -> dict[str, Any]:
    from recount.measure import predict

    try:
        return predict.sheet(chip)
    except RecountError:
        return {}


def _repeat(entry: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What cannot be of one repeat by itself."""
    case, told = workloads.case(entry["case"]), []
    name, shape, settings = f"{case.id} repeat {entry['repeat']}", workloads.shape(case.size), found["settings"]
    if entry["prediction_sha256"] != found["prediction"]["sha256"]:
        told.append(f"{name}: it follows another prediction than the one in the file.")
    if case.id not in found["prediction"]["cases"]:
        told.append(f"{name}: the file was not prepared for it.")
    if entry["phase"] != case.phase:
        return [*told, f"{name}: it is called {entry['phase']}."]
    if entry["parameters"] != shape.parameters:
        told.append(f"{name}: {entry['parameters']:,} parameters, and size {case.size} has {shape.parameters:,}.")
    if case.batch not in (None, entry["batch"]):
        told.append(f"{name}: its batch is {entry['batch']}.")
    if case.phase == "training" and (taken := found["searches"].get(case.id, {}).get("batch")) != entry["batch"]:
        told.append(f"{name}: its batch is {entry['batch']}, and the search found {taken or 'none'}.")
    if found["device"] and not found["synthetic"] and entry["precision"] != (wanted := _PRECISION[found["device"]["kind"]]):
        told.append(f"{name}: its numbers are '{entry['precision']}', and '{wanted}' are asked for.")
    a_step = {"training": entry.get("sequence", 0), "prompt": entry.get("prompt_tokens", 0), "output": entry.get("output_tokens", 0)}
    lengths = {key: settings["sequence" if key == "training" else f"{key}_tokens"] for key in entry["stretches"]}
    for key, one in entry["stretches"].items():
        if a_step[key] != lengths[key]:
            told.append(f"{name}, {key}: {a_step[key]:,} tokens at a time, and the settings say {lengths[key]:,}.")
        if one["tokens"] != one["steps"] * entry["batch"] * a_step[key]:
            told.append(f"{name}, {key}: {one['tokens']:,} tokens are not {one['steps']:,} steps × {entry['batch']} × {a_step[key]:,}.")
        least = 60 * settings["minutes"] * (1 if key == "training" else settings["decoding_share"])
        if one["seconds"] < least * (1 - _EXACT):
            told.append(f"{name}, {key}: {one['seconds']:.4g} s, and the settings say {least:.4g} s at the least.")
        told += [f"{name}, {key}: {fault}" for fault in (*_stretch(one, found), *_host(one, found))]
    told += [f"{name}: {fault}" for fault in _follows(entry, found)]
    return told + [f"{name}, {key}: utilisation {share:.3g} is above 1." for key, share in entry.get("utilisation", {}).items() if share > 1]


def _stretch(one: dict[str, Any], found: dict[str, Any]) -> list[str]:
    told, limit = [], found["device"].get("power_limit_w")
    if abs(one["watts"] * one["seconds"] / one["joules"] - 1) > _EXACT:
        told.append(f"{one['joules']:.6g} J in {one['seconds']:.6g} s are not {one['watts']:.6g} W.")
    if limit and one["joules"] > _METER * limit * (one["seconds"] + _RENEWED):
        told.append(f"{one['joules']:.4g} J in {one['seconds']:.4g} s are more than its limit of {limit:g} W allows ({limit * one['seconds']:.4g} J).")
    idle = [at["watts"] for at in found["idle"]]
    if idle and one["watts"] < min(idle):
        told.append(f"{one['watts']:.3g} W at work are less than the {min(idle):.3g} W at rest.")
    if limit and one["seconds"] < _SHORT * _RENEWED:
        told.append(f"{one['seconds']:.3g} s are too short for a counter that is renewed every {_RENEWED:g} s: at least {_SHORT * _RENEWED:g} s.")
    return told


def _host(one: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Who else was there, and what a processor's energy is the sum of."""
    host, told = one["host"], []
    most = max((one[when].get("processes") or 0 for when in ("before", "after") if when in one), default=0)
    if most > 1:
        told.append(f"{most} processes were on {found['device'].get('name', 'it')}: its counter counts all of them.")
    if found["device"].get("kind") != "cpu":
        return told
    if "problem" in host:
        return [*told, f"its energy was {host['problem']}."]
    if abs(host["processor_j"] + host["memory_j"] - one["joules"]) > _EXACT * one["joules"]:
        told.append(f"{one['joules']:.6g} J are not {host['processor_j']:.6g} J of the processor and {host['memory_j']:.6g} J of the memory.")
    if abs(host["seconds_watched"] - one["seconds"]) > _WATCHED[0] * one["seconds"] + _WATCHED[1]:
        told.append(f"CodeCarbon watched {host['seconds_watched']:.4g} s of {one['seconds']:.4g} s.")
    if one["watts"] > _PROCESSOR:
        told.append(f"{one['watts']:.4g} W are more than a processor and its memory draw: at most {_PROCESSOR:,} W.")
    return told


def _follows(entry: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Whether ε and utilisation are what the readings give."""
    told = []
    for name, value in session.derived(entry, found).items():
        given = entry.get(name)
        pairs = [(f"{name} of {key}", value[key], (given or {}).get(key)) for key in value] if isinstance(value, dict) else [(name, value, given)]
        told += [f"{label} is {there if there is not None else 'missing'}, and its readings give {ours:.6g}." for label, ours, there in pairs if there is None or abs(there / ours - 1) > _EXACT]
    return told


def _together(found: dict[str, Any], partial: bool) -> list[str]:
    """What shows only between repeats."""
    told, groups = [], {}
    for entry in found["repeats"]:
        groups.setdefault(entry["case"], []).append(entry)
    if [entry["order"] for entry in found["repeats"]] != list(range(1, len(found["repeats"]) + 1)):
        told.append("its repeats are not numbered in the order in which they were measured.")
    for name, entries in groups.items():
        numbers, values = [entry["repeat"] for entry in entries], [entry["epsilon_pj"] for entry in entries]
        if len(set(numbers)) < len(numbers):
            told.append(f"{name}: a repeat stands twice.")
        if len(set(numbers)) < REPEATS and not partial:
            told.append(f"{name}: {len(set(numbers))} of {REPEATS} repeats.")
        if max(values) > (most := _AGREE[found["device"].get("kind", "gpu")]) * min(values):
            told.append(f"{name}: its repeats lie ×{max(values) / min(values):.3g} apart, from {min(values):.4g} to {max(values):.4g} pJ; at most ×{most:g} can be taken.")
        if len({entry["batch"] for entry in entries}) > 1:
            told.append(f"{name}: its repeats have different batches.")
    return told

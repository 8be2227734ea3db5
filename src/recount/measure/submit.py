"""A measurement that somebody sends: is it whole, and can it be?"""

from __future__ import annotations

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
    for error in sorted(Draft202012Validator(schema).iter_errors(found), key=lambda one: [str(part) for part in one.absolute_path]):
        place = " → ".join(str(part + 1 if isinstance(part, int) else part) for part in error.absolute_path) or "the file"
        told.append(f"{place}: {error.message[:200]}.")
    return told or [f"{name}: it is not a finite number." for name in _not_finite(found)] or _sizes(found)


def _sizes(found: dict[str, Any]) -> list[str]:
    """Cases of sizes that there are not."""
    told = []
    for name in sorted({entry["case"] for entry in found["repeats"]} | set(found["prediction"]["cases"])):
        try:
            workloads.case(name)
        except RecountError as error:
            told.append(str(error))
    return told


def _not_finite(value: Any, place: str = "") -> list[str]:
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in _not_finite(inner, f"{place} → {key}".removeprefix(" → "))]
    if isinstance(value, list):
        return [one for number, inner in enumerate(value, 1) for one in _not_finite(inner, f"{place} → {number}")]
    return [place] if isinstance(value, float) and not math.isfinite(value) else []


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
        told.append("it does not say on what it was measured.")
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
    if entry["parameters"] != shape.parameters:
        told.append(f"{name}: {entry['parameters']:,} parameters, and size {case.size} has {shape.parameters:,}.")
    if case.batch not in (None, entry["batch"]):
        told.append(f"{name}: its batch is {entry['batch']}.")
    a_step = {"training": entry.get("sequence", 0), "prompt": entry.get("prompt_tokens", 0), "output": entry.get("output_tokens", 0)}
    lengths = {key: settings["sequence" if key == "training" else f"{key}_tokens"] for key in entry["stretches"]}
    for key, one in entry["stretches"].items():
        if a_step[key] != lengths[key]:
            told.append(f"{name}, {key}: {a_step[key]:,} tokens at a time, and the settings say {lengths[key]:,}.")
        if one["tokens"] != one["steps"] * entry["batch"] * a_step[key]:
            told.append(f"{name}, {key}: {one['tokens']:,} tokens are not {one['steps']:,} steps × {entry['batch']} × {a_step[key]:,}.")
        told += [f"{name}, {key}: {fault}" for fault in _stretch(one, found)]
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

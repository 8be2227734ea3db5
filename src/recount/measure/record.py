"""The file of a measurement: what is to be run and what is predicted of it, then every repeat."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import shlex
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recount.errors import RecountError
from recount.measure import workloads
from recount.measure.workloads import Case
from recount.project import Project, write_whole

VERSION = 1
_MOST = 20e6  # bytes: the longest measurement there could be, 100 repeats of all cases, has 2 million
_BY = {"power_limit_w": "a power limit (W) of", "driver": "driver", "counter": "the", "threads": "a number of threads of", "cores": "a number of cores of"}


def settings(cpu: bool, **asked: Any) -> dict[str, Any]:
    """The settings of a measurement: what was asked for, else those of ``data/measure.toml``.

    Raises
    ------
    RecountError : a number that cannot be.
    """
    usual = workloads.settings()
    found = {
        "minutes": usual["minutes"], "repeats": usual["repeats"], "seed": usual["seed"], "idle_seconds": usual["idle_seconds"],
        "warm_up_share": usual["warm_up_share"], "decoding_share": usual["decoding_share"], "sequence": usual["cpu_sequence" if cpu else "sequence"],
        "largest_batch": usual["largest_cpu_batch" if cpu else "largest_training_batch"],
        "prompt_tokens": usual["prompt_tokens"], "output_tokens": usual["output_tokens"],
    }  # fmt: skip
    found |= {name: value for name, value in asked.items() if value is not None}
    for name, least, most in (("minutes", 0.01, 60), ("repeats", 1, 100), ("idle_seconds", 0, 600)):
        if not least <= found[name] <= most:
            raise RecountError(f"{name} {found[name]:g} cannot be: it must be from {least:g} to {most:g}; the nearest valid value is {min(max(found[name], least), most):g}.")
    return found


def new(device: str, chip: dict[str, Any] | None, chosen: dict[str, Any], predicted: dict[str, Any]) -> dict[str, Any]:
    """An empty record: the settings, the chip's sheet and the prediction, sealed with a hash."""
    found = {"version": VERSION, "synthetic": False, "recount": version(), "command": "", "measured_on": "", "device": {}, "software": {}, "settings": chosen, "chip": chip, "for": device}
    return found | {"prediction": {"cases": predicted, "sha256": seal(chosen, chip, predicted)}, "searches": {}, "idle": [], "repeats": [], "failures": []}


def seal(chosen: dict[str, Any], chip: dict[str, Any] | None, predicted: dict[str, Any]) -> str:
    """The hash of what was fixed before anything was measured; no time is in it, so the same prediction has the same hash.

    >>> seal({"seed": 6}, None, {})[:12]
    'ebfb647ca7a2'
    """
    text = json.dumps({"settings": chosen, "chip": chip, "cases": predicted}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read(path: Path) -> dict[str, Any]:
    """A record from its file.

    Raises
    ------
    RecountError : it is not readable, too large, no record, or of a later version.
    """
    try:
        if path.stat().st_size > _MOST:
            raise RecountError(f"{path} has {path.stat().st_size / 1e6:,.0f} MB, and no measurement has more than {_MOST / 1e6:,.0f}.")
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecountError(f"{path} does not exist.") from None
    except (OSError, ValueError) as error:
        raise RecountError(f"{path} is not readable: {str(error).splitlines()[0]}.") from None
    except RecursionError:
        raise RecountError(f"{path} is no measurement of 'recount measure': it is nested too deeply.") from None
    version = found.get("version") if isinstance(found, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or "prediction" not in found or "repeats" not in found:
        raise RecountError(f"{path} is no measurement of 'recount measure'.")
    if version > VERSION:
        raise RecountError(f"{path} is of version {version}, and this recount reads up to version {VERSION}: use a newer recount.")
    return found


def write(path: Path, record: dict[str, Any]) -> None:
    """Write a record in one step: a reader, or a power cut, never sees half of it."""
    write_whole(path, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


def take_device(record: dict[str, Any], path: Path, device: dict[str, Any], software: dict[str, str], synthetic: bool) -> None:
    """Say on what is measured; a record that was begun elsewhere, or under another power limit, is refused."""
    if record["for"] != workloads.called(device):
        name = f"this is {device['name']}" + (", which data/measure.toml does not name" if device["kind"] == "gpu" and not device["chip"] else "")
        other = f"prepare another with --predict --chip {device['chip']} --out OTHER.json" if device["chip"] else "give another --out"
        raise RecountError(f"{path.name} was prepared for {record['for']}, and {name}: {other}.")
    if record["repeats"] and (record["synthetic"], record["device"]["name"], record["software"]) != (synthetic, device["name"], software):
        raise RecountError(f"{path.name} was begun on {record['device']['name']} with {_versions(record['software'])}, and this is {device['name']} with {_versions(software)}: give another --out.")
    if record["repeats"] and (changed := [key for key in device if key != "other_processes" and record["device"].get(key) != device[key]]):
        key = changed[0]
        raise RecountError(f"{path.name} was begun with {_BY.get(key, key)} {record['device'].get(key)}, and now it is {device[key]}: set it back, or give another --out.")
    record |= {"device": device, "software": software, "synthetic": synthetic}


def _versions(software: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in software.items())


def todo(record: dict[str, Any], path: Path, only: str = "", sizes: Iterable[str] = (), batches: Iterable[int] = ()) -> list[tuple[Case, int]]:
    """The repeats that are asked for, in the shuffled order of all that the record was prepared for.

    Raises
    ------
    RecountError : a phase, size or batch that there is not, or that the record was not prepared for.
    """
    known, chosen = [workloads.case(name) for name in record["prediction"]["cases"]], record["settings"]
    workloads.cases(only, sizes)  # refuses what there is not
    asked = [one for one in known if (not only or one.phase == only) and (not sizes or one.size in sizes) and (not batches or one.batch in (None, *batches))]
    lacking = [name for name in sizes if name not in {one.size for one in asked}] + [f"batch {batch}" for batch in batches if batch not in {one.batch for one in asked}]
    if lacking or not asked:
        raise RecountError(f"{path.name} was not prepared for {', '.join(lacking) or only}: it holds {', '.join(one.id for one in known)}.")
    return [(case, repeat) for case, repeat in workloads.order(known, chosen["repeats"], chosen["seed"]) if case in asked]


def keep_settings(record: dict[str, Any], path: Path, **asked: Any) -> None:
    """Refuse settings other than those that were sealed with the prediction."""
    for name, value in asked.items():
        if value is not None and value != record["settings"][name]:
            raise RecountError(f"{path.name} was prepared with {name} {record['settings'][name]:g}: leave --{name.replace('_', '-')} out, or give another --out.")


def version() -> str:
    """The version of this package, of its sources where it is not installed."""
    try:
        return importlib.metadata.version("recount")
    except importlib.metadata.PackageNotFoundError:
        with contextlib.suppress(OSError, KeyError, tomllib.TOMLDecodeError):
            return tomllib.loads((Project.here().checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
        return "of unknown version"


def command(arguments: list[str]) -> str:
    """The command as it was given, without the place of files."""
    kept, skip = [], False
    for word in arguments:
        if skip:
            skip = False
        elif word in ("--out", "--replay"):
            skip = True
        elif not word.startswith(("--out=", "--replay=")):
            kept.append(word)
    return shlex.join(["recount", *kept])

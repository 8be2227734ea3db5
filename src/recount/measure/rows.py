"""A measurement as rows of the project: one context for each case, the mean of its repeats (of a processor their middle and range)."""

from __future__ import annotations

import csv
import io
import statistics
from pathlib import Path
from typing import Any

from recount.assumptions import COLUMNS
from recount.backtest.cases import MEASURED_COLUMNS, OWN
from recount.errors import RecountError
from recount.measure import record as records
from recount.measure import submit, workloads
from recount.vocabulary import quantities

FAMILY = "recount-random-weights"
_REVIEW_YEARS = 5


def text(path: Path) -> str:
    """Rows for ``data/assumptions/own_measurements.csv``, header included, of every case that has its repeats.

    Raises
    ------
    RecountError : the file is synthetic, there is a fault in it, or no case has its repeats.
    """
    found = _sound(path)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entries in submit.complete(found).values():
        writer.writerows(_rows(entries, found))
    return stream.getvalue()


def listed(path: Path) -> str:
    """Lines for ``data/backtests/measured.csv``, header included; a processor or a card that the data do not have is no case, since the model knows none."""
    found = _sound(path)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, MEASURED_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for case in submit.complete(found) if found["chip"] else ():
        writer.writerow({"measurement": context(found, case), "phase": workloads.case(case).phase, "family": FAMILY, "hardware": f"hardware:{found['for']}", "note": ""})
    return stream.getvalue()


def _sound(path: Path) -> dict[str, Any]:
    if problems := submit.faults(path, partial=True):
        raise RecountError(f"{path} can become no rows: {problems[0]}" + (f" (and {len(problems) - 1} more: --submit-check tells them)" if problems[1:] else ""))
    found = records.read(path)
    if not submit.complete(found):
        raise RecountError(f"{path} can become no rows: no case has its {submit.REPEATS} repeats yet.")
    return found


def context(found: dict[str, Any], case: str) -> str:
    """The context of a case.

    >>> context({"for": "cpu", "device": {"name": "A 2-core virtual server"}}, "training-10m")
    'measurement:cpu-a-2-core-virtual-server-training-10m'
    """
    machine = f"cpu-{workloads.slug(found['device']['name'])}" if found["for"] == "cpu" else found["for"]
    return f"measurement:{machine}-{case}"


def _rows(entries: list[dict[str, Any]], found: dict[str, Any]) -> list[dict[str, str]]:
    first, device = entries[0], found["device"]
    counted, why = _counted(entries, found)
    mean = lambda pick: sum(map(pick, entries)) / len(entries)  # noqa: E731
    epsilons = [e["epsilon_pj"] for e in entries]
    gpu = device["kind"] == "gpu"
    values = {
        "accelerator_energy_per_parameter_token" if gpu else "energy_per_parameter_token": statistics.mean(epsilons) if gpu else statistics.median(epsilons),
        "active_parameters": first["parameters"], "total_parameters": first["parameters"],
    }  # fmt: skip
    main = "training" if first["phase"] == "training" else "output"
    watts = mean(lambda e: e["stretches"][main]["watts"])
    if gpu:
        values |= {"chips": 1, "accelerator_power": watts, "bits_per_parameter": 16}
        if found["idle"]:
            values["idle_power"] = min(one["watts"] for one in found["idle"])
    if first["phase"] == "training":
        values |= {"utilisation": mean(lambda e: e["utilisation"]["training"])} if "utilisation" in first else {}
    else:
        rate = mean(lambda e: e["batch"] * e["output_tokens"] / _seconds(e))
        values |= {"batch": first["batch"], "prompt_tokens": first["prompt_tokens"], "answer_tokens": first["output_tokens"], "output_rate": rate}
    spread = " to ".join(f"{pick(epsilons):.4g}" for pick in (min, max))
    # A processor shares its machine: its repeats differ, and the row says how far.
    ranged = {"energy_per_parameter_token": {"low": f"{min(epsilons):.4g}", "high": f"{max(epsilons):.4g}", "distribution": "lognormal"}}
    how = f"{found['command']}; recount {found['recount']}, {', '.join(f'{k} {v}' for k, v in found['software'].items())}; {len(entries)} repeats, ε {spread} pJ; {_how(first)}; {why}"
    return [
        {column: "" for column in COLUMNS}
        | {"context": context(found, first["case"]), "name": name, "value": f"{value:.4g}" if isinstance(value, float) else str(value), "distribution": "point", "unit": quantities()[name].unit}
        | {"source": OWN, "locator": f"{device['name']}, {first['case']}", "derivation": how, "strength": "declared" if isinstance(value, int) else counted, "confirmed": "derived"}
        | ranged.get(name, {})
        | {"published": found["measured_on"], "read_on": found["measured_on"], "review_by": f"{int(found['measured_on'][:4]) + _REVIEW_YEARS}-12-31"}
        for name, value in values.items()
    ]  # fmt: skip


def _seconds(entry: dict[str, Any]) -> float:
    """Time of one batch of answers from prompt to end."""
    return sum(one["seconds"] / one["steps"] for one in entry["stretches"].values())


def _how(entry: dict[str, Any]) -> str:
    if entry["phase"] == "training":
        again = ", activations computed again" if entry["checkpointing"] else ""
        return f"batch {entry['batch']} × {entry['sequence']} tokens, {entry['precision']}{again}, AdamW"
    return f"{entry['precision']}, {entry['launch']}; prompts included"


def _counted(entries: list[dict[str, Any]], found: dict[str, Any]) -> tuple[str, str]:
    """How strong the energy is, and how it was come by."""
    if found["device"]["kind"] == "gpu":
        return "measured", f"by the board's own {found['device']['counter']}, idle power not taken off; accelerator alone, limited to {found['device']['power_limit_w']:g} W"
    host = next(iter(entries[0]["stretches"].values()))["host"]
    powers = f"{found['device']['threads']} of {found['device']['cores']} cores at work, {host['tool']}: processor {host['processor_power']}; memory {host['memory_power']}"
    return ("measured" if host["processor_power"].startswith("measured") else "estimate"), powers

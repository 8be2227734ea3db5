"""What the model says of each case before it is measured: training by the chip's fit, decoding by the roofline.

Both are told what a careful user knows, and the boundary is the accelerator alone. The fit of
training is on whole runs, stops and restarts included; a steady minute should do better.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recount import recompute
from recount.assumptions import load
from recount.backtest.cases import known, typed
from recount.errors import RecountError, nearest
from recount.measure import arithmetic, workloads
from recount.measure.workloads import Case

NAME, UNIT = "accelerator_energy_per_parameter_token", "pJ/parameter/token"
_SHEET = {"peak_throughput": ("peak_flop_per_s", "FLOP/s/chip"), "thermal_design_power": ("thermal_design_power_w", "W/chip")}
_NEEDED = ("peak_throughput", "thermal_design_power", "memory_bandwidth", "accelerator_memory")
_TOKENS = 1e9  # of a training: its energy per token does not depend on how many there are
_COUNT = 2**14


def sheet(chip: str) -> dict[str, Any]:
    """A chip's dense peak rate and rated power, from its rows.

    >>> sheet("h100")
    {'name': 'h100', 'peak_flop_per_s': 989400000000000.0, 'thermal_design_power_w': 700.0}
    """
    rows = known(f"hardware:{named(chip)}")
    return {"name": chip} | {key: float(rows[name].value.to(unit).magnitude) for name, (key, unit) in _SHEET.items()}


def named(chip: str) -> str:
    """The chip, if the data hold all that a prediction needs of it.

    >>> named("h1000")
    Traceback (most recent call last):
    recount.errors.RecountError: chip 'h1000' is not known: did you mean 'h100'?
    """
    chips = [c.partition(":")[2] for c in load().contexts() if c.startswith("hardware:") and set(_NEEDED) <= set(load().context(c))]
    if chip not in chips:
        raise RecountError(f"chip '{chip}' is not known: {nearest(chip, chips)}")
    return chip


def predictions(chip: str, cases: list[Case], settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The prediction of each case by its id, with a 90 % interval; on a processor there is none."""
    if not chip:
        return {one.id: {"problem": "the model knows no processor"} for one in cases}
    return {one.id: _case(chip, one, settings) for one in cases}


def _case(chip: str, case: Case, settings: dict[str, Any]) -> dict[str, Any]:
    parameters = workloads.shape(case.size).parameters
    if case.phase == "training":
        low, middle, high = training(chip, parameters)
    else:
        low, middle, high = decoding(chip, parameters, case.batch, settings["prompt_tokens"], settings["output_tokens"])
    return {"quantity": NAME, "unit": UNIT, "low": low, "middle": middle, "high": high}


def training(chip: str, parameters: float) -> tuple[float, float, float]:
    """ε of training at the accelerator: 5th, 50th and 95th percentile, pJ/parameter/token.

    >>> [round(x, 1) for x in training("h100", 7e9)]
    [7.3, 15.4, 36.2]
    """
    supplied = known(f"hardware:{chip}", _fit(chip)) | typed({"training_compute": arithmetic.TRAINING_FLOP * float(parameters) * _TOKENS, "it_overhead": 1.0})
    supplied.pop("system_power", None)  # of whole systems: only the chip is measured
    planned = recompute.plan_of("training", "it_energy", "compute", supplied)
    return _percentiles(planned, float(parameters) * _TOKENS)


def decoding(chip: str, parameters: float, batch: float, prompt: float, output: float) -> tuple[float, float, float]:
    """ε of answers at the accelerator, prompts included, per written token: 5th, 50th and 95th percentile."""
    sizes = {"active_parameters": float(parameters), "total_parameters": float(parameters), "batch": float(batch), "bits_per_parameter": 16.0}
    supplied = known(f"hardware:{chip}", _fit(chip)) | typed(sizes | {"prompt_tokens": float(prompt), "answer_tokens": float(output)})
    supplied = {name: one for name, one in supplied.items() if name != "utilisation"}
    return _percentiles(recompute.plan_of("answer", NAME, "roofline", supplied))


def _fit(chip: str) -> str:
    return f"fit:{chip}" if f"fit:{chip}" in load().contexts() else ""


def _percentiles(planned: recompute.Plan, shared: float = 0.0) -> tuple[float, float, float]:
    drawn = recompute.sampled(planned, "pJ" if shared else UNIT, _COUNT)
    middle = recompute.point(planned, "pJ" if shared else UNIT)
    low, high = (float(x) for x in np.quantile(drawn, [0.05, 0.95]))
    return low / (shared or 1), middle / (shared or 1), high / (shared or 1)


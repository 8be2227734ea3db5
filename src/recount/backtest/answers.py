"""The constants of the roofline, fitted on measured answers, and its error on models not seen."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
from scipy.optimize import least_squares

from recount import graph, recompute
from recount.language import message
from recount.assumptions import Assumption, from_row, load
from recount.backtest import cases
from recount.backtest.cases import Answer, typed
from recount.backtest.scores import Prediction, known
from recount.units import Quantity, read_unit
from recount.vocabulary import quantities

# The constants, and where the search starts: what such machines are expected to do.
START = {
    "layer_time": 60.0, "expert_layer_time": 120.0, "answer_time": 50.0,
    "static_power_share": 0.4, "energy_per_byte": 60.0, "compute_energy_share": 0.85,
}  # fmt: skip
SPLITS = ("family", "hardware")
BASELINES = (message("EcoLogits 0.11.3"), message("EcoLogits told batch, bits and chips"))
HEADLINE = ("active_parameters", "total_parameters", "batch", "bits_per_parameter", "prompt_tokens", "answer_tokens")
_MACHINE = ("peak_throughput", "thermal_design_power", "memory_bandwidth", "accelerator_memory")
_ARCHITECTURE = ("layers", "cached_elements", "always_active_share", "chips")  # as published and as run
_TIME_WEIGHT = 0.5  # energy is what the constants are for; the time of a step keeps its parts apart
_START_SPREAD = 6.7  # in logarithms: the start weighs next to nothing
_OUTLIER = 0.5  # beyond this error of the logarithm a point pulls no harder


@dataclasses.dataclass(frozen=True, eq=False)
class Point:
    """One measurement: what is known before it, and what was measured."""

    case: Answer
    supplied: dict[str, Assumption]
    measured: float  # pJ/parameter/token, at the accelerators

    @property
    def experts(self) -> bool:
        """Whether only a part of the parameters works on each token."""
        return bool(self.supplied["active_parameters"].value < self.supplied["total_parameters"].value)

    def headline(self) -> dict[str, Assumption]:
        """What a user knows: size, batch, precision, tokens and chip; the rest is for the model to say."""
        return {name: self.supplied[name] for name in (*HEADLINE, *_MACHINE)}


@functools.cache
def points() -> tuple[Point, ...]:
    """The measurements at the accelerators whose batch and lengths are known, in the order of the list."""
    found = []
    for case in cases.answers():
        supplied = cases.known(case.hardware, case.model, case.measurement)
        if (case.kind, case.boundary) != ("measured", "accelerator") or not {*HEADLINE, *_MACHINE} <= set(supplied):
            continue
        measured = supplied.pop("accelerator_energy_per_parameter_token").value
        found.append(Point(case, supplied, float(measured.to(read_unit("pJ/parameter/token")).magnitude)))
    return tuple(found)


def sizes() -> list[tuple[float, float]]:
    """Active parameters and layers of every model of more than a billion whose layers are rows."""
    found: dict[str, dict[str, float]] = {}
    for row in load().rows:
        if row.name in ("layers", "active_parameters") and row.context.startswith("model:"):
            found.setdefault(row.context, {})[row.name] = float(row.quantity().magnitude)
    return [(m["active_parameters"], m["layers"]) for m in found.values() if len(m) == 2 and m["active_parameters"] > 1e9]


@functools.cache
def shape() -> dict[str, float]:
    """How the layers of models grow with their active parameters."""
    logs = np.log(np.array(sizes()))
    exponent, scale = np.polyfit(logs[:, 0] - np.log(1e9), logs[:, 1], 1)
    return {"layer_scale": float(np.exp(scale)), "layer_exponent": float(exponent)}


@functools.lru_cache(maxsize=64)
def constants(without: tuple[str, ...] = ()) -> dict[str, float]:
    """The constants fitted on all measurements but those of some families or chips.

    Least squares on the logarithms of energy per token and (at half the weight) of the time of
    a step, with the published layers, caches and numbers of chips; far outliers pull no harder
    than near ones. The constants are correlated, so they carry no range of their own: what they
    leave open is measured on families that were left out (:func:`factor`).
    """
    chosen = [p for p in points() if not {p.case.family, p.case.hardware} & set(without)]
    names = (*HEADLINE, *_MACHINE, *_ARCHITECTURE)
    columns = {n: _column(n, [_known(n, p) for p in chosen]) for n in names}
    columns |= {n: from_row(load().default(n)).value for n in ("forward_flop_per_parameter_token", "cache_bits")}
    columns["unexplained_factor"] = Quantity(1.0, "")
    energy = np.log([p.measured for p in chosen])
    time = np.log([_magnitude("batch", p) / _magnitude("output_rate", p) for p in chosen])
    start, wired = np.log(list(START.values())), graph.graph("answer", "roofline")
    wanted = ["accelerator_energy_per_parameter_token", "step_time"]

    def off(logs: np.ndarray) -> np.ndarray:
        fitted = {n: Quantity(v, read_unit(quantities()[n].unit)) for n, v in zip(START, np.exp(logs))}
        found = wired.execute(wanted, columns | fitted)
        predicted = [np.log(found[n].to(read_unit(u)).magnitude) for n, u in zip(wanted, ("pJ/parameter/token", "s"))]
        return np.concatenate([predicted[0] - energy, (predicted[1] - time) * _TIME_WEIGHT, (logs - start) / _START_SPREAD])

    found = least_squares(off, start, loss="soft_l1", f_scale=_OUTLIER)
    return dict(zip(START, map(float, np.exp(found.x))))


def predicted(point: Point, fitted: dict[str, float]) -> float:
    """Energy per parameter-token from the headline inputs alone, nothing left unexplained."""
    supplied = point.headline() | typed(fitted | shape() | {"unexplained_factor": 1.0})
    return recompute.point(recompute.plan_of("answer", "accelerator_energy_per_parameter_token", "roofline", supplied), "pJ/parameter/token")


@functools.lru_cache(maxsize=64)
def errors(left: str, without: tuple[str, ...] = ()) -> dict[Point, float]:
    """Logarithm of measured over predicted for each measurement, its own family (or everything on its own chip) left out of the fit.

    Nothing where no other family or chip is left to fit on.
    """
    chosen = [p for p in points() if not {p.case.family, p.case.hardware} & set(without)]
    if len({getattr(p.case, left) for p in chosen}) < 2:
        return {}
    return {p: float(np.log(p.measured / predicted(p, constants(tuple(sorted({*without, getattr(p.case, left)})))))) for p in chosen}


def factor(experts: bool, seen: bool = True, without: tuple[str, ...] = ()) -> tuple[float, float, float]:
    """5th, 50th and 95th percentile of the unexplained factor of a family not seen.

    Nine of ten measured points lie within it when their own family is left out of the fit (their
    own chip, where the chip was not *seen*). Mixtures of experts, which are predicted less well,
    are counted apart from dense models. The middle is 1 by decision: with a handful of families
    a common bias cannot be told from the families' own.
    """
    found = (not seen and errors("hardware", without)) or errors("family", without)
    alike = [abs(error) for point, error in found.items() if point.experts == experts] or [abs(error) for error in found.values()]
    wide = float(np.quantile(alike, 0.9))
    return float(np.exp(-wide)), 1.0, float(np.exp(wide))


@functools.lru_cache(maxsize=8)
def predictions(split: str = "family", count: int = 2**14) -> tuple[Prediction, ...]:
    """Every measured point from its headline inputs, by a fit that has not seen its family (or its chip).

    Parameters
    ----------
    split : ``family`` leaves out a family of models, ``hardware`` everything measured on one chip.
    count : samples an interval is computed from.

    Raises
    ------
    RecountError : an unknown split.
    """
    known("split", split, SPLITS)
    found, name, unit = [], "accelerator_energy_per_parameter_token", "pJ/parameter/token"
    for point in points():
        left = getattr(point.case, split)
        fitted = typed(constants((left,)) | shape()) | typed({"unexplained_factor": factor(point.experts, split == "family", (left,))})
        drawn = recompute.sampled(recompute.plan_of("answer", name, "roofline", point.headline() | fitted), unit, count)
        low, high = (float(x) for x in np.quantile(drawn, [0.05, 0.95]))
        case = point.case.measurement.partition(":")[2]
        found.append(Prediction(
            case, left.removeprefix("hardware:"), point.case.hardware.partition(":")[2], name, unit, point.measured, low,
            predicted(point, constants((left,))), high, _ecologits(point),
        ))  # fmt: skip
    return tuple(found)


def _ecologits(point: Point) -> dict[str, float]:
    """The same point by EcoLogits' formula: as it is run, and when told the batch, bits and chips."""
    method = cases.known("method:ecologits-0.11.3")
    sizes = {name: point.supplied[name] for name in ("active_parameters", "total_parameters", "answer_tokens")}
    told = {name: point.supplied[name] for name in ("batch", "bits_per_parameter", "chips")}
    spent = _magnitude("active_parameters", point) * _magnitude("answer_tokens", point)
    energies = (recompute.point(recompute.plan_of("answer", "accelerator_energy", "ecologits", method | sizes | more), "pJ") for more in ({}, told))
    return {baseline: energy / spent for baseline, energy in zip(BASELINES, energies)}


def _known(name: str, point: Point) -> Quantity:
    """A point's own value, else what the model makes of its size and heads."""
    return recompute.evaluate(recompute.plan_of("answer", name, "roofline", typed(shape()) | point.supplied), lambda a: a.value)


def _magnitude(name: str, point: Point) -> float:
    return float(point.supplied[name].value.to(read_unit(quantities()[name].unit)).magnitude)


def _column(name: str, values: Sequence[Quantity]) -> Quantity:
    unit = read_unit(quantities()[name].unit)
    return Quantity(np.array([float(v.to(unit).magnitude) for v in values]), unit)

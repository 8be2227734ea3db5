"""What a chip does in training and what it draws, fitted on declared runs, and runs not seen predicted.

Utilisation is learnt from every run whose operations and chip-hours (or throughput) are known;
power only from runs where it was measured. Energies that are chip-hours times an assumed power
say nothing about power and are not asked.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from scipy.special import expit, logit

from recount import recompute
from recount.language import message
from recount.assumptions import Assumption, from_row, load
from recount.backtest import cases
from recount.backtest.cases import Run, typed
from recount.backtest.random_effects import RandomEffects
from recount.backtest.scores import Prediction, known
from recount.units import Quantity, read_unit

_Z95 = 1.6448536269514722
_POWER_SPREAD = 0.35  # how far the mean of system power may lie from what chips and hosts are rated for
QUANTITIES, SPLITS = ("energy", "chip_hours", "carbon"), ("family", "maker")
BASELINES = (message("6ND at peak and thermal design power"), message("LLMCarbon's throughput fit"))
_ONE_NODE = Quantity(19.2e9, "parameter")  # where LLMCarbon's code changes from one of its fits to the other


@dataclasses.dataclass(frozen=True, eq=False)
class Observed:
    """A run with what its contexts supply and what was declared of it."""

    case: Run
    supplied: dict[str, Assumption]
    declared: dict[str, Assumption]

    def value(self, name: str, unit: str) -> float:
        return float(self.supplied[name].value.to(read_unit(unit)).magnitude)

    @functools.cached_property
    def compute(self) -> float | None:
        """Useful operations: as declared, else six per active parameter and token."""
        if "training_compute" in self.supplied:
            return self.value("training_compute", "FLOP")
        if {"active_parameters", "training_tokens"} <= set(self.supplied):
            return 6 * self.value("active_parameters", "parameter") * self.value("training_tokens", "token")
        return None

    @functools.cached_property
    def hours(self) -> float | None:
        """Chip-hours: as declared, else chips times time."""
        if "chip_hours" in self.supplied:
            return self.value("chip_hours", "chip*h")
        if {"chip_count", "training_time"} <= set(self.supplied):
            return self.value("chip_count", "chip") * self.value("training_time", "h")
        return None

    @functools.cached_property
    def utilisation(self) -> float | None:
        """Share of the peak over the whole run: from operations and hours, else as declared."""
        peak = self.value("peak_throughput", "FLOP/s/chip")
        if self.case.utilisation_from == "compute_and_hours" and self.compute and self.hours:
            return self.compute / (self.hours * 3600 * peak)
        if self.case.utilisation_from == "declared" and "achieved_throughput" in self.supplied:
            return self.value("achieved_throughput", "FLOP/s/chip") / peak
        if self.case.utilisation_from == "declared" and "utilisation" in self.supplied:
            return self.value("utilisation", "1")
        return None

    @functools.cached_property
    def power(self) -> float | None:
        """Measured power of the system, host included, over the chip's thermal design power."""
        if (self.case.power_boundary, self.case.energy_independent) != ("system", "yes") or "thermal_design_power" not in self.supplied:
            return None
        return self.value("system_power", "W/chip") / self.value("thermal_design_power", "W/chip")


@functools.cache
def observed() -> tuple[Observed, ...]:
    """The runs of the list, in its order."""
    return tuple(Observed(r, cases.known(r.hardware, r.model, r.run) | _grid(r.run), cases.known(r.declared)) for r in cases.runs())


def _grid(context: str) -> dict[str, Assumption]:
    """The grid intensity that a run declares, whatever its scope: its own carbon was reckoned with it."""
    scopes = load().other_scopes(context).get("grid_intensity", [])
    return {"grid_intensity": from_row(load().pick(f"{context}[{scopes[0]}]", "grid_intensity"))} if scopes else {}


def _seen(without: str) -> list[Observed]:
    return [o for o in observed() if without not in (o.case.family, o.case.maker)]


def _groups(found: list[Observed]) -> dict[str, list[str]]:
    return {name: [getattr(o.case, name) for o in found] for name in ("hardware", "maker", "family")}


@functools.lru_cache(maxsize=128)
def utilisation(without: str = "") -> RandomEffects:
    """Log-odds of utilisation by chip, maker and family; one family or maker left out."""
    found = [o for o in _seen(without) if o.utilisation]
    return RandomEffects.fit(logit([o.utilisation for o in found]), _groups(found))


@functools.lru_cache(maxsize=128)
def power(without: str = "") -> RandomEffects:
    """Logarithm of system over thermal design power by chip, maker and family.

    Before any run is seen the mean is what the rows say: the share of its limit that a busy
    chip draws, times what the host adds.
    """
    found = [o for o in _seen(without) if o.power]
    rated = [from_row(load().default(name)).value.to("").magnitude for name in ("power_fraction", "it_overhead")]
    return RandomEffects.fit(np.log([o.power for o in found]), _groups(found), float(np.log(np.prod(rated))), _POWER_SPREAD)


def fitted(hardware: str, without: str = "") -> dict[str, tuple[float, float, float]]:
    """Percentiles of utilisation on a chip, and of system over thermal design power, for a family not seen.

    The second is given where runs on the chip were metered, and, far wider, for tensor chips
    where none was: their printed thermal design power bounds nothing. A graphics chip that was
    not metered is left to the general rows, the share a busy chip draws and what the host adds.
    """
    chip = {"hardware": hardware}  # no maker: no user of an estimate could name one
    mean, spread = utilisation(without).predict(chip)
    found = {"utilisation": tuple(float(expit(mean + z * _Z95 * spread)) for z in (-1, 0, 1))}
    if ":tpu-" in hardware or any(o.power and o.case.hardware == hardware for o in _seen(without)):
        mean, spread = power(without).predict(chip)
        found["system_power"] = tuple(float(np.exp(mean + z * _Z95 * spread)) for z in (-1, 0, 1))
    return found


def _assumed(run: Observed, split: str) -> dict[str, Assumption]:
    """What is taken for a run not seen: its size, tokens, chip, PUE and grid, and the fit without it."""
    names = ("active_parameters", "peak_throughput", "thermal_design_power", "pue", "grid_intensity")
    supplied = {name: run.supplied[name] for name in names if name in run.supplied} | typed({"training_compute": run.compute})
    found = fitted(run.case.hardware, getattr(run.case, split))
    if run.case.power_boundary == "accelerator":  # only the chips were metered: nothing of the host is in the figure
        supplied |= typed({"it_overhead": 1.0})
    elif "system_power" in found:
        watts = run.value("thermal_design_power", "W/chip")
        supplied |= typed({"system_power": tuple(share * watts for share in found["system_power"])})
    return supplied | typed({"utilisation": found["utilisation"]})


def _baselines(supplied: dict[str, Assumption], name: str, unit: str) -> dict[str, float]:
    """The same quantity by two methods that need no fit of ours."""
    rated = supplied | typed({"utilisation": 1.0, "power_fraction": 1.0, "it_overhead": 1.0})
    rated.pop("system_power", None)
    found = {BASELINES[0]: recompute.point(recompute.plan_of("training", name, "compute", rated), unit)}
    if "active_parameters" in supplied:
        large = supplied["active_parameters"].value > _ONE_NODE
        published = cases.known("method:llmcarbon-many-nodes" if large else "method:llmcarbon-one-node")
        power = typed({"system_power": float(supplied["thermal_design_power"].value.to("W/chip").magnitude)})
        found[BASELINES[1]] = recompute.point(recompute.plan_of("training", name, "llmcarbon", rated | published | power), unit)
    return found


def _target(run: Observed, quantity: str) -> tuple[str, str, float] | None:
    """The name, unit and declared figure of what is predicted."""
    if quantity == "chip_hours":
        return ("chip_hours", "chip*h", run.hours) if run.hours and run.case.utilisation_from != "none" else None
    if run.case.power_boundary == "none" or "pue" not in run.supplied:
        return None
    if quantity == "energy" and "facility_energy" in run.declared:
        return "facility_energy", "MWh", _declared(run, "facility_energy", "MWh")
    if quantity == "carbon" and "usage_carbon" in run.declared and "grid_intensity" in run.supplied:
        return "usage_carbon", "tCO2e", _declared(run, "usage_carbon", "tCO2e")
    return None


def _declared(run: Observed, name: str, unit: str) -> float:
    return float(run.declared[name].value.to(read_unit(unit)).magnitude)


@functools.lru_cache(maxsize=16)
def predictions(quantity: str, split: str = "family", count: int = 2**16) -> tuple[Prediction, ...]:
    """Every run of which a quantity was declared, predicted by a fit that has not seen its family (or its maker).

    Parameters
    ----------
    quantity : ``energy`` (at the meter; of the accelerators times PUE where only they were
        metered), ``chip_hours`` or ``carbon``.
    split : ``family`` leaves out a family of models, ``maker`` everything of one maker.
    count : samples an interval is computed from.

    Raises
    ------
    RecountError : an unknown quantity or split.
    """
    known("quantity", quantity, QUANTITIES)
    known("split", split, SPLITS)
    found = []
    for run in observed():
        target = _target(run, quantity)
        if target is None or not run.compute:
            continue
        name, unit, reported = target
        supplied = _assumed(run, split)
        drawn = recompute.sampled(recompute.plan_of("training", name, "compute", supplied), unit, count)
        low, middle, high = (float(x) for x in np.quantile(drawn, [0.05, 0.5, 0.95]))
        found.append(Prediction(
            run.case.run.partition(":")[2], getattr(run.case, split), run.case.hardware.partition(":")[2], name, unit, reported,
            low, middle, high, _baselines(supplied, name, unit), quantity == "chip_hours" or run.case.energy_independent == "yes",
        ))  # fmt: skip
    return tuple(found)

"""How much of its peak a chip reaches in training and what it draws, fitted on declared runs.

Utilisation is learnt from every run whose operations and chip-hours (or throughput) are known;
power only from runs where it was measured. Energies that are chip-hours times an assumed power
say nothing about power and are not asked.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from scipy.special import expit, logit

from recount import graph
from recount.assumptions import Assumption
from recount.backtest import cases
from recount.backtest.answers import typed
from recount.backtest.cases import Run
from recount.backtest.random_effects import RandomEffects

_Z95 = 1.6448536269514722


@dataclasses.dataclass(frozen=True, eq=False)
class Observed:
    """A run with what its contexts supply."""

    case: Run
    supplied: dict[str, Assumption]

    @functools.cached_property
    def compute(self) -> float | None:
        """Useful operations: as declared, else six per active parameter and token."""
        if "training_compute" in self.supplied:
            return _value(self.supplied, "training_compute", "FLOP")
        if {"active_parameters", "training_tokens"} <= set(self.supplied):
            return 6 * _value(self.supplied, "active_parameters", "parameter") * _value(self.supplied, "training_tokens", "token")
        return None

    @functools.cached_property
    def utilisation(self) -> float | None:
        """Share of the peak over the whole run: from operations and hours, else as declared."""
        peak = _value(self.supplied, "peak_throughput", "FLOP/s/chip")
        if self.case.utilisation_from == "compute_and_hours" and self.compute and "chip_hours" in self.supplied:
            return self.compute / (_value(self.supplied, "chip_hours", "chip*s") * peak)
        if self.case.utilisation_from == "declared" and "achieved_throughput" in self.supplied:
            return _value(self.supplied, "achieved_throughput", "FLOP/s/chip") / peak
        if self.case.utilisation_from == "declared" and "utilisation" in self.supplied:
            return _value(self.supplied, "utilisation", "1")
        return None

    @functools.cached_property
    def power(self) -> float | None:
        """Measured power over thermal design power: of the chip, or of the system with its host."""
        name = {"system": "system_power", "accelerator": "accelerator_power"}.get(self.case.power_boundary, "")
        if name not in self.supplied or "thermal_design_power" not in self.supplied:
            return None
        return _value(self.supplied, name, "W/chip") / _value(self.supplied, "thermal_design_power", "W/chip")


@functools.cache
def observed() -> tuple[Observed, ...]:
    """The runs of the list, in its order."""
    return tuple(Observed(run, cases.known(run.hardware, run.model, run.run)) for run in cases.runs())


@functools.lru_cache(maxsize=64)
def utilisation(without: str = "") -> RandomEffects:
    """Log-odds of utilisation by chip and family, one family left out."""
    found = [o for o in observed() if o.case.family != without and o.utilisation]
    return RandomEffects.fit(logit([o.utilisation for o in found]), _groups(found))


@functools.lru_cache(maxsize=64)
def power(boundary: str, without: str = "") -> RandomEffects:
    """Logarithm of measured over thermal design power at one boundary, one family left out."""
    found = [o for o in observed() if o.case.family != without and o.case.power_boundary == boundary and o.power]
    return RandomEffects.fit(np.log([o.power for o in found]), _groups(found))


def _groups(found: list[Observed]) -> dict[str, list[str]]:
    return {"hardware": [o.case.hardware for o in found], "family": [o.case.family for o in found]}


def assumptions(hardware: str, without: str = "") -> dict[str, tuple[float, float, float]]:
    """Fitted percentiles of utilisation and power on a chip, for a run of a family not seen."""
    mean, spread = utilisation(without).predict({"hardware": hardware})
    return {"utilisation": tuple(float(expit(mean + z * _Z95 * spread)) for z in (-1, 0, 1))}


def _value(supplied: dict[str, Assumption], name: str, unit: str) -> float:
    from recount.units import read_unit

    return float(supplied[name].value.to(read_unit(unit)).magnitude)

"""Which assumptions a figure's uncertainty comes from: Sobol indices, one input per row.

A row that stands under several operands is one input, so what cancels counts for nothing. The
inputs are drawn by the same quantile functions as the samples of an interval.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np

from recount import recompute, sampling
from recount.assumptions import Assumption
from recount.language import THIN, french, say
from recount.recompute import Plan, finite
from recount.uncertainty import swings
from recount.units import NO_BREAK, read_unit
from recount.wording import called_with_context, label

# The smallest power of two at which no total index of any claim moves by more than 0.02: over
# five seeds at most 0.015 from the indices at 65,536 (at 2,048 it is 0.024). The three largest
# of a claim keep their order from 256 on, but for ties.
COUNT = 4096
SEED = 1  # SALib takes 0 for "no seed"
NAMED, NEGLIGIBLE = 3, 0.01
_EDGE = 2.0**-33  # a share of exactly 0 or 1 is an infinite quantile


@dataclasses.dataclass(frozen=True)
class Index:
    """How much of a figure's variance one assumption accounts for.

    ``first`` is the share that it accounts for alone, ``total`` the share in which it has a
    part, alone or together with others. Estimates of a share of 0 scatter round it; what falls
    below 0 is 0, and what exceeds 1 is 1.
    """

    assumption: Assumption
    first: float
    total: float


@dataclasses.dataclass(frozen=True)
class Indices:
    """The Sobol indices of a figure, the largest total first, and of what: its logarithm, or itself."""

    logarithm: bool
    of: tuple[Index, ...]

    def get(self, assumption: Assumption) -> Index | None:
        """The index of one assumption, None if it has no range."""
        return next((index for index in self.of if index.assumption.key == assumption.key), None)


@dataclasses.dataclass(frozen=True)
class Driver:
    """What one assumption does to a figure: its shares of the variance, and the figure at its low and high end."""

    assumption: Assumption
    first: float
    total: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Drivers:
    """Every assumption with a range, what matters most first; of the figure's logarithm, or of itself."""

    logarithm: bool
    of: tuple[Driver, ...]

    @property
    def shares_of(self) -> str | None:
        """Whose variance the shares are of: the figure's logarithm, the figure itself, or none."""
        return ("logarithm" if self.logarithm else "figure") if self.of else None

    def sentence(self) -> str:
        """The three that matter most, in words."""
        if not self.of:
            return say("Nothing drives it: no assumption has a range.")
        named = [d for d in self.of[:NAMED] if d.total >= NEGLIGIBLE]
        if not named:
            return say("Nothing drives it: no assumption moves it.")
        shares = [say("{share} of the variance", share=share_text(named[0].total)), *(share_text(d.total) for d in named[1:])]
        return say("What drives it most: {named}.", named=", ".join(f"{self.name(d)} ({share})" for d, share in zip(named, shares, strict=True)))

    def name(self, driver: Driver) -> str:
        """An assumption's words, with what it is about where two have one name."""
        alike = [d for d in self.of if d.assumption.name == driver.assumption.name]
        return called_with_context(driver.assumption) if len(alike) > 1 else label(driver.assumption.name)

    def as_json(self) -> list[dict[str, Any]]:
        """The list of ``drivers`` in ``data/claim.schema.json``."""
        return [
            {
                "name": d.assumption.name, "context": d.assumption.row.context if d.assumption.row else None,
                "first": round(d.first, 4), "total": round(d.total, 4), "low": finite(d.low), "high": finite(d.high),
            }
            for d in self.of
        ]  # fmt: skip


def share_text(share: float) -> str:
    r"""A share of the variance in words.

    >>> share_text(0.523), share_text(0.004), share_text(1.0)
    ('52\xa0%', 'below 1\xa0%', '100\xa0%')
    """
    number = f"{100 * share:.0f}" if share >= NEGLIGIBLE else say("below {limit}", limit=1)
    return f"{number}{THIN if french() else NO_BREAK}%"


def drivers(planned: Plan, unit: str) -> Drivers:
    """Sobol indices and swings of a figure by assumption, the largest total index first."""
    indices = sobol(planned, unit)
    ends = {swing.assumption.key: swing for swing in swings(planned, unit)}
    found = [Driver(i.assumption, i.first, i.total, ends[i.assumption.key].low, ends[i.assumption.key].high) for i in indices.of]
    return Drivers(indices.logarithm, tuple(found))


def sobol(planned: Plan, unit: str, count: int = COUNT, seed: int = SEED) -> Indices:
    """First-order and total Sobol indices of a figure by assumption.

    They are those of the figure's logarithm where all its samples are positive, so that in a
    product each factor has its share and a long tail does not decide; else those of the figure.

    Parameters
    ----------
    planned : the route with the assumption behind each of its inputs.
    unit : the unit of the figure.
    count : base samples, a power of two; the figure is computed for (number of inputs + 2) times as many.
    seed : any whole number but 0.

    References
    ----------
    Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018: first order by its table 2 (b), total by (f), as in SALib.
    """
    inputs = [a for a in planned.assumptions if sampling.uncertain(a)]
    if not inputs:
        return Indices(False, ())
    figure = _figure(planned, unit, inputs, count, seed)
    positive = bool((figure > 0).all())
    values = np.log(figure) if positive else figure
    if not np.isfinite(values).all() or np.ptp(values) <= 1e-12 * np.abs(values).max():
        return Indices(positive, tuple(Index(a, 0.0, 0.0) for a in inputs))  # nothing moves it
    if len(inputs) == 1:
        return Indices(positive, (Index(inputs[0], 1.0, 1.0),))
    first, total = _estimated(values, len(inputs), seed)
    found = [Index(a, min(max(float(f), 0.0), 1.0), min(max(float(t), 0.0), 1.0)) for a, f, t in zip(inputs, first, total, strict=True)]
    return Indices(positive, tuple(sorted(found, key=lambda index: -index.total)))


def _figure(planned: Plan, unit: str, inputs: list[Assumption], count: int, seed: int) -> np.ndarray:
    shares = _shares(len(inputs), count, seed)
    column = {assumption.key: shares[:, k] for k, assumption in enumerate(inputs)}
    figure = recompute.evaluate(planned, lambda a: sampling.at(a, column[a.key]) if a.key in column else a.value)
    return np.broadcast_to(figure.to(read_unit(unit)).magnitude, len(shares))


@functools.lru_cache(maxsize=16)
def _shares(inputs: int, count: int, seed: int) -> np.ndarray:
    from SALib.sample.sobol import sample  # a second to import, and only needed here

    shares = sample(_problem(inputs), count, calc_second_order=False, seed=seed)
    return np.clip(shares, _EDGE, 1 - _EDGE)


def _estimated(values: np.ndarray, inputs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from SALib.analyze.sobol import analyze

    found = analyze(_problem(inputs), values, calc_second_order=False, num_resamples=2, seed=seed)
    return found["S1"], found["ST"]


def _problem(inputs: int) -> dict:
    return {"num_vars": inputs, "names": [str(k) for k in range(inputs)], "bounds": [[0.0, 1.0]] * inputs}

"""Samples of an assumption: one stratified column each, keyed by its row.

The stream of a row depends on its key alone, so the same row moves together under every
claim, and a new row shifts nobody's figures.
"""

from __future__ import annotations

import functools
import hashlib
import math

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from recount.assumptions import Assumption
from recount.units import Quantity, read_unit
from recount.vocabulary import quantities

COUNT = 2**18  # the 5th, 50th and 95th percentile then move by less than 1 % between seeds
_Z95 = 1.6448536269514722


@functools.lru_cache(maxsize=256)
def uniforms(key: str, count: int = COUNT, seed: int = 0) -> np.ndarray:
    """A stratified and permuted column of numbers between 0 and 1, keyed by *key*.

    >>> float(uniforms("a", 4).mean()), bool((np.sort(uniforms("a", 4)) // 0.25 == [0, 1, 2, 3]).all())
    (0.5, True)
    """
    digest = hashlib.sha256(f"{seed}|{key}".encode()).digest()
    generator = np.random.Generator(np.random.SFC64(int.from_bytes(digest[:16], "little")))
    column = (generator.permutation(count) + generator.random(count)) / count
    column.flags.writeable = False
    return column


def samples(assumption: Assumption, count: int = COUNT, seed: int = 0) -> Quantity:
    """Draw *count* values of an assumption, in its name's natural unit, on its own stream."""
    if not uncertain(assumption):
        return at(assumption, np.float64(0.5))
    return at(assumption, uniforms(assumption.key, count, seed))


def uncertain(assumption: Assumption) -> bool:
    """Whether an assumption has a range or a rounding to be drawn from."""
    low, high = assumption.rounded() if assumption.distribution == "point" else (assumption.low, assumption.high)
    return bool(low != high)


def at(assumption: Assumption, share: np.ndarray) -> Quantity:
    """The values of an assumption below which each *share* of its distribution lies, in its name's natural unit.

    The value is the median and low and high the 5th and 95th percentile; each side is fitted
    on its own. Lognormal means the logarithm of the distance to the name's lower bound, or
    the log-odds where the name has an upper bound too. Without a range the printed rounding
    is drawn uniformly. Draws outside the name's bounds are moved to the bound.
    """
    known = quantities().get(assumption.name)
    unit = read_unit(known.unit) if known else assumption.value.units
    if assumption.distribution == "point":
        low, high = (q.to(unit).magnitude for q in assumption.rounded())
        return assumption.value.to(unit) if low == high else Quantity(low + (high - low) * share, unit)
    points = [q.to(unit).magnitude for q in (assumption.low, assumption.value, assumption.high)]
    return Quantity(quantile(share, *points, assumption.distribution, known.minimum, known.maximum), unit)


def share_below(assumption: Assumption, value: Quantity) -> float | None:
    """The share of an assumption's distribution that lies below a value; None where it has none.

    >>> from recount.assumptions import from_text
    >>> share_below(from_text("pue", "1.10", "override"), Quantity(1.1025, ""))
    0.75
    """
    if not uncertain(assumption):
        return None
    known = quantities().get(assumption.name)
    unit = read_unit(known.unit) if known else assumption.value.units
    number = float(value.to(unit).magnitude)
    if assumption.distribution == "point":
        low, high = (q.to(unit).magnitude for q in assumption.rounded())
        return min(max((number - low) / (high - low), 0.0), 1.0)
    points = [q.to(unit).magnitude for q in (assumption.low, assumption.value, assumption.high)]
    return cumulative(number, *points, assumption.distribution, known.minimum, known.maximum)


def quantile(
    share: np.ndarray, low: float, median: float, high: float, distribution: str,
    minimum: float | None = None, maximum: float | None = None,
) -> np.ndarray:  # fmt: skip
    """Quantile function through the 5th, 50th and 95th percentile, each side on its own.

    >>> [round(float(x), 6) for x in quantile(np.array([0.05, 0.5, 0.95]), 0.2, 0.35, 0.5, "lognormal", 0, 1)]
    [0.2, 0.35, 0.5]
    """
    if distribution == "uniform":
        first, last = _uniform_ends(low, median, high)
        drawn = np.interp(share, [0, 0.5, 1], [first, median, last])
    else:
        forward, back = _transform(distribution, minimum, maximum)
        inner, (below, middle, above) = ndtri(share), (forward(x) for x in (low, median, high))
        drawn = back(middle + inner * np.where(inner < 0, middle - below, above - middle) / _Z95)
    return np.clip(drawn, minimum, maximum) if minimum is not None or maximum is not None else drawn


def cumulative(
    value: float, low: float, median: float, high: float, distribution: str, minimum: float | None = None, maximum: float | None = None
) -> float:
    """What :func:`quantile` undoes: the share of the distribution below a value.

    >>> [round(cumulative(x, 0.2, 0.35, 0.5, "lognormal", 0, 1), 6) for x in (0, 0.2, 0.35, 0.5, 1)]
    [0.0, 0.05, 0.5, 0.95, 1.0]
    """
    if distribution == "uniform":
        ends = _uniform_ends(low, median, high)
        return float(np.interp(value, [ends[0], median, ends[1]], [0, 0.5, 1]))
    forward, _ = _transform(distribution, minimum, maximum)
    with np.errstate(divide="ignore"):  # the bound itself lies infinitely far out
        inner = forward(np.float64(min(max(value, -math.inf if minimum is None else minimum), math.inf if maximum is None else maximum)))
    below, middle, above = (forward(x) for x in (low, median, high))
    width = middle - below if inner < middle else above - middle
    if inner == middle or not width:  # a side without width holds its half at the median
        return 0.5 + 0.5 * float(np.sign(inner - middle))
    return float(ndtr((inner - middle) / width * _Z95))


def _uniform_ends(low: float, median: float, high: float) -> tuple[float, float]:
    return median - (median - low) / 0.9, median + (high - median) / 0.9


def _transform(distribution, minimum, maximum):
    if distribution == "normal":
        return (lambda x: x), (lambda y: y)
    if maximum is None:
        return (lambda x: np.log(x - minimum)), (lambda y: minimum + np.exp(y))
    width = maximum - minimum
    return (lambda x: logit((x - minimum) / width)), (lambda y: minimum + width * expit(y))

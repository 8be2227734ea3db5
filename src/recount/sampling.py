"""Samples of an assumption: one stratified column each, keyed by its row.

The stream of a row depends on its key alone, so the same row moves together under every
claim, and a new row shifts nobody's figures.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from recount.assumptions import Assumption
from recount.errors import RecountError
from recount.units import Quantity, read_unit
from recount.vocabulary import quantities

# A figure is drawn START times, then as often as it takes, up to LIMIT, for its percentiles to have a standard
# error of at most PRECISION: another seed moves them by less than 1 %. Columns that know nothing of each other
# cannot be stratified together, so a wide figure needs more samples than a narrow one.
START, LIMIT, PRECISION = 2**17, 2**21, 0.003
PERCENTILES = (0.05, 0.5, 0.95)
FEWEST, MOST = 1_000, 10_000_000  # ten million take about three gigabytes
# Bytes of columns: what most claims share is drawn once, and memory stays bounded; a browser's tab has less of it.
KEPT = 150_000_000 if sys.platform == "emscripten" else 400_000_000
_Z95 = 1.6448536269514722


def read_count(text: str | int) -> int:
    """Read how many samples to draw.

    >>> read_count("100 000"), read_count(2**20)
    (100000, 1048576)
    >>> read_count("10")
    Traceback (most recent call last):
    recount.errors.RecountError: samples '10' must be a whole number from 1000 to 10000000: the nearest valid one is 1000.
    """
    plain = "".join(str(text).split())
    if not plain.isdecimal():
        raise RecountError(f"samples '{text}' must be a whole number from {FEWEST} to {MOST}, such as 1000000.")
    if not FEWEST <= int(plain) <= MOST:
        valid = FEWEST if int(plain) < FEWEST else MOST
        raise RecountError(f"samples '{text}' must be a whole number from {FEWEST} to {MOST}: the nearest valid one is {valid}.")
    return int(plain)


def read_seed(text: str | int) -> int:
    """Read the seed of all streams, a whole number.

    >>> read_seed("7")
    7
    """
    if not str(text).isdecimal():
        raise RecountError(f"seed '{text}' must be a whole number of at least 0, such as 1.")
    return int(text)


class _Columns:
    """The columns used last, up to so many bytes."""

    def __init__(self, most: int):
        self._most, self._columns = most, OrderedDict()

    def get(self, recipe: tuple, draw: Callable[[], np.ndarray]) -> np.ndarray:
        if recipe in self._columns:
            self._columns.move_to_end(recipe)
            return self._columns[recipe]
        column = draw()
        column.flags.writeable = False
        self._columns[recipe] = column
        while len(self._columns) > 1 and self.bytes > self._most:
            self._columns.popitem(last=False)
        return column

    @property
    def bytes(self) -> int:
        return sum(column.nbytes for column in self._columns.values())

    def clear(self) -> None:
        self._columns.clear()


columns = _Columns(KEPT)


def uniforms(key: str, count: int = START, seed: int = 0) -> np.ndarray:
    """A stratified and permuted column of numbers between 0 and 1, keyed by *key*.

    >>> float(uniforms("a", 4).mean()), bool((np.sort(uniforms("a", 4)) // 0.25 == [0, 1, 2, 3]).all())
    (0.5, True)
    """
    digest = hashlib.sha256(f"{seed}|{key}".encode()).digest()
    generator = np.random.Generator(np.random.SFC64(int.from_bytes(digest[:16], "little")))
    column = generator.permutation(count) + generator.random(count)
    column /= count
    return column


def samples(assumption: Assumption, count: int = START, seed: int = 0) -> Quantity:
    """Draw *count* values of an assumption, in its name's natural unit, on its own stream."""
    if not uncertain(assumption):
        return at(assumption, np.float64(0.5))
    unit, *shape = _shape(assumption)
    draw = lambda: at(assumption, uniforms(assumption.key, count, seed)).magnitude  # noqa: E731
    return Quantity(columns.get((assumption.key, count, seed, *shape), draw), unit)


def uncertain(assumption: Assumption) -> bool:
    """Whether an assumption has a range or a rounding to be drawn from."""
    low, high = assumption.rounded() if assumption.distribution == "point" else (assumption.low, assumption.high)
    return bool(low != high)


def _shape(assumption: Assumption) -> tuple:
    """Unit, distribution, the numbers that fix it, and the name's bounds."""
    known = quantities().get(assumption.name)
    unit = read_unit(known.unit) if known else assumption.value.units
    low, high = assumption.rounded() if assumption.distribution == "point" else (assumption.low, assumption.high)
    numbers = (float(q.to(unit).magnitude) for q in (low, assumption.value, high))
    return unit, assumption.distribution, *numbers, known and known.minimum, known and known.maximum


def at(assumption: Assumption, share: np.ndarray) -> Quantity:
    """The values of an assumption below which each *share* of its distribution lies, in its name's natural unit.

    The value is the median and low and high the 5th and 95th percentile; each side is fitted
    on its own. Lognormal means the logarithm of the distance to the name's lower bound, or
    the log-odds where the name has an upper bound too. Without a range the printed rounding
    is drawn uniformly. Draws outside the name's bounds are moved to the bound.
    """
    unit, distribution, low, middle, high, *bounds = _shape(assumption)
    if distribution == "point":
        return assumption.value.to(unit) if low == high else Quantity(low + (high - low) * share, unit)
    return Quantity(quantile(share, low, middle, high, distribution, *bounds), unit)


def share_below(assumption: Assumption, value: Quantity) -> float | None:
    """The share of an assumption's distribution that lies below a value; None where it has none.

    >>> from recount.assumptions import Assumption
    >>> share_below(Assumption("pue", Quantity(1.1, ""), 0.005, "declared", "row", "1.10"), Quantity(1.1025, ""))
    0.75
    """
    if not uncertain(assumption):
        return None
    unit, distribution, low, middle, high, *bounds = _shape(assumption)
    number = float(value.to(unit).magnitude)
    if distribution == "point":
        return min(max((number - low) / (high - low), 0.0), 1.0)
    return cumulative(number, low, middle, high, distribution, *bounds)


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


def percentiles(column: np.ndarray, shares: Iterable[float]) -> list[float]:
    """The values below which *shares* of a column lie, straight between neighbours.

    The same as :func:`numpy.quantile`, which looks for all shares at once and is several times slower at that.

    >>> percentiles(np.array([4.0, 1.0, 2.0, 3.0]), [0.05, 0.5, 1])
    [1.15, 2.5, 4.0]
    """
    if np.isnan(column).any():
        return [float("nan") for _ in shares]
    rest, found = column.copy(), {}
    for share in sorted(shares, reverse=True):
        place = share * (column.size - 1)
        above = int(np.ceil(place))
        rest.partition(above)
        high = float(rest[above])
        low = high if above == place else float(rest[:above].max())
        found[share] = high if low == high else low + (high - low) * (place - above + 1)
        rest = rest[: above + 1]
    return [found[share] for share in shares]


def needed(column: np.ndarray) -> int:
    """How many samples of a figure its percentiles need: START, or four or sixteen times as many.

    Few sizes, so that figures share the columns that are drawn. The standard error is that of
    samples without strata, so the true one is smaller. It is taken relative to the percentile
    itself or, where the figure has both signs, to its interval.

    >>> share = (np.arange(2**17) + 0.5) / 2**17
    >>> needed(1 + 0.1 * share), needed(quantile(share, 1, 10, 100, "lognormal", 0)) == 2**21
    (131072, True)
    """
    half = [np.sqrt(share * (1 - share) / column.size) for share in PERCENTILES]
    around = [share + side * h for share, h in zip(PERCENTILES, half, strict=True) for side in (-1, 0, 1)]
    found = np.reshape(percentiles(column, around), (3, 3))
    low, middle, high = found[:, 1]
    scale = np.abs(found[:, 1]) if low * high > 0 else high - low
    with np.errstate(all="ignore"):
        error = np.max((found[:, 2] - found[:, 0]) / 2 / scale)
        count = column.size * (error / PRECISION) ** 2
    if not count > START:  # nor where a percentile is infinite or unknown
        return START
    return int(min(START * 4 ** np.ceil(np.log(count / START) / np.log(4)), LIMIT))

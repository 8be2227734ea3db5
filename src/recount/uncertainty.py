"""How far each assumption moves a figure, and the value at which the printed figure comes out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from recount import recompute
from recount.assumptions import Assumption
from recount.recompute import Plan
from recount.units import Quantity, read_unit
from recount.vocabulary import quantities

REACH = 1e6  # a value is looked for up to this factor from the present one
_PER_DECADE = 200


@dataclasses.dataclass(frozen=True)
class Swing:
    """How far a figure moves when one assumption goes from its 5th to its 95th percentile."""

    assumption: Assumption
    low: float
    high: float

    @property
    def width(self) -> float:
        return abs(self.high - self.low)


def ends(assumption: Assumption) -> tuple[Quantity, Quantity]:
    """The 5th and 95th percentile of an assumption, or its printed rounding where it has no range."""
    return (assumption.low, assumption.high) if assumption.low is not None else assumption.rounded()


def swings(planned: Plan, unit: str) -> list[Swing]:
    """Every assumption with a range moved alone, the widest swing first."""
    moved = {a.key: (a, *ends(a)) for a in planned.assumptions}
    moved = {key: found for key, found in moved.items() if found[1] != found[2]}
    column = {key: 2 * index for index, key in enumerate(moved)}

    def alone(assumption: Assumption) -> Quantity:
        values = np.full(2 * len(moved), float(assumption.value.magnitude))
        if assumption.key in moved:
            at, (_, low, high) = column[assumption.key], moved[assumption.key]
            values[at : at + 2] = low.to(assumption.value.units).magnitude, high.to(assumption.value.units).magnitude
        return Quantity(values, assumption.value.units)

    if not moved:
        return []
    figure = np.broadcast_to(recompute.evaluate(planned, alone).to(read_unit(unit)).magnitude, 2 * len(moved))
    found = [Swing(a, float(figure[column[key]]), float(figure[column[key] + 1])) for key, (a, *_) in moved.items()]
    return sorted(found, key=lambda swing: -swing.width)


@dataclasses.dataclass(frozen=True)
class BreakEven:
    """The value of one assumption at which the printed figure comes out.

    ``value`` is None where no possible value does it; ``beyond`` is then the value outside the
    name's physical bounds that would. ``rising`` says whether the figure rises with the
    assumption there, ``moves`` whether it depends on it at all.
    """

    assumption: Assumption
    value: Quantity | None
    beyond: Quantity | None = None
    rising: bool | None = None
    moves: bool = True

    @property
    def factor(self) -> float | None:
        """The value over the present one."""
        if self.value is None or not self.assumption.value.magnitude:
            return None
        return float((self.value / self.assumption.value).to("").magnitude)


def break_even(planned: Plan, unit: str, target: float, moved: Assumption) -> BreakEven:
    """The value of one assumption of a plan at which the figure equals *target*."""
    return break_evens(planned, unit, target, [moved])[0]


def break_evens(planned: Plan, unit: str, target: float, moved: Sequence[Assumption]) -> list[BreakEven]:
    """Solve for the value of each assumption, moved alone, at which the figure equals *target*.

    Looked for between a millionth and a million times the present value. Of several solutions
    the nearest to the present value within the physical bounds is taken. A jump of the figure
    across the target, as at a pole, is no solution.
    """
    crossings, still = [], set()
    for index, one in enumerate(moved):
        grid = _grid(one)
        figure = np.broadcast_to(_figure(planned, unit, {one.key: grid}), grid.shape)
        finite = figure[np.isfinite(figure)]
        if not finite.size or np.ptp(finite) <= 1e-12 * np.abs(finite).max():
            still.add(index)
            continue
        side = np.sign(figure - target)
        for k in np.flatnonzero(side[:-1] * side[1:] <= 0):
            crossings.append((index, grid[k], grid[k + 1], bool(figure[k + 1] > figure[k])))
    solved = _close_in(planned, unit, target, moved, crossings)
    return [_chosen(one, solved.get(index, []), index not in still) for index, one in enumerate(moved)]


def _grid(moved: Assumption) -> np.ndarray:
    """Values to look between, among them the bounds."""
    base = float(moved.value.magnitude) or 1.0
    values = base * np.geomspace(1 / REACH, REACH, round(2 * np.log10(REACH)) * _PER_DECADE + 1)
    low, high = sorted((values[0], values[-1]))
    return np.sort([*values, *(b for b in _bounds(moved) if b is not None and low < b < high)])


def _bounds(moved: Assumption) -> tuple[float | None, float | None]:
    """The physical bounds of an assumption in the unit of its value."""
    known = quantities().get(moved.name)
    if known is None:
        return None, None
    scale = float((1 * read_unit(known.unit)).to(moved.value.units).magnitude)
    return tuple(None if bound is None else bound * scale for bound in (known.minimum, known.maximum))


def _figure(planned: Plan, unit: str, values: dict[str, np.ndarray]) -> np.ndarray:
    """The figure where some assumptions, by key, have other values."""
    draw = lambda a: Quantity(values[a.key], a.value.units) if a.key in values else a.value  # noqa: E731
    return recompute.evaluate(planned, draw).to(read_unit(unit)).magnitude


def _close_in(planned: Plan, unit: str, target: float, moved: Sequence[Assumption], crossings: list) -> dict[int, list[tuple[float, bool]]]:
    """The exact values of all crossings at once: (value, whether the figure rises there) by assumption."""
    if not crossings:
        return {}
    base = np.array([float(one.value.magnitude) or 1.0 for one in moved])
    index, low, high = (np.array(column) for column in list(zip(*crossings, strict=True))[:3])

    def gap(away: np.ndarray, which: np.ndarray) -> np.ndarray:
        value = base[which] * np.exp(away)
        alone = {one.key: np.where(which == k, value, float(one.value.magnitude)) for k, one in enumerate(moved)}
        return np.broadcast_to(_figure(planned, unit, alone), away.shape) - target

    # In logarithms, so that the smallest quantities are solved as exactly as the largest.
    solved, left = _roots(gap, np.log(low / base[index]), np.log(high / base[index]), index)
    found: dict[int, list[tuple[float, bool]]] = {}
    for (which, *_, rising), away, missed in zip(crossings, solved, left, strict=True):
        if abs(missed) <= 1e-9 * abs(target or 1.0):
            found.setdefault(which, []).append((float(base[which] * np.exp(away)), rising))
    return found


def _roots(gap: Callable, low: np.ndarray, high: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a function crosses zero between two ends, all crossings at once, and what is left of it there."""
    try:
        from scipy.optimize.elementwise import find_root
    except ImportError:  # it came with SciPy 1.15, which the browser's Python does not have
        return _halved(gap, low, high, index)
    result = find_root(gap, (low, high), args=(index,), tolerances={"xatol": 1e-14, "xrtol": 1e-14, "fatol": 0, "frtol": 0})
    return result.x, result.f_x


def _halved(gap: Callable, low: np.ndarray, high: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same by halving the stretch between them."""
    rising = gap(high, index) > 0
    for _ in range(64):  # of a stretch of a hundred in logarithms less than a last digit is left
        middle = (low + high) / 2
        beyond = (gap(middle, index) > 0) == rising
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return middle, gap(middle, index)


def _chosen(moved: Assumption, solved: list[tuple[float, bool]], moves: bool) -> BreakEven:
    """The solution nearest to the present value, one within the bounds before any other."""
    low, high = _bounds(moved)
    base = float(moved.value.magnitude) or 1.0
    outside = lambda value: low is not None and value < low or high is not None and value > high  # noqa: E731
    if not solved:
        return BreakEven(moved, None, moves=moves)
    value, rising = min(solved, key=lambda one: (outside(one[0]), abs(np.log(one[0] / base))))
    quantity = Quantity(value, moved.value.units)
    return BreakEven(moved, None, quantity, rising) if outside(value) else BreakEven(moved, quantity, None, rising)

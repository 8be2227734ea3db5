"""What a sweep goes over: one axis per assumption, read strictly, and the grid of their values."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Iterable, Sequence

import numpy as np

from recount import scenarios
from recount.errors import RecountError
from recount.units import SCALE_WORDS, plural, pretty_unit, read_number, read_quantity, read_unit, trimmed
from recount.vocabulary import QuantitySpec, spec

MOST_VALUES = 10_000_000
_DIGITS = 10  # of a computed value: it can be typed again as it is shown
_RANGE = re.compile(r"(?P<start>[^:]*):(?P<stop>[^:]*):\s*(?P<count>[^:\s]*)\s*(?P<log>:\s*\S*)?(?P<unit>.*)", re.S)
_FORM = "write START:STOP:COUNT as in 20:800:40 gCO2e/kWh, START:STOP:COUNT:log, or values as in 1.1,1.3,1.6"


@dataclasses.dataclass(frozen=True)
class Axis:
    """One assumption and the values it takes, evenly or logarithmically spaced or listed.

    ``typed`` is what was asked for; all else follows from it, so that an axis travels as one line.
    """

    key: str  # an assumption's name, or one for an activity alone: training.pue
    typed: str

    @property
    def name(self) -> str:
        return self.key.rpartition(".")[2]

    @property
    def activity(self) -> str:
        return self.key.rpartition(".")[0]

    @property
    def spec(self) -> QuantitySpec:
        return spec(self.name)

    @property
    def unit(self) -> str:
        """The natural unit of the assumption, which its values are handed on in."""
        return self.spec.unit

    @functools.cached_property
    def _read(self) -> tuple[np.ndarray, str, bool]:
        return _numbers(self.key, self.typed, self.spec)

    @property
    def log(self) -> bool:
        return self._read[2]

    @functools.cached_property
    def values(self) -> np.ndarray:
        """The values in the natural unit."""
        numbers, unit, _ = self._read
        return numbers * _size(unit, self.spec)

    def __reduce__(self) -> tuple:
        return Axis, (self.key, self.typed)  # what was worked out stays at home

    def __len__(self) -> int:
        return len(self._read[0])

    def text(self, place: int) -> str:
        """One value as it would be typed after -p.

        >>> Axis("grid_intensity", "20:800:40").text(1), Axis("pue", "1.1,1.3").text(0)
        ('40 gCO2e/kWh', '1.1')
        """
        numbers, unit, _ = self._read
        return f"{numbers[place]:.{_DIGITS}g} {_typed(unit)}".strip()

    def __str__(self) -> str:
        values = self.values
        shown = ", ".join(trimmed(v, 6) for v in values) if len(values) <= 4 else f"{trimmed(values[0], 6)} to {trimmed(values[-1], 6)}"
        unit, spaced = pretty_unit(plural(self.unit, 2)), " in equal ratios" if self.log else ""
        return f"{self.key}: {len(values):,} value{'s' if len(values) > 1 else ''}, {shown} {unit}".rstrip() + spaced


def _numbers(key: str, typed: str, known: QuantitySpec) -> tuple[np.ndarray, str, bool]:
    """The numbers of an axis, the unit they are typed in, and whether they stand in equal ratios."""
    if ":" in typed:
        return _range(key, typed, known)
    parts = [part.strip() for part in typed.split(";" if ";" in typed else ",")]
    if not all(parts):
        raise RecountError(f"--over {key} '{typed}' has an empty value: {_FORM}.")
    unit = _whole_unit(_unit_after(parts[-1]), known)
    texts = [_with_unit(part, unit, known) for part in parts]
    size = _size(unit, known)
    numbers = [float(f"{float(known.read(text).to(read_unit(known.unit)).magnitude) / size:.{_DIGITS}g}") for text in texts]
    for text, number in zip(texts, numbers, strict=True):
        if numbers.count(number) > 1:
            raise RecountError(f"--over {key} '{typed}' holds {text} twice: give each value once.")
    return np.array(numbers), unit, False


def _typed(unit: str) -> str:
    """A unit as it is typed: none for a plain number."""
    return "" if unit == "1" else unit


def _with_unit(part: str, unit: str, known: QuantitySpec) -> str:
    """A value with the axis' unit, or with its own."""
    own = _unit_after(part)
    whole = _whole_unit(own, known) if own else unit
    return f"{part.removesuffix(own).strip()} {_typed(whole)}".strip()


def _whole_unit(typed: str, known: QuantitySpec) -> str:
    """The unit of an axis' numbers: as typed, the natural one where none is; a scale word may stand before it."""
    return f"{typed} {_typed(known.unit)}".strip() if typed.lower() in SCALE_WORDS else typed or known.unit


def _size(unit: str, known: QuantitySpec) -> float:
    """One of a unit, in the natural unit."""
    return float(read_quantity(f"1 {_typed(unit)}".strip(), known.unit, known.name).to(read_unit(known.unit)).magnitude)


def _unit_after(text: str) -> str:
    return read_number(text)[1]


def _range(key: str, typed: str, known: QuantitySpec) -> tuple[np.ndarray, str, bool]:
    match = _RANGE.fullmatch(typed.strip())
    if not match or not all(match[part].strip() for part in ("start", "stop", "count")):
        raise RecountError(f"--over {key} '{typed}' is not read: {_FORM}.")
    log = (match["log"] or "").lstrip(": ")
    if match["log"] and log != "log":
        raise RecountError(f"--over {key} '{typed}': after the count stands 'log' or nothing, not '{log}'.")
    unit = _whole_unit(match["unit"].strip(), known)
    ends = []
    for part in ("start", "stop"):
        number, own = read_number(match[part].strip())
        if own:
            raise RecountError(f"--over {key} '{typed}': write the unit once, after the count, as in 20:800:40 gCO2e/kWh.")
        known.read(f"{match[part].strip()} {_typed(unit)}".strip())
        ends.append(number)
    if not match["count"].isdecimal() or not 2 <= int(match["count"]) <= MOST_VALUES:
        raise RecountError(f"--over {key} '{typed}': the third number counts the values and must be a whole number from 2 to {MOST_VALUES}.")
    if ends[0] == ends[1]:
        raise RecountError(f"--over {key} '{typed}' begins where it ends: for one value write it alone, as in {key}={match['start'].strip()}.")
    if log and min(ends) <= 0:
        raise RecountError(f"--over {key} '{typed}': in equal ratios both ends must be above 0.")
    spaced = np.geomspace(*ends, int(match["count"])) if log else np.linspace(*ends, int(match["count"]))
    rounded = _significant(spaced)
    if len(np.unique(rounded)) < len(rounded):
        raise RecountError(f"--over {key} '{typed}': its values lie too close together to be told apart; ask for fewer.")
    return rounded, unit, bool(log)


def _significant(numbers: np.ndarray) -> np.ndarray:
    """Numbers rounded to the digits that are shown.

    >>> _significant(np.array([0.1 + 0.2, 1 / 3, 0.0]))
    array([0.3       , 0.33333333, 0.        ])
    """
    size = np.floor(np.log10(np.abs(numbers), out=np.zeros(len(numbers)), where=numbers != 0))
    shift = 10.0 ** (_DIGITS - 1 - size)
    return np.round(numbers * shift) / shift


def read(pairs: Iterable[str], given: Iterable[str] = ()) -> tuple[Axis, ...]:
    """Read ``name=range`` pairs, each assumption once and none that is also *given* one value.

    >>> [str(axis) for axis in read(["pue=1.1,1.3,1.6"])]
    ['pue: 3 values, 1.1, 1.3, 1.6']
    """
    axes: list[Axis] = []
    for pair in pairs:
        key, equals, typed = (part.strip() for part in pair.partition("="))
        if not equals or not key or not typed:
            raise RecountError(f"--over '{pair}' is not an axis: it is name=values; {_FORM}.")
        if key == "scenario":
            raise RecountError("a scenario is no axis: choose one with --scenario and sweep each into a folder of its own.")
        spec(key.rpartition(".")[2])
        axis = Axis(key, typed)
        scenarios.check_overrides({key: axis.text(0)})
        for other in axes:
            if other.name == axis.name and (other.key == key or not other.activity or not axis.activity):
                raise RecountError(f"'{axis.name}' is swept twice ({other.key} and {key}): give each assumption one axis.")
        for name in given:
            if name.rpartition(".")[2] == axis.name:
                raise RecountError(f"'{axis.name}' is given one value (-p {name}) and swept over several: choose one of the two.")
        axes.append(axis)
    if not axes:
        raise RecountError(f"nothing to sweep over is named: give --over name=values; {_FORM}.")
    return tuple(axes)


def shape(axes: Sequence[Axis]) -> tuple[int, ...]:
    return tuple(len(axis) for axis in axes)


def count(axes: Sequence[Axis], most: int, what: str) -> int:
    """How many points a grid has; refused if they are more than *most*."""
    total = math.prod(shape(axes))
    if total > most:
        sizes = " × ".join(f"{size:,}" for size in shape(axes))
        raise RecountError(f"the grid has {sizes} = {total:,} points, but {what} takes at most {most:,}: ask for fewer values.")
    return total


def columns(axes: Sequence[Axis], start: int, stop: int) -> dict[str, np.ndarray]:
    """The value of each axis at points *start* to *stop*; the last axis moves fastest.

    >>> {k: v.tolist() for k, v in columns(read(["pue=1.1,1.3", "grid_intensity=50,400"]), 1, 3).items()}
    {'pue': [1.1, 1.3], 'grid_intensity': [400.0, 50.0]}
    """
    places = np.unravel_index(np.arange(start, stop), shape(axes))
    return {axis.key: axis.values[place] for axis, place in zip(axes, places, strict=True)}


def texts(axes: Sequence[Axis], point: int) -> dict[str, str]:
    """The assumptions of one point as they would be typed after -p."""
    return {axis.key: axis.text(int(place)) for axis, place in zip(axes, np.unravel_index(point, shape(axes)), strict=True)}


def thinned(axis: Axis, most: int) -> np.ndarray:
    """Places of at most so many values of an axis, both ends among them.

    >>> thinned(read(["pue=1:2:11"])[0], 3)
    array([ 0,  5, 10])
    """
    return np.unique(np.linspace(0, len(axis) - 1, min(most, len(axis))).round().astype(int))


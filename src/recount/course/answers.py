"""What is wrong with a student's answer, in one sentence that says where to look."""

from __future__ import annotations

import math
import numbers
from collections.abc import Collection, Mapping
from typing import Any

from recount.errors import nearest
from recount.study import Estimate
from recount.units import Quantity, format_number, read_unit

_THOUSANDS = {1e3: "1,000 times", 1e6: "a million times", 1e9: "a billion times", 1e12: "a trillion times"}


def problem(yours: Any, expected: Any, unit: str = "", slips: Mapping[str, Any] | None = None, within: float = 0.01) -> str:
    """What is wrong with a quantity or a number, empty if nothing is.

    Parameters
    ----------
    yours : the answer.
    expected : a quantity, an estimate or a number.
    unit : in which it is asked for; empty takes any of the right kind.
    slips : what to say of a wrong answer, and the answer that this slip would give.
    within : by how much it may differ, as a share.

    Examples
    --------
    >>> meter = Quantity(1287, "MWh")
    >>> problem(Quantity(1290, "MWh"), meter, "MWh")
    ''
    >>> problem(1287, meter, "MWh")
    "your answer is the bare number 1,290: it needs a unit, as in Quantity(1, 'MWh')."
    >>> problem(Quantity(1287000, "kWh"), meter, "MWh")
    "your answer is in kWh: convert it with .to('MWh')."
    >>> problem(Quantity(1170, "MWh"), meter, "MWh", {"this is the servers' energy: the building takes PUE times as much.": Quantity(1170, "MWh")})
    "this is the servers' energy: the building takes PUE times as much."
    >>> problem(Quantity(1287, "GWh").to("MWh"), meter, "MWh")
    'your answer is 1,000 times too large: look at the units you started from.'
    """
    expected = expected.quantity if isinstance(expected, Estimate) else expected
    yours = yours.quantity if isinstance(yours, Estimate) else yours
    if yours is None or yours is ...:
        return "there is no answer here yet."
    asked = unit or (f"{expected.units:~}" if isinstance(expected, Quantity) else "")
    if wrong := _kind(yours, expected, asked, bool(unit)):
        return wrong
    mine, right = (float(one.to(read_unit(asked) if unit else expected.units).magnitude) if isinstance(one, Quantity) else float(one) for one in (yours, expected))
    if _near(mine, right, within):
        return ""
    for told, slip in (slips or {}).items():
        slipped = slip.quantity if isinstance(slip, Estimate) else slip
        value = float(slipped.to(read_unit(asked) if unit else expected.units).magnitude) if isinstance(slipped, Quantity) else float(slipped)
        if _near(mine, value, within):
            return told
    return _apart(mine, right)


def _kind(yours: Any, expected: Any, asked: str, strict: bool) -> str:
    """An answer that is no number, has no unit where it needs one, or another unit than asked."""
    if isinstance(expected, Quantity):
        if isinstance(yours, numbers.Real) and not isinstance(yours, bool):
            return f"your answer is the bare number {format_number(yours)}: it needs a unit, as in Quantity(1, '{asked}')."
        if not isinstance(yours, Quantity):
            return f"your answer is {_called(yours)}: a quantity with a unit is asked for, such as Quantity(1, '{asked}')."
        if yours.dimensionality != expected.dimensionality:
            return f"your answer is in {yours.units:~}, which is not the kind of {asked}: a factor is missing or one too many."
        if strict and yours.units != read_unit(asked):
            return f"your answer is in {yours.units:~}: convert it with .to('{asked}')."
    elif isinstance(yours, Quantity):
        if yours.dimensionality:
            return f"your answer is in {yours.units:~}, but a plain number is asked for: a unit has not cancelled."
    elif isinstance(yours, bool) or not isinstance(yours, numbers.Real):
        return f"your answer is {_called(yours)}: a plain number is asked for."
    return ""


def _apart(mine: float, right: float) -> str:
    if not math.isfinite(mine) or mine == 0 or right == 0 or mine * right < 0:
        return f"your answer is {mine:g}, which cannot be right: look at the formula again."
    ratio = mine / right
    way, times = ("large", ratio) if ratio > 1 else ("small", 1 / ratio)
    for step, told in _THOUSANDS.items():
        if _near(times, step, 0.01):
            return f"your answer is {told} too {way}: look at the units you started from."
    return f"your answer is {format_number(times, 3)} times too {way}: look at which factors it has."


def word(yours: Any, known: Collection[str]) -> str:
    """What is wrong with an answer that has to be one of some words, empty if it is one.

    >>> word("reproducd", ["reproduced", "undecided"])
    "'reproducd' is none of the words asked for: did you mean 'reproduced'?"
    """
    if yours is None or yours is ...:
        return "there is no answer here yet."
    if not isinstance(yours, str):
        return f"your answer is {_called(yours)}: one of these words is asked for, in quotes: {', '.join(known)}."
    return "" if yours in known else f"'{yours}' is none of the words asked for: {nearest(yours, known)}"


def _near(one: float, other: float, within: float) -> bool:
    return math.isclose(one, other, rel_tol=within)


def _called(thing: Any) -> str:
    return f"{type(thing).__name__} {thing!r}"[:60]

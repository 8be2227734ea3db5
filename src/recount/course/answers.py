"""What is wrong with a student's answer, in one sentence that says where to look."""

from __future__ import annotations

import math
import numbers
from collections.abc import Collection, Mapping
from typing import Any

from recount.errors import nearest
from recount.language import message, say
from recount.study import Estimate
from recount.units import Quantity, format_number, read_unit

_THOUSANDS = {1e3: message("1,000 times"), 1e6: message("a million times"), 1e9: message("a billion times"), 1e12: message("a trillion times")}


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

    A plain number may be given as a quotient whose units have cancelled, and the other way round:

    >>> problem(Quantity(1287, "MWh") / Quantity(1287000, "kWh"), 1.0), problem(1.1, Quantity(1.1, ""))
    ('', '')

    How far off an answer is, is told too coarsely to multiply by:

    >>> problem(Quantity(1, "MWh"), meter, "MWh")
    'your answer is about 1,000 times too small: look at which factors it has.'
    """
    expected = expected.quantity if isinstance(expected, Estimate) else expected
    yours = yours.quantity if isinstance(yours, Estimate) else yours
    if yours is None or yours is ...:
        return say("there is no answer here yet.")
    asked = unit or (f"{expected.units:~}" if isinstance(expected, Quantity) else "")
    if wrong := _kind(yours, expected, asked, bool(unit)):
        return wrong
    asked_for = read_unit(unit) if unit else expected.units if isinstance(expected, Quantity) else ""
    magnitude = lambda one: float(one.to(asked_for).magnitude if isinstance(one, Quantity) else one)  # noqa: E731
    mine, right = magnitude(yours), magnitude(expected)
    if _near(mine, right, within):
        return ""
    for told, slip in (slips or {}).items():
        if _near(mine, magnitude(slip.quantity if isinstance(slip, Estimate) else slip), within):
            return told
    return _apart(mine, right)


def _kind(yours: Any, expected: Any, asked: str, strict: bool) -> str:
    """An answer that is no number, has no unit where it needs one, or another unit than asked."""
    if isinstance(expected, Quantity) and not expected.dimensionality:
        expected = 1.0
    if isinstance(expected, Quantity):
        if isinstance(yours, numbers.Real) and not isinstance(yours, bool):
            return say("your answer is the bare number {number}: it needs a unit, as in Quantity(1, '{unit}').", number=format_number(yours), unit=asked)
        if not isinstance(yours, Quantity):
            return say("your answer is {thing}: a quantity with a unit is asked for, such as Quantity(1, '{unit}').", thing=_called(yours), unit=asked)
        if yours.dimensionality != expected.dimensionality:
            return say("your answer is in {mine}, which is not the kind of {unit}: a factor is missing or one too many.", mine=f"{yours.units:~}", unit=asked)
        if strict and yours.units != read_unit(asked):
            return say("your answer is in {mine}: convert it with .to('{unit}').", mine=f"{yours.units:~}", unit=asked)
    elif isinstance(yours, Quantity):
        if yours.dimensionality:
            return say("your answer is in {mine}, but a plain number is asked for: a unit has not cancelled.", mine=f"{yours.units:~}")
    elif isinstance(yours, bool) or not isinstance(yours, numbers.Real):
        return say("your answer is {thing}: a plain number is asked for.", thing=_called(yours))
    return ""


def _apart(mine: float, right: float) -> str:
    if not math.isfinite(mine) or mine == 0 or right == 0 or mine * right < 0:
        return say("your answer is {number}, which cannot be right: look at the formula again.", number=f"{mine:g}")
    ratio = mine / right
    times = max(ratio, 1 / ratio)
    for step, told in _THOUSANDS.items():
        if _near(times, step, 0.01):
            large, small = message("your answer is {times} too large: look at the units you started from."), message("your answer is {times} too small: look at the units you started from.")
            return say(large if ratio > 1 else small, times=say(told))
    if times < 1.1:
        return say("your answer is near, and not near enough: look at how you rounded, and at each factor.")
    large, small = message("your answer is about {number} times too large: look at which factors it has."), message("your answer is about {number} times too small: look at which factors it has.")
    # Coarser than the tolerance, or the first guess and its hint would give the answer away.
    return say(large if ratio > 1 else small, number=format_number(times, 2 if times < 2 else 1))


def word(yours: Any, known: Collection[str]) -> str:
    """What is wrong with an answer that has to be one of some words, empty if it is one; a verdict may stand as the data write it.

    >>> word("reproducd", ["reproduced", "undecided"])
    "'reproducd' is none of the words asked for: did you mean 'reproduced'?"
    """
    if yours is None or yours is ...:
        return say("there is no answer here yet.")
    if not isinstance(yours, str):
        return say("your answer is {thing}: one of these words is asked for, in quotes: {words}.", thing=_called(yours), words=", ".join(known))
    return "" if yours in known or say(yours) in known else say("'{word}' is none of the words asked for: {nearest}", word=yours, nearest=nearest(yours, known, say))


def _near(one: float, other: float, within: float) -> bool:
    return math.isclose(one, other, rel_tol=within)


def _called(thing: Any) -> str:
    return f"{type(thing).__name__} {thing!r}"[:60]

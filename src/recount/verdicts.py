"""From a printed figure and a recomputed one to a verdict: computed, never typed.

P is the printed range, R the recomputed range when each input moves within its own printed
rounding, I the 90 % interval. The first rule that matches wins (see :func:`verdict`).
"""

from __future__ import annotations

import math

from recount.errors import RecountError
from recount.language import message, message_counted, say_counted
from recount.units import SCALE_WORDS, read_number, rounding

Range = tuple[float, float]
UNDECIDED_SPAN = 10.0
ABOUT = 0.05

REPRODUCED, MISATTRIBUTED, UNDECIDED = message("reproduced"), message("misattributed"), message("undecided")
PLAUSIBLE, NOT_REPRODUCED, NOT_RECOMPUTABLE = message("plausible"), message("not reproduced"), message("not recomputable")
CONFIRMED, REFUTED, UNTRACED = message("confirmed"), message("refuted"), message("untraced")
VERDICTS = (
    REPRODUCED, CONFIRMED, PLAUSIBLE, UNDECIDED, MISATTRIBUTED, NOT_REPRODUCED, REFUTED, UNTRACED, NOT_RECOMPUTABLE,
)  # fmt: skip
_SO_MANY = {
    REPRODUCED: message_counted("{count} reproduced", "{count} reproduced"),
    CONFIRMED: message_counted("{count} confirmed", "{count} confirmed"),
    PLAUSIBLE: message_counted("{count} plausible", "{count} plausible"),
    UNDECIDED: message_counted("{count} undecided", "{count} undecided"),
    MISATTRIBUTED: message_counted("{count} misattributed", "{count} misattributed"),
    NOT_REPRODUCED: message_counted("{count} not reproduced", "{count} not reproduced"),
    REFUTED: message_counted("{count} refuted", "{count} refuted"),
    UNTRACED: message_counted("{count} untraced", "{count} untraced"),
    NOT_RECOMPUTABLE: message_counted("{count} not recomputable", "{count} not recomputable"),
}


def so_many(verdict: str, count: int) -> str:
    """How many got a verdict, in the language spoken, where its word may hang on the number.

    >>> so_many("reproduced", 13)
    '13 reproduced'
    """
    return say_counted(*_SO_MANY[verdict], count)


def printed_range(printed: str, relation: str, significant: int | None = None) -> Range:
    """The range P that a printed figure stands for, in its own unit.

    *about* and *nearly* accept ± 5 %; *equals* half a unit of the last significant digit, at
    most 5 %, where a whole number's trailing zeros count only if *significant* says so; an
    inequality is a half-line.

    >>> printed_range("1287 MWh", "equals"), printed_range("550 tCO2e", "equals")
    ((1286.5, 1287.5), (545.0, 555.0))
    >>> printed_range("500 MWh", "about"), printed_range("2", "more_than")
    ((475.0, 525.0), (2.0, inf))
    >>> printed_range("7 billion parameters", "about")
    (6650000000.0, 7350000000.0)
    >>> printed_range("700000 L", "equals")
    (665000.0, 735000.0)
    """
    value, rest = read_number(printed)
    scale = SCALE_WORDS.get(rest.partition(" ")[0].lower(), 1)
    low, high = _unscaled_range(printed, value, rest, relation, significant)
    return low * scale, high * scale


def _unscaled_range(printed: str, value: float, rest: str, relation: str, significant: int | None) -> Range:
    if relation in ("more_than", "at_least"):
        return value, math.inf
    if relation in ("less_than", "up_to"):
        return -math.inf, value
    if relation in ("about", "nearly"):
        half = ABOUT * abs(value)
    elif significant is not None and value:
        half = 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - significant + 1)
    else:
        half = rounding(printed.strip().removesuffix(rest).strip())
    half = min(half, ABOUT * abs(value))
    return value - half, value + half


def meets(p: Range, r: Range) -> bool:
    """Whether two ranges share a point.

    >>> meets((1286.5, 1287.5), (1270, 1291)), meets((1, 2), (3, 4))
    (True, False)
    """
    return p[0] <= r[1] and r[0] <= p[1]


def holds(p: Range, r: Range, relation: str) -> bool:
    """Whether a recomputed range bears a printed one out: it meets it, or lies wholly on its side."""
    if relation in ("more_than", "less_than"):  # strict: a figure equal to the bound does not exceed it
        return r[0] > p[0] if relation == "more_than" else r[1] < p[1]
    if relation in ("at_least", "up_to"):
        return p[0] <= r[0] and r[1] <= p[1]
    return meets(p, r)


def touches(p: Range, i: Range, relation: str) -> bool:
    """Whether an interval has a figure that a printed one allows; *more than* 1 does not allow 1.

    >>> touches((1, math.inf), (0.5, 1), "more_than"), touches((1, math.inf), (0.5, 1), "at_least")
    (False, True)
    """
    if relation == "more_than":
        return i[1] > p[0]
    if relation == "less_than":
        return i[0] < p[1]
    return meets(p, i)


def spans(i: Range) -> float:
    """By which factor an interval spans (infinite across or from zero).

    >>> spans((2, 30)), spans((0, 1)), spans((-5, 5))
    (15.0, inf, inf)
    """
    if i[0] * i[1] <= 0:
        return 1.0 if i[0] == i[1] else math.inf
    low, high = sorted(abs(x) for x in i)
    return high / low


def verdict(p: Range, relation: str, r: Range | None, i: Range | None, strong: bool, actually: bool) -> str:
    """The verdict on a printed figure; the first rule that matches wins.

    Parameters
    ----------
    p, r, i : the printed, the recomputed and the 90 % range in one unit; r and i are None
        where no route exists.
    relation : what the claim says of its figure.
    strong : whether all inputs of the route are measured, declared or standard.
    actually : whether the figure does come out under what it really belongs to.

    Examples
    --------
    GPT-3's 1,287 MWh from the declared inputs:

    >>> verdict((1286.5, 1287.5), "equals", (1285, 1291), (1285, 1291), strong=True, actually=False)
    'reproduced'
    >>> verdict((1, 2), "equals", (5, 6), (0.5, 9), strong=False, actually=False)
    'undecided'
    """
    if r is None or i is None:
        return MISATTRIBUTED if actually else NOT_RECOMPUTABLE
    if strong and holds(p, r, relation):
        return REPRODUCED
    if actually:
        return MISATTRIBUTED
    if touches(p, i, relation):
        return UNDECIDED if spans(i) > UNDECIDED_SPAN else PLAUSIBLE
    return NOT_REPRODUCED


def counted(found: str) -> str:
    """The verdict on a figure that is counted in the data, where nothing is modelled.

    >>> counted("reproduced"), counted("not reproduced")
    ('confirmed', 'refuted')
    """
    return {REPRODUCED: CONFIRMED, NOT_REPRODUCED: REFUTED}.get(found, found)


def record_verdict(relation: str, wanted: str, found: str, values: set[str]) -> str:
    """The verdict on a claim about a fact: compared by equality, membership or date.

    >>> record_verdict("equals", "Apache-2.0", "MNPL", {"MNPL"}), record_verdict("before", "2023-12-31", "2023-06-13", set())
    ('refuted', 'confirmed')
    """
    if not found or not wanted:
        return UNTRACED
    if relation == "equals":
        held = {part.strip() for part in wanted.split(";")} == (values or {found})
    elif relation == "includes":
        held = {part.strip() for part in wanted.split(";")} <= values
    elif relation.startswith("before"):
        held = found < wanted
    elif relation.startswith("after"):
        held = found > wanted
    else:
        raise RecountError(f"records are compared by equals, includes, before or after, not by '{relation}'.")
    return CONFIRMED if held else REFUTED

"""What would have to be true for a printed figure to hold, one assumption at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from recount import sampling
from recount.assumptions import Assumption
from recount.language import listed, message, say
from recount.recompute import Plan, finite
from recount.resemblance import resembles
from recount.uncertainty import BreakEven, break_evens, ends
from recount.units import Quantity, read_unit, times, trimmed
from recount.vocabulary import quantities
from recount.wording import readable

FAR = 1e3  # a value further off than this factor is no answer
_SIDES = {
    "more than": message("more than {value}"), "at least": message("at least {value}"),
    "less than": message("less than {value}"), "at most": message("at most {value}"),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Condition:
    """What one assumption would have to be, all others as they stand.

    ``side`` is empty where it would have to be just that value; where the claim is an
    inequality it is the words for the side of the bound. ``holds`` says whether an inequality
    holds as things stand, and is None for other claims.
    """

    found: BreakEven
    side: str
    holds: bool | None
    percentile: float | None
    beside: tuple[Assumption, ...] = dataclasses.field(default=(), repr=False)

    @property
    def assumption(self) -> Assumption:
        return self.found.assumption

    @property
    def inside(self) -> bool | None:
        """Whether the assumption's range, or its rounding, has a value that does it (None: it has neither, or no value does it)."""
        value, (low, high) = self.found.value, ends(self.assumption)
        if value is None or low == high:
            return None
        reached = {"more than": value < high, "at least": value <= high, "less than": low < value, "at most": low <= value}
        return bool(reached.get(self.side, low <= value <= high))

    @property
    def far(self) -> bool:
        """Whether the value is so far from the present one that it is no answer."""
        return self.found.factor is not None and not 1 / FAR < self.found.factor < FAR

    @property
    def resembles(self) -> str:
        """What the value is like, in words; nothing where it is no answer."""
        if self.found.value is None or self.far or self.found.factor is None or self.assumption.name == "printed":
            return ""
        low, high = self.assumption.rounded()
        return say("what it is taken as") if low <= self.found.value <= high else resembles(self.assumption, self.found.value, self.beside)

    @property
    def value_text(self) -> str:
        """The value in words, or why there is none."""
        found, name = self.found, self.assumption.name
        if not found.moves:
            return say("plays no part")
        if found.value is None and self.holds:
            return say("holds whatever it is")
        if found.beyond is not None:
            return say("nothing possible: {wanted}, but {limits}", wanted=self._sided(readable(found.beyond, name)), limits=_limits(name))
        if found.value is None:
            return say("no value does it")
        if self.far:
            return say("nothing within a factor of {factor}", factor=trimmed(FAR, 4))
        factor = f" ({times(found.factor)})" if found.factor is not None else ""
        return f"{self._sided(readable(found.value, name))}{factor}"

    @property
    def inside_text(self) -> str:
        """Whether that lies in its range, in words."""
        if self.found.value is None or self.far:
            return "–"
        if self.inside is None:
            return say("no range known")
        if self.assumption.low is None:
            return say("yes, within its rounding" if self.inside else "no, beyond its rounding")
        if self.percentile < 0.1:
            return say("yes, at percentile below {limit}" if self.inside else "no, at percentile below {limit}", limit=trimmed(0.1))
        if self.percentile > 99.9:
            return say("yes, at percentile above {limit}" if self.inside else "no, at percentile above {limit}", limit=trimmed(99.9))
        return say("yes, at percentile {percentile}" if self.inside else "no, at percentile {percentile}", percentile=_percent(self.percentile))

    def _sided(self, text: str) -> str:
        return say(_SIDES[self.side], value=text) if self.side else text

    def as_json(self) -> dict[str, Any]:
        """The object of ``would_hold`` in ``data/claim.schema.json``."""
        found, known = self.found, quantities().get(self.assumption.name)
        unit = known.unit if known else f"{self.assumption.value.units:~}".replace(" ", "")
        number = lambda q: None if q is None else finite(float(q.to(read_unit(unit)).magnitude))  # noqa: E731
        return {
            "name": self.assumption.name,
            "context": self.assumption.row.context if self.assumption.row else None,
            "taken": number(self.assumption.value),
            "value": number(found.value),
            "unit": unit,
            "side": self.side or None,
            "text": self.value_text,
            "times": finite(found.factor),
            "inside": self.inside,
            "percentile": finite(self.percentile),
            "resembles": self.resembles or None,
        }


def conditions(planned: Plan, unit: str, printed: float, relation: str, value: float, beside: Sequence[Assumption] = ()) -> list[Condition]:
    """What each assumption of a route would have to be for the printed figure to hold.

    Parameters
    ----------
    planned, unit : the route and the unit of its figure.
    printed, relation : the printed figure, or the bound, and what the claim says of it.
    value : the figure as recomputed.
    beside : assumptions of the claim's other routes, to compare with.

    Returns
    -------
    list : what is possible first, then the nearest to the present value; what no value does, last.
    """
    free = [a for a in planned.assumptions if a.name != "count" and not _settled(a)]
    made = [_condition(found, printed, relation, value, [*planned.assumptions, *beside]) for found in break_evens(planned, unit, printed, free)]
    return sorted(made, key=lambda c: (c.found.value is None, not c.inside, max(c.found.factor or 1, 1 / (c.found.factor or 1))))


def _settled(assumption: Assumption) -> bool:
    """Whether it is a definition or a law of arithmetic, as six operations per parameter and token: nothing to be otherwise."""
    return assumption.row is not None and assumption.row.context == "default" and assumption.strength == "standard"


def _condition(found: BreakEven, printed: float, relation: str, value: float, beside: Sequence[Assumption]) -> Condition:
    holds = {"more_than": value > printed, "at_least": value >= printed, "less_than": value < printed, "up_to": value <= printed}.get(relation)
    percentile = None
    if found.value is not None and (below := sampling.share_below(found.assumption, found.value)) is not None:
        percentile = 100 * below
    return Condition(found, side(relation, found.rising), holds, percentile, tuple(beside))


def side(relation: str, rising: bool | None) -> str:
    """On which side of the bound an assumption has to lie for an inequality to hold.

    >>> side("more_than", True), side("more_than", False), side("up_to", True), side("up_to", False), side("about", True)
    ('more than', 'less than', 'at most', 'at least', '')
    """
    if rising is None or relation not in ("more_than", "at_least", "less_than", "up_to"):
        return ""
    upward = (relation in ("more_than", "at_least")) == rising
    strict = relation in ("more_than", "less_than")
    return {(True, True): "more than", (True, False): "at least", (False, True): "less than", (False, False): "at most"}[upward, strict]


def _limits(name: str) -> str:
    """The physical bounds of a name in words."""
    known = quantities()[name]
    said = [(w, b) for w, b in (("at least", known.minimum), ("at most", known.maximum)) if b is not None]
    return say("it is {bounds}", bounds=listed([say(_SIDES[words], value=readable(Quantity(bound, read_unit(known.unit)), name)) for words, bound in said]))


def _percent(percentile: float) -> str:
    """A percentile without digits that say nothing; towards the ends of a range it has more.

    >>> _percent(22.4), _percent(95.17)
    ('22', '95.2')
    """
    return trimmed(percentile, 2 if 10 <= percentile <= 90 else 3)

"""A claim with its figure recomputed, its verdict, and everything a reader sees beside it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, TypeVar

from recount import own_register, recompute, records, register, sensitivity
from recount.conditions import Condition, conditions
from recount.errors import RecountError
from recount.language import either, in_english, message, say
from recount.recompute import Plan, World, finite
from recount.register import Actually, Claim, Route
from recount.sensitivity import Drivers
from recount.units import amount, plural, pretty_unit, read_quantity, read_unit, trimmed, with_unit
from recount.verdicts import NOT_RECOMPUTABLE, Range, counted, holds, printed_range, record_verdict, verdict
from recount.wording import in_words, text_of

SCHEMA_VERSION = 1
Planned = TypeVar("Planned")  # what knows its route and its plan


@dataclasses.dataclass(frozen=True)
class Figure:
    """One route's recomputed figure in the claim's unit, with R and I."""

    route: Route
    plan: Plan
    unit: str
    value: float
    rounded: Range
    interval: Range
    median: float  # of the samples; the value is the figure at the medians of its assumptions

    @property
    def strong(self) -> bool:
        return self.plan.strong

    @functools.cached_property
    def drivers(self) -> Drivers:
        """What its uncertainty comes from, computed when first asked for."""
        return sensitivity.drivers(self.plan, self.unit)


@dataclasses.dataclass(frozen=True)
class Result:
    """A claim recomputed in one world."""

    claim: Claim
    world: World
    figures: tuple[Figure, ...]
    taken: Figure | None
    actually: Figure | None
    actually_holds: bool
    here: str  # the verdict under this world's assumptions
    verdict: str  # the verdict of the claim itself
    problem: str = ""  # why it cannot be recomputed in this world

    @property
    def ratio(self) -> float | None:
        """Recomputed over printed."""
        if self.taken is None or not self.printed_value:
            return None
        return self.taken.value / self.printed_value

    @property
    def printed_value(self) -> float | None:
        """The printed figure as a number in the claim's unit."""
        if not self.claim.printed:
            return None
        return float(self.claim.published.to(read_unit(self.claim.unit)).magnitude)

    @property
    def independent(self) -> int:
        """How many routes do not know the figure they are compared with."""
        return sum(route.independent for route in self.claim.routes)

    @property
    def recomputed_text(self) -> str:
        """The recomputed figure, the count or the record, ready to be read."""
        if self.taken is None and self.actually and self.actually_holds:
            return say("in fact {figure}", figure=amount(self.actually.value, self.actually.unit))
        if self.taken is None:
            return self.found or "–"
        if self.claim.counts:
            return text_of(self.taken.plan.assumptions[0])
        return amount(self.taken.value, self.claim.unit)

    @property
    def interval_text(self) -> str:
        """The 90 % interval, ready to be read; nothing for a count or a record."""
        if self.taken is None or self.claim.counts:
            return ""
        return say("{low} to {high}", low=trimmed(self.taken.interval[0], 3), high=trimmed(self.taken.interval[1], 3))

    @property
    def printed_text(self) -> str:
        """The figure as printed, ready to be read."""
        return printed_text(self.claim)

    @property
    def tolerance(self) -> str:
        """Which recomputed figures the printed one accepts."""
        low, high = printed_range(self.claim.printed, self.claim.relation, self.claim.significant)
        unit = pretty_unit(plural(self.claim.unit, 2))
        if self.claim.relation not in _BOUNDS:
            return with_unit(say("{low} to {high}", low=trimmed(low, 6), high=trimmed(high, 6)), unit)
        words, upper = _BOUNDS[self.claim.relation]
        return say(words, value=with_unit(trimmed(high if upper else low, 6), unit))

    @functools.cached_property
    def conditions(self) -> list[Condition]:
        """What each assumption of the route taken would have to be for the printed figure to hold."""
        if self.taken is None or self.printed_value is None:
            return []
        others = [a for figure in self.figures for a in figure.plan.assumptions]
        return conditions(self.taken.plan, self.taken.unit, self.printed_value, self.claim.relation, self.taken.value, others)

    @in_english
    def as_json(self) -> dict[str, Any]:
        """The documented object of ``recount claims --json`` (schema version 1)."""
        claim, taken = self.claim, self.taken
        found = {
            "schema_version": SCHEMA_VERSION,
            "id": claim.id,
            "kind": claim.kind,
            "article": claim.article,
            "statement": claim.statement,
            "statement_fr": claim.statement_fr,
            "printed": self.printed_text,
            "recomputed_text": self.recomputed_text,
            "interval_text": self.interval_text,
            "published": self.printed_value,
            "relation": claim.relation or (claim.compare[0][0] if claim.compare else None),
            "unit": claim.unit or None,
            "recomputed": finite(taken.value) if taken else None,
            "low": finite(taken.interval[0]) if taken else None,
            "high": finite(taken.interval[1]) if taken else None,
            "median": finite(taken.median) if taken else None,
            "ratio": finite(self.ratio),
            "verdict": self.verdict,
            "route": taken.route.name if taken else None,
            "independent": self.independent,
            "traced": claim.source or None,
            "quantity": taken.route.quantity if taken else (claim.record or None),
            "notebook": claim.notebook,
            "boundary": claim.boundary,
            "note": claim.note,
            "because": claim.because,
            "condition": claim.condition or None,
            "needs": claim.needs or None,
            "searched": claim.searched or None,
            "problem": self.problem or None,
            "found": self.found,
            "history": list(claim.history),
            "drivers": taken.drivers.as_json() if taken else [],
            "drivers_of": taken.drivers.shares_of if taken else None,
            "would_hold": [condition.as_json() for condition in self.conditions],
            "routes": [self._route_json(figure) for figure in self.figures],
            "actually": self._actually_json(claim.actually) if claim.actually else None,
        }
        if self.world.changed:
            found["would_be"] = self.here
        return found

    @property
    def found(self) -> str | None:
        """What the record says, for a claim about a fact."""
        return in_words(records.record(self.claim.record).value) or say("none found") if self.claim.record else None

    def _route_json(self, figure: Figure) -> dict[str, Any]:
        printed = self.printed_value
        return {
            "name": figure.route.name,
            "title": figure.route.title,
            "title_fr": figure.route.title_fr,
            "quantity": figure.route.quantity,
            "recomputed": finite(figure.value),
            "low": finite(figure.interval[0]),
            "high": finite(figure.interval[1]),
            "median": finite(figure.median),
            "ratio": finite(figure.value / printed) if printed else None,
            "independent": figure.route.independent,
            "given": figure.route.given,
        }

    def _actually_json(self, actually: Actually) -> dict[str, Any]:
        figure = self.actually
        return {
            "statement": actually.statement,
            "statement_fr": actually.statement_fr,
            "holds": self.actually_holds,
            "recomputed": finite(figure.value) if figure else None,
            "unit": figure.unit if figure else None,
            "record": actually.record or None,
        }


def printed_text(claim: Claim) -> str:
    """A claim's figure as printed, or its words and the figure they are read as.

    >>> from recount.register import claim
    >>> printed_text(claim("gpt-3-energy")), printed_text(claim("models-apache"))
    ('1,287 MWh', 'all (read as 100 %)')
    """
    if not claim.printed:
        return _fact_text(claim) if claim.compare else ""
    figure = amount(float(claim.published.to(read_unit(claim.unit)).magnitude), claim.unit, 9)
    figure = say(_RELATIONS[claim.relation], value=figure) if claim.relation in _RELATIONS else figure
    return _read_as(claim, figure)


_BOUNDS = {  # in words, and whether it is an upper one
    "more_than": (message("above {value}"), False), "at_least": (message("at least {value}"), False),
    "less_than": (message("below {value}"), True), "up_to": (message("at most {value}"), True),
}  # fmt: skip
_RELATIONS = {
    "more_than": message("more than {value}"), "at_least": message("at least {value}"), "less_than": message("less than {value}"),
    "up_to": message("up to {value}"), "about": message("about {value}"), "nearly": message("nearly {value}"),
}  # fmt: skip


def _read_as(claim: Claim, figure: str) -> str:
    """The article's own words with our reading, or the reading alone."""
    words = either(claim.words, claim.words_fr)
    return say("{words} (read as {figure})", words=words, figure=figure) if words else figure


def _fact_text(claim: Claim) -> str:
    relation, wanted = claim.compare[0]
    if relation.endswith("_record"):
        wanted = records.record(wanted).value
    relation = relation.removesuffix("_record")
    if relation in ("before", "after"):
        return _read_as(claim, say("before {date}" if relation == "before" else "after {date}", date=in_words(wanted)))
    return _read_as(claim, in_words(wanted))


def recompute_claim(identifier: str, world: World | None = None, count: int | None = None, seed: int = 0) -> Result:
    """Recompute one claim; its verdict is that of the published assumptions in every world.

    Without a *count* each interval takes as many samples as it needs.
    """
    world = world or World.of()
    result = _recompute(identifier, world, count, seed)
    if not world.changed:
        return result
    return dataclasses.replace(result, verdict=_recompute(identifier, World.of(), count, seed).verdict)


def recompute_here(identifier: str, world: World, count: int | None = None, seed: int = 0) -> Result:
    """Recompute one claim in one world alone: what its verdict is by default is not asked, and not said."""
    return _recompute(identifier, world, count, seed)


def recompute_all(world: World | None = None, count: int | None = None, seed: int = 0) -> list[Result]:
    """Recompute every claim of the register in its order."""
    return [recompute_claim(identifier, world, count, seed) for identifier in register.shown()]


@own_register.per_register(maxsize=512)
def _recompute(identifier: str, world: World, count: int | None, seed: int) -> Result:
    claim = register.claim(identifier)
    if claim.kind == "record":
        found = _fact_verdict(claim)
        return Result(claim, world, (), None, None, False, found, found)
    figures, problems = [], []
    for route in claim.routes:
        try:
            figures.append(_figure(claim, route, world, claim.unit, count, seed))
        except RecountError as error:
            if not world.changed:
                raise RecountError(f"claim {claim.id}, route {route.name}: {error}") from None
            problems.append(str(error))
    taken = route_taken(claim, figures, world)
    try:
        actually, attested = _actually(claim, world, count, seed)
    except RecountError as error:
        if not world.changed:
            raise RecountError(f"claim {claim.id}, actually: {error}") from None
        actually, attested = None, False
        problems.append(str(error))
    if taken is None:
        found = verdict((0, 0), claim.relation, None, None, False, attested) if not problems else NOT_RECOMPUTABLE
    else:
        printed = printed_range(claim.printed, claim.relation, claim.significant)
        found = verdict(printed, claim.relation, taken.rounded, taken.interval, taken.strong, attested)
        found = counted(found) if claim.counts else found
    return Result(claim, world, tuple(figures), taken, actually, attested, found, found, " ".join(dict.fromkeys(problems)))


def _figure(claim: Claim, route: Route, world: World, unit: str, count: int | None, seed: int) -> Figure:
    planned = recompute.plan(route, world)
    low, median, high = recompute.spread(planned, unit, count, seed)
    return Figure(route, planned, unit, recompute.point(planned, unit), recompute.rounded(planned, unit), (low, high), median)


def route_taken(claim: Claim, figures: Sequence[Planned], world: World) -> Planned | None:
    """The figure, or the plan alone, of the route the verdict takes; in a changed world the one that most of the changes reach.

    A reader who sets ε wants to see it at work, also where the claim's own route starts from
    the run's declared hours and never needs an ε.
    """
    own = next((f for f in figures if f.route.name == claim.take), None)
    if not figures or not world.changed or own is None:
        return own
    return max(figures, key=lambda f: (len(f.plan.changed_names), f is own))


def _actually(claim: Claim, world: World, count: int | None, seed: int) -> tuple[Figure | None, bool]:
    """Whether the printed figure comes out as what it really belongs to."""
    actually = claim.actually
    if actually is None:
        return None, False
    text = actually.printed or claim.printed
    p = printed_range(text, claim.relation, None if actually.printed else claim.significant)
    unit = register.unit_text(text)
    if actually.record:
        attested = records.record(actually.record).value
        found = float(read_quantity(attested, unit, actually.record).to(read_unit(unit)).magnitude) if attested else None
        return None, found is not None and holds(p, (found, found), claim.relation)
    figure = _figure(claim, actually.route, world, unit, count, seed)
    return figure, figure.strong and holds(p, figure.rounded, claim.relation)


def _fact_verdict(claim: Claim) -> str:
    relation, wanted = claim.compare[0]
    found = records.record(claim.record)
    if relation.endswith("_record"):
        wanted = records.record(wanted).value
    return record_verdict(relation, wanted, found.value, found.values)

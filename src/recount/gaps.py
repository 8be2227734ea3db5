"""A gap between two figures taken apart: one assumption changed at a time, each step a factor.

A :class:`Setting` is what a figure is computed from; a :class:`Step` changes some of it. The
steps multiply: start × all factors × rest = end. Where the end is a setting of its own, the
last step must reach it; where it is only published, what no step explains is the rest.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

from recount import graph, recompute, scenarios
from recount.assumptions import Assumption, from_row, from_text, load
from recount.errors import RecountError, nearest
from recount.explain import Table
from recount.language import either, french, in_a_row, message, say, say_counted
from recount.model import UNKNOWN_WITH
from recount.recompute import Plan, World
from recount.units import amount, read_unit, trimmed, without_unit
from recount.vocabulary import spec
from recount.wording import label, readable

ACTIVITY = "answer"
CLOSED = 1e-12  # relative; what floating point leaves of a closed gap
TYPED = message("as typed")


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a figure is computed from: a quantity of an answer, a route, and assumptions by name.

    ``taken`` names results that another route computes from the same assumptions, so that one
    part of a method can be changed before the rest.
    """

    quantity: str
    via: str
    supplied: Mapping[str, Assumption]
    taken: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def of(self, quantity: str) -> Setting:
        """The same setting for another quantity."""
        return dataclasses.replace(self, quantity=quantity)

    def changed(self, step: Step) -> Setting:
        """The setting after one step."""
        supplied = {**self.supplied, **step.supplied}
        quantity = step.quantity or self.quantity
        if step.take:
            return Setting(quantity, self.via, supplied, {**self.taken, **dict.fromkeys(step.take, step.via)})
        return Setting(quantity, step.via or self.via, supplied, {} if step.via else self.taken)

    def plan(self, world: World) -> Plan:
        """The plan of the figure, with the reader's assumptions laid over the setting's own.

        Raises
        ------
        RecountError : a part of the water is asked for although water_intensity was given as one number.
        """
        wired = graph.graph(ACTIVITY, self.via)
        top = {n: a for n, a in scenarios.layer(world.scenario, dict(world.overrides), ACTIVITY, load()).items() if n in wired.names}
        lost = {name for source in top for name in UNKNOWN_WITH.get(source, ())}
        if self.quantity in lost:
            raise RecountError(f"{self.quantity} is unknown once water_intensity is given as one number: the split on-site and off-site is not in it.")
        return recompute.plan_of(ACTIVITY, self.quantity, self.via, {**self.supplied, **self._computed(world), **top})

    def value(self, unit: str, world: World) -> float:
        """The figure at the medians."""
        return recompute.point(self.plan(world), unit)

    def _computed(self, world: World) -> dict[str, Assumption]:
        found = {}
        for name, via in self.taken.items():
            value = recompute.evaluate(Setting(name, via, self.supplied).plan(world), lambda a: a.value)
            found[name] = Assumption(name, value, 0.0, "estimate", "computed", f"by the route {via}")
        return found


@dataclasses.dataclass(frozen=True)
class Step:
    """One change of a setting: assumptions, the route, results taken from another route, the quantity.

    ``scope`` names the scope that the step moves an assumption to; a step that moves one without
    saying so is refused.
    """

    label: str
    supplied: Mapping[str, Assumption] = dataclasses.field(default_factory=dict)
    quantity: str = ""
    via: str = ""
    take: tuple[str, ...] = ()
    scope: str = ""
    label_fr: str = ""


@dataclasses.dataclass(frozen=True)
class Change:
    """What one step of a gap did: which assumptions moved, its factor, and the running figure after it."""

    label: str
    label_fr: str
    taken: tuple[tuple[str, ...], str]  # results of another route, and that route
    assumptions: tuple[tuple[Assumption, Assumption], ...]  # before and after
    factor: float
    value: float
    quantity: str

    @property
    def moved(self) -> str:
        """What the step moved, in words: results that another route computes, and the first two assumptions."""
        names, via = self.taken
        routes = [say("{results} by the route '{route}'", results=", ".join(map(label, names)) or say("everything"), route=via)] if via else []
        told = [_both(*pair) for pair in self.assumptions[:2]]
        more = len(self.assumptions) - 2
        return in_a_row([*routes, *told, *([say_counted("{count} more", "{count} more", more)] if more > 0 else [])])


@dataclasses.dataclass(frozen=True)
class Gap:
    """A gap taken apart: start × every factor × rest = end."""

    title: str
    title_fr: str
    unit: str
    quantity: str
    names: tuple[str, str]  # of start and end
    names_fr: tuple[str, str]
    start: float
    end: float
    changes: tuple[Change, ...]
    rest: float
    rest_label: str = ""  # empty where the steps close the gap
    rest_label_fr: str = ""

    @property
    def ratio(self) -> float:
        return self.end / self.start

    @property
    def moving(self) -> tuple[Change, ...]:
        """The steps that do change this figure."""
        return tuple(change for change in self.changes if abs(change.factor - 1) > CLOSED)

    def table(self) -> Table:
        """Each step with its factor and the running figure."""
        shown = lambda value: amount(value, self.unit, 3)  # noqa: E731
        names = self.names_fr if french() else self.names
        rows = [(say("from: {what}", what=names[0]), label(self.quantity), "", shown(self.start))]
        for before, change in zip((self.quantity, *(c.quantity for c in self.changes)), self.changes, strict=False):
            wider = say("now {quantity}", quantity=label(change.quantity)) if change.quantity != before else ""
            rows.append((either(change.label, change.label_fr), change.moved or wider, factor_text(change.factor), shown(change.value)))
        if self.rest_label:
            rows.append((either(self.rest_label, self.rest_label_fr), "", factor_text(self.rest), shown(self.end)))
        rows.append((say("to: {what}", what=names[1]), say("all steps together"), factor_text(self.ratio), shown(self.end)))
        return Table((say("Step"), say("What moves"), say("Factor"), say("Then it is")), tuple(rows))

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        table = self.table()
        return {"text/plain": table.text(), "text/html": table.html()}

    def __str__(self) -> str:
        return self.table().text()


def factor_text(factor: float, language: str | None = None) -> str:
    """A factor as one reads it: what makes a figure smaller as a division.

    >>> factor_text(12.34), factor_text(0.04), factor_text(1.0), factor_text(0.9968)
    ('× 12.3', '÷ 25', '× 1', '÷ 1.003')
    """
    larger, sign = (factor, "×") if factor >= 1 else (1 / factor, "÷")
    text = trimmed(larger, 3 if larger >= 1.1 else 4, language)
    return f"× {text}" if text == "1" else f"{sign} {text}"


def supplied(given: Sequence[str], typed: Mapping[str, str] | None = None, names: Sequence[str] = ()) -> dict[str, Assumption]:
    """Assumptions from contexts of the data and from typed values; of two that supply a name the later wins.

    Parameters
    ----------
    given : contexts such as ``"method:ecologits-0.11.3"``, with a scope where it is not the usual one.
    typed : quantities by name, such as ``{"batch": "8"}``.
    names : only these are taken; empty takes all.

    Raises
    ------
    RecountError : an unknown context or name; a name that a context holds only under a scope that was not chosen.
    """
    data, found = load(), {}
    for reference in given:
        rows, hidden = data.context(reference), data.other_scopes(reference)
        for name in names or hidden:
            if name in hidden:
                raise RecountError(f"'{name}' of '{reference}' has only the scope {', '.join(hidden[name])}: choose it, as in '{reference}[{hidden[name][0]}]'.")
        found |= {name: from_row(row) for name, row in rows.items() if not names or name in names}
    missing = [name for name in names if name not in found]
    if missing:
        raise RecountError(f"{', '.join(given)} has no row for '{missing[0]}': {nearest(missing[0], [n for g in given for n in data.context(g)])}")
    return found | {name: from_text(name, text, "given") for name, text in (typed or {}).items()}


def scopes(planned: Plan) -> dict[str, str]:
    """The scope of every assumption that has one: which carbon, which water."""
    return {a.name: (a.row.scope if a.row else TYPED) for a in planned.assumptions if spec(a.name).scope}


def gap(
    start: Setting, steps: Sequence[Step], end: Setting, unit: str, world: World, *, names: Sequence[str] = ("start", "end"),
    names_fr: Sequence[str] = (), title: str = "", title_fr: str = "", rest: str = "", rest_fr: str = "",
) -> Gap:  # fmt: skip
    """Take the gap between two figures apart, one step after another.

    Formula: end = start × factor of every step × rest, with factor = running figure after ÷ before

    Parameters
    ----------
    start, end : what the two figures are computed from; an end may be a published row.
    steps : the changes in order; the order decides how large each is.
    unit : of the figures.
    world : the reader's assumptions, laid over every setting.
    rest : what the unexplained part is called; empty where the steps must close the gap.

    Raises
    ------
    RecountError : steps that do not reach the end though they must; a step that moves a scope without
        saying so; a figure of zero, of which no factor can be taken.
    """
    settings = [start]
    for step in steps:
        settings.append(settings[-1].changed(step))
    plans = [setting.plan(world) for setting in settings]
    for step, before, after in zip(steps, plans, plans[1:], strict=False):
        _refuse_hidden_scope(step, scopes(before), scopes(after))
    values = [recompute.point(planned, unit) for planned in plans]
    target = end.value(unit, world)
    if not all(value > 0 and math.isfinite(value) for value in (*values, target)):
        raise RecountError("a figure of zero or less stands in this gap: a factor needs positive figures.")
    remaining = target / values[-1]
    if not rest and abs(remaining - 1) > CLOSED:
        raise RecountError(f"the steps do not reach the end, a factor of {remaining:.4g} is left: still different {_different(plans[-1], end.plan(world))}.")
    changes = tuple(
        Change(step.label, step.label_fr or step.label, (step.take, step.via), _moved(plans[k], plans[k + 1]), values[k + 1] / values[k], values[k + 1], settings[k + 1].quantity)
        for k, step in enumerate(steps)
    )
    return Gap(title, title_fr or title, unit, start.quantity, tuple(names), tuple(names_fr or names), values[0], target, changes, remaining, rest, rest_fr or rest)


def _refuse_hidden_scope(step: Step, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    for name in sorted(set(before) & set(after)):
        moved = before[name], after[name]
        if moved[0] != moved[1] and TYPED not in moved and step.scope != moved[1]:
            raise RecountError(f"step '{step.label}' moves {name} from {moved[0]} to {moved[1]} without saying so: give it scope = \"{moved[1]}\".")


def _moved(before: Plan, after: Plan) -> tuple[tuple[Assumption, Assumption], ...]:
    """The assumptions that a step moved, each before and after."""
    old, new = ({a.name: a for a in planned.assumptions if a.origin != "computed"} for planned in (before, after))
    return tuple((old[n], new[n]) for n in new if n in old and _plain(old[n]) != _plain(new[n]))


def _plain(assumption: Assumption) -> float:
    return float(assumption.value.to(read_unit(spec(assumption.name).unit)).magnitude)


def _both(old: Assumption, new: Assumption) -> str:
    """An assumption before and after, its unit once where both are shown in it."""
    ends = [readable(one.value, one.name) for one in (old, new)]
    return f"{label(new.name)} {without_unit(*ends)} → {ends[1]}"


def _different(last: Plan, end: Plan) -> str:
    """The assumptions in which two plans differ."""
    ours, theirs = ({a.name: a for a in planned.assumptions} for planned in (last, end))
    told = []
    for name in sorted(set(ours) | set(theirs)):
        pair = [side[name].text if name in side else "none" for side in (ours, theirs)]
        if name not in ours or name not in theirs or ours[name].value.to(read_unit(spec(name).unit)) != theirs[name].value.to(read_unit(spec(name).unit)):
            told.append(f"{name} ({pair[0]}, {pair[1]})")
    return ", ".join(told) or "the route"

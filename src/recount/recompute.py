"""A claim's figure recomputed: rows gathered, layered, and run through the model's graph.

A *plan* is everything a route needs, found before anything is computed: for each operand its
graph, its quantity and the assumption behind every input. The same plan is then evaluated at
the medians, within the printed rounding, and on samples.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from recount import counts, graph, register, sampling, scenarios
from recount.assumptions import GIVEN, Assumption, from_row, load, split_reference
from recount.errors import RecountError
from recount.model import UNKNOWN_WITH
from recount.register import Operand, Route
from recount.units import Quantity, read_unit
from recount.verdicts import Range, printed_range

Draw = Callable[[Assumption], Quantity]


@dataclasses.dataclass(frozen=True)
class World:
    """Under which assumptions to recompute: a scenario and the reader's own overrides."""

    name: str
    overrides: tuple[tuple[str, str], ...] = ()

    @property
    def scenario(self) -> scenarios.Scenario:
        return scenarios.scenario(self.name)

    @classmethod
    def of(cls, scenario: str | None = None, overrides: dict[str, str] | None = None) -> World:
        """Check a scenario's name and overrides and make a world of them."""
        values = {name: value for name, value in (overrides or {}).items() if str(value).strip()}
        scenarios.check_overrides(values)
        return cls(scenarios.scenario(scenario or scenarios.DEFAULT).name, tuple(sorted(values.items())))

    @property
    def changed(self) -> bool:
        return bool(self.scenario.given or self.scenario.assumptions or self.overrides)


@dataclasses.dataclass(frozen=True)
class Planned:
    """One operand with the assumption behind each of its inputs."""

    operand: Operand
    assumptions: dict[str, Assumption]

    @property
    def steps(self) -> list[graph.Step]:
        if not self.operand.name:
            return []
        return graph.graph(self.operand.activity, self.operand.via).upstream(self.operand.name, self.assumptions)[1]


@dataclasses.dataclass(frozen=True)
class Plan:
    """A route with everything it starts from."""

    route: Route
    operands: tuple[Planned, ...]

    @property
    def assumptions(self) -> list[Assumption]:
        """Every assumption once, in order of use."""
        return list({a.key: a for planned in self.operands for a in planned.assumptions.values()}.values())

    @property
    def strong(self) -> bool:
        """Whether all inputs are measured, declared or standard."""
        return all(assumption.strong for assumption in self.assumptions)

    @property
    def changed_names(self) -> set[str]:
        return {a.name for a in self.assumptions if a.origin in ("scenario", "override")}


def plan(route: Route, world: World) -> Plan:
    """Gather what a route needs; refuse a missing, doubled or unknown input in one sentence."""
    world = World(scenarios.DEFAULT) if route.fixed else world
    return Plan(route, tuple(Planned(operand, _inputs(operand, world)) for operand in route.operands))


def _inputs(operand: Operand, world: World) -> dict[str, Assumption]:
    if operand.claim:
        printed = register.claim(operand.claim)
        return {"printed": _printed(printed, "printed")}
    if operand.count:
        return counts.assumptions(dict(operand.count))
    return gather(operand, world)


def gather(operand: Operand, world: World) -> dict[str, Assumption]:
    """The assumption behind every input of one quantity: defaults ← given ← scenario ← overrides."""
    wired, data = graph.graph(operand.activity, operand.via), load()
    wired.require(operand.name)
    top = {n: a for n, a in scenarios.layer(world.scenario, dict(world.overrides), operand.activity, data).items() if n in wired.names}
    given = {n: a for n, a in _given(operand, top).items() if n in wired.names}
    names, _ = wired.upstream(operand.name, {**given, **top})
    unknown = {name for source in top for name in UNKNOWN_WITH.get(source, ())}
    lost = unknown & ({operand.name, *(step.name for step in wired.upstream(operand.name, {**given, **top})[1])} - set(top))
    if lost:
        raise RecountError(f"{operand.name} is unknown once water_intensity is given as one number: the split on-site and off-site is not in it.")
    found: dict[str, Assumption] = {}
    for name in names:
        found[name] = top.get(name) or given.get(name) or from_row(data.default(name))
    _check_parameters(found)
    return found


def plan_of(activity: str, name: str, via: str, supplied: dict[str, Assumption]) -> Plan:
    """The plan of one quantity from assumptions by name; what they leave open comes from the defaults."""
    wired = graph.graph(activity, via)
    supplied = {known: assumption for known, assumption in supplied.items() if known in wired.names}
    names, _ = wired.upstream(name, supplied)
    found = {needed: supplied.get(needed) or from_row(load().default(needed)) for needed in names}
    _check_parameters(found)
    return Plan(Route(name, name, "", False, (Operand(activity, name, via),)), (Planned(Operand(activity, name, via), found),))


def _given(operand: Operand, top: dict[str, Assumption]) -> dict[str, Assumption]:
    """What the contexts of an operand supply; two that supply one needed name must be chosen from."""
    data, wired, choose = load(), graph.graph(operand.activity, operand.via), dict(operand.choose)
    by_name: dict[str, dict[str, Callable[[], Assumption]]] = {}
    for context in operand.given:
        if context.startswith("claim:"):
            identifier, name = register.split_claim(context)
            printed = register.claim(identifier)
            name = name or _supplied_by(printed)
            by_name.setdefault(name, {})[context] = lambda p=printed, n=name: _printed(p, n)
        else:
            for name, row in data.context(context).items():
                by_name.setdefault(name, {})[context] = lambda r=row: from_row(r)
    supplied = {*by_name, *top}
    needed, _ = wired.upstream(operand.name, supplied & set(wired.names))
    found = {}
    for name, makers in by_name.items():
        chosen = choose.get(name)
        if len(makers) > 1 and name in needed and name not in top and chosen not in makers:
            raise RecountError(f"{operand.quantity}: '{name}' is supplied by {' and by '.join(makers)}; choose one, as in choose = {{ {name} = \"{next(iter(makers))}\" }}.")
        if name in needed:
            found[name] = makers[chosen if chosen in makers else next(iter(makers))]()
    _refuse_hidden_scopes(operand, needed, found, top)
    return found


def _supplied_by(claim: register.Claim) -> str:
    """The name of the quantity that a claim's printed figure is."""
    route = claim.route or (claim.actually and claim.actually.route)
    if not route or route.combine or not route.operands[0].name:
        raise RecountError(f"'claim:{claim.id}' supplies no single quantity: say which name, as in 'claim:{claim.id} as facility_energy'.")
    return route.operands[0].name


def _refuse_hidden_scopes(operand: Operand, needed: list[str], found: dict, top: dict) -> None:
    """A needed name that a context holds only under another scope must be chosen, never skipped."""
    for context in operand.given:
        if context.startswith("claim:"):
            continue
        for name, scopes in load().other_scopes(context).items():
            if name in needed and name not in found and name not in top:
                plain, _ = split_reference(context)
                raise RecountError(f"{operand.quantity}: '{name}' of '{plain}' has only the scope {', '.join(scopes)}: choose it, as in '{plain}[{scopes[0]}]'.")


def _printed(claim: register.Claim, name: str) -> Assumption:
    """The printed figure of another claim, taken as given within its printed range."""
    low, high = printed_range(claim.printed, "about" if claim.relation in ("about", "nearly") else "equals", claim.significant)
    return Assumption(name, claim.published, (high - low) / 2, GIVEN, "claim", f"{claim.printed} (claim {claim.id})")


def _check_parameters(found: dict[str, Assumption]) -> None:
    active, total = found.get("active_parameters"), found.get("total_parameters")
    if active and total and active.value > total.value:
        raise RecountError(f"active_parameters {active.text} exceed total_parameters {total.text}: at most all parameters are active.")


def evaluate(planned: Plan, draw: Draw) -> Quantity:
    """The route's figure when every assumption is drawn by *draw* (a scalar or an array each).

    Raises
    ------
    RecountError : the formulas divide by zero under these assumptions.
    """
    values = []
    try:
        with np.errstate(all="ignore"):  # an infinite sample is seen by the caller, not on stderr
            for one in planned.operands:
                drawn = {name: draw(assumption) for name, assumption in one.assumptions.items()}
                if one.operand.name:
                    values.append(graph.graph(one.operand.activity, one.operand.via).execute([one.operand.name], drawn)[one.operand.name])
                else:
                    values.append(next(iter(drawn.values())))
            return _combine(planned.route.combine, values)
    except ZeroDivisionError:
        raise RecountError("the formulas divide by zero under these assumptions.") from None


def _combine(combine: str, values: list[Quantity]) -> Quantity:
    first, *others = values
    for other in others:
        if combine == "ratio":
            first = first / other
        elif combine == "difference":
            first = first - other
        elif combine == "sum":
            first = first + other
        elif combine == "product":
            first = first * other
        elif combine == "share":
            first = first / (first + other)
    return first


def point(planned: Plan, unit: str) -> float:
    """The figure at the medians of all assumptions."""
    figure = float(_in(evaluate(planned, lambda a: a.value), unit))
    if not abs(figure) < 1e30:
        raise RecountError("the figure is beyond all measure under these assumptions.")
    return figure


def rounded(planned: Plan, unit: str) -> Range:
    """R: the range of the figure when each input moves within its own printed rounding.

    Each input is moved alone first to see which way it pushes; then all are moved together,
    once all down and once all up.
    """
    inputs = [a for a in planned.assumptions if a.half_rounding]
    index = {a.key: k for k, a in enumerate(inputs)}
    count = len(inputs)

    def alone(assumption: Assumption) -> Quantity:
        column = np.full(2 * count + 1, float(assumption.value.magnitude))
        if assumption.key in index:
            low, high = assumption.rounded()
            column[2 * index[assumption.key]], column[2 * index[assumption.key] + 1] = low.magnitude, high.magnitude
        return Quantity(column, assumption.value.units)

    figure = np.broadcast_to(_in(evaluate(planned, alone), unit), 2 * count + 1)
    rising = figure[1:-1:2] >= figure[0:-1:2] if count else np.array([], bool)

    def together(assumption: Assumption) -> Quantity:
        if assumption.key not in index:
            return assumption.value
        low, high = (q.magnitude for q in assumption.rounded())
        pair = (low, high) if rising[index[assumption.key]] else (high, low)
        return Quantity(np.array(pair), assumption.value.units)

    both = np.broadcast_to(_in(evaluate(planned, together), unit), 2)
    return float(min(*both, *figure)), float(max(*both, *figure))


def sampled(planned: Plan, unit: str, count: int | None = None, seed: int = 0) -> np.ndarray:
    """The figure on samples of all assumptions; a row moves together wherever it stands.

    Without a count, as many samples as the figure's percentiles need (:func:`sampling.needed`).
    """
    if count is None:
        drawn = sampled(planned, unit, sampling.START, seed)
        needed = sampling.needed(drawn)
        return drawn if needed == sampling.START else sampled(planned, unit, needed, seed)
    return np.atleast_1d(_in(evaluate(planned, lambda a: sampling.samples(a, count, seed)), unit))


def interval(planned: Plan, unit: str, count: int | None = None, seed: int = 0) -> Range:
    """I: the 5th and 95th percentile of the figure."""
    low, _, high = spread(planned, unit, count, seed)
    return low, high


def spread(planned: Plan, unit: str, count: int | None = None, seed: int = 0) -> tuple[float, float, float]:
    """The 5th, 50th and 95th percentile of the figure; the 50th is not the figure at all medians where a sum or a maximum is in it."""
    low, median, high = sampling.percentiles(sampled(planned, unit, count, seed), sampling.PERCENTILES)
    return low, median, high


def _in(quantity: Quantity, unit: str):
    target = read_unit(unit)
    if quantity.dimensionality != target.dimensionality:
        raise RecountError(f"the recomputed figure is in {quantity.units:~} but the printed one in {unit}: the claim compares different quantities.")
    return quantity.to(target).magnitude


def finite(value: float | None) -> float | None:
    """JSON has no infinity: an unknown or infinite figure is null."""
    return None if value is None or not math.isfinite(value) else value

"""Assumptions moved by a reader, and what follows for the claims: plain values in, plain JSON out.

The page in the browser, the widgets in JupyterLab and Voilà, and the tests call these few
functions. They recompute by :mod:`recount.claims`, with the same samples as the command line, and
import nothing that Pyodide does not carry.

A *state* is a scenario's name (or none) and quantities as typed, by name; an empty one leaves each
claim its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from recount import claims, graph, recompute, register, scenario_files, scenarios
from recount.errors import RecountError
from recount.recompute import Plan, World, finite
from recount.register import Claim, Route
from recount.units import magnitude, plural, pretty_unit, trimmed
from recount.vocabulary import spec


def read(scenario: str | None, assumptions: Mapping[str, str]) -> dict[str, Any]:
    """Read what was typed: each quantity in its natural unit, and the refusal of each that is none.

    Returns
    -------
    dict : ``values`` by name, ``refused`` by name in one sentence; under ``""`` what is refused of all together.

    >>> read(None, {"grid_intensity": "0,055 kgCO2e/kWh", "pue": ""})
    {'values': {'grid_intensity': 55.0}, 'refused': {}}
    >>> read(None, {"grid_intensity": "56 g/kWh"})["refused"]
    {'grid_intensity': "grid_intensity '56 g/kWh' has the wrong dimension: did you mean '56 gCO2e/kWh'?"}
    """
    values, refused = {}, {}
    for name, text in _typed(assumptions).items():
        try:
            scenarios.check_overrides({name: text})
            known = spec(name.rpartition(".")[2])
            values[name] = float(magnitude(known.read(text), known.unit))
        except RecountError as error:
            refused[name] = str(error)
    if not refused:
        try:
            World.of(scenario, _typed(assumptions))
        except RecountError as error:
            refused[""] = str(error)
    return {"values": values, "refused": refused}


def moved(scenario: str | None, assumptions: Mapping[str, str]) -> list[str]:
    """The claims that a state reaches, in the order of the register; all others are as they stand.

    >>> "gpt-3-energy" in moved("french-grid", {}), "gpt-3-carbon" in moved("french-grid", {}), moved(None, {})
    (False, True, [])
    """
    world = World.of(scenario, _typed(assumptions))
    return [known for known in register.shown() if reached(known, world)]


def reached(claim: str, world: World) -> bool:
    """Whether anything that a world changes enters a claim, by any of its routes."""
    entry = register.claim(claim)
    actually = [entry.actually.route] if entry.actually and entry.actually.route else []
    for route in [*entry.routes, *actually]:
        try:
            if recompute.plan(route, world).changed_names:
                return True
        except RecountError:  # under its own assumptions every route has a plan
            return True
    return False


def point(claim: str, scenario: str | None, assumptions: Mapping[str, str], language: str = "en") -> dict[str, Any]:
    """A claim's figure at the medians of its assumptions, without samples: what can be said at once.

    >>> found = point("gpt-3-carbon", None, {"grid_intensity": "56 gCO2e/kWh"})
    >>> found["recomputed_text"], found["used"]
    ('72.08 tCO2e', ['grid_intensity'])
    """
    entry, world = register.claim(claim), World.of(scenario, _typed(assumptions))
    planned, problems = [], []
    for route in entry.routes:
        try:
            plan = recompute.plan(route, world)
            planned.append(SimpleNamespace(route=route, plan=plan, value=recompute.point(plan, entry.unit)))
        except RecountError as error:
            problems.append(str(error))
    taken = claims.route_taken(entry, planned, world)
    return _entry(entry, taken.value, taken.plan, taken.route, problems, language) if taken else _entry(entry, None, None, None, problems, language)


def whole(claim: str, scenario: str | None, assumptions: Mapping[str, str], count: int | None = None, language: str = "en") -> dict[str, Any]:
    """A claim's figure with its 90 % interval and what its verdict would be.

    Without a *count* as many samples as the interval needs.

    >>> whole("gpt-3-carbon", "french-grid", {}, 1024)["verdict"]
    'not reproduced'
    """
    entry, world = register.claim(claim), World.of(scenario, _typed(assumptions))
    result = claims.recompute_here(claim, world, count)
    taken = result.taken
    found = _entry(entry, taken and taken.value, taken and taken.plan, taken and taken.route, [result.problem] if result.problem else [], language)
    if taken is None or entry.counts:
        found["recomputed_text"] = result.recomputed_text
    low, high = taken.interval if taken else (None, None)
    shown = taken is not None and not entry.counts and low != high
    between = {"fr": "à"}.get(language, "to")
    return found | {
        "low": finite(low),
        "high": finite(high),
        "median": finite(taken.median) if taken else None,
        "interval_text": f"{trimmed(low, 3, language)} {between} {trimmed(high, 3, language)}" if shown else "",
        "verdict": result.here,
    }


def scenario_text(name: str, scenario: str | None, assumptions: Mapping[str, str]) -> str:
    """A state as a scenario's file, which ``recount run --scenario`` takes from ``data/scenarios``.

    What was typed wins over the scenario below it, also where that one set an activity's own.

    Raises
    ------
    RecountError : a name that is no file's, or anything in the state that is refused.
    """
    World.of(scenario, _typed(assumptions))
    below, typed = scenarios.scenario(scenario or scenarios.DEFAULT), _typed(assumptions)
    kept = {key: value for key, value in below.assumptions.items() if key.rpartition(".")[2] not in typed}
    changes = [*([below.title] if below.given or below.assumptions else []), *(f"{key} = {value}" for key, value in typed.items())]
    return scenario_files.content(name, "", f"{'; '.join(changes)}." if changes else "", below.given, kept | typed)


def own(claim: str, name: str) -> float | None:
    """What a claim takes for a quantity when nobody moves it, in its natural unit: an assumption of its route, or a result on the way.

    >>> round(own("gpt-3-carbon", "grid_intensity")), own("gpt-3-energy", "grid_intensity")
    (429, None)
    """
    route = register.claim(claim).route
    for planned in recompute.plan(route, World.of()).operands if route else ():
        if name in planned.assumptions:
            return float(magnitude(planned.assumptions[name].value, spec(name).unit))
        if any(step.name == name for step in planned.steps):
            wired, values = graph.graph(planned.operand.activity, planned.operand.via), {n: a.value for n, a in planned.assumptions.items()}
            return float(magnitude(wired.execute([name], values)[name], spec(name).unit))
    return None


def answer(question: str) -> str:
    r"""Call one of these functions with JSON: ``{"ask": name, "with": arguments}`` to ``{"found": …}`` or ``{"refused": sentence}``.

    >>> answer('{"ask": "moved", "with": {"scenario": null, "assumptions": {"pue": "0.5"}}}')
    '{"refused": "pue \'0.5\' is out of range: it must be from 1 to 5; the nearest valid value is 1."}'
    """
    asked = json.loads(question)
    function = {f.__name__: f for f in (read, moved, point, whole, scenario_text)}[asked["ask"]]
    try:
        return json.dumps({"found": function(**asked["with"])}, ensure_ascii=False)
    except RecountError as error:
        return json.dumps({"refused": str(error)}, ensure_ascii=False)


def _typed(assumptions: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in assumptions.items() if str(text).strip()}


def _entry(claim: Claim, value: float | None, plan: Plan | None, route: Route | None, problems: list[str], language: str) -> dict[str, Any]:
    value = finite(value)
    printed = float(magnitude(claim.published, claim.unit)) if claim.printed else None
    text = "–" if value is None else f"{trimmed(value, 4, language)} {pretty_unit(plural(claim.unit, value))}".strip()
    return {
        "id": claim.id,
        "recomputed": value,
        "ratio": value / printed if value is not None and printed else None,
        "recomputed_text": text,
        "route": route.name if route else None,
        "used": sorted(plan.changed_names) if plan else [],
        "problem": " ".join(dict.fromkeys(problems)),
    }

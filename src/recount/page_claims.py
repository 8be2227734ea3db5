"""What a claim's page shows beside the claim's JSON: recomputed when the pages are built, and kept while code and data stand.

Everything here is words, numbers and names ready to be set into a page; how they look is
:mod:`recount.page_flow`'s, :mod:`recount.page_charts`' and the templates' affair.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from recount import freshness, language as spoken
from recount.project import Project, write_whole

Details = dict[str, Any]


def kept(project: Project, language: str = "en") -> dict[str, Details]:
    """The details of every claim by its id; from the cache while code, packages and data stand."""
    return while_it_stands(project, f"claim-pages-{language}", lambda: compute(language))


def while_it_stands(project: Project, name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What was computed for the pages under a name; computed anew when code, packages or data are others."""
    path = project.build / "cache" / f"{name}.json"
    now = freshness.Surroundings.now(project)
    stamp = [now.code, now.packages, now.data]
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never kept, or damaged: as good as none
        found = {}
    if isinstance(found, dict) and found.get("stamp") == stamp and "kept" in found:
        return found["kept"]
    made = compute()
    write_whole(path, json.dumps({"stamp": stamp, "kept": made}, ensure_ascii=False))
    return made


def compute(language: str = "en") -> dict[str, Details]:
    """The details of every claim that is listed, computed anew and told in a language."""
    from recount import register

    with spoken.speaking(language):
        return {identifier: details(identifier, language) for identifier in register.shown()}


def details(identifier: str, language: str = "en") -> Details:
    """One claim's steps, assumptions, drivers, conditions, routes and scenarios, as its page shows them."""
    from recount import claims, explain

    result = claims.recompute_claim(identifier)
    figure = result.taken or result.actually
    counted = any(operand.count for route in result.claim.routes for operand in route.operands)
    found: Details = {
        "shown": _shown(result),
        "sentence": explain.sentence(result),
        "why": explain.why(result),
        "locator": result.claim.locator,
        "tolerance": result.tolerance if result.claim.printed else "",
        "of_actually": result.taken is None and figure is not None,
        "rows": _rows(result),
        "quantities": sorted({step.name for each in result.figures for planned in each.plan.operands for step in planned.steps}),
        "members": _members(result, language) if counted else None,
        "routes": _table(explain.comparison(result)) if result.figures or result.actually else None,
        "scenarios": _scenarios(result, language),
    }
    if figure is None:
        return found
    would = explain.would_hold(result) if result.taken else None
    return found | {
        "route": _route(result, figure),
        "flow": _flow(figure, language),
        "steps": _table(explain.steps(figure)),
        "assumptions": [_assumption(a, language) for a in figure.plan.assumptions],
        "drivers": _drivers(result, figure, language),
        "would_hold": _table(would) if would and would.rows else None,
    }


def _table(table) -> Details:
    return {"columns": list(table.columns), "rows": [list(row) for row in table.rows], "caption": table.caption}


def _members(result, language: str) -> Details:
    """What was counted, each by what a reader calls it."""
    from recount import explain, page_views
    from recount.contexts import called
    from recount.vocabulary import quantities

    found = _table(explain.members(result, place=str))
    empty, named, *more = found["columns"]
    fact = next(dict(o.count)["name"] for route in result.claim.routes for o in route.operands if o.count)
    named = named if fact in quantities() else spoken.of_data(page_views.title_of(fact))
    return found | {"columns": [empty, named, *more], "rows": [[called(context, language), *row] for context, *row in found["rows"]]}


def _route(result, figure) -> str:
    """What the route is called; that to what a figure really belongs has the claim's own words."""
    if figure is result.actually:
        return spoken.either(result.claim.actually.statement, result.claim.actually.statement_fr).rstrip(".")
    return spoken.either(figure.route.title, figure.route.title_fr)


def _shown(result) -> Details:
    """What the claim's JSON says in English, in the language spoken."""
    from recount import explain

    claim, of_data = result.claim, spoken.of_data
    return {
        "printed": result.printed_text,
        "recomputed_text": result.recomputed_text,
        "interval_text": result.interval_text,
        "found": result.found,
        "boundary": of_data(claim.boundary),
        "note": of_data(claim.note),
        "because": of_data(claim.because),
        "needs": of_data(claim.needs) or None,
        "searched_text": explain.searched(claim) if claim.searched else "",
    }


def _rows(result) -> list[Details]:
    """Every row that any route of a claim starts from, and whether the verdict's own does."""
    found: dict[str, Details] = {}
    own = result.taken or result.actually
    for figure in [*([own] if own else []), *result.figures, *([result.actually] if result.actually else [])]:
        for one in figure.plan.assumptions:
            if one.row:
                found.setdefault(one.row.key, {"key": one.row.key, "name": one.name, "taken": figure is own})
    return list(found.values())


def _assumption(one, language: str) -> Details:
    """An assumption in words, with its row's place in the data."""
    from recount.contexts import called
    from recount.wording import label, readable, spread, text_of

    row = one.row
    return {
        "name": one.name if row or one.name not in ("printed", "count") else "",
        "label": label(one.name, language),
        "about": called(row.context, language) if row else "",
        "context": row.context if row else "",
        "value": readable(one.value, one.name) if row else text_of(one),
        "range": spread(one),
        "strength": one.strength,
        "confirmed": row.confirmed if row else "",
        "origin": one.origin,
        "source": row.source if row else "",
        "locator": row.locator if row else "",
        "derivation": row.derivation if row else "",
        "key": row.key if row else "",
    }


def _flow(figure, language: str) -> list[Details]:
    """The route as nodes in order of computation, each with the keys of what it is made from.

    Inputs that need the most lines drawn beside each other come first, so that few lie open at a time.
    """
    from recount import graph
    from recount.units import plural, pretty_unit, trimmed
    from recount.wording import formula, label, readable

    shares = {d.assumption.key: d.total for d in figure.drivers.of}
    nodes: list[Details] = []
    tops = []
    for number, planned in enumerate(figure.plan.operands):
        steps = {step.name: step for step in planned.steps}
        values = {name: one.value for name, one in planned.assumptions.items()}
        computed = graph.graph(planned.operand.activity, planned.operand.via).execute(list(steps), values) if steps else {}
        done: dict[str, str] = {}

        def width(name: str, known: dict, seen: frozenset = frozenset()) -> int:
            if name not in known or name in seen:
                return 1
            below = sorted((width(need, known, seen | {name}) for need in known[name].needs), reverse=True)
            return max(1, *(w + k for k, w in enumerate(below)))

        def visit(name: str, steps=steps, planned=planned, computed=computed, done=done, number=number) -> str:
            if name in done:
                return done[name]
            if name in steps:
                needs = [visit(need) for need in sorted(steps[name].needs, key=lambda need: -width(need, steps))]
                done[name] = f"{number}.{name}"
                names = "|".join(map(re.escape, sorted(steps[name].needs, key=len, reverse=True)))
                told = re.sub(rf"\b(?:{names})\b|[a-z][a-z0-9]*(?:_[a-z0-9]+)+", lambda m: label(m[0], language), formula(steps[name].formula.partition("=")[2].strip()))
                nodes.append({"key": done[name], "kind": "step", "label": label(name, language), "value": readable(computed[name], name), "formula": told, "from": needs})
                return done[name]
            one = planned.assumptions[name]
            done[name] = one.key
            if not any(node["key"] == one.key for node in nodes):
                about = _assumption(one, language)
                nodes.append({"key": one.key, "kind": "assumption", "from": [], "share": shares.get(one.key, 0.0), **{k: about[k] for k in ("label", "about", "value", "strength", "origin")}})
            return done[name]

        tops.append(visit(planned.operand.name or next(iter(planned.assumptions))))
    if figure.route.combine:
        value = f"{trimmed(figure.value, 4)} {pretty_unit(plural(figure.unit, figure.value))}".strip()
        nodes.append({"key": "combined", "kind": "step", "label": spoken.say(figure.route.combine), "value": value, "formula": "", "from": list(dict.fromkeys(tops))})
    nodes[-1]["kind"] = "result"
    return nodes


def _drivers(result, figure, language: str) -> Details | None:
    """What moves the figure, widest share first, with the numbers that the bars are drawn from."""
    from recount import explain
    from recount.figures import _printed_in

    found = figure.drivers
    if not found.of:
        return None
    table = explain.drivers(figure)
    rows = [
        {"label": row[0], "range": row[1], "ends": row[2], "share": row[3], "low": d.low, "high": d.high, "total": d.total}
        for row, d in zip(table.rows, found.of, strict=True)
    ]
    printed = _printed_in(result, figure) if result.claim.printed else None
    return {"columns": list(table.columns), "caption": table.caption, "rows": rows, "value": figure.value, "printed": printed, "unit": figure.unit}


def _scenarios(result, language: str) -> list[Details]:
    """What the figure and the verdict would be in each scenario that reaches the claim.

    The samples of an interval are as many as every interval starts with: enough for two digits.
    """
    from recount import claims, sampling
    from recount.recompute import World
    from recount.scenarios import DEFAULT, scenario
    from recount.units import trimmed
    from recount.vocabulary import data_folder

    found = []
    for path in sorted((data_folder() / "scenarios").glob("*.toml")):
        if path.stem == DEFAULT or not result.claim.routes:
            continue
        world, known = World.of(path.stem), scenario(path.stem)
        title = known.title_fr if language == "fr" and getattr(known, "title_fr", "") else known.title
        if not _reached(result.claim, world):
            continue
        there = claims.recompute_claim(result.claim.id, world, sampling.START)
        ends = [trimmed(x, 2) for x in there.taken.interval] if there.taken else []
        interval = spoken.say("{low} to {high}", low=ends[0], high=ends[1]) if ends and ends[0] != ends[1] else ""
        found.append({"name": path.stem, "title": title, "recomputed": there.recomputed_text, "interval": interval, "ratio": there.ratio, "verdict": there.here, "problem": there.problem})
    return found


def _reached(claim, world) -> bool:
    """Whether a scenario replaces anything that a claim's routes start from."""
    from recount import recompute
    from recount.errors import RecountError
    from recount.recompute import World

    def starts(route, where) -> list[str]:
        try:
            return [one.key for one in recompute.plan(route, where).assumptions]
        except RecountError as error:
            return [str(error)]

    return any(starts(route, world) != starts(route, World.of()) for route in claim.routes)



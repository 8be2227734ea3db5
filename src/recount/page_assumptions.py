"""What the page of one quantity shows: its rows in every table, and the claims that each of them reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recount.errors import RecountError
from recount.page_views import Claim, slug


def quantities(glossary: Sequence[Mapping[str, str]], themes: Sequence[Mapping[str, Any]], claims: Sequence[Claim], details: Mapping[str, Any], language: str = "en") -> list[dict[str, Any]]:
    """Every quantity of the glossary that has a row or is computed for a claim, with both.

    Returns
    -------
    list : the glossary's entry with ``rows`` (each with the table it stands in, its anchor and the
        claims that start from it), ``own`` (claims whose verdict starts from one of its rows),
        ``others`` (those for which another route does) and ``computed`` (those on whose way it is a result).
    """
    by_id = {claim["id"]: claim for claim in claims}
    reached: dict[str, dict[str, bool]] = {}
    computed: dict[str, list[Claim]] = {}
    for identifier, told in details.items():
        if identifier not in by_id:
            continue
        for row in told["rows"]:
            reached.setdefault(row["key"], {})[identifier] = row["taken"]
        for name in told["quantities"]:
            computed.setdefault(name, []).append(by_id[identifier])
    rows: dict[str, list[dict[str, Any]]] = {}
    for theme in themes:
        for row in theme["rows"]:
            name, anchor = key(row), _place(theme, row)
            touched = reached.get(name, {})
            rows.setdefault(row["name"], []).append({**row, "called": _called(row["context"], language), "anchor": anchor, "touches": [by_id[i] for i in touched], "taken": touched})
    found = []
    for entry in glossary:
        own = rows.get(entry["name"], [])
        if not own and entry["name"] not in computed:
            continue
        starts = {c["id"]: any(row["taken"].get(c["id"]) for row in own) for row in own for c in row["touches"]}
        ordered = [claim for claim in claims if claim["id"] in starts]
        found.append({
            **entry, "rows": sorted(own, key=lambda row: (not row["touches"], row["context"] != "default")),
            "own": [c for c in ordered if starts[c["id"]]], "others": [c for c in ordered if not starts[c["id"]]], "computed": computed.get(entry["name"], []),
        })  # fmt: skip
    return found


def places(themes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Where each row stands, seen from the folder of the claims, by the row's key; a row of one's own goes before ours."""
    return {key(row): _place(theme, row) for theme in themes for row in theme["rows"]}


def key(row: Mapping[str, str]) -> str:
    return f"{row['context']}|{row['name']}|{row['scope']}"


def _place(theme: Mapping[str, Any], row: Mapping[str, str]) -> str:
    return f"../data/{theme['stem']}.html#row-{slug('-'.join((row['context'], row['name'], row['scope'])))}"


def _called(context: str, language: str) -> str:
    """A context in words; nothing where the data do not say what its kind is called."""
    from recount.contexts import called

    try:
        return called(context, language)
    except (RecountError, OSError):
        return ""

"""The claims under their own assumptions, kept while code and data stay as they are.

Recomputing the register takes seconds; with code and data as they were its results are too.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from recount import freshness
from recount.language import in_english
from recount.project import Project, write_whole

Kept = dict[str, Any]


@in_english
def whole(project: Project) -> Kept:
    """Every claim as JSON, the scoreboard as text and their stamp; from the cache if it still holds."""
    stamp = _stamp(project)
    if found := _kept(project, stamp):
        return found
    from recount import claims, explain

    results = claims.recompute_all()
    found = {"stamp": stamp, "results": [r.as_json() for r in results], "told": f"{explain.scoreboard(results).text()}\n\n{explain.tally(results)}"}
    write_whole(_path(project), json.dumps(found, ensure_ascii=False))
    return found


def of(ids: Collection[str], project: Project) -> list[dict[str, Any]]:
    """Some claims as JSON, in the order of the register; ids that it does not know are left out."""
    if not ids:
        return []
    from recount import claims, register

    found = _kept(project, _stamp(project))
    if not found and len(ids) > len(register.load()) / 2:
        found = whole(project)
    if found:
        return [claim for claim in found["results"] if claim["id"] in ids]
    return [claims.recompute_claim(known).as_json() for known in register.load() if known in ids]


def _path(project: Project):
    return project.build / "cache" / "register.json"


def _stamp(project: Project) -> list[str]:
    now = freshness.Surroundings.now(project)
    return [now.code, now.packages, now.data]


def _kept(project: Project, stamp: list[str]) -> Kept:
    try:
        found = json.loads(_path(project).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never kept, or damaged: as good as none
        return {}
    return found if isinstance(found, dict) and found.get("stamp") == stamp else {}

"""What executed notebooks show: their claims, gathered, and set beside those of another run."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recount.project import CLAIM_MIME

# The columns of results.parquet: what is a text, and what a number; everything nested stays in results.json.
_TEXTS = (
    "id", "article", "kind", "statement", "statement_fr", "printed", "relation", "unit", "recomputed_text", "interval_text", "verdict", "would_be",
    "route", "quantity", "notebook", "problem",
)  # fmt: skip
_NUMBERS = ("published", "recomputed", "low", "median", "high", "ratio")


@dataclasses.dataclass(frozen=True)
class Difference:
    """One claim under a reader's assumptions beside the same claim as it stands."""

    claim: str
    printed: str
    unit: str
    default: float | None
    changed: float | None
    verdict: str
    would_be: str


def collect(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Gather the claims that executed notebooks show, in reading order.

    A claim that stands in several notebooks is taken from its own.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                claim = output.get("data", {}).get(CLAIM_MIME)
                if claim and (claim["id"] not in found or claim.get("notebook") == path.stem):
                    found[claim["id"]] = claim
    return list(found.values())


def parquet(claims: Iterable[Mapping[str, Any]]) -> bytes:
    """The claims as a Parquet table: one row each, no column of its own for what is nested; the same claims are the same bytes.

    ``would_be`` is empty in a run by default.
    """
    import pyarrow
    from pyarrow import parquet as format_

    fields = [(name, pyarrow.string()) for name in _TEXTS] + [(name, pyarrow.float64()) for name in _NUMBERS]
    rows = [{name: claim.get(name) for name, _ in fields} for claim in claims]
    buffer = io.BytesIO()
    format_.write_table(pyarrow.Table.from_pylist(rows, schema=pyarrow.schema(fields)), buffer, compression="zstd")
    return buffer.getvalue()


def compare(default: Sequence[Mapping[str, Any]], changed: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """Set the claims of two runs side by side."""
    before = {claim["id"]: claim for claim in default}
    return [
        Difference(
            claim["id"], claim.get("printed") or "", claim.get("unit") or "", before[claim["id"]].get("recomputed"),
            claim.get("recomputed"), claim["verdict"], claim.get("would_be") or claim["verdict"],
        )
        for claim in changed if claim["id"] in before
    ]  # fmt: skip


def difference_lines(differences: Sequence[Difference]) -> list[str]:
    """The table of a re-run: the claims that move, and how many do not."""
    from recount import claim_told
    from recount.language import say, say_counted
    from recount.units import amount

    def shown(value: float | None, unit: str) -> str:
        return "–" if value is None else amount(value, unit)

    moved = [d for d in differences if d.default != d.changed or d.verdict != d.would_be]
    still = len(differences) - len(moved)
    if not moved:
        return [say_counted("The one claim shown does not depend on that.", "None of the {count} claims shown depends on that.", still) if still else say("No claim is shown.")]
    table = [(say("claim"), say("printed"), say("default"), say("this run"), say("would-be verdict"))]
    table += [(d.claim, claim_told.printed(d.claim, d.printed), shown(d.default, d.unit), shown(d.changed, d.unit), _verdict(d)) for d in moved]
    widths = [max(len(line[column]) for line in table) for column in range(4)]
    lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(line, widths)), line[4]]) for line in table]
    if still:
        lines.append(say_counted("{count} more claim shown does not depend on that.", "{count} more claims shown do not depend on that.", still))
    return lines


def _verdict(difference: Difference) -> str:
    from recount.language import say

    here, own = say(difference.would_be), say(difference.verdict)
    return here if here == own else say("{here} (is: {own})", here=here, own=own)

"""The dated history of verdicts that changed, as the register keeps it with each claim."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from recount.errors import RecountError
from recount.language import of_data
from recount.page_views import Claim
from recount.verdicts import VERDICTS

_ENTRY = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2}): (?P<before>[a-z ]+) → (?P<after>[a-z ]+)\. (?P<reason>\S.*)")


@dataclasses.dataclass(frozen=True)
class Change:
    """One change of a verdict: when, from what to what, and why."""

    date: str
    before: str
    after: str
    reason: str


def changes(claim: Claim) -> list[Change]:
    """A claim's changes, the oldest first.

    Raises
    ------
    RecountError : an entry that cannot be read, or that does not lead to the one after it.

    Examples
    --------
    >>> changes({"id": "a", "history": ["2026-11-21: refuted → untraced. No source was opened."]})
    [Change(date='2026-11-21', before='refuted', after='untraced', reason='No source was opened.')]
    """
    found = []
    for text in claim.get("history") or ():
        match = _ENTRY.fullmatch(text)
        if not match or {match["before"], match["after"]} - set(VERDICTS):
            raise RecountError(f"claim {claim['id']}: its history has {text!r}; write 'YEAR-MONTH-DAY: verdict → verdict. Reason'.")
        reason = of_data(text).partition(" → ")[2].partition(". ")[2]
        found.append(Change(**match.groupdict() | {"reason": reason}))
    for one, other in zip(found, found[1:]):
        if one.after != other.before or one.date > other.date:
            raise RecountError(f"claim {claim['id']}: its history goes to {one.after} on {one.date} and on from {other.before} on {other.date}.")
    return found


def of_all(claims: Iterable[Claim]) -> list[tuple[Change, Claim]]:
    """Every change of every claim, the newest first."""
    found = [(change.date, number, change, claim) for claim in claims for number, change in enumerate(changes(claim))]
    return [(change, claim) for _, _, change, claim in sorted(found, key=lambda one: (one[0], one[3]["id"], one[1]), reverse=True)]

"""Two sets of recomputed claims beside each other: what differs in figure, interval and verdict."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

Claim = dict[str, Any]
_SAME = 1e-9  # the same formulas on other processors differ in the last digits


@dataclasses.dataclass(frozen=True)
class Change:
    """One claim as it is in one set and in the other."""

    before: Claim
    after: Claim

    @property
    def id(self) -> str:
        return self.after["id"]

    @property
    def figure(self) -> bool:
        """Whether the recomputed figure is another."""
        return not _same(self.before.get("recomputed"), self.after.get("recomputed"))

    @property
    def interval(self) -> bool:
        """Whether an end of the 90 % interval is another."""
        return not all(_same(self.before.get(end), self.after.get(end)) for end in ("low", "high"))

    @property
    def verdicts(self) -> tuple[str, str]:
        return would_be(self.before), would_be(self.after)

    @property
    def verdict(self) -> bool:
        """Whether the verdict would be another."""
        return self.verdicts[0] != self.verdicts[1]

    @property
    def moved(self) -> bool:
        return self.figure or self.interval or self.verdict

    @property
    def factor(self) -> float | None:
        """The figure of one set over that of the other; none where they count in different units."""
        if self.before.get("unit") != self.after.get("unit"):
            return None
        one, other = self.before.get("recomputed"), self.after.get("recomputed")
        return other / one if one and other is not None and one != 0 else None


def would_be(claim: Claim) -> str:
    """The verdict under the set's own assumptions."""
    return claim.get("would_be") or claim["verdict"]


def _same(one: float | None, other: float | None) -> bool:
    return one is other is None or None not in (one, other) and math.isclose(one, other, rel_tol=_SAME)


def changes(before: Iterable[Claim], after: Iterable[Claim]) -> list[Change]:
    """The claims that both sets hold; those of another verdict first, then those that moved, then the rest."""
    known = {claim["id"]: claim for claim in before}
    found = [Change(known[claim["id"]], claim) for claim in after if claim["id"] in known]
    return sorted(found, key=lambda c: (not c.verdict, not c.moved))


def told(found: list[Change], one: str = "the default", other: str = "this run") -> str:
    """How many claims move, and how many would get another verdict, in a sentence.

    >>> told([])
    'No claim is in both.'
    """
    if not found:
        return "No claim is in both."
    moved, judged, still = sum(c.moved for c in found), sum(c.verdict for c in found), sum(not c.moved for c in found)
    if not moved:
        return f"None of the {len(found)} claims differs between {one} and {other}." if len(found) > 1 else f"The one claim does not differ between {one} and {other}."
    tail = f", {judged} of them with another verdict" if judged else ", none of them with another verdict"
    rest = f"; {still} {'stays as it is' if still == 1 else 'stay as they are'}" if still else ""
    return f"{moved} of {len(found)} claim{'s' if len(found) > 1 else ''} {'differs' if moved == 1 else 'differ'} between {one} and {other}{tail}{rest}."

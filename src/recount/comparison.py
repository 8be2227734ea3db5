"""Two sets of recomputed claims beside each other: what differs in figure, interval and verdict."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

from recount.language import say, say_counted

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


def told(found: list[Change], one: str = "", other: str = "") -> str:
    """How many claims move, and how many would get another verdict, in a sentence.

    >>> told([])
    'No claim is in both.'
    """
    if not found:
        return say("No claim is in both.")
    names = {"one": one or say("the default"), "other": other or say("this run")}
    moved, judged, total = sum(c.moved for c in found), sum(c.verdict for c in found), len(found)
    still = total - moved
    if not moved:
        return say("None of the {total} claims differs between {one} and {other}." if total > 1 else "The one claim does not differ between {one} and {other}.", total=total, **names)
    if total > 1:
        head = say_counted("{count} of {total} claims differs between {one} and {other}", "{count} of {total} claims differ between {one} and {other}", moved, total=total, **names)
    else:
        head = say("1 of 1 claim differs between {one} and {other}", **names)
    tail = say(", {count} of them with another verdict", count=judged) if judged else say(", none of them with another verdict")
    rest = say_counted("; {count} stays as it is", "; {count} stay as they are", still) if still else ""
    return f"{head}{tail}{rest}."

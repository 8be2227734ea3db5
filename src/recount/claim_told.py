"""A claim's JSON told in the language spoken: its texts, which are English wherever programs read them, made anew from its figures.

Nothing is recomputed: a run's claims are those that its notebooks show, and an interval keeps its own ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from recount import claims, register
from recount.language import either, say
from recount.units import amount, trimmed
from recount.wording import in_words

Claim = Mapping[str, Any]


def told(claim: Claim) -> dict[str, Any]:
    """The claim with its statement, figures and interval in the language spoken; what went wrong with it stays as it was said."""
    return {
        **claim,
        "statement": either(claim.get("statement") or "", claim.get("statement_fr") or "") or None,
        "printed": printed(claim["id"], claim.get("printed") or ""),
        "recomputed_text": _recomputed(claim),
        "interval_text": _interval(claim),
    }


def printed(identifier: str, text: str) -> str:
    """A claim's figure as printed; of a claim that the register does not hold the text that there is."""
    known = register.load().get(identifier)
    return claims.printed_text(known) if known else text


def _recomputed(claim: Claim) -> str:
    text, actually = claim.get("recomputed_text") or "", claim.get("actually") or {}
    if counted := re.fullmatch(r"(\d+) of (\d+)", text):
        return say("{part} of {whole}", part=counted[1], whole=counted[2])
    if claim.get("recomputed") is not None:
        return amount(claim["recomputed"], claim.get("unit") or "1")
    if actually.get("holds") and actually.get("recomputed") is not None:
        return say("in fact {figure}", figure=amount(actually["recomputed"], actually.get("unit") or "1"))
    if text and text == claim.get("found"):
        return say("none found") if text == "none found" else in_words(text)
    return text


def _interval(claim: Claim) -> str:
    if not claim.get("interval_text"):
        return ""
    english = claim["interval_text"].partition(" to ")[::2]
    low, high = (trimmed(value, 3) if (value := claim.get(end)) is not None else text for end, text in zip(("low", "high"), english, strict=True))
    return say("{low} to {high}", low=low, high=high)

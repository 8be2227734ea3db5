"""Pictures of the pages that are drawn as SVG: the front page's figure, and the bars of what drives a claim.

They take their colours from the page and their numbers from the claims; text alternatives are
built from the same numbers.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from recount.page_flow import powers
from recount.page_views import LOOKS, Claim, slug, times
from recount.units import trimmed
from recount.verdicts import VERDICTS, so_many

LOW, HIGH = -3, 2  # powers of ten that the front page's axis spans; what lies beyond ends in an arrow
HOLD, MAY, NOT = ("reproduced", "confirmed"), ("plausible", "undecided"), ("misattributed", "not reproduced", "refuted")


def counted(claims: Sequence[Claim]) -> dict[str, int]:
    """How many claims hold, may hold, do not, and for how many nobody can say."""
    found = [claim["verdict"] for claim in claims]
    groups = {"hold": HOLD, "may": MAY, "not": NOT}
    told = {name: sum(verdict in group for verdict in found) for name, group in groups.items()}
    return told | {"all": len(found), "open": len(found) - sum(told.values())}


def drawable(claims: Sequence[Claim]) -> list[Claim]:
    """The claims with a ratio that a logarithmic axis can show, by verdict and then by ratio."""
    found = [c for c in claims if c.get("ratio") and c["ratio"] > 0 and math.isfinite(c["ratio"]) and c.get("published")]
    return sorted(found, key=lambda c: (VERDICTS.index(c["verdict"]), -c["ratio"]))


def undrawn(claims: Sequence[Claim]) -> list[Claim]:
    """The claims with a figure that :func:`front` leaves out, so that what it shows adds up to what is counted."""
    drawn = {claim["id"] for claim in drawable(claims)}
    return [claim for claim in claims if claim["kind"] != "record" and claim["id"] not in drawn]


def front(claims: Sequence[Claim], _: Callable[[str], str] = str, statement: str = "statement") -> Markup:
    """Recomputed ÷ printed for every claim with a figure, by verdict, for wide and for narrow screens."""
    found = drawable(claims)
    if not found:
        return Markup("")
    told = alternative(found, _)
    return Markup("").join(_front(found, wide, told, _, statement) for wide in (True, False))


def alternative(claims: Sequence[Claim], _: Callable[[str], str] = str) -> str:
    """What the front page's figure shows, in words."""
    parts = [_("Recomputed divided by printed for {count} claims with a figure, on a logarithmic scale; 1 is agreement.").format(count=len(claims))]
    for verdict in dict.fromkeys(claim["verdict"] for claim in claims):
        ratios = [claim["ratio"] for claim in claims if claim["verdict"] == verdict]
        span = times(ratios[0]) if len(ratios) == 1 else _("from {low} to {high}").format(low=times(min(ratios)), high=times(max(ratios)))
        parts.append(_("{verdict}: {count}, {span}.").format(verdict=_(verdict), count=len(ratios), span=span))
    return " ".join([*parts, _("The table below names each claim.")])


def _front(claims: Sequence[Claim], wide: bool, told: str, _: Callable[[str], str], statement: str) -> Markup:
    left, right, width = (392, 748, 960) if wide else (10, 340, 350)

    def x(ratio: float) -> float:
        power = math.log10(ratio) if ratio > 0 else LOW
        return left + (right - left) * (min(max(power, LOW), HIGH) - LOW) / (HIGH - LOW)

    pieces: list[Markup] = []
    y = 46.0
    verdict = ""
    for claim in claims:
        if claim["verdict"] != verdict:
            verdict = claim["verdict"]
            y += 8 if wide else 4
            number = sum(other["verdict"] == verdict for other in claims)
            pieces.append(_heading(verdict, number, y, wide, _))
            y += 25
        lines = textwrap.wrap(claim[statement], 60, max_lines=3, placeholder=" …") if wide else [""]
        figures = textwrap.wrap(_figures(claim), 32) if wide else []
        high = (15 * max(len(lines), len(figures)) + 7) if wide else 11
        middle = y + high / 2 - 1
        pieces.append(_claim_row(claim, x, middle, wide))
        start = middle - 7.5 * len(lines) + 11.5
        pieces += [Markup('<text class="what" x="0" y="{}">{}</text>').format(f"{start + 15 * n:.1f}", line) for n, line in enumerate(lines)] if wide else []
        start = middle - 7.5 * len(figures) + 11.5
        pieces += [Markup('<text class="figures" x="{}" y="{}">{}</text>').format(right + 14, f"{start + 15 * n:.1f}", line) for n, line in enumerate(figures)]
        y += high
    height = round(y + 6)
    axis = [Markup('<text class="axis-title" x="{}" y="12" text-anchor="middle">{}</text>').format(f"{(left + right) / 2:.0f}", _("recomputed ÷ printed"))]
    if wide:
        axis.append(Markup('<text class="axis-title" x="{}" y="12">{}</text>').format(right + 14, _("printed → recomputed")))
    for power in range(LOW, HIGH + 1):
        at = x(10.0**power)
        name = "agree" if power == 0 else "grid"
        text = {0: "1"}.get(power) or (f"1/{trimmed(10**-power)}" if power < 0 else f"{10**power}×")
        axis.append(Markup('<path class="{0}" d="M{1} 38V{2}"/><text class="tick" x="{1}" y="31" text-anchor="middle">{3}</text>').format(name, f"{at:.1f}", height, text))
    kind = "wide-only" if wide else "narrow-only"
    return Markup('<svg class="front {}" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}{}</svg>').format(
        kind, width, height, width, height, told, Markup("").join(axis), Markup("").join(pieces)
    )


def _heading(verdict: str, number: int, y: float, wide: bool, _: Callable[[str], str]) -> Markup:
    meaning = Markup('<tspan class="meaning" dx="10">{}</tspan>').format(_(LOOKS[verdict].meaning)) if wide else ""
    return Markup('<rect class="plate" x="0" y="{}" width="{}" height="20"/><g class="v-{}"><g transform="translate(0 {}) scale(0.9)">{}</g><text class="group" x="22" y="{}">{}{}</text></g>').format(
        f"{y - 2:.1f}", 960 if wide else 350, slug(verdict), f"{y + 1:.1f}", _shape(verdict), f"{y + 14:.1f}", so_many(verdict, number), meaning
    )


def _shape(verdict: str) -> Markup:
    look = LOOKS[verdict]
    style = 'fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"' if look.stroked else 'fill="currentColor"'
    return Markup('<path {} d="{}"/>').format(Markup(style), look.path)


def _figures(claim: Claim) -> str:
    printed = re.sub(r" \(.*\)$", "", claim["printed"])
    return powers(f"{printed} → {claim['recomputed_text']}")


def _claim_row(claim: Claim, x: Callable[[float], float], y: float, wide: bool) -> Markup:
    ends = [claim[k] / claim["published"] if claim.get(k) is not None else claim["ratio"] for k in ("low", "high")]
    low, high, middle = x(ends[0]), x(ends[1]), x(claim["ratio"])
    size = 0.8 if wide else 0.62
    arrow = ""
    for end, side, past in ((x(0), -1, min(ends) < 10.0**LOW), (x(10.0**HIGH), 1, max(ends) > 10.0**HIGH)):
        arrow += f'<path class="beyond" d="M{end - 4 * side:.1f} {y - 4:.1f}l{4 * side} 4 {-4 * side} 4"/>' if past else ""
    accepted = {"more_than": HIGH, "at_least": HIGH, "less_than": LOW, "up_to": LOW}.get(claim.get("relation"))
    side = "" if accepted is None else f'<path class="accepted" d="M{x(1.0):.1f} {y:.1f}H{x(10.0**accepted):.1f}"/>'
    hidden = middle == x(0) and claim["ratio"] < 10.0**LOW
    at = middle + (11 if hidden else 0)
    return Markup('<g class="v-{}">{}<path class="range" d="M{} {}H{}"/>{}<circle class="ground" cx="{}" cy="{}" r="{}"/><g transform="translate({} {}) scale({})">{}</g></g>').format(
        slug(claim["verdict"]), Markup(side), f"{low:.1f}", f"{y:.1f}", f"{high:.1f}", Markup(arrow), f"{at:.1f}", f"{y:.1f}", f"{8 * size:.1f}",
        f"{at - 8 * size:.1f}", f"{y - 8 * size:.1f}", size, _shape(claim["verdict"]),
    )  # fmt: skip


def driven(drivers: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Markup]]:
    """Each assumption with a small bar of how far it moves the figure: the upright line is the recomputed figure, the dashed one the printed."""
    value, printed = drivers["value"], drivers["printed"]
    ends = [x for row in drivers["rows"] for x in (row["low"], row["high"])] + [value]
    marks = [*ends, *([printed] if printed is not None else [])]
    log = min(marks) > 0 and max(marks) / min(marks) > 12
    of = (lambda v: math.log10(v)) if log else (lambda v: v)
    least, most = of(min(marks)), of(max(marks))
    room = (most - least) or 1.0

    def x(v: float) -> float:
        return 6 + 148 * (of(v) - least) / room

    found = []
    for row in drivers["rows"]:
        a, b = sorted((x(row["low"]), x(row["high"])))
        upright = f'<path class="found-line" d="M{x(value):.1f} 1V17"/>' + (f'<path class="printed-line" d="M{x(printed):.1f} 1V17"/>' if printed is not None else "")
        found.append(Markup(
            '<svg class="bar" viewBox="0 0 160 18" width="160" height="18" aria-hidden="true" focusable="false"><path class="axis" d="M6 9H154"/>'
            f'<rect class="moved" x="{a:.1f}" y="4" width="{max(b - a, 1):.1f}" height="10" rx="1"/>{upright}</svg>'
        ))  # fmt: skip
    return list(zip(drivers["rows"], found, strict=True))

"""The figure of the back-tests: predicted against reported, a panel for each kind of figure, drawn as SVG.

Each kind has a shape of its own, filled where the report lies within the interval and hollow where
it does not. The picture takes its colours from the page; its text alternative is made from the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup

from recount.backtest.scores import Prediction
from recount.language import in_a_row
from recount.page_backtests import Part
from recount.page_flow import powers
from recount.units import trimmed

Translate = Callable[[str], str]
SHAPES = {
    "energy": "M0-5a5 5 0 1 0 0 10a5 5 0 1 0 0-10Z", "chip_hours": "M-4.4-4.4h8.8v8.8h-8.8Z", "carbon": "M0-6 6 0 0 6-6 0Z", "answers": "M0-5.4 5.6 4.4h-11.2Z",
    "own_training": "M0 5.4 5.6-4.4h-11.2Z", "own_decoding": "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4Z",
}  # fmt: skip
_SIDE, _LEFT, _TOP, _BELOW, _GAP = 330, 74, 34, 52, 56  # of a panel: its square, and the room round it
_NAMED = 8  # more names than these no alternative text needs


def panels(parts: Sequence[Part], _: Translate = str) -> Markup:
    """Every kind of figure in a panel of its own, two beside each other on wide screens and one on narrow ones."""
    told = alternative(parts, _)
    return Markup("").join(_drawn(parts, columns, told, _) for columns in (2, 1))


def alternative(parts: Sequence[Part], _: Translate = str) -> str:
    """What the figure shows, in words."""
    from recount.backtest.views import case

    sentences = [_("Predicted against reported, both on logarithmic scales, with 90 % intervals; each case by a fit that has not seen its family.")]
    for part in parts:
        ratios = [p.middle / p.reported for p in part.counted]
        out = [case(p) for p in part.counted if not p.covered]
        sentences.append(_("{what}: {inside} of {count} reports within the interval, predictions from {low} to {high} times the report.").format(
            what=part.title, inside=len(part.counted) - len(out), count=len(part.counted), low=trimmed(min(ratios), 2), high=trimmed(max(ratios), 2)
        ))  # fmt: skip
        sentences += [_("Outside: {names}.").format(names=in_a_row(out))] if 0 < len(out) <= _NAMED else []
    return " ".join([*sentences, _("The tables below name each case.")])


def _drawn(parts: Sequence[Part], columns: int, told: str, _: Translate) -> Markup:
    across, down = _LEFT + _SIDE + (_GAP if columns > 1 else 12), _TOP + _SIDE + _BELOW
    width, height = across * columns - (_GAP - 8 if columns > 1 else 0), down * math.ceil(len(parts) / columns)
    pieces = [Markup('<g transform="translate({} {})">{}</g>').format(across * (k % columns), down * (k // columns), _panel(part, _)) for k, part in enumerate(parts)]
    kind = "wide-only" if columns > 1 else "narrow-only"
    return Markup('<svg class="front tests {}" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>').format(kind, width, height, width, height, told, Markup("").join(pieces))


def _panel(part: Part, _: Translate) -> Markup:
    values = [x for p in part.cases for x in (p.reported, p.low, p.high)]
    low, high = math.log10(min(values)) - 0.15, math.log10(max(values)) + 0.15

    def at(value: float) -> float:
        return _SIDE * (math.log10(value) - low) / (high - low)

    x, y = (lambda value: _LEFT + at(value)), (lambda value: _TOP + _SIDE - at(value))
    pieces = [Markup('<text class="name" x="{}" y="18">{}</text>').format(_LEFT, part.title)]
    left, right, top, foot, two = _LEFT, _LEFT + _SIDE, _TOP, _TOP + _SIDE, _SIDE * math.log10(2) / (high - low)
    band = f"M{left} {foot - two:.1f}L{right - two:.1f} {top}H{right}V{top + two:.1f}L{left + two:.1f} {foot}H{left}Z"
    pieces.append(Markup('<path class="twofold" d="{}"/><path class="agree" d="M{} {}L{} {}"/>').format(band, left, foot, right, top))
    for power in _ticks(low, high):
        name, across, up = _number(power), x(10.0**power), y(10.0**power)
        pieces.append(Markup('<path class="grid" d="M{0:.1f} {1}v5M{2} {3:.1f}h-5"/><text class="tick" x="{0:.1f}" y="{4}" text-anchor="middle">{5}</text><text class="tick" x="{6}" y="{7:.1f}" text-anchor="end">{5}</text>').format(across, foot, left, up, foot + 19, name, left - 8, up + 4))
    pieces.append(Markup('<path class="frame" d="M{0} {1}V{2}H{3}"/>').format(left, top, foot, right))
    pieces.append(Markup('<text class="axis-title" x="{}" y="{}" text-anchor="middle">{}</text>').format((left + right) / 2, foot + 40, _("reported, {unit}").format(unit=part.unit)))
    pieces.append(Markup('<text class="axis-title" transform="translate(12 {}) rotate(-90)" text-anchor="middle">{}</text>').format((top + foot) / 2, _("predicted, {unit}").format(unit=part.unit)))
    return Markup("").join([*pieces, *(_mark(p, part.name, x, y) for p in sorted(part.cases, key=lambda p: (p.independent, not p.covered)))])


def _mark(p: Prediction, name: str, x: Callable[[float], float], y: Callable[[float], float]) -> Markup:
    look = "uncounted" if not p.independent else "inside" if p.covered else "outside"
    shape = "M-4-4 4 4M4-4-4 4" if not p.independent else SHAPES[name]
    return Markup('<g class="case {}"><path class="range" d="M{:.1f} {:.1f}V{:.1f}"/><path d="{}" transform="translate({:.1f} {:.1f})"/></g>').format(
        look, x(p.reported), y(p.low), y(p.high), shape, x(p.reported), y(p.middle)
    )


def _ticks(low: float, high: float) -> list[int]:
    """Powers of ten between two, not more than seven."""
    found = list(range(math.ceil(low), math.floor(high) + 1))
    return found[:: math.ceil(len(found) / 7)] if found else []


def _number(power: int) -> str:
    return trimmed(10.0**power) if -4 < power < 6 else powers(f"10^{power}")

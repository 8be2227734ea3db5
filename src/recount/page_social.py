"""The picture that goes with a link: 1200 × 630 pixels with a statement, its two figures and its verdict.

Drawn with the typeface that comes with matplotlib, so that it looks the same everywhere; the
same words give the same bytes.
"""

from __future__ import annotations

import functools
import io
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from recount import verdicts
from recount.page_flow import powers
from recount.page_views import Claim
from recount.units import trimmed

SIZE = WIDTH, HEIGHT = 1200, 630
_PAPER, _INK, _FAINT, _LINE = "#fffdfa", "#22201c", "#625f57", "#d8d2c4"
# As the pages show them in light.
COLOURS = {
    verdicts.REPRODUCED: "#00695c", verdicts.CONFIRMED: "#00695c", verdicts.PLAUSIBLE: "#1f5f9e", verdicts.UNDECIDED: "#6a4c93",
    verdicts.MISATTRIBUTED: "#8a5300", verdicts.NOT_REPRODUCED: "#b3261e", verdicts.REFUTED: "#b3261e", verdicts.UNTRACED: "#5f6063",
    verdicts.NOT_RECOMPUTABLE: "#5f6063",
}  # fmt: skip
_MARGIN = 72


def of_claim(claim: Claim, article: str, _: Callable[[str], str] = str) -> bytes:
    """The picture of one claim: statement, printed → recomputed, verdict."""
    picture, draw = _canvas()
    draw.text((_MARGIN, 58), article, font=_face("sans", 26), fill=_FAINT)
    bottom = _paragraph(draw, claim["statement"], 110, 250, 58)
    printed = powers(re.sub(r" \(.*\)$", "", claim["printed"]))
    found = powers(claim["recomputed_text"])
    y = max(bottom + 34, 366)
    columns = [(_("printed"), printed), (_("record says") if claim["kind"] == "record" else _("recomputed"), found)] if found and found != "–" else [(_("printed"), printed)]
    room = (WIDTH - 2 * _MARGIN - 90) / len(columns) if len(columns) > 1 else WIDTH - 2 * _MARGIN
    face = _face("bold", min(_fitting(draw, text, "bold", 46, 28, room) for _name, text in columns))
    for number, (name, text) in enumerate(columns):
        x = _MARGIN + number * (room + 90)
        draw.text((x, y), name, font=_face("sans", 24), fill=_FAINT)
        draw.text((x, y + 64), _cut(draw, text, face, room), font=face, fill=_INK, anchor="lm")
    if len(columns) > 1:
        middle = _MARGIN + room + 22
        draw.line((middle, y + 64, middle + 44, y + 64), fill=_FAINT, width=4)
        draw.line((middle + 30, y + 50, middle + 44, y + 64, middle + 30, y + 78), fill=_FAINT, width=4, joint="curve")
    _foot(draw)
    verdict = claim["verdict"]
    shape(draw, verdict, _MARGIN + 21, 559, 21)
    draw.text((_MARGIN + 58, 559), _(verdict), font=_face("bold", 38), fill=COLOURS[verdict], anchor="lm")
    return _bytes(picture)


def of_front(headline: str, claims: Sequence[Claim]) -> bytes:
    """The picture of the front page: the headline, and every figure's ratio on one logarithmic axis."""
    from recount.page_charts import HIGH, LOW, drawable

    picture, draw = _canvas()
    _paragraph(draw, headline, 64, 270, 54)
    left, right, axis = _MARGIN + 20, WIDTH - _MARGIN - 20, 500
    x = lambda power: left + (right - left) * (min(max(power, LOW), HIGH) - LOW) / (HIGH - LOW)  # noqa: E731
    draw.line((left, axis, right, axis), fill=_LINE, width=3)
    for power in range(LOW, HIGH + 1):
        draw.line((x(power), axis - 8, x(power), axis + 8), fill=_FAINT, width=2)
        text = "1" if power == 0 else f"1/{trimmed(10**-power)}" if power < 0 else f"{10**power}×"
        draw.text((x(power), axis + 16), text, font=_face("sans", 22), fill=_FAINT, anchor="ma")
    draw.line((x(0), 290, x(0), axis), fill=_LINE, width=2)
    stacked: dict[int, int] = {}
    for claim in drawable(claims):
        place = round((x(math.log10(claim["ratio"])) - x(0)) / 26)
        stacked[place] = stacked.get(place, 0) + 1
        shape(draw, claim["verdict"], x(0) + place * 26, axis - 20 - 24 * (stacked[place] - 1), 10)
    _foot(draw)
    return _bytes(picture)


def shape(draw: Any, verdict: str, x: float, y: float, r: float) -> None:
    """A verdict's shape, as the pages draw it, of radius *r*."""
    colour, thick = COLOURS[verdict], max(2, round(r / 4))
    at = lambda *points: [(x + a * r, y + b * r) for a, b in points]  # noqa: E731
    if verdict == verdicts.REPRODUCED:
        draw.ellipse(at((-0.9, -0.9), (0.9, 0.9)), fill=colour)
    elif verdict == verdicts.PLAUSIBLE:
        draw.ellipse(at((-0.85, -0.85), (0.85, 0.85)), outline=colour, width=thick)
    elif verdict == verdicts.CONFIRMED:
        draw.line(at((-0.8, 0.1), (-0.2, 0.7), (0.85, -0.75)), fill=colour, width=thick + 1, joint="curve")
    elif verdict == verdicts.UNDECIDED:
        draw.line(at((0, -0.9), (0.9, 0), (0, 0.9), (-0.9, 0), (0, -0.9)), fill=colour, width=thick, joint="curve")
    elif verdict == verdicts.MISATTRIBUTED:
        draw.polygon(at((-0.9, -0.4), (0, -0.4), (0, -0.9), (0.9, 0), (0, 0.9), (0, 0.4), (-0.9, 0.4)), fill=colour)
    elif verdict == verdicts.NOT_REPRODUCED:
        draw.rectangle(at((-0.85, -0.85), (0.85, 0.85)), fill=colour)
    elif verdict == verdicts.REFUTED:
        for side in (-1, 1):
            draw.line(at((-0.65, -0.65 * side), (0.65, 0.65 * side)), fill=colour, width=thick)
    elif verdict == verdicts.UNTRACED:
        for step in (-0.7, 0, 0.7):
            draw.ellipse(at((step - 0.16, -0.16), (step + 0.16, 0.16)), fill=colour)
    else:
        draw.line(at((-0.8, 0), (0.8, 0)), fill=colour, width=thick)


def _canvas() -> tuple[Any, Any]:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", SIZE, _PAPER)
    return picture, ImageDraw.Draw(picture)


def _foot(draw: Any) -> None:
    draw.text((WIDTH - _MARGIN, 559), "recount", font=_face("bold", 38), fill=_INK, anchor="rm")


def _paragraph(draw: Any, text: str, top: float, height: float, size: int) -> float:
    """Set a text as large as it goes into a height; return where it ends."""
    for chosen in range(size, 26, -2):
        lines = _wrapped(draw, text, _face("bold", chosen), WIDTH - 2 * _MARGIN)
        if len(lines) * chosen * 1.26 <= height:
            break
    for number, line in enumerate(lines):
        draw.text((_MARGIN, top + number * chosen * 1.26), line, font=_face("bold", chosen), fill=_INK)
    return top + len(lines) * chosen * 1.26


def _wrapped(draw: Any, text: str, face: Any, room: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font=face) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _fitting(draw: Any, text: str, face: str, size: int, least: int, room: float) -> int:
    return next((s for s in range(size, least, -2) if draw.textlength(text, font=_face(face, s)) <= room), least)


def _cut(draw: Any, text: str, face: Any, room: float) -> str:
    while draw.textlength(text, font=face) > room:
        text = text.rstrip(" …")[:-1] + " …"
    return text


@functools.cache
def _face(kind: str, size: int):
    import matplotlib
    from PIL import ImageFont

    name = {"sans": "DejaVuSans.ttf", "bold": "DejaVuSerif-Bold.ttf"}[kind]
    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/{name}", size)


def _bytes(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.quantize(48).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()

"""The diagram of a claim: from its assumptions, drawn as streams, over each formula to the figure.

One row a node, in order of computation; a line runs down from each node to the formula that
uses it. It is drawn twice, for wide and for narrow screens, since the text in a picture cannot
wrap by itself; the style sheet shows the one that fits. Colours come from the page, so that it
holds in light and dark.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from recount.page_views import LOOKS, slug

Node = Mapping[str, Any]
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LINE, _TOP = 17, 20  # between lines of text; from a row's top to its marker
STRONG = ("measured", "declared", "standard", "given")


def powers(text: str) -> str:
    """Powers of ten as people write them.

    >>> powers("3.14 × 10^23 FLOP")
    '3.14 × 10²³ FLOP'
    """
    return re.sub(r"10\^(-?\d+)", lambda m: f"10{m[1].translate(_RAISED)}", text)


def breakable(text: str) -> Markup:
    """The same for a narrow cell: a long unit may go on in the next line.

    >>> breakable("0.117 kgCO2e/(passenger·km)")
    Markup('0.117 kgCO2e<wbr>/(passenger·km)')
    """
    return escape(powers(text)).replace("/(", Markup("<wbr>/("))


def diagram(nodes: Sequence[Node], verdict: str, told: str = "", _: Callable[[str], str] = str) -> Markup:
    """Both drawings of a claim's route.

    Parameters
    ----------
    nodes : as :mod:`recount.page_claims` lists them, the result last.
    verdict : gives the result its shape and colour.
    told : what stands below the result, such as the printed figure.
    _ : translates what the drawing says itself.
    """
    if not nodes:
        return Markup("")
    alternative = description(nodes, told, _)
    return Markup("").join(_drawn(nodes, verdict, told, wide, alternative, _) for wide in (True, False))


def description(nodes: Sequence[Node], told: str = "", _: Callable[[str], str] = str) -> str:
    """What the diagram shows, in words."""
    labels = {node["key"]: node["label"] for node in nodes}
    starts = [node for node in nodes if "strength" in node]
    parts = [_("Diagram from {count} assumptions to the result.").format(count=len(starts))]
    for node in nodes:
        if node["from"]:
            parts.append(_("{label}, {value}, from {inputs}.").format(label=node["label"], value=powers(node["value"]), inputs=", ".join(labels[key] for key in node["from"])))
    if len(nodes) == len(starts):
        parts.append(f"{nodes[-1]['label']}, {powers(nodes[-1]['value'])}.")
    return " ".join([*parts, *([told] if told else [])])


def lanes(nodes: Sequence[Node]) -> list[int]:
    """Which line each node stands on: a formula takes over the leftmost line that ends in it.

    >>> made = [{"key": "a", "from": []}, {"key": "b", "from": []}, {"key": "c", "from": ["a", "b"]}, {"key": "d", "from": []}, {"key": "e", "from": ["c", "d"]}]
    >>> lanes(made)
    [0, 1, 0, 1, 0]
    """
    last = {key: row for row, node in enumerate(nodes) for key in node["from"]}
    place: dict[str, int] = {}
    held: dict[int, str] = {}
    for row, node in enumerate(nodes):
        for key in node["from"]:
            if last[key] == row and held.get(place[key]) == key:
                del held[place[key]]
        lane = next(k for k in range(len(nodes)) if k not in held)
        place[node["key"]], held[lane] = lane, node["key"]
    return [place[node["key"]] for node in nodes]


def _drawn(nodes: Sequence[Node], verdict: str, told: str, wide: bool, alternative: str, _: Callable[[str], str]) -> Markup:
    place = lanes(nodes)
    count = max(place) + 1
    gap = min(20 if wide else 15, (190 if wide else 104) / count)
    width, left = (760, 14 + gap * count) if wide else (350, 12 + gap * count)
    texts = [_texts(node, wide, width - left, _) for node in nodes]
    tops, height = [], 4.0
    for lines in texts:
        tops.append(height)
        height += _LINE * len(lines) + (11 if wide else 9)
    x = [10 + gap * lane for lane in place]
    y = [top + _TOP - 6 for top in tops]
    row = {node["key"]: number for number, node in enumerate(nodes)}
    through = _through(nodes)
    pieces = []
    for number, node in enumerate(nodes):
        for key in sorted(node["from"], key=lambda key: x[row[key]]):
            pieces.append(_stream(x[row[key]], y[row[key]], x[number], y[number], gap, 1.3 + 4.2 * through[key]))
    pieces += [_marker(node, a, b, verdict) for node, a, b in zip(nodes, x, y, strict=True)]
    for node, top, lines in zip(nodes, tops, texts, strict=True):
        for number, (name, line, at_end) in enumerate(lines):
            where = f'x="{width - 2}" text-anchor="end"' if at_end is True else f'x="{left:.0f}"'
            pieces.append(Markup('<text class="{}" {} y="{}">{}</text>').format(name, Markup(where), f"{top + 13 + _LINE * number:.0f}", line))
            if at_end and at_end is not True:
                pieces.append(Markup('<text class="value" x="{}" text-anchor="end" y="{}">{}</text>').format(width - 2, f"{top + 13 + _LINE * number:.0f}", at_end))
    if told:
        pieces.append(Markup('<text class="below told" x="{}" {} y="{}">{}</text>').format(width - 2 if wide else f"{left:.0f}", Markup('text-anchor="end"' if wide else ""), f"{height + 12:.0f}", told))
        height += 18
    kind = "wide-only" if wide else "narrow-only"
    return Markup('<svg class="flow {}" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>').format(
        kind, width, round(height), width, round(height), alternative, Markup("").join(pieces)
    )


def _texts(node: Node, wide: bool, room: float, _: Callable[[str], str]) -> list[tuple[str, str, Any]]:
    """A node's lines: class, text, and for a wide drawing the value that stands at the end of the first."""
    value = powers(node["value"])
    if "strength" in node:
        told = [part for part in (node["about"], _(node["strength"]) if node["strength"] != "given" else _("as the article prints it")) if part]
        below, name = ", ".join(told), "label"
    else:
        below, name = f"= {node['formula']}" if node["formula"] else "", "label step"
    letters = int((room - (9.2 * len(value) if wide else 0)) / 7.6)
    first, *more = textwrap.wrap(node["label"], max(letters, 16)) or [""]
    lines: list[tuple[str, str, Any]] = [(name, first, value if wide else None), *((name, line, None) for line in more)]
    if not wide:
        lines += [("value", line, None) for line in textwrap.wrap(value, int(room / 7.8))]
    return lines + [("below", line, None) for line in textwrap.wrap(below, int(room / 6.3))]


def _through(nodes: Sequence[Node]) -> dict[str, float]:
    """How much of the uncertainty comes down each node's line: an assumption's share, a formula's largest."""
    found: dict[str, float] = {}
    for node in nodes:
        found[node["key"]] = node.get("share", 0.0) if not node["from"] else max(found[key] for key in node["from"])
    return found


def _stream(x0: float, y0: float, x1: float, y1: float, gap: float, thick: float) -> Markup:
    bend = min(gap, 12)
    if abs(x0 - x1) < 0.1:
        path = f"M{x0:.1f} {y0:.1f}V{y1:.1f}"
    else:
        side = -1 if x1 < x0 else 1
        path = f"M{x0:.1f} {y0:.1f}V{y1 - bend:.1f}Q{x0:.1f} {y1:.1f} {x0 + side * bend:.1f} {y1:.1f}H{x1:.1f}"
    return Markup('<path class="stream" stroke-width="{}" d="{}"/>').format(f"{thick:.1f}", path)


def _marker(node: Node, x: float, y: float, verdict: str) -> Markup:
    if node["kind"] == "result":
        look = LOOKS[verdict]
        style = 'fill="none" stroke="currentColor" stroke-width="2.6"' if look.stroked else 'fill="currentColor"'
        return Markup('<circle class="ground" cx="{0}" cy="{1}" r="9"/><g class="v-{2}" transform="translate({3} {4})"><path {5} d="{6}"/></g>').format(
            f"{x:.1f}", f"{y:.1f}", slug(verdict), f"{x - 8:.1f}", f"{y - 8:.1f}", Markup(style), look.path
        )
    if node["kind"] == "step":
        return Markup('<rect class="step" x="{}" y="{}" width="8" height="8" rx="1.5"/>').format(f"{x - 4:.1f}", f"{y - 4:.1f}")
    if node["strength"] in STRONG:
        return Markup('<circle class="strong" cx="{}" cy="{}" r="4.5"/>').format(f"{x:.1f}", f"{y:.1f}")
    if node["strength"] == "guess":
        return Markup('<path class="weak" d="M{} {}l5.5 5.5-5.5 5.5-5.5-5.5Z"/>').format(f"{x:.1f}", f"{y - 5.5:.1f}")
    return Markup('<circle class="weak" cx="{}" cy="{}" r="4.2"/>').format(f"{x:.1f}", f"{y:.1f}")

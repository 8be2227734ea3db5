"""How every figure looks and speaks: verdicts, languages, axes, labels, and the alternative text.

A figure leaves here as a PNG inside HTML with its alternative text in front of it; the picture
carries no date and no name of a program, so the same numbers give the same bytes.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence

import matplotlib
import seaborn
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from recount import language as spoken
from recount import verdicts
from recount.study import View
from recount.units import plural, pretty_unit, trimmed, with_unit

DPI, WIDTH = 120, 7.2
INK, FAINT, BAND = "#222222", "#8a8a8a", "#dcdcdc"
BLUE, ORANGE, GREEN, RED, PURPLE, BROWN, PINK, GREY, _, SKY = (matplotlib.colors.to_hex(c) for c in seaborn.color_palette("colorblind"))

OLIVE = "#8a8000"  # stands in for the palette's yellow, too pale for a line on white
EPSILON_UNIT = "pJ/parameter/token"

# verdict: colour, matplotlib marker, the same shape as a character. The shapes are those of the pages.
VERDICT_STYLE: dict[str, tuple[str, str, str]] = {
    verdicts.REPRODUCED: (GREEN, "o", "●"),
    verdicts.CONFIRMED: (GREEN, "$✓$", "✓"),
    verdicts.PLAUSIBLE: (BLUE, "$○$", "○"),
    verdicts.UNDECIDED: (PURPLE, "$◇$", "◇"),
    verdicts.MISATTRIBUTED: (ORANGE, ">", "▶"),
    verdicts.NOT_REPRODUCED: (RED, "s", "■"),
    verdicts.REFUTED: (RED, "X", "✖"),
    verdicts.UNTRACED: (GREY, "$…$", "…"),
    verdicts.NOT_RECOMPUTABLE: (GREY, "_", "–"),
}

_RC = {
    **seaborn.axes_style("ticks"),
    "font.family": ["DejaVu Sans"], "font.size": 10, "axes.labelsize": 10, "axes.titlesize": 10.5, "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5, "legend.fontsize": 9.5, "legend.frameon": False, "axes.edgecolor": FAINT, "text.color": INK,
    "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.grid": True, "grid.color": "#ececec",
    "axes.axisbelow": True, "axes.unicode_minus": True, "hatch.linewidth": 0.6, "svg.hashsalt": "recount",
}  # fmt: skip

class Words:
    """The words and numbers of the language spoken, or of one that is named."""

    def __init__(self, language: str | None = None):
        self.language = spoken.read(language) if language is not None else spoken.current()

    def __call__(self, text: str, **fields: object) -> str:
        with spoken.speaking(self.language):
            return spoken.say(text, **fields)

    def number(self, value: float, digits: int = 3) -> str:
        """A number without zeros that say nothing; powers of ten from ten million on.

        >>> Words("en").number(1287.06, 4), Words("fr").number(0.152), Words("en").number(5.25e22)
        ('1,287', '0,152', '5.25 × 10²²')
        """
        if math.isfinite(value) and abs(value) >= 1e7:
            power = math.floor(math.log10(abs(value)))
            mantissa = trimmed(value / 10.0**power, digits, self.language)
            return f"10{raised(power)}" if mantissa == "1" else f"{mantissa} × 10{raised(power)}"
        return trimmed(value, digits, self.language) if math.isfinite(value) else "∞"

    def amount(self, value: float, unit: str, digits: int = 3) -> str:
        """A number with its unit.

        >>> Words("fr").amount(3349, "passenger", 4), Words("fr").amount(80.2, "pJ/parameter/token")
        ('3\u202f349\u202fpassagers', '80,2\u202fpJ/(paramètre·jeton)')
        """
        with spoken.speaking(self.language):
            return with_unit(self.number(value, digits), pretty_unit(plural(unit, value)))

    def axis(self, what: str, unit: str) -> str:
        """An axis title with its unit.

        >>> Words("en").axis("energy", "MWh"), Words("fr").axis("ratio", "1"), Words("en").axis("ε", "pJ/parameter/token")
        ('energy (MWh)', 'ratio (sans unité)', 'ε, pJ/(parameter·token)')
        """
        with spoken.speaking(self.language):
            shown_unit = pretty_unit(plural(unit, 2)) or spoken.say("no unit")
        return f"{what}, {shown_unit}" if "(" in shown_unit else f"{what} ({shown_unit})"

    def listed(self, parts: Iterable[str]) -> str:
        """Parts of an alternative text as sentences."""
        with spoken.speaking(self.language):
            return spoken.in_a_row(list(parts))


def with_raised_powers(text: str) -> str:
    """Powers of ten as a figure prints them.

    >>> with_raised_powers("5.25 × 10^22")
    '5.25 × 10²²'
    """
    return re.sub(r"10\^(-?\d+)", lambda m: f"10{raised(m[1])}", text)


def raised(power: int | str) -> str:
    """The digits of a power of ten, raised."""
    return str(power).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))


def drawn(function: Callable[..., View]) -> Callable[..., View]:
    """Draw under the project's style whatever the reader's own settings are, and in the language asked for."""

    @functools.wraps(function)
    def inside(*args, **kwargs) -> View:
        with matplotlib.rc_context(), spoken.speaking(kwargs.get("language")):
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_RC)
            return function(*args, **kwargs)

    return inside


def canvas(height: float, rows: Sequence[str] | None = None) -> tuple[Figure, Axes]:
    """An empty figure; with *rows*, names down the side, the first on top."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    seaborn.despine(ax=axes, left=rows is not None)
    if rows is not None:
        axes.set_yticks(range(len(rows)), rows)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
    return figure, axes


def shown(figure: Figure, alternative: str) -> View:
    """The finished figure with its alternative text."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode()
    image = f'<img alt="{html.escape(alternative)}" src="data:image/png;base64,{data}">'
    return View(alternative, f'<figure class="recount-figure">{image}</figure>')


def number_axis(axis: Axis, words: Words, log: bool, limits: tuple[float, float] | None = None) -> None:
    """Numbers of the language along an axis; 1, 2, 5 where a logarithmic axis is short."""
    axes, along_x = axis.axes, axis.axis_name == "x"
    if log:
        (axes.set_xscale if along_x else axes.set_yscale)("log")
    if limits:
        (axes.set_xlim if along_x else axes.set_ylim)(*limits)
    if log:
        low, high = axis.get_view_interval()
        decades = math.log10(high / low)
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2.5 else (1,), numticks=9))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(MaxNLocator(6 if along_x else 7))
    axis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value, 6)))


def span(values: Iterable[float], margin: float = 1.6) -> tuple[float, float]:
    """Limits of a logarithmic axis that leave room round the positive values."""
    positive = [v for v in values if v > 0 and math.isfinite(v)]
    return min(positive) / margin, max(positive) * margin


def wants_log(values: Iterable[float], factor: float = 12) -> bool:
    """Whether values, all positive, span more than a decade."""
    values = [v for v in values if math.isfinite(v)]
    return min(values) > 0 and max(values) / min(values) > factor


def wrapped(text: str, width: int = 34) -> str:
    """A long name on several lines."""
    return "\n".join(textwrap.wrap(text, width)) or text


def side_note(axes: Axes, row: float, text: str) -> None:
    """A number to the right of a row."""
    axes.annotate(text, (1, row), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9.5)


def named_reference(label: str, amount: str, words: Words) -> str:
    """What a reference line is called in the legend."""
    with spoken.speaking(words.language):
        return spoken.labelled(label, amount)


def legend_below(figure: Figure, handles: Sequence, columns: int) -> None:
    """A legend under everything, out of the data's way."""
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, handletextpad=0.4, columnspacing=1.4)


def settle(figure: Figure) -> None:
    """Lay the figure out for good, so that what is measured now stays where it is."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def _boxes(text: Text, renderer) -> list[Bbox]:
    """What a text covers; a slanted one as a chain of small boxes along its line."""
    box = text.get_window_extent(renderer)
    if not text.get_rotation():
        return [box]
    parts = [(box.x0 + box.width * (k + 0.5) / 12, box.y0 + box.height * (k + 0.5) / 12) for k in range(12)]
    return [Bbox.from_extents(x - 7, y - 7, x + 7, y + 7) for x, y in parts]


def name_points(axes: Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Write a name beside each point where it covers no other name or point.

    What finds no room stays without a name in the picture; the alternative text names every point.
    """
    settle(axes.figure)
    renderer, frame = axes.figure.canvas.get_renderer(), axes.get_window_extent()
    places = [axes.transData.transform(point[:2]) for point in points]
    taken = [Bbox.from_extents(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    taken += [box for text in axes.texts for box in _boxes(text, renderer)]
    tries = [(s * dx, dy, a) for dx in (6, 14, 24) for dy in (0, 7, -7, 13, -13, 19, -19) for s, a in ((1, "left"), (-1, "right"))]
    for (x, y, name), place in zip(points, places, strict=True):
        for dx, dy, side in tries:
            line = {"arrowstyle": "-", "color": FAINT, "lw": 0.6, "shrinkA": 0, "shrinkB": 4} if abs(dx) > 6 or abs(dy) > 6 else None
            text = axes.annotate(name, (x, y), (dx, dy), textcoords="offset points", ha=side, va="center", fontsize=9, arrowprops=line)
            text.update_positions(renderer)
            box = Text.get_window_extent(text, renderer)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if inside and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()

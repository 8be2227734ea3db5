"""A claim's figure over a grid of assumptions: a line with its fan, a surface, or small surfaces side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import seaborn
from matplotlib.axes import Axes
from matplotlib.axis import Axis as MplAxis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator

from recount import scenarios
from recount.claims import printed_text
from recount.figure_style import BAND, BLUE, DPI, GREY, INK, SKY, WIDTH, Words, canvas, drawn, legend_below, number_axis, shown, span, wants_log, with_raised_powers, wrapped
from recount.language import either, labelled, speaking
from recount.register import Claim
from recount.study import View
from recount.sweep import accepts
from recount.sweep_axes import Axis
from recount.units import read_unit
from recount.verdicts import printed_range
from recount.wording import label as label_of

_LEVELS = (0.001, 0.01, 0.1, 0.5, 2, 10, 100, 1000)
_SEEN = 0.01  # of an axis: what is narrower hides under the line
PANELS = 3  # along each further axis
Ends = tuple[np.ndarray, np.ndarray]


@drawn
def response(
    claim: Claim, axes: Sequence[Axis], values: Sequence[np.ndarray], figures: np.ndarray, fan: Ends | None = None, fan_at: np.ndarray | None = None,
    held: Sequence[str] = (), *, scenario: str = scenarios.DEFAULT, language: str | None = None,
) -> View:  # fmt: skip
    """How a claim's recomputed figure answers to what is swept, beside the figure as printed.

    Parameters
    ----------
    axes, values : the axes that reach the claim and the values of each that are shown, in natural units.
    figures : one per combination of values, in the claim's unit, NaN where there is none.
    fan, fan_at : the 90 % interval of one axis' figures, and at which values of the axis.
    held : assumptions that stand at one value here, ready to be read.
    scenario : under which it is recomputed.
    """
    words = Words(language)
    order = sorted(range(len(axes)), key=lambda k: -len(values[k]))  # the two longest span the surface
    axes, values, figures = [axes[k] for k in order], [values[k] for k in order], np.transpose(figures, order)
    if len(axes) == 1:
        figure = _line(claim, axes[0], values[0], figures, fan, fan_at, words)
    else:
        figure = _surfaces(claim, axes, values, figures, words)
    figure.suptitle(_title(claim, scenario, words), fontsize=10)
    return shown(figure, _told(claim, axes, values, figures, held, words))


def _title(claim: Claim, scenario: str, words: Words) -> str:
    """What is claimed, and the scenario where there is one."""
    with speaking(words.language):
        found = either(claim.statement, claim.statement_fr)
        if scenario != scenarios.DEFAULT:
            chosen = scenarios.scenario(scenario)
            found = labelled(either(chosen.title, chosen.title_fr), found)
    return wrapped(found, 90)


def _line(claim: Claim, axis: Axis, xs: np.ndarray, ys: np.ndarray, fan: Ends | None, fan_at: np.ndarray | None, words: Words) -> Figure:
    figure, plot = canvas(4.4)
    ends = [*ys, *(fan[0] if fan else ()), *(fan[1] if fan else ()), _printed(claim)]
    handles = [Line2D([], [], color=BLUE, lw=2, label=words("recomputed (line)"))]
    plot.plot(xs, ys, color=BLUE, lw=2, marker="o" if len(xs) <= 12 else "", ms=4)
    finite = [y for y in ends if math.isfinite(y)]
    _ticks(plot.xaxis, axis, xs, words)
    room = 0.06 * (max(finite) - min(finite)) or 1
    low, high = span(finite, 1.2) if wants_log(finite) else (min(finite) - room, max(finite) + room)
    number_axis(plot.yaxis, words, wants_log(finite), (low, high))
    if fan and _widest(fan, (low, high), wants_log(finite)) > _SEEN:
        plot.fill_between(fan_at, *fan, color=SKY, alpha=0.3, lw=0)
        handles.append(Patch(fc=SKY, alpha=0.3, label=words("90 % interval of the other assumptions")))
    accepted = printed_range(claim.printed, claim.relation, claim.significant)
    plot.axhspan(max(accepted[0], low), min(accepted[1], high), color=BAND, zorder=0, lw=0)
    plot.axhline(_printed(claim), color=INK, lw=1.2, zorder=1)
    handles += [Line2D([], [], color=INK, lw=1.2, label=f"{words('printed')} {with_raised_powers(printed_text(claim))}"), Patch(fc=BAND, label=words("accepted by the printed figure"))]
    plot.set_xlabel(_axis_title(axis, words))
    plot.set_ylabel(words.axis(words("recomputed"), claim.unit))
    legend_below(figure, handles, 2)
    return figure


def _widest(fan: Ends, ends: tuple[float, float], log: bool) -> float:
    """How high a band is at its widest, as a share of the axis."""
    scale = np.log if log else np.asarray
    heights = scale(fan[1]) - scale(fan[0])
    return float(np.nanmax(heights, initial=0) / (scale(ends[1]) - scale(ends[0])))


def _surfaces(claim: Claim, axes: Sequence[Axis], values: Sequence[np.ndarray], figures: np.ndarray, words: Words) -> Figure:
    """One surface, or one for each of a few values of the further axes."""
    further = [np.unique(np.linspace(0, len(column) - 1, min(PANELS, len(column))).round().astype(int)) for column in values[2:4]]
    columns, rows = (further[0] if further else [None]), (further[1] if len(further) > 1 else [None])
    rest = tuple(len(column) // 2 for column in values[4:])  # axes beyond the fourth stand at their middle
    height = 4.9 if len(rows) == len(columns) == 1 else 1.5 + 2.6 * len(rows)
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    plots = figure.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
    plots[-1][len(columns) // 2].set_xlabel(_axis_title(axes[0], words))
    plots[len(rows) // 2][0].set_ylabel(wrapped(_axis_title(axes[1], words), 40))
    ratios = figures / _printed(claim) if _printed(claim) else figures
    norm, colours = _scale(ratios, bool(_printed(claim)))
    for r, row in enumerate(rows):
        for c, column in enumerate(columns):
            place = (slice(None), slice(None), *(k for k in (column, row) if k is not None), *rest)
            image = _surface(plots[r][c], claim, axes, values, figures[place], ratios[place], norm, colours, words)
            titles = [words.amount(values[2 + k][at], axes[2 + k].unit) for k, at in ((0, column), (1, row)) if at is not None]
            plots[r][c].set_title(", ".join(f"{wrapped(_called(axes[2 + k], words), 28)} {title}" for k, title in enumerate(titles)), fontsize=9)
    bar = figure.colorbar(image, ax=plots, shrink=0.9, format=lambda value, _: words.number(value, 4))
    bar.ax.minorticks_off()
    present = ratios[np.isfinite(ratios)]
    if present.size and present.min() < present.max():
        ends = max(norm.vmin, present.min()), min(norm.vmax, present.max())
        number_axis(bar.ax.yaxis, words, True, ends) if isinstance(norm, LogNorm) else bar.ax.set_ylim(*ends)
    bar.set_label(words("recomputed ÷ printed (no unit)") if _printed(claim) else words.axis(words("recomputed"), claim.unit))
    handles = [Line2D([], [], color=INK, lw=1.8, label=f"{words('printed')} {with_raised_powers(printed_text(claim))}")] if _crossed(claim, figures) else []
    if not _band(claim) and accepts(claim, figures).any():
        handles.append(Patch(fc="none", ec=INK, hatch="///", label=words("accepted by the printed figure")))
    if np.isnan(figures).any():
        handles.append(Patch(fc=BAND, label=words("not computed")))
    if handles:
        legend_below(figure, handles, 2)
    return figure


def _scale(ratios: np.ndarray, of_printed: bool) -> tuple[Normalize, str]:
    """Colours from below to above the printed figure where that is shown, else from low to high."""
    present = ratios[np.isfinite(ratios)]
    low, high = (float(present.min()), float(present.max())) if present.size else (1.0, 2.0)
    if low == high:
        low, high = low - abs(low) / 2 - 1e-12, high + abs(high) / 2 + 1e-12
    if of_printed and low > 0:
        reach = max(high, 1 / low, 1.1)
        return LogNorm(1 / reach, reach), "vlag"
    if of_printed and low < 1 < high:
        return TwoSlopeNorm(1, low, high), "vlag"
    return Normalize(low, high), "crest"


def _surface(plot: Axes, claim: Claim, axes: Sequence[Axis], values: Sequence[np.ndarray], figures: np.ndarray, ratios: np.ndarray, norm: Normalize, colours: str, words: Words):
    """One surface; the printed figure is a line through it, and where an inequality holds is hatched. Returns what the colour bar is drawn from."""
    plot.set_facecolor(BAND)
    for axis, column, line in ((axes[0], values[0], plot.xaxis), (axes[1], values[1], plot.yaxis)):
        _ticks(line, axis, column, words)
    edges = [_edges(column, axis.log or wants_log(column, 50)) for axis, column in zip(axes[:2], values[:2], strict=True)]
    image = plot.pcolormesh(*edges, ratios.T, norm=norm, cmap=seaborn.color_palette(colours, as_cmap=True), rasterized=True)
    if min(figures.shape) > 1:
        _contours(plot, claim, values, figures, ratios, words)
    plot.grid(False)
    # Where contours are drawn, colours end where they do: at the outermost values.
    for ends, limits in zip(values[:2] if min(figures.shape) > 1 else edges, (plot.set_xlim, plot.set_ylim), strict=True):
        limits(ends.min(), ends.max())
    return image


def _contours(plot: Axes, claim: Claim, values: Sequence[np.ndarray], figures: np.ndarray, ratios: np.ndarray, words: Words) -> None:
    """Lines of equal ratio, the printed figure's the strongest."""
    around = [level for level in _LEVELS if np.nanmin(ratios) < level < np.nanmax(ratios)] if _printed(claim) else []
    if around:
        lines = plot.contour(values[0], values[1], ratios.T, levels=around, colors=GREY, linewidths=0.7)
        plot.clabel(lines, fmt=lambda level: f"×{words.number(level)}", fontsize=8, colors=INK)
    if _crossed(claim, figures):
        plot.contour(values[0], values[1], figures.T, levels=[_printed(claim)], colors=INK, linewidths=1.8)
    if not _band(claim) and accepts(claim, figures).any():
        low, high = printed_range(claim.printed, claim.relation, claim.significant)
        ends = [max(low, np.nanmin(figures) - 1), min(high, np.nanmax(figures) + 1)]
        plot.contourf(values[0], values[1], figures.T, levels=ends, colors="none", hatches=["///"]).set(edgecolor=INK, linewidth=0)


def _crossed(claim: Claim, figures: np.ndarray) -> bool:
    """Whether the printed figure lies among the recomputed ones."""
    return bool(np.isfinite(figures).any() and np.nanmin(figures) < _printed(claim) < np.nanmax(figures))


def _band(claim: Claim) -> bool:
    """Whether the printed figure accepts a band round itself rather than a side."""
    return all(math.isfinite(end) for end in printed_range(claim.printed, claim.relation, claim.significant))


def _ticks(line: MplAxis, axis: Axis, column: np.ndarray, words: Words) -> None:
    """Numbers along an axis: its own values where they are few."""
    number_axis(line, words, axis.log or wants_log(column, 50))
    if len(column) <= 6:
        line.set_major_locator(FixedLocator(column))


def _edges(column: np.ndarray, log: bool) -> np.ndarray:
    """Borders half way between values.

    >>> _edges(np.array([1.0, 3.0]), False).tolist(), _edges(np.array([1.0, 100.0]), True).tolist()
    ([0.0, 2.0, 4.0], [0.1, 10.0, 1000.0])
    """
    places = np.sort(np.log(column) if log else column)
    between = (places[1:] + places[:-1]) / 2
    edges = np.concatenate([[2 * places[0] - between[0]], between, [2 * places[-1] - between[-1]]])
    return np.exp(edges) if log else edges


def _told(claim: Claim, axes: Sequence[Axis], values: Sequence[np.ndarray], figures: np.ndarray, held: Sequence[str], words: Words) -> str:
    """The alternative text: the ends, the corners, and how much agrees with the printed figure."""
    present = figures[np.isfinite(figures)]
    called = [_called(axis, words) for axis in axes]
    named = words(" and ").join([", ".join(called[:-1]), called[-1]] if len(called) > 1 else called)
    quantity = claim.route.quantity if claim.route else claim.id
    value = label_of(quantity.rpartition(".")[2]) if " " not in quantity else words("figure")
    head = words("{claim}: the recomputed {value} over {axes}", claim=claim.id, value=value, axes=named)
    if not present.size:
        return f"{head}. {words('not computed')}."
    low, high = (words.amount(end, claim.unit) for end in (present.min(), present.max()))
    parts = [words("from {low} to {high}, against {printed} printed", low=low, high=high, printed=with_raised_powers(printed_text(claim)))]
    corners = list(np.ndindex(*(2,) * len(axes))) if len(axes) < 3 else [(0,) * len(axes), (1,) * len(axes)]
    for corner in sorted({tuple(k * (len(column) - 1) for k, column in zip(ends, values, strict=True)) for ends in corners}):
        place = ", ".join(words.amount(column[k], axis.unit) for axis, column, k in zip(axes, values, corner, strict=True))
        shown_figure = words.amount(figures[corner], claim.unit) if math.isfinite(figures[corner]) else words("not computed")
        parts.append(words("at {place}: {figure}", place=place, figure=shown_figure))
    share = 100 * float(accepts(claim, present).mean())
    parts.append(words("{share} % of the points shown come within what the printed figure accepts" if share else "no point comes within what the printed figure accepts", share=words.number(share, 2)))
    parts += [words("held at {held}", held=", ".join(held))] if held else []
    return f"{head}. {words.listed(parts)}."


def _called(axis: Axis, words: Words) -> str:
    return label_of(axis.name) + (f" ({axis.activity})" if axis.activity else "")


def _axis_title(axis: Axis, words: Words) -> str:
    """An assumption with its unit, never in a second pair of parentheses.

    >>> _axis_title(Axis("grid_intensity", "1,2"), Words("en")), _axis_title(Axis("training_time", "1,2"), Words("en"))
    ('grid carbon intensity (g), gCO2e/kWh', 'training time (h)')
    """
    called = _called(axis, words)
    titled = words.axis(called, axis.unit)
    return f"{called}, {titled.removeprefix(called)[2:-1]}" if called.endswith(")") and titled.endswith(")") and titled.startswith(f"{called} (") else titled


def _printed(claim: Claim) -> float:
    return float(claim.published.to(read_unit(claim.unit)).magnitude)

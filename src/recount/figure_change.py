"""A figure of claims that move when assumptions do."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from matplotlib.lines import Line2D

from recount import language as spoken
from recount.comparison import Change
from recount.figure_style import FAINT, INK, VERDICT_STYLE, Words, canvas, drawn, legend_below, number_axis, shown, side_note, span, wrapped
from recount.study import View
from recount.verdicts import VERDICTS


def drawable(found: Sequence[Change]) -> list[Change]:
    """The changes that have a place on a logarithmic axis of recomputed over printed."""
    return [c for c in found if c.figure and c.factor and all(claim.get("ratio") and 0 < claim["ratio"] < math.inf for claim in (c.before, c.after))]


def _statement(change: Change, words: Words) -> str:
    """What the claim says, in the figure's language, as far as two lines hold it."""
    told = change.after.get("statement_fr") if words.language == "fr" else ""
    return textwrap.shorten((told or change.after.get("statement") or change.id).rstrip("."), 90, placeholder=" …")


@drawn
def moved(found: Sequence[Change], names: tuple[str, str] = ("default", "this run"), *, language: str | None = None) -> View:
    """Recomputed ÷ printed before (hollow) and after (with its verdict's mark and 90 % interval) for every claim that moves.

    Parameters
    ----------
    found : as :func:`recount.comparison.changes` gives them; what has no figure in both is left out.
    names : what the two are called.
    """
    words, rows = Words(language), sorted(drawable(found), key=lambda c: -c.after["ratio"])
    names_of = [_statement(c, words) for c in rows]
    figure, axes = canvas(1.5 + 0.4 * len(rows), [wrapped(name, 46) for name in names_of])
    axes.tick_params(axis="y", labelsize=8.5)
    ratios = [[claim["ratio"], *(claim[end] / claim["published"] for end in ("low", "high") if claim.get(end))] for c in rows for claim in (c.before, c.after)]
    low, high = span([1.0, *(x for one in ratios for x in one)])
    number_axis(axes.xaxis, words, True, (low, high))
    axes.axvline(1, color=INK, lw=1.2)
    for row, change in enumerate(rows):
        before, after = change.before["ratio"], change.after["ratio"]
        colour, marker, _ = VERDICT_STYLE[change.verdicts[1]]
        if change.after.get("low") and change.after.get("high"):
            axes.plot([change.after[end] / change.after["published"] for end in ("low", "high")], (row, row), color=colour, lw=1.8, alpha=0.45, zorder=2)
        axes.annotate("", (after, row), (before, row), arrowprops={"arrowstyle": "->", "color": FAINT, "lw": 1.3, "shrinkA": 3, "shrinkB": 4}, zorder=3)
        axes.scatter([before], [row], facecolors="white", edgecolors=INK, s=30, linewidths=1.2, zorder=4)
        axes.scatter([after], [row], color=colour, marker=marker, s=46, linewidths=0.6, zorder=5)
        side_note(axes, row, f"× {words.number(change.factor)}")
    axes.set_xlabel(words("recomputed ÷ printed (no unit)"))
    present = [v for v in VERDICTS if any(c.verdicts[1] == v for c in rows)]
    handles = [Line2D([], [], color=INK, marker="o", mfc="white", ls="", ms=6, label=names[0])]
    handles += [Line2D([], [], color=VERDICT_STYLE[v][0], marker=VERDICT_STYLE[v][1], ls="", ms=7, label=spoken.labelled(names[1], words(v))) for v in present]
    legend_below(figure, handles, 3)
    told = [spoken.labelled(name, f"{words.number(c.before['ratio'])} → {words.number(c.after['ratio'])} ({words(c.verdicts[1])})") for name, c in zip(names_of, rows, strict=True)]
    head = words("recomputed ÷ printed of {count} claims, {one} against {other}, on a logarithmic scale", count=len(rows), one=names[0], other=names[1])
    return shown(figure, f"{spoken.labelled(head, words.listed(told))}.")

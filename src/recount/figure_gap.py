"""A gap between two figures as a waterfall of factors."""

from __future__ import annotations

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from recount.figure_style import BLUE, FAINT, GREY, INK, ORANGE, Words, canvas, drawn, legend_below, number_axis, shown, side_note, span, wrapped
from recount.gaps import Gap, factor_text
from recount import language as spoken
from recount.language import message
from recount.study import View
from recount.wording import label as label_of

_HEIGHT = 0.56


@drawn
def waterfall(gap: Gap, *, language: str | None = None) -> View:
    """The steps of a gap from its start to its end, each a bar from the running figure before to the one after.

    On a logarithmic axis equal lengths are equal factors. Steps that leave the figure as it is
    are left out; what no step explains is hatched.

    Parameters
    ----------
    gap : as :func:`recount.methods.taken_apart` gives it.
    """
    words, french = Words(language), spoken.french()
    bars = [(c.label_fr if french else c.label, c.factor, c.value, False) for c in gap.moving]
    if gap.rest_label:
        bars.append((gap.rest_label_fr if french else gap.rest_label, gap.rest, gap.end, True))
    ends = gap.names_fr if french else gap.names
    names = [wrapped(name, 40) for name in (ends[0], *(bar[0] for bar in bars), ends[1])]
    figure, axes = canvas(1.35 + 0.4 * len(names) + 0.13 * sum(name.count("\n") for name in names), names)
    number_axis(axes.xaxis, words, True, span([gap.start, gap.end, *(value for _, _, value, _ in bars)], 1.5))
    before = gap.start
    for row, (_, factor, value, unexplained) in enumerate(bars, 1):
        look = {"fc": "white", "ec": GREY, "hatch": "////", "lw": 1.2} if unexplained else dict.fromkeys(("fc", "ec"), ORANGE if factor > 1 else BLUE) | {"lw": 1.4}
        axes.barh(row, value - before, left=before, height=_HEIGHT, zorder=2, **look)
        axes.plot((before, before), (row - 1, row + _HEIGHT / 2), color=FAINT, lw=1, zorder=1)
        side_note(axes, row, factor_text(factor))
        before = value
    last = len(bars) + 1
    axes.plot((before, before), (last - 1, last), color=FAINT, lw=1, zorder=1)
    for row, value in ((0, gap.start), (last, gap.end)):
        axes.scatter([value], [row], color=INK, marker="D", s=60, zorder=3)
        side_note(axes, row, words.amount(value, gap.unit))
    axes.set_xlabel(words.axis(label_of(gap.quantity), gap.unit))
    handles = [Line2D([], [], color=INK, marker="D", ls="", ms=7, label=words("from and to"))]
    handles += [Patch(fc=colour, label=words(text)) for colour, text, there in (
        (ORANGE, message("makes it larger"), any(f > 1 and not u for _, f, _, u in bars)), (BLUE, message("makes it smaller"), any(f < 1 and not u for _, f, _, u in bars)),
    ) if there]  # fmt: skip
    handles += [Patch(fc="white", ec=GREY, hatch="////", label=words("not explained"))] if gap.rest_label else []
    legend_below(figure, handles, 4)
    told = [f"{ends[0]} {words.amount(gap.start, gap.unit)}"]
    told += [f"{name} {factor_text(factor)} = {words.amount(value, gap.unit)}" for name, factor, value, _ in bars]
    head = words("the gap taken apart step by step, factors on a logarithmic axis")
    told.append(f"{ends[1]} {words.amount(gap.end, gap.unit)}")
    return shown(figure, f"{spoken.labelled(f'{gap.title_fr if french else gap.title}, {head}', words.listed(told))}.")

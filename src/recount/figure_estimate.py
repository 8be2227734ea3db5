"""Figures of a model of one's own: how wide each figure is, and what it turns on."""

from __future__ import annotations

from matplotlib.patches import Patch

from recount.contexts import spelled
from recount.figure_style import BLUE, FAINT, GREEN, INK, SKY, Words, canvas, drawn, legend_below, number_axis, shown, side_note, span, with_raised_powers, wrapped
from recount.language import labelled
from recount.own_model import DRIVEN, OwnModel
from recount.study import View
from recount.units import Quantity, percent, read_unit
from recount.wording import label, spread

_LOOK = {"facility_energy": (BLUE, ""), "total_carbon": (GREEN, "///"), "usage_water": (SKY, "...")}
_COLOUR = {"energy": BLUE, "carbon": GREEN, "water": SKY}


@drawn
def intervals(model: OwnModel, *, language: str | None = None) -> View:
    """Each quantity of an estimate over its own median, with the median beside it."""
    words = Words(language)
    known = [one for one in model.spreads.values() if one.p50]
    figure, axes = canvas(1.2 + 0.34 * len(known), [wrapped(label(one.name)) for one in known])
    ends = [(one.p05 / one.p50, one.p95 / one.p50) for one in known]
    number_axis(axes.xaxis, words, True, span([x for pair in ends for x in pair if x > 0], 1.3))
    axes.axvline(1, color=FAINT, lw=1)
    told = []
    for row, (one, (low, high)) in enumerate(zip(known, ends, strict=True)):
        colour = _COLOUR.get(one.name.rpartition("_")[2], INK)
        axes.plot((low, high), (row, row), color=colour, lw=3.2, solid_capstyle="butt")
        axes.scatter([1], [row], color=colour, s=42, zorder=3)
        low, middle, high = (float(Quantity(p, read_unit(one.unit)).to(read_unit(one.suited)).magnitude) for p in (one.p05, one.p50, one.p95))
        side_note(axes, row, words.amount(middle, one.suited))
        told.append(f"{label(one.name)} {words.amount(middle, one.suited)} ({words('{low} to {high}', low=words.number(low), high=words.number(high))})")
    side_note(axes, -0.9, words("median"))
    axes.set_xlabel(words("each figure ÷ its own median (no unit)"))
    head = words(
        "training with {chip}: each figure's 90 % interval over its median, on a logarithmic scale" if model.activity == "training"
        else "answers with {chip}: each figure's 90 % interval over its median, on a logarithmic scale", chip=spelled(model.hardware),
    )  # fmt: skip
    return shown(figure, f"{head}. {words.listed(told)}.")


@drawn
def own_drivers(model: OwnModel, *, language: str | None = None) -> View:
    """What energy, carbon and water of an estimate turn on: shares of the variance, what matters most first."""
    words, found = Words(language), model.shares()
    names = [f"{wrapped(label(one.name))}\n{wrapped(with_raised_powers(spread(one)))}" for one, _ in found] or [words("no assumption has a range")]
    figure, axes = canvas(1.6 + 0.6 * len(names) + 0.14 * sum(max(0, n.count("\n") - 1) for n in names), names)
    told = []
    for row, (one, shares) in enumerate(found):
        for place, quantity in enumerate(DRIVEN):
            colour, hatch = _LOOK[quantity]
            axes.barh(row + 0.25 * (place - 1), 100 * shares.get(quantity, 0), height=0.24, color=colour, hatch=hatch, edgecolor="white", lw=0)
        parts = [f"{label(quantity)} {percent(shares[quantity], 2)}" for quantity in DRIVEN if shares.get(quantity, 0) >= 0.01]
        told.append(labelled(label(one.name), ", ".join(parts)))
    number_axis(axes.xaxis, words, False, (0, 100))
    axes.set_xlabel(words.axis(words("share of the variance"), "percent"))
    legend_below(figure, [Patch(fc=_LOOK[q][0], hatch=_LOOK[q][1], ec="white", label=label(q)) for q in DRIVEN], 3)
    head = words(
        "training with {chip}: share of the variance of each figure in which an assumption has a part" if model.activity == "training"
        else "answers with {chip}: share of the variance of each figure in which an assumption has a part", chip=spelled(model.hardware),
    )  # fmt: skip
    return shown(figure, f"{head}. {words.listed(told or names)}.")

"""One function per kind of figure; each returns a picture with its alternative text.

A figure holds no number: all come from claims, rows or estimates. The alternative text says
what is shown with the figures that matter, computed like everything else, so that it stays
true under other assumptions. Figures of a claim stand here, figures of the rows in
:mod:`recount.figure_rows`, those of training runs in :mod:`recount.figure_runs`, those of the back-tests in
:mod:`recount.figure_backtests`, a gap taken apart in :mod:`recount.figure_gap`, those of a model of one's own in
:mod:`recount.figure_estimate`, our own measurements in :mod:`recount.figure_measured`; a notebook finds all of them under this name.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import blended_transform_factory

from recount import register
from recount import trace
from recount.claims import Figure as Recomputed, Result
from recount.contexts import spelled
from recount.errors import RecountError
from recount.explain import sentence
from recount.figure_backtests import places_in_intervals, predicted_against_reported, predicted_by_batch
from recount.figure_estimate import intervals, own_drivers
from recount.figure_gap import waterfall
from recount.figure_measured import epsilon_by_size
from recount.figure_rows import answers_by_batch, grids, memory, sectors, water_by_site
from recount.figure_runs import energy_against_work, epsilon_of_runs
from recount.language import either, french, labelled, message, of_data, say
from recount.figure_style import (
    BAND, BLUE, BROWN, FAINT, GREEN, INK, ORANGE, PURPLE, SKY, VERDICT_STYLE, Words, canvas, drawn, legend_below, named_reference, number_axis, shown, side_note, span, wants_log, with_raised_powers, wrapped,
)  # fmt: skip
from recount.study import Estimate, Study, View
from recount.units import Quantity, percent, read_quantity, read_unit
from recount.verdicts import MISATTRIBUTED, VERDICTS, printed_range, so_many
from recount.wording import label as label_of, readable, spread

__all__ = [
    "VERDICT_STYLE", "answers_by_batch", "bars", "break_even", "energy_against_work", "epsilon_of_runs", "grids", "intervals", "memory",
    "own_drivers", "places_in_intervals", "predicted_against_reported", "predicted_by_batch", "routes", "scoreboard", "sectors", "tornado",
    "water_by_site", "waterfall",
]  # fmt: skip


VISIBLE = 0.02  # a swing narrower than this share of the widest is no bar that one could see


@drawn
def scoreboard(results: Sequence[Result], *, language: str | None = None) -> View:
    """Recomputed ÷ printed with its 90 % interval for every claim that has a figure.

    Sorted by article, then by ratio; what has no figure is named in the alternative text only.
    """
    words, articles = Words(language), list(register.articles())
    with_figure = [r for r in results if r.ratio is not None and r.ratio > 0 and math.isfinite(r.ratio)]
    with_figure.sort(key=lambda r: (articles.index(r.claim.article), -r.ratio))
    others = [r for r in results if r not in with_figure]
    names, places, headings = _grouped(with_figure)
    figure, axes = canvas(1.5 + 0.235 * len(names), names)
    ends = [x / r.printed_value for r in with_figure for x in (*r.taken.interval, r.taken.value)]
    low, high = span([*ends, 1.0])
    number_axis(axes.xaxis, words, True, (low, high))
    axes.axvline(1, color=INK, lw=1.2)
    for result, row in zip(with_figure, places, strict=True):
        _one_result(axes, result, row, low, high)
        side_note(axes, row, with_raised_powers(either(result.claim.words, result.claim.words_fr) or result.printed_text))  # the reading would take the room of the plot
    for row, heading in headings.items():
        place = blended_transform_factory(figure.transFigure, axes.transData)
        axes.text(0.008, row, heading, transform=place, va="center", fontweight="bold", in_layout=False, bbox={"fc": "white", "ec": "none", "pad": 1.5})
    side_note(axes, -1, words("printed"))
    axes.set_xlabel(words("recomputed ÷ printed (no unit)"))
    axes.tick_params(axis="x", top=True, labeltop=True)
    present = [v for v in VERDICTS if any(r.here == v for r in with_figure)]
    legend_below(figure, [_marker(VERDICT_STYLE[v], words(v)) for v in present], 3)
    return shown(figure, _scoreboard_text(with_figure, others, words))


def _grouped(results: Sequence[Result]) -> tuple[list[str], list[int], dict[int, str]]:
    """Row names with an empty row before each article, the row of each result, the article of each empty row."""
    trace.used("file", "claims.toml")  # the articles' names and order
    names, places, headings, article = [], [], {}, ""
    for result in results:
        if result.claim.article != article:
            article = result.claim.article
            known = register.articles()[article]
            headings[len(names)] = either(known.name, known.name_fr)
            names.append("")
        places.append(len(names))
        names.append(result.claim.id)
    return names, places, headings


def _one_result(axes, result: Result, row: int, low: float, high: float) -> None:
    colour, marker, _ = VERDICT_STYLE[result.here]
    accepted = {"more_than": (1, high), "at_least": (1, high), "less_than": (low, 1), "up_to": (low, 1)}.get(result.claim.relation)
    if accepted:
        axes.plot(accepted, (row, row), color=BAND, lw=5, solid_capstyle="butt", zorder=1)
    ends = [min(max(x / result.printed_value, low), high) for x in result.taken.interval]
    axes.plot(ends, (row, row), color=colour, lw=1.8, zorder=2)
    axes.scatter([result.ratio], [row], color=colour, marker=marker, s=48, zorder=3, linewidths=0.6)


def _marker(style: tuple[str, str, str], name: str, **more: Any) -> Line2D:
    return Line2D([], [], color=style[0], marker=style[1], ls="", ms=7, label=name, **more)


def _scoreboard_text(with_figure: Sequence[Result], others: Sequence[Result], words: Words) -> str:
    told = [words("recomputed ÷ printed for {count} claims, with 90 % intervals, on a logarithmic scale", count=len(with_figure))]
    told.append(words("1 is agreement; a grey line shows which side an inequality accepts"))
    if any(r.world.changed for r in with_figure):
        told.append(words("verdicts under changed assumptions"))
    counts = {v: sum(r.here == v for r in with_figure) for v in VERDICTS}
    parts = [". ".join(told), ", ".join(so_many(v, number) for v, number in counts.items() if number)]
    rows = []
    for r in with_figure:
        ends = [words.number(x / r.printed_value) for x in r.taken.interval]
        rows.append(f"{r.claim.id} {words.number(r.ratio)} ({words('{low} to {high}', low=ends[0], high=ends[1])}) {words(r.here)}")
    parts.append(words.listed(rows))
    if others:
        parts.append(labelled(words("without a figure of their own"), words.listed(f"{r.claim.id} {words(r.here)}" for r in others)))
    return ". ".join(parts) + "."


@drawn
def routes(study: Study, claim: str, *, language: str | None = None) -> View:
    """The printed figure as a band or half-plane, each route as a point with its 90 % interval."""
    words, result = Words(language), study.result(claim)
    unit, printed = result.claim.unit, result.printed_value
    rows = _route_rows(result, words) if printed is not None else []
    if not rows and study.world.changed:
        return View(sentence(result))
    if not rows:
        raise RecountError(f"claim '{claim}' is {result.verdict}: no route recomputes a figure that could be drawn.")
    p = printed_range(result.claim.printed, result.claim.relation, result.claim.significant)
    values = [x for _, figure, scale, *_ in rows for x in (figure.value * scale, *(e * scale for e in figure.interval))] + [printed]
    log = wants_log(values)
    limits = span(values, 1.35) if log else _linear_limits(values)
    figure, axes = canvas(1.5 + 0.62 * max(len(rows), 1), [name for name, *_ in rows])
    number_axis(axes.xaxis, words, log, limits)
    axes.axvspan(max(p[0], limits[0]), min(p[1], limits[1]), color=BAND, lw=0, zorder=0)
    axes.axvline(printed, color=INK, lw=1.4)
    told = []
    for row, (name, one, scale, colour, marker, filled) in enumerate(rows):
        ends = [e * scale for e in one.interval]
        axes.plot(ends, (row, row), color=colour, lw=2)
        axes.scatter([one.value * scale], [row], s=70, marker=marker, facecolors=colour if filled else "white", edgecolors=colour, linewidths=1.8, zorder=3)
        side_note(axes, row, words.number(one.value * scale, 4))
        interval = words("{low} to {high}", low=words.number(ends[0]), high=words.number(ends[1]))
        knows = words("independent of the figure" if filled else "knows the figure")
        told.append(labelled(name.replace("\n", " "), f"{words.amount(one.value * scale, unit, 4)} ({interval}), {knows}"))
    axes.set_xlabel(words.axis(_quantity_label(result), unit))
    shape = result.taken and VERDICT_STYLE[result.here]
    handles = [Line2D([], [], color=INK, lw=1.4, label=words("printed: {printed}", printed=with_raised_powers(result.printed_text)))]
    if shape:
        handles.append(Line2D([], [], color=shape[0], lw=2, label=words("takes the verdict")))
    if min(p[1], limits[1]) - max(p[0], limits[0]) > 0.01 * (limits[1] - limits[0]):
        handles.append(Patch(color=BAND, label=words("accepted")))
    handles += [_marker((FAINT, "o", ""), words("independent of the figure"))] if any(filled for *_, filled in rows) else []
    handles += [_marker((FAINT, "o", ""), words("knows the figure"), markerfacecolor="white")] if not all(filled for *_, filled in rows) else []
    legend_below(figure, handles, 2)
    head = words("{claim}: {printed} printed, against what each route recomputes", claim=claim, printed=with_raised_powers(result.printed_text))
    return shown(figure, f"{head}. {words.listed(told)}. {words('verdict: {verdict}', verdict=words(result.here))}.")


def _route_rows(result: Result, words: Words) -> list[tuple]:
    """Name, figure, factor to the claim's unit, colour, marker and whether filled, for each route."""
    rows = []
    for figure in result.figures:
        takes = result.taken is figure
        title = either(figure.route.title, figure.route.title_fr)
        rows.append((wrapped(title), figure, 1.0, VERDICT_STYLE[result.here][0] if takes else INK, "o", figure.route.independent))
    actually = result.actually
    if actually is not None and read_unit(actually.unit).dimensionality == read_unit(result.claim.unit).dimensionality:
        told = result.claim.actually
        statement = words("in fact: {statement}", statement=either(told.statement, told.statement_fr))
        scale = float((1 * read_unit(actually.unit)).to(read_unit(result.claim.unit)).magnitude)
        rows.append((wrapped(statement), actually, scale, VERDICT_STYLE[MISATTRIBUTED][0], VERDICT_STYLE[MISATTRIBUTED][1], True))
    return rows


def _linear_limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or abs(high) * 0.1 or 1.0
    return low - room, high + room


def _quantity_label(result: Result) -> str:
    figure = result.taken or result.actually
    if figure is None or figure.route.combine or not figure.route.operands[0].name:
        return say("recomputed")
    return label_of(figure.route.operands[0].name)


@drawn
def tornado(study: Study, claim: str, route: str = "", *, language: str | None = None, top: int = 8) -> View:
    """How far the figure moves when each assumption alone goes over its range, widest first, with its share of the variance."""
    words, result = Words(language), study.result(claim)
    figure_of = study.figure(claim, route)
    if figure_of is None:
        return View(sentence(result))
    found = sorted(figure_of.drivers.of, key=lambda d: -abs(d.high - d.low))
    found = [d for d in found if abs(d.high - d.low) > VISIBLE * abs(found[0].high - found[0].low)][:top]
    called = [figure_of.drivers.name(d) for d in found]
    names = [f"{wrapped(name)}\n{wrapped(with_raised_powers(spread(d.assumption)))}" for name, d in zip(called, found, strict=True)] or [words("no assumption has a range")]
    printed = _printed_in(result, figure_of)
    values = [figure_of.value, *([printed] if printed is not None else []), *(x for d in found for x in (d.low, d.high))]
    log = wants_log(values)
    figure, axes = canvas(1.5 + 0.5 * len(names) + 0.14 * sum(max(0, n.count("\n") - 1) for n in names), names)
    number_axis(axes.xaxis, words, log, span(values, 1.25) if log else _linear_limits(values))
    shares = [percent(d.total) if d.total >= 0.01 else words("below 1 %") for d in found]
    for row, (driver, share) in enumerate(zip(found, shares, strict=True)):
        for end, colour in ((driver.low, SKY), (driver.high, BLUE)):
            axes.barh(row, end - figure_of.value, left=figure_of.value, height=0.56, color=colour, edgecolor="white", lw=0.6)
        side_note(axes, row, share)
    if found:
        side_note(axes, -0.75, words("share of variance"))
    axes.axvline(figure_of.value, color=INK, lw=1)
    if printed is not None:
        axes.axvline(printed, color=ORANGE, lw=1.8, ls=(0, (4, 2)))
    axes.set_xlabel(words.axis(_quantity_label(result), figure_of.unit))
    handles = [Patch(color=SKY, label=words("assumption at its low end")), Patch(color=BLUE, label=words("assumption at its high end"))]
    handles.append(Line2D([], [], color=INK, lw=1, label=f"{words('recomputed')} {words.amount(figure_of.value, figure_of.unit)}"))
    if printed is not None:
        handles.append(Line2D([], [], color=ORANGE, lw=1.8, ls=(0, (4, 2)), label=words("printed: {printed}", printed=with_raised_powers(result.printed_text))))
    legend_below(figure, handles, 2)
    rows = [
        f"{name} {words('{low} to {high}', low=words.number(d.low), high=words.amount(d.high, figure_of.unit))} ({words('{share} of the variance', share=share)})"
        for name, d, share in zip(called, found, shares, strict=True)
    ]
    head = words("{claim}: how far the recomputed {value} moves when one assumption goes over its range", claim=claim, value=words.amount(figure_of.value, figure_of.unit))
    head = words.listed([head, *([words(_VARIANCE_OF[figure_of.drivers.logarithm])] if len(found) > 1 else [])])
    end = words("printed: {printed}", printed=with_raised_powers(result.printed_text))
    return shown(figure, f"{head}. {words.listed(rows or names)}. {end}.")


_VARIANCE_OF = {True: message("shares are of the variance of its logarithm"), False: message("shares are of its variance")}


def _printed_in(result: Result, figure: Recomputed) -> float | None:
    """The printed figure in a figure's unit, where it has that dimension."""
    if result.printed_value is None or read_unit(figure.unit).dimensionality != read_unit(result.claim.unit).dimensionality:
        return None
    return float(result.claim.published.to(read_unit(figure.unit)).magnitude)


@drawn
def bars(
    frame: pd.DataFrame, value: str, label: str, unit: str, *, low: str | None = None, high: str | None = None, reference: float | str | None = None,
    reference_label: str = "", log: bool = False, colour_by: str | None = None, quantity: str = "", language: str | None = None,
) -> View:  # fmt: skip
    """Horizontal bars (points on a logarithmic axis, where a bar has no foot), first row on top.

    Parameters
    ----------
    frame : one row a bar, as :meth:`Study.rows` gives it.
    value, label : the columns of the numbers and of the names (of a context its part after the colon).
    unit : the unit of the numbers, printed on the axis.
    low, high : columns of an interval; rows without one get none.
    reference : a number in *unit*, or a quantity as text such as ``"56 gCO2e/kWh"``.
    colour_by : a column whose values each get a colour and a marker.
    quantity : what the axis shows; the vocabulary's words for the column ``name`` if left out.
    """
    words, names = Words(language), [wrapped(_row_name(str(name)) if label == "context" else str(name)) for name in frame[label]]
    figure, axes = canvas(1.2 + (0.34 + 0.12 * max((n.count("\n") for n in names), default=0)) * len(names), names)
    limit = float(read_quantity(reference, unit).to(read_unit(unit)).magnitude) if isinstance(reference, str) else reference
    groups = list(dict.fromkeys(frame[colour_by])) if colour_by else [""]
    looks = dict(zip(groups, itertools.cycle(zip((BLUE, ORANGE, GREEN, PURPLE, INK, SKY, BROWN), "osD^vPX", ("", "///", "...", "\\\\\\", "xx", "oo", "++"), strict=True)), strict=False))
    told, seen = [], [] if limit is None else [limit]
    for row, (_, line) in enumerate(frame.iterrows()):
        number, name = float(line[value]), names[row].replace("\n", " ")
        ends = [float(line[c]) for c in (low, high) if c and pd.notna(line[c])]
        colour, marker, hatch = looks[line[colour_by] if colour_by else ""]
        if not log:
            axes.barh(row, number, height=0.62, color=colour, hatch=hatch, edgecolor="white", lw=0)
        else:
            axes.scatter([number], [row], color=colour, marker=marker, s=56, zorder=3)
        if len(ends) == 2:
            axes.plot(ends, (row, row), color=INK if not log else colour, lw=1.6, zorder=2)
        side_note(axes, row, words.number(number))
        seen += [number, *ends]
        interval = f" ({words('{low} to {high}', low=words.number(ends[0]), high=words.number(ends[1]))})" if len(ends) == 2 else ""
        told.append(f"{name} {words.amount(number, unit)}{interval}")
    number_axis(axes.xaxis, words, log, span(seen) if log else (min(0, *seen) * 1.05, max(seen) * 1.05))
    handles = [_marker(looks[g], of_data(str(g))) if log else Patch(fc=looks[g][0], ec="white", hatch=looks[g][2], label=of_data(str(g))) for g in groups if colour_by]
    if limit is not None:
        axes.axvline(limit, color=INK, lw=1.6, ls=(0, (4, 2)))
        named = named_reference(reference_label, words.amount(limit, unit), words)
        handles.append(Line2D([], [], color=INK, lw=1.6, ls=(0, (4, 2)), label=named))
        told.append(words("reference: {reference}", reference=named))
    if handles:
        legend_below(figure, handles, 3)
    if not quantity:
        kinds = set(frame["name"]) if "name" in frame else set()
        quantity = label_of(kinds.pop()) if len(kinds) == 1 else value
    axes.set_xlabel(words.axis(quantity, unit))
    return shown(figure, f"{labelled(quantity, words.listed(told))}.")


def _row_name(context: str) -> str:
    """What a row is about, after the colon; in French in words, since it is English."""
    slug = context.partition(":")[2]
    return spelled(slug) if french() else slug


@drawn
def break_even(study: Study, training: Sequence | Estimate, answer: Sequence | Estimate, *, language: str | None = None) -> View:
    """Training as a level line, answers as a rising one, and where they meet.

    Parameters
    ----------
    training, answer : an estimate, or what :meth:`Study.value` takes, keywords in a last dict:
        ``("training.facility_energy", "run:gpt-3", {"via": "declared"})``. The answer's energy
        is that of one answer.
    """
    words = Words(language)
    once, each = _megawatt_hours(study, training), _megawatt_hours(study, answer)
    count, least, most = once[0] / each[0], once[1] / each[2], once[2] / each[1]
    first, last = 10.0 ** (math.floor(math.log10(least)) - 2), 10.0 ** (math.ceil(math.log10(most)) + 1)
    figure, axes = canvas(4.4)
    ends = (first, last)
    axes.fill_between(ends, [each[1] * n for n in ends], [each[2] * n for n in ends], color=BLUE, alpha=0.18, lw=0)
    axes.fill_between(ends, once[1], once[2], color=ORANGE, alpha=0.25, lw=0)
    axes.plot(ends, [each[0] * n for n in ends], color=BLUE, lw=2, label=words("answers, cumulated"))
    axes.plot(ends, [once[0]] * 2, color=ORANGE, lw=2, ls=(0, (5, 2)), label=words("training, once"))
    axes.plot([count], [once[0]], marker="o", color=INK, ms=8, ls="")
    number_axis(axes.xaxis, words, True, ends)
    number_axis(axes.yaxis, words, True, span([each[0] * first, each[0] * last, once[0]], 2))
    axes.annotate(words("equal after {count} answers", count=words.number(count, 2)), (count, once[0]), (-24, 36), textcoords="offset points",
                  ha="right", arrowprops={"arrowstyle": "-", "color": FAINT}, bbox={"fc": "white", "ec": "none", "pad": 1.5})  # fmt: skip
    axes.set_xlabel(words("answers (count)"))
    axes.set_ylabel(words.axis(words("energy"), "MWh"))
    legend_below(figure, axes.get_legend_handles_labels()[0], 2)
    amounts = [readable(Quantity(x, read_unit("MWh")), digits=3) for x in (once[0], *each)]
    text = words(
        "training once takes {training}; answers take {answer} each (90 % interval {low} to {high}); the two are equal after {count} answers (between {least} and {most})",
        training=amounts[0], answer=amounts[1], low=amounts[2], high=amounts[3],
        **{k: words.number(v, 2) for k, v in (("count", count), ("least", least), ("most", most))},
    )  # fmt: skip
    return shown(figure, f"{text}.")


def _megawatt_hours(study: Study, what: Sequence | Estimate) -> tuple[float, float, float]:
    """Value, low and high of an energy in MWh; per answer counts as that of one answer."""
    if not isinstance(what, Estimate):
        arguments = list(what)
        keywords = arguments.pop() if isinstance(arguments[-1], dict) else {}
        what = study.value(*arguments, **keywords)
    unit = read_unit(what.unit.removesuffix("/answer"))
    return tuple(float(Quantity(x, unit).to(read_unit("MWh")).magnitude) for x in (what.value, what.low, what.high))

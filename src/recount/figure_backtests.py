"""Figures of the back-tests: predicted against reported, where reports lie in their intervals, answers by batch."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator

from recount.backtest.scores import Prediction, baselines_of, score
from recount.backtest.views import case, chip
from recount.contexts import spelled
from recount.errors import RecountError, nearest
from recount.figure_style import (
    BAND, BLUE, BROWN, FAINT, GREEN, INK, OLIVE, ORANGE, PINK, PURPLE, RED, SKY, Words, canvas, drawn, legend_below, name_points, named_reference,
    number_axis, shown, side_note, span, wrapped,
)  # fmt: skip
from recount.study import View
from recount.units import pretty_unit
from recount.wording import label

_COLOURS, _MARKERS = (BLUE, ORANGE, GREEN, RED, PURPLE, BROWN, INK, SKY, PINK, OLIVE), "osD^v<>hpd*"  # none that looks like a baseline's cross
_BASELINE_MARKERS = ("x", "+", "1")
_NAMED = 24  # more names than these cover each other


def _area(marker: str, size: float) -> float:
    """A star fills less of its square than the other shapes."""
    return size * (2.2 if marker == "*" else 1)


def _looks(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """A colour and a shape for each name; both differ between neighbours, and no pair comes twice."""
    return dict(zip(names, zip(itertools.cycle(_COLOURS), itertools.cycle(_MARKERS)), strict=False))


@drawn
def predicted_against_reported(predictions: Sequence[Prediction], *, by: str = "family", language: str | None = None) -> View:
    """Every prediction with its 90 % interval against what was reported; the baselines as faint marks.

    Parameters
    ----------
    predictions : of one quantity, from :mod:`recount.backtest`.
    by : ``family`` (what was left out) or ``hardware``, for colour and shape.
    language : ``en`` or ``fr``.
    """
    words, unit = Words(language), predictions[0].unit
    group = lambda p: chip(p) if by == "hardware" else spelled(p.family)  # noqa: E731
    many, named = len(predictions) > _NAMED, baselines_of(predictions)
    looks = _looks(list(dict.fromkeys(map(group, predictions))))
    figure, axes = canvas(7.4 if len(looks) > 9 else 6.8)
    ends = span([x for p in predictions for x in (p.reported, p.low, p.high, *p.baselines.values())], 1.3)
    for axis in (axes.xaxis, axes.yaxis):
        number_axis(axis, words, True, ends)
    axes.fill_between(ends, [x / 2 for x in ends], [x * 2 for x in ends], color=BAND, alpha=0.6, lw=0, zorder=1)
    axes.plot(ends, ends, color=INK, lw=1, zorder=1)
    for baseline, marker in zip(named, _BASELINE_MARKERS):
        able = [p for p in predictions if baseline in p.baselines]
        axes.scatter([p.reported for p in able], [p.baselines[baseline] for p in able], s=20 if many else 28, marker=marker, color=FAINT, linewidths=0.8, alpha=0.6 if many else 1, zorder=2)
    for p in predictions:
        colour, marker = looks[group(p)]
        axes.plot([p.reported] * 2, [p.low, p.high], color=colour, lw=0.8 if many else 1.3, alpha=0.45 if many else 0.9, zorder=3)
        axes.scatter([p.reported], [p.middle], s=_area(marker, 26 if many else 46), marker=marker, facecolors=colour, edgecolors="white", linewidths=0.5, zorder=4)
    name = label(predictions[0].quantity)
    axes.set_xlabel(words.axis(words("reported {name}", name=name), unit))
    axes.set_ylabel(wrapped(words.axis(words("predicted {name}", name=name), unit), 52))
    handles = [Line2D([], [], color=c, marker=m, lw=1.2, ms=6, mec="white", label=g) for g, (c, m) in looks.items()]
    handles += [Line2D([], [], color=FAINT, marker=m, ls="", ms=6, label=words(b)) for b, m in zip(named, _BASELINE_MARKERS)]
    handles += [Line2D([], [], color=INK, lw=1, label=words("agreement")), Patch(color=BAND, alpha=0.6, label=words("within a factor of two"))]
    legend_below(figure, handles, 3)
    if not many:
        name_points(axes, [(p.reported, p.middle, case(p)) for p in predictions])
    return shown(figure, _told(predictions, name, words))


def _told(predictions: Sequence[Prediction], name: str, words: Words) -> str:
    own, unit = score(predictions), predictions[0].unit
    head = words(
        "predicted against reported {name} of {count} cases, each by a fit that has not seen its group, on logarithmic scales with 90 % intervals",
        name=name, count=own.count,
    )  # fmt: skip
    inside = words("{inside} of {count} reports lie inside", inside=sum(p.covered for p in predictions), count=own.count)
    errors = [("recount", own.error)]
    errors += [(words(b), score([p for p in predictions if b in p.baselines], b).error) for b in baselines_of(predictions)]
    factors = named_reference(words("median factor off"), words.listed(f"{method} {words.number(error)}" for method, error in errors), words)
    shown_cases = predictions if len(predictions) <= _NAMED else sorted(predictions, key=lambda p: -abs(math.log(p.middle / p.reported)))[:12]
    rows = words.listed(
        words("{case} {predicted} ({low} to {high}) against {reported}", case=case(p), predicted=words.number(p.middle), low=words.number(p.low), high=words.number(p.high), reported=words.amount(p.reported, unit))
        for p in shown_cases
    )
    rows = rows if len(shown_cases) == len(predictions) else named_reference(words("farthest off"), rows, words)
    return f"{head}. {inside}. {factors}. {rows}."


@drawn
def places_in_intervals(predictions: Sequence[Prediction], *, language: str | None = None) -> View:
    """Where each report lies in its own 90 % interval, by what was left out: calibration at a glance."""
    words = Words(language)
    groups = {name: [p for p in predictions if p.family == name] for name in dict.fromkeys(p.family for p in predictions)}
    names = sorted(groups, key=lambda name: -len(groups[name]))
    figure, axes = canvas(1.5 + 0.3 * len(names), [spelled(name) for name in names])
    looks = _looks([spelled(name) for name in groups])
    axes.axvspan(-1, 1, color=BAND, alpha=0.6, lw=0, zorder=0)
    axes.axvline(0, color=INK, lw=1, zorder=1)
    told, places = [], {name: [_place(p) for p in groups[name]] for name in names}
    for row, name in enumerate(names):
        colour, marker = looks[spelled(name)]
        spots = np.array(places[name])
        axes.scatter(spots, _stacked(spots, row), s=_area(marker, 30), marker=marker, facecolors=colour, edgecolors="white", linewidths=0.4, zorder=3)
        inside = sum(p.covered for p in groups[name])
        note = words("{inside} of {count}", inside=inside, count=len(groups[name]))
        side_note(axes, row, note)
        told.append(f"{spelled(name)} {note}")
    farthest = 0.2 + max(1.3, *(abs(x) for spots in places.values() for x in spots))
    number_axis(axes.xaxis, words, False, (-farthest, farthest))
    axes.xaxis.set_major_locator(MultipleLocator(1))
    axes.xaxis.set_major_formatter(lambda value, _: words.number(value, 6).replace("-", "−"))
    axes.set_xlabel(words.axis(words("place of the report: −1 and 1 are the ends of its interval, 0 the prediction"), "1"))
    inside = sum(p.covered for p in predictions)
    head = words("reports inside their 90 % interval, by what was left out, {inside} of {count} in all", inside=inside, count=len(predictions))
    return shown(figure, f"{named_reference(head, words.listed(told), words)}.")


def _place(p: Prediction) -> float:
    """How far a report lies towards an end of its interval, on a logarithmic scale."""
    end = p.high if p.reported > p.middle else p.low
    return math.log(p.reported / p.middle) / abs(math.log(end / p.middle))


def _stacked(spots: np.ndarray, row: int) -> np.ndarray:
    """Rows for spots: those at about the same place stand above each other."""
    heights, counts = np.zeros(len(spots)), {}
    for k, spot in enumerate(spots):
        cell = round(float(spot) / 0.09)
        number = counts[cell] = counts.get(cell, 0) + 1
        heights[k] = (number // 2) * (-0.16 if number % 2 else 0.16)
    return row + np.clip(heights, -0.4, 0.4)


@drawn
def predicted_by_batch(predictions: Sequence[Prediction], models: Sequence[str], *, language: str | None = None) -> View:
    """Energy per parameter and token against the batch: measured points, predicted line and 90 % interval.

    Parameters
    ----------
    predictions : of answers.
    models : as in the cases, model and chip, such as ``llama-3.1-70b-h100``.
    language : ``en`` or ``fr``.
    """
    words, found = Words(language), _by_batch(predictions)
    for model in models:
        if model not in found:
            raise RecountError(f"no measurement of '{model}' is predicted: {nearest(model, found)}")
    shown_cases = [p for model in models for _, p in found[model]]
    figure, axes = canvas(6.0)
    looks = _looks(models)
    number_axis(axes.xaxis, words, True, span([b for model in models for b, _ in found[model]]))
    number_axis(axes.yaxis, words, True, span([x for p in shown_cases for x in (p.reported, p.low, p.high)], 1.2))
    told, handles, unit = [], [], predictions[0].unit
    for model in models:
        (colour, marker), name = looks[model], _with_chip(model)
        batches = [b for b, _ in found[model]]
        axes.fill_between(batches, [p.low for _, p in found[model]], [p.high for _, p in found[model]], color=colour, alpha=0.13, lw=0)
        axes.plot(batches, [p.middle for _, p in found[model]], color=colour, lw=1.6)
        axes.scatter(batches, [p.reported for _, p in found[model]], s=_area(marker, 44), marker=marker, color=colour, edgecolors="white", linewidths=0.5, zorder=3)
        handles.append(Line2D([], [], color=colour, marker=marker, lw=1.6, label=name))
        rows = (words("{predicted} ({low} to {high}) against {reported} at {batch}", predicted=words.number(p.middle), low=words.number(p.low), high=words.number(p.high), reported=words.number(p.reported), batch=words.number(b, 6)) for b, p in found[model])
        told.append(named_reference(name, ", ".join(rows), words))
    axes.set_xlabel(words("batch limit (answers at a time)"))
    axes.set_ylabel(wrapped(words.axis(words("accelerator energy per parameter and token"), unit), 52))
    legend_below(figure, [*handles, Line2D([], [], color=INK, lw=1.6, label=words("predicted")), Line2D([], [], color=INK, marker="o", ls="", label=words("measured")), Patch(color=FAINT, alpha=0.3, label=words("90 % interval"))], 3)
    head = words("accelerator energy per parameter and token, predicted with 90 % interval against measured, by batch limit")
    return shown(figure, f"{head}, {pretty_unit(unit)}. {words.listed(told)}.")


def _by_batch(predictions: Sequence[Prediction]) -> dict[str, list[tuple[int, Prediction]]]:
    """Predictions by model and chip, each by rising batch limit."""
    found: dict[str, list[tuple[int, Prediction]]] = {}
    for p in predictions:
        match = re.fullmatch(r"(?:mlenergy|chung2026)-(.+-[a-z]\d+)-batch-(\d+)", p.case)
        if match:
            found.setdefault(match[1], []).append((int(match[2]), p))
    return {model: sorted(pairs, key=lambda pair: pair[0]) for model, pairs in found.items()}


def _with_chip(model: str) -> str:
    name, _, chip_name = model.rpartition("-")
    return f"{spelled(name)}, {chip_name.upper()}"

"""Back-tests as tables: predicted against reported, scores beside the baselines, published figures."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from recount.backtest import answers, published as prompts
from recount.backtest.scores import Prediction, Score, baselines_of, score
from recount.contexts import spelled
from recount.explain import Table
from recount.language import capital, of_data, say
from recount.study import View, view
from recount.units import Quantity, amount, format_number, percent, pretty_unit, read_unit, trimmed
from recount.vocabulary import quantities
from recount.wording import label, readable

Predictions = Sequence[Prediction]


def independent(predictions: Predictions) -> tuple[Prediction, ...]:
    """Predictions of what was measured, or declared from a measurement: these count."""
    return tuple(p for p in predictions if p.independent)


def circular(predictions: Predictions) -> tuple[Prediction, ...]:
    """Predictions of energies that are hours times an assumed power: shown, never counted."""
    return tuple(p for p in predictions if not p.independent)


def scores(predictions: Predictions) -> View:
    """Error, bias, coverage and width of the model and of each baseline, on the same points.

    Where a baseline cannot do a point, the model is scored once more on those it can.
    """
    rows = [_score_row(score(predictions))]
    for baseline in baselines_of(predictions):
        able = [p for p in predictions if baseline in p.baselines]
        if len(able) < len(predictions):
            rows.append(_score_row(score(able), say("recount, on the points of {baseline}", baseline=say(baseline))))
        rows.append(_score_row(score(able, baseline)))
    columns = (
        say("Method"), say("Points"), say("Left out in turn"), say("Median error"), say("of the median group"), say("Bias"),
        say("Inside 90 % interval"), say("Interval, high ÷ low"),
    )  # fmt: skip
    return view(Table(columns, tuple(rows)))


def points(predictions: Predictions) -> View:
    """Each point: reported, predicted with its 90 % interval, ratio, and the ratio of each baseline."""
    named, rows = baselines_of(predictions), []
    for p in predictions:
        reported, middle, low, high = (trimmed(value, 3) for value in (p.reported, p.middle, p.low, p.high))
        ratios = [_ratio(p.baselines[b] / p.reported) if b in p.baselines else "–" for b in named]
        rows.append((case(p), chip(p), reported, middle, say("{low} to {high}", low=low, high=high), _ratio(p.middle / p.reported), _inside(p.covered), *ratios))
    unit = f", {pretty_unit(predictions[0].unit)}"
    columns = (
        say("Case"), say("Chip"), say("Reported") + unit, say("Predicted") + unit, capital(say("90 % interval")) + unit, say("Predicted ÷ reported"), say("Inside"),
        *(say("{baseline} ÷ reported", baseline=say(b)) for b in named),
    )  # fmt: skip
    return view(Table(columns, tuple(rows)))


def by_group(predictions: Predictions) -> View:
    """The scores of each family (or maker, or chip) that was left out, worst first."""
    named, rows = baselines_of(predictions), []
    groups = {name: [p for p in predictions if p.family == name] for name in {p.family for p in predictions}}
    for name in sorted(groups, key=lambda name: (-score(groups[name]).error, name)):
        own = score(groups[name])
        others = [[p for p in groups[name] if b in p.baselines] for b in named]
        errors = [_factor(score(able, b).error) if able else "–" for b, able in zip(named, others, strict=True)]
        inside = say("{part} of {whole}", part=sum(p.covered for p in groups[name]), whole=own.count)
        rows.append((spelled(name), str(own.count), _factor(own.error), _ratio(own.bias), inside, _factor(own.width), *errors))
    columns = (
        say("Left out"), say("Points"), say("Median error"), say("Bias"), say("Inside 90 % interval"), say("Interval, high ÷ low"),
        *(say("Median error of {baseline}", baseline=say(b)) for b in named),
    )  # fmt: skip
    return view(Table(columns, tuple(rows)))


def worst(predictions: Predictions, count: int = 10) -> View:
    """The points predicted worst."""
    return points(sorted(predictions, key=lambda p: -abs(np.log(p.middle / p.reported)))[:count])


def published(*kinds: str) -> View:
    """Published figures per prompt of these kinds beside the prediction at their own boundary.

    Parameters
    ----------
    kinds : ``measured``, ``declared`` or ``modelled``; none means all.
    """
    return view(published_table([p for p in prompts.predictions() if not kinds or p.kind in kinds]))


def published_table(found: Sequence[prompts.Published]) -> Table:
    """The same of figures that were predicted before."""
    rows = []
    for p in found:
        unit = read_unit(p.unit)
        ends = [readable(Quantity(x, unit), p.quantity, 3) for x in (p.printed, p.middle, p.low, p.high)]
        inside = _inside(p.covered) + (say(", with a guess") if prompts.GUESSED in (p.size, p.length) else "")
        interval = say("{low} to {high}", low=ends[2], high=ends[3])
        rows.append((spelled(p.case), label(p.quantity), say(p.size), say(p.length), ends[0], ends[1], interval, _factor(p.high / p.low), inside))
    columns = (
        say("Published figure"), say("Boundary"), say("Size"), say("Length of the answer"), say("Published"), say("Predicted"), capital(say("90 % interval")),
        say("Interval, high ÷ low"), say("Inside"),
    )  # fmt: skip
    return Table(columns, tuple(rows))


def constants() -> View:
    """The constants of the roofline: fitted on all families, and the range over fits that left one out."""
    families = sorted({p.case.family for p in answers.points()})
    whole, others, rows = answers.constants(), [answers.constants((family,)) for family in families], []
    for name, value in whole.items():
        entry = quantities()[name]
        ends = [trimmed(pick(fit[name] for fit in others), 3) for pick in (min, max)]
        rows.append((label(name), amount(value, entry.unit, 3), say("{low} to {high}", low=ends[0], high=ends[1]), of_data(entry.definition)))
    heads = say("Constant"), say("Fitted on all"), say("When one of {count} families is left out", count=len(families)), say("What it stands for")
    return view(Table(heads, tuple(rows)))


def said_of(predictions: Predictions) -> str:
    """How far off the predictions are and how many reports lie inside, in one sentence."""
    own = score(predictions)
    return say("{count} cases, in the middle off by a factor {error}; within the interval {share}", count=own.count, error=format_number(own.error), share=percent(own.coverage))


def case(p: Prediction) -> str:
    """A case in words; of a measurement the model and its batch.

    >>> one = Prediction("chung2026-gpt-oss-20b-h100-batch-512", "f", "h100", "it_energy", "MWh", 1, 1, 1, 1, {})
    >>> case(one)
    'GPT OSS 20B, batch 512'
    """
    found = re.fullmatch(r"(?:mlenergy|chung2026)-(.+?)-[a-z]\d+-batch-(\d+)", p.case)
    return say("{model}, batch {batch}", model=spelled(found[1]), batch=trimmed(int(found[2]), 15)) if found else spelled(p.case)


def chip(p: Prediction) -> str:
    return p.hardware.upper().replace("TPU-V", "TPU v").replace("X", "x")


def _score_row(found: Score, name: str = "") -> tuple[str, ...]:
    coverage = percent(found.coverage) if found.coverage is not None else say("none given")
    width = _factor(found.width) if found.width is not None else say("none given")
    return name or say(found.method), str(found.count), str(found.families), _factor(found.error), _factor(found.family_error), _ratio(found.bias), coverage, width


def _factor(value: float) -> str:
    return f"×{format_number(value, 3)}"


def _ratio(value: float) -> str:
    return trimmed(value, 2)


def _inside(covered: bool) -> str:
    return say("yes" if covered else "no")

"""What the page of the back-tests shows: figures that were reported, predicted by fits that have not seen them.

The predictions are computed once for all languages (some ten seconds) and kept while code and data
stand. Every sentence is made from them: no figure of the page is typed.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recount.backtest.scores import Prediction, Score, baselines_of, coverage_error, score
from recount.language import in_a_row, listed, say
from recount.project import Project
from recount.units import format_number, percent, pretty_unit, trimmed

Found = dict[str, Any]
Translate = Callable[[str], str]
TRAININGS, ANSWERS, OWN = ("energy", "chip_hours", "carbon"), "answers", ("own_training", "own_decoding")
WORST = 5  # cases that are named as those farthest off
PROMISED = 0.9


@dataclasses.dataclass(frozen=True)
class Part:
    """One kind of figure with all its cases, in the language spoken; scored are those that count."""

    name: str
    title: str
    plain: str  # as a sentence names it
    about: str
    unit: str
    cases: list[Prediction]
    counted: list[Prediction]
    paragraphs: list[str]
    rows: list[Found]
    scores: list[tuple[str, ...]]


def kept(project: Project) -> Found | None:
    """The predictions, from the cache while code, packages and data stand; None where the data list no back-tests."""
    from recount.page_claims import while_it_stands

    return while_it_stands(project, "backtests", compute) if (project.data / "backtests").is_dir() else None


def compute() -> Found:
    """Every prediction with the row that holds what was reported, and the same cases with more left out."""
    from recount.backtest import answers, measured, published, training

    parts = [_part(name, training.predictions(name), "maker", training.predictions(name, "maker")) for name in TRAININGS]
    parts.append(_part(ANSWERS, answers.predictions(), "hardware", answers.predictions("hardware")))
    parts += [_part(name, found) for name, phase in zip(OWN, measured.PHASES, strict=True) if (found := measured.predictions(phase))]
    return {"parts": parts, "published": [dataclasses.asdict(one) for one in published.predictions()]}


def _part(name: str, predictions: Sequence[Prediction], left: str = "", harder: Sequence[Prediction] = ()) -> Found:
    cases = [dataclasses.asdict(p) | {"row": _row(name, p)} for p in predictions]
    return {"name": name, "cases": cases, "left": left, "harder": [dataclasses.asdict(p) for p in harder]}


def _row(name: str, prediction: Prediction) -> str:
    """The key of the row that holds what was reported; of hours that are chips times time, that of the time."""
    from recount.backtest import cases

    if name not in TRAININGS:
        return cases.known(f"measurement:{prediction.case}")[prediction.quantity].row.key
    run = next(run for run in cases.runs() if run.run == f"run:{prediction.case}")
    supplied = cases.known(run.run) if name == "chip_hours" else cases.known(run.declared)
    return supplied[prediction.quantity if prediction.quantity in supplied else "training_time"].row.key


def told(found: Found, rows: Mapping[str, Mapping[str, str]], places: Mapping[str, str], _: Translate = str) -> Found:
    """What the page says, in the language spoken.

    Parameters
    ----------
    found : as :func:`compute` gives it.
    rows : the rows of all tables by their key.
    places : where each of them stands, seen from the page.
    """
    from recount.backtest.published import GUESSED, Published
    from recount.backtest.views import published_table

    parts = [_told(part, rows, places, _) for part in found["parts"]]
    figures = [Published(**one) for one in found["published"]]
    reported = [one for one in figures if one.kind != "modelled"]
    return {
        "parts": parts,
        "headline": headline(parts, _),
        "reported": published_table(reported) if reported else None,
        "modelled": published_table(modelled) if (modelled := [one for one in figures if one.kind == "modelled"]) else None,
        "count": len(reported),
        "guessed": sum(GUESSED in (one.size, one.length) for one in reported),
    }


def headline(parts: Sequence[Part], _: Translate = str) -> str:
    """How many reports lie in their intervals, and how far off the predictions are, in two sentences."""
    parts = [part for part in parts if part.name != "carbon"]  # it follows from the energy: no case of its own
    whole = [p for part in parts for p in part.counted]
    first = _("{inside} of {count} reported figures lie within the 90 % interval of a prediction that had not seen them.").format(inside=sum(p.covered for p in whole), count=len(whole))
    errors = [_("{error} for {what}").format(error=format_number(score(part.counted).error), what=part.plain) for part in parts]
    return f"{first} {_('The median error is a factor of {errors}.').format(errors=listed(errors))}"


def _titles(_: Translate) -> dict[str, tuple[str, str, str]]:
    """What each kind of figure is called, as a heading and within a sentence, and what it is."""
    own = _("Measured by our own instrument, which no fit has seen.")
    return {
        "energy": (_("Energy of trainings"), _("the energy of a training"), _("Electricity at the meter. Counted are the runs whose energy was measured, or declared from a measurement. Where a maker multiplies hours by a rated power, the energy says nothing about power: such cases are shown, not counted.")),
        "chip_hours": (_("Chip-hours of trainings"), _("its chip-hours"), _("Many more makers print hours than energy. Here the share of their peak rate that chips reach is on trial, not the power they draw.")),
        "carbon": (_("Carbon of trainings"), _("its carbon"), _("The same predictions of energy, times the grid intensity that each maker declares.")),
        "answers": (_("Energy of answers"), _("the energy of an answer"), _("Energy of the accelerators per active parameter and token written, as a benchmark measured it with more and more answers at a time. The host and the building are not in it.")),
        "own_training": (_("Our own measurements: training"), _("our own trainings"), own),
        "own_decoding": (_("Our own measurements: answers"), _("our own answers"), own),
    }  # fmt: skip


def _told(part: Found, rows: Mapping[str, Mapping[str, str]], places: Mapping[str, str], _: Translate) -> Part:
    cases = [Prediction(**{name: value for name, value in one.items() if name != "row"}) for one in part["cases"]]
    counted, harder = ([p for p in some if p.independent] for some in (cases, [Prediction(**one) for one in part["harder"]]))
    title, plain, about = _titles(_)[part["name"]]
    shown = [_case(p, one["row"], rows, places) for p, one in zip(cases, part["cases"], strict=True)]
    left = {"maker": _("everything of a maker"), "hardware": _("everything on a chip"), "": ""}[part["left"]]
    paragraphs = [[*_accuracy(counted, _), _coverage(counted, _)], [*_others(counted, _), *_harder(harder, left, _)], [_worst(counted, _)]]
    scores = [(title, *line) for line in _scores(counted, harder, left, _)]
    return Part(part["name"], title, plain, about, pretty_unit(cases[0].unit), cases, counted, [" ".join(one) for one in paragraphs if one], shown, scores)


def _case(p: Prediction, key: str, rows: Mapping[str, Mapping[str, str]], places: Mapping[str, str]) -> Found:
    """One line of the table: what was reported, what was predicted, and where the report stands."""
    from recount.backtest.views import case, chip
    from recount.contexts import spelled

    low, high = (trimmed(end, 3) for end in (p.low, p.high))
    return {
        "id": p.case, "case": case(p), "family": spelled(p.family), "chip": chip(p), "covered": p.covered, "independent": p.independent, "row": rows.get(key, {}), "place": places.get(key, ""),
        "reported": trimmed(p.reported, 4), "predicted": trimmed(p.middle, 3), "interval": say("{low} to {high}", low=low, high=high), "ratio": p.middle / p.reported, "of": p,
    }  # fmt: skip


def _accuracy(counted: Sequence[Prediction], _: Translate) -> list[str]:
    own = score(counted)
    first = _("{count} cases of {families} families, each predicted by a fit from which its whole family was left out.").format(count=own.count, families=own.families)
    second = _("Half of the predictions are within a factor of {error} of the report, and half of the families within {family}.").format(error=format_number(own.error), family=format_number(own.family_error))
    return [first, f"{second} {bias(own.bias, _)}"]


def bias(found: float, _: Translate = str) -> str:
    """Whether the predictions are too high or too low in the middle.

    >>> bias(1.03), bias(0.76), bias(0.998)
    ('In the middle they are 3 % too high.', 'In the middle they are 24 % too low.', 'In the middle they are neither too high nor too low.')
    """
    if round(abs(found - 1), 2) == 0:
        return _("In the middle they are neither too high nor too low.")
    return (_("In the middle they are {share} too high.") if found > 1 else _("In the middle they are {share} too low.")).format(share=percent(abs(found - 1)))


def _coverage(counted: Sequence[Prediction], _: Translate) -> str:
    inside, error = sum(p.covered for p in counted), coverage_error(counted)
    share = inside / len(counted)
    first = _("{inside} of {count} reports lie within the 90 % interval: {share}, with a standard error of {error} points, since cases of a family fail together.").format(
        inside=inside, count=len(counted), share=percent(share), error=trimmed(100 * error, 2)
    )
    if abs(share - PROMISED) <= 2 * error:
        return f"{first} {_('That is no proof that the intervals are right, but nothing in it speaks against them.')}"
    return f"{first} {_('That is more than promised: the intervals are wider than they need to be.') if share > PROMISED else _('That is less than promised: the intervals are too narrow.')}"


def _others(counted: Sequence[Prediction], _: Translate) -> list[str]:
    """Each method that the model is compared with, on the cases that it can do."""
    sentences = []
    for name in baselines_of(counted):
        able = [p for p in counted if name in p.baselines]
        other = score(able, name)
        sentences.append(_("On the {count} cases that it can do, “{method}” is off by a factor of {error} in the middle, and our model by {own}.").format(
            method=say(name), error=format_number(other.error), count=other.count, own=format_number(score(able).error)
        ))  # fmt: skip
    return sentences


def _harder(harder: Sequence[Prediction], left: str, _: Translate) -> list[str]:
    if not harder:
        return []
    found = score(harder)
    return [_("A harder test leaves out {left}: there the median error is a factor of {error}, and {inside} of {count} reports lie within the interval.").format(
        left=left, error=format_number(found.error), inside=sum(p.covered for p in harder), count=found.count
    )]  # fmt: skip


def _worst(counted: Sequence[Prediction], _: Translate) -> str:
    from recount.backtest.views import case

    farthest = sorted(counted, key=lambda p: -abs(math.log(p.middle / p.reported)))[:WORST]
    return _("Farthest off, predicted ÷ reported: {cases}.").format(cases=in_a_row([f"{case(p)} {trimmed(p.middle / p.reported, 2)}" for p in farthest]))


def _scores(counted: Sequence[Prediction], harder: Sequence[Prediction], left: str, _: Translate) -> list[tuple[str, ...]]:
    """The lines of the table of scores: ours, ours with more left out, and each other method's."""
    lines = [_line(score(counted), "recount", _("a family"), coverage_error(counted), _)]
    lines += [_line(score(harder), "recount", left, coverage_error(harder), _)] if harder else []
    return lines + [_line(score([p for p in counted if name in p.baselines], name), say(name), "–", None, _) for name in baselines_of(counted)]


def _line(found: Score, method: str, left: str, error: float | None, _: Translate) -> tuple[str, ...]:
    share = _("{share} ± {error}").format(share=percent(found.coverage), error=trimmed(100 * error, 2)) if error is not None else _("none given")
    width = f"×{format_number(found.width)}" if found.width is not None else _("none given")
    return method, left, str(found.count), f"×{format_number(found.error)}", format_number(found.bias, 3), share, width

"""The page of the back-tests: every sentence, score and mark comes from the predictions, and every case leads to its source."""

from __future__ import annotations

import dataclasses
import html
import re

import pytest

from recount import language, page_backtest_chart, page_backtests, page_sources, page_text, pages
from recount.backtest import answers, measured, published, training, views
from recount.backtest.scores import Prediction, score
from recount.project import Project
from small_site import Page, broken
from test_site_french import TELLTALES, _french as in_french

SHARP, LOOSE = "sharp method", "loose method"
ROWS = {"run:a|facility_energy|": {"context": "run:a", "source": "patterson2021", "locator": "Table 4"}}
PLACES = {"run:a|facility_energy|": "data/training_runs.html#row-run-a-facility_energy"}


def prediction(case: str, family: str, reported: float, middle: float, *, independent: bool = True, baselines: dict[str, float] | None = None) -> Prediction:
    """One whose interval goes from half to twice its middle."""
    return Prediction(case, family, "h100", "facility_energy", "MWh", reported, middle / 2, middle, middle * 2, baselines or {}, independent)


CASES = [
    prediction("a", "one", 100, 110, baselines={SHARP: 105, LOOSE: 400}),
    prediction("b", "one", 100, 120, baselines={LOOSE: 50}),
    prediction("c", "two", 1000, 300, baselines={LOOSE: 2000}),
    prediction("d", "three", 10, 90, independent=False),
]
HARDER = [dataclasses.replace(one, middle=one.middle * 3) for one in CASES[:3]]


def found(*parts: tuple[str, list[Prediction]], harder: list[Prediction] = HARDER) -> dict:
    told = [{"name": name, "cases": [dataclasses.asdict(p) | {"row": f"run:{p.case}|facility_energy|"} for p in cases], "left": "maker", "harder": [dataclasses.asdict(p) for p in harder]} for name, cases in parts]
    return {"parts": told, "published": []}


@pytest.fixture
def told():
    return page_backtests.told(found(("energy", CASES), ("chip_hours", CASES[:2])), ROWS, PLACES)


def test_the_sentences_say_what_the_predictions_give(told):
    accuracy, others, worst = told["parts"][0].paragraphs
    assert accuracy.startswith("3 cases of 2 families, each predicted by a fit from which its whole family was left out. ")
    assert "within a factor of 1.20 of the report" in accuracy and "In the middle they are 10 % too high." in accuracy
    assert "2 of 3 reports lie within the 90 % interval: 67 %, with a standard error of " in accuracy
    assert "On the 1 cases that it can do, “sharp method” is off by a factor of 1.05 in the middle, and our model by 1.10." in others
    assert "On the 3 cases that it can do, “loose method” is off by a factor of 2.00 in the middle, and our model by 1.20." in others
    assert "leaves out everything of a maker: there the median error is a factor of 3.30, and 2 of 3 reports lie within" in others
    assert worst == "Farthest off, predicted ÷ reported: C 0.3; B 1.2; A 1.1."
    assert told["headline"] == "4 of 5 reported figures lie within the 90 % interval of a prediction that had not seen them. The median error is a factor of 1.20 for the energy of a training and 1.15 for its chip-hours."


def test_carbon_is_no_case_of_its_own_in_the_headline():
    assert page_backtests.told(found(("energy", CASES), ("carbon", CASES)), {}, {})["headline"].startswith("2 of 3 reported figures")


@pytest.mark.parametrize(
    ("inside", "judged"),
    [(40, "wider than they need to be"), (36, "nothing in it speaks against them"), (20, "the intervals are too narrow")],
)
def test_a_coverage_is_judged_by_its_sampling_error(inside, judged):
    cases = [prediction(str(k), str(k), 1, 1 if k < inside else 10) for k in range(40)]
    assert judged in page_backtests.told(found(("energy", cases)), {}, {})["parts"][0].paragraphs[0]


def test_the_table_of_scores_has_ours_the_harder_test_and_each_other_method(told):
    scores = told["parts"][0].scores
    assert [(line[1], line[2], line[3]) for line in scores] == [("recount", "a family", "3"), ("recount", "everything of a maker", "3"), (SHARP, "–", "1"), (LOOSE, "–", "3")]
    assert scores[0][4:6] == ("×1.20", "1.10") and scores[0][6].startswith("67 % ± ") and scores[0][7] == "×4.00"
    assert scores[3][4:] == ("×2.00", "2.00", "none given", "none given")


def test_each_case_leads_to_its_row(told):
    first, *others = told["parts"][0].rows
    assert (first["row"], first["place"], first["covered"]) == (ROWS["run:a|facility_energy|"], PLACES["run:a|facility_energy|"], True)
    assert (first["reported"], first["predicted"], first["interval"]) == ("100", "110", "55 to 220")
    assert [(one["covered"], one["independent"]) for one in others] == [(True, True), (False, True), (False, False)]


def test_the_figure_marks_what_lies_inside_and_outside_and_says_so(told):
    drawn = str(page_backtest_chart.panels(told["parts"]))
    wide, narrow = drawn.split("<svg ")[1:]
    for one in (wide, narrow):
        assert [one.count(f'class="case {look}"') for look in ("inside", "outside", "uncounted")] == [4, 1, 1]
    alternative = html.unescape(re.search(r'aria-label="([^"]*)"', wide)[1])
    assert "Energy of trainings: 2 of 3 reports within the interval, predictions from 0.3 to 1.2 times the report. Outside: C." in alternative
    assert "Chip-hours of trainings: 2 of 2 reports within the interval" in alternative
    shapes = {name: page_backtest_chart.SHAPES[name] for name in ("energy", "chip_hours")}
    assert len(set(page_backtest_chart.SHAPES.values())) == len(page_backtest_chart.SHAPES) and all(shape in wide for shape in shapes.values())


def test_it_is_told_in_french():
    _ = page_text.translate("fr")
    with language.speaking("fr"):
        told = page_backtests.told(found(("energy", CASES)), {}, {}, _)
        words = " ".join([told["headline"], *told["parts"][0].paragraphs, *(cell for line in told["parts"][0].scores for cell in line), page_backtest_chart.alternative(told["parts"], _)])
    assert "2 chiffres déclarés sur 3 tombent dans l’intervalle" in words and "à moins d’un facteur 1,20 du chiffre déclaré" in words
    assert not re.search(r"\b(the|of|reports?|factor|cases|within|none)\b", words.replace("recount", ""))


def test_what_is_computed_has_every_case_with_the_row_that_holds_the_report(monkeypatch):
    few = lambda whole: lambda *given: whole(given[0] if given else "family")[:3]  # noqa: E731
    monkeypatch.setattr(answers, "predictions", few(lambda _: _SOME_ANSWERS))
    computed = page_backtests.compute()
    by_name = {part["name"]: part for part in computed["parts"]}
    assert [p["case"] for p in by_name["energy"]["cases"]] == [p.case for p in training.predictions("energy")]
    assert [p["case"] for p in by_name["chip_hours"]["harder"]] == [p.case for p in training.predictions("chip_hours", "maker")]
    assert by_name["energy"]["cases"][0]["row"] == "declared:t5-11b|facility_energy|"
    assert by_name["answers"]["cases"][0]["row"] == "measurement:mlenergy-llama-3.1-8b-h100-batch-8|accelerator_energy_per_parameter_token|"
    assert len(computed["published"]) == len(published.predictions()) and (set(page_backtests.OWN) & set(by_name) == set()) == (not measured.predictions("training") and not measured.predictions("decoding"))
    rows, places = _known()
    missing = [(part["name"], case["case"]) for part in computed["parts"] for case in part["cases"] if case["row"] not in rows or case["row"] not in places]
    assert missing == []


_SOME_ANSWERS = [
    Prediction(f"mlenergy-llama-3.1-8b-h100-batch-{batch}", "llama-3.1", "h100", "accelerator_energy_per_parameter_token", "pJ/parameter/token", 50.0, 30.0, 45.0, 70.0, {})
    for batch in (8, 32, 128)
]  # fmt: skip


def _known() -> tuple[dict, dict]:
    from recount import page_assumptions, page_data

    themes = page_data.themes(Project.here().data)
    return {page_assumptions.key(row): row for theme in themes for row in theme["rows"]}, page_assumptions.places(themes)


def test_without_back_tests_there_is_no_such_page_and_no_link_to_it():
    made = page_sources.sources([], [], {})
    assert "backtests.md" not in made.pages and b"backtests" not in made.pages["how-to-read.md"].replace(b"backtest_", b"")
    assert "\nbacktests\n" not in made.pages["index.md"].decode()


def test_a_lists_folder_that_is_missing_gives_none(tmp_path):
    (tmp_path / "data").mkdir()
    assert page_backtests.kept(Project(tmp_path)) is None


def test_our_own_page_has_every_case_with_its_source_and_todays_scores(own):
    page = Page(own.out / "en" / "backtests.html")
    text = re.sub(r"\s+", " ", page.text)
    for name in ("energy", "chip_hours"):
        predictions = training.predictions(name)
        for p in predictions:
            row = page.source.partition(f'id="{name}-{p.case}"')[2].partition("</tr>")[0]
            assert 'href="bibliography.html#source-' in row and 'href="data/training_runs.html#row-' in row, p.case
            assert ("shown, not counted" in row) == (not p.independent) and (">yes<" in row) == p.covered
        counted = views.independent(predictions)
        assert f"{sum(p.covered for p in counted)} of {len(counted)} reports lie within" in text and f"within a factor of {score(counted).error:.2f} of the report" in text
    assert page.source.count('<tr id="answers-') == len(answers.points())
    assert {"notebooks/10_backtest_training.html", "notebooks/11_backtest_answers.html", "notebooks/13_measured.html"} <= set(page.links)
    for other in ("index", "how-to-read"):
        assert "backtests.html" in Page(own.out / "en" / f"{other}.html").links
    assert broken(own.out / "en") == [] and page.source.count('data-sort="number"') >= 4 * 3


def test_no_english_is_left_on_the_french_page(own):
    with language.speaking("fr"):
        text = page_sources.sources([], [], {}, "fr", backtests=own.backtests).pages["backtests.md"].decode()
    shown = in_french(text)
    assert not TELLTALES.search(shown), shown[max(TELLTALES.search(shown).start() - 100, 0) : TELLTALES.search(shown).end() + 100]
    assert 'lang="en"' not in text and "× 1,21" in shown and not re.search(r"[×±] ?\d+\.\d|\d\.\d+ à|\d,\d{3},\d", shown)


def test_a_change_of_a_prediction_changes_the_page(own):
    changed = own.backtests | {"parts": [{**part, "cases": [case | {"middle": case["middle"] * 10} for case in part["cases"]]} for part in own.backtests["parts"]]}
    before, after = (page_sources.sources([], [], {}, backtests=found).pages["backtests.md"] for found in (own.backtests, changed))
    assert before != after
    assert pages._digest({"backtests.md": before}) != pages._digest({"backtests.md": after})

"""A sample class hands in right, half-right, wrong and broken answers, and gets the marks it should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from course_answers import filled, right

from recount import execution
from recount.course import grading, lessons, marks
from recount.errors import RecountError

GRADED = "03_grids_and_water"

HALF = ("grids-answer", "implied-answer", "country-answer")
# The slip that each check knows, or that a hidden check sees.
WRONG = {
    "grids-answer": 'in_france = in_poland = (printed_energy * study.row("default", "grid_intensity")).to("tCO2e")',
    "implied-answer": "implied, times_french = 128, 2.3",
    "country-answer": 'country = "FRA"',
    "scenario-answer": 'would_be = Study("polish-grid").result("mistral-7b-carbon").verdict',
    "sites-answer": 'arizona = sites["arizona"]["on_site_water_intensity"] + sites["arizona"]["off_site_water_intensity"]\nwashington, thirstier = arizona, "arizona"',
    "gemini-answer": 'on_site, everything, share = Quantity(707850, "L"), Quantity(5439, "m^3"), 0.13',
}
SAYS = {
    "two-grids": "France: this is our stand-in for a site whose country is unknown",
    "implied": "it needs a unit",
    "country": "not defined",
    "scenario": "'.here' is the one under the scenario",
    "sites": "Arizona: the power plants' water is per kWh at the meter",
    "gemini": "everything: your answer is in m",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("course")
    grading.release(folder, GRADED)
    yield folder


def hand_in(course: Path, student: str, notebook) -> None:
    execution.write(course / "submitted" / student / GRADED / f"{GRADED}.ipynb", notebook)


def released(course: Path):
    return execution.read_executed(course / "release" / GRADED / f"{GRADED}.ipynb")


def test_the_release_is_what_students_get_without_nbgrader_too(course):
    ours = lessons.student(lessons.source(GRADED))
    assert [cell.source for cell in released(course).cells] == [cell.source for cell in ours.cells]


# What the French hints of the same wrong answers say.
SAYS_FR = {
    "two-grids": "France\u202f: c’est notre valeur par défaut, pour un site dont on ignore le pays",
    "implied": "est un nombre sans unité\u202f: il en faut une",
    "scenario": "'.here' est celui que donne le scénario",
    "sites": "Arizona\u202f: l’eau des centrales est donnée par kWh au compteur",
    "gemini": "en tout (everything)\u202f: votre réponse est en m",
}


def test_a_french_class_is_graded_as_an_english_one(tmp_path):
    given = grading.release(tmp_path, GRADED, "fr")
    ours = lessons.student(lessons.source(GRADED, "fr"))
    assert [cell.source for cell in execution.read_executed(given).cells] == [cell.source for cell in ours.cells]
    told = (tmp_path / "nbgrader_config.py").read_text(encoding="utf-8")
    assert "VOTRE CODE ICI" in told and "VOTRE RÉPONSE ICI" in told
    hand_in(tmp_path, "juste", filled(released(tmp_path), right(GRADED, "fr")))
    hand_in(tmp_path, "faux", filled(released(tmp_path), WRONG))
    assert grading.grade(tmp_path, GRADED, "juste") == {**lessons.points(ours), "two-sentences": None}
    assert set(grading.grade(tmp_path, GRADED, "faux").values()) == {0}
    graded = marks.from_outputs(execution.read_executed(tmp_path / "autograded" / "faux" / GRADED / f"{GRADED}.ipynb"))
    hints = {mark.name: mark.told for mark in graded}
    assert "un autre pays est plus proche de 128" in hints.pop("country"), "only the teacher's copy sees it"
    assert [name for name, hint in hints.items() if SAYS_FR[name] not in hint] == []


def test_right_answers_get_every_point(course):
    hand_in(course, "right", filled(released(course), right(GRADED)))
    found = grading.grade(course, GRADED, "right")
    assert found == {**lessons.points(lessons.source(GRADED)), "two-sentences": None}, "what is read by hand waits for the teacher"


def test_half_the_answers_get_their_points(course):
    hand_in(course, "half", filled(released(course), {task: right(GRADED)[task] for task in HALF}))
    found = grading.grade(course, GRADED, "half")
    assert {name: one for name, one in found.items() if one} == {"two-grids": 3, "implied": 3, "country": 2}


def test_wrong_answers_get_none_though_they_look_like_answers(course):
    hand_in(course, "wrong", filled(released(course), WRONG))
    assert set(grading.grade(course, GRADED, "wrong").values()) == {0}, "a place left empty needs no reader"


def test_what_does_not_run_costs_its_own_points_alone_and_a_changed_check_is_put_back(course):
    broken = filled(released(course), right(GRADED) | {"implied-answer": "implied = (printed_carbon /", "country-answer": "raise SystemExit"} | {"gemini-answer": WRONG["gemini-answer"]})
    for cell in broken.cells:
        if lessons.is_check(cell) and lessons.about(cell)["grade_id"] == "gemini":
            cell.source = "assert True"
    hand_in(course, "broken", broken)
    found = grading.grade(course, GRADED, "broken")
    assert {name for name, one in found.items() if one == 0} == {"implied", "country", "gemini"}
    assert (found["two-grids"], found["scenario"], found["sites"]) == (3, 2, 3)


def test_what_is_no_notebook_is_refused_in_one_sentence(course):
    path = course / "submitted" / "none" / GRADED / f"{GRADED}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text("my answers are 28 t and 330 t")
    with pytest.raises(RecountError, match=f"^lesson '{GRADED}' of none cannot be graded: .*(JSON|valid notebook)"):
        grading.grade(course, GRADED, "none")


def test_nothing_handed_in_is_said(course):
    with pytest.raises(RecountError, match=f"^lesson '{GRADED}' of nobody cannot be graded: "):
        grading.grade(course, GRADED, "nobody")


def test_without_nbgrader_a_slip_is_told_as_what_it_is(tmp_path):
    source = lessons.student(lessons.source(GRADED))
    told = {mark.name: mark for mark in marks.of(filled(source, WRONG), tmp_path)}
    for name, words in SAYS.items():
        if name == "country":  # only the teacher's copy can see that another country lies nearer
            continue
        assert words in told[name].told and told[name].earned == 0


@pytest.mark.parametrize("name", ["02_reading_a_press_claim", "05_uncertainty_and_sensitivity"])
def test_half_a_lesson_gets_the_points_of_its_half(name, tmp_path):
    source = lessons.source(name)
    answers = {task: text for task, text in right(name).items() if task != "two-sentences"}
    first = dict(list(answers.items())[: len(answers) // 2])
    found = marks.of(filled(lessons.student(source), first), tmp_path)
    assert [bool(mark.earned) for mark in found] == [True] * len(first) + [False] * (len(found) - len(first))



FIRST = {
    "operations-answer": "operations = 2 * Quantity(1, 'FLOP/parameter/token') * size * tokens",
    "epsilon-answer": 'epsilon = (per_parameter_token * chip["thermal_design_power"] * shares["power_fraction"] / chip["peak_throughput"] / shares["utilisation"]).to("pJ/parameter/token")',
    "energy-answer": 'it_energy = (Quantity(57.92, "pJ/parameter/token") * size * tokens).to("kWh")\nfacility_energy = it_energy.to("MWh")',
    "inside-answer": "ratio, inside = estimated.value / 1287, True",
}
FIRST_SAYS = {
    "operations": "2 operations are those of the way forward alone",
    "epsilon": "the server around it (IT overhead) is missing",
    "it-energy": "your answer is in kWh: convert it with .to('MWh').",
    "facility-energy": "this is the servers' energy: the building takes PUE times as much.",
    "inside": "this is yours divided by the printed figure: turn it round.",
}


def test_the_slips_of_the_first_lesson_are_told_too(tmp_path):
    source = lessons.student(lessons.source("01_estimating_a_training"))
    told = {mark.name: mark.told for mark in marks.of(filled(source, FIRST), tmp_path, training_time="1 s")}
    assert [name for name, words in FIRST_SAYS.items() if words not in told[name]] == []

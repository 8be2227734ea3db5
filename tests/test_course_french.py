"""The course in French: whole, the same program, no English left, and a French class is marked as an English one is."""

from __future__ import annotations

import re

import pytest
from course_answers import filled, right
from test_language import TELLTALES

from recount import catalogue_course, catalogues, execution
from recount.course import answers, lessons, marks, papers, slides, solutions, terminal, translation
from recount.course.__main__ import main
from recount.language import say, speaking
from recount.units import Quantity

PATH = translation.catalogue("fr")
THIN = "\u202f"
READING, GRIDS = "02_reading_a_press_claim", "03_grids_and_water"
COURSE_PAPERS = [(kind, name) for kind in papers.KINDS for name in papers.names(kind)]

each = pytest.mark.parametrize("name", lessons.names())


@pytest.fixture(scope="module")
def wanted():
    return catalogue_course.of_course()


# --- the catalogue -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('msgid "# Answers: what does one answer take?"', 'msgid "# Answers: what did one answer take?"', "nobody says this any more: '# Answers: what did"),
        ('msgstr "non dit"', 'msgstr ""', "not translated: 'not said'"),
        ('msgid "not said"', '#, fuzzy\nmsgid "not said"', "to be looked at again (fuzzy): 'not said'"),
        ("{', '.join(missing)}", "{missing}", "other fields than in English: \"not answered yet"),
        ("| 10 | Combien\u202f?", "10 | Combien\u202f?", "other fields than in English: '| Minutes | What | How |"),
        ("| Dé | Rouge", "| Dé, rouge", "other fields than in English: '| Die | Red"),
        ("**28\u202ft**", "28\u202ft", "other fields than in English: '1. France **28 t**"),
        ("--printed \\\"519 mL\\\" --relation about\\n\"\n\"  --quantity answer.usage_water --via per_answer --given CONTEXTE", "--given CONTEXTE", "other fields than in English: '```"),
        ('écrivez `\\"non dit\\"`', 'écrivez `\\"tu\\"`', "other fields than in English: '*Who* prints it"),
        ('msgstr "# Leçon 3', 'msgstr "## Leçon 3', "other fields than in English: '# Lesson 3"),
        (r"\text{débit de crête} \\times", r"\text{débit de crête}", "other fields than in English: '$$R"),
    ],
)  # fmt: skip
def test_a_faulty_catalogue_of_the_course_is_told(wanted, tmp_path, before, after, told):
    text = PATH.read_text(encoding="utf-8")
    head, found, tail = text.rpartition(before) if "{" in before else text.partition(before)
    assert found
    (tmp_path / PATH.name).write_text(head + after + tail, encoding="utf-8")
    problems = catalogues.problems(tmp_path / PATH.name, wanted)
    assert any(told in problem for problem in problems), problems


def _words(text: str) -> str:
    """What of a French text is words: no code, no formulas, no options, no commands."""
    return re.sub(r"^```.*?^```$|`[^`]*`|\$[^$]+\$|'[^']*'|\"[^\"]*\"|\{[^{}]*\}|\b\w+\.\w+\b|\([a-z_]+\)", "", text, flags=re.M | re.S)


def test_the_course_is_set_as_french_is(wanted):
    for entry in catalogues.open_po(PATH):
        text = _words(entry.string or "") if entry.id and not entry.string.startswith(("claim new", "```")) else ""
        assert not re.search(r"[^\u202f\s|][;!?»](?!\w)| [;:!?»%]|« |\d \d{3}\b|\w\.\.\.|\d\.\d|[a-zé]'[a-zé]", text), text


# --- the lessons -------------------------------------------------------------------------------


@each
def test_a_french_lesson_is_the_english_one_but_for_its_prose(name):
    source, french = lessons.source(name), lessons.source(name, "fr")
    assert (translation.language_of(source), translation.language_of(french)) == ("en", "fr")
    assert [(cell.id, cell.cell_type, lessons.about(cell)) for cell in french.cells] == [(cell.id, cell.cell_type, lessons.about(cell)) for cell in source.cells]
    for one, other in zip(source.cells, french.cells, strict=True):
        if one.cell_type == "code":
            assert translation.same_program(one.source, other.source.replace('Study(language="fr"', 'Study(language="en"'), translation.words(one)), other.source
        else:
            assert re.findall(r"^### .*", one.source, re.M) == re.findall(r"^### .*", other.source, re.M)


@each
def test_a_lesson_says_its_language_once_before_anything_is_shown(name):
    named = [cell.id for cell in lessons.source(name).cells if 'language="en"' in cell.source]
    shown = [cell.id for cell in lessons.source(name).cells if cell.cell_type == "code" and re.search(r"\bstudy\b|set_aside\(", re.sub(r"^(from|import) .*", "", cell.source, flags=re.M))]
    assert named == shown[:1]


@each
def test_no_english_is_left_in_a_french_lesson(name):
    for cell in lessons.source(name, "fr").cells:
        said = [cell.source] if cell.cell_type == "markdown" else [piece.message for piece in translation.pieces(cell.source, translation.words(cell))]
        for text in said if name[:2] != "06" else [text for text in said if "--" not in text]:
            assert not TELLTALES.search(found := _words(text).replace("Write here", "").replace(f"«{THIN}trillion{THIN}»", "")), (cell.id, TELLTALES.search(found)[0], found)


@pytest.mark.parametrize(("kind", "name"), COURSE_PAPERS)
def test_no_english_is_left_on_a_french_paper(kind, name):
    found = _words(papers.text(kind, name, "fr"))
    assert not TELLTALES.search(found), (TELLTALES.search(found)[0], found)


@pytest.mark.parametrize("name", papers.names("plans"))
def test_a_french_plan_has_the_minutes_and_marks_of_the_english_one(name):
    told = [(re.findall(r"^\| (\d+) \|", text := papers.text("plans", name, language), re.M), re.findall(r"\d+", text.split("## ")[-1])) for language in ("en", "fr")]
    assert told[0] == told[1] and len(told[0][0]) >= 5


@each
def test_a_french_students_copy_keeps_no_answer(name):
    source = lessons.source(name, "fr")
    given = "\n".join(cell.source for cell in lessons.student(source).cells)
    assert not re.search(r"### (BEGIN|END)|YOUR", given)
    assert "# VOTRE CODE ICI\nraise NotImplementedError()" in given and "VOTRE RÉPONSE ICI" in given
    hidden = [part for cell in source.cells for part in re.findall(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", cell.source, re.S)]
    lines = [line.strip() for part in hidden for line in part.splitlines() if len(line.strip()) > 20 and not line.startswith("recount('")]
    assert len(lines) > 7 and [line for line in lines if line in given] == []


# --- solved and marked -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def solved(warm_kernels):
    return solutions.executed(READING, "fr")


def test_a_french_solution_earns_every_point_and_shows_french(solved):
    found = marks.from_outputs(solved)
    assert sum(mark.earned for mark in found) == 16 == sum(mark.points for mark in found)
    shown = "\n".join(str(output.get("data", {}).get("text/plain", output.get("text", ""))) for cell in solved.cells for output in cell.get("outputs", []))
    assert f"Intervalle à 90{THIN}%" in shown and "indécidé" in shown and not re.search(r"\b(Printed|Recomputed|undecided|interval of)\b", shown)


def test_french_slides_say_so_and_load_no_more_than_english_ones(solved, tmp_path):
    page = slides.write(solved, READING, tmp_path).read_text(encoding="utf-8")
    assert '<html lang="fr">' in page and f"<title>Leçon 2{THIN}: peut-on croire" in page
    assert set(re.findall(r'(?:src|href)="((?!data:|#)[^"]+)"', page)) == {"reveal/reveal.js", "reveal/reveal.css"}
    assert not re.search(r"\$[^$<\n]*\\\w+[^$<\n]*\$", page)


def test_all_points_in_french_by_the_command_line_which_speaks_the_lessons_language(tmp_path, capsys):
    path = tmp_path / "le_mien.ipynb"
    execution.write(path, filled(lessons.student(lessons.source(GRIDS, "fr")), right(GRIDS, "fr")))
    assert main(["marks", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "17 sur 17  en tout, sans ce que l’enseignant lit lui-même"
    execution.write(path, filled(lessons.student(lessons.source(GRIDS, "fr")), {"scenario-answer": 'would_be = "non reprodui"'}))
    assert main(["marks", str(path)]) == 1
    assert f"0 sur 2  scenario{THIN}: AssertionError: «{THIN}non reprodui{THIN}» n’est pas l’un des mots demandés{THIN}: vouliez-vous dire «{THIN}non reproduit{THIN}»{THIN}?" in capsys.readouterr().out
    assert main(["marks", str(path), "--language", "en"]) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith("in all, without what is read by hand")
    assert say("undecided") == "undecided", "what a lesson speaks ends with it"


@pytest.mark.parametrize(("typed", "earned"), [('"indécidé"', 3), ('"undecided"', 3), ('"plausible"', 0), ('"indecide"', 0), ("7", 0)])
def test_a_verdict_is_taken_in_french_and_as_the_data_write_it(tmp_path, typed, earned):
    source = lessons.source(READING, "fr")
    known = right(READING, "fr") | {"verdict-answer": f"verdict = {typed}"}
    found = {mark.name: mark for mark in marks.of(filled(source, known), tmp_path)}
    assert found["verdict"].earned == earned and not re.search(r"\byour\b|did you", found["verdict"].told)


def test_hints_are_french():
    meter = Quantity(1287, "MWh")
    with speaking("fr"):
        assert answers.problem(Quantity(1287, "GWh").to("MWh"), meter, "MWh") == f"votre réponse est 1{THIN}000 fois trop grande{THIN}: regardez les unités de départ."
        assert answers.problem(1287, meter, "MWh").startswith(f"votre réponse, 1{THIN}290, est un nombre sans unité")
        assert answers.word("FRB", ["FRA", "POL"]) == f"«{THIN}FRB{THIN}» n’est pas l’un des mots demandés{THIN}: vouliez-vous dire «{THIN}FRA{THIN}»{THIN}?"
    assert answers.word("FRB", ["FRA", "POL"]) == "'FRB' is none of the words asked for: did you mean 'FRA'?"


def test_a_command_within_a_french_lesson_speaks_french(capsys):
    with speaking("fr"):
        terminal.recount("claim gpt-3-energy")
    assert "Chiffre imprimé" in capsys.readouterr().out
    terminal.recount("claim gpt-3-energy")
    assert "Figure as printed" in capsys.readouterr().out


def test_the_students_notebooks_in_french(tmp_path, capsys):
    assert main(["student", GRIDS, "--language", "fr", "--to", str(tmp_path)]) == 0
    assert execution.read_executed(tmp_path / f"{GRIDS}.ipynb").cells[0].source.startswith(f"# Leçon 3{THIN}: la même énergie, ailleurs")
    assert main(["student", GRIDS, "--language", "de", "--to", str(tmp_path)]) == 2
    assert "language 'de' is not known" in capsys.readouterr().err


def test_papers_are_written_in_a_language(tmp_path):
    written = papers.write(tmp_path, "fr")
    assert len(written) == 18 and {path.parent.name for path in written} == set(papers.KINDS)
    assert "Nom\u202f: ____" in (tmp_path / "handouts" / f"{GRIDS}.html").read_text(encoding="utf-8")

"""The course: every source follows the rules, every solution has full marks, and a sample class gets the marks it should."""

from __future__ import annotations

import ast
import builtins
import functools
import re
import tomllib
from html.parser import HTMLParser

import pytest
from course_answers import filled, right

from recount import execution
from recount.course import lessons, marks, slides, solutions
from recount.course.__main__ import main
from recount.errors import RecountError

NAMES = lessons.names()
GRADED = "03_grids_and_water"
SHORT = {"training_time": "1 s"}
FORM = "recount('"  # lesson 6 gives the form of its commands; what stands in them is the answer

each = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def _warm(warm_kernels: str) -> None:
    """Solutions are executed by kernels that have imported everything."""


@functools.cache
def executed(name: str):
    return solutions.executed(name)


def prose(name: str) -> str:
    return "\n\n".join(cell.source for cell in lessons.source(name).cells if cell.cell_type == "markdown" and not lessons.is_answer(cell))


def plan(name: str) -> str:
    return (lessons.folder() / "plans" / f"{name}.md").read_text(encoding="utf-8")


# --- the sources -------------------------------------------------------------------------------


def test_there_are_six_lessons_with_plan_source_and_handout():
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05", "06"]
    for folder in ("plans",):
        assert sorted(path.stem for path in (lessons.folder() / folder).glob("*.md")) == NAMES
    readme = (lessons.folder() / "README.md").read_text(encoding="utf-8")
    linked = {link for link in re.findall(r"\]\(([^)]+)\)", readme) if "://" not in link}
    assert {f"{folder}/{name}.{end}" for name in NAMES for folder, end in (("plans", "md"), ("source", "ipynb"), ("handouts", "md"))} <= linked
    assert all((lessons.folder() / link).is_file() for link in linked)


@each
def test_a_source_follows_the_rules(name):
    source = lessons.source(name)
    ids = [lessons.about(cell)["grade_id"] for cell in source.cells if lessons.about(cell)]
    assert len(ids) == len(set(ids))
    assert sum(lessons.points(source).values()) == 20
    assert len({cell.id for cell in source.cells}) == len(source.cells)
    for cell in source.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
            ast.parse(cell.source)
        if lessons.is_answer(cell):
            assert "### BEGIN SOLUTION\n" in cell.source and cell.source.rstrip().endswith("### END SOLUTION"), "an answer without marks would be left in the student's copy"
        elif cell.cell_type == "code" and not lessons.is_check(cell):
            lines = [line for line in cell.source.splitlines() if line.strip() and not line.startswith(("import ", "from "))]
            assert len(lines) <= 4 and not re.search(r"^\s*(def|class|for|while)\b|plt\.|open\(", cell.source, re.M), cell.source
    assert 25 <= len(source.cells) <= 45 and len(re.findall(r"\w[\w'’-]*", prose(name))) <= 1500 * 1.35


@each
def test_every_task_has_a_check_or_a_reader_and_every_check_says_what_to_look_at(name):
    source, tasks = lessons.source(name), []
    for cell in source.cells:
        if cell.cell_type == "markdown" and (heading := re.match(r"## (Task (\d+)|[^\n]+)", cell.source)) and not lessons.is_answer(cell):
            tasks.append((int(heading[2]), [], [])) if heading[2] else None
        elif lessons.is_check(cell):
            tasks[-1][2].append(cell)
        if lessons.is_answer(cell):
            tasks[-1][1].append(cell)
    assert [number for number, _, _ in tasks] == list(range(1, 8))
    for number, answers, checks in tasks:
        assert answers, f"task {number} has no place for an answer"
        assert checks or all(lessons.is_read_by_hand(cell) for cell in answers), f"task {number} has no check"
        for cell in checks:
            assert lessons.about(cell)["locked"]
            asserts = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Assert)]
            assert asserts and all(node.msg is not None for node in asserts), cell.source


@each
def test_a_check_asks_for_no_name_that_a_student_was_not_told(name):
    """Whatever a check reads stands in a cell that is given, or in the text before it: `name`."""
    told: set[str] = set(dir(builtins))
    for cell in lessons.student(lessons.source(name)).cells:
        if cell.cell_type == "markdown":
            told |= set(re.findall(r"`(\w+)`", cell.source))
        elif not lessons.is_answer(cell):
            nodes = list(ast.walk(ast.parse(cell.source)))
            told |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
            told |= {(alias.asname or alias.name).split(".")[0] for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}
            asked = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
            assert asked <= told, f"{sorted(asked - told)} in {cell.source}"


@each
def test_the_text_is_that_of_a_lesson(name):
    text = prose(name)
    assert text.startswith(f"# Lesson {int(name[:2])}: ") and "*Afterwards you can*" in text and "## What this does not settle" in text


@each
def test_the_students_copy_keeps_no_answer(name):
    source = lessons.source(name)
    given = "\n".join(cell.source for cell in lessons.student(source).cells)
    assert not re.search(r"### (BEGIN|END)", given)
    hidden = [part for cell in source.cells for part in re.findall(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", cell.source, re.S)]
    lines = [line.strip() for part in hidden for line in part.splitlines() if len(line.strip()) > 20 and not line.startswith(FORM)]
    assert len(lines) > 7
    assert [line for line in lines if line in given] == []


@each
def test_nothing_is_earned_unsolved(name, tmp_path):
    found = marks.of(lessons.student(lessons.source(name)), tmp_path, **SHORT)
    assert sum(mark.earned for mark in found) == 0
    assert len(found) >= 5 and all(mark.told for mark in found)


@each
def test_an_answer_that_is_none_is_told_in_words(name, tmp_path):
    nothing = {}
    for task, text in right(name).items():
        if task != "two-sentences":
            nothing[task] = "\n".join(f"{node.id} = None" for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    found = marks.of(filled(lessons.student(lessons.source(name)), nothing), tmp_path, **SHORT)
    assert [mark for mark in found if mark.earned or not mark.told.startswith(("AssertionError: ", "RecountError: "))] == []


@each
def test_the_solution_earns_every_point(name):
    found = marks.from_outputs(executed(name))
    by_hand = sum(lessons.about(cell)["points"] for cell in lessons.source(name).cells if lessons.is_read_by_hand(cell))
    assert sum(mark.earned for mark in found) + by_hand == 20
    text = "\n".join(str(cell.get("outputs", "")) + cell.source for cell in executed(name).cells)
    assert not re.search(r"/home/|/root/|/tmp/|\.venv", text)
    assert all(output.get("name") != "stderr" for cell in executed(name).cells for output in cell.get("outputs", []))


@each
def test_a_plan_moves_only_what_has_a_slider(name):
    symbols = {one["symbol"] for one in tomllib.loads((lessons.folder().parent / "site" / "explore.toml").read_text(encoding="utf-8"))["slider"]}
    levels = plan(name).partition("- **Undergraduate.**")[0]
    assert {word for word in re.findall(r"\bmove (?:the )?(\w+)", levels)} <= symbols


@each
def test_a_plan_fills_a_lesson(name):
    text = plan(name)
    assert text.startswith(f"# Lesson {int(name[:2])}: ")
    for part in ("**Aims.**", "**Before.**", "## Levels", "- **Secondary school.**", "- **Undergraduate.**", "- **Data-science students.**", "## Plan", "## What goes wrong", "## Marks"):
        assert part in text, part
    minutes = [int(one) for one in re.findall(r"^\| (\d+) \|", text, re.M)]
    assert len(minutes) >= 5 and 45 <= sum(minutes) <= 90
    source = lessons.source(name)
    by_hand = sum(lessons.about(cell)["points"] for cell in source.cells if lessons.is_read_by_hand(cell))
    total = sum(lessons.points(source).values())
    assert f"{total:g} points, {total - by_hand:g} of them given by the checks, {by_hand:g} for task 7 by you." in text


def test_the_page_of_the_course_tells_the_minutes_of_the_plans():
    page = (lessons.folder().parent / "site" / "pages" / "course.md").read_text(encoding="utf-8")
    told = [int(one) for one in re.findall(r"^\| \d \| .* \| (\d+) \|$", page, re.M)]
    assert told == [sum(int(one) for one in re.findall(r"^\| (\d+) \|", plan(name), re.M)) for name in NAMES]


# --- slides ------------------------------------------------------------------------------------


class Loads(HTMLParser):
    """What a page loads: every address that a browser would ask for by itself."""

    def __init__(self, text: str):
        super().__init__()
        self.found: set[str] = set()
        self.sections = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.sections += tag == "section"
        for name in ("src", "data-src", "poster", "srcset"):
            if known.get(name):
                self.found.add(known[name])
        if tag == "link":
            self.found.add(known["href"])
        if tag == "img":
            assert known.get("alt"), "a picture without words for those who do not see it"


@each
def test_slides_load_reveal_and_nothing_else(name):
    page = slides.html(executed(name), name)
    loads = Loads(page)
    assert {one for one in loads.found if not one.startswith("data:")} == {"reveal/reveal.js", "reveal/reveal.css"}
    assert not re.search(r"@import|url\((?!['\"]?data:)|fetch\(|XMLHttpRequest|import\(", page)
    assert not re.search(r"\$[^$<\n]*\\\w+[^$<\n]*\$", page), "a formula is not set"
    assert loads.sections >= 12
    solved = [line.strip() for text in right(name).values() for line in text.splitlines() if len(line.strip()) > 30 and not line.startswith(FORM)]
    assert not [line for line in solved if line.replace('"', "&quot;") in page], "the slides tell an answer"


def test_slides_come_with_what_they_load(tmp_path):
    path = slides.write(executed(GRADED), GRADED, tmp_path)
    for one in ("reveal.js", "reveal.css"):
        text = (tmp_path / "reveal" / one).read_text(encoding="utf-8")
        assert len(text) > 10_000 and not re.search(r"@import|url\(['\"]?(https?:|//)", text)
    assert "MIT" in (tmp_path / "reveal" / "LICENSE").read_text(encoding="utf-8") or "Permission is hereby granted" in (tmp_path / "reveal" / "LICENSE").read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


# --- the commands ------------------------------------------------------------------------------


def test_the_students_notebooks_alone(tmp_path, capsys):
    assert main(["student", "--to", str(tmp_path)]) == 0
    assert sorted(path.stem for path in tmp_path.iterdir()) == NAMES
    assert execution.read_executed(tmp_path / f"{GRADED}.ipynb").cells[0].source.startswith("# Lesson 3")


def test_marks_on_the_command_line(tmp_path, capsys):
    path = tmp_path / "mine.ipynb"
    execution.write(path, filled(lessons.student(lessons.source(GRADED)), {task: right(GRADED)[task] for task in ("grids-answer", "implied-answer", "country-answer")}))
    assert main(["marks", str(path)]) == 1
    assert "3 of 3  two-grids" in (told := capsys.readouterr().out)
    assert told.splitlines()[-1] == "8 of 17  in all, without what is read by hand"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["student", "03_grid_and_water", "--to", "x"], "there is no lesson '03_grid_and_water': did you mean '03_grids_and_water'?"),
        (["marks", "nowhere.ipynb"], "there is no notebook nowhere.ipynb: give the file that you have worked in."),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(tmp_path, monkeypatch, capsys, typed, told):
    monkeypatch.chdir(tmp_path)
    assert main(typed) == 2
    assert capsys.readouterr().err.strip() == told


def test_a_solution_that_misses_a_point_is_refused(monkeypatch):
    source = lessons.source(GRADED)
    for cell in source.cells:
        if lessons.is_answer(cell):
            cell.source = cell.source.replace('"washington"', '"arizona"')
    monkeypatch.setattr(lessons, "source", lambda name, language: source)
    with pytest.raises(RecountError, match=f"the solution of lesson '{GRADED}' fails: cell"):
        solutions.executed(GRADED)

"""The lessons as written: one source each, from which the student's and the solved notebook are made.

A source is a notebook in nbgrader's form: an answer stands between ``### BEGIN SOLUTION`` and
``### END SOLUTION``, a check is a cell with points, what only the teacher's copy checks stands
between ``### BEGIN HIDDEN TESTS`` and ``### END HIDDEN TESTS``. Nothing here needs nbgrader.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recount import execution
from recount.course import translation
from recount.errors import RecountError, nearest
from recount.language import say, speaking
from recount.project import Project

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION$", re.M | re.S)
_HIDDEN = re.compile(r"^[ \t]*### BEGIN HIDDEN TESTS\n.*?^[ \t]*### END HIDDEN TESTS\n?", re.M | re.S)


def folder() -> Path:
    """Where the course lies."""
    return Project.here().checkout / "course"


def names() -> list[str]:
    """The lessons in their order, such as ``01_estimating_a_training``."""
    return sorted(path.stem for path in (folder() / "source").glob("*.ipynb"))


def source(name: str, language: str = "en") -> NotebookNode:
    """A lesson as written, or the same in another language.

    Raises
    ------
    RecountError : no such lesson.
    """
    if name not in names():
        raise RecountError(f"there is no lesson '{name}': {nearest(name, names())}")
    return translation.notebook(execution.read_executed(folder() / "source" / f"{name}.ipynb"), language)


def about(cell: Any) -> dict[str, Any]:
    """What nbgrader is told of a cell."""
    return cell.metadata.get("nbgrader", {})


def is_check(cell: Any) -> bool:
    """Whether a cell's run earns points."""
    return bool(about(cell).get("grade")) and not about(cell).get("solution")


def is_answer(cell: Any) -> bool:
    """Whether a student writes here."""
    return bool(about(cell).get("solution"))


def is_read_by_hand(cell: Any) -> bool:
    """Whether a teacher gives the points."""
    return is_answer(cell) and bool(about(cell).get("grade"))


def title(notebook: NotebookNode) -> str:
    """A lesson's title, its first heading."""
    return next((line.lstrip("# ") for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines() if line.startswith("# ")), "recount")


def points(notebook: NotebookNode) -> dict[str, float]:
    """Points of each check and of each answer that is read by hand, by its name."""
    return {about(cell)["grade_id"]: about(cell)["points"] for cell in notebook.cells if about(cell).get("grade")}


def stubs(language: str) -> tuple[str, str]:
    """What stands where a student writes: code, and text."""
    with speaking(language):
        return f"# {say('YOUR CODE HERE')}\nraise NotImplementedError()", say("YOUR ANSWER HERE")


def student(notebook: NotebookNode) -> NotebookNode:
    """The notebook that a class gets: answers and hidden checks taken out, no outputs."""
    found, (code, text) = copy.deepcopy(notebook), stubs(translation.language_of(notebook))
    for cell in found.cells:
        if is_answer(cell):
            stub = code if cell.cell_type == "code" else text
            cleared, count = _SOLUTION.subn(lambda m, s=stub: "\n".join(m[1] + line for line in s.splitlines()), cell.source)
            cell.source = cleared if count else stub
        elif is_check(cell):
            cell.source = _HIDDEN.sub("", cell.source).rstrip("\n")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return found


def solved(notebook: NotebookNode) -> NotebookNode:
    """The notebook with its answers, as a reader sees it: without the marks around them."""
    found = copy.deepcopy(notebook)
    for cell in found.cells:
        cell.source = re.sub(r"^[ \t]*### (BEGIN|END) (SOLUTION|HIDDEN TESTS)\n?", "", cell.source, flags=re.M).rstrip("\n")
    return found

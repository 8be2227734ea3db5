"""The solved notebook of a lesson, executed; a solution that does not earn every point is refused."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from recount import execution
from recount.course import lessons, marks
from recount.errors import RecountError
from recount.project import Project

if TYPE_CHECKING:
    from nbformat import NotebookNode

# A solution is made to be read: its small model need not train for the whole minute.
SHORT = {"training_time": "3 s"}
_TIMEOUT = 300


def executed(name: str, language: str = "en") -> NotebookNode:
    """A lesson with its answers, executed by the project's runner; cells of this machine keep no output.

    Raises
    ------
    RecountError : a cell fails, or a check does not earn its points.
    """
    with tempfile.TemporaryDirectory(prefix="recount-") as scratch:
        written, target = Path(scratch) / f"{name}.ipynb", Path(scratch) / "executed" / f"{name}.ipynb"
        target.parent.mkdir()
        execution.write(written, lessons.solved(lessons.source(name, language)))
        known = execution.parameters(written)
        asked = {key: value for key, value in SHORT.items() if key in known}
        done = execution.execute(execution.Job(written, "", target, asked, asked, Project.here().root, _TIMEOUT))
        if done.error:
            raise RecountError(f"the solution of lesson '{name}' fails: {done.error}")
        found = execution.read_executed(target)
    missing = [mark for mark in marks.from_outputs(found) if mark.earned < mark.points]
    if missing:
        raise RecountError(f"the solution of lesson '{name}' misses points: {'; '.join(f'{m.name} ({m.told})' for m in missing)}")
    found.cells = [cell for cell in found.cells if cell.id != "injected-parameters"]  # the reader's copy keeps the parameters as written
    return execution.without_volatile(found)


def write(name: str, target: Path, language: str = "en") -> float:
    """Write a lesson's solution; the points that its checks earned."""
    found = executed(name, language)
    execution.write(target / f"{name}.ipynb", found)
    return sum(mark.earned for mark in marks.from_outputs(found))

"""The marks of a lesson without nbgrader: its cells run one after the other, as a notebook's would be."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recount.course import lessons
from recount.language import labelled, say, speaking

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclasses.dataclass(frozen=True)
class Mark:
    """One check: its points, those earned, and what it said."""

    name: str
    points: float
    earned: float
    told: str


def of(notebook: NotebookNode, where: Path, **parameters: str) -> list[Mark]:
    """Run a notebook's cells in this process, from a folder, and mark its checks.

    Parameters
    ----------
    parameters : replace those of its parameters cell.

    Answers that are read by hand are left out: they are the teacher's.
    """
    found, names, above = [], {"__name__": "__main__"}, ""
    with _inside(where), speaking(None), contextlib.redirect_stdout(io.StringIO()):
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            told = _run(cell.source, names)
            if "parameters" in cell.metadata.get("tags", []):
                names.update(parameters)
            if lessons.is_check(cell):
                about = lessons.about(cell)
                because = " " + say("(the answer above it: {problem})", problem=above) if told and above else ""
                found.append(Mark(about["grade_id"], about["points"], 0 if told else about["points"], told + because))
            else:
                above = told
    return found


def from_outputs(notebook: NotebookNode) -> list[Mark]:
    """The marks of a notebook that has been executed: a check without an error earns its points."""
    found = []
    for cell in notebook.cells:
        if lessons.is_check(cell):
            about, errors = lessons.about(cell), [output for output in cell.outputs if output.output_type == "error"]
            told = f"{errors[0].ename}: {errors[0].evalue}" if errors else "" if cell.execution_count else say("never run")
            found.append(Mark(about["grade_id"], about["points"], 0 if told else about["points"], told))
    return found


def lines(found: list[Mark]) -> list[str]:
    """The marks in words, the sum last.

    >>> lines([Mark("energy", 2, 2, ""), Mark("verdict", 3, 0, "NameError: name 'verdict' is not defined")])
    ['2 of 2  energy', "0 of 3  verdict: NameError: name 'verdict' is not defined", '2 of 5  in all, without what is read by hand']
    """
    of = lambda earned, points: say("{earned} of {points}", earned=f"{earned:g}", points=f"{points:g}")  # noqa: E731
    each = [f"{of(mark.earned, mark.points)}  {labelled(mark.name, mark.told) if mark.told else mark.name}" for mark in found]
    return [*each, f"{of(sum(m.earned for m in found), sum(m.points for m in found))}  {say('in all, without what is read by hand')}"]


def _run(source: str, names: dict[str, Any]) -> str:
    """Run a cell; what went wrong, empty if nothing. A lone expression at its end is shown, as a notebook would."""
    try:
        tree = ast.parse(source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<cell>", "exec"), names)
        if last is not None:
            repr(eval(compile(ast.Expression(last.value), "<cell>", "eval"), names))
    except Exception as error:
        if isinstance(error, NotImplementedError) and not str(error):  # what nbgrader leaves where an answer was
            return say("there is no answer here yet.")
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""


@contextlib.contextmanager
def _inside(folder: Path):
    before, environment = Path.cwd(), dict(os.environ)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.clear()  # a lesson may have named a register of its own
        os.environ.update(environment)

"""The course as nbgrader keeps it: a folder with sources, releases, submissions and the marks of a class.

nbgrader is the optional extra ``course``; it is imported when something is released or graded.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recount import execution
from recount.course import lessons
from recount.errors import RecountError
from recount.project import write_whole

_CONFIG = """# A class of recount's course: 'nbgrader generate_assignment', 'autograde', 'generate_feedback' work from this folder.
c = get_config()
c.CourseDirectory.course_id = "recount"
c.Execute.timeout = {seconds}
c.ClearSolutions.code_stub = {{"python": {code!r}}}
c.ClearSolutions.text_stub = {text!r}
"""
_SECONDS = 300  # for one cell: the small model of lesson 1 trains for a minute


def release(course: Path, name: str, language: str = "en") -> Path:
    """Make nbgrader's release of a lesson in a course folder, one folder for each language; the student's notebook is returned.

    Raises
    ------
    RecountError : nbgrader is not installed, or refuses the lesson.
    """
    code, text = lessons.stubs(language)
    write_whole(course / "nbgrader_config.py", _CONFIG.format(seconds=_SECONDS, code=code, text=text))
    execution.write(course / "source" / name / f"{name}.ipynb", lessons.source(name, language))
    with _api(course, language) as api:
        _done(api.generate_assignment(name, force=True, create=True), f"lesson '{name}' cannot be released")
    return course / "release" / name / f"{name}.ipynb"


def grade(course: Path, name: str, student: str) -> dict[str, float | None]:
    """Grade what a student handed in under ``submitted/STUDENT/LESSON``; points by check.

    What is read by hand has no points (None) until the teacher has read it.

    Raises
    ------
    RecountError : nbgrader cannot grade it: the file is missing or no notebook.
    """
    with _api(course) as api:
        _done(api.autograde(name, student, force=True, create=True), f"lesson '{name}' of {student} cannot be graded")
        with api.gradebook as book:
            submitted = book.find_submission_notebook(name, name, student)
            return {one.name: None if one.needs_manual_grade else one.score for one in submitted.grades}


@contextlib.contextmanager
def _api(course: Path, language: str = "en") -> Iterator[Any]:
    try:
        from nbgrader.apps import NbGraderAPI
    except ImportError:
        raise RecountError("nbgrader is not installed: 'make env' brings it, or .venv/bin/pip install -e '.[course]' in a checkout.") from None
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root, config.CourseDirectory.course_id = str(course.resolve()), "recount"
    config.Execute.timeout = _SECONDS
    code, config.ClearSolutions.text_stub = lessons.stubs(language)
    config.ClearSolutions.code_stub = {"python": code}
    from nbgrader.coursedir import CourseDirectory

    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])  # nbgrader calls alembic by its name
    try:
        yield NbGraderAPI(CourseDirectory(config=config), config=config)
    finally:
        os.environ["PATH"] = before


def _done(answer: dict[str, Any], problem: str) -> None:
    if not answer["success"]:
        log = f"{answer.get('log') or ''}\n{answer.get('error') or ''}".splitlines()
        reasons = [line.strip() for line in log if re.match(r"\s*(\[ERROR\] (?!Traceback|There was|Please)|[\w.]+(Error|NotJSON\w*): )", line)]
        raise RecountError(f"{problem}: {reasons[0].removeprefix('[ERROR] ') if reasons else 'nbgrader says no reason'}")

"""``python -m recount.course``: what ``make course`` and ``make slides`` call, and marks without nbgrader."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from recount import language
from recount.errors import RecountError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors of the user are one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m recount.course", description="The lessons of the course: for a class, as slides, and marked.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command, what in (
        ("release", _release, "for a class: sources and releases for nbgrader, solutions with full marks, handouts and plans"),
        ("student", _student, "the students' notebooks alone, without nbgrader"),
        ("slides", _slides, "the slides of each lesson"),
    ):
        sub = commands.add_parser(name, help=what)
        sub.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 01_estimating_a_training (default: all)")
        sub.add_argument("--to", required=True, type=lambda typed: Path(typed).expanduser(), metavar="DIR", help="folder to write into")
        sub.add_argument("--language", default="en", metavar="CC", help="en or fr: the language of the lessons (default: en)")
        sub.set_defaults(command=command)
    lite = commands.add_parser("lite", help="the students' notebooks as a JupyterLite, which runs in a browser that has nothing installed")
    lite.add_argument("--to", required=True, type=lambda typed: Path(typed).expanduser(), metavar="DIR", help="folder to write into; an earlier one is replaced")
    lite.add_argument("--pyodide", metavar="DIR", help="a folder with Pyodide to put into it (default: from its public address)")
    lite.set_defaults(command=_lite, language=None)
    mark = commands.add_parser("marks", help="the marks of a notebook, as far as a program can give them")
    mark.add_argument("notebook", type=Path, metavar="FILE")
    mark.add_argument("--language", metavar="CC", help="en or fr: what the marks are told in (default: the language of the lesson)")
    mark.set_defaults(command=_marks)
    options = parser.parse_args(arguments)
    try:
        language.read(options.language)
        return options.command(options)
    except RecountError as error:
        print(error, file=sys.stderr)
        return 2


def _release(options: argparse.Namespace) -> int:
    from recount.course import grading, lessons, papers, solutions

    for name in options.lessons or lessons.names():
        grading.release(options.to, name, options.language)
        found = solutions.write(name, options.to / "solution", options.language)
        print(f"{name}: released; the solution has {found:g} of {sum(lessons.points(lessons.source(name)).values()):g} points, the rest is read by hand")
    print(f"{len(papers.write(options.to, options.language))} handouts, answers and plans to print")
    return 0


def _student(options: argparse.Namespace) -> int:
    from recount import execution
    from recount.course import lessons

    for name in options.lessons or lessons.names():
        execution.write(options.to / f"{name}.ipynb", lessons.student(lessons.source(name, options.language)))
        print(options.to / f"{name}.ipynb")
    return 0


def _slides(options: argparse.Namespace) -> int:
    from recount.course import lessons, slides, solutions

    for name in options.lessons or lessons.names():
        print(slides.write(solutions.executed(name, options.language), name, options.to))
    return 0


def _lite(options: argparse.Namespace) -> int:
    from recount.course import lite

    page = lite.write(options.to, options.pyodide)
    print(f"{page}\nA browser runs it from a server alone: python -m http.server -d {options.to}")
    return 0


def _marks(options: argparse.Namespace) -> int:
    from recount import execution
    from recount.course import lessons, marks, translation

    if not options.notebook.is_file():
        raise RecountError(f"there is no notebook {options.notebook}: give the file that you have worked in.")
    notebook = execution.read_executed(options.notebook)
    if not lessons.points(notebook):
        raise RecountError(f"{options.notebook} has no checks: give a notebook of the course.")
    with language.speaking(options.language or translation.language_of(notebook)):
        found = marks.of(notebook, options.notebook.resolve().parent)
        print("\n".join(marks.lines(found)))
    return 0 if all(mark.earned == mark.points for mark in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""``python -m recount.course``: what ``make course`` and ``make slides`` call, and marks without nbgrader."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from recount.errors import RecountError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors of the user are one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m recount.course", description="The lessons of the course: for a class, as slides, and marked.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command, what in (
        ("release", _release, "for a class: sources and releases for nbgrader, solutions with full marks, handouts"),
        ("student", _student, "the students' notebooks alone, without nbgrader"),
        ("slides", _slides, "the slides of each lesson"),
    ):
        sub = commands.add_parser(name, help=what)
        sub.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 01_estimating_a_training (default: all)")
        sub.add_argument("--to", required=True, type=lambda typed: Path(typed).expanduser(), metavar="DIR", help="folder to write into")
        sub.set_defaults(command=command)
    mark = commands.add_parser("marks", help="the marks of a notebook, as far as a program can give them")
    mark.add_argument("notebook", type=Path, metavar="FILE")
    mark.set_defaults(command=_marks)
    options = parser.parse_args(arguments)
    try:
        return options.command(options)
    except RecountError as error:
        print(error, file=sys.stderr)
        return 2


def _release(options: argparse.Namespace) -> int:
    from recount.course import grading, handouts, lessons, solutions

    for name in options.lessons or lessons.names():
        grading.release(options.to, name)
        found = solutions.write(name, options.to / "solution")
        print(f"{name}: released; the solution has {found:g} of {sum(lessons.points(lessons.source(name)).values()):g} points, the rest is read by hand")
    print(f"{len(handouts.write(options.to / 'handouts'))} handouts")
    return 0


def _student(options: argparse.Namespace) -> int:
    from recount import execution
    from recount.course import lessons

    for name in options.lessons or lessons.names():
        execution.write(options.to / f"{name}.ipynb", lessons.student(lessons.source(name)))
        print(options.to / f"{name}.ipynb")
    return 0


def _slides(options: argparse.Namespace) -> int:
    from recount.course import lessons, slides, solutions

    for name in options.lessons or lessons.names():
        print(slides.write(solutions.executed(name), name, options.to))
    return 0


def _marks(options: argparse.Namespace) -> int:
    from recount import execution
    from recount.course import lessons, marks

    if not options.notebook.is_file():
        raise RecountError(f"there is no notebook {options.notebook}: give the file that you have worked in.")
    notebook = execution.read_executed(options.notebook)
    if not lessons.points(notebook):
        raise RecountError(f"{options.notebook} has no checks: give a notebook of the course.")
    found = marks.of(notebook, options.notebook.resolve().parent)
    print("\n".join(marks.lines(found)))
    return 0 if all(mark.earned == mark.points for mark in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())

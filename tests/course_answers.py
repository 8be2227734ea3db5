"""Answers of a sample class, written into the notebooks that it was given."""

from __future__ import annotations

import copy

from recount.course import lessons


def filled(notebook, answers: dict[str, str]):
    """A student's notebook with some answers written in, by the name of their cell."""
    found = copy.deepcopy(notebook)
    known = {lessons.about(cell)["grade_id"]: cell for cell in found.cells if lessons.is_answer(cell)}
    assert set(answers) <= set(known), "the sample class answers tasks that there are"
    for task, text in answers.items():
        known[task].source = text
    return found


def right(name: str, language: str = "en") -> dict[str, str]:
    return {lessons.about(cell)["grade_id"]: cell.source for cell in lessons.solved(lessons.source(name, language)).cells if lessons.is_answer(cell)}

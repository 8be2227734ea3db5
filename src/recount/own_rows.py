"""Rows and sources of one's own, laid beside ours; none replaces one of ours without saying so."""

from __future__ import annotations

import csv
from pathlib import Path

from recount import own_register
from recount.assumptions import COLUMNS, Row, _parameter_problems, row_problems
from recount.errors import RecountError
from recount.vocabulary import read_csv

OVERRIDES = "overrides"  # a further column: yes where a row shall stand in place of ours
SOURCES = "sources.bib"


def joined(ours: list[Row]) -> list[Row]:
    """Our rows with those of one's own, which stand in place of ours where they say that they do.

    Raises
    ------
    RecountError : a faulty row, a key that stands twice, or one of ours that is not said to be overridden.
    """
    own, problems = [], []
    known, seen, replaced = {row.key: row for row in ours}, {}, set()
    for row, says in _read(own_register.data()):
        problems += row_problems(row)
        if says not in ("", "yes"):
            problems.append(f"{row.place}: {OVERRIDES} '{says}' must be yes or empty.")
        if row.key in seen:
            problems.append(f"{row.place}: the same context, name and scope stand in {seen[row.key].place}.")
        elif row.key in known and says != "yes":
            problems.append(
                f"{row.place}: {known[row.key].file} has that row too; name your context otherwise, or put yes into a column '{OVERRIDES}' to replace ours."
            )
        elif row.key not in known and says == "yes":
            problems.append(f"{row.place}: it says that it overrides a row of ours, but there is none: leave '{OVERRIDES}' empty.")
        seen[row.key] = row
        replaced |= {row.key} & set(known)
        own.append(row)
    rows = [row for row in ours if row.key not in replaced] + own
    if not problems:
        problems += _parameter_problems(rows)
    if problems:
        more = f" ({len(problems) - 1} more; 'recount check' lists all)" if len(problems) > 1 else ""
        raise RecountError(problems[0] + more, problems)
    return rows


def _read(folder: Path) -> list[tuple[Row, str]]:
    found = []
    for path in sorted(folder.glob("*.csv")) if folder.is_dir() else []:
        columns = [*COLUMNS, OVERRIDES] if _says_overrides(path) else COLUMNS
        for number, line in read_csv(path, columns):
            line = dict(line)
            says = line.pop(OVERRIDES, "")
            found.append((Row(**line, file=f"{folder.name}/{path.name}", line=number), says))
    return found


def _says_overrides(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return OVERRIDES in next(csv.reader(file), [])
    except (csv.Error, UnicodeDecodeError):
        return False  # whoever reads the rows says what is wrong


def own() -> list[Row]:
    """The rows of one's own alone."""
    return [row for row, _ in _read(own_register.data())] if own_register.data() else []


def sources_file() -> Path | None:
    """The bibliography of one's own, if there is one."""
    folder = own_register.data()
    return folder / SOURCES if folder and (folder / SOURCES).is_file() else None

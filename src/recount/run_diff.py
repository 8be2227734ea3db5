"""What differs between two runs, two scenarios, or one of them and the default.

A run is compared by what its folder holds: its results and the data packed with it. A scenario
is recomputed with the data as they are today.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from recount import comparison, default_claims, run_inputs
from recount.comparison import Change
from recount.errors import RecountError, nearest
from recount.project import Project
from recount.run_inputs import RECORD
from recount.units import format_number, plural, pretty_unit, trimmed

DEFAULT = "default"
_MANY = 40  # lines of one kind before the rest is only counted
_SHOWN = ("value", "unit", "low", "high", "distribution", "source", "locator")


@dataclasses.dataclass(frozen=True)
class Side:
    """One of the two that are compared."""

    name: str
    folder: Path | None  # of a run
    scenario: str  # else: its name, or nothing for the default
    laid_over: dict[str, str]
    used: frozenset[str]

    def ids(self) -> set[str]:
        """The claims that a run shows; a scenario shows all."""
        return {claim["id"] for claim in _results(self.folder)} if self.folder else set()

    def claims(self, ids: Collection[str], project: Project) -> list[dict[str, Any]]:
        """The claims, of a scenario only those with these ids where there are any."""
        if self.folder:
            return _results(self.folder)
        if not self.scenario:
            return default_claims.of(ids, project) if ids else default_claims.whole(project)["results"]
        from recount import claims, register
        from recount.recompute import World

        return [claims.recompute_claim(known, World.of(self.scenario)).as_json() for known in (register.load() if ids else register.shown()) if not ids or known in ids]

    def data(self, project: Project) -> dict[str, bytes]:
        return run_inputs.data_of(self.folder) if self.folder else run_inputs.data_now(project)


def _results(folder: Path) -> list[dict[str, Any]]:
    try:
        return json.loads((folder / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecountError(f"{folder / 'results.json'} is not readable: {str(error).splitlines()[0]}.") from None


def side(name: str, project: Project) -> Side:
    """The run or scenario of a name: a folder, a folder of ``build/runs``, a scenario, or ``default``.

    Raises
    ------
    RecountError : there is neither; the message names the nearest one.
    """
    from recount import scenarios

    path = Path(name)
    for folder in (path, project.runs / name) if name != DEFAULT and not path.is_absolute() else (path,) if name != DEFAULT else ():
        # A scenario and its run bear one name: a folder typed as such is meant, a bare name is the scenario.
        if folder.is_dir() and (folder / RECORD).is_file() and not (name in scenarios.names() and folder != path):
            record = run_inputs.read_record(folder)
            return Side(name, folder, "", {one["name"]: one["value"] for one in record["laid_over"]}, frozenset(_rows_used(record)))
    if name in (DEFAULT, scenarios.DEFAULT):
        return Side(DEFAULT, None, "", {}, frozenset())
    if name in scenarios.names():
        return Side(name, None, name, {one.name: one.value for one in scenarios.laid_over(scenarios.scenario(name), {})}, frozenset())
    if path.is_dir():
        run_inputs.read_record(path)  # says what is missing
    runs = [folder.name for folder in project.runs.iterdir() if (folder / RECORD).is_file()] if project.runs.is_dir() else []
    raise RecountError(f"'{name}' is neither the folder of a run nor a scenario: {nearest(name, [DEFAULT, *runs, *scenarios.names()])}")


def _rows_used(record: Mapping[str, Any]) -> list[str]:
    return [line.removeprefix("row ") for line in record["used"] if line.startswith("row ")]


def told(a: str, b: str, project: Project | None = None) -> tuple[list[str], bool]:
    """The differences in lines, and whether there are any: assumptions, rows and files, then claims."""
    project = project or Project.here()
    one, other = side(a, project), side(b, project)
    lines = [f"{one.name} → {other.name}", ""]
    laid = _laid_lines(one, other)
    rows, files = _data_lines(one, other, project)
    ids = one.ids() | other.ids()
    found = comparison.changes(one.claims(ids, project), other.claims(ids, project))
    moved = [change for change in found if change.moved]
    for head, part in (("Assumptions that differ", laid), ("Rows of data that differ", rows), ("Other files of the data that differ", files)):
        if part:
            lines += [f"{head}: {len(part)}", *(f"  {line}" for line in part[:_MANY]), *([f"  and {len(part) - _MANY} more"] if len(part) > _MANY else []), ""]
    lines += [comparison.told(found, one.name, other.name), *(f"  {claim_line(change)}" for change in moved)]
    alone = _alone(one, other)
    return [*lines, *([alone] if alone else [])], bool(laid or rows or files or moved)


def _alone(one: Side, other: Side) -> str:
    if not (one.folder and other.folder) or one.ids() == other.ids():
        return ""
    parts = [f"{len(ids)} only in {name}" for name, ids in ((one.name, one.ids() - other.ids()), (other.name, other.ids() - one.ids())) if ids]
    return f"Claims not compared: {', '.join(parts)}."


def _laid_lines(one: Side, other: Side) -> list[str]:
    names = [name for name in dict.fromkeys([*one.laid_over, *other.laid_over]) if one.laid_over.get(name) != other.laid_over.get(name)]
    return [f"{name}: {one.laid_over.get(name, 'own')} → {other.laid_over.get(name, 'own')}" for name in names]


def _data_lines(one: Side, other: Side, project: Project) -> tuple[list[str], list[str]]:
    """The rows that differ, those that a run used first, and the other files that differ."""
    if not one.folder and not other.folder:
        return [], []  # both are recomputed with the data of today
    before, after = one.data(project), other.data(project)
    if before == after:
        return [], []
    rows, rows_after = run_inputs.rows_of(before), run_inputs.rows_of(after)
    keys = [key for key in dict.fromkeys([*rows, *rows_after]) if rows.get(key) != rows_after.get(key)]
    used = one.used | other.used
    keys.sort(key=lambda key: key not in used)
    files = [
        f"{name}: {'added' if name not in before else 'removed' if name not in after else 'changed'}"
        for name in sorted({*before, *after}) if before.get(name) != after.get(name) and not (name.startswith("assumptions/") and name.endswith(".csv"))
    ]  # fmt: skip
    return [f"{key}: {_row_change(rows.get(key), rows_after.get(key))}{'' if key in used else ' (not used)'}" for key in keys], files


def _row_change(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> str:
    if not before or not after:
        row = before or after
        return f"{'removed' if before else 'added'} ({row['value']} {row['unit']}, {row['source']})"
    changed = [column for column in before if before[column] != after.get(column)]
    shown = [f"{column} {before[column] or '–'} → {after.get(column) or '–'}" for column in _SHOWN if column in changed]
    rest = [column for column in changed if column not in _SHOWN]
    return ", ".join([*shown, *([f"its {', '.join(rest)}"] if rest else [])])


def claim_line(change: Change) -> str:
    """One claim that differs, on one line."""
    parts = []
    if change.figure or change.interval:
        parts.append(f"{_figure(change.before)} → {_figure(change.after)}" + (f" (× {format_number(change.factor, 3)})" if change.figure and change.factor else ""))
    if change.verdict:
        parts.append(" → ".join(change.verdicts))
    return f"{change.id}: {', '.join(parts)}"


def _figure(claim: Mapping[str, Any]) -> str:
    value, low, high = (claim.get(name) for name in ("recomputed", "low", "high"))
    if value is None:
        return "no figure"
    within = f" [{trimmed(low, 3)} to {trimmed(high, 3)}]" if None not in (low, high) and low != high else ""
    return f"{trimmed(value, 4)} {pretty_unit(plural(claim.get('unit') or '1', value))}".strip() + within

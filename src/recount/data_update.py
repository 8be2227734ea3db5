"""A new yearly table of grid intensities, taken into rows: what it changes is shown before anything is written."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import math
import re
import statistics
import tempfile
from pathlib import Path

from recount import claims, explain, intensity_table, own_register, recompute, register, scenarios, validation
from recount.assumptions import _DATE, COLUMNS, Row, load, split_reference
from recount.claims import Result
from recount.contexts import stem
from recount.errors import RecountError, nearest
from recount.intensity_table import NAME, UNIT, Table, Value
from recount.own_rows import OVERRIDES, SOURCES
from recount.project import write_whole
from recount.row_texts import SUPERSEDED
from recount.units import trimmed
from recount.vocabulary import data_folder

SCOPE = "life-cycle"
_FILE = "grids.csv"
_ALIKE = (0.2, 5)  # the median ratio to what we hold: beyond, the table is in another unit
_SHOWN = 40


@dataclasses.dataclass(frozen=True)
class Change:
    """One value that the table brings, the row it takes the place of, and where that one stays."""

    value: Value
    held: Row | None
    kept_as: str  # a context with a vintage; "" where there is nothing to keep


@dataclasses.dataclass(frozen=True)
class Update:
    """Everything that would be written, and what it would do."""

    table: Table
    changes: tuple[Change, ...]
    same: int
    left_out: tuple[str, ...]  # countries
    target: Path
    text: str
    source: str
    entry: str  # for sources.bib; "" where the source stands in one
    moved: tuple[tuple[Result, Result], ...]

    def lines(self) -> list[str]:
        """What is new, what changes, and which claims move."""
        new = sum(change.held is None for change in self.changes)
        told = [f"{self.table.name}: {self.same} values as they stand, {len(self.changes) - new} changed, {new} new."]
        if self.left_out or self.table.regions:
            shown = ", ".join(self.left_out[:8]) + (", …" if len(self.left_out) > 8 else "")
            told.append(f"Left out, as no intensity of ours is about them: countries {len(self.left_out)}{f' ({shown})' if shown else ''}, lines of regions {self.table.regions}.")
        if not self.changes:
            return [*told, "Nothing to write."]
        rows = [self._row(change) for change in self.changes[:_SHOWN]]
        told += ["", explain.Table(("Context", "Is", "Would be", "Change", "The old one stays as"), tuple(rows)).text()]
        if len(self.changes) > _SHOWN:
            told.append(f"… and {len(self.changes) - _SHOWN} more.")
        told += ["", *self._claims(), *self._scenarios()]
        return told

    def _row(self, change: Change) -> tuple[str, ...]:
        if change.held is None:
            return change.value.context, "–", change.value.text, "new", ""
        before = float(change.held.quantity().to(UNIT).magnitude)
        moved = f"{100 * (float(change.value.text) / before - 1):+.1f} %" if before else ""
        return change.value.context, trimmed(before, 6), change.value.text, moved, change.kept_as

    def _claims(self) -> list[str]:
        if not self.moved:
            return ["No claim rests on a value that changes."]
        seen = [(one, then) for one, then in self.moved if (one.recomputed_text, one.verdict) != (then.recomputed_text, then.verdict)]
        rows = [
            (one.claim.id, one.printed_text, one.recomputed_text, then.recomputed_text, then.verdict if then.verdict == one.verdict else f"{then.verdict} (is: {one.verdict})")
            for one, then in seen
        ]
        still = len(self.moved) - len(seen)
        others = sum(then.verdict != one.verdict for one, then in self.moved)
        told = f"{len(self.moved)} claim{'s rest' if len(self.moved) > 1 else ' rests'} on a value that changes; {others or 'none'} would get another verdict."
        told += f" {still} of them would show the same figure." if still else ""
        return [*([explain.Table(("Claim", "Printed", "Is", "Would be", "Verdict"), tuple(rows)).text()] if rows else []), told]

    def _scenarios(self) -> list[str]:
        changed = {change.value.context for change in self.changes}
        found = [name for name in scenarios.names() if changed & {split_reference(c)[0] for c in scenarios.scenario(name).given}]
        return [f"Scenarios on a value that changes: {', '.join(found)}."] if found else []

    def write(self) -> list[str]:
        """Write the source, then the rows, each file whole."""
        if self.entry:
            path = _bibliography(self.target)
            begun = path.read_text(encoding="utf-8").rstrip() + "\n\n" if path.is_file() else ""
            write_whole(path, begun + self.entry)
        write_whole(self.target, self.text)
        for cached in (load, claims._recompute):
            cached.cache_clear()
        then = "'recount check' comes next." if own_register.data() else "'recount check' comes next, then 'recount refresh' for the notebooks that rest on them."
        return [f"{self.target.name} is written: {len(self.changes)} values, source '{self.source}'; {then}"]


def planned(path: Path, published: str | None = None, source: str | None = None) -> Update:
    """What a table would change; nothing is written.

    Parameters
    ----------
    published : date of the table; by default the year after its last, at most this one.
    source : its key in ``sources.bib``; by default an entry is made for it.

    Raises
    ------
    RecountError : a table that cannot be taken as it is, in one sentence with its line.
    """
    table = intensity_table.read(path)
    published = published or str(min(max(value.year for value in table.values) + 1, datetime.date.today().year))
    if not _DATE.fullmatch(published):
        raise RecountError(f"--published '{published}' must be a date such as 2026-05.")
    held = {row.key: row for row in load().rows}
    _refuse_other_unit(table, held)
    first = _first_years(held)
    changes, same = [], 0
    for value in sorted(table.values, key=lambda one: one.context):
        if value.code not in first or value.year < first[value.code]:
            continue
        row = held.get(f"{value.context}|{NAME}|{SCOPE}")
        if row and math.isclose(float(row.quantity().to(UNIT).magnitude), float(value.text), rel_tol=1e-9):
            same += 1
        else:
            if row and published < row.published[: len(published)]:
                raise RecountError(
                    f"{table.name} line {value.line}: a table of {published} would replace the row of {value.context}, which is of {row.published}: give --published if it is newer."
                )
            changes.append(Change(value, row, _vintage(row, held) if row else ""))
    known = {*validation.bibliography(), *(validation.bibliography(own) if (own := _own_bibliography()) else {})}
    if source and source not in known:
        raise RecountError(f"source '{source}' is not in {SOURCES}: add it first, or leave --source out: {nearest(source, known)}")
    key = source or f"owid{published[:4]}"
    target = (own_register.data() or data_folder() / "assumptions") / _FILE
    text = _text(target, tuple(changes), table, key, published)
    entry = "" if key in known else _entry(key, table, published)
    moved = _moved(tuple(changes), text, target) if changes else ()
    left_out = tuple(sorted({*table.others, *(value.code for value in table.values if value.code not in first)}))
    return Update(table, tuple(changes), same, left_out, target, text, key, entry, moved)


def _bibliography(target: Path) -> Path:
    return (own_register.data() or data_folder()) / SOURCES


def _own_bibliography() -> Path | None:
    path = own_register.data() and own_register.data() / SOURCES
    return path if path and path.is_file() else None


def _first_years(held: dict[str, Row]) -> dict[str, int]:
    """The first year that rows hold of each country: older ones are not asked for."""
    found: dict[str, int] = {}
    for row in held.values():
        place, year = stem(row.context)
        if row.name == NAME and row.scope == SCOPE and year and place.startswith("grid:"):
            code = place.removeprefix("grid:")
            found[code] = min(found.get(code, int(year)), int(year))
    return found


def _refuse_other_unit(table: Table, held: dict[str, Row]) -> None:
    pairs = [(float(v.text), held.get(f"{v.context}|{NAME}|{SCOPE}")) for v in table.values]
    ratios = [new / float(row.quantity().to(UNIT).magnitude) for new, row in pairs if row and row.quantity().magnitude]
    if ratios and not _ALIKE[0] <= (ratio := statistics.median(ratios)) <= _ALIKE[1]:
        raise RecountError(f"{table.name}: its values are about {trimmed(ratio, 2)} times those that we hold for the same years, so they are hardly in gCO2/kWh: convert them first.")


def _vintage(row: Row, held: dict[str, Row]) -> str:
    """What the old row is called beside the new one, such as grid:FRA-2022@2024-04."""
    for number in range(1, 100):
        context = f"{row.context}@{row.published}" + (f"-{number}" if number > 1 else "")
        other = held.get(f"{context}|{NAME}|{SCOPE}")
        if other is None or math.isclose(other.quantity().to(UNIT).magnitude, row.quantity().to(UNIT).magnitude, rel_tol=1e-9):
            return context
    raise RecountError(f"{row.context} has a hundred vintages of {row.published}: give --published with its month.")


def _text(target: Path, changes: tuple[Change, ...], table: Table, source: str, published: str) -> str:
    """The file with the new rows: the old ones stay under their vintage, all others as they are."""
    own = own_register.data() is not None
    columns = [*COLUMNS, *([OVERRIDES] if own else [])]
    rows: list[dict[str, str]] = []
    if target.is_file():
        with target.open(encoding="utf-8-sig", newline="") as file:
            rows = [{column: line.get(column) or "" for column in columns} for line in csv.DictReader(file)]
    at = {(row["context"], row["name"], row["scope"]): row for row in rows}
    ours = {row.key for row in load().rows if row.file.startswith("assumptions/")} if own else set()
    for change in changes:
        key = (change.value.context, NAME, SCOPE)
        old = at.get(key)
        place = _place(rows, change.value.context, old)
        if change.kept_as and f"{change.kept_as}|{NAME}|{SCOPE}" not in {row.key for row in load().rows}:
            kept = {c: getattr(change.held, c) for c in COLUMNS} | {"context": change.kept_as}
            kept["derivation"] = f"{change.held.derivation} {SUPERSEDED.format(published=published)}".strip()
            rows.insert(place, {column: kept.get(column, "") for column in columns})
            place += 1
        replaces = own and ("|".join(key) in ours or bool(old and old.get(OVERRIDES)))
        new = _new(change.value, table, source, published) | ({OVERRIDES: "yes" if replaces else ""} if own else {})
        if old is not None:
            old.update(new)
        else:
            rows.insert(place, new)
            at[key] = new
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def _place(rows: list[dict[str, str]], context: str, old: dict[str, str] | None) -> int:
    """Where a row of a context belongs: at the old one, else after the last of its country."""
    if old is not None:
        return next(k for k, row in enumerate(rows) if row is old)
    before = [k for k, row in enumerate(rows) if row["name"] == NAME and row["context"].startswith(f"{stem(context)[0]}-")]
    return before[-1] + 1 if before else len(rows)


def _new(value: Value, table: Table, source: str, published: str) -> dict[str, str]:
    today = datetime.date.today()
    return dict(zip(COLUMNS, (
        value.context, NAME, SCOPE, value.text, "", "", "point", UNIT, source, f"{table.name}, column {table.column}, {value.code} {value.year}",
        "Production mix without imports; average of the place.", "standard", "read", published, today.isoformat(), f"{today.year + 1}-12-31",
    ), strict=True))  # fmt: skip


def _entry(key: str, table: Table, published: str) -> str:
    said = re.sub(r"[^\w .,()/+-]", " ", f"Table {table.name}, column {table.column}").replace("_", r"\_")  # nothing that BibTeX would read
    lines = [
        f"@misc{{{key},", "  title = {Energy data: carbon intensity of electricity},", "  author = {{Our World in Data} and {Ember}},",
        f"  year = {{{published[:4]}}},", "  url = {https://github.com/owid/energy-data},", f"  urldate = {{{datetime.date.today()}}},",
        f"  note = {{{said}. Licence: CC BY 4.0}},", "}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _moved(changes: tuple[Change, ...], text: str, target: Path) -> tuple[tuple[Result, Result], ...]:
    """The claims that rest on a changed value, as they are and as they would be."""
    keys = {f"{change.value.context}|{NAME}|{SCOPE}" for change in changes if change.held}
    resting = [name for name, claim in register.shown().items() if keys & _rests_on(claim)]
    before = [claims.recompute_claim(name) for name in resting]
    with tempfile.TemporaryDirectory(prefix="recount-") as folder:
        _stage(Path(folder), changes, text, target)
        with own_register.used(None, folder):
            load()  # every new row is checked here, before anything is written
            after = [claims.recompute_claim(name) for name in resting]
    return tuple(zip(before, after, strict=True))


def _rests_on(claim: register.Claim) -> set[str]:
    routes = [*claim.routes, *([claim.actually.route] if claim.actually and claim.actually.route else [])]
    plans = [recompute.plan(route, recompute.World.of()) for route in routes]
    return {a.row.key for planned in plans for a in planned.assumptions if a.row}


def _stage(folder: Path, changes: tuple[Change, ...], text: str, target: Path) -> None:
    """The rows as they would be, as a folder of one's own that lies over what there is."""
    if own := own_register.data():
        for path in own.glob("*.csv"):
            (folder / path.name).write_bytes(path.read_bytes())
        (folder / _FILE).write_text(text, encoding="utf-8")
        return
    held = {row.key for row in load().rows}
    wanted = {change.value.context for change in changes} | {change.kept_as for change in changes}
    lines = [line for line in csv.DictReader(io.StringIO(text)) if line["name"] == NAME and line["scope"] == SCOPE and line["context"] in wanted]
    with (folder / _FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, OVERRIDES], lineterminator="\n")
        writer.writeheader()
        for line in lines:
            known = f"{line['context']}|{NAME}|{SCOPE}" in held
            if known and line["context"] in {change.kept_as for change in changes}:
                continue  # a vintage that there is already stays as it is
            writer.writerow(line | {OVERRIDES: "yes" if known else ""})

"""The numbers: rows of ``data/assumptions``, read strictly, picked by context, and layered.

A *row* is one number with its unit, range, source and page. A *context* says what a row is
about (``model:gpt-3``, ``grid:FRA-2023``); a *scope* keeps apart what may not be mixed. An
:class:`Assumption` is what a computation starts from: a row, or a value somebody typed.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from collections.abc import Iterable
from pathlib import Path

from recount import own_register, trace
from recount.errors import RecountError, nearest
from recount.units import Quantity, read_number, read_unit, rounding
from recount.vocabulary import data_folder, kinds, quantities, read_csv, read_table, spec

STRENGTHS = ("measured", "declared", "standard", "estimate", "guess")
STRONG = ("measured", "declared", "standard")
GIVEN = "given"  # typed by a reader, a scenario or an article: taken as it stands
CONFIRMED = ("read", "second-hand", "derived", "unconfirmed")
DISTRIBUTIONS = ("point", "lognormal", "normal", "uniform")
COLUMNS = (
    "context,name,scope,value,low,high,distribution,unit,source,locator,derivation,"
    "strength,confirmed,published,read_on,review_by"
).split(",")
_CONTEXT = re.compile(r"default|[a-z][a-z0-9-]*:[A-Za-z0-9][A-Za-z0-9.@_+-]*")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclasses.dataclass(frozen=True)
class Row:
    """One number of the project with its unit, range, source and page."""

    context: str
    name: str
    scope: str
    value: str
    low: str
    high: str
    distribution: str
    unit: str
    source: str
    locator: str
    derivation: str
    strength: str
    confirmed: str
    published: str
    read_on: str
    review_by: str
    file: str = dataclasses.field(compare=False, repr=False)
    line: int = dataclasses.field(compare=False, repr=False)

    @property
    def key(self) -> str:
        return f"{self.context}|{self.name}|{self.scope}"

    @property
    def place(self) -> str:
        return f"{self.file} line {self.line} ({self.context}, {self.name}{', ' + self.scope if self.scope else ''})"

    def quantity(self, text: str | None = None) -> Quantity:
        """The row's value (or its low or high) as a quantity."""
        return Quantity(read_number(text or self.value)[0], read_unit(self.unit))


@dataclasses.dataclass(frozen=True)
class Assumption:
    """What a computation starts from: a name, a median with its range, and where it is from."""

    name: str
    value: Quantity
    half_rounding: float  # in the value's unit
    strength: str
    origin: str  # row | claim | count | scenario | override
    text: str
    low: Quantity | None = None
    high: Quantity | None = None
    distribution: str = "point"
    row: Row | None = None

    @property
    def key(self) -> str:
        """What its stream of samples is keyed by."""
        return self.row.key if self.row else f"{self.origin}|{self.name}|{self.text}"

    @property
    def strong(self) -> bool:
        return self.strength in (*STRONG, GIVEN) and (self.row is None or self.row.confirmed != "unconfirmed")

    def rounded(self) -> tuple[Quantity, Quantity]:
        """The range that the printed rounding leaves open, within the name's bounds."""
        half, known = Quantity(self.half_rounding, self.value.units), quantities().get(self.name)
        low, high = self.value - half, self.value + half
        if known and known.minimum is not None:
            low = max(low, Quantity(known.minimum, read_unit(known.unit)))
        if known and known.maximum is not None:
            high = min(high, Quantity(known.maximum, read_unit(known.unit)))
        return low.to(self.value.units), high.to(self.value.units)


def half_rounding(text: str, counted: bool) -> float:
    """Half a unit of the last printed digit; nothing for what is counted.

    Whether the trailing zeros of a whole number are digits or rounding cannot be seen, so
    there half a unit of the last digit before them counts, but at most 5 %.

    >>> half_rounding("330", False), half_rounding("500", False), half_rounding("0.002", False), half_rounding("10000", True)
    (5.0, 25.0, 0.0005, 0.0)
    >>> half_rounding("1 000 000", False), half_rounding("300e9", False), half_rounding("2e9", False)
    (50000.0, 15e9, 0.5e9)
    """
    if counted:
        return 0.0
    mantissa = re.sub(r"[\s+\-−]", "", re.split("[eE]", text)[0])
    ambiguous = mantissa.isdigit() and mantissa.endswith("0")
    return min(rounding(text), 0.05 * abs(read_number(text)[0])) if ambiguous else rounding(text)


def from_row(row: Row) -> Assumption:
    """The assumption that a row states."""
    trace.used("row", row.key)
    ranged = bool(row.low and row.high)
    return Assumption(
        row.name, row.quantity(), half_rounding(row.value, spec(row.name).counted), row.strength, "row", f"{row.value} {row.unit}",
        row.quantity(row.low) if ranged else None, row.quantity(row.high) if ranged else None, row.distribution, row,
    )  # fmt: skip


def from_text(name: str, text: str, origin: str) -> Assumption:
    """The assumption that a scenario or a reader typed: a supposition, so exactly that value whatever its digits.

    >>> from_text("grid_intensity", "400 gCO2e/kWh", "override").half_rounding
    0.0
    """
    return Assumption(name, spec(name).read(text), 0.0, GIVEN, origin, text)


class Assumptions:
    """All rows, found by context, name and scope."""

    def __init__(self, rows: Iterable[Row]):
        self.rows = list(rows)
        self._contexts: dict[str, dict[str, dict[str, Row]]] = {}
        for row in self.rows:
            self._contexts.setdefault(row.context, {}).setdefault(row.name, {})[row.scope] = row

    def by_key(self) -> dict[str, Row]:
        return {row.key: row for row in self.rows}

    def keys_of(self, context: str) -> list[str] | None:
        """The keys of a context's rows: another one may supply what nothing supplied before."""
        return sorted(row.key for row in self.rows if row.context == context) or None

    def contexts(self) -> list[str]:
        return sorted(self._contexts)

    def context(self, reference: str) -> dict[str, Row]:
        """The rows of ``context`` or ``context[scope]``, one per name.

        Without a scope a name's default scope is taken; where a context holds only another
        scope, using the name without choosing it is an error (see :meth:`pick`).
        """
        context, scope = split_reference(reference)
        if context not in self._contexts:
            raise RecountError(f"context '{context}' is not in the data: {nearest(context, self._contexts)}")
        if scope and all(scope not in scopes for scopes in self._contexts[context].values()):
            known = sorted({s for scopes in self._contexts[context].values() for s in scopes if s})
            raise RecountError(f"context '{context}' has no scope '{scope}': its scopes are {', '.join(known) or 'none'}.")
        trace.used("context", context)
        return {name: row for name in self._contexts[context] if (row := self._choose(context, name, scope)) is not None}

    def _choose(self, context: str, name: str, scope: str) -> Row | None:
        scopes = self._contexts[context][name]
        return scopes.get(scope) or scopes.get(spec(name).scope) or scopes.get("")

    def pick(self, reference: str, name: str) -> Row:
        """The one row of a context and name; its scope must be the default or chosen."""
        rows = self.context(reference)
        context, _ = split_reference(reference)
        spec(name)
        if name not in self._contexts[context]:
            raise RecountError(f"context '{context}' has no row for '{name}': {nearest(name, self._contexts[context])}")
        if name not in rows:
            scopes = ", ".join(sorted(self._contexts[context][name]))
            raise RecountError(f"'{name}' of '{context}' has only the scope {scopes}: choose it, as in '{context}[{scopes.split(', ')[0]}]'.")
        trace.used("row", rows[name].key)
        return rows[name]

    def default(self, name: str) -> Row:
        """The row that stands in where nothing else supplies a name (``data/defaults.toml``)."""
        for context in default_contexts():
            if name in self.context(context):
                return self.pick(context, name)
        raise RecountError(f"nothing supplies '{name}': give it as an assumption, or name a context that has it.")

    def other_scopes(self, reference: str) -> dict[str, list[str]]:
        """Names that a context holds only under scopes that were not chosen."""
        context, _ = split_reference(reference)
        chosen = self.context(reference)
        return {name: sorted(scopes) for name, scopes in self._contexts[context].items() if name not in chosen}


@functools.cache
def default_contexts() -> tuple[str, ...]:
    """The contexts that defaults are looked up in, in order."""
    trace.used("file", "defaults.toml")
    return tuple(read_table("defaults.toml", "contexts", list))


def split_reference(reference: str) -> tuple[str, str]:
    """Split ``grid:USA-2018[direct]`` into context and scope.

    >>> split_reference("grid:USA-2018[direct]"), split_reference("model:gpt-3")
    (('grid:USA-2018', 'direct'), ('model:gpt-3', ''))
    """
    match = re.fullmatch(r"([^\[\]]+)(?:\[([^\[\]]+)\])?", reference)
    if not match:
        raise RecountError(f"'{reference}' is not a context: write it as kind:name or kind:name[scope].")
    return match[1], match[2] or ""


def read_rows(folder: Path) -> list[Row]:
    """Read and check every row under a folder; the first fault is the error."""
    rows, problems = [], []
    for path in sorted(folder.glob("*.csv")):
        for number, line in read_csv(path, COLUMNS):
            rows.append(Row(**line, file=f"assumptions/{path.name}", line=number))
    for row in rows:
        problems += row_problems(row)
    seen: dict[str, Row] = {}
    for row in rows:
        if row.key in seen:
            problems.append(f"{row.place}: the same context, name and scope stand in {seen[row.key].place}.")
        seen[row.key] = row
    problems += _parameter_problems(rows)
    if problems:
        more = f" ({len(problems) - 1} more; 'recount check' lists all)" if len(problems) > 1 else ""
        raise RecountError(problems[0] + more, problems)
    return rows


def row_problems(row: Row) -> list[str]:
    """Everything that is wrong with one row, each as one sentence."""
    problems = [f"{row.place}: the column '{c}' is empty." for c in ("context", "name", "value", "unit", "source", "locator") if not getattr(row, c)]
    if not _CONTEXT.fullmatch(row.context):
        problems.append(f"{row.place}: context '{row.context}' must look like kind:name or be 'default'.")
    elif (kind := row.context.partition(":")[0]) not in kinds():
        problems.append(f"{row.place}: context kind '{kind}' is not known: {nearest(kind, kinds())}")
    for column, allowed in (("strength", STRENGTHS), ("confirmed", CONFIRMED), ("distribution", DISTRIBUTIONS)):
        if getattr(row, column) not in allowed:
            problems.append(f"{row.place}: {column} '{getattr(row, column)}' must be one of {', '.join(allowed)}.")
    for column in ("published", "read_on", "review_by"):
        if not _DATE.fullmatch(getattr(row, column)):
            problems.append(f"{row.place}: {column} '{getattr(row, column)}' must be a date such as 2025-07-22.")
    if bool(row.low) != bool(row.high) or row.distribution in DISTRIBUTIONS and bool(row.low) != (row.distribution != "point"):
        problems.append(f"{row.place}: low and high stand together with a distribution, or all without (distribution point).")
    if problems:
        return problems
    try:
        known = spec(row.name)
        numbers = {}
        for column in ("low", "value", "high"):
            text = getattr(row, column)
            if text:
                if read_number(text)[1]:
                    raise RecountError(f"{column} '{text}' must be a plain number; the unit has its own column.")
                known.read(f"{text} {row.unit}")
                numbers[column] = read_number(text)[0]
        ordered = [numbers[c] for c in ("low", "value", "high") if c in numbers]
        if ordered != sorted(ordered):
            raise RecountError(f"low {row.low}, value {row.value} and high {row.high} must rise.")
        if row.distribution == "lognormal" and known.minimum is None:
            raise RecountError("a lognormal needs a name with a lower bound.")
        if row.distribution == "lognormal" and not row.quantity(row.low).to(read_unit(known.unit)).magnitude > known.minimum:
            raise RecountError(f"low {row.low} must lie above the bound {known.minimum:g} for a lognormal.")
    except RecountError as error:
        problems.append(f"{row.place}: {error.args[0]}")
    return problems


def _parameter_problems(rows: list[Row]) -> list[str]:
    totals = {row.context: row for row in rows if row.name == "total_parameters"}
    return [
        f"{row.place}: active parameters {row.value} {row.unit} exceed the total {totals[row.context].value} {totals[row.context].unit}."
        for row in rows
        if row.name == "active_parameters" and row.context in totals and row.quantity() > totals[row.context].quantity()
    ]


@own_register.per_register
def load() -> Assumptions:
    """All rows of ``data/assumptions`` and those of one's own, read once per process."""
    rows = read_rows(data_folder() / "assumptions")
    if own_register.data():
        from recount import own_rows  # it reads rows as this module does

        rows = own_rows.joined(rows)
    return Assumptions(rows)


def past_review(today: datetime.date) -> list[Row]:
    """Rows whose date to look again has passed."""
    return [row for row in load().rows if row.review_by and row.review_by < today.isoformat()]

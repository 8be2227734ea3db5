"""The names that rows, formulas and readers use, and the readers of the files behind them."""

from __future__ import annotations

import csv
import dataclasses
import functools
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from recount import trace
from recount.errors import RecountError, nearest
from recount.project import Project
from recount.units import Quantity, read_quantity, read_unit


_BEYOND = 1e36  # of any natural unit: more than anything has, and what computes with it takes for ever or overflows


def data_folder() -> Path:
    """The folder of all numbers: ``RECOUNT_DATA``, or ``data`` beside ``src``."""
    return Project.here().data


def read_csv(path: Path, columns: Iterable[str]) -> Iterable[tuple[int, Mapping[str, str]]]:
    """Read a CSV of exactly these columns; yield line number and line."""
    columns = list(columns)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, restkey="too many", restval=None)
            if reader.fieldnames != columns:
                raise RecountError(f"{path.name}: the first line must be exactly {','.join(columns)}.")
            for line in reader:
                if "too many" in line or None in line.values():
                    raise RecountError(f"{path.name} line {reader.line_num}: it has not {len(columns)} fields (quote a text that holds a comma).")
                yield reader.line_num, {key: (value or "").strip() for key, value in line.items()}
    except (csv.Error, UnicodeDecodeError) as error:
        raise RecountError(f"{path.name} is not a readable CSV: {error}.") from None
    except FileNotFoundError:
        raise RecountError(f"{path} does not exist.") from None


def read_table(name: str, key: str, kind: type) -> Any:
    """One entry of a small TOML file of ``data/``, or why it is not to be had."""
    try:
        found = tomllib.loads((data_folder() / name).read_text(encoding="utf-8-sig")).get(key)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecountError(f"{name} is not readable TOML: {error}.") from None
    if not isinstance(found, kind):
        raise RecountError(f"{name} must hold '{key}' as a {kind.__name__}.")
    return found


@functools.cache
def kinds() -> dict[str, str]:
    """The kinds of contexts and what each is about (``data/contexts.toml``)."""
    return read_table("contexts.toml", "kinds", dict)


@dataclasses.dataclass(frozen=True)
class QuantitySpec:
    """A name of the vocabulary: its natural unit, physical bounds and default scope."""

    name: str
    unit: str
    minimum: float | None
    maximum: float | None
    scope: str
    label: str
    label_fr: str
    definition: str
    counted: bool

    def read(self, text: str) -> Quantity:
        """Read a quantity of this name strictly: its dimension and its bounds."""
        quantity = read_quantity(text, self.unit, self.name)
        self.check(quantity, text)
        return quantity

    def check(self, quantity: Quantity, text: str | None = None) -> None:
        """Raise unless the quantity lies within the name's physical bounds."""
        value = quantity.to(read_unit(self.unit)).magnitude
        low = self.minimum if self.minimum is not None else float("-inf")
        high = self.maximum if self.maximum is not None else _BEYOND
        if not (low <= value <= high):
            limits = f"from {low:g} to {high:g}" if self.maximum is not None else f"at most {high:g}" if value > high else f"at least {low:g}"
            unit = "" if self.unit == "1" else f" {self.unit}"
            raise RecountError(
                f"{self.name} '{text or quantity}' is out of range: it must be {limits}{unit}; the nearest valid value is {min(max(value, low), high):g}{unit}."
            )


@functools.cache
def quantities() -> dict[str, QuantitySpec]:
    """Every name that a row, a formula or a reader may use."""
    path = data_folder() / "quantities.csv"
    specs: dict[str, QuantitySpec] = {}
    problems = []
    for number, line in read_csv(path, ("name", "unit", "minimum", "maximum", "scope", "label", "label_fr", "definition", "counted")):
        try:
            bounds = [float(line[k]) if line[k] else None for k in ("minimum", "maximum")]
        except ValueError:
            raise RecountError(f"{path.name} line {number}: minimum and maximum must be plain numbers.") from None
        if line["name"] in specs:
            raise RecountError(f"{path.name} line {number}: the name '{line['name']}' stands twice.")
        try:
            read_unit(line["unit"])
        except RecountError as error:
            problems.append(f"{path.name} line {number} ({line['name']}): {error}")
        specs[line["name"]] = QuantitySpec(
            line["name"], line["unit"], *bounds, line["scope"], line["label"], line["label_fr"], line["definition"],
            line["counted"] == "yes",
        )  # fmt: skip
    if problems:
        raise RecountError(problems[0], problems)
    return specs


def spec(name: str) -> QuantitySpec:
    """The vocabulary's entry of a name, or the nearest valid one in the message."""
    known = quantities()
    if name not in known:
        raise RecountError(f"'{name}' is not an assumption or result of the model: {nearest(name, known)}")
    trace.used("quantity", name)
    return known[name]


def known(name: str) -> QuantitySpec | None:
    """The vocabulary's entry of a name, if it has one; what is shown of it counts as used."""
    return spec(name) if name in quantities() else None

"""A yearly table of grid intensities as Our World in Data lays it out, read strictly.

Two layouts are known: a chart's (``Entity, Code, Year`` and the intensity) and that of the
energy data set (``country, year, iso_code, …, carbon_intensity_elec``).
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import re
from pathlib import Path

from recount.contexts import countries
from recount.errors import RecountError, nearest
from recount.vocabulary import spec

NAME = "grid_intensity"
UNIT = "gCO2e/kWh"
_LAYOUTS = (("Entity", "Code", "Year"), ("country", "iso_code", "year"))
_SHORT = "carbon_intensity_elec"
_LONG = re.compile(r"(lifecycle |life-cycle )?carbon intensity of electricity( generation)?\s*(?:-|–|\()\s*(?P<unit>.*?)\)?", re.I)
_GRAMS = re.compile(r"g(rams)?\s*(of )?co(2|₂)(e|eq)?\s*(/|per)\s*kwh", re.I)
_REGIONS = {"OWID_WRL": "WORLD", "OWID_EU27": "EU27", "World": "WORLD", "European Union (27)": "EU27"}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_FIRST = 1900


@dataclasses.dataclass(frozen=True)
class Value:
    """One country's intensity in one year, as the table prints it."""

    code: str
    year: int
    text: str
    line: int

    @property
    def context(self) -> str:
        return f"grid:{self.code}-{self.year}"


@dataclasses.dataclass(frozen=True)
class Table:
    """What a table says of the countries that our data know, and what it holds besides."""

    name: str
    column: str
    values: tuple[Value, ...]
    others: tuple[str, ...]  # codes of countries that no row of ours is about
    regions: int


def read(path: Path) -> Table:
    """Read a table; the first fault is the error, with its line.

    Raises
    ------
    RecountError : missing columns, another unit, text in a number, a value out of range, an
        unknown country, a year that stands twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(path.name, csv.reader(file, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise RecountError(f"{path.name} is not a readable CSV: {error}.") from None
    except (FileNotFoundError, IsADirectoryError):
        raise RecountError(f"--from '{path}' is no file: name a CSV table of Our World in Data.") from None


def _read(name: str, reader) -> Table:
    heads = [head.strip() for head in next(reader, [])]
    entity, code, year, column = _columns(name, heads)
    known, values, others, regions = countries(), [], set(), 0
    seen: dict[tuple[str, int], int] = {}
    for line in reader:
        if not any(cell.strip() for cell in line):
            continue
        place = f"{name} line {reader.line_num}"
        if len(line) != len(heads):
            raise RecountError(f"{place}: it has {len(line)} fields, but the first line names {len(heads)} columns.")
        who, short, when, text = (line[k].strip() for k in (entity, code, year, column))
        found = _place(place, who, short)
        if found not in known:
            regions, others = regions + (not found), others | ({found} if found else set())
            continue
        if not re.fullmatch(r"\d{4}", when) or not _FIRST <= int(when) <= datetime.date.today().year:
            raise RecountError(f"{place}: year '{when}' must be a whole number from {_FIRST} to {datetime.date.today().year}.")
        if (found, int(when)) in seen:
            raise RecountError(f"{place}: {found} {when} stands in line {seen[found, int(when)]} too.")
        seen[found, int(when)] = reader.line_num
        if text:
            values.append(Value(found, int(when), _number(place, text), reader.line_num))
    if not values:
        raise RecountError(f"{name} holds no value of a country that our rows are about: {', '.join(known)}.")
    return Table(name, heads[column], tuple(values), tuple(sorted(others)), regions)


def _columns(name: str, heads: list[str]) -> tuple[int, int, int, int]:
    low = [head.lower() for head in heads]
    layout = max(_LAYOUTS, key=lambda one: sum(part.lower() in low for part in one))
    missing = next((part for part in layout if part.lower() not in low), None)
    if missing:
        raise RecountError(f"{name}: the column '{missing}' is missing; it needs {', '.join(layout)} and {_SHORT}, and has {', '.join(heads[:8]) or 'none'}{', …' if len(heads) > 8 else ''}.")
    if _SHORT in low:
        column = low.index(_SHORT)
    else:
        found = [(k, match) for k, head in enumerate(heads) if (match := _LONG.fullmatch(head))]
        if not found:
            raise RecountError(f"{name}: no column holds the carbon intensity of electricity: it must be called {_SHORT} or 'Carbon intensity of electricity - gCO2/KWh'.")
        column, match = found[0]
        if not _GRAMS.fullmatch(match["unit"].strip()):
            raise RecountError(f"{name}: its intensities are in '{match['unit']}', but must be in gCO2/kWh: convert the column and rename it.")
    entity, code, year = (low.index(part.lower()) for part in layout)
    return entity, code, year, column


def _place(place: str, who: str, short: str) -> str:
    """Our code of a country; nothing for a region that has none."""
    if region := _REGIONS.get(short) or _REGIONS.get(who):
        return region
    if not short or short.startswith("OWID_"):
        return ""
    import pycountry

    ours = next((code for code, names in countries().items() if names[0] == who), "")
    if ours and ours != short:
        raise RecountError(f"{place}: '{short}' is not the code of {who}, which is {ours}.")
    if short not in countries() and not pycountry.countries.get(alpha_3=short) and not pycountry.historic_countries.get(alpha_3=short):
        raise RecountError(f"{place}: '{short}' ({who or 'no name'}) is the code of no country: {nearest(short, countries())}")
    return short


def _number(place: str, text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise RecountError(f"{place}: intensity '{text}' must be a plain number such as 55.275, or empty.")
    try:
        spec(NAME).read(f"{text} {UNIT}")
    except RecountError as error:
        raise RecountError(f"{place}: {error}") from None
    return text

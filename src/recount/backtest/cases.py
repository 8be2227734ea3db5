"""What a fit is held against: the runs and measurements that ``data/backtests`` lists."""

from __future__ import annotations

import dataclasses
import functools

from recount import trace
from recount.assumptions import Assumption, from_row, load
from recount.units import Quantity, read_unit
from recount.vocabulary import data_folder, quantities, read_csv

RUN_COLUMNS = ("run", "model", "family", "maker", "hardware", "year", "declared", "energy_independent", "power_boundary", "utilisation_from", "note")
ANSWER_COLUMNS = ("measurement", "model", "family", "hardware", "task", "boundary", "kind", "note")
MEASURED_COLUMNS = ("measurement", "phase", "family", "hardware", "note")
OWN = "recount2026measured"  # the source of what our own instrument has measured


@dataclasses.dataclass(frozen=True)
class Run:
    """A training run: contexts of its inputs and of what was declared of it."""

    run: str
    model: str
    family: str
    maker: str
    hardware: str
    year: str
    declared: str
    energy_independent: str
    power_boundary: str
    utilisation_from: str
    note: str


@dataclasses.dataclass(frozen=True)
class Answer:
    """A measured or published energy of answers."""

    measurement: str
    model: str
    family: str
    hardware: str
    task: str
    boundary: str
    kind: str
    note: str


@dataclasses.dataclass(frozen=True)
class Measured:
    """A measurement of our own, which no fit is made on."""

    measurement: str
    phase: str
    family: str
    hardware: str
    note: str


@functools.cache
def runs() -> tuple[Run, ...]:
    """The training runs of ``data/backtests/training.csv``."""
    return tuple(Run(**line) for line in _lines("training.csv", RUN_COLUMNS))


@functools.cache
def answers() -> tuple[Answer, ...]:
    """The measurements of ``data/backtests/answers.csv``."""
    return tuple(Answer(**line) for line in _lines("answers.csv", ANSWER_COLUMNS))


@functools.cache
def measured() -> tuple[Measured, ...]:
    """The measurements of ``data/backtests/measured.csv``."""
    return tuple(Measured(**line) for line in _lines("measured.csv", MEASURED_COLUMNS))


def _lines(name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    trace.used("file", f"backtests/{name}")
    return [dict(line) for _, line in read_csv(data_folder() / "backtests" / name, columns)]


def known(*contexts: str) -> dict[str, Assumption]:
    """Every assumption that these contexts supply; the later context wins."""
    return {name: from_row(row) for context in contexts if context for name, row in load().context(context).items()}


def typed(values: dict[str, float] | dict[str, tuple[float, float, float]]) -> dict[str, Assumption]:
    """Fitted numbers as assumptions, in their names' natural units: a point, or three percentiles."""
    found = {}
    for name, value in values.items():
        unit = read_unit(quantities()[name].unit)
        if isinstance(value, tuple):
            low, middle, high = (Quantity(x, unit) for x in value)
            found[name] = Assumption(name, middle, 0.0, "estimate", "fit", f"{middle:~}", low, high, "lognormal")
        else:
            found[name] = Assumption(name, Quantity(value, unit), 0.0, "estimate", "fit", f"{value}")
    return found


def problems() -> list[str]:
    """Contexts that the lists name and the data lack, and our own measurements where a fit would see them."""
    there = set(load().contexts())
    named = [("training.csv", c) for run in runs() for c in (run.run, run.model, run.hardware, run.declared) if c]
    named += [("answers.csv", c) for answer in answers() for c in (answer.measurement, answer.model, answer.hardware, answer.task) if ":" in c]
    named += [("measured.csv", c) for own in measured() for c in (own.measurement, own.hardware)]
    lacking = [f"backtests/{file}: context '{context}' is not in the data." for file, context in named if context not in there]
    ours = {row.context for row in load().rows if row.source == OWN}
    seen = [answer.measurement for answer in answers() if answer.measurement in ours | {own.measurement for own in measured()}]
    return lacking + [f"backtests/answers.csv: '{context}' is a measurement of our own, which no fit may see: list it in measured.csv." for context in seen]

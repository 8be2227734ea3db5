"""Figures of declared training runs: their energy per parameter and token.

What a row does not say in a column is read from its derivation: which chip ran, and whether a
power is a measurement or only the chip's rating.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence

from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from recount import trace
from recount.assumptions import Row, load
from recount.contexts import spelled
from recount.figure_style import (
    BLUE, BROWN, EPSILON_UNIT, FAINT, GREEN, INK, ORANGE, PURPLE, RED, Words, canvas, drawn, legend_below, name_points, named_reference, number_axis, settle,
    shown, span, wrapped,
)  # fmt: skip
from recount.model.epsilon_training import energy_per_parameter_token
from recount.study import Study, View
from recount.units import Quantity, read_unit

WORK_UNIT = "parameter*token"
FLOOR_CHIPS = ("v100", "a100", "h100", "b200")
_CHIP = re.compile(r"\b(P100|V100|A100|H100|H200|B200|TPU ?v\d\w?)\b")
_CHIP_LOOK = {"P100": (BROWN, "v"), "V100": (RED, "s"), "A100": (BLUE, "o"), "H100": (GREEN, "D"), "H200": (GREEN, "p"), "B200": (PURPLE, "P"), "TPU": (ORANGE, "^"), "": (INK, "h")}


@dataclasses.dataclass(frozen=True)
class Run:
    """A training run whose energy and work were declared."""

    name: str
    year: float  # of the publication that declares the energy or the hours
    chip: str
    work: Quantity
    it_energy: Quantity
    circular: bool  # the chip's rated power stands in for a measurement
    bound: bool  # the accelerators alone were metered

    @property
    def epsilon(self) -> float:
        return float((self.it_energy / self.work).to(read_unit(EPSILON_UNIT)).magnitude)

    @property
    def look(self) -> tuple[str, str]:
        return _CHIP_LOOK["TPU" if self.chip.startswith("TPU") else self.chip]


def _rows(context: str) -> dict[str, Row]:
    """The rows of a context, none where there is no such context."""
    found = load().context(context) if context in load().contexts() else {}
    for row in found.values():
        trace.used("row", row.key)
        trace.used("file", row.file)
    return found


def training_runs(study: Study) -> tuple[list[Run], list[str]]:
    """Declared training runs by date, and those left out because they distil a larger model.

    A run is a ``run:`` or ``declared:`` context. Its work is active parameters × training tokens
    of the model of the same name, else its declared operations ÷ operations per parameter-token.
    Its IT energy is the declared one, else the facility's ÷ PUE, else chip-hours × system power.
    """
    slugs = sorted({c.partition(":")[2] for c in load().contexts() if c.startswith(("run:", "declared:"))})
    found, distilled = [], []
    for slug in slugs:
        rows = {**_rows(f"model:{slug}"), **_rows(f"run:{slug}"), **_rows(f"declared:{slug}")}
        work, energy = _work(study, rows), _energy(rows)
        if work is None or not energy:
            continue
        if "training_tokens" in rows and "distilled" in rows["training_tokens"].derivation:
            distilled.append(spelled(slug))
            continue
        told = " ".join(row.derivation for row in energy[1])
        found.append(Run(spelled(slug), _year(energy[1][0]), _chip(rows), work, energy[0], "circular" in told, "graphics cards" in told))
    return sorted(found, key=lambda run: (run.year, run.name)), distilled


def _work(study: Study, rows: dict[str, Row]) -> Quantity | None:
    if "active_parameters" in rows and "training_tokens" in rows:
        return rows["active_parameters"].quantity() * rows["training_tokens"].quantity()
    if "training_compute" in rows:
        return rows["training_compute"].quantity() / study.row("default", "flop_per_parameter_token")
    return None


def _energy(rows: dict[str, Row]) -> tuple[Quantity, list[Row]] | None:
    for names in (("it_energy",), ("facility_energy", "pue"), ("chip_hours", "system_power")):
        if all(name in rows for name in names):
            used = [rows[name] for name in names]
            first, *second = [row.quantity() for row in used]
            return (first if not second else first / second[0] if names[0] == "facility_energy" else first * second[0]), used
    return None


def _chip(rows: dict[str, Row]) -> str:
    """The chip that a derivation names, else the one whose peak is achieved rate ÷ utilisation."""
    named = [m[1] for name in ("system_power", "chip_hours", "utilisation") if name in rows for m in _CHIP.finditer(rows[name].derivation)]
    if named:
        return named[0]
    if "achieved_throughput" not in rows or "utilisation" not in rows:
        return ""
    peak = rows["achieved_throughput"].quantity() / rows["utilisation"].quantity().to("")
    chips = {c: _rows(c)["peak_throughput"].quantity() for c in load().contexts() if re.fullmatch(r"hardware:(v100|[ahb][12]00|tpu-v\d)", c)}
    distance = {c: abs(math.log(float((peak / q).to("").magnitude))) for c, q in chips.items()}
    nearest = min(distance, key=distance.get)
    return nearest.partition(":")[2].upper().replace("TPU-V", "TPU v") if distance[nearest] < 0.01 else ""


def _year(row: Row) -> float:
    year, month = [*map(int, row.published.split("-")[:2]), 7][:2]
    return year + (month - 0.5) / 12


def _run_legend(runs: Sequence[Run], words: Words) -> list[Line2D]:
    kinds = dict.fromkeys((run.look, "TPU" if run.chip.startswith("TPU") else run.chip) for run in runs)
    handles = [Line2D([], [], color=c, marker=m, ls="", ms=7, label=chip or words("chip not stated")) for (c, m), chip in kinds]
    return [*handles, Line2D([], [], color=FAINT, marker="o", mfc="white", ls="", ms=7, label=words("hollow: rated power × hours"))]


def _scatter_runs(axes, runs: Sequence[Run], xs: Sequence[float], ys: Sequence[float]) -> None:
    for run, x, y in zip(runs, xs, ys, strict=True):
        colour, marker = run.look
        axes.scatter([x], [y], s=52, marker=marker, facecolors="white" if run.circular else colour, edgecolors=colour, linewidths=1.6, zorder=3)


def _run_text(run: Run, words: Words) -> str:
    notes = [run.chip or words("chip not stated"), *([words("circular")] if run.circular else []), *([words("lower bound")] if run.bound else [])]
    return f"{run.name} {words.amount(run.epsilon, EPSILON_UNIT)} ({math.floor(run.year)}, {', '.join(notes)})"


@drawn
def epsilon_of_runs(study: Study, *, language: str | None = None) -> View:
    """ε of declared training runs against the year of publication, over the floors of chips."""
    words, (runs, distilled) = Words(language), training_runs(study)
    floors = {chip.upper(): _floor(study, chip) for chip in FLOOR_CHIPS}
    ys = [run.epsilon for run in runs]
    figure, axes = canvas(5.6)
    first, last = min(r.year for r in runs) - 0.5, max(r.year for r in runs) + 0.8
    number_axis(axes.yaxis, words, True, span([*ys, *floors.values()], 1.3))
    axes.set_xlim(first, last)
    axes.xaxis.set_major_locator(MultipleLocator(1))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    for chip, floor in floors.items():
        axes.axhline(floor, color=_CHIP_LOOK[chip][0], lw=1.1, ls=(0, (1, 2)))
        axes.annotate(f"{chip} {words.number(floor)}", (last, floor), (-2, 2), textcoords="offset points", fontsize=9, ha="right", va="bottom")
    xs = [run.year for run in runs]
    _scatter_runs(axes, runs, xs, ys)
    axes.set_ylabel(wrapped(words.axis(words("IT energy per parameter and token"), EPSILON_UNIT), 52))
    axes.set_xlabel(words("year of publication (year)"))
    floor_line = Line2D([], [], color=FAINT, lw=1.1, ls=(0, (1, 2)), label=words("floor of a chip at its peak rate and rated power"))
    legend_below(figure, [*_run_legend(runs, words), floor_line], 3)
    name_points(axes, [(x, y, run.name) for run, x, y in zip(runs, xs, ys, strict=True)])
    told = [words("IT energy per active parameter and training token of {count} declared runs", count=len(runs)), words("hollow where power is the chip's rating times hours, not a measurement")]
    told += [words.listed(_run_text(run, words) for run in runs), named_reference(words("floor of a chip at its peak rate and rated power"), words.listed(f"{c} {words.amount(f, EPSILON_UNIT)}" for c, f in floors.items()), words)]
    told += [named_reference(words("left out, since distilled from a larger model"), ", ".join(distilled), words)] if distilled else []
    return shown(figure, ". ".join(told) + ".")


def _floor(study: Study, chip: str) -> float:
    """ε of a chip that works at its peak rate for its rated power and nothing else."""
    flop, power, peak = study.row("default", "flop_per_parameter_token"), study.row(f"hardware:{chip}", "thermal_design_power"), study.row(f"hardware:{chip}", "peak_throughput")
    return float(energy_per_parameter_token(flop, power, peak).to(read_unit(EPSILON_UNIT)).magnitude)


@drawn
def energy_against_work(study: Study, *, language: str | None = None) -> View:
    """IT energy of training against parameters × tokens, with lines of constant ε."""
    words, (runs, _) = Words(language), training_runs(study)
    xs = [float(run.work.to(read_unit(WORK_UNIT)).magnitude) for run in runs]
    ys = [float(run.it_energy.to(read_unit("MWh")).magnitude) for run in runs]
    figure, axes = canvas(5.6)
    ends = span(xs, 4)
    number_axis(axes.xaxis, words, True, ends)
    number_axis(axes.yaxis, words, True, span(ys, 3))
    lines = {}
    for power in range(math.floor(math.log10(min(r.epsilon for r in runs))), math.ceil(math.log10(max(r.epsilon for r in runs))) + 1):
        line = [float((Quantity(10.0**power, read_unit(EPSILON_UNIT)) * Quantity(x, read_unit(WORK_UNIT))).to(read_unit("MWh")).magnitude) for x in ends]
        lines[words.amount(10.0**power, EPSILON_UNIT)] = axes.plot(ends, line, color=FAINT, lw=0.9, ls=(0, (1, 2)), zorder=1)[0]
    _scatter_runs(axes, runs, xs, ys)
    axes.set_xlabel(words.axis(words("parameters × training tokens"), "parameter*token"))
    axes.set_ylabel(words.axis(words("IT energy of training"), "MWh"))
    legend_below(figure, _run_legend(runs, words), 3)
    settle(figure)
    for name, line in lines.items():
        _name_line(axes, line, name)
    name_points(axes, [(x, y, run.name) for run, x, y in zip(runs, xs, ys, strict=True)])
    head = words("IT energy of {count} declared training runs against their work, both logarithmic, with lines of constant energy per parameter and token", count=len(runs))
    rows = [f"{run.name} {words.amount(y, 'MWh', 4)}, {words.amount(run.epsilon, EPSILON_UNIT)}" for run, y in zip(runs, ys, strict=True)]
    return shown(figure, f"{head}. {words.listed(rows)}.")


def _name_line(axes, line: Line2D, name: str) -> None:
    """A name along a straight line, near where it enters the frame."""
    (x0, y0), (x1, y1) = axes.transAxes.inverted().transform(axes.transData.transform(line.get_xydata()))
    slope = (y1 - y0) / (x1 - x0)
    x = max(0.24, (0.04 - y0) / slope)
    frame = axes.get_window_extent()
    angle = math.degrees(math.atan2(slope * frame.height, frame.width))
    axes.text(x, y0 + slope * x + 0.012, name, transform=axes.transAxes, fontsize=9, color="#555555", rotation=angle, rotation_mode="anchor", va="bottom")

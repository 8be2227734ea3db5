"""What a notebook shows of our own measurements: models, floors, predictions, repeats, and a short one made on the spot."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path

from recount import trace
from recount.assumptions import Row, load
from recount.backtest import answers, measured as left_out, training, views as scored
from recount.backtest.cases import OWN
from recount.contexts import spelled
from recount.errors import RecountError
from recount.explain import Table
from recount.language import capital, message, say
from recount.measure import arithmetic, predict, record as records, rows as as_rows, session, workloads
from recount.row_texts import of_row
from recount.study import View, view
from recount.units import amount, percent, read_quantity, read_unit, trimmed
from recount.vocabulary import data_folder
from recount.wording import readable

NOT_YET = message("Not measured yet: no row of our own instrument is about an accelerator. What stands above is a prediction, and nothing of it has been seen on a chip by us.")
_PHASES = message("training"), message("decoding"), message("prompt"), message("output")  # as files call them
_EPSILON = ("accelerator_energy_per_parameter_token", "energy_per_parameter_token")


@dataclasses.dataclass(frozen=True)
class Point:
    """ε of one measurement or run."""

    name: str
    parameters: float
    epsilon: float  # pJ/parameter/token
    group: str  # training, decoding, processor; published training or answers


@functools.cache
def own() -> dict[str, dict[str, Row]]:
    """The rows of our own measurements by context and name."""
    found: dict[str, dict[str, Row]] = {}
    for row in load().rows:
        if row.source == OWN:
            trace.used("row", row.key)
            trace.used("file", row.file)
            found.setdefault(row.context, {})[row.name] = row
    return found


def own_points() -> list[Point]:
    """ε of our own measurements: accelerators by phase, and processors."""
    found = []
    for context, rows in own().items():
        name = next(name for name in _EPSILON if name in rows)
        group = "processor" if name == _EPSILON[1] else "decoding" if "batch" in rows else "training"
        found.append(Point(context.partition(":")[2], _in(rows["active_parameters"], "parameter"), _in(rows[name], predict.UNIT), group))
    return found


def published_points(chip: str) -> list[Point]:
    """ε of trainings with an energy that was metered, and of answers on a chip."""
    found = []
    for run in training.observed():
        if run.case.energy_independent == "yes" and run.compute and {"pue", "active_parameters"} <= set(run.supplied) and "facility_energy" in run.declared:
            pj = float(run.declared["facility_energy"].value.to("pJ").magnitude) / run.value("pue", "")
            found.append(Point(run.case.run.partition(":")[2], run.value("active_parameters", "parameter"), pj * arithmetic.TRAINING_FLOP / run.compute, "published training"))
    for point in answers.points():
        if point.case.hardware == f"hardware:{chip}":
            found.append(Point(point.case.measurement.partition(":")[2], float(point.supplied["active_parameters"].value.to("parameter").magnitude), point.measured, "published answers"))
    return found


def _in(row: Row, unit: str) -> float:
    return float(row.quantity().to(read_unit(unit)).magnitude)


def sizes(*names: str) -> View:
    """The models that the instrument makes: their parts and their exact number of parameters."""
    rows = []
    for name, shape in workloads.sizes().items():
        if not names or name in names:
            heads = str(shape.heads)
            if shape.heads != shape.key_value_heads:
                heads = say("{heads}, {groups} for keys and values", heads=heads, groups=shape.key_value_heads)
            words = say("{count}, shared", count=_whole(shape.vocabulary)) if shape.tied else _whole(shape.vocabulary)
            rows.append((name, _whole(shape.parameters), str(shape.layers), _whole(shape.hidden), heads, _whole(shape.feed_forward), words))
    columns = say("Size"), say("Parameters"), say("Layers"), say("Width"), say("Heads"), say("Feed-forward"), say("Vocabulary")
    return view(Table(columns, tuple(rows)))


def floors(*chips: str) -> View:
    """The least that ε could be at a chip's peak rate and rated power, in training and in use."""
    rows = []
    for chip in chips:
        sheet = predict.sheet(chip)
        power, peak = sheet["thermal_design_power_w"], sheet["peak_flop_per_s"]
        ends = [amount(arithmetic.floor(power, peak, flop), "pJ", 3) for flop in (arithmetic.TRAINING_FLOP, arithmetic.FORWARD_FLOP)]
        rows.append((spelled(chip), amount(peak / 1e12, "TFLOP/s", 4), amount(power, "W", 3), amount(peak / power / 1e12, "TFLOP", 3), *ends))
    columns = say("Chip"), say("Peak, dense 16 bits"), say("Rated power"), say("Operations a joule"), say("Floor in training"), say("Floor in use")
    return view(Table(columns, tuple(rows)))


def predictions(chip: str) -> View:
    """What the model says of every case before it is measured, per parameter and token."""
    found = predict.predictions(chip, workloads.cases(), workloads.settings())
    rows = []
    for name, one in found.items():
        case = workloads.case(name)
        batch = say("searched for") if case.batch is None else str(case.batch)
        interval = say("{low} to {high}", low=trimmed(one["low"], 3), high=amount(one["high"], "pJ", 3))
        rows.append((say(case.phase), case.size, batch, amount(one["middle"], "pJ", 3), interval))
    return view(Table((say("Phase"), say("Size"), say("Batch"), say("ε predicted"), capital(say("90 % interval"))), tuple(rows)))


def processors() -> View:
    """Our own measurements on processors, and how the energy was come by."""
    rows = []
    for context, found in own().items():
        if _EPSILON[1] in found:
            row = found[_EPSILON[1]]
            size = readable(found["active_parameters"].quantity(), "active_parameters", 3)
            rows.append((spelled(context.partition(":")[2]), size, readable(row.quantity(), row.name, 3), say(row.strength), of_row(row.derivation)))
    return view(Table((say("Measurement"), say("Size"), "ε", say("How strong"), say("How")), tuple(rows)))


def repeats(name: str) -> View:
    """Every repeat of a measurement whose file is kept in ``data/measurements``."""
    found = records.read(data_folder() / "measurements" / f"{name}.json")
    trace.used("file", f"measurements/{name}.json")
    rows = []
    for entry in found["repeats"]:
        for phase, one in entry["stretches"].items():
            epsilon = entry.get("epsilon_by_phase_pj", {}).get(phase, entry["epsilon_pj"])
            parts = [amount(one["host"][part], "J", 3) if part in one["host"] else say("not counted") for part in ("processor_j", "memory_j")]
            rows.append((
                str(entry["order"]), entry["case"], str(entry["repeat"]), say(phase), amount(one["seconds"], "s", 3), _whole(one["tokens"]), amount(one["joules"], "J", 3),
                *parts, amount(epsilon, "pJ", 3),
            ))  # fmt: skip
    columns = say("Order"), say("Case"), say("Repeat"), say("Phase"), say("Time"), say("Tokens"), say("Energy"), say("Processor"), say("Memory"), "ε"
    return view(Table(columns, tuple(rows)))


def accelerators() -> View:
    """Our own measurements on accelerators beside the prediction that was sealed before each, or that there is none yet."""
    rows, sealed = [], _sealed()
    for context, found in own().items():
        if _EPSILON[0] in found:
            watts, share = found.get("accelerator_power"), found.get("utilisation")
            rows.append((
                spelled(context.partition(":")[2]), readable(found["active_parameters"].quantity(), "active_parameters", 3), readable(found[_EPSILON[0]].quantity(), _EPSILON[0], 3),
                sealed.get(context, ""), readable(watts.quantity(), "accelerator_power", 3) if watts else "", percent(_in(share, ""), 3) if share else "", of_row(found[_EPSILON[0]].locator),
            ))  # fmt: skip
    columns = say("Measurement"), say("Size"), "ε", say("Predicted before"), say("Power"), say("Utilisation"), say("Where")
    return view(Table(columns, tuple(rows))) if rows else View(say(NOT_YET))


def _sealed() -> dict[str, str]:
    """What the files that are kept say was expected of each case on an accelerator, whatever the model says today."""
    told = {}
    for path in sorted((data_folder() / "measurements").glob("*.json")):
        found = records.read(path)
        if found["device"].get("kind") == "gpu":
            trace.used("file", f"measurements/{path.name}")
            for case, one in found["prediction"]["cases"].items():
                if "middle" in one:
                    interval = say("{low} to {high}", low=trimmed(one["low"], 3), high=amount(one["high"], "pJ", 3))
                    told[as_rows.context(found, case)] = f"{amount(one['middle'], 'pJ', 3)} ({interval})"
    return told


def against_prediction(*phases: str) -> View:
    """Each measurement on an accelerator beside its prediction by fits that have not seen it, or that there is none yet."""
    found = [one for phase in phases or left_out.PHASES for one in left_out.predictions(phase)]
    return scored.points(found) if found else View(say(NOT_YET))


def live(time: str = "10 s", name: str = "this machine") -> View:
    """A tiny transformer trained here and now for about so long, or why that cannot be."""
    seconds = float(read_quantity(time, "s", "time").to("s").magnitude)
    try:
        from recount.measure.bench import TorchBench

        bench = TorchBench(cpu=True, name=name)
    except RecountError as error:
        return View(say("Not measured here: {problem}", problem=say(str(error))))
    case = workloads.Case("training", "1m")
    found = records.new("cpu", None, records.settings(True, minutes=seconds / 60, repeats=1), {case.id: {"problem": "the model knows no processor"}})
    records.take_device(found, Path("live"), bench.device(), bench.software(), False)
    session.run(bench, found, [(case, 1)], lambda: None, lambda line: None)
    (entry,) = found["repeats"]
    one = entry["stretches"]["training"]
    rows = [(say("tokens trained on"), _whole(one["tokens"])), (say("time"), amount(one["seconds"], "s", 3))]
    rows += [(part, f"{amount(one['host'][key], 'J', 3)}, {how}") for part, key, how in _parts(one["host"])]
    rows.append(("ε", say("{energy} per parameter and token", energy=amount(entry["epsilon_pj"], "pJ", 3))))
    return view(Table((say("What"), say("Here")), tuple(rows)))


def _parts(host: dict[str, str]) -> Iterable[tuple[str, str, str]]:
    return ((say("energy of the processor"), "processor_j", say(host["processor_power"])), (say("energy of the memory"), "memory_j", say(host["memory_power"])))


def _whole(count: int) -> str:
    """What is counted keeps all its digits."""
    return trimmed(count, 15)

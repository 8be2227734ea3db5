"""Claims over a grid of assumptions: the model's graph on arrays of points, without a kernel.

A claim is planned once, exactly as ``recount claims -p`` would plan it, and its plan is then
evaluated with the columns of the grid in place of the swept assumptions. What a point means does
not depend on how the grid is cut into chunks or who computes them.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from recount import claims, own_register, recompute, register, sampling, scenarios, sweep_axes
from recount.assumptions import Assumption
from recount.errors import RecountError
from recount.recompute import Plan, World
from recount.register import Claim
from recount.sweep_axes import Axis
from recount.units import Quantity, magnitude, read_unit
from recount.verdicts import printed_range

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 100_000_000
MOST_VERDICTS = 20_000  # each takes as long as a claim on the command line, some fifty milliseconds
VERDICT_SAMPLES = 2**14
CHUNK_BYTES = 8_000_000  # what a chunk holds at most: it bounds the memory of a sweep of any length
_ORIGIN = "axis"
_FAN = 2**13
_BEYOND = "the figure is beyond all measure under these assumptions."
_TOO_MANY = "active_parameters exceed total_parameters: at most all parameters are active."


@dataclasses.dataclass(frozen=True)
class Sweep:
    """What is swept: axes laid over a scenario and fixed assumptions, for some claims or all."""

    axes: tuple[Axis, ...]
    scenario: str = scenarios.DEFAULT
    overrides: tuple[tuple[str, str], ...] = ()
    claims: tuple[str, ...] = ()
    verdicts: bool = False
    samples: int = VERDICT_SAMPLES
    seed: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return sweep_axes.shape(self.axes)

    @property
    def points(self) -> int:
        most, what = (MOST_VERDICTS, "--verdicts") if self.verdicts else (MOST, "a sweep")
        return sweep_axes.count(self.axes, most, what)

    @property
    def rows(self) -> int:
        """Points of a chunk: a property of what is asked for, never of who computes it."""
        if self.verdicts:
            return 64
        width = 8 * len(self.axes) + 13 * max(1, len(planned(self)[0]))
        return int(np.clip(2 ** int(np.log2(CHUNK_BYTES / width)), 2**12, 2**18))

    def world(self, typed: Mapping[str, str]) -> World:
        return World.of(self.scenario, dict(self.overrides) | dict(typed))


@dataclasses.dataclass(frozen=True)
class Reached:
    """A claim that an axis reaches: its routes in the order in which they are taken."""

    claim: Claim
    plans: tuple[Plan, ...]
    axes: tuple[Axis, ...]  # those that reach it

    @property
    def id(self) -> str:
        return self.claim.id

    @functools.cached_property
    def printed(self) -> float:
        return float(self.claim.published.to(read_unit(self.claim.unit)).magnitude)


def accepts(claim: Claim, figures: np.ndarray) -> np.ndarray:
    """Where a figure, in the claim's unit, lies in P, the range that the printed one stands for."""
    low, high = printed_range(claim.printed, claim.relation, claim.significant)
    above = figures > low if claim.relation == "more_than" else figures >= low
    below = figures < high if claim.relation == "less_than" else figures <= high
    return above & below


@dataclasses.dataclass(frozen=True)
class Unreached:
    """A claim that no axis moves, told once: its figure in this world, or why there is none."""

    claim: Claim
    figure: float | None
    problem: str = ""


@own_register.per_register(maxsize=4)
def planned(sweep: Sweep) -> tuple[tuple[Reached, ...], tuple[Unreached, ...]]:
    """The claims that the axes reach, and the others.

    Raises
    ------
    RecountError : an unknown claim, or axes that reach none of the claims.
    """
    world = sweep.world({axis.key: _stand_in(axis) for axis in sweep.axes})
    reached, others = [], []
    for identifier in sweep.claims or register.shown():
        found = _plan(register.claim(identifier), world, sweep.axes)
        (reached if isinstance(found, Reached) else others).append(found)
    if not reached:
        names, which = " or ".join(axis.key for axis in sweep.axes), f"of {', '.join(sweep.claims)}" if sweep.claims else "of any claim"
        why = next((f" {one.problem}" for one in others if one.problem), "")
        raise RecountError(f"no figure {which} depends on {names} under these assumptions: there is nothing to sweep.{why}")
    return tuple(reached), tuple(others)


def _stand_in(axis: Axis) -> str:
    """The value that a plan is made with: one that leaves the most of the other axis valid."""
    if axis.name == "total_parameters":
        return axis.text(int(np.argmax(axis.values)))
    return axis.text(int(np.argmin(axis.values))) if axis.name == "active_parameters" else axis.text(0)


def _plan(claim: Claim, world: World, axes: Sequence[Axis]) -> Reached | Unreached:
    plans, problems = [], []
    for route in claim.routes:
        try:
            plans.append(recompute.plan(route, world))
        except RecountError as error:
            problems.append(str(error))
    # In the order in which a claim takes its routes in a changed world.
    plans.sort(key=lambda plan: (-len(plan.changed_names), plan.route.name != claim.take))
    if not plans:
        return Unreached(claim, None, " ".join(dict.fromkeys(problems)))
    reaching = tuple(axis for axis in axes if _places(plans[0], axis))
    if reaching:
        return Reached(claim, tuple(plans), reaching)
    try:
        return Unreached(claim, recompute.point(plans[0], claim.unit))
    except RecountError as error:
        return Unreached(claim, None, str(error))


def _places(plan: Plan, axis: Axis) -> list[tuple[int, Assumption]]:
    """Where a plan takes an axis: the operand's place and the assumption there."""
    return [
        (k, one.assumptions[axis.name]) for k, one in enumerate(plan.operands)
        if axis.activity in ("", one.operand.activity) and axis.name in one.assumptions and one.assumptions[axis.name].origin == "override"
    ]  # fmt: skip


def _laid(plan: Plan, axes: Sequence[Axis], values: Mapping[str, np.ndarray | float]) -> Plan:
    """A plan with the values of the axes in place of what stood in for them."""
    operands = list(plan.operands)
    for axis in axes:
        for k, stood in _places(plan, axis):
            laid = dataclasses.replace(stood, value=Quantity(values[axis.key], read_unit(axis.unit)), half_rounding=0.0, origin=_ORIGIN)
            operands[k] = dataclasses.replace(operands[k], assumptions=operands[k].assumptions | {axis.name: laid})
    return dataclasses.replace(plan, operands=tuple(operands))


def figures(reached: Reached, axes: Sequence[Axis], values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A claim's figure at every point, in its unit; NaN where there is none, and why.

    Returns
    -------
    (figures, problems) : problems by sentence, each with the points it holds at.
    """
    size = len(next(iter(values.values())))
    found, why = np.full(size, np.nan), {}
    for plan in reached.plans:
        open_ = np.isnan(found)
        if not open_.any():
            break
        try:
            laid = _laid(plan, axes, values)
            figure = np.broadcast_to(magnitude(recompute.evaluate(laid, lambda a: a.value), reached.claim.unit), size)
            refused = _refused(laid, size)
        except RecountError as error:
            why.setdefault(str(error), open_)
            continue
        good = open_ & ~refused & (np.abs(figure) < 1e30)
        found[good] = figure[good]
        for sentence, places in ((_TOO_MANY, open_ & refused), (_BEYOND, open_ & ~refused & ~good)):
            if places.any():
                why.setdefault(sentence, places)
    left = np.isnan(found)
    return found, {sentence: places & left for sentence, places in why.items() if (places & left).any()}


def _refused(plan: Plan, size: int) -> np.ndarray:
    """Where a point contradicts itself."""
    bad = np.zeros(size, bool)
    for one in plan.operands:
        active, total = one.assumptions.get("active_parameters"), one.assumptions.get("total_parameters")
        if active and total:
            bad |= np.broadcast_to((active.value > total.value), size)
    return bad


def fan(reached: Reached, axes: Sequence[Axis], points: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The 5th and 95th percentile of a claim's figure at some points, the swept assumptions exact."""
    size, ends = len(next(iter(points.values()))), []
    for k in range(size):
        try:
            plan = _laid(reached.plans[0], axes, {key: float(column[k]) for key, column in points.items()})
            drawn = recompute.evaluate(plan, lambda a: a.value if a.origin == _ORIGIN else sampling.samples(a, _FAN))
            ends.append(sampling.percentiles(np.atleast_1d(magnitude(drawn, reached.claim.unit)), (0.05, 0.95)))
        except RecountError:
            ends.append([np.nan, np.nan])
    low, high = np.array(ends).T
    return low, high


def chunk(sweep: Sweep, start: int, stop: int) -> bytes:
    """Points *start* to *stop* as a Parquet file: the axes, then each claim's figure, ratio and acceptance.

    What a summary needs of the chunk stands in the file's own metadata.
    """
    import pyarrow as pa

    values = sweep_axes.columns(sweep.axes, start, stop)
    fields, arrays, told = [], [], {}
    for axis in sweep.axes:
        fields.append(pa.field(axis.key, pa.float64(), metadata={"unit": axis.unit}))
        arrays.append(pa.array(values[axis.key]))
    for one in planned(sweep)[0]:
        figure, why = figures(one, sweep.axes, values)
        missing = np.isnan(figure)
        accepted = accepts(one.claim, figure)
        new = [(one.id, figure, one.claim.unit), (f"{one.id}.accepted", accepted, "")]
        if one.printed:
            new.insert(1, (f"{one.id}.ratio", (figure / one.printed).astype(np.float32), "1"))
        if sweep.verdicts:
            new.append((f"{one.id}.verdict", _verdicts(sweep, one, start, missing), ""))
        for name, column, unit in new:
            arrays.append(pa.array(column, mask=missing))
            fields.append(pa.field(name, arrays[-1].type, metadata={"unit": unit} if unit else None))
        told[one.id] = _told(one, figure, missing, accepted, why, start)
        if sweep.verdicts:
            names, counts = np.unique(new[-1][1][~missing].astype(str), return_counts=True)
            told[one.id]["verdicts"] = dict(zip(names.tolist(), counts.tolist(), strict=True))
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    return parquet(table, {"start": start, "stop": stop, "claims": told}, _few(sweep))


def _few(sweep: Sweep) -> list[str]:
    """Columns of few different values, which a dictionary makes small."""
    few = [axis.key for axis in sweep.axes]
    for one in planned(sweep)[0]:
        few += [one.id, f"{one.id}.ratio"] if len(one.axes) < len(sweep.axes) else []
        few += [f"{one.id}.verdict"] if sweep.verdicts else []
    return few


def _told(one: Reached, figure: np.ndarray, missing: np.ndarray, accepted: np.ndarray, why: Mapping[str, np.ndarray], start: int) -> dict:
    present = figure[~missing]
    return {
        "low": float(present.min()) if present.size else None, "high": float(present.max()) if present.size else None,
        "accepted": int((accepted & ~missing).sum()), "missing": int(missing.sum()),
        "problems": {sentence: [int(places.sum()), start + int(np.argmax(places))] for sentence, places in why.items()},
    }  # fmt: skip


def _verdicts(sweep: Sweep, one: Reached, start: int, missing: np.ndarray) -> np.ndarray:
    """The would-be verdict of each point, by the same code as ``recount claims``; one for all points that differ elsewhere only."""
    found: dict[tuple[str, ...], str] = {}
    column = np.empty(len(missing), object)
    for k in np.flatnonzero(~missing):
        typed = sweep_axes.texts(sweep.axes, start + int(k))
        own = {axis.key: typed[axis.key] for axis in one.axes}
        key = tuple(own.values())
        if key not in found:
            # The other axes stand in the world too: which route is taken depends on what is changed.
            found[key] = claims.recompute_claim(one.id, sweep.world(typed), sweep.samples, sweep.seed).here
        column[k] = found[key]
    return column


def parquet(table: pa.Table, told: Mapping, few: Sequence[str] = ()) -> bytes:
    """A table as the bytes of a Parquet file, the same each time; *told* goes into its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    content = {"recount": json.dumps(told, sort_keys=True, ensure_ascii=False)}
    pq.write_table(table.replace_schema_metadata(content), sink, compression="zstd", compression_level=1, use_dictionary=list(few), write_statistics=False)
    return sink.getvalue().to_pybytes()

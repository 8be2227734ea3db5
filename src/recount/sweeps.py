"""A sweep of the model from request to summary: chunks to Parquet, one figure per claim, what failed."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recount import register, sweep, sweep_axes
from recount.claims import printed_text
from recount.register import Claim
from recount.sweep import Reached, Sweep, Unreached
from recount.sweep_axes import Axis
from recount.sweep_folder import Folder
from recount.sweep_run import Task, Workers
from recount.units import plural, pretty_unit, trimmed

_SHOWN = {1: 201, 2: 61, 3: 31, 4: 25}  # values of an axis that a figure shows, by the number of axes
_FAN_POINTS = 41
_ACCEPTED = "Points accepted: the figure itself lies in the printed range; a verdict also allows for the rounding and the ranges of the data."


@dataclasses.dataclass(frozen=True)
class Report:
    """What a sweep did, where it lies, and whether all went well."""

    out: Path
    points: int
    summary: Mapping[str, Any]

    @property
    def failed(self) -> list[str]:
        return [one["told"] for one in self.summary["failed"]]

    @property
    def exit_code(self) -> int:
        return 1 if self.failed else 0

    def lines(self) -> list[str]:
        """For people: the claims that move, how many do not, and what failed."""
        moved = [one for one in self.summary["claims"] if one["low"] is None or _moved(one["low"], one["high"]) or len(one.get("verdicts", {})) > 1]
        still = len(self.summary["claims"]) - len(moved) + sum(not one["problem"] for one in self.summary["unreached"])
        lines = [f"{self.points:,} points of {len(moved)} claim{'s' if len(moved) != 1 else ''} in {self.out}", *(f"  {one['told']}" for one in self.summary["axes"]), ""]
        lines += _table(moved) if moved else [f"No claim moves with {' or '.join(one['name'] for one in self.summary['axes'])}."]
        lines += [_ACCEPTED] if any(one["printed"] for one in moved) else []
        if still:
            lines.append(f"{still}{' more' if moved else ''} {'claims do' if still > 1 else 'claim does'} not depend on that: summary.json has each once.")
        lines += [f"{one['id']} cannot be recomputed here: {one['problem']}" for one in self.summary["unreached"] if one["problem"]]
        return lines + [f"failed: {one}" for one in self.failed]


def run(asked: Sweep, out: Path, workers: Workers = Workers(), resume: bool = False, figures: bool = True, progress: bool | None = None) -> Report:
    """Sweep the model over a grid and write points, figures and a summary into a folder.

    Raises
    ------
    RecountError : what is asked for or the folder is refused, before anything is written; or no
        worker is left, after what was finished has been written.
    """
    folder, points = Folder(out), asked.points
    reached, unreached = sweep.planned(asked)
    chunks = [(k, start, min(start + asked.rows, points)) for k, start in enumerate(range(0, points, asked.rows))]
    folder.check(request(asked, figures), resume)
    workers.check()
    with folder.held():
        folder.begin(request(asked, figures), resume)
        open_ = [chunk for chunk in chunks if not _finished(folder, *chunk)]
        seconds = 0.03 * asked.rows * len(reached) if asked.verdicts else 0.1
        tasks = [Task(k, stop - start, sweep.chunk, (asked, start, stop), seconds) for k, start, stop in open_]
        undrawn = [one for one in reached if figures and _moves(asked, one) and not pictures(folder, one.id)[1].is_file()]
        tasks += [Task(len(chunks) + k, 0, picture, (asked, one.id), 0.5) for k, one in enumerate(undrawn)]
        failed: dict[int, str] = {}

        def keep(task: Task, result: Any) -> None:
            if task.number < len(chunks):
                folder.write(folder.part(task.number, "parquet").relative_to(out), result)
            else:  # the text last: where it lies, the picture does
                for path, content in zip(pictures(folder, task.arguments[1]), result, strict=True):
                    folder.write(path.relative_to(out), content)

        def fail(task: Task, problem: str) -> None:
            failed[task.number] = problem

        workers.perform(tasks, keep, fail, points, points - sum(task.points for task in tasks), progress)
        told = [_failed(asked, start, stop, failed[k]) for k, start, stop in chunks if k in failed]
        told += [{"claim": task.arguments[1], "told": f"figure of {task.arguments[1]}: {failed[task.number]}"} for task in tasks if task.number in failed and task.number >= len(chunks)]
        content = summary(asked.axes, points, reached, unreached, metadata(folder, [k for k, *_ in chunks if k not in failed]), told)
        folder.summary({**content, "scenario": asked.scenario, "given": dict(asked.overrides)})
    return Report(out, points, content)


def request(asked: Sweep, figures: bool = True) -> dict[str, Any]:
    """What is asked for, as the folder's manifest holds it."""
    return {
        "kind": "model", "over": {axis.key: axis.typed for axis in asked.axes}, "scenario": asked.scenario, "given": dict(asked.overrides),
        "claims": list(asked.claims), "verdicts": asked.verdicts, "samples": asked.samples if asked.verdicts else None,
        "seed": asked.seed if asked.verdicts else None, "figures": figures,
    }  # fmt: skip


def of(asked: Mapping[str, Any]) -> Sweep:
    """The sweep that a manifest asks for."""
    axes = tuple(Axis(key, typed) for key, typed in asked["over"].items())
    drawn = {"samples": asked["samples"], "seed": asked["seed"]} if asked["verdicts"] else {}
    return Sweep(axes, asked["scenario"], tuple(asked["given"].items()), tuple(asked["claims"]), asked["verdicts"], **drawn)


def pictures(folder: Folder, identifier: str) -> tuple[Path, Path]:
    """Where a claim's figure and its alternative text lie."""
    return folder.path / "figures" / f"{identifier}.png", folder.path / "figures" / f"{identifier}.txt"


def _moves(asked: Sweep, one: Reached) -> bool:
    """Whether a claim's figure changes between the ends and the middle of what is swept."""
    ends = [axis.values[sweep_axes.thinned(axis, 3)] if axis in one.axes else axis.values[:1] for axis in asked.axes]
    grid = np.meshgrid(*ends, indexing="ij")
    found = sweep.figures(one, asked.axes, {axis.key: column.ravel() for axis, column in zip(asked.axes, grid, strict=True)})[0]
    found = found[np.isfinite(found)]
    return bool(found.size and _moved(float(found.min()), float(found.max())))


def picture(asked: Sweep, identifier: str) -> tuple[bytes, str]:
    """One claim's figure as a PNG, and its alternative text."""
    one = next(r for r in sweep.planned(asked)[0] if r.id == identifier)
    shown = [axis for axis in one.axes if len(axis) > 1] or [one.axes[0]]
    most = _SHOWN.get(len(shown), 15)
    places = [sweep_axes.thinned(axis, most) for axis in shown]
    values = [np.sort(axis.values[place]) for axis, place in zip(shown, places, strict=True)]
    fixed = {axis.key: axis.values[0] for axis in asked.axes}

    def at(columns: list[np.ndarray]) -> dict[str, np.ndarray]:
        grid = np.meshgrid(*columns, indexing="ij")
        flat = dict(zip((axis.key for axis in shown), (g.ravel() for g in grid), strict=True))
        return {key: flat.get(key, np.full(grid[0].size, value)) for key, value in fixed.items()}

    figures = sweep.figures(one, asked.axes, at(values))[0].reshape([len(column) for column in values])
    fan_at = values[0][np.unique(np.linspace(0, len(values[0]) - 1, _FAN_POINTS).round().astype(int))] if len(shown) == 1 else None
    fan = sweep.fan(one, asked.axes, at([fan_at])) if fan_at is not None else None
    held = [f"{axis.key} {axis.text(0)}" for axis in one.axes if axis not in shown]
    return drawn(one.claim, shown, values, figures, fan, fan_at, held, scenario=asked.scenario)


def drawn(claim: Claim, axes: Sequence[Axis], values: Sequence[np.ndarray], figures: np.ndarray, *rest: Any, scenario: str) -> tuple[bytes, str]:
    """A response as a PNG and its alternative text."""
    from recount.figure_sweep import response

    view = response(claim, axes, values, figures, *rest, scenario=scenario)
    return base64.b64decode(re.search(r"base64,([A-Za-z0-9+/=]+)", view._repr_mimebundle_()["text/html"])[1]), f"{view}\n"


def metadata(folder: Folder, parts: Iterable[int]) -> list[dict[str, Any]]:
    """What each finished part says of itself."""
    import pyarrow.parquet as pq

    return [json.loads(pq.read_schema(folder.part(k, "parquet")).metadata[b"recount"]) for k in parts]


def _finished(folder: Folder, number: int, start: int, stop: int) -> bool:
    """Whether a part is there whole: one that cannot be read is computed anew."""
    try:
        (told,) = metadata(folder, [number])
    except (OSError, ValueError, KeyError, TypeError):  # none, or a damaged one
        return False
    return (told.get("start"), told.get("stop")) == (start, stop)


def summary(axes: Iterable[Axis], points: int, reached: Iterable[Reached], unreached: Iterable[Unreached], parts: list[dict[str, Any]], failed: list[dict[str, Any]]) -> dict[str, Any]:
    """What came of a sweep: each claim's span over all points, and what failed."""
    moved = []
    for one in reached:
        told = [part["claims"][one.id] for part in parts]
        low, high = (pick([t[end] for t in told if t[end] is not None], default=None) for end, pick in (("low", min), ("high", max)))
        verdicts: dict[str, int] = {}
        for verdict, number in (pair for t in told for pair in t.get("verdicts", {}).items()):
            verdicts[verdict] = verdicts.get(verdict, 0) + number
        moved.append(_head(one.claim, one.printed) | {
            "reached_by": [axis.key for axis in one.axes], "route": one.plans[0].route.name, "low": low, "high": high,
            "lowest_ratio": low / one.printed if one.printed and low is not None else None, "highest_ratio": high / one.printed if one.printed and high is not None else None,
            "accepted": sum(t["accepted"] for t in told), "points": points - sum(t["missing"] for t in told) - sum(f["points"] for f in failed if "points" in f),
            **({"verdicts": dict(sorted(verdicts.items()))} if verdicts else {}),
        })  # fmt: skip
        failed = failed + _refusals(one, told)
    still = [_head(one.claim, None) | {"recomputed": one.figure, "problem": one.problem} for one in unreached]
    shown = [{"name": a.key, "unit": a.unit, "typed": a.typed, "values": len(a), "told": str(a)} for a in axes]
    return {"points": points, "axes": shown, "claims": moved, "unreached": still, "failed": failed}


def _head(claim: Any, published: float | None) -> dict[str, Any]:
    return {"id": claim.id, "printed": claim.printed or None, "relation": claim.relation or None, "unit": claim.unit or None} | ({"published": published} if published is not None else {})


def _refusals(one: Reached, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Points at which a claim has no figure, by the reason."""
    found: dict[str, list[int]] = {}
    for sentence, (number, first) in (item for t in told for item in t["problems"].items()):
        before = found.setdefault(sentence, [0, first])
        found[sentence] = [before[0] + number, min(before[1], first)]
    return [{"claim": one.id, "points": 0, "told": f"{one.id} at {number:,} point{'s' if number > 1 else ''}, the first {first}: {sentence}"} for sentence, (number, first) in found.items()]


def _failed(asked: Sweep, start: int, stop: int, problem: str) -> dict[str, Any]:
    first = " ".join(f"{key}='{text}'" for key, text in sweep_axes.texts(asked.axes, start).items())
    return {"first": start, "points": stop - start, "told": f"points {start} to {stop - 1} (from {first}): {problem}"}


def _moved(low: float, high: float) -> bool:
    return high - low > 1e-12 * max(abs(low), abs(high))


def _printed(one: Mapping[str, Any]) -> str:
    """A claim's figure as other tables print it."""
    known = register.load().get(one["id"])
    return printed_text(known) if known and known.printed else one["printed"] or "–"


def _table(moved: list[dict[str, Any]]) -> list[str]:
    table = [("claim", "printed", "recomputed", "÷ printed", "points accepted")]
    for one in moved:
        if one["low"] is None:
            table.append((one["id"], _printed(one), "–", "–", "–"))
            continue
        span = [trimmed(one[end], 4) for end in ("low", "high")]
        unit = pretty_unit(plural(one["unit"], 2))
        ratio = " to ".join(trimmed(one[end], 3) for end in ("lowest_ratio", "highest_ratio")) if one["lowest_ratio"] is not None else "–"
        share = f"{one['accepted']:,} of {one['points']:,}"
        verdicts = ", ".join(f"{verdict} {number:,}" for verdict, number in one.get("verdicts", {}).items())
        table.append((one["id"], _printed(one), f"{' to '.join(span)} {unit}".strip(), ratio, f"{share}; {verdicts}" if verdicts else share))
    widths = [max(len(line[column]) for line in table) for column in range(4)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(line, widths)), line[4]]) for line in table]

"""A notebook over a grid of assumptions: one strict run per point, results from what the notebook shows."""

from __future__ import annotations

import dataclasses
import json
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recount import execution, planning, register, results, sweep, sweep_axes, sweeps, warm
from recount.project import Project
from recount.sweep_axes import Axis
from recount.sweep_folder import Folder
from recount.sweep_run import Task, Workers

MOST = 10_000  # each takes seconds
_one_at_a_time = threading.Lock()  # a run sets the environment of its process


@dataclasses.dataclass(frozen=True)
class NotebookSweep:
    """What is swept: axes laid over a scenario and fixed assumptions, in one notebook."""

    axes: tuple[Axis, ...]
    notebook: str
    scenario: str
    overrides: tuple[tuple[str, str], ...]
    timeout: int

    @property
    def points(self) -> int:
        return sweep_axes.count(self.axes, MOST, "a sweep of a notebook")

    def job(self, project: Project, point: int, out: Path) -> execution.Job:
        """One point as a job of the runner, which checks every name and value."""
        typed = dict(self.overrides) | sweep_axes.texts(self.axes, point)
        return planning.plan(project, [self.notebook], self.scenario, typed, out, self.timeout)[0]


def request(asked: NotebookSweep, figures: bool = True) -> dict[str, Any]:
    """What is asked for, as the folder's manifest holds it."""
    return {
        "kind": "notebook", "notebook": asked.notebook, "over": {axis.key: axis.typed for axis in asked.axes}, "scenario": asked.scenario,
        "given": dict(asked.overrides), "timeout": asked.timeout, "figures": figures,
    }  # fmt: skip


def of(asked: Mapping[str, Any]) -> NotebookSweep:
    """The sweep that a manifest asks for."""
    axes = tuple(Axis(key, typed) for key, typed in asked["over"].items())
    return NotebookSweep(axes, asked["notebook"], asked["scenario"], tuple(asked["given"].items()), asked["timeout"])


def point(asked: NotebookSweep, root: str, number: int) -> dict[str, Any]:
    """Execute the notebook at one point; its text, the claims it shows, and its error if it failed."""
    # On another machine the checkout lies elsewhere.
    project = Project(Path(root)) if Path(root).is_dir() else Project.here()
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="recount-") as scratch:
        job = asked.job(project, number, Path(scratch))
        done = execution.execute(job)
        begun = job.target.is_file()
        text = job.target.read_text(encoding="utf-8") if begun else None
        return {"error": done.error, "notebook": text, "claims": results.collect([job.target]) if begun else []}


def run(asked: NotebookSweep, out: Path, workers: Workers = Workers(), resume: bool = False, figures: bool = True, progress: bool | None = None, project: Project | None = None) -> sweeps.Report:
    """Execute a notebook at every point of a grid; a point that fails costs only itself.

    Raises
    ------
    RecountError : what is asked for or the folder is refused, before anything is written; or no
        worker is left, after what was finished has been written.
    """
    folder, points, project = Folder(out), asked.points, project or Project.here()
    asked.job(project, 0, out)
    folder.check(request(asked, figures), resume)
    workers.check()
    with folder.held():
        folder.begin(request(asked, figures), resume)
        failed: dict[int, str] = {}
        record = lambda k: Path("runs") / f"point-{k:06d}.json"  # noqa: E731
        partial = lambda k: Path("failed") / f"point-{k:06d}.ipynb"  # noqa: E731

        def keep(task: Task, result: dict[str, Any]) -> None:
            (out / partial(task.number)).unlink(missing_ok=True)
            if result["error"]:
                if result["notebook"]:
                    folder.write(partial(task.number), result["notebook"])
                return fail(task, result["error"])
            folder.write(record(task.number).with_suffix(".ipynb"), result["notebook"])
            content = {"point": task.number, "parameters": sweep_axes.texts(asked.axes, task.number), "claims": result["claims"]}
            folder.write(record(task.number), json.dumps(content, indent=1, ensure_ascii=False) + "\n")  # last: where it lies, the point is done

        def fail(task: Task, problem: str) -> None:
            failed[task.number] = problem

        tasks = [Task(k, 1, point, (asked, str(project.root), k), 10) for k in range(points) if _claims(out / record(k)) is None]
        with warm.kernels():  # before the workers, which take its address with their environment
            workers.perform(tasks, keep, fail, points, points - len(tasks), progress)
        shown = {k: {c["id"]: c for c in _claims(out / record(k))} for k in range(points) if k not in failed}
        told = [{"first": k, "points": 1, "told": f"point {k} ({_typed(asked, k)}), {failed[k]}"} for k in sorted(failed)]
        content = {**_gather(folder, asked, shown, told, figures), "notebook": asked.notebook, "scenario": asked.scenario, "given": dict(asked.overrides)}
        folder.summary(content)
    return sweeps.Report(out, points, content)


def _claims(record: Path) -> list[dict[str, Any]] | None:
    """The claims of a finished point; None where it is not there or cannot be read: it is computed anew."""
    try:
        return json.loads(record.read_text(encoding="utf-8"))["claims"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _typed(asked: NotebookSweep, number: int) -> str:
    return " ".join(f"{key}='{text}'" for key, text in sweep_axes.texts(asked.axes, number).items())


def _gather(folder: Folder, asked: NotebookSweep, shown: Mapping[int, Mapping[str, Any]], failed: list[dict[str, Any]], figures: bool) -> dict[str, Any]:
    """The claims that the points show as one table, its summary, and a figure per claim that moves."""
    points, names = asked.points, dict.fromkeys(identifier for claims in shown.values() for identifier in claims)
    moved, still, columns = [], [], {axis.key: column for axis, column in zip(asked.axes, sweep_axes.columns(asked.axes, 0, points).values(), strict=True)}
    for name in names:
        series = [shown.get(k, {}).get(name) or {} for k in range(points)]
        first = next(one for one in series if one)
        figure = np.array([_number(one.get("recomputed")) for one in series])
        verdicts = [one.get("would_be") or one.get("verdict") for one in series]
        told = {key: first.get(key) for key in ("id", "printed", "relation", "unit")}
        present = figure[np.isfinite(figure)]
        if len(set(verdicts) - {None}) <= 1 and (not present.size or present.min() == present.max()):
            still.append(told | {"recomputed": float(present[0]) if present.size else None, "verdict": next(v for v in verdicts if v), "problem": first.get("problem") or ""})
            continue
        for suffix, column in (("", figure), (".ratio", _column(series, "ratio")), (".low", _column(series, "low")), (".high", _column(series, "high"))):
            columns[f"{name}{suffix}"] = column
        columns[f"{name}.verdict"] = verdicts
        moved.append(told | _span(figure, _column(series, "ratio"), verdicts, name) | {"reached_by": [axis.key for axis in _moving(asked.axes, figure)]})
        if figures and name in register.load() and register.load()[name].printed and present.size:
            _picture(folder, asked, name, figure)
    folder.write(folder.part(0, "parquet").relative_to(folder.path), _table(asked.axes, columns))
    axes = [{"name": a.key, "unit": a.unit, "typed": a.typed, "values": len(a), "told": str(a)} for a in asked.axes]
    return {"points": points, "axes": axes, "claims": moved, "unreached": still, "failed": failed}


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _column(series: list[Mapping[str, Any]], key: str) -> np.ndarray:
    return np.array([_number(one.get(key)) for one in series])


def _span(figure: np.ndarray, ratio: np.ndarray, verdicts: list[str | None], name: str) -> dict[str, Any]:
    claim, there = register.load().get(name), np.isfinite(figure)
    ends = lambda column: (float(np.nanmin(column)), float(np.nanmax(column))) if np.isfinite(column).any() else (None, None)  # noqa: E731
    (low, high), (least, most) = ends(figure), ends(ratio)
    return {
        "low": low, "high": high, "lowest_ratio": least, "highest_ratio": most, "points": int(there.sum()),
        "accepted": int(sweep.accepts(claim, figure[there]).sum()) if claim and claim.printed else 0,
        "verdicts": {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts) - {None})},
    }  # fmt: skip


def _moving(axes: tuple[Axis, ...], figure: np.ndarray) -> list[Axis]:
    """The axes along which a figure changes."""
    grid = figure.reshape(sweep_axes.shape(axes))
    highest, lowest = np.where(np.isnan(grid), -np.inf, grid), np.where(np.isnan(grid), np.inf, grid)
    return [axis for k, axis in enumerate(axes) if np.any(highest.max(axis=k) > lowest.min(axis=k))]


def _picture(folder: Folder, asked: NotebookSweep, name: str, figure: np.ndarray) -> None:
    axes = asked.axes
    moving = _moving(axes, figure)
    if not moving:
        return
    grid, values = figure.reshape(sweep_axes.shape(axes)), []
    for k in reversed(range(len(axes))):
        if axes[k] not in moving:
            grid = np.take(grid, 0, axis=k)
    for k, axis in enumerate(moving):  # in rising order, as a figure needs them
        order = np.argsort(axis.values)
        grid, values = np.take(grid, order, axis=k), [*values, axis.values[order]]
    png, text = sweeps.drawn(register.load()[name], moving, values, grid, scenario=asked.scenario)
    for path, content in zip(sweeps.pictures(folder, name), (png, text), strict=True):
        folder.write(path.relative_to(folder.path), content)


def _table(axes: tuple[Axis, ...], columns: Mapping[str, Any]) -> bytes:
    import pyarrow as pa

    arrays = [pa.array(column, from_pandas=True) for column in columns.values()]
    units = {axis.key: {"unit": axis.unit} for axis in axes}
    fields = [pa.field(name, array.type, metadata=units.get(name)) for name, array in zip(columns, arrays, strict=True)]
    return sweep.parquet(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), {}, ())

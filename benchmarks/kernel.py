"""How long notebooks take: stock papermill against recount's runner, with a stock and with a warm kernel.

Run it with ``make benchkernel`` or ``python benchmarks/kernel.py [--points 50] [--no-suite]``; about ten
minutes on two cores. Two notebooks run at a time in each way:

- stock papermill: ``papermill.execute_notebook`` in two processes that stay, a new kernel a notebook;
- recount, stock kernel: ``recount run --force --stock-kernel``;
- recount, warm kernel: ``recount run --force``, the start of its warm parent included.

The sweep is one small notebook at so many grid intensities (aim: three times as fast), the suite
is every notebook once (aim: twice). The ways run in turns, the order reversed each time. Seconds are
of the clock and, since that tells little on a shared machine, of processors, kernels included.
All copies, stripped of times and machine as the runner does it, must be the same byte for byte.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from recount import execution, planning, runs, warm
from recount.execution import Job
from recount.project import Project

AT_A_TIME, NOTEBOOK = 2, "start_here"


def papermill_alone(job: Job) -> None:
    """Execute a notebook as papermill does it; a line that is printed in two parts is one output, as it is for us."""
    import papermill

    job.target.parent.mkdir(parents=True, exist_ok=True)
    papermill.execute_notebook(job.source, job.target, parameters=job.parameters, cwd=job.source.parent, progress_bar=False, coalesce_streams=True)


def stock_papermill(jobs: list[Job]) -> None:
    with runs._pool(AT_A_TIME) as pool:
        list(pool.map(papermill_alone, jobs))


def recount_stock(jobs: list[Job]) -> None:
    with warm.kernels(stock=True):
        recount_warm(jobs)


def recount_warm(jobs: list[Job]) -> None:
    done: dict = {}
    runs._execute_all(jobs, AT_A_TIME, False, done)
    assert not any(one.error for one in done.values()), done


WAYS: dict[str, Callable[[list[Job]], None]] = {"stock papermill": stock_papermill, "recount, stock kernel": recount_stock, "recount, warm kernel": recount_warm}


def seconds(way: Callable[[list[Job]], None], jobs: list[Job]) -> tuple[float, float]:
    """Seconds of the clock and of processors that a way takes, those of all its processes."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    way(jobs)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def content(job: Job) -> str:
    """An executed copy without what is of the moment: times, volatile cells, papermill's remarks."""
    import nbformat

    notebook = execution.read_executed(job.target)
    execution.tidy(notebook, job.root)
    for position, cell in enumerate(notebook.cells):
        cell.id = execution.cell_id(position)
    return nbformat.writes(execution.without_volatile(notebook))


def compare(told: str, chunks: list[list[Callable[[Path], Job]]], aim: float, folder: Path) -> None:
    """Run each chunk in every way, and print what each took in all."""
    spent = {name: [0.0, 0.0] for name in WAYS}
    copies: dict[str, list[str]] = {name: [] for name in WAYS}
    for turn, chunk in enumerate(chunks):
        for name in list(WAYS)[:: -1 if turn % 2 else 1]:
            jobs = [make(folder / name.replace(", ", "-")) for make in chunk]
            spent[name] = [a + b for a, b in zip(spent[name], seconds(WAYS[name], jobs), strict=True)]
            copies[name] += [content(job) for job in jobs]
    first, *others = copies.values()
    different = sum(len({*versions}) > 1 for versions in zip(first, *others, strict=True))
    base = spent["stock papermill"]
    print(f"{told}, {AT_A_TIME} at a time, {len(chunks)} turns; load {os.getloadavg()[0]:.1f}")
    for name, (clock, processor) in spent.items():
        ratios = f"{base[0] / clock:6.2f} x clock {base[1] / processor:6.2f} x processor"
        print(f"  {name:22} {clock:8.1f} s clock {processor:8.1f} s processor {ratios}")
    print(f"  aim: {aim:g} x; copies that differ: {different} of {len(first)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=50, help="points of the sweep (default: 50)")
    parser.add_argument("--no-suite", action="store_true", help="the sweep alone")
    options = parser.parse_args()
    project = Project.here()

    def point(number: int) -> Callable[[Path], Job]:
        values = {"grid_intensity": f"{20 + 15 * number} gCO2e/kWh"}
        return lambda folder: planning.plan(project, [NOTEBOOK], overrides=values, out=folder / str(number))[0]

    with tempfile.TemporaryDirectory() as folder:
        points = [point(number) for number in range(options.points)]
        half = (len(points) + 1) // 2
        compare(f"Sweep: {len(points)} points of one notebook", [points[:half], points[half:]], 3, Path(folder))
        if not options.no_suite:
            suite = [lambda out, path=path: planning.plan(project, [path.stem], out=out)[0] for path in project.all_notebooks()]
            compare(f"Suite: {len(suite)} notebooks", [suite], 2, Path(folder))


if __name__ == "__main__":
    main()

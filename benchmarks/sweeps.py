"""How sweeps scale: points per second and memory by size, one process against two, Dask against a plain loop.

    python benchmarks/sweeps.py           about three minutes on two cores
    python benchmarks/sweeps.py --small   10^3 and 10^5 points only

Only the ratios carry over to another machine. Every size is swept in a process of its own, so that
its peak memory is its own, and timed from the plan on: imports and planning are told apart. On a
shared machine read the processor's seconds: the others wait for whoever else is there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

SIZES = {10**3: "10:10:10", 10**5: "50:40:50", 10**7: "250:200:200"}
CLAIMS = "gpt-3-carbon,gpt-3-energy,mistral-7b-carbon,large-2-answer-carbon"
TASKS, LONG = 200, 40

_ONE = """
import json, resource, sys, tempfile, time
from pathlib import Path
from recount import sweep, sweep_axes, sweeps
from recount.sweep_run import Workers
if __name__ == "__main__":
    over, claims, workers = json.loads(sys.argv[1])
    asked = sweep.Sweep(sweep_axes.read(over), claims=tuple(claims))
    sweep.chunk(asked, 0, 1)  # plans, and builds the graphs
    ready = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        report = sweeps.run(asked, Path(folder) / "out", Workers(number=workers), figures=False, progress=False)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 2**20
    assert report.exit_code == 0, report.failed
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ready": ready, "wall": wall, "cpu": cpu, "peak": peak, "disk": disk}))
"""


def over(counts: str) -> list[str]:
    grid, pue, epsilon = counts.split(":")
    return [f"grid_intensity=20:800:{grid}", f"pue=1.05:1.6:{pue}", f"energy_per_parameter_token=1:100:{epsilon}:log"]


def swept(counts: str, claims: list[str], workers: int) -> dict[str, float]:
    """Seconds, peak memory and disk in MiB of one sweep in a process of its own."""
    done = subprocess.run([sys.executable, "-c", _ONE, json.dumps([over(counts), claims, workers])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def nothing(number: int) -> int:
    """A task that takes no time: what is left is what handing it out costs."""
    return number


def busy(number: int, seconds: float) -> int:
    """A task of so many seconds."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        number += 1
    return number


def drawn_out(tasks: list, workers: int) -> tuple[float, float]:
    """Seconds from the first result to the last, and seconds to the first: what workers take to start."""
    from recount.sweep_run import Workers

    started, first, failures = time.perf_counter(), [], []
    keep = lambda task, result: first.append(time.perf_counter()) if not first else None  # noqa: E731
    Workers(number=workers).perform(tasks, keep, lambda task, why: failures.append(why), len(tasks), progress=False)
    assert not failures, failures[0]
    return time.perf_counter() - first[0], first[0] - started


def compared() -> None:
    """The same tasks in a plain loop and by two workers on Dask."""
    from recount import sweep, sweep_axes
    from recount.sweep_run import Task

    asked = sweep.Sweep(sweep_axes.read(over("125:80:100")))
    sweep.chunk(asked, 0, 1)
    cuts = range(0, asked.points, asked.rows)
    kinds = {
        f"{len(cuts)} chunks of all claims, 10^6 points": [Task(k, 1, sweep.chunk, (asked, start, min(start + asked.rows, asked.points))) for k, start in enumerate(cuts)],
        f"{TASKS} tasks of 20 ms": [Task(k, 1, busy, (k, 0.02)) for k in range(TASKS)],
        f"{LONG} tasks of 500 ms, as of a small notebook": [Task(k, 1, busy, (k, 0.5)) for k in range(LONG)],
        f"{TASKS} tasks of nothing": [Task(k, 1, nothing, (k,)) for k in range(TASKS)],
    }
    print("\nfrom the first result to the last:")
    for name, tasks in kinds.items():
        (alone, _), (two, start) = drawn_out(tasks, 1), drawn_out(tasks, 2)
        gain = f"×{alone / two:.2f}, of 2 possible" if alone > 0.1 else f"{1000 * (two - alone) / len(tasks):.2f} ms a task added"
        print(f"  {name}: plain loop {alone:.2f} s, two workers on Dask {two:.2f} s ({gain}); first result of the workers after {start:.1f} s", flush=True)


def _line(size: int, claims: str, found: dict[str, float]) -> None:
    print(f"{size:>12,}{claims:>8}{found['wall']:>9.2f}{found['cpu']:>8.2f}{size / found['cpu']:>14,.0f}{1e6 * found['cpu'] / size:>10.2f}{found['peak']:>10.0f}{found['disk']:>10.0f}", flush=True)


def main() -> None:
    sizes = {size: counts for size, counts in SIZES.items() if "--small" not in sys.argv or size < 10**6}
    print(f"{'points':>12}{'claims':>8}{'wall s':>9}{'CPU s':>8}{'points/CPU s':>14}{'µs/point':>10}{'peak MiB':>10}{'disk MiB':>10}")
    for size, counts in sizes.items():
        found = swept(counts, CLAIMS.split(","), 1)
        _line(size, "4", found)
    print(f"before the first chunk: {found['ready']:.1f} s of CPU, once")
    if "--small" not in sys.argv:
        _line(10**6, "all", swept("125:80:100", [], 1))
    compared()


if __name__ == "__main__":
    main()

"""Many notebooks: which must be executed, in parallel, and what came of them.

Everything that can be refused is refused before anything is written. Kernels are driven from
processes of their own, one notebook at a time in each, so one that dies takes no other with it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import multiprocessing
import os
import signal
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Protocol

from recount import freshness, run_inputs, warm
from recount.errors import RecountError
from recount.execution import Execution, Job, execute, read_executed, without_volatile, write
from recount.freshness import Record, Surroundings
from recount.language import labelled, say, say_counted
from recount.locking import alone
from recount.planning import assignments, plan
from recount.project import Project, write_whole
from recount.results import Difference, collect, compare, difference_lines

__all__ = [
    "Difference", "Outcome", "RunReport", "assignments", "collect", "compare", "difference_lines", "refresh", "rerun", "run",
]  # fmt: skip

TIMEOUT = 600


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run did with one notebook: executed it (and why), kept it, or failed at it."""

    name: str
    path: Path
    state: str  # executed | kept | failed
    reason: str = ""
    seconds: float = 0.0
    error: str | None = None
    partial: bool = False

    def __str__(self) -> str:
        if self.state == "failed":
            return f"{self.name}, {self.error}" + (f" (partial copy: {_shown(self.path)})" if self.partial else "")
        return f"{self.name}: {self.state}" + (f" in {self.seconds:.1f} s ({self.reason})" if self.reason else "")


class Companion(Protocol):
    """What goes along with a run: told when kernels are about to start, and when all is collected."""

    def executing(self, planned: list[Job]) -> contextlib.AbstractContextManager: ...

    def finish(self, report: RunReport) -> None: ...


@dataclasses.dataclass(frozen=True)
class RunReport:
    """What a run did, where it lies, and whether all went well."""

    out: Path
    outcomes: list[Outcome]
    planned: list[Job] = dataclasses.field(default_factory=list, repr=False)

    @property
    def results(self) -> Path:
        """The file of all claims that the notebooks of this run show."""
        return self.out / "results.json"

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.state == "failed"]

    @property
    def exit_code(self) -> int:
        return 1 if self.failed else 0

    def lines(self) -> list[str]:
        """A summary for people: a count, where to look, and a line per failure."""
        executed, kept, failed = (sum(o.state == state for o in self.outcomes) for state in ("executed", "kept", "failed"))
        told = ", ".join([
            *([say_counted("{count} executed", "{count} executed", executed)] if executed else []),
            *([say_counted("{count} kept", "{count} kept", kept)] if kept else []),
            *([say_counted("{count} failed", "{count} failed", failed)] if failed else []),
        ])  # fmt: skip
        head = say_counted("{count} notebook in {folder}", "{count} notebooks in {folder}", len(self.outcomes), folder=_shown(self.out))
        return [labelled(head, told), *(labelled(say("failed"), str(outcome)) for outcome in self.failed)]


def run(
    names: Iterable[str] = (),
    scenario: str | None = None,
    overrides: Mapping[str, str] | None = None,
    jobs: int | None = None,
    out: Path | None = None,
    progress: bool | None = None,
    force: bool = False,
    timeout: int = TIMEOUT,
    project: Project | None = None,
    companion: Companion | None = None,
) -> RunReport:
    """Execute notebooks with a scenario and overrides; leave alone what is still current.

    Parameters
    ----------
    names : notebooks, with or without number; none means all.
    scenario : a name of ``data/scenarios``.
    overrides : parameter name to text; each goes to the notebooks that have it.
    jobs : how many at a time; by default the cores there are.
    out : where the executed copies go, by default a folder of ``build/runs`` named by what changed.
    progress : show a progress bar; by default if somebody is looking.
    force : execute even what is current.
    timeout : seconds that one cell may take.
    companion : measures the run and writes its pages, while no other run may write there.

    Raises
    ------
    RecountError : an unknown notebook, scenario or parameter, a value that is not read, or a
        folder that another run is writing into; nothing has been written then.
    """
    project = project or Project.here()
    planned = plan(project, names, scenario, overrides, out, timeout)
    with alone(planned[0].target.parent):
        report = _report(project, planned, _perform(project, planned, jobs, progress, force, companion))
        if companion:
            companion.finish(report)
    return report


def refresh(
    names: Iterable[str] = (),
    jobs: int | None = None,
    progress: bool | None = None,
    timeout: int = TIMEOUT,
    project: Project | None = None,
) -> tuple[RunReport, list[Path]]:
    """Re-execute committed notebooks in place; a failing one stays as it was.

    The copies go into a folder of their own: a run's folder tells of the run that made it.

    Returns
    -------
    (report, changed) : what was executed in ``build/refreshed`` and the notebooks whose files changed.
    """
    project = project or Project.here()
    planned = plan(project, names, out=project.build / "refreshed", timeout=timeout)
    with alone(planned[0].target.parent):
        outcomes = _perform(project, planned, jobs, progress, force=True)
        changed = []
        for number, (job, outcome) in enumerate(zip(planned, outcomes, strict=True)):
            if outcome.state == "failed":
                continue
            if freshness.notebook_hash(job.source) != job.written:
                outcomes[number] = dataclasses.replace(outcome, state="failed", error="it was edited meanwhile and is kept as edited")
            elif write(job.source, without_volatile(read_executed(job.target))):
                changed.append(job.source)
        return _report(project, planned, outcomes), changed


def rerun(
    name: str,
    overrides: Mapping[str, str],
    progress: bool | None = None,
    timeout: int = TIMEOUT,
    project: Project | None = None,
) -> tuple[RunReport, list[Difference]]:
    """Execute one notebook with other assumptions and compare its claims with the default.

    ``scenario`` may stand among the overrides. The default run is made too if it is not current.
    """
    project = project or Project.here()
    changed = plan(project, [name], overrides=overrides, timeout=timeout)
    default = plan(project, [name], timeout=timeout)
    if changed == default:
        raise RecountError("nothing to change is named: give an assumption other than the default, such as grid_intensity='56 gCO2e/kWh'.")
    with alone(default[0].target.parent), alone(changed[0].target.parent):
        outcomes = _perform(project, default + changed, None, progress, force=False)
        whole = _report(project, default, outcomes[:1])
        report = _report(project, changed, outcomes[1:])
    if failed := whole.failed + report.failed:
        return dataclasses.replace(report, outcomes=failed), []
    return report, compare(collect([default[0].target]), collect([changed[0].target]))


def _perform(
    project: Project, planned: list[Job], jobs: int | None, progress: bool | None, force: bool, companion: Companion | None = None,
) -> list[Outcome]:  # fmt: skip
    """Execute the jobs that need it; return the outcomes in the order of the jobs."""
    if jobs is not None and jobs < 1:
        raise RecountError(f"jobs is {jobs}: at least one notebook must run at a time.")
    before = Surroundings.now(project)
    records = {job: freshness.read_record(project, job.target) for job in planned}
    reasons = {job: freshness.why_stale(job, records[job], before, {}) for job in planned}
    done: dict[Job, Execution] = {}
    if force or any(reasons.values()):
        # One reader of the data for the whole run: it refuses broken data before anything is written.
        with _pool(1, signal.SIG_IGN) as reader:
            lines = {line for record in records.values() if record for line in record["used"]}
            now = _submit(reader, freshness.fingerprints, sorted(lines)).result()
            reasons = {job: "asked for" if force else freshness.why_stale(job, records[job], before, now) for job in planned}
            waiting = _longest_first(reasons, records)
            for folder in {job.target.parent for job in waiting}:
                run_inputs.withdraw(folder)
            try:
                with companion.executing(planned) if companion and waiting else contextlib.nullcontext():
                    _execute_all(waiting, jobs, progress, done)
            finally:  # also when somebody interrupts: what was finished is kept
                used = {line for execution in done.values() for line in execution.used}
                now |= reader.submit(freshness.fingerprints, sorted(used)).result()
                _keep_records(project, reasons, records, done, before, now)
    return [_outcome(job, reasons[job], done.get(job)) for job in planned]


def _longest_first(reasons: Mapping[Job, str], records: Mapping[Job, Record | None]) -> list[Job]:
    """The jobs to execute, so ordered that no process waits alone for a late long one."""
    seconds = {job: record["seconds"] if record else math.inf for job, record in records.items()}
    return sorted((job for job, reason in reasons.items() if reason), key=lambda job: -seconds[job])


def _keep_records(
    project: Project, reasons: Mapping[Job, str], records: Mapping[Job, Record | None], done: Mapping[Job, Execution],
    before: Surroundings, now: Mapping[str, str],
) -> None:  # fmt: skip
    after = Surroundings.now(project)
    for job, reason in reasons.items():
        if job in done:
            freshness.write_record(project, job.target, freshness.record(job, done[job], before, after, now))
        elif not reason and (kept := records[job]):
            # The data changed elsewhere; noted, so that the next look need not ask line by line.
            freshness.write_record(project, job.target, kept | {"data": before.data, "asked": job.asked})


def _outcome(job: Job, reason: str, done: Execution | None) -> Outcome:
    if done is None:
        return Outcome(job.name, job.target, "kept")
    return Outcome(job.name, job.target, "failed" if done.error else "executed", reason, done.seconds, done.error, done.partial)


def _pool(workers: int, on_interrupt: signal.Handlers = signal.SIG_DFL) -> ProcessPoolExecutor:
    # Fresh interpreters: a fork would inherit the progress bar's thread, and data already read.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_settle, initargs=(on_interrupt,))


_STOPS = {signal.SIGINT, signal.SIGTERM}


def _settle(on_interrupt: signal.Handlers) -> None:
    for stop in _STOPS:
        signal.signal(stop, on_interrupt)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)


def _submit(pool: ProcessPoolExecutor, *call) -> Future:
    """Submit; a process that starts for it is born deaf to Ctrl-C, which would break its import and be told at length."""
    if not hasattr(signal, "pthread_sigmask"):
        return pool.submit(*call)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        return pool.submit(*call)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _execute_all(waiting: list[Job], jobs: int | None, progress: bool | None, done: dict[Job, Execution]) -> None:
    """Execute in parallel; what is finished stands in *done*, even if the rest is interrupted."""
    if not waiting:
        return
    from tqdm import tqdm

    with warm.kernels(), tqdm(total=len(waiting), unit="notebook", disable=None if progress is None else not progress) as bar:
        _in_one_pool(waiting, min(jobs or _cores(), len(waiting)), bar, done)
        # A process that is ended takes its pool with it: those that were beside it, or not begun, are not to blame.
        for job in [job for job in waiting if job not in done]:
            _in_one_pool([job], 1, bar, done)
            done.setdefault(job, Execution([], 0.0, "its process was ended from outside (out of memory?)"))


def _in_one_pool(waiting: list[Job], workers: int, bar, done: dict[Job, Execution]) -> None:
    """Execute what can be; what an ended process left undone is missing in *done*."""
    pool = _pool(workers)
    try:
        futures: dict[Future[Execution], Job] = {}
        with contextlib.suppress(BrokenProcessPool):
            for job in waiting:
                futures[_submit(pool, execute, job)] = job
        for future in as_completed(futures):
            with contextlib.suppress(BrokenProcessPool):
                done[futures[future]] = future.result()
                bar.set_postfix_str(futures[future].name, refresh=False)
                bar.update()
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():  # Ctrl-C reached them already, a signal to us alone did not
            os.kill(process.pid, signal.SIGINT)
        raise
    finally:
        # What has not begun shall not begin.
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _report(project: Project, planned: list[Job], outcomes: list[Outcome]) -> RunReport:
    """Write the claims of a run's folder: of this run, and of earlier ones that went well."""
    report = RunReport(planned[0].target.parent, outcomes, planned)
    _forget_renamed(project, report.out)
    good = {outcome.path for outcome in outcomes if outcome.state != "failed"}
    earlier = {report.out / source.name for source in project.all_notebooks()} - {job.target for job in planned}
    records = {path: freshness.read_record(project, path) for path in earlier if path.is_file()}
    good |= {path for path, record in records.items() if record and record["asked"] == planned[0].asked}
    write_whole(report.results, json.dumps(collect(sorted(good)), indent=1, ensure_ascii=False) + "\n")
    return report


def _forget_renamed(project: Project, out: Path) -> None:
    """Remove copies of notebooks that are no more, so that no page shows them; only in our own folder."""
    if project.runs in out.parents:
        known = {source.name for source in project.all_notebooks()}
        for copy in out.glob("*.ipynb"):
            if copy.name not in known:
                copy.unlink()


def _shown(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)

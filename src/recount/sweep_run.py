"""Many independent tasks on Dask: a cluster of this machine's own, or one that is running already.

Only so many tasks are under way that no worker waits, and each result is handed on and forgotten:
memory stays bounded however long the sweep. A worker that is killed costs its tasks a second try.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from recount import sweep_folder
from recount.errors import RecountError

_WORTH = 20.0  # seconds of work: below it, starting workers takes longer than they save
PATIENCE = 60.0  # seconds to wait for a worker when none is left
_ADDRESS = re.compile(r"(tcp|tls|ws|wss)://(?P<host>[^/\s]+):(?P<port>\d+)/?")
_SILENT = "no scheduler answers at {}: start one with 'dask scheduler', or leave --scheduler away to compute on this machine."
_BY_DASK = {"PYTHONHASHSEED": "6640", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # in its workers
_ENDED = "the process that computed it was ended from outside, again and again (out of memory?)"


class Mismatch(RecountError):
    """A worker that would compute something else."""


@dataclasses.dataclass(frozen=True)
class Task:
    """One part of a sweep: a function and what it is called with, both fit to travel."""

    number: int
    points: int
    function: Callable[..., Any]
    arguments: tuple
    seconds: float = 1.0  # about; it decides only whether workers are worth their start


@dataclasses.dataclass(frozen=True)
class Workers:
    """Who computes: so many processes here, or the workers of a scheduler that runs already."""

    scheduler: str | None = None
    number: int | None = None
    patience: float = PATIENCE

    def check(self) -> None:
        """Refuse a scheduler that is none, before anything is written."""
        if not self.scheduler:
            return
        match = _ADDRESS.fullmatch(self.scheduler)
        if not match:
            raise RecountError(f"--scheduler '{self.scheduler}' must look like tcp://HOST:PORT, such as tcp://127.0.0.1:8786.")
        try:
            socket.create_connection((match["host"].strip("[]"), int(match["port"])), timeout=10).close()
        except (OSError, OverflowError):
            raise RecountError(_SILENT.format(self.scheduler)) from None

    def perform(self, tasks: Iterable[Task], keep: Callable[[Task, Any], None], fail: Callable[[Task, str], None], points: int, done: int = 0, progress: bool | None = None) -> None:
        """Compute all tasks; hand each result to *keep*, each failure as one sentence to *fail*.

        Parameters
        ----------
        points, done : of the whole sweep, and how many of them were finished before.

        Raises
        ------
        RecountError : no scheduler, no worker, or one with other code or data.
        """
        waiting = list(tasks)
        if not waiting:
            return
        from tqdm import tqdm

        with tqdm(total=points, initial=done, unit=" points", unit_scale=points >= 10_000, disable=None if progress is None else not progress) as bar:
            results = self._on_dask(waiting) if self.scheduler or self.here(waiting) > 1 else _plainly(waiting)
            with contextlib.closing(results):
                for task, result, problem in results:
                    fail(task, problem) if problem is not None else keep(task, result)
                    bar.update(task.points)

    def here(self, tasks: list[Task]) -> int:
        """How many processes of this machine some tasks are worth; as many as asked for, if that is said."""
        worth = 1 if sum(task.seconds for task in tasks) < _WORTH else _cores()
        return min(self.number or worth, len(tasks))

    def _on_dask(self, waiting: list[Task]) -> Iterator[tuple[Task, Any, str | None]]:
        import distributed

        for name in ("distributed", "distributed.worker", "distributed.nanny", "distributed.client", "distributed.scheduler", "distributed.comm"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what goes wrong is told in one sentence
        stamp, left, empty_since = sweep_folder.stamp(), iter(waiting), None
        with self._client(waiting) as client:
            room = 2 * max(1, sum(client.nthreads().values())) + 1
            running: dict[Any, Task] = {}
            try:
                while True:
                    while len(running) < room and (task := next(left, None)):
                        future = client.submit(_checked, stamp, task.function, *task.arguments, pure=False, key=f"sweep-{os.getpid()}-{id(running)}-{task.number}")
                        running[future] = task
                    if not running:
                        return
                    empty_since = self._await_one(client, list(running), empty_since)
                    for future in [future for future in running if future.done()]:
                        task = running.pop(future)
                        yield task, *_outcome(distributed, future)
            finally:
                with contextlib.suppress(Exception):  # a scheduler that is gone has nothing to cancel
                    client.cancel(list(running), force=True)

    def _await_one(self, client: Any, futures: list[Any], empty_since: float | None) -> float | None:
        """Wait until a task is finished, or a second; remember since when no worker is left."""
        import distributed

        with client.as_current(), contextlib.suppress(TimeoutError, distributed.TimeoutError):
            distributed.wait(futures, timeout=1, return_when="FIRST_COMPLETED")
            return None
        if client.status != "running":
            raise RecountError(f"the scheduler at {self.scheduler or 'this machine'} is gone; what was finished is kept, and --resume goes on.")
        if client.scheduler_info(n_workers=-1)["workers"]:
            return None
        empty_since = empty_since or time.monotonic()
        if time.monotonic() - empty_since > self.patience:
            raise RecountError(f"no worker has been left for {self.patience:g} seconds; what was finished is kept, and --resume goes on.")
        return empty_since

    @contextlib.contextmanager
    def _client(self, tasks: list[Task]) -> Iterator[Any]:
        import dask
        import distributed

        with contextlib.ExitStack() as stack:
            stack.enter_context(dask.config.set({"distributed.comm.timeouts.connect": "10s", "distributed.admin.low-level-log-length": 0}))
            if self.scheduler:
                client = stack.enter_context(self._existing(distributed))
                if not client.scheduler_info(n_workers=-1)["workers"]:
                    print(f"recount: the scheduler at {self.scheduler} has no workers yet; waiting for one, at most {self.patience:g} seconds.", file=sys.stderr, flush=True)
                try:
                    client.wait_for_workers(1, timeout=self.patience)
                except TimeoutError:
                    raise RecountError(f"the scheduler at {self.scheduler} has no workers: start one with 'dask worker {self.scheduler}'.") from None
            else:
                scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="recount-", ignore_cleanup_errors=True))
                stack.callback(_restore, dict(os.environ))  # what Dask sets for its workers it sets here too
                cluster = stack.enter_context(distributed.LocalCluster(
                    n_workers=self.here(tasks), threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0", local_directory=scratch,
                    silence_logs=logging.CRITICAL + 1, preload=["import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"],
                ))  # fmt: skip
                client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
            yield client

    def _existing(self, distributed: Any) -> Any:
        try:
            return distributed.Client(self.scheduler, timeout=10, set_as_default=False)
        except (OSError, ValueError):
            raise RecountError(_SILENT.format(self.scheduler)) from None


def _restore(before: dict[str, str]) -> None:
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def _outcome(distributed: Any, future: Any) -> tuple[Any, str | None]:
    if future.status == "finished":
        return future.result(), None
    if future.status == "cancelled":
        raise RecountError("the scheduler has dropped the sweep; what was finished is kept, and --resume goes on.")
    error = future.exception()
    if isinstance(error, Mismatch):
        raise error
    if isinstance(error, ModuleNotFoundError):
        raise RecountError(f"a worker lacks the package '{error.name}': its workers need the same environment as this machine.")
    return None, _ENDED if isinstance(error, distributed.KilledWorker) else _sentence(error)


def _plainly(waiting: list[Task]) -> Iterator[tuple[Task, Any, str | None]]:
    """The tasks one after the other in this process, as Dask would have them done."""
    for task in waiting:
        try:
            yield task, task.function(*task.arguments), None
        except Exception as error:  # one part that fails leaves the others be
            yield task, None, _sentence(error)


def _sentence(error: BaseException) -> str:
    return str(error) if isinstance(error, RecountError) else f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"


def _checked(stamp: dict[str, str], function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a task where code and data are those of the machine that asks."""
    other = [key for key, here in _stamp_here().items() if stamp[key] != here]
    if other:
        raise Mismatch(f"a worker has other {', '.join(other)} than this machine: install the same checkout and packages there.")
    for name, value in _BY_DASK.items():  # a kernel started from here is to be like any other
        if os.environ.get(name) == value:
            del os.environ[name]
    return function(*arguments)


@functools.cache
def _stamp_here() -> dict[str, str]:
    return sweep_folder.stamp()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""The process that kernels are forked from: ``python -m recount.warm.parent DESCRIPTOR``.

It has one thread and answers one kind of request: fork a kernel with these arguments, variables,
folder and output descriptors. A connection lasts as long as its kernel. The exit status comes
back over it; if whoever asked is gone, the kernel is ended. If stdin closes, all kernels are.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import selectors
import signal
import socket
import sys
import time
from pathlib import Path

# What notebooks import, and what those imports leave for later. No library that starts threads of
# its own when it is imported: they would be missing in a fork.
MODULES = (
    "ipykernel.kernelapp", "numpy", "scipy.stats", "scipy.optimize.elementwise", "pandas", "matplotlib.backends.backend_agg",
    "seaborn", "pint", "SALib.sample.sobol", "SALib.analyze.sobol", "recount.figures", "recount.peers", "recount.explain", "recount.study",
)  # fmt: skip
# Read once, when Python or a library starts: a kernel that wants another value must start by itself.
READ_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "OMP_", "MKL_", "OPENBLAS_", "MPLCONFIGDIR", "MATPLOTLIBRC", "HOME")
SIZE = 1 << 20  # a request holds a whole environment


def main() -> None:
    """Warm up, then fork a kernel per request; in each fork, be that kernel."""
    # Jupyter's launcher takes the current folder off the path as well; IPython puts it back.
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    parent = Parent(socket.socket(fileno=int(sys.argv[1])))
    os.environ.pop("JPY_PARENT_PID", None)  # ipykernel would remember the kernel that we are driven from
    warm_up()
    if threads() > 1:  # what a thread holds when it is left behind by a fork is held for ever
        raise SystemExit("the libraries run threads: kernels cannot be forked")
    arguments = parent.serve()
    if arguments is not None:
        be_kernel(arguments)


def warm_up() -> None:
    """Import everything, wire the formulas, and let go of threads that only wait."""
    for name in os.environ.get("RECOUNT_WARM", "").split() or MODULES:
        importlib.import_module(name)
    if "recount.graph" in sys.modules:
        from recount.graph import graph
        from recount.model import ROUTES

        for activity, via in ((activity, via) for activity in ROUTES for via in ROUTES[activity]):
            graph(activity, via)
    # OpenBLAS starts its threads at import, ends them before a fork, and starts them again when there is work.
    if not (pid := os.fork()):
        os._exit(0)
    os.waitpid(pid, 0)
    deadline = time.monotonic() + 1
    while threads() > 1 and time.monotonic() < deadline:  # one that has just ended may still be listed
        time.sleep(0.01)
    gc.collect()
    gc.freeze()  # a collection in a kernel would otherwise copy every page of what was imported


def threads() -> int:
    """How many threads this process has, those of libraries too."""
    return len(os.listdir("/proc/self/task"))


def sources() -> dict[str, int]:
    """When each of our modules was last written."""
    return {str(path): path.stat().st_mtime_ns for path in Path(__file__).parents[1].rglob("*.py")}


class Parent:
    """The loop that accepts requests and watches the kernels."""

    def __init__(self, listener: socket.socket):
        self.started_with, self.sources = dict(os.environ), sources()
        self.kernels: set[int] = set()
        self.selector = selectors.DefaultSelector()
        self.path = Path(listener.getsockname())
        self.selector.register(0, selectors.EVENT_READ)
        self.selector.register(listener, selectors.EVENT_READ, self._accept)

    def serve(self) -> list[str] | None:
        """Answer requests until stdin closes.

        Returns
        -------
        list : only in a forked process, the arguments of the kernel that it is to be.
        """
        while True:
            for key, _ in self.selector.select():
                if key.fd == 0:
                    return self._finish()
                if (arguments := key.data(key.fileobj)) is not None:
                    return arguments

    def _finish(self) -> None:
        for pid in self.kernels:
            end(pid)
        with contextlib.suppress(OSError):  # whoever started us may have done so, or cannot any more
            self.path.unlink()
            self.path.parent.rmdir()

    def _accept(self, listener: socket.socket) -> None:
        self.selector.register(listener.accept()[0], selectors.EVENT_READ, self._request)

    def _request(self, connection: socket.socket) -> list[str] | None:
        self.selector.unregister(connection)
        message, descriptors = b"", []
        with contextlib.suppress(OSError):
            message, descriptors, *_ = socket.recv_fds(connection, SIZE, 3)
        request = json.loads(message) if message and len(descriptors) == 3 else None
        pid = os.fork() if request and self._fits(**request) else None
        if pid == 0:
            return self._become(connection, descriptors, **request)
        for descriptor in descriptors:
            os.close(descriptor)
        if pid is None:
            return connection.close()
        self.kernels.add(pid)
        self.selector.register(connection, selectors.EVENT_READ, lambda _: self._left(connection, pid))
        self.selector.register(os.pidfd_open(pid), selectors.EVENT_READ, lambda handle: self._ended(handle, connection, pid))

    def _fits(self, command: list[str], variables: dict[str, str], folder: str) -> bool:
        """Whether a fork of this process is what the command would have started."""
        names = [name for name in self.started_with.keys() | variables.keys() if name.startswith(READ_AT_START)]
        same = all(self.started_with.get(name) == variables.get(name) for name in names)
        return same and command[:3] == [sys.executable, "-m", "ipykernel_launcher"] and self.sources == sources()

    def _left(self, connection: socket.socket, pid: int) -> None:
        """Whoever drove a kernel is gone."""
        if pid in self.kernels:
            self.selector.unregister(connection)
            end(pid)

    def _ended(self, handle: int, connection: socket.socket, pid: int) -> None:
        """A kernel has ended: tell how."""
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.kernels.remove(pid)
        self.selector.unregister(handle)
        os.close(handle)
        with contextlib.suppress(KeyError):
            self.selector.unregister(connection)
        with contextlib.suppress(OSError):
            connection.send(json.dumps(status).encode())
        connection.close()

    def _become(self, connection: socket.socket, descriptors: list[int], command: list[str], variables: dict[str, str], folder: str) -> list[str]:
        """In the fork: take on all that a process is started with, and say who we are."""
        parent = os.getppid()
        os.setsid()
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no kernel outlives its parent
        if os.getppid() != parent:
            os._exit(1)
        for key in list(self.selector.get_map().values()):
            os.close(key.fd) if isinstance(key.fileobj, int) else key.fileobj.close()
        self.selector.close()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        # An import may set a variable that is not set, as ours does for Hamilton.
        by_import = {name: value for name, value in os.environ.items() if name not in self.started_with}
        os.environ.clear()
        os.environ.update(by_import | variables)
        if own_register := sys.modules.get("recount.own_register"):
            own_register.started()
        time.tzset()
        try:
            os.chdir(folder)
        except OSError:
            os._exit(1)
        if numpy := sys.modules.get("numpy"):
            numpy.random.seed()  # else every kernel draws the same; the other generators see to it themselves
        connection.send(json.dumps({"pid": os.getpid()}).encode())
        connection.close()
        return command[3:]


def end(pid: int) -> None:
    """End a kernel and what it has started."""
    for kill in (os.killpg, os.kill):  # the group is there a moment after the process
        with contextlib.suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)


def be_kernel(arguments: list[str]) -> None:
    """What ``python -m ipykernel_launcher`` does once everything is imported."""
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = [importlib.util.find_spec("ipykernel_launcher").origin, *arguments]
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(arguments)
    if matplotlib := sys.modules.get("matplotlib"):
        # It was imported where there was neither IPython nor this variable: figures would never be shown.
        matplotlib.rcParams["backend"] = os.environ["MPLBACKEND"]
    app.start()


if __name__ == "__main__":
    main()

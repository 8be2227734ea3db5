"""Kernels that start warm: a parent process has imported the libraries and forks one kernel per notebook.

A stock kernel spends two to three seconds importing before it runs a cell. Here one process,
:mod:`recount.warm.parent`, imports once, starts no thread and no ZeroMQ context, and forks an
ipykernel whenever :mod:`recount.warm.provisioner` asks it to over a socket in a private folder.
The parent lives as long as the run that started it. Whatever is in doubt (another system, an
edited source, another interpreter, a parent that has gone) gets the stock kernel instead, which
gives the same outputs.

``RECOUNT_KERNEL=stock`` asks for the stock kernel. ``python -m recount.warm COMMAND …`` runs any
program that starts Jupyter kernels, such as pytest with nbval, with warm ones.

Two things differ from a stock kernel: a word that a library says when it is imported is not heard,
and sets of strings are ordered alike in all kernels of one parent.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# The socket of a parent, or "stock"; inherited by the processes that drive kernels.
VARIABLE = "RECOUNT_KERNEL"
PROVISIONER = "recount-warm"
# pandas imports pyarrow, whose allocator would keep a thread that tidies up; a kernel does not inherit this.
THREADLESS = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}


@contextlib.contextmanager
def kernels(stock: bool = False) -> Iterator[str]:
    """While this lasts, kernels that ask for the warm provisioner are forked from one parent.

    Parameters
    ----------
    stock : have none of it.

    Yields
    ------
    str : what ``RECOUNT_KERNEL`` holds meanwhile: the parent's socket, or ``stock`` where there can be none.
    """
    before = os.environ.get(VARIABLE)
    with contextlib.ExitStack() as stack:
        found = "stock" if stock or sys.platform != "linux" else before
        try:
            found = found or stack.enter_context(_parent())
        except OSError:  # no process, no folder, a path too long for a socket: not worth a failure
            found = "stock"
        os.environ[VARIABLE] = found
        try:
            yield found
        finally:
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before


@contextlib.contextmanager
def _parent() -> Iterator[str]:
    # The folder is its owner's alone, so nobody else can ask for a process of ours. The parent removes it too.
    with (
        tempfile.TemporaryDirectory(prefix="recount-", ignore_cleanup_errors=True) as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener,
    ):
        path = str(Path(folder) / "kernels")
        # Listening before the parent is warm: who asks meanwhile waits in the queue.
        listener.bind(path)
        listener.listen(64)
        # Its stdin is a lifeline: it ends when this process does, however that comes about.
        # It starts in a folder of nobody's, where no module or setting is picked up.
        process = subprocess.Popen(
            [sys.executable, "-m", "recount.warm.parent", str(listener.fileno())],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=[listener.fileno()], cwd="/", start_new_session=True, env=os.environ | THREADLESS,
        )  # fmt: skip
        listener.close()  # if the parent dies, asking is refused rather than never answered
        try:
            yield path
        finally:
            process.stdin.close()
            process.wait()

"""How Jupyter gets a forked kernel: the provisioner ``recount-warm``, known by its entry point.

A kernel specification names it under ``metadata.kernel_provisioner``. Without a parent, or where
the parent declines, it starts the stock kernel, as the provisioner that it extends does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from recount import warm

PATIENCE = 60  # seconds; the parent may still be importing


class WarmProvisioner(LocalProvisioner):
    """Forks kernels from a warm parent where there is one."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start a kernel, forked if possible."""
        self.process = fork(cmd, **kwargs)
        if self.process is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info


def fork(
    command: list[str], env: dict[str, str], cwd: str | None = None, stdout: Any = None, stderr: Any = None,
    independent: bool = False, **other: Any,
) -> ForkedKernel | None:  # fmt: skip
    """Ask the parent for a kernel; None where there is no parent, or what is asked for is not its kind."""
    path = os.environ.get(warm.VARIABLE, "stock")
    if path == "stock" or independent or not set(other) <= {"kernel_id", "extra_arguments"} or subprocess.PIPE in (stdout, stderr):
        return None
    request = {"command": command, "variables": env | {"JPY_PARENT_PID": str(os.getpid())}, "folder": str(Path(cwd or ".").resolve())}
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.settimeout(PATIENCE)
        connection.connect(path)
        with open(os.devnull, "r+b") as null:
            descriptors = [null, *(null if given == subprocess.DEVNULL else usual if given is None else given for usual, given in ((1, stdout), (2, stderr)))]
            socket.send_fds(connection, [json.dumps(request).encode()], [d if isinstance(d, int) else d.fileno() for d in descriptors])
        answer = json.loads(connection.recv(100) or "{}")
        if isinstance(answer, dict) and "pid" in answer:
            return ForkedKernel(answer["pid"], connection)
    except OSError:  # a socket that nobody listens at, or a request that is too large
        pass
    connection.close()
    return None


class ForkedKernel:
    """A forked process as its provisioner sees it: what it uses of :class:`subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, connection: socket.socket):
        self.pid, self.returncode, self._connection = pid, None, connection

    def poll(self) -> int | None:
        """The exit status, or None while the process runs."""
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the exit status; None if it takes longer."""
        if self.returncode is None:
            try:
                self._connection.settimeout(timeout)
                # Nothing to read means that the parent has died, and its kernels with it.
                self.returncode = json.loads(self._connection.recv(100) or str(-signal.SIGKILL))
            except (BlockingIOError, TimeoutError):
                return None
            except OSError:
                self.returncode = -signal.SIGKILL
            self._connection.close()
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

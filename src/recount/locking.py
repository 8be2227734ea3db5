"""One run at a time in a folder: the second is refused, and nothing is left behind by a killed one."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from recount.errors import RecountError

try:
    import fcntl
except ImportError:  # not on Windows: there, two runs into one folder are not kept apart
    fcntl = None

_LOCK = ".lock"
# What write_whole calls a file before it is whole.
_UNFINISHED = re.compile(r"\..+\.(ipynb|json|html|parquet|zip)\.[a-z0-9_]{8}")


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder for one run; the system lets go of it whenever the process ends.

    What a killed run had half written beside its results is removed first. A folder made for
    the lock alone is gone afterwards if nothing was put into it.

    Raises
    ------
    RecountError : another run is writing into the folder.
    OSError : the folder cannot be made or written to.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _held(folder / _LOCK, folder):
            _sweep(folder)
            try:
                yield
            finally:
                _sweep(folder)
    finally:
        for path in made:
            with contextlib.suppress(OSError):  # not empty: it holds results
                path.rmdir()


@contextlib.contextmanager
def _held(path: Path, folder: Path) -> Iterator[None]:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if fcntl:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The holder before removed its file: a lock on that one would hold nothing.
            if os.stat(path).st_ino == os.fstat(handle).st_ino:
                break
        except BlockingIOError:
            os.close(handle)
            raise RecountError(f"{folder} is being written by another run: wait until it is done, or give this one a folder of its own with --out.") from None
        except FileNotFoundError:  # removed between the two looks
            pass
        os.close(handle)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(handle)


def _sweep(folder: Path) -> None:
    for path in folder.iterdir():
        if _UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)

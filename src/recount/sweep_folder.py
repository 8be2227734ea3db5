"""The folder of a sweep: what was asked for, the finished parts, and what came of them.

Every part is written beside and renamed, under a name that depends on its place in the grid alone,
so that a sweep that was broken off goes on where it was and ends in the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recount.errors import RecountError
from recount.freshness import Surroundings
from recount.project import Project, write_whole

SCHEMA_VERSION = 1
MANIFEST = "sweep.json"
_DECIDING = ("numpy", "pyarrow", "matplotlib")  # other versions may give other bytes


def stamp(project: Project | None = None) -> dict[str, str]:
    """What decides the bytes of a sweep beside what is asked for: our code, the data, three packages."""
    now = Surroundings.now(project or Project.here())
    return {"code": now.code, "data": now.data, **{name: version(name) for name in _DECIDING}}


class Folder:
    """A sweep's folder, held for as long as the sweep goes on."""

    def __init__(self, path: Path):
        self.path = path

    def part(self, number: int, ending: str) -> Path:
        """Where a part of the sweep lies."""
        return self.path / "points" / f"part-{number:06d}.{ending}"

    @property
    def asked(self) -> dict[str, Any] | None:
        """What the folder's sweep was asked for, if it holds one."""
        found = self._manifest()
        return found["asked"] if found else None

    def _manifest(self) -> dict[str, Any] | None:
        try:
            text = (self.path / MANIFEST).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise RecountError(f"{self.path} is a file or lies in one: name a folder for the sweep.") from None
        try:
            found = json.loads(text)
            if found["schema_version"] != SCHEMA_VERSION:
                raise RecountError(f"{self.path} holds a sweep of form {found['schema_version']}, and this recount reads form {SCHEMA_VERSION}: start it anew in another folder.")
            return found if {"asked", "stamp", "fingerprint"} <= set(found) else {}["?"]
        except (ValueError, KeyError, TypeError):
            raise RecountError(f"{self.path / MANIFEST} is damaged: start the sweep anew in another folder.") from None

    def check(self, asked: Mapping[str, Any], resume: bool) -> bool:
        """Whether the folder holds this sweep already; refused where it holds anything else.

        Raises
        ------
        RecountError : a folder of something else, another sweep's, or one whose code or data have changed.
        """
        found, now, asked = self._manifest(), stamp(), json.loads(json.dumps(asked))
        if resume and found is None:
            raise RecountError(f"{self.path} holds no sweep to go on with: start one without --resume.")
        if not resume and found is not None:
            raise RecountError(f"{self.path} holds a sweep already: go on with it by --resume, or name another folder.")
        if found is None and self.path.is_dir() and any(self.path.iterdir()):
            raise RecountError(f"{self.path} is not empty: name a new folder for the sweep.")
        if found is not None and found["asked"] != asked:
            other = [key for key in asked if found["asked"].get(key) != asked[key]]
            raise RecountError(f"{self.path} holds another sweep (it differs in {', '.join(other)}): 'recount sweep --resume --out {self.path}' goes on with that one.")
        if found is not None and found["stamp"] != now:
            other = [key for key in now if found["stamp"].get(key) != now[key]]
            raise RecountError(f"{self.path} was begun with other {', '.join(other)}, so its points would not go together: start the sweep anew in another folder.")
        return found is not None

    def begin(self, asked: Mapping[str, Any], resume: bool) -> None:
        """Make the folder this sweep's, and clear away what was being written when its driver was killed."""
        if not self.check(asked, resume):
            content = {"schema_version": SCHEMA_VERSION, "asked": dict(asked), "stamp": stamp()}
            content["fingerprint"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
            self.write(MANIFEST, _json(content))
        for folder in (self.path, *(self.path / name for name in ("points", "failed", "figures"))):
            for left in folder.glob(".*.*.*"):
                left.unlink(missing_ok=True)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep a second sweep out of the folder; the hold ends with the process, whatever ends it."""
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            import fcntl
        except ImportError:  # Windows has no such lock
            yield
            return
        handle = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise RecountError(f"another sweep is writing into {self.path}: wait for it, or name another folder.") from None
        try:
            yield
        finally:
            os.close(handle)

    def write(self, name: str | Path, content: str | bytes) -> None:
        """Write a file of the folder whole."""
        write_whole(self.path / name, content)

    def summary(self, content: Mapping[str, Any]) -> None:
        """Write what came of the sweep."""
        self.write("summary.json", _json({"schema_version": SCHEMA_VERSION, **content}))


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

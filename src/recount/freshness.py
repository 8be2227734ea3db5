"""Whether an executed notebook is still what an execution would give.

Beside every executed copy a small record says what it was made from: the notebook as written,
the parameters, our code, the locked packages, and each line of data that the execution used.
Only data that was used counts, so an edited row re-runs the notebooks that took it and no other.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from recount import own_register
from recount.errors import RecountError
from recount.execution import Execution, Job, cell_id, written_metadata
from recount.project import Project, write_whole

Record = dict[str, Any]
_FIELDS = {"copy", "parameters", "asked", "notebook", "code", "packages", "data", "used", "seconds"}


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """Hashes of what every notebook depends on, and of all data together."""

    code: str
    packages: str
    data: str

    @classmethod
    def now(cls, project: Project) -> Surroundings:
        packages = f"{sys.version_info[:3]} {project.lock.read_text() if project.lock.is_file() else ''}"
        here = Path(__file__).parent
        return cls(_hash_tree(here, "*.py") + _hash_tree(here, "*.po"), _hash(packages.encode()), _hash_tree(project.data, "*") + own_register.digest())


def why_stale(job: Job, record: Record | None, now: Surroundings, fingerprints: Mapping[str, str]) -> str:
    """Say why a job must be executed, or ``""`` when its executed copy still holds.

    Parameters
    ----------
    record : what :func:`record` kept of the last execution, if any.
    fingerprints : the present hash of every data line in the record; not looked at while the
        data as a whole are as they were.
    """
    if record is None:
        return "not executed yet"
    if not job.target.is_file() or record["copy"] != _hash(job.target.read_bytes()):
        return "its executed copy is gone or was edited"
    if record["parameters"] != job.parameters:
        return "other parameters"
    if record["notebook"] != job.written:
        return "the notebook was edited"
    if record["code"] != now.code:
        return "the code was edited"
    if record["packages"] != now.packages:
        return "other packages"
    if record["data"] != now.data:
        for line, before in record["used"].items():
            if fingerprints.get(line, "") != before:
                return f"changed: {line}"
    return ""


def fingerprints(lines: Iterable[str]) -> dict[str, str]:
    """The present hash of each data line; for a fresh process, since data are read once in each.

    Raises
    ------
    RecountError : the data are broken, whatever the lines.
    """
    from recount import assumptions, trace

    assumptions.load()
    return {line: trace.fingerprint(line) for line in lines}


def record(job: Job, done: Execution, before: Surroundings, after: Surroundings, now: Mapping[str, str]) -> Record | None:
    """What is kept of a successful execution; nothing if the data changed while it ran."""
    if done.error is not None or before.data != after.data:
        return None
    return {
        "copy": _hash(job.target.read_bytes()),
        "parameters": job.parameters,
        "asked": job.asked,
        "notebook": job.written,
        "code": before.code,
        "packages": before.packages,
        "data": before.data,
        "used": {line: now[line] for line in done.used},
        "seconds": round(done.seconds, 2),
    }


def notebook_hash(path: Path) -> str:
    """Hash a notebook as written: its cells without what executing them leaves behind.

    Raises
    ------
    RecountError : the file is no notebook of format 4.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        readable = notebook["nbformat"] == 4 and isinstance(notebook["metadata"], dict)
        written = [_as_written(position, cell) for position, cell in enumerate(notebook["cells"])] if readable else []
    except (ValueError, KeyError, TypeError, AttributeError):
        readable = False
    if not readable:
        raise RecountError(f"{path.name} is not a readable notebook of format 4: restore it, or save it anew in JupyterLab.")
    return _hash(json.dumps(written, sort_keys=True).encode())


def _as_written(position: int, cell: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in cell.items() if key not in ("outputs", "execution_count")}
    needed = {"cell_type": cell["cell_type"], "source": "".join(cell["source"]), "metadata": written_metadata(cell["metadata"])}
    return {"id": cell_id(position)} | kept | needed


def read_record(project: Project, target: Path) -> Record | None:
    """The record of an executed copy; a damaged one, or one of another make, is as good as none."""
    try:
        found = json.loads(_record_path(project, target).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and set(found) == _FIELDS else None


def write_record(project: Project, target: Path, content: Record | None) -> None:
    """Keep a record, or forget the one there was."""
    path = _record_path(project, target)
    if content is None:
        path.unlink(missing_ok=True)
    else:
        write_whole(path, json.dumps(content, indent=1, sort_keys=True) + "\n")


def _record_path(project: Project, target: Path) -> Path:
    return project.cache / f"{target.stem}-{_hash(str(target.resolve()).encode())}.json"


def _hash_tree(folder: Path, pattern: str) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob(pattern) if path.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]

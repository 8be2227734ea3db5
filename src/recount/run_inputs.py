"""Everything a run was made from, in one file of its folder, and what of it is another thing today.

``inputs.zip`` is a small project of its own: the data with the scenario in them, the notebooks
as written, the locked packages, and in ``own/`` a register and rows of one's own. The code is told by a hash per file: what repeats a run is the
present code, and it says where that differs.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from recount import own_register
from recount.errors import RecountError
from recount.project import Project, write_whole

_REGISTER, _ROWS = "own/register/", "own/rows/"
INPUTS, RECORD, INDEX, COMPARISON = "inputs.zip", "run.json", "index.html", "comparison.html"
SCHEMA_VERSION = 1
_EPOCH = (1980, 1, 1, 0, 0, 0)  # no time of day, so that the same inputs are the same bytes
_LARGEST = 512 * 2**20


def pack(project: Project, notebooks: Iterable[Path], folder: Path) -> None:
    """Write the inputs of a run into its folder."""
    files = {f"data/{name}": content for name, content in data_files(project.data).items()}
    files |= {f"notebooks/{path.name}": _as_written(path) for path in notebooks} | _own()
    if project.lock.is_file():
        files["requirements.lock"] = project.lock.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(entry, content)
    write_whole(folder / INPUTS, buffer.getvalue())


def _own() -> dict[str, bytes]:
    """The register and the rows of one's own by their path in ``inputs.zip``; there they keep their names, which lines that were used are told by."""
    register, rows = own_register.register(), own_register.data()
    kept = {f"{_ROWS}{rows.name}/.keep": b""} if rows else {}  # a folder that holds no row yet is one all the same
    return kept | {(_REGISTER if path == register else f"{_ROWS}{rows.name}/") + path.name: path.read_bytes() for path in own_register.files()}


def withdraw(folder: Path) -> None:
    """Take away what tells of a finished run, since its notebooks are about to be others."""
    for name in (RECORD, INDEX, COMPARISON):
        (folder / name).unlink(missing_ok=True)


def data_files(folder: Path) -> dict[str, bytes]:
    """Every file of the data by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _as_written(path: Path) -> bytes:
    """A notebook without what executing it left behind."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True).encode()


def code_files() -> dict[str, str]:
    """A hash of each file of this package by its path."""
    folder = Path(__file__).parent
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in sorted(folder.rglob("*.py"))}


def read_record(folder: Path) -> dict[str, Any]:
    """The record of a run's folder.

    Raises
    ------
    RecountError : there is none, it is not readable, or a later recount wrote it.
    """
    path = folder / RECORD
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecountError(f"{folder} holds no finished run (no {RECORD}): name the folder of one, such as build/runs/default.") from None
    except (OSError, ValueError) as error:
        raise RecountError(f"{path} is not readable: {str(error).splitlines()[0]}.") from None
    version = found.get("schema_version") if isinstance(found, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1 or not _HELD <= set(found):
        raise RecountError(f"{path} is not the record of a run: repeat the run to have it anew.")
    if version > SCHEMA_VERSION:
        raise RecountError(f"{path} is of version {version}, and this recount reads up to version {SCHEMA_VERSION}: use a newer recount.")
    return found


_HELD = {"asked", "notebooks", "laid_over", "made_from", "used"}


def _packed(folder: Path) -> dict[str, bytes]:
    """The files of ``inputs.zip``; a damaged or an unreasonable one is refused."""
    path = folder / INPUTS
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _LARGEST:
                raise RecountError(f"{path} would unpack to more than {_LARGEST >> 20} MiB: it is no run of ours.")
            files = {name: packed.read(name) for name in packed.namelist()}
    except FileNotFoundError:
        raise RecountError(f"{folder} holds no {INPUTS}: without its inputs the run cannot be repeated or compared row by row.") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise RecountError(f"{path} is damaged: {error}.") from None
    for name in files:
        if name.startswith(("/", "\\")) or ".." in Path(name).parts or ":" in name:
            raise RecountError(f"{path} holds '{name}', which leads out of its folder: it is no run of ours.")
    return files


@contextlib.contextmanager
def unpacked(folder: Path, into: Path, made: Path) -> Iterator[Project]:
    """The inputs of a run as a project of their own, whose results go where *made* says; its data and register are read meanwhile."""
    packed = _packed(folder)
    for name, content in packed.items():
        write_whole(into / name, content)
    register = next((into / name for name in packed if name.startswith(_REGISTER)), None)
    rows = next((into / Path(*Path(name).parts[:3]) for name in packed if name.startswith(_ROWS)), None)
    values = {"RECOUNT_DATA": into / "data", own_register.REGISTER: register, own_register.DATA: rows}
    before = {name: os.environ.get(name) for name in values}
    try:
        _set(values)
        yield Project(into, made)
    finally:
        _set(before)


def _set(values: Mapping[str, Path | str | None]) -> None:
    for name, value in values.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = str(value)


def data_of(folder: Path) -> dict[str, bytes]:
    """The data files that a run was made from, rows of one's own among them."""
    packed = _packed(folder)
    return {name.removeprefix("data/"): content for name, content in packed.items() if name.startswith("data/")} | _own_rows(packed)


def data_now(project: Project) -> dict[str, bytes]:
    """The data files as they are today, rows of one's own among them."""
    return data_files(project.data) | _own_rows(_own())


def _own_rows(packed: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"assumptions/own/{Path(name).name}": content for name, content in packed.items() if name.startswith(_ROWS) and name.endswith(".csv")}


def rows_of(files: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    """Every row of the assumptions by context, name and scope."""
    rows = {}
    for name, content in files.items():
        if name.startswith("assumptions/") and name.endswith(".csv"):
            for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")):
                rows[f"{row['context']}|{row['name']}|{row['scope']}"] = row
    return rows


def differing(folder: Path, record: Mapping[str, Any], project: Project) -> list[str]:
    """What the run of a folder was made from that is otherwise today, one sentence per kind."""
    then = _packed(folder)
    own = any(name.startswith(_REGISTER) for name in then)
    if own and not own_register.register():  # where it lies is not known, nor are the notebooks beside it
        then = {name: content for name, content in then.items() if not name.startswith(("own/", "notebooks/"))}
    now = _own() | {f"data/{name}": content for name, content in data_files(project.data).items()}
    now |= {f"notebooks/{path.name}": _as_written(path) for path in project.all_notebooks() if f"notebooks/{path.name}" in then}
    told = []
    for kind, word in (("data/", "data"), ("notebooks/", "notebooks"), ("own/", "claims or rows of one's own")):
        if names := sorted(n for n in {*then, *now} if n.startswith(kind) and then.get(n) != now.get(n)):
            told.append(f"other {word} ({_listed(names)})")
    code = code_files()
    if names := sorted(n for n in {*code, *record["made_from"]["code_files"]} if code.get(n) != record["made_from"]["code_files"].get(n)):
        told.append(f"other code ({_listed(names)})")
    lock = project.lock.read_bytes() if project.lock.is_file() else None
    if then.get("requirements.lock") != lock:
        told.append("other packages (requirements.lock)")
    if record["made_from"]["python"] != python():
        told.append(f"another Python ({record['made_from']['python']}, here {python()})")
    return told


def python() -> str:
    """The version of the running interpreter."""
    return ".".join(map(str, sys.version_info[:3]))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")

"""What a browser needs to run the model: our code and data and what they import, in one archive.

Everything is taken from the files that are installed when the pages are built, licences included.
Beside it only Pyodide is loaded, from the address in ``site/explore.toml`` or from a folder.
"""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import importlib.metadata
import io
import json
import re
import shutil
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recount import own_register
from recount.errors import RecountError
from recount.vocabulary import data_folder

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "model"  # among the pages' static files
CORE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
_LICENCES = re.compile(r"licen[cs]e|copying|notice|authors", re.IGNORECASE)
_EPOCH = (2020, 1, 1, 0, 0, 0)


@functools.cache
def settings() -> dict[str, Any]:
    """The settings of ``site/explore.toml``."""
    return tomllib.loads((ROOT / "site" / "explore.toml").read_text(encoding="utf-8"))


def write(static: Path, pyodide: str | Path | None = None) -> dict[str, Any]:
    """Write archive and settings into ``model/`` of the pages' static folder; with a folder, Pyodide too.

    Parameters
    ----------
    static : the folder of the static files, such as ``build/site/_static``.
    pyodide : a folder with Pyodide of the pinned version, its files checked against its lock.

    Returns
    -------
    dict : the settings that the page reads; ``bytes`` is what a reader loads in all.

    Raises
    ------
    RecountError : the folder lacks a file, or holds another version or other bytes than its lock says.
    """
    told, archive = settings(), bundle()
    parts = checked(Path(pyodide), told["pyodide"]["packages"]) if pyodide else []
    folder = Path(static) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "pyodide", ignore_errors=True)
    for path in parts:
        (folder / "pyodide").mkdir(exist_ok=True)
        shutil.copyfile(path, folder / "pyodide" / path.name)
    loaded = sum(path.stat().st_size for path in parts) if parts else told["pyodide"]["bytes"]
    found = {
        "pyodide": "pyodide/" if parts else told["pyodide"]["url"],
        "version": told["pyodide"]["version"],
        "packages": told["pyodide"]["packages"],
        "archive": f"recount.zip?{hashlib.sha256(archive).hexdigest()[:12]}",
        "bytes": loaded + len(archive),
        "samples": told["samples"],
        "environment": _environment(),
    }
    (folder / "recount.zip").write_bytes(archive)
    (folder / "settings.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def _environment() -> dict[str, str]:
    """Where a register and rows of one's own lie in the browser, for pages that show them."""
    own, rows = own_register.register(), own_register.data()
    found = {own_register.REGISTER: f"/recount/own/{own.name}"} if own else {}
    return found | ({own_register.DATA: "/recount/own/rows"} if rows else {})


def bundle() -> bytes:
    """The archive that the pages load."""
    return zipped({name: path.read_bytes() for name, path in files(settings()["bundle"]["packages"], settings()["pyodide"]["packages"]).items()})


def files(packages: Iterable[str], present: Iterable[str]) -> dict[str, Path]:
    """``src`` and ``data`` as in the checkout, and ``lib`` with *packages* and what they need but for those *present*, by name."""
    source = ROOT / "src"
    entries = {f"src/{path.relative_to(source).as_posix()}": path for path in source.rglob("*.p[yo]")}
    entries |= {f"data/{path.relative_to(data_folder()).as_posix()}": path for path in data_folder().rglob("*") if path.is_file()}
    entries |= {f"own/{'' if path == own_register.register() else 'rows/'}{path.name}": path for path in own_register.files()}
    entries["LICENSE"] = ROOT / "LICENSE"
    for package in carried(packages, present):
        entries |= {f"lib/{name}": path for name, path in files_of(package)}
    return entries


def zipped(entries: dict[str, bytes]) -> bytes:
    """An archive of files by name: the same files are the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(entries.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


def carried(packages: Iterable[str], present: Iterable[str]) -> list[str]:
    """Installed packages with all that they always need, but for those that are *present*.

    >>> carried(["pint"], ["numpy"])
    ['flexcache', 'flexparser', 'pint', 'platformdirs', 'typing-extensions']
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found, waiting, there = set(), [canonicalize_name(p) for p in packages], {canonicalize_name(p) for p in present}
    while waiting:
        package = waiting.pop()
        if package in found or package in there:
            continue
        found.add(package)
        needs = [Requirement(line) for line in importlib.metadata.requires(package) or []]
        waiting += [canonicalize_name(need.name) for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return sorted(found)


def files_of(package: str) -> list[tuple[str, Path]]:
    """A package's modules and data, its metadata and its licences."""
    found = []
    for file in importlib.metadata.files(package) or []:
        name, path = file.as_posix(), Path(file.locate())
        described = ".dist-info/" in name and (path.name in ("METADATA", "entry_points.txt") or _LICENCES.search(name.partition(".dist-info/")[2]))
        code = ".dist-info/" not in name and path.suffix not in (".pyc", ".so") and not name.startswith("..")
        if (described or code) and path.is_file() and not any(fnmatch.fnmatch(name, pattern) for pattern in settings()["bundle"]["without"]):
            found.append((name, path))
    return found


def checked(folder: Path, packages: Iterable[str]) -> list[Path]:
    """The files of a Pyodide that are loaded for *packages*, each as its lock says.

    Raises
    ------
    RecountError : the folder lacks a file, or holds another version or other bytes than its lock says.
    """
    version, lock = settings()["pyodide"]["version"], folder / "pyodide-lock.json"
    if not lock.is_file():
        raise RecountError(f"--pyodide '{folder}' holds no pyodide-lock.json: name the folder of a Pyodide {version}.")
    told = json.loads(lock.read_text(encoding="utf-8"))
    if told["info"]["version"] != version:
        raise RecountError(f"--pyodide '{folder}' is version {told['info']['version']}: the pages are made for {version}.")
    files = [folder / name for name in CORE]
    for name in needed(told["packages"], packages):
        path, wanted = folder / told["packages"][name]["file_name"], told["packages"][name]["sha256"]
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            raise RecountError(f"--pyodide '{folder}': {path.name} is not the file that its lock describes; fetch it anew.")
        files.append(path)
    if missing := [path.name for path in files if not path.is_file()]:
        raise RecountError(f"--pyodide '{folder}' lacks {', '.join(missing)}: take the full distribution of Pyodide {version}.")
    return files


def needed(packages: dict[str, Any], wanted: Iterable[str]) -> list[str]:
    """Packages of a Pyodide's lock with those that they depend on.

    >>> needed({"a": {"depends": ["B"]}, "b": {"depends": []}, "c": {"depends": []}}, ["a"])
    ['a', 'b']
    """
    from packaging.utils import canonicalize_name

    found, waiting = set(), [canonicalize_name(name) for name in wanted]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [canonicalize_name(other) for other in packages[name]["depends"]]
    return sorted(found)

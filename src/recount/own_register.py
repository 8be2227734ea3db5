"""A register and rows of one's own beside ours: where they lie, and what was read under them.

``--register FILE`` and ``--data DIR`` set two environment variables, so that kernels and
processes started from here see the same; what is cached is kept apart for each pair of them.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from recount.errors import RecountError

REGISTER, DATA = "RECOUNT_REGISTER", "RECOUNT_OWN_DATA"
_BEFORE = {name: os.environ.get(name, "") for name in (REGISTER, DATA)}  # as the process was started
Read = TypeVar("Read", bound=Callable[..., Any])


def register() -> Path | None:
    """The register of one's own, if there is one."""
    return _path(REGISTER)


def data() -> Path | None:
    """The folder of rows of one's own, if there is one."""
    return _path(DATA)


def _path(variable: str) -> Path | None:
    text = os.environ.get(variable)
    return Path(text).resolve() if text else None


def per_register(function: Read = None, *, maxsize: int | None = None) -> Read:
    """Cache what a function reads, apart for each register and data folder."""
    if function is None:
        return functools.partial(per_register, maxsize=maxsize)

    @functools.lru_cache(maxsize)
    def kept(_read_under, *arguments):
        return function(*arguments)

    @functools.wraps(function)
    def read(*arguments):
        return kept((os.environ.get(REGISTER), os.environ.get(DATA)), *arguments)

    read.cache_clear, read.cache_info = kept.cache_clear, kept.cache_info
    return read


@contextlib.contextmanager
def used(own_register: str | Path | None, own_data: str | Path | None, new: bool = False) -> Iterator[None]:
    """Read a register and rows of one's own within a block; with *new*, neither need exist yet.

    Raises
    ------
    RecountError : the one is no file or the other no folder.
    """
    before = {name: os.environ.get(name) for name in (REGISTER, DATA)}
    use(own_register, own_data, new)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def use(own_register: str | Path | None, own_data: str | Path | None, new: bool = False) -> None:
    """Read a register and rows of one's own from now on; what is not named stays as it is."""
    if own_register:
        path = Path(own_register).resolve()
        if path.is_dir():
            raise RecountError(f"--register '{own_register}' is a folder: name the file in it, such as {Path(own_register) / 'my_claims.toml'}.")
        if path.suffix != ".toml":
            raise RecountError(f"--register '{own_register}' must be a TOML file: name it {path.stem or 'my_claims'}.toml.")
        if not path.is_file() and not new:
            raise RecountError(f"--register '{own_register}' does not exist: 'recount claim new --register {own_register}' begins one.")
        if path == _ours() / "claims.toml":
            raise RecountError(f"--register '{own_register}' is the register that is read anyway: leave --register out.")
        os.environ[REGISTER] = str(path)
    if own_data:
        folder = Path(own_data).resolve()
        if folder.exists() and not folder.is_dir():
            raise RecountError(f"--data '{own_data}' is a file: name the folder of your rows.")
        if not folder.exists() and not new:
            raise RecountError(f"--data '{own_data}' does not exist: make the folder and put your rows in it, as rows.csv.")
        if folder in (_ours(), _ours() / "assumptions"):
            raise RecountError(f"--data '{own_data}' holds the rows that are read anyway: leave --data out.")
        os.environ[DATA] = str(folder)


def of_notebook(own_register: str, own_data: str) -> None:
    """Read what a notebook says it belongs to, unless its process was started for another register."""
    for name, value in ((REGISTER, own_register), (DATA, own_data)):
        if value and not _BEFORE[name]:
            use(**{"own_register": value if name == REGISTER else None, "own_data": value if name == DATA else None})


def started() -> None:
    """Take the present environment for the one that the process was started with: a forked kernel has another than its parent."""
    _BEFORE.update({name: os.environ.get(name, "") for name in (REGISTER, DATA)})


def _ours() -> Path:
    from recount.project import Project

    return Project.here().data


def name() -> str:
    """What the folder is called that is made from a register or rows of one's own; ``""`` for ours alone."""
    own, rows = register(), data()
    if own:
        return _slug(own.stem)
    return f"own-{_slug(rows.name)}-{hashlib.sha256(str(rows).encode()).hexdigest()[:8]}" if rows else ""


def _slug(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip(".-") or "register"


def notebooks_named() -> set[str] | None:
    """The notebooks that the claims of one's own register stand in; None where it cannot be read."""
    try:
        table = tomllib.loads(register().read_text(encoding="utf-8-sig"))
        return {str(entry["notebook"]) for entry in table.get("claim", []) if "notebook" in entry}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError, AttributeError):
        return None  # whoever reads its claims says what is wrong


def files() -> list[Path]:
    """The files that hold what is one's own: the register, the rows and their sources."""
    own, rows = register(), data()
    found = [own] if own and own.is_file() else []
    return found + (sorted(path for path in rows.iterdir() if path.suffix in (".csv", ".bib") and path.is_file()) if rows and rows.is_dir() else [])


def digest() -> str:
    """A hash of everything of one's own; ``""`` without."""
    found = files()
    whole = "".join(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in found)
    return hashlib.sha256(whole.encode()).hexdigest()[:16] if found else ""


def texts(key: str) -> str:
    """What stands in the files of one's own that a traced line calls *key*."""
    return "".join(path.read_text(encoding="utf-8") for path in files() if key in (path.name, f"{path.parent.name}/{path.name}"))

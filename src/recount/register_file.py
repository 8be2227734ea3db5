"""A register as a file: TOML of a known version, ours and one's own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recount import own_register
from recount.errors import RecountError, nearest
from recount.vocabulary import data_folder

VERSION = 1  # of the register's form


@own_register.per_register
def tables() -> tuple[dict[str, Any], ...]:
    """The register as it stands in its file, and after ours one's own."""
    own = own_register.register()
    return read(data_folder() / "claims.toml"), *([read(own) if own.exists() else {}] if own else [])


def read(path: Path) -> dict[str, Any]:
    """A register's file as TOML of a version that is known here."""
    try:
        return checked(path.read_text(encoding="utf-8-sig"), path.name)
    except UnicodeDecodeError:
        raise RecountError(f"{path.name} is not UTF-8 text: save it in that encoding.") from None
    except FileNotFoundError:
        raise RecountError(f"{path} does not exist.") from None


def checked(text: str, name: str) -> dict[str, Any]:
    """The text of a register as TOML, or why it is none."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecountError(f"{name} is not readable TOML: {error}.") from None
    version = table.get("version")
    if type(version) is not int or version < 1:
        raise RecountError(f"{name}: it must begin with the line 'version = {VERSION}'.")
    if version > VERSION:
        raise RecountError(f"{name} is a register of version {version}, but this recount reads up to {VERSION}: install a newer recount.")
    known_keys(table, {"version", "article", "claim"}, name)
    for key, kind in (("article", dict), ("claim", list)):
        if not isinstance(found := table.get(key, kind()), kind) or not all(isinstance(one, dict) for one in (found.values() if kind is dict else found)):
            raise RecountError(f"{name}: '{key}' must be written as {'[article.NAME]' if kind is dict else '[[claim]]'}.")
    return table


def names() -> list[str]:
    """What the registers' files are called."""
    own = own_register.register()
    return ["claims.toml", *([own.name] if own else [])]


def known_keys(table: dict[str, Any], known: Iterable[str], place: str) -> None:
    """Raise unless a table holds known keys alone."""
    for key in table:
        if key not in known:
            raise RecountError(f"{place}: the key '{key}' is not known: {nearest(key, known)}")

"""What a computation took from ``data/``: written down as it happens, hashed on demand.

The runner re-executes a notebook only when something it used has changed. Every room that
reads data calls :func:`used`; when ``RECOUNT_TRACE`` names a file, the line is appended to it
at once, so that nothing is lost when a kernel dies.
"""

from __future__ import annotations

import hashlib
import os

_seen: set[str] = set()


def used(kind: str, key: str) -> None:
    """Note that a row, context, claim, record, scenario, quantity or file was used."""
    path, line = os.environ.get("RECOUNT_TRACE"), f"{kind} {key}"
    if path and line not in _seen:
        _seen.add(line)
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")


def fingerprint(line: str) -> str:
    """Return the present hash of a traced line's data, or ``""`` when it is gone."""
    from recount import assumptions, own_register, records, register, scenarios, vocabulary

    kind, _, key = line.partition(" ")
    content: object
    if kind == "row":
        content = assumptions.load().by_key().get(key)
    elif kind == "context":
        content = assumptions.load().keys_of(key)
    elif kind == "quantity":
        content = vocabulary.quantities().get(key)
    elif kind == "claim":
        content = register.load().get(key)
    elif kind == "record":
        content = records.load().get(key)
    elif kind == "scenario":
        content = scenarios.text(key)
    else:
        path = vocabulary.data_folder() / key
        content = (path.read_text(encoding="utf-8") if path.is_file() else "") + own_register.texts(key) or None
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16] if content is not None else ""

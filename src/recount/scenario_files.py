"""Scenarios as files: what there are and what each changes, and a new one to begin from."""

from __future__ import annotations

import json
import textwrap
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from recount import scenarios
from recount.assumptions import load
from recount.errors import RecountError
from recount.project import write_whole
from recount.vocabulary import data_folder

_TEMPLATE = """\
# A scenario: other assumptions, laid over those of every claim.
#   recount claims --scenario {quoted}     what each verdict would be
#   recount run --scenario {quoted}        all notebooks under it, with a page that compares
version = {version}
title = {title}
title_fr = {title_fr}
description = {description}

# Rows of data/assumptions by their context: all of it is taken, as in
#   given = ["grid:FRA-2023", "water:FRA"]
# 'recount check' says when a context is not known; data/contexts.toml lists the kinds.
given = {given}

# Single quantities, with their unit in quotes; they win over the contexts above. data/quantities.csv
# lists the names. A name may be for one activity alone, as in "training.pue" = "1.1".
[assumptions]
{assumptions}
"""
_EXAMPLES = '# grid_intensity = "56 gCO2e/kWh"\n# energy_per_parameter_token = "20 pJ/parameter/token"\n# water_intensity = "4 L/kWh"'


def listed() -> tuple[list[dict[str, Any]], list[str]]:
    """Every scenario with what it changes, ready for JSON; and of each that cannot be read, the sentence that says why."""
    found, broken = [], []
    for name in scenarios.names():
        try:
            one = scenarios.scenario(scenarios.check_name(name))
            laid_over = scenarios.laid_over(one, {})
        except RecountError as error:
            broken.append(str(error) if f"{name}.toml" in str(error) else f"scenarios/{name}.toml: {error}")
            continue
        changes = [{"name": laid.name, "value": laid.value, "origin": laid.origin, "source": laid.source} for laid in laid_over]
        found.append({"name": name, "title": one.title, "title_fr": one.title_fr, "description": one.description, "given": list(one.given), "changes": changes})
    return found, broken


def table(found: list[dict[str, Any]]) -> str:
    """The scenarios for people: name, title and description, then what each changes."""
    lines = []
    for one in found:
        lines += [f"{one['name']}: {one['title']}", *textwrap.wrap(one["description"], 96, initial_indent="  ", subsequent_indent="  ")]
        lines += [f"    {c['name']} = {c['value']}" + (f"  ({c['source']})" if c["source"] else "") for c in one["changes"]]
        lines += [] if one["changes"] else ["    changes nothing: each claim with its own assumptions"]
        lines.append("")
    return "\n".join([*lines, f"{len(found)} scenario{'' if len(found) == 1 else 's'}; 'recount scenario new NAME' begins another."])


def new(name: str, title: str = "", description: str = "", given: list[str] | None = None, assumptions: dict[str, str] | None = None) -> Path:
    """Write a commented scenario to begin from.

    Raises
    ------
    RecountError : the name exists, or is no file's name; a context or a quantity that is not known.
        Nothing has been written then.
    """
    name, assumptions, given = scenarios.check_name(name), assumptions or {}, given or []
    same = {other.casefold(): other for other in scenarios.names()}
    if name.casefold() in same:  # some file systems hold only one of two that differ in capitals
        raise RecountError(f"scenario '{same[name.casefold()]}' exists already: choose another name, or edit scenarios/{same[name.casefold()]}.toml.")
    scenarios.check_overrides(assumptions)
    for context in given:
        load().context(context)
    text = content(name, title, description, given, assumptions)
    path = data_folder() / "scenarios" / f"{name}.toml"
    write_whole(path, text)
    return path


def content(name: str, title: str = "", description: str = "", given: Iterable[str] = (), assumptions: Mapping[str, str] | None = None) -> str:
    """The text of a scenario's file, with comments that say what may stand where; nothing in it is checked but the name."""
    name = scenarios.check_name(name)
    title = title or name.replace("-", " ").replace("_", " ").capitalize()
    text = _TEMPLATE.format(
        quoted=name if " " not in name else f"'{name}'", version=scenarios.VERSION, title=_toml(title), title_fr=_toml(title),
        description=_toml(description or "Say here in one sentence what is otherwise."), given=_toml(list(given)),
        assumptions="\n".join(f"{_toml(key) if '.' in key else key} = {_toml(value)}" for key, value in (assumptions or {}).items()) or _EXAMPLES,
    )  # fmt: skip
    tomllib.loads(text)
    return text


def _toml(value: str | list[str]) -> str:
    """A text or a list of texts as TOML writes it, which is as JSON does but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

"""Named alternative assumptions that are laid over the claims' own."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
import tomllib
import unicodedata

from recount import graph, trace
from recount.assumptions import Assumption, Assumptions, from_row, from_text, load
from recount.errors import RecountError, nearest
from recount.model import ROUTES
from recount.vocabulary import data_folder, spec

DEFAULT = "as-published"
VERSION = 1  # of the form of a scenario's file
_KEYS = {"version", "title", "title_fr", "description", "description_fr", "given", "assumptions"}
_NAME = re.compile(r"[^\W_](?:[\w .+-]{0,58}[\w+-])?")


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A named set of assumptions; keys may carry the activity (``training.pue``)."""

    name: str
    title: str
    title_fr: str
    description: str
    given: tuple[str, ...]
    assumptions: dict[str, str]


def names() -> list[str]:
    """The scenarios there are."""
    return sorted(path.stem for path in (data_folder() / "scenarios").glob("*.toml"))


def check_name(name: str) -> str:
    """A name that is also a file's: letters of any alphabet, digits, space, ``-``, ``_``, ``.``, ``+``.

    >>> check_name("Réseau d'été".replace("'", " "))
    'Réseau d été'

    Raises
    ------
    RecountError : it leads to another folder, is too long, or holds another character.
    """
    name = unicodedata.normalize("NFC", name)
    if not _NAME.fullmatch(name) or len(name.encode()) > 120:
        raise RecountError(
            f"'{name}' is no name of a scenario: it takes letters, digits, spaces and any of - _ . +, begins with a letter or digit, and has at most 60 of them."
        )
    return name


def text(name: str) -> str | None:
    """The text of a scenario's file, if there is one."""
    try:
        path = data_folder() / "scenarios" / f"{check_name(name)}.toml"
    except RecountError:  # no file of ours, so none that could be read from elsewhere
        return None
    if path.is_dir():
        raise RecountError(f"scenarios/{name}.toml is a folder: move it away, and write the scenario as a file.")
    try:
        return path.read_text(encoding="utf-8-sig") if path.is_file() else None
    except UnicodeDecodeError:
        raise RecountError(f"scenarios/{name}.toml is not UTF-8 text: save it in that encoding.") from None


def _nearest(name: str) -> str:
    """The scenario meant by a name that is none: by letters, else by a word of its title or a country in it.

    The country stands in a scenario's contexts by three letters, so that ``poland`` finds ``grid:POL-2023``.
    """
    known = names()
    if difflib.get_close_matches(name, known, n=1, cutoff=0.6):
        return nearest(name, known)
    wanted, best = name.casefold(), (0.6, "")
    for other in known:
        try:
            table = tomllib.loads(text(other) or "")
        except (tomllib.TOMLDecodeError, RecountError):
            continue
        words = re.findall(r"\w+", f"{other} {table.get('title', '')} {table.get('title_fr', '')}".casefold())
        score = max((difflib.SequenceMatcher(None, wanted, word).ratio() for word in words if len(word) > 3), default=0)
        codes = [code.casefold() for context in table.get("given", []) for code in re.findall(r":([A-Z]{3})\b", str(context))]
        best = max(best, (0.99 if any(wanted.startswith(code) for code in codes) else score, other))
    return f"did you mean '{best[1]}'?" if best[1] else nearest(name, known)


@functools.cache
def scenario(name: str) -> Scenario:
    """Read a scenario; every name, context and value in it is checked."""
    content = text(name)
    if content is None:
        raise RecountError(f"scenario '{name}' does not exist: {_nearest(name)}")
    trace.used("scenario", name)
    try:
        table = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise RecountError(f"scenarios/{name}.toml is not readable TOML: {error}.") from None
    version = table.get("version", VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise RecountError(f"scenarios/{name}.toml: 'version' must be a whole number from 1 to {VERSION}.")
    if version > VERSION:
        raise RecountError(f"scenarios/{name}.toml is of version {version}, and this recount reads up to version {VERSION}: use a newer recount.")
    for key in table:
        if key not in _KEYS:
            raise RecountError(f"scenarios/{name}.toml: the key '{key}' is not known: {nearest(key, _KEYS)}")
    for key in ("title", "title_fr", "description"):
        if not isinstance(table.get(key), str):
            raise RecountError(f"scenarios/{name}.toml: it needs a text '{key}'.")
    values = table.get("assumptions", {})
    if not isinstance(values, dict):
        raise RecountError(f"scenarios/{name}.toml: 'assumptions' must be a table of name = \"quantity\".")
    check_overrides(values)
    if not isinstance(table.get("given", []), list):
        raise RecountError(f"scenarios/{name}.toml: 'given' must be a list of contexts, such as [\"grid:SWE-2023\"].")
    for context in table.get("given", []):
        load().context(context)
    return Scenario(name, table["title"], table["title_fr"], table["description"], tuple(table.get("given", [])), values)


def check_overrides(values: dict[str, str]) -> None:
    """Raise unless every key is a name of the model and every value a quantity of it."""
    for key, value in values.items():
        activity, _, name = key.rpartition(".")
        if activity and activity not in ROUTES:
            raise RecountError(f"'{key}': activity '{activity}' is not in the model: {nearest(activity, ROUTES)}")
        if activity and name not in (known := graph.names_of(activity)):
            raise RecountError(f"'{key}': {activity} has no '{name}': {nearest(name, known)}")
        if not isinstance(value, str):
            raise RecountError(f"{key} must be a quantity in quotes, such as \"56 gCO2e/kWh\".")
        spec(name).read(value)
    read = {key: spec(key).read(value) for key, value in values.items() if key in ("active_parameters", "total_parameters")}
    if len(read) == 2 and read["active_parameters"] > read["total_parameters"]:
        raise RecountError(
            f"active_parameters '{values['active_parameters']}' exceed total_parameters '{values['total_parameters']}': at most all are active."
        )


def layer(chosen: Scenario, overrides: dict[str, str], activity: str, data: Assumptions) -> dict[str, Assumption]:
    """What a scenario and the reader's overrides supply to one activity; the reader wins."""
    supplied: dict[str, Assumption] = {}
    for context in chosen.given:
        supplied |= {name: dataclasses.replace(from_row(row), origin="scenario") for name, row in data.context(context).items()}
    for origin, values in (("scenario", chosen.assumptions), ("override", overrides)):
        general = {key: value for key, value in values.items() if "." not in key}
        special = {key.rpartition(".")[2]: value for key, value in values.items() if key.startswith(f"{activity}.")}
        supplied |= {name: from_text(name, value, origin) for name, value in (general | special).items()}
    return supplied


@dataclasses.dataclass(frozen=True)
class Laid:
    """One assumption that a scenario or a reader lays over the claims' own."""

    name: str  # as it was given: with its activity where it holds for one only
    value: str
    origin: str  # the context it comes from, "scenario" or "override"
    source: str = ""


def laid_over(chosen: Scenario, overrides: dict[str, str]) -> list[Laid]:
    """All that a scenario and a reader change, in the order in which later ones win."""
    data = load()
    found = [
        Laid(name, f"{row.value} {row.unit}", context, f"{row.source}, {row.locator}") for context in chosen.given for name, row in data.context(context).items()
    ]
    found += [Laid(name, value, "scenario") for name, value in chosen.assumptions.items()]
    return found + [Laid(name, value, "override") for name, value in overrides.items()]

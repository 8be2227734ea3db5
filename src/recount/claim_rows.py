"""Which rows a new claim still lacks, and a line of CSV for each, ready to be filled in."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from recount import graph, own_register, register
from recount.assumptions import COLUMNS, load, split_reference
from recount.errors import RecountError, nearest
from recount.language import french, in_a_row, labelled, message, say
from recount.units import french_number, pretty_unit
from recount.vocabulary import data_folder, spec
from recount.wording import label

_TEMPLATE = {
    "source": "SOURCE-KEY", "locator": "page or table", "derivation": "how the source's digits became these", "strength": "declared", "confirmed": "read",
    "published": "PUBLISHED", "distribution": "point",
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Supply:
    """What a quantity needs, and where each part of it would come from."""

    quantity: str
    unknown: tuple[str, ...]  # contexts that have no row yet
    lacking: tuple[str, ...]  # names that neither a known context nor a default supplies
    defaults: tuple[str, ...]  # names that a default stands in for

    @classmethod
    def of(cls, activity: str, name: str, via: str, given: Sequence[str]) -> Supply:
        """Look through the contexts of a route; a known one supplies the names of its rows."""
        data, wired = load(), graph.graph(activity, via)
        supplied: set[str] = set()
        unknown = []
        for context in given:
            if context.startswith("claim:"):
                identifier, called = register.split_claim(context)
                route = register.claim(identifier).route
                supplied |= {called or (route.operands[0].name if route else "")}
            elif (plain := split_reference(context)[0]) in data.contexts():
                supplied |= set(data.context(context))
            else:
                unknown.append(plain)
        open_names = [one for one in wired.upstream(name, supplied & set(wired.names))[0] if one not in supplied]
        standing_in = tuple(one for one in open_names if _default(one))
        return cls(f"{activity}.{name}", tuple(unknown), tuple(one for one in open_names if one not in standing_in), standing_in)

    def refusal(self, identifier: str) -> str:
        """Why nothing can be computed, and which contexts would do."""
        name = self.lacking[0]
        having = sorted({row.context for row in load().rows if row.name == name})
        new = f"{(having or ['measurement:'])[0].partition(':')[0]}:{identifier or 'my-own'}"
        shown = ", ".join(having[:4]) + (", …" if len(having) > 4 else "")
        return f"nothing supplies '{name}' to {self.quantity}: give a context that has it with --given ({shown or 'there is none yet'}), or a new one such as {new}, whose row you then add."

    def rows(self) -> list[tuple[str, str]]:
        """Context and name of each row to add: what must be, else what rows of that kind usually hold."""
        wanted = list(self.lacking)
        found = []
        for context in self.unknown:
            kind = context.partition(":")[0]
            usual = {row.name for row in load().rows if row.context.startswith(f"{kind}:")}
            mine = [name for name in wanted if name in usual] or (wanted if context == self.unknown[-1] else [])
            found += [(context, name) for name in mine or [name for name in self.defaults if name in usual]]
            wanted = [name for name in wanted if name not in mine]
        return found + [(self.unknown[-1], name) for name in wanted if self.unknown]


def _default(name: str) -> bool:
    try:
        return bool(load().default(name))
    except RecountError:
        return False


def template(context: str, name: str) -> str:
    """A row of CSV in which the words stand for what its writer knows.

    >>> template("prompt:email", "energy_per_answer")[:53]
    'prompt:email,energy_per_answer,,VALUE,,,point,Wh/answ'
    """
    known, today = spec(name), datetime.date.today()
    dates = {"read_on": today.isoformat(), "review_by": f"{today.year + 1}-12-31"}
    return _csv(dates | _TEMPLATE | {"context": context, "name": name, "scope": known.scope, "value": "VALUE", "unit": known.unit})


def _csv(values: Mapping[str, str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([values.get(column, "") for column in COLUMNS])
    return line.getvalue()


def advice(answers: Mapping[str, Any], supply: Supply | None, sources: Collection[str]) -> list[str]:
    """What is still to be done, and what comes next, each as a paragraph."""
    told = []
    if supply and supply.unknown:
        told += _rows_told(supply)
    elif supply and supply.defaults:
        told.append(say("Not supplied by its contexts, so taken from the defaults: {rows}.", rows=in_a_row([f"{label(name)} {_shown(name)}" for name in supply.defaults])))
    told += [_source_told(key) for key in dict.fromkeys(answers.get(k) for k in ("source", "article_source")) if key and key not in sources]
    named, options = answers["id"], _options()
    steps = ["check", f"claim {named}", f"notebook new {named}"] if options else [f"notebook new {named}", "check", f"claim {named}"]  # ours is checked with its notebook
    told.append("\n".join([say("Next:"), *(f"  recount {step}{options}" for step in steps)]))
    return told


def _shown(name: str) -> str:
    row = load().default(name)
    value, low, high = (french_number(text) if french() else text for text in (row.value, row.low, row.high))
    ends = ", " + say("{low} to {high}", low=low, high=high) if low else ""
    return f"{value} {pretty_unit(row.unit)}".strip() + f" ({say(row.strength)}{ends})"


def _rows_told(supply: Supply) -> list[str]:
    near = [labelled(f"'{one}'", nearest(one, load().contexts(), say)) for one in supply.unknown]
    folder = own_register.data()
    path = f"{folder.name}/rows.csv" if folder else f"{data_folder().name}/assumptions/*.csv" if not own_register.register() else say("rows.csv in a folder that --data names")
    lines = [template(*one) for one in supply.rows()]
    one = message("Add this row to {path}, with your values in place of the words in capitals (a new file starts with the line of columns):")
    many = message("Add these rows to {path}, with your values in place of the words in capitals (a new file starts with the line of columns):")
    head = say(one if len(lines) == 1 else many, path=path)
    also = [say("Other names that it may hold, for which a default stands in: {names}.", names=", ".join(supply.defaults))] if supply.defaults else []
    return [say("Not in the data yet: {names}", names=in_a_row(near)), "\n".join([head, ",".join(COLUMNS), *lines]), *also]


def _source_told(key: str) -> str:
    folder = own_register.data()
    where = f"{folder.name}/sources.bib" if folder else f"{data_folder().name}/sources.bib" if not own_register.register() else say("sources.bib in a folder that --data names")
    entry = [f"@online{{{key},", "  title = {TITLE},", "  author = {{AUTHOR}},", "  year = {YEAR},", "  url = {https://…},", f"  urldate = {{{datetime.date.today()}}},", "}"]
    return "\n".join([say("The source '{key}' is in no sources.bib yet; add it to {where}:", key=key, where=where), *entry])


def _options() -> str:
    from recount.cli_claims import path_told

    own, folder = own_register.register(), own_register.data()
    return "".join(f" {option} {shlex.quote(path_told(path))}" for option, path in (("--register", own), ("--data", folder)) if path)

"""The French catalogues kept current: ``python -m recount.catalogues`` after a message was added or changed.

What the code says is found by walking its syntax tree: the literal arguments of ``say``,
``say_counted``, ``message``, ``message_counted`` and of the figures' ``words``, in ``src/`` and in the notebooks;
the templates of a run's pages say theirs by the same names. What ``data/`` says is read from its files,
what stands beside its rows as patterns (:mod:`recount.row_texts`). New messages are added without a
translation, those that nobody says any more are taken out; the tests fail until every message is
translated. What the site says is
:mod:`recount.catalogue_site`'s affair, what the course says :mod:`recount.catalogue_course`'s.
"""

from __future__ import annotations

import ast
import csv
import datetime
import io
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from recount import catalogue_course, catalogue_site, page_text, page_views, row_texts
from recount.course import translation
from recount.language import CATALOGUE
from recount.po import Id
from recount.project import Project, write_whole

_SAYING = {"say": 1, "message": 1, "words": 1, "say_counted": 2, "message_counted": 2}
_UNDATED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)  # the same messages are the same bytes
_OF_CLAIMS = ("boundary", "because", "note", "needs")


def of_code() -> dict[Id, list[str]]:
    """Every message of the code and the notebooks, with the files that say it."""
    package = Path(__file__).parent
    found: dict[Id, list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        _collect(found, path.read_text(encoding="utf-8"), path.relative_to(package).as_posix())
    for path in Project.here().all_notebooks():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                _collect(found, "".join(cell["source"]), path.name)
    for path in sorted((page_text.SITE / "runs").glob("*.html")):
        for identifier in in_template(path.read_text(encoding="utf-8")):
            _place(found, identifier, f"runs/{path.name}")
    return found


def in_template(source: str) -> Iterator[Id]:
    """The messages that a template of a run's pages says.

    >>> list(in_template("<p>{{ say('a {b}', b=1) }}{{ say_counted('one', 'many', rows|length) }}</p>"))
    ['a {b}', ('one', 'many')]
    """
    from jinja2 import Environment
    from jinja2.ext import extract_from_ast

    for _line, name, texts in extract_from_ast(Environment().parse(source), ("say", "say_counted")):
        yield texts[0] if name == "say" and isinstance(texts, tuple) else texts[:2] if name == "say_counted" else texts


def _place(found: dict[Id, list[str]], identifier: Id, place: str) -> None:
    places = found.setdefault(identifier, [])
    if place not in places:
        places.append(place)


def _collect(found: dict[Id, list[str]], source: str, place: str) -> None:
    for identifier in messages(source):
        _place(found, identifier, place)


def messages(source: str) -> Iterator[Id]:
    """The messages that a piece of Python says.

    >>> list(messages("say('a {b}', b=1); say_counted('one', 'many', 3); words(x)"))
    ['a {b}', ('one', 'many')]
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        wanted = _SAYING.get(name, 0)
        texts = [part for argument in node.args[:wanted] for part in _literals(argument)]
        if wanted == 2 and len(texts) == 2:
            yield texts[0], texts[1]
        elif wanted == 1:
            yield from (text for text in texts if text)


def _literals(node: ast.expr) -> list[str]:
    """The text of a literal, or those of both sides of a choice."""
    if isinstance(node, ast.IfExp):
        return _literals(node.body) + _literals(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def of_data(folder: Path) -> dict[Id, list[str]]:
    """Every text of ``data/`` that a reader is shown and that has no French beside it, with its file."""
    found: dict[Id, list[str]] = {}
    for text, place in _texts(folder):
        if text and place not in (places := found.setdefault(text, [])):
            places.append(place)
    return found


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    toml = lambda name: tomllib.loads((folder / name).read_text(encoding="utf-8"))  # noqa: E731
    for claim in toml("claims.toml")["claim"]:
        yield from ((claim.get(key, ""), "claims.toml") for key in _OF_CLAIMS)
        yield claim["traced"].get("searched", ""), "claims.toml"
        yield from ((text, "claims.toml") for text in claim.get("history", ()))
        yield from ((text, "claims.toml") for key in ("equals", "includes") for text in claim.get(key, "").split("; ") if _in_words(text))
    for path in sorted((folder / "scenarios").glob("*.toml")):
        yield tomllib.loads(path.read_text(encoding="utf-8")).get("description", ""), f"scenarios/{path.name}"
    for method in toml("methods.toml")["method"]:
        yield from ((method.get(key, ""), "methods.toml") for key in ("about", "carbon", "water"))
    contexts = toml("contexts.toml")
    yield from ((text, "contexts.toml") for text in contexts["kinds"].values())
    yield from ((text, "contexts.toml") for part, text in contexts["spelled"].items() if text.islower() and text.replace(" ", "").isalpha())
    yield from ((text, "quantities.csv") for text in _column(folder / "quantities.csv", "definition"))
    yield from ((text, "records.csv") for text in _column(folder / "records.csv", "note"))
    yield from ((text, "records.csv") for value in _column(folder / "records.csv", "value") for text in value.split("; ") if _in_words(text))
    yield from ((page_views.title_of(name), "records.csv") for name in _column(folder / "records.csv", "name"))
    yield from ((table["title"], "datapackage.json") for table in json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["resources"])
    for path in sorted((folder / "assumptions").glob("*.csv")):
        yield from ((text, "assumptions") for text in dict.fromkeys(_column(path, "scope")))


def of_rows(folder: Path) -> dict[Id, list[str]]:
    """The patterns of what stands beside rows, records, claims and sources, with the files that have them."""
    found: dict[Id, list[str]] = {}
    for text, place in _beside(folder):
        for part in row_texts.parts(text):
            if place not in (places := found.setdefault(row_texts.pattern(part)[0], [])):
                places.append(place)
    return found


def _beside(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((folder / "assumptions").glob("*.csv")):
        yield from ((text, f"assumptions/{path.name}") for name in ("locator", "derivation") for text in _column(path, name))
    yield from ((text, "records.csv") for text in _column(folder / "records.csv", "locator"))
    for claim in tomllib.loads((folder / "claims.toml").read_text(encoding="utf-8"))["claim"]:
        yield claim["traced"].get("locator", ""), "claims.toml"
    yield row_texts.SUPERSEDED.format(published="2026-01"), "assumptions/grids.csv"  # 'recount data update' writes it
    yield from ((source.note, "sources.bib") for source in page_views.bibliography(folder / "sources.bib").values())


def _in_words(text: str) -> bool:
    """Whether a fact is told in words, not a name, a date, a number, or a yes.

    >>> [_in_words(text) for text in ("non-generative AI", "Apache-2.0", "2024-04-25", "GenAI Impact", "yes")]
    [True, False, False, False, False]
    """
    quantity = re.fullmatch(r"\d[\d.]* \S+", text)
    return text not in ("yes", "no") and not quantity and any(word.replace("-", "").isalpha() and word.islower() for word in text.split())


def _column(path: Path, name: str) -> Iterable[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [line[name].strip() for line in csv.DictReader(file)]


def said() -> dict[Path, dict[Id, list[str]]]:
    """The French catalogues of code, data and course by their path, each with the messages it must hold."""
    data = Project.here().data
    told = data / "locale" / CATALOGUE
    return {
        Path(__file__).parent / "locale" / CATALOGUE / "recount.po": of_code(), told / "data.po": of_data(data), told / row_texts.CATALOGUE: of_rows(data),
        translation.catalogue("fr"): catalogue_course.of_course(),
    }  # fmt: skip


def of_site() -> dict[Path, dict[Id, list[str]]]:
    """Those of the pages and of the notebooks' prose; Sphinx takes some seconds to find it."""
    return {catalogue_site.LOCALE / CATALOGUE / "pages.po": catalogue_site.of_pages()} | catalogue_site.of_notebooks()


def open_po(path: Path) -> Catalog:
    """A catalogue; an empty one where there is none yet."""
    if not path.is_file():
        return _empty()
    return read_po(io.BytesIO(path.read_bytes()), locale="fr")


def _empty() -> Catalog:
    return Catalog(
        "fr", project="recount", version="1", header_comment="# recount in French.", charset="utf-8", fuzzy=False, msgid_bugs_address="",
        last_translator="", language_team="", revision_date=_UNDATED, creation_date=_UNDATED,
    )  # fmt: skip


def problems(path: Path, wanted: dict[Id, list[str]]) -> list[str]:
    """What keeps a catalogue from being whole: a message that is missing, stale, or has other fields."""
    known = {entry.id: entry for entry in open_po(path) if entry.id}
    spoken = lambda text: next(iter(_strings(known.get(text))), text)  # noqa: E731
    told = [f"{path.name}: not translated: {identifier!r}" for identifier in wanted if not _strings(known.get(identifier))]
    told += [f"{path.name}: nobody says this any more: {identifier!r}" for identifier in known if identifier not in wanted]
    for identifier, entry in known.items():
        told += [f"{path.name}: to be looked at again (fuzzy): {identifier!r}"] if entry.fuzzy else []
        course = path.name == "course.po"
        kept = catalogue_course.kept if course else fields if path.name == row_texts.CATALOGUE else marked
        ours = [catalogue_course.kept(text, spoken) if course else kept(text) for text in (identifier if isinstance(identifier, tuple) else (identifier,))]
        theirs = [kept(text) for text in _strings(entry)]
        if "data.po" != path.name and any(found not in ours for found in theirs):
            told.append(f"{path.name}: other fields than in English: {identifier!r}")
    return told


def _strings(entry: Message | None) -> tuple[str, ...]:
    """The translations of a message; none where one of them is missing."""
    texts = () if entry is None else entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
    return tuple(texts) if all(texts) else ()


_MARKED = re.compile(r"\{\w*\}|%\(\w+\)s|`[^`]+`|\]\([^)]*\)|</?\w[^>]*>|\*\*|(?<![\\$])\$[^$]+\$")


def marked(text: str) -> list[str]:
    """What a translation must keep: fields, code, formulas, links' targets, tags, and how much stands in bold.

    >>> marked("**{low}** to [`x`](a.md) %(n)s"), marked("from $a$ to $b$")
    (['%(n)s', '**', '**', '](a.md)', '`x`', '{low}'], ['$a$', '$b$'])
    """
    return sorted(found for found in _MARKED.findall(text) if "\\" not in text or not found.startswith("{"))  # LaTeX has braces of its own


def fields(pattern: str) -> list[str]:
    """The fields of a pattern of rows: each number comes once, wherever French puts it.

    >>> fields("{2} t of {1}")
    ['1', '2']
    """
    return sorted(row_texts.FIELD.findall(pattern))


def update(path: Path, wanted: dict[Id, list[str]]) -> list[Id]:
    """Write a catalogue anew with the messages it must hold; return those that lack a translation."""
    before = {entry.id: entry for entry in open_po(path) if entry.id}
    after = _empty()
    for identifier, places in wanted.items():
        kept = before.get(identifier)
        after.add(identifier, kept.string if kept else None, locations=[(place, None) for place in places])
    write_po(buffer := io.BytesIO(), after, width=0, include_lineno=False)
    write_whole(path, buffer.getvalue())
    return [entry.id for entry in open_po(path) if entry.id and not _strings(entry)]


def main() -> int:
    """Update all catalogues; say what is left to translate."""
    missing = [(path.name, identifier) for path, wanted in (said() | of_site()).items() for identifier in update(path, wanted)]
    for name, identifier in missing:
        print(f"{name}: not translated: {identifier!r}", file=sys.stderr)
    print(f"{len(missing)} messages lack a translation." if missing else "Every message is translated.")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What the course says: the prose of its lessons, handouts and plans, and what a translation of each must keep."""

from __future__ import annotations

import re
from collections.abc import Callable

from recount.course import lessons, papers, translation
from recount.po import Id

_KEPT = re.compile(
    r"^#+ |^(?:-|\d+\.) |^\|[-|]+\|$|`[^`]+`|\{[^{}]+\}|\]\([^)]*\)|</?\w[^>]*>|(?<![\\$])\$[^$]+\$|(?<!\S)--[a-z][a-z-]*|_{4,}|\*\*", re.M
)
_QUOTED, _COLUMNS, _OPTION = re.compile(r'`"([^"`]+)"`'), re.compile(r"^\|.*\|$", re.M), re.compile(r"(?<!\S)--[a-z][a-z-]*")


def of_course() -> dict[Id, list[str]]:
    """Every message of the course, with the files that say it."""
    found: dict[Id, list[str]] = {}
    for name in lessons.names():
        for cell in lessons.source(name).cells:
            _add(found, translation.messages(cell), f"source/{name}.ipynb")
    for kind in papers.KINDS:
        for name in papers.names(kind):
            _add(found, translation.blocks(papers.text(kind, name)), f"{kind}/{name}.md")
    return found


def _add(found: dict[Id, list[str]], messages: list[str], place: str) -> None:
    for message in messages:
        places = found.setdefault(message, [])
        if place not in places:
            places.append(place)


def kept(text: str, said: Callable[[str], str] = str) -> list[str]:
    """What a translation must keep: headings, items, tables' shape, code, fields, formulas, options, lines to write on, how much stands in bold.

    Of a command only the options; a word in quotes that is itself a message is the one that *said* has for it.

    >>> kept('## Take `pue`\\n\\n| **a** | b |')
    ['## ', '**', '**', '`pue`', '|||']
    >>> kept("write `\\"not said\\"`", {"not said": "pas dit"}.get)
    ['`"pas dit"`']
    """
    shape = [re.sub(r"[^|]", "", line) for line in _COLUMNS.findall(re.sub(r"`[^`]+`", "", text))]
    if text.startswith(("```", "claim new ")):
        return sorted(_OPTION.findall(text))
    if text.startswith("$$"):
        return sorted(re.findall(r"\\(?!text\b|,)[A-Za-z]+", re.sub(r"\\text\{[^}]*\}", "", text)))
    return sorted([*_KEPT.findall(_QUOTED.sub(lambda m: f'`"{said(m[1]) or m[1]}"`', text)), *shape])

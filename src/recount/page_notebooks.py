"""Executed notebooks made ready to be pages: targets, lines that lead to claims, alternative texts, sized pictures."""

from __future__ import annotations

import base64
import copy
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recount import page_views as views
from recount.page_views import Claim, Source, Translate
from recount.language import LANGUAGES
from recount.project import CLAIM_MIME, Project

_HEADING = re.compile(r"^#{1,6} +\S.*$", re.MULTILINE)
_PICTURE = re.compile(r"<img\b(?![^>]*\bwidth=)([^>]*?)(\s*/?>)")
_PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]{32})")


def prepare(notebook: dict[str, Any], stem: str, claims: dict[str, Claim], titles: dict[str, str], cited: dict[str, Source] | None = None, _: Translate = str) -> dict[str, Any]:
    """A copy of an executed notebook, ready to be a page.

    Each claim's section gets the target ``claim-ID`` and a line with its verdict that leads to the
    claim's page; each picture its size and the alternative text that its output carries, else the
    caption below it; each source in a table leads to the bibliography.
    """
    notebook = copy.deepcopy(notebook)
    cells = notebook["cells"]
    for cell in cells:
        cell["source"] = text_of(cell["source"])
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            _describe_pictures(cell, cells[number + 1 :], _)
            _link_sources(cell, cited or {})
            _size_pictures(cell)
    told = [(number, c) for number, cell in enumerate(cells) for c in payloads({"cells": [cell]}) if c["notebook"] == stem]
    shown = {c["id"]: number for number, c in reversed(told)}
    for identifier, number in sorted(shown.items(), key=lambda item: item[1], reverse=True):
        before = max((n for n in shown.values() if n < number), default=-1)
        claim = claims.get(identifier) or next(c for _number, c in told if c["id"] == identifier)
        _mark(cells, _first_mention(cells, identifier, before + 1, number), claim, titles.get(claim["article"], claim["article"]), _)
    return notebook


def _first_mention(cells: list[dict[str, Any]], identifier: str, start: int, end: int) -> int:
    """Where a claim's section starts: the first cell of code that names it, after the claim before."""
    named = re.compile(rf"['\"]{re.escape(identifier)}['\"]")
    return next((n for n in range(start, end) if cells[n]["cell_type"] == "code" and named.search(cells[n]["source"])), end)


def _mark(cells: list[dict[str, Any]], number: int, claim: Claim, article: str, _: Translate) -> None:
    """Put a claim's target before, and its line after, the nearest heading above its first cell."""
    target = f"claim-{claim['id']}"
    card = f"../claims/{claim['id']}.html"
    line = views.Markup('<p class="claim-line"><a href="{}">{} <span class="from">{}</span></a></p>').format(card, views.badge(claim["verdict"], _), article)
    for cell in reversed(cells[:number]):
        headings = list(_HEADING.finditer(cell["source"])) if cell["cell_type"] == "markdown" else []
        if headings:
            at, end = headings[-1].span()
            text = cell["source"]
            cell["source"] = f"{text[:at]}({target})=\n{text[at:end]}\n\n{line}\n\n{text[end:].lstrip()}"
            return
    cells.insert(number, {"cell_type": "markdown", "id": target[:64], "metadata": {}, "source": f'<div id="{target}">{line}</div>'})


def _describe_pictures(cell: dict[str, Any], below: list[dict[str, Any]], _: Translate) -> None:
    alternatives = []
    for output in cell.get("outputs", []):
        for kind in [k for k in output.get("data", {}) if k.startswith("image/")][:1]:
            told = output.get("metadata", {})
            alternatives.append(told.get("alt") or told.get(kind, {}).get("alt") or cell["metadata"].get("alt") or "")
    if alternatives:
        text = " ".join(filter(None, alternatives)) or _caption(below, _)
        cell["metadata"].setdefault("mystnb", {}).setdefault("image", {}).setdefault("alt", text)


def _link_sources(cell: dict[str, Any], cited: dict[str, Source]) -> None:
    def link(match: re.Match[str]) -> str:
        source = cited.get(match[2])
        return views.Markup('{}<a href="../bibliography.html#source-{}">{}</a>').format(views.Markup(match[1]), source.key, source.label) if source else match[0]

    for output in cell.get("outputs", []):
        if "text/html" in output.get("data", {}):
            output["data"]["text/html"] = re.sub(r"(<td[^>]*>)([A-Za-z]\w+)(?=, |<)", link, text_of(output["data"]["text/html"]))


def _size_pictures(cell: dict[str, Any]) -> None:
    """Say how large each picture is, so that the page does not jump when it is shown."""

    def sized(match: re.Match[str]) -> str:
        found = _PNG.search(match[1])
        if not found:
            return match[0]
        width, height = struct.unpack(">II", base64.b64decode(found[1])[16:24])
        return f'<img width="{width}" height="{height}"{match[1]}{match[2]}'

    for output in cell.get("outputs", []):
        if "text/html" in output.get("data", {}):
            output["data"]["text/html"] = _PICTURE.sub(sized, text_of(output["data"]["text/html"]))


def _caption(below: list[dict[str, Any]], _: Translate) -> str:
    for cell in below[:1]:
        if cell["cell_type"] == "markdown" and not _HEADING.match(text_of(cell["source"])):
            paragraph = text_of(cell["source"]).strip().split("\n\n")[0]
            return re.sub(r"\s+", " ", re.sub(r"\[([^\]]*)\]\([^)]*\)|[*_`]", r"\1", paragraph))
    return _("Figure; the text around it says what it shows.")


def payloads(notebook: dict[str, Any]) -> list[Claim]:
    found = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            payload = output.get("data", {}).get(CLAIM_MIME)
            found += payload if isinstance(payload, list) else [payload] if payload else []
    return found


def text_of(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def title(notebook: dict[str, Any]) -> str:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and (match := re.search(r"^# +(.+)$", text_of(cell["source"]), re.MULTILINE)):
            return match[1].strip()
    return ""


def folders(project: Project) -> dict[str, Path]:
    """Where the notebooks lie that were executed with the claims' own assumptions, by language."""
    return {language: project.runs / ("default" if language == "en" else f"default-{language}") for language in LANGUAGES}


def either(executed: Mapping[str, list[Path]], language: str) -> list[Path]:
    """The executed notebooks in a language, and in another one those that were not run in it."""
    found = {path.stem: path for one in (*(other for other in executed if other != language), language) for path in executed[one]}
    return [found[stem] for stem in sorted(found)]

"""The course on the site: handouts, answers and plans as pages to print, each with a way back and to its like in other languages."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from recount import page_text
from recount.course import papers

_ENDING = {"handouts": "", "plans": ".plan"}


def files(language: str, beside: Mapping[str, str]) -> dict[str, bytes]:
    """Every paper of the course in a language by its path in the site.

    Parameters
    ----------
    beside : other languages of the site and what they call themselves.
    """
    found = {}
    for kind, ending in _ENDING.items():
        for name in papers.names(kind):
            path = f"course/{name}{ending}.html"
            found[path] = papers.page(kind, name, language, _head(path, beside), _above(path, language, beside)).encode()
    return found


def lessons() -> Sequence[str]:
    """The lessons' names, as the pages are called."""
    return papers.names("plans")


def _head(path: str, beside: Mapping[str, str]) -> str:
    alternates = "".join(f'<link rel="alternate" hreflang="{other}" href="../../{other}/{path}">\n' for other in beside)
    return f'{alternates}<link rel="icon" href="../_static/favicon.svg">\n'


def _above(path: str, language: str, beside: Mapping[str, str]) -> str:
    _ = page_text.translate(language)
    others = "".join(f' <a href="../../{other}/{path}" hreflang="{other}" lang="{other}">{name}</a>' for other, name in beside.items())
    return f'<nav aria-label="recount"><a href="../index.html">recount</a> <a href="../course.html">{html.escape(_("A course of six lessons"))}</a>{others}</nav>\n'

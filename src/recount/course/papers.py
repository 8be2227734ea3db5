"""Handouts, their answers and the teacher's plans: one page each, to be opened and printed from any browser."""

from __future__ import annotations

import html
from pathlib import Path

from recount.course import lessons, translation
from recount.course.slides import with_mathml
from recount.errors import RecountError, nearest
from recount.project import write_whole

KINDS = ("handouts", "plans")
_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}<style>{style}</style>
</head>
<body>
{above}<main>
{body}
</main>
</body>
</html>
"""


def names(kind: str) -> list[str]:
    """The papers of a kind, in the order of the lessons; a handout is followed by its answers.

    Raises
    ------
    RecountError : no such kind.
    """
    if kind not in KINDS:
        raise RecountError(f"there are no {kind}: {nearest(kind, KINDS)}")
    return sorted(path.stem for path in (lessons.folder() / kind).glob("*.md"))


def text(kind: str, name: str, language: str = "en") -> str:
    """A paper as Markdown."""
    return translation.paper((lessons.folder() / kind / f"{name}.md").read_text(encoding="utf-8"), language)


def page(kind: str, name: str, language: str = "en", head: str = "", above: str = "") -> str:
    """A paper as a page of its own that loads nothing; *head* and *above* are HTML for where it stands among others."""
    from markdown_it import MarkdownIt

    written = text(kind, name, language)
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(with_mathml(written))
    body = body.replace("<th></th>", "<td></td>").replace("<table>", '<div class="wide" tabindex="0"><table>').replace("</table>", "</table></div>")
    style = (lessons.folder() / "print.css").read_text(encoding="utf-8")
    return _PAGE.format(language=language, title=html.escape(written.splitlines()[0].lstrip("# ")), head=head, style=style, above=above, body=body)


def write(target: Path, language: str = "en") -> list[Path]:
    """Write every paper as a page to print, in a folder for each kind."""
    paths = []
    for kind in KINDS:
        for name in names(kind):
            paths.append(target / kind / f"{name}.html")
            write_whole(paths[-1], page(kind, name, language))
    return paths

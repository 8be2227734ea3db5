"""The printed handouts for a class without computers: one page each, to be opened and printed from any browser."""

from __future__ import annotations

import html
from pathlib import Path

from recount.course import lessons
from recount.course.slides import with_mathml
from recount.project import write_whole

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def names() -> list[str]:
    """The handouts and the pages of answers, in the order of the lessons."""
    return sorted(path.stem for path in (lessons.folder() / "handouts").glob("*.md"))


def page(name: str) -> str:
    """A handout as a page of its own that loads nothing."""
    from markdown_it import MarkdownIt

    text = (lessons.folder() / "handouts" / f"{name}.md").read_text(encoding="utf-8")
    title = text.splitlines()[0].lstrip("# ")
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(with_mathml(text))
    style = (lessons.folder() / "handouts" / "print.css").read_text(encoding="utf-8")
    return _PAGE.format(title=html.escape(title), style=style, body=body)


def write(target: Path) -> list[Path]:
    """Write every handout as a page to print."""
    paths = [target / f"{name}.html" for name in names()]
    for path in paths:
        write_whole(path, page(path.stem))
    return paths

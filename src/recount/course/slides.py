"""Slides of a lesson from its solved notebook: reveal.js beside them, formulas as MathML, no request to the outside."""

from __future__ import annotations

import copy
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from recount.course import lessons, translation
from recount.errors import RecountError
from recount.project import write_whole

if TYPE_CHECKING:
    from nbformat import NotebookNode

_DISPLAY, _INLINE = re.compile(r"\$\$(.+?)\$\$", re.S), re.compile(r"(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<!\s)\$(?![\w$])")
_REVEAL = "reveal"


def write(notebook: NotebookNode, name: str, target: Path) -> Path:
    """Write the slides of an executed lesson, with reveal.js in a folder beside them.

    Raises
    ------
    RecountError : reveal.js is not here.
    """
    _copy_reveal(target / _REVEAL)
    path = target / f"{name}.html"
    write_whole(path, html(notebook, name))
    return path


def html(notebook: NotebookNode, name: str) -> str:
    """The page of the slides."""
    from nbconvert.exporters import SlidesExporter
    from pygments.formatters import HtmlFormatter

    shown = copy.deepcopy(notebook)
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
    folder = lessons.folder() / "slides"
    exporter = SlidesExporter(template_name="slides", extra_template_basedirs=[str(folder.parent)])
    page, _ = exporter.from_notebook_node(
        shown,
        resources={
            "metadata": {"name": name, "title": lessons.title(notebook)}, "reveal_folder": _REVEAL, "language": translation.language_of(notebook),
            "pygments_css": HtmlFormatter(style="default").get_style_defs(".highlight"), "slides_css": (folder / "slides.css").read_text(encoding="utf-8"),
        },
    )  # fmt: skip
    return page


def with_mathml(text: str) -> str:
    r"""Markdown with its formulas as MathML, set once and for all.

    >>> print(with_mathml("So $E = 3$."))
    So <math xmlns="http://www.w3.org/1998/Math/MathML"><mi>E</mi><mo>=</mo><mn>3</mn></math>.
    """
    display = _DISPLAY.sub(lambda m: f'<div class="formula">{_mathml(m[1], True)}</div>', text)
    return _INLINE.sub(lambda m: _mathml(m[1], False), display)


def _mathml(tex: str, display: bool) -> str:
    from docutils.utils.math import latex2mathml

    markup = latex2mathml.tex2mathml(tex.strip(), as_block=display)
    return re.sub(r">\s+<", "><", re.sub(r"\s*\n\s*", "", markup))


def _copy_reveal(target: Path) -> None:
    """reveal.js as the installed package sphinx-revealjs carries it."""
    package = find_spec("sphinx_revealjs")
    if package is None:
        raise RecountError("reveal.js is not here: 'make env' brings it, or .venv/bin/pip install -e '.[course]' in a checkout.")
    carried = Path(package.origin).parent / "_static" / "revealjs"
    target.mkdir(parents=True, exist_ok=True)
    for file in (carried / "dist" / "reveal.js", carried / "dist" / "reveal.css", carried / "LICENSE"):
        shutil.copyfile(file, target / file.name)

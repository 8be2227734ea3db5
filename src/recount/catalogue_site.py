"""What the site says: the templates of its pages, the modules that make them, and the notebooks' prose.

Templates and modules speak through gettext, all of them from one catalogue. The notebooks' prose
is read as Sphinx reads it when the pages are built, so that each message is the one it asks for.
"""

from __future__ import annotations

import ast
import io
import json
import tempfile
from pathlib import Path

from recount import page_text
from recount.po import Id
from recount.project import Project

LOCALE = page_text.SITE / "locale"


def of_pages() -> dict[Id, list[str]]:
    """Every message of the templates and of the modules that make pages, with the files that say it."""
    found: dict[Id, list[str]] = {}
    environment = page_text.environment("en")
    for path in sorted((page_text.SITE / "pages").iterdir()):
        for _line, _function, message in environment.extract_translations(path.read_text(encoding="utf-8")):
            if message:  # nothing where a variable is handed over, whose texts are marked elsewhere
                _add(found, message if isinstance(message, str) else tuple(message[:2]), f"pages/{path.name}")
    for path in sorted(Path(__file__).parent.glob("page*.py")):
        for text in _marked(path.read_text(encoding="utf-8")):
            _add(found, text, path.name)
    return found


def _add(found: dict[Id, list[str]], identifier: Id, place: str) -> None:
    places = found.setdefault(identifier, [])
    if place not in places:
        places.append(place)


def _marked(source: str) -> list[str]:
    """The texts that a module hands to ``_``, and what the verdicts' looks mean."""
    texts = []
    for node in ast.walk(ast.parse(source)):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        arguments = node.args[:1] if name == "_" else node.args[1:2] if name == "Look" else []
        texts += [one.value for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return texts


def of_notebooks() -> dict[Path, dict[Id, list[str]]]:
    """The messages of each notebook's prose, by the path of its catalogue, as Sphinx finds them."""
    from babel.messages.pofile import read_po

    found = {}
    with tempfile.TemporaryDirectory(prefix="recount-messages-") as place:
        source, out = Path(place) / "source", Path(place) / "out"
        (source / "notebooks").mkdir(parents=True)
        (source / "index.md").write_text("---\norphan: true\n---\n\n# recount\n", encoding="utf-8")
        for path in Project.here().all_notebooks():
            notebook = json.loads(path.read_text(encoding="utf-8"))
            for cell in notebook["cells"]:
                cell["metadata"] = {}
                if cell["cell_type"] == "code":  # of what it shows, Sphinx translates formulas alone
                    shown = [output["data"]["text/latex"] for output in cell["outputs"] if "text/latex" in output.get("data", {})]
                    cell["outputs"] = [{"output_type": "display_data", "data": {"text/latex": text}, "metadata": {}} for text in shown]
            (source / "notebooks" / path.name).write_text(json.dumps(notebook), encoding="utf-8")
        _extract(source, out)
        for path in sorted((out / "notebooks").glob("*.pot")):
            told = read_po(io.BytesIO(path.read_bytes()))
            found[LOCALE / "fr" / "LC_MESSAGES" / "notebooks" / f"{path.stem}.po"] = {entry.id: [f"notebooks/{path.stem}.ipynb"] for entry in told if entry.id}
    return found


def _extract(source: Path, out: Path) -> None:
    from sphinx.application import Sphinx
    from sphinx.locale import translators
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    settings = {"gettext_compact": False, "suppress_warnings": ["toc", "myst", "mystnb"]}
    translators.clear()  # Sphinx keeps what an earlier build read: its French would be taken for the text
    with patch_docutils(page_text.SITE), docutils_namespace():
        app = Sphinx(source, page_text.SITE, out, out / "doctrees", "gettext", settings, status=None, warning=None)
        app.build(force_all=True)

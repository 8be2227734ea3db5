"""Formulas as MathML, set when the pages are built: no script, no font, no network.

The converter is the one that docutils carries; an unknown command is a warning, and the
build of the pages takes warnings as errors.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.application import Sphinx
from sphinx.locale import init
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.i18n import docname_to_domain
from sphinx.util.math import get_node_equation_number

_SPELLINGS = {r"\dots": r"\ldots", r"\lbrack": "[", r"\rbrack": "]"}
_MATHML = "http://www.w3.org/1998/Math/MathML"


def mathml(tex: str, display: bool) -> str:
    """Turn a LaTeX formula into MathML, or raise docutils' MathError."""
    tex = re.sub(r"\\(begin|end)\{(?:align|gather|multline|equation|split)\*?\}", r"\\\1{aligned}", tex.strip())
    if r"\\" in tex and r"\begin{" not in tex:
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    for spelling, known in _SPELLINGS.items():
        tex = re.sub(re.escape(spelling) + r"(?![A-Za-z])", lambda _, k=known: k, tex)
    markup = latex2mathml.tex2mathml(tex, as_block=display).replace("&ApplyFunction;", "\u2061")
    # docutils reads the comma of 1{,}287 as a separator and puts a space behind it
    if "{,}" in tex:
        markup = re.sub(r"(?<=\d)</mn>\s*<mo>,</mo>\s*<mn>(?=\d{3})", ",", markup)
    return _labels_below_braces(markup)


def _labels_below_braces(markup: str) -> str:
    """Put the label of an underbrace below the brace, not beside it."""
    if "⏟" not in markup and "⏞" not in markup:
        return markup
    ElementTree.register_namespace("", _MATHML)
    root = ElementTree.fromstring(markup)
    for kind, brace, label in (("under", "⏟", "sub"), ("over", "⏞", "sup")):
        for node in root.iter(f"{{{_MATHML}}}m{label}"):
            first = node[0]
            if first.tag == f"{{{_MATHML}}}m{kind}" and (first[1].text or "").strip() == brace:
                node.tag = f"{{{_MATHML}}}m{kind}"
    return ElementTree.tostring(root, encoding="unicode")


def _convert(translator, node, display: bool) -> str:
    try:
        return mathml(node.astext(), display)
    except (MathError, SyntaxError) as error:
        logging.getLogger(__name__).warning("formula %r cannot be set: %s", node.astext(), error, location=node)
        return f"<code>{translator.encode(node.astext())}</code>"


def visit_inline(translator, node) -> None:
    """Write an inline formula."""
    translator.body.append(f'<span class="math notranslate">{_convert(translator, node, False)}</span>')
    raise nodes.SkipNode


def visit_display(translator, node) -> None:
    """Write a displayed formula, with its number where it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate"))
    translator.body.append(_convert(translator, node, True))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})</span>')
    translator.body.append("</div>\n")
    raise nodes.SkipNode


class TranslatedFormulas(SphinxTransform):
    """Put displayed formulas into the language of the page.

    Sphinx' own transform writes a translated formula as a literal block of reStructuredText,
    of which Markdown reads only the two colons. This one goes before it.
    """

    default_priority = 19

    def apply(self, **kwargs: object) -> None:
        """Replace every displayed formula by its translation in the page's catalogue."""
        if self.config.language == "en":  # a catalogue that another build has read stays in memory
            return
        folders = [self.env.srcdir / folder for folder in self.config.locale_dirs]
        domain = docname_to_domain(self.env.current_document.docname, self.config.gettext_compact)
        catalogue, found = init(folders, self.config.language, domain)
        for node in self.document.findall(nodes.math_block) if found else ():
            tex = catalogue.gettext(node.rawsource or node.astext())
            node.rawsource, node.children = tex, []
            node += nodes.Text(tex)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer under the name that ``html_math_renderer`` asks for."""
    app.add_transform(TranslatedFormulas)
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

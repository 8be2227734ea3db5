"""Templates filled in one language: what they say goes through gettext, and English is the text itself.

A catalogue of another language lies under ``site/locale/<language>/LC_MESSAGES/pages.po``; words that the
code says too, such as verdicts, come from its own catalogue.
"""

from __future__ import annotations

import functools
import gettext
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from recount import language as spoken, page_backtest_chart, page_charts, page_flow, page_views as views, po, wording

SITE = Path(__file__).resolve().parents[2] / "site"
Translate = Callable[[str], str]
_FILTERS = ("bibtex", "digits", "interval", "linked", "magnitude", "plain", "slug", "strip", "times", "title_of", "unit")
_SPEAKING = ("badge", "reason")  # filters that say something themselves


@functools.cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; for English, and where there is none, the texts as they stand."""
    if language == "en":
        return gettext.NullTranslations()
    found = po.Catalogue(po.read(catalogue(language)).messages)
    found.add_fallback(po.read(spoken.SAID))
    return found


def catalogue(language: str) -> Path:
    """Where the words of the pages stand in a language; for English, the text itself, there is none."""
    return SITE / "locale" / language / "LC_MESSAGES" / "pages.po"


def of_notebook(stem: str, text: str, language: str) -> str:
    """A piece of a notebook's prose in a language, or as it stands."""
    return po.read(_prose(stem, language)).gettext(text) if language != "en" else text


def prose(stems: Iterable[str], language: str) -> dict[str, bytes]:
    """The catalogues of the notebooks that Sphinx is to translate, by their place among the sources of the pages."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    found = {}
    for path in [_prose(stem, language) for stem in stems] if language != "en" else ():
        if path.is_file():
            name = path.relative_to(SITE).with_suffix("").as_posix()
            write_mo(compiled := io.BytesIO(), read_po(io.BytesIO(path.read_bytes())))
            found |= {f"{name}.po": path.read_bytes(), f"{name}.mo": compiled.getvalue()}
    return found


def _prose(stem: str, language: str) -> Path:
    return SITE / "locale" / language / "LC_MESSAGES" / "notebooks" / f"{stem}.po"


def translate(language: str) -> Translate:
    """What turns a message into the words of a language."""
    return translations(language).gettext


def fill(template: str, language: str, **known: Any) -> str:
    """A template of ``site/pages`` filled in."""
    return environment(language).get_template(template).render(language=language, **known)


@functools.cache
def environment(language: str):
    """The templates of the pages, what they may call, and their catalogue."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    _ = translate(language)
    made = Environment(
        loader=FileSystemLoader(SITE / "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(translations(language), newstyle=False)
    made.filters |= {name: getattr(views, name) for name in _FILTERS}
    made.filters |= {name: functools.partial(_spoken, getattr(views, name), _) for name in _SPEAKING}
    made.filters |= {"powers": page_flow.powers, "breakable": page_flow.breakable, "in_words": wording.in_words, "of_data": spoken.of_data, "of_row": views.of_row}
    made.globals |= {
        "looks": views.LOOKS, "by_verdict": views.by_verdict, "figure": views.figure, "driven": page_charts.driven,
        "diagram": functools.partial(page_flow.diagram, _=_), "front": functools.partial(page_charts.front, _=_), "counted": page_charts.counted, "undrawn": page_charts.undrawn,
        "panels": functools.partial(page_backtest_chart.panels, _=_),
    }  # fmt: skip
    return made


def frame(language: str) -> dict[str, Any]:
    """What the frame round every page says itself; the rest of it is the theme's own."""
    _ = translate(language)
    return {
        "about": _("What the press prints about the energy, carbon and water of artificial intelligence, recomputed from sourced assumptions."),
        "words": {
            "download": _("Download this notebook"),
            "to_run": _("to run it with assumptions of your own."),
            "terms": _("Text and our own rows CC BY 4.0, code MIT; rows of others under their sources' terms, named in the"),
            "bibliography": _("bibliography"),
            "computed": _("Verdicts are computed:"),
            "how": _("how"),
            "and_challenge": _(", and"),
            "challenge": _("how to challenge one"),
            "languages": _("Languages"),
            "next": _("Next"),
            "previous": _("Previous"),
            "sought": _("Words to look for"),
            "search": _("Look for them"),
            "no_search": _("Searching takes JavaScript, which is switched off. Without it:"),
            "every_claim": _("Every claim"),
            "glossary": _("Glossary"),
        },
    }


def of_theme(language: str) -> dict[str, str]:
    """What the theme says in English whatever the language, with what it should say."""
    _ = translate(language)
    return {
        "Toggle site navigation sidebar": _("Toggle site navigation sidebar"),
        "Toggle navigation of": _("Toggle navigation of"),
        "Toggle table of contents sidebar": _("Toggle table of contents sidebar"),
        "Toggle Light / Dark / Auto color theme": _("Toggle Light / Dark / Auto color theme"),
        "Skip to content": _("Skip to content"),
        "Back to top": _("Back to top"),
        "On this page": _("On this page"),
    }


def _spoken(function: Callable, _: Translate, value: Any, *more: Any) -> Any:
    return function(value, _, *more)

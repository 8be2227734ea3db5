"""Displayed formulas on the pages of another language."""

import shutil
from pathlib import Path

import pytest
from sphinx.application import Sphinx

SITE = Path(__file__).parents[1] / "site"
CONF = 'extensions = ["myst_nb", "mathml"]\nnb_execution_mode = "off"\nmyst_enable_extensions = ["dollarmath"]\nhtml_math_renderer = "mathml"\nlanguage = "fr"\nlocale_dirs = ["locale"]\n'
CATALOGUE = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "\\\\text{distance} = \\\\frac{C}{\\\\text{carbon per kilometre}}"
msgstr "\\\\text{distance} = \\\\frac{C}{\\\\text{carbone par kilomètre}}"
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """A page with a formula that the catalogue holds and one that it does not."""
    folder = tmp_path_factory.mktemp("formulas")
    (folder / "locale" / "fr" / "LC_MESSAGES").mkdir(parents=True)
    (folder / "locale" / "fr" / "LC_MESSAGES" / "index.po").write_text(CATALOGUE, encoding="utf-8")
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    formulas = r"$$\text{distance} = \frac{C}{\text{carbon per kilometre}}$$" + "\n\n" + r"$$E = \text{PUE} \cdot N$$"
    (folder / "index.md").write_text("# Car\n\n" + formulas + "\n", encoding="utf-8")
    shutil.copy(SITE / "mathml.py", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        Sphinx(str(folder), str(folder), str(folder / "out"), str(folder / "doctrees"), "html", status=None, warning=None).build()
    return (folder / "out" / "index.html").read_text(encoding="utf-8")


def test_a_displayed_formula_is_shown_in_the_language_of_the_page(page):
    assert "carbone par kilomètre</mtext>" in page.replace("\u00a0", " ")
    assert "carbon per kilometre" not in page.replace("\u00a0", " ")


def test_a_formula_without_a_translation_stays_as_it_is(page):
    assert "<mtext>PUE</mtext>" in page and page.count("<math") == 2

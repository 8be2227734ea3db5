"""The French edition: every message of pages and notebooks translated and none stale, no English left on a page, each page beside its like."""

from __future__ import annotations

import html
import re
import shutil

import pytest
from conftest import data_in

from recount import catalogue_site, catalogues, claims, language, page_claims, page_finish, page_sources, pages, verdicts
from recount.errors import RecountError
from small_site import RESULTS, Page, broken, world

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:myst_parser", "ignore::PendingDeprecationWarning:myst_parser")
# Words that English cannot do without and French does not have, and those that stand on our pages most.
TELLTALES = re.compile(
    r"\b(the|of|with|which|from|than|that|is|are|would|its|it|by|and|printed|recomputed|assumptions?|yes|median|answers?|measured|guess|estimate|"
    r"given|what|nothing|energy|water|training|claims?|servers?|people|households?|billion|below|above|least|drives|scenario|search)\b",
    re.IGNORECASE,
)
SHOWN = ["gpt-3-energy", "gemini-water", "survey-68", "mistral-7b-carbon", "models-apache", "ministral-100", "lca-partners", "large-2-flights"]


@pytest.fixture(scope="module")
def wanted():
    return catalogues.of_site()


def test_every_message_of_pages_and_notebooks_is_translated_and_none_is_stale(wanted):
    assert len(wanted) == 1 + len(list(catalogue_site.Project.here().notebooks.glob("*.ipynb")))
    assert [told for path, messages in wanted.items() for told in catalogues.problems(path, messages)] == []


def test_no_catalogue_is_left_of_a_notebook_that_is_gone(wanted):
    assert {path for path in catalogue_site.LOCALE.rglob("*.po")} == set(wanted)


@pytest.mark.parametrize(
    ("name", "before", "after", "told"),
    [
        ("pages.po", 'msgstr "Glossaire"', 'msgstr ""', "not translated: 'Glossary'"),
        ("pages.po", 'msgid "Glossary"', 'msgid "Glossary of old"', "nobody says this any more: 'Glossary of old'"),
        ("pages.po", 'msgid "Glossary"', '#, fuzzy\nmsgid "Glossary"', "to be looked at again (fuzzy): 'Glossary'"),
        ("pages.po", 'msgstr "Télécharger %(file)s"', 'msgstr "Télécharger"', "other fields than in English: 'Download %(file)s'"),
        ("pages.po", "(glossary.md) réunit", "(glossaire.md) réunit", "other fields than in English: 'With N parameters"),
        ("02_training_energy.po", "`01_energy_per_parameter_token`.\"\n\n#", "`01`.\"\n\n#", "other fields than in English"),
    ],
)
def test_a_faulty_catalogue_is_told(wanted, tmp_path, name, before, after, told):
    path = next(path for path in wanted if path.name == name)
    text = path.read_text(encoding="utf-8")
    assert before in text
    (tmp_path / name).write_text(after.join(text.split(before, 1)), encoding="utf-8")
    assert any(told in problem for problem in catalogues.problems(tmp_path / name, wanted[path]))


def test_the_words_of_the_panel_are_there_in_both_languages():
    from recount import explore_view

    english, french = explore_view.words("en"), explore_view.words("fr")
    assert english.keys() == french.keys()
    for name, text in english.items():
        assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", french[name]), name


@pytest.fixture(scope="module")
def filled() -> dict[str, str]:
    """The French pages of some claims before Sphinx sets them, without what stays English."""
    results = [claims.recompute_claim(name) for name in SHOWN]
    with language.speaking("fr"):
        details = {one.claim.id: page_claims.details(one.claim.id, "fr") for one in results}
        made = page_sources.sources([one.as_json() for one in results], [], details, "fr")
    return {name: text.decode() for name, text in made.pages.items() if name.endswith(".md")} | {"social": " ".join(f"{s.description} {s.alt}" for s in made.social.values())}


def _french(text: str) -> str:
    """What a page says in French: no code, nothing that is marked as English, no names of sources, no addresses."""
    text = re.sub(r"^---\n.*?\n---\n|^``` ?\{?(?:toctree|code-block).*?^```$|^```+\w*\n.*?^```+$", "", text, flags=re.DOTALL | re.MULTILINE) if "{raw}" not in text else text
    text = re.sub(r"<(style|script|pre|code|cite)\b.*?</\1>|<a href=\"[^\"]*bibliography[^>]*>.*?</a>", "", text, flags=re.DOTALL)
    text = re.sub(r"The Moonlight|Austin Energy|ML\.ENERGY|«\u202fanswer\u202f»|--name '[^']*'", "", text)  # names, of which rows speak
    text = re.sub(r"ouvrir la source [^\"]*|<td>\w+ = [\w ×÷()+.-]+</td>", "", text)  # names, and formulas in the names that code has
    text = re.sub(r"<(span|td)\b[^>]*lang=\"en\"[^>]*>.*?</\1>", "", text, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|title|data-search|data-shown|data-label)="([^"]*)"', text)
    return html.unescape(re.sub(r"<[^>]+>|`[^`]*`|\]\([^)]*\)|\$[^$]+\$|\b[a-z]+\.[a-z_]+\b|\S+\.html|\b[a-z0-9]+(?:[-_][a-z0-9]+)+\b", " ", " ".join([text, *spoken])))


@pytest.mark.parametrize("name", [*(f"claims/{one}" for one in SHOWN), "index", "how-to-read", "challenge-a-verdict", "glossary", "verdict-history", "course", "data", "records", "assumptions/grid_intensity", "data/water", "data/training_runs", "data/answers", "social"])
def test_no_english_is_left_on_a_page(filled, name):
    text = _french(filled.get(f"{name}.md") or filled[name])
    found = TELLTALES.search(text)
    assert not found, (found[0], text[max(found.start() - 150, 0) : found.end() + 150])


def test_what_was_counted_is_called_as_readers_call_it(filled):
    assert "Codestral 22B" in filled["claims/models-apache.md"] and "model:codestral-22b" not in filled["claims/models-apache.md"]
    assert '<th scope="col">Licence</th>' in filled["claims/models-apache.md"]


def test_everything_beside_our_own_rows_claims_and_sources_is_french(filled):
    shown = [name for name in filled if name.startswith(("data/", "assumptions/", "claims/")) or name in ("records.md", "bibliography.md")]
    assert len(shown) > 80 and [name for name in shown if 'lang="en"' in filled[name]] == []
    assert "tableau 4, colonne GPT-3" in filled["claims/gpt-3-energy.md"] and "Licence\u202f: CC BY 4.0." in filled["bibliography.md"]
    line = filled["data/measurements.md"].partition('id="row-measurement-mlenergy-llama-3.1-8b-h100-batch-32-accelerator_energy_per_parameter_token"')[2].partition("</tr>")[0]
    assert "Llama-3.1-8B-Instruct, bfloat16, 1 × H100, lot de 32 au plus" in line and re.search("lot moyen.{,8} 31,9", line) and " 390,3 jetons" in line


def test_a_verdicts_word_goes_with_the_number_before_it(filled):
    with language.speaking("fr"):
        for verdict, one, many in (("reproduced", "1 reproduit", "13 reproduits"), ("misattributed", "1 mal attribué", "13 mal attribués"), ("untraced", "1 sans source", "13 sans source")):
            assert (verdicts.so_many(verdict, 1), verdicts.so_many(verdict, 13)) == (one, many)
    for name in ("index.md", "articles/mistral-7b-footprint.md", "articles/mistral-profile.md"):
        counts = re.findall(r'<span class="count">(\d+)</span> <span class="verdict v-(?:reproduced|misattributed|not-reproduced|refuted|confirmed)">.*?<span>([^<]+)</span>', filled[name])
        assert counts and all(word.endswith("s") == (int(number) > 1) for number, word in counts), (name, counts)
    headings = re.findall(r'<text class="group"[^>]*>(\d+) (reproduit|mal attribué|réfuté)(s?)<', filled["index.md"])
    assert headings and all(bool(s) == (int(number) > 1) for number, _, s in headings)


def test_numbers_are_french(filled):
    text = _french(filled["claims/gpt-3-energy.md"])
    assert "1\u202f287\u202fMWh" in text and not re.search(r"\d\.\d|1,287", re.sub(r"recount \d[\d.]*", "", text))


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The small world's site in both languages."""
    folder = tmp_path_factory.mktemp("both")
    with data_in(folder / "data"):
        notebooks, out = world(folder), folder / "site"
        for one, other in (("en", "fr"), ("fr", "en")):
            pages.build(RESULTS, notebooks, out, language=one, beside=[other])
        yield out


def test_every_page_leads_to_its_like_in_the_other_language(both):
    pages.together(both, ["en", "fr"])
    found = sorted((both / "fr").rglob("*.html"))
    assert len(found) > 20 and broken(both) == []
    for path in found:
        name = path.relative_to(both / "fr").as_posix()
        up = "../" * (name.count("/") + 1)
        for here, there in (("fr", "en"), ("en", "fr")):
            source = Page(both / here / name)
            assert f"{up}{there}/{name}" in source.links, name
            assert f'<link rel="alternate" hreflang="{there}" href="{up}{there}/{name}">' in source.source


def test_a_readers_own_rows_stand_as_they_were_written_and_say_that_they_are_english(both):
    derivation = "<td class=\"derivation\">{}</td>".format
    french, english = (Page(both / edition / "data" / "grids.html").source for edition in ("fr", "en"))
    assert derivation('<span lang="en">Production mix.</span>') in french and derivation("Production mix.") in english
    assert '<span class="locator"><span lang="en">table 3</span></span>' in french


def test_the_theme_speaks_french_and_french_has_its_apostrophes(both):
    page = Page(both / "fr" / "claims" / "gpt-3-energy.html")
    for word in ("Aller au contenu", "Sur cette page", 'placeholder="Recherche"', "Haut de page"):
        assert word in page.source
    for name in ("claims/gpt-3-energy", "index", "search"):
        assert not re.search(r"Skip to content|On this page|Toggle|Back to top|>(Next|Previous)<|Please activate", Page(both / "fr" / f"{name}.html").source), name
    assert not re.search(r"[a-zé]'[a-zé]", page.text.partition("Adresse")[0].partition("@")[0])


def test_a_page_that_one_language_lacks_is_told(both, tmp_path):
    shutil.copytree(both, tmp_path / "site")
    (tmp_path / "site" / "fr" / "glossary.html").unlink()
    with pytest.raises(RecountError, match="en/glossary.html has no like in fr"):
        pages.together(tmp_path / "site", ["en", "fr"])


def test_search_finds_french_words_by_their_stem(both):
    index = (both / "fr" / "searchindex.js").read_text(encoding="utf-8")
    settings = (both / "fr" / "_static" / "language_data.js").read_text(encoding="utf-8")
    assert "hypothes" in index or "hypothès" in index
    assert "FrenchStemmer" in settings


def test_only_text_gets_apostrophes():
    text = "<p title=\"l'eau\">l'eau, 'mot'</p><code>l'eau</code><script>l'eau</script>"
    assert page_finish.spoken(text, "fr") == "<p title=\"l'eau\">l’eau, 'mot'</p><code>l'eau</code><script>l'eau</script>"

"""The pages of a small world: nothing loads from outside, every link leads somewhere, every verdict can be told."""

from __future__ import annotations

import json
import re

import pytest
from conftest import data_in

from recount import page_charts, page_check, page_history, page_views, pages, verdicts
from recount.errors import RecountError
from small_site import DATA, RESULTS, Page, broken, outside, world

# The Markdown parser uses calls that a coming Sphinx removes; that is its makers' affair.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:myst_parser", "ignore::PendingDeprecationWarning:myst_parser")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The small world's site, built once."""
    folder = tmp_path_factory.mktemp("pages")
    with data_in(folder / "data"):
        notebooks = world(folder)
        index = pages.build(RESULTS, notebooks, folder / "build" / "site")
        yield folder, notebooks, index


@pytest.fixture(scope="module")
def out(site):
    return site[2].parent / "en"


def test_every_page_is_there(out):
    there = {str(path.relative_to(out)) for path in out.rglob("*.html")}
    assert there >= {
        "index.html", "how-to-read.html", "challenge-a-verdict.html", "glossary.html", "bibliography.html", "records.html", "scenarios.html",
        "data.html", "data/grids.html", "data/training_runs.html", "search.html", "notebooks/02_training_energy.html", "notebooks/99_scoreboard.html",
        "articles/mistral-7b-footprint.html", "articles/mistral-profile.html", "articles/mistral-open-source.html", "verdict-history.html",
        "assumptions/grid_intensity.html", "assumptions/training_compute.html", *(f"claims/{one['id']}.html" for one in RESULTS),
    }  # fmt: skip


def test_nothing_loads_from_outside(out):
    assert outside(out) == []


@pytest.mark.parametrize(
    "content, name",
    [
        ('<script src="https://cdn.example/x.js"></script>', "a.html"),
        ('<img src="//cdn.example/x.png">', "b.html"),
        ("<style>@import 'https://cdn.example/x.css'</style>", "c.html"),
        ("body { background: url(https://cdn.example/x.png) }", "d.css"),
        ("fetch('https://cdn.example/data')", "e.js"),
    ],
)
def test_a_load_from_outside_would_be_seen(tmp_path, content, name):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert len(outside(tmp_path)) == 1


def test_every_link_within_the_site_leads_somewhere(out):
    assert broken(out) == []


def test_a_broken_link_would_be_seen(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html#there">x</a><a href="c.html">y</a>', encoding="utf-8")
    (tmp_path / "b.html").write_text('<p id="here"></p>', encoding="utf-8")
    assert len(broken(tmp_path)) == 2


def test_the_scoreboard_has_every_claim_and_links_to_its_page_and_that_to_its_section(out):
    index = Page(out / "index.html")
    sections = Page(out / "notebooks" / "02_training_energy.html")
    for one in RESULTS:
        assert f"claim-{one['id']}" in index.ids
        assert f"claims/{one['id']}.html" in index.links
        assert f"../notebooks/{one['notebook']}.html#claim-{one['id']}" in Page(out / "claims" / f"{one['id']}.html").links
        assert (f"claim-{one['id']}" in sections.ids) == (one["notebook"] == "02_training_energy")
        assert f"claim-{one['id']}" in Page(out / "articles" / f"{one['article']}.html").ids
    assert "1,289 MWh" in index.text and "1,285 to 1,291" in index.text
    assert "<gpt-3-energy>" in index.text, "a statement's own angle brackets are text, not markup"


def test_a_claims_anchor_stands_at_its_own_heading(out):
    source = (out / "notebooks" / "02_training_energy.html").read_text(encoding="utf-8")
    for one in RESULTS[:5]:
        after = source.split(f'id="claim-{one["id"]}"')[1]
        assert re.sub(r"<[^>]+>", "", after.split("<h2>")[1].split("<a ")[0]) == f"{one['id']}: {one['printed']}"


def test_each_verdict_has_a_shape_and_a_word(out):
    assert list(page_views.LOOKS) == list(dict.fromkeys(page_views.LOOKS)) and set(page_views.LOOKS) == set(verdicts.VERDICTS)
    assert len({look.path for look in page_views.LOOKS.values()}) == len(verdicts.VERDICTS)
    index = (out / "index.html").read_text(encoding="utf-8")
    for one in RESULTS:
        row = index.split(f'id="claim-{one["id"]}"')[1].split("</tr>")[0]
        assert page_views.LOOKS[one["verdict"]].path in row and f"<span>{one['verdict']}</span>" in row


def test_the_counts_add_up(out):
    counts = re.findall(r'class="count">(\d+)<', (out / "index.html").read_text(encoding="utf-8"))
    assert counts == ["1"] * len(verdicts.VERDICTS)


def test_a_claims_page_says_why_and_by_which_routes(out):
    for one in RESULTS:
        page = Page(out / "claims" / f"{one['id']}.html")
        text = re.sub(r"\s+", " ", page.text)
        assert page_views.reason(one) in text and one["printed"] in text and one["boundary"] in text
        assert f"../articles/{one['article']}.html" in page.links
        if one["routes"]:
            assert "declared power & hours (the verdict's)" in text and "no, independent" in text
        if one["id"] != "gemini-water":
            assert "../claims/gemini-water.html" in page.links, "the note names another claim"
    text = re.sub(r"\s+", " ", Page(out / "claims" / "nlp-284-t.html").text)
    assert "It belongs to an architecture search. Recomputed: 284 tCO2e." in text
    assert "Patterson et al. 2021" in Page(out / "claims" / "gpt-3-energy.html").text
    assert "It has not changed since it was first computed." in text and "@misc{recount-nlp-284-t," in text


@pytest.mark.parametrize(
    ("kind", "found", "printed", "told"),
    [
        ("record", "2024-04-18", "2024-04-25", "The record says 2024-04-18; the article says 2024-04-25."),
        ("quantity", "2 of 3", "all (read as 100 %)", "The count is 2 of 3; the article says all (read as 100 %)."),
    ],
)
def test_what_refutes_a_claim_stands_beside_what_the_article_says(kind, found, printed, told):
    assert page_views.reason({"verdict": verdicts.REFUTED, "kind": kind, "recomputed_text": found, "printed": printed, "interval_text": "", "ratio": None}) == told


def test_the_front_figure_accounts_for_every_figure_that_the_headline_counts(out):
    caption = (out / "index.html").read_text(encoding="utf-8").split("<figcaption>")[1].split("</figcaption>")[0]
    named = set(re.findall(r"claims/([\w-]+)\.html", caption))
    drawn = {one["id"] for one in page_charts.drawable(RESULTS)}
    assert named and not named & drawn
    assert named | drawn == {one["id"] for one in RESULTS if one["kind"] != "record"}


def test_an_article_lists_its_claims_and_leads_to_their_pages(out):
    page = Page(out / "articles" / "mistral-7b-footprint.html")
    mine = [one for one in RESULTS if one["article"] == "mistral-7b-footprint"]
    assert {f"../claims/{one['id']}.html" for one in mine} <= set(page.links)
    assert all(page_views.reason(one) in re.sub(r"\s+", " ", page.text) for one in mine)


def test_formulas_are_mathml_without_a_script(out):
    source = (out / "notebooks" / "02_training_energy.html").read_text(encoding="utf-8")
    assert source.count("<math") == 2 and 'display="block"' in source and "<script" not in source.split("<article")[1].split("</article>")[0]
    assert "<mn>1,287</mn>" in source, "the comma groups thousands and leaves no space"
    assert re.search(r"<munder>\s*<munder>", source), "the label of an underbrace stands below it"


def test_pictures_carry_their_alternative_text_or_their_caption(out):
    for path in out.rglob("*.html"):
        assert all(Page(path).alternatives), path.name
    assert Page(out / "notebooks" / "02_training_energy.html").alternatives == ["A line that falls and rises.", "The same line, told by its caption."]


def test_every_row_stands_in_its_table_and_can_be_downloaded(out):
    page = Page(out / "data" / "grids.html")
    assert {"row-grid-FRA-2024-grid_intensity-life-cycle", "row-grid-FRA-2024-grid_intensity-direct"} <= set(page.ids)
    assert "18.5 to 22" in page.text and "../bibliography.html#source-ember2025" in page.links
    assert (out / "downloads" / "grids.csv").read_text(encoding="utf-8") == DATA["assumptions/grids.csv"]


def test_bibliography_and_glossary_are_complete(out):
    sources, terms = Page(out / "bibliography.html"), Page(out / "glossary.html")
    assert {"source-ember2025", "source-patterson2021"} <= set(sources.ids)
    assert "https://doi.org/10.48550/arXiv.2104.10350" in sources.links and "Read 2026-11-21. Licence: CC BY 4.0" in sources.text
    assert "5% & more" in sources.text and "D. Patterson, J. Gonzalez, Q. Le (2021)" in sources.text
    assert {"term-pue", "term-grid_intensity"} <= set(terms.ids) and "énergie par paramètre-jeton" in terms.text and "<before> PUE" in terms.text


def test_a_source_in_a_notebooks_table_leads_to_the_bibliography(out):
    page = (out / "notebooks" / "02_training_energy.html").read_text(encoding="utf-8")
    assert '<td><a href="../bibliography.html#source-patterson2021">Patterson et al. 2021</a>, Table 4</td>' in page


def test_search_knows_claims_and_rows(out):
    index = (out / "searchindex.js").read_text(encoding="utf-8")
    for word in ("gemini", "codestr", "carbon_intensity_elec", "questionnair"):
        assert f'"{word}' in index


def test_an_unchanged_site_is_left_alone_and_a_changed_one_is_rebuilt(site, monkeypatch):
    folder, notebooks, index = site
    before = {path: path.stat().st_mtime_ns for path in index.parent.rglob("*") if path.is_file()}
    with monkeypatch.context() as patch:
        patch.setattr(pages, "_sphinx", lambda *_: pytest.fail("nothing had changed"))
        pages.build(RESULTS, notebooks, index.parent)
    assert before == {path: path.stat().st_mtime_ns for path in index.parent.rglob("*") if path.is_file()}
    changed = [RESULTS[0] | {"verdict": "refuted"}, *RESULTS[1:]]
    pages.build(changed, notebooks, index.parent)
    row = (index.parent / "en" / "index.html").read_text(encoding="utf-8").split('id="claim-gpt-3-energy"')[1].split("</tr>")[0]
    assert "<span>refuted</span>" in row
    pages.build(RESULTS, notebooks[:1], index.parent)
    assert not (index.parent / "en" / "notebooks" / "99_scoreboard.html").exists() and broken(index.parent) == []


@pytest.mark.parametrize(
    "fault, named",
    [
        ("A formula $\\nosuchcommand{x}$ that nobody knows.", "nosuchcommand"),  # found when the page is written
        ("```{nosuchdirective}\n```", "nosuchdirective"),  # found when it is read, which happens once
    ],
)
def test_a_fault_in_a_page_is_one_sentence_and_stays_a_fault(tmp_path, data_at, fault, named):
    data_at(tmp_path / "data")
    notebooks = world(tmp_path)
    told = json.loads(notebooks[0].read_text(encoding="utf-8"))
    told["cells"][0]["source"] += f"\n\n{fault}"
    notebooks[0].write_text(json.dumps(told), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(RecountError, match=named) as caught:
            pages.build(RESULTS, notebooks[:1], tmp_path / "build" / "site")
        assert "\n" not in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_a_broken_link_fails_the_build_in_one_sentence(tmp_path, data_at):
    data_at(tmp_path / "data")
    notebooks = world(tmp_path)
    told = json.loads(notebooks[0].read_text(encoding="utf-8"))
    told["cells"][0]["source"] += '\n\nSee <a href="../claims/gpt-3-energy.html#nowhere">there</a>.'
    notebooks[0].write_text(json.dumps(told), encoding="utf-8")
    for _ in range(2):  # a site that is not whole is not taken for built the next time
        with pytest.raises(RecountError) as caught:
            pages.build(RESULTS, notebooks, tmp_path / "build" / "site")
        assert str(caught.value) == "the pages were not built whole: en/notebooks/02_training_energy.html leads to ../claims/gpt-3-energy.html#nowhere, an anchor that is not there"


@pytest.mark.parametrize(
    "content, told",
    [
        ('<a href="b.html">x</a>', "a.html leads to b.html, which is not there"),
        ('<a href="../b.html">x</a>', "a.html leads to ../b.html, which lies outside the site"),
        ('<a href="#there">x</a>', "a.html leads to #there, an anchor that is not there"),
        ('<img src="b.png" alt="">', "a.html loads b.png, which is not there"),
        ("<script src='https://cdn.example/x.js'></script>", "a.html loads https://cdn.example/x.js, which is not part of the site"),
        ("<style>body { background: url(//cdn.example/x.png) }</style>", "a.html loads //cdn.example/x.png, which is not part of the site"),
        ('<link rel="stylesheet" href="https://cdn.example/x.css">', "a.html loads https://cdn.example/x.css, which is not part of the site"),
    ],
)
def test_the_builds_own_check_sees_each_fault(tmp_path, content, told):
    (tmp_path / "a.html").write_text(f'<p id="here"></p><a href="#here">x</a><link rel="canonical" href="https://a.example/">{content}', encoding="utf-8")
    assert page_check.faults(tmp_path) == [told]


def test_each_language_has_a_folder_and_a_front_door_leads_to_all(tmp_path, data_at):
    data_at(tmp_path / "data")
    notebooks, out = world(tmp_path), tmp_path / "build" / "site"
    pages.build(RESULTS, notebooks[:1], out)
    assert Page(out / "index.html").links == ["en/index.html"] and 'content="0; url=en/index.html"' in Page(out / "index.html").source
    door = pages.build(RESULTS, notebooks[:1], out, language="fr")
    assert Page(door).links == ["en/index.html", "fr/index.html"] and "refresh" not in Page(door).source
    shared = {path.name for path in (out / "_static").rglob("*")}
    assert {"recount.css", "furo.css", "tables.js"} <= shared
    for language in ("en", "fr"):
        assert {path.name for path in (out / language / "_static").rglob("*")} <= {"documentation_options.js", "language_data.js", "translations.js"}
    assert "énergie par paramètre-jeton (ε)" in Page(out / "fr" / "glossary.html").text.split("energy per parameter-token")[0]
    assert '<html class="no-js" lang="fr"' in Page(out / "fr" / "index.html").source
    assert outside(out) == [] and broken(out) == []


def test_links_name_whole_addresses_only_where_the_site_is_known(out, tmp_path, data_at):
    assert "og:image" not in Page(out / "claims" / "gpt-3-energy.html").source and "canonical" not in Page(out / "index.html").source
    data_at(tmp_path / "data")
    door = pages.build(RESULTS, world(tmp_path)[:1], tmp_path / "site", base_url="https://example.org/recount")
    source = Page(door.parent / "en" / "claims" / "gpt-3-energy.html").source
    assert '<meta property="og:image" content="https://example.org/recount/en/social/gpt-3-energy.png">' in source
    assert '<link rel="canonical" href="https://example.org/recount/en/claims/gpt-3-energy.html">' in source
    with pytest.raises(RecountError, match="is no address: write it whole"):
        pages.build(RESULTS, [], tmp_path / "site", base_url="example.org")


@pytest.mark.parametrize(
    "history, told",
    [
        (["yesterday: refuted → untraced. Why."], "write 'YEAR-MONTH-DAY: verdict → verdict. Reason'"),
        (["2026-11-21: refuted → found. Why."], "write 'YEAR-MONTH-DAY"),
        (["2026-11-21: refuted → untraced. Why.", "2026-11-22: plausible → confirmed. Why."], "goes to untraced on 2026-11-21 and on from plausible"),
    ],
)
def test_a_history_that_does_not_hold_together_is_refused(history, told):
    with pytest.raises(RecountError, match=re.escape(told)):
        page_history.changes({"id": "a", "history": history})

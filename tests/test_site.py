"""The project's own site, as a reader gets it: every claim and every assumption has a page, and each says what the data say."""

from __future__ import annotations

import html
import json
import re
import struct

import pytest

from recount import claims, page_check, page_claims, page_flow, page_history, page_views, pages, register
from recount.assumptions import load
from recount.vocabulary import data_folder
from own_site import NOTEBOOKS
from small_site import Page, broken, outside


@pytest.fixture(scope="module")
def built(own):
    return own


@pytest.fixture(scope="module")
def out(built):
    return built[2] / "en"


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_every_claim_has_a_page_that_says_what_its_json_says(built, out):
    results, details = built.results, built.details
    assert {path.stem for path in (out / "claims").glob("*.html")} == {claim["id"] for claim in results}
    for claim in results:
        page = Page(out / "claims" / f"{claim['id']}.html")
        text, shown = flat(page.text), page_views.badge(claim["verdict"])
        assert f'<p class="verdict-line">{shown}</p>' in page.source, claim["id"]
        assert f'<dd class="printed-figure">{html.escape(page_flow.powers(claim["printed"]), quote=False)}</dd>' in page.source.replace("&#39;", "'"), claim["id"]
        assert flat(page_flow.powers(page_views.reason(claim))) in text, claim["id"]
        assert f"../notebooks/{claim['notebook']}.html#claim-{claim['id']}" in page.links
        assert not claim["traced"] or f"../bibliography.html#source-{claim['traced']}" in page.links
        for one in details[claim["id"]].get("assumptions", ()):
            assert not one["source"] or f"../bibliography.html#source-{one['source']}" in page.links, (claim["id"], one["source"])
            assert flat(one["locator"]) in text, (claim["id"], one["locator"])
            assert not one["key"] or any(link.startswith("../data/") and link.endswith(f"#row-{page_views.slug(one['key'].replace('|', '-'))}") for link in page.links), one["key"]
        for entry in claim["history"]:
            assert entry.partition(". ")[2] in text


def test_a_claims_diagram_names_every_assumption_and_every_step(built, out):
    for claim in claims.recompute_all():
        figure = claim.taken or claim.actually
        drawn = re.findall(r'<svg class="flow [^>]*aria-label="([^"]*)">(.*?)</svg>', Page(out / "claims" / f"{claim.claim.id}.html").source, re.DOTALL)
        several = bool(figure) and (len(figure.plan.assumptions) > 1 or any(one.steps for one in figure.plan.operands))
        assert len(drawn) == (2 if several else 0), "one for wide screens and one for narrow ones"
        wanted = {page_claims._assumption(one, "en")["label"] for one in figure.plan.assumptions} if figure else set()
        steps = sum(len(one.steps) for one in figure.plan.operands) + bool(figure.route.combine) if figure else 0
        for told, inside in drawn:
            words = flat(html.unescape(re.sub(r"<[^>]+>", " ", inside)))
            assert all(name.split()[0] in words for name in wanted), claim.claim.id
            assert inside.count('class="step"') == max(steps - 1, 0), "each formula but the last has a square, the last the verdict's shape"
            assert told.startswith("Diagram from ") or told.startswith("Diagram")


def test_every_assumption_that_a_claim_starts_from_has_a_page_that_names_the_claim(built, out):
    used: dict[str, set[str]] = {}
    for result in claims.recompute_all():
        for figure in [*result.figures, *([result.actually] if result.actually else [])]:
            for one in figure.plan.assumptions:
                if one.row:
                    used.setdefault(one.name, set()).add(result.claim.id)
    assert len(used) > 50
    for name, identifiers in used.items():
        links = Page(out / "assumptions" / f"{name}.html").links
        assert {f"../claims/{identifier}.html" for identifier in identifiers} <= set(links), name
        assert f"assumptions/{name}.html" in Page(out / "glossary.html").links if name == "pue" else True
    rows = [row for row in load().rows if row.name == "pue"]
    page = flat(Page(out / "assumptions" / "pue.html").text)
    assert all(row.context in page for row in rows), "every row of a quantity stands on its page"


def test_every_link_leads_somewhere_and_nothing_loads_from_outside(built):
    site = built[2]
    assert outside(site) == [] and broken(site) == [] and page_check.faults(site) == []


def test_every_picture_has_words_and_a_size_and_no_anchor_stands_twice(out):
    for path in out.rglob("*.html"):
        page = Page(path)
        assert all(page.alternatives), f"{path.name}: a picture without alternative text"
        assert len(page.ids) == len(set(page.ids)), f"{path.name}: an anchor stands twice"
        pictures = re.findall(r"<img\b[^>]*>", page.source)
        assert all(re.search(r'\bwidth="\d+"', one) and re.search(r'\bheight="\d+"', one) for one in pictures), f"{path.name}: a picture without its size"
        for drawn in re.findall(r"<svg\b[^>]*>", page.source.partition("<article")[2].partition("</article>")[0]):
            assert "aria-hidden" in drawn or re.search(r'aria-label="[^"]{20,}"', drawn), f"{path.name}: {drawn}"


def test_the_front_page_answers_first_and_is_light(built, out):
    front = Page(out / "index.html")
    text = flat(front.text)
    figures = [c for c in built[0] if c["kind"] != "record" and not register.articles()[c["article"]].ours]
    hold = sum(c["verdict"] == "reproduced" for c in figures)
    assert f"Of {len(figures)} figures in 5 articles, {hold} hold" in text
    assert front.source.index('class="front wide-only"') < front.source.index('<table class="scoreboard"') < front.source.index("How it works")
    files = {(out / link.partition("?")[0]).resolve() for link in front.loads if not link.startswith(("data:", "#"))}
    weight = len((out / "index.html").read_bytes()) + sum(path.stat().st_size for path in files)
    assert len(files) >= 8 and weight < 500_000
    rows = re.findall(r'<tr role="row" id="claim-([^"]+)" data-article="([^"]+)" data-quantity="([^"]+)" data-verdict="([^"]+)">', front.source)
    assert [(i, a, v) for i, a, _, v in rows] == [(c["id"], c["article"], c["verdict"]) for c in built[0]]
    choices = set(re.findall(r"<option>([^<]+)</option>", front.source))
    assert {html.unescape(kind) for _, _, kind, _ in rows} <= {html.unescape(choice) for choice in choices}


def test_every_claim_has_its_picture_for_links(built, out):
    for name in ["front", *(claim["id"] for claim in built[0])]:
        head = (out / "social" / f"{name}.png").read_bytes()[:24]
        assert head.startswith(b"\x89PNG") and struct.unpack(">II", head[16:24]) == (1200, 630)
    pictures = {path.read_bytes() for path in (out / "social").glob("*.png")}
    assert len(pictures) == len(built[0]) + 1, "no two are the same"


def test_histories_end_at_todays_verdict(built, out):
    told = flat(Page(out / "verdict-history.html").text)
    changed = [claim for claim in built[0] if claim["history"]]
    assert changed
    for claim in changed:
        changes = page_history.changes(claim)
        assert changes[-1].after == claim["verdict"]
        assert all(change.reason in told for change in changes)


def test_the_data_package_is_whole(out):
    import io
    import zipfile

    archive = zipfile.ZipFile(io.BytesIO((out / "downloads" / "recount-data.zip").read_bytes()))
    described = json.loads(archive.read("recount-data/datapackage.json"))
    for resource in described["resources"]:
        assert archive.read(f"recount-data/{resource['path']}") == (data_folder() / resource["path"]).read_bytes()


def test_a_second_build_does_nothing(built, monkeypatch):
    results, details, site, backtests = built
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*") if path.is_file()}
    monkeypatch.setattr(pages, "_sphinx", lambda *_: pytest.fail("nothing had changed"))
    pages.build(results, NOTEBOOKS, site, details=details, backtests=backtests)
    assert before == {path: path.stat().st_mtime_ns for path in site.rglob("*") if path.is_file()}

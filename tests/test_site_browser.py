"""The site in a browser, as a reader uses it: the front page, a claim, the tables, search, a phone, paper, and no script."""

from __future__ import annotations

import re

import pytest
from browser import PHONE, guarded, overflow, served
from own_site import EDITIONS, KINDS

from recount import register

ON_SCREEN = "e => { const { top } = e.getBoundingClientRect(); return top > -50 && top < innerHeight; }"


@pytest.fixture(scope="module")
def site(chromium, own):
    with served(own.out) as address:
        yield address


@pytest.fixture
def tab(chromium, site):
    with guarded(chromium, site) as found:
        yield found


@pytest.fixture
def phone(chromium, site):
    with guarded(chromium, site, **PHONE) as found:
        yield found


def column(tab, number: int) -> list[str]:
    """What a column of the first table sorts by, from the top; the rows that are filtered away are not there."""
    return tab.evaluate("n => [...document.querySelector('table').tBodies[0].rows].filter(r => !r.hidden).map(r => r.cells[n].dataset.value ?? r.cells[n].textContent.trim())", number)


def test_the_front_page_answers_on_the_first_screen_and_weighs_little(tab, site, own):
    weights: dict[str, int] = {}
    tab.on("requestfinished", lambda request: weights.setdefault(request.url, request.sizes()["responseBodySize"]))
    tab.goto(f"{site}en/index.html", wait_until="networkidle")
    claims = [c for c in own.results if c["kind"] != "record" and not register.articles()[c["article"]].ours]
    assert tab.inner_text(".headline").startswith(f"Of {len(claims)} figures in 5 articles, ")
    assert tab.locator(".headline").bounding_box()["y"] < 300
    figure = tab.locator("svg.front:visible")
    assert figure.count() == 1 and figure.bounding_box()["y"] < 450 and figure.bounding_box()["width"] > 600
    assert len(figure.get_attribute("aria-label")) > 100
    assert tab.locator("table.scoreboard tbody tr:visible").count() == len(own.results)
    assert len(weights) > 8 and 100_000 < sum(weights.values()) < 500_000, weights


def test_a_claims_page_tells_it_and_leads_to_its_notebook(tab, site, own):
    (claim,) = [one for one in own.results if one["id"] == "gpt-3-carbon"]
    tab.goto(f"{site}en/index.html")
    tab.click("#claim-gpt-3-carbon th a")
    assert tab.url == f"{site}en/claims/gpt-3-carbon.html"
    assert tab.locator(".verdict-line .shape").is_visible() and tab.inner_text(".verdict-line").strip() == claim["verdict"]
    assert tab.locator("svg.flow:visible").count() == 1 and claim["printed"] in tab.inner_text(".printed-figure")
    tab.wait_for_selector("button.load:enabled")
    assert tab.locator(".explore input[type=range]:visible").count() >= 1
    tab.click("text=Cite this")
    assert tab.locator("pre.bibtex").evaluate(ON_SCREEN) and "gpt-3-carbon" in tab.inner_text("pre.bibtex")
    tab.click("text=Step by step in the notebook")
    assert tab.url.endswith(f"notebooks/{claim['notebook']}.html#claim-gpt-3-carbon")
    assert tab.locator("#claim-gpt-3-carbon").evaluate(ON_SCREEN)


def test_the_scoreboard_sorts_by_number_by_word_and_back(tab, site):
    tab.goto(f"{site}en/index.html")
    heads = tab.locator("table.scoreboard thead th")
    assert heads.count() == 6
    for number in range(heads.count()):
        kind = heads.nth(number).get_attribute("data-sort")
        for direction, sign in (("ascending", 1), ("descending", -1)):
            heads.nth(number).locator("button").click()
            assert heads.nth(number).get_attribute("aria-sort") == direction
            found = column(tab, number)
            if kind == "number":
                known = [float(text) for text in found if text]
                assert len(set(known)) > 2 and known == sorted(known, reverse=sign < 0)
                assert "" not in found[: len(known)], "what has no number stays at the end"
            else:
                assert found == tab.evaluate("([texts, sign]) => [...texts].sort((a, b) => sign * a.localeCompare(b))", [found, sign])
                assert len(set(found)) > 2 and found[0] != found[-1]
    assert tab.locator("th[aria-sort]").count() == 1


def test_filters_of_the_scoreboard_leave_what_they_say(tab, site, own):
    tab.goto(f"{site}en/index.html")
    visible = tab.locator("table.scoreboard tbody tr:visible")
    article = own.results[0]["article"]
    tab.select_option("select[data-filter=article]", article)
    wanted = {one["id"] for one in own.results if one["article"] == article}
    ids = "rows => rows.map(row => row.id.replace('claim-', ''))"
    assert set(visible.evaluate_all(ids)) == wanted and 0 < len(wanted) < len(own.results)
    assert tab.inner_text(".filters .shown") == f"{len(wanted)} of {len(own.results)} claims"
    verdict = next(one["verdict"] for one in own.results if one["id"] in wanted)
    tab.select_option("select[data-filter=verdict]", verdict)
    both = {one["id"] for one in own.results if one["id"] in wanted and one["verdict"] == verdict}
    assert set(visible.evaluate_all(ids)) == both
    tab.select_option("select[data-filter=verdict]", "")
    tab.select_option("select[data-filter=article]", "")
    tab.select_option("select[data-filter=quantity]", index=1)
    kind = tab.input_value("select[data-filter=quantity]")
    assert set(visible.evaluate_all("rows => rows.map(row => row.dataset.quantity)")) == {kind}
    tab.select_option("select[data-filter=quantity]", "")
    assert visible.count() == len(own.results) and tab.inner_text(".filters .shown") == ""


def test_a_table_of_data_is_searched_and_sorted(tab, site):
    tab.goto(f"{site}en/data/grids.html")
    rows = tab.locator("table.rows tbody tr:visible")
    every = rows.count()
    tab.fill(".find input", "FRA 2024")
    assert 0 < rows.count() < every
    assert all("fra" in text.lower() and "2024" in text for text in rows.all_inner_texts())
    tab.fill(".find input", "")
    assert rows.count() == every
    button = tab.locator("table.rows th[data-sort=number] button").first
    button.click()
    number = button.evaluate("b => b.closest('th').cellIndex")
    found = [float(text) for text in column(tab, number) if text]
    assert found == sorted(found) and len(set(found)) > 10


def test_the_front_door_leads_to_both_editions_and_each_page_to_its_other(tab, site):
    for language in EDITIONS:
        tab.goto(site)
        tab.click(f'p[lang={language}] a[hreflang={language}]')
        tab.wait_for_url(f"{site}{language}/index.html")
    for page in ("index", "claims/gpt-3-carbon", "notebooks/13_measured"):
        for language in EDITIONS:
            tab.goto(f"{site}{language}/{page}.html")
            assert tab.get_attribute("html", "lang") == language
            for other in set(EDITIONS) - {language}:
                tab.locator(f'body a[hreflang="{other}"]:visible').first.click()
                tab.wait_for_url(f"{site}{other}/{page}.html*")
                tab.go_back()


def test_search_finds_a_claim_by_the_words_of_its_own_language(tab, site):
    for language in EDITIONS:
        tab.goto(f"{site}{language}/claims/paris-new-york.html")
        title = tab.evaluate("document.querySelector('h1').firstChild.textContent")
        words = sorted(set(re.findall(r"[^\W\d_]{5,}", title)), key=len)[-3:]
        tab.fill(".sidebar-search", " ".join(words))
        tab.press(".sidebar-search", "Enter")
        link = tab.locator("#search-results a[href*='claims/paris-new-york.html']").first
        link.wait_for(timeout=20_000)
        link.click()
        tab.wait_for_url(f"{site}{language}/claims/paris-new-york.html*")
    tab.goto(f"{site}fr/search.html?q=eau")
    tab.locator("#search-results p.context").first.wait_for(timeout=20_000)
    quoted = tab.locator("#search-results p.context").all_inner_texts()
    assert quoted and not [text for text in quoted if "English" in text or "import " in text], "what is quoted is the page's text"
    tab.goto(f"{site}en/search.html?q=xyzzyx")
    tab.wait_for_function("document.querySelector('#search-results').innerText.includes('did not match')", timeout=20_000)


def test_a_phone_scrolls_one_way_and_opens_the_menu(phone, site):
    for kind in KINDS:
        phone.goto(f"{site}en/{kind}.html")
        assert overflow(phone) <= 0, f"{kind} scrolls sideways on a phone"
    phone.goto(f"{site}en/index.html")
    entry = phone.locator(".sidebar-tree a", has_text="Glossary")
    assert phone.locator("svg.front:visible").bounding_box()["width"] <= 390
    assert not entry.is_visible()
    phone.tap("label.nav-overlay-icon")
    phone.wait_for_function("document.querySelector('.sidebar-drawer').getBoundingClientRect().left === 0")
    entry.scroll_into_view_if_needed()
    entry.tap()
    phone.wait_for_url(f"{site}en/glossary.html")
    assert not entry.is_visible(), "the menu is closed on the next page"
    phone.goto(f"{site}en/notebooks/13_measured.html")
    phone.tap("label.toc-header-icon")
    inside = phone.locator(".toc-tree a").nth(1)
    inside.tap()
    assert phone.url.endswith(inside.get_attribute("href"))


def test_a_notebook_prints_as_a_handout(tab, site):
    tab.goto(f"{site}en/notebooks/11_backtest_answers.html")
    assert tab.locator(".sidebar-drawer").is_visible()
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 680, "height": 990})  # A4 between its margins
    for hidden in (".sidebar-drawer", ".toc-drawer", ".mobile-header", ".related-pages", ".run-it", ".theme-toggle", ".skip-to-content"):
        assert tab.locator(f"{hidden}:visible").count() == 0, hidden
    assert tab.locator("h1").is_visible() and tab.locator("article img:visible, article svg[aria-label]:visible").count() >= 1
    assert overflow(tab) <= 0, "it would be printed smaller, or cut"
    paper = tab.pdf(format="A4", margin={side: "1.5cm" for side in ("top", "bottom", "left", "right")})
    sheets = len(re.findall(rb"/Type\s*/Page\b", paper))
    assert paper.startswith(b"%PDF-") and 5 <= sheets <= 25


def test_handouts_print_on_two_sheets_their_answers_on_one_and_weigh_little(tab, site, own):
    found = [path for language in EDITIONS for path in sorted((own.out / language / "course").glob("*.html"))]
    assert len(found) == 36
    for path in found:
        tab.goto(f"{site}{path.relative_to(own.out).as_posix()}")
        assert tab.locator("nav a").count() >= 2 and path.stat().st_size < 10_000
        sheets = len(re.findall(rb"/Type\s*/Page\b", tab.pdf(prefer_css_page_size=True)))
        assert sheets <= (1 if ".answers" in path.name else 2), f"{path.name} takes {sheets} sheets"
    tab.emulate_media(media="print")
    assert tab.locator("nav:visible").count() == 0


def test_without_javascript_everything_is_there_to_read(chromium, site, own):
    with guarded(chromium, site, java_script_enabled=False) as tab:
        tab.goto(site)
        tab.click("p[lang=en] a")
        tab.wait_for_url(f"{site}en/index.html")
        for kind in KINDS:
            tab.goto(f"{site}en/{kind}.html")
            assert tab.locator("h1").first.is_visible() and tab.locator(".sidebar-tree a:visible").count() > 20, kind
            assert len(tab.inner_text("article")) > (200 if kind not in ("search",) else 50), kind
            dead = tab.locator("article :is(button, select, input[type=range]):visible")
            assert dead.count() == (1 if kind == "search" else 0), f"{kind} shows what only a script can serve"
        tab.goto(f"{site}en/index.html")
        assert tab.locator("table.scoreboard tbody tr:visible").count() == len(own.results) and tab.locator("svg.front:visible").count() == 1
    with guarded(chromium, site, java_script_enabled=False, **PHONE) as phone:
        phone.goto(f"{site}en/index.html")
        phone.tap("label.nav-overlay-icon")
        phone.locator(".sidebar-tree a", has_text="Glossary").tap()
        phone.wait_for_url(f"{site}en/glossary.html")


def until(tab, wanted: str, most: int) -> None:
    """Press Tab until a stop is met; each stop on the way must show that it is there."""
    for _ in range(most):
        tab.keyboard.press("Tab")
        stop = tab.evaluate(STOP, wanted)
        assert stop["seen"], f"the focus is not to be seen on {stop['what']}"
        if stop["there"]:
            return
    pytest.fail(f"{wanted} is not reached by {most} tabs")


# A check box of the menu is drawn by its label; whatever has the focus needs an outline within the screen.
STOP = """async wanted => {
  const at = document.activeElement, drawn = [at, ...(at.labels ?? []), at.nextElementSibling].filter(Boolean);
  const seen = () => at === document.body || drawn.some(e => {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    const within = box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
    return within && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  });
  for (let waited = 0; !seen() && waited < 40; waited += 1) await new Promise(done => setTimeout(done, 25)); // some slide in
  return { there: at.matches(wanted), seen: seen(), what: at.outerHTML.slice(0, 160) };
}"""


def test_the_keyboard_reaches_the_skip_link_the_sorting_and_the_filters(tab, site):
    tab.goto(f"{site}en/index.html")
    until(tab, ".skip-to-content", 1)
    tab.keyboard.press("Enter")
    assert tab.evaluate("location.hash") == "#furo-main-content"
    until(tab, "select[data-filter=verdict]", 12)
    until(tab, "th[data-sort=number] button", 6)
    tab.keyboard.press("Enter")
    found = [float(text) for text in column(tab, 2) if text]
    assert found == sorted(found) and tab.locator("th[aria-sort=ascending]").count() == 1
    until(tab, "th.claim a", 8)
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{site}en/claims/*")


def test_the_keyboard_goes_through_the_menu_and_the_panel(tab, site):
    tab.goto(f"{site}en/claims/gpt-3-carbon.html")
    tab.wait_for_selector("button.load:enabled")
    until(tab, ".sidebar-search", 5)
    until(tab, ".sidebar-tree a", 5)
    until(tab, ".explore button.load", 90)
    until(tab, ".explore input[type=range]", 8)


def test_the_keyboard_opens_the_menu_of_a_narrow_screen(chromium, site):
    with guarded(chromium, site, viewport={"width": 600, "height": 800}) as tab:
        tab.goto(f"{site}en/index.html")
        until(tab, "#__navigation", 4)
        tab.keyboard.press("Space")
        tab.wait_for_function("document.querySelector('.sidebar-drawer').getBoundingClientRect().left === 0")
        until(tab, ".sidebar-tree a", 12)
        with tab.expect_navigation():
            tab.keyboard.press("Enter")
        assert tab.locator("h1").first.is_visible() and not tab.locator(".sidebar-tree").is_visible()

"""The model in a real browser without a network: Pyodide gives what this Python gives, and the panel does what it says.

Needs Chromium, Playwright and a Pyodide that ``make pyodide`` fetches; without one of them the
summary of the tests says loudly that nothing of this was tested.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import browser
import pytest
from browser import guarded, served, violations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pyodide_fixture import FOLDER as PYODIDE
from pyodide_fixture import lacking as pyodide_lacking

from recount import browser_model, claims, explore, explore_view, page_text, page_views, register

STATES = {
    "default": (None, {}),
    "scenario": ("polish-grid", {}),
    "one override": (None, {"energy_per_parameter_token": "20 pJ/parameter/token"}),
    "two overrides": ("french-grid", {"grid_intensity": "0,4 kgCO2e/kWh", "water_intensity": "7.5 L/kWh"}),
}
PAGE = """<!doctype html><html lang="{{ explore.language }}"><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,"></head>
<body><main><h1>t</h1>{% from "_explore.html" import panel with context %}{{ panel(claims, root) }}</main></body></html>"""
READY = "button.save:enabled"


def lacking() -> str:
    """What is missing for these tests, in the words of who has to get it."""
    return browser.lacking() or pyodide_lacking()


pytestmark = pytest.mark.skipif(bool(lacking()), reason=f"THE MODEL IN THE BROWSER IS NOT TESTED: {lacking()}")


def page(folder: Path, name: str, shown: list[str], root: str, language: str = "en") -> None:
    """The panel alone on a page, as the site's templates include it."""
    environment = Environment(loader=FileSystemLoader(browser_model.ROOT / "site" / "pages"), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {n: getattr(page_views, n) for n in ("interval", "strip", "times")}
    environment.filters["badge"] = lambda verdict: page_views.badge(verdict, page_text.translate(language))
    found = [claims.recompute_claim(claim, count=1024) for claim in shown]
    # What a page shows of a claim, without the drivers and break-evens that take long to compute.
    told = [
        {
            "id": r.claim.id, "statement": r.claim.statement, "statement_fr": r.claim.statement_fr, "published": r.printed_value, "printed": r.printed_text,
            "recomputed_text": r.recomputed_text, "interval_text": r.interval_text, "verdict": r.verdict, "ratio": r.ratio,
            "low": r.taken and r.taken.interval[0], "high": r.taken and r.taken.interval[1],
        } for r in found
    ]  # fmt: skip
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    html = environment.from_string(PAGE).render(explore=explore_view.view(language), looks=page_views.LOOKS, claims=told, root=root)
    path.write_text(html, encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    shutil.copytree(browser_model.ROOT / "site" / "static", folder / "_static")
    browser_model.write(folder / "_static", PYODIDE)
    page(folder, "explore.html", register.shown(), "")
    page(folder, "claims/gpt-3-carbon.html", ["gpt-3-carbon"], "../")
    page(folder, "claims/fr.html", ["gpt-3-carbon"], "../", "fr")

    with served(folder) as address:
        yield address


@pytest.fixture
def tab(chromium, site):
    with guarded(chromium, site) as found:
        yield found


@pytest.fixture(scope="module")
def of_claim(chromium, site):
    """A claim's page with its model, loaded once."""
    with guarded(chromium, site) as found:
        yield loaded(found, f"{site}claims/gpt-3-carbon.html")


def loaded(tab, address: str):
    tab.goto(address)
    tab.click("button.load")
    tab.wait_for_selector(READY, timeout=120_000)
    return tab


def settled(tab, state: str = "done") -> str:
    tab.wait_for_timeout(150)  # longer than the panel waits for the next change
    tab.wait_for_function(f"document.querySelector('.explore').dataset.state === '{state}'", timeout=60_000)
    return tab.inner_text(".explore-result")


ASK = """async ([questions, model]) => {
  const worker = new Worker("_static/explore-worker.js"), found = [];
  const settings = await (await fetch(model + "settings.json")).json();
  return new Promise((done, failed) => {
    const next = () => found.length < questions.length ? worker.postMessage({ kind: "ask", ...questions[found.length] }) : done(found);
    worker.onmessage = ({ data }) => {
      if (data.kind === "failed") failed(new Error(data.why));
      if (data.kind === "answered") found.push(data.found);
      if (data.kind === "answered" || data.kind === "ready") next();
    };
    worker.postMessage({ kind: "load", model, settings });
  });
}"""


def test_every_figure_equals_this_pythons(tab, site):
    count = browser_model.settings()["samples"]
    questions = [
        {"asked": "whole", "given": {"claim": claim, "scenario": scenario, "assumptions": typed, "count": count}}
        for scenario, typed in STATES.values() for claim in register.shown()
    ]  # fmt: skip
    tab.goto(f"{site}explore.html")
    found = tab.evaluate(ASK, [questions, f"{site}_static/model/"])
    assert len(found) == len(STATES) * len(register.shown())
    for question, there in zip(questions, found, strict=True):
        here = explore.whole(**question["given"])
        for key, value in here.items():
            same = there[key] == pytest.approx(value, rel=1e-9, abs=0) if isinstance(value, float) else there[key] == value
            assert same, (key, there[key], value, question)


def test_a_claims_page_follows_its_slider_by_keyboard(of_claim):
    tab = of_claim
    assert tab.inner_text("td.found .value") == "552.1 tCO2e"
    slider = tab.locator("[data-name=grid_intensity] input[type=range]")
    slider.focus()
    tab.keyboard.press("Home")
    settled(tab)
    lowest = next(one["low"] for one in browser_model.settings()["slider"] if one["name"] == "grid_intensity")
    field = tab.input_value("[data-name=grid_intensity] input[type=text]")
    assert field == f"{lowest} gCO2e/kWh" == slider.get_attribute("aria-valuetext")
    here = explore.whole("gpt-3-carbon", None, {"grid_intensity": field}, browser_model.settings()["samples"])
    assert (tab.inner_text("td.found .value"), tab.inner_text("td.found .interval")) == (here["recomputed_text"], here["interval_text"])
    assert tab.inner_text("td.would-be") == here["verdict"] == "not reproduced" and tab.inner_text("td.verdict-cell") == "reproduced"
    assert here["recomputed_text"] in tab.inner_text(".explore-result") and here["interval_text"] in tab.inner_text(".explore-result")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")  # back to its own value
    settled(tab)
    assert tab.inner_text("td.found .value") == "552.1 tCO2e" and tab.inner_text("td.would-be") == ""


def test_a_refusal_stands_beside_its_field_and_nothing_is_computed(of_claim):
    tab = of_claim
    field = tab.locator("[data-name=grid_intensity] input[type=text]")
    field.fill("1,287 gCO2e/kWh")
    settled(tab, "refused")
    assert "1,287 gCO2e/kWh' is ambiguous" in tab.inner_text("[data-name=grid_intensity] .explore-refusal")
    assert field.get_attribute("aria-invalid") == "true" and tab.inner_text("td.would-be") == ""
    field.fill("0,055 kgCO2e/kWh")
    settled(tab)
    assert tab.is_hidden("[data-name=grid_intensity] .explore-refusal") and field.get_attribute("aria-invalid") == "false"
    assert tab.inner_text("td.found .value") == explore.point("gpt-3-carbon", None, {"grid_intensity": "55 gCO2e/kWh"})["recomputed_text"]


def test_all_claims_follow_a_link_and_the_state_is_saved(tab, site):
    scenario, typed = STATES["two overrides"]
    tab.goto(f"{site}explore.html#move?scenario=french-grid&grid_intensity=0%2C4+kgCO2e%2FkWh&water_intensity=7.5+L%2FkWh&pue=1.3")
    assert tab.input_value("select") == "french-grid" and tab.input_value("[data-name=pue] input") == "1.3"
    tab.click("button.load")
    tab.wait_for_selector(READY, timeout=120_000)
    told, state = settled(tab), (scenario, {**typed, "pue": "1.3"})
    moved = explore.moved(*state)
    shown = tab.evaluate("Object.fromEntries([...document.querySelectorAll('tr.moved')].map((r) => [r.dataset.claim, r.querySelector('.would-be').innerText.trim()]))")
    here = {claim: explore.whole(claim, *state, browser_model.settings()["samples"])["verdict"] for claim in moved}
    assert shown == here and f"{len(moved)} of {len(register.shown())}" in told
    tab.check(".explore-filter input")
    assert tab.locator("tr[data-claim]:visible").count() == len(moved)
    tab.uncheck(".explore-filter input")
    tab.fill(".name", "of the page")
    with tab.expect_download() as download:
        tab.click("button.save")
    assert download.value.suggested_filename == "of the page.toml"
    assert Path(download.value.path()).read_text(encoding="utf-8") == explore.scenario_text("of the page", *state)
    tab.fill(".name", "../up")
    tab.click("button.save")
    tab.wait_for_function("document.querySelector('.explore-done').textContent.includes('no name of a scenario')")
    tab.click("button.share")
    link = tab.url
    tab.click("button.reset")
    settled(tab)
    assert "#" not in tab.url and tab.locator("tr.moved").count() == 0
    tab.goto("about:blank")
    tab.goto(link)
    assert tab.input_value("[data-name=water_intensity] input[type=text]") == "7.5 L/kWh" and tab.input_value("[data-name=pue] input") == "1.3"


def test_the_page_stays_alive_and_the_last_of_many_moves_wins(tab, site):
    loaded(tab, f"{site}explore.html")
    tab.evaluate("window.slowest = 0; let last = performance.now(); setInterval(() => { slowest = Math.max(slowest, performance.now() - last); last = performance.now(); }, 10)")
    for value in (300, 200, 100, 57):
        tab.fill("[data-name=grid_intensity] input[type=text]", f"{value} gCO2e/kWh")
        tab.wait_for_timeout(120)
    settled(tab)
    assert tab.inner_text("tr[data-claim=gpt-3-carbon] .found .value") == explore.point("gpt-3-carbon", None, {"grid_intensity": "57 gCO2e/kWh"})["recomputed_text"]
    assert tab.evaluate("slowest") < 1000, "the model runs in a worker: the page never waits for it"


def test_axe_finds_nothing_in_the_panel_at_work(of_claim):
    tab = of_claim
    tab.fill("[data-name=grid_intensity] input[type=text]", "1,287 gCO2e/kWh")
    settled(tab, "refused")
    found = violations(tab)
    tab.fill("[data-name=grid_intensity] input[type=text]", "56 gCO2e/kWh")
    settled(tab)
    assert found + violations(tab) == []


def test_a_french_page_speaks_french(tab, site):
    loaded(tab, f"{site}claims/fr.html#move?grid_intensity=56+gCO2e%2FkWh")
    assert settled(tab) == "Recalculé\u202f: 72,08 tCO2e (intervalle à 90\u202f%\u202f: 71 à 73,1). Le verdict serait\u202f: non reproduit."


def test_what_cannot_be_loaded_is_told_in_one_sentence(chromium, site, tmp_path):
    found = chromium.new_page()
    found.route("**/pyodide.asm.wasm", lambda route: route.abort())
    found.goto(f"{site}explore.html")
    found.click("button.load")
    found.wait_for_function("document.querySelector('.explore').dataset.state === 'failed'", timeout=60_000)
    assert found.inner_text(".explore-status").startswith("The model could not be loaded: pyodide.asm.wasm")
    assert found.is_enabled("button.load"), "it can be tried again"
    found.close()


def test_without_script_the_page_says_so_and_shows_the_claims_own_values(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    found = context.new_page()
    found.goto(f"{site}claims/gpt-3-carbon.html")
    assert "needs JavaScript" in found.inner_text("noscript") and found.is_hidden("form")
    assert found.inner_text("td.found .value") == "552.1 tCO2e" and found.inner_text("td.verdict-cell") == "reproduced"
    context.close()


def test_nothing_is_loaded_before_it_is_asked_for(tab, site):
    asked = []
    tab.on("request", lambda request: asked.append(request.url.removeprefix(site)))
    tab.goto(f"{site}explore.html")
    tab.wait_for_selector("button.load:enabled")
    assert {url for url in asked if "model/" in url} == {"_static/model/settings.json"}
    loaded = browser_model.checked(PYODIDE, browser_model.settings()["pyodide"]["packages"])
    assert json.loads(tab.inner_text(".load").split("(")[1].split()[0]) == round((sum(path.stat().st_size for path in loaded) + len(browser_model.bundle())) / 1e6)


def test_where_python_would_come_from_is_said_before_it_is_loaded(tab, site):
    elsewhere = {"pyodide": "https://example.org/pyodide/", "bytes": 45_000_000, "samples": 1024, "archive": "x", "packages": [], "environment": {}}
    tab.route("**/settings.json", lambda route: route.fulfill(json=elsewhere))
    tab.goto(f"{site}explore.html#move?scenario=bogus")
    tab.wait_for_selector("button.load:enabled")
    assert "example.org" in tab.inner_text(".explore-status") and tab.inner_text(".load") == "Load the model (45 MB)"
    assert tab.inner_text(".explore-done").endswith("do not have: bogus.")

"""Every page of the site in a browser: it logs no error, asks no other host, fits a phone and paper; and axe finds nothing."""

from __future__ import annotations

import pytest
from browser import PHONE, guarded, overflow, served, violations
from own_site import EDITIONS, KINDS, PAPERS

# These two hold every part of the frame: there the colours are looked at in both sizes; elsewhere one of each will do.
WHOLE = ("index", "notebooks/13_measured")
CONTRAST = {"runOnly": ["color-contrast"]}
# Looked at whole once; in other colours and sizes the first rows of a long list stand for all.
SHORTEN = "document.querySelectorAll(':is(tbody tr, .sources > li, .glossary > div):nth-child(n+16)').forEach(e => e.remove())"


@pytest.fixture(scope="module")
def site(chromium, own):
    with served(own.out) as address:
        yield address


def test_every_page_loads_without_a_fault_and_fits_a_phone_and_paper(chromium, site, own):
    pages = sorted(path.relative_to(own.out).as_posix() for path in own.out.rglob("*.html") if path.parent != own.out)
    assert len(pages) > 400
    wide = []
    with guarded(chromium, site, ("error",), viewport=PHONE["viewport"]) as tab:
        for page in pages:
            tab.goto(f"{site}{page}", wait_until="load")
            wide += [f"{page} on a phone"] if overflow(tab) > 0 else []
            if "/notebooks/" in page or "/course/" in page:
                tab.emulate_media(media="print")
                tab.set_viewport_size({"width": 680, "height": 990})  # A4 between its margins
                wide += [f"{page} on paper"] if overflow(tab) > 0 else []
                tab.emulate_media(media="screen")
                tab.set_viewport_size(PHONE["viewport"])
    assert not wide, "\n".join(wide)


@pytest.mark.parametrize("kind", [*KINDS, *PAPERS])
def test_axe_finds_nothing_wrong(chromium, site, kind):
    found = []
    for language in EDITIONS:
        with guarded(chromium, site) as tab:
            tab.goto(f"{site}{language}/{kind}.html")
            if tab.locator(".explore").count():
                tab.wait_for_selector("button.load:enabled")
            found += violations(tab)
            if kind not in WHOLE:
                tab.evaluate(SHORTEN)
            tab.emulate_media(color_scheme="dark")
            found += violations(tab, **CONTRAST) if kind in WHOLE else []
            tab.set_viewport_size(PHONE["viewport"])
            found += violations(tab)
            tab.emulate_media(color_scheme="light")
            found += violations(tab, **CONTRAST) if kind in WHOLE else []
    assert found == []

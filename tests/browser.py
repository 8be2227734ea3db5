"""The browser that the tests of the pages drive: where it is, how to get it (``make browser``), and what a page may not do in it."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")
# Nothing of its own makes: no request that a page did not ask for, and none that leaves this machine.
FLAGS = [
    "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
HOW = "install Chromium or Chrome ('apt-get install chromium' on Debian), or fetch one by 'python -m playwright install chromium'"

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def find() -> str | None:
    """The browser on the path, where macOS keeps one, or the one that Playwright fetched."""
    known = next((found for name in NAMES if (found := shutil.which(name))), None) or next((place for place in PLACES if Path(place).is_file()), None)
    if known or not playwright_is_there():
        return known
    caches = [os.environ.get("PLAYWRIGHT_BROWSERS_PATH"), "~/.cache/ms-playwright", "~/Library/Caches/ms-playwright"]
    kept = [path for cache in caches if cache for path in Path(cache).expanduser().glob("chromium-*/chrome-*/*") if path.name in ("chrome", "Chromium.app")]
    last = max(kept, default=None)
    return str(last / "Contents/MacOS/Chromium" if last and last.suffix == ".app" else last) if last else None


def playwright_is_there() -> bool:
    try:
        import playwright  # noqa: F401
    except ImportError:
        return False
    return True


def lacking() -> str:
    """What is missing for tests in a browser, in the words of who has to get it."""
    if not playwright_is_there():
        return "no Playwright: 'pip install playwright'"
    return "" if find() else f"no browser: {HOW}"


def required() -> bool:
    """Whether a missing browser is an error: where nobody reads a summary."""
    return any(os.environ.get(name, "") not in ("", "0", "false") for name in ("CI", "RECOUNT_REQUIRE_BROWSER"))


def fetch(root: bool) -> str:
    """Get Debian's browser where that is possible; what there is to say of it, in one sentence."""
    if find():
        return ""
    if not root or not shutil.which("apt-get"):
        return f"The pages will not be tested in a browser: {HOW}."
    print("Installing Debian's Chromium, once, to test the pages in it.", flush=True)
    quietly = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True, "text": True}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    done = subprocess.run(install, **quietly)
    if done.returncode:  # its lists may be old, or none
        subprocess.run(["apt-get", "update", "-qq"], **quietly)
        done = subprocess.run(install, **quietly)
    if find():
        return ""
    why = (done.stderr.strip().splitlines() or ["it gave no browser"])[-1]
    return f"The pages will not be tested in a browser, since apt-get could not install Chromium ({why}): {HOW}."


@contextlib.contextmanager
def launched() -> Iterator:
    """A browser; as root it has no sandbox, since it would not start with one."""
    from playwright.sync_api import sync_playwright

    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS, chromium_sandbox=not root)
        yield browser
        browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder on the loopback; yields its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def guarded(browser, site: str, kinds: tuple[str, ...] = ("error", "warning"), **settings) -> Iterator:
    """A page that fails its test where it asks another host, fails to get a file, or logs one of *kinds*."""
    settings = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | settings
    context, faults = browser.new_context(**settings), []
    context.on("request", lambda request: request.url.startswith((site, "blob:", "data:")) or faults.append(f"outside: {request.url}"))
    tab = context.new_page()
    tab.on("console", lambda message: faults.append(f"{tab.url}: {message.text}") if message.type in kinds else None)
    tab.on("pageerror", lambda error: faults.append(f"{tab.url}: {error}"))
    try:
        yield tab
    finally:
        context.close()
    if faults:
        raise AssertionError("\n".join(faults))


def overflow(tab) -> int:
    """By how many pixels a page, or the theme's box of its text, is wider than the screen."""
    boxes = "[document.documentElement, ...document.querySelectorAll('.content')]"
    return tab.evaluate(f"Math.max(...{boxes}.map(e => e.scrollWidth))") - tab.viewport_size["width"]


def violations(tab, **options) -> list[str]:
    """What axe finds on a page as it stands: the rule, how often, and the first place."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{tab.url}: {one['id']}, {len(one['nodes'])} ×, {one['nodes'][0]['html'][:160]}" for one in found]


if __name__ == "__main__":
    told = fetch(root=hasattr(os, "geteuid") and os.geteuid() == 0)
    print(told or f"The browser of the tests is {find()}")
    sys.exit(bool(told) and required())

"""``make test`` gets itself a browser where it can, says how where it cannot, and nowhere skips in silence."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import browser
import pytest

HERE = Path(__file__).parent
# It knows no package before its lists are fetched, like Debian's in a fresh container.
APT = """#!/bin/sh
echo "$@" >> {folder}/asked
case "$1" in
  update) : > {folder}/lists ;;
  install) if [ -e {folder}/lists ]; then printf '#!/bin/sh\\n' > {folder}/chromium; /bin/chmod +x {folder}/chromium
           else echo "E: Unable to locate package chromium" >&2; exit 100; fi ;;
esac
"""


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine on whose path there is nothing, and a hand to put a program there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)
    monkeypatch.setattr(browser, "PLACES", ())

    def put(name: str, text: str = "#!/bin/sh\n") -> None:
        (tmp_path / name).write_text(text.replace("{folder}", str(tmp_path)))
        (tmp_path / name).chmod(0o755)

    return put


def test_a_browser_on_the_path_is_taken_and_nothing_installed(bare, tmp_path):
    bare("google-chrome")
    bare("apt-get", APT)
    assert browser.fetch(root=True) == "" and browser.find() == str(tmp_path / "google-chrome")
    assert not (tmp_path / "asked").exists()


def test_root_on_debian_gets_chromium_though_the_lists_are_missing(bare, tmp_path, capfd):
    bare("apt-get", APT)
    assert browser.fetch(root=True) == "" and browser.find() == str(tmp_path / "chromium")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["install", "update", "install"] and asked[0].startswith("install -y ")
    assert capfd.readouterr() == ("Installing Debian's Chromium, once, to test the pages in it.\n", "")


def test_what_apt_get_could_not_do_is_told(bare):
    bare("apt-get", "#!/bin/sh\necho 'E: no network' >&2\nexit 100\n")
    assert "(E: no network): install Chromium or Chrome" in browser.fetch(root=True)


@pytest.mark.parametrize("root, apt", [(False, True), (True, False)])
def test_elsewhere_one_sentence_says_how(bare, tmp_path, root, apt):
    if apt:
        bare("apt-get", APT)
    told = browser.fetch(root)
    assert told.startswith("The pages will not be tested in a browser: install Chromium") and "\n" not in told
    assert not (tmp_path / "asked").exists() and browser.lacking().startswith("no browser: install Chromium")


def test_a_browser_that_playwright_fetched_is_found(bare, tmp_path):
    bare_folder = tmp_path / ".cache" / "ms-playwright" / "chromium-1200" / "chrome-linux"
    bare_folder.mkdir(parents=True)
    (bare_folder / "chrome").touch()
    assert browser.find() == str(bare_folder / "chrome")


@pytest.mark.parametrize("name, value, wanted", [("CI", "true", True), ("CI", "false", False), ("CI", "", False), ("RECOUNT_REQUIRE_BROWSER", "1", True), ("RECOUNT_REQUIRE_BROWSER", "0", False)])
def test_who_requires_a_browser(monkeypatch, name, value, wanted):
    for one in ("CI", "RECOUNT_REQUIRE_BROWSER"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(name, value)
    assert browser.required() is wanted


@pytest.mark.parametrize("required", ["0", "1"])
def test_without_a_browser_the_summary_is_loud_and_ci_fails(tmp_path, monkeypatch, required):
    """A module of its own with the project's conftest, where no browser is."""
    for name in ("conftest.py", "browser.py", "own_site.py"):
        shutil.copyfile(HERE / name, tmp_path / name)
    (tmp_path / "test_it.py").write_text("import browser\nbrowser.find = lambda: None\n\n\ndef test_it(chromium):\n    pass\n")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("RECOUNT_REQUIRE_BROWSER", required)
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == int(required), done.stdout
    assert "THE PAGES IN A BROWSER ARE NOT TESTED: no browser: install Chromium" in done.stdout.replace("\n", " ")
    made = subprocess.run([sys.executable, HERE / "browser.py"], env={"PATH": str(tmp_path), "HOME": str(tmp_path), "RECOUNT_REQUIRE_BROWSER": required}, capture_output=True, text=True)
    assert made.returncode == int(required) and made.stdout.startswith("The pages will not be tested in a browser: install Chromium")

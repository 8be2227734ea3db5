"""The lessons in a browser that has nothing installed: what each can do there, the site that is built, and a lesson worked in Chromium.

The site needs the extra ``lite``; the browser's tests need Chromium and a Pyodide as well, and ask
no other host for anything. What is missing is said loudly in the summary.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import subprocess
import sys
import zipfile
from html.parser import HTMLParser

import browser
import nbformat
import numpy as np
import pytest
from browser import guarded, served, violations
from course_answers import right
from pyodide_fixture import FOLDER as PYODIDE
from pyodide_fixture import lacking as pyodide_lacking

from recount import in_browser, language, peers, uncertainty
from recount.course import lessons, lite, marks, own_machine, terminal
from recount.course.__main__ import main
from recount.errors import RecountError
from recount.units import Quantity

FIRST = "01_estimating_a_training"
REFUSED = "{what} does not work in a browser: leave this task out here, or download the notebook and run it on a machine of your own."
SLOW = 180_000  # a kernel starts in half a minute, on a busy machine in more


def installed() -> bool:
    try:
        return bool(importlib.metadata.version("jupyterlite-core") and importlib.metadata.version("jupyterlite-pyodide-kernel"))
    except importlib.metadata.PackageNotFoundError:
        return False


def lacking() -> str:
    """What is missing for a lesson in a browser, in the words of who has to get it."""
    return "" if installed() else "no JupyterLite: 'make lite' installs it"


needs_lite = pytest.mark.skipif(not installed(), reason=f"THE LESSONS IN JUPYTERLITE ARE NOT TESTED: {lacking()}")
missing = lacking() or browser.lacking() or pyodide_lacking()
needs_all = pytest.mark.skipif(bool(missing), reason=f"THE LESSONS IN JUPYTERLITE ARE NOT TESTED: {missing}")


# --- what a browser cannot do ------------------------------------------------------------------


@pytest.mark.parametrize("language_", language.LANGUAGES)
def test_the_list_says_which_lessons_have_something_that_does_not_work(language_):
    with language.speaking(language_):
        found = {name[:2]: lite.without(lessons.source(name, language_)) for name in lessons.names()}
    assert {name: len(told) for name, told in found.items()} == {"01": 1, "02": 0, "03": 0, "04": 1, "05": 0, "06": 1}
    assert "CodeCarbon" in found["01"][0] and "EcoLogits" in found["04"][0]


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (lambda: own_machine.train("1 s"), "CodeCarbon"),
        (lambda: peers.ecologits_answer("mistralai", "mistral-large-latest", Quantity(400, "token")), "EcoLogits"),
    ],
)
def test_what_a_browser_cannot_do_is_one_sentence_without_a_traceback(monkeypatch, asked, what):
    monkeypatch.setattr(in_browser, "HERE", True)
    with pytest.raises(in_browser.NotInTheBrowser) as refused:
        asked()
    (line,) = refused.value._render_traceback_()
    assert line == REFUSED.format(what=what)


def test_a_command_runs_in_the_browser_s_own_process_and_says_the_same(monkeypatch, capsys):
    monkeypatch.setattr(in_browser, "HERE", True)
    monkeypatch.setattr(terminal.subprocess, "run", None)
    terminal.recount("scenarios --nonsense")
    assert capsys.readouterr().out == "recount: unrecognized arguments: --nonsense; 'recount --help' lists what there is.\n"
    terminal.recount("notebook new gpt-3-energy")
    assert capsys.readouterr().out.startswith("recount: A notebook that is executed by a command does not work in a browser: ")


def test_crossings_are_the_same_with_the_older_scipy_of_the_browser():
    """Cube roots of 2 to 9, falling and rising, as SciPy's own solver finds them."""
    index, low, high = np.arange(8), np.full(8, -3.0), np.full(8, 3.0)
    gap = lambda x, which: (x**3 - which - 2) * np.where(which % 2, 1, -1)  # noqa: E731
    newer, older = uncertainty._roots(gap, low, high, index), uncertainty._halved(gap, low, high, index)
    np.testing.assert_allclose(newer[0], np.cbrt(index + 2), rtol=1e-14)
    np.testing.assert_allclose(older[0], np.cbrt(index + 2), rtol=1e-14)
    np.testing.assert_allclose(older[1], 0, atol=1e-13)


# --- the wheel and the site --------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lite") / "pypi"
    return {path.name.split("-")[0]: path for path in (folder / lite._wheels(folder, ["numpy", "pandas", "scipy", "matplotlib"])).parent.iterdir()}


def test_the_wheel_finds_its_code_its_data_and_what_they_import(wheels, tmp_path):
    zipfile.ZipFile(wheels["recount"]).extractall(tmp_path)
    probe = "from recount.vocabulary import data_folder, quantities; assert quantities(); print(data_folder())"
    done = subprocess.run([sys.executable, "-c", probe], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{tmp_path}/recount_files/data\n", "")
    assert {"pint", "hamilton", "seaborn", "SALib", "pybtex"} <= {path.name for path in (tmp_path / "recount_files" / "lib").iterdir()}


def test_a_wheel_says_what_it_holds(wheels):
    for path in wheels.values():
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            (record,) = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
            listed = {line.rsplit(",", 2)[0] for line in archive.read(record).decode().splitlines()}
            assert listed == set(archive.namelist())


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, capsys):
    (tmp_path / "letters").write_text("keep")
    assert main(["lite", "--to", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"{tmp_path} holds something else: give a new folder, or one that holds such a site already.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["letters"]


def test_a_pyodide_that_is_none_is_refused(tmp_path):
    with pytest.raises(RecountError, match="holds no pyodide-lock.json"):
        lite.write(tmp_path / "site", tmp_path)


class Links(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("href", "src")]


@needs_lite
def test_the_site_takes_nothing_from_elsewhere_but_pyodide(tmp_path, capsys):
    assert main(["lite", "--to", str(tmp_path / "site")]) == 0
    site = tmp_path / "site"
    told = json.loads((site / "jupyter-lite.json").read_text())["jupyter-config-data"]
    assert [extension["name"] for extension in told["federated_extensions"]] == [lite._KERNEL], "none of those that happen to be installed"
    kernel = told["litePluginSettings"][f"{lite._KERNEL}:kernel"]
    assert kernel["pyodideUrl"] == "https://cdn.jsdelivr.net/pyodide/v0.27.7/full/pyodide.js" and kernel["disablePyPIFallback"]
    assert (site / kernel["loadPyodideOptions"]["packages"][-1].removeprefix(lite._ROOT_FROM_WORKER)).is_file()
    assert {path.name for path in site.glob("LICENSE.*")} == {"LICENSE.jupyterlite-core.txt", "LICENSE.jupyterlite-pyodide-kernel.txt"}
    links = Links((site / "index.html").read_text(encoding="utf-8")).found
    assert not [link for link in links if "://" in link]
    lesson_links = [link.partition("?path=")[2] for link in links if "?path=" in link]
    assert len(lesson_links) == 12 and all((site / "files" / path).is_file() for path in lesson_links)
    for path in lesson_links:
        notebook = nbformat.read(site / "files" / path, 4)
        assert notebook.metadata.kernelspec.name == "python" and "### BEGIN" not in "".join(cell.source for cell in notebook.cells)


# --- in Chromium, offline ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lite") / "site"
    lite.write(folder, PYODIDE)
    settings = json.loads((folder / "jupyter-lite.json").read_text())
    settings["jupyter-config-data"]["exposeAppInBrowser"] = True  # so that a test can read the notebook's outputs
    (folder / "jupyter-lite.json").write_text(json.dumps(settings))
    (folder / "favicon.ico").touch()  # what a browser asks any server for, before JupyterLite names its own
    with served(folder) as address:
        yield folder, address


OPEN = "window.jupyterapp.shell.currentWidget"


class Lesson:
    """A notebook that is open in the browser."""

    def __init__(self, tab, address: str, path: str):
        self.tab = tab
        tab.goto(f"{address}notebooks/index.html?path={path}")
        tab.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
        tab.wait_for_function(f"() => {OPEN}.context.isReady && {OPEN}.content.model.cells.length > 5")

    def notebook(self):
        return nbformat.from_dict(self.tab.evaluate(f"{OPEN}.content.model.toJSON()"))

    def cell(self, name: str) -> int:
        return next(k for k, cell in enumerate(self.notebook().cells) if lessons.about(cell).get("grade_id") == name)

    def run(self, position: int, typed: str | None = None) -> str:
        """Run one cell by its keys, after typing something else into it; what its outputs say."""
        before = self.notebook().cells[position].execution_count
        self.show(position)
        self.tab.evaluate(f"() => {{ const n = {OPEN}.content; n.activate(); n.mode = 'edit'; n.activeCell.editor.focus(); }}")
        if typed is not None:
            self.tab.keyboard.press("Control+A")
            self.tab.keyboard.insert_text(typed)
        self.tab.keyboard.press("Control+Enter")
        done = "c.executionCount && c.executionCount !== n && c.executionState !== 'running'"
        self.tab.wait_for_function(f"([k, n]) => {{ const c = {OPEN}.content.model.cells.get(k); return {done}; }}", arg=[position, before], timeout=SLOW)
        self.tab.wait_for_timeout(200)
        return "\n".join(told(output) for output in self.notebook().cells[position].outputs)

    def show(self, position: int) -> None:
        """Bring a cell into view: those far away are not on the page."""
        shown = "n.activeCellIndex = k; await n.scrollToItem(k); await n.activeCell.ready"
        self.tab.evaluate(f"async (k) => {{ const n = {OPEN}.content; {shown}; }}", position)
        self.tab.wait_for_timeout(300)

    def run_to(self, name: str | None) -> None:
        """Run the code cells before one, or all of them."""
        for position, cell in enumerate(self.notebook().cells[: self.cell(name) if name else None]):
            if cell.cell_type == "code" and not cell.execution_count:
                self.run(position)


def told(output) -> str:
    if output.output_type == "error":
        return "\n".join(output.traceback)
    return output.text if output.output_type == "stream" else "\n".join(output.data)


def wrong(output) -> bool:
    return output.output_type == "error" or output.get("name") == "stderr"


# The menus of the notebook's pages name two of their commands twice.
KINDS = ("error",)


@needs_all
@pytest.mark.parametrize(
    ("language_", "hint"),
    [("en", "2 operations are those of the way forward alone: training also goes back, 6 in all."), ("fr", "2 opérations")],
)
def test_a_student_s_first_check_has_a_hint_and_then_nothing_to_say(chromium, site, language_, hint):
    folder, address = site
    with guarded(chromium, address, KINDS) as tab:
        lesson = Lesson(tab, address, f"{language_}/{FIRST}.ipynb")
        answer = lesson.cell("operations-answer")
        lesson.run_to("operations-answer")
        assert [told(output) for cell in lesson.notebook().cells[:answer] for output in cell.get("outputs", []) if wrong(output)] == []
        lesson.run(answer, "operations = 2 * per_parameter_token / 6 * size * tokens")
        assert hint in lesson.run(lesson.cell("operations"))
        lesson.run(answer, "operations = per_parameter_token * size * tokens")
        assert lesson.run(lesson.cell("operations")) == ""
        own = next(k for k, cell in enumerate(lesson.notebook().cells) if "own_machine.train(" in cell.source)
        with language.speaking(language_):
            refused = language.say(REFUSED, what="CodeCarbon")
        assert lesson.run(own) == refused


@needs_all
@pytest.mark.parametrize(("name", "not_here"), [("03_grids_and_water", []), ("06_check_this_weeks_article", ["notebook"])])
def test_a_lesson_that_is_solved_reaches_its_points_and_shows_its_figures(chromium, site, name, not_here):
    """Lesson 6 gives commands and writes files, in the browser's own."""
    folder, address = site
    student, typed = nbformat.read(folder / "files" / "en" / f"{name}.ipynb", 4), right(name)
    for cell in student.cells:
        cell.source = typed.get(lessons.about(cell).get("grade_id"), cell.source)
    nbformat.write(student, folder / "files" / "en" / f"{name}.ipynb")
    with guarded(chromium, address, KINDS) as tab:
        lesson = Lesson(tab, address, f"en/{name}.ipynb")
        lesson.run_to(None)
        done = lesson.notebook()
        found = marks.from_outputs(done)
        assert [mark.name for mark in found if mark.earned < mark.points] == not_here, [mark.told for mark in found]
        assert len(found) >= 6
        assert len([output for cell in done.cells for output in cell.get("outputs", []) if wrong(output)]) == len(not_here)
        lesson.show(next(k for k, cell in enumerate(done.cells) if "\nfigures." in f"\n{cell.source}"))
        picture = tab.wait_for_selector(".jp-OutputArea-output img", timeout=20_000)
        assert picture.evaluate("i => i.naturalWidth") > 500 and len(picture.get_attribute("alt")) > 50


@needs_all
def test_the_page_of_the_lessons_is_readable_by_everyone(chromium, site):
    folder, address = site
    with guarded(chromium, address, KINDS) as tab:
        tab.goto(address)
        assert tab.locator("li a").count() == 12 and violations(tab) == []
        tab.click("li a >> nth=0")
        tab.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
        assert "01_estimating_a_training" in tab.title()

"""A tiny project in a temporary folder, for everything that executes notebooks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import browser
import nbformat
import own_site
import pytest

from recount import language, warm
from recount.assumptions import COLUMNS
from recount.project import Project

QUANTITIES = """name,unit,minimum,maximum,scope,label,label_fr,definition,counted
pue,1,1,,,PUE,PUE,facility over IT energy,no
grid_intensity,gCO2e/kWh,0,,,grid intensity,intensité,carbon per kWh,no
"""
PARAMETERS = 'scenario: str = "as-published"  # a name of data/scenarios\ngrid_intensity: str = ""  # e.g. 56 gCO2e/kWh'


class Tiny:
    """A project of a few notebooks and rows, with a hand to write them."""

    def __init__(self, root: Path):
        self.project = Project(root)
        self.project.notebooks.mkdir()
        (self.project.data / "assumptions").mkdir(parents=True)
        (self.project.data / "scenarios").mkdir()
        (self.project.data / "quantities.csv").write_text(QUANTITIES)
        (self.project.data / "claims.toml").write_text("version = 1\n")
        (self.project.data / "contexts.toml").write_text('[kinds]\ndefault = "what stands in"\n')
        self.rows(pue="1.1", grid_intensity="400")

    def rows(self, pue: str, grid_intensity: str) -> None:
        units = {"pue": "1", "grid_intensity": "gCO2e/kWh"}
        lines = [
            f"default,{name},,{value},,,point,{units[name]},a,p. 1,,measured,read,2025,2026-11-21,2031-12-31"
            for name, value in (("pue", pue), ("grid_intensity", grid_intensity))
        ]
        (self.project.data / "assumptions" / "tiny.csv").write_text("\n".join([",".join(COLUMNS), *lines, ""]))

    def notebook(self, name: str, *sources: str, parameters: str | None = PARAMETERS, tags: dict[int, str] | None = None) -> Path:
        """Write a notebook: a title, the parameters cell, then one code cell per source."""
        cells = [nbformat.v4.new_markdown_cell(f"# {name}", id="title")]
        if parameters is not None:
            cells.append(nbformat.v4.new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]}))
        for number, source in enumerate(sources):
            metadata = {"tags": [tags[number]]} if tags and number in tags else {}
            cells.append(nbformat.v4.new_code_cell(source, id=f"code-{number}", metadata=metadata))
        path = self.project.notebooks / f"{name}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """What a test makes the process speak, the next one does not."""
    with language.speaking("en"):
        yield


@pytest.fixture(scope="session")
def warm_kernels() -> Iterator[str]:
    """One parent for all tests: each would otherwise wait for one of its own."""
    with warm.kernels() as path:
        yield path


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> own_site.OwnSite:
    """The project's own site."""
    return own_site.built(tmp_path_factory.getbasetemp())


# A module's own: while it runs, no other test of the process could start a loop of events.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser; without one the tests say so loudly, and fail where one is required."""
    if lacking := browser.lacking():
        told = f"THE PAGES IN A BROWSER ARE NOT TESTED: {lacking}"
        pytest.fail(told, pytrace=False) if browser.required() else pytest.skip(told)
    with browser.launched() as found:
        yield found


def forget() -> None:
    """Drop everything that was read from the data or computed from it."""
    modules = [module for name, module in list(sys.modules.items()) if name.split(".")[0] == "recount"]
    for kept in {id(kept): kept for module in modules for kept in vars(module).values() if hasattr(kept, "cache_clear")}.values():
        kept.cache_clear()


@contextlib.contextmanager
def data_in(folder: Path) -> Iterator[None]:
    """Read other data within a block; what was read before or within is not taken for the other's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECOUNT_DATA", str(folder))
        forget()
        yield
    forget()


@pytest.fixture
def data_at() -> Iterator[Callable[[Path], None]]:
    """Read other data for the rest of the test."""
    with contextlib.ExitStack() as stack:
        yield lambda folder: stack.enter_context(data_in(folder))


@pytest.fixture
def tiny(tmp_path: Path, warm_kernels: str) -> Iterator[Tiny]:
    with data_in(tmp_path / "data"):
        yield Tiny(tmp_path)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What could not be tested here is said at the end, where nobody overlooks it."""
    reasons = {str(report.longrepr[-1]).removeprefix("Skipped: ") for report in terminalreporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)}
    for reason in sorted(reason for reason in reasons if "NOT TESTED" in reason):
        terminalreporter.write_line(reason, red=True, bold=True)

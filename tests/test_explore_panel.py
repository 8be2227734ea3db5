"""The widgets of JupyterLab and Voilà: they show what recount.explore gives, and Voilà fetches nothing from a network."""

from __future__ import annotations

import base64
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest

widgets = pytest.importorskip("ipywidgets", reason="THE WIDGETS ARE NOT TESTED: no ipywidgets; 'make env' installs them")
from recount import explore  # noqa: E402
from recount.explore_panel import Panel  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
G = "grid_intensity"


@pytest.fixture
def panel() -> Panel:
    return Panel(count=1024)


def test_at_rest_nothing_is_moved(panel):
    assert panel.state == (None, {}) and panel.table.value == "" and "None of these" in panel.result.value


def test_a_field_moves_its_slider_and_the_claims_follow(panel):
    panel.assumptions[G].field.value = "0,055 kgCO2e/kWh"
    assert panel.assumptions[G].slider.value == pytest.approx(55)
    moved = explore.moved(None, {G: "55 gCO2e/kWh"})
    assert panel.table.value.count("<tr>") == 1 + len(moved) and f"Claims that move: {len(moved)} of" in panel.result.value
    found = explore.whole("gpt-3-carbon", None, {G: "0,055 kgCO2e/kWh"}, 1024)
    row = next(row for row in panel.table.value.split("<tr>") if found["recomputed_text"] in row)
    assert found["interval_text"] in row and "v-reproduced" in row and "v-not-reproduced" in row


def test_a_slider_writes_its_field(panel):
    panel.assumptions[G].slider.value = 400
    assert panel.state == (None, {G: "400 gCO2e/kWh"})
    panel.scenario.value = "polish-grid"
    panel.reset()
    assert panel.state == (None, {}) and panel.table.value == ""


def test_a_refusal_stands_under_its_field(panel):
    panel.assumptions[G].field.value = "1,287 gCO2e/kWh"
    assert "is ambiguous" in panel.assumptions[G].refusal.value and panel.table.value == ""
    panel.assumptions[G].field.value = "1287 gCO2e/kWh"
    assert panel.assumptions[G].refusal.value == "" and panel.table.value


def test_the_state_is_saved_as_a_scenario(panel):
    panel.scenario.value, panel.name.value = "french-grid", "mine <b>"
    panel.save()
    assert "no name of a scenario" in panel.file.value and "<b>" not in panel.file.value
    panel.name.value = "mine"
    panel.save()
    text = base64.b64decode(re.search(r'base64,([^"]+)', panel.file.value)[1]).decode()
    assert text == explore.scenario_text("mine", "french-grid", {})


def test_the_notebook_is_stored_without_outputs():
    """It stands beside the notebooks of the claims: it tells no claim, and its output lives only with a kernel."""
    notebook = nbformat.read(ROOT / "explore" / "explore.ipynb", 4)
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)


def test_voila_serves_the_panel_without_a_network():
    pytest.importorskip("voila", reason="VOILÀ IS NOT TESTED: 'make env' installs it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "voila", "explore/explore.ipynb", "--template=recount", f"--port={port}", "--Voila.ip=127.0.0.1", "--no-browser"]
    paths = os.pathsep.join(filter(None, [str(ROOT / "explore"), os.environ.get("JUPYTER_PATH", "")]))
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"JUPYTER_PATH": paths}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            html = page(f"http://127.0.0.1:{port}/", server)
        finally:
            server.terminate()
    assert "Set another energy per parameter-token" in html and "ModuleNotFoundError" not in html
    assert "application/vnd.jupyter.widget-view+json" in html, "the panel is there"
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//(?!127\.0\.0\.1)[^"']+""", html) == []


def page(address: str, server: subprocess.Popen) -> str:
    while server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=120) as reply:
                return reply.read().decode()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise AssertionError(f"Voilà ended with {server.returncode}")

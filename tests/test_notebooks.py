"""What nbval cannot hold: executed, silent, one check cell a claim, and figures that the model gives today."""

import re
from pathlib import Path

import nbformat
import pytest
from papermill.inspection import inspect_notebook

from recount import claims, explain, register
from recount.assumptions import load
from recount.backtest import answers, training
from recount.study import CLAIM_MIME
from recount.units import read_quantity
from recount.vocabulary import data_folder, quantities

NOTEBOOKS = sorted((data_folder().parent / "notebooks").glob("*.ipynb"))
PRIMARY = ["scenario", "energy_per_parameter_token", "grid_intensity", "water_intensity"]
SPLITS = {"10_backtest_training": training.SPLITS, "11_backtest_answers": answers.SPLITS}
LONGER = {"08_money_and_surveys": 2000}  # many small facts

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path):
    return nbformat.read(path, as_version=4)


def code(path: Path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def payloads(cell):
    return [output["data"][CLAIM_MIME] for output in cell.outputs if CLAIM_MIME in output.get("data", {})]


def test_no_notebook_is_left_out():
    stems = {path.stem for path in NOTEBOOKS}
    assert {claim.notebook for claim in register.load().values()} <= stems
    assert {"00_start_here", "01_energy_per_parameter_token", "99_scoreboard"} <= stems


@each
def test_every_cell_was_executed_in_order_and_none_wrote_to_stderr(path):
    cells = code(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error", output
            assert output.get("name") != "stderr", output


@each
def test_volatile_cells_store_no_output(path):
    for cell in code(path):
        if "volatile" in tags(cell):
            assert cell.outputs == []


@each
def test_no_trace_of_a_machine_or_a_moment(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/home/|/root/|/Users/|/tmp/|\.venv|\"papermill\"|iopub|execution\": \{", text)


@each
def test_house_style(path):
    cells = read(path).cells
    assert 10 <= len(cells) <= (140 if path.stem in LONGER else 75)
    for cell in cells:
        if cell.cell_type == "code":
            lines = [line for line in cell.source.splitlines() if line.strip()]
            limit = 16 if "parameters" in tags(cell) else 4
            assert len(lines) <= limit, cell.source
            assert not re.search(r"^\s*(def|class|for|while|lambda)\b|plt\.|open\(|Path\(", cell.source, re.M), cell.source
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert len(re.findall(r"\w[\w'’-]*", prose)) <= LONGER.get(path.stem, 1500) * 1.35  # numbers and symbols count as words here
    assert prose.lstrip().startswith("# ")
    assert "## Exercises" in prose and "## Sources" in prose and "## What this does not settle" in prose


@each
def test_the_parameters_are_what_papermill_sees(path):
    cells = [cell for cell in code(path) if "parameters" in tags(cell)]
    assert len(cells) == 1
    lines = [line for line in cells[0].source.splitlines() if line.strip()]
    names = [line.partition(":")[0] for line in lines]
    assert names[:4] == PRIMARY
    seen = inspect_notebook(str(path))
    assert list(seen) == names
    for line, name in zip(lines, names, strict=True):
        assert re.fullmatch(r'\w+: str = "[^"=]*"  # [^=]+', line), line
        if name != "scenario" and name not in quantities():
            # Else it must hold a context of the data, a way of leaving out that the back-tests know, or a quantity.
            default = re.search(r'"([^"]*)"', line)[1]
            assert default in load().contexts() or default in SPLITS.get(path.stem, ()) or read_quantity(default), line


@each
def test_one_check_cell_a_claim(path):
    cells = code(path)
    own = [claim.id for claim in register.load().values() if claim.notebook == path.stem]
    checks = [(index, cell) for index, cell in enumerate(cells) if "nbval-check-output" in tags(cell)]
    named = [re.fullmatch(r'study\.check\("([\w.-]+)"\)', cell.source.strip()) for _, cell in checks]
    assert all(named), [cell.source for _, cell in checks]
    assert sorted(match[1] for match in named) == sorted(own)
    for (index, _), match in zip(checks, named, strict=True):
        assert [found["id"] for found in payloads(cells[index - 1])] == [match[1]], "the comparison stands right above its check"


@each
def test_stored_lines_and_figures_are_those_of_today(path):
    for cell in code(path):
        if "nbval-check-output" in tags(cell):
            identifier = re.search(r'"([\w.-]+)"', cell.source)[1]
            stored = "".join(output["text"] for output in cell.outputs)
            assert stored == explain.check_line(claims.recompute_claim(identifier)) + "\n"
        for stored in payloads(cell):
            today = claims.recompute_claim(stored["id"]).as_json()
            assert stored["verdict"] == today["verdict"]
            for key in ("published", "recomputed", "low", "high", "ratio"):
                assert stored[key] == (pytest.approx(today[key], rel=1e-6) if today[key] is not None else None), (stored["id"], key)


def test_the_readmes_picture_and_badges_are_todays():
    from recount import badges, figures

    folder = data_folder().parent / "site" / "static"
    assert (folder / "scoreboard.txt").read_text(encoding="utf-8") == f"{figures.scoreboard(claims.recompute_all())}\n"
    assert (folder / "scoreboard.png").read_bytes().startswith(b"\x89PNG")
    readme = (data_folder().parent / "README.md").read_text(encoding="utf-8")
    assert "site/static/scoreboard.png" in readme
    for name, (label, value) in badges.texts().items():
        assert (folder / f"badge-{name}.svg").read_text(encoding="utf-8") == badges.svg(label, value)
        assert f"site/static/badge-{name}.svg" in readme

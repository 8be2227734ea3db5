"""The runner: what it refuses, writes, leaves alone and says, on tiny notebooks with real kernels."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest

from jupyter_core.utils import ensure_event_loop

from recount import execution, freshness, planning, results, runs
from recount.errors import RecountError
from recount.project import Project, write_whole

USES_PUE = "from recount.assumptions import load\nprint(load().pick('default', 'pue').value)"
USES_GRID = "from recount.assumptions import load\nprint(load().pick('default', 'grid_intensity').value)"
SHOWS_CLAIM = """from IPython.display import display
grams = float((grid_intensity or "400 gCO2e/kWh").split()[0])
claim = {"id": "carbon", "printed": "0.4 tCO2e", "unit": "tCO2e", "recomputed": grams / 1000, "verdict": "reproduced"}
claim["would_be"] = "not reproduced" if grid_intensity else None
still = {"id": "licence", "printed": None, "unit": None, "recomputed": None, "verdict": "confirmed"}
for each in (claim, still):
    display({"application/vnd.recount.claim+json": each, "text/plain": each["id"]}, raw=True)"""


def outputs(path: Path) -> str:
    """All text that the cells of an executed notebook printed."""
    cells = nbformat.read(path, as_version=4).cells
    return "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", []))


def states(report: runs.RunReport) -> dict[str, str]:
    return {outcome.name: outcome.state for outcome in report.outcomes}


def no_process(*_) -> None:
    raise AssertionError("a process was started")


# --- what is executed, and what is not ---------------------------------------------------------


def test_an_unchanged_rerun_is_the_same_file_and_names_no_machine(tiny, capfd):
    source = "import sys, warnings\nprint(__file__ if '__file__' in dir() else sys.executable)\nwarnings.warn('careful')\nobject()"
    tiny.notebook("01_one", f"import os\nprint(os.getcwd() + '/x')\n{source}", parameters=None)
    first = runs.run(project=tiny.project)
    copy = first.outcomes[0].path
    before = copy.read_bytes()
    again = runs.run(project=tiny.project, force=True)
    assert states(first) == states(again) == {"01_one": "executed"}
    assert copy.read_bytes() == before
    text = before.decode()
    assert "notebooks/x" in text and "object at 0x…" in text and "<cell>:5: UserWarning: careful" in text
    for trace in (str(tiny.project.root), str(Path.home()), "papermill", "ipykernel", "version", sys.version.split()[0]):
        assert trace not in text.replace("nbformat", ""), trace
    assert capfd.readouterr().err == "", "nobody is looking: no bar, and no word from a kernel"


def test_only_what_depends_on_an_edited_row_or_notebook_is_executed_again(tiny, monkeypatch):
    tiny.notebook("01_pue", USES_PUE)
    tiny.notebook("02_grid", USES_GRID)
    assert states(runs.run(project=tiny.project)) == {"01_pue": "executed", "02_grid": "executed"}

    with monkeypatch.context() as patch:
        patch.setattr(runs, "_pool", no_process)
        assert states(runs.run(project=tiny.project)) == {"01_pue": "kept", "02_grid": "kept"}

    tiny.rows(pue="1.1", grid_intensity="500")
    report = runs.run(project=tiny.project)
    assert states(report) == {"01_pue": "kept", "02_grid": "executed"}
    assert report.outcomes[1].reason == "changed: row default|grid_intensity|"
    assert outputs(report.outcomes[1].path) == "500\n"

    tiny.notebook("01_pue", USES_PUE + "\nprint('edited')")
    report = runs.run(project=tiny.project)
    assert states(report) == {"01_pue": "executed", "02_grid": "kept"}
    assert outputs(report.outcomes[0].path) == "1.1\nedited\n"
    with monkeypatch.context() as patch:
        patch.setattr(runs, "_pool", no_process)
        assert runs.run(project=tiny.project).exit_code == 0


def test_a_failing_notebook_leaves_its_partial_copy_and_the_others(tiny, capfd):
    tiny.notebook("01_good", SHOWS_CLAIM)
    bad = tiny.notebook("02_bad", "print('before')", "1 / 0", "print('after')")
    node = nbformat.read(bad, as_version=4)
    node.cells[-1].outputs = [nbformat.v4.new_output("stream", text="from an earlier life\n")]
    nbformat.write(node, bad)
    tiny.notebook("03_dead", "import os\nos._exit(1)")
    tiny.notebook("04_slow", "import time\ntime.sleep(60)")
    report = runs.run(project=tiny.project, jobs=2, timeout=3)
    assert report.exit_code == 1
    assert states(report) == {"01_good": "executed", "02_bad": "failed", "03_dead": "failed", "04_slow": "failed"}
    errors = {outcome.name: outcome.error for outcome in report.outcomes}
    assert errors["02_bad"] == "cell 4 (1 / 0): ZeroDivisionError: division by zero"
    assert errors["03_dead"] == "cell 3 (import os): DeadKernelError: Kernel died"
    assert re.match(r"cell 3 \(import time\): CellTimeoutError: A cell timed out .* 3 seconds", errors["04_slow"])
    partial = report.outcomes[1].path
    assert outputs(partial) == "before\n" and "ZeroDivisionError" in partial.read_text()
    assert [claim["id"] for claim in json.loads(report.results.read_text())] == ["carbon", "licence"]
    assert report.lines()[1].startswith("failed: 02_bad, cell 4 (1 / 0): ZeroDivisionError: division by zero (partial copy: ")
    assert capfd.readouterr().err == "", "the report says it, and nobody else"

    tiny.notebook("02_bad", "print('mended')")
    assert states(runs.run(["good", "bad"], project=tiny.project)) == {"01_good": "kept", "02_bad": "executed"}


def test_an_interrupted_run_keeps_what_was_finished(tiny, monkeypatch):
    def one_then_stop(waiting, jobs, progress, done):
        done[waiting[0]] = execution.execute(waiting[0])
        raise KeyboardInterrupt

    tiny.notebook("01_one", USES_PUE)
    tiny.notebook("02_two", USES_PUE)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(runs, "_execute_all", one_then_stop)
        runs.run(project=tiny.project)
    assert states(runs.run(project=tiny.project)) == {"01_one": "kept", "02_two": "executed"}


def test_a_process_that_is_ended_takes_no_other_notebook_with_it(tiny):
    tiny.notebook("01_bomb", "import os, signal\nos.kill(int(os.environ['JPY_PARENT_PID']), signal.SIGKILL)")
    tiny.notebook("02_beside", "print('done')")
    report = runs.run(project=tiny.project, jobs=2)
    assert states(report) == {"01_bomb": "failed", "02_beside": "executed"}
    assert report.outcomes[0].error == "its process was ended from outside (out of memory?)"


def test_values_arrive_as_the_text_that_was_typed(tiny):
    parameters = 'note: str = ""\ngrid_intensity: str = ""'
    tiny.notebook("01_echo", "print(repr([note, grid_intensity]))", parameters=parameters)
    note = """it's a "test" = 5 \\ {x} €\u202f%s"""
    report = runs.run(["echo"], overrides={"note": note, "grid_intensity": "1 056 gCO2e/kWh"}, project=tiny.project)
    assert outputs(report.outcomes[0].path) == f"{[note, '1 056 gCO2e/kWh']!r}\n"


def test_the_kernel_is_our_own_whatever_the_user_has_set_up(tiny, tmp_path, monkeypatch):
    spec = tmp_path / "theirs" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "theirs", "language": "python"}))
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("intruder = True")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "theirs"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    seen = "print(sys.executable == {!r}, 'intruder' in globals(), 'inline' in os.environ['MPLBACKEND'])"
    tiny.notebook("01_where", f"import os, sys\n{seen.format(sys.executable)}")
    assert outputs(runs.run(project=tiny.project).outcomes[0].path) == "True False True\n"


# --- refusals: before anything is written ------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"names": ["carbn"]}, "notebook 'carbn' does not exist: did you mean 'carbon'?"),
        ({"names": [""]}, "no notebook is named"),
        ({"overrides": {"grid_intensty": "5 gCO2e/kWh"}}, "'grid_intensty' is not a parameter of notebook 01_carbon: did you mean 'grid_intensity'?"),
        ({"overrides": {"grid_intensity": "56 L/kWh"}}, "grid_intensity '56 L/kWh' has the wrong dimension"),
        ({"overrides": {"grid_intensity": "9**9**9 gCO2e/kWh"}}, "9**9**9"),
        ({"overrides": {"grid_intensity": "-5 gCO2e/kWh"}}, "out of range"),
        ({"scenario": "frnce"}, "scenario 'frnce' does not exist: did you mean 'france'?"),
        ({"scenario": "france", "overrides": {"scenario": "france"}}, "the scenario is given twice"),
        ({"jobs": 0}, "jobs is 0"),
    ],
)
def test_a_refusal_names_the_nearest_and_writes_nothing(tiny, request_, message):
    tiny.notebook("01_carbon", "1")
    (tiny.project.data / "scenarios" / "france.toml").write_text('title = "a"\ntitle_fr = "b"\ndescription = "c"\n')
    with pytest.raises(RecountError, match=re.escape(message)):
        runs.run(**request_, project=tiny.project)
    assert not (tiny.project.root / "build").exists()


def test_copies_may_not_go_where_something_else_is_kept(tiny, tmp_path):
    path = tiny.notebook("01_one", "1")
    with pytest.raises(RecountError, match="holds the notebooks themselves"):
        runs.run(out=tiny.project.notebooks, project=tiny.project)
    with pytest.raises(RecountError, match="is a file: name a folder"):
        runs.run(out=path, project=tiny.project)


def test_broken_data_are_refused_before_a_kernel_starts(tiny):
    tiny.notebook("01_one", "1")
    tiny.rows(pue="0.9", grid_intensity="400")
    with pytest.raises(RecountError, match=r"pue '0.9 1' is out of range"):
        runs.run(project=tiny.project)
    assert not (tiny.project.root / "build").exists()


def test_an_override_goes_to_the_notebooks_that_have_it(tiny):
    tiny.notebook("01_with", "1")
    tiny.notebook("02_without", "1", parameters=None)
    planned = planning.plan(tiny.project, overrides={"grid_intensity": "5 gCO2e/kWh"})
    assert [job.parameters for job in planned] == [{"grid_intensity": "5 gCO2e/kWh"}, {}]
    assert planned[0].target.parent == tiny.project.runs / "grid_intensity=5-gCO2e-per-kWh"
    with pytest.raises(RecountError, match="not a parameter of notebook 02_without"):
        planning.plan(tiny.project, ["without"], overrides={"grid_intensity": "5 gCO2e/kWh"})


def test_the_default_scenario_and_empty_values_are_the_default_run(tiny):
    tiny.notebook("01_one", "1")
    default = planning.plan(tiny.project)
    assert planning.plan(tiny.project, [], "as-published", {"grid_intensity": ""}) == default
    assert planning.plan(tiny.project, overrides={"scenario": "as-published"}) == default
    assert default[0].target == tiny.project.runs / "default" / "01_one.ipynb"


@pytest.mark.parametrize("content", ["{", "[]", '{"cells": 5}', '{"cells": [{}], "metadata": {}, "nbformat": 4}', '{"nbformat": 3}', "\udcff"])
def test_a_malformed_notebook_is_refused(tiny, content):
    (tiny.project.notebooks / "01_broken.ipynb").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(RecountError, match=r"01_broken\.ipynb is not a readable notebook of format 4"):
        runs.run(project=tiny.project)


@pytest.mark.parametrize("name", ["02_training_energy", "training_energy", "notebooks/02_training_energy.ipynb", "training_energy.ipynb"])
def test_a_notebook_is_found_by_each_of_its_names(tiny, name):
    path = tiny.notebook("02_training_energy", "1")
    assert tiny.project.notebook(name) == path


@pytest.mark.parametrize(
    ("text", "message"),
    [("grid_intensity", "is not an assumption"), ("a='5", "quote that is not closed"), ("a=1 a=2", "given twice"), ("=5", "is not an assumption")],
)
def test_malformed_assignments_are_refused(text, message):
    with pytest.raises(RecountError, match=message):
        runs.assignments(text)


def test_a_runs_folder_cannot_leave_build():
    name = planning.folder_name({"note": "../../etc/passwd", "scenario": ".."})
    assert "/" not in name and not name.startswith(".")


# --- whether a copy still holds ----------------------------------------------------------------


@pytest.fixture
def kept(tiny):
    """A job whose executed copy and record are as an execution would have left them."""
    source = tiny.notebook("01_one", "1")
    job = execution.Job(source, freshness.notebook_hash(source), tiny.project.runs / "default" / source.name, {"grid_intensity": "5 gCO2e/kWh"}, {}, tiny.project.root, 60)
    write_whole(job.target, "executed")
    now = freshness.Surroundings.now(tiny.project)
    lines = {"row a": "1", "row b": "2"}
    record = freshness.record(job, execution.Execution(sorted(lines), 1.0), now, now, lines | {"row c": "3"})
    return job, record, now, lines


def test_what_is_unchanged_holds(kept):
    job, record, now, lines = kept
    assert freshness.why_stale(job, record, now, {}) == ""
    assert freshness.why_stale(job, record, dataclasses.replace(now, data="moved"), lines | {"row c": "other"}) == ""


@pytest.mark.parametrize(
    ("present", "reason"),
    [({"row a": "1", "row b": "9"}, "changed: row b"), ({"row b": "2"}, "changed: row a"), ({"row a": "", "row b": "2"}, "changed: row a")],
)
def test_a_changed_or_vanished_line_of_data_counts(kept, present, reason):
    job, record, now, _ = kept
    assert freshness.why_stale(job, record, dataclasses.replace(now, data="moved"), present) == reason


@pytest.mark.parametrize(("field", "reason"), [("code", "the code was edited"), ("packages", "other packages")])
def test_code_and_packages_count(kept, field, reason):
    job, record, now, lines = kept
    assert freshness.why_stale(job, record, dataclasses.replace(now, **{field: "other"}), lines) == reason


def test_parameters_notebook_copy_and_record_count(kept):
    job, record, now, _ = kept
    assert freshness.why_stale(dataclasses.replace(job, parameters={}), record, now, {}) == "other parameters"
    assert freshness.why_stale(dataclasses.replace(job, written="other"), record, now, {}) == "the notebook was edited"
    assert freshness.why_stale(job, None, now, {}) == "not executed yet"
    write_whole(job.target, "edited by hand")
    assert freshness.why_stale(job, record, now, {}) == "its executed copy is gone or was edited"


def test_surroundings_see_data_and_lock(tiny):
    before = freshness.Surroundings.now(tiny.project)
    tiny.rows(pue="1.2", grid_intensity="400")
    moved = freshness.Surroundings.now(tiny.project)
    assert (moved.data != before.data, moved.code == before.code, moved.packages == before.packages) == (True, True, True)
    tiny.project.lock.write_text("numpy==2")
    assert freshness.Surroundings.now(tiny.project).packages != before.packages


def test_nothing_is_recorded_of_a_failure_or_of_data_in_motion(kept):
    job, record, now, lines = kept
    done = execution.Execution([], 1.0)
    assert freshness.record(job, done, now, now, lines) is not None
    assert freshness.record(job, dataclasses.replace(done, error="cell 1"), now, now, lines) is None
    assert freshness.record(job, done, now, dataclasses.replace(now, data="moved"), lines) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"copy": "1"}'])
def test_a_damaged_record_is_as_good_as_none(kept, tiny, content):
    job, record, *_ = kept
    freshness.write_record(tiny.project, job.target, record)
    assert freshness.read_record(tiny.project, job.target) == record
    next(tiny.project.cache.iterdir()).write_text(content)
    assert freshness.read_record(tiny.project, job.target) is None


def test_a_notebooks_hash_is_of_what_was_written(tiny):
    path = tiny.notebook("01_one", "1")
    before = freshness.notebook_hash(path)
    node = nbformat.read(path, as_version=4)
    node.cells[2].update(execution_count=3, outputs=[nbformat.v4.new_output("stream", text="1")])
    node.cells[2].metadata.update(execution={"iopub.status.busy": "now"}, tags=[])
    node.metadata["language_info"] = {"name": "python", "version": "3.99"}
    nbformat.write(node, path)
    assert freshness.notebook_hash(path) == before
    node.cells[2].metadata["tags"] = ["volatile"]
    nbformat.write(node, path)
    tagged = freshness.notebook_hash(path)
    node.cells[2].source = "2"
    nbformat.write(node, path)
    assert len({before, tagged, freshness.notebook_hash(path)}) == 3


def test_a_cell_that_takes_too_long_leaves_no_task_behind(tiny):
    source = tiny.notebook("01_slow", "import time\ntime.sleep(60)")
    job = execution.Job(source, "", tiny.project.root / "copy.ipynb", {}, {}, tiny.project.root, 1)
    assert "CellTimeoutError" in execution.execute(job).error
    assert asyncio.all_tasks(ensure_event_loop()) == set()


# --- in place ----------------------------------------------------------------------------------


def test_refresh_keeps_no_volatile_output_and_the_second_changes_nothing(tiny):
    good = tiny.notebook("01_good", "print('same')", "import time\nprint(time.time())", tags={1: "volatile"})
    bad = tiny.notebook("02_bad", "1 / 0")
    unrun = bad.read_bytes()
    report, changed = runs.refresh(project=tiny.project)
    assert (report.exit_code, changed, bad.read_bytes()) == (1, [good], unrun)
    cells = nbformat.read(good, as_version=4).cells
    assert [cell.get("execution_count") for cell in cells] == [None, 1, 2, 3]
    assert (outputs(good), cells[3].outputs) == ("same\n", [])
    assert re.search(r"same\n[\d.]+\n", outputs(report.outcomes[0].path)), "the run's own copy keeps the measurement"
    before = good.read_bytes()
    assert runs.refresh(["good"], project=tiny.project)[1] == []
    assert good.read_bytes() == before


def test_refresh_leaves_the_folders_of_runs_alone(tiny):
    tiny.notebook("01_one", "print('same')")
    done = runs.run(project=tiny.project)
    for name in ("run.json", "index.html"):
        (done.out / name).write_text("of a finished run")
    before = {path.name: path.read_bytes() for path in done.out.iterdir()}
    assert runs.refresh(project=tiny.project)[0].exit_code == 0
    assert {path.name: path.read_bytes() for path in done.out.iterdir()} == before and "run.json" in before


def test_refresh_does_not_overwrite_an_edit_made_meanwhile(tiny, monkeypatch):
    path = tiny.notebook("01_one", "1")

    def edit_while_running(project, planned, *_, **__):
        tiny.notebook("01_one", "2")
        return [runs.Outcome("01_one", planned[0].target, "executed")]

    monkeypatch.setattr(runs, "_perform", edit_while_running)
    report, changed = runs.refresh(project=tiny.project)
    assert (report.exit_code, changed) == (1, [])
    assert nbformat.read(path, as_version=4).cells[-1].source == "2"


def test_a_notebook_without_cell_names_gets_the_same_ones_each_time(tiny):
    path = tiny.notebook("01_old", "1")
    raw = json.loads(path.read_text())
    raw["nbformat_minor"] = 4
    for cell in raw["cells"]:
        del cell["id"]
    path.write_text(json.dumps(raw))
    before = freshness.notebook_hash(path)
    execution.write(path, execution.read(path))
    assert [cell["id"] for cell in json.loads(path.read_text())["cells"]] == ["cell-0", "cell-1", "cell-2"]
    assert freshness.notebook_hash(path) == before


def test_what_is_stripped_of_an_executed_notebook(tmp_path):
    cell = nbformat.v4.new_code_cell("x", id="mine", metadata={"tags": ["keep"], "papermill": {"duration": 1}, "execution": {"busy": "now"}})
    cell.outputs = [
        nbformat.v4.new_output("stream", text=f"{tmp_path}/data/a.csv {Path.home()}/b {tempfile.gettempdir()}/ipykernel_12/34.py:1"),
        nbformat.v4.new_output("display_data", {"text/html": "<a at 0x7f00aa11bb22>", "image/png": f"{tmp_path}/"}),
    ]
    injected = nbformat.v4.new_code_cell("y", metadata={"tags": ["injected-parameters"]})
    node = nbformat.v4.new_notebook(cells=[cell, injected], metadata={"papermill": {}, "language_info": {"name": "python", "version": "3.11.7"}})
    execution.tidy(node, tmp_path)
    assert cell.metadata == {"tags": ["keep"]}
    assert cell.outputs[0].text == "data/a.csv ~/b <cell>:1"
    assert cell.outputs[1].data == {"text/html": "<a at 0x…>", "image/png": f"{tmp_path}/"}, "pictures are not text"
    assert (cell.id, injected.id) == ("mine", "injected-parameters")
    assert set(node.metadata) == {"kernelspec", "language_info"} and "version" not in node.metadata.language_info


def test_a_large_embedded_picture_is_no_burden(tmp_path):
    picture = nbformat.v4.new_output("display_data", {"text/html": "A" * 5_000_000})
    started = time.perf_counter()
    execution.tidy(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[picture])]), tmp_path)
    assert time.perf_counter() - started < 5, "some pattern looks at every character many times"


# --- results -----------------------------------------------------------------------------------


def test_a_rerun_tells_what_moved_against_the_default(tiny):
    tiny.notebook("01_carbon", SHOWS_CLAIM)
    report, differences = runs.rerun("carbon", runs.assignments("grid_intensity='56 gCO2e/kWh'"), project=tiny.project)
    assert (report.exit_code, report.out.name) == (0, "grid_intensity=56-gCO2e-per-kWh")
    assert (tiny.project.runs / "default" / "results.json").is_file()
    assert results.difference_lines(differences) == [
        "claim   printed    default    this run     would-be verdict",
        "carbon  0.4 tCO2e  0.4 tCO2e  0.056 tCO2e  not reproduced (is: reproduced)",
        "1 more claim shown does not depend on that.",
    ]
    with pytest.raises(RecountError, match="nothing to change is named"):
        runs.rerun("carbon", {"scenario": "as-published"}, project=tiny.project)


def test_results_are_of_all_current_copies_and_of_no_notebook_that_is_no_more(tiny):
    claim = 'from IPython.display import display\ndisplay({"application/vnd.recount.claim+json": {"id": NAME}}, raw=True)'
    for name in ("01_a", "02_b", "03_c"):
        tiny.notebook(name, claim.replace("NAME", repr(name)))
    report = runs.run(project=tiny.project)
    (tiny.project.notebooks / "03_c.ipynb").unlink()
    freshness.write_record(tiny.project, report.outcomes[0].path, None)
    assert [c["id"] for c in json.loads(runs.run(["b"], project=tiny.project).results.read_text())] == ["02_b"], "01_a is in doubt"
    runs.run(["a"], project=tiny.project)
    report = runs.run(["b"], project=tiny.project)
    assert [claim["id"] for claim in json.loads(report.results.read_text())] == ["01_a", "02_b"]
    assert sorted(path.name for path in report.out.glob("*.ipynb")) == ["01_a.ipynb", "02_b.ipynb"]


def test_results_leave_out_what_another_run_left_in_the_same_folder(tiny, tmp_path):
    tiny.notebook("01_a", "1")
    tiny.notebook("02_b", "1")
    now = freshness.Surroundings.now(tiny.project)

    def executed(name: str, **overrides: str) -> runs.RunReport:
        (job,) = planning.plan(tiny.project, [name], overrides=overrides, out=tmp_path / "out")
        claim = {"data": {results.CLAIM_MIME: {"id": name}}}
        write_whole(job.target, json.dumps({"cells": [{"outputs": [claim]}]}))
        freshness.write_record(tiny.project, job.target, freshness.record(job, execution.Execution([], 1.0), now, now, {}))
        return runs._report(tiny.project, [job], [runs.Outcome(name, job.target, "executed")])

    def shown(report: runs.RunReport) -> list[str]:
        return [claim["id"] for claim in json.loads(report.results.read_text())]

    assert shown(executed("a")) == ["a"]
    assert shown(executed("b")) == ["a", "b"]
    assert shown(executed("b", grid_intensity="5 gCO2e/kWh")) == ["b"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "file.json"
    assert write_whole(path, "one") and not write_whole(path, "one")
    monkeypatch.setattr("recount.project.os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, "two")
    assert path.read_text() == "one" and list(path.parent.iterdir()) == [path]


def test_here_is_this_checkout():
    assert (Project.here().root / "pyproject.toml").is_file()

"""Sweeps: every point is what ``recount claims -p`` says, and no killed process costs a finished one."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from matplotlib.collections import PolyCollection

from recount import claims, cli, figure_sweep, sweep, sweep_axes, sweep_notebook, sweeps
from recount.errors import RecountError
from recount.figure_style import Words
from recount.recompute import World
from recount.sweep_run import Workers

ALONE = Workers(number=1)
OVER = ["grid_intensity=20:800:14", "pue=1.1,1.3,1.6", "energy_per_parameter_token=1:100:5:log pJ/parameter/token"]
# Long enough to be killed in the middle: each chunk of 64 verdicts takes a good part of a second.
LONG = ["--over", "grid_intensity=20:800:256", "--claims", "gpt-3-carbon", "--verdicts", "--samples", "1000", "--no-figures"]


def model(*over: str, **rest) -> sweep.Sweep:
    return sweep.Sweep(sweep_axes.read(over), **rest)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def wait_for(what, seconds: float = 60):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "nothing came within the time"
        time.sleep(0.05)
    return found


# --- what an axis is ---------------------------------------------------------------------------


def test_a_range_counts_its_values_and_has_both_ends():
    (axis,) = sweep_axes.read(["grid_intensity=20:800:40"])
    assert (len(axis), axis.values[0], axis.values[1], axis.values[-1]) == (40, 20, 40, 800)


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("grid_intensity=0.02:0.8:3 kgCO2e/kWh", [20, 410, 800]),
        ("grid_intensity=56 gCO2e/kWh, 0.4 kgCO2e/kWh", [56, 400]),
        ("grid_intensity=1:100:3:log gCO2e/kWh", [1, 10, 100]),
        ("pue=1,1;1,3", [1.1, 1.3]),
        ("training.pue=1.1", [1.1]),
        ("active_parameters=7,70 billion", [7e9, 70e9]),
    ],
)
def test_values_are_read_in_the_unit_they_are_typed_in(typed, values):
    (axis,) = sweep_axes.read([typed])
    assert axis.values == pytest.approx(values, rel=1e-12)
    again = [float(axis.spec.read(axis.text(k)).to(axis.unit).magnitude) for k in range(len(axis))]
    assert again == pytest.approx(axis.values, rel=1e-12), "a value typed after -p is the same value"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--over", "grid_intensty=20:800:40"], "did you mean 'grid_intensity'?"),
        (["--over", "trainning.pue=1.1,1.2"], "did you mean 'training'?"),
        (["--over", "pue=0.9:1.6:5"], "the nearest valid value is 1."),
        (["--over", "pue=1.1:0.6:5"], "the nearest valid value is 1."),
        (["--over", "pue=1.1,0.6"], "the nearest valid value is 1."),
        (["--over", "grid_intensity=20:800"], "write START:STOP:COUNT"),
        (["--over", "grid_intensity=20:800:1"], "a whole number from 2 to 10000000"),
        (["--over", "grid_intensity=20:20:4"], "for one value write it alone, as in grid_intensity=20"),
        (["--over", "grid_intensity=0:20:4:log"], "both ends must be above 0"),
        (["--over", "grid_intensity=1:20:4:lin"], "'log' or nothing, not 'lin'"),
        (["--over", "grid_intensity=20 gCO2e/kWh:800:40"], "write the unit once, after the count"),
        (["--over", "grid_intensity=20:800:40 MWh"], "its unit must be one like gCO2e/kWh"),
        (["--over", "pue=1.1,,1.3"], "has an empty value"),
        (["--over", "pue="], "is not an axis"),
        (["--over", "pue=1.1,1.2,1.10"], "holds 1.1 twice"),
        (["--over", "pue=1.1,1.2", "--over", "pue=1.3,1.4"], "'pue' is swept twice"),
        (["--over", "pue=1.1,1.2", "--over", "training.pue=1.3,1.4"], "'pue' is swept twice"),
        (["--over", "pue=1.1,1.2", "-p", "pue=1.3"], "choose one of the two"),
        (["--over", "grid_intensity=1:800:100000", "--over", "pue=1:2:100000"], "10,000,000,000 points, but a sweep takes at most 100,000,000"),
        (["--over", "grid_intensity=1:800:30000", "--verdicts"], "--verdicts takes at most 20,000"),
        (["--over", "pue=1.1,1.2", "--claims", "gpt-3-enrgy"], "did you mean 'gpt-3-energy'?"),
        (["--over", "grid_intensity=20:800:4", "--claims", "gpt-3-energy"], "no figure of gpt-3-energy depends on grid_intensity"),
        (["--over", "pue=1.1,1.2", "--scenario", "frnch-grid"], "did you mean 'french-grid'?"),
        (["--over", "scenario=french-grid,polish-grid"], "choose one with --scenario"),
        (["--over", "pue=1.1,1.2", "--scheduler", "localhost"], "must look like tcp://HOST:PORT"),
        (["--over", "pue=1.1,1.2", "--workers", "0"], "a whole number of at least 1"),
        (["--over", "pue=1.1,1.2", "--samples", "1000"], "are for --verdicts"),
        (["--over", "pue=1.1,1.2", "--notebook", "training_carbn"], "did you mean 'training_carbon'?"),
        (["--over", "passengers=1,2", "--notebook", "training_carbon"], "is not a parameter of notebook"),
        (["--over", "grid_intensity=1:800:20000", "--notebook", "training_carbon"], "a sweep of a notebook takes at most 10,000"),
        (["--resume"], "holds no sweep to go on with"),
        ([], "nothing to sweep over is named"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence_and_nothing_is_written(tmp_path, capsys, arguments, told):
    assert cli.main(["sweep", *arguments, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1, error
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_unfit_folder_is_refused(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("kept")
    for out, told in ((tmp_path, "is not empty"), (tmp_path / "mine.txt", "is a file")):
        assert cli.main(["sweep", "--over", "pue=1.1,1.2", "--claims", "gpt-3-energy", "--out", str(out)]) == 2
        assert told in capsys.readouterr().err
    assert contents(tmp_path) == {"mine.txt": b"kept"}


# --- what a point is ---------------------------------------------------------------------------


@pytest.mark.parametrize("rest", [{}, {"scenario": "french-grid", "overrides": (("utilisation", "0.4"),)}])
def test_every_figure_is_the_one_that_claims_would_give(rest):
    asked = model(*OVER, **rest)
    table = pq.read_table(io.BytesIO(sweep.chunk(asked, 0, asked.points)))
    reached, others = sweep.planned(asked)
    assert len(reached) > 15 and len(reached) + len(others) == len(claims.register.load())
    for point in (0, 101, asked.points - 1):
        world = asked.world(sweep_axes.texts(asked.axes, point))
        for one in reached:
            alone = claims.recompute_claim(one.id, world, 1000)
            assert table[one.id][point].as_py() == pytest.approx(alone.taken.value, rel=1e-12), one.id
            if alone.ratio is not None:
                assert table[f"{one.id}.ratio"][point].as_py() == pytest.approx(alone.ratio, rel=1e-6)


def test_claims_that_no_axis_reaches_are_told_once_and_do_not_move():
    asked = model("grid_intensity=20:800:3")
    reached, others = sweep.planned(asked)
    assert "gpt-3-energy" in {one.claim.id for one in others} and "gpt-3-carbon" in {one.id for one in reached}
    for one in others:
        figures = {r.taken and r.taken.value for k in (0, 2) for r in [claims.recompute_claim(one.claim.id, asked.world(sweep_axes.texts(asked.axes, k)), 1000)]}
        assert len(figures) == 1 and figures.pop() == pytest.approx(one.figure), one.claim.id


def test_accepted_is_the_printed_range_and_its_side():
    by_id = claims.register.load()
    assert sweep.accepts(by_id["gpt-3-energy"], np.array([1286.4, 1286.5, 1287.5, 1287.6])).tolist() == [False, True, True, False]
    assert sweep.accepts(by_id["strubell-four-times"], np.array([4.0, 4.1])).tolist() == [False, True]  # more than 4


def test_an_axis_for_one_activity_leaves_the_others_alone():
    both, one = (sweep.planned(model(f"{key}=1.1,1.6"))[0] for key in ("pue", "training.pue"))
    assert {r.id for r in one} < {r.id for r in both}
    assert "large-2-answer-carbon" in {r.id for r in both} - {r.id for r in one}


def test_two_activities_have_an_axis_each():
    asked = model("training.pue=1.1,1.2", "answer.pue=1.5,1.6")
    point = sweep_axes.columns(asked.axes, 1, 2)
    both = [one for one in sweep.planned(asked)[0] if len({o.operand.activity for o in one.plans[0].operands}) > 1]
    assert both
    for one in both:
        alone = claims.recompute_claim(one.id, asked.world({"training.pue": "1.1", "answer.pue": "1.6"}), 1000)
        assert sweep.figures(one, asked.axes, point)[0] == pytest.approx(alone.taken.value, rel=1e-12), one.id


def test_chunks_do_not_depend_on_where_they_are_cut():
    asked = model(*OVER, claims=("gpt-3-carbon", "large-2-answer-water"))
    whole = pq.read_table(io.BytesIO(sweep.chunk(asked, 0, asked.points)))
    part = pq.read_table(io.BytesIO(sweep.chunk(asked, 50, 61)))
    assert whole.slice(50, 11).equals(part)


def test_points_that_contradict_themselves_are_listed_and_the_rest_is_kept(tmp_path):
    asked = model("active_parameters=100:300:3 billion parameters", overrides=(("total_parameters", "250 billion parameters"),), claims=("moe-activates-part",))
    report = sweeps.run(asked, tmp_path / "out", ALONE, figures=False)
    assert report.exit_code == 1
    assert report.failed == ["moe-activates-part at 1 point, the first 2: active_parameters exceed total_parameters: at most all parameters are active."]
    column = pq.read_table(tmp_path / "out" / "points")["moe-activates-part"].to_pylist()
    assert column[2] is None and None not in column[:2]


def test_verdicts_are_those_of_claims(tmp_path):
    asked = model("grid_intensity=20:800:3", claims=("gpt-3-carbon", "across-gpt-3-grid"), verdicts=True, samples=1000)
    table = pq.read_table(io.BytesIO(sweep.chunk(asked, 0, 3)))
    for one in asked.claims:
        alone = [claims.recompute_claim(one, World.of(None, {"grid_intensity": f"{g} gCO2e/kWh"}), 1000).here for g in (20, 410, 800)]
        assert table[f"{one}.verdict"].to_pylist() == alone


def test_the_summary_and_the_figure_tell_the_span(tmp_path):
    report = sweeps.run(model("grid_intensity=20:800:40", "pue=1.1,1.3", claims=("gpt-3-carbon",)), tmp_path / "out", ALONE)
    table = pq.read_table(tmp_path / "out" / "points").to_pandas()
    (told,) = json.loads((tmp_path / "out" / "summary.json").read_text())["claims"]
    assert (told["low"], told["high"]) == (table["gpt-3-carbon"].min(), table["gpt-3-carbon"].max())
    assert told["accepted"] == table["gpt-3-carbon"].between(545, 555).sum() == 1
    text = (tmp_path / "out" / "figures" / "gpt-3-carbon.txt").read_text()
    # 1,287 MWh ÷ 1.10 at the meter of a PUE of 1.1, times 20 and 800 g/kWh
    assert "over grid carbon intensity (g) and PUE" in text and "at 20 gCO2e/kWh, 1.1: 25.7 tCO2e" in text and "at 800 gCO2e/kWh, 1.3: 1,220 tCO2e" in text
    assert (tmp_path / "out" / "figures" / "gpt-3-carbon.png").read_bytes().startswith(b"\x89PNG")
    assert report.exit_code == 0 and "80 points of 1 claim" in report.lines()[0]


def test_a_part_that_cannot_be_read_is_computed_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(sweep.Sweep, "rows", 16)
    asked, out = model("grid_intensity=20:800:40", claims=("gpt-3-carbon",)), tmp_path / "out"
    sweeps.run(asked, out, ALONE, figures=False)
    whole, part = contents(out), out / "points" / "part-000001.parquet"
    for left in (part.read_bytes()[:-40], b"", (out / "points" / "part-000000.parquet").read_bytes()):
        part.write_bytes(left)
        assert sweeps.run(asked, out, ALONE, resume=True, figures=False).exit_code == 0
        assert contents(out) == whole


def test_a_sweep_that_is_stopped_says_how_it_goes_on(tmp_path, capsys, monkeypatch):
    out, over = tmp_path / "my sweep", ["sweep", "--over", "grid_intensity=20,800", "--claims", "gpt-3-carbon", "--no-figures", "--workers", "1", "--out"]
    for stop, code, told in (
        (KeyboardInterrupt(), 130, "recount: stopped; what was finished is kept; to go on: "),
        (OSError(errno.EFBIG, "File too large", "p"), 2, "recount: p was not written, since files may not grow larger here: make room; what was finished is kept; to go on: "),
        (OSError(errno.ENOSPC, "No space left on device", "p"), 2, "recount: p was not written, since the disk is full: make room; what was finished is kept; to go on: "),
    ):
        for place, begun in ((f"{code}{stop!r:.3}", True), ("none", False)):
            where = out / place / str(getattr(stop, "errno", ""))
            monkeypatch.setattr(sweeps.Folder, "summary" if begun else "check", lambda *_, s=stop: (_ for _ in ()).throw(s))
            assert cli.main([*over, str(where)]) == code
            err = capsys.readouterr().err
            assert (err == f"{told}recount sweep --resume --out '{where}'\n") is begun and err.count("\n") == 1, err
            monkeypatch.undo()
            stop.__dict__.clear()


def test_the_fan_holds_the_interval_that_claims_gives():
    asked = model("grid_intensity=400,800", claims=("mistral-7b-carbon",))
    (one,) = sweep.planned(asked)[0]
    (low, _), (high, _) = sweep.fan(one, asked.axes, sweep_axes.columns(asked.axes, 0, 2))
    alone = claims.recompute_claim(one.id, World.of(None, {"grid_intensity": "400.0000 gCO2e/kWh"}), 100_000)
    assert (low, high) == pytest.approx(alone.taken.interval, rel=0.01)  # 8,192 samples against 100,000


@pytest.mark.parametrize("over", [["pue=1.1,1.3"], OVER[:2], OVER, [*OVER, "utilisation=0.2,0.4"]])
def test_figures_of_any_number_of_axes_have_a_text_in_both_languages(over):
    asked = model(*over, claims=("gpt-3-carbon",))
    (one,) = sweep.planned(asked)[0]
    from recount.figure_sweep import response

    values = [np.sort(axis.values) for axis in one.axes]
    grid = dict(zip((a.key for a in one.axes), (g.ravel() for g in np.meshgrid(*values, indexing="ij")), strict=True))
    flat = {axis.key: grid.get(axis.key, np.full(len(next(iter(grid.values()))), axis.values[0])) for axis in asked.axes}
    figures = sweep.figures(one, asked.axes, flat)[0].reshape([len(v) for v in values])
    for language, printed in (("en", "against 550 tCO2e printed"), ("fr", "face à 550\u202ftCO2e imprimé")):
        assert printed in str(response(one.claim, one.axes, values, figures, language=language))


@pytest.mark.parametrize(("identifier", "banded"), [("gpt-3-carbon", False), ("mistral-7b-carbon", True)])
def test_a_band_is_promised_where_one_can_be_seen(identifier, banded):
    """GPT-3's other inputs are declared figures, within their rounding; the training of Mistral 7B rests on an estimate."""
    asked = model("grid_intensity=20:800:5", claims=(identifier,))
    (one,) = sweep.planned(asked)[0]
    points = {"grid_intensity": asked.axes[0].values}
    figures = sweep.figures(one, asked.axes, points)[0]
    drawn = figure_sweep._line(one.claim, asked.axes[0], asked.axes[0].values, figures, sweep.fan(one, asked.axes, points), asked.axes[0].values, Words("en"))
    assert any("90 %" in text.get_text() for text in drawn.legends[0].get_texts()) is banded
    assert bool([c for c in drawn.axes[0].collections if isinstance(c, PolyCollection)]) is banded


def test_a_figure_says_what_is_claimed_and_under_which_scenario(monkeypatch):
    claim = claims.register.claim("gpt-3-carbon")
    assert figure_sweep._title(claim, "as-published", Words("en")) == "Training GPT-3 emitted 550 tCO2e."
    assert figure_sweep._title(claim, "french-grid", Words("en")) == "French grid: Training GPT-3 emitted 550 tCO2e."


def test_colours_end_where_contours_do():
    axes, column = sweep_axes.read(OVER[:2]), [np.array([20.0, 400.0, 800.0]), np.array([1.1, 1.3, 1.6])]
    drawn = figure_sweep._surfaces(claims.register.claim("gpt-3-carbon"), axes, column, np.outer(*column), Words("en"))
    assert (drawn.axes[0].get_xlim(), drawn.axes[0].get_ylim()) == ((20, 800), (1.1, 1.6))


def test_what_stays_as_it_is_is_counted_and_not_drawn(tmp_path):
    report = sweeps.run(model("grid_intensity=20,800", claims=("large-2-water", "gpt-3-carbon")), tmp_path / "out", ALONE, figures=False)
    told = dict(report.summary)
    told["claims"] = [told["claims"][0] | {"id": "large-2-water", "printed": "281000 m3", "unit": "m3", "low": 5.0, "high": 6.0}, told["claims"][0] | {"low": 5.0, "high": 5.0 + 1e-15}]
    lines = sweeps.Report(tmp_path, 2, told).lines()
    assert "281,000 m³  5 to 6 m³" in "\n".join(lines) and lines[-1].startswith("2 more claims do not depend on that")
    (one,) = sweep.planned(asked := model("grid_intensity=20,800", claims=("gpt-3-carbon",)))[0]
    assert sweeps._moves(asked, one)
    still = model("grid_intensity=20", claims=("gpt-3-carbon",))
    assert not sweeps._moves(still, sweep.planned(still)[0][0])


# --- who computes it ---------------------------------------------------------------------------


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from recount.cli import main\nif __name__ == '__main__': raise SystemExit(main())", "sweep", *arguments]


@contextlib.contextmanager
def started(*commands: list[str]):
    """Processes that end with the test, whatever it does."""
    running = [subprocess.Popen(c, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) for c in commands]
    try:
        yield running
    finally:
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> dict[str, bytes]:
    """The long sweep in one process, never broken off."""
    out = tmp_path_factory.mktemp("unbroken") / "out"
    assert cli.main(["sweep", *LONG, "--out", str(out), "--workers", "1"]) == 0
    return contents(out)


@pytest.fixture(scope="module")
def scheduler():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    with started([*dask, "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-jupyter"]):
        def answers() -> bool:
            with socket.socket() as line:
                return line.connect_ex(("127.0.0.1", port)) == 0
        wait_for(answers)
        yield f"tcp://127.0.0.1:{port}"


def worker(address: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)]


def parts(out: Path, number: int) -> bool:
    return len(list((out / "points").glob("part-*.parquet"))) >= number


def test_a_killed_worker_of_a_real_cluster_costs_only_its_points(tmp_path, scheduler, unbroken):
    out = tmp_path / "out"
    with started(worker(scheduler, tmp_path / "a"), worker(scheduler, tmp_path / "b")) as (first, _), started(command(*LONG, "--out", str(out), "--scheduler", scheduler)) as (driver,):
        wait_for(lambda: parts(out, 1))
        first.kill()
        _, error = driver.communicate(timeout=90)
        assert driver.returncode == 0, error
    assert contents(out) == unbroken


def test_a_killed_driver_loses_nothing_finished_and_resume_ends_in_the_same_bytes(tmp_path, unbroken, capsys):
    out = tmp_path / "out"
    with started(command(*LONG, "--out", str(out), "--workers", "2")) as (driver,):
        wait_for(lambda: parts(out, 1))
        driver.kill()
        driver.wait()
    before = {path: path.stat().st_mtime_ns for path in (out / "points").glob("part-*")}
    assert not (out / "summary.json").exists()
    (out / "points" / ".part-000005.parquet.abcd").write_bytes(b"half")
    assert cli.main(["sweep", *LONG, "--seed", "1", "--resume", "--out", str(out)]) == 2
    assert "holds another sweep (it differs in seed)" in capsys.readouterr().err
    assert cli.main(["sweep", *LONG, "--out", str(out)]) == 2
    assert "go on with it by --resume" in capsys.readouterr().err
    assert cli.main(["sweep", "--resume", "--out", str(out), "--workers", "1"]) == 0
    assert contents(out) == unbroken
    assert {path: path.stat().st_mtime_ns for path in before} == before, "what was finished was not computed again"


def test_a_folder_is_one_sweeps_at_a_time_and_one_makes(tmp_path, unbroken, capsys):
    out = tmp_path / "out"
    for name, content in unbroken.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    with sweeps.Folder(out).held():
        assert cli.main(["sweep", "--resume", "--out", str(out)]) == 2
    assert "another sweep is writing into" in capsys.readouterr().err
    manifest = json.loads((out / "sweep.json").read_text())
    (out / "sweep.json").write_text(json.dumps(manifest | {"stamp": manifest["stamp"] | {"data": "other"}}))
    assert cli.main(["sweep", "--resume", "--out", str(out)]) == 2
    assert "was begun with other data" in capsys.readouterr().err


def test_where_no_scheduler_answers_one_sentence_says_so(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        assert cli.main(["sweep", "--over", "pue=1.1,1.2", "--claims", "gpt-3-energy", "--out", str(tmp_path / "out"), "--scheduler", address]) == 2
    assert f"no scheduler answers at {address}: start one with 'dask scheduler'" in capsys.readouterr().err


def test_a_scheduler_without_workers_is_said_to_have_none(scheduler, capsys):
    with pytest.raises(RecountError, match="has no workers: start one with 'dask worker"):
        Workers(scheduler, patience=0.5).perform([sweep_task()], print, print, 1)
    assert capsys.readouterr().err == f"recount: the scheduler at {scheduler} has no workers yet; waiting for one, at most 0.5 seconds.\n"


def test_a_worker_with_other_data_is_refused(tmp_path, scheduler):
    other = {"RECOUNT_DATA": str(tmp_path / "data")}
    (tmp_path / "data").mkdir()
    process = subprocess.Popen(worker(scheduler, tmp_path / "a"), env=os.environ | other, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        with pytest.raises(RecountError, match="a worker has other data than this machine"):
            Workers(scheduler).perform([sweep_task()], print, print, 1)
    finally:
        process.kill()
        process.wait()


def sweep_task():
    from recount.sweep_run import Task

    return Task(0, 1, sweep.chunk, (model("pue=1.1,1.2", claims=("gpt-3-energy",)), 0, 1))


# --- notebooks ---------------------------------------------------------------------------------

FAILS_AT_400 = 'g = float(grid_intensity.split()[0])\nprint(1 / (g - 400))'


def test_a_notebook_point_that_fails_is_listed_with_its_cell_and_the_rest_is_kept(tiny, tmp_path):
    tiny.notebook("share", "import os", FAILS_AT_400)
    out = tmp_path / "out"
    asked = sweep_notebook.NotebookSweep(sweep_axes.read(["grid_intensity=50,400"]), "share", "as-published", (), 60)
    report = sweep_notebook.run(asked, out, Workers(number=2), project=tiny.project)
    assert report.exit_code == 1
    assert report.failed == ["point 1 (grid_intensity='400 gCO2e/kWh'), cell 4 (g = float(grid_intensity.split()[0])): ZeroDivisionError: float division by zero"]
    assert sorted(path.name for path in out.rglob("*.ipynb")) == ["point-000000.ipynb", "point-000001.ipynb"]
    assert (out / "failed" / "point-000001.ipynb").is_file()
    before, kept = contents(out), {path: path.stat().st_mtime_ns for path in (out / "runs").iterdir()}
    again = sweep_notebook.run(asked, out, ALONE, resume=True, project=tiny.project)
    assert again.exit_code == 1 and contents(out) == before
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "only the failed point was run again"


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")
def test_workers_fork_their_kernels_and_what_dask_sets_does_not_stay(tiny, tmp_path):
    whose = "print('warm' if 'recount.warm' in open(f'/proc/{os.getpid()}/cmdline').read() else 'stock', os.environ.get('OMP_NUM_THREADS'))"
    tiny.notebook("share", "import os", whose)
    asked = sweep_notebook.NotebookSweep(sweep_axes.read(["grid_intensity=50,400"]), "share", "as-published", (), 60)
    before = dict(os.environ)
    sweep_notebook.run(asked, tmp_path / "out", Workers(number=2), project=tiny.project)
    assert dict(os.environ) == before
    for path in (tmp_path / "out" / "runs").glob("*.ipynb"):
        assert f"warm {before.get('OMP_NUM_THREADS')}" in path.read_text()


def test_a_notebook_sweep_collects_what_the_notebook_shows(tiny, tmp_path):
    shows = 'claim = {"id": "c", "printed": "5", "unit": "1", "recomputed": float(pue) * 2, "ratio": 0.4, "low": 1.0, "high": 3.0, "verdict": "plausible"}'
    tiny.notebook("share", shows, 'from IPython.display import display\ndisplay({"application/vnd.recount.claim+json": claim, "text/plain": "c"}, raw=True)', parameters='pue: str = "1"')
    asked = sweep_notebook.NotebookSweep(sweep_axes.read(["pue=1.1,1.5"]), "share", "as-published", (), 60)
    report = sweep_notebook.run(asked, tmp_path / "out", ALONE, figures=False, project=tiny.project)
    table = pq.read_table(tmp_path / "out" / "points")
    assert table["pue"].to_pylist() == [1.1, 1.5] and table["c"].to_pylist() == [2.2, 3.0] and table["c.verdict"].to_pylist() == ["plausible"] * 2
    assert report.exit_code == 0 and report.summary["claims"][0]["reached_by"] == ["pue"]

"""Runs from the command line: what their folders hold, how they are repeated and compared, what they survive."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

from recount import claims, comparison, figure_change, run_diff, run_folder, run_inputs, run_pages, run_record, scenario_files, scenarios
from recount.cli import main
from recount.errors import RecountError
from recount.locking import alone
from recount.project import Project, write_whole
from recount.recompute import World
from recount.vocabulary import data_folder

ROOT = Path(__file__).resolve().parents[1]
IDS = ("gpt-3-carbon", "gpt-3-energy")
STOPPED = "recount: stopped; what was finished is kept.\n"
# The command on a project of the test's own; "go" says that it has begun.
DRIVER = """import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
from pathlib import Path
from recount.project import Project
root, told = Path(sys.argv.pop(1)), []
def here(cls):
    told or print("go", flush=True)
    told.append(1)
    return cls(root)
Project.here = classmethod(here)
from recount.cli import main
sys.exit(main())"""


OWN_CLAIM = """version = 1
[article.paper]
name = "A paper"
[[claim]]
id = "mine"
article = "paper"
statement = "Something."
printed = "1 gCO2e"
relation = "about"
notebook = "mine"
traced = { none_found = "2026-11-22", searched = "nowhere" }
[[claim.route]]
name = "model"
quantity = "answer.usage_carbon"
via = "per_answer"
given = ["measurement:altman2025-chatgpt", "grid:USA-2023"]
"""


def driver(tiny, *arguments: str) -> list[str]:
    return [sys.executable, "-c", DRIVER, str(tiny.project.root), *arguments]


def given(tiny, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
    """One command, carried out by a process of its own."""
    return subprocess.run(driver(tiny, *arguments), capture_output=True, text=True, timeout=120, cwd=cwd)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def waited(condition, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


# --- pages -------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page asks for, and its words."""

    def __init__(self, path: Path):
        super().__init__()
        self.asked, self.tags, self.text = [], set(), ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.asked += [value for name, value in attributes if name in ("src", "srcset", "data", "action") or name == "href" and tag != "a"]

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def pair() -> tuple[list, list]:
    """A few claims by default and on the French grid."""
    world = World.of("french-grid")
    return tuple([json.loads(json.dumps(claims.recompute_claim(one, w).as_json())) for one in IDS] for w in (World.of(), world))


def record_of(scenario: str | None = "french-grid", **overrides: str) -> dict:
    from recount.run_folder import _scenario

    chosen, laid = _scenario(scenario, overrides)
    return {
        "schema_version": 1, "name": "a run", "asked": {"scenario": scenario, "overrides": overrides, "notebooks": []}, "scenario": chosen, "laid_over": laid,
        "notebooks": [{"name": "03_training_carbon", "state": "executed", "error": None, "seconds": 3.2, "copy": True}],
        "made_from": {"code": "c", "packages": "p", "data": "d", "python": run_inputs.python(), "code_files": run_inputs.code_files()},
        "used": {"row grid:FRA-2023|grid_intensity|life-cycle": "1"}, "took": {"seconds": 3.0, "cpu_seconds": 2.0, "energy": {"problem": "not asked for"}, "notebooks": []},
    }  # fmt: skip


def test_the_pages_show_both_sides_and_ask_for_nothing(tmp_path, pair):
    before, after = pair
    record = record_of(grid_intensity="<56> & gCO2e/kWh")
    jsonschema.validate(record, json.loads((data_folder() / "run.schema.json").read_text(encoding="utf-8")))
    run_pages.write(tmp_path, record, after, [], comparison.changes(before, after))
    for name in ("index.html", "comparison.html"):
        page, content = Page(tmp_path / name), (tmp_path / name).read_text(encoding="utf-8")
        assert all(value.startswith("data:") for value in page.asked) and "script" not in page.tags
        assert not re.search(r"url\((?!['\"]?data:)|@import", content), "a style may ask for a file too"
        assert "French grid, grid carbon intensity (g) = <56> & gCO2e/kWh" in page.text and len(content) < 400_000
    page = Page(tmp_path / "comparison.html")
    assert "1 of 2 claims differs between the default and this run, 1 of them with another verdict; 1 stays as it is." in page.text
    assert "552.1 tCO2e" in page.text and "71.14 tCO2e" in page.text, "1,287 MWh at 429.6 and at France's 55.275 g/kWh"
    assert re.search(r"reproduced\s*would be\s*not reproduced", page.text) and "figure" in page.tags and "details" in page.tags


def test_a_run_by_default_is_compared_with_nothing(tmp_path, pair, monkeypatch):
    (tmp_path / "comparison.html").write_text("of an earlier run")
    run_pages.write(tmp_path, record_of(None), pair[0], [], None)
    assert f"recount run --like {tmp_path}" in Page(tmp_path / "index.html").text
    monkeypatch.chdir(tmp_path.parent)
    run_pages.write(tmp_path, record_of(None), pair[0], [], None)
    assert f"recount run --like {tmp_path.name}" in Page(tmp_path / "index.html").text, "what is shown works from where the run was"
    assert not (tmp_path / "comparison.html").exists() and "1,287 MWh" in Page(tmp_path / "index.html").text


# --- one run, whole ----------------------------------------------------------------------------


def test_a_run_is_repeated_from_its_folder_alone(tmp_path):
    """A committed notebook through the command itself, into a folder with spaces and accents; then like it, elsewhere."""
    pyarrow = pytest.importorskip("pyarrow.parquet")
    first, again = tmp_path / "réseau d'été", tmp_path / "again"
    command = [sys.executable, "-c", "from recount.cli import main; raise SystemExit(main())", "run"]
    done = subprocess.run([*command, "start_here", "-p", "grid_intensity=56 gCO2e/kWh", "--out", first], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in first.iterdir()} == {
        "00_start_here.ipynb", "results.json", "results.parquet", "run.json", "index.html", "comparison.html", "inputs.zip",
    }  # fmt: skip
    record, results = run_inputs.read_record(first), json.loads((first / "results.json").read_text())
    jsonschema.validate(record, json.loads((data_folder() / "run.schema.json").read_text(encoding="utf-8")))
    table = pyarrow.read_table(first / "results.parquet").to_pylist()
    assert [(row["id"], row["recomputed"], row["would_be"]) for row in table] == [(c["id"], c["recomputed"], c["would_be"]) for c in results] != []
    assert record["took"]["notebooks"] == ["00_start_here"] and record["took"]["cpu_seconds"] > 1, "a kernel's time counts"

    moved = shutil.move(first, tmp_path / "sent to a friend")
    done = subprocess.run([*command, "--like", moved, "--out", again, "--no-meter"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The results are those of sent to a friend, to the last digit." in done.stdout
    for name in ("results.json", "results.parquet", "comparison.html", "inputs.zip", "00_start_here.ipynb"):
        assert (again / name).read_bytes() == (Path(moved) / name).read_bytes(), name
    done = subprocess.run([*command, "--like", moved, "--out", moved], capture_output=True, text=True)
    assert done.returncode == 2 and "name another folder" in done.stderr


def packed(folder: Path, results: list, record: dict, project: Project | None = None) -> Path:
    """A run's folder without having run."""
    folder.mkdir()
    run_inputs.pack(project or Project.here(), [], folder)
    write_whole(folder / "results.json", json.dumps(results))
    write_whole(folder / "run.json", json.dumps(record))
    return folder


def repacked(folder: Path, **changed: str) -> None:
    """Put other content into files of ``inputs.zip``."""
    with zipfile.ZipFile(folder / "inputs.zip") as before:
        files = {name: before.read(name) for name in before.namelist()}
    with zipfile.ZipFile(folder / "inputs.zip", "w") as after:
        for name, content in (files | changed).items():
            after.writestr(name, content)


@pytest.fixture
def record() -> dict:
    return record_of()


def test_a_folder_made_with_other_data_or_code_says_what_differs(record, tiny, tmp_path, pair):
    folder = packed(tmp_path / "then", pair[1], record, tiny.project)
    assert run_inputs.differing(folder, record, tiny.project) == []
    tiny.rows(pue="1.2", grid_intensity="400")
    tiny.project.lock.write_text("numpy==2")
    record["made_from"] |= {"python": "3.0.0", "code_files": {**run_inputs.code_files(), "claims.py": "other"}}
    assert run_inputs.differing(folder, record, tiny.project) == [
        "other data (data/assumptions/tiny.csv)", "other code (claims.py)", "other packages (requirements.lock)",
        f"another Python (3.0.0, here {run_inputs.python()})",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "run.json").unlink(), "holds no finished run"),
        (lambda f: (f / "run.json").write_text("{"), "run.json is not readable"),
        (lambda f: (f / "run.json").write_text("[]"), "is not the record of a run"),
        (lambda f: (f / "run.json").write_text(json.dumps(record_of() | {"schema_version": 2})), "is of version 2, and this recount reads up to version 1"),
        (lambda f: (f / "inputs.zip").unlink(), "holds no inputs.zip"),
        (lambda f: (f / "inputs.zip").write_text("x"), "inputs.zip is damaged"),
        (lambda f: repacked(f, **{"../../escaped.csv": "x"}), "leads out of its folder"),
    ],
)
def test_a_folder_that_cannot_be_repeated_is_refused_in_one_sentence(tmp_path, capsys, pair, spoil, message):
    folder = packed(tmp_path / "run", pair[1], record_of())
    spoil(folder)
    code = main(["run", "--like", str(folder), "--out", str(tmp_path / "out")])
    err = capsys.readouterr().err
    assert code == 2 and message in err and err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"], "nothing was written"


# --- diff --------------------------------------------------------------------------------------


def test_diff_tells_claims_rows_and_assumptions(tmp_path, capsys, pair):
    before, after = pair
    old, new = packed(tmp_path / "old", before, record_of(None)), packed(tmp_path / "new", after, record_of())
    grids = (data_folder() / "assumptions" / "grids.csv").read_text(encoding="utf-8")
    line = next(line for line in grids.splitlines() if line.startswith("grid:FRA-2023,grid_intensity,life-cycle,"))
    repacked(old, **{"data/assumptions/grids.csv": grids.replace(line, line.replace("55.275", "60")), "data/claims.toml": ""})
    code = main(["diff", str(old), str(new)])
    out = capsys.readouterr().out
    assert code == 1
    assert "Assumptions that differ: 2\n  grid_intensity: own → 55.275 gCO2e/kWh\n" in out
    assert "Rows of data that differ: 1\n  grid:FRA-2023|grid_intensity|life-cycle: value 60 → 55.275\n" in out
    assert "Other files of the data that differ: 1\n  claims.toml: changed\n" in out
    assert re.search(r"gpt-3-carbon: 552\.1 tCO2e \[.*\] → 71\.14 tCO2e \[.*\] \(× 0\.129\), reproduced → not reproduced\n", out)
    assert "gpt-3-energy:" not in out

    assert main(["diff", str(new), "french-grid"]) == 0, "a run and the scenario it was of"
    assert "None of the 2 claims differs" in capsys.readouterr().out
    assert main(["diff", str(new)]) == 1 and "→ default" in capsys.readouterr().out
    assert main(["diff", "frnch-grid", "default"]) == 2 and "did you mean 'french-grid'?" in capsys.readouterr().err


def test_diff_takes_a_register_and_rows_of_ones_own(tmp_path, capsys, monkeypatch):
    (tmp_path / "mine.toml").write_text(OWN_CLAIM, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["diff", "french-grid", "--register", "mine.toml"]) == 1
    out = capsys.readouterr().out
    assert "1 of 1 claim differs" in out and "mine: " in out and "gpt-3" not in out


def test_a_figure_in_another_unit_has_no_factor_and_is_not_drawn():
    one = {"id": "a", "statement": "An answer takes 1 Wh.", "verdict": "plausible", "recomputed": 1.0, "ratio": 1.0, "unit": "Wh", "low": 0.5, "high": 2.0, "published": 1.0}
    same, other = (comparison.changes([one], [one | {"recomputed": 4.0, "ratio": 4.0, "unit": unit}]) for unit in ("Wh", "kWh"))
    assert same[0].factor == 4 and "An answer takes 1 Wh: 1 → 4 (plausible)." in str(figure_change.moved(same))
    assert other[0].factor is None and other[0].moved and figure_change.drawable(other) == []


def test_a_difference_in_the_last_digit_is_none():
    one, other = ({"id": "a", "verdict": "plausible", "recomputed": 1.0, "low": 0.5, "high": high} for high in (2.0, 2.0 * (1 + 1e-12)))
    assert not comparison.changes([one], [other])[0].moved
    assert comparison.changes([one], [other | {"high": 2.1}])[0].interval
    assert comparison.changes([one], [other | {"recomputed": None}])[0].figure
    assert run_diff.claim_line(comparison.changes([one], [other | {"would_be": "refuted"}])[0]) == "a: plausible → refuted"


# --- scenarios ---------------------------------------------------------------------------------


@pytest.fixture
def own_scenarios(tmp_path, monkeypatch) -> Path:
    """The project's data, but for a folder of scenarios of the test's own."""
    shutil.copytree(data_folder() / "scenarios", tmp_path / "scenarios")
    for module in (scenarios, scenario_files):
        monkeypatch.setattr(module, "data_folder", lambda: tmp_path)
    yield tmp_path / "scenarios"
    scenarios.scenario.cache_clear()


def test_scenarios_are_listed_with_what_they_change(capsys):
    assert main(["scenarios"]) == 0
    out = capsys.readouterr().out
    assert "french-grid: French grid" in out and "grid_intensity = 55.275 gCO2e/kWh  (ember2025, " in out
    assert main(["scenarios", "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert sorted(found) == scenarios.names() and found["as-published"]["changes"] == []


def test_a_broken_scenario_is_named_and_the_others_are_listed(own_scenarios, capsys):
    for name, content in (("later", b"version = 99\n"), ("latin", "title = \"Réseau\"".encode("latin-1")), ("low", b'title = "a"\ntitle_fr = "b"\ndescription = "c"\n[assumptions]\npue = "0.5"\n')):
        (own_scenarios / f"{name}.toml").write_bytes(content)
    (own_scenarios / "folder.toml").mkdir()
    assert main(["scenarios", "--json"]) == 1
    out, err = capsys.readouterr()
    assert sorted(one["name"] for one in json.loads(out)) == sorted({path.stem for path in own_scenarios.glob("*.toml")} - {"later", "latin", "low", "folder"}) != []
    assert [line.split(":")[1].split()[0] for line in err.splitlines()] == [f"scenarios/{name}.toml" for name in ("folder", "later", "latin", "low")]
    for told in ("folder.toml is a folder: move it away", "is of version 99, and this recount reads up to version 1", "is not UTF-8 text", "pue '0.5' is out of range"):
        assert told in err
    assert main(["scenarios"]) == 1 and "french-grid: French grid" in capsys.readouterr().out


@pytest.mark.parametrize(("typed", "meant"), [("france", "french-grid"), ("poland", "polish-grid"), ("sweden", "swedish-grid"), ("frnch-grid", "french-grid")])
def test_a_scenario_is_found_by_its_country(typed, meant):
    with pytest.raises(RecountError, match=f"scenario '{typed}' does not exist: did you mean '{meant}'"):
        scenarios.scenario(typed)


def test_a_new_scenario_is_valid_from_the_start_and_may_have_accents(own_scenarios, capsys):
    assert main(["scenario", "new", "Été à l ombre", "--given", "grid:FRA-2023", "-p", "training.pue=1.1", "-p", "water_intensity=4 L/kWh"]) == 0
    assert "--scenario 'Été à l ombre'" in capsys.readouterr().out
    found = scenarios.scenario("Été à l ombre")
    assert found.given == ("grid:FRA-2023",) and found.assumptions == {"training.pue": "1.1", "water_intensity": "4 L/kWh"}
    assert main(["scenario", "new", "plain"]) == 0 and scenarios.scenario("plain").assumptions == {}
    assert (own_scenarios / "plain.toml").read_text(encoding="utf-8").count("#") > 5, "it says what may be written where"
    capsys.readouterr()
    assert main(["scenario", "new", "French-Grid"]) == 2 and "scenario 'french-grid' exists already" in capsys.readouterr().err
    assert main(["scenario", "new", "wrong", "--given", "grid:FRN-2023"]) == 2 and not (own_scenarios / "wrong.toml").exists()


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", ".hidden", "", " x", "x ", "x.", "a\nb", "a:b", "x" * 61, "-x", "\udcff", "nul\0"])
def test_a_name_that_is_no_files_is_refused(own_scenarios, name):
    there = sorted(own_scenarios.parent.rglob("*"))
    with pytest.raises(RecountError, match="is no name of a scenario"):
        scenario_files.new(name)
    assert sorted(own_scenarios.parent.rglob("*")) == there


def test_no_scenario_is_read_from_another_folder(own_scenarios):
    (own_scenarios.parent / "secret.toml").write_text((own_scenarios / "french-grid.toml").read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("../secret", str(own_scenarios.parent / "secret")):
        with pytest.raises(RecountError, match="does not exist"):
            scenarios.scenario(name)


@pytest.mark.parametrize(("version", "message"), [("2", "is of version 2, and this recount reads up to version 1: use a newer recount"), ("true", "whole number"), ('"1"', "whole number"), ("0", "whole number")])
def test_a_scenario_of_a_later_version_is_refused(own_scenarios, version, message):
    content = (own_scenarios / "french-grid.toml").read_text(encoding="utf-8")
    (own_scenarios / "later.toml").write_text(f"version = {version}\nunheard_of = 1\n{content}", encoding="utf-8")
    with pytest.raises(RecountError, match=message):
        scenarios.scenario("later")


# --- what a run takes --------------------------------------------------------------------------


def test_codecarbon_counts_what_this_process_does(monkeypatch):
    tracker = run_record.Tracker("FRA")
    tracker._thread.join(60)
    end = time.process_time() + 3
    while time.process_time() < end:
        pass
    found = tracker.stop()
    jsonschema.validate(found, json.loads((data_folder() / "run.schema.json").read_text(encoding="utf-8"))["properties"]["took"]["oneOf"][1]["properties"]["energy"])
    assert found["processor_kwh"] > 0 and found["seconds_watched"] >= 3
    assert found["carbon_kg"] == pytest.approx(found["energy_kwh"] * 0.056039), "CodeCarbon's own intensity of France"
    told = run_record.told({"seconds": found["seconds_watched"] * 2, "cpu_seconds": 3.0, "energy": found})
    assert "s it watched." in told[1] and re.search(r"\((estimated|measured|assumed): ", told[2]) and "56 gCO2e/kWh of France" in told[3]


def test_a_tracker_that_fails_or_is_late_spoils_no_run(monkeypatch):
    assert run_record.Stopwatch(False).stop()["energy"] == {"problem": "not asked for (--no-meter)"}
    monkeypatch.setattr("recount.peers.offline_tracker", lambda *_: 1 / 0)
    watch = run_record.Stopwatch(True)
    watch._tracker._thread.join()
    assert watch.stop()["energy"] == {"problem": "ZeroDivisionError: division by zero"}
    monkeypatch.setattr("recount.peers.offline_tracker", lambda *_: time.sleep(5))
    assert run_record.Stopwatch(True).stop()["energy"] == {"problem": "it had not started when the run ended"}, "nobody waits for it"


def test_a_country_that_is_none_is_refused_before_anything_runs(tmp_path, capsys):
    assert main(["run", "start_here", "--country", "FRN", "--out", str(tmp_path / "out")]) == 2
    assert "CodeCarbon has no electricity for 'FRN'" in capsys.readouterr().err and not (tmp_path / "out").exists()


# --- what it survives --------------------------------------------------------------------------


def test_two_runs_into_one_folder_are_kept_apart(tiny, tmp_path):
    tiny.notebook("01_slow", f"import time\nopen({str(tmp_path / 'begun')!r}, 'w')\ntime.sleep(3)")
    first = subprocess.Popen(driver(tiny, "run", "--no-meter"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert waited((tmp_path / "begun").is_file, 40)
    second = given(tiny, "run", "--no-meter")
    assert second.returncode == 2 and second.stderr.count("\n") == 1
    assert "build/runs/default is being written by another run: wait until it is done" in second.stderr
    out, err = first.communicate(timeout=60)
    assert (first.returncode, err) == (0, "") and "1 executed" in out
    assert given(tiny, "run", "--no-meter").stdout.startswith("go\n1 notebook in "), "and the folder is free again"


def test_a_lock_leaves_nothing_behind(tmp_path):
    folder = tmp_path / "new" / "run"
    with pytest.raises(ZeroDivisionError), alone(folder):
        with pytest.raises(RecountError, match="written by another run"), alone(folder):
            pass
        1 / 0
    assert list(tmp_path.iterdir()) == []
    folder.mkdir(parents=True)
    for name in (".results.json.ab_cd123", ".01_a.ipynb.00000000", ".mine", "results.json"):
        (folder / name).write_text("x")
    with alone(folder):
        pass
    assert sorted(path.name for path in folder.iterdir()) == [".mine", "results.json"], "what a killed run had half written is gone"


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize(
    ("moment", "whole_group", "stop"),
    [("go", True, "INT"), ("kernel", True, "INT"), ("finished", True, "INT"), ("finished", False, "INT"), ("kernel", False, "TERM"), ("finished", True, "TERM"), ("finished", False, "TERM")],
)
def test_ctrl_c_or_an_order_to_end_keeps_what_was_finished_and_leaves_no_process(tiny, tmp_path, moment, whole_group, stop):
    number = signal.Signals[f"SIG{stop}"]
    tiny.notebook("01_quick", f"import os\nopen({str(tmp_path / 'kernel')!r}, 'w')")
    tiny.notebook("02_slow", f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(100)")
    out = tmp_path / "out"
    running = subprocess.Popen(driver(tiny, "run", "--no-meter", "--jobs", "2", "--out", str(out)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert running.stdout.readline() == "go\n"
    copy, pid = out / "01_quick.ipynb", tmp_path / "pid"
    if moment == "kernel":
        assert waited((out / ".lock").exists, 40) and time.sleep(0.6) is None
    if moment == "finished":
        assert waited(lambda: copy.is_file() and pid.is_file() and pid.read_text(), 60)
        time.sleep(1)  # it is finished when its process has told ours
    os.killpg(running.pid, number) if whole_group else running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (128 + number, STOPPED)
    assert [path.name for path in out.iterdir()] == ["01_quick.ipynb"] if moment == "finished" else not out.exists() or copy.is_file()
    assert not pid.is_file() or not pid.read_text() or waited(lambda: not alive(int(pid.read_text())))
    if moment == "finished" and whole_group:
        tiny.notebook("02_slow", "1")
        done = given(tiny, "run", "--no-meter", "--out", str(out))
        assert done.returncode == 0 and "1 executed, 1 kept" in done.stdout


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("/", "is no folder for a run"), ("../checkout", "such as ../checkout/my-run."), ("data", "is no folder for a run"), ("src/deep/in", "is no folder for a run"),
        ("../mine", "holds other things than a run"),
    ],
)  # fmt: skip
def test_a_run_does_not_go_among_other_things(tiny, tmp_path, monkeypatch, capsys, out, message):
    (tmp_path / "checkout" / "data").mkdir(parents=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    monkeypatch.chdir(tmp_path / "checkout")
    monkeypatch.setattr(Project, "here", classmethod(lambda cls: cls(tmp_path / "checkout")))
    before = sorted(tmp_path.rglob("*"))
    assert main(["run", "--out", out]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1 and sorted(tmp_path.rglob("*")) == before


def test_a_run_goes_where_one_is_or_was_begun(tiny, tmp_path):
    tiny.notebook("01_one", "1")
    for names in ((), ("01_one.ipynb", "results.json", ".lock"), ("run.json", "letter.txt")):
        folder = tmp_path / "build" / str(len(names)) / "run"
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text("x")
        run_folder.check_out(folder, tiny.project)


def test_a_hanging_and_a_killed_kernel_end_only_their_notebooks(tiny):
    tiny.notebook("01_hangs", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass")
    tiny.notebook("02_killed", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)  # as one does that is out of memory")
    tiny.notebook("03_good", "1")
    done = given(tiny, "run", "--no-meter", "--timeout", "2", "--jobs", "2")
    assert done.returncode == 1 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert re.search(r"3 notebooks in .*: 1 executed, 2 failed$", lines[1])
    assert lines[2].startswith("failed: 01_hangs, cell 3 (import signal): CellTimeoutError: A cell timed out") and "2 seconds" in lines[2]
    assert lines[3].startswith("failed: 02_killed, cell 3 (import os, signal): DeadKernelError: Kernel died")
    page = Page(tiny.project.runs / "default" / "index.html").text
    assert "2 of the notebooks failed" in page and "DeadKernelError" in page
    assert "whole number of at least 1" in given(tiny, "run", "--timeout", "0").stderr


def mounted(script: str, *words: str) -> subprocess.CompletedProcess:
    """A shell that sees mounts of its own; they are gone with it."""
    if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a small disk")
    return subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", *words], capture_output=True, text=True, timeout=120)


def test_a_full_disk_is_told_in_one_sentence_and_holds_nothing_half(tiny, tmp_path):
    (out := tmp_path / "out").mkdir()
    tiny.notebook("01_small", "1")
    tiny.notebook("02_large", "print('xxxxxxxxx\\n' * 300_000)")
    script = 'out=$1; shift; mount -t tmpfs -o size=1m none "$out" && "$@"; code=$?; ls -A "$out"; exit $code'
    done = mounted(script, str(out), *driver(tiny, "run", "--no-meter", "--jobs", "1", "--out", str(out)))
    assert done.returncode == 2
    assert done.stderr == f"recount: {out / '02_large.ipynb'} was not written, since the disk is full: make room and give the command again; what was finished is kept.\n"
    assert done.stdout.split() == ["go", "01_small.ipynb"]


def test_a_read_only_folder_is_told_before_a_kernel_starts(tiny, tmp_path):
    (out := tmp_path / "out").mkdir()
    tiny.notebook("01_one", f"open({str(tmp_path / 'ran')!r}, 'w')")
    script = 'out=$1; shift; mount -t tmpfs -o ro none "$out" && "$@"'
    done = mounted(script, str(out), *driver(tiny, "run", "--no-meter", "--out", str(out)))
    assert done.returncode == 2 and re.fullmatch(rf"recount: {re.escape(str(out))}\S* may not be used \(read-only file system\): name a folder that you may write to, .*\n", done.stderr)
    assert not (tmp_path / "ran").exists()


def test_a_write_that_fails_names_the_file_and_leaves_nothing(tmp_path, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("recount.project.os.fdopen", lambda *_: Full())
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(tmp_path / "results.json", "x")
    assert caught.value.filename == str(tmp_path / "results.json") and list(tmp_path.iterdir()) == []

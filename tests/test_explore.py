"""Moving assumptions: the same values as the command line, refusals beside the field, a file that is a scenario."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from recount import browser_model, claims, explore, explore_view, own_register, register, scenario_files
from recount.errors import RecountError
from recount.recompute import World
from recount.vocabulary import data_folder, quantities

ROOT = Path(__file__).resolve().parents[1]
STATES = {
    "default": (None, {}),
    "scenario": ("polish-grid", {}),
    "one": (None, {"energy_per_parameter_token": "20 pJ/parameter/token"}),
    "two": ("french-grid", {"grid_intensity": "0,4 kgCO2e/kWh", "water_intensity": "7.5 L/kWh"}),
}


@pytest.mark.parametrize("state", STATES)
def test_every_claim_is_what_the_command_line_gives(state):
    scenario, assumptions = STATES[state]
    moved, routes = explore.moved(scenario, assumptions), set()
    for result in claims.recompute_all(World.of(scenario, assumptions), 1024):
        found = explore.whole(result.claim.id, scenario, assumptions, 1024)
        told = result.taken
        expected = (told.value, *told.interval, told.median) if told else (None,) * 4
        assert (found["recomputed"], found["low"], found["high"], found["median"]) == expected, result.claim.id
        assert (found["verdict"], found["ratio"]) == (result.here, result.ratio), result.claim.id
        assert found["recomputed_text"] == result.recomputed_text, result.claim.id
        assert found["interval_text"] == (result.interval_text if found["low"] != found["high"] else "")
        at_once = explore.point(result.claim.id, scenario, assumptions)
        assert (at_once["recomputed"], at_once["route"]) == (found["recomputed"], found["route"]), result.claim.id
        if result.claim.id not in moved:  # then the page leaves it as it was built
            by_default = claims.recompute_claim(result.claim.id, count=1024)
            assert (by_default.verdict, by_default.taken and by_default.taken.value) == (result.here, told and told.value)
        routes.add(found["route"])
    assert len(routes) > 3 and (len(moved) > 5) == (state != "default")


@pytest.mark.parametrize(
    ("assumptions", "where", "said"),
    [
        ({"water_intensity": "1,287 L/kWh"}, "water_intensity", "ambiguous"),
        ({"grid_intensity": "56"}, "grid_intensity", "has no unit"),
        ({"grid_intensity": "-5 gCO2e/kWh"}, "grid_intensity", "the nearest valid value is 0"),
        ({"grid_intensty": "56 gCO2e/kWh"}, "grid_intensty", "did you mean 'grid_intensity'?"),
        ({"training.pue": "0.9"}, "training.pue", "nearest valid value is 1"),
        ({"active_parameters": "9e9 parameter", "total_parameters": "7e9 parameter"}, "", "at most all are active"),
    ],
)
def test_a_refusal_stands_at_its_own_name(assumptions, where, said):
    refused = explore.read("french-grid", {"pue": "1.2", **assumptions})["refused"]
    assert list(refused) == [where] and said in refused[where]


def test_an_unknown_scenario_is_refused_for_all_together():
    assert "did you mean 'french-grid'" in explore.read("frensh-grid", {})["refused"][""]


def test_values_are_read_in_the_natural_unit():
    assert explore.read(None, {"energy_per_parameter_token": "0,02 nJ/parameter/token"})["values"] == {"energy_per_parameter_token": pytest.approx(20)}


@pytest.mark.parametrize("state", ["scenario", "one", "two"])
def test_a_saved_state_is_a_scenario_that_a_run_takes(state, tmp_path, data_at, capsys):
    from recount.cli import main

    scenario, assumptions = STATES[state]
    name, copy = f"of-the-page-{state}", tmp_path / "data"
    shutil.copytree(data_folder(), copy)
    (copy / "scenarios" / f"{name}.toml").write_text(explore.scenario_text(name, scenario, assumptions), encoding="utf-8")
    data_at(copy)
    saved, typed = World.of(name), World.of(scenario, assumptions)
    for claim in explore.moved(scenario, assumptions):
        one, other = (claims.recompute_here(claim, world, 1024) for world in (saved, typed))
        assert (one.taken and one.taken.value, one.here) == (other.taken and other.taken.value, other.here), claim
    if state == "two":
        assert main(["run", "00_start_here", "--scenario", name, "--out", str(tmp_path / "run"), "--no-meter"]) == 0
        told = {claim["id"]: claim for claim in json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))}
        assert told["gpt-3-carbon"]["recomputed"] == explore.point("gpt-3-carbon", scenario, assumptions)["recomputed"]


def test_what_is_typed_wins_over_an_activitys_own_of_the_scenario(data_at, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data_folder(), copy)
    own = scenario_files.content("own", "", "", [], {"training.pue": "1.9", "answer.pue": "1.8", "grid_intensity": "9 gCO2e/kWh"})
    (copy / "scenarios" / "own.toml").write_text(own, encoding="utf-8")
    data_at(copy)
    text = explore.scenario_text("next", "own", {"pue": "1.2"})
    assert tomllib.loads(text)["assumptions"] == {"grid_intensity": "9 gCO2e/kWh", "pue": "1.2"}


@pytest.mark.parametrize("name", ["../up", "", "a/b"])
def test_a_scenario_takes_a_files_name_only(name):
    with pytest.raises(RecountError, match="no name of a scenario"):
        explore.scenario_text(name, None, {"pue": "1.2"})


# The packages of Pyodide 0.27.7 and the standard library; SciPy there is 1.14.
ALONE = """
import json, sys
from importlib.machinery import PathFinder
sys.path[:] = [p for p in sys.path if not p.endswith("/src")]
allowed = {"numpy", "pandas", "scipy", "sqlite3", "dateutil", "pytz", "six", *sys.stdlib_module_names, *json.loads(sys.argv[2])}
class Guard:
    def find_spec(self, name, path=None, target=None):
        here = name.partition(".")[0] in allowed and name != "scipy.optimize.elementwise"
        return PathFinder.find_spec(name, path, target) if here else None
sys.meta_path = [finder for finder in sys.meta_path if getattr(finder, "__name__", "") in ("BuiltinImporter", "FrozenImporter")] + [Guard()]
sys.path[:0] = [sys.argv[1] + "/src", sys.argv[1] + "/lib"]
from recount import explore, project
assert str(project._CHECKOUT) == sys.argv[1]
import pint, hamilton
assert pint.__file__.startswith(sys.argv[1]) and hamilton.__file__.startswith(sys.argv[1])
for line in sys.stdin:
    print(explore.answer(line))
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("archive").resolve()
    zipfile.ZipFile(io.BytesIO(browser_model.bundle())).extractall(folder)
    return folder


def test_the_archive_is_enough_for_a_python_that_has_only_what_pyodide_carries(archive):
    top = sorted({path.name.removesuffix(".py") for path in (archive / "lib").iterdir() if not path.name.endswith(".dist-info")})
    state = {"scenario": "french-grid", "assumptions": {"energy_per_parameter_token": "20 pJ/parameter/token"}}
    questions = [{"ask": "read", "with": state}, {"ask": "moved", "with": state}, {"ask": "scenario_text", "with": {"name": "x", **state}}]
    questions += [{"ask": "whole", "with": {"claim": claim, **state, "count": 1024}} for claim in register.shown()]
    asked = [json.dumps(question) for question in questions]
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(archive), json.dumps([*top, "recount"])], input="\n".join(asked), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == [explore.answer(question) for question in asked]


def test_the_archive_brings_the_licences_of_what_is_in_it(archive):
    held = {path.parent.name if path.parent.name.endswith(".dist-info") else path.parents[1].name for path in archive.rglob("LICENSE*")} - {archive.name}
    packages = {path.name for path in (archive / "lib").glob("*.dist-info")}
    without = {name.partition("-")[0] for name in packages - held}
    assert len(packages) >= 8 and (archive / "LICENSE").is_file()
    assert without <= {"typing_inspect", "mypy_extensions", "flexcache", "flexparser"}, "these say their licence in METADATA"
    for path in (archive / "lib").glob("*.dist-info/METADATA"):
        assert re.search(r"^(License|License-Expression|Classifier: License)", path.read_text(encoding="utf-8"), re.M), path


def test_the_archive_is_the_same_bytes_again():
    assert browser_model.bundle() == browser_model.bundle()


@pytest.fixture
def pyodide(tmp_path, monkeypatch) -> Path:
    """A folder that looks like a Pyodide of the pinned version."""
    import hashlib

    folder = tmp_path / "pyodide"
    folder.mkdir()
    names = browser_model.settings()["pyodide"]["packages"]
    packages = {n: {"depends": [], "file_name": f"{n}.whl", "sha256": hashlib.sha256(n.encode()).hexdigest()} for n in [*names, "other"]}
    for name in names:
        (folder / f"{name}.whl").write_text(name)
    for name in browser_model.CORE:
        (folder / name).write_text("x")
    (folder / "pyodide-lock.json").write_text(json.dumps({"info": {"version": browser_model.settings()["pyodide"]["version"]}, "packages": packages}))
    return folder


def test_a_local_pyodide_is_put_among_the_pages_and_nothing_else_is_asked_for(pyodide, tmp_path):
    told = browser_model.write(tmp_path / "static", pyodide)
    there = {path.name for path in (tmp_path / "static" / "model" / "pyodide").iterdir()}
    assert there == {*browser_model.CORE, "numpy.whl", "pandas.whl", "scipy.whl", "sqlite3.whl"}
    assert told["pyodide"] == "pyodide/" and "://" not in (tmp_path / "static" / "model" / "settings.json").read_text()
    from_outside = browser_model.write(tmp_path / "static")
    assert from_outside["pyodide"].startswith("https://") and from_outside["version"] in from_outside["pyodide"]
    assert not (tmp_path / "static" / "model" / "pyodide").exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "scipy.whl").write_text("altered"), "scipy.whl is not the file that its lock describes"),
        (lambda f: (f / "pandas.whl").unlink(), "lacks pandas.whl"),
        (lambda f: (f / "pyodide.asm.wasm").unlink(), "lacks pyodide.asm.wasm"),
        (lambda f: (f / "pyodide-lock.json").unlink(), "holds no pyodide-lock.json"),
        (lambda f: (f / "pyodide-lock.json").write_text('{"info": {"version": "0.20.0"}, "packages": {}}'), "is version 0.20.0"),
    ],
)
def test_another_pyodide_is_refused(pyodide, tmp_path, spoil, said):
    spoil(pyodide)
    with pytest.raises(RecountError, match=re.escape(said)):
        browser_model.write(tmp_path / "static", pyodide)


def test_the_flag_of_the_command_puts_it_among_the_pages(pyodide, tmp_path, monkeypatch, capsys):
    from recount import default_claims, page_backtests, page_claims, pages
    from recount.cli import main
    from recount.project import Project

    (tmp_path / "default").mkdir()
    for known in Project.here().all_notebooks():
        (tmp_path / "default" / known.name).touch()
    monkeypatch.setattr(Project, "runs", tmp_path)
    monkeypatch.setattr(default_claims, "whole", lambda _: {"results": [], "told": ""})
    monkeypatch.setattr(page_claims, "kept", lambda *_: {})
    monkeypatch.setattr(page_backtests, "kept", lambda *_: None)
    monkeypatch.setattr(pages, "build", lambda *_, **__: tmp_path / "site" / "index.html")
    assert main(["site", "--pyodide", str(pyodide)]) == 0
    assert (tmp_path / "site" / "_static" / "model" / "pyodide" / "pyodide.js").is_file()
    assert main(["site", "--pyodide", str(tmp_path / "nowhere")]) == 2 and "holds no pyodide-lock.json" in capsys.readouterr().err


def test_a_register_of_ones_own_goes_with_the_archive(tmp_path):
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "rows.csv").write_text("x")
    (tmp_path / "my_claims.toml").write_text("version = 1")
    with own_register.used(tmp_path / "my_claims.toml", tmp_path / "rows"):
        told = browser_model.write(tmp_path / "static")
    with zipfile.ZipFile(tmp_path / "static" / "model" / "recount.zip") as written:
        held = [f"/recount/{name}" for name in written.namelist()]
    assert told["environment"]["RECOUNT_REGISTER"] in held
    assert f"{told['environment']['RECOUNT_OWN_DATA']}/rows.csv" in held


def test_both_languages_have_every_word_and_the_script_has_none_that_lacks():
    english, french = explore_view.words("en"), explore_view.words("fr")
    fields = lambda text: sorted(re.findall(r"\{\w+\}", text))  # noqa: E731
    assert list(english) == list(french)
    assert {key: fields(text) for key, text in english.items()} == {key: fields(text) for key, text in french.items()}
    script = (ROOT / "site" / "static" / "explore.js").read_text(encoding="utf-8")
    said = re.findall(r'say\((?:ready \? )?"(\w+)"(?: : "(\w+)")?', script)
    used = {word for pair in said for word in pair if word}
    template = (ROOT / "site" / "pages" / "_explore.html").read_text(encoding="utf-8")
    used |= set(re.findall(r"words\.(\w+)", template)) - {"items"}
    assert used == set(english)


def test_no_word_stands_in_the_scripts():
    for name in ("explore.js", "explore-worker.js"):
        script = (ROOT / "site" / "static" / name).read_text(encoding="utf-8")
        bare = re.sub(r"//.*", "", script)
        shown = re.findall(r"(?:textContent|innerText|label|title)\s*=\s*[`\"']([^`\"'$]*[A-Za-z]{3}[^`\"']*)", bare)
        assert shown == []


def test_every_slider_reaches_what_the_data_hold():
    for told in browser_model.settings()["slider"]:
        assert 0 < told["low"] < told["high"] and told["name"] in quantities()
        own = [found for claim in register.shown() if (found := explore.own(claim, told["name"])) is not None]
        assert len(own) >= 3 and told["low"] <= min(own) and max(own) <= told["high"], told["name"]


def test_who_has_a_panel_of_its_own():
    movable = explore_view.movable()
    assert {"gpt-3-carbon", "mistral-7b-energy", "gemini-water"} < movable
    assert not movable & {claim for claim in register.shown() if register.claim(claim).kind != "quantity"}

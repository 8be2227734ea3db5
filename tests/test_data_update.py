"""A new yearly table of intensities: what it changes, what is written, and what is refused, with real commands."""

from __future__ import annotations

import csv
import os
import re
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recount import assumptions, cli, data_update, own_register
from recount.vocabulary import data_folder

ROOT = Path(__file__).resolve().parents[1]
MAIN = "from recount.cli import main; raise SystemExit(main())"
CHART = "Entity,Code,Year,Carbon intensity of electricity - gCO2/KWh"
SAME = "France,FRA,2023,55.275"  # as the row holds it


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RECOUNT_")}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT / "src"), kept.get("PYTHONPATH", "")]))} | more


def recount(*arguments: str, cwd: Path, program: str = MAIN) -> subprocess.CompletedProcess[str]:
    """The program on a copy of the data in *cwd*, nobody at the terminal."""
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment(RECOUNT_DATA="data"), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


def table(folder: Path, *lines: str, head: str = CHART, name: str = "une table à moi.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return path


@pytest.fixture
def copy(tmp_path) -> Path:
    shutil.copytree(data_folder(), tmp_path / "data")
    return tmp_path


def grids(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    with (folder / "data" / "assumptions" / "grids.csv").open(encoding="utf-8", newline="") as file:
        return {(row["context"], row["scope"]): row for row in csv.DictReader(file)}


def test_nobody_at_the_terminal_and_no_yes_writes_nothing(copy):
    path = copy / "data" / "assumptions" / "grids.csv"
    before = path.read_bytes()
    done = recount("data", "update", "--from", str(table(copy, "Australia,AUS,2018,690")), "--published", "2026-11", cwd=copy)
    assert done.returncode == 0 and "Nothing is written: give --yes" in done.stdout
    assert "grid:AUS-2018" in done.stdout and "688.421" in done.stdout and "+0.2 %" in done.stdout
    assert path.read_bytes() == before


def test_yes_writes_rows_with_provenance_and_keeps_the_old_ones_addressable(copy):
    before = grids(copy)
    lines = ["Australia,AUS,2018,690", "Australia,AUS,2017,700", "Australia,AUS,2026,500.5", "Africa,,2024,500", "Zimbabwe,ZWE,2024,300", "Malta,MLT,2024,420", SAME, "France,FRA,2022,"]
    done = recount("data", "update", "--from", str(table(copy, *lines)), "--yes", "--published", "2026-11", cwd=copy)
    assert done.returncode == 0, done.stderr
    assert "1 values as they stand, 1 changed, 1 new." in done.stdout
    assert "countries 2 (MLT, ZWE), lines of regions 1" in done.stdout
    after = grids(copy)
    new = after["grid:AUS-2018", "life-cycle"]
    assert (new["value"], new["unit"], new["source"], new["published"], new["strength"]) == ("690", "gCO2e/kWh", "owid2026", "2026-11", "standard")
    assert new["locator"] == "une table à moi.csv, column Carbon intensity of electricity - gCO2/KWh, AUS 2018"
    old = after["grid:AUS-2018@2025-05", "life-cycle"]
    assert old["value"] == "688.421" and old["source"] == "ember2025" and old["derivation"].endswith("Superseded by the table of 2026-11.")
    assert after["grid:AUS-2026", "life-cycle"]["value"] == "500.5"
    assert ("grid:AUS-2017", "life-cycle") not in after, "older than any year that we hold"
    touched = {("grid:AUS-2018", "life-cycle"), ("grid:AUS-2018@2025-05", "life-cycle"), ("grid:AUS-2026", "life-cycle")}
    assert {key: row for key, row in after.items() if key not in touched} == {key: row for key, row in before.items() if key not in touched}
    found = recount("check", cwd=copy)
    assert found.returncode == 0 and "no problem found" in found.stdout, found.stderr
    again = recount("data", "update", "--from", str(copy / "une table à moi.csv"), "--yes", cwd=copy)
    assert "3 values as they stand, 0 changed, 0 new." in again.stdout and "Nothing to write." in again.stdout
    asked = f'from recount.study import Study; print(Study().row("grid:AUS-2018@2025-05", "grid_intensity"), Study().row("grid:AUS-2018", "grid_intensity")); {MAIN}'
    assert recount("--help", cwd=copy, program=asked).stdout.startswith("688.421 carbon_gram / kilowatt_hour 690.0 carbon_gram / kilowatt_hour")


def test_a_vintage_that_there_is_already_is_not_lost(copy):
    """France 2024 stands as fetched in August 2025, too; two releases of one date get a number."""
    path = table(copy, "France,FRA,2024,45")
    recount("data", "update", "--from", str(path), "--yes", "--published", "2026-01", cwd=copy)
    table(copy, "France,FRA,2024,46")
    recount("data", "update", "--from", str(path), "--yes", "--published", "2026-01", cwd=copy)
    table(copy, "France,FRA,2024,47")
    recount("data", "update", "--from", str(path), "--yes", "--published", "2026-01", cwd=copy)
    found = {context: row["value"] for (context, scope), row in grids(copy).items() if context.startswith("grid:FRA-2024") and scope == "life-cycle"}
    assert found == {
        "grid:FRA-2024": "47", "grid:FRA-2024@2025-05": "44.179", "grid:FRA-2024@2025-08": "44.18", "grid:FRA-2024@2026-01": "45", "grid:FRA-2024@2026-01-2": "46",
    }  # fmt: skip


def test_the_layout_of_the_energy_data_set(copy):
    head = "country,year,iso_code,population,carbon_intensity_elec,solar_share_elec"
    lines = ["Australia,2018,AUS,1,690,0.1", "World,2024,OWID_WRL,1,473.007,0.1", "European Union (27),2023,,1,240,0.1", "Africa,2018,,1,,", "Kosovo,2018,OWID_KOS,1,900,"]
    done = recount("data", "update", "--from", str(table(copy, *lines, head=head, name="owid-energy-data.csv")), cwd=copy)
    assert "1 values as they stand, 2 changed, 0 new." in done.stdout and "grid:EU27-2023" in done.stdout
    assert "lines of regions 2" in done.stdout


def test_the_claims_that_rest_on_a_value_are_shown_before_and_after(tmp_path):
    """The world grid doubled, and France's as one article has it, whose verdict turns; the French scenario is named."""
    update = data_update.planned(table(tmp_path, "World,OWID_WRL,2024,900", "France,FRA,2023,128", "France,FRA,2022,78.55", "France,FRA,2021,59.787"))
    told = "\n".join(update.lines())
    moved = {one.claim.id: (one, then) for one, then in update.moved}
    one, then = moved["large-2-training-alone"]
    assert then.taken.value == pytest.approx(one.taken.value + (900 / 473.007 - 1) * usage(one), rel=1e-3)
    assert "large-2-training-alone" in told and "rest on a value that changes; 1 would get another verdict" in told
    assert re.search(r"mistral-7b-implied-grid .* 55.27 gCO2e/kWh +128 gCO2e/kWh +reproduced \(is: not reproduced\)", told)
    assert "Scenarios on a value that changes: french-grid." in told
    assert data_update.load().pick("grid:WORLD-2024", "grid_intensity").value == "473.007", "looking changes nothing"
    assert own_register.DATA not in os.environ


def test_a_claim_whose_shown_figure_stays_is_counted_and_not_listed(tmp_path):
    told = data_update.planned(table(tmp_path, "World,OWID_WRL,2024,473.0071")).lines()
    assert "large-2-training-alone" not in "\n".join(told)
    assert re.search(r"(\d+) claims rest on a value that changes; none would get another verdict\. \1 of them would show the same figure\.", "\n".join(told))


def usage(result) -> float:
    """Tonnes, in the claim's unit, that the electricity of a result's route gives at the held intensity."""
    from recount import recompute
    from recount.register import Operand, Route

    operand = result.taken.route.operands[0]
    route = Route("usage", "", "", False, (Operand(operand.activity, "usage_carbon", operand.via, operand.given),))
    return recompute.point(recompute.plan(route, recompute.World.of()), result.claim.unit)


@pytest.mark.parametrize(
    ("head", "lines", "said"),
    [
        ("Entity,Code,Carbon intensity of electricity - gCO2/KWh", ["France,FRA,1"], "the column 'Year' is missing"),
        ("Entity,Code,Year,Share of coal", ["France,FRA,2024,1"], "no column holds the carbon intensity of electricity"),
        ("Entity,Code,Year,Carbon intensity of electricity - kgCO2/KWh", ["France,FRA,2024,0.044"], "its intensities are in 'kgCO2/KWh'"),
        ("Entity,Code,Year,carbon_intensity_elec", ["France,FRA,2023,0.055", "France,FRA,2022,0.079"], "about 0.001 times those that we hold"),
        (CHART, ["France,FRA,2024,n/a"], "line 2: intensity 'n/a' must be a plain number"),
        (CHART, ["France,FRA,2024,nan"], "line 2: intensity 'nan' must be a plain number"),
        (CHART, [SAME, "France,FRA,2024,-3"], "line 3: grid_intensity '-3 gCO2e/kWh' is out of range"),
        (CHART, [SAME, "France,FRA,2024,2001"], "line 3: grid_intensity '2001 gCO2e/kWh' is out of range: it must be from 0 to 2000"),
        (CHART, [SAME, SAME], "line 3: FRA 2023 stands in line 2 too"),
        (CHART, ["Atlantis,ATL,2024,44"], "line 2: 'ATL' (Atlantis) is the code of no country"),
        (CHART, ["France,FRX,2024,44"], "line 2: 'FRX' is not the code of France, which is FRA"),
        (CHART, ["France,FRA,2124,44"], "line 2: year '2124' must be a whole number from 1900 to"),
        (CHART, ["France,FRA,2024.5,44"], "line 2: year '2024.5' must be a whole number"),
        (CHART, ["France,FRA,2024,44,5"], "line 2: it has 5 fields, but the first line names 4 columns"),
        (CHART, ['France,"FRA,2024,44'], "is not a readable CSV"),
        (CHART, ["Africa,,2024,44"], "holds no value of a country that our rows are about"),
        ("", [], "the column 'Entity' is missing"),
    ],
)
def test_a_bad_table_is_one_sentence_with_its_line_and_writes_nothing(tmp_path, monkeypatch, capsys, head, lines, said):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own"
    own.mkdir()
    before = (data_folder() / "assumptions" / "grids.csv").read_bytes()
    for options in (["--yes"], ["--yes", "--data", "own"]):
        assert cli.main(["data", "update", "--from", str(table(tmp_path, *lines, head=head)), *options]) == 2
        out, err = capsys.readouterr()
        assert said in err and err.startswith("recount: ") and err.strip().count("\n") == 0 and out == ""
    assert list(own.iterdir()) == [] and (data_folder() / "assumptions" / "grids.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "nothing.csv"], "is no file: name a CSV table"),
        (["--from", "."], "is no file: name a CSV table"),
        (["--from", "t.csv", "--published", "last year"], "--published 'last year' must be a date"),
        (["--from", "t.csv", "--published", "2026", "--source", "ember2052"], "did you mean 'ember2025'"),
        (["--from", "t.csv"], "line 2: a table of 2019 would replace the row of grid:AUS-2018, which is of 2025-05: give --published if it is newer."),
        (["--from", "t.csv", "--data", "nowhere"], "does not exist"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(tmp_path, monkeypatch, capsys, options, said):
    monkeypatch.chdir(tmp_path)
    table(tmp_path, "Australia,AUS,2018,690", name="t.csv")
    assert cli.main(["data", "update", *options]) == 2
    assert said in capsys.readouterr().err


def test_in_a_terminal_it_asks(copy):
    path = copy / "data" / "assumptions" / "grids.csv"
    before = path.read_bytes()
    for answer, said in (("no", "Nothing is written."), ("y", "is written")):
        assert path.read_bytes() == before
        master, slave = pty.openpty()
        command = [sys.executable, "-c", MAIN, "data", "update", "--from", str(table(copy, "Australia,AUS,2018,690")), "--published", "2026-11"]
        process = subprocess.Popen(command, cwd=copy, env=environment(RECOUNT_DATA="data"), stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        shown = ""
        while select.select([master], [], [], 120)[0]:
            try:
                shown += os.read(master, 65536).decode(errors="replace")
            except OSError:
                break
            if answer and shown.endswith("[y/N] "):
                os.write(master, f"{answer}\n".encode())
                answer = ""
        process.wait(timeout=60)
        os.close(master)
        assert said in shown, shown
    assert grids(copy)["grid:AUS-2018", "life-cycle"]["value"] == "690"


@pytest.mark.parametrize("which", [1, 2])
def test_a_process_killed_between_writing_and_renaming_leaves_whole_files(copy, which):
    """Two files are renamed: first the source, then the rows. Killed at either, each is whole and a second try ends well."""
    before = {path: path.read_bytes() for path in (copy / "data" / "sources.bib", copy / "data" / "assumptions" / "grids.csv")}
    killed = f"""
import itertools, os, signal
rename, counted = os.replace, itertools.count(1)
os.replace = lambda *a: rename(*a) if next(counted) < {which} else os.kill(os.getpid(), signal.SIGKILL)
{MAIN}"""
    options = ("data", "update", "--from", str(table(copy, "Australia,AUS,2018,690")), "--yes", "--published", "2026-11")
    assert recount(*options, cwd=copy, program=killed).returncode == -9
    assert (copy / "data" / "assumptions" / "grids.csv").read_bytes() == before[copy / "data" / "assumptions" / "grids.csv"]
    if which == 1:
        assert (copy / "data" / "sources.bib").read_bytes() == before[copy / "data" / "sources.bib"]
    assert recount(*options, cwd=copy).returncode == 0
    assert (copy / "data" / "sources.bib").read_text(encoding="utf-8").count("@misc{owid2026,") == 1
    assert grids(copy)["grid:AUS-2018", "life-cycle"]["value"] == "690"


def test_rows_of_ones_own_take_the_table_and_ours_stays(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    own, ours = tmp_path / "mes données", (data_folder() / "assumptions" / "grids.csv").read_bytes()
    own.mkdir()
    path = table(tmp_path, "Australia,AUS,2018,690", "Australia,AUS,2026,500")
    assert cli.main(["data", "update", "--from", str(path), "--yes", "--data", str(own)]) == 0
    with own_register.used(None, own):
        found = assumptions.load()
        assert found.pick("grid:AUS-2018", "grid_intensity").value == "690"
        assert found.pick("grid:AUS-2018@2025-05", "grid_intensity").value == "688.421"
        assert found.pick("grid:AUS-2026", "grid_intensity").value == "500"
    assert assumptions.load().pick("grid:AUS-2018", "grid_intensity").value == "688.421"
    assert (data_folder() / "assumptions" / "grids.csv").read_bytes() == ours
    table(tmp_path, "Australia,AUS,2018,691", "Australia,AUS,2026,501")
    assert cli.main(["data", "update", "--from", str(path), "--yes", "--data", str(own), "--published", "2026-12"]) == 0
    with own_register.used(None, own):
        kept = {row.context: row.value for row in assumptions.load().rows if row.context.startswith(("grid:AUS-2018", "grid:AUS-2026"))}
    assert kept == {
        "grid:AUS-2018": "691", "grid:AUS-2018@2025-05": "688.421", "grid:AUS-2018@2026": "690", "grid:AUS-2026": "501", "grid:AUS-2026@2026": "500",
    }  # fmt: skip
    assert "is written: 2 values" in capsys.readouterr().out

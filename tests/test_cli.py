"""The command line as a user meets it: plain refusals, exit codes, the documented JSON."""

import json
import subprocess
import sys

import jsonschema
import pytest

from recount import cli, register
from recount.vocabulary import data_folder


def run(capsys, *arguments):
    try:
        code = cli.main(list(arguments))
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["claim", "gpt-3-enrgy"], "did you mean 'gpt-3-energy'"),
        (["claims", "--scenario", "frnch-grid"], "did you mean 'french-grid'"),
        (["claims", "-p", "grid_intensty=56 gCO2e/kWh"], "did you mean 'grid_intensity'"),
        (["claims", "-p", "grid_intensity=56 L/kWh"], "wrong dimension"),
        (["claims", "-p", "grid_intensity=56"], "has no unit"),
        (["claims", "-p", "grid_intensity=nan gCO2e/kWh"], "one number and a unit"),
        (["claims", "-p", "facility_energy=1,287 MWh"], "ambiguous"),
        (["claims", "-p", "facility_energy=9**9**9 MWh"], "without arithmetic"),
        (["claims", "-p", "facility_energy=-3 MWh"], "out of range"),
        (["claims", "-p", "energy_per_parameter_token=1e300 pJ/parameter/token"], "must be from 0 to 1e+06 pJ/parameter/token"),
        (["claims", "-p", "batch=1e300"], "must be at most 1e+36"),
        (["claims", "-p", "pue=0.9"], "nearest valid value is 1"),
        (["claims", "-p", "grid_intensity"], "write it as name=value"),
        (["claims", "-p", "pue=1.1", "-p", "pue=1.2"], "given twice"),
        (["run", "trainin_energy"], "did you mean"),
        (["run", "training_energy", "-p", "grid_intensty=56 gCO2e/kWh"], "did you mean 'grid_intensity'"),
        (["run", "training_energy", "-p", "grid_intensity=56 L/kWh"], "wrong dimension"),
        (["run", "--scenario", "frnch-grid"], "did you mean 'french-grid'"),
        (["run", "--jobs", "0"], "whole number of at least 1"),
        (["claims", "--samples", "999"], "from 1000 to 10000000: the nearest valid one is 1000"),
        (["claim", "gpt-3-energy", "--samples", "1e9"], "must be a whole number from 1000"),
        (["claims", "--samples", "10000000000"], "the nearest valid one is 10000000"),
        (["claim", "gpt-3-energy", "--seed", "1.5"], "whole number of at least 0"),
        (["rerun", "training_energy", ""], "nothing to change"),
        (["nonsense"], "nonsense"),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_code_2(capsys, arguments, said):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.startswith("recount: ") and "Traceback" not in err and err.strip().count("\n") == 0


def test_help_reads_well(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for word in ("run", "claims", "claim", "check", "examples:"):
        assert word in out


def test_help_waits_for_no_heavy_library():
    import subprocess
    import sys

    probe = "import sys; from recount.cli import _parser; _parser().format_help(); print(sorted({'pandas','hamilton','numpy','papermill'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_claims_prints_a_table_and_a_tally(capsys):
    printed = sum(not register.articles()[claim.article].ours for claim in register.load().values())
    code, out, err = run(capsys, "claims")
    assert code == 0 and err == ""
    assert "gpt-3-energy" in out and "1,287 MWh" in out
    assert f"{printed} claims of 5 articles: " in out and f"{len(register.load()) - printed} comparisons of our own: " in out


def test_claims_json_under_a_scenario(capsys):
    code, out, _ = run(capsys, "claims", "--scenario", "polish-grid", "--json")
    found = {claim["id"]: claim for claim in json.loads(out)}
    jsonschema.validate(list(found.values()), json.loads((data_folder() / "claim.schema.json").read_text(encoding="utf-8")))
    assert code == 0
    assert found["gpt-3-carbon"]["verdict"] == "reproduced"
    assert found["gpt-3-carbon"]["would_be"] == "not reproduced"
    assert found["gpt-3-carbon"]["recomputed"] == pytest.approx(843.4, rel=1e-3)  # 1,287 MWh at Poland's 655.3 g/kWh


def test_claim_explains(capsys):
    code, out, _ = run(capsys, "claim", "gpt-3-energy")
    assert code == 0
    assert "facility_energy = " in out and "patterson2021, Table 4" in out
    assert "What drives it most: system power per chip" in out and "would have to be:" in out
    assert max(map(len, out.splitlines())) <= 100


def test_check_counts(capsys):
    code, out, _ = run(capsys, "check")
    assert code == 0 and "no problem found" in out


def test_the_package_runs_as_a_program():
    done = subprocess.run([sys.executable, "-m", "recount", "claim", "gpt-3-enrgy"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "") and "did you mean 'gpt-3-energy'" in done.stderr

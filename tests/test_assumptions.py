"""Rows are refused with a sentence that says what is wrong; layers win in their order."""

import csv
import datetime
import re
import shutil

import numpy as np
import pytest
from conftest import data_in

from recount import assumptions, sampling, validation, vocabulary
from recount.assumptions import COLUMNS, Assumptions, Row, from_row, load, row_problems
from recount.errors import RecountError

GOOD = dict(
    context="grid:FRA-2023", name="grid_intensity", scope="life-cycle", value="55.275", low="", high="", distribution="point",
    unit="gCO2e/kWh", source="ember2025", locator="row FRA 2023", derivation="", strength="declared", confirmed="read",
    published="2025-05", read_on="2026-11-21", review_by="2027-12-31",
)  # fmt: skip


def row(**changes):
    return Row(**{**GOOD, **changes}, file="test.csv", line=2)


def test_a_good_row_has_no_problem():
    assert row_problems(row()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unit": ""}, "'unit' is empty"),
        ({"source": ""}, "'source' is empty"),
        ({"locator": ""}, "'locator' is empty"),
        ({"low": "60", "high": "70", "distribution": "lognormal"}, "must rise"),
        ({"low": "50", "distribution": "lognormal"}, "stand together"),
        ({"low": "50", "high": "60"}, "stand together"),
        ({"low": "0", "high": "60", "distribution": "lognormal"}, "must lie above the bound"),
        ({"value": "-1"}, "out of range"),
        ({"value": "nan"}, "one number and a unit"),
        ({"value": "5,5e"}, "must be a plain number"),
        ({"value": "55 gCO2e/kWh"}, "must be a plain number"),
        ({"unit": "L/kWh"}, "wrong dimension"),
        ({"unit": "g/kWh"}, "did you mean"),
        ({"name": "grid_intensty"}, "did you mean 'grid_intensity'"),
        ({"name": "pue", "value": "0.9", "unit": "1"}, "the nearest valid value is 1"),
        ({"context": "France 2023"}, "must look like kind:name"),
        ({"context": "gird:FRA-2023"}, "did you mean 'grid'"),
        ({"strength": "sure"}, "must be one of measured"),
        ({"confirmed": "yes"}, "must be one of read"),
        ({"distribution": "gaussian"}, "must be one of point"),
        ({"read_on": "yesterday"}, "must be a date"),
    ],
)
def test_a_bad_row_is_refused(changes, said):
    problems = row_problems(row(**changes))
    assert len(problems) == 1
    assert said in problems[0]
    assert problems[0].startswith("test.csv line 2")


@pytest.fixture
def data(tmp_path):
    """A copy of the real data that a test may break."""
    copy = tmp_path / "data"
    shutil.copytree(vocabulary.data_folder(), copy)
    with data_in(copy):
        yield copy


def append(path, *fields):
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerow(fields)


def test_the_data_is_valid():
    problems, _, told = validation.check()
    assert problems == []
    assert "no problem found" in told


def test_a_broken_row_in_any_file_is_seen(data):
    names = sorted(path.name for path in (data / "assumptions").glob("*.csv"))
    for name in names:
        append(data / "assumptions" / name, *[{**GOOD, "context": f"grid:{name[:-4].replace('_', '-')}-1900", "source": ""}[c] for c in COLUMNS])
    problems, _, _ = validation.check()
    package = validation.package_problems()
    for name in names:
        assert any(f"assumptions/{name}" in p and "'source' is empty" in p for p in problems), "our validator"
        assert any(p.startswith(f"assumptions/{name}: ") and '"source"' in p for p in package), "Frictionless"


def test_a_row_that_stands_twice_is_refused(data):
    append(data / "assumptions" / "grids.csv", *[GOOD[c] for c in COLUMNS])
    with pytest.raises(RecountError, match="same context, name and scope"):
        load()


def test_active_above_total_parameters_is_refused(data):
    for name, value in (("active_parameters", "8e9"), ("total_parameters", "7e9")):
        fields = {**GOOD, "context": "model:impossible", "name": name, "value": value, "unit": "parameter", "scope": ""}
        append(data / "assumptions" / "models.csv", *[fields[c] for c in COLUMNS])
    with pytest.raises(RecountError, match="active parameters 8e9 parameter exceed the total 7e9"):
        load()


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("assumptions/grids.csv", '"unclosed,1,2\n', "grids.csv"),
        ("assumptions/grids.csv", "a,b\n", "has not 16 fields"),
        ("claims.toml", "[[claim]\n", "claims.toml is not readable TOML"),
        ("claims.toml", '[[claim]]\nid = "x"\n', "claim x: it lacks 'article'"),
        ("records.csv", "only,two\n", "has not 11 fields"),
        ("scenarios/french-grid.toml", "given = [", "french-grid.toml is not readable TOML"),
        ("scenarios/french-grid.toml", '[assumptions]\npue = "0.5"\n', "out of range"),
        ("scenarios/french-grid.toml", '[assumptions]\npuee = "1.5"\n', "did you mean 'pue'"),
        ("sources.bib", "@misc{broken,\n", "sources.bib"),
        ("defaults.toml", "contexts = [", "defaults.toml is not readable TOML"),
        ("contexts.toml", "[kinds", "contexts.toml is not readable TOML"),
        ("quantities.csv", "bad,1,one,,,a,b,c,\n", "must be plain numbers"),
        ("scenarios/us-grid.toml", 'assumptions = "x"\n', "'assumptions' must be a table"),
        ("backtests/training.csv", "only,two\n", "training.csv line 70: it has not 11 fields"),
        ("backtests/answers.csv", "only,two\n", "answers.csv line 137: it has not 8 fields"),
    ],
)
def test_a_malformed_file_is_one_sentence(data, file, text, said):
    with (data / file).open("a", encoding="utf-8") as handle:
        handle.write(text)
    problems, _, told = validation.check()
    assert any(said in problem for problem in problems), problems
    assert all("Traceback" not in problem and "\n" not in problem for problem in problems if not problem.startswith("assumptions/"))
    assert "problem" in told


def test_a_broken_vocabulary_is_told_alone(data):
    """Every row leans on it: what 3,000 of them would say follows from these two."""
    path = data / "quantities.csv"
    broken = path.read_text(encoding="utf-8").replace("\ngrid_intensity,gCO2e/kWh,", "\ngrid_intensity,gCO2x/kWh,").replace("\nwater_intensity,L/kWh,", "\nwater_intensity,Litr/kWh,")
    path.write_text(broken, encoding="utf-8")
    problems, _, told = validation.check()
    assert [re.sub(r" line \d+", "", problem).partition(":")[0] for problem in problems] == ["quantities.csv (grid_intensity)", "quantities.csv (water_intensity)"]
    assert "gCO2x" in problems[0] and "Litr" in problems[1] and told == "2 problems in data/"


@pytest.mark.parametrize(("file", "old", "new"), [
    ("training.csv", "run:palm-540b,", "run:palm-54b,"), ("answers.csv", "declared:epoch-gpt-4o,", "declared:epoch-gpt-4,"),
    ("answers.csv", ",prompt:bloom-api,", ",prompt:bloom-app,"),
])  # fmt: skip
def test_an_unknown_context_in_a_list_of_the_back_tests_is_refused(data, file, old, new):
    path = data / "backtests" / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    problems, _, _ = validation.check()
    assert problems == [f"backtests/{file}: context '{new.strip(',')}' is not in the data."]


def test_the_package_must_list_the_back_tests(data):
    (data / "backtests" / "third.csv").write_text("a\n1\n", encoding="utf-8")
    assert validation.package_problems() == ["datapackage.json does not describe backtests/third.csv."]


def test_an_unknown_context_in_a_claim_is_refused(data):
    path = data / "claims.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"run:gpt-3"', '"run:gpt-33"', 1), encoding="utf-8")
    problems, _, _ = validation.check()
    assert any("context 'run:gpt-33' is not in the data: did you mean 'run:gpt-3'" in p for p in problems)


def test_an_unused_and_a_missing_source_are_refused(data):
    path = data / "sources.bib"
    path.write_text(path.read_text(encoding="utf-8").replace("{patterson2021,", "{patterson2021x,", 1), encoding="utf-8")
    problems, _, _ = validation.check()
    assert any("'patterson2021x' is used by nothing" in p for p in problems)
    assert any("the source 'patterson2021' is not in sources.bib" in p for p in problems)


def test_rows_past_their_review_date_are_told():
    assert assumptions.past_review(datetime.date(1990, 1, 1)) == []
    assert len(assumptions.past_review(datetime.date(2100, 1, 1))) == len(load().rows)


def test_a_scope_is_never_taken_silently():
    rows = Assumptions([row(scope="direct")])
    with pytest.raises(RecountError, match=r"has only the scope direct: choose it, as in 'grid:FRA-2023\[direct\]'"):
        rows.pick("grid:FRA-2023", "grid_intensity")
    assert rows.pick("grid:FRA-2023[direct]", "grid_intensity").scope == "direct"


@pytest.mark.parametrize(
    ("distribution", "name", "points"),
    [("lognormal", "grid_intensity", (20, 56, 300)), ("lognormal", "pue", (1.09, 1.17, 1.56)), ("lognormal", "utilisation", (0.2, 0.35, 0.5)),
     ("normal", "power_fraction", (0.7, 0.8, 0.95)), ("uniform", "answer_tokens", (100, 400, 500))],
)  # fmt: skip
def test_samples_have_the_rows_percentiles(distribution, name, points):
    low, value, high = map(str, points)
    known = vocabulary.quantities()[name]
    drawn = sampling.samples(from_row(row(name=name, scope="", low=low, value=value, high=high, distribution=distribution, unit=known.unit)))
    assert np.quantile(drawn.magnitude, [0.05, 0.5, 0.95]) == pytest.approx(points, rel=1e-3)


def test_a_stream_depends_on_its_row_alone():
    first = sampling.uniforms("a|b|c", 1000)
    sampling.uniforms("another", 1000)
    assert (sampling.uniforms("a|b|c", 1000) == first).all()
    assert abs(np.corrcoef(first, sampling.uniforms("a|b|d", 1000))[0, 1]) < 0.15

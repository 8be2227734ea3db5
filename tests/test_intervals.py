"""Intervals one can trust: against a closed form, between seeds, and unmoved by what they do not use."""

import dataclasses
import json
import math
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from recount import assumptions, claims, cli, graph, recompute, register, sampling, vocabulary
from recount.assumptions import Assumption
from recount.errors import RecountError
from recount.recompute import Plan, Planned, World
from recount.register import Operand, Route
from recount.study import Study
from recount.units import Quantity

MEDIANS = {
    "energy_per_parameter_token": (80.2, "pJ/parameter/token"), "active_parameters": (175e9, "parameter"),
    "tokens": (300e9, "token"), "pue": (1.1, ""), "grid_intensity": (429, "gCO2e/kWh"), "grid_materials": (5e-5, "gSbe/kWh"),
}  # fmt: skip
FACTORS = {"energy_per_parameter_token": 3, "active_parameters": 1.5, "tokens": 2}
UNITS = {"facility_energy": "MWh", "usage_carbon": "tCO2e"}


def made(factors, *names, combine=""):
    """A plan of training quantities by ε; each input lies within its factor of the median, five times in a hundred below and above."""
    inputs = {}
    for name, (number, unit) in MEDIANS.items():
        value, factor = Quantity(float(number), unit), factors.get(name)
        ranged = (value / factor, value * factor, "lognormal") if factor else (None, None, "point")
        inputs[name] = Assumption(name, value, 0.0, "estimate", "made", f"{number} {unit}", *ranged)
    operands = tuple(Operand("training", name, "epsilon") for name in names)
    needs = [graph.graph("training", "epsilon").upstream(name, inputs)[0] for name in names]
    planned = (Planned(one, {name: inputs[name] for name in needed}) for one, needed in zip(operands, needs, strict=True))
    return Plan(Route("made", "", "", True, operands, combine), tuple(planned))


@pytest.mark.parametrize("factors", [{"tokens": 1.2}, {"tokens": 2, "active_parameters": 2}, FACTORS, FACTORS | {"grid_materials": 30}, {"grid_materials": 1000}])
def test_a_product_of_lognormals_has_the_percentiles_of_its_closed_form(factors):
    """ln of a product of independent lognormals is normal: its variance is the sum of theirs."""
    median = 80.2e-12 * 175e9 * 300e9 / 3.6e6 * 1.1 * 5e-5
    spread = math.exp(math.hypot(*(math.log(factor) for factor in factors.values())))
    found = sampling.percentiles(recompute.sampled(made(factors, "usage_materials"), "gSbe"), sampling.PERCENTILES)
    assert found == pytest.approx([median / spread, median, median * spread], rel=5e-3)


def figures():
    """Every route of the register that is computed, also what a figure really belongs to: name, plan, unit."""
    for claim in register.load().values():
        for route in claim.routes:
            yield f"{claim.id}, {route.name}", recompute.plan(route, World.of()), claim.unit
        if claim.actually and claim.actually.route:
            yield f"{claim.id}, actually", recompute.plan(claim.actually.route, World.of()), register.unit_text(claim.actually.printed or claim.printed)


def test_no_percentile_moves_by_one_percent_between_seeds():
    """Relative to the percentile itself or, where a figure has both signs, to its interval."""
    found = {name: [] for name, _, _ in figures()}
    for seed in range(3):
        for name, planned, unit in figures():
            found[name].append(sampling.percentiles(recompute.sampled(planned, unit, None, seed), sampling.PERCENTILES))
    moved = {}
    for name, by_seed in found.items():
        low, high = np.min(by_seed, axis=0), np.max(by_seed, axis=0)
        scale = np.abs(np.mean(by_seed, axis=0)) if low[0] * high[2] > 0 else high[2] - low[0]
        moved[name] = float(np.max((high - low) / scale)) if (high > low).any() else 0.0
    assert len(moved) > 100
    worst = max(moved, key=moved.get)
    assert moved[worst] < 0.01, f"{worst}: {moved[worst]:.2%}"


def test_no_verdict_hangs_on_the_seed():
    first, second = ({r.claim.id: r.verdict for r in claims.recompute_all(count=2**14, seed=seed)} for seed in (1, 2))
    published = {r.claim.id: r.verdict for r in claims.recompute_all(count=2**14)}
    assert first == second == published


PROBE = """
import hashlib
from recount import recompute, register
from recount.recompute import World
for claim in register.load().values():
    for route in claim.routes:
        planned = recompute.plan(route, World.of())
        print(hashlib.sha256(recompute.sampled(planned, claim.unit, 1000).tobytes()).hexdigest(), *(a.key.replace(" ", "_") for a in planned.assumptions))
"""


def probed(data):
    """The fingerprint of every route's samples, and the keys of what it uses, computed from a data folder."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, env=os.environ | {"RECOUNT_DATA": str(data)})
    return [(line.split()[0], set(line.split()[1:])) for line in done.stdout.splitlines()]


def test_a_figure_moves_with_the_rows_it_uses_and_with_no_other(tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(vocabulary.data_folder(), copy)
    before = probed(copy)
    for path in (copy / "assumptions").glob("*.csv"):  # another order, and a new row first of all
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        new = [row.replace("grid:FRA-2023,", "grid:FRA-1998,") for row in rows if row.startswith("grid:FRA-2023,grid_intensity,")]
        path.write_text("\n".join([head, *new, *reversed(rows), ""]), encoding="utf-8")
    assert any("FRA-1998" in path.read_text(encoding="utf-8") for path in (copy / "assumptions").glob("*.csv"))
    assert probed(copy) == before
    key = "default|server_embodied_carbon|"
    path = next(p for p in (copy / "assumptions").glob("*.csv") if f"\n{key.replace('|', ',')}" in p.read_text(encoding="utf-8"))
    rows = path.read_text(encoding="utf-8").splitlines()
    row = next(r for r in rows if r.startswith(key.replace("|", ",")))
    path.write_text(path.read_text(encoding="utf-8").replace(row, row.replace(row.split(",")[3], str(float(row.split(",")[3]) * 1.001), 1)), encoding="utf-8")
    moved = [old[0] != new[0] for old, new in zip(before, probed(copy), strict=True)]
    assert moved == [key in used for _, used in before] and any(moved)


def test_one_row_moves_energy_and_carbon_together():
    alone = {"energy_per_parameter_token": 3}
    energy, carbon = (recompute.sampled(made(alone, name), unit, 1000) for name, unit in UNITS.items())
    assert (np.argsort(energy) == np.argsort(carbon)).all()
    low, high = recompute.interval(made(alone, "usage_carbon", "facility_energy", combine="ratio"), "gCO2e/kWh", 1000)
    assert (low, high) == (pytest.approx(429, rel=1e-12), pytest.approx(429, rel=1e-12))
    low, high = recompute.interval(made(FACTORS | {"grid_intensity": 3}, "usage_carbon", "facility_energy", combine="ratio"), "gCO2e/kWh", 100_000)
    assert (low, high) == (pytest.approx(429 / 3, rel=1e-3), pytest.approx(429 * 3, rel=1e-3)), "only the grid is left"


def test_one_run_moves_together_under_two_claims():
    energy, carbon = (recompute.plan(next(r for r in register.claim(i).routes if r.name == "epsilon"), World.of()) for i in ("gpt-3-energy", "gpt-3-carbon"))
    grid = next(a for a in carbon.assumptions if a.name == "grid_intensity")
    drawn = recompute.sampled(energy, "MWh", 1000) * sampling.samples(grid, 1000).to("tCO2e/MWh").magnitude
    assert recompute.sampled(carbon, "tCO2e", 1000) == pytest.approx(drawn, rel=1e-12)
    assert np.ptp(drawn) > 0


def test_every_row_has_a_stratified_column_of_its_own():
    count, keys = 2**12, sorted({row.key for row in assumptions.load().rows})
    drawn = np.array([sampling.uniforms(key, count) for key in keys])
    strata = np.sort(drawn, axis=1) * count - np.arange(count)
    assert strata.min() > -1e-9 and strata.max() < 1 + 1e-9
    correlation = np.corrcoef(drawn) - np.eye(len(keys))  # of evenly spread columns: that of their ranks
    assert np.abs(correlation).max() < 6 / math.sqrt(count)


def test_rows_alike_in_every_number_are_still_two():
    one = next(row for row in assumptions.load().rows if row.distribution == "lognormal")
    first, second = (sampling.samples(assumptions.from_row(dataclasses.replace(one, context=c)), 2**12).magnitude for c in ("run:one", "run:two"))
    ranks = [np.argsort(np.argsort(column)) for column in (first, second)]
    assert abs(np.corrcoef(ranks)[0, 1]) < 6 / math.sqrt(2**12)


def test_what_was_drawn_before_moves_nothing():
    sampling.columns.clear()
    planned = recompute.plan(register.claim("mistral-7b-carbon").route, World.of())
    first = recompute.sampled(planned, "tCO2e", 1000)
    sampling.columns.clear()
    recompute.sampled(recompute.plan(register.claim("gpt-3-carbon").route, World.of()), "tCO2e", 1000)
    assert (recompute.sampled(planned, "tCO2e", 1000) == first).all()


@pytest.mark.parametrize("column", [[3.0], [2.0, 1.0], [1.0] * 9, [*range(100), -5.5], [1.0, math.nan, 2.0]])
def test_percentiles_are_numpys(column):
    shares = (0.95, 0.05, 0.5, 0.999, 0, 1)
    assert sampling.percentiles(np.array(column), shares) == pytest.approx(np.quantile(np.array(column), shares), nan_ok=True, rel=1e-14)


def test_an_infinite_sample_leaves_the_percentiles_below_it():
    assert sampling.percentiles(np.array([math.inf, 1.0, 2.0, math.inf]), (0.1, 0.5, 0.95)) == [pytest.approx(1.3), math.inf, math.inf]


@pytest.mark.parametrize(
    ("low", "high", "count"), [(0.9, 1.1, 2**17), (0.2, 5, 2**19), (1e-4, 1e4, 2**21), (0, 0, 2**17), (-1, 2, 2**17), (1, math.inf, 2**17)]
)  # fmt: skip
def test_a_wide_figure_takes_more_samples(low, high, count):
    share = (np.arange(2**17) + 0.5) / 2**17
    drawn = np.exp(math.log(low) + share * math.log(high / low)) if 0 < low < high < math.inf else low + share * high
    assert sampling.needed(drawn) == count


def test_columns_are_drawn_once_and_forgotten_in_time():
    kept, drawn = sampling._Columns(3 * 8000), []
    for name in "abacdae":
        kept.get((name,), lambda n=name: drawn.append(n) or np.zeros(1000))
    assert drawn == ["a", "b", "c", "d", "e"] and kept.bytes == 3 * 8000
    kept.get(("b",), lambda: drawn.append("b") or np.zeros(10_000))
    assert drawn[-1] == "b" and kept.bytes == 80_000, "one that is larger than all is still served"


def test_count_and_seed_reach_every_interval(capsys):
    cli.main(["claims", "--json", "--samples", "1000", "--seed", "3"])
    found = {one["id"]: one for one in json.loads(capsys.readouterr().out)}
    own = claims.recompute_claim("mistral-7b-carbon", count=1000, seed=3).taken.interval
    assert (found["mistral-7b-carbon"]["low"], found["mistral-7b-carbon"]["high"]) == own
    assert Study(samples=1000, seed=3).result("mistral-7b-carbon").taken.interval == own
    assert claims.recompute_claim("mistral-7b-carbon", count=1000, seed=4).taken.interval != own
    assert claims.recompute_claim("mistral-7b-carbon", count=1001, seed=3).taken.interval != own


def test_a_study_refuses_what_the_command_line_refuses():
    with pytest.raises(RecountError, match="nearest valid one is 1000"):
        Study(samples=10)
    with pytest.raises(RecountError, match="seed '-1' must be a whole number"):
        Study(seed=-1)

"""What drives a figure and what would have to be true, against closed forms and planted rows."""

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest

from recount import claims, conditions, explain, recompute, register, resemblance, sampling, sensitivity, uncertainty
from recount.assumptions import Assumption, Assumptions, load
from recount.contexts import called
from recount.recompute import Plan, Planned
from recount.register import Operand, Route
from recount.units import Quantity, read_unit, trimmed

Z95 = 1.6448536269514722


@pytest.fixture(scope="module")
def results():
    return {one: claims.recompute_claim(one, count=256) for one, claim in register.load().items() if claim.routes}


def assumption(name, unit, low, value, high, distribution):
    """One that no row states, keyed by its text."""
    low, value, high = (Quantity(x, unit) for x in (low, value, high))
    return Assumption(name, value, 0.0, "guess", "override", f"{name} {value}", low, high, distribution)


def planned(combine, *operands):
    """A plan whose operands are assumptions themselves, combined."""
    route = Route("test", "test", "", True, tuple(Operand() for _ in operands), combine)
    return Plan(route, tuple(Planned(Operand(), {one.name: one}) for one in operands))


def lognormal(name, unit, value, factor):
    return assumption(name, unit, value / factor, value, value * factor, "lognormal")


ENERGY, WORK, TOKENS = (
    lognormal("it_energy", "MWh", 100, 2), lognormal("training_tokens", "token", 1e12, 3), lognormal("active_parameters", "parameter", 1e9, 1.5),
)  # fmt: skip


def test_shares_of_a_product_of_lognormals_are_those_of_the_logarithms():
    found = sensitivity.sobol(planned("product", ENERGY, WORK, TOKENS), "MWh*token*parameter")
    variances = {a.name: (math.log(factor) / Z95) ** 2 for a, factor in ((ENERGY, 2), (WORK, 3), (TOKENS, 1.5))}
    assert found.logarithm
    assert [i.assumption.name for i in found.of] == ["training_tokens", "it_energy", "active_parameters"]
    for index in found.of:
        exact = variances[index.assumption.name] / sum(variances.values())
        assert index.total == pytest.approx(exact, abs=0.01)  # the noise of the estimate at 4,096 samples
        assert index.first == pytest.approx(exact, abs=0.01)


def test_shares_of_a_difference_of_uniforms_are_those_of_the_figure():
    """The figure is negative at times, so its own variance is shared: (b − a)² ÷ 12, here 20² to 40²."""
    wide, narrow = assumption("it_energy", "MWh", 82, 100, 118, "uniform"), assumption("facility_energy", "MWh", 91, 100, 109, "uniform")
    found = sensitivity.sobol(planned("difference", wide, narrow), "MWh")
    assert not found.logarithm
    assert {i.assumption.name: i.total for i in found.of} == pytest.approx({"it_energy": 0.8, "facility_energy": 0.2}, abs=0.01)


def test_an_interaction_is_in_the_totals_and_not_in_the_first_order():
    """Two uniforms from −10 to 10, cut at 0 as energies are: mean 2.5, mean square 100 ÷ 6, so each alone has 27.3 %."""
    x, y = (assumption(f"{n}_energy", "MWh", -9, 0, 9, "uniform") for n in ("it", "facility"))
    found = sensitivity.sobol(planned("product", x, y), "MWh^2")
    mean, square = 2.5, 100 / 6
    alone = (square - mean**2) * mean**2 / (square**2 - mean**4)
    for index in found.of:
        assert (index.first, index.total) == (pytest.approx(alone, abs=0.01), pytest.approx(1 - alone, abs=0.01))


def test_what_stands_above_and_below_is_one_input_and_cancels(results):
    other = lognormal("facility_energy", "MWh", 50, 2)
    energies = sensitivity.sobol(planned("ratio", ENERGY, ENERGY, other), "1/MWh")
    assert {i.assumption.name: i.total for i in energies.of} == pytest.approx({"facility_energy": 1, "it_energy": 0}, abs=1e-3)
    assert energies.get(ENERGY).total < 1e-20, "cancelled, not merely small"
    taken = results["ministral-100"].taken
    shares = {d.assumption.name: d.total for d in taken.drivers.of if d.assumption.name != "active_parameters"}
    assert set(shares) == {"accelerator_energy_per_parameter_token", "it_overhead", "pue"}
    assert shares == pytest.approx(dict.fromkeys(shares, 0.0), abs=1e-12), "both models answer on the same hardware"


def test_no_range_is_no_input_and_one_is_all():
    exact = dataclasses.replace(ENERGY, low=None, high=None, distribution="point")
    assert sensitivity.drivers(planned("sum", exact), "MWh").of == ()
    (only,) = sensitivity.drivers(planned("sum", ENERGY), "MWh").of
    assert (only.first, only.total, only.low, only.high) == (1, 1, pytest.approx(50), pytest.approx(200))


def test_what_cancels_altogether_drives_nothing():
    found = sensitivity.drivers(planned("ratio", ENERGY, ENERGY), "1")
    assert [(d.assumption.name, d.first, d.total) for d in found.of] == [("it_energy", 0, 0)]
    assert found.sentence() == "Nothing drives it: no assumption moves it."


def test_a_seed_gives_the_same_shares_and_another_nearly(results):
    taken = results["large-2-electricity-share"].taken
    first, again, other = (sensitivity.sobol(taken.plan, taken.unit, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert {i.assumption.key: i.total for i in first.of} == pytest.approx({i.assumption.key: i.total for i in other.of}, abs=0.03)


def test_the_three_that_matter_most_are_named(results):
    told = results["large-2-water"].taken.drivers.sentence().replace("\u00a0", " ")
    assert told.startswith("What drives it most: training compute (")
    assert told.count("%") == 3
    assert "no assumption has a range" in results["models-apache"].taken.drivers.sentence()


def test_every_claim_has_its_drivers(results):
    for result in results.values():
        found = result.taken.drivers
        uncertain = [a for a in result.taken.plan.assumptions if sampling.uncertain(a)]
        assert {d.assumption.key for d in found.of} == {a.key for a in uncertain}, result.claim.id
        assert sum(d.first for d in found.of) <= 1.05 and all(0 <= d.first and d.total <= 1 for d in found.of)


def test_swings_are_the_figure_at_both_ends():
    """Energy over work: at 50 and 200 of 100 MWh, and, below the line, at thrice and a third of the tokens."""
    found = uncertainty.swings(planned("ratio", ENERGY, WORK), "MWh/token")
    ends = {s.assumption.name: (s.low * 1e12, s.high * 1e12) for s in found}
    assert ends["it_energy"] == pytest.approx((50, 200), rel=1e-12)
    assert ends["training_tokens"] == pytest.approx((300, 100 / 3), rel=1e-12)
    assert [s.assumption.name for s in found] == ["training_tokens", "it_energy"]


def test_the_break_even_of_every_claim_gives_the_printed_figure(results):
    tried = 0
    for result in results.values():
        for figure in result.figures:
            for found in uncertainty.break_evens(figure.plan, figure.unit, result.printed_value, figure.plan.assumptions):
                if found.value is None:
                    continue
                put = recompute.evaluate(figure.plan, lambda a, f=found: f.value if a.key == f.assumption.key else a.value)
                assert float(put.to(read_unit(figure.unit)).magnitude) == pytest.approx(result.printed_value, rel=1e-9), (result.claim.id, found)
                tried += 1
    assert tried > 400


def test_no_break_even_within_the_bounds_says_what_would_be_beyond(results):
    """64 t on the French grid from the A100's ε would take a PUE above its bound of 5."""
    result = results["mistral-7b-carbon"]
    figure = next(f for f in result.figures if f.route.name == "epsilon-french-grid")
    pue = next(a for a in figure.plan.assumptions if a.name == "pue")
    found = uncertainty.break_even(figure.plan, figure.unit, 64, pue)
    assert found.value is None
    assert float(found.beyond.magnitude) == pytest.approx(1.17 * 64 / figure.value, rel=1e-9)
    (condition,) = [c for c in conditions.conditions(figure.plan, figure.unit, 64, "equals", figure.value) if c.assumption.name == "pue"]
    assert condition.value_text == f"nothing possible: {trimmed(found.beyond.magnitude, 4)}, but it is at least 1 and at most 5" and condition.inside is None


def test_a_figure_that_does_not_move_has_no_break_even():
    found = uncertainty.break_even(planned("ratio", ENERGY, ENERGY), "1", 1.0, ENERGY)
    assert (found.value, found.moves) == (None, False)


@pytest.mark.parametrize(
    ("formula", "target", "solution"),
    [
        (lambda x: 1 / (x - 10), 1.0, 11.0),
        (lambda x: 1 / (x - 10), 0.0, None),  # it jumps across 0 at 10
        (lambda x: x * x - 6 * x, -8.0, 4.0),  # and 2, which is further from 3.5
    ],
)
def test_of_several_break_evens_the_nearest_is_taken_and_a_jump_is_none(monkeypatch, formula, target, solution):
    x = assumption("it_energy", "MWh", 1, 3.5, 5, "lognormal")
    monkeypatch.setattr(recompute, "evaluate", lambda plan, draw: Quantity(formula(draw(x).magnitude), "MWh"))
    found = uncertainty.break_even(planned("sum", x), "MWh", target, x).value
    assert (found and float(found.magnitude)) == (solution and pytest.approx(solution, rel=1e-9))


def test_the_smallest_quantities_are_solved_as_exactly_as_the_largest():
    small = lognormal("energy_per_parameter_token", "MWh/parameter/token", 2.2e-20, 2)
    found = uncertainty.break_even(planned("product", small, WORK), "MWh/parameter", 7.7e-8, small)
    assert float(found.value.magnitude) == pytest.approx(7.7e-20, rel=1e-9)


@pytest.mark.parametrize(
    ("relation", "printed", "energy", "tokens"),
    [
        ("more_than", 2e-10, "more than 200 MWh (2 ×)", "less than 500 billion tokens (0.5 ×)"),
        ("at_least", 2e-10, "at least 200 MWh (2 ×)", "at most 500 billion tokens (0.5 ×)"),
        ("less_than", 0.5e-10, "less than 50 MWh (0.5 ×)", "more than 2 trillion tokens (2 ×)"),
        ("up_to", 0.5e-10, "at most 50 MWh (0.5 ×)", "at least 2 trillion tokens (2 ×)"),
        ("equals", 2e-10, "200 MWh (2 ×)", "500 billion tokens (0.5 ×)"),
    ],
)
def test_the_direction_of_an_inequality(relation, printed, energy, tokens):
    """100 MWh over a trillion tokens; the bound is twice or half of it."""
    found = conditions.conditions(planned("ratio", ENERGY, WORK), "MWh/token", printed, relation, 1e-10)
    assert {c.assumption.name: c.value_text.replace("\u00a0", " ") for c in found} == {"it_energy": energy, "training_tokens": tokens}
    assert {c.holds for c in found} == {None if relation == "equals" else False}


@pytest.mark.parametrize(("relation", "inside"), [("equals", False), ("at_least", False), ("up_to", True)])
def test_a_range_reaches_a_bound_from_its_side(relation, inside):
    """The energy's range ends at 200 MWh; 300 are beyond, and at most 300 is all of it."""
    (found,) = conditions.conditions(planned("sum", ENERGY), "MWh", 300, relation, 100)
    assert found.inside is inside
    assert found.percentile == pytest.approx(100 * 0.5 * (1 + math.erf(math.log(3) / math.log(2) * Z95 / math.sqrt(2))), rel=1e-9)


@pytest.mark.parametrize(("distribution", "low", "high"), [("lognormal", 50, 200), ("normal", 60, 170), ("uniform", 80, 150)])
def test_the_percentile_undoes_the_samples(distribution, low, high):
    one = assumption("it_energy", "MWh", low, 100, high, distribution)
    for share in (0.05, 0.2, 0.5, 0.8, 0.95):
        assert sampling.share_below(one, sampling.at(one, np.float64(share))) == pytest.approx(share, abs=1e-12)


def test_resemblance_picks_the_planted_nearest_row(monkeypatch, results):
    """128 gCO2e/kWh: a grid of 128.1 and of 127 next year are nearer than any real one."""
    grid = next(a for a in results["mistral-7b-carbon"].taken.plan.assumptions if a.name == "grid_intensity")
    like = next(r for r in load().rows if r.context == "grid:ESP-2023" and r.scope == "life-cycle")
    planted = [dataclasses.replace(like, context=f"grid:MLT-{year}", value=value) for year, value in (("1931", "128.1"), ("1932", "127"), ("1940", "900"))]
    wrong = dataclasses.replace(like, context="grid:ZAF-1930", scope="direct", value="128")
    older = dataclasses.replace(like, context="grid:MLT-1931@1999-01", value="128.0")
    data = Assumptions([*load().rows, *planted, wrong, older])
    monkeypatch.setattr(resemblance, "load", lambda: data)
    first = resemblance.nearest_rows(grid, Quantity(128, read_unit("gCO2e/kWh")))[0]
    assert first.contexts == ("grid:MLT-1931", "grid:MLT-1932"), "another scope, another edition and what is far are left out"
    told = resemblance.resembles(grid, Quantity(128, read_unit("gCO2e/kWh")))
    assert told.startswith("near Malta 1931–1932 (127 to 128 gCO2e/kWh), ")


def test_what_resembles_nothing_says_so_and_names_the_nearest(results):
    conditions_of = {c.assumption.name: c for c in results["series-a-over-400"].conditions}
    assert conditions_of["amount"].resembles == "nothing in the data resembles it: the nearest is Mistral Seed 2023 (funding round) (105,000,000 €)"
    grid = next(c for c in results["mistral-7b-implied-grid"].conditions if c.assumption.name == "grid_intensity")
    assert "times United States 2023" in grid.resembles and "France" not in grid.resembles, "its own country is in the factor"
    assert grid.found.factor == pytest.approx(128 / 55.275, rel=1e-9)


def test_what_is_near_under_another_scope_is_named_with_it(results):
    """A flight without contrails is near 0.086 kg; among those with contrails nothing is."""
    flight = next(one for one in results["paris-new-york"].conditions if one.assumption.name == "flight_intensity")
    assert flight.resembles.startswith("nothing of the same scope in the data resembles it, the nearest is DESNZ")
    assert "near it is ADEME long haul (flight factor) (0.0833 kgCO2e/(passenger·km)) [no-contrails]" in flight.resembles


def test_a_pue_is_as_far_as_its_overhead(results):
    """1.2 is twice as far from 1 as 1.1: they do not resemble each other."""
    pue = next(a for a in results["gpt-3-energy"].taken.plan.assumptions if a.name == "pue")
    near = resemblance.nearest_rows(pue, Quantity(1.2, ""))
    assert all(like.distance == pytest.approx(abs(math.log((like.values[0] - 1) / 0.2))) for like in near)


def test_every_context_has_a_name_in_both_languages():
    for context in load().contexts():
        for language in ("en", "fr"):
            told = called(context, language)
            assert told and "{" not in told and ":" not in told and not told.endswith(" "), (context, told)


def test_the_table_of_claims_does_not_wait_for_salib():
    code = "import sys; from recount import claims, explain; explain.scoreboard(claims.recompute_all(count=64)).text(); print('SALib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_salib_stays_silent(capfd, results):
    taken = results["large-2-total"].taken
    sensitivity.sobol(taken.plan, taken.unit, seed=5)
    assert capfd.readouterr() == ("", "")


def test_the_json_tells_both(results):
    told = results["gemini-water-cooling"].as_json()
    assert [d["name"] for d in told["drivers"][:2]] == ["on_site_water_intensity", "pue"] and told["drivers_of"] == "logarithm"
    first = told["would_hold"][0]
    assert (first["name"], first["side"], first["unit"], first["inside"]) == ("on_site_water_intensity", "more than", "L/kWh", False)
    # on site above half of the whole: more than PUE 1.17 × 3.142 L/kWh
    assert first["value"] == pytest.approx(1.17 * 3.142, rel=1e-9)


def test_a_claim_says_what_drives_it_and_the_likeliest_single_change(results):
    """The least unlikely by its own range: not the tokens that the claim itself fixes at 400."""
    drives, change = explain.why(results["large-2-answer-carbon"])
    assert drives.startswith("What drives it most: batch (")
    assert change.startswith("The likeliest single change that would make the printed figure hold: batch ")
    assert explain.why(results["inference-one-model"])[1].startswith("No single assumption within its range would make the printed figure hold")
    assert len(explain.why(results["gpt-3-energy"])) == 1, "reproduced: nothing would have to change"
    assert explain.why(results["models-apache"]) == []


def test_a_definition_is_no_condition(results):
    """Six operations per parameter and token, one answer: nothing that could be otherwise."""
    named = {c.assumption.name for c in results["large-2-answer-carbon"].conditions}
    assert {"batch", "grid_intensity"} <= named and not {"answers", "forward_flop_per_parameter_token"} & named

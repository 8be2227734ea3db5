"""What a route starts from, and the ranges of its figure: each rule seen at work once."""

import math
from types import SimpleNamespace

import pytest

from recount import claims, counts, recompute, register, scenarios
from recount.assumptions import load
from recount.errors import RecountError
from recount.recompute import World
from recount.register import Operand
from recount.units import Quantity
from recount.verdicts import counted, spans, verdict


def test_r_moves_every_input_within_its_rounding_to_the_worst():
    """Patterson et al. 2021, Table 4: 3.14e23 FLOP, 24.6 TFLOP/s, 330 W, PUE 1.10, each within half a last digit."""
    planned = recompute.plan(register.claim("gpt-3-energy").route, World.of())
    low = 3.135e23 / 24.65e12 / 3600 * 325 / 1e6 * 1.095
    high = 3.145e23 / 24.55e12 / 3600 * 335 / 1e6 * 1.105
    assert recompute.rounded(planned, "MWh") == pytest.approx((low, high), rel=1e-9)


@pytest.mark.parametrize(
    ("combine", "expected"), [("ratio", 4), ("difference", 6), ("sum", 10), ("product", 16), ("share", 0.8)]
)
def test_operands_are_combined(combine, expected):
    assert recompute._combine(combine, [Quantity(8, ""), Quantity(2, "")]).magnitude == pytest.approx(expected)


@pytest.mark.parametrize(
    ("operand", "said"),
    [
        (Operand("training", "usage_carbon", "declared", ("run:gpt-3", "grid:FRA-2023", "grid:USA-2018")), "is supplied by"),
        (Operand("training", "usage_carbon", "declared", ("run:gpt-3",)), "has only the scope direct"),
        (Operand("training", "facility_energie", "declared", ("run:gpt-3",)), "did you mean 'facility_energy'"),
    ],
)
def test_what_a_route_may_not_start_from(operand, said):
    with pytest.raises(RecountError) as error:
        recompute.gather(operand, World.of())
    assert said in str(error.value)


def test_active_parameters_never_exceed_the_total_wherever_they_come_from():
    world = World.of(None, {"architecture.active_parameters": "8e12 parameter"})
    with pytest.raises(RecountError, match="exceed"):
        recompute.gather(Operand("architecture", "active_share", "", ("model:mistral-7b",)), world)


def test_layers_default_given_scenario_override_special():
    operand = Operand("training", "usage_carbon", "declared", ("run:gpt-3[direct]",))
    taken = lambda world: recompute.gather(operand, world)["grid_intensity"]  # noqa: E731
    assert taken(World.of()).origin == "row"
    assert taken(World.of("french-grid")).origin == "scenario"
    assert taken(World.of("french-grid", {"grid_intensity": "9 gCO2e/kWh"})).value.magnitude == 9
    both = {"grid_intensity": "9 gCO2e/kWh", "training.grid_intensity": "7 gCO2e/kWh"}
    assert taken(World.of("french-grid", both)).value.magnitude == 7
    own = scenarios.Scenario("x", "", "", "", (), {"training.grid_intensity": "5 gCO2e/kWh"})
    layered = scenarios.layer(own, {"grid_intensity": "9 gCO2e/kWh"}, "training", load())
    assert layered["grid_intensity"].value.magnitude == 9, "the reader wins"


def test_a_fixed_route_moves_with_no_world():
    route = next(r for c in register.load().values() for r in c.routes if r.fixed)
    for world in (World.of("polish-grid"), World.of("newer-hardware")):
        assert recompute.plan(route, world) == recompute.plan(route, World.of())


def test_of_two_routes_that_a_change_reaches_alike_the_claims_own_is_taken():
    first, own = (SimpleNamespace(route=SimpleNamespace(name=n), plan=SimpleNamespace(changed_names={"pue"})) for n in "ab")
    assert claims.route_taken(SimpleNamespace(take="b"), [first, own], World.of("french-grid")) is own


@pytest.mark.parametrize(
    ("relation", "r", "i", "strong", "expected"),
    [
        ("less_than", (5, 5), (5, 5), True, "not reproduced"),
        ("less_than", (4, 4.9), (4, 5), True, "reproduced"),
        ("less_than", (6, 7), (5, 9), False, "not reproduced"),
        ("less_than", (6, 7), (4.9, 9), False, "plausible"),
    ],
)
def test_less_than_is_strict(relation, r, i, strong, expected):
    assert verdict((-math.inf, 5), relation, r, i, strong, False) == expected


def test_counts_compare_strictly_and_need_confirmed_members():
    assert not counts._inside(Quantity(500, "MWh"), {"above": "500 MWh"}, "MWh")
    assert not counts._inside(Quantity(500, "MWh"), {"below": "500 MWh"}, "MWh")
    assert counted("plausible") == "plausible"


@pytest.mark.parametrize("typed", ["400 gCO2e/kWh", "400.0 gCO2e/kWh", "0.4 kgCO2e/kWh", "4e2 gCO2e/kWh"])
def test_what_is_typed_is_exact_whatever_its_digits(typed):
    """1,287 MWh at 400 g/kWh are 514.8 t: no digit of 400 makes them the 552 t that are printed."""
    result = claims.recompute_claim("gpt-3-carbon", World.of(None, {"grid_intensity": typed}), 1000)
    assert result.taken.value == pytest.approx(514.8, abs=0.05)
    assert result.here == "not reproduced" and 514.9 < result.taken.rounded[1] < 545  # the energy's rows keep their printed rounding


def test_a_scenarios_value_is_exact_and_its_rows_keep_their_rounding():
    typed = scenarios.Scenario("own", "", "", "", ("grid:SWE-2023",), {"pue": "1.2"})
    laid = scenarios.layer(typed, {"training.utilisation": "0.4"}, "training", load())
    assert (laid["pue"].half_rounding, laid["utilisation"].half_rounding) == (0, 0)
    assert laid["grid_intensity"].half_rounding > 0


def test_an_interval_across_zero_spans_everything():
    assert spans((-5, 5)) == math.inf

"""Verdicts are computed: each of five claims flips when an assumption of it moves."""

import json

import jsonschema
import pytest

from recount import claims, explain, register
from recount.claims import recompute_all, recompute_claim
from recount.errors import RecountError
from recount.recompute import World
from recount.verdicts import VERDICTS, record_verdict, verdict
from recount.vocabulary import data_folder

# The verdicts as published. A change here is a finding: say why in the claim's history.
PUBLISHED = {
    "gpt-3-energy": "reproduced",
    "gpt-3-carbon": "reproduced",
    "strubell-284t": "misattributed",
    "gemini-water": "misattributed",
    "large-2-training-alone": "misattributed",
    "large-2-flights": "reproduced",
    "mistral-7b-households": "reproduced",
    "mistral-7b-carbon": "undecided",
    "paris-new-york": "plausible",
    "series-a-over-400": "misattributed",
    "survey-68": "not recomputable",
    "savings-2028": "undecided",
    "codestral-licence": "refuted",
    "models-apache": "refuted",
}


@pytest.fixture(scope="module")
def results():
    return {result.claim.id: result for result in recompute_all()}


@pytest.mark.parametrize(("identifier", "expected"), PUBLISHED.items())
def test_published_verdicts(results, identifier, expected):
    assert results[identifier].verdict == expected


def test_three_findings_are_computed(results):
    """The search that was never run, GPT-3's water, the study's whole footprint."""
    search = results["strubell-284t"]
    assert search.actually.value == pytest.approx(284.019, abs=0.5)
    assert search.taken.value == pytest.approx(0.087, abs=0.0005)
    water = results["gemini-water"]
    assert water.actually.value == pytest.approx(707_850, abs=50)
    whole = claims.recompute_claim("gemini-water-cooling")
    assert whole.taken.value == pytest.approx(13.0, abs=0.1)
    assert results["large-2-training-alone"].actually_holds


# An assumption moved so far that the verdict must become another.
FLIPS = [
    ("gpt-3-energy", {"pue": "1.5"}, "not reproduced"),
    ("gpt-3-carbon", {"grid_intensity": "56 gCO2e/kWh"}, "not reproduced"),
    ("mistral-7b-carbon", {"grid_intensity": "128 gCO2e/kWh"}, "reproduced"),
    ("mistral-7b-households", {"household_electricity": "2500 kWh/household/year"}, "not reproduced"),
    ("large-2-flights", {"flight_intensity": "0.0833 kgCO2e/passenger/km"}, "not reproduced"),
    ("series-a-over-400", {"amount": "410 MEUR"}, "reproduced"),
    ("paris-new-york", {"flight_intensity": "0.0862 kgCO2e/passenger/km"}, "reproduced"),
]


@pytest.mark.parametrize(("identifier", "overrides", "would_be"), FLIPS)
def test_a_moved_assumption_flips_the_verdict(identifier, overrides, would_be):
    result = recompute_claim(identifier, World.of(None, overrides))
    assert result.here == would_be
    assert result.verdict == PUBLISHED[identifier], "the claim's own verdict stays"
    assert result.as_json()["would_be"] == would_be


def test_the_same_row_moves_together():
    """GPT-3's carbon over its energy is the grid's row alone, sample by sample."""
    from recount import recompute

    energy = recompute.sampled(recompute.plan(register.claim("gpt-3-energy").route, World.of()), "kWh", 4096)
    carbon = recompute.sampled(recompute.plan(register.claim("gpt-3-carbon").route, World.of()), "gCO2e", 4096)
    ratio = carbon / energy
    assert ratio.min() >= 428.5 and ratio.max() <= 429.5


def test_epsilon_moves_a_claim_whose_own_route_needs_none():
    result = recompute_claim("gpt-3-energy", World.of(None, {"energy_per_parameter_token": "20 pJ/parameter/token"}))
    assert result.taken.route.name == "epsilon"
    assert result.taken.value == pytest.approx(20e-12 * 175e9 * 300e9 / 3.6e9 * 1.17, rel=0.02)


def test_water_given_as_one_number_leaves_the_split_unknown():
    result = recompute_claim("gemini-water-cooling", World.of(None, {"water_intensity": "4 L/kWh"}))
    assert result.taken is None
    assert "split on-site and off-site" in result.problem


def test_as_published_changes_nothing():
    plain, scenario = recompute_claim("gpt-3-carbon"), recompute_claim("gpt-3-carbon", World.of("as-published"))
    assert plain.as_json() == scenario.as_json()
    assert "would_be" not in plain.as_json()


@pytest.mark.parametrize(
    ("scenario", "overrides", "said"),
    [
        ("frnch-grid", {}, "did you mean 'french-grid'"),
        (None, {"grid_intensty": "56 gCO2e/kWh"}, "did you mean 'grid_intensity'"),
        (None, {"grid_intensity": "56 L/kWh"}, "wrong dimension"),
        (None, {"grid_intensity": "nan gCO2e/kWh"}, "one number and a unit"),
        (None, {"facility_energy": "-5 MWh"}, "nearest valid value is 0"),
        (None, {"pue": "0.9"}, "nearest valid value is 1"),
        (None, {"active_parameters": "8e9 parameter", "total_parameters": "7e9 parameter"}, "exceed total_parameters"),
        (None, {"trainig.pue": "1.2"}, "did you mean 'training'"),
        (None, {"travel.pue": "1.2"}, "travel has no 'pue'"),
    ],
)
def test_a_bad_world_is_refused(scenario, overrides, said):
    with pytest.raises(RecountError, match="(?s).*") as error:
        World.of(scenario, overrides)
    assert said in str(error.value)


def test_an_unknown_claim_names_the_nearest():
    with pytest.raises(RecountError, match="did you mean 'gpt-3-energy'"):
        recompute_claim("gpt-3-enrgy")


def test_json_follows_its_schema(results):
    schema = json.loads((data_folder() / "claim.schema.json").read_text(encoding="utf-8"))
    everything = [r.as_json() for r in results.values()] + [recompute_claim("gpt-3-carbon", World.of("polish-grid")).as_json()]
    jsonschema.validate(json.loads(json.dumps(everything, allow_nan=False)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{**everything[0], "verdict": "true"}], schema)


def test_every_verdict_in_use_is_a_known_one(results):
    assert {r.verdict for r in results.values()} <= set(VERDICTS)


@pytest.mark.parametrize(
    ("p", "relation", "r", "i", "strong", "actually", "expected"),
    [
        ((90, 110), "about", (100, 101), (95, 105), True, False, "reproduced"),
        ((90, 110), "about", (100, 101), (95, 105), False, False, "plausible"),
        ((90, 110), "about", (100, 101), (50, 501), False, False, "undecided"),
        ((90, 110), "about", (200, 201), (150, 250), True, False, "not reproduced"),
        ((90, 110), "about", (200, 201), (150, 250), True, True, "misattributed"),
        ((90, 110), "about", None, None, True, True, "misattributed"),
        ((90, 110), "about", None, None, True, False, "not recomputable"),
        ((100, float("inf")), "more_than", (99, 120), (80, 130), True, False, "plausible"),
        ((100, float("inf")), "more_than", (100.1, 120), (80, 130), True, False, "reproduced"),
        ((100, float("inf")), "more_than", (100, 100), (100, 100), True, False, "not reproduced"),
        ((100, float("inf")), "at_least", (100, 100), (100, 100), True, False, "reproduced"),
        ((float("-inf"), 5), "up_to", (1, 5), (0.1, 9), True, False, "reproduced"),
    ],
)
def test_the_rules_of_verdicts(p, relation, r, i, strong, actually, expected):
    assert verdict(p, relation, r, i, strong, actually) == expected


def test_records_are_compared():
    assert record_verdict("equals", "A; B", "B; A", {"A", "B"}) == "confirmed"
    assert record_verdict("includes", "A; C", "A; B", {"A", "B"}) == "refuted"
    assert record_verdict("after", "2024-05-29", "2023-12-09", set()) == "refuted"
    assert record_verdict("equals", "A", "", set()) == "untraced"


def test_a_claim_explains_itself():
    told = " ".join("\n".join(explain.whole(recompute_claim("gpt-3-carbon"))).split())
    for part in ("usage_carbon = ", "429 gCO2e/kWh", "patterson2021, Table 4", "552.1 tCO2e", "reproduced"):
        assert part in told, part


def test_what_would_have_to_be_true():
    from recount.uncertainty import break_even

    result = recompute_claim("mistral-7b-carbon")
    grid = next(a for a in result.taken.plan.assumptions if a.name == "grid_intensity")
    found = break_even(result.taken.plan, "tCO2e", 64, grid)
    assert found.value.to("carbon_gram/kilowatt_hour").magnitude == pytest.approx(128, rel=1e-6)
    assert break_even(result.taken.plan, "tCO2e", 64e9, grid).value is None
    with pytest.raises(RecountError, match="did you mean 'grid_intensity'"):
        explain.would_hold(result, ["grid_intensty"])


def test_zero_is_a_sentence_and_not_a_traceback():
    for overrides in ({"utilisation": "0"}, {"hardware_lifetime": "0 year"}, {"flight_intensity": "0 kgCO2e/passenger/km"}):
        results = recompute_all(World.of(None, overrides), count=256)
        assert any("divide by zero" in result.problem for result in results), overrides

"""A model of one's own: published points within the intervals, one-sentence refusals, the documented JSON."""

import json
import shlex

import jsonschema
import numpy as np
import pytest

from recount import cli, estimate, recompute
from recount.assumptions import load
from recount.errors import RecountError
from recount.own_model import UNITS
from recount.vocabulary import data_folder

FEW = 20_000  # samples: an end moves by some percent between seeds, and no test below hangs on that
SCHEMA = json.loads((data_folder() / "estimate.schema.json").read_text(encoding="utf-8"))
TRAINING = {"--parameters": "70e9", "--tokens": "15e12", "--hardware": "h100"}
ANSWER = {"--parameters": "70e9", "--tokens": "400", "--hardware": "h100"}


def train(parameters="70B", tokens="15T", hardware="h100", **more):
    return estimate.training(parameters, tokens, hardware, samples=FEW, **more)


def reply(parameters="70B", tokens=400, hardware="h100", **more):
    return estimate.answer(parameters, tokens, hardware, samples=FEW, **more)


def command(activity, options):
    return ["estimate", activity, *(part for option, value in options.items() for part in (option, value))]


def run(capsys, *arguments):
    try:
        code = cli.main(list(arguments))
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    return code, out, err


def of(model, name):
    return next(a for a in model.assumptions if a.name == name)


# Published points


def within(spread, low, high):
    return spread.p05 <= low and high <= spread.p95


def test_gpt_3_on_v100_took_1287_mwh():
    """Patterson et al. 2021, Table 4. The fit of V100 knows this run, and the estimate says so."""
    model = train("175e9", "300e9", "v100", pue="1.10")
    assert within(model["facility_energy"], 1287, 1287)
    assert model["facility_energy"].p95 < 1287 * 4
    assert any("GPT-3" in note and "no test" in note for note in model.notes)


def test_llama_3_1_405b_took_30_84_million_h100_hours():
    """Meta 2024, Llama 3.1 model card."""
    hours = train("405B", "15.6e12")["chip_hours"]
    assert within(hours, 30.84e6, 30.84e6)
    assert hours.p95 / hours.p05 < 6


def test_352_tokens_of_llama_3_1_70b_at_batch_64_took_280_6_joules():
    """Chung et al. 2025, leaderboard data of 2026-02-16: 0.7972 J a token on four H100, prompts of about 200 tokens."""
    energy = reply(tokens=352, batch=64, precision="bf16")["accelerator_energy"]
    assert within(energy, 280.6 / 3600, 280.6 / 3600)
    assert energy.p95 / energy.p05 < 8


def test_a_declared_run_told_everything_comes_out_as_declared():
    """GPT-3, Patterson et al. 2021, Table 4: 330 W at 24.6 of 125 TFLOP/s; 6 · 175e9 · 300e9 · 330 / 24.6e12 J · 1.10 = 1,291 MWh."""
    model = train("175e9", "300e9", "v100", pue="1.10", utilisation="0.1968", system_power="330 W/chip")
    assert model["facility_energy"].p50 == pytest.approx(1291, abs=0.5)
    assert model["chip_hours"].p50 == pytest.approx(6 * 175e9 * 300e9 / 24.6e12 / 3600, rel=1e-4)


# What the figures are


@pytest.mark.parametrize(("model", "name"), [(train(grid="FRA-2024"), "total_carbon"), (reply(batch=64), "usage_water")])
def test_the_percentiles_are_those_of_the_samples(model, name):
    drawn = recompute.sampled(model.plans[name], model[name].unit, FEW)
    assert [model[name].p05, model[name].p50, model[name].p95] == pytest.approx(np.percentile(drawn, [5, 50, 95]), rel=1e-9)


@pytest.mark.parametrize("model", [train(pue="1.25"), reply(pue="1.25")])
def test_the_meter_is_pue_times_the_servers(model):
    for p in ("p05", "p50", "p95"):
        assert getattr(model["facility_energy"], p) == pytest.approx(1.25 * getattr(model["it_energy"], p), rel=1e-9)


def test_known_grid_and_water_multiply_the_energy():
    model = train(pue="1.2", grid="100 gCO2e/kWh", on_site_water="0.3 L/kWh", off_site_water="2 L/kWh")
    assert model["usage_carbon"].p50 == pytest.approx(0.1 * model["facility_energy"].p50, rel=1e-9)
    assert model["on_site_water"].p50 == pytest.approx(0.3 * model["it_energy"].p50, rel=1e-9)
    assert model["off_site_water"].p50 == pytest.approx(2 * model["facility_energy"].p50, rel=1e-9)


def test_a_thousand_answers_are_a_thousand_times_one():
    one, many = reply(batch=8), reply(batch=8, answers="1000")
    for name in UNITS:
        assert many[name].p50 == pytest.approx((1 if name == "energy_per_parameter_token" else 1000) * one[name].p50, rel=1e-9)


@pytest.mark.parametrize(
    ("less", "more", "quantity"),
    [
        (train(tokens="1T"), train(tokens="2T"), "facility_energy"),
        (train("7B"), train("70B"), "facility_energy"),
        (train("70B", active_parameters="7B"), train("70B"), "facility_energy"),
        (train(pue="1.1"), train(pue="1.5"), "facility_energy"),
        (train(grid="SWE-2023"), train(grid="POL-2023"), "usage_carbon"),
        (train(), train(scenario="polish-grid"), "usage_carbon"),
        (train(water="1 L/kWh"), train(water="4 L/kWh"), "usage_water"),
        (reply(batch=256), reply(batch=16), "accelerator_energy"),
        (reply(batch=64, precision="fp8"), reply(batch=64, precision="bf16"), "accelerator_energy"),
        (reply(batch=64, precision=4), reply(batch=64, precision=8), "accelerator_energy"),
        (reply(batch=64, prompt_tokens=100), reply(batch=64, prompt_tokens=10_000), "accelerator_energy"),
        (reply(tokens=100, batch=64), reply(tokens=400, batch=64), "accelerator_energy"),
        (reply("400B", active_parameters="17B", batch=8), reply("400B", batch=8), "accelerator_energy"),
    ],
)
def test_what_takes_more(less, more, quantity):
    for p in ("p05", "p50", "p95"):
        assert getattr(less[quantity], p) < getattr(more[quantity], p)


def test_chip_hours_of_training_hang_on_the_rate_and_not_on_the_power():
    """A fitted system power is energy per hour, not another number of hours."""
    plain, hot = train(hardware="v100"), train(hardware="v100", system_power="900 W/chip")
    assert of(plain, "system_power").row.context == "fit:v100"
    assert plain["chip_hours"].p50 == pytest.approx(hot["chip_hours"].p50, rel=1e-9)
    assert hot["it_energy"].p50 == pytest.approx(hot["chip_hours"].p50 * 900e-6, rel=1e-9)


# What is taken where nothing is said


@pytest.mark.parametrize(
    ("model", "name", "context"),
    [
        (train(), "utilisation", "fit:h100"),
        (train(), "power_fraction", "default"),
        (train(hardware="tpu-v4"), "system_power", "fit:tpu-v4"),
        (train(hardware="tpu-v5p"), "utilisation", "default"),
        (train(hardware="b200"), "utilisation", "default"),
        (train(), "grid_intensity", "default"),
        (train(grid="FRA"), "grid_intensity", "grid:FRA-2025"),
        (train(grid="france"), "off_site_water_intensity", "water:FRA"),
        (train(grid="FRA-2024", water="water:SWE"), "off_site_water_intensity", "water:SWE"),
        (train(water="site:microsoft-us-average"), "on_site_water_intensity", "site:microsoft-us-average"),
        (train(grid="grid:FRA-2024", scenario="polish-grid"), "grid_intensity", "grid:POL-2023"),
        (train(grid="grid:FRA-2024", scenario="polish-grid"), "off_site_water_intensity", "water:POL"),
        (train(scenario="newer-hardware"), "peak_throughput", "hardware:b200"),
        (reply(scenario="newer-hardware"), "unexplained_factor", "fit:b200"),
        (reply(), "unexplained_factor", "fit:h100"),
        (reply(hardware="a100"), "unexplained_factor", "default"),
        (reply(hardware="h200"), "memory_bandwidth", "hardware:h200"),
        (reply(), "batch", "default"),
        (reply(precision="int8"), "bits_per_parameter", "precision:8-bit"),
    ],
)
def test_where_an_assumption_comes_from(model, name, context):
    assert of(model, name).row.context == context


def test_a_typed_number_goes_before_a_scenario():
    assert of(train(grid="56 gCO2e/kWh", scenario="polish-grid"), "grid_intensity").text == "56 gCO2e/kWh"


def test_the_scope_of_a_grid_is_chosen():
    """RTE 2024: 21.7 g direct; Ember 2025: 44.179 g over the life cycle."""
    values = [of(train(grid=text), "grid_intensity").value.to("gCO2e/kWh").magnitude for text in ("FRA-2024", "FRA-2024[direct]", "0,056 kgCO2e/kWh")]
    assert values == pytest.approx([44.179, 21.7, 56])


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (train(hardware="b200"), "Not measured on this chip"),
        (train(hardware="tpu-v5p"), "inferred from other chips"),
        (reply(hardware="a100", batch=64), "Not measured on this chip"),
        (reply(), "The batch, how many answers are computed at a time, is not given, and nothing matters more: 64 with a range of 2 to 512"),
        (reply(), "The length of the question is not given"),
        (train(), "The grid, the building (PUE) and its cooling water are not given"),
        (train(scenario="newer-hardware"), "The scenario 'newer-hardware' puts B200 in the place of h100"),
        (train(grid="FRA", scenario="polish-grid"), "The scenario 'polish-grid' goes before grid:FRA-2025 and water:FRA"),
        (train(water="4 L/kWh"), "on-site and off-site water are unknown"),
        (reply(hardware="v100", precision=8), "the data do not say that V100 has it"),
        (reply(hardware="a100"), "that of making an H100"),
        (train("500T"), "Beyond what the fit has seen"),
    ],
)
def test_the_notes_say_what_is_guessed(model, said):
    assert any(said in note for note in model.notes), model.notes


def test_nothing_is_noted_that_is_given():
    told = " ".join(reply(batch=64, prompt_tokens=200, precision=16, pue=1.1, grid="FRA", water="site:average").notes)
    for word in ("batch", "question", "precision", "not given", "Not measured"):
        assert word not in told


@pytest.mark.parametrize(("hardware", "context"), [("h100", "fit:h100"), ("h200", "default")])
def test_the_error_of_the_fit_is_the_width_of_an_answer_of_which_all_is_known(hardware, context):
    model, factor = reply(batch=64, prompt_tokens=200, precision=16, hardware=hardware), load().pick(context, "unexplained_factor")
    energy = model["accelerator_energy"]
    assert energy.p95 / energy.p05 == pytest.approx(float(factor.high) / float(factor.low), rel=0.01)


def test_epsilon_can_be_given():
    model = train(energy_per_parameter_token="20 pJ/parameter/token")
    assert model["it_energy"].p05 == model["it_energy"].p95 == pytest.approx(20e-12 * 70e9 * 15e12 / 3.6e9)
    assert any("nothing is taken from the fits" in note for note in model.notes)


@pytest.mark.parametrize("parameters", ["70e9", 70e9, 70_000_000_000, "70B", "70 B", "0.07T", "70 billion", "70 milliards", "70 000 000 000", "70 billion parameters"])
def test_a_size_is_read_however_it_is_written(parameters):
    assert of(train(parameters), "total_parameters").value.to("parameter").magnitude == pytest.approx(70e9)


# The command line


@pytest.mark.parametrize(
    ("activity", "changed", "said"),
    [
        ("training", {"--parameters": "0"}, "nearest valid value is 1 million parameters"),
        ("training", {"--parameters": "-5"}, "out of range"),
        ("training", {"--parameters": "nan"}, "must be one number, such as '70e9'"),
        ("training", {"--parameters": "inf"}, "must be one number"),
        ("training", {"--parameters": "1e30"}, "nearest valid value is 1,000 trillion parameters"),
        ("training", {"--parameters": "1e400"}, "too large"),
        ("training", {"--parameters": "70b"}, "did you mean '70B'"),
        ("training", {"--parameters": "70GB"}, "a number of parameters"),
        ("training", {"--parameters": "70 bananas"}, "a number of parameters"),
        ("training", {"--parameters": "1,287"}, "ambiguous"),
        ("training", {"--parameters": "7e10*2"}, "a number of parameters"),
        ("training", {"--parameters": ""}, "--parameters is empty"),
        ("training", {"--tokens": "0"}, "nearest valid value is 1 million tokens"),
        ("training", {"--tokens": "15e12 parameters"}, "a number of tokens"),
        ("training", {"--active-parameters": "71e9"}, "active_parameters 71 billion parameters exceed parameters 70 billion"),
        ("training", {"--hardware": "h1000"}, "did you mean 'h100'? There are a100 (312 TFLOP/s, 400 W); a100-40"),
        ("training", {"--hardware": "h100-80gb"}, "did you mean 'h100'?"),
        ("training", {"--hardware": "v100-measured"}, "has no thermal design power in the data: did you mean 'v100'"),
        ("answer", {"--hardware": "gh200"}, "has no memory of an accelerator in the data"),
        ("answer", {"--hardware": "x"}, "there are a100 (312 TFLOP/s, 400 W, 2.039 TB/s, 80 GB)"),
        ("training", {"--pue": "0.9"}, "nearest valid value is 1"),
        ("training", {"--pue": "nan"}, "pue 'nan' is not read"),
        ("training", {"--pue": "1.1 kWh"}, "wrong dimension"),
        ("training", {"--grid": "FRA-2042"}, "France is there from 2018 to 2025"),
        ("training", {"--grid": "FRX"}, "did you mean 'FRA'"),
        ("training", {"--grid": "56"}, "has no unit"),
        ("training", {"--grid": "56 g/kWh"}, "did you mean '56 gCO2e/kWh'"),
        ("training", {"--grid": "-3 gCO2e/kWh"}, "out of range"),
        ("training", {"--grid": "ESP[direct]"}, "has no scope 'direct'"),
        ("training", {"--grid": "FRA-2024["}, "write it as kind:name"),
        ("training", {"--water": "site:averag"}, "did you mean 'site:average'"),
        ("training", {"--water": "4 kWh"}, "wrong dimension"),
        ("training", {"--water": "site:google-fleet-2025"}, "holds pue only"),
        ("training", {"--water": "site:aws-eu-north-1-2024"}, "only the scope withdrawal"),
        ("training", {"--on-site-water": "0.3 L/kWh", "--water": "4 L/kWh"}, "give one or the other"),
        ("training", {"--off-site-water": "3"}, "has no unit"),
        ("answer", {"--batch": "0.5"}, "from 1 to 100,000"),
        ("answer", {"--batch": "many"}, "batch 'many' is not read"),
        ("answer", {"--precision": "7.5"}, "the nearest valid one is 8"),
        ("answer", {"--precision": "fp9"}, "did you mean 'fp8'"),
        ("answer", {"--prompt-tokens": "-1"}, "nearest valid value is 0 tokens"),
        ("answer", {"--answers": "0"}, "nearest valid value is 1 answer"),
        ("answer", {"--tokens": "0"}, "nearest valid value is 1 token"),
        ("training", {"--set": "utilisation=2"}, "nearest valid value is 1"),
        ("training", {"--set": "utilisatoin=0.4"}, "did you mean 'utilisation'"),
        ("training", {"--set": "pue"}, "write it as name=value"),
        ("training", {"--set": "batch=64"}, "batch plays no part in this estimate"),
        ("training", {"--set": "answer.pue=1.2"}, "write 'training.pue'"),
        ("training", {"--set": "grid=FRA"}, "did you mean 'grid_intensity'"),
        ("training", {"--set": "peak_throughput=0 TFLOP/s/chip"}, "beyond all measure"),
        ("training", {"--pue": "1.1", "--set": "pue=1.2"}, "given twice"),
        ("training", {"--grid": "56 gCO2e/kWh", "--set": "grid_intensity=57 gCO2e/kWh"}, "given twice"),
        ("answer", {"--precision": "8", "--set": "bits_per_parameter=8 bit/parameter"}, "give one of them"),
        ("training", {"--scenario": "frnch-grid"}, "did you mean 'french-grid'"),
        ("training", {"--samples": "5"}, "the nearest valid one is 1000"),
        ("training", {"--batch": "64"}, "unrecognized arguments: --batch 64"),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_code_2(capsys, activity, changed, said):
    few = {"--samples": "1000"}
    code, out, err = run(capsys, *command(activity, {**(TRAINING if activity == "training" else ANSWER), **few, **changed}))
    assert (code, out) == (2, "")
    assert said in err
    assert err.startswith("recount: ") and "Traceback" not in err and err.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("activity", "more"),
    [
        ("training", {"--grid": "FRA-2024", "--pue": "1.1"}),
        ("training", {"--hardware": "v100", "--water": "4 L/kWh", "--scenario": "dry-cooling"}),
        ("answer", {"--batch": "64", "--precision": "fp8", "--grid": "56 gCO2e/kWh"}),
        ("answer", {"--hardware": "tpu-v5e", "--answers": "1e6", "--set": "it_overhead=1.3"}),
    ],
)
def test_the_json_follows_its_schema(capsys, activity, more):
    options = {**(TRAINING if activity == "training" else ANSWER), "--samples": "1000", **more}
    code, out, err = run(capsys, *command(activity, options), "--json")
    assert (code, err) == (0, "")
    found = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert found["activity"] == activity
    if "--water" in more:
        assert found["on_site_water"]["p50"] is None and "evaporates" in found["on_site_water"]["reason"] and found["usage_water"]["p50"] > 0


def test_the_schema_refuses_what_is_not_an_estimate():
    check, found = jsonschema.Draft202012Validator(SCHEMA), train().as_json()
    assert check.is_valid(found)
    assert not check.is_valid({**found, "it_energy": {**found["it_energy"], "p50": None}})  # null needs a reason
    assert not check.is_valid({name: value for name, value in found.items() if name != "chip_hours"})
    assert not check.is_valid({**found, "extra": 1})


def test_the_text_says_what_drives_it_and_on_what_it_rests(capsys):
    code, out, _ = run(capsys, *command("training", {**TRAINING, "--samples": "1000", "--grid": "FRA-2024"}))
    assert code == 0
    for words in ("Training 70 billion parameters on 15 trillion tokens with H100", "What drives it", "utilisation", "[fit:h100]", "ember2025", "as you give it", "14 declared runs"):
        assert words in out
    assert max(map(len, out.splitlines())) <= 100


def test_python_refuses_the_same_way():
    with pytest.raises(RecountError, match="active_parameters 80 billion parameters exceed"):
        estimate.answer("70B", 400, "h100", active_parameters=80e9)
    with pytest.raises(RecountError, match="hardware is missing"):
        estimate.training("70B", "1T", "")
    with pytest.raises(RecountError, match="tokens is missing"):
        estimate.training("70B", None, "h100")


def test_the_readme_shows_what_is_printed_today(capsys):
    shown = (data_folder().parent / "README.md").read_text(encoding="utf-8").partition("```console\n")[2].partition("```")[0]
    for block in shown.split("$ .venv/bin/recount ")[1:]:
        line, _, printed = block.partition("\n")
        code, out, _ = run(capsys, *shlex.split(line))
        assert code == 0 and out.startswith(printed.partition("\n…")[0] + "\n")
    assert shown.count("$ ") == 2

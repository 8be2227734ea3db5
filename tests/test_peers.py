"""EcoLogits and CodeCarbon give, through recount, the figures that they give by themselves."""

from __future__ import annotations

import socket

import pytest

from recount import peers
from recount.errors import RecountError
from recount.study import Study
from recount.units import Quantity

TOKENS = Quantity(400, "token")
LARGE_2 = Quantity(123e9, "parameter")
PUE, WUE = Quantity(1.16, ""), Quantity(0.09, "L/kWh")
UNITS = {"facility_energy": "Wh", "total_carbon": "gCO2e", "usage_water": "mL", "total_materials": "ugSbe"}


def printed(answer: peers.Answer, name: str, *texts: str) -> list[str]:
    """Both ends of a span in the table's unit, with as many decimals as the table prints."""
    ends = (answer[name].low, answer[name].high)
    return [f"{end.to(UNITS[name]).magnitude:.{len(text.partition('.')[2])}f}" for end, text in zip(ends, texts, strict=True)]


@pytest.mark.parametrize(
    ("provider", "model", "energy", "carbon", "water", "materials"),
    [
        ("openai", "gpt-4o", "0.579–0.964", "0.238–0.386", "2.09–3.48", "0.934–0.972"),
        ("openai", "gpt-4o-mini", "0.0260–0.0315", "0.0109–0.0130", "0.094–0.114", "0.0536–0.0542"),
        ("anthropic", "claude-opus-4-5-20251101", "1.51–2.68", "0.675–1.126", "4.91–10.8", "5.44–5.56"),
        ("mistralai", "mistral-large-latest", "1.151", "0.0842", "7.03", "2.532"),
        ("huggingface_hub", "meta-llama/Meta-Llama-3-70B-Instruct", "0.240–0.251", "0.115–0.119", "0.78–1.00", "1.297–1.298"),
        ("cohere", "command-a-03-2025", "0.204", "0.0836", "0.825", "0.315"),
    ],
)
def test_the_five_providers_for_400_tokens(provider, model, energy, carbon, water, materials):
    """EcoLogits 0.11.3 called directly: ``llm_impacts``, its own sites, no limit of time."""
    answer = peers.ecologits_answer(provider, model, TOKENS)
    for name, text in zip(UNITS, (energy, carbon, water, materials), strict=True):
        ends = text.split("–") if "–" in text else [text, text]
        assert printed(answer, name, *ends) == ends, name


def test_another_grid_moves_carbon_and_water_but_no_energy():
    """EcoLogits 0.11.3 called directly, ``electricity_mix_zone="FRA"``."""
    answer = peers.ecologits_answer("mistralai", "mistral-large-latest", TOKENS, "FRA")
    assert printed(answer, "facility_energy", "1.151", "1.151") == ["1.151", "1.151"]
    assert printed(answer, "total_carbon", "0.0913", "0.0913") == ["0.0913", "0.0913"]
    assert printed(answer, "usage_water", "4.32", "4.32") == ["4.32", "4.32"]


@pytest.mark.parametrize(
    ("zone", "batch", "energy", "carbon", "water", "materials"),
    [
        ("SWE", "", "0.3537", "0.0445", "2.16", "1.820"),
        ("FRA", "", "0.3537", "0.0467", "1.33", "1.81"),
        ("USA", "", "0.3537", "0.168", "1.14", "1.83"),
        ("WOR", "", "0.3537", "0.194", "1.41", "1.80"),
        ("SWE", "64", "0.3537", "0.0445", "2.16", "1.820"),
        ("FRA", "1", "8.32", "2.07", "31.2", "97"),
    ],
)
def test_mistral_large_2_by_its_published_size(zone, batch, energy, carbon, water, materials):
    """EcoLogits 0.11.3 called directly: 123 billion dense parameters, PUE 1.16, WUE 0.09 L/kWh."""
    answer = peers.ecologits_open_model("Large 2", LARGE_2, LARGE_2, TOKENS, PUE, WUE, zone, batch)
    for name, text in zip(UNITS, (energy, carbon, water, materials), strict=True):
        assert printed(answer, name, text, text) == [text, text], name


@pytest.mark.parametrize(
    ("zone", "ecologits", "codecarbon"),
    [
        ("FRA", 41.44, 56.04), ("SWE", 35.26, 40.70), ("USA", 384.4, 369.5), ("DEU", 329.7, 381.0), ("GBR", 217.4, 237.6),
        ("IRL", 256.5, 290.8), ("IND", 670.1, 713.4), ("CHN", 525.3, 582.3),
    ],
)  # fmt: skip
def test_carbon_per_kilowatt_hour_that_each_tool_ships(zone, ecologits, codecarbon):
    """``electricity_mixes.json`` of EcoLogits 0.11.3 and ``global_energy_mix.json`` of CodeCarbon 3.3.2."""
    assert peers._mix(zone).gwp * 1000 == pytest.approx(ecologits, abs=0.051)
    assert peers.codecarbon_intensity(zone) * 1000 == pytest.approx(codecarbon, abs=0.051)


def test_the_table_shows_each_source_in_the_same_units():
    large = peers.ecologits_open_model("Large 2", LARGE_2, LARGE_2, TOKENS, PUE, WUE, "SWE")
    study = peers.declared_answer("the study", "declared:mistral-large-2-answer")
    shown = str(peers.side_by_side(large, study))
    assert "0.354" in shown and "1.14" in shown and "45" in shown and "0.16" in shown and "not published" in shown
    assert peers.frame("total_carbon", large, study)["value"].round(4).tolist() == [0.0445, 1.14]
    assert peers.frame("facility_energy", large, study)["answer"].tolist() == [large.who]


def test_the_own_answer_is_the_studys_and_moves_with_its_assumptions():
    given = ("model:mistral-large-2", "inference:h100-batched", "hardware:h100", "grid:WORLD-2024")
    one = peers.own_answer(Study(), "own", *given)
    other = peers.own_answer(Study(grid_intensity="56 gCO2e/kWh", energy_per_parameter_token="20 pJ/parameter/token"), "own", *given)
    assert one["total_carbon"].middle == Study().value("answer.total_carbon", *given, via="epsilon").quantity
    assert other["facility_energy"].middle > one["facility_energy"].middle
    assert other["total_carbon"].middle < one["total_carbon"].middle


def test_codecarbon_measures_without_network_file_or_word(tmp_path, monkeypatch, capfd):
    def refuse(*_):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    meter = peers.measure("FRA")
    assert sum(n * n for n in range(10**6))
    shown = str(meter.stop())
    assert "processor" in shown and "memory" in shown and "56.04 gCO2e/kWh" in shown
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_ecologits_warns_of_closed_models_without_a_word_on_the_console(capfd):
    peers.ecologits_answer("openai", "gpt-4", TOKENS)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: peers.ecologits_answer("open-ai", "gpt-4o", TOKENS), "did you mean 'openai'"),
        (lambda: peers.ecologits_answer("cohere", "command-a-03-2026", TOKENS), "did you mean 'command-a-03-2025'"),
        (lambda: peers.ecologits_answer("openai", "gpt-4o", TOKENS, "FRE"), "no electricity for 'FRE'"),
        (lambda: peers.ecologits_answer("openai", "gpt-4o", Quantity(-400, "token")), "more than 0 tokens"),
        (lambda: peers.ecologits_open_model("x", LARGE_2, LARGE_2, TOKENS, PUE, WUE, "FRA", "0"), "at least 1"),
        (lambda: peers.measure("FR"), "CodeCarbon has no electricity for 'FR'"),
        (lambda: peers.grid_intensities("FRA", year="1905"), "grid:FRA-1905"),
    ],
)
def test_what_no_tool_knows_is_refused_in_one_sentence(call, says):
    with pytest.raises(RecountError, match=says):
        call()

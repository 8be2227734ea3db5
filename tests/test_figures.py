"""Figures: the alternative text carries the right numbers, every axis its unit, every run the same picture."""

from __future__ import annotations

import base64
import html
import re

import matplotlib
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.ticker import FixedLocator

from recount import estimate, figure_backtests, figure_estimate, figure_gap, figure_measured, figure_rows, figure_runs, figures, methods
from recount.backtest.scores import Prediction
from recount.errors import RecountError
from recount.figure_style import VERDICT_STYLE
from recount.study import Estimate, Study
from recount.units import format_number
from recount.verdicts import VERDICTS

CLAIMS = ("gpt-3-energy", "strubell-284t", "large-2-training-alone", "survey-68", "lca-date")
FRAME = pd.DataFrame({"what": ["here", "there"], "value": [20.0, 400.0], "low": [10.0, 300.0], "high": [30.0, 500.0], "who": ["a", "b"]})
ONCE, EACH = Estimate("facility_energy", "MWh", 1000, 1000, 1000, 1000), Estimate("energy_per_answer", "Wh/answer", 1, 0.5, 2, 1)
# One report inside its interval, one above it; a baseline for the first alone.
PREDICTED = tuple(
    Prediction(f"mlenergy-llama-3.1-70b-h100-batch-{batch}", family, "h100", "accelerator_energy_per_parameter_token", "pJ/parameter/token", reported, 10, 20, 50, baselines)
    for batch, family, reported, baselines in ((8, "llama-3.1", 16, {"EcoLogits 0.11.3": 4}), (64, "qwen3", 80, {}))
)
OWN = {
    "pue": "1.25", "grid_intensity": "100 gCO2e/kWh", "energy_per_parameter_token": "36 pJ/parameter/token", "on_site_water": "0.5 L/kWh",
    "off_site_water": "4 L/kWh",
}  # fmt: skip
TRAINED, ANSWERED = estimate.training(1e9, 1e12, "h100", samples=1000, **OWN), estimate.answer("70B", 400, "h100", batch=64, samples=1000)


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(samples=1000)


DRAW = {
    "scoreboard": lambda s, **k: figures.scoreboard(s.results(*CLAIMS), **k),
    "routes": lambda s, **k: figures.routes(s, "gpt-3-energy", **k),
    "routes, in fact": lambda s, **k: figures.routes(s, "strubell-284t", **k),
    "tornado": lambda s, **k: figures.tornado(s, "gpt-3-energy", "epsilon", **k),
    "bars": lambda s, **k: figures.bars(FRAME, "value", "what", "gCO2e/kWh", low="low", high="high", reference="0.1 kgCO2e/kWh", reference_label="limit", colour_by="who", **k),
    "bars, log": lambda s, **k: figures.bars(FRAME, "value", "what", "MWh", log=True, quantity="energy", **k),
    "epsilon_of_runs": lambda s, **k: figures.epsilon_of_runs(s, **k),
    "energy_against_work": lambda s, **k: figures.energy_against_work(s, **k),
    "water_by_site": lambda s, **k: figures.water_by_site(s, **k),
    "answers_by_batch": lambda s, **k: figures.answers_by_batch(s, **k),
    "break_even": lambda s, **k: figures.break_even(s, ONCE, EACH, **k),
    "memory": lambda s, **k: figures.memory(s, ["model:mistral-7b"], **k),
    "grids": lambda s, **k: figures.grids(s, ("FRA",), "128 gCO2e/kWh", **k),
    "sectors": lambda s, **k: figures.sectors(s, **k),
    "waterfall": lambda s, **k: figures.waterfall(methods.taken_apart(s, "study", "usage_water"), **k),
    "predicted_against_reported": lambda s, **k: figures.predicted_against_reported(PREDICTED, **k),
    "places_in_intervals": lambda s, **k: figures.places_in_intervals(PREDICTED, **k),
    "predicted_by_batch": lambda s, **k: figures.predicted_by_batch(PREDICTED, ["llama-3.1-70b-h100"], **k),
    "epsilon_by_size": lambda s, **k: figures.epsilon_by_size("h100", **k),
    "intervals": lambda s, **k: figures.intervals(TRAINED, **k),
    "intervals, answer": lambda s, **k: figures.intervals(ANSWERED, **k),
    "own_drivers": lambda s, **k: figures.own_drivers(TRAINED, **k),
    "own_drivers, answer": lambda s, **k: figures.own_drivers(ANSWERED, **k),
}

TELLS = {
    # Strubell et al. 2019 against Patterson et al. 2021, Table 4
    "scoreboard": ["3 claims", "1 reproduced, 2 misattributed", "survey-68 not recomputable; lca-date confirmed", "strubell-284t 0.000306"],
    "routes": ["1,287 MWh printed", "1,287 MWh (", "knows the figure", "independent of the figure", "verdict: reproduced"],
    "routes, in fact": ["in fact: ", "284 tCO2e (", "verdict: misattributed"],
    "bars": ["here 20 gCO2e/kWh (10 to 30)", "there 400 gCO2e/kWh (300 to 500)", "reference: limit: 100 gCO2e/kWh"],
    "bars, log": ["energy: here 20 MWh; there 400 MWh"],
    # 1,287 MWh ÷ 1.10 ÷ (175e9 · 300e9); 6 FLOP ÷ (312 TFLOP/s ÷ 400 W)
    "epsilon_of_runs": ["GPT-3 80.2 pJ/(parameter·token) (2021, V100)", "Llama 65B 16.1 pJ/(parameter·token) (2023, A100, circular)", "A100 7.69 pJ", "Llama 3.2 1B"],
    "energy_against_work": ["GPT-3 1,170 MWh, 80.2 pJ/(parameter·token)"],
    # Li et al. 2025, Table 1, Arizona: 1.63 + 1.18 · 4.959
    "water_by_site": ["18 sites", "Arizona 1.63 + 5.85 = 7.48 L/kWh"],
    "answers_by_batch": ["Llama 3.1 8B H100 from 56.9 at 8 to 8.91 pJ/(parameter·token) at 768"],
    "break_even": ["1,000 MWh", "answers take 1 Wh each (90 % interval 0.5 Wh to 2 Wh)", "equal after 10⁹ answers (between 5 × 10⁸ and 2 × 10⁹)"],
    # 7,241,732,096 parameters of 2 bytes; 32 layers · 2 · 8 heads · 128 · 8,192 tokens · 2 bytes
    "memory": ["Mistral 7B, 16 bits 14.5 + 1.07 = 15.6 GB", "laptop 16 GB: 16 GB"],
    "grids": ["France 55.3 (44.2 to 78.5 gCO2e/kWh)", "reference: 128 gCO2e/kWh"],
    # errors of 1.25 and 4: their median as a factor is √5 = 2.236
    "predicted_against_reported": ["1 of 2 reports lie inside", "recount 2.24; EcoLogits 0.11.3 4", "Llama 3.1 70B, batch 64 20 (10 to 50) against 80 pJ"],
    "places_in_intervals": ["1 of 2 in all", "Llama 3.1 1 of 1; Qwen3 0 of 1"],
    "predicted_by_batch": ["Llama 3.1 70B, H100: 20 (10 to 50) against 16 at 8, 20 (10 to 50) against 80 at 64"],
    # 6 and 2 FLOP · 700 W ÷ 989.4 TFLOP/s; ML.ENERGY on H100; 6 FLOP at 23.4 % of the peak and 85 % of 700 W
    "epsilon_by_size": ["floor of H100 4.24 pJ/(parameter·token) in training and 1.41 pJ", "published answers on H100 (chip): 72 points, 5.09 to", "predicted on H100: training 15.4 pJ"],
    # 36 pJ · 1e9 · 1e12 = 36 GJ = 10 MWh; · 1.25; · 100 g; · 0.5 L and · 1.25 · 4 L
    "intervals": ["training with H100", "IT energy 10 MWh (10 to 10)", "facility energy 12.5 MWh", "usage carbon 1,250 kgCO2e", "on-site water 5,000 L", "off-site water 50 m³"],
    "own_drivers": ["training with H100: share of the variance", "IT overhead", "embodied carbon of a server: total carbon"],
    "sectors": ["Google 2019–2021: training 40 %, inference 60 %", "Meta 2022: training 20 %, inference 70 %, the rest 10 %"],
    # EcoLogits 0.11.3 for Large 2 in Sweden: 2.16 mL; the study: 45 mL
    "waterfall": ["EcoLogits 0.11.3 to the study", "our route 2.16 mL;", "the study of July 2025 45 mL", "not explained: not disclosed ×"],
}  # fmt: skip


@pytest.fixture
def drawn_figures(monkeypatch):
    """The figures as they are handed over for printing."""
    seen = []
    for module in (figures, figure_backtests, figure_estimate, figure_gap, figure_measured, figure_rows, figure_runs):
        original = module.shown
        monkeypatch.setattr(module, "shown", lambda figure, text, original=original: (seen.append(figure), original(figure, text))[1])
    return seen


@pytest.mark.parametrize("kind", TELLS)
def test_the_alternative_text_carries_the_computed_figures(study, kind):
    text = str(DRAW[kind](study))
    assert [part for part in TELLS[kind] if part not in text] == []


def test_a_tornado_tells_how_far_each_assumption_moves_the_figure(study):
    """Utilisation stands in the denominator: at half of it the figure is twofold."""
    figure = next(f for f in study.result("gpt-3-energy").figures if f.route.name == "epsilon")
    taken = next(a for a in figure.plan.assumptions if a.name == "utilisation")
    ends = [format_number(figure.value * float(taken.value / end), 3) for end in (taken.low, taken.high)]
    share = next(d.total for d in figure.drivers.of if d.assumption.name == "utilisation")
    assert f"utilisation {ends[0]} to {ends[1]} MWh ({100 * share:.0f} % of the variance)" in str(DRAW["tornado"](study))


def test_the_scoreboard_tells_each_ratio(study):
    text = str(figures.scoreboard(study.results(*CLAIMS)))
    for claim in ("gpt-3-energy", "large-2-training-alone"):
        result = study.result(claim)
        ratio = float(re.search(rf"{claim} ([\d.]+)", text)[1])
        assert ratio == pytest.approx(result.ratio, rel=5e-3), claim  # three digits are printed


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", DRAW)
def test_every_axis_has_its_unit_and_a_second_run_is_the_same(study, drawn_figures, kind, language):
    first, second = (DRAW[kind](study, language=language)._repr_mimebundle_() for _ in range(2))
    assert first == second
    for axes in drawn_figures[0].axes:
        for axis in (axes.xaxis, axes.yaxis):
            if not isinstance(axis.get_major_locator(), FixedLocator):  # an axis of numbers; the others name rows
                assert re.search(r"\(.+\)$|, \S+/\(.+\)$", axis.get_label_text().replace("\n", " ")), (kind, axis.get_label_text())


@pytest.mark.parametrize("kind", DRAW)
def test_the_picture_travels_with_its_text_and_without_traces(study, kind):
    bundle = DRAW[kind](study)._repr_mimebundle_()
    alternative, data = re.fullmatch(r'<figure class="recount-figure"><img alt="([^"]+)" src="data:image/png;base64,([^"]+)"></figure>', bundle["text/html"]).groups()
    png = base64.b64decode(data)
    assert html.unescape(alternative) == bundle["text/plain"]
    assert png.startswith(b"\x89PNG") and not any(chunk in png for chunk in (b"tEXt", b"tIME", b"iTXt"))
    assert int.from_bytes(png[16:20]) == 864  # 7.2 in at 120 dots


def test_every_verdict_has_a_shape_of_its_own():
    assert set(VERDICT_STYLE) == set(VERDICTS)
    assert len({marker for _, marker, _ in VERDICT_STYLE.values()}) == len({symbol for *_, symbol in VERDICT_STYLE.values()}) == len(VERDICTS)


def test_routes_that_know_the_figure_are_hollow_and_the_others_filled(study, drawn_figures):
    DRAW["routes"](study)
    routes = study.result("gpt-3-energy").claim.routes
    faces = [to_hex(points.get_facecolors()[0]) for points in drawn_figures[0].axes[0].collections]
    assert [face != "#ffffff" for face in faces] == [route.independent for route in routes]
    assert {route.independent for route in routes} == {True, False}


def test_an_inequality_is_a_half_plane(study, drawn_figures):
    """Less than 1: everything left of 1 is accepted, nothing right of it."""
    figures.routes(study, "ministral-relative-to-size")
    axes = drawn_figures[0].axes[0]
    band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((axes.get_xlim()[0], 1.0))


def test_a_claim_without_a_figure_says_so(study):
    for draw in (figures.routes, figures.tornado):
        for claim in ("survey-68", "lca-date"):
            with pytest.raises(RecountError, match=r"is (not recomputable|confirmed)"):
                draw(study, claim)


def test_runs_whose_power_is_the_rating_are_hollow(study, drawn_figures):
    figures.epsilon_of_runs(study)
    runs, distilled = figure_runs.training_runs(study)
    hollow = {run.name: run.circular for run in runs}
    assert hollow["Llama 65B"] and hollow["BLOOM 176B"] and not hollow["GPT-3"] and not hollow["Meena"]
    assert "Llama 3.2 1B" in distilled and "Llama 3.2 1B" not in hollow
    faces = [to_hex(points.get_facecolors()[0]) for points in drawn_figures[0].axes[0].collections]
    assert [face == "#ffffff" for face in faces] == [run.circular for run in runs]


@pytest.mark.parametrize("kind", ["epsilon_of_runs", "energy_against_work"])
def test_names_of_points_cover_no_other_name(study, drawn_figures, kind):
    DRAW[kind](study)
    names = {run.name for run in figure_runs.training_runs(study)[0]}
    texts = [text for text in drawn_figures[0].axes[0].texts if text.get_text() in names]
    boxes = [matplotlib.text.Text.get_window_extent(text) for text in texts]
    assert len(texts) > 0.6 * len(names)  # the alternative text names all
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_a_report_has_its_place_in_its_interval(study, drawn_figures):
    """log(16/20) / log(20/10) = −0.32 and log(80/20) / log(50/20) = 1.51."""
    DRAW["places_in_intervals"](study)
    places = [float(points.get_offsets()[0][0]) for points in drawn_figures[0].axes[0].collections]
    assert places == pytest.approx([-0.3219, 1.5129], abs=1e-4)


def test_baselines_intervals_and_the_factor_of_two_are_drawn(study, drawn_figures):
    DRAW["predicted_against_reported"](study)
    axes = drawn_figures[0].axes[0]
    lines = [[float(y) for y in line.get_ydata()] for line in axes.lines]
    assert lines.count([10.0, 50.0]) == 2 and axes.get_xlim() == axes.get_ylim()
    spots = [tuple(map(float, points.get_offsets()[0])) for points in axes.collections if len(points.get_offsets()) == 1]
    assert {(16, 4), (16, 20), (80, 20)} <= set(spots)
    band = axes.collections[0].get_paths()[0].vertices
    assert sorted({round(y / x, 6) for x, y in band}) == [0.5, 2]


def test_every_family_has_a_look_of_its_own():
    """More families than colours and more than shapes."""
    names = [str(k) for k in range(40)]
    assert len(set(figure_backtests._looks(names).values())) == 40


def test_a_model_without_measurements_is_refused():
    with pytest.raises(RecountError, match="no measurement of 'llama-3.1-70b-h10' is predicted: did you mean 'llama-3.1-70b-h100'"):
        figures.predicted_by_batch(PREDICTED, ["llama-3.1-70b-h10"])


def test_chips_are_read_from_the_rows(study):
    """T5 and GPT-3 print no chip in their rows but 45.6 ÷ 0.371 = 123 and 24.6 ÷ 0.197 = 125 TFLOP/s."""
    chips = {run.name: run.chip for run in figure_runs.training_runs(study)[0]}
    assert (chips["T5 11B"], chips["GPT-3"], chips["Llama 3.1 405B"]) == ("TPU v3", "V100", "H100")


def test_french_says_the_same_with_french_numbers(study):
    text = str(DRAW["water_by_site"](study, language="fr"))
    assert "Suède 0,09 + 6,98 = 7,07\u202fL/kWh" in text
    assert "1\u202f287\u202fMWh imprimé" in str(DRAW["routes"](study, language="fr"))
    with pytest.raises(ValueError, match="language 'de' is not known: known names are en, fr"):
        figures.sectors(study, language="de")


def test_nothing_leaks_into_the_readers_matplotlib(study):
    import matplotlib.pyplot as plt

    before, style = matplotlib.get_backend(), matplotlib.rcParams.copy()
    DRAW["sectors"](study)
    assert plt.get_fignums() == [] and matplotlib.get_backend() == before and matplotlib.rcParams == style


def test_the_reader_s_own_settings_do_not_change_a_figure(study):
    plain = DRAW["sectors"](study)._repr_mimebundle_()
    with matplotlib.rc_context({"font.size": 30, "figure.facecolor": "black"}):
        assert DRAW["sectors"](study)._repr_mimebundle_() == plain

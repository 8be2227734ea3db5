"""One answer by many methods: the package against our route, gaps that close, scopes that are never mixed unseen."""

from __future__ import annotations

import math
import tomllib

import pytest
from ecologits.impacts.llm import compute_llm_impacts_dag

from recount import figures, gaps, methods, scopes
from recount.errors import RecountError
from recount.figure_style import Words
from recount.gaps import Setting, Step, supplied
from recount.recompute import World
from recount.study import Study
from recount.vocabulary import data_folder

REGISTER = tomllib.loads((data_folder() / "methods.toml").read_text(encoding="utf-8"))
GAPS = [(gap["id"], quantity) for gap in REGISTER["gap"] for quantity in gap["quantities"]]
OPEN = {gap["id"] for gap in REGISTER["gap"] if "rest" in gap}
ENDS = {gap["id"]: (gap["start"], gap["end"], gap.get("end_quantity")) for gap in REGISTER["gap"]}


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(samples=1000)


def value(study: Study, name: str, quantity: str) -> float:
    return methods.amount(study, name, quantity).value


@pytest.mark.parametrize("quantity", ["facility_energy", "total_carbon", "usage_water", "total_materials"])
@pytest.mark.parametrize("typed", [{}, {"batch": "8"}, {"answer_tokens": "250 token/answer"}])
def test_our_route_is_the_package(quantity, typed):
    """EcoLogits 0.11.3 run for real, and its formulas from our rows, under the reader's batch and length too."""
    study = Study(samples=1000, **typed)
    assert value(study, "ecologits-0.11.3", quantity) == pytest.approx(value(study, "ecologits-package", quantity), rel=1e-9)


def test_the_package_is_run_on_this_answer(study):
    """123 billion parameters, 400 tokens, PUE 1.16, WUE 0.09 L/kWh and Sweden's three factors, typed here and not read from our rows."""
    theirs = compute_llm_impacts_dag(123, 123, 400, math.inf, 0.03526, 7.771e-8, 0, 6.0315, 1.16, 0.09)
    assert value(study, "ecologits-package", "facility_energy") == pytest.approx(theirs["request_energy"] * 1000, rel=1e-9)
    assert value(study, "ecologits-package", "usage_water") == pytest.approx(theirs["request_usage_wcf"] * 1000, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "quantity", "printed"),
    [
        ("mlenergy-70b-64", "accelerator_energy", "0.1553"), ("mlenergy-405b-8", "accelerator_energy", "0.470"),
        ("samsi-65b", "accelerator_energy", "0.732"), ("study", "total_carbon", "1.14"), ("google", "on_site_water", "0.260"),
    ],
)  # fmt: skip
def test_measurements_are_laid_on_this_model(study, name, quantity, printed):
    """0.7972 J ÷ 70e9 printed as 11.4 pJ × 122.6e9 × 400 ÷ 3600; 34.5 pJ; 53.7 pJ; what is published stands as printed."""
    assert f"{value(study, name, quantity):.{len(printed) - 2}f}" == printed


def test_a_published_figure_does_not_move_with_the_readers_assumptions():
    moved = Study(samples=1000, pue="1.9", grid_intensity="900 gCO2e/kWh", batch="2", energy_per_answer="9 Wh/answer")
    for name, quantity, printed in (("study", "total_carbon", 1.14), ("google", "facility_energy", 0.24), ("altman", "energy_per_answer", 0.34)):
        assert value(moved, name, quantity) == pytest.approx(printed, rel=1e-12)


@pytest.mark.parametrize("typed", [{}, {"batch": "8"}, {"grid_intensity": "56 gCO2e/kWh", "answer_tokens": "250 token/answer"}])
@pytest.mark.parametrize(("name", "quantity"), GAPS)
def test_the_factors_multiply_to_the_end(name, quantity, typed):
    study = Study(samples=1000, **typed)
    found = methods.taken_apart(study, name, quantity)
    product = found.start * math.prod(change.factor for change in found.changes) * found.rest
    start, end, last = ENDS[name]
    assert product == pytest.approx(found.end, rel=1e-12)
    assert found.start == pytest.approx(value(study, start, quantity), rel=1e-12)
    assert found.end == pytest.approx(value(study, end, last or quantity), rel=1e-12)
    if name not in OPEN:
        assert found.changes[-1].value == pytest.approx(found.end, rel=1e-12) and found.rest == pytest.approx(1, rel=1e-12)


def test_the_releases_part_by_the_batch(study):
    """By hand for Large 2, 400 tokens: 4 bits are 1 chip, 16 are 4, and everything is per chip; PUE 1.2 to 1.16."""
    found = {change.label: change.factor for change in methods.taken_apart(study, "releases").changes}
    old_chip, new_chip = 8.91e-5 * 123 + 1.43e-3, 1.1665273170451914e-6 * math.exp(-0.011205921025579175) * 123 + 4.052928146734005e-5
    old_host = (8.02e-4 * 123 + 2.23e-2) * 1000 / 8 / 3600
    new_time = 6.785088094353663e-4 * 123 + 1.9473717579473387e-2
    assert found["precision, and with it the number of chips"] == pytest.approx(4, rel=1e-12)
    assert found["energy of a chip: fit to H100 instead of A100"] == pytest.approx((new_chip + old_host) / (old_chip * 1 + old_host), rel=1e-9)
    alone = new_chip + (new_time + 3.119310311688259e-4) * 1200 / 8 / 3600
    shared = 1.1665273170451914e-6 * math.exp(-0.011205921025579175 * 64) * 123 + 4.052928146734005e-5 + (new_time + 64 * 3.119310311688259e-4) * 1200 / 8 / 3600 / 64
    assert found["how many answers at once"] == pytest.approx(shared / alone, rel=1e-9)
    assert found["building"] == pytest.approx(1.16 / 1.2, rel=1e-12)


def test_googles_gap_is_its_own_table(study):
    """Elsworth et al. 2025: 0.10 narrow; 0.14 + 0.06 + 0.02 + 0.02."""
    assert [round(change.value, 9) for change in methods.taken_apart(study, "google").changes] == [0.14, 0.20, 0.22, 0.24]


def test_another_order_has_other_steps_and_the_same_end(study):
    plain, batch_first = methods.taken_apart(study, "releases"), methods.taken_apart(study, "releases", order=(5, 1, 2, 3, 4, 6, 7, 8))
    assert batch_first.changes[0].label == "how many answers at once"
    assert batch_first.ratio == pytest.approx(plain.ratio, rel=1e-12) and batch_first.changes[-1].value == pytest.approx(plain.end, rel=1e-12)
    assert batch_first.changes[0].factor != pytest.approx(plain.changes[4].factor, rel=0.5)
    for order in ((1, 2), (1, 1, 2, 3, 4, 5, 6, 7)):
        with pytest.raises(RecountError, match="each of the 8 steps"):
            methods.taken_apart(study, "releases", order=order)


def test_the_reader_s_batch_makes_its_step_nothing():
    study = Study(samples=1000, batch="8")
    found = {change.label: change for change in methods.taken_apart(study, "releases").changes}
    assert found["how many answers at once"].factor == 1
    assert "how many answers at once" not in {change.label for change in methods.taken_apart(study, "releases").moving}


def test_steps_that_do_not_reach_the_end_are_refused_by_name():
    start = Setting("facility_energy", "ecologits", supplied(["method:ecologits-0.11.3", "method:mistral-large-2407@ecologits-0.9.1"], {"pue": "1.16"}))
    end = Setting("facility_energy", "ecologits", {**start.supplied, **supplied([], {"batch": "8", "pue": "1.2"})})
    step = Step("batch", supplied([], {"batch": "8"}))
    with pytest.raises(RecountError, match=r"a factor of 1\.034 is left: still different pue \(1\.16, 1\.2\)"):
        gaps.gap(start, [step], end, "Wh", World.of())
    left = gaps.gap(start, [step], end, "Wh", World.of(), rest="not explained")
    assert left.rest == pytest.approx(1.2 / 1.16, rel=1e-12)
    closed = gaps.gap(start, [step, Step("building", supplied([], {"pue": "1.2"}))], end, "Wh", World.of())
    assert closed.changes[-1].value == pytest.approx(closed.end, rel=1e-12) and not closed.rest_label


def test_a_part_taken_from_another_route_is_that_routes():
    """The chips' energy by the roofline inside EcoLogits' method: its own host stays."""
    start = methods.setting("ecologits-0.11.3", "it_energy")
    changed = start.changed(Step("", supplied(["model:mistral-large-2", "hardware:h100", "fit:h100"]), via="roofline", take=("accelerator_energy",)))
    world = World.of()
    chips = Setting("accelerator_energy", "roofline", changed.supplied).value("Wh", world)
    assert changed.value("Wh", world) == pytest.approx(chips + Setting("host_energy", "ecologits", changed.supplied).value("Wh", world), rel=1e-12)
    assert changed.changed(Step("", via="roofline")).taken == {}


def test_a_step_that_moves_a_scope_must_say_so():
    base = ["method:ecologits-0.11.3", "method:mistral-large-2407@ecologits-0.9.1", "site:ecologits-mistral"]
    start = Setting("usage_carbon", "ecologits", supplied([*base, "grid:USA-2022"]))
    direct = supplied(["grid:USA-2022[direct]"])
    end = Setting("usage_carbon", "ecologits", {**start.supplied, **direct})
    with pytest.raises(RecountError, match=r"moves grid_intensity from life-cycle to direct without saying so"):
        gaps.gap(start, [Step("stack", direct)], end, "gCO2e", World.of())
    told = gaps.gap(start, [Step("stack", direct, scope="direct")], end, "gCO2e", World.of())
    assert told.ratio == pytest.approx(0.86 * 453.59237 / 410.367, rel=1e-6)
    with pytest.raises(RecountError, match=r"off_site_water_intensity from consumption to withdrawal"):
        water = Setting("off_site_water", "ecologits", supplied([*base, "water:USA"]))
        gaps.gap(water, [Step("plants", supplied(["water:USA[withdrawal]"]))], water, "mL", World.of(), rest="rest")


def test_a_context_with_only_another_scope_is_chosen_or_refused():
    with pytest.raises(RecountError, match=r"only the scope withdrawal: choose it, as in 'site:aws-us-east-1-2024\[withdrawal\]'"):
        supplied(["site:aws-us-east-1-2024"])
    assert set(supplied(["site:aws-us-east-1-2024"], names=["pue"])) == {"pue"}
    with pytest.raises(RecountError, match="no row for 'batches'"):
        supplied(["method:ecologits-0.11.3"], names=["batches"])


def test_figures_of_several_scopes_are_set_side_by_side_only_if_the_scope_is_shown(study):
    with pytest.raises(RecountError, match=r"of several scopes would stand side by side \(.*location-based"):
        methods.frame(study, "total_carbon", "study", "ecologits-0.11.3")
    assert set(methods.frame(study, "total_carbon", "study", "ecologits-0.11.3", by_scope=True).scope) == {
        "location-based, making of hardware included; grid not disclosed", "life-cycle, mix produced; making included",
    }  # fmt: skip
    same = methods.frame(study, "total_carbon", "ecologits-0.9.1", "ecologits-0.11.3")
    assert same.value.round(4).tolist() == [0.0411, 0.0445] and same.low.isna().all()


def test_every_figure_of_a_table_says_what_it_counts(study):
    for name in methods.names():
        for quantity in methods.figures_of(name):
            if "materials" not in quantity:
                assert methods.scope(study, name, quantity), (name, quantity)
    typed = Study(samples=1000, grid_intensity="56 gCO2e/kWh", water_intensity="4 L/kWh")
    assert methods.scope(typed, "roofline-8", "total_carbon") == "as typed; making included"
    assert methods.scope(typed, "roofline-8", "usage_water") == "as typed"
    shown = str(methods.impacts(study, "study", "roofline-8"))
    assert "which carbon" in shown and "location-based" in shown and "life-cycle" in shown and "on site and power" in shown and "consumed" in shown


def test_a_table_by_boundary_has_no_figure_where_a_method_has_none(study):
    shown = str(methods.energy(study, "ecologits-0.11.3", "samsi-65b", "study"))
    assert "0.177" in shown and "0.305" in shown and "0.354" in shown
    rows = [line.split() for line in shown.splitlines()[2:]]
    assert rows[1][-4:] == ["not", "given", "not", "given"] and rows[2][-6:] == ["not", "published"] * 3


def test_what_is_printed_elsewhere_keeps_its_boundary(study):
    told = {line.split("  ")[0]: line for line in str(methods.published(study, "google-narrow", "google", "altman", "devries")).splitlines()}
    assert "chips" in told["Google 2025, narrow boundary"] and "building" in told["Google 2025"] and "on site only" in told["Google 2025"]
    assert "not said" in told["Altman 2025"] and "servers" in told["De Vries 2023"]


def test_the_same_electricity_by_each_definition_of_its_carbon(study):
    """0.3537 Wh × 55.275, 49, 58.0 and 32 g/kWh (France, 2023); Sweden at the stack only in 2021 (34 g)."""
    lines = str(scopes.carbon_of(study, "ecologits-0.11.3", "FRA", "SWE", year="2023")).splitlines()
    assert lines[-2].split("  ")[0] == "France"
    assert [cell.strip() for cell in lines[-2].split("  ") if cell.strip()][1:] == ["0.0196 (55.3)", "0.0173 (49)", "0.0205 (58)", "0.0113 (32)"]
    assert "0.012 (34, 2021)" in lines[-1] and "not in the data" in lines[-1]
    with pytest.raises(RecountError, match="no electricity of 'FRE'"):
        scopes.carbon_of(study, "ecologits-0.11.3", "FRE", year="2023")


def test_the_same_electricity_by_each_definition_of_its_water(study):
    """0.3049 Wh × 0.09; × 1.16 × 3.1321; the sum; × 1.16 × 43.8 L/kWh withdrawn, in the United States only."""
    france, states = str(scopes.water_of(study, "ecologits-0.11.3", "site:microsoft-sweden", "FRA", "USA")).splitlines()[-2:]
    assert [cell.strip() for cell in states.split("  ") if cell.strip()][1:] == ["0.0274", "1.11", "1.14", "15.5"]
    assert "not in the data" in france


def test_a_method_s_chips_draw_what_its_formulas_imply(study):
    """0.1769 Wh over 49.16 s × 4 chips ÷ 64 answers; alone 0.2919 Wh over 41.26 s × 4: less than a chip draws idle."""
    assert methods.chip_power(study, "ecologits-0.11.3").magnitude == pytest.approx(0.17691 * 3600 * 64 / 49.160 / 4, rel=1e-3)
    assert methods.chip_power(Study(samples=1000, batch="1"), "ecologits-0.11.3").magnitude == pytest.approx(0.29189 * 3600 / 41.26 / 4, rel=1e-3)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_waterfall_tells_every_step_and_the_rest(study, language):
    found = methods.taken_apart(study, "study", "total_carbon")
    text = str(figures.waterfall(found, language=language))
    labels = [c.label_fr if language == "fr" else c.label for c in found.moving]
    words = Words(language)
    for one, change in zip(labels, found.moving, strict=True):
        assert f"{one} {gaps.factor_text(change.factor, language)} = {words.amount(change.value, 'gCO2e')}" in text
    assert ("non expliqué : non divulgué × 1,59" if language == "fr" else "not explained: not disclosed × 1.59") in text
    assert ("0,0445" if language == "fr" else "0.0445") in text and ("1,14" if language == "fr" else "1.14") in text


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda s: methods.taken_apart(s, "release"), "did you mean 'releases'"),
        (lambda s: methods.taken_apart(s, "roofline", "usage_water"), "not told for 'usage_water'"),
        (lambda s: methods.setting("roofline-46", "it_energy"), "did you mean 'roofline-64'"),
        (lambda s: methods.setting("samsi-65b", "total_carbon"), "has no total_carbon: it has accelerator_energy"),
        (lambda s: methods.amount(Study(samples=1000, water_intensity="4 L/kWh"), "roofline-8", "on_site_water"), "split on-site and off-site"),
    ],
)
def test_what_is_not_there_is_refused_in_one_sentence(study, call, says):
    with pytest.raises(RecountError, match=says):
        call(study)


def test_the_register_is_sound_and_its_check_sees_a_gap_that_does_not_close(monkeypatch):
    assert methods.problems() == []
    broken = {kind: dict(entries) for kind, entries in methods._register().items()}
    broken["gap"]["releases"] = {**broken["gap"]["releases"], "step": broken["gap"]["releases"]["step"][:-1]}
    monkeypatch.setattr(methods, "_register", lambda: broken)
    assert ["gap 'releases'" in problem and "do not reach the end" in problem for problem in methods.problems()] == [True]

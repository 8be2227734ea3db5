"""The printed handouts: every figure in bold is what the project's data give today."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest

from recount.course import lessons, papers
from recount.errors import RecountError
from recount.language import say, speaking
from recount.study import Study
from recount.units import Quantity, format_quantity, read_quantity, trimmed

STUDY = Study()
THIN = "\u202f"
UNITS = "milliards|pJ|mL|L|g|t|km|Wh|kWh|MWh|GWh|tCO2e|%"
_NORMAL = {1: -1.3829941271006370, 3: -0.6744897501960817, 5: -0.2104283942479247}  # quantiles of twelfths


def row(context: str, name: str, unit: str) -> float:
    return float(STUDY.row(context, name).to(unit).magnitude)


def power_of_ten(value: float) -> str:
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa} × 10^{int(exponent)}"


def training() -> tuple[set[str], set[str]]:
    route = ("model:gpt-3", "hardware:v100", "fit:without-gpt-3")
    epsilon = float(trimmed(STUDY.value("training.energy_per_parameter_token", *route, via="epsilon").value, 2))
    size, tokens, pue = row("model:gpt-3", "active_parameters", "parameter"), row("model:gpt-3", "training_tokens", "token"), row("default", "pue", "")
    printed, household = row("declared:gpt-3", "facility_energy", "MWh"), row("household:france", "household_electricity", "MWh/household/year")
    joules = size * tokens * epsilon * 1e-12
    meter = float(trimmed(joules / 3.6e9 * pue, 2).replace(",", ""))
    given = {f"{size / 1e9:.0f} billion", f"{tokens / 1e9:.0f} billion", f"{epsilon:.0f} pJ", f"{pue}", f"{printed:,.0f} MWh", f"{household} MWh"}
    share = round(100 * meter / printed)
    told = {power_of_ten(size * tokens), f"{trimmed(joules / 10**12, 4)} × 10^12", f"{trimmed(joules / 3.6e9, 2)} MWh", f"{trimmed(meter, 2)} MWh", f"{share} %",
            trimmed(meter / household, 2), f"{100 - share} %", f"{epsilon * printed / meter:.0f} pJ"}  # fmt: skip
    return given, told


def claims() -> tuple[set[str], set[str]]:
    results = [STUDY.result(name) for name in ("gpt-3-carbon", "mistral-7b-energy", "paris-new-york", "ministral-100", "mistral-7b-carbon")]
    column = re.findall(r"^\| [A-E] \|.*\| (yes|no) \|$", (lessons.folder() / "handouts" / "02_reading_a_press_claim.md").read_text(encoding="utf-8"), re.M)
    assert column == ["yes" if one.taken.strong else "no" for one in results]
    given = {text for one in results for text in (one.printed_text, one.recomputed_text, one.interval_text)}
    return given, {one.verdict for one in results} | {trimmed(one.taken.interval[1] / one.taken.interval[0], 2 if i != 0 else 3) for i, one in enumerate(results)}


def grids() -> tuple[set[str], set[str]]:
    known = {name: row(f"grid:{name}-2023", "grid_intensity", "gCO2e/kWh") for name in ("SWE", "FRA", "BEL", "CAN", "USA", "POL")}
    shown = {name: float(trimmed(value, 2)) for name, value in known.items()}
    site = {name: row("site:microsoft-us-average", name, unit) for name, unit in (("on_site_water_intensity", "L/kWh"), ("off_site_water_intensity", "L/kWh"), ("pue", ""))}
    energy, whole = row("declared:gpt-3", "facility_energy", "kWh"), site["on_site_water_intensity"] + site["pue"] * site["off_site_water_intensity"]
    given = {f"{value:.0f}" for value in shown.values()} | {f"{site['on_site_water_intensity']} L", f"{site['off_site_water_intensity']} L", f"{site['pue']}", f"{energy / 1e3:,.0f} MWh"}
    implied = 64e6 / 500e3
    nearest = min(shown, key=lambda name: abs(shown[name] - implied))
    told = {f"{trimmed(500e3 * shown[name] / 1e6, 2)} t" for name in ("FRA", "USA", "POL")} | {
        trimmed(shown["POL"] / shown["FRA"], 2), f"{implied:.0f} g", {"BEL": "Belgium"}[nearest], f"{trimmed(whole, 2)} L",
        f"{trimmed(energy * site['on_site_water_intensity'], 2)} L", f"{trimmed(energy * whole, 2)} L", f"{100 * site['on_site_water_intensity'] / whole:.0f} %",
    }  # fmt: skip
    return given, told


def answer() -> tuple[set[str], set[str]]:
    one = STUDY.value("answer.facility_energy", "model:mistral-large-2", "inference:h100-batched", via="epsilon")
    watt_hours = [float(Quantity(x, one.quantity.units).to("Wh").magnitude) for x in (one.value, one.low, one.high)]
    each = float(trimmed(watt_hours[0], 2))
    household, carbon = row("household:france", "household_electricity", "MWh/household/year"), row("default", "grid_intensity", "gCO2e/kWh")
    car = round(row("car:ademe-combustion", "car_intensity", "gCO2e/km"))
    once = float(trimmed(STUDY.value("training.facility_energy", "model:mistral-large-2", "hardware:h100", via="compute").quantity.to("GWh").magnitude, 3))
    few, many = (row(f"measurement:mlenergy-llama-3.1-8b-h100-batch-{n}", "accelerator_energy_per_parameter_token", "pJ/parameter/token") for n in (8, 384))
    wide, narrow = row("declared:google-gemini-median-prompt", "facility_energy", "Wh"), row("declared:google-gemini-median-prompt-narrow", "accelerator_energy", "Wh")
    given = {f"{each} Wh", trimmed(watt_hours[1], 2), trimmed(watt_hours[2], 2), f"{household} MWh", f"{carbon:.0f} g", f"{car} g", f"{once} GWh", f"{few} pJ", f"{many} pJ", f"{wide} Wh", f"{narrow} Wh"}
    year, answers = 10 * 365 * each / 1e3, once * 1e9 / each
    told = {f"{trimmed(year, 2)} kWh", f"{trimmed(100 * year / 1e3 / household, 1)} %", f"{trimmed(year * carbon, 2)} g", f"{trimmed(year * carbon / car, 2)} km",
            trimmed(few / many, 2), f"{trimmed(answers / 1e9, 2)} billion", f"{answers / 1e7 / 365:.0f}", trimmed(wide / narrow, 2)}  # fmt: skip
    return given, told


def dice() -> tuple[set[str], set[str]]:
    figure = STUDY.figure("mistral-7b-energy")
    taken = {one.name: one for one in figure.plan.assumptions}
    low, middle, high = (float(one.magnitude) for one in (taken["utilisation"].low, taken["utilisation"].value, taken["utilisation"].high))
    trillion = figure.value / (float(taken["training_tokens"].value.magnitude) / 1e12)
    busy = [middle * np.exp(sign * -_NORMAL[k] * np.log(high / middle if sign > 0 else middle / low) / 1.645) for k, sign in ((1, 1), (3, 1), (5, 1), (5, -1), (3, -1), (1, -1))]
    blue, red = [float(trimmed(trillion * middle / one, 2)) for one in busy], (1, 2, 3, 5, 6, 8)
    assert (red[0], red[-1]) == tuple(taken["training_tokens"].__getattribute__(end).to("token").magnitude / 1e12 for end in ("low", "high"))
    energies = sorted(a * b for a, b in product(red, blue))
    factor = trimmed(blue[-1] / blue[0], 2)
    told = {f"{energies[0]:,.0f} MWh", f"{energies[-1]:,.0f} MWh", f"{energies[2]:.0f} to {energies[-3]:.0f} MWh", f"{STUDY.result('mistral-7b-energy').interval_text} MWh",
            str(sum(one >= 475 for one in energies)), f"{red[-1] / red[0]:.0f}", factor, f"{red[-1] * blue[0]:.0f}", f"{red[-1] * blue[-1]:,.0f} MWh"}  # fmt: skip
    return {f"{one:.0f}" for one in blue}, told


def own() -> tuple[set[str], set[str]]:
    energy, water = STUDY.row("measurement:altman2025-chatgpt", "energy_per_answer"), read_quantity("0.000085 gal")
    assert water == STUDY.row("declared:altman2025-chatgpt", "usage_water")
    cooling, pue, plants = (STUDY.row("site:microsoft-us-average", name) for name in ("on_site_water_intensity", "pue", "off_site_water_intensity"))
    per_energy = (water / (energy * Quantity(1, "answer"))).to("L/kWh")
    told = {f"{energy.to('Wh/answer').magnitude} Wh", "0.000085", format_quantity(water, "mL", 2), f"{trimmed(per_energy.magnitude, 2)} L",
            f"{cooling.to('L/kWh').magnitude} L", f"{trimmed((cooling + pue * plants).to('L/kWh').magnitude, 2)} L"}  # fmt: skip
    return set(), told


FIGURES = dict(zip(lessons.names(), (training, claims, grids, answer, dice, own), strict=True))


NAMES = papers.names("handouts")
each_language = pytest.mark.parametrize("language", ["en", "fr"])


def bold(name: str, language: str) -> list[str]:
    return re.findall(r"(?<!\*)\*\*([^*]+)\*\*", papers.text("handouts", name, language))


def in_french(figure: str) -> str:
    """A figure as a French handout prints it, made from the English one by rules of its own."""
    with speaking("fr"):
        if (told := {"Belgium": "Belgique"}.get(figure, say(figure))) != figure:
            return told
    for english, french in ((r",(?=\d{3})", THIN), (r"(?<=\d)\.(?=\d)", ","), (r"\bto\b", "à"), (r"\babout\b", "environ"), (r"passenger", "passager"), (r"\bbillion\b", "milliards")):
        figure = re.sub(english, french, figure)
    return re.sub(rf"(?<=\d) (?=(?:{UNITS})(?:$|/))", THIN, figure)


@pytest.mark.parametrize("lesson", lessons.names())
def test_every_figure_in_bold_is_todays(lesson):
    given, told = FIGURES[lesson]()
    extra = {"reproduced", "undecided", "plausible", "not reproduced"} if lesson.startswith("02") else set()  # the rules name the verdicts in bold
    for language, spoken in (("en", str), ("fr", in_french)):
        assert set(bold(lesson, language)) == {spoken(one) for one in given | extra}
        assert set(bold(f"{lesson}.answers", language)) == {spoken(one) for one in told}


@pytest.mark.parametrize("name", NAMES)
def test_a_french_handout_has_the_figures_where_the_english_one_has_them(name):
    assert bold(name, "fr") == [in_french(one) for one in bold(name, "en")]


@each_language
@pytest.mark.parametrize("lesson", lessons.names())
def test_a_handout_has_tasks_for_a_pencil_and_no_code(lesson, language):
    text = papers.text("handouts", lesson, language)
    assert "`" not in text and {"en": "Name: ____", "fr": f"Nom{THIN}: ____"}[language] in text
    assert len(re.findall(r"^## \d", text, re.M)) >= 4
    assert text.count("\n---\n") + text.count("____") >= 4, "room to write"


@each_language
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in papers.KINDS for name in papers.names(kind)])
def test_a_page_to_print_loads_nothing(kind, name, language):
    page = papers.page(kind, name, language)
    assert "$" not in page and "<h1>" in page and f'<html lang="{language}">' in page and "@page { size: A4" in page
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\(", page)


def test_each_lesson_has_a_handout_its_answers_and_a_plan():
    assert NAMES == sorted(name + end for name in lessons.names() for end in ("", ".answers"))
    assert papers.names("plans") == lessons.names()
    with pytest.raises(RecountError, match="there are no leaflets: known names are handouts, plans"):
        papers.names("leaflets")

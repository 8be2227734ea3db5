"""EcoLogits' method as a route of the model: against the package itself, and its releases against what each printed."""

import math

import pytest
from ecologits.electricity_mix_repository import electricity_mixes
from ecologits.impacts.llm import compute_llm_impacts_dag
from ecologits.model_repository import models
from ecologits.tracers.utils import PROVIDER_CONFIG_MAP, llm_impacts

from recount import graph, recompute
from recount.assumptions import load
from recount.errors import RecountError
from recount.model import serving
from recount.recompute import World
from recount.register import Operand
from recount.study import Study
from recount.units import Quantity

METHOD = "method:ecologits-0.11.3"
ZONES = {"WOR": f"{METHOD}-world", "USA": f"{METHOD}-usa", "FRA": f"{METHOD}-france", "SWE": f"{METHOD}-sweden"}
LARGE_2 = "method:mistral-large-2407@ecologits-0.9.1"
# Each impact of EcoLogits: where its figure stands and in which unit.
IMPACTS = {
    "facility_energy": ("energy", "kWh"),
    "usage_carbon": ("usage.gwp", "kgCO2e"),
    "embodied_carbon": ("embodied.gwp", "kgCO2e"),
    "usage_materials": ("usage.adpe", "kgSbe"),
    "embodied_materials": ("embodied.adpe", "kgSbe"),
    "total_materials": ("adpe", "kgSbe"),
    "usage_water": ("wcf", "L"),
}
MODELS = [
    ("openai", "gpt-4o"), ("openai", "gpt-4o-mini"), ("anthropic", "claude-opus-4-5-20251101"), ("cohere", "command-a-03-2025"),
    ("huggingface_hub", "meta-llama/Meta-Llama-3-70B-Instruct"), ("mistralai", "mistral-large-latest"), ("google_genai", "gemini-2.5-flash"),
]  # fmt: skip


def constants(*contexts: str) -> dict[str, Quantity]:
    return {name: row.quantity() for context in contexts for name, row in load().context(context).items()}


def end(value, which: str) -> float:
    return float(getattr(value, which) if hasattr(value, which) else value)


def computed(name: str, values: dict[str, Quantity], unit: str) -> float:
    wired = graph.graph("answer", "ecologits")
    return wired.execute([name], {n: v for n, v in values.items() if n in wired.names})[name].to(unit).magnitude


@pytest.mark.parametrize("which", ["min", "max"])
@pytest.mark.parametrize(("provider", "model"), MODELS)
def test_the_route_equals_the_package(provider, model, which):
    """Sizes, speeds and sites from EcoLogits' own repository, constants and electricity from our rows."""
    found, site = models.find_model(provider, model), PROVIDER_CONFIG_MAP[provider]
    size, told = found.architecture.parameters, found.deployment
    values = constants(METHOD, ZONES[site.datacenter_location]) | {
        "answers": Quantity(1, "answer"),
        "answer_tokens": Quantity(400, "token/answer"),
        "total_parameters": Quantity(end(getattr(size, "total", size), which) * 1e9, "parameter"),
        "active_parameters": Quantity(end(getattr(size, "active", size), which) * 1e9, "parameter"),
        "first_token_time": Quantity(told.ttft or 0.0, "s/answer"),
        "pue": Quantity(end(site.datacenter_pue, which), ""),
        "on_site_water_intensity": Quantity(end(site.datacenter_wue, which), "L/kWh"),
    }
    if told.tps:
        values["generation_speed"] = Quantity(told.tps, "token/s")
    result = llm_impacts(provider, model, 400, math.inf)
    for name, (path, unit) in IMPACTS.items():
        theirs = result
        for part in path.split("."):
            theirs = getattr(theirs, part)
        assert computed(name, values, unit) == pytest.approx(end(theirs.value, which), rel=1e-9), name


def test_every_provider_is_compared():
    assert {provider for provider, _ in MODELS} == set(PROVIDER_CONFIG_MAP)


@pytest.mark.parametrize(("batch", "bits", "active", "total"), [(1, 16, 123, 123), (512, 16, 123, 123), (8, 8, 41, 675), (16, 4, 8, 8), (64, 16, 100, 100)])
def test_intermediate_results_equal_the_package(batch, bits, active, total):
    """100 billion parameters need exactly 3 chips of 80 GB before the powers of two."""
    given = {"batch_size": batch, "model_quantization_bits": bits}
    theirs = compute_llm_impacts_dag(active, total, 250, math.inf, 0, 0, 0, 0, 1.1, 0, **given)
    values = constants(METHOD) | {
        "answers": Quantity(1, "answer"), "answer_tokens": Quantity(250, "token/answer"), "first_token_time": Quantity(0, "s/answer"),
        "batch": Quantity(batch, ""), "bits_per_parameter": Quantity(bits, "bit/parameter"), "pue": Quantity(1.1, ""),
        "active_parameters": Quantity(active, "Gparameter"), "total_parameters": Quantity(total, "Gparameter"),
    }  # fmt: skip
    for name, key, unit in (
        ("model_memory", "model_required_memory", "GB"), ("chips", "gpu_required_count", "chip"), ("generation_time", "generation_latency", "s/answer"),
        ("host_energy", "server_energy", "kWh"), ("it_energy", "request_it_energy", "kWh"), ("facility_energy", "request_energy", "kWh"),
    ):  # fmt: skip
        assert computed(name, values, unit) == pytest.approx(theirs[key], rel=1e-9), name
    assert computed("accelerator_energy", values, "kWh") == pytest.approx(theirs["gpu_energy"] * theirs["gpu_required_count"], rel=1e-9)


@pytest.mark.parametrize(("base", "gigabytes", "expected"), [(1, 240, 3), (2, 240, 4), (2, 640, 8), (2, 641, 16), (1, 5, 1), (2, 5, 1), (3, 800, 27)])
def test_chips_are_rounded_up(base, gigabytes, expected):
    memory = Quantity(gigabytes * 1e9 * 8, "bit")
    assert serving.chips(memory, Quantity(80, "GB/chip"), Quantity(base, "")).magnitude == expected


def test_what_fits_exactly_takes_no_chip_more():
    """1.2 × 500 billion × 16 bits are 1,200 GB: 15 chips of 80 GB, though floating point says a hair more."""
    memory = serving.model_memory(Quantity(500e9, "parameter"), Quantity(16, "bit/parameter"), Quantity(1.2, ""))
    assert serving.chips(memory, Quantity(80, "GB/chip"), Quantity(1, "")).magnitude == 15


@pytest.mark.parametrize("zone", ZONES)
def test_the_electricity_of_the_method_is_the_packages_and_ours(zone):
    mix, ours = electricity_mixes.find_electricity_mix(zone), constants(ZONES[zone])
    assert ours["grid_intensity"].to("kgCO2e/kWh").magnitude == pytest.approx(mix.gwp, rel=1e-12)
    assert ours["grid_materials"].to("kgSbe/kWh").magnitude == pytest.approx(mix.adpe, rel=1e-12)
    assert ours["off_site_water_intensity"].to("L/kWh").magnitude == pytest.approx(mix.wue, rel=1e-12)
    country = "WORLD" if zone == "WOR" else zone
    for context in (f"grid:{country}-2025", f"water:{country}", f"materials:{country}"):
        for name, row in load().context(context).items():
            assert (row.quantity() / ours[name]).to("").magnitude == pytest.approx(1, rel=1e-12), context


@pytest.mark.parametrize(
    ("context", "provider"),
    [
        ("site:ecologits-openai", "openai"), ("site:ecologits-anthropic", "anthropic"), ("method:cohere@ecologits-0.11.3", "cohere"),
        ("method:huggingface-hub@ecologits-0.11.3", "huggingface_hub"), ("site:ecologits-mistral", "mistralai"), ("site:ecologits-google", "google_genai"),
    ],
)  # fmt: skip
def test_the_sites_of_the_method_are_the_packages(context, provider):
    site, rows = PROVIDER_CONFIG_MAP[provider], load().context(context)
    for name, theirs in (("pue", site.datacenter_pue), ("on_site_water_intensity", site.datacenter_wue)):
        row = rows[name]
        ends = [float(row.quantity(text).magnitude) for text in (row.low or row.value, row.high or row.value)]
        assert ends == [end(theirs, "min"), end(theirs, "max")], name


# 400 tokens on the world's electricity: energy (Wh), carbon with embodied (g) and materials (mgSbe) at both ends, six
# digits as each release prints them when it is run (llm_impacts, no latency cap). 0.7.3 prints the figures of 0.6.3
# and 0.8.2, 0.9.3 those of 0.9.1.
SAME_REQUEST = """
0.3.2  gpt-4o 187.708 706.392 114.493 430.503 0.261592 0.959693
0.3.2  gpt-4o-mini 187.708 706.392 114.493 430.503 0.261592 0.959693
0.3.2  gpt-4 187.708 706.392 114.493 430.503 0.261592 0.959693
0.3.2  llama-3-70b 5.02117 5.02117 3.0686 3.0686 0.00739765 0.00739765
0.3.2  mistral-large-latest 43.1812 156.854 26.3554 95.6108 0.061316 0.214309
0.5.2  gpt-4o 16.5819 53.6308 10.1403 32.7124 0.0248761 0.0747405
0.5.2  gpt-4o-mini 1.50714 2.62984 0.92767 1.61167 0.00266809 0.00417913
0.5.2  gpt-4 187.708 706.392 114.493 430.503 0.261592 0.959693
0.5.2  llama-3-70b 5.01837 5.01837 3.06689 3.06689 0.00739387 0.00739387
0.5.2  mistral-large-latest 43.1812 156.854 26.3554 95.6108 0.061316 0.214309
0.5.2  mistral-large-2407 43.1812 156.854 26.3554 95.6108 0.061316 0.214309
0.6.3  gpt-4o 14.6279 55.5848 8.98643 33.8663 0.0247271 0.0748895
0.6.3  gpt-4o-mini 1.01864 3.11834 0.639201 1.90014 0.00263083 0.00421639
0.6.3  gpt-4 180.869 713.231 110.455 434.541 0.26107 0.960214
0.6.3  llama-3-70b 4.52986 5.50687 2.77842 3.35536 0.00735661 0.00743113
0.6.3  mistral-large-latest 7.47413 8.45113 4.57222 5.14916 0.0113193 0.0113938
0.6.3  mistral-large-2407 7.47413 8.45113 4.57222 5.14916 0.0113193 0.0113938
0.8.2  gpt-4o 14.6279 55.5848 8.98643 33.8663 0.0247271 0.0748895
0.8.2  gpt-4o-mini 1.01864 3.11834 0.639201 1.90014 0.00263083 0.00421639
0.8.2  gpt-4 180.869 713.231 110.455 434.541 0.26107 0.960214
0.8.2  llama-3-70b 4.52986 5.50687 2.77842 3.35536 0.00735661 0.00743113
0.8.2  mistral-large-latest 7.47413 8.45113 4.57222 5.14916 0.0113193 0.0113938
0.8.2  mistral-large-2407 7.47413 8.45113 4.57222 5.14916 0.0113193 0.0113938
0.9.1  gpt-4o 0.85014 1.53352 0.46632 0.844882 0.00377239 0.00702239
0.9.1  gpt-4o-mini 0.035661 0.0453681 0.0194659 0.0248432 0.000152677 0.000198842
0.9.1  gpt-4 7.50082 18.4348 4.13665 10.1936 0.0345896 0.0865897
0.9.1  llama-3-70b 0.239872 0.250875 0.133683 0.138888 0.00118791 0.00118805
0.9.1  mistral-large-latest 0.353709 0.353709 0.195772 0.195772 0.00167234 0.00167234
0.9.1  mistral-large-2407 0.353709 0.353709 0.195772 0.195772 0.00167234 0.00167234
0.10.2 gpt-4o 0.618531 1.00336 0.307394 0.483759 0.00134855 0.00135374
0.10.2 gpt-4o-mini 0.0315791 0.0370454 0.0165429 0.0190481 0.0001164 0.000116474
0.10.2 gpt-4 5.25908 11.4164 2.60505 5.42689 0.0109858 0.0110689
0.10.2 llama-3-70b 0.239872 0.250875 0.132667 0.13771 0.00127673 0.00127688
0.10.2 mistral-large-latest 0.240786 0.240786 0.118016 0.118016 0.000432673 0.000432673
0.11.3 gpt-4o 0.578874 0.963706 0.280957 0.457322 0.000885246 0.000890438
0.11.3 gpt-4o-mini 0.0260182 0.0314845 0.0128359 0.015341 5.14338e-05 5.15075e-05
0.11.3 gpt-4 4.803 10.9603 2.30102 5.12286 0.00565764 0.0057407
0.11.3 llama-3-70b 0.239872 0.250875 0.132667 0.13771 0.00127673 0.00127688
0.11.3 mistral-large-latest 1.15075 1.15075 0.570983 0.570983 0.00245798 0.00245798
"""
RUNS = [line.split() for line in SAME_REQUEST.strip().splitlines()]
SITES = {"gpt": "site:ecologits-openai", "lla": "method:huggingface-hub@ecologits-0.11.3", "mis": "site:ecologits-mistral"}


def replayed(name: str, unit: str, given: tuple[str, ...], which: int) -> float:
    """The figure at one end of every range of the rows (0 low, 1 high), as EcoLogits pairs them.

    Its ends of a regression lie at 1.96 standard deviations, a row's 5th and 95th percentile at 1.6449.
    """
    found = recompute.gather(Operand("answer", name, "ecologits", given), World.of())
    values = {}
    for key, one in found.items():
        far = one.value if one.low is None else (one.low, one.high)[which]
        values[key] = one.value + (far - one.value) * (1.96 / 1.6448536 if one.distribution == "normal" else 1)
    return computed(name, values, unit)


@pytest.mark.parametrize(("release", "model", "printed"), [(release, model, printed) for release, model, *printed in RUNS])
def test_the_same_request_through_seven_releases(release, model, printed):
    method = f"method:ecologits-{release}"
    site = () if "pue" in load().context(method) else (SITES[model[:3]],)
    given = (method, f"method:{model}@ecologits-{release}", f"{method}-world", *site)
    names = (("facility_energy", "Wh"), ("total_carbon", "gCO2e"), ("total_materials", "mgSbe"))
    ours = [f"{replayed(name, unit, given, which):.6g}" for name, unit in names for which in (0, 1)]
    assert ours == printed


def test_every_release_and_every_size_is_replayed():
    kept = {c for c in load().contexts() if c.startswith("method:")}
    known = {f"method:{model}@ecologits-{release}" for release, model, *_ in RUNS}
    assert {c for c in kept if "@" in c} - known == {"method:cohere@ecologits-0.11.3", "method:huggingface-hub@ecologits-0.11.3"}
    assert {c for c in kept if "@" not in c and c.count("-") == 1} == {f"method:ecologits-{release}" for release, *_ in RUNS}


def told(study: Study, quantity: str, unit: str, *given: str) -> float:
    return study.value(f"answer.{quantity}", *given, via="ecologits").quantity.to(unit).magnitude


@pytest.mark.parametrize(
    ("zone", "carbon", "water", "materials"),
    [("SWE", "0.0445", "2.16", "1.820"), ("FRA", "0.0467", "1.33", "1.81"), ("USA", "0.168", "1.14", "1.83"), ("WOR", "0.194", "1.41", "1.80")],
)
def test_mistral_large_2(zone, carbon, water, materials):
    """123 billion dense parameters, 400 tokens, PUE 1.16 and WUE 0.09 L/kWh: 0.3537 Wh wherever it runs."""
    study, given = Study(samples=1000), (METHOD, LARGE_2, "site:ecologits-mistral", ZONES[zone])
    assert f"{told(study, 'facility_energy', 'Wh', *given):.4f}" == "0.3537"
    for name, unit, printed in (("total_carbon", "gCO2e", carbon), ("usage_water", "mL", water), ("total_materials", "µgSbe", materials)):
        assert f"{told(study, name, unit, *given):.{len(printed) - 2}f}" == printed, name


def test_mistral_large_2_in_sweden_is_mostly_hardware():
    study, given = Study(samples=1000), (METHOD, LARGE_2, "site:ecologits-mistral", ZONES["SWE"])
    parts = [f"{told(study, name, 'gCO2e', *given):.4f}" for name in ("usage_carbon", "embodied_carbon")]
    assert parts == ["0.0125", "0.0320"]


@pytest.mark.parametrize(
    ("time", "energy", "carbon", "water"), [("", "0.353709", "0.0411338", "2.50658"), ("8.2 s/answer", "0.229984", "0.0129861", "1.62979")]
)
def test_what_the_authors_published_with_0_9_1(time, energy, carbon, water):
    """Their table of November 2025 prints 0.23 Wh, 0.013 g and 1.63 mL: so the release answers to a request of 8.2 s.

    That release multiplied the water by the PUE twice, which the model here does not.
    """
    method = "method:ecologits-0.9.1"
    study, given = Study(samples=1000, generation_time=time), (method, LARGE_2, "site:ecologits-mistral", f"{method}-sweden")
    assert f"{told(study, 'facility_energy', 'Wh', *given):.6g}" == energy
    assert f"{told(study, 'total_carbon', 'gCO2e', *given):.6g}" == carbon
    assert f"{told(study, 'usage_water', 'mL', *given) * 1.16:.6g}" == water


def test_an_unknown_speed_is_refused_in_a_sentence():
    with pytest.raises(RecountError, match="token/s"):
        Study(generation_speed="35 s")
    with pytest.raises(RecountError, match="at least 1"):
        Study(batch="0")

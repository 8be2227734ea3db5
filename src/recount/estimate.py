"""A model of one's own: what its training or its answers take, with 90 % intervals, and what that rests on.

Nothing is asked but what the reader knows: size, tokens, chip, and the grid, PUE, batch or
precision if they are known. The rest is what the fits on declared runs and on measured answers
say of a model not seen. What cannot be is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from recount import estimate_inputs, sampling
from recount.errors import RecountError
from recount.estimate_inputs import Inputs, text_of
from recount.language import speak
from recount.own_model import OwnModel
from recount.scenarios import DEFAULT


def training(
    parameters: object, tokens: object, hardware: str, *, active_parameters: object = None, pue: object = None, grid: str | None = None,
    water: str | None = None, on_site_water: str | None = None, off_site_water: str | None = None, scenario: str | None = None,
    samples: int | str | None = None, seed: int | str = 0, language: str | None = None, **assumptions: str,
) -> OwnModel:  # fmt: skip
    """What training a model of one's own takes.

    Parameters
    ----------
    parameters : in all; a number or a text such as ``"70B"``.
    tokens : that the training reads, such as ``15e12`` or ``"15T"``.
    hardware : a chip of the data, such as ``"h100"``.
    active_parameters : that each token passes; all of them if not given.
    pue : energy at the meter over that of the servers, at least 1.
    grid : a country (``"FRA"``), with its year (``"FRA-2024"``), or an intensity (``"56 gCO2e/kWh"``).
    water : a site (``"site:…"``), a country's power plants (``"water:FRA"``) or litres per kWh of both together.
    on_site_water, off_site_water : litres per kWh of the servers' energy, and per kWh of electricity.
    scenario : name of a file in ``data/scenarios``; it goes before the chip, grid and site that are named here, and a number goes before it.
    samples, seed, language : as in :class:`recount.study.Study`.
    assumptions : any other assumption by its name, such as ``utilisation="0.4"``.

    Raises
    ------
    RecountError : anything that cannot be, in one sentence.

    Examples
    --------
    Llama 3.1 405B was declared at 30.84 million chip-hours, which the interval must hold.

    >>> model = training("405B", "15.6T", "h100", samples=1000)
    >>> model["chip_hours"].p05 < 30.84e6 < model["chip_hours"].p95
    True

    References
    ----------
    Meta 2024, Llama 3.1 model card, training energy table.
    """
    speak(language)
    counts = {"total_parameters": ("parameters", parameters), "active_parameters": ("active_parameters", active_parameters), "training_tokens": ("tokens", tokens)}
    inputs = _read("training", hardware, scenario, counts, ("total_parameters", "training_tokens"))
    return _finished(inputs, pue, grid, water, on_site_water, off_site_water, samples, seed, assumptions)


def answer(
    parameters: object, tokens: object, hardware: str, *, active_parameters: object = None, prompt_tokens: object = None, batch: object = None,
    precision: object = None, answers: object = None, pue: object = None, grid: str | None = None, water: str | None = None,
    on_site_water: str | None = None, off_site_water: str | None = None, scenario: str | None = None, samples: int | str | None = None,
    seed: int | str = 0, language: str | None = None, **assumptions: str,
) -> OwnModel:  # fmt: skip
    """What an answer of a model of one's own takes, or several of them.

    Parameters
    ----------
    parameters, active_parameters, hardware, pue, grid, water, on_site_water, off_site_water, scenario,
    samples, seed, language, assumptions : as for :func:`training`.
    tokens : that an answer has.
    prompt_tokens : that are read before it; not given, a wide range.
    batch : answers computed at a time, at least 1; not given, a wide range, and nothing matters more.
    precision : bits of a parameter, 16, 8 or 4, or ``"bf16"``, ``"fp8"`` …; not given, 16.
    answers : how many; not given, one.

    Raises
    ------
    RecountError : anything that cannot be, in one sentence.

    Examples
    --------
    Llama 3.1 70B on H100 at batch 64 was measured at 0.7972 J a token, 280.6 J for 352 tokens.

    >>> model = answer("70B", 352, "h100", batch=64, precision="bf16", samples=1000)
    >>> model["accelerator_energy"].p05 < 280.6 / 3600 < model["accelerator_energy"].p95
    True

    References
    ----------
    Chung et al. 2025, ML.ENERGY benchmark v3.
    """
    speak(language)
    counts = {
        "total_parameters": ("parameters", parameters), "active_parameters": ("active_parameters", active_parameters), "answer_tokens": ("tokens", tokens),
        "prompt_tokens": ("prompt_tokens", prompt_tokens), "batch": ("batch", batch), "answers": ("answers", answers),
    }  # fmt: skip
    inputs = _read("answer", hardware, scenario, counts, ("total_parameters", "answer_tokens"))
    if bits := text_of(precision):
        if text_of(assumptions.get("bits_per_parameter")):
            raise RecountError("precision and bits_per_parameter are both given: give one of them.")
        estimate_inputs.precision(inputs, bits)
    return _finished(inputs, pue, grid, water, on_site_water, off_site_water, samples, seed, assumptions)


def _read(activity: str, hardware: str, scenario: str | None, counts: Mapping[str, tuple[str, object]], required: tuple[str, ...]) -> Inputs:
    """The chip and everything that is counted."""
    inputs = Inputs(activity, text_of(scenario) or DEFAULT)
    for name, (option, value) in counts.items():
        if text := text_of(value):
            inputs.give(name, estimate_inputs.read_count(option, text, name))
        elif name in required:
            raise RecountError(f"{option} is missing: give a number, such as '{'70e9' if name == 'total_parameters' else '15e12' if activity == 'training' else '400'}'.")
    size, active = inputs.typed["total_parameters"], inputs.typed.get("active_parameters")
    if active is None:
        inputs.give("active_parameters", size.value)
    elif active.value > size.value:
        raise RecountError(f"active_parameters {active.text} exceed parameters {size.text}: at most all of them are active.")
    estimate_inputs.hardware(inputs, text_of(hardware))
    return inputs


def _finished(
    inputs: Inputs, pue: object, grid: object, water: object, on_site: object, off_site: object,
    samples: int | str | None, seed: int | str, assumptions: Mapping[str, str],
) -> OwnModel:  # fmt: skip
    """The site, whatever else is given, and the estimate."""
    for option, name, value, example in (
        ("pue", "pue", pue, "1.1"), ("on_site_water", "on_site_water_intensity", on_site, "0.3 L/kWh"), ("off_site_water", "off_site_water_intensity", off_site, "3 L/kWh"),
    ):  # fmt: skip
        if text := text_of(value):
            inputs.give(name, estimate_inputs.read_named(option, text, name, example))
    if text := text_of(grid):
        estimate_inputs.grid(inputs, text)
    if text := text_of(water):
        estimate_inputs.water(inputs, text)
    estimate_inputs.others(inputs, assumptions)
    estimate_inputs.water_of_grid(inputs)
    return OwnModel(inputs, None if samples is None else sampling.read_count(samples), sampling.read_seed(seed))

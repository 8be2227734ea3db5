"""The two tools that the articles name, run for real and without a network.

EcoLogits estimates what an answer takes from a model that somebody else hosts; CodeCarbon what
a program takes on the machine it runs on. Both are imported on first use and kept silent.
"""

from __future__ import annotations

import dataclasses
import logging
import math
from typing import TYPE_CHECKING, Any

from recount import in_browser
from recount.assumptions import load
from recount.errors import RecountError, nearest
from recount.explain import Table, label, readable
from recount.language import labelled, message, say
from recount.study import Study, View, view
from recount.units import Quantity, format_number, pretty_unit, read_unit, trimmed, with_unit

if TYPE_CHECKING:
    import pandas as pd

# What recount calls each impact of an answer: EcoLogits' attribute and unit, and the unit to show.
_IMPACTS = {
    "facility_energy": ("energy", "kWh", "Wh"),
    "total_carbon": ("gwp", "kgCO2e", "gCO2e"),
    "usage_water": ("wcf", "L", "mL"),
    "total_materials": ("adpe", "kgSbe", "mgSbe"),
}
# How CodeCarbon says that it came by the power of the processor.
PROCESSOR = {
    "cpu_load": message("estimated: share of its time × a rated power of {power}"),
    "constant": message("assumed: a fixed share of a rated power of {power}"),
    "intel_rapl": message("measured: the processor's own energy counter"),
    "windows_emi": message("measured: the machine's own energy meter"),
    "intel_power_gadget": message("measured: the maker's power tool"),
}


@dataclasses.dataclass(frozen=True)
class Span:
    """A quantity between two ends, with the middle where its source gives one."""

    low: Quantity
    high: Quantity
    middle: Quantity | None = None

    def text(self, name: str) -> str:
        """The span in the unit that answers are shown in."""
        low, middle, high = (end if end is None else trimmed(_in(end, name), 3) for end in (self.low, self.middle, self.high))
        ends = low if low == high else say("{low} to {high}", low=low, high=high)
        return ends if middle is None or middle == ends else f"{middle} ({ends})"


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one answer takes, as one tool or publisher counts it."""

    who: str
    spans: dict[str, Span]

    def __getitem__(self, name: str) -> Span:
        return self.spans[name]


def ecologits_answer(provider: str, model: str, tokens: Quantity, zone: str = "") -> Answer:
    """What EcoLogits says one answer of a hosted model takes.

    Parameters
    ----------
    provider : name of a provider in EcoLogits, such as ``openai``.
    model : name of a model that EcoLogits knows at this provider.
    tokens : length of the answer in tokens.
    zone : country whose electricity is used (three letters); empty keeps the provider's.

    Returns
    -------
    Answer : facility energy, carbon with the hardware's share, water of use, materials. A span
        is EcoLogits' own: it holds guesses at the size of closed models and the spread of the
        provider's sites, not an uncertainty interval.

    Raises
    ------
    RecountError : a provider, model or zone that EcoLogits does not know; a length that is not positive.

    Examples
    --------
    >>> answer = ecologits_answer("mistralai", "mistral-large-latest", Quantity(400, "token"))
    >>> answer["facility_energy"].low.to("Wh").magnitude, answer["usage_water"].low.to("mL").magnitude
    (1.151, 7.03)

    References
    ----------
    EcoLogits 0.11.3, ``tracers/utils.py``, ``llm_impacts``.
    """
    in_browser.refuse("EcoLogits")
    from ecologits.model_repository import models
    from ecologits.tracers.utils import PROVIDER_CONFIG_MAP, llm_impacts

    _silence("ecologits")
    if provider not in PROVIDER_CONFIG_MAP:
        raise RecountError(f"EcoLogits does not know the provider '{provider}': {nearest(provider, PROVIDER_CONFIG_MAP)}")
    if models.find_model(provider, model) is None:
        known = {m.name for m in models.list_models() if m.provider.value == provider}
        raise RecountError(f"EcoLogits does not know the model '{model}' of {provider}: {nearest(model, known)}")
    zone = zone or PROVIDER_CONFIG_MAP[provider].datacenter_location
    _mix(zone)
    found = llm_impacts(provider, model, _count(tokens), math.inf, zone)
    return Answer(labelled("EcoLogits", f"{model.rpartition('/')[2]} ({provider}, {zone})"), _spans(found))


def ecologits_open_model(
    who: str, active_parameters: Quantity, total_parameters: Quantity, tokens: Quantity,
    pue: Quantity, on_site_water_intensity: Quantity, zone: str, batch: str = "",
) -> Answer:  # fmt: skip
    """What EcoLogits' formulas say one answer of a model with published parameters takes.

    Parameters
    ----------
    who : name of the model, as the table shall show it.
    active_parameters, total_parameters : parameters
    tokens : length of the answer in tokens.
    pue : dimensionless
    on_site_water_intensity : L/kWh of IT energy
    zone : country whose electricity is used (three letters), with EcoLogits' own factors.
    batch : answers that a server is taken to write at once; empty keeps EcoLogits' own.

    Returns
    -------
    Answer : as :func:`ecologits_answer`.

    Raises
    ------
    RecountError : an unknown zone; a length or a batch that is not a positive number.

    Examples
    --------
    Mistral Large 2, dense, in Sweden: 0.354 Wh and 0.0445 g.

    >>> large = Quantity(123e9, "parameter")
    >>> answer = ecologits_open_model(
    ...     "Large 2", large, large, Quantity(400, "token"), Quantity(1.16, ""), Quantity(0.09, "L/kWh"), "SWE"
    ... )
    >>> answer["facility_energy"].low.to("Wh").magnitude, answer["total_carbon"].low.to("gCO2e").magnitude
    (0.354, 0.0445)

    References
    ----------
    EcoLogits 0.11.3, ``impacts/llm.py``, ``compute_llm_impacts``.
    """
    in_browser.refuse("EcoLogits")
    from ecologits.impacts.llm import compute_llm_impacts

    mix = _mix(zone)
    if batch and not (batch.isdecimal() and int(batch) > 0):
        raise RecountError(f"batch '{batch}' must be a whole number of answers, at least 1, such as 8.")
    billions = [float(one.to("parameter").magnitude) / 1e9 for one in (active_parameters, total_parameters)]
    found = compute_llm_impacts(
        *billions, _count(tokens), mix.adpe, mix.pe, mix.gwp, mix.wue,
        float(pue.to("").magnitude), float(on_site_water_intensity.to("L/kWh").magnitude),
        **({"batch_size": int(batch)} if batch else {}),
    )  # fmt: skip
    told = say("EcoLogits' formulas: {who} ({zone}, {batch} at once)" if batch else "EcoLogits' formulas: {who} ({zone})", who=who, zone=zone, batch=batch)
    return Answer(told, _spans(found))


def own_answer(study: Study, who: str, *given: str) -> Answer:
    """What this project's formulas say one answer takes, with 90 % intervals.

    Parameters
    ----------
    study : the reader's assumptions.
    who : what the table shall call it.
    given : contexts of the data, such as ``model:mistral-large-2``.
    """
    spans = {}
    for name in _IMPACTS:
        one = study.value(f"answer.{name}", *given, via="epsilon")
        low, high = (Quantity(end, read_unit(one.unit)) for end in (one.low, one.high))
        spans[name] = Span(low, high, one.quantity)
    return Answer(labelled("recount", who), spans)


def declared_answer(who: str, context: str) -> Answer:
    """What a publisher declares that one answer takes, as far as it is a row of the data."""
    data = load()
    rows = {name: data.pick(context, name) for name in _IMPACTS if name in data.context(context)}
    return Answer(who, {name: Span(rows[name].quantity(), rows[name].quantity()) for name in rows})


def side_by_side(*answers: Answer) -> View:
    """Answers in one table: energy, carbon, water and materials, as each source counts them."""
    rows = [(answer.who, *(answer[name].text(name) if name in answer.spans else say("not published") for name in _IMPACTS)) for answer in answers]
    heads = (f"{label(name)} ({pretty_unit(shown)})" for name, (_, _, shown) in _IMPACTS.items())
    return view(Table((say("One answer"), *heads), tuple(rows)))


def frame(name: str, *answers: Answer) -> pd.DataFrame:
    """One quantity of several answers as numbers in the unit of :func:`side_by_side`: answer, value, low, high.

    Where a source gives two ends and no middle, the value is half-way between them; an answer
    without the quantity is left out.
    """
    import pandas as pd

    rows = []
    for answer in (one for one in answers if name in one.spans):
        span = answer[name]
        middle = (span.low + span.high) / 2 if span.middle is None else span.middle
        rows.append((answer.who, *(_in(end, name) for end in (middle, span.low, span.high))))
    return pd.DataFrame(rows, columns=["answer", "value", "low", "high"])


def grid_intensities(*zones: str, year: str) -> View:
    """The carbon per kilowatt-hour that each tool and this project take for the same countries.

    Parameters
    ----------
    zones : countries by three letters.
    year : year of this project's rows; both tools fix theirs.

    Raises
    ------
    RecountError : a country that a tool or the data lack.
    """
    rows = []
    for zone in zones:
        own = load().pick(f"grid:{zone}-{year}", "grid_intensity").quantity()
        peers = (Quantity(_mix(zone).gwp, "kgCO2e/kWh"), Quantity(codecarbon_intensity(zone), "kgCO2e/kWh"))
        rows.append((zone, *(readable(one, "grid_intensity") for one in (*peers, own))))
    return view(Table((say("Country"), "EcoLogits", "CodeCarbon", say("this project, {year}", year=year)), tuple(rows)))


class Meter:
    """CodeCarbon's offline tracker on this very process, running until :meth:`stop`."""

    def __init__(self, country: str):
        self._intensity = Quantity(codecarbon_intensity(country), "kgCO2e/kWh")
        self._tracker = offline_tracker(country)
        self._tracker.start()

    def stop(self) -> View:
        """What CodeCarbon counted since the start, part by part, and how it came by each."""
        self._tracker.stop()
        data, total = self._tracker.final_emissions_data, self._tracker.final_emissions_data.energy_consumed
        graphics = say("measured: the chip's own counter, whoever uses it" if data.gpu_count else "none seen")
        parts = (
            (say("processor"), data.cpu_energy, processor_method(self._tracker)),
            (say("memory"), data.ram_energy, say("from a rule: so many watts per memory module")),
            (say("graphics chips"), data.gpu_energy, graphics),
            (say("all of them"), total, say("in {time}", time=readable(Quantity(data.duration, "s"), digits=3))),
        )
        rows = [(name, _small(kwh, "kWh", "mWh"), with_unit(format_number(kwh / total * 100, 3), "%"), how) for name, kwh, how in parts]
        carbon = _small(data.emissions, "kgCO2e", "mgCO2e")
        rows.append((say("carbon"), carbon, "", say("times {intensity}, from a table", intensity=readable(self._intensity, "grid_intensity"))))
        return view(Table((say("Part"), say("CodeCarbon's figure"), say("Share"), say("How it comes by it")), tuple(rows)))


def offline_tracker(country: str, seconds: int = 15) -> Any:
    """CodeCarbon on this process and its children: silent, without a network, writing nothing; it looks every so many seconds."""
    codecarbon_intensity(country)
    from codecarbon import OfflineEmissionsTracker

    return OfflineEmissionsTracker(
        country_iso_code=country, tracking_mode="process", allow_multiple_runs=True, output_methods=[], log_level="critical",
        measure_power_secs=seconds,
    )  # fmt: skip


def processor_method(tracker: Any) -> str:
    """How a tracker came by the power of the processor."""
    processors = [part for part in tracker._hardware if type(part).__name__ == "CPU"]
    return "; ".join(say(PROCESSOR.get(part._mode, part._mode), power=f"{part._tdp} W") for part in processors) or say("none seen")


def measure(country: str) -> Meter:
    """Start CodeCarbon on this very process; ``stop()`` shows what it counted.

    Nothing is written, sent or printed. The figures are of this machine at this moment.

    Parameters
    ----------
    country : where the machine stands, by three letters.

    Raises
    ------
    RecountError : a country that CodeCarbon does not know.

    References
    ----------
    CodeCarbon 3.3.2, ``OfflineEmissionsTracker``.
    """
    return Meter(country)


def _in(quantity: Quantity, name: str) -> float:
    return float(quantity.to(read_unit(_IMPACTS[name][2])).magnitude)


def _small(value: float, unit: str, shown: str) -> str:
    return with_unit(trimmed(float(Quantity(value, unit).to(read_unit(shown)).magnitude), 3), shown)


def _silence(library: str) -> None:
    logging.getLogger(library).setLevel(logging.CRITICAL)


def _count(tokens: Quantity) -> float:
    count = float(tokens.to("token").magnitude)
    if not (math.isfinite(count) and count > 0):
        raise RecountError(f"an answer of {count:g} tokens cannot be: it takes more than 0 tokens, such as 400.")
    return count


def _mix(zone: str) -> Any:
    from ecologits.electricity_mix_repository import electricity_mixes

    _silence("ecologits")
    found = electricity_mixes.find_electricity_mix(zone)
    if found is None:
        raise RecountError(f"EcoLogits has no electricity for '{zone}': {nearest(zone, (m.zone for m in electricity_mixes.list_electricity_mixes()))}")
    return found


def codecarbon_intensity(country: str) -> float:
    """Kilograms of CO2e per kilowatt-hour that CodeCarbon takes for a country of three letters."""
    from codecarbon.core.emissions import Emissions
    from codecarbon.core.units import Energy
    from codecarbon.external.geography import GeoMetadata
    from codecarbon.input import DataSource

    _silence("codecarbon")
    source = DataSource()
    known = source.get_global_energy_mix_data()
    if country not in known:
        raise RecountError(f"CodeCarbon has no electricity for '{country}': {nearest(country, known)}")
    place = GeoMetadata(country_iso_code=country, country_name=known[country]["country_name"])
    return Emissions(source).get_private_infra_emissions(Energy.from_energy(kWh=1), place)


def _spans(found: Any) -> dict[str, Span]:
    spans = {}
    for name, (attribute, unit, _) in _IMPACTS.items():
        value = getattr(found, attribute).value
        ends = (value.min, value.max) if hasattr(value, "min") else (value, value)
        spans[name] = Span(*(Quantity(float(end), unit) for end in ends))
    return spans

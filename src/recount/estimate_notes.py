"""What a reader should know of an estimate before believing it: what was seen, what was guessed, what contradicts itself."""

from __future__ import annotations

from collections.abc import Mapping

from recount.assumptions import Assumption, load, split_reference
from recount.backtest import cases
from recount.contexts import called, spelled
from recount.estimate_inputs import Inputs
from recount.language import listed, message, say, say_counted
from recount.units import Quantity, pretty_unit, trimmed
from recount.wording import readable, spread

_SMALL, _LONG = Quantity(1e9, "parameter"), Quantity(1e4, "token/answer")
_NAMED = 4  # runs on a chip that are named one by one
_TWICE = 1.9  # a rate at 8 bits from which on it counts as twice the one at 16


def seen(inputs: Inputs) -> bool:
    """Whether the fit knows this chip: its utilisation in training, its error in answering."""
    own = [c for c in inputs.contexts if c in (f"fit:{inputs.hardware}", f"fit:{inputs.hardware}-experts")]
    return bool(own) and _LEARNT[inputs.activity] in inputs.fitted


def each(text: str) -> str:
    """What an answer has, without the words that it is per answer."""
    return text.replace(f"/{pretty_unit('answer')}", "")


_OPEN = {
    "batch": message("The batch, how many answers are computed at a time, is not given, and nothing matters more: {value} with a range of {range} stands in."),
    "prompt_tokens": message("The length of the question is not given: {value} with a range of {range} stands in."),
}
_PLACE = {"grid_intensity": message("the grid"), "pue": message("the building (PUE)"), "on_site_water_intensity": message("its cooling water")}
_LEARNT = {"training": "utilisation", "answer": "unexplained_factor"}


def notes(inputs: Inputs, found: Mapping[str, Assumption]) -> list[str]:
    """The notes of an estimate; *found* holds its assumptions by name."""
    told = _of_training(inputs, found) if inputs.activity == "training" else _of_answers(inputs, found)
    return [*_of_scenario(inputs), *told, *_of_size(inputs, found), *_of_place(found), *_of_making(inputs, found)]


def _of_scenario(inputs: Inputs) -> list[str]:
    """What a scenario puts in place of what was named."""
    lost = {row.row.context for name, row in inputs.rows.items() if name in inputs.laid and name not in inputs.typed}
    lost = {context for context in lost if context.startswith(("grid:", "site:", "water:", "precision:"))}
    told = []
    if inputs.replaced:
        told.append(say("The scenario '{scenario}' puts {chip} in the place of {other}.", scenario=inputs.scenario, chip=spelled(inputs.hardware), other=inputs.replaced))
    return told + ([say("The scenario '{scenario}' goes before {contexts}.", scenario=inputs.scenario, contexts=listed(sorted(lost)))] if lost else [])


def _of_training(inputs: Inputs, found: Mapping[str, Assumption]) -> list[str]:
    chip, told = spelled(inputs.hardware), []
    runs = [run for run in cases.runs() if run.hardware == f"hardware:{inputs.hardware}" and run.utilisation_from != "none"]
    if "energy_per_parameter_token" in found:
        told.append(say("Energy per parameter and token is given, so nothing is taken from the fits."))
    elif "utilisation" not in found:
        told.append(say("The rate of the chip is given, so its utilisation is not taken from the fits."))
    elif not seen(inputs):
        told.append(say("Not measured on this chip: no training run on {chip} was seen, so its utilisation is that of a chip never seen, and the range is wide.", chip=chip))
    elif len(runs) > _NAMED:
        told.append(say("The utilisation of {chip} is fitted on {count} declared runs on it.", chip=chip, count=len(runs)))
    else:
        names = ", ".join(spelled(run.run.partition(":")[2]) for run in runs)
        told.append(say("The utilisation of {chip} is fitted on few declared runs on it ({names}): an estimate of one of these is no test.", chip=chip, names=names))
    if "system_power" in found and found["system_power"].row:
        metered = "none metered on it" not in found["system_power"].row.derivation
        told.append(say(
            "The power per chip, host included, is that of metered runs on it." if metered
            else "The power per chip, host included, is inferred from other chips, since no run on it was metered."
        ))  # fmt: skip
    elif "power_fraction" in found:
        told.append(say("No system power was metered on this chip: its thermal design power times the share that a busy chip draws, times what the host adds."))
    if found["active_parameters"].value <= _SMALL and "utilisation" in found and inputs.hardware == "h100":
        told.append(say("Small trainings on H100 were predicted too low: up to a billion parameters the six that were tested took 1.4 to 5 times as much."))
    return told


def _of_answers(inputs: Inputs, found: Mapping[str, Assumption]) -> list[str]:
    chip, told = spelled(inputs.hardware), []
    if not seen(inputs):
        told.append(say("Not measured on this chip: no answers were measured on {chip}, so its sheet is put into formulas fitted on others, and the range is wide.", chip=chip))
    for name, words in _OPEN.items():
        if name in found and found[name].low is not None:
            told.append(say(words, value=each(readable(found[name].value, name)), range=each(spread(found[name]))))
    if "unexplained_factor" in found:
        told.append(say("The range of the chip-hours is taken from that of the energy; the hours themselves are predicted less well, so they and the hardware's share are less sure than they look."))
    if "prompt_tokens" in found and found["prompt_tokens"].value > _LONG:
        told.append(say("The arithmetic of attention is left out: for questions of more than 10,000 tokens the energy comes out too low, many times too low for the longest."))
    if "energy_per_parameter_token" in found:
        told.append(say("Energy per parameter and token is given, so only the hours of the chips are taken from the formulas."))
    bits = found.get("bits_per_parameter")
    if bits and _is_default(found, "bits_per_parameter"):
        told.append(say("The precision is not given: {bits} bits a parameter are taken.", bits=trimmed(float(bits.value.magnitude))))
    rows = load().context(f"hardware:{inputs.hardware}")
    if bits and bits.value <= Quantity(8, "bit/parameter"):
        rate = rows.get("peak_throughput_8_bit")
        if rate is None or rate.quantity() < _TWICE * rows["peak_throughput"].quantity():
            told.append(say(
                "At 8 bits or less the formula counts twice the 16-bit rate; the data do not say that {chip} has it." if rate is None
                else "At 8 bits or less the formula counts twice the 16-bit rate; the data say otherwise of {chip}.", chip=chip,
            ))  # fmt: skip
    return told


def _of_size(inputs: Inputs, found: Mapping[str, Assumption]) -> list[str]:
    """Whether the model is smaller or larger than all that the fit has seen."""
    if not {"utilisation", "unexplained_factor"} & set(found):
        return []
    models = {case.model for case in (cases.runs() if inputs.activity == "training" else cases.answers()) if case.model}
    sizes = sorted(rows["active_parameters"].quantity() for model in models if "active_parameters" in (rows := load().context(model)))
    if sizes[0] <= found["active_parameters"].value <= sizes[-1]:
        return []
    ends = [readable(size, "active_parameters", 3) for size in (sizes[0], sizes[-1])]
    return [say("Beyond what the fit has seen: models of {low} to {high}.", low=ends[0], high=ends[1])]


def _of_place(found: Mapping[str, Assumption]) -> list[str]:
    told = []
    unknown = [say(words) for name, words in _PLACE.items() if _is_default(found, name)]
    if unknown:
        several = listed(unknown)
        told.append(say_counted(
            "{several} is not given: the range is that of many countries and operators.", "{several} are not given: the range is that of many countries and operators.",
            len(unknown), several=f"{several[0].upper()}{several[1:]}",
        ))  # fmt: skip
    behind = found.get("off_site_water_intensity")
    if behind and behind.row and behind.row.context.startswith("water:"):
        told.append(say("Off-site water is that of the power plants of {place}.", place=called(split_reference(behind.row.context)[0])))
    if "water_intensity" in found:
        told.append(say("Water is given as one number per kWh, so on-site and off-site water are unknown."))
    return told


def _is_default(found: Mapping[str, Assumption], name: str) -> bool:
    return name in found and found[name].row is not None and found[name].row.context == "default"


def _of_making(inputs: Inputs, found: Mapping[str, Assumption]) -> list[str]:
    if inputs.hardware.startswith("h100") or not _is_default(found, "accelerator_embodied_carbon"):
        return []
    return [say("Embodied carbon is that of making an H100 and a common server: that of this chip is not in the data.")]

"""Quantities, names and ranges in words."""

from __future__ import annotations

import re

from recount import language as spoken
from recount.assumptions import Assumption
from recount.contexts import called
from recount.language import french, labelled, message, of_data, say
from recount.units import Quantity, amount, plural, pretty_unit, read_unit, trimmed, with_unit
from recount.vocabulary import known

_LADDERS = {
    "[energy]": ("Wh", "kWh", "MWh", "GWh", "TWh"),
    "[carbon]": ("gCO2e", "kgCO2e", "tCO2e", "ktCO2e", "MtCO2e"),
    "[mineral_depletion]": ("µgSbe", "mgSbe", "gSbe", "kgSbe"),
    "[length] ** 3": ("mL", "L", "m3"),
}


def fitting_unit(quantity: Quantity, name: str = "") -> str:
    """The unit of a quantity's kind that gives the shortest number.

    >>> fitting_unit(Quantity(1287060, "kWh")), fitting_unit(Quantity(1.75e11, "parameter"), "active_parameters")
    ('MWh', 'parameter')
    """
    entry = known(name)
    ladder = _LADDERS.get(str(quantity.dimensionality).strip("1 * "))
    if ladder and quantity.magnitude:
        sizes = {unit: abs(float(quantity.to(read_unit(unit)).magnitude)) for unit in ladder}
        unit = next((unit for unit, size in sizes.items() if 1 <= size < 9999.5), ladder[0] if sizes[ladder[0]] < 1 else ladder[-1])
    else:
        unit = entry.unit if entry else f"{quantity.units:~}"
        if read_unit(unit).dimensionality != quantity.dimensionality:
            unit = f"{quantity.units:~}"
    return unit


def readable(quantity: Quantity, name: str = "", digits: int = 4) -> str:
    """A quantity in the unit of its kind that gives the shortest number, in the language spoken.

    >>> readable(Quantity(1287060, "kWh")), readable(Quantity(0.0003, "MWh")), readable(Quantity(1.75e11, "parameter"))
    ('1,287 MWh', '300 Wh', '175 billion parameters')
    >>> with spoken.speaking("fr"):
    ...     readable(Quantity(1.5e13, "token")), readable(Quantity(1.5e9, "parameter"))
    ('15\u202f000\u202fmilliards de jetons', '1,5\u202fmilliard de paramètres')
    """
    entry, unit = known(name), fitting_unit(quantity, name)
    value = float(quantity.to(read_unit(unit)).magnitude)
    if unit in ("parameter", "token", "answer"):
        return _counted(value, unit, digits)
    if entry and entry.counted and value == round(value):
        digits = 15  # what is counted keeps all its digits
    return amount(value, unit, digits)


def _counted(value: float, unit: str, digits: int) -> str:
    """Parameters, tokens and answers in millions and billions."""
    scales = ((1e9, "milliard"), (1e6, "million")) if french() else ((1e12, "trillion "), (1e9, "billion "), (1e6, "million "))
    scale, word = next(((s, w) for s, w in scales if abs(value) >= s), (1, ""))
    if word and french():
        word = f"{word}{'s' if abs(value) >= 2 * scale else ''} de "
    return with_unit(trimmed(value / scale, digits), word + pretty_unit(plural(unit, value)))


def label(name: str, language: str | None = None) -> str:
    """The vocabulary's words for a name."""
    entry, tongue = known(name), language or spoken.current()
    if entry:
        return entry.label_fr if tongue == "fr" else entry.label
    return {"printed": ("printed figure", "chiffre imprimé"), "count": ("count", "décompte")}.get(name, (name, name))[tongue == "fr"]


_IN_FORMULAS = message("with routed share"), message("routed share"), message("with active_experts networks per layer")


def formula(text: str) -> str:
    """A formula, what it says in words in the language spoken.

    >>> with spoken.speaking("fr"):
    ...     formula("x = routed share × y with routed share = 1 − z")
    'x = part aiguillée × y avec part aiguillée = 1 − z'
    """
    for phrase in _IN_FORMULAS:
        text = text.replace(phrase, say(phrase))
    return text


def called_with_context(assumption: Assumption) -> str:
    """An assumption's words with what it is about: its row's context, or who printed it."""
    about = called(assumption.row.context) if assumption.row else text_of(assumption)
    return labelled(label(assumption.name), about)


def text_of(assumption: Assumption) -> str:
    """What an assumption was given as; a reader's own words stay as typed."""
    if assumption.origin == "claim" and (printed := re.fullmatch(r"(.+) \(claim (\S+)\)", assumption.text)):
        figure = re.fullmatch(r"(\d[\d.]*) ([^\s\d]\S*)", printed[1])
        return say("{figure} (claim {claim})", figure=amount(float(figure[1]), figure[2], 9) if figure else in_words(printed[1]), claim=printed[2])
    if not french() or assumption.origin in ("override", "reader", "scenario"):
        return assumption.text
    if counted := re.fullmatch(r"(\d+) of (\d+)", assumption.text):
        return say("{part} of {whole}", part=counted[1], whole=counted[2])
    return in_words(assumption.text)


def in_words(text: str) -> str:
    """What a row, a record or a claim prints, in the language spoken: a quantity, a date, a list, a fact.

    >>> with spoken.speaking("fr"):
    ...     in_words("20.4 ktCO2e"), in_words("2024-04-25"), in_words("ADEME; Carbone 4"), in_words("yes")
    ('20,4\u202fktCO2e', '25 avril 2024', 'ADEME\u202f; Carbone 4', 'oui')
    """
    if not french():
        return text
    if re.fullmatch(r"\d{4}-\d\d(-\d\d)?", text):
        year, month, *day = text.split("-")
        return " ".join([*(["1er" if one == "01" else one.lstrip("0") for one in day]), _MONTHS[int(month) - 1], year])
    if quantity := re.fullmatch(r"(\d[\d.]*) ([^\s\d]\S*)", text):
        number = trimmed(float(quantity[1]), 15) if quantity[1].count(".") < 2 else quantity[1]
        return with_unit(number, pretty_unit(quantity[2]))
    return say(text) if text in ("yes", "no") else "; ".join(map(of_data, text.split("; "))).replace("; ", f"{spoken.THIN}; ")


_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


_STRENGTHS = (
    message("measured"), message("declared"), message("standard"), message("estimate"), message("guess"), message("given"),
    message("read"), message("second-hand"), message("derived"), message("unconfirmed"),
)  # fmt: skip


def spread(assumption: Assumption) -> str:
    """An assumption's range as printed text."""
    if assumption.low is None:
        return say("as printed") if assumption.half_rounding else say("exact")
    if assumption.name in ("pue", "utilisation") or str(assumption.value.dimensionality) == "dimensionless":
        low, high = (float(end.to("").magnitude) for end in (assumption.low, assumption.high))
        return say("{low} to {high}", low=trimmed(low, 3), high=trimmed(high, 3))
    return say("{low} to {high}", low=readable(assumption.low, assumption.name, 3), high=readable(assumption.high, assumption.name, 3))

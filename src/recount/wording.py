"""Quantities, names and ranges in words."""

from __future__ import annotations

from recount.assumptions import Assumption
from recount.contexts import called
from recount.units import Quantity, plural, pretty_unit, read_unit, trimmed
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
    """A quantity in the unit of its kind that gives the shortest number.

    >>> readable(Quantity(1287060, "kWh")), readable(Quantity(0.0003, "MWh")), readable(Quantity(1.75e11, "parameter"))
    ('1,287 MWh', '300 Wh', '175 billion parameters')
    """
    entry, unit = known(name), fitting_unit(quantity, name)
    value = float(quantity.to(read_unit(unit)).magnitude)
    if unit in ("parameter", "token", "answer"):
        scale, word = next(((s, w) for s, w in ((1e12, "trillion "), (1e9, "billion "), (1e6, "million ")) if abs(value) >= s), (1, ""))
        return f"{trimmed(value / scale, digits)} {word}{plural(unit, value)}"
    if entry and entry.counted and value == round(value):
        digits = 15  # what is counted keeps all its digits
    return f"{trimmed(value, digits)} {pretty_unit(plural(unit, value))}".strip()


def label(name: str, language: str = "en") -> str:
    """The vocabulary's words for a name."""
    entry = known(name)
    if entry:
        return entry.label_fr if language == "fr" else entry.label
    return {"printed": ("printed figure", "chiffre imprimé"), "count": ("count", "décompte")}.get(name, (name, name))[language == "fr"]


def called_with_context(assumption: Assumption, language: str = "en") -> str:
    """An assumption's words with what it is about: its row's context, or who printed it."""
    about = called(assumption.row.context, language) if assumption.row else assumption.text
    return f"{label(assumption.name, language)}{' : ' if language == 'fr' else ': '}{about}"


def spread(assumption: Assumption) -> str:
    """An assumption's range as printed text."""
    if assumption.low is None:
        return "as printed" if assumption.half_rounding else "exact"
    if assumption.name in ("pue", "utilisation") or str(assumption.value.dimensionality) == "dimensionless":
        low, high = (float(end.to("").magnitude) for end in (assumption.low, assumption.high))
        return f"{trimmed(low, 3)} to {trimmed(high, 3)}"
    return f"{readable(assumption.low, assumption.name, 3)} to {readable(assumption.high, assumption.name, 3)}"

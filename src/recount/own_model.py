"""What was estimated of a model of one's own: percentiles, what drives them, what they rest on, as tables, text and JSON."""

from __future__ import annotations

import dataclasses
import functools
import math
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

from recount import estimate_notes, explain, graph, recompute, sampling, sensitivity
from recount.assumptions import Assumption
from recount.contexts import spelled
from recount.errors import RecountError, nearest
from recount.language import capital, in_english, message, say
from recount.estimate_inputs import Inputs
from recount.model import UNKNOWN_WITH
from recount.recompute import Plan, finite
from recount.study import View, view
from recount.units import Quantity, percent, plural, pretty_unit, read_unit, trimmed, with_unit
from recount.vocabulary import spec
from recount.wording import fitting_unit, label, readable, spread

SCHEMA_VERSION = 1
ROUTES = {"training": "epsilon", "answer": "roofline"}  # those that know no run
# What is estimated, and the unit it is handed on in: that of a training run, that of an answer.
UNITS = {
    "accelerator_energy": ("MWh", "Wh"), "it_energy": ("MWh", "Wh"), "facility_energy": ("MWh", "Wh"), "chip_hours": ("chip*h", "chip*h"),
    "usage_carbon": ("tCO2e", "gCO2e"), "embodied_carbon": ("tCO2e", "gCO2e"), "total_carbon": ("tCO2e", "gCO2e"),
    "on_site_water": ("m3", "mL"), "off_site_water": ("m3", "mL"), "usage_water": ("m3", "mL"),
    "energy_per_parameter_token": ("pJ/parameter/token", "pJ/parameter/token"),
}  # fmt: skip
# As many for every quantity, so that they go together; another seed moves an end by about 1 % where the range is widest.
SAMPLES = 2**19
DRIVEN = ("facility_energy", "total_carbon", "usage_water")
_WHOLE = {
    "accelerator_energy": "facility_energy", "it_energy": "facility_energy", "usage_carbon": "total_carbon", "embodied_carbon": "total_carbon",
    "on_site_water": "usage_water", "off_site_water": "usage_water",
}  # fmt: skip
_ASKED = ("total_parameters", "active_parameters", "training_tokens", "answers", "answer_tokens")
_NO_SPLIT = message("unknown: water given as one number per kWh does not say where it evaporates")


@dataclasses.dataclass(frozen=True)
class Spread:
    """5th, 50th and 95th percentile of a quantity's samples in a unit; None with the reason where it is unknown."""

    name: str
    unit: str
    p05: float | None
    p50: float | None
    p95: float | None
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        found = {"p05": self.p05, "p50": self.p50, "p95": self.p95, "unit": self.unit}
        return found | ({"reason": self.reason} if self.reason else {})

    @property
    def suited(self) -> str:
        """The unit that gives the median the shortest number."""
        if self.name == "chip_hours" and self.p50 < 1:
            return "chip*s"
        return fitting_unit(Quantity(self.p50, read_unit(self.unit)), self.name)

    def row(self, unit: str) -> tuple[str, str, str, str, str]:
        """Its line of the table, in a unit."""
        if self.p50 is None:
            return (label(self.name), "–", say("unknown"), "–", "")
        numbers = (float(Quantity(p, read_unit(self.unit)).to(read_unit(unit)).magnitude) for p in (self.p05, self.p50, self.p95))
        return (label(self.name), *(trimmed(number, 3) for number in numbers), pretty_unit(plural(unit, 2)))

    def __str__(self) -> str:
        if self.p50 is None:
            return say(self.reason)
        _, low, middle, high, unit = self.row(self.suited)
        return say("{value} (90 % interval {low} to {high})", value=with_unit(middle, unit), low=low, high=high)


class OwnModel:
    """What was estimated of a model: percentiles by quantity, drivers, assumptions and notes."""

    def __init__(self, inputs: Inputs, samples: int | None, seed: int):
        self.activity, self.hardware, self.scenario = inputs.activity, inputs.hardware, inputs.scenario
        self.contexts, self._inputs = tuple(inputs.contexts), inputs
        self._supplied = inputs.layered()
        self.plans = self._planned()
        self._refuse_unused()
        self.spreads = {name: self._spread(name, samples, seed) for name in UNITS}

    def _planned(self) -> dict[str, Plan]:
        """The plan of every quantity that can be known."""
        unknown = {lost for name in self._supplied for lost in UNKNOWN_WITH.get(name, ())}
        return {name: recompute.plan_of(self.activity, name, ROUTES[self.activity], self._supplied) for name in UNITS if name not in unknown}

    def _refuse_unused(self) -> None:
        """Whatever is typed must count; a name from which nothing here follows is a mistake."""
        used = {a.name for plan in self.plans.values() for a in plan.assumptions} | set(_ASKED)
        for name in self._inputs.typed:
            if name in used:
                continue
            wired = graph.graph(self.activity, ROUTES[self.activity]).names
            why = "nothing that is estimated depends on it once the others are given." if name in wired else nearest(name, used)
            raise RecountError(f"{name} plays no part in this estimate: {why}")

    def _spread(self, name: str, samples: int | None, seed: int) -> Spread:
        unit = self._unit(name)
        if name not in self.plans:
            return Spread(name, unit, None, None, None, _NO_SPLIT)
        drawn = recompute.sampled(self.plans[name], unit, samples or SAMPLES, seed)
        found = sampling.percentiles(np.array(drawn), sampling.PERCENTILES)
        if not all(math.isfinite(p) and abs(p) < 1e30 for p in found):
            raise RecountError(f"{name} is beyond all measure under these assumptions: look at those that are 0 or very large.")
        return Spread(name, unit, *found)

    def _unit(self, name: str) -> str:
        return UNITS[name][self.activity == "answer"]

    def __getitem__(self, name: str) -> Spread:
        return self.spreads[name]

    @functools.cached_property
    def assumptions(self) -> list[Assumption]:
        """Every assumption once, in order of use; what was asked first, even where nothing hangs on it."""
        found = {a.key: a for plan in self.plans.values() for a in plan.assumptions}
        asked = {a.key: a for name in _ASKED if (a := self._supplied.get(name))}
        return list((asked | found).values())

    @functools.cached_property
    def drivers(self) -> dict[str, sensitivity.Drivers]:
        """What the energy at the meter, the carbon and the water turn on: Sobol indices."""
        return {name: sensitivity.drivers(self.plans[name], self._unit(name)) for name in DRIVEN}

    @property
    def notes(self) -> list[str]:
        """What a reader should know before believing it."""
        return estimate_notes.notes(self._inputs, {a.name: a for a in self.assumptions})

    def headline(self) -> str:
        """What was asked and the energy at the meter, in one sentence."""
        given, chip = {a.name: a for a in self.assumptions}, spelled(self.hardware)
        size = readable(given["total_parameters"].value, "total_parameters")
        if given["active_parameters"].value != given["total_parameters"].value:
            size = say("{size} ({active} active)", size=size, active=readable(given["active_parameters"].value, "active_parameters"))
        energy = str(self["facility_energy"])
        if self.activity == "training":
            return say("Training {size} on {tokens} with {chip}: {energy} at the data centre's meter.", size=size, tokens=_said(given, "training_tokens"), chip=chip, energy=energy)
        answers = _said(given, "answers").capitalize() if "answers" in given else readable(Quantity(1, "answer"))
        tokens = estimate_notes.each(_said(given, "answer_tokens"))
        return say("{answers} of {tokens} by {size} on {chip}: {energy} at the data centre's meter.", answers=answers, tokens=tokens, size=size, chip=chip, energy=energy)

    def table(self) -> explain.Table:
        """Every quantity with its 5th, 50th and 95th percentile; what adds up in one unit."""
        whole = {name: self[_WHOLE.get(name, name)].suited for name in UNITS if name in self.plans}
        return explain.Table((say("Quantity"), percent(0.05), say("Median"), percent(0.95), say("Unit")), tuple(s.row(whole.get(name, "")) for name, s in self.spreads.items()))

    def shares(self) -> list[tuple[Assumption, dict[str, float]]]:
        """Assumptions with their share of the variance of energy, carbon and water, where one is worth telling; what matters most first."""
        found: dict[str, tuple[Assumption, dict[str, float]]] = {}
        for quantity, drivers in self.drivers.items():
            for driver in drivers.of:
                found.setdefault(driver.assumption.key, (driver.assumption, {}))[1][quantity] = driver.total
        told = [(one, shares) for one, shares in found.values() if max(shares.values()) >= sensitivity.NEGLIGIBLE]
        return sorted(told, key=lambda pair: -max(pair[1].values()))

    def drivers_table(self) -> explain.Table:
        """The same as a table."""
        rows = [(label(one.name), spread(one), *(_share(shares.get(quantity, 0)) for quantity in DRIVEN)) for one, shares in self.shares()]
        caption = say(_DRIVERS if rows else "Nothing drives it: no assumption has a range.")
        return explain.Table((say("What drives it"), say("Moved over"), *(capital(label(quantity)) for quantity in DRIVEN)), tuple(rows), caption)

    def assumptions_table(self) -> explain.Table:
        """Every assumption with its range, strength, source and page."""
        return explain.origins(self.assumptions)

    def assumptions_view(self) -> View:
        """The same for a notebook."""
        return view(self.assumptions_table())

    def text(self, width: int = explain.WIDTH) -> str:
        """All of it for a terminal."""
        notes = "\n".join(textwrap.fill(note, width, initial_indent="- ", subsequent_indent="  ") for note in self.notes)
        tables = [table.text(width) for table in (self.table(), self.drivers_table(), self.assumptions_table())]
        return "\n\n".join([textwrap.fill(self.headline(), width), tables[0], notes, *tables[1:]])

    @in_english
    def as_json(self) -> dict[str, Any]:
        """The object that ``data/estimate.schema.json`` describes."""
        return {
            "schema_version": SCHEMA_VERSION, "activity": self.activity, "route": ROUTES[self.activity], "hardware": self.hardware,
            "seen": estimate_notes.seen(self._inputs), "scenario": self.scenario, "contexts": list(self.contexts),
            "inputs": {name: a.text for name, a in self._inputs.typed.items()},
            **{name: one.as_json() for name, one in self.spreads.items()},
            "drivers": {name: {"of": found.shares_of, "shares": found.as_json()} for name, found in self.drivers.items()},
            "assumptions": [_assumption_json(a) for a in self.assumptions],
            "notes": self.notes,
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.headline()}\n\n{self.table().text()}"

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": str(self), "text/html": f"<p>{self.headline()}</p>{self.table().html()}"}


_DRIVERS = message("Share of the variance of the logarithm of each figure in which an assumption has a part, of what has at least 1 %.")


def _said(given: Mapping[str, Assumption], name: str) -> str:
    return readable(given[name].value, name)


def _share(share: float) -> str:
    return sensitivity.share_text(share) if share >= sensitivity.NEGLIGIBLE else "–"


def _assumption_json(one: Assumption) -> dict[str, Any]:
    """An assumption in its name's natural unit."""
    unit = spec(one.name).unit
    number = lambda quantity: None if quantity is None else finite(float(quantity.to(read_unit(unit)).magnitude))  # noqa: E731
    row = one.row
    return {
        "name": one.name, "context": row.context if row else None, "value": number(one.value), "low": number(one.low), "high": number(one.high),
        "unit": unit, "strength": one.strength, "source": row.source if row else None, "locator": row.locator if row else None,
        "given": one.origin if row is None else None,
    }  # fmt: skip

"""What a notebook calls: one object that knows the reader's assumptions and shows claims.

Each method is one line in a notebook and shows a table, a figure or one line of text.
"""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Callable
from typing import Any

import pandas as pd

from recount import claims, explain, own_register, recompute, records, register, sampling, trace
from recount.assumptions import load
from recount.claims import Result
from recount.errors import RecountError, nearest
from recount.language import capital, labelled, of_data, say, speak
from recount.project import CLAIM_MIME
from recount.recompute import World
from recount.register import Operand, Route
from recount.row_texts import of_row
from recount.scenarios import DEFAULT
from recount.units import Quantity, amount, read_unit, trimmed
from recount.vocabulary import quantities, spec


class View:
    """Something a notebook shows: text, HTML, and what the runner collects."""

    def __init__(self, text: str, html: str = "", payload: dict[str, Any] | None = None):
        self._bundle = {"text/plain": text} | ({"text/html": html} if html else {}) | ({CLAIM_MIME: payload} if payload else {})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self._bundle

    def __str__(self) -> str:
        return self._bundle["text/plain"]

    __repr__ = __str__


def view(table: explain.Table, payload: dict[str, Any] | None = None) -> View:
    """A table as something a notebook shows."""
    return View(table.text(), table.html(), payload)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A quantity of the model with its 90 % interval, in its natural unit."""

    name: str
    unit: str
    value: float
    low: float
    high: float
    median: float

    @property
    def quantity(self) -> Quantity:
        return Quantity(self.value, read_unit(self.unit))

    def __repr__(self) -> str:
        value = explain.readable(self.quantity, self.name)
        if self.low == self.high:
            return labelled(explain.label(self.name), value)
        low, high, median = (explain.readable(Quantity(x, read_unit(self.unit)), self.name, 3) for x in (self.low, self.high, self.median))
        if abs(self.median / self.value - 1) > 0.02:
            told = say("{value} (90 % interval {low} to {high}, median {median})", value=value, low=low, high=high, median=median)
        else:
            told = say("{value} (90 % interval {low} to {high})", value=value, low=low, high=high)
        return labelled(explain.label(self.name), told)


class Study:
    """Claims recomputed under the published assumptions, or under the reader's own.

    Parameters
    ----------
    scenario : name of a file in ``data/scenarios``.
    samples : how many samples an interval is computed from; None means as many as it needs.
    seed : of all streams of samples.
    language : ``en`` or ``fr``, in which tables, sentences and figures speak from here on; None keeps the one spoken.
    register, data : a register and a folder of rows of one's own, as a notebook outside the
        project names them, seen from its folder; those that the process was started with go first.
    overrides : quantities by name, for example ``grid_intensity="56 gCO2e/kWh"``; an empty
        text keeps each claim's own.

    Raises
    ------
    RecountError : an unknown scenario or name, a wrong dimension, a value out of range.

    Examples
    --------
    >>> study = Study(grid_intensity="56 gCO2e/kWh")
    >>> study.value("training.usage_carbon", "run:gpt-3[direct]", via="declared").value
    72.1
    """

    def __init__(self, scenario: str = DEFAULT, *, samples: int | None = None, seed: int = 0, language: str | None = None, register: str = "", data: str = "", **overrides: str):
        own_register.of_notebook(register, data)
        speak(language)
        self.world = World.of(scenario, overrides)
        self.samples = samples if samples is None else sampling.read_count(samples)
        self.seed = sampling.read_seed(seed)

    def result(self, identifier: str) -> Result:
        """A claim recomputed."""
        return claims.recompute_claim(identifier, self.world, self.samples, self.seed)

    def results(self, *identifiers: str) -> list[Result]:
        """Several claims recomputed, all of the register if none is named."""
        if not identifiers:
            trace.used("file", own.name if (own := own_register.register()) else "claims.toml")  # a claim that is added later belongs to all of them
        return [self.result(identifier) for identifier in identifiers or register.shown()]

    def changed(self) -> list[Result]:
        """The claims whose verdict would be another under these assumptions."""
        return [result for result in self.results() if result.here != result.verdict]

    def claim(self, identifier: str) -> View:
        """Who printed what, and what it is about."""
        return view(explain.card(self.result(identifier)))

    def assumptions(self, identifier: str, route: str = "") -> View:
        """Every assumption of a claim's route with range, source and page."""
        return self._shown(identifier, route, explain.assumptions)

    def steps(self, identifier: str, route: str = "") -> View:
        """Each formula of a claim's route with its value."""
        return self._shown(identifier, route, explain.steps)

    def compare(self, identifier: str) -> View:
        """Printed against recomputed by every route, and the verdict in one sentence."""
        result = self.result(identifier)
        table = explain.comparison(result) if result.figures or result.actually else explain.card(result)
        told, why = explain.sentence(result), explain.why(result)
        paragraphs = [f"<p class='recount-verdict'>{explain._rich(told)}</p>", *(f"<p class='recount-why'>{explain._rich(line)}</p>" for line in why)]
        return View("\n\n".join([table.text(), told, *why]), table.html() + "".join(paragraphs), result.as_json())

    def check(self, identifier: str) -> None:
        """Print the one line that the tests compare: claim, verdict, printed figure, tolerance."""
        print(explain.check_line(self.result(identifier)))

    def drivers(self, identifier: str, route: str = "") -> View:
        """What moves the figure most, each assumption alone over its range."""
        return self._shown(identifier, route, explain.drivers)

    def would_hold(self, identifier: str, *names: str) -> View:
        """The value of each assumption (or of those named) at which the printed figure holds."""
        return view(explain.would_hold(self.result(identifier), names))

    def members(self, identifier: str) -> View:
        """Everything that a counting claim counted."""
        return view(explain.members(self.result(identifier)))

    def value(self, quantity: str, *given: str, via: str = "", **choose: str) -> Estimate:
        """Any quantity of the model, ``activity.name``, under contexts of the data."""
        activity, _, name = quantity.partition(".")
        route = Route(name, name, "", False, (Operand(activity, name, via, given, tuple(choose.items())),))
        unit, planned = spec(name).unit, recompute.plan(route, self.world)
        low, median, high = recompute.spread(planned, unit, self.samples, self.seed)
        return Estimate(name, unit, recompute.point(planned, unit), low, high, median)

    def values(self, quantity: str, *givens: tuple[str, ...], via: str = "", **choose: str) -> View:
        """One quantity under several lists of contexts, one row each."""
        rows = []
        for given in givens:
            one = self.value(quantity, *given, via=via, **choose)
            ends = [explain.readable(Quantity(x, read_unit(one.unit)), one.name, 3) for x in (one.low, one.high)]
            rows.append((", ".join(given), explain.readable(one.quantity, one.name), say("{low} to {high}", low=ends[0], high=ends[1])))
        return view(explain.Table((say("Under"), explain.label(quantity.partition(".")[2]), capital(say("90 % interval"))), tuple(rows)))

    def row(self, context: str, name: str) -> Quantity:
        """One number of the data as a quantity."""
        return load().pick(context, name).quantity()

    def rows(self, pattern: str, *names: str, scope: str | None = None) -> pd.DataFrame:
        """Rows whose context matches a pattern, numbers in natural units: context, name, value, low, high, source."""
        found = [r for r in load().rows if fnmatch.fnmatchcase(r.context, pattern) and (not names or r.name in names) and (scope is None or r.scope == scope)]
        for row in found:
            trace.used("row", row.key)
            trace.used("file", row.file)
        number = lambda row, text: float(row.quantity(text).to(read_unit(quantities()[row.name].unit)).magnitude) if text else None  # noqa: E731
        return pd.DataFrame(
            [(r.context, r.name, r.scope, number(r, r.value), number(r, r.low), number(r, r.high), quantities()[r.name].unit, r.source, r.locator, r.strength) for r in found],
            columns=["context", "name", "scope", "value", "low", "high", "unit", "source", "locator", "strength"],
        )

    def table(self, pattern: str, *names: str, scope: str | None = None) -> View:
        """The same rows as a table to read."""
        frame = self.rows(pattern, *names, scope=scope)
        ends = lambda r: say("{low} to {high}", low=trimmed(r.low, 3), high=trimmed(r.high, 3)) if r.low == r.low and r.low is not None else ""  # noqa: E731
        rows = [
            (f"{r.context} [{r.scope}]" if r.scope else r.context, explain.label(r.name), amount(r.value, r.unit), ends(r), say(r.strength), f"{r.source}, {of_row(r.locator)}")
            for r in frame.itertuples()
        ]
        return view(explain.Table((say("About"), say("Quantity"), say("Value"), say("Range"), say("How strong"), say("Source and page")), tuple(rows)))

    def records(self, pattern: str, name: str) -> View:
        """Facts that are no quantities, with their sources."""
        rows = [(r.context, explain.in_words(r.value) or say("none found"), of_data(r.note), f"{r.source}, {of_row(r.locator)}") for r in records.matching(pattern, name)]
        return view(explain.Table((say("About"), name, say("Note"), say("Source and page")), tuple(rows)))

    def scoreboard(self, *identifiers: str) -> View:
        """Claims in one table: printed, recomputed with interval, verdict."""
        return view(explain.scoreboard(self.results(*identifiers)))

    def figure(self, identifier: str, route: str = "") -> claims.Figure | None:
        """One route's figure, by default the one the verdict takes; None where these assumptions leave none.

        Raises
        ------
        RecountError : a claim that has no figure as published, or not that route.
        """
        result = self.result(identifier)
        if route and route not in {r.name for r in result.claim.routes}:
            raise RecountError(f"claim '{identifier}' has no route '{route}': {nearest(route, [r.name for r in result.claim.routes])}")
        known = {figure.route.name: figure for figure in result.figures}
        figure = known.get(route) if route else result.taken or result.actually
        if figure is None and not self.world.changed:
            raise RecountError(f"claim '{identifier}' is {result.verdict}: there is no figure to show.")
        return figure

    def _shown(self, identifier: str, route: str, table: Callable[[claims.Figure], explain.Table]) -> View:
        figure = self.figure(identifier, route)
        return view(table(figure)) if figure else View(explain.sentence(self.result(identifier)))

"""What a value resembles in the data: the nearest rows of the same name in other contexts."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterable

from recount import trace
from recount.assumptions import Assumption, Assumptions, load
from recount.contexts import called, place, spans, stem
from recount.language import french, in_a_row, listed, say
from recount.units import Quantity, read_unit, trimmed, without_unit
from recount.vocabulary import quantities
from recount.wording import readable

NEAR = 0.25  # what differs by more than a quarter is not alike
SHOWN = 3


@dataclasses.dataclass(frozen=True)
class Like:
    """Contexts of one thing in several years whose values lie near each other, the nearest first."""

    contexts: tuple[str, ...]
    values: tuple[float, ...]  # in the name's natural unit
    distance: float  # of the nearest, as the logarithm of a ratio

    def words(self, name: str) -> str:
        """The thing, its years and its values."""
        stems = [stem(context) for context in self.contexts]
        who = called(stems[0][0], years=spans(year for _, year in stems))
        ends = [readable(Quantity(x, read_unit(quantities()[name].unit)), name, 3) for x in (min(self.values), max(self.values))]
        if ends[0] == ends[1]:
            return f"{who} ({ends[0]})"
        return f"{who} ({say('{low} to {high}', low=without_unit(*ends), high=ends[1])})"


def nearest_rows(assumption: Assumption, value: Quantity, scope: str | None = None) -> list[Like]:
    """Everything in the data of the same name and scope, or of another *scope*, the nearest to *value* first.

    Near is by ratio, measured from the name's lower bound: a PUE of 1.2 is twice as far from 1
    as one of 1.1. Defaults are left out, since they are nothing that exists, and so are other
    editions of a row that stands without one.
    """
    known = quantities().get(assumption.name)
    if known is None:
        return []
    floor = known.minimum or 0.0
    wanted = float(value.to(read_unit(known.unit)).magnitude) - floor
    scope = _scope(assumption) if scope is None else scope
    groups: dict[str, list[tuple[float, str, float]]] = {}
    for key, context, number in _numbers(load(), assumption.name, scope):
        if key != assumption.key and number > floor and wanted > 0:
            groups.setdefault(stem(context)[0], []).append((abs(math.log((number - floor) / wanted)), context, number))
    found = []
    for members in groups.values():
        members.sort()
        close = [m for m in members if m[0] <= math.log(1 + NEAR)] or members[:1]
        found.append(Like(tuple(m[1] for m in close), tuple(m[2] for m in close), close[0][0]))
    return sorted(found, key=lambda like: (like.distance, like.contexts))


@functools.lru_cache(maxsize=512)
def _numbers(data: Assumptions, name: str, scope: str) -> list[tuple[str, str, float]]:
    """Key, context and number of each row of a name and scope, all of them and their files noted as used."""
    rows = [r for r in data.rows if r.name == name and r.scope == scope and not r.context.startswith(("default", "fit:"))]
    for row in rows:
        trace.used("row", row.key)
        trace.used("file", row.file)
    plain, unit = {r.context for r in rows}, read_unit(quantities()[name].unit)
    first = [r for r in rows if "@" not in r.context or r.context.partition("@")[0] not in plain]
    return [(r.key, r.context, float(r.quantity().to(unit).magnitude)) for r in first]


def resembles(assumption: Assumption, value: Quantity, beside: Iterable[Assumption] = ()) -> str:
    """What a value of an assumption is like, in words.

    Parameters
    ----------
    assumption : the one that would have to have the value.
    value : the value it would have to have.
    beside : assumptions of the same claim; the countries among them are compared with.
    """
    found = nearest_rows(assumption, value)
    if not found:
        return say("the data holds nothing to compare it with")
    ratios = [say("{times} {what}", times=times(factor), what=called(a.row.context)) for a, factor in _countries(assumption, value, beside)]
    near = _distinct([like for like in found if like.distance <= math.log(1 + NEAR)])
    if near:
        told = say("near {alike}", alike=listed([like.words(assumption.name) for like in near[:SHOWN]]))
    else:
        told = say("nothing in the data resembles it: the nearest is {alike}", alike=found[0].words(assumption.name))
        if others := _under_other_scopes(assumption, value):
            told = say("nothing of the same scope in the data resembles it, the nearest is {alike}; near it is {other}", alike=found[0].words(assumption.name), other=listed(others))
    return in_a_row([told, *([listed(ratios)] if ratios else [])])


def _scope(assumption: Assumption) -> str:
    return assumption.row.scope if assumption.row else quantities()[assumption.name].scope


def _under_other_scopes(assumption: Assumption, value: Quantity) -> list[str]:
    """What is near under another scope, such as a flight without contrails, the scope named."""
    others = sorted({row.scope for row in load().rows if row.name == assumption.name} - {_scope(assumption)})
    near = [(like, scope) for scope in others for like in nearest_rows(assumption, value, scope)[:1] if like.distance <= math.log(1 + NEAR)]
    return [f"{like.words(assumption.name)} [{scope}]" if scope else like.words(assumption.name) for like, scope in sorted(near, key=lambda one: one[0].distance)]


def _distinct(found: Iterable[Like]) -> list[Like]:
    """Each value once: many rows restate one number."""
    seen: dict[tuple[str, str], Like] = {}
    for like in found:
        seen.setdefault((trimmed(min(like.values), 3), trimmed(max(like.values), 3)), like)
    return list(seen.values())


def _countries(assumption: Assumption, value: Quantity, beside: Iterable[Assumption]) -> list[tuple[Assumption, float]]:
    """What the claim takes from countries under the same name, and how many times that the value is, where that is not near."""
    found = {a.key: a for a in beside if a.row and a.name == assumption.name and a.key != assumption.key and place(a.row.context) and a.value.magnitude}
    factors = [(a, float((value / a.value).to("").magnitude)) for a in found.values()]
    return [(a, factor) for a, factor in factors if factor > 0 and abs(math.log(factor)) > math.log(1 + NEAR)][:SHOWN]


def times(factor: float) -> str:
    """A factor as people say it.

    >>> times(2.314), times(0.3258), times(14.2)
    ('2.3 times', '0.33 times', '14 times')
    """
    return say("{number} times", number=f"{factor:.2g}".replace(".", "," if french() else ".") if factor < 1e3 else trimmed(factor, 15 if factor == round(factor) else len(f"{factor:.0f}")))

"""The register of claims: ``data/claims.toml`` read and checked, no recomputation."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from recount import own_register, trace
from recount.errors import RecountError, nearest
from recount.register_file import known_keys, names, tables
from recount.units import Quantity, read_quantity

RESERVED = "new"  # no claim's id: recount claim new
RELATIONS = ("equals", "about", "nearly", "more_than", "at_least", "less_than", "up_to")
COMBINATIONS = ("ratio", "difference", "sum", "product", "share")
_CLAIM_KEYS = {
    "id", "article", "statement", "statement_fr", "printed", "significant", "relation", "boundary", "notebook", "take",
    "because", "traced", "note", "if", "route", "actually", "record", "equals", "includes", "before", "after", "before_record",
    "after_record", "needs", "history", "words", "words_fr",
}  # fmt: skip
_ROUTE_KEYS = {
    "name", "title", "title_fr", "quantity", "via", "given", "choose", "independent", "combine", "operands", "claim", "count", "fixed",
}  # fmt: skip
_ACTUALLY_KEYS = (_ROUTE_KEYS | {"statement", "statement_fr", "record", "printed"}) - {"name", "title", "title_fr", "independent"}
_COUNT_KEYS = {"name", "contexts", "equals", "above", "below", "before", "only", "as", "except"}


@dataclasses.dataclass(frozen=True)
class Article:
    """A publication whose claims are recomputed."""

    id: str
    name: str
    name_fr: str
    published: str
    source: str  # key of sources.bib
    ours: bool  # not printed by an article: comparisons of our own


@dataclasses.dataclass(frozen=True)
class Operand:
    """One figure: a quantity of the model under contexts, a claim's printed figure, or a count."""

    activity: str = ""
    name: str = ""
    via: str = ""
    given: tuple[str, ...] = ()
    choose: tuple[tuple[str, str], ...] = ()
    claim: str = ""
    count: tuple[tuple[str, Any], ...] = ()

    @property
    def quantity(self) -> str:
        return f"{self.activity}.{self.name}" if self.name else ("count" if self.count else f"claim:{self.claim}")


@dataclasses.dataclass(frozen=True)
class Route:
    """One way to recompute a claim: an operand, or several combined."""

    name: str
    title: str
    title_fr: str
    independent: bool
    operands: tuple[Operand, ...]
    combine: str = ""
    fixed: bool = False  # measurements compared with each other: no scenario or override may replace one of them

    @property
    def quantity(self) -> str:
        joined = {"ratio": " ÷ ", "difference": " − ", "sum": " + ", "product": " × ", "share": " of the sum with "}
        return joined.get(self.combine, "").join(operand.quantity for operand in self.operands)

    @property
    def given(self) -> list[str]:
        return [context for operand in self.operands for context in operand.given]


@dataclasses.dataclass(frozen=True)
class Actually:
    """What a printed figure really belongs to: another route, or a record that attests it."""

    statement: str
    statement_fr: str
    route: Route | None
    record: str
    printed: str


@dataclasses.dataclass(frozen=True)
class Claim:
    """One published claim, restated, with the figure as printed and the ways to recompute it."""

    id: str
    article: str
    statement: str
    statement_fr: str
    notebook: str
    printed: str
    significant: int | None
    relation: str
    boundary: str
    take: str
    because: str
    source: str
    locator: str
    searched: str
    note: str
    condition: str
    routes: tuple[Route, ...]
    actually: Actually | None
    record: str
    compare: tuple[tuple[str, str], ...]
    needs: str
    words: str  # what stands in the article where it prints no figure; the figure is then our reading
    words_fr: str
    history: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "record" if self.record else ("quantity" if self.routes or self.actually else "not-recomputable")

    @property
    def published(self) -> Quantity | None:
        return read_quantity(self.printed, name=self.id) if self.printed else None

    @property
    def unit(self) -> str:
        """The unit as printed."""
        return unit_text(self.printed) if self.printed else ""

    @property
    def counts(self) -> bool:
        """Whether the figure is counted in the data rather than modelled."""
        return bool(self.route and not self.route.combine and self.route.operands[0].count)

    @property
    def route(self) -> Route | None:
        """The route that the verdict takes."""
        return next((route for route in self.routes if route.name == self.take), None)


def unit_text(printed: str) -> str:
    """The unit of a printed figure.

    >>> unit_text("1287 MWh"), unit_text("2"), unit_text("1 287 tCO2e")
    ('MWh', '1', 'tCO2e')
    """
    from recount.units import SCALE_WORDS, read_number

    rest = read_number(printed)[1]
    word, _, tail = rest.partition(" ")
    return (tail if word.lower() in SCALE_WORDS else rest) or "1"


@own_register.per_register
def articles() -> dict[str, Article]:
    """Every article by its id, in the register's order."""
    return articles_of(tables())


@own_register.per_register
def load() -> dict[str, Claim]:
    """Every claim by its id, ours and one's own; the first fault in a file is the error."""
    return claims_of(tables())


def articles_of(registers: Sequence[dict[str, Any]]) -> dict[str, Article]:
    """The articles of our register and of one's own after it, whose French may be left out."""
    found: dict[str, Article] = {}
    for number, whole in enumerate(registers):
        for name, table in whole.get("article", {}).items():
            known_keys(table, {"name", "name_fr", "published", "source", "ours"}, f"article {name}")
            if name in found:
                raise RecountError(f"article {name}: our register has it too; leave it out to add claims to it, or name yours otherwise.")
            for key in ("name", *(() if number else ("name_fr",))):
                if not table.get(key):
                    raise RecountError(f"article {name}: it lacks '{key}'.")
            texts = (table["name"], table.get("name_fr", table["name"]), str(table.get("published", "")), table.get("source", ""))
            found[name] = Article(name, *texts, bool(table.get("ours", False)))
    return found


def claims_of(registers: Sequence[dict[str, Any]]) -> dict[str, Claim]:
    """The claims of our register and of one's own after it, which may refer to ours."""
    claims: dict[str, Claim] = {}
    known = articles_of(registers)
    for number, table in enumerate(registers):
        for entry in table.get("claim", []):
            claim = _claim({"statement_fr": entry.get("statement"), **entry} if number else entry, known)
            if claim.id == RESERVED:
                raise RecountError(f"claim '{RESERVED}': 'recount claim {RESERVED}' is a command; give it another id.")
            if claim.id in claims:
                raise RecountError(f"claim '{claim.id}' stands twice in {' or '.join(names())}: give one of them another id.")
            claims[claim.id] = claim
    for one in claims.values():
        for other in _claims_used(one):
            if other not in claims:
                raise RecountError(f"claim '{one.id}' refers to claim '{other}': {nearest(other, claims)}")
            if not claims[other].printed:
                raise RecountError(f"claim '{one.id}' refers to claim '{other}', which prints no figure.")
    return claims


def shown() -> dict[str, Claim]:
    """The claims that are listed: those of one's own register where there is one, else ours."""
    known = load()
    return {entry["id"]: known[entry["id"]] for entry in tables()[-1].get("claim", [])}


def claim(identifier: str) -> Claim:
    """The claim of an id, or the nearest one in the message."""
    known = load()
    if identifier not in known:
        raise RecountError(f"claim '{identifier}' is not in the register: {nearest(identifier, known)}")
    trace.used("claim", identifier)
    return known[identifier]


def _claim(entry: dict[str, Any], known: dict[str, Article]) -> Claim:
    name = entry.get("id") or f"'{str(entry.get('statement', '?'))[:40]}…'"
    known_keys(entry, _CLAIM_KEYS, f"claim {name}")
    for key in ("id", "article", "statement", "statement_fr", "notebook", "traced"):
        if not entry.get(key):
            raise RecountError(f"claim {name}: it lacks '{key}'.")
    if entry["article"] not in known:
        raise RecountError(f"claim {name}: article '{entry['article']}' is not known: {nearest(entry['article'], known)}")
    traced = entry["traced"]
    if not ("source" in traced and "locator" in traced) and not ("none_found" in traced and "searched" in traced):
        raise RecountError(f"claim {name}: 'traced' needs a source and locator, or none_found (a date) and searched.")
    routes = tuple(_route(r, f"claim {name}") for r in entry.get("route", []))
    compare = tuple((k, str(entry[k])) for k in ("equals", "includes", "before", "after", "before_record", "after_record") if k in entry)
    claim = Claim(
        entry["id"], entry["article"], entry["statement"], entry["statement_fr"], entry["notebook"],
        str(entry.get("printed", "")), entry.get("significant"), entry.get("relation", ""), entry.get("boundary", ""),
        entry.get("take", routes[0].name if len(routes) == 1 else ""), entry.get("because", ""),
        traced.get("source", ""), traced.get("locator", ""),
        f"{traced['searched']} ({traced['none_found']})" if "none_found" in traced else "",
        entry.get("note", ""), entry.get("if", ""), routes, _actually(entry, name), entry.get("record", ""), compare,
        entry.get("needs", ""), entry.get("words", ""), entry.get("words_fr", ""), tuple(entry.get("history", ())),
    )  # fmt: skip
    _check_shape(claim)
    return claim


def _check_shape(claim: Claim) -> None:
    names = [route.name for route in claim.routes]
    if len(set(names)) < len(names):
        raise RecountError(f"claim {claim.id}: two of its routes have one name.")
    if claim.significant is not None and not isinstance(claim.significant, int):
        raise RecountError(f"claim {claim.id}: 'significant' must be a whole number without quotes.")
    if claim.record and (claim.routes or claim.actually):
        raise RecountError(f"claim {claim.id}: it has a record and a route; a claim is either about a fact or about a figure.")
    if claim.kind == "record":
        if len(claim.compare) != 1:
            raise RecountError(f"claim {claim.id}: a record claim needs exactly one of equals, includes, before, after, before_record, after_record.")
        return
    if not claim.printed or claim.relation not in RELATIONS:
        raise RecountError(f"claim {claim.id}: it needs 'printed' and a 'relation' of {', '.join(RELATIONS)} (or a 'record').")
    if claim.published is None or claim.kind == "not-recomputable" and not claim.needs:
        raise RecountError(f"claim {claim.id}: without a route it must say in 'needs' what would be needed.")
    if claim.routes and claim.route is None:
        raise RecountError(f"claim {claim.id}: 'take' must name one of its routes: {', '.join(r.name for r in claim.routes)}.")


def _actually(entry: dict[str, Any], name: str) -> Actually | None:
    table = entry.get("actually")
    if table is None:
        return None
    known_keys(table, _ACTUALLY_KEYS, f"claim {name}, actually")
    if not table.get("statement") or not table.get("statement_fr"):
        raise RecountError(f"claim {name}: 'actually' needs a statement and a statement_fr.")
    inner = {k: v for k, v in table.items() if k in _ROUTE_KEYS}
    route = _route({"name": "actually", "title": table["statement"], **inner}, f"claim {name}, actually") if inner else None
    if (route is None) == ("record" not in table):
        raise RecountError(f"claim {name}: 'actually' needs either a quantity or a record.")
    return Actually(table["statement"], table["statement_fr"], route, table.get("record", ""), table.get("printed", ""))


def _route(table: dict[str, Any], place: str) -> Route:
    known_keys(table, _ROUTE_KEYS, place)
    place = f"{place}, route '{table.get('name', '?')}'"
    if "combine" in table:
        if table["combine"] not in COMBINATIONS:
            raise RecountError(f"{place}: combine '{table['combine']}' is not known: {nearest(table['combine'], COMBINATIONS)}")
        operands = tuple(_operand(o, place) for o in table.get("operands", []))
        if len(operands) < 2 or table["combine"] in ("ratio", "difference", "share") and len(operands) != 2:
            raise RecountError(f"{place}: {table['combine']} needs {'two' if table['combine'] in ('ratio', 'difference', 'share') else 'at least two'} operands.")
    else:
        operands = (_operand({k: v for k, v in table.items() if k in ("quantity", "via", "given", "choose", "claim", "count")}, place),)
    return Route(
        table.get("name", ""), table.get("title", table.get("name", "")), table.get("title_fr", ""),
        # What starts from a figure that an article printed is not independent of the article.
        bool(table.get("independent", False)) and not any(o.claim or any(c.startswith("claim:") for c in o.given) for o in operands),
        operands, table.get("combine", ""), bool(table.get("fixed", False)),
    )  # fmt: skip


def _operand(table: dict[str, Any], place: str) -> Operand:
    known_keys(table, {"quantity", "via", "given", "choose", "claim", "count"}, place)
    if "claim" in table:
        return Operand(claim=table["claim"])
    if "count" in table:
        known_keys(table["count"], _COUNT_KEYS, f"{place}, count")
        return Operand(count=tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in table["count"].items()))
    activity, _, name = table.get("quantity", "").partition(".")
    if not activity or not name:
        raise RecountError(f"{place}: quantity '{table.get('quantity', '')}' must look like training.facility_energy.")
    if not isinstance(table.get("given", []), list):
        raise RecountError(f"{place}: 'given' must be a list of contexts, such as [\"run:gpt-3\"].")
    return Operand(activity, name, table.get("via", ""), tuple(table.get("given", ())), tuple(table.get("choose", {}).items()))


def _claims_used(claim: Claim) -> list[str]:
    routes = [*claim.routes, *([claim.actually.route] if claim.actually and claim.actually.route else [])]
    used = [claim.condition] if claim.condition else []
    for route in routes:
        for operand in route.operands:
            used += [operand.claim] if operand.claim else []
            used += [split_claim(context)[0] for context in operand.given if context.startswith("claim:")]
    return used


def split_claim(context: str) -> tuple[str, str]:
    """Split ``claim:ID`` or ``claim:ID as NAME`` into the claim and the name it supplies.

    >>> split_claim("claim:large-2-flights as passengers"), split_claim("claim:gpt-3-energy")
    (('large-2-flights', 'passengers'), ('gpt-3-energy', ''))
    """
    identifier, _, name = context.removeprefix("claim:").partition(" as ")
    return identifier.strip(), name.strip()

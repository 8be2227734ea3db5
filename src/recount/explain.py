"""A result laid out as tables and sentences, for the notebooks and the command line alike."""

from __future__ import annotations

import dataclasses
import html
import re
import textwrap
from collections.abc import Callable, Sequence

from tabulate import tabulate

from recount import counts, graph, register
from recount.assumptions import Assumption
from recount.claims import Figure, Result
from recount.errors import RecountError, nearest
from recount.language import capital, either, french, in_a_row, in_english, labelled, message, of_data, say, say_counted
from recount.register import Actually, Claim
from recount.row_texts import of_row
from recount.sensitivity import Driver, share_text
from recount.units import Quantity, amount, percent, plural, pretty_unit, read_number, trimmed, with_unit  # noqa: F401 (notebooks find them here)
from recount.verdicts import NOT_RECOMPUTABLE, REPRODUCED, VERDICTS, so_many
from recount.wording import called_with_context, formula, in_words, label, readable, spread, text_of

WIDTH = 100  # of a terminal
_PADDING = 2  # what tabulate adds to a heading


@dataclasses.dataclass(frozen=True)
class Table:
    """A small table that prints as text and shows as HTML."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def text(self, width: int | None = None) -> str:
        """The table as text; with *width*, its widest columns are made narrower until it fits."""
        # tabulate's own wrapping fails on a cell that is a number with a thousands separator.
        widths = self._fitted(width) if width else [46] * len(self.columns)
        rows = [[textwrap.fill(str(cell), room) for cell, room in zip(row, widths, strict=True)] for row in self.rows]
        heads = [textwrap.fill(head, room - _PADDING) for head, room in zip(self.columns, widths, strict=True)]
        body = tabulate(rows, heads, tablefmt="simple", disable_numparse=True)
        return f"{textwrap.fill(self.caption, width or WIDTH)}\n{body}" if self.caption else body

    def _fitted(self, width: int) -> list[int]:
        """How wide each column may be; a word is broken only where nothing else can give way."""
        longest = lambda texts, split: max(len(part) for text in texts for part in (text.split(" ") if split else [text]))  # noqa: E731
        columns = [[str(cell) for cell in column] for column in zip(self.columns, *self.rows, strict=True)]
        rooms, words = ([max(longest(c[:1], split) + _PADDING, longest(c, split)) for c in columns] for split in (False, True))
        for longest_word in (26, 20):
            least = [min(word, longest_word) for word in words]
            while sum(rooms) + 2 * (len(rooms) - 1) > width and (wide := [k for k, room in enumerate(rooms) if room > least[k]]):
                rooms[max(wide, key=lambda k: rooms[k])] -= 1
        return rooms

    def html(self) -> str:
        cells = lambda tag, row: "".join(f"<{tag}>{_rich(cell)}</{tag}>" for cell in row)  # noqa: E731
        caption = f"<caption>{_rich(self.caption)}</caption>" if self.caption else ""
        head = f"<thead><tr>{cells('th', self.columns)}</tr></thead>"
        body = "".join(f"<tr>{cells('td', row)}</tr>" for row in self.rows)
        return f'<div class="recount-table"><table>{caption}{head}<tbody>{body}</tbody></table></div>'


def _rich(text: str) -> str:
    escaped = html.escape(str(text), quote=False).replace("\n", "<br>")
    return re.sub(r"10\^(-?\d+)", r"10<sup>\1</sup>", escaped)


def card(result: Result) -> Table:
    """Who printed what, and what it is about."""
    claim = result.claim
    rows = [(say("Claim"), either(claim.statement, claim.statement_fr)), (say("Printed by"), claim.article), (say("Figure as printed"), result.printed_text)]
    if claim.boundary:
        rows.append((say("Boundary"), of_data(claim.boundary)))
    if claim.condition:
        rows.append((say("Holds only if"), say("the printed figure of '{claim}' holds", claim=claim.condition)))
    rows.append((say("Primary source"), f"{claim.source}, {of_row(claim.locator)}" if claim.source else searched(claim)))
    if claim.note:
        rows.append((say("Reading"), of_data(claim.note)))
    return Table(("", claim.id), tuple(rows))


def searched(claim: Claim) -> str:
    """That no primary source was found, when and where it was looked for."""
    where, _, date = claim.searched.rpartition(" (")
    return say("none found: {where} ({date})", where=of_data(where), date=in_words(date.rstrip(")")))


def steps(figure: Figure) -> Table:
    """Each formula of a route with its value, in order of computation."""
    rows = []
    for planned in figure.plan.operands:
        values = {name: assumption.value for name, assumption in planned.assumptions.items()}
        for step in planned.steps:
            wired = graph.graph(planned.operand.activity, planned.operand.via)
            computed = wired.execute([*step.needs, step.name], values)
            rows.append((label(step.name), formula(step.formula), _substituted(step, computed), readable(computed[step.name], step.name)))
        if planned.operand.claim:
            rows.append((say("printed figure"), say("printed by claim {claim}", claim=planned.operand.claim), "", text_of(next(iter(planned.assumptions.values())))))
        if planned.operand.count:
            rows.append((say("count"), say("counted from the data"), "", text_of(next(iter(planned.assumptions.values())))))
    if figure.route.combine:
        rows.append((say(figure.route.combine), figure.route.quantity.replace(" of the sum with ", f" {say('of the sum with')} "), "", amount(figure.value, figure.unit)))
    if not rows:
        rows.append((label(figure.route.operands[0].name), say("taken from the row itself"), "", amount(figure.value, figure.unit)))
    return Table((say("Step"), say("Formula"), say("With these values"), say("Result")), tuple(rows))


_COMBINATIONS = message("ratio"), message("difference"), message("sum"), message("product"), message("share")


def _substituted(step: graph.Step, values: dict[str, Quantity]) -> str:
    right = step.formula.partition("=")[2].strip()
    if "with" in right or "layers" in step.needs:
        return ""
    return re.sub(r"[a-z][a-z_]+", lambda m: readable(values[m[0]], m[0]) if m[0] in values else m[0], right)


def assumptions(figure: Figure) -> Table:
    """Each assumption of a route with its range, strength, source and page."""
    return origins(figure.plan.assumptions)


_UNSOURCED = {"claim": message("printed by the article"), "count": message("counted from the data"), "reader": message("as you give it")}


def origins(found: Sequence[Assumption]) -> Table:
    """Assumptions with range, strength, source and page."""
    rows = []
    for one in found:
        source = f"{one.row.source}, {of_row(one.row.locator)}" if one.row else _unsourced(one.origin)
        context = f" [{one.row.context}]" if one.row else ""
        value = text_of(one) if one.name in ("printed", "count") or one.row is None else readable(one.value, one.name)
        confirmed = f", {say(one.row.confirmed)}" if one.row and one.row.confirmed not in ("read", "") else ""
        rows.append((f"{label(one.name)}{context}", value, spread(one), f"{say(one.strength)}{confirmed}", source))
    return Table((say("Assumption"), say("Value"), say("Range (5–95 %)"), say("How strong"), say("Source and page")), tuple(rows))


def _unsourced(origin: str) -> str:
    """Where a value comes from that is no row of the data."""
    return say(_UNSOURCED[origin]) if origin in _UNSOURCED else say("typed ({origin})", origin=say(origin))


_TYPED = message("given"), message("scenario"), message("override"), message("computed")


def comparison(result: Result) -> Table:
    """Printed against recomputed, for the route the verdict takes and for the others."""
    unit, rows = pretty_unit(plural(result.claim.unit, 2)), []
    for figure in result.figures:
        taken = f" ({say('verdict')})" if result.taken and figure.route.name == result.taken.route.name else ""
        independent = say("yes" if figure.route.independent else "no")
        counted = not figure.route.combine and figure.route.operands[0].count
        value = text_of(figure.plan.assumptions[0]) if counted else with_unit(trimmed(figure.value, 4), unit)
        interval = say("counted") if counted else interval_text(figure)
        rows.append((f"{either(figure.route.title, figure.route.title_fr)}{taken}", result.printed_text, value, interval, ratio_text(figure.value, result.printed_value), independent))
    if result.actually:
        figure = result.actually
        rows.append((_in_fact(result.claim), _printed(result.claim.actually) or result.printed_text, amount(figure.value, figure.unit), interval_text(figure), "", ""))
    elif result.claim.actually and result.claim.actually.record:
        rows.append((_in_fact(result.claim), result.printed_text, say("attested, not recomputed"), "", "", ""))
    return Table((say("Route"), say("Printed"), say("Recomputed"), capital(say("90 % interval")), say("Recomputed ÷ printed"), say("Independent")), tuple(rows))


def _in_fact(claim: Claim) -> str:
    return say("in fact: {statement}", statement=either(claim.actually.statement, claim.actually.statement_fr))


def _printed(actually: Actually) -> str:
    """What is printed of the other figure, in the language's numbers."""
    if not actually.printed or not french():
        return actually.printed
    number, rest = read_number(actually.printed)
    return amount(number, rest or "1", 9)


def interval_text(figure: Figure) -> str:
    """The 5th and 95th percentile, with the median where it is not the figure itself."""
    low, high = figure.interval
    apart = figure.value and abs(figure.median / figure.value - 1) > 0.02
    ends = {"low": trimmed(low, 3), "high": trimmed(high, 3)}
    return say("{low} to {high}, median {median}", **ends, median=trimmed(figure.median, 3)) if apart else say("{low} to {high}", **ends)


def ratio_text(value: float, printed: float | None) -> str:
    return trimmed(value / printed, 3) if printed else ""


def sentence(result: Result) -> str:
    """The verdict in one sentence."""
    claim, verdict = result.claim, say(result.verdict)
    if claim.kind == "record":
        return say("{verdict}: the article says {printed}; the record says {found}.", verdict=verdict, printed=result.printed_text, found=result.found)
    if claim.kind == "not-recomputable":
        return labelled(verdict, of_data(claim.needs))
    if result.problem and result.taken is None:
        return say("{verdict} as published; under these assumptions it cannot be recomputed: {problem}", verdict=verdict, problem=result.problem)
    if result.taken is None:
        told = say("nothing published lets it be recomputed as what the article says it is; {statement}", statement=either(claim.actually.statement, claim.actually.statement_fr))
    else:
        beside = [say("90 % interval {interval}", interval=result.interval_text) if result.interval_text else say("counted in the data")]
        beside += [say("recomputed ÷ printed {ratio}", ratio=ratio_text(result.taken.value, result.printed_value))] if result.printed_value else []
        told = say("printed {printed}, recomputed {recomputed} ({beside}).", printed=result.printed_text, recomputed=result.recomputed_text, beside=in_a_row(beside))
    if result.world.changed and result.here != result.verdict:
        return say("{verdict} as published; it would be {here} under these assumptions: {told}", verdict=verdict, here=say(result.here), told=told)
    statement = either(claim.actually.statement, claim.actually.statement_fr) if claim.actually else ""
    extra = say(" In fact: {statement}", statement=statement) if result.taken and claim.actually and result.actually_holds else ""
    return labelled(say(result.here), told) + extra


@in_english
def check_line(result: Result) -> str:
    """One stable line, English in every language, without recomputed digits: quiet within tolerance, loud on any flip."""
    if result.claim.kind == "record":
        return f"{result.claim.id}: {result.verdict} — the article says {result.printed_text}"
    if result.verdict == NOT_RECOMPUTABLE:
        return f"{result.claim.id}: {result.verdict} — printed {result.printed_text}"
    return f"{result.claim.id}: {result.verdict} — printed {result.printed_text}, accepts {result.tolerance}"


def drivers(figure: Figure) -> Table:
    """What moves the figure most: each assumption's share of the variance, and how far it alone moves the figure."""
    found, unit = figure.drivers, pretty_unit(plural(figure.unit, 2))
    rows = [
        (found.name(d), spread(d.assumption), with_unit(_ends(*sorted((d.low, d.high))), unit), _shares(d)) for d in found.of
    ]
    of = say(" Shares are of the variance of the figure's logarithm." if found.logarithm else " Shares are of the variance of the figure.")
    heads = say("Assumption"), say("Moved over"), say("The figure goes from … to"), say("Share of the variance")
    return Table(heads, tuple(rows), found.sentence() + (of if len(found.of) > 1 else ""))


def _ends(low: float, high: float) -> str:
    """A range with as many digits as it takes to see that it is one."""
    digits = next((n for n in (3, 4) if trimmed(low, n) != trimmed(high, n)), None)
    if digits is None:
        return say("stays at {value}", value=trimmed(low, 4))
    return say("{low} to {high}", low=trimmed(low, digits), high=trimmed(high, digits))


def _shares(driver: Driver) -> str:
    together = driver.total - driver.first >= 0.01
    return share_text(driver.total) + (say(" ({share} alone)", share=share_text(driver.first)) if together else "")


def would_hold(result: Result, names: Sequence[str] = ()) -> Table:
    """For each assumption (or those named), the value at which the printed figure comes out, and what that resembles."""
    columns = say("Assumption"), say("Is taken as"), say("Would have to be"), say("Within its range?"), say("What that resembles")
    if result.taken is None:
        return Table(columns, ())
    free, rows = [c.assumption for c in result.conditions], []
    for name in names:
        if name not in {a.name for a in free}:
            if not result.world.changed:
                raise RecountError(f"'{name}' is not an assumption of this route: {nearest(name, [a.name for a in free])}")
            rows.append((label(name), say("not used"), say("under these assumptions it plays no part"), "–", ""))
    shared = {a.name for a in free if sum(b.name == a.name for b in free) > 1}
    for one in result.conditions:
        a = one.assumption
        if names and a.name not in names or not names and not one.found.moves:
            continue
        called = called_with_context(a) if a.name in shared else label(a.name)
        rows.append((called, text_of(a) if a.name == "printed" else readable(a.value, a.name), one.value_text, one.inside_text, one.resembles))
    stands = any(c.holds for c in result.conditions)
    caption = say(
        "It holds as things stand, and would as long as one assumption, all others left alone, is:" if stands
        else "For the printed figure to hold, one assumption, all others left alone, would have to be:"
    )  # fmt: skip
    return Table(columns, tuple(rows), caption if rows else "")


def why(result: Result) -> list[str]:
    """What drives the figure and, unless it is reproduced, the nearest thing that would make the printed one hold."""
    if result.taken is None or result.claim.counts or not result.taken.drivers.of:
        return []
    told = [result.taken.drivers.sentence()]
    possible = [c for c in result.conditions if c.found.value is not None and not c.far and not c.holds]
    if possible and result.here != REPRODUCED:
        # the least unlikely by its own range; what has no range is fixed by the claim or its source
        nearest_one = min(possible, key=lambda c: (c.assumption.low is None, abs((c.percentile or 0) - 50), possible.index(c)))
        change = f"{label(nearest_one.assumption.name)} {nearest_one.value_text}"
        told.append(say(
            "The likeliest single change that would make the printed figure hold: {change}." if any(c.inside for c in possible)
            else "No single assumption within its range would make the printed figure hold; the least far: {change}.",
            change=labelled(change, nearest_one.resembles) if nearest_one.resembles else change,
        ))  # fmt: skip
    return told


def members(result: Result, place: Callable[[str], str] = of_row) -> Table:
    """Everything that a counting claim counted; *place* tells where in its source each stands."""
    count = next(dict(o.count) for route in result.claim.routes for o in route.operands if o.count)
    rows = [(m.context, in_words(m.value), say("yes" if m.counts else "no"), f"{m.source}, {place(m.locator)}") for m in counts.members(count)]
    return Table(("", label(count["name"]), say("Counts"), say("Source and page")), tuple(rows))


def scoreboard(results: Sequence[Result]) -> Table:
    """Claims in one table: printed, recomputed with interval, verdict."""
    rows = []
    for result in results:
        changed = result.world.changed and result.here != result.verdict
        verdict, here = say(result.verdict), say(result.here)
        shown = say("{verdict}; would be {here}", verdict=verdict, here=here) if changed else verdict
        rows.append((result.claim.id, result.claim.article, result.printed_text, result.recomputed_text, result.interval_text, shown))
    return Table((say("Claim"), say("Article"), say("Printed"), say("Recomputed"), capital(say("90 % interval")), say("Verdict")), tuple(rows))


def tally(results: Sequence[Result]) -> str:
    """How many claims got which verdict, and apart from them the comparisons of our own."""
    known = register.articles()
    printed = [r for r in results if not known[r.claim.article].ours]
    own = [r for r in results if known[r.claim.article].ours]
    articles = len({r.claim.article for r in printed})
    lines = []
    if printed:
        of = say_counted("of {count} article", "of {count} articles", articles)
        lines.append(labelled(f"{say_counted('{count} claim', '{count} claims', len(printed))} {of}", _by_verdict(printed)))
    lines += [labelled(say_counted("{count} comparison of our own", "{count} comparisons of our own", len(own)), _by_verdict(own))] if own else []
    moved = [r for r in results if r.here != r.verdict]
    if any(r.world.changed for r in results):
        told = say_counted("Under these assumptions {count} would get another verdict", "Under these assumptions {count} would get another verdict", len(moved))
        lines.append(labelled(told, ", ".join(r.claim.id for r in moved)) if moved else f"{told}.")
    return "\n".join(lines)


def _by_verdict(results: Sequence[Result]) -> str:
    found = {verdict: sum(r.verdict == verdict for r in results) for verdict in VERDICTS}
    return ", ".join(so_many(verdict, number) for verdict, number in found.items() if number)


def whole(result: Result) -> list[str]:
    """One claim explained: card, steps, assumptions, comparison, what drives it, what would have to be true."""
    parts = [card(result).text(WIDTH)]
    figure = result.taken or result.actually
    if figure:
        parts += [textwrap.fill(say("Step by step ({route})", route=either(figure.route.title, figure.route.title_fr)), WIDTH), steps(figure).text(WIDTH), assumptions(figure).text(WIDTH)]
        parts += [say("Printed against recomputed"), comparison(result).text(WIDTH)]
    if figure and figure.drivers.of:
        parts += [drivers(figure).text(WIDTH)]
    if result.taken:
        would = would_hold(result)
        parts += [would.text(WIDTH)] if would.rows else []
    if any(operand.count for route in result.claim.routes for operand in route.operands):
        parts += [say("Counted"), members(result).text(WIDTH)]
    return [*parts, *(textwrap.fill(line, WIDTH) for line in [sentence(result), *why(result)])]

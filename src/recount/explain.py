"""A result laid out as tables and sentences, for the notebooks and the command line alike."""

from __future__ import annotations

import dataclasses
import html
import re
import textwrap
from collections.abc import Sequence

from tabulate import tabulate

from recount import counts, graph, register
from recount.assumptions import Assumption
from recount.claims import Figure, Result
from recount.errors import RecountError, nearest
from recount.sensitivity import Driver, share_text
from recount.units import Quantity, plural, pretty_unit, read_unit, trimmed
from recount.verdicts import NOT_RECOMPUTABLE, REPRODUCED, VERDICTS
from recount.wording import called_with_context, label, readable, spread

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
    rows = [("Claim", claim.statement), ("Printed by", claim.article), ("Figure as printed", result.printed_text)]
    if claim.boundary:
        rows.append(("Boundary", claim.boundary))
    if claim.condition:
        rows.append(("Holds only if", f"the printed figure of '{claim.condition}' holds"))
    rows.append(("Primary source", f"{claim.source}, {claim.locator}" if claim.source else f"none found: {claim.searched}"))
    if claim.note:
        rows.append(("Reading", claim.note))
    return Table(("", claim.id), tuple(rows))


def steps(figure: Figure) -> Table:
    """Each formula of a route with its value, in order of computation."""
    rows = []
    for planned in figure.plan.operands:
        values = {name: assumption.value for name, assumption in planned.assumptions.items()}
        for step in planned.steps:
            wired = graph.graph(planned.operand.activity, planned.operand.via)
            computed = wired.execute([*step.needs, step.name], values)
            rows.append((label(step.name), step.formula, _substituted(step, computed), readable(computed[step.name], step.name)))
        if planned.operand.claim:
            rows.append(("printed figure", f"printed by claim {planned.operand.claim}", "", next(iter(planned.assumptions.values())).text))
        if planned.operand.count:
            rows.append(("count", "counted from the data", "", next(iter(planned.assumptions.values())).text))
    if figure.route.combine:
        rows.append((figure.route.combine, figure.route.quantity, "", f"{trimmed(figure.value, 4)} {pretty_unit(plural(figure.unit, figure.value))}".strip()))
    if not rows:
        rows.append((label(figure.route.operands[0].name), "taken from the row itself", "", f"{trimmed(figure.value, 4)} {pretty_unit(plural(figure.unit, figure.value))}".strip()))
    return Table(("Step", "Formula", "With these values", "Result"), tuple(rows))


def _substituted(step: graph.Step, values: dict[str, Quantity]) -> str:
    right = step.formula.partition("=")[2].strip()
    if "with" in right or "layers" in step.needs:
        return ""
    return re.sub(r"[a-z][a-z_]+", lambda m: readable(values[m[0]], m[0]) if m[0] in values else m[0], right)


def assumptions(figure: Figure) -> Table:
    """Each assumption of a route with its range, strength, source and page."""
    return origins(figure.plan.assumptions)


_UNSOURCED = {"claim": "printed by the article", "count": "counted from the data", "reader": "as you give it"}


def origins(found: Sequence[Assumption]) -> Table:
    """Assumptions with range, strength, source and page."""
    rows = []
    for one in found:
        source = f"{one.row.source}, {one.row.locator}" if one.row else _UNSOURCED.get(one.origin, f"typed ({one.origin})")
        context = f" [{one.row.context}]" if one.row else ""
        value = one.text if one.name in ("printed", "count") or one.row is None else readable(one.value, one.name)
        confirmed = {"read": "", "": ""}.get(one.row.confirmed if one.row else "", f", {one.row.confirmed if one.row else ''}")
        rows.append((f"{label(one.name)}{context}", value, spread(one), f"{one.strength}{confirmed}", source))
    return Table(("Assumption", "Value", "Range (5–95 %)", "How strong", "Source and page"), tuple(rows))


def comparison(result: Result) -> Table:
    """Printed against recomputed, for the route the verdict takes and for the others."""
    unit, rows = pretty_unit(plural(result.claim.unit, 2)), []
    for figure in result.figures:
        taken = " (verdict)" if result.taken and figure.route.name == result.taken.route.name else ""
        independent = "yes" if figure.route.independent else "no"
        counted = not figure.route.combine and figure.route.operands[0].count
        value = figure.plan.assumptions[0].text if counted else f"{trimmed(figure.value, 4)} {unit}".strip()
        interval = "counted" if counted else interval_text(figure)
        rows.append((f"{figure.route.title}{taken}", result.printed_text, value, interval, ratio_text(figure.value, result.printed_value), independent))
    if result.actually:
        figure = result.actually
        rows.append((f"in fact: {result.claim.actually.statement}", result.claim.actually.printed or result.printed_text, f"{trimmed(figure.value, 4)} {pretty_unit(plural(figure.unit, figure.value))}".strip(), interval_text(figure), "", ""))
    elif result.claim.actually and result.claim.actually.record:
        rows.append((f"in fact: {result.claim.actually.statement}", result.printed_text, "attested, not recomputed", "", "", ""))
    return Table(("Route", "Printed", "Recomputed", "90 % interval", "Recomputed ÷ printed", "Independent"), tuple(rows))


def interval_text(figure: Figure) -> str:
    """The 5th and 95th percentile, with the median where it is not the figure itself."""
    low, high = figure.interval
    apart = figure.value and abs(figure.median / figure.value - 1) > 0.02
    return f"{trimmed(low, 3)} to {trimmed(high, 3)}" + (f", median {trimmed(figure.median, 3)}" if apart else "")


def ratio_text(value: float, printed: float | None) -> str:
    return trimmed(value / printed, 3) if printed else ""


def sentence(result: Result) -> str:
    """The verdict in one sentence."""
    claim = result.claim
    if claim.kind == "record":
        return f"{result.verdict}: the article says {result.printed_text}; the record says {result.found}."
    if claim.kind == "not-recomputable":
        return f"{result.verdict}: {claim.needs}"
    if result.problem and result.taken is None:
        return f"{result.verdict} as published; under these assumptions it cannot be recomputed: {result.problem}"
    if result.taken is None:
        told = f"nothing published lets it be recomputed as what the article says it is; {claim.actually.statement}"
        if result.world.changed and result.here != result.verdict:
            return f"{result.verdict} as published; it would be {result.here} under these assumptions: {told}"
        return f"{result.here}: {told}"
    beside = f"90 % interval {result.interval_text}" if result.interval_text else "counted in the data"
    ratio = f"; recomputed ÷ printed {ratio_text(result.taken.value, result.printed_value)}" if result.printed_value else ""
    told = f"printed {result.printed_text}, recomputed {result.recomputed_text} ({beside}{ratio})"
    if result.world.changed and result.here != result.verdict:
        return f"{result.verdict} as published; it would be {result.here} under these assumptions: {told}."
    extra = f" In fact: {claim.actually.statement}" if claim.actually and result.actually_holds else ""
    return f"{result.here}: {told}.{extra}"


def check_line(result: Result) -> str:
    """One stable line without recomputed digits: quiet within tolerance, loud on any flip."""
    if result.claim.kind == "record":
        return f"{result.claim.id}: {result.verdict} — the article says {result.printed_text}"
    if result.verdict == NOT_RECOMPUTABLE:
        return f"{result.claim.id}: {result.verdict} — printed {result.printed_text}"
    return f"{result.claim.id}: {result.verdict} — printed {result.printed_text}, accepts {result.tolerance}"


def drivers(figure: Figure) -> Table:
    """What moves the figure most: each assumption's share of the variance, and how far it alone moves the figure."""
    found, unit = figure.drivers, pretty_unit(figure.unit)
    rows = [
        (found.name(d), spread(d.assumption), f"{_ends(*sorted((d.low, d.high)))} {unit}".strip(), _shares(d)) for d in found.of
    ]
    whose = "the figure's logarithm" if found.logarithm else "the figure"
    of = f" Shares are of the variance of {whose}." if len(found.of) > 1 else ""
    return Table(("Assumption", "Moved over", "The figure goes from … to", "Share of the variance"), tuple(rows), found.sentence() + of)


def _ends(low: float, high: float) -> str:
    """A range with as many digits as it takes to see that it is one."""
    digits = next((n for n in (3, 4) if trimmed(low, n) != trimmed(high, n)), None)
    return f"{trimmed(low, digits)} to {trimmed(high, digits)}" if digits else f"stays at {trimmed(low, 4)}"


def _shares(driver: Driver) -> str:
    together = driver.total - driver.first >= 0.01
    return share_text(driver.total) + (f" ({share_text(driver.first)} alone)" if together else "")


def would_hold(result: Result, names: Sequence[str] = ()) -> Table:
    """For each assumption (or those named), the value at which the printed figure comes out, and what that resembles."""
    columns = ("Assumption", "Is taken as", "Would have to be", "Within its range?", "What that resembles")
    if result.taken is None:
        return Table(columns, ())
    free, rows = [c.assumption for c in result.conditions], []
    for name in names:
        if name not in {a.name for a in free}:
            if not result.world.changed:
                raise RecountError(f"'{name}' is not an assumption of this route: {nearest(name, [a.name for a in free])}")
            rows.append((label(name), "not used", "under these assumptions it plays no part", "–", ""))
    shared = {a.name for a in free if sum(b.name == a.name for b in free) > 1}
    for one in result.conditions:
        a = one.assumption
        if names and a.name not in names or not names and not one.found.moves:
            continue
        called = called_with_context(a) if a.name in shared else label(a.name)
        rows.append((called, a.text if a.name == "printed" else readable(a.value, a.name), one.value_text, one.inside_text, one.resembles))
    stands = any(c.holds for c in result.conditions)
    caption = "It holds as things stand, and would as long as one assumption, all others left alone, is" if stands else _CAPTION
    return Table(columns, tuple(rows), f"{caption}:" if rows else "")


_CAPTION = "For the printed figure to hold, one assumption, all others left alone, would have to be"


def why(result: Result) -> list[str]:
    """What drives the figure and, unless it is reproduced, the nearest thing that would make the printed one hold."""
    if result.taken is None or result.claim.counts or not result.taken.drivers.of:
        return []
    told = [result.taken.drivers.sentence()]
    possible = [c for c in result.conditions if c.found.value is not None and not c.far and not c.holds]
    if possible and result.here != REPRODUCED:
        # the least unlikely by its own range; what has no range is fixed by the claim or its source
        nearest_one = min(possible, key=lambda c: (c.assumption.low is None, abs((c.percentile or 0) - 50), possible.index(c)))
        like = f": {nearest_one.resembles}" if nearest_one.resembles else ""
        within = any(c.inside for c in possible)
        start = "The likeliest single change that would make the printed figure hold" if within else "No single assumption within its range would make the printed figure hold; the least far"
        told.append(f"{start}: {label(nearest_one.assumption.name)} {nearest_one.value_text}{like}.")
    return told


def members(result: Result) -> Table:
    """Everything that a counting claim counted."""
    count = next(dict(o.count) for route in result.claim.routes for o in route.operands if o.count)
    rows = [(m.context, m.value, "yes" if m.counts else "no", f"{m.source}, {m.locator}") for m in counts.members(count)]
    return Table(("", label(count["name"]), "Counts", "Source and page"), tuple(rows))


def scoreboard(results: Sequence[Result]) -> Table:
    """Claims in one table: printed, recomputed with interval, verdict."""
    rows = []
    for result in results:
        changed = result.world.changed and result.here != result.verdict
        shown = f"{result.verdict}; would be {result.here}" if changed else result.verdict
        rows.append((result.claim.id, result.claim.article, result.printed_text, result.recomputed_text, result.interval_text, shown))
    return Table(("Claim", "Article", "Printed", "Recomputed", "90 % interval", "Verdict"), tuple(rows))


def tally(results: Sequence[Result]) -> str:
    """How many claims got which verdict, and apart from them the comparisons of our own."""
    known = register.articles()
    printed = [r for r in results if not known[r.claim.article].ours]
    own = [r for r in results if known[r.claim.article].ours]
    articles = len({r.claim.article for r in printed})
    lines = [f"{len(printed)} claim{'s' if len(printed) != 1 else ''} of {articles} article{'s' if articles != 1 else ''}: {_by_verdict(printed)}"] if printed else []
    lines += [f"{len(own)} comparison{'s' if len(own) != 1 else ''} of our own: {_by_verdict(own)}"] if own else []
    moved = [r for r in results if r.here != r.verdict]
    if any(r.world.changed for r in results):
        lines.append(f"Under these assumptions {len(moved)} would get another verdict{': ' if moved else '.'}" + ", ".join(r.claim.id for r in moved))
    return "\n".join(lines)


def _by_verdict(results: Sequence[Result]) -> str:
    found = {verdict: sum(r.verdict == verdict for r in results) for verdict in VERDICTS}
    return ", ".join(f"{number} {verdict}" for verdict, number in found.items() if number)


def whole(result: Result) -> list[str]:
    """One claim explained: card, steps, assumptions, comparison, what drives it, what would have to be true."""
    parts = [card(result).text(WIDTH)]
    figure = result.taken or result.actually
    if figure:
        parts += [textwrap.fill(f"Step by step ({figure.route.title})", WIDTH), steps(figure).text(WIDTH), assumptions(figure).text(WIDTH)]
        parts += ["Printed against recomputed", comparison(result).text(WIDTH)]
    if figure and figure.drivers.of:
        parts += [drivers(figure).text(WIDTH)]
    if result.taken:
        would = would_hold(result)
        parts += [would.text(WIDTH)] if would.rows else []
    if any(operand.count for route in result.claim.routes for operand in route.operands):
        parts += ["Counted", members(result).text(WIDTH)]
    return [*parts, *(textwrap.fill(line, WIDTH) for line in [sentence(result), *why(result)])]

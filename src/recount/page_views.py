"""What the pages show of claims, rows and sources: small pieces of HTML and sorted lists.

Nothing is computed here. A verdict is always a word with a shape of its own, so that it can
be told without colour; a figure always stands with its unit.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from recount import row_texts, verdicts
from recount.errors import RecountError
from recount.language import french, listed, say
from recount.units import SCALE_WORDS, amount, format_number, french_number, in_french_units, pretty_unit, trimmed

Claim = Mapping[str, Any]
Translate = Callable[[str], str]


@dataclasses.dataclass(frozen=True)
class Look:
    """How a verdict looks (an outline on a grid of 16) and what it means."""

    path: str
    meaning: str
    stroked: bool = True

    def svg(self) -> Markup:
        style = 'fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"' if self.stroked else 'fill="currentColor"'
        return Markup(f'<svg class="shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path {style} d="{self.path}"/></svg>')


_DISC = "M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1Z"
LOOKS = {
    verdicts.REPRODUCED: Look(_DISC, "Comes out of measured, declared or standard inputs as printed.", stroked=False),
    verdicts.CONFIRMED: Look("M2 9l4 4 8-10", "A record attests the fact, or a count bears it out."),
    verdicts.PLAUSIBLE: Look("M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2Z", "Lies within the 90 % interval of an estimate."),
    verdicts.UNDECIDED: Look("M8 1.5 14.5 8 8 14.5 1.5 8Z", "Lies within the interval, but the interval spans more than a factor of ten: too little is known."),
    verdicts.MISATTRIBUTED: Look("M1 5h7V1l7 7-7 7v-4H1Z", "A right figure for another thing than the article says.", stroked=False),
    verdicts.NOT_REPRODUCED: Look("M1 1h14v14H1Zm3.4 2L8 6.6 11.6 3 13 4.4 9.4 8l3.6 3.6-1.4 1.4L8 9.4 4.4 13 3 11.6 6.6 8 3 4.4Z", "Does not come out, not even within the interval.", stroked=False),
    verdicts.REFUTED: Look("M3 3l10 10M13 3 3 13", "A record or a count says otherwise."),
    verdicts.UNTRACED: Look("M2.5 8h.01M8 8h.01M13.5 8h.01", "No source was found that would settle it."),
    verdicts.NOT_RECOMPUTABLE: Look("M2 8h12", "There is nothing to recompute it from, as with a survey."),
}  # fmt: skip


def slug(text: str) -> str:
    """A name for anchors and classes.

    >>> slug("grid:FRA-2024 not reproduced")
    'grid-FRA-2024-not-reproduced'
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-")


def badge(verdict: str, _: Translate = str, count: int | None = None) -> Markup:
    """A verdict as a shape and a word, which hangs on a *count* that stands before it.

    >>> "plausible" in badge("plausible")
    True
    """
    word = _(verdict) if count is None else verdicts.so_many(verdict, count).partition(" ")[2]
    return Markup('<span class="verdict v-{}">{}<span>{}</span></span>').format(slug(verdict), LOOKS[verdict].svg(), word)


def figure(value: float | None, unit: str | None, digits: int = 3) -> str:
    """A recomputed figure with its unit, or a dash.

    >>> figure(1289.4, "MWh", 4), figure(103.6, "household"), figure(None, "MWh")
    ('1,289 MWh', '104 households', '–')
    """
    if value is None:
        return "–"
    return amount(value, unit or "1", digits)


def interval(item: Claim, digits: int = 3) -> str:
    """The 90 % interval without its unit; nothing where it shows no width.

    >>> interval({"low": 1.2, "high": 30}), interval({"low": 42.0, "high": 42.0})
    ('1.2 to 30', '')
    """
    text = item.get("interval_text")
    if text is None and item.get("low") is not None and item.get("high") is not None:
        text = say("{low} to {high}", low=trimmed(item["low"], digits), high=trimmed(item["high"], digits))
    low, _, high = (text or "").partition(say("{low} to {high}", low="", high=""))
    return text if text and low != high else ""


def times(ratio: float | None) -> str:
    """A ratio recomputed to printed.

    >>> times(1.004), times(0.2), times(None)
    ('1.00', '0.200', '')
    """
    return "" if ratio is None else format_number(ratio, 3)


def strip(claim: Claim, decades: float = 2.0) -> Markup:
    """The interval over the printed figure on a logarithmic scale, the printed one in the middle.

    Only for the eye: the numbers stand beside it. What lies beyond a hundredfold ends in an arrow.
    """
    published, middle = claim.get("published"), claim.get("ratio")
    if not published or not middle or middle <= 0:
        return Markup("")

    def x(ratio: float) -> float:
        power = math.log10(ratio) if ratio > 0 else -decades
        return 60 + 54 * min(max(power / decades, -1), 1)

    ends = [claim[k] / published if claim.get(k) is not None else middle for k in ("low", "high")]
    low, high = x(ends[0]), x(ends[1])
    beyond = "".join(
        f'<path class="beyond" d="M{at} 4l{side * 5} 4 {-side * 5} 4"/>'
        for at, side, past in ((8, -1, min(ends) < 10**-decades), (112, 1, max(ends) > 10**decades))
        if past
    )
    return Markup(
        '<svg class="strip" viewBox="0 0 120 16" aria-hidden="true" focusable="false">'
        f'<path class="axis" d="M6 8H114"/><path class="printed" d="M60 1V15"/><path class="range" d="M{low:.1f} 8H{high:.1f}"/>'
        f'<circle class="found" cx="{x(middle):.1f}" cy="8" r="3.2"/>{beyond}</svg>'
    )


def reason(claim: Claim, _: Translate = str) -> str:
    """One sentence that says why a claim has its verdict, from its figures alone."""
    verdict, found, within, ratio = claim["verdict"], claim["recomputed_text"], interval(claim), times(claim.get("ratio"))
    told = {"found": found, "within": within, "ratio": ratio, "printed": claim["printed"]}
    if verdict == verdicts.REPRODUCED:
        return _("Measured, declared or standard inputs give {found}; the article prints {printed}.").format(**told)
    if verdict == verdicts.PLAUSIBLE:
        return _("The estimate is {found}, and the printed figure lies within its 90 % interval of {within}.").format(**told)
    if verdict == verdicts.UNDECIDED:
        return _("The printed figure lies within the 90 % interval of {within}, but so would almost anything: the interval spans more than a factor of ten.").format(**told)
    if verdict == verdicts.MISATTRIBUTED:
        parts = [(claim.get("actually") or {}).get("statement") or _("The figure belongs to something else.")]
        if claim.get("recomputed") is not None:
            parts.append((_("As the article puts it, the figure would be {found}, {ratio} times the printed figure.") if ratio else _("As the article puts it, the figure would be {found}.")).format(**told))
        return " ".join(parts)
    if verdict == verdicts.NOT_REPRODUCED:
        start = (_("The recomputation gives {found}, {ratio} times the printed figure") if ratio else _("The recomputation gives {found}")).format(**told)
        return f"{start}{_('; the 90 % interval of {within} leaves the printed figure out').format(**told) if within else ''}."
    if verdict == verdicts.NOT_RECOMPUTABLE:
        return claim.get("needs") or claim.get("problem") or _("There is nothing to recompute it from.")
    if verdict == verdicts.UNTRACED:
        return _("No record was found that would confirm or refute it.")
    if verdict == verdicts.REFUTED:
        return (_("The record says {found}; the article says {printed}.") if claim["kind"] == "record" else _("The count is {found}; the article says {printed}.")).format(**told)
    return (_("The record says {found}.") if claim["kind"] == "record" else _("The count is {found}.")).format(**told)


def by_verdict(claims: Iterable[Claim]) -> list[tuple[str, int]]:
    """How many claims got each verdict, in the fixed order of verdicts, none left out that occurs."""
    found = [claim["verdict"] for claim in claims]
    return [(verdict, found.count(verdict)) for verdict in verdicts.VERDICTS if verdict in found]


def digits(text: str) -> Markup:
    """A number as its row prints it, its thousands grouped and its power of ten raised.

    >>> str(digits("7241732096")), str(digits("3.14e23")), str(digits("0.152"))
    ('7,241,732,096', '3.14\u202f×\u202f10<sup>23</sup>', '0.152')
    """
    mantissa, _, power = text.lower().partition("e")
    whole, dot, part = mantissa.partition(".")
    if whole.isdigit() and len(whole) > 4:
        mantissa = f"{int(whole):,}{dot}{part}"
    mantissa = french_number(mantissa) if french() else mantissa
    if power:
        return Markup("{}\u202f×\u202f10<sup>{}</sup>").format(mantissa, str(int(power)).replace("-", "−"))
    return escape(mantissa)


def unit(text: str) -> str:
    """A unit as a reader knows it; a word such as million stays a word.

    >>> unit("million parameter"), unit("L/kWh")
    ('million parameter', 'L/kWh')
    """
    word, _, rest = text.partition(" ")
    if word.lower() in SCALE_WORDS and rest and french():
        return f"{in_french_units(word)} {pretty_unit(f'{rest}s')}".replace(" de é", " d’é").replace(" de a", " d’a")
    return f"{word} {pretty_unit(rest)}" if word.lower() in SCALE_WORDS and rest else pretty_unit(text)


def magnitude(row: Mapping[str, str]) -> float | str:
    """A row's value as a number in the unit of its quantity, for sorting; nothing where it cannot be read.

    >>> magnitude({"value": "330", "unit": "W/chip", "name": "system_power"})
    330.0
    """
    from recount.units import Quantity, read_number, read_unit

    try:
        return float(Quantity(read_number(row["value"])[0], read_unit(row["unit"])).to_base_units().magnitude)
    except (RecountError, ValueError):
        return ""


def bibtex(text: str) -> str:
    """A text for a BibTeX field, its special characters escaped.

    >>> bibtex("68 % of {x}_1 & more")
    '68 \\\\% of \\\\{x\\\\}\\\\_1 \\\\& more'
    """
    return re.sub(r"([\\{}%&_$#])", r"\\\1", text)


def of_row(text: str) -> Markup:
    """A text beside a row in the language spoken; one that has no translation says that it is English.

    >>> str(of_row("Table 1 & 2"))
    'Table 1 &amp; 2'
    """
    told = row_texts.translated(text)
    return escape(told) if told or not text else Markup('<span lang="en">{}</span>').format(text)


def title_of(stem: str) -> str:
    """A heading from a file's name.

    >>> title_of("training_runs")
    'Training runs'
    """
    words = stem.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def linked(text: str, pages: Mapping[str, str]) -> Markup:
    """A note in which the ids of other claims lead to them.

    >>> str(linked("see gpt-3-energy & co.", {"gpt-3-energy": "a.html#b"}))
    'see <a href="a.html#b">gpt-3-energy</a> &amp; co.'
    """
    pieces = re.split(r"([a-z0-9]+(?:-[a-z0-9]+)+)", text)
    return Markup("").join(Markup('<a href="{}">{}</a>').format(pages[one], one) if one in pages else one for one in pieces)


def plain(text: str) -> str:
    """Escape what Markdown would read as markup (what HTML would is the template's to escape).

    >>> plain("a_b $2")
    'a\\\\_b \\\\$2'
    """
    return re.sub(r"([\\`*_{}\[\]$#|~^])", r"\\\1", text)


@dataclasses.dataclass(frozen=True)
class Source:
    """An entry of the bibliography, ready to be shown."""

    key: str
    label: str
    authors: str
    year: str
    title: str
    venue: str
    url: str
    link_text: str
    read_on: str
    note: str


def bibliography(path: Path) -> dict[str, Source]:
    """Every source of the BibTeX file by key, sorted by label."""
    from pybtex.database import parse_file

    if not path.is_file():
        return {}
    entries = parse_file(str(path), bib_format="bibtex").entries
    found = [_source(key, entry) for key, entry in entries.items()]
    return {source.key: source for source in sorted(found, key=lambda s: (s.label.casefold(), s.key))}


def _source(key: str, entry: Any) -> Source:
    text = {name: _unlatex(value) for name, value in entry.fields.items() if name not in ("url", "doi")}
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    more, people = any(p.last_names == ["others"] for p in people), [p for p in people if p.last_names != ["others"]]
    names = [_unlatex(" ".join([*p.prelast_names, *p.last_names])) for p in people]
    full = [_unlatex(" ".join([*(n[:1] + "." for n in p.first_names), *p.prelast_names, *p.last_names])) for p in people]
    year = text.get("year") or say("n.d.")
    who = f"{names[0]} et al." if len(names) > 2 or more else listed(names) if names else key
    doi, url = entry.fields.get("doi", "").removeprefix("https://doi.org/"), entry.fields.get("url", "").replace("\\", "")
    venue = next((text[n] for n in ("journal", "booktitle", "howpublished", "publisher", "institution", "organization") if text.get(n)), "")
    return Source(
        key, f"{who} {year}", say("{names} and others", names=", ".join(full[:6])) if more or len(full) > 6 else ", ".join(full), year, text.get("title", key), venue,
        f"https://doi.org/{doi}" if doi else url, f"doi:{doi}" if doi else re.sub(r"^https?://(www\.)?|/$", "", url),
        text.get("urldate", ""), text.get("note", "").strip().rstrip(".") + "." if text.get("note") else "",
    )  # fmt: skip


def _unlatex(text: str) -> str:
    from pybtex.richtext import Text

    return str(Text.from_latex(text.replace("$_2$", "₂")))

"""What contexts are called: ``grid:ESP-2023`` is Spain 2023, ``run:gpt-3`` the training run of GPT-3."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from recount import language as spoken
from recount import trace
from recount.vocabulary import read_table

_COUNTRY = re.compile(r"(?P<code>[A-Z]{3}|EU27|WORLD)(?:-(?P<year>\d{4}))?(?:@(?P<edition>.+))?")
# Kept together: a model's number, a region of a cloud, a virtual server (in French the noun comes first).
_TOGETHER = re.compile(r"gpt-(?:\d\w*|neox)|(?:af|ap|ca|eu|sa|us)-(?:north|south|east|west|central)+-\d(?=-|$)|virtual-server|[^-]+")
_CAPITALS = re.compile(r"a?\d+(\.\d+)?(x\d+)?[bmt]|[a-z]{1,2}\d+x?|\d+gb|bf16")  # sizes and chips


@functools.cache
def _table(key: str) -> dict:
    trace.used("file", "contexts.toml")
    return read_table("contexts.toml", key, dict)


def spelled(slug: str) -> str:
    """What stands after the colon of a context, as people write it.

    >>> spelled("gpt-3"), spelled("llama-3.1-405b-fp8"), spelled("mixtral-8x7b"), spelled("qwen3-235b-a22b")
    ('GPT-3', 'Llama 3.1 405B FP8', 'Mixtral 8x7B', 'Qwen3 235B A22B')
    >>> spelled("aws-eu-north-1-2024"), spelled("tpu-v4"), spelled("mlenergy-llama-3.1-8b-h100-batch-8")
    ('AWS eu-north-1 2024', 'TPU v4', 'ML.ENERGY, Llama 3.1 8B H100 batch 8')
    """
    slug, _, edition = slug.partition("@")
    words = " ".join(spoken.of_data(_part(part)) for part in _TOGETHER.findall(slug)).rstrip(",")
    return f"{words} ({_edition(edition)})" if edition else words


def _edition(text: str) -> str:
    return text if re.fullmatch(r"\d{4}-\d{2}", text) else spelled(text)


def _part(part: str) -> str:
    known = _table("spelled").get(part)
    if known:
        return known
    if part.startswith("gpt-"):
        return "GPT" + part[3:]
    if "-" in part or re.fullmatch(r"v\d(\.\d+)?[a-z]?", part):
        return part
    if _CAPITALS.fullmatch(part):
        return part.upper() if part.endswith("x") else part.upper().replace("X", "x")
    return part.capitalize()


def countries() -> dict[str, list[str]]:
    """Every country's name in English and French, by code."""
    return _table("countries")


def country(code: str, language: str | None = None) -> str:
    """A country's name by the code that contexts carry.

    >>> country("ESP"), country("ESP", "fr"), country("XXX")
    ('Spain', 'Espagne', 'XXX')
    """
    return countries().get(code, (code, code))[(language or spoken.current()) == "fr"]


def place(context: str) -> tuple[str, str, str] | None:
    """The code, year and edition of a context that is about a country, else None.

    >>> place("grid:USA-2023@2024-09"), place("water:FRA"), place("run:gpt-3")
    (('USA', '2023', '2024-09'), ('FRA', '', ''), None)
    """
    found = _COUNTRY.fullmatch(context.partition(":")[2])
    return (found["code"], found["year"] or "", found["edition"] or "") if found else None


def called(context: str, language: str | None = None, years: str = "") -> str:
    """A context in words, with the years of several contexts in place of its own.

    >>> called("grid:ESP-2023"), called("run:gpt-3"), called("run:gpt-3", "fr"), called("site:microsoft-sweden", "fr")
    ('Spain 2023', 'GPT-3 (training run)', 'GPT-3 (entraînement)', 'Microsoft Suède')
    """
    with spoken.speaking(language):
        kind, _, slug = context.partition(":")
        where = place(context)
        if where:
            code, year, edition = where
            words = f"{country(code)} {year}".strip() + (f" ({_edition(edition)})" if edition else "")
        else:
            words = spelled(slug)
            for english, french in countries().values() if spoken.french() else ():
                words = re.sub(rf"\b{english}\b", french, words)
        return _table("called").get(kind, ("{}", "{}"))[spoken.french()].format(f"{words} {years}".strip())


def stem(context: str) -> tuple[str, str]:
    """A context without the year it ends in, and that year.

    >>> stem("grid:ESP-2023"), stem("site:aws-fleet-2024"), stem("run:gpt-3"), stem("grid:ESP-2023@2024-09")
    (('grid:ESP', '2023'), ('site:aws-fleet', '2024'), ('run:gpt-3', ''), ('grid:ESP-2023@2024-09', ''))
    """
    found = re.fullmatch(r"(.+)-((?:19|20)\d\d)", context)
    return (found[1], found[2]) if found and "@" not in context else (context, "")


def spans(years: Iterable[str]) -> str:
    """Years as spans.

    >>> spans(["2021", "2018", "2022", "2023"])
    '2018, 2021–2023'
    """
    runs: list[list[int]] = []
    for year in sorted({int(year) for year in years if year}):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)

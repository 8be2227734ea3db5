"""What stands beside a row in French: its place in its source, how its value was come by, a source's note.

Such texts come by the hundred and many differ in their numbers alone. So a message is a pattern, the
text with its numbers and dates as ``{1}``, ``{2}``, …; its translation is filled with the same numbers
as French writes them. A new row of a known kind needs no new message, and neither does a reader's own.
The patterns stand in ``data/locale/fr/LC_MESSAGES/rows.po``, kept by :mod:`recount.catalogues`.
"""

from __future__ import annotations

import re
from pathlib import Path

from recount import language, po
from recount.units import french_number

CATALOGUE = "rows.po"
SUPERSEDED = "Superseded by the table of {published}."  # is put after what a row said before 'recount data update' set it aside
_ENDING = re.compile(rf" ?({re.escape(SUPERSEDED).replace(re.escape('{published}'), '[0-9-]+')})$")
_NUMBER = re.compile(
    r"(?<![\w.])\d{4}-\d{2}(?:-\d{2})?(?!\w)"  # a date
    r"|(?<![\w.])\d[\d.,]*\d(?:e[+-]?\d+)?(?!\w)|(?<![\w.])\d(?:e[+-]?\d+)?(?!\w)"
)
FIELD = re.compile(r"\{(\d+)\}")
_DECIMAL = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(?:e[+-]?\d+)?")
# What a number belongs to that names a thing and counts none: Llama-3.1, section 2.4, CC BY 4.0.
_NAME = re.compile(r"(?:[A-Za-z]-|\b(?:[Ss]ections?|Tables?|Figures?|[Vv]ersions?|since|BY|BY-SA|Llama|Gemini|Gemma|Claude|GPT|Qwen) |\d\.\d+\.\d+ and )$")


def pattern(text: str) -> tuple[str, list[str]]:
    """A text with its numbers and dates as fields, and those numbers as French writes them.

    >>> pattern("1,287.5 MWh in 2021, read 2026-11-21 in section 2.4")
    ('{1} MWh in {2}, read {3} in section {4}', ['1\u202f287,5', '2021', '2026-11-21', '2.4'])
    >>> pattern("Llama-3.1-8B, EcoLogits 0.11.3; H100: 7350 of 4.05e11, P100")
    ('Llama-{1}-8B, EcoLogits {2}; H100: {3} of {4}, P100', ['3.1', '0.11.3', '7350', '4,05e11'])
    """
    numbers: list[str] = []

    def field(found: re.Match[str]) -> str:
        named = _NAME.search(text[max(0, found.start() - 16) : found.start()]) or not _DECIMAL.fullmatch(found[0])
        numbers.append(found[0] if named else french_number(found[0]))
        return f"{{{len(numbers)}}}"

    return _NUMBER.sub(field, text), numbers


def parts(text: str) -> list[str]:
    """The pieces of a text that are messages of their own.

    >>> parts("Production mix. Superseded by the table of 2026-11."), parts("Table 4")
    (['Production mix.', 'Superseded by the table of 2026-11.'], ['Table 4'])
    """
    return [part for part in _ENDING.split(text) if part]


def of_row(text: str) -> str:
    """A text beside a row in the language spoken; as it stands where it has no translation, as one's own rows may.

    >>> with language.speaking("fr"):
    ...     of_row("Table 4, GPT-3 column"), of_row("told by a friend")
    ('tableau 4, colonne GPT-3', 'told by a friend')
    """
    return translated(text) or text


def translated(text: str) -> str:
    """A text beside a row in the language spoken; empty where it has no translation into it."""
    if language.current() == "en" or not text:
        return text
    from recount import trace
    from recount.vocabulary import data_folder

    place = Path("locale") / language.CATALOGUE / CATALOGUE
    trace.used("file", place.as_posix())
    known, told = po.read(data_folder() / place).messages, []
    for message, numbers in map(pattern, parts(text)):
        if message not in known:
            return ""
        told.append(FIELD.sub(lambda field, numbers=numbers: numbers[int(field[1]) - 1], known[message][0]))
    return " ".join(told)

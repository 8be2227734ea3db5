"""The language that tables, sentences and figures speak: English, or French from gettext catalogues.

The English text is the message's id. French stands in ``locale/fr/LC_MESSAGES/recount.po`` beside this
file for what the code says, and in ``data/locale/fr/LC_MESSAGES/data.po`` for the prose of ``data/``.
English reads no file. Only the standard library is needed, so that it works in a browser too;
:mod:`recount.catalogues` keeps the catalogues current.

A process speaks one language at a time: a notebook says once which (``Study(language="fr")``), a
page or a test within a block (:func:`speaking`). What other programs read (JSON, the check line)
is English whatever is spoken.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

from recount import po
from recount.errors import RecountError, nearest

LANGUAGES = ("en", "fr")
THIN = "\u202f"  # narrow no-break space: in French within numbers, before units and high punctuation
CATALOGUE = Path("fr", "LC_MESSAGES")
SAID = Path(__file__).parent / "locale" / CATALOGUE / "recount.po"
_spoken = "en"
P, R = ParamSpec("P"), TypeVar("R")


def current() -> str:
    """The language that is spoken now."""
    return _spoken


def french() -> bool:
    return _spoken == "fr"


def read(text: str) -> str:
    """A language as a reader names it, refused if there are no texts in it.

    >>> read("fr"), read("")
    ('fr', 'en')
    >>> read("de")
    Traceback (most recent call last):
    recount.errors.RecountError: language 'de' is not known: known names are en, fr.
    """
    if text and text not in LANGUAGES:
        raise RecountError(f"language '{text}' is not known: {nearest(text, LANGUAGES)}")
    return text or "en"


def speak(language: str | None) -> None:
    """Speak a language from now on; None keeps the one that is spoken, an empty text is English."""
    global _spoken
    if language is not None:
        _spoken = read(language)


@contextlib.contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Speak a language within a block; None keeps the one that is spoken.

    >>> with speaking("fr"):
    ...     say("reproduced")
    'reproduit'
    """
    before = _spoken
    speak(language)
    try:
        yield
    finally:
        speak(before)


def in_english(function: Callable[P, R]) -> Callable[P, R]:
    """What a function returns is read by programs: it speaks English."""

    @functools.wraps(function)
    def spoken(*args: P.args, **kwargs: P.kwargs) -> R:
        with speaking("en"):
            return function(*args, **kwargs)

    return spoken


def message(text: str) -> str:
    """Mark a text that :func:`say` is handed later, so that the catalogue has it."""
    return text


def say(text: str, /, **fields: object) -> str:
    """A message in the language spoken, its fields filled in.

    >>> say("{low} to {high}", low=1, high=2)
    '1 to 2'
    """
    told = po.read(SAID).gettext(text) if _spoken == "fr" and text else text
    return told.format(**fields) if fields else told


def say_counted(one: str, many: str, count: int, /, **fields: object) -> str:
    """A message whose words hang on a number, which it has as ``{count}``.

    >>> say_counted("{count} claim", "{count} claims", 2)
    '2 claims'
    """
    told = po.read(SAID).ngettext(one, many, count) if _spoken == "fr" else one if count == 1 else many
    return told.format(count=count, **fields)


def message_counted(one: str, many: str) -> tuple[str, str]:
    """Mark a message that hangs on a number and that :func:`say_counted` is handed later."""
    return one, many


def of_data(text: str) -> str:
    """A text of ``data/`` (a note, a boundary, a definition) in the language spoken; one's own rows stay as written."""
    if _spoken == "en" or not text:
        return text
    from recount import trace
    from recount.vocabulary import data_folder

    place = Path("locale") / CATALOGUE / "data.po"
    trace.used("file", place.as_posix())
    return po.read(data_folder() / place).gettext(text)


def either(english: str, french_text: str) -> str:
    """Of a text that the data hold in both languages, the one that is spoken."""
    return french_text if _spoken == "fr" and french_text else english


def labelled(label: str, text: str) -> str:
    """A label, a colon and what it labels; without a label the text alone.

    >>> labelled("ratio", "3")
    'ratio: 3'
    """
    return say("{label}: {text}", label=label, text=text) if label else text


def listed(parts: Sequence[str]) -> str:
    """Parts as one says them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return parts[0] if len(parts) == 1 else say("{first} and {last}", first=", ".join(parts[:-1]), last=parts[-1])


def capital(text: str) -> str:
    """A text that begins with a capital, as a heading does."""
    return text[:1].upper() + text[1:]


def in_a_row(parts: Sequence[str]) -> str:
    """Parts of a long sentence, held apart by semicolons."""
    return f"{THIN}; ".join(parts) if _spoken == "fr" else "; ".join(parts)


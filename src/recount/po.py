"""Catalogues of translations, read as people write them: no compiled file lies beside a ``.po``.

Only the standard library is needed, so that a browser reads them too. What is marked as fuzzy is
no translation yet.
"""

from __future__ import annotations

import functools
import gettext
import json
from collections.abc import Mapping
from pathlib import Path

Id = str | tuple[str, str]  # a message that hangs on a number has two texts


class Catalogue(gettext.NullTranslations):
    """Translations by message; what is missing is asked of the fallback, else stays as it is."""

    def __init__(self, messages: Mapping[Id, tuple[str, ...]]):
        super().__init__()
        self.messages = messages

    def gettext(self, message: str) -> str:
        found = self.messages.get(message)
        return found[0] if found else super().gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        found = self.messages.get((msgid1, msgid2))
        return found[n > 1] if found else super().ngettext(msgid1, msgid2, n)  # French has one up to two


@functools.cache
def read(path: Path) -> Catalogue:
    """The catalogue of a file; an empty one where there is none."""
    return Catalogue(messages(path.read_text(encoding="utf-8")) if path.is_file() else {})


def messages(text: str) -> dict[Id, tuple[str, ...]]:
    r"""The translated messages of a catalogue's text.

    >>> messages('msgid "a"\nmsgstr ""\n"b\\n"\n"c"\n\n#, fuzzy\nmsgid "d"\nmsgstr "e"')
    {'a': ('b\nc',)}
    >>> messages('msgid "one"\nmsgid_plural "many"\nmsgstr[0] "un"\nmsgstr[1] "des"')
    {('one', 'many'): ('un', 'des')}
    """
    found: dict[Id, tuple[str, ...]] = {}
    for entry in text.split("\n\n"):
        fields: dict[str, str] = {}
        key, fuzzy = "", False
        for line in entry.splitlines():
            if line.startswith("#"):
                fuzzy = fuzzy or line.startswith("#,") and "fuzzy" in line
                continue
            if line.startswith("msg"):
                key, _, line = line.partition(" ")
            if key and line.startswith('"'):
                fields[key] = fields.get(key, "") + json.loads(line)
        one, many = fields.get("msgid", ""), fields.get("msgid_plural")
        told = tuple(fields[name] for name in sorted(fields) if name.startswith("msgstr"))
        if one and told and all(told) and not fuzzy:
            found[(one, many) if many is not None else one] = told
    return found

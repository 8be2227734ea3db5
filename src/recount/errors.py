"""The one error a user of recount sees, and the nearest-name suggestion it carries."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Callable, Iterable


class RecountError(ValueError):
    """Input that recount refuses: one sentence that says what, why and what instead.

    ``problems`` holds every fault found where several were looked for at once.
    """

    def __init__(self, message: str, problems: Iterable[str] = ()):
        super().__init__(message)
        self.problems = list(problems) or [message]


def _in_english(text: str, **fields: object) -> str:
    return text.format(**fields)


def nearest(name: str, known: Iterable[str], say: Callable[..., str] = _in_english) -> str:
    """Return a clause that names the known names closest to *name*; errors are English, what else says it hands over its own *say*.

    >>> nearest("grid_intensty", ["grid_intensity", "pue"])
    "did you mean 'grid_intensity'?"
    >>> nearest("zone", ["answer", "axis", "bone"])
    "did you mean 'bone'?"
    >>> nearest("xyz", [*"abcdefghijklm", "lazy"])
    'the nearest is lazy; known names are a, b, c, d, e, f, g, h, i, j, k, l, …'
    """
    known = sorted(set(known))
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return say("did you mean '{name}'?", name=close[0])
    # An abbreviated or re-ordered name shares words rather than letters with the one meant.
    words = set(name.lower().replace("-", "_").split("_"))
    shared = max(known, key=lambda k: len(words & set(k.lower().replace("-", "_").split("_"))), default="")
    if shared and words & set(shared.lower().replace("-", "_").split("_")):
        return say("did you mean '{name}'?", name=shared)
    if not known:
        return say("there are none.")
    if len(known) <= 12:
        return say("known names are {names}.", names=", ".join(known))
    likest = max(known, key=lambda k: difflib.SequenceMatcher(None, name.lower(), k.lower()).ratio())
    return say("the nearest is {name}; known names are {names}, …", name=likest, names=", ".join(known[:12]))


_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "your share of the disk is used up", errno.EFBIG: "files may not grow larger here"}
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


def file_sentence(error: OSError, going_on: str = "") -> str:
    """What became of a file that could not be read or written, and what to do; *going_on* says how where it is not by the same command.

    >>> file_sentence(OSError(errno.ENOSPC, "No space left on device", "out/results.json"))
    'out/results.json was not written, since the disk is full: make room and give the command again; what was finished is kept.'
    """
    name = error.filename or "a file"
    if error.errno in _FULL:
        return f"{name} was not written, since {_FULL[error.errno]}: make room{f'; {going_on}' if going_on else ' and give the command again; what was finished is kept.'}"
    if error.errno in _FORBIDDEN:
        return f"{name} may not be used ({(error.strerror or 'no permission').lower()}): name a folder that you may write to, with --out where there is one."
    return f"{name} cannot be used: {error.strerror or error}."

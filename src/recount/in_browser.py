"""What a browser's Python cannot do is refused in one sentence, which stands in a notebook without a traceback."""

from __future__ import annotations

import sys

from recount.errors import RecountError
from recount.language import say

HERE = sys.platform == "emscripten"


class NotInTheBrowser(RecountError):
    """What was asked for needs a machine of one's own."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows this in place of a traceback: the student has made no mistake to look for.
        return [str(self)]


def refuse(what: str) -> None:
    """Refuse in a browser what only a machine of one's own can do; elsewhere go on.

    Raises
    ------
    NotInTheBrowser : this Python runs in a browser.
    """
    if HERE:
        raise NotInTheBrowser(say("{what} does not work in a browser: leave this task out here, or download the notebook and run it on a machine of your own.", what=what))

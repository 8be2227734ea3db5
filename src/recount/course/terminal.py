"""The command line from within a lesson: the same words as in a terminal, for those who have none at hand."""

from __future__ import annotations

import contextlib
import io
import shlex
import subprocess
import sys
from pathlib import Path

from recount import in_browser
from recount.language import current, say

_START = "import sys; from recount import language; language.speak(sys.argv.pop(1)); from recount.cli import main; raise SystemExit(main())"


def recount(command: str) -> None:
    """Run a command of recount as a terminal would, and print what it says.

    Parameters
    ----------
    command : what would follow the word ``recount``, quotes and line breaks included.

    Examples
    --------
    >>> recount("scenarios --nonsense")
    recount: unrecognized arguments: --nonsense; 'recount --help' lists what there is.
    """
    if in_browser.HERE:  # a browser starts no other process
        print(_within(shlex.split(command)))
        return
    done = subprocess.run([sys.executable, "-c", _START, current(), *shlex.split(command)], capture_output=True, text=True, encoding="utf-8")
    print((done.stdout + done.stderr).strip())


def _within(words: list[str]) -> str:
    """What a command says that runs in this very process."""
    from recount import register
    from recount.cli import main

    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told), contextlib.suppress(SystemExit):
        main(words)
    register.load.cache_clear()  # the command may have written to the register that was read before
    return told.getvalue().strip()


def set_aside(*names: str) -> None:
    """Move files that an earlier run of the lesson has written out of its way, each to its name and ``.before``."""
    for path in map(Path, names):
        if path.is_file():
            path.replace(path.with_name(f"{path.name}.before"))
            print(say("{path} is now {name}.before", path=path, name=path.name))

"""``recount claim new``, ``notebook new``, ``data update``, and a register of one's own for every command of claims."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from recount import own_register
from recount.errors import RecountError
from recount.language import say

_WITH_REGISTER = ("run", "diff", "rerun", "refresh", "sweep", "claims", "claim", "check", "site")
_NEW = "claim new"
_EXAMPLE = """examples:
  recount claim new --register my_claims.toml --data my_rows       in a terminal: asks for each part
  recount claim new --register my_claims.toml --id cup-of-tea --article tea --article-name "A newspaper" \\
    --printed "500 mL" --relation about --quantity answer.usage_water --via per_answer \\
    --given measurement:altman2025-chatgpt --given site:microsoft-us-average --statement "An answer takes half a litre."
"""


def spelled(arguments: list[str]) -> list[str]:
    """``claim new`` as the one word that the parser knows, so that ``claim ID`` stays as it is."""
    return [_NEW, *arguments[2:]] if arguments[:2] == _NEW.split() else arguments


def register(options: argparse.Namespace) -> contextlib.AbstractContextManager[None]:
    """What is read while the command runs."""
    return own_register.used(getattr(options, "register", None), getattr(options, "data", None), getattr(options, "makes_register", False))


def refuse_reserved(identifier: str) -> None:
    """Raise if the id of a claim is a word of the command line."""
    if identifier == "new":
        raise RecountError("'new' is no claim: for a new one write 'recount claim new', and its options after that.")


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands, and the register of one's own to those that take claims."""
    for name in _WITH_REGISTER:
        _own(commands.choices[name])
    _claim_new(commands)

    notebook = commands.add_parser("notebook", help="notebook new ID: the notebook of a claim, made from its entry")
    kinds = notebook.add_subparsers(title="commands", metavar="new", required=True)
    new = kinds.add_parser("new", help="write and execute the notebook of one claim")
    new.add_argument("id", metavar="ID", help="the claim's, such as gpt-3-energy")
    new.add_argument("--out", metavar="DIR", help="where it goes (default: notebooks/, beside the register)")
    _own(new)
    new.set_defaults(command=_notebook_new)

    data = commands.add_parser("data", help="data update --from FILE: a new yearly table of grid intensities")
    kinds = data.add_subparsers(title="commands", metavar="update", required=True)
    update = kinds.add_parser("update", help="take a table of Our World in Data into rows; show what changes, then ask")
    update.add_argument("--from", required=True, dest="table", metavar="FILE", help="CSV with Entity, Code, Year and carbon intensity, or owid-energy-data.csv")
    update.add_argument("--published", metavar="DATE", help="when the table was published, such as 2026-05 (default: the year after its last)")
    update.add_argument("--source", metavar="KEY", help="its key in sources.bib (default: owid and the year published; an entry is made)")
    update.add_argument("--data", metavar="DIR", help="write into rows of your own instead of ours")
    update.add_argument("--yes", action="store_true", help="write without asking")
    update.set_defaults(command=_data_update)


def _own(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--register", metavar="FILE", help="claims of your own instead of ours, such as my_claims.toml")
    parser.add_argument("--data", metavar="DIR", help="rows of your own beside ours: CSV files, and their sources.bib")


def _claim_new(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(_NEW, help="add a claim: asks, or takes options", epilog=_EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter)
    from recount.claim_fields import FIELDS

    for field in FIELDS:
        many = {"action": "append", "default": []} if field.many else {}
        parser.add_argument(f"--{field.option}", dest=field.name, metavar=field.metavar, help=field.help, **many)
    parser.add_argument("--independent", action="store_true", help="its inputs do not come from the figure itself")
    _own(parser)
    parser.set_defaults(command=_new_claim, makes_register=True)


def _new_claim(options: argparse.Namespace) -> int:
    from recount import claim_entry

    given = {name: value for name in claim_entry.names() if (value := getattr(options, name)) not in (None, [])}
    ask = _ask if sys.stdin.isatty() else None
    print("\n\n".join(claim_entry.new(given, options.independent, ask)))
    return 0


def _ask(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        print()
        raise RecountError("stopped: nothing is written.") from None


def _notebook_new(options: argparse.Namespace) -> int:
    from recount import claim_notebook

    path, report = claim_notebook.new(options.id, options.out)
    print("\n".join(report))
    print(say("{path} written.", path=path_told(path)))
    return 0


def _data_update(options: argparse.Namespace) -> int:
    from recount import data_update

    update = data_update.planned(Path(options.table), options.published, options.source)
    print("\n".join(update.lines()))
    if not update.changes:
        return 0
    if not options.yes:
        if not sys.stdin.isatty():
            print("Nothing is written: give --yes to write it, or run this in a terminal, where it asks.")
            return 0
        if _ask(f"Write this into {path_told(update.target)}? [y/N] ").strip().lower() not in ("y", "yes"):
            print("Nothing is written.")
            return 0
    print("\n".join(update.write()))
    return 0


def path_told(path: Path) -> str:
    """A path as seen from here, where it lies below."""
    return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)

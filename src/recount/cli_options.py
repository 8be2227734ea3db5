"""Options that several commands take, and how they are read."""

from __future__ import annotations

import argparse
import contextlib

from recount.errors import RecountError


def world(parser: argparse.ArgumentParser) -> None:
    """A scenario and assumptions by name."""
    parser.add_argument("--scenario", metavar="NAME", help="alternative assumptions from data/scenarios, such as french-grid")
    parser.add_argument(
        "-p", action="append", default=[], dest="assumptions", metavar="NAME=VALUE",
        help="one assumption, such as grid_intensity='56 gCO2e/kWh'; repeat for more",
    )  # fmt: skip


def language(parser: argparse.ArgumentParser) -> None:
    """Which language tables, sentences and figures speak."""
    parser.add_argument("--language", metavar="CC", help="en or fr: what tables, sentences and figures speak (default: en)")


def positive(text: str) -> int:
    """Read a whole number of at least 1, as argparse wants its types."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number of at least 1")
    return int(text)


def samples(parser: argparse.ArgumentParser) -> None:
    """How many samples, and their seed."""
    parser.add_argument("--samples", metavar="N", help="how many samples each interval is computed from (default: as many as it needs)")
    parser.add_argument("--seed", default="0", metavar="S", help="seed of the samples, a whole number (default: 0)")


def kernel(parser: argparse.ArgumentParser) -> None:
    """Which kernel executes notebooks."""
    parser.add_argument("--stock-kernel", action="store_true", help="start every kernel anew instead of forking it from a warm one (slower, same outputs)")


def kernel_asked_for(options: argparse.Namespace) -> contextlib.AbstractContextManager:
    """Where the stock kernel is asked for, there is no other while this lasts."""
    from recount import warm

    return warm.kernels(stock=True) if getattr(options, "stock_kernel", False) else contextlib.nullcontext()


def drawn(options: argparse.Namespace) -> tuple[int | None, int]:
    """How many samples are asked for, and their seed."""
    from recount import sampling

    return sampling.read_count(options.samples) if options.samples is not None else None, sampling.read_seed(options.seed)


def tell_going_on(stopped: BaseException, sentence: str) -> None:
    """Say with what stops a command how it goes on, where that is by another command."""
    stopped.going_on = sentence


def going_on(stopped: BaseException) -> str:
    """How the command that was stopped goes on; ``""`` where nothing was said."""
    return getattr(stopped, "going_on", "")


def overrides(pairs: list[str]) -> dict[str, str]:
    """Read ``name=value`` pairs, each name once."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise RecountError(f"'{pair}' is not an assumption: write it as name=value, such as grid_intensity='56 gCO2e/kWh'.")
        if name.strip() in found:
            raise RecountError(f"'{name.strip()}' is given twice: give each assumption once.")
        found[name.strip()] = value.strip()
    return found

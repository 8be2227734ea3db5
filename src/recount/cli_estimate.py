"""``recount estimate training | answer``: a model of one's own from the command line."""

from __future__ import annotations

import argparse
import json

from recount import cli_options
from recount.errors import RecountError

_EXAMPLES = {
    "training": """examples:
  recount estimate training --parameters 70e9 --tokens 15e12 --hardware h100 --grid FRA-2024 --pue 1.1
  recount estimate training --parameters 671B --active-parameters 37B --tokens 14.8T --hardware h800 --json
""",
    "answer": """examples:
  recount estimate answer --parameters 123e9 --tokens 400 --hardware h100 --batch 64
  recount estimate answer --parameters 70B --tokens 400 --prompt-tokens 1000 --precision fp8 --hardware h200 --grid SWE
""",
}
_OPTIONS = {
    "training": ("parameters", "active_parameters", "tokens"),
    "answer": ("parameters", "active_parameters", "tokens", "prompt_tokens", "batch", "precision", "answers"),
}
_SITE = ("pue", "grid", "water", "on_site_water", "off_site_water", "scenario")


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command and its two activities."""
    estimate = commands.add_parser("estimate", help="a model of your own: energy, carbon and water of its training or its answers")
    activities = estimate.add_subparsers(title="activities", metavar="training|answer", required=True)
    for name, told in (("training", "one training of a model"), ("answer", "an answer of a model, or several")):
        parser = activities.add_parser(name, help=told, epilog=_EXAMPLES[name], formatter_class=argparse.RawDescriptionHelpFormatter)
        _arguments(parser, name)
        parser.set_defaults(command=_estimate, activity=name)


def _arguments(parser: argparse.ArgumentParser, activity: str) -> None:
    add = parser.add_argument
    add("--parameters", required=True, metavar="N", help="in all: 70e9, '70 billion' or 70B")
    add("--active-parameters", metavar="N", help="that a token passes, in a mixture of experts (default: all)")
    if activity == "training":
        add("--tokens", required=True, metavar="N", help="that the training reads: 15e12, '15 trillion' or 15T")
    else:
        add("--tokens", required=True, metavar="N", help="that an answer has")
        add("--prompt-tokens", metavar="N", help="that are read before it (default: a wide range)")
        add("--batch", metavar="N", help="answers computed at a time (default: a wide range; nothing matters more)")
        add("--precision", metavar="BITS", help="bits of a parameter: 16, 8 or 4, or bf16, fp8, int4 … (default: 16)")
        add("--answers", metavar="N", help="how many answers (default: 1)")
    add("--hardware", required=True, metavar="CHIP", help="h100, a100, tpu-v4 …; an unknown one lists all")
    add("--pue", metavar="NUMBER", help="energy at the meter over that of the servers (default: a range)")
    add("--grid", metavar="GRID", help="FRA, FRA-2024, 'FRA-2024[direct]' or '56 gCO2e/kWh' (default: a wide range)")
    add("--water", metavar="WATER", help="site:NAME, water:FRA, or '4 L/kWh' for on-site and off-site together (default: a wide range)")
    add("--on-site-water", metavar="L/kWh", help="per kWh of the servers, such as '0.3 L/kWh'")
    add("--off-site-water", metavar="L/kWh", help="per kWh of electricity, such as '3 L/kWh'")
    add("--scenario", metavar="NAME", help="alternative assumptions from data/scenarios, before the chip, grid and site named here")
    add("--set", action="append", default=[], dest="assumptions", metavar="NAME=VALUE", help="any other assumption, such as utilisation=0.4; repeat for more")
    cli_options.samples(parser)
    cli_options.language(parser)
    add("--json", action="store_true", help="print one JSON object, as data/estimate.schema.json describes it")


def _estimate(options: argparse.Namespace) -> int:
    given = {name: value for name in (*_OPTIONS[options.activity], *_SITE) if (value := getattr(options, name)) is not None}
    for name, value in {**given, "hardware": options.hardware}.items():
        if not value.strip():
            raise RecountError(f"--{name.replace('_', '-')} is empty: give it a value or leave it out.")
    assumptions = cli_options.overrides(options.assumptions)
    from recount import estimate, scenarios

    scenarios.check_overrides(assumptions)
    twice = sorted({*given, "tokens"} & set(assumptions))
    if twice:
        raise RecountError(f"{twice[0]} is given twice: leave it out of --set.")
    samples, seed = cli_options.drawn(options)
    model = getattr(estimate, options.activity)(hardware=options.hardware, samples=samples, seed=seed, language=options.language, **given, **assumptions)
    print(json.dumps(model.as_json(), ensure_ascii=False, indent=1) if options.json else model.text())
    return 0

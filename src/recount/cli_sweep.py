"""``recount sweep``: claims, or a notebook, over a grid of assumptions."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from recount import cli_options
from recount.errors import RecountError

_EXAMPLES = """examples:
  recount sweep --over grid_intensity=20:800:40 --over pue=1.1,1.3,1.6 --out build/grids
  recount sweep --over "energy_per_parameter_token=1:100:200:log pJ/parameter/token" --claims gpt-3-energy,gpt-3-carbon --out build/epsilon
  recount sweep --notebook training_carbon --over "grid_intensity=56,400,800 gCO2e/kWh" --out build/carbon
  recount sweep --resume --out build/grids             go on with a sweep that was broken off

values: START:STOP:COUNT goes evenly from START to STOP in COUNT values, both ends among them; START:STOP:COUNT:log in equal
ratios; 1.1,1.3,1.6 are three values (part values with decimal commas by semicolons). A unit stands once at the end; without
one the values are in the natural unit of data/quantities.csv.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = commands.add_parser("sweep", help="claims, or a notebook, over a grid of assumptions", epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--over", action="append", default=[], metavar="NAME=VALUES", help="an assumption and its values; repeat for a grid")
    add("--notebook", metavar="NOTEBOOK", help="execute this notebook at each point (default: the model's graph, without a kernel)")
    cli_options.world(parser)
    add("--claims", metavar="ID,…", help="only these claims (default: all that the axes reach)")
    add("--verdicts", action="store_true", help="the would-be verdict of each point too; slow, some 50 ms for each claim and point")
    add("--samples", metavar="N", help="how many samples the intervals behind --verdicts are computed from (default: 16384)")
    add("--seed", metavar="S", help="seed of the samples behind --verdicts, a whole number (default: 0)")
    add("--out", type=Path, required=True, metavar="DIR", help="a new folder for the points, the figures and the summary")
    add("--resume", action="store_true", help="go on with the sweep in DIR")
    add("--no-figures", action="store_true", help="no figure per claim")
    add("--workers", metavar="N", help="processes on this machine (default: the cores there are, where the work is worth it; 1 computes without Dask)")
    add("--scheduler", metavar="tcp://HOST:PORT", help="a Dask scheduler that is running already, in place of this machine")
    add("--timeout", metavar="SECONDS", help="that one cell of --notebook may take (default: 600)")
    cli_options.kernel(parser)
    parser.set_defaults(command=_sweep)


def _sweep(options: argparse.Namespace) -> int:
    from recount.sweep_folder import MANIFEST, Folder
    from recount.sweep_run import Workers

    workers = Workers(options.scheduler, _whole("--workers", options.workers, None))
    if options.scheduler and options.workers:
        raise RecountError("--workers counts processes of this machine, and --scheduler computes elsewhere: give one of the two.")
    asked = Folder(options.out).asked if options.resume and not _anything(options) else _asked(options)
    if asked is None:
        raise RecountError(f"{options.out} holds no sweep to go on with: start one without --resume.")
    if asked["kind"] == "notebook":
        from recount import sweep_notebook as kind
    else:
        from recount import sweeps as kind

    try:
        report = kind.run(kind.of(asked), options.out, workers, options.resume, asked["figures"])
    except (KeyboardInterrupt, OSError) as stopped:
        if (options.out / MANIFEST).is_file():
            cli_options.tell_going_on(stopped, f"what was finished is kept; to go on: recount sweep --resume --out {shlex.quote(str(options.out))}")
        raise
    print("\n".join(report.lines()))
    return report.exit_code


def _anything(options: argparse.Namespace) -> bool:
    """Whether anything is asked for beside going on."""
    return any((options.over, options.notebook, options.scenario, options.assumptions, options.claims, options.verdicts, options.samples, options.seed, options.no_figures, options.timeout))


def _asked(options: argparse.Namespace) -> dict:
    """The request, read strictly, as a sweep's folder keeps it."""
    from recount import sampling, scenarios, sweep, sweep_axes, sweep_notebook, sweeps

    given = cli_options.overrides(options.assumptions)
    axes = sweep_axes.read(options.over, given)
    scenario = scenarios.scenario(options.scenario or scenarios.DEFAULT).name
    if options.notebook is not None:
        unused = [name for name, value in (("--claims", options.claims), ("--verdicts", options.verdicts), ("--samples", options.samples), ("--seed", options.seed)) if value]
        if unused:
            raise RecountError(f"{unused[0]} is for sweeps of the model: a notebook shows its own claims with their verdicts.")
        found = sweep_notebook.NotebookSweep(axes, options.notebook, scenario, tuple(sorted(given.items())), _whole("--timeout", options.timeout, 600))
        return sweep_notebook.request(found, not options.no_figures)
    if options.timeout:
        raise RecountError("--timeout is for sweeps of a notebook: give --notebook too.")
    if (options.samples or options.seed) and not options.verdicts:
        raise RecountError("--samples and --seed are for --verdicts: without it nothing is drawn.")
    scenarios.check_overrides(given)
    claims = tuple(dict.fromkeys(part.strip() for part in (options.claims or "").split(",") if part.strip()))
    if options.claims is not None and not claims:
        raise RecountError("--claims names no claim: write --claims gpt-3-energy,gpt-3-carbon.")
    samples = sampling.read_count(options.samples) if options.samples else sweep.VERDICT_SAMPLES
    found = sweep.Sweep(axes, scenario, tuple(sorted(given.items())), claims, options.verdicts, samples, sampling.read_seed(options.seed or "0"))
    return sweeps.request(found, not options.no_figures)


def _whole(option: str, text: str | None, default: int | None) -> int | None:
    if text is None:
        return default
    if not text.isdecimal() or not int(text):
        raise RecountError(f"{option} '{text}' must be a whole number of at least 1.")
    return int(text)

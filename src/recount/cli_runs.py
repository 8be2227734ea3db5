"""``recount run | diff | scenarios | scenario new``: other assumptions, kept, repeated and compared."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from recount import cli_options
from recount.errors import RecountError

_RUN = """examples:
  recount run --scenario french-grid -p energy_per_parameter_token="20 pJ/parameter/token"
  recount run training_carbon --out my-run --timeout 120
  recount run --like my-run
"""
_DIFF = """A and B are each the folder of a run, the name of one in build/runs, a scenario, or 'default'.
Exit code 0: nothing differs; 1: something does; 2: refused.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands."""
    raw = argparse.RawDescriptionHelpFormatter
    run = commands.add_parser("run", help="execute notebooks, collect their claims, compare them with the default", epilog=_RUN, formatter_class=raw)
    run.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="with or without its number, such as training_energy; none means all")
    cli_options.world(run)
    cli_options.language(run)
    run.add_argument("--jobs", type=cli_options.positive, metavar="N", help="notebooks at a time (default: the cores there are)")
    run.add_argument("--out", type=Path, metavar="DIR", help="where the executed copies go (default: build/runs/…)")
    run.add_argument("--like", type=Path, metavar="DIR", help="repeat the run of a folder from what lies in it")
    run.add_argument("--force", action="store_true", help="execute even what is current")
    run.add_argument("--timeout", type=cli_options.positive, metavar="S", help="seconds that one cell may take (default: 600)")
    cli_options.kernel(run)
    run.add_argument("--no-meter", action="store_true", help="do not let CodeCarbon count the run's own energy")
    run.add_argument("--country", default="", metavar="CCC", help="where this machine stands, by three letters, for the run's own carbon")
    run.set_defaults(command=_run)

    diff = commands.add_parser("diff", help="what differs between two runs or scenarios: claims, rows, assumptions", epilog=_DIFF, formatter_class=raw)
    diff.add_argument("a", metavar="A")
    diff.add_argument("b", metavar="B", nargs="?", default="default", help="default: the claims with their own assumptions")
    diff.set_defaults(command=_diff)

    listed = commands.add_parser("scenarios", help="list the scenarios and what each changes")
    listed.add_argument("--json", action="store_true", help="print a JSON list")
    listed.set_defaults(command=_scenarios)

    scenario = commands.add_parser("scenario", help="begin a scenario of your own")
    new = scenario.add_subparsers(title="commands", metavar="new", required=True).add_parser("new", help="write a commented file in data/scenarios")
    new.add_argument("name", metavar="NAME", help="letters, digits, spaces, - _ . +")
    new.add_argument("--title", default="", metavar="TEXT")
    new.add_argument("--description", default="", metavar="TEXT")
    new.add_argument("--given", action="append", default=[], metavar="CONTEXT", help="such as grid:FRA-2023; repeat for more")
    new.add_argument("-p", action="append", default=[], dest="assumptions", metavar="NAME=VALUE", help="one assumption; repeat for more")
    new.set_defaults(command=_new)


def _run(options: argparse.Namespace) -> int:
    from recount import run_record
    from recount.project import Project
    from recount.run_folder import check_out

    if options.out:
        check_out(options.out, Project.here())
    run_record.check_country(options.country)
    if options.like:
        return _like(options)
    from recount import language

    spoken = {"language": options.language} if language.read(options.language) != "en" else {}
    return _execute(options, options.notebooks, options.scenario, spoken | cli_options.overrides(options.assumptions), options.out, Project.here())


def _execute(options: argparse.Namespace, names: list[str], scenario: str | None, overrides: dict[str, str], out: Path | None, project) -> int:
    from recount import language, runs
    from recount.run_folder import RunFolder

    folder = RunFolder(project, not options.no_meter, options.country)
    report = runs.run(
        names, scenario, overrides, options.jobs, out, force=options.force, timeout=options.timeout or runs.TIMEOUT, project=project, companion=folder,
    )  # fmt: skip
    with language.speaking(overrides.get("language", "en")):
        print("\n".join(report.lines()))
        if folder.changes is not None:
            print("\n".join(runs.difference_lines(runs.compare([c.before for c in folder.changes], folder.claims))))
        print(language.say("Open {page}", page=os.path.relpath(report.out / "index.html")))
    return report.exit_code


def _like(options: argparse.Namespace) -> int:
    """Repeat a run with the data and notebooks of its folder and today's code, and say what came out otherwise."""
    import tempfile

    from recount import language, run_inputs
    from recount.project import Project

    if options.notebooks or options.scenario or options.assumptions or options.language:
        raise RecountError("--like repeats a run as it was: give no notebook, scenario, assumption or language beside it.")
    like, here = options.like.resolve(), Project.here()
    record = run_inputs.read_record(like)
    out = (options.out or here.runs / f"like-{like.name}").resolve()
    if out == like:
        raise RecountError(f"--out '{options.out}' is the run that is to be repeated: name another folder, so that the two can be compared.")
    if told := run_inputs.differing(like, record, here):
        print(f"recount: since that run there are {'; '.join(told)}. Its own data and notebooks are used, with the present code and packages.", file=sys.stderr)
    asked = record["asked"]
    with tempfile.TemporaryDirectory(prefix="recount-like-") as place, run_inputs.unpacked(like, Path(place).resolve(), here.build) as project:
        code = _execute(options, [one["name"] for one in record["notebooks"]], asked["scenario"], asked["overrides"], out, project)
    with language.speaking(asked["overrides"].get("language", "en")):
        print(_repeated(like, out))
    return code


def _repeated(like: Path, out: Path) -> str:
    """Whether the results came out as they were."""
    from recount import comparison
    from recount.language import say

    before, after = (json.loads((folder / "results.json").read_text(encoding="utf-8")) for folder in (like, out))
    if before == after:
        return say("The results are those of {name}, to the last digit.", name=like.name)
    told = comparison.told(comparison.changes(before, after), like.name, say("the repetition"))
    tells = say("'{command}' tells.", command=f"recount diff {os.path.relpath(like)} {os.path.relpath(out)}")
    return f"{told} {tells}"


def _diff(options: argparse.Namespace) -> int:
    from recount import run_diff

    lines, differs = run_diff.told(options.a, options.b)
    print("\n".join(lines))
    return int(differs)


def _scenarios(options: argparse.Namespace) -> int:
    from recount import scenario_files

    found, broken = scenario_files.listed()
    print(json.dumps(found, ensure_ascii=False, indent=1) if options.json else scenario_files.table(found))
    for sentence in broken:
        print(f"recount: {sentence}", file=sys.stderr)
    return 1 if broken else 0


def _new(options: argparse.Namespace) -> int:
    import shlex

    from recount import scenario_files

    path = scenario_files.new(options.name, options.title, options.description, options.given, cli_options.overrides(options.assumptions))
    print(f"{os.path.relpath(path)} written: edit it, then 'recount claims --scenario {shlex.quote(path.stem)}' shows what each verdict would be.")
    return 0

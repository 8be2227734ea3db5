"""The command line: ``recount run | diff | scenarios | rerun | refresh | claims | claim | estimate | measure | sweep | check | fit | site``.

Heavy libraries are imported by the command that needs them, so that help comes at once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from recount import cli_claims, cli_estimate, cli_measure, cli_options, cli_runs, cli_sweep, language
from recount.errors import RecountError, file_sentence

_EXAMPLES = """examples:
  recount run                                         execute what is not current
  recount run training_carbon -p grid_intensity="56 gCO2e/kWh"
  recount run --like build/runs/french-grid           repeat a run from its folder alone
  recount diff french-grid polish-grid                what differs between two scenarios, or two runs
  recount claims --scenario french-grid               every claim, verdict and would-be verdict
  recount claim gpt-3-energy                          one claim, step by step with its sources
  recount claim gpt-3-energy --language fr            the same in French
  recount estimate training --parameters 70e9 --tokens 15e12 --hardware h100
  recount measure --cpu                               train a small transformer and count its energy
  recount sweep --over grid_intensity=20:800:40 --over pue=1.1,1.3,1.6 --out build/grids
  recount check                                       validate data/
  recount claim new --register my_claims.toml         a claim of your own, asked for step by step
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a refusal is one sentence on stderr and exit code 2."""
    try:
        options = _parser().parse_args(cli_claims.spelled(sys.argv[1:] if arguments is None else arguments))
        with _ended_as_by_ctrl_c(), cli_claims.register(options), cli_options.kernel_asked_for(options), language.speaking(None):
            return options.command(options)
    except RecountError as error:
        print(f"recount: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # before OSError, whose kind it is
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"recount: {file_sentence(error, cli_options.going_on(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        print(f"recount: stopped; {cli_options.going_on(stopped) or 'what was finished is kept.'}", file=sys.stderr)
        return 143 if isinstance(stopped, _Ended) else 130


class _Ended(KeyboardInterrupt):
    """The system, or whoever may, asks this process to end."""


@contextlib.contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """A request to end (SIGTERM) is taken as Ctrl-C is; a second one does not cut the tidying up short."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(*_) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise _Ended

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        print(f"recount: {message}; 'recount --help' lists what there is.", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="recount",
        description="Recompute what the press says about AI's energy, carbon and water, and say which claims hold.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    cli_runs.add(commands)

    rerun = commands.add_parser("rerun", help="one notebook with other assumptions, and what that changes")
    rerun.add_argument("notebook", metavar="NOTEBOOK")
    cli_options.language(rerun)
    rerun.add_argument("assumptions", metavar="ASSUMPTIONS", help="grid_intensity='56 gCO2e/kWh' pue='1.1 1' …, in one argument")
    cli_options.kernel(rerun)
    rerun.set_defaults(command=_rerun)

    refresh = commands.add_parser("refresh", help="re-execute the committed notebooks in place")
    refresh.add_argument("notebooks", nargs="*", metavar="NOTEBOOK")
    refresh.add_argument("--jobs", type=cli_options.positive, metavar="N")
    cli_options.kernel(refresh)
    refresh.set_defaults(command=_refresh)

    claims = commands.add_parser("claims", help="recompute every claim without a kernel and print the table")
    cli_options.world(claims)
    cli_options.samples(claims)
    cli_options.language(claims)
    claims.add_argument("--json", action="store_true", help="print a JSON list, as data/claim.schema.json describes it")
    claims.set_defaults(command=_claims)

    claim = commands.add_parser("claim", help="explain one claim: steps, values, sources, pages")
    claim.add_argument("id", metavar="ID", help="such as gpt-3-energy; 'recount claims' lists them")
    cli_options.world(claim)
    cli_options.samples(claim)
    cli_options.language(claim)
    claim.set_defaults(command=_claim)

    cli_estimate.add(commands)
    cli_measure.add(commands)
    cli_sweep.add(commands)

    check = commands.add_parser("check", help="validate everything in data/")
    check.set_defaults(command=_check)

    fit = commands.add_parser("fit", help="fit chips and the roofline anew and write data/assumptions/fitted.csv")
    fit.set_defaults(command=_fit)

    site = commands.add_parser("site", help="render the pages from the last run into build/site")
    site.add_argument("--base-url", default="", metavar="URL", help="the address that the site will have, such as https://example.org/recount")
    site.add_argument("--pyodide", metavar="DIR", help="put this Pyodide among the pages, instead of loading it from its public address")
    site.add_argument("--language", choices=["en", "fr", "all"], default="all", help="of the pages (default: each that the notebooks were run in)")
    site.set_defaults(command=_site)

    cli_claims.add(commands)
    return parser


def _rerun(options: argparse.Namespace) -> int:
    from recount import runs

    spoken = {"language": options.language} if language.read(options.language) != "en" else {}
    report, differences = runs.rerun(options.notebook, spoken | runs.assignments(options.assumptions))
    print("\n".join([*report.lines(), *([] if report.failed else runs.difference_lines(differences))]))
    return report.exit_code


def _refresh(options: argparse.Namespace) -> int:
    from recount import runs
    from recount.project import Project

    report, changed = runs.refresh(options.notebooks, options.jobs)
    if not report.failed and not options.register:
        changed += _pictures(Project.here().checkout / "site" / "static")
    print("\n".join(report.lines()[1:] + [f"files changed: {len(changed)}", *(f"  {path.name}" for path in changed)]))
    return report.exit_code


def _pictures(folder: Path) -> list[Path]:
    """Draw the README's badges and scoreboard anew; its text is kept beside it, so that a test can compare."""
    import base64
    import re

    from recount import badges, claims, figures
    from recount.project import write_whole

    view, path = figures.scoreboard(claims.recompute_all()), folder / "scoreboard.png"
    picture = base64.b64decode(re.search(r"base64,([A-Za-z0-9+/=]+)", view._repr_mimebundle_()["text/html"])[1])
    changed = not path.is_file() or path.read_bytes() != picture
    if changed:
        path.write_bytes(picture)
    changed = write_whole(folder / "scoreboard.txt", f"{view}\n") or changed
    return [*([path] if changed else []), *badges.write(folder)]


def _claims(options: argparse.Namespace) -> int:
    from recount import claims, explain
    from recount.recompute import World

    language.speak(options.language)
    results = claims.recompute_all(World.of(options.scenario, cli_options.overrides(options.assumptions)), *cli_options.drawn(options))
    if options.json:
        print(json.dumps([result.as_json() for result in results], ensure_ascii=False, indent=1))
    else:
        print(explain.scoreboard(results).text())
        print("\n" + explain.tally(results))
    return 0


def _claim(options: argparse.Namespace) -> int:
    from recount import claims, explain
    from recount.recompute import World

    language.speak(options.language)
    cli_claims.refuse_reserved(options.id)
    result = claims.recompute_claim(options.id, World.of(options.scenario, cli_options.overrides(options.assumptions)), *cli_options.drawn(options))
    print("\n\n".join(explain.whole(result)))
    return 0


def _check(options: argparse.Namespace) -> int:
    from recount import validation

    problems, warnings, told = validation.check()
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    for problem in problems:
        print(f"recount: {problem}", file=sys.stderr)
    print(told)
    return 2 if problems else 0


def _fit(options: argparse.Namespace) -> int:
    import datetime

    from recount.backtest import rows
    from recount.project import write_whole
    from recount.vocabulary import data_folder

    path = data_folder() / "assumptions" / "fitted.csv"
    kept = path.read_text(encoding="utf-8") if path.is_file() else ""
    dated = kept.splitlines()[1].split(",")[-2] if kept.count("\n") > 1 else ""
    if kept and kept == rows.text(dated):
        print(f"{path.name} is current.")
        return 0
    write_whole(path, rows.text(datetime.date.today().isoformat()))
    print(f"{path.name} written: 'recount check' and 'recount refresh' come next.")
    return 0


def _site(options: argparse.Namespace) -> int:
    from recount import browser_model, default_claims, page_backtests, page_claims, page_finish, page_notebooks, pages
    from recount.project import Project

    pages.address(options.base_url)  # refused before anything is computed
    project = Project.here()
    executed = {one: [path for path in (folder / known.name for known in project.all_notebooks()) if path.is_file()] for one, folder in page_notebooks.folders(project).items()}
    if not any(executed.values()):
        raise RecountError("there is nothing to render yet: 'recount run' executes the notebooks first.")
    languages = [one for one, paths in executed.items() if paths and options.language in (one, "all")]
    if not languages:
        raise RecountError(f"no notebook was run in that language yet: 'recount run --language {options.language}' does it.")
    found, out = default_claims.whole(project), project.build / "site"
    standing = [one for one in executed if one in languages or (out / one / "index.html").is_file()]
    backtests = page_backtests.kept(project)
    for one in languages:
        beside = [other for other in standing if other != one]
        notebooks = page_notebooks.either(executed, one)
        index = pages.build(found["results"], notebooks, out, details=page_claims.kept(project, one), language=one, base_url=options.base_url, beside=beside, backtests=backtests)
    pages.together(index.parent, standing)
    browser_model.write(index.parent / "_static", options.pyodide)
    print(f"{found['told']}\n\nOpen {cli_claims.path_told(index)}")
    for one in executed.keys() - set(standing):
        print(f"The other language, {page_finish.NAMES[one]}, comes with 'recount run{'' if one == 'en' else f' --language {one}'}' and 'recount site'.")
    return 0

"""The notebook of one claim, made from its entry: what the data know is filled in, the rest asks to be written."""

from __future__ import annotations

import collections
import os
import re
import shlex
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recount import claims, execution, freshness, in_browser, own_register, own_rows, register, sampling
from recount.assumptions import split_reference
from recount.claims import Result
from recount.contexts import called
from recount.errors import RecountError
from recount.language import say
from recount.page_views import bibliography
from recount.project import Project
from recount.vocabulary import data_folder, known
from recount.wording import label

if TYPE_CHECKING:
    from nbformat import NotebookNode

PRIMARY = {
    "energy_per_parameter_token": "20 pJ/parameter/token",
    "grid_intensity": "56 gCO2e/kWh",
    "water_intensity": "4 L/kWh",
}
_RELATIONS = {
    "equals": "as it stands", "about": "with an *about*", "nearly": "with a *nearly*", "more_than": "as a lower bound", "at_least": "as a lower bound",
    "less_than": "as an upper bound", "up_to": "as an upper bound",
}  # fmt: skip
_STRENGTHS = ("measured", "declared", "standard", "estimate", "guess", "given")
_WRITE = "**Write here:**"
_TIMEOUT = 600


def new(identifier: str, out: str | None = None) -> tuple[Path, list[str]]:
    """Write a claim's notebook, executed; nothing is written unless every cell runs.

    Parameters
    ----------
    out : folder to write into; by default the notebooks of the register that the claim stands in.

    Raises
    ------
    RecountError : an unknown claim, a notebook that exists, a name or folder that leads astray, a cell that fails.
    """
    in_browser.refuse(say("A notebook that is executed by a command"))
    claim, project = register.claim(identifier), Project.here()
    result = claims.recompute_claim(identifier)
    path = _path(claim, project, out)
    with tempfile.TemporaryDirectory(prefix="recount-") as scratch:
        source, target = Path(scratch) / path.name, Path(scratch) / "executed" / path.name
        target.parent.mkdir()
        execution.write(source, notebook(result, path.parent))
        job = execution.Job(source, freshness.notebook_hash(source), target, {}, {}, project.root, _TIMEOUT)
        done = execution.execute(job)
        if done.error:
            raise RecountError(f"the notebook of '{identifier}' does not run, so none is written: {done.error}")
        try:
            execution.write(path, execution.read_executed(target))
        except FileExistsError:
            raise RecountError(f"{path.parent} is a file: name a folder for the notebook.") from None
    options = _options()
    told = [say("{name}: {count} places ask to be written ({mark} …).", name=path.stem, count=len(prompts(path)), mark=_WRITE.strip("*"))]
    if path.parent == project.notebooks:
        told.append(say("Next: 'recount run {name}{options}', then 'recount site{options}'.", name=path.stem, options=options))
    return path, told


def prompts(path: Path) -> list[str]:
    """The places of a notebook that ask to be written."""
    cells = execution.read_executed(path).cells
    return [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.splitlines() if _WRITE in line]


def _path(claim: register.Claim, project: Project, out: str | None) -> Path:
    if not re.fullmatch(r"\w[\w .-]*", claim.notebook):
        raise RecountError(f"claim {claim.id}: notebook '{claim.notebook}' must be a plain name without folders, such as {claim.id.replace('-', '_')}.")
    if out is None:
        path = project.notebooks / f"{claim.notebook}.ipynb"
        if path.exists():
            raise RecountError(f"notebook '{claim.notebook}' exists already: add the claim to it, or write a draft elsewhere with --out FOLDER.")
        return path
    folder = Path(out)
    if not out.strip() or folder.exists() and not folder.is_dir():
        raise RecountError(f"--out '{out}' must be a folder: give a new or an existing one.")
    if not folder.is_absolute() and not folder.resolve().is_relative_to(Path.cwd().resolve()):
        raise RecountError(f"--out '{out}' leads out of this folder: give a folder below it, or the full path {folder.resolve()}.")
    taken = (project.notebooks / f"{claim.notebook}.ipynb").exists()
    path = folder.resolve() / f"{claim.id.replace('-', '_') if taken else claim.notebook}.ipynb"
    if path.exists():
        raise RecountError(f"{out}/{path.name} exists already: move it away or give another folder.")
    return path


def notebook(result: Result, folder: Path) -> NotebookNode:
    """The notebook of a claim, not yet executed, as it will stand in a folder."""
    import nbformat

    found = nbformat.v4.new_notebook()
    one, figure = result.claim, result.taken
    text = lambda source: found.cells.append(nbformat.v4.new_markdown_cell(source))  # noqa: E731

    def code(source: str, *tags: str) -> None:
        found.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {}))

    text(_opening(result))
    code("from recount import figures\nfrom recount.study import Study" if figure else "from recount.study import Study")
    own = _own(folder)
    assumed = _assumed(result)
    code(_parameters(assumed, own), "parameters")
    code(_study(assumed, own))
    text(_claim(result))
    code(f'study.claim("{one.id}")')
    if figure and not one.counts:
        text(_assumptions(result))
        code(f'study.assumptions("{one.id}")')
        text(_steps(result))
        code(f'study.steps("{one.id}")')
    if one.counts:
        text(f"## What is counted\n\nEach member, and whether it counts.\n\n{_WRITE} what could be missing from this list.")
        code(f'study.members("{one.id}")')
    text("## Printed against recomputed\n\nThe table sets the printed figure against each route; below it stands the verdict, and then the one line that the tests compare.")
    code(f'study.compare("{one.id}")')
    code(f'study.check("{one.id}")', "nbval-check-output")
    text(f"{_WRITE} the verdict in your own words, without its digits: they move with the assumptions. Had somebody misplaced a digit, would this have shown it?")
    if figure and figure.drivers.of:
        text("## What drives it")
        code(f'figures.tornado(study, "{one.id}")')
        text(
            "*Figure: how far the figure moves when one assumption goes over its range and the others stay; the dashed line is the printed figure, the shares are of the variance.*"
            f"\n\n{_WRITE} what one would have to measure to know better."
        )
    if figure and result.conditions:
        text("## What would have to be true\n\nFor each assumption alone, the value at which the printed figure comes out, and what in the data has such a value.")
        code(f'study.would_hold("{one.id}")')
        text(f"{_WRITE} whether one of these is so, and how a reader could find out.")
    text("\n\n".join([_unsettled(result), _exercises(result, own), _sources(result)]))
    for position, cell in enumerate(found.cells):
        cell.id = f"c{position + 1:02d}"
    found.metadata = nbformat.from_dict(execution._METADATA)
    return found


def _opening(result: Result) -> str:
    one, article = result.claim, register.articles()[result.claim.article]
    figure = result.taken or result.actually
    about = label(figure.route.operands[0].name) if figure and figure.route.operands[0].name and not figure.route.combine else ""
    title = f"{about[:1].upper()}{about[1:]}: is it {result.printed_text}?" if about else f"Is it so? {_plain(one.statement)}"
    when = f", {article.published}" if article.published else ""
    return (
        f"# {title}\n\n{article.name} (*{one.article}*{when}) prints {result.printed_text}. "
        f"{_WRITE} what the reader will be able to judge afterwards, and on which of the three primary assumptions (energy per parameter-token, grid intensity, water intensity) it turns."
    )


def _plain(text: str) -> str:
    """A statement without its full stop, as a heading, with nothing that Markdown would read."""
    return re.sub(r"([\\`*_{}\[\]$#|~^<>])", r"\\\1", text.strip().rstrip("."))


def _own(folder: Path) -> dict[str, str]:
    """How a notebook in a folder finds the register and rows that are not ours."""
    found = {}
    for name, path in (("register", own_register.register()), ("data", own_register.data())):
        if path:
            found[name] = Path(os.path.relpath(path, folder)).as_posix()
            if re.search(r'["=\\]', found[name]):
                raise RecountError(f"'{found[name]}' has a quote, an equals sign or a backslash in it, which a notebook's parameters cannot hold: name it otherwise.")
    return found


def _assumed(result: Result) -> dict[str, str]:
    """What a reader may set: the three primary assumptions and every uncertain one of the route, each with an example."""
    found = dict(PRIMARY)
    for assumption in result.taken.plan.assumptions if result.taken else ():
        if known(assumption.name) and sampling.uncertain(assumption):
            found.setdefault(assumption.name, assumption.text.removesuffix(" 1"))
    return found


def _parameters(assumed: dict[str, str], own: dict[str, str]) -> str:
    lines = ['scenario: str = "as-published"  # a name of data/scenarios']
    lines += [f'{name}: str = ""  # e.g. {example}; empty keeps the claim\'s own' for name, example in assumed.items()]
    lines.insert(1 + len(PRIMARY), 'language: str = "en"  # en, or fr for French')
    what = {"register": "the register that the claim stands in", "data": "the rows beside those of recount"}
    return "\n".join([*lines, *(f'{name}: str = "{path}"  # {what[name]}, seen from this folder' for name, path in own.items())])


def _study(assumed: dict[str, str], own: dict[str, str]) -> str:
    listed = textwrap.fill(", ".join(f"{name}={name}" for name in assumed), 140, initial_indent="assumed = dict(", subsequent_indent="    ", break_on_hyphens=False)
    return f"{listed})\nstudy = Study(scenario, language=language, **assumed{''.join(f', {name}={name}' for name in own)})"


def _claim(result: Result) -> str:
    one = result.claim
    told = [f"## {_plain(one.statement)}", f"So it stands there, in other words than ours; the figure is taken {_RELATIONS.get(one.relation, 'as it stands')}."]
    told.append(f"Boundary: {one.boundary}." if one.boundary else f"{_WRITE} the boundary: what the figure takes in and leaves out.")
    traced = f"Its primary source is `{one.source}`, {one.locator}." if one.source else f"No primary source was found (looked for in: {one.searched})."
    return "\n\n".join([*told, f"{traced} *Not claimed:* {_WRITE} what a hasty reader would take from it though it is not said."])


def _assumptions(result: Result) -> str:
    route = result.taken.route
    strengths = collections.Counter(a.strength for a in result.taken.plan.assumptions)
    counted = ", ".join(f"{strengths[s]} {s}" for s in _STRENGTHS if strengths[s])
    contexts = dict.fromkeys(called(split_reference(c)[0]) for c in route.given if not c.startswith("claim:"))
    drawn = f" It draws on {'; '.join(contexts)}." if contexts else ""
    count = sum(strengths.values())
    return f"## From the assumptions\n\nThe route takes {count} assumption{'' if count == 1 else 's'}, by strength: {counted}.{drawn} Each with its range, source and page:"


def _steps(result: Result) -> str:
    steps = list({step.name: step for planned in result.taken.plan.operands for step in planned.steps}.values())
    defined = [(label(step.name), entry.definition) for step in steps if (entry := known(step.name))]
    bullets = "\n".join(f"- *{name}*: {definition}" for name, definition in defined)
    told = f"What each step is, and its boundary:\n\n{bullets}\n\n" if bullets else ""
    return f"{_WRITE} which of them you would doubt first.\n\n## Step by step\n\n{told}One formula a line, with the values above:"


def _unsettled(result: Result) -> str:
    weak = [a for a in (result.taken.plan.assumptions if result.taken else []) if not a.strong]
    lines = [f"- Whether the {label(a.name)} is right: it is {_article(a.strength)}{', not measured' if a.strength != 'measured' else ''}." for a in {a.name: a for a in weak}.values()]
    return "\n".join(["## What this does not settle", "", *lines, f"- {_WRITE} what a reader should not conclude from the verdict."])


def _article(strength: str) -> str:
    return f"{'an' if strength[0] in 'aeiou' else 'a'} {strength}"


def _exercises(result: Result, own: dict[str, str]) -> str:
    used = {step for planned in (result.taken.plan.operands if result.taken else ()) for s in planned.steps for step in (s.name, *s.needs)}
    name = next((one for one in ("water_intensity", "grid_intensity", "energy_per_parameter_token") if one in used), "scenario")
    value = PRIMARY.get(name, "french-grid")
    command = f"recount rerun {shlex.quote(result.claim.notebook)} \"{name}='{value}'\"{_options(short=True)}"
    return (
        f"## Exercises\n\n1. Run again with another assumption: `{command}`. Does the verdict change, and why?\n"
        "2. Take the assumption that drives the figure most and look for a better source for it. Which row would you add?\n"
        "3. Rewrite the printed sentence so that every word of it can be defended."
    )


def _options(short: bool = False) -> str:
    found = ""
    for option, path in (("--register", own_register.register()), ("--data", own_register.data())):
        if path:
            below = path.is_relative_to(Path.cwd()) and not short
            found += f" {option} {shlex.quote(os.path.relpath(path) if below else path.name if short else str(path))}"
    return found


def _sources(result: Result) -> str:
    own = own_rows.sources_file()
    entries = bibliography(data_folder() / "sources.bib") | (bibliography(own) if own else {})
    rows = [a.row for a in (result.taken.plan.assumptions if result.taken else []) if a.row]
    article = register.articles()[result.claim.article].source
    pages: dict[str, list[str]] = {key: [] for key in (article, result.claim.source) if key}
    for key, locator in [(result.claim.source, result.claim.locator), *((row.source, row.locator) for row in rows)]:
        if key and locator not in pages.setdefault(key, []):
            pages[key].append(locator)
    return "\n".join(["## Sources", "", *(_cited(key, places, entries) for key, places in pages.items())] if pages else ["## Sources", "", f"{_WRITE} what you read."])


def _cited(key: str, places: list[str], entries: dict[str, Any]) -> str:
    entry = entries.get(key)
    what = f"{entry.label}, *{_plain(entry.title)}*" if entry else "not in the bibliography yet"
    return f"- `{key}`: {what}{''.join(f', {place}' for place in places)}."

"""Everything that can be wrong in ``data/``, found in one pass and said in plain sentences."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from pathlib import Path

from recount import assumptions, claims, graph, own_register, own_rows, records, register, scenarios, vocabulary
from recount.backtest import cases
from recount.errors import RecountError, nearest
from recount.vocabulary import data_folder


def check(today: datetime.date | None = None) -> tuple[list[str], list[str], str]:
    """Validate rows, records, sources, claims and scenarios.

    Returns
    -------
    (problems, warnings, summary) : sentences; no problem means that every claim computes.
    """
    # Every row, claim and scenario leans on the vocabulary: while it is broken, all they would say follows from it.
    problems = _reading(vocabulary.quantities, vocabulary.kinds)
    if problems:
        return problems, [], _told(problems)
    problems = _reading(assumptions.default_contexts, assumptions.load, records.load, register.load, cases.runs, cases.answers, cases.measured, *_scenario_readers())
    problems = list(dict.fromkeys(problems + ([] if own_register.name() else package_problems())))
    if problems:
        return problems, [], _told(problems)
    own = own_register.name()
    problems = source_problems() + reference_problems() + ([] if own else vocabulary_problems() + notebook_problems() + cases.problems())
    if not problems:
        for identifier in register.shown():
            try:
                claims.recompute_claim(identifier, count=1024)
            except RecountError as error:
                problems.append(str(error))
        if not own:
            from recount import methods  # after all it rests on has been found sound

            problems += methods.problems()
    stale = assumptions.past_review(today or datetime.date.today())
    warnings = [f"{row.place}: its date to look again, {row.review_by}, has passed." for row in stale]
    if own:
        warnings += notebook_problems()
    if problems:
        return problems, warnings, _told(problems)
    if own:
        return [], warnings, own_told()
    counts = (
        f"{len(assumptions.load().rows)} rows, {len(records.load())} records, {len(register.load())} claims, "
        f"{len(bibliography())} sources, {len(scenarios.names())} scenarios"
    )
    return [], warnings, f"{data_folder().name}/: {counts}, no problem found"


def _reading(*parts: Callable[[], object]) -> list[str]:
    """What is wrong with files that cannot be read as they should."""
    problems: list[str] = []
    for part in parts:
        try:
            part()
        except RecountError as error:
            problems += error.problems
        except OSError as error:
            problems.append(f"{error.filename} cannot be read: {error.strerror}.")
    return problems


def _told(problems: list[str]) -> str:
    return f"{_number(len(problems), 'problem')} in {' and '.join(_where())}"


def own_told() -> str:
    """What there is of one's own, all of it sound."""
    counts = [_number(len(register.shown()), "claim")] if own_register.register() else []
    if own_register.data():
        own = own_rows.sources_file()
        counts += [_number(len(own_rows.own()), "row"), _number(len(bibliography(own)) if own else 0, "source")]
    return f"{' and '.join(_where())}: {', '.join(counts)}, no problem found"


def _where() -> list[str]:
    own, rows = own_register.register(), own_register.data()
    return [*([own.name] if own else []), *([f"{rows.name}/"] if rows else [])] or [f"{data_folder().name}/"]


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def reference_problems() -> list[str]:
    """Faults of claims that show only against the rows: unknown contexts and quantities."""
    known, contexts, problems = vocabulary.quantities(), assumptions.load().contexts(), []
    for one in register.load().values():
        for route in [*one.routes, *([one.actually.route] if one.actually and one.actually.route else [])]:
            for operand in route.operands:
                if operand.name and operand.name not in known:
                    problems.append(f"claim {one.id}: '{operand.name}' is not a quantity: {nearest(operand.name, known)}")
                for context in operand.given:
                    if not context.startswith("claim:") and (plain := assumptions.split_reference(context)[0]) not in contexts:
                        problems.append(f"claim {one.id}: context '{context}' is not in the data: {nearest(plain, contexts)}")
    return problems


def notebook_problems() -> list[str]:
    """Claims whose notebook does not exist (of ours looked at only where there are notebooks)."""
    own = own_register.register()
    folder = (own or data_folder()).parent / "notebooks"
    there = {path.stem for path in folder.glob("*.ipynb")}
    told = {claim.id: claim.notebook for claim in register.shown().values()} if there or own else {}
    if own:
        return [f"claim {name}: notebook '{notebook}' is not there yet: 'recount notebook new {name}' makes it." for name, notebook in told.items() if notebook not in there]
    return [f"claim {name}: notebook '{notebook}' does not exist: {nearest(notebook, there)}; 'recount notebook new {name}' makes it." for name, notebook in told.items() if notebook not in there]


def _scenario_readers():
    return [lambda n=name: scenarios.scenario(n) for name in scenarios.names()]


def vocabulary_problems() -> list[str]:
    """Names that formulas use and the vocabulary lacks, and names that neither formula nor row uses."""
    known, used = set(vocabulary.quantities()), set(graph.all_names())
    told = {row.name for row in assumptions.load().rows}
    return [f"quantities.csv lacks '{name}', which the model uses." for name in sorted(used - known)] + [
        f"quantities.csv has '{name}', which no formula and no row uses." for name in sorted(known - used - told)
    ]


def bibliography(path: Path | None = None) -> dict[str, dict[str, str]]:
    """Every entry of ``sources.bib``, ours or another: its fields by name, in lower case."""
    from pybtex.database import parse_file
    from pybtex.exceptions import PybtexError

    path = path or data_folder() / "sources.bib"
    try:
        entries = parse_file(str(path), bib_format="bibtex", encoding="utf-8").entries
    except (PybtexError, UnicodeDecodeError) as error:
        raise RecountError(f"{path.name} is not readable BibTeX: {error}.") from None
    return {key: {name.lower(): value for name, value in entry.fields.items()} for key, entry in entries.items()}


def source_problems() -> list[str]:
    """Keys that do not resolve, sources nothing uses, and sources without address or date read."""
    try:
        ours, own_file = bibliography(), own_rows.sources_file()
        own = bibliography(own_file) if own_file else {}
    except RecountError as error:
        return [str(error)]
    entries, checked = ours | own, own if own_register.name() else ours
    used = {row.source: row.place for row in assumptions.load().rows}
    used |= {record.source: f"record {record.key}" for record in records.load().values()}
    used |= {claim.source: f"claim {claim.id}" for claim in register.load().values() if claim.source}
    used |= {article.source: f"article {name}" for name, article in register.articles().items() if article.source}
    problems = [f"{place}: the source '{key}' is not in sources.bib." for key, place in used.items() if key not in entries]
    problems += [f"sources.bib: '{key}' is used by nothing." for key in sorted(set(checked) - set(used))]
    problems += [f"sources.bib: '{key}' is a source of ours too; name yours otherwise, or leave it out to cite ours." for key in sorted(set(ours) & set(own))]
    for key, fields in checked.items():
        if not (fields.get("url") or fields.get("doi") or fields.get("howpublished")):
            problems.append(f"sources.bib: '{key}' has neither a DOI nor a URL, nor says in howpublished why not.")
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", fields.get("urldate", "")):
            problems.append(f"sources.bib: '{key}' lacks the date it was read (urldate = {{2026-11-21}}).")
    return problems


def package_problems() -> list[str]:
    """What Frictionless says of the data package: missing files, wrong columns, wrong types."""
    from frictionless import Package, system

    folder = data_folder()
    if not (folder / "datapackage.json").is_file():
        return [f"{folder.name}/datapackage.json does not exist."]
    with system.use_context(trusted=True):
        package = Package(str(folder / "datapackage.json"))
        report = package.validate()
        found = [
            f"{task.place}: {error.message}" for task in report.tasks for error in task.errors
        ] + [str(error.message) for error in report.errors]
        listed = {resource.path for resource in package.resources}
    there = {str(path.relative_to(folder)) for pattern in ("*.csv", "assumptions/*.csv", "backtests/*.csv") for path in folder.glob(pattern)}
    return found + [f"datapackage.json does not describe {path}." for path in sorted(there - listed)]

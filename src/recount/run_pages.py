"""The pages of one run: each a file that asks for nothing outside itself and needs no script."""

from __future__ import annotations

import base64
import os
import shlex
from pathlib import Path
from typing import Any

from recount import comparison, own_register, page_views as views
from recount.comparison import Change, would_be
from recount.pages import SITE
from recount.project import write_whole
from recount.run_inputs import COMPARISON, INDEX


def write(folder: Path, record: dict[str, Any], claims: list[dict[str, Any]], rows: list[dict[str, str]], found: list[Change] | None) -> None:
    """Write a run's page, and where it changes anything the page that compares it with the default.

    Parameters
    ----------
    record : what ``run.json`` holds.
    claims : what ``results.json`` holds.
    rows : the rows of data that were used.
    found : the claims beside their default; nothing in a run by default.
    """
    from recount import run_record

    title = title_of(record)
    failed = sum(one["state"] == "failed" for one in record["notebooks"])
    told = comparison.told(found, "the default", "this run") if found is not None else f"{_counted(len(claims), 'claim')} from {_counted(len(record['notebooks']), 'notebook')}, each with its own assumptions."
    told += f" {failed} of the notebooks failed: what they would show is missing here." if failed else ""
    tally = views.by_verdict([{"verdict": would_be(claim)} for claim in claims])
    if found is None:
        (folder / COMPARISON).unlink(missing_ok=True)
    else:
        moved = [change for change in found if change.moved]
        still = sorted((change for change in found if not change.moved), key=lambda change: change.id)
        page = _fill(COMPARISON, title=f"{title}, against the default", record=record, told=told, moved=moved, still=still, picture=_picture(found))
        write_whole(folder / COMPARISON, page)
    took = run_record.told(record["took"]) if record.get("took") else []
    page = _fill(INDEX, title=title, record=record, claims=claims, tally=tally, told=told, rows=rows, took=took, like=like_of(folder), command=command_of(record))
    write_whole(folder / INDEX, page)


def title_of(record: dict[str, Any]) -> str:
    """What a run is called: its scenario and what was typed."""
    asked = record["asked"]
    typed = {name: value for name, value in asked["overrides"].items() if name != "language"}
    french = ", in French" if asked["overrides"].get("language") == "fr" else ""
    if not asked["scenario"] and not typed:
        return f"The claims with their own assumptions{french}"
    from recount.wording import label

    scenario = [record["scenario"]["title"]] if record["scenario"] else []
    return ", ".join([*scenario, *(f"{label(name)} = {value}" for name, value in typed.items())]) + french


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def like_of(folder: Path) -> str:
    """The command that repeats the run of a folder, typed from where the run was."""
    return shlex.join(["recount", "run", "--like", _from_here(folder) or str(folder.resolve())])


def _from_here(path: Path) -> str:
    return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else ""


def command_of(record: dict[str, Any]) -> str:
    """The command that asks for the same with today's data."""
    asked = record["asked"]
    words = ["recount", "run", *asked["notebooks"]]
    words += ["--scenario", asked["scenario"]] if asked["scenario"] else []
    for name, value in asked["overrides"].items():
        words += ["--language", value] if name == "language" else ["-p", f"{name}={value}"]
    for option, path in (("--register", own_register.register()), ("--data", own_register.data())):
        words += [option, _from_here(path) or path.name] if path else []
    return shlex.join(words)


def _picture(found: list[Change]):
    from recount import figure_change

    if not figure_change.drawable(found):
        return ""
    return views.Markup(figure_change.moved(found)._repr_mimebundle_()["text/html"])


def _fill(template: str, **known: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(SITE / "runs"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {name: getattr(views, name) for name in ("badge", "interval", "strip", "times")}
    styles = "\n".join((SITE / where).read_text(encoding="utf-8") for where in ("static/recount.css", "runs/run.css"))
    icon = base64.b64encode((SITE / "static" / "favicon.svg").read_bytes()).decode()
    return environment.get_template(template).render(page=template, styles=views.Markup(styles), icon=icon, **known)

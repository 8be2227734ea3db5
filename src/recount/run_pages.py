"""The pages of one run: each a file that asks for nothing outside itself and needs no script."""

from __future__ import annotations

import base64
import os
import shlex
import tomllib
from pathlib import Path
from typing import Any

from recount import claim_told, comparison, language as spoken, own_register, page_finish, page_views as views
from recount.comparison import Change, would_be
from recount.language import say, say_counted
from recount.page_text import SITE
from recount.project import write_whole
from recount.run_inputs import COMPARISON, INDEX
from recount.units import trimmed
from recount.wording import in_words, label


def write(folder: Path, record: dict[str, Any], claims: list[dict[str, Any]], rows: list[dict[str, str]], found: list[Change] | None) -> None:
    """Write a run's page, and where it changes anything the page that compares it with the default, in the language of the run.

    Parameters
    ----------
    record : what ``run.json`` holds.
    claims : what ``results.json`` holds.
    rows : the rows of data that were used.
    found : the claims beside their default; nothing in a run by default.
    """
    with spoken.speaking(record["asked"]["overrides"].get("language", "en")):
        if spoken.french():
            claims = [claim_told.told(claim) for claim in claims]
            found = found and [Change(claim_told.told(change.before), claim_told.told(change.after)) for change in found]
        _write(folder, record, claims, rows, found)


def _write(folder: Path, record: dict[str, Any], claims: list[dict[str, Any]], rows: list[dict[str, str]], found: list[Change] | None) -> None:
    from recount import run_record

    title, compared = title_of(record), found is not None
    told = comparison.told(found) if compared else say(
        "{claims} from {notebooks}, each with its own assumptions.",
        claims=say_counted("{count} claim", "{count} claims", len(claims)), notebooks=say_counted("{count} notebook", "{count} notebooks", len(record["notebooks"])),
    )  # fmt: skip
    if failed := sum(one["state"] == "failed" for one in record["notebooks"]):
        told += " " + say_counted("{count} of the notebooks failed: what it would show is missing here.", "{count} of the notebooks failed: what they would show is missing here.", failed)
    tally = views.by_verdict([{"verdict": would_be(claim)} for claim in claims])
    if not compared:
        (folder / COMPARISON).unlink(missing_ok=True)
    else:
        moved = [change for change in found if change.moved]
        still = sorted((change for change in found if not change.moved), key=lambda change: change.id)
        page = _fill(
            COMPARISON, title=say("{title}, against the default", title=title), compared=True, record=record, told=told, moved=moved, still=still, picture=_picture(found),
        )  # fmt: skip
        write_whole(folder / COMPARISON, page)
    took = run_record.told(record["took"]) if record.get("took") else []
    page = _fill(
        INDEX, title=title, compared=compared, record=record, claims=claims, tally=tally, told=told, rows=rows, took=took, like=like_of(folder), command=command_of(record),
    )  # fmt: skip
    write_whole(folder / INDEX, page)


def title_of(record: dict[str, Any]) -> str:
    """What a run is called: its scenario and what was typed."""
    typed = {name: value for name, value in record["asked"]["overrides"].items() if name != "language"}
    if not record["asked"]["scenario"] and not typed:
        return say("The claims with their own assumptions")
    scenario = [_scenario(record["scenario"])] if record["scenario"] else []
    return spoken.capital(", ".join([*scenario, *(f"{label(name)} = {value}" for name, value in typed.items())]))


def _scenario(scenario: dict[str, str]) -> str:
    """What a scenario is called, by the file as it was."""
    return spoken.either(scenario["title"], tomllib.loads(scenario["text"].removeprefix("\ufeff")).get("title_fr", "") if spoken.french() else "")


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
    return views.Markup(figure_change.moved(found, (say("default"), say("this run")))._repr_mimebundle_()["text/html"])


def _fill(template: str, **known: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(SITE / "runs"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {name: getattr(views, name) for name in ("digits", "interval", "strip", "times", "unit")}
    environment.filters |= {"badge": lambda verdict, count=None: views.badge(verdict, say, count), "number": lambda value: trimmed(value, 6), "in_words": in_words, "of_data": spoken.of_data}
    environment.filters |= {"in_english": _in_english, "of_row": views.of_row}
    environment.globals |= {"say": _said, "say_counted": _said_counted}
    styles = "\n".join((SITE / where).read_text(encoding="utf-8") for where in ("static/recount.css", "runs/run.css"))
    icon = base64.b64encode((SITE / "static" / "favicon.svg").read_bytes()).decode()
    page = environment.get_template(template).render(page=template, language=spoken.current(), styles=views.Markup(styles), icon=icon, **known)
    return page_finish.spoken(page, spoken.current())


def _said(text: str, **fields: Any) -> views.Markup:
    """A message within a page, in an attribute too: its own tags stand, what fills it is escaped."""
    told = views.Markup(page_finish.typeset(say(text)) if spoken.french() else text)
    return told.format(**fields) if fields else told


def _said_counted(one: str, many: str, count: int, **fields: Any) -> views.Markup:
    return views.Markup(say_counted(one, many, count, **fields))


def _in_english(text: str) -> views.Markup | str:
    """What stands in English on a page of any language, such as what went wrong: the page says that it is."""
    return views.Markup('<span lang="en">{}</span>').format(text) if text and spoken.french() else text

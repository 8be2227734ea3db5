"""What a request asks for, as jobs: names and values are checked here, before anything is written."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from recount import freshness, language
from recount.errors import RecountError, nearest
from recount.execution import Job, parameters
from recount.project import Project


def assignments(text: str) -> dict[str, str]:
    """Read ``name='value with spaces' other=value``, quoted as in a shell.

    >>> assignments("grid_intensity='56 gCO2e/kWh' scenario=swedish-grid")
    {'grid_intensity': '56 gCO2e/kWh', 'scenario': 'swedish-grid'}
    """
    try:
        words = shlex.split(text)
    except ValueError:
        raise RecountError(f"{text!r} has a quote that is not closed: write name='value' name='value'.") from None
    found: dict[str, str] = {}
    for word in words:
        name, mark, value = word.partition("=")
        if not mark or not name.strip():
            raise RecountError(f"{word!r} is not an assumption: write name='value with its unit', with the quotes.")
        if name.strip() in found:
            raise RecountError(f"'{name.strip()}' is given twice: give it once.")
        found[name.strip()] = value.strip()
    return found


def plan(
    project: Project,
    names: Iterable[str] = (),
    scenario: str | None = None,
    overrides: Mapping[str, str] | None = None,
    out: Path | None = None,
    timeout: int = 600,
) -> list[Job]:
    """Turn a request into jobs, one per notebook, or refuse it."""
    sources = sorted({project.notebook(name) for name in names}) or project.all_notebooks()
    if not sources:
        raise RecountError(f"{project.notebooks} holds no notebooks.")
    written = {source: freshness.notebook_hash(source) for source in sources}
    asked = _asked(scenario, overrides or {})
    known = {source: parameters(source) if asked else {} for source in sources}
    _refuse_unknown(asked, known)
    _refuse_unreadable(asked)
    folder = _folder(project, out) if out else project.runs / folder_name(asked)
    return [
        Job(source, written[source], folder / source.name, {k: v for k, v in asked.items() if k in known[source]}, asked, project.root, timeout)
        for source in sources
    ]


def _asked(scenario: str | None, overrides: Mapping[str, str]) -> dict[str, str]:
    """What is to differ from the default, by parameter name."""
    asked = {name: str(value) for name, value in overrides.items() if value != ""}
    if "language" in asked and language.read(asked["language"]) == "en":
        del asked["language"]
    if scenario and "scenario" in asked:
        raise RecountError("the scenario is given twice: give it once.")
    chosen = scenario or asked.pop("scenario", None)
    if not chosen:
        return asked
    from recount import scenarios

    return asked if chosen == scenarios.DEFAULT else {"scenario": chosen} | asked


def _folder(project: Project, out: Path) -> Path:
    """Where the user wants the copies; not where they would replace what is kept."""
    folder = out.resolve()
    if folder.exists() and not folder.is_dir():
        raise RecountError(f"{out} is a file: name a folder for the executed copies.")
    if folder == project.notebooks.resolve():
        raise RecountError(f"{out} holds the notebooks themselves: name another folder, or re-execute them in place with 'recount refresh'.")
    return folder


def _refuse_unknown(asked: Iterable[str], known: Mapping[Path, Mapping[str, str]]) -> None:
    every = {name for found in known.values() for name in found}
    for name in asked:
        if name not in every:
            whose = f"notebook {next(iter(known)).stem}" if len(known) == 1 else "any of these notebooks"
            raise RecountError(f"'{name}' is not a parameter of {whose}: {nearest(name, every)}")


def _refuse_unreadable(asked: Mapping[str, str]) -> None:
    """Check the scenario, and every value whose name is one of the model's."""
    if not asked:
        return
    from recount import scenarios, vocabulary

    if "scenario" in asked:
        scenarios.scenario(asked["scenario"])
    known = vocabulary.quantities()
    scenarios.check_overrides({name: value for name, value in asked.items() if name in known})


def folder_name(asked: Mapping[str, str]) -> str:
    """Name a run by what it changes.

    >>> folder_name({}), folder_name({"scenario": "swedish-grid", "water_intensity": "4 L/kWh"})
    ('default', 'swedish-grid+water_intensity=4-L-per-kWh')
    >>> folder_name({"language": "fr"}), folder_name({"language": "fr", "scenario": "swedish-grid"})
    ('default-fr', 'swedish-grid-fr')
    """
    if "language" in asked:
        return f"{folder_name({name: value for name, value in asked.items() if name != 'language'})}-{asked['language']}"
    parts = [value if name == "scenario" else f"{name}={value}" for name, value in sorted(asked.items())]
    name = re.sub(r"[^\w.=+-]+", "-", "+".join(parts).replace("/", "-per-")).strip(".-")
    if len(name.encode()) > 120:  # two long requests may begin alike, and a file's name has an end
        short = hashlib.sha256("+".join(parts).encode()).hexdigest()[:8]
        name = f"{name.encode()[:110].decode(errors='ignore')}-{short}"
    return name or "default"

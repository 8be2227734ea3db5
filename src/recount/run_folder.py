"""What stands in a run's folder beside the notebooks: results, inputs, a record, and the pages.

``run.json`` is written last and taken away before kernels start, so a folder without it holds
no finished run. Only it and the run's page tell times; all else is the same for the same inputs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recount import comparison, default_claims, freshness, results, run_inputs, run_pages
from recount.comparison import Change
from recount.errors import RecountError
from recount.execution import Job
from recount.project import Project, write_whole
from recount.run_inputs import RECORD, SCHEMA_VERSION

RESULTS_TABLE = "results.parquet"
_OURS = {"results.json", RESULTS_TABLE, run_inputs.INPUTS, RECORD, run_inputs.INDEX, run_inputs.COMPARISON}
# Folders of a checkout that hold what is written by hand, or by another program.
_TAKEN = ("data", "src", "notebooks", "tests", "site", "benchmarks", "LICENSES", ".git", ".github", ".venv")


def check_out(out: Path, project: Project) -> None:
    """Refuse a folder for a run where it would lie among other things; one that a run began is taken.

    Raises
    ------
    RecountError : no folder, the file system's root or a home, the checkout or one of its own folders, or one that is in use otherwise.
    """
    if out == Path() or any(path.exists() and not path.is_dir() for path in (out, *out.parents)):
        raise RecountError(f"--out '{out}' must be a folder of its own: give a new or an existing folder.")
    folder, own = out.resolve(), {project.root.resolve(), project.checkout.resolve()}
    if folder in {Path(folder.anchor), Path.home().resolve(), *own} or any(folder.is_relative_to(root / name) for root in own for name in _TAKEN):
        raise RecountError(f"--out '{out}' is no folder for a run, since it holds other things: give one of its own, such as {out / 'my-run' if folder in own else 'build/my-run'}.")
    known = _OURS | {source.name for source in project.all_notebooks()}
    if folder.is_dir() and not (folder / RECORD).is_file() and any(path.name not in known and not path.name.startswith(".") for path in folder.iterdir()):
        raise RecountError(f"--out '{out}' holds other things than a run: give a new folder, or that of a run.")




class RunFolder:
    """Goes along with a run: measures it, and writes what belongs into its folder."""

    def __init__(self, project: Project, meter: bool = True, country: str = ""):
        self.project, self.meter, self.country = project, meter, country
        self.took: dict[str, Any] | None = None
        self.changes: list[Change] | None = None
        self.claims: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def executing(self, planned: list[Job]) -> Iterator[None]:
        """Measure while kernels run."""
        from recount.run_record import Stopwatch

        watch = Stopwatch(self.meter, self.country)
        yield
        self.took = watch.stop()

    def finish(self, report) -> None:
        """Write results, inputs, pages and, last, the record."""
        folder, asked = report.out, report.planned[0].asked
        self.claims = json.loads(report.results.read_text(encoding="utf-8"))
        if set(asked) - {"language"}:
            self.changes = comparison.changes(default_claims.of({claim["id"] for claim in self.claims}, self.project), self.claims)
        shown, used = _notebooks(self.project, report)
        if self.took:
            self.took["notebooks"] = [outcome.name for outcome in report.outcomes if outcome.state != "kept"]
        else:  # nothing was executed: what it took stands where it was made
            with contextlib.suppress(RecountError):
                self.took = run_inputs.read_record(folder).get("took")
        record = self._record(folder, asked, shown, used)
        write_whole(folder / RESULTS_TABLE, results.parquet(self.claims))
        run_inputs.pack(self.project, [source for source in self.project.all_notebooks() if source.stem in {one["name"] for one in shown}], folder)
        run_pages.write(folder, record, self.claims, self._rows(used), self.changes)
        write_whole(folder / RECORD, json.dumps(record, ensure_ascii=False, indent=1) + "\n")

    def _record(self, folder: Path, asked: dict[str, str], shown: list[dict[str, Any]], used: dict[str, str]) -> dict[str, Any]:
        overrides = {name: value for name, value in asked.items() if name != "scenario"}
        scenario, laid = _scenario(asked.get("scenario"), overrides)
        now = freshness.Surroundings.now(self.project)
        return {
            "schema_version": SCHEMA_VERSION,
            "name": folder.name,
            "asked": {"scenario": asked.get("scenario"), "overrides": overrides, "notebooks": [one["name"] for one in shown] if len(shown) < len(self.project.all_notebooks()) else []},
            "scenario": scenario,
            "laid_over": laid,
            "notebooks": shown,
            "made_from": {**dataclasses.asdict(now), "python": run_inputs.python(), "code_files": run_inputs.code_files()},
            "used": used,
            "took": self.took,
        }

    def _rows(self, used: dict[str, str]) -> list[dict[str, str]]:
        rows = run_inputs.rows_of(run_inputs.data_now(self.project))
        return [rows[key] for line in used if line.startswith("row ") and (key := line.removeprefix("row ")) in rows]


def _scenario(name: str | None, overrides: dict[str, str]) -> tuple[dict[str, str] | None, list[dict[str, str]]]:
    """A scenario with the text of its file, and all that it and the reader change."""
    overrides = {key: value for key, value in overrides.items() if key != "language"}  # it changes no figure
    if not name and not overrides:
        return None, []
    from recount import scenarios

    chosen = scenarios.scenario(name or scenarios.DEFAULT) if name else scenarios.Scenario("", "", "", "", (), {})
    laid = [dataclasses.asdict(one) for one in scenarios.laid_over(chosen, overrides)]
    return ({"name": chosen.name, "title": chosen.title, "text": scenarios.text(chosen.name) or ""} if name else None), laid


def _notebooks(project: Project, report) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The notebooks whose copies belong to this run, also from earlier commands, and the lines of data they used."""
    outcomes, asked = {outcome.name: outcome for outcome in report.outcomes}, report.planned[0].asked
    shown, used = [], {}
    for source in project.all_notebooks():
        copy, outcome = report.out / source.name, outcomes.get(source.stem)
        record = freshness.read_record(project, copy) if copy.is_file() else None
        if not outcome and (not record or record["asked"] != asked):
            continue
        if record and (not outcome or outcome.state != "failed"):
            used |= record["used"]
        seconds = round(outcome.seconds, 2) if outcome and outcome.seconds else record["seconds"] if record else None
        state, error = (outcome.state, outcome.error) if outcome else ("kept", None)
        shown.append({"name": source.stem, "state": state, "error": error, "seconds": seconds, "copy": copy.is_file()})
    return shown, dict(sorted(used.items()))

"""The project's own site, built once for all tests, whichever of pytest's processes they run in."""

from __future__ import annotations

import contextlib
import os
import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recount import browser_model, claims, page_backtests, page_claims, page_finish, pages

try:
    import fcntl
except ImportError:  # not on Windows: there each process builds its own
    fcntl = None

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
# One page of each kind, as their addresses are within an edition.
KINDS = (
    "index", "claims/gpt-3-carbon", "articles/mistral-7b-footprint", "assumptions/thermal_design_power", "data/own_measurements", "notebooks/13_measured",
    "explore", "search", "glossary", "bibliography", "records", "scenarios", "data", "how-to-read", "course", "verdict-history", "backtests",
)  # fmt: skip
# Pages to print have no frame: a table with an empty head, one wider than a phone, a formula with answers, and a plan.
PAPERS = ("course/02_reading_a_press_claim", "course/05_uncertainty_and_sensitivity", "course/01_estimating_a_training.answers", "course/01_estimating_a_training.plan")


EDITIONS = tuple(page_finish.NAMES)


class OwnSite(NamedTuple):
    """The results, what their pages show beside them, the folder of the site, and the back-tests of its page."""

    results: list[dict[str, Any]]
    details: dict[str, Any]
    out: Path
    backtests: dict[str, Any]


def built(temporary: Path) -> OwnSite:
    """Build the site below pytest's temporary folder, or take what another process has built there."""
    shared = temporary.parent if fcntl and "PYTEST_XDIST_WORKER" in os.environ else temporary
    with _waiting(shared / "own-site.lock"):
        kept = shared / "own-site.pickle"
        if not kept.is_file():
            kept.write_bytes(pickle.dumps(tuple(_build(shared / "own" / "site"))))
        return OwnSite(*pickle.loads(kept.read_bytes()))


def _build(out: Path) -> OwnSite:
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.delenv("RECOUNT_DATA", raising=False)
        # The Markdown parser uses calls that a coming Sphinx removes; that is its makers' affair.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="myst_parser")
        warnings.filterwarnings("ignore", category=PendingDeprecationWarning, module="myst_parser")
        results = [result.as_json() for result in claims.recompute_all()]
        details = page_claims.compute()
        backtests = page_backtests.compute()
        pages.build(results, NOTEBOOKS, out, details=details, backtests=backtests, beside=["fr"])
        # What notebooks print is English here: French runs of all of them would take minutes.
        pages.build(results, NOTEBOOKS, out, details=page_claims.compute("fr"), backtests=backtests, language="fr", beside=["en"])
        pages.together(out, ["en", "fr"])
        browser_model.write(out / "_static")
    return OwnSite(results, details, out, backtests)


@contextlib.contextmanager
def _waiting(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX)  # let go of when the file is closed, or its process ends
        yield

"""Predicted against reported: error, coverage and width, for the model and for what it is compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from recount.errors import RecountError, nearest


@dataclasses.dataclass(frozen=True)
class Prediction:
    """One figure predicted by a fit that has not seen its family."""

    case: str
    family: str
    hardware: str
    quantity: str
    unit: str
    reported: float
    low: float
    middle: float
    high: float
    baselines: dict[str, float]
    independent: bool = True

    @property
    def covered(self) -> bool:
        return self.low <= self.reported <= self.high


@dataclasses.dataclass(frozen=True)
class Score:
    """How well a method did on a set of predictions.

    ``error`` is the median factor between prediction and report, ``family_error`` the same for
    the median family (each family's own median counts once), ``bias`` the median of predicted
    over reported, ``width`` the median of the interval's upper over its lower end.
    """

    method: str
    count: int
    families: int
    error: float
    family_error: float
    bias: float
    coverage: float | None
    width: float | None


def score(predictions: Sequence[Prediction], baseline: str = "") -> Score:
    """Score the model, or one of the baselines on the same points.

    >>> one = Prediction("a", "f", "h100", "it_energy", "MWh", 100, 50, 110, 300, {"at peak": 50})
    >>> two = dataclasses.replace(one, case="b", reported=400)
    >>> found = score([one, two])
    >>> round(found.error, 2), found.coverage, round(found.width, 1), round(score([one, two], "at peak").error, 2)
    (2.0, 0.5, 6.0, 4.0)
    """
    errors = np.log([(p.baselines[baseline] if baseline else p.middle) / p.reported for p in predictions])
    members = np.array([p.family for p in predictions])
    families = sorted(set(members))
    by_family = [np.median(abs(errors[members == family])) for family in families]
    return Score(
        baseline or "recount", len(predictions), len(families), float(np.exp(np.median(abs(errors)))), float(np.exp(np.median(by_family))),
        float(np.exp(np.median(errors))), None if baseline else float(np.mean([p.covered for p in predictions])),
        None if baseline else float(np.median([p.high / p.low for p in predictions])),
    )  # fmt: skip


def coverage_error(predictions: Sequence[Prediction], promised: float = 0.9) -> float:
    """Standard error of the share of reports inside their intervals, where cases of one family fail together.

    Formula: the larger of √(Σ (inside − share · cases)² · families / (families − 1)) / all cases,
    summed over families, and √(promised · (1 − promised) / all cases), which chance alone would give.

    >>> cases = [Prediction(str(k), "ab"[k > 4], "h100", "it_energy", "MWh", 1 + 3 * (k > 5), 0, 1, 3, {}) for k in range(10)]
    >>> round(coverage_error(cases), 3), round(coverage_error(cases[:5]), 3)
    (0.4, 0.134)
    """
    inside = np.array([p.covered for p in predictions], dtype=float)
    members = np.array([p.family for p in predictions])
    families = sorted(set(members))
    off = [float(np.sum(inside[members == family] - inside.mean())) for family in families]
    together = np.sqrt(np.sum(np.square(off)) * len(off) / (len(off) - 1)) / len(inside) if len(off) > 1 else 0.0
    return float(max(together, np.sqrt(promised * (1 - promised) / len(inside))))


def baselines_of(predictions: Sequence[Prediction]) -> list[str]:
    """What these predictions are compared with, in order of first mention."""
    return list(dict.fromkeys(name for p in predictions for name in p.baselines))


def known(what: str, given: str, choices: Sequence[str]) -> None:
    """Refuse a choice that there is not.

    >>> known("split", "famly", ("family", "maker"))
    Traceback (most recent call last):
    recount.errors.RecountError: split 'famly' is not known: did you mean 'family'?
    """
    if given not in choices:
        raise RecountError(f"{what} '{given}' is not known: {nearest(given, choices)}")

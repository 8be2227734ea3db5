"""A mean with random effects: how far a new run, of a new family or on a new chip, may lie.

Each value is a common mean plus one deviation per group it belongs to (its chip, its family)
plus noise, all Gaussian. The sizes of the deviations are fitted to the values; a prediction
conditions on the groups that were seen and keeps the whole spread for those that were not. So
the interval of a chip never seen is wider without a rule that says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import minimize

_MEAN_SPREAD = 2.0  # prior of the mean, in logarithms or log-odds, where nothing is assumed of it
_EFFECT_SPREAD = 0.5  # half-normal prior of each deviation's size: rarely more than a factor of e


@dataclasses.dataclass(frozen=True)
class RandomEffects:
    """A fitted mean with random effects.

    Examples
    --------
    Three runs on one chip near 1 and three on another near 3: a new run on the first lies
    near 1, one on a chip never seen in between and far less certain.

    >>> fit = RandomEffects.fit([0.9, 1.0, 1.1, 2.9, 3.0, 3.1], {"chip": ["a", "a", "a", "b", "b", "b"]})
    >>> seen, unseen = fit.predict({"chip": "a"}), fit.predict({"chip": "c"})
    >>> round(seen[0], 1), round(unseen[0], 1), unseen[1] > 3 * seen[1]
    (1.0, 2.0, True)
    """

    values: np.ndarray
    groups: Mapping[str, Sequence[str]]
    centre: float  # prior of the mean, and how far it may be off
    mean_spread: float
    spreads: Mapping[str, float]  # standard deviation of each group's effect, and of the "noise"

    @classmethod
    def fit(
        cls, values: Sequence[float], groups: Mapping[str, Sequence[str]], centre: float | None = None, mean_spread: float = _MEAN_SPREAD
    ) -> RandomEffects:
        """Fit the sizes of all deviations by maximum marginal likelihood with weak priors.

        *centre* and *mean_spread* say what is known of the mean beforehand; by default nothing.
        """
        values, names = np.asarray(values, float), [*groups, "noise"]
        centre = float(np.median(values)) if centre is None else centre

        def loss(logs: np.ndarray) -> float:
            spreads = dict(zip(names, np.exp(logs)))
            factor = np.linalg.cholesky(_covariance(groups, groups, spreads, mean_spread, same=True))
            solved = np.linalg.solve(factor, values - centre)
            prior = sum(0.5 * (spread / _EFFECT_SPREAD) ** 2 - np.log(spread) for spread in spreads.values())
            return float(0.5 * solved @ solved + np.log(np.diag(factor)).sum() + prior)

        found = minimize(loss, np.full(len(names), np.log(0.3)), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 4000})
        return cls(values, groups, centre, mean_spread, dict(zip(names, map(float, np.exp(found.x)))))

    def predict(self, member: Mapping[str, str]) -> tuple[float, float]:
        """Mean and standard deviation of one new value that belongs to these groups."""
        one = {name: [member.get(name, "")] for name in self.groups}
        seen = _covariance(self.groups, self.groups, self.spreads, self.mean_spread, same=True)
        across = _covariance(one, self.groups, self.spreads, self.mean_spread, same=False)[0]
        weights = np.linalg.solve(seen, across)
        variance = self.mean_spread**2 + sum(spread**2 for spread in self.spreads.values()) - across @ weights
        return float(self.centre + weights @ (self.values - self.centre)), float(np.sqrt(variance))


def _covariance(
    rows: Mapping[str, Sequence[str]], columns: Mapping[str, Sequence[str]], spreads: Mapping[str, float], mean_spread: float, same: bool
) -> np.ndarray:
    found = np.array(mean_spread**2)
    for name in rows:
        left, right = np.asarray(rows[name], object)[:, None], np.asarray(columns[name], object)[None, :]
        found = found + spreads[name] ** 2 * ((left == right) & (left != ""))
    return found + spreads["noise"] ** 2 * np.eye(len(found)) if same else found

"""Published figures per prompt, predicted at their own boundary from what their sources disclose.

None of them enters a fit. What a source leaves open comes from the defaults. Where it keeps the
size of its model or the length of its answers to itself there is, strictly, no prediction: what
a wide guess gives is marked as such. A figure that is itself modelled is no evidence: models are
kept apart.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from recount import recompute
from recount.assumptions import Assumption, load
from recount.backtest import cases
from recount.backtest.answers import HEADLINE
from recount.backtest.cases import Answer
from recount.language import message

DISCLOSED, ASSUMED, GUESSED = message("disclosed"), message("assumed by its source"), message("not disclosed: our guess")
_GUESSES = {"active_parameters": "prompt:size-not-disclosed", "answer_tokens": "prompt:length-not-disclosed"}
_ENERGIES = ("accelerator_energy", "it_energy", "facility_energy")  # what a boundary counts
_OTHERS = ("total_carbon", "usage_water", "total_materials")  # asked only of a source that prints no energy
# Power and utilisation that a source assumes are its model's own and not taken over.
_TAKEN = (*HEADLINE, "chips", "it_overhead", "pue", "peak_throughput", "thermal_design_power", "memory_bandwidth", "accelerator_memory", "layers", "cached_elements")


@dataclasses.dataclass(frozen=True)
class Published:
    """One published figure of a prompt beside its prediction."""

    case: str
    kind: str  # measured, declared or modelled
    size: str  # disclosed, assumed by its source or guessed by us
    length: str  # likewise
    quantity: str
    unit: str
    printed: float
    low: float
    middle: float
    high: float

    @property
    def covered(self) -> bool:
        return self.low <= self.printed <= self.high


@functools.lru_cache(maxsize=4)
def predictions(count: int = 2**16) -> tuple[Published, ...]:
    """Every published figure per prompt, in the order of the list."""
    return tuple(one for case in cases.answers() for one in _predicted(case, count))


def _predicted(case: Answer, count: int) -> list[Published]:
    rows = load().context(case.measurement)
    printed = {name: name for name in _ENERGIES if name in rows} or {name: name for name in _OTHERS if name in rows}
    if "energy_per_answer" in rows:
        printed = {f"{case.boundary}_energy": "energy_per_answer"}
    if not printed:
        return []
    basis, supplied = known(case)
    found = []
    for name, row in printed.items():
        unit = rows[row].unit.removesuffix("/answer")
        drawn = recompute.sampled(recompute.plan_of("answer", name, "roofline", supplied), unit, count)
        low, middle, high = (float(x) for x in np.quantile(drawn, [0.05, 0.5, 0.95]))
        value = float(rows[row].quantity().magnitude)
        found.append(Published(case.measurement.partition(":")[2], case.kind, *basis, name, unit, value, low, middle, high))
    return found


def known(case: Answer) -> tuple[tuple[str, str], dict[str, Assumption]]:
    """On what size and length rest, and every input that the source discloses or assumes."""
    told = cases.known(case.hardware, case.model, case.task if case.task.startswith("prompt:") else "")
    fit = f"fit:{case.hardware.partition(':')[2]}"
    supplied = {name: told[name] for name in _TAKEN if name in told}
    supplied |= cases.known(fit) if case.hardware and fit in load().contexts() else {}
    basis = tuple(_basis(supplied.get(name)) for name in _GUESSES)
    for name, context in _GUESSES.items():
        supplied |= {} if name in supplied else cases.known(context)
    if "total_parameters" not in supplied:  # a source that prints one size speaks of a dense model
        supplied["total_parameters"] = dataclasses.replace(supplied["active_parameters"], name="total_parameters")
    return basis, supplied


def _basis(given: Assumption | None) -> str:
    if given is None:
        return GUESSED
    return ASSUMED if given.row.context.startswith("prompt:") and given.row.strength == "estimate" else DISCLOSED

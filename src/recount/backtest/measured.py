"""Measurements of our own against the model: one more family that no fit has seen.

They are listed apart (``data/backtests/measured.csv``), and what is fitted reads the other lists
alone. So every fit is one that has left them out.
"""

from __future__ import annotations

import functools

from recount.backtest import cases
from recount.backtest.cases import Measured
from recount.backtest.scores import Prediction, known
from recount.backtest.training import BASELINES
from recount.measure import arithmetic, predict
from recount.units import read_unit

PHASES = ("training", "decoding")


@functools.lru_cache(maxsize=4)
def predictions(phase: str = "training") -> tuple[Prediction, ...]:
    """Every measurement of a phase, predicted from size, chip, batch and lengths; none where nothing was measured.

    Parameters
    ----------
    phase : ``training`` or ``decoding``, the prompts included in the latter.

    Raises
    ------
    RecountError : an unknown phase.
    """
    known("phase", phase, PHASES)
    return tuple(_prediction(one) for one in cases.measured() if one.phase == phase)


def _prediction(one: Measured) -> Prediction:
    supplied, chip = cases.known(one.measurement), one.hardware.partition(":")[2]
    value = lambda name, unit: float(supplied[name].value.to(read_unit(unit)).magnitude)  # noqa: E731
    parameters, baselines = value("active_parameters", "parameter"), {}
    if one.phase == "training":
        low, middle, high = predict.training(chip, parameters)
        sheet = predict.sheet(chip)
        baselines = {BASELINES[0]: arithmetic.floor(sheet["thermal_design_power_w"], sheet["peak_flop_per_s"], arithmetic.TRAINING_FLOP)}
    else:
        low, middle, high = predict.decoding(chip, parameters, value("batch", ""), value("prompt_tokens", "token/answer"), value("answer_tokens", "token/answer"))
    return Prediction(one.measurement.partition(":")[2], one.family, chip, predict.NAME, predict.UNIT, value(predict.NAME, predict.UNIT), low, middle, high, baselines)

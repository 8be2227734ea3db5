"""The small model of lesson 1: its gradient, its operations, and what CodeCarbon says of training it."""

from __future__ import annotations

import numpy as np
import pytest

from recount.course import own_machine, small_model
from recount.errors import RecountError


def small(seed: int = 0):
    model = small_model.new(context=3, width=4, hidden=(7, 5), seed=seed, dtype=np.float64)
    draw = np.random.default_rng(1)
    return model, draw.integers(0, 256, (6, 3)), draw.integers(0, 256, 6)


def test_the_gradient_is_that_of_the_loss():
    model, seen, following = small()
    _, vectors, gradients = small_model.loss_and_gradients(model, seen, following)
    places = [(weight, gradient, tuple(place)) for weight, gradient in zip(model.weights, gradients, strict=True) for place in np.argwhere(np.abs(weight) > 0)[::11]]
    places += [(model.vectors, vectors, (seen[0, 1], 2)), (model.vectors, vectors, (seen[5, 2], 0))]
    assert len(places) > 20
    step = 1e-6
    for array, gradient, place in places:
        before = array[place]
        losses = []
        for moved in (before + step, before - step):
            array[place] = moved
            losses.append(small_model.loss_and_gradients(model, seen, following)[0])
        array[place] = before
        assert gradient[place] == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-5, abs=1e-9)


class Counting(np.ndarray):
    """An array that counts the operations of its matrix products."""

    operations = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **more):
        plain = [np.asarray(one) for one in inputs]
        if "out" in more:
            more["out"] = tuple(np.asarray(one) for one in more["out"])
        found = getattr(ufunc, method)(*plain, **more)
        if ufunc is np.matmul:
            Counting.operations += 2 * plain[0].size * plain[1].shape[-1]
        return found.view(Counting) if isinstance(found, np.ndarray) else found


def test_six_operations_a_parameter_and_token():
    model, seen, following = small()
    model.weights = [weight.view(Counting) for weight in model.weights]
    Counting.operations = 0
    small_model.loss_and_gradients(model, seen, following)
    assert Counting.operations == small_model.FLOP_PER_PARAMETER_TOKEN * model.parameters * len(seen)


def test_only_what_is_multiplied_is_counted():
    assert small_model.new().parameters == 256 * 1024 + 1024 * 1024 + 1024 * 256


def test_training_learns():
    done = small_model.train(small_model.new(hidden=(64,)), b"to be or not to be, " * 50, seconds=0.5, batch=64)
    assert done.losses[1] < 0.5 * done.losses[0] and done.tokens % 64 == 0


def test_a_text_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="8 bytes is too short: the model looks at 8"):
        small_model.train(small_model.new(), b"12345678", 0.1)


def test_codecarbon_counts_it_and_says_how():
    measured = own_machine.train("1 s")
    assert measured.energy.to("Wh").magnitude > 0
    assert measured.processor_power in measured.text and measured.processor_power.startswith(("measured", "estimated", "assumed"))
    assert 10 < (measured.energy / measured.parameters / measured.tokens).to("pJ/parameter/token").magnitude < 1e6


@pytest.mark.parametrize("typed", ["0 s", "11 min", "60", "5 kWh"])
def test_a_time_that_cannot_be_is_refused(typed):
    with pytest.raises(RecountError):
        own_machine.train(typed)

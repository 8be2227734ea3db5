"""A small language model in NumPy, to train for a minute on one's own machine.

It reads the last few bytes of a text and predicts the next. All its weights are matrices without
offsets, so that each is used once per token: 2 operations in the forward pass and 4 in the
backward pass (one product for the gradient of the weight, one for that of its input). The table
of byte vectors is looked up, not multiplied, and is not counted.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

import numpy as np

BYTES = 256
FLOP_PER_PARAMETER_TOKEN = 6


@dataclasses.dataclass
class Model:
    """Byte vectors and the matrices behind them."""

    vectors: np.ndarray
    weights: list[np.ndarray]
    context: int

    @property
    def parameters(self) -> int:
        """The weights that each token is multiplied with."""
        return sum(weight.size for weight in self.weights)


def new(context: int = 8, width: int = 32, hidden: Sequence[int] = (1024, 1024), seed: int = 0, dtype: type = np.float32) -> Model:
    """A model with random weights.

    Parameters
    ----------
    context : bytes that it sees.
    width : length of a byte's vector.
    hidden : sizes of the layers between.
    """
    draw = np.random.default_rng(seed)
    sizes = [context * width, *hidden, BYTES]
    weights = [draw.normal(0, np.sqrt(2 / a), (a, b)).astype(dtype) for a, b in zip(sizes, sizes[1:], strict=False)]
    return Model(draw.normal(0, 1, (BYTES, width)).astype(dtype), weights, context)


def loss_and_gradients(model: Model, seen: np.ndarray, following: np.ndarray) -> tuple[float, np.ndarray, list[np.ndarray]]:
    """The mean surprise at the next byte, and its derivatives.

    Formula: loss = mean of −ln p(next byte), in nats.

    Parameters
    ----------
    seen : bytes, one row of ``model.context`` a token.
    following : the byte that follows each row.

    Returns
    -------
    tuple : loss, gradient of the byte vectors, gradient of each weight matrix.
    """
    layers = [model.vectors[seen].reshape(len(seen), -1)]
    for weight in model.weights[:-1]:
        layers.append(np.maximum(layers[-1] @ weight, 0))
    scores = layers[-1] @ model.weights[-1]
    scores -= scores.max(axis=1, keepdims=True)
    logarithms = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    rows = np.arange(len(seen))
    loss = float(-logarithms[rows, following].mean())

    error = np.exp(logarithms)
    error[rows, following] -= 1
    error /= len(seen)
    gradients = []
    for weight, layer in zip(reversed(model.weights), reversed(layers), strict=True):
        gradients.append(layer.T @ error)
        error = error @ weight.T
        if layer is not layers[0]:
            error *= layer > 0
    vectors = np.zeros_like(model.vectors)
    np.add.at(vectors, seen, error.reshape(*seen.shape, -1))
    return loss, vectors, gradients[::-1]


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a training was: its size, its tokens, its time, and the loss before and after."""

    parameters: int
    tokens: int
    seconds: float
    losses: tuple[float, float]


def train(model: Model, text: bytes, seconds: float, batch: int = 512, rate: float = 0.1, seed: int = 0) -> Trained:
    """Train on pieces of a text drawn at random, for so many seconds and at least two steps.

    Parameters
    ----------
    batch : tokens per step.
    rate : length of a step along the gradient.
    """
    if len(text) <= model.context:
        raise ValueError(f"a text of {len(text)} bytes is too short: the model looks at {model.context} and predicts the next.")
    letters, draw = np.frombuffer(text, np.uint8), np.random.default_rng(seed)
    window = np.arange(model.context)
    losses: list[float] = []
    begun = time.perf_counter()
    while len(losses) < 2 or time.perf_counter() - begun < seconds:
        starts = draw.integers(0, len(letters) - model.context, batch)
        loss, vectors, gradients = loss_and_gradients(model, letters[starts[:, None] + window], letters[starts + model.context])
        losses.append(loss)
        model.vectors -= rate * vectors
        for weight, gradient in zip(model.weights, gradients, strict=True):
            weight -= rate * gradient
    few = max(1, len(losses) // 20)
    return Trained(model.parameters, batch * len(losses), time.perf_counter() - begun, (losses[0], float(np.mean(losses[-few:]))))

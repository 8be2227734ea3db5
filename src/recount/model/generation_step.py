"""One step of generation: what must be read from memory and what must be computed.

A batch of answers is generated one token each at a time. Such a step reads the weights once for
the whole batch and each answer's cache for itself, and computes the new tokens and the share of
the prompts that falls on it.
"""

import numpy as np

from recount.units import Quantity


def layers(active_parameters: Quantity, layer_scale: Quantity, layer_exponent: Quantity) -> Quantity:
    """Transformer layers that a model of this size usually has.

    Formula: layers = layer_scale × (active_parameters ÷ 10^9) ^ layer_exponent

    Parameters
    ----------
    active_parameters : parameter
    layer_scale : layer, at a billion parameters
    layer_exponent : dimensionless

    Returns
    -------
    layer

    Raises
    ------
    DimensionalityError : a quantity of another dimension, on first use of the result.

    Examples
    --------
    Llama 3.1 70B has 80 layers.

    >>> layers(Quantity(70e9, "parameter"), Quantity(17.4, "layer"), Quantity(0.36, "")).to("layer").magnitude
    80.3

    References
    ----------
    Grattafiori et al. 2024, Table 3; the two constants are fitted on the models of models.csv.
    """
    return layer_scale * (active_parameters / Quantity(1e9, "parameter")).to("").magnitude ** layer_exponent.to("").magnitude


def weights_read(
    active_parameters: Quantity, total_parameters: Quantity, always_active_share: Quantity,
    batch: Quantity, bits_per_parameter: Quantity,
) -> Quantity:  # fmt: skip
    """Weights that one step reads from memory: all of a dense model, more experts the larger the batch.

    Formula: weights_read = bits_per_parameter × (always_active_share × active_parameters
             + (total_parameters − always_active_share × active_parameters) × (1 − (1 − routed share) ^ batch))
             with routed share = (1 − always_active_share) × active_parameters
             ÷ (total_parameters − always_active_share × active_parameters)

    Parameters
    ----------
    active_parameters, total_parameters : parameter
    always_active_share : dimensionless, share of the active parameters that every token uses
    batch : dimensionless, answers computed at the same time
    bits_per_parameter : bit/parameter

    Returns
    -------
    GB

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    A mixture with 128 experts of which 8 are used: at batch 8 a token's own 22 billion
    parameters have become 99 billion that are read.

    >>> weights_read(
    ...     Quantity(22e9, "parameter"), Quantity(235e9, "parameter"), Quantity(0.355, ""), Quantity(8, ""),
    ...     Quantity(8, "bit/parameter")
    ... ).to("GB").magnitude.item()
    99.4

    References
    ----------
    Expected number of distinct experts under uniform routing; Qwen Team 2025 for the sizes.
    """
    always = always_active_share * active_parameters
    stored = np.maximum(total_parameters, active_parameters) - always  # rounding may draw a dense model's total below
    routed = ((active_parameters - always) / stored).to("").magnitude
    return bits_per_parameter * (always + stored * (1 - (1 - routed) ** batch.to("").magnitude))


def cached_elements(key_value_heads: Quantity, head_size: Quantity) -> Quantity:
    """Key and value elements that one layer keeps for one token.

    Formula: cached_elements = 2 × key_value_heads × head_size

    Parameters
    ----------
    key_value_heads : head
    head_size : element/head

    Returns
    -------
    element/token/layer

    Raises
    ------
    DimensionalityError : a quantity of another dimension, on first use of the result.

    Examples
    --------
    Llama 3.1: eight heads of 128 elements, keys and values.

    >>> cached_elements(Quantity(8, "head"), Quantity(128, "element/head")).to("element/token/layer").magnitude
    2048.0

    References
    ----------
    Ainslie et al. 2023 (grouped-query attention); Grattafiori et al. 2024, Table 3.
    """
    return 2 * key_value_heads * head_size / Quantity(1, "token*layer")


def cache_read(
    batch: Quantity, prompt_tokens: Quantity, answer_tokens: Quantity, layers: Quantity,
    cached_elements: Quantity, cache_bits: Quantity,
) -> Quantity:  # fmt: skip
    """Keys and values of all answers of a batch that one step reads, halfway through the answers.

    Formula: cache_read = batch × (prompt_tokens + answer_tokens ÷ 2) × layers × cached_elements × cache_bits

    Parameters
    ----------
    batch : dimensionless
    prompt_tokens, answer_tokens : token/answer
    layers : layer
    cached_elements : element/token/layer
    cache_bits : bit/element

    Returns
    -------
    GB

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    Llama 3.1 70B keeps 327,680 bytes a token: 64 answers at 300 tokens of context read 6.3 GB a step.

    >>> cache_read(
    ...     Quantity(64, ""), Quantity(100, "token/answer"), Quantity(400, "token/answer"), Quantity(80, "layer"),
    ...     Quantity(2048, "element/token/layer"), Quantity(16, "bit/element")
    ... ).to("GB").magnitude
    6.29

    References
    ----------
    Pope et al. 2023, section 3.3 (memory of the key-value cache).
    """
    answers = batch * Quantity(1, "answer")
    return answers * (prompt_tokens + answer_tokens / 2) * layers * cached_elements * cache_bits


def step_compute(
    forward_flop_per_parameter_token: Quantity, active_parameters: Quantity, batch: Quantity,
    prompt_tokens: Quantity, answer_tokens: Quantity,
) -> Quantity:  # fmt: skip
    """Operations of one step: a token for each answer, and the share of the prompts that falls on it.

    Formula: step_compute = forward_flop_per_parameter_token × active_parameters × batch × (1 + prompt_tokens ÷ answer_tokens)

    Parameters
    ----------
    forward_flop_per_parameter_token : FLOP/parameter/token, about 2 in use
    active_parameters : parameter
    batch : dimensionless
    prompt_tokens, answer_tokens : token/answer

    Returns
    -------
    FLOP

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    >>> step_compute(
    ...     Quantity(2, "FLOP/parameter/token"), Quantity(70e9, "parameter"), Quantity(64, ""),
    ...     Quantity(100, "token/answer"), Quantity(400, "token/answer")
    ... ).to("TFLOP").magnitude
    11.2

    References
    ----------
    Kaplan et al. 2020, section 2.1 (two operations per parameter and token in the forward pass).
    """
    return forward_flop_per_parameter_token * active_parameters * batch * Quantity(1, "token") * (1 + prompt_tokens / answer_tokens)

"""ε of answers from the machine: how long a step of generation takes there, and what it draws.

A step takes time for memory traffic, for arithmetic, and fixed time; the accelerators draw power
for waiting, for each byte and for each operation, and never more than their limit.
"""

import numpy as np

from recount.units import Quantity


def memory_time(weights_read: Quantity, cache_read: Quantity, chips: Quantity, memory_bandwidth: Quantity) -> Quantity:
    """Time that one step spends on reading memory.

    Formula: memory_time = (weights_read + cache_read) ÷ (chips × memory_bandwidth)

    Parameters
    ----------
    weights_read, cache_read : GB
    chips : chip
    memory_bandwidth : TB/s/chip

    Returns
    -------
    ms

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    >>> memory_time(
    ...     Quantity(140, "GB"), Quantity(6.3, "GB"), Quantity(4, "chip"), Quantity(3.35, "TB/s/chip")
    ... ).to("ms").magnitude
    10.9

    References
    ----------
    Williams, Waterman and Patterson 2009 (the roofline model).
    """
    return (weights_read + cache_read) / (chips * memory_bandwidth)


def compute_time(
    step_compute: Quantity, chips: Quantity, peak_throughput: Quantity, bits_per_parameter: Quantity
) -> Quantity:
    """Time that one step spends on arithmetic, at twice the rate for weights of 8 bits or less.

    Formula: compute_time = step_compute ÷ (chips × peak_throughput × 16 ÷ max(bits_per_parameter, 8))

    Parameters
    ----------
    step_compute : FLOP
    chips : chip
    peak_throughput : TFLOP/s/chip, dense 16-bit rate
    bits_per_parameter : bit/parameter

    Returns
    -------
    ms

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    >>> compute_time(
    ...     Quantity(11.2, "TFLOP"), Quantity(4, "chip"), Quantity(989.4, "TFLOP/s/chip"), Quantity(16, "bit/parameter")
    ... ).to("ms").magnitude.item()
    2.83

    References
    ----------
    Williams, Waterman and Patterson 2009 (the roofline model).
    """
    faster = 16 / np.maximum(bits_per_parameter.to("bit/parameter").magnitude, 8)
    return step_compute / (chips * peak_throughput * faster)


def overhead_time(
    layers: Quantity, layer_time: Quantity, expert_layer_time: Quantity, active_parameters: Quantity,
    total_parameters: Quantity, batch: Quantity, answer_time: Quantity,
) -> Quantity:  # fmt: skip
    """Time of one step that is neither reading nor arithmetic: launches, exchange, choosing tokens.

    Formula: overhead_time = layers × (layer_time + expert_layer_time × (1 − active_parameters ÷ total_parameters))
             + batch × answer_time

    Parameters
    ----------
    layers : layer
    layer_time, expert_layer_time : us/layer, the second for routing tokens to experts
    active_parameters, total_parameters : parameter
    batch : dimensionless
    answer_time : us, for each answer of the batch

    Returns
    -------
    ms

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    >>> overhead_time(
    ...     Quantity(80, "layer"), Quantity(70, "us/layer"), Quantity(240, "us/layer"), Quantity(70e9, "parameter"),
    ...     Quantity(70e9, "parameter"), Quantity(64, ""), Quantity(80, "us")
    ... ).to("ms").magnitude.item()
    10.72

    References
    ----------
    Fitted on the measurements of Chung et al. 2025 (ML.ENERGY benchmark v3).
    """
    routed = 1 - active_parameters / np.maximum(total_parameters, active_parameters)
    return layers * (layer_time + expert_layer_time * routed) + batch * answer_time


def step_time(memory_time: Quantity, compute_time: Quantity, overhead_time: Quantity) -> Quantity:
    """Time in which every answer of the batch grows by one token.

    Formula: step_time = memory_time + compute_time + overhead_time

    Parameters
    ----------
    memory_time, compute_time, overhead_time : ms

    Returns
    -------
    ms

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    Llama 3.1 70B on four H100 at batch 64 was measured at 2,511 tokens a second, 25.4 ms a step.

    >>> step_time(Quantity(12.8, "ms"), Quantity(4.5, "ms"), Quantity(10.7, "ms")).to("ms").magnitude
    28.0

    References
    ----------
    Chung et al. 2025, ML.ENERGY benchmark v3 (the measured rate).
    """
    return memory_time + compute_time + overhead_time


def accelerator_power(
    thermal_design_power: Quantity, static_power_share: Quantity, energy_per_byte: Quantity, weights_read: Quantity,
    cache_read: Quantity, compute_energy_share: Quantity, peak_throughput: Quantity, step_compute: Quantity,
    chips: Quantity, step_time: Quantity,
) -> Quantity:  # fmt: skip
    """Average power of one accelerator in a step, never above its limit.

    Formula: accelerator_power = min(thermal_design_power, static_power_share × thermal_design_power
             + (energy_per_byte × (weights_read + cache_read)
             + compute_energy_share × thermal_design_power ÷ peak_throughput × step_compute) ÷ (chips × step_time))

    Parameters
    ----------
    thermal_design_power : W/chip
    static_power_share : dimensionless, drawn while waiting within a step
    energy_per_byte : pJ/byte
    weights_read, cache_read : GB
    compute_energy_share : dimensionless, energy of an operation over that at full power and peak rate
    peak_throughput : TFLOP/s/chip
    step_compute : FLOP
    chips : chip
    step_time : ms

    Returns
    -------
    W/chip

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    Llama 3.1 70B on four H100 at batch 64 was measured at 2,002 W, 500 W each.

    >>> accelerator_power(
    ...     Quantity(700, "W/chip"), Quantity(0.417, ""), Quantity(113, "pJ/byte"), Quantity(140, "GB"), Quantity(6.3, "GB"),
    ...     Quantity(0.84, ""), Quantity(989.4, "TFLOP/s/chip"), Quantity(11.2, "TFLOP"), Quantity(4, "chip"), Quantity(28, "ms")
    ... ).to("W/chip").magnitude.item()
    499.0

    References
    ----------
    Choi et al. 2013 (a roofline model of energy); Chung et al. 2025 for the measured power.
    """
    read = energy_per_byte * (weights_read + cache_read)
    computed = compute_energy_share * thermal_design_power / peak_throughput * step_compute
    drawn = static_power_share * thermal_design_power + (read + computed) / (chips * step_time)
    limit, drawn = np.broadcast_arrays(thermal_design_power.to("W/chip").magnitude, drawn.to("W/chip").magnitude)
    return Quantity(np.minimum(limit, drawn)[()], "W/chip")


def accelerator_energy_per_parameter_token(
    accelerator_power: Quantity, chips: Quantity, step_time: Quantity, batch: Quantity, active_parameters: Quantity,
    unexplained_factor: Quantity,
) -> Quantity:  # fmt: skip
    """Energy of the accelerators per active parameter and output token, prompt included.

    Formula: accelerator_energy_per_parameter_token = accelerator_power × chips × step_time
             ÷ (batch × active_parameters) × unexplained_factor

    Parameters
    ----------
    accelerator_power : W/chip
    chips : chip
    step_time : ms
    batch : dimensionless
    active_parameters : parameter
    unexplained_factor : dimensionless, 1 in the middle

    Returns
    -------
    pJ/parameter/token

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    Llama 3.1 70B on four H100 at batch 64: 12.5 pJ where 11.4 were measured.

    >>> accelerator_energy_per_parameter_token(
    ...     Quantity(499, "W/chip"), Quantity(4, "chip"), Quantity(28, "ms"), Quantity(64, ""), Quantity(70e9, "parameter"),
    ...     Quantity(1, "")
    ... ).to("pJ/parameter/token").magnitude
    12.5

    References
    ----------
    Chung et al. 2025, ML.ENERGY benchmark v3.
    """
    return accelerator_power * chips * step_time / (batch * Quantity(1, "token") * active_parameters) * unexplained_factor


def chip_hours(chips: Quantity, step_time: Quantity, tokens: Quantity, batch: Quantity, unexplained_factor: Quantity) -> Quantity:
    """Accelerator time of the generated tokens, shared by the answers of a batch.

    What is unexplained of the energy is taken to be time, so that no chip draws more than its limit.

    Formula: chip_hours = chips × step_time × tokens ÷ batch × unexplained_factor

    Parameters
    ----------
    chips : chip
    step_time : ms
    tokens : token
    batch : dimensionless
    unexplained_factor : dimensionless, 1 in the middle

    Returns
    -------
    chip*h

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    >>> chip_hours(Quantity(4, "chip"), Quantity(28, "ms"), Quantity(400, "token"), Quantity(64, ""), Quantity(1, "")).to("chip*s").magnitude
    0.7

    References
    ----------
    EcoLogits 0.11.3, methodology of LLM inference (hardware shared by a batch).
    """
    return chips * step_time * (tokens / Quantity(1, "token")) / batch * unexplained_factor


def output_rate(batch: Quantity, step_time: Quantity) -> Quantity:
    """Tokens that all answers of a batch gain in a second.

    Formula: output_rate = batch ÷ step_time

    Parameters
    ----------
    batch : dimensionless
    step_time : ms

    Returns
    -------
    token/s

    Raises
    ------
    DimensionalityError : a quantity of another dimension, on first use of the result.

    Examples
    --------
    >>> output_rate(Quantity(64, ""), Quantity(28, "ms")).to("token/s").magnitude
    2285.7

    References
    ----------
    Chung et al. 2025, ML.ENERGY benchmark v3 (2,511 tokens a second measured for Llama 3.1 70B).
    """
    return batch * Quantity(1, "token") / step_time

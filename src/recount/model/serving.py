"""How many chips one copy of a model takes."""

import numpy as np

from recount.units import Quantity


def model_memory(total_parameters: Quantity, bits_per_parameter: Quantity, memory_overhead: Quantity) -> Quantity:
    """Memory that serving a model takes, by a factor on its weights.

    Formula: model_memory = memory_overhead × total_parameters × bits_per_parameter

    Parameters
    ----------
    total_parameters : parameter
    bits_per_parameter : bit/parameter
    memory_overhead : dimensionless, at least 1

    Returns
    -------
    GB

    Raises
    ------
    DimensionalityError : a quantity of another dimension, on first use of the result.

    Examples
    --------
    123 billion parameters of 16 bits and a fifth on top.

    >>> model_memory(Quantity(123e9, "parameter"), Quantity(16, "bit/parameter"), Quantity(1.2, "")).to("GB").magnitude
    295.2

    References
    ----------
    EcoLogits 0.11.3, methodology of LLM inference, model required memory.
    """
    return memory_overhead * total_parameters * bits_per_parameter


def chips(model_memory: Quantity, accelerator_memory: Quantity, chip_count_base: Quantity) -> Quantity:
    """Chips that hold one copy of a model, rounded up to the numbers that servers come in.

    Formula: chips = chip_count_base ^ ⌈log(⌈model_memory ÷ accelerator_memory⌉) ÷ log(chip_count_base)⌉;
             with chip_count_base 1 any whole number: ⌈model_memory ÷ accelerator_memory⌉

    Parameters
    ----------
    model_memory : GB
    accelerator_memory : GB/chip
    chip_count_base : dimensionless, at least 1

    Returns
    -------
    chip

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    295 GB need four chips of 80 GB either way; 212 GB need three, or four in powers of two.

    >>> [float(chips(Quantity(memory, "GB"), Quantity(80, "GB/chip"), Quantity(base, "")).to("chip").magnitude)
    ...  for memory in (295.2, 211.65) for base in (1, 2)]
    [4.0, 4.0, 3.0, 4.0]

    References
    ----------
    EcoLogits 0.11.3 (powers of two) and 0.8.2 (whole numbers), methodology of LLM inference, GPU required count.
    """
    # Floating point: 500 billion parameters of 16 bits come as 15.000000000000002 chips of 80 GB, which are 15.
    needed = np.round((model_memory / accelerator_memory).to("chip").magnitude, 9)
    whole = np.maximum(np.ceil(needed), 1.0)
    base = chip_count_base.to("").magnitude
    steps = np.log(whole) / np.log(np.where(base > 1, base, 2.0))
    return Quantity(np.where(base > 1, base ** np.ceil(np.round(steps, 9)), whole)[()], "chip")

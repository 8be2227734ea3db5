"""Throughput by the regression that LLMCarbon publishes, for comparison with our own fit."""

from recount.units import Quantity


def achieved_throughput(
    active_parameters: Quantity, peak_throughput: Quantity, reference_peak_throughput: Quantity,
    throughput_floor: Quantity, throughput_slope: Quantity, throughput_curvature: Quantity,
) -> Quantity:  # fmt: skip
    """Useful floating-point rate of one accelerator by the size of the model, scaled by the chip's peak.

    Formula: achieved_throughput = (throughput_floor + throughput_slope × active_parameters
             + throughput_curvature × active_parameters ^ 2) × peak_throughput ÷ reference_peak_throughput

    Parameters
    ----------
    active_parameters : parameter
    peak_throughput, reference_peak_throughput : TFLOP/s/chip, of the chip and of the one the fit was made on
    throughput_floor : TFLOP/s/chip
    throughput_slope : TFLOP/s/chip/Gparameter
    throughput_curvature : TFLOP/s/chip/Gparameter/Gparameter

    Returns
    -------
    TFLOP/s/chip

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    BLOOM on A100: 147.7 TFLOP/s where 99 were reached over the whole run.

    >>> achieved_throughput(
    ...     Quantity(176e9, "parameter"), Quantity(312, "TFLOP/s/chip"), Quantity(312, "TFLOP/s/chip"),
    ...     Quantity(134.546, "TFLOP/s/chip"), Quantity(0.0845436, "TFLOP/s/chip/Gparameter"),
    ...     Quantity(-5.60234e-5, "TFLOP/s/chip/Gparameter/Gparameter")
    ... ).to("TFLOP/s/chip").magnitude
    147.7

    References
    ----------
    Faiz et al. 2024, LLMCarbon, throughput fits of its code.
    """
    fit = throughput_floor + throughput_slope * active_parameters + throughput_curvature * active_parameters**2
    return fit * peak_throughput / reference_peak_throughput

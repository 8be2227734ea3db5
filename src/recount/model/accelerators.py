"""From the servers back to their accelerators, where a source knows only the whole."""

from recount.units import Quantity


def accelerator_energy(it_energy: Quantity, it_overhead: Quantity) -> Quantity:
    """Energy of the accelerators alone.

    Formula: accelerator_energy = it_energy ÷ it_overhead

    Parameters
    ----------
    it_energy : MWh
    it_overhead : dimensionless, at least 1

    Returns
    -------
    MWh

    Raises
    ------
    DimensionalityError : a quantity of another dimension, on first use of the result.

    Examples
    --------
    Google's median prompt: 0.14 Wh in the accelerators of 0.22 Wh in the servers, an overhead of 1.57.

    >>> accelerator_energy(Quantity(0.22, "Wh"), Quantity(1.57, "")).to("Wh").magnitude
    0.14

    References
    ----------
    Elsworth et al. 2025, the breakdown of the median Gemini prompt.
    """
    return it_energy / it_overhead

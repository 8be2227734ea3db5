"""From the servers to the meter of the data centre."""

from recount.units import Quantity


def facility_energy(it_energy: Quantity, pue: Quantity) -> Quantity:
    """Energy at the data centre's meter.

    Formula: facility_energy = it_energy × pue

    Parameters
    ----------
    it_energy : MWh
    pue : dimensionless, at least 1

    Returns
    -------
    MWh

    Raises
    ------
    DimensionalityError : a quantity of another dimension, on first use of the result.

    Examples
    --------
    GPT-3: 1,170 MWh of IT energy at a PUE of 1.10.

    >>> facility_energy(Quantity(1170, "MWh"), Quantity(1.10, "")).to("MWh").magnitude
    1287.0

    References
    ----------
    Patterson et al. 2021, Table 4; ISO/IEC 30134-2 (PUE).
    """
    return it_energy * pue

"""Accelerator time from the energy of the whole system."""

from recount.units import Quantity


def chip_hours(it_energy: Quantity, system_power: Quantity) -> Quantity:
    """Accelerator time that an IT energy stands for.

    Formula: chip_hours = it_energy ÷ system_power

    Parameters
    ----------
    it_energy : MWh
    system_power : W/chip, host, memory and network included

    Returns
    -------
    chip*h

    Raises
    ------
    DimensionalityError : a quantity of another dimension, on first use of the result.

    Examples
    --------
    GPT-3: 1,170 MWh before PUE at 330 W per chip are 3.55 million V100-hours, 14.8 days on 10,000.

    >>> hours = chip_hours(Quantity(1170, "MWh"), Quantity(330, "W/chip"))
    >>> hours.to("chip*h").magnitude / 10_000 / 24
    14.8

    References
    ----------
    Patterson et al. 2021, Table 4.
    """
    return it_energy / system_power

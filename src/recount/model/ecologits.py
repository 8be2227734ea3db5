"""An answer's energy and accelerator time by the method of EcoLogits: two regressions and a rule for the chips.

The coefficients of the regressions and the rule are rows, one context a release; with a batch
of one and no decay the present form is the one of the releases before 0.9. What a release caps
or records (a measured waiting time, a measured speed) is set by overriding ``generation_time``
or ``generation_speed``.
"""

import numpy as np

from recount.units import Quantity


def token_energy(
    active_parameters: Quantity,
    batch: Quantity,
    token_energy_slope: Quantity,
    token_energy_decay: Quantity,
    token_energy_floor: Quantity,
) -> Quantity:
    """Energy of one accelerator for one token of one answer, as a regression gives it.

    Formula: token_energy = token_energy_slope × e^(−token_energy_decay × batch) × active_parameters + token_energy_floor

    Parameters
    ----------
    active_parameters : parameter
    batch : dimensionless, at least 1
    token_energy_slope : Wh/chip/token/Gparameter
    token_energy_decay : dimensionless, per answer in the batch
    token_energy_floor : Wh/chip/token

    Returns
    -------
    Wh/chip/token

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    123 billion active parameters, 64 answers at once: 0.111 mWh a token on each of the chips.

    >>> energy = token_energy(
    ...     Quantity(123e9, "parameter"), Quantity(64, ""), Quantity(1.1665273170451914e-6, "Wh/chip/token/Gparameter"),
    ...     Quantity(0.011205921025579175, ""), Quantity(4.052928146734005e-5, "Wh/chip/token"))
    >>> float(energy.to("mWh/chip/token").magnitude)
    0.1106

    References
    ----------
    EcoLogits 0.11.3, methodology of LLM inference, GPU energy (fitted to the ML.ENERGY measurements).
    """
    return token_energy_slope * np.exp(-token_energy_decay * batch) * active_parameters + token_energy_floor


def accelerator_energy(answers: Quantity, answer_tokens: Quantity, chips: Quantity, token_energy: Quantity) -> Quantity:
    """Energy of the accelerators for a number of answers.

    Formula: accelerator_energy = answers × answer_tokens × chips × token_energy

    Parameters
    ----------
    answers : answer
    answer_tokens : token/answer
    chips : chip
    token_energy : Wh/chip/token

    Returns
    -------
    MWh

    Raises
    ------
    DimensionalityError : a quantity of another dimension, on first use of the result.

    Examples
    --------
    400 tokens of Mistral Large 2 on four chips: 4 × 0.0442 Wh.

    >>> accelerator_energy(
    ...     Quantity(1, "answer"), Quantity(400, "token/answer"), Quantity(4, "chip"), Quantity(0.11057, "mWh/chip/token")
    ... ).to("Wh").magnitude
    0.1769

    References
    ----------
    EcoLogits 0.11.3, methodology of LLM inference, request energy.
    """
    return answers * answer_tokens * chips * token_energy


def generation_speed(
    active_parameters: Quantity,
    batch: Quantity,
    token_time_slope: Quantity,
    token_time_batch_slope: Quantity,
    token_time_floor: Quantity,
) -> Quantity:
    """Tokens that one answer gains per second, as a regression of the time per token gives it.

    Formula: generation_speed = 1 ÷ (token_time_slope × active_parameters + token_time_batch_slope × batch + token_time_floor)

    Parameters
    ----------
    active_parameters : parameter
    batch : dimensionless, at least 1
    token_time_slope : s/token/Gparameter
    token_time_batch_slope : s/token, per answer in the batch
    token_time_floor : s/token

    Returns
    -------
    token/s

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    123 billion active parameters, 64 answers at once: 49.2 s for 400 tokens.

    >>> speed = generation_speed(
    ...     Quantity(123e9, "parameter"), Quantity(64, ""), Quantity(6.785088094353663e-4, "s/token/Gparameter"),
    ...     Quantity(3.119310311688259e-4, "s/token"), Quantity(1.9473717579473387e-2, "s/token"))
    >>> (Quantity(400, "token") / speed).to("s").magnitude
    49.2

    References
    ----------
    EcoLogits 0.11.3, methodology of LLM inference, generation latency (fitted to the ML.ENERGY measurements).
    """
    return 1 / (token_time_slope * active_parameters + token_time_batch_slope * batch + token_time_floor)


def generation_time(answer_tokens: Quantity, generation_speed: Quantity, first_token_time: Quantity) -> Quantity:
    """Time that the chips are busy with an answer.

    Formula: generation_time = answer_tokens ÷ generation_speed + first_token_time

    Parameters
    ----------
    answer_tokens : token/answer
    generation_speed : token/s
    first_token_time : s/answer

    Returns
    -------
    s/answer

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    400 tokens at the 35.6 tokens per second and 0.54 s that EcoLogits 0.10.2 records of Mistral Large 2.

    >>> generation_time(Quantity(400, "token/answer"), Quantity(35.6, "token/s"), Quantity(0.54, "s/answer")).to("s/answer").magnitude
    11.78

    References
    ----------
    EcoLogits 0.11.3, methodology of LLM inference, generation latency.
    """
    return answer_tokens / generation_speed + first_token_time


def chip_hours(answers: Quantity, generation_time: Quantity, chips: Quantity, batch: Quantity) -> Quantity:
    """Accelerator time of a number of answers, shared with the others of their batch.

    Formula: chip_hours = answers × generation_time × chips ÷ batch

    Parameters
    ----------
    answers : answer
    generation_time : s/answer
    chips : chip
    batch : dimensionless, at least 1

    Returns
    -------
    chip*h

    Raises
    ------
    DimensionalityError : a quantity of another dimension, on first use of the result.

    Examples
    --------
    49.2 s on four chips that write 64 answers at once.

    >>> chip_hours(Quantity(1, "answer"), Quantity(49.2, "s/answer"), Quantity(4, "chip"), Quantity(64, "")).to("chip*s").magnitude
    3.075

    References
    ----------
    EcoLogits 0.11.3, methodology of LLM inference, server energy and embodied impacts.
    """
    return answers * generation_time * chips / batch


def host_energy(chip_hours: Quantity, server_power: Quantity, chips_per_server: Quantity) -> Quantity:
    """Energy of the servers without their accelerators.

    Formula: host_energy = chip_hours × server_power ÷ chips_per_server

    Parameters
    ----------
    chip_hours : chip*h
    server_power : W/server, without the accelerators
    chips_per_server : chip/server

    Returns
    -------
    MWh

    Raises
    ------
    DimensionalityError : a quantity of another dimension, on first use of the result.

    Examples
    --------
    49.2 s ÷ 3600 × 1,200 W × (4/8) ÷ 64.

    >>> host_energy(Quantity(3.075, "chip*s"), Quantity(1200, "W/server"), Quantity(8, "chip/server")).to("Wh").magnitude
    0.128

    References
    ----------
    EcoLogits 0.11.3, methodology of LLM inference, server energy.
    """
    return chip_hours * server_power / chips_per_server


def it_energy(accelerator_energy: Quantity, host_energy: Quantity) -> Quantity:
    """Energy of the servers, accelerators and the rest.

    Formula: it_energy = accelerator_energy + host_energy

    Parameters
    ----------
    accelerator_energy : MWh
    host_energy : MWh

    Returns
    -------
    MWh

    Raises
    ------
    DimensionalityError : operands of different dimension.

    Examples
    --------
    >>> it_energy(Quantity(0.1769, "Wh"), Quantity(0.128, "Wh")).to("Wh").magnitude
    0.305

    References
    ----------
    EcoLogits 0.11.3, methodology of LLM inference, request energy before the PUE.
    """
    return accelerator_energy + host_energy

"""From counter readings to ε and utilisation, in plain numbers of SI units."""

from __future__ import annotations

TRAINING_FLOP, FORWARD_FLOP = 6, 2  # per parameter and token


def energy_per_parameter_token(joules: float, parameters: float, tokens: float) -> float:
    """ε: energy per parameter and token.

    Formula: energy_per_parameter_token = joules ÷ (parameters × tokens)

    Parameters
    ----------
    joules : J
    parameters : of the model, all of them active
    tokens : trained on, or written

    Returns
    -------
    pJ/parameter/token

    Raises
    ------
    ZeroDivisionError : no parameter or no token.

    Examples
    --------
    Llama 3.1 8B on one H100 at batch 128: 0.0951 J per written token.

    >>> energy_per_parameter_token(0.0951, 8e9, 1)
    11.9

    References
    ----------
    Chung et al. 2025, ML.ENERGY leaderboard data of 2026-02-16.
    """
    return joules / (parameters * tokens) * 1e12


def attention_flop(layers: int, hidden: int, sequence: int) -> float:
    """Operations of attention that training adds per token to six per parameter.

    Formula: attention_flop = 12 × layers × hidden × sequence

    Parameters
    ----------
    layers : of the model
    hidden : heads × head size
    sequence : tokens

    Returns
    -------
    FLOP/token

    Raises
    ------
    TypeError : not numbers.

    Examples
    --------
    PaLM 540B, 118 layers of 48 heads of 256 at 2,048 tokens, adds 1.1 % to its 6 · 540e9.

    >>> attention_flop(118, 48 * 256, 2048) / (6 * 540.35e9) * 100
    1.1

    References
    ----------
    Chowdhery et al. 2022, appendix B (12 L H Q T of model FLOP utilisation).
    """
    return 12.0 * layers * hidden * sequence


def utilisation(tokens: float, flop_per_token: float, seconds: float, peak: float) -> float:
    """Share of the dense peak rate that does useful model arithmetic (MFU).

    Formula: utilisation = tokens × flop_per_token ÷ (seconds × peak)

    Parameters
    ----------
    tokens : in the stretch
    flop_per_token : FLOP/token
    seconds : s
    peak : FLOP/s

    Returns
    -------
    dimensionless

    Raises
    ------
    ZeroDivisionError : no second or no peak.

    Examples
    --------
    PaLM 540B: 238,300 tokens a second on 6,144 chips of 275 TFLOP/s are 45.7 % without attention, 46.2 % with it.

    >>> [100 * utilisation(238.3e3, flop, 1, 6144 * 275e12) for flop in (6 * 540.35e9, 6 * 540.35e9 + attention_flop(118, 48 * 256, 2048))]
    [45.7, 46.2]

    References
    ----------
    Chowdhery et al. 2022, section 4.1, Table 3 and appendix B.
    """
    return tokens * flop_per_token / (seconds * peak)


def floor(thermal_design_power: float, peak: float, flop: float) -> float:
    """ε of a chip that works at its peak rate and draws its rated power all the time.

    Formula: floor = flop × thermal_design_power ÷ peak

    Parameters
    ----------
    thermal_design_power : W
    peak : FLOP/s, dense
    flop : per parameter and token, 6 in training and 2 in use

    Returns
    -------
    pJ/parameter/token

    Raises
    ------
    ZeroDivisionError : no peak.

    Examples
    --------
    H100: 989.4 TFLOP/s at 700 W.

    >>> floor(700, 989.4e12, 6), floor(700, 989.4e12, 2)
    (4.245, 1.415)

    References
    ----------
    Kaplan et al. 2020, section 2.1 (2 and 6 operations); the chip's sheet.
    """
    return flop * thermal_design_power / peak * 1e12

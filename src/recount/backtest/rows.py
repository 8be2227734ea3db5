"""The fits as rows: ``data/assumptions/fitted.csv``, written by ``recount fit`` and never by hand."""

from __future__ import annotations

import csv
import io

from recount.assumptions import COLUMNS, load
from recount.backtest import answers, cases, training
from recount.units import format_number
from recount.vocabulary import quantities

_REVIEW = "2027-12-31"


def text(dated: str) -> str:
    """The whole file: defaults, one context per chip, one per family that a claim is tested without."""
    lines = [*_defaults(), *_chips(), *_without()]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({c: "" for c in COLUMNS} | {"source": "recount2026", "strength": "estimate", "confirmed": "derived", "published": dated, "read_on": dated, "review_by": _REVIEW} | line)
    return stream.getvalue()


def _defaults() -> list[dict[str, str]]:
    """A chip never seen, the constants of the roofline, and how the layers of models grow."""
    points, shape = answers.points(), answers.shape()
    families = sorted({p.case.family for p in points})
    why = f"least squares on energy and time per step of {len(points)} measured points of {len(families)} families ({', '.join(families)}); no range of its own, as the constants are correlated: what they leave open is the unexplained factor"
    lines = [_row("default", name, value, "backtests/answers.csv", why) for name, value in answers.constants().items()]
    how = f"log-log regression over the {len(answers.sizes())} models of more than a billion active parameters whose layers are rows"
    lines += [_row("default", name, value, "models.csv, rows layers", how) for name, value in shape.items()]
    unseen = "hardware:never-seen"
    lines.append(_row("default", "utilisation", training.fitted(unseen)["utilisation"], *_utilisation("a chip never seen")))
    lines.append(_row("default", "unexplained_factor", answers.factor(False, seen=False), *_unexplained("a chip never seen", False)))
    lines.append(_row("fit:experts", "unexplained_factor", answers.factor(True, seen=False), *_unexplained("a chip never seen", True)))
    return lines


def _chips() -> list[dict[str, str]]:
    """One context per chip that runs or measurements are known of, or that is a tensor chip."""
    trained = {o.case.hardware for o in training.observed() if o.utilisation or o.power}
    answered = {p.case.hardware for p in answers.points()}
    rated = {r.context for r in load().rows if r.context.startswith("hardware:tpu-") and r.name == "thermal_design_power"}
    lines = []
    for hardware in sorted(trained | answered | rated):
        context, found = f"fit:{hardware.partition(':')[2]}", training.fitted(hardware)
        if hardware in trained:
            lines.append(_row(context, "utilisation", found["utilisation"], *_utilisation(f"this chip ({sum(o.case.hardware == hardware and bool(o.utilisation) for o in training.observed())} runs on it)")))
        if "system_power" in found:
            watts = float(load().pick(hardware, "thermal_design_power").quantity().to("W/chip").magnitude)
            metered = sum(o.case.hardware == hardware and bool(o.power) for o in training.observed())
            how = f"{metered} metered runs on it" if metered else "none metered on it, so the range is that of all chips"
            lines.append(_row(context, "system_power", tuple(watts * share for share in found["system_power"]), "backtests/training.csv, power_boundary system", f"random effects of chip, maker and family on the logarithm of system over thermal design power, for a family not seen; {how}"))
        if hardware in answered:
            lines.append(_row(context, "unexplained_factor", answers.factor(False), *_unexplained("this chip", False)))
            lines.append(_row(f"{context}-experts", "unexplained_factor", answers.factor(True), *_unexplained("this chip", True)))
    return lines


def _without() -> list[dict[str, str]]:
    """Contexts ``fit:without-…``: what a fit says of a run whose family it has not seen, for the claims about it."""
    lines = []
    for family in sorted({r.family for r in cases.runs() if r.family in _TOLD}):
        run = next(o for o in training.observed() if o.case.family == family)
        found = training.fitted(run.case.hardware, family)
        lines.append(_row(f"fit:without-{family}", "utilisation", found["utilisation"], *_utilisation(f"{run.case.hardware.partition(':')[2]}, {family} itself left out")))
    return lines


_TOLD = ("bloomberggpt", "gpt-3", "llama-3")  # families that a claim estimates by a route that must not know them


def _row(context: str, name: str, value: float | tuple[float, float, float], locator: str, derivation: str) -> dict[str, str]:
    low, middle, high = value if isinstance(value, tuple) else ("", value, "")
    spelled = {"low": low, "value": middle, "high": high}
    spelled = {key: "" if number == "" else format_number(number, 3).replace(",", "").replace("\u202f", "") for key, number in spelled.items()}
    return {"context": context, "name": name, "distribution": "lognormal" if isinstance(value, tuple) else "point", "unit": quantities()[name].unit, "locator": locator, "derivation": derivation} | spelled


def _utilisation(of: str) -> tuple[str, str]:
    runs = [o for o in training.observed() if o.utilisation]
    return "backtests/training.csv", (
        f"random effects of chip, maker and family on the log-odds of utilisation, {len(runs)} runs of {len({o.case.family for o in runs})} families; for a new family on {of}"
    )


def _unexplained(of: str, experts: bool) -> tuple[str, str]:
    kind = "mixtures of experts" if experts else "dense models"
    left = "chip" if "never" in of else "family"
    return "backtests/answers.csv", (
        f"nine of ten measured points of {kind} lie within it when predicted from size, batch, precision and tokens alone by a fit without their own {left}; for a new family on {of}. The middle is 1 by decision"
    )

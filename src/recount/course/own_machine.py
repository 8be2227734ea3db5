"""Training a small model on this very machine, with CodeCarbon counting what it takes."""

from __future__ import annotations

import dataclasses

from recount.course import small_model
from recount.errors import RecountError
from recount.run_record import Tracker
from recount.units import Quantity, format_number, format_quantity, read_quantity
from recount.vocabulary import data_folder

LONGEST = 600


@dataclasses.dataclass(frozen=True)
class Measured:
    """A training on one's own machine: size, tokens and time are counted, the energy is CodeCarbon's."""

    parameters: Quantity
    tokens: Quantity
    time: Quantity
    energy: Quantity
    processor_power: str
    text: str

    def __repr__(self) -> str:
        return self.text


def train(duration: str = "60 s", country: str = "FRA") -> Measured:
    """Train a small language model on the project's own claims and count its energy.

    Parameters
    ----------
    duration : how long to train, such as ``"60 s"`` or ``"1 min"``.
    country : where the machine stands, by three letters; the energy does not depend on it.

    Raises
    ------
    RecountError : a time that is none or beyond ten minutes; CodeCarbon does not work here.
    """
    seconds = float(read_quantity(duration, "s", "the time to train").to("s").magnitude)
    if not 0 < seconds <= LONGEST:
        raise RecountError(f"a training of {seconds:g} s cannot be: give more than 0 s and at most {LONGEST} s, such as '60 s'.")
    text, model = (data_folder() / "claims.toml").read_bytes(), small_model.new()
    tracker = Tracker(country)
    tracker.wait()  # its start takes a second or two, which belong to no training
    done = small_model.train(model, text, seconds)
    record = tracker.stop()
    if "problem" in record:
        raise RecountError(f"CodeCarbon counted nothing on this machine: {record['problem']}.")
    energy = Quantity(record["energy_kwh"], "kWh").to("Wh")
    lines = (
        f"{format_number(done.parameters / 1e6)} million parameters, {format_number(done.tokens / 1e6)} million tokens in {format_number(done.seconds)} s",
        f"surprise per byte: {format_number(done.losses[0])} nats before, {format_number(done.losses[1])} after",
        f"{record['tool']}: {format_quantity(energy, 'mWh')}, of which processor {format_number(record['processor_kwh'] / record['energy_kwh'] * 100, 2)} %",
        f"power of the processor ({record['processor']}): {record['processor_power']}",
        f"power of the memory: {record['memory_power']}",
    )
    return Measured(
        Quantity(float(done.parameters), "parameter"), Quantity(float(done.tokens), "token"), Quantity(done.seconds, "s"),
        energy, record["processor_power"], "\n".join(lines),
    )  # fmt: skip

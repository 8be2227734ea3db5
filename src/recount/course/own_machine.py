"""Training a small model on this very machine, with CodeCarbon counting what it takes."""

from __future__ import annotations

import dataclasses

from recount import in_browser
from recount.course import small_model
from recount.errors import RecountError
from recount.language import labelled, say
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
    RecountError : a time that is none or beyond ten minutes; CodeCarbon does not work here, or this is a browser.
    """
    in_browser.refuse("CodeCarbon")
    seconds = float(read_quantity(duration, "s", say("the time to train")).to("s").magnitude)
    if not 0 < seconds <= LONGEST:
        raise RecountError(say("a training of {seconds} s cannot be: give more than 0 s and at most {longest} s, such as '60 s'.", seconds=f"{seconds:g}", longest=LONGEST))
    text, model = (data_folder() / "claims.toml").read_bytes(), small_model.new()
    tracker = Tracker(country)
    tracker.wait()  # its start takes a second or two, which belong to no training
    done = small_model.train(model, text, seconds)
    record = tracker.stop()
    if "problem" in record:
        raise RecountError(say("CodeCarbon counted nothing on this machine: {problem}.", problem=record["problem"]))
    energy = Quantity(record["energy_kwh"], "kWh").to("Wh")
    lines = (
        say(
            "{parameters} million parameters, {tokens} million tokens in {seconds} s",
            parameters=format_number(done.parameters / 1e6), tokens=format_number(done.tokens / 1e6), seconds=format_number(done.seconds),
        ),
        say("surprise per byte: {before} nats before, {after} after", before=format_number(done.losses[0]), after=format_number(done.losses[1])),
        say(
            "{tool}: {energy}, of which processor {share} %",
            tool=record["tool"], energy=format_quantity(energy, "mWh"), share=format_number(record["processor_kwh"] / record["energy_kwh"] * 100, 2),
        ),
        say("power of the processor ({name}): {how}", name=record["processor"], how=say(record["processor_power"])),
        labelled(say("power of the memory"), say(record["memory_power"])),
    )
    return Measured(
        Quantity(float(done.parameters), "parameter"), Quantity(float(done.tokens), "token"), Quantity(done.seconds, "s"),
        energy, record["processor_power"], "\n".join(lines),
    )  # fmt: skip

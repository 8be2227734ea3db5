"""What a run took: time, work of the processor, and its energy and carbon as CodeCarbon counts them.

The tracker starts in a thread beside the kernels, with the time of the processor that they leave,
so that nobody waits for its import; what it did not see of the run's first seconds is told by the
seconds it watched. Whatever goes wrong with it is noted and spoils no run.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

from recount.errors import RecountError, nearest
from recount.language import french, in_a_row, message, say

PATIENCE = 0.05  # of the time a run took: how long to wait for a tracker that is still starting
SECONDS = 2  # between two looks: kernels live for seconds, and what one did after the last look at it is lost
# What the record holds is English; these are read again where it is told in another language.
_TOOL, _OF_COUNTRY = message("CodeCarbon {version}, offline"), message("{country}, CodeCarbon's table")


def cpu_seconds() -> float:
    """Time of the processor that this process and the ended ones it started have used."""
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system


class Tracker:
    """CodeCarbon's offline tracker on this process and all that it starts, begun in the background."""

    def __init__(self, country: str = ""):
        self.country = country
        self._tracker: Any = None
        self._problem = ""
        self._begun = time.perf_counter()
        self._thread = threading.Thread(target=self._start, daemon=True)
        self._thread.start()

    def _start(self) -> None:
        if sys.platform == "linux":  # elsewhere a thread has no priority of its own
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        try:
            from recount.peers import offline_tracker

            # Without a country only the energy is taken, which is the same in each.
            self._tracker = offline_tracker(self.country or "FRA", SECONDS)
            self._tracker.start()
        except Exception as error:  # a tool on the side: the run goes on without it
            self._problem = f"{type(error).__name__}: {error}".splitlines()[0]

    def wait(self) -> None:
        """Return once it counts, or once it has failed to start."""
        self._thread.join()

    def stop(self) -> dict[str, Any]:
        """What it counted: energy by part, carbon, and how it came by the power of the processor."""
        self._thread.join(timeout=PATIENCE * (time.perf_counter() - self._begun))
        if self._problem or self._thread.is_alive() or not self._tracker:
            return {"problem": self._problem or message("it had not started when the run ended")}
        try:
            self._tracker.stop()
            return self._counted()
        except Exception as error:
            return {"problem": f"{type(error).__name__}: {error}".splitlines()[0]}

    def _counted(self) -> dict[str, Any]:
        found = counted(self._tracker)
        intensity, where = self._intensity(self._tracker.final_emissions_data)
        return found | {"carbon_kg": found["energy_kwh"] * intensity, "grid_intensity": intensity, "grid_intensity_of": where}

    def _intensity(self, data: Any) -> tuple[float, str]:
        """Kilograms per kilowatt-hour: CodeCarbon's for the country that was named, else our stand-in."""
        from recount.assumptions import load
        from recount.peers import codecarbon_intensity
        from recount.units import read_unit

        if self.country:
            return codecarbon_intensity(self.country), _OF_COUNTRY.format(country=data.country_name)
        row = load().default("grid_intensity")
        return float(row.quantity().to(read_unit("kgCO2e/kWh")).magnitude), message("a site whose country is unknown, the row default|grid_intensity (--country FRA names one)")


def counted(tracker: Any) -> dict[str, Any]:
    """What a tracker that was stopped has counted: energy by part, and how it came by each."""
    from recount.peers import processor_method

    data = tracker.final_emissions_data
    return {
        "tool": _TOOL.format(version=data.codecarbon_version),
        "seconds_watched": round(data.duration, 2),
        "energy_kwh": data.energy_consumed,
        "processor_kwh": data.cpu_energy,
        "memory_kwh": data.ram_energy,
        "graphics_kwh": data.gpu_energy,
        "processor": data.cpu_model,
        "processor_power": processor_method(tracker),
        "memory_power": message("from a rule: so many watts per memory module, of the whole machine"),
        "graphics_power": message("measured: the chip's own counter, whoever uses it") if data.gpu_count else message("none seen"),
    }


def check_country(country: str) -> None:
    """Refuse a country that CodeCarbon has no electricity for, without the second that its import takes."""
    if not country:
        return
    table = Path(importlib.util.find_spec("codecarbon").origin).parent / "data" / "private_infra" / "global_energy_mix.json"
    known = json.loads(table.read_text(encoding="utf-8"))
    if country not in known:
        raise RecountError(f"CodeCarbon has no electricity for '{country}': {nearest(country, known)}")


class Stopwatch:
    """Wall and processor time of one stretch, with CodeCarbon beside it if asked for."""

    def __init__(self, track: bool, country: str = ""):
        self._wall, self._cpu = time.perf_counter(), cpu_seconds()
        self._tracker = Tracker(country) if track else None

    def stop(self) -> dict[str, Any]:
        """The record of the stretch, as ``data/run.schema.json`` describes it."""
        wall, cpu = time.perf_counter() - self._wall, cpu_seconds() - self._cpu
        energy = self._tracker.stop() if self._tracker else {"problem": message("not asked for (--no-meter)")}
        return {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2), "energy": energy}


def told(record: dict[str, Any]) -> list[str]:
    """The record in sentences.

    >>> told({"seconds": 61.2, "cpu_seconds": 90.0, "energy": {"problem": "not asked for (--no-meter)"}})
    ['It took 61.2 s, and 90 s of the processor.', 'Its energy was not counted: not asked for (--no-meter).']
    """
    from recount.units import trimmed

    lines = [say("It took {seconds} s, and {cpu} s of the processor.", seconds=trimmed(record["seconds"], 3), cpu=trimmed(record["cpu_seconds"], 3))]
    energy = record["energy"]
    if "problem" in energy:
        return [*lines, say("Its energy was not counted: {problem}.", problem=say(energy["problem"]))]
    milli = {name: trimmed(energy[name] * 1e3, 3) for name in ("energy_kwh", "carbon_kg", "processor_kwh", "memory_kwh", "grid_intensity")}
    found = {"tool": _again(energy["tool"], _TOOL), "energy": milli["energy_kwh"], "carbon": milli["carbon_kg"]}
    if energy["seconds_watched"] > 0.9 * record["seconds"]:
        lines.append(say("{tool}, counted {energy} Wh and {carbon} gCO2e.", **found))
    else:
        lines.append(say("{tool}, counted {energy} Wh and {carbon} gCO2e in the {watched} s it watched.", **found, watched=trimmed(energy["seconds_watched"], 3)))
    processor, memory = _again_power(energy["processor_power"]), say(energy["memory_power"])
    lines.append(
        say("Processor {processor} Wh ({how}); memory {memory} Wh ({how_memory}).", processor=milli["processor_kwh"], how=processor, memory=milli["memory_kwh"], how_memory=memory)
    )
    lines.append(say("Carbon: times {intensity} gCO2e/kWh of {where}.", intensity=milli["grid_intensity"], where=_again(energy["grid_intensity_of"], _OF_COUNTRY)))
    return lines


def _again(text: str, *messages: str) -> str:
    """An English text of the record in the language spoken: its message is found again, and what filled it."""
    if not french():
        return text
    from recount.contexts import countries
    from recount.wording import in_words

    for known in messages:
        if found := re.fullmatch(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(known)), text):
            named = dict(countries().values())
            return say(known, **{name: named.get(value, in_words(value)) for name, value in found.groupdict().items()})
    return say(text)


def _again_power(text: str) -> str:
    """How CodeCarbon came by the power of each processor, in the language spoken."""
    if not french():
        return text
    from recount.peers import PROCESSOR

    return in_a_row([_again(one, *PROCESSOR.values()) for one in text.split("; ")])

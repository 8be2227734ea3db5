"""Energy counters: the accelerator's own by NVML, sampled power where there is none, CodeCarbon for the host.

A meter is begun and ended round a stretch of work, and says how many joules it counted.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import Any

from recount.errors import RecountError

COUNTER, SAMPLED = "energy counter", "sampled power"
_EVERY = 0.1  # seconds between two looks at the power, where there is no counter


class Clock:
    """The time of the machine."""

    def now(self) -> float:
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Nvml:
    """One accelerator as NVIDIA's management library tells of it.

    Energy is the difference of two readings of ``nvmlDeviceGetTotalEnergyConsumption``:
    millijoules of the whole board since the driver was loaded, from Volta on. On recent boards
    it is renewed every 20 to 100 ms, so a stretch should last many times that. A board without it
    is sampled by ``nvmlDeviceGetPowerUsage``, which since Ampere (GA100 apart) is a mean over one
    second; its sensor may see no more than a quarter of that time on A100 and H100.

    Parameters
    ----------
    uuid : of the board, as PyTorch tells it; empty: the only one.
    library, clock : stand-ins for ``pynvml`` and the time, where readings are replayed.

    Raises
    ------
    RecountError : no driver, no such board, not known which, or neither energy nor power to be had.

    References
    ----------
    NVIDIA, NVML API reference, device queries; PETSc manual, PetscLogGpuEnergyMeter (how often
    the counter is renewed); Yang, Adamek and Armour 2024, arXiv:2312.02741 (what the sensor sees).
    """

    def __init__(self, uuid: str = "", library: Any = None, clock: Clock | None = None):
        self._nvml, self._clock = library or _pynvml(), clock or Clock()
        try:
            self._nvml.nvmlInit()
            self._board = self._found(uuid)
        except self._nvml.NVMLError as error:
            raise RecountError(f"no accelerator of NVIDIA answers ({error}): --cpu measures the processor.") from None
        self.kind = COUNTER if self._told("nvmlDeviceGetTotalEnergyConsumption") is not None else SAMPLED
        if self.kind == SAMPLED and self._told("nvmlDeviceGetPowerUsage") is None:
            raise RecountError(f"{self.name} tells neither its energy nor its power: nothing can be measured on it.")

    def _found(self, uuid: str) -> Any:
        """The board of that name; where there is but one it is the one, whatever a virtual machine calls it.

        NVML counts boards by their slots, PyTorch the fastest first and only those that CUDA_VISIBLE_DEVICES
        leaves it: among several a number says nothing.
        """
        boards = self._nvml.nvmlDeviceGetCount()
        if boards == 1:
            return self._nvml.nvmlDeviceGetHandleByIndex(0)
        if not uuid:
            raise RecountError(f"there are {boards} accelerators, and PyTorch does not tell which of them is its first: a newer PyTorch does.")
        return self._nvml.nvmlDeviceGetHandleByUUID(uuid)

    def _told(self, function: str, *arguments: Any) -> Any:
        """What NVML says, or nothing where this board, driver or machine does not."""
        try:
            return getattr(self._nvml, function)(self._board, *arguments)
        except (self._nvml.NVMLError, AttributeError):
            return None

    @property
    def name(self) -> str:
        found = self._told("nvmlDeviceGetName") or "an accelerator without a name"
        return found.decode() if isinstance(found, bytes) else found

    def device(self) -> dict[str, Any]:
        """What the board is, and what bounds it."""
        limit, memory = self._told("nvmlDeviceGetEnforcedPowerLimit"), self._told("nvmlDeviceGetMemoryInfo")
        mode, driver = self._told("nvmlDeviceGetMigMode"), None
        with contextlib.suppress(self._nvml.NVMLError, AttributeError):
            driver = self._nvml.nvmlSystemGetDriverVersion()
        running = self._told("nvmlDeviceGetComputeRunningProcesses")
        others = None if running is None else [one for one in running if one.pid != os.getpid()]
        return {
            "name": self.name, "counter": self.kind, "power_limit_w": limit / 1e3 if limit else None,
            "memory_gb": round(memory.total / 1e9, 1) if memory else None, "driver": driver.decode() if isinstance(driver, bytes) else driver,
            "partitioned": bool(mode and mode[0]), "other_processes": len(others) if others is not None else None,
        }  # fmt: skip

    def state(self) -> dict[str, Any]:
        """Temperature, clocks, power, the bits of why the clocks are lower than they could be, and how many processes are there."""
        power, why = self._told("nvmlDeviceGetPowerUsage"), self._told("nvmlDeviceGetCurrentClocksEventReasons")
        running = self._told("nvmlDeviceGetComputeRunningProcesses")
        return {
            "temperature_c": self._told("nvmlDeviceGetTemperature", self._nvml.NVML_TEMPERATURE_GPU),
            "sm_clock_mhz": self._told("nvmlDeviceGetClockInfo", self._nvml.NVML_CLOCK_SM),
            "memory_clock_mhz": self._told("nvmlDeviceGetClockInfo", self._nvml.NVML_CLOCK_MEM),
            "power_w": power / 1e3 if power is not None else None,
            "throttle_bits": why if why is not None else self._told("nvmlDeviceGetCurrentClocksThrottleReasons"),  # as it was called before
            "processes": len(running) if running is not None else None,  # ours among them, where the driver lets it be seen
        }  # fmt: skip

    def begin(self) -> None:
        """Start counting."""
        if self.kind == SAMPLED:
            self._samples: list[tuple[float, float]] = []
            self._stop = threading.Event()
            self._look()
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        else:
            self._before = self._told("nvmlDeviceGetTotalEnergyConsumption")

    def end(self) -> float:
        """Joules since the start."""
        if self.kind == SAMPLED:
            self._look()
            self._stop.set()
            self._thread.join()
            pairs = sorted(self._samples)
            return sum((after - before) * (one + other) / 2 for (before, one), (after, other) in zip(pairs, pairs[1:]))
        after = self._told("nvmlDeviceGetTotalEnergyConsumption")
        if after is None or self._before is None or after < self._before:
            raise RecountError(f"the energy counter of {self.name} ran from {self._before} to {after} mJ: it was set back or lost on the way, so measure again.")
        if after == self._before:
            raise RecountError(f"the energy counter of {self.name} stood still at {after} mJ: this driver, or this virtual machine, does not keep it.")
        return (after - self._before) / 1e3

    def _look(self) -> None:
        milliwatts = self._told("nvmlDeviceGetPowerUsage")
        if milliwatts is not None:
            self._samples.append((self._clock.now(), milliwatts / 1e3))

    def _watch(self) -> None:
        while not self._stop.wait(_EVERY):
            self._look()


def _pynvml() -> Any:
    try:
        import pynvml
    except ImportError:
        raise RecountError("the bindings to NVML are not installed: pip install nvidia-ml-py.") from None
    return pynvml


class Host:
    """CodeCarbon on this process: processor and memory, measured or by its tables.

    A stretch that it could not watch has a problem in one sentence and no joules.
    """

    kind = "CodeCarbon"

    def __init__(self) -> None:
        self._tracker: Any = None
        self._problem = ""

    def begin(self) -> None:
        """Start counting; what CodeCarbon has to find out of the machine comes before."""
        self._tracker, self._problem = None, ""
        try:
            from recount.peers import offline_tracker
            from recount.run_record import SECONDS

            self._tracker = offline_tracker("FRA", SECONDS)  # the energy is the same in each country
            self._tracker.start()
        except ImportError as error:
            self._problem = f"not counted: {error.name or 'CodeCarbon'} is not installed"
        except Exception as error:  # a tool on the side: an accelerator is measured without it
            self._problem = f"not counted: {type(error).__name__}: {error}".splitlines()[0]

    def end(self) -> dict[str, Any]:
        """Joules by part and how they were come by, or the problem."""
        if self._problem:
            return {"problem": self._problem}
        from recount.run_record import counted

        try:
            self._tracker.stop()
            found = counted(self._tracker)
        except Exception as error:
            return {"problem": f"not counted: {type(error).__name__}: {error}".splitlines()[0]}
        kept = {key: found[key] for key in ("tool", "seconds_watched", "processor", "processor_power", "memory_power")}
        return kept | {"processor_j": found["processor_kwh"] * 3.6e6, "memory_j": found["memory_kwh"] * 3.6e6}

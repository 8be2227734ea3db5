"""The instrument without a machine: a clock, a board and work that follow a file of made-up readings.

For tests and for trying the commands. Nothing of it is a measurement: the file says so, every
line that is printed says so, and what is written can become no row.
"""

from __future__ import annotations

import json
import types
from pathlib import Path
from typing import Any

from recount.errors import RecountError
from recount.measure import workloads
from recount.measure.meter import Nvml
from recount.measure.session import OutOfMemory
from recount.measure.workloads import Case, Shape

_RENEWED = 0.1  # seconds between two values of the counter


class ReplayClock:
    """A clock that moves when something is done; whoever listens hears for how long, and at what power."""

    def __init__(self, idle_watts: float):
        self.seconds, self.joules, self._idle = 1000.0, 5e6, idle_watts

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.work(seconds, self._idle)

    def work(self, seconds: float, watts: float) -> None:
        self.seconds += seconds
        self.joules += seconds * watts
        self.watts = watts


class ReplayNvml(types.SimpleNamespace):
    """What ``pynvml`` would say of the board in the file."""

    class NVMLError(Exception):
        pass

    NVML_TEMPERATURE_GPU, NVML_CLOCK_SM, NVML_CLOCK_MEM = 0, 1, 2

    def __init__(self, board: dict[str, Any], clock: ReplayClock):
        clock.watts = board["idle_watts"]
        told = {
            "nvmlInit": lambda: None,
            "nvmlDeviceGetCount": lambda: 1,
            "nvmlDeviceGetHandleByIndex": lambda index: "board",
            "nvmlSystemGetDriverVersion": lambda: "made up",
            "nvmlDeviceGetName": lambda handle: board["name"],
            "nvmlDeviceGetEnforcedPowerLimit": lambda handle: round(board["power_limit_w"] * 1e3),
            "nvmlDeviceGetMemoryInfo": lambda handle: types.SimpleNamespace(total=board["memory_gb"] * 1e9),
            "nvmlDeviceGetMigMode": lambda handle: (0, 0),
            "nvmlDeviceGetComputeRunningProcesses": lambda handle: [],
            "nvmlDeviceGetTemperature": lambda handle, sensor: board["temperature_c"],
            "nvmlDeviceGetClockInfo": lambda handle, which: board["clocks_mhz"][which - 1],
            "nvmlDeviceGetCurrentClocksThrottleReasons": lambda handle: 0,
            "nvmlDeviceGetPowerUsage": lambda handle: round(clock.watts * 1e3),
        }
        if board["counter"]:  # in steps of its renewal, as a board shows it
            told["nvmlDeviceGetTotalEnergyConsumption"] = lambda handle: round((clock.joules - clock.watts * (clock.seconds % _RENEWED)) * 1e3)
        super().__init__(**told)


class _Work:
    def __init__(self, clock: ReplayClock, parameters: int, memory: float, entry: dict[str, Any], tokens: dict[str, int]):
        self._clock, self.parameters, self._memory, self._entry, self._tokens = clock, parameters, memory, entry, tokens

    def prepare(self, batch: int, checkpointing: bool) -> None:
        self._batch, self._share = batch, 0.1 if checkpointing else 1.0

    def step(self) -> int:
        if 8e-9 * self.parameters + self._batch * self._share * self._entry["gb_per_sequence"] > self._memory:
            raise OutOfMemory
        tokens = self._batch * self._tokens["training"]
        # A step has a fixed part, so that a larger batch trains faster up to a point.
        self._clock.work(self._entry["fixed_seconds"] + tokens / self._entry["tokens_per_second"], self._entry["watts"])
        return tokens

    def prompt(self) -> int:
        return self._phase("prompt")

    def output(self) -> int:
        return self._phase("output")

    def _phase(self, name: str) -> int:
        entry = self._entry[name]
        self._clock.work(self._tokens[name] / entry["tokens_per_second"], entry["watts"])
        return self._tokens[name]

    def told(self) -> dict[str, Any]:
        return {"precision": "none: made-up readings", "launch": "none: made-up readings"}


class ReplayBench:
    """A bench whose readings come from a file.

    Raises
    ------
    RecountError : no such file, or one that is not marked as synthetic.
    """

    mark = "synthetic: "

    def __init__(self, path: Path):
        try:
            self._told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RecountError(f"{path} cannot be replayed: {str(error).splitlines()[0]}.") from None
        if not isinstance(self._told, dict) or self._told.get("synthetic") is not True:
            raise RecountError(f'{path} is not marked "synthetic": true: only made-up readings are replayed.')
        board = self._told["board"]
        self.clock = ReplayClock(board["idle_watts"])
        self.meter, self.host = Nvml(library=ReplayNvml(board, self.clock), clock=self.clock), NoHost()
        self._memory = board["memory_gb"]

    def device(self) -> dict[str, Any]:
        found = self.meter.device()
        return {"kind": "gpu", "chip": workloads.chip_of(found["name"]), **found}

    def software(self) -> dict[str, str]:
        return {"replay": "made-up readings"}

    def training(self, shape: Shape, sequence: int) -> _Work:
        return self._work(Case("training", self._size(shape)), shape, {"training": sequence})

    def decoding(self, shape: Shape, batch: int, prompt: int, output: int) -> _Work:
        if (2e-9 * shape.parameters + 4e-9 * batch * (prompt + output) * shape.layers * shape.key_value_heads * shape.head_size) > self._memory:
            raise OutOfMemory
        return self._work(Case("decoding", self._size(shape), batch), shape, {"prompt": batch * prompt, "output": batch * output})

    def _size(self, shape: Shape) -> str:
        return next(name for name, known in workloads.sizes().items() if known == shape)

    def _work(self, case: Case, shape: Shape, tokens: dict[str, int]) -> _Work:
        entry = self._told["cases"].get(case.id)
        if entry is None:
            raise RecountError(f"the file of made-up readings has none for {case.id}: it has {', '.join(self._told['cases'])}.")
        return _Work(self.clock, shape.parameters, self._memory, entry, tokens)

    def synchronise(self) -> None:
        """Nothing runs beside the clock."""

    def release(self) -> None:
        """Nothing is held."""


class NoHost:
    """The host of a replay: there is none."""

    kind = "none"

    def begin(self) -> None:
        """Nothing to count."""

    def end(self) -> dict[str, Any]:
        return {"problem": "not counted: made-up readings"}

"""Where work is done for real: PyTorch on one accelerator, or on the processor."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import platform
from collections.abc import Iterator
from typing import Any

from recount.errors import RecountError
from recount.language import message
from recount.measure import workloads
from recount.measure.meter import Clock, Host, Nvml
from recount.measure.session import OutOfMemory
from recount.measure.workloads import Shape

MISSING = message("PyTorch is not installed: .venv/bin/pip install -e '.[measure]' in a checkout, or pip install torch nvidia-ml-py where only the sources lie, brings it.")
_NO_ROOM = ("out of memory", "allocate memory", "not enough memory", "alloc_failed")
_GRAPH_STEP = 64  # tokens that share one recorded graph, and so one length of cache
_BFLOAT16 = (8, 0)  # the compute capability from which on chips multiply such numbers
_PROMPT_TOKENS_AT_ONCE = 16_384  # of a batch: its hidden states would not fit beside the cache


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise RecountError(MISSING) from None
    return torch


@contextlib.contextmanager
def _memory(torch: Any) -> Iterator[None]:
    """What each allocator says when it has no room left, as one exception."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise OutOfMemory from None
    except RuntimeError as error:
        if any(words in str(error).lower() for words in _NO_ROOM):
            raise OutOfMemory from None
        raise


class _Pace:
    """Lets an accelerator be one step behind, no more: a clock that runs ahead of it would stop too late."""

    def __init__(self, torch: Any, where: Any):
        self._torch, self._cuda, self._waited = torch, where.type == "cuda", None

    def step(self) -> None:
        """A step has been asked for: wait until the one before it is done."""
        if self._cuda:
            done = self._torch.cuda.Event()
            done.record()
            if self._waited is not None:
                self._waited.synchronize()
            self._waited = done


class Training:
    """A model in training, stepped a batch at a time."""

    def __init__(self, bench: TorchBench, shape: Shape, sequence: int):
        from recount.measure.transformer import Transformer

        torch = self._torch = bench.torch
        self._device, self._vocabulary, self._sequence, self._batch = bench.where, shape.vocabulary, sequence, 1
        with _memory(torch):
            self._model = Transformer(shape, sequence, bench.where, bench.dtype)
            self._optimiser = torch.optim.AdamW(self._model.parameters(), lr=1e-4, fused=bench.where.type == "cuda" or None)
        self.parameters, self._pace = self._model.count, _Pace(torch, bench.where)

    def prepare(self, batch: int, checkpointing: bool) -> None:
        """Take so many sequences a step from now on, and keep activations or compute them again."""
        self._batch, self._model.checkpointing = batch, checkpointing
        self._optimiser.zero_grad(set_to_none=True)
        if self._device.type == "cuda":
            self._torch.cuda.empty_cache()

    def step(self) -> int:
        """One step of AdamW on sequences drawn anew; the tokens it took."""
        try:
            return self._step()
        except OutOfMemory:
            # AdamW's averages may be there for some weights and half there for one: it would not make them anew.
            self._optimiser.state.clear()
            raise

    def _step(self) -> int:
        with _memory(self._torch):
            # A batch that came again would be learnt, and learnt gradients are not random any more.
            tokens = self._torch.randint(self._vocabulary, (self._batch, self._sequence + 1), device=self._device)
            self._model.loss(tokens).backward()
            self._optimiser.step()
            self._optimiser.zero_grad(set_to_none=True)
            self._pace.step()
        return self._batch * self._sequence

    def told(self) -> dict[str, Any]:
        """How it is run."""
        return {"precision": str(self._model.embedding.weight.dtype).removeprefix("torch."), "launch": "eager"}


class Decoding:
    """A model that answers a batch of prompts from a cache that is allocated once."""

    def __init__(self, bench: TorchBench, shape: Shape, batch: int, prompt: int, output: int):
        from recount.measure.transformer import Cache, Transformer

        torch = self._torch = bench.torch
        self._cuda, self._batch, self._prompt, self._total = bench.where.type == "cuda", batch, prompt, prompt + output
        self._graphs: dict[int, Any] = {}
        self.launch, self._pace = "eager", _Pace(torch, bench.where)
        with _memory(torch), torch.no_grad():
            self._model = Transformer(shape, self._total, bench.where, bench.dtype)
            self._cache = Cache(shape, batch, self._total, bench.where, bench.dtype)
            self._prompts = torch.randint(shape.vocabulary, (batch, prompt), device=bench.where)
            self._position = torch.zeros(1, dtype=torch.long, device=bench.where)
            self._tokens = torch.zeros((batch, 1), dtype=torch.long, device=bench.where)
            self.prompt()
            if self._cuda:
                self._record()
        self.parameters = self._model.count

    def prompt(self) -> int:
        """Read all prompts once; the tokens read."""
        at_once = max(1, _PROMPT_TOKENS_AT_ONCE // self._prompt)
        with _memory(self._torch), self._torch.no_grad():
            for first in range(0, self._batch, at_once):
                last = min(self._batch, first + at_once)
                self._tokens[first:last] = self._model.read(self._prompts[first:last], self._cache.part(first, last))
            self._pace.step()
        return self._batch * self._prompt

    def output(self) -> int:
        """Write all answers once, after the prompts that lie in the cache; the tokens written."""
        with _memory(self._torch), self._torch.no_grad():
            self._position.fill_(self._prompt)
            for position in range(self._prompt, self._total):
                if self._graphs:
                    self._graphs[self._end(position)].replay()
                else:
                    self._one(position + 1)
            self._pace.step()
        return self._batch * (self._total - self._prompt)

    def _one(self, end: int) -> None:
        self._tokens.copy_(self._model.write(self._tokens, self._cache, self._position, end))
        self._position.add_(1)

    def _end(self, position: int) -> int:
        """How much of the cache a recorded graph looks at: up to the end of its stretch, so a few places more than are filled."""
        return min(self._total, (position // _GRAPH_STEP + 1) * _GRAPH_STEP)

    def _record(self) -> None:
        """Record one graph per stretch of the answers; where that fails every kernel is launched by hand."""
        torch, ends = self._torch, sorted({self._end(position) for position in range(self._prompt, self._total)})
        try:
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                self._position.fill_(self._prompt)
                for _ in range(3):
                    self._one(ends[0])
            torch.cuda.current_stream().wait_stream(side)
            graphs, pool = {}, None
            for end in ends:
                graphs[end] = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graphs[end], pool=pool):
                    self._one(end)
                pool = graphs[end].pool()
            self._graphs, self.launch = graphs, "CUDA graphs"
        except RuntimeError as error:  # no room for it among them: without graphs it may still fit
            self._graphs, self.launch = {}, f"eager (no graph: {str(error).splitlines()[0][:120]})"
            torch.cuda.set_stream(torch.cuda.default_stream())  # a recording that fails may leave its own behind
            torch.cuda.synchronize()

    def told(self) -> dict[str, Any]:
        """How it is run."""
        return {"precision": str(self._model.embedding.weight.dtype).removeprefix("torch."), "launch": self.launch}


class TorchBench:
    """One device with its meters.

    Parameters
    ----------
    cpu : measure the processor, though there be an accelerator.
    name : what the machine is called in rows, for a processor.

    Raises
    ------
    RecountError : PyTorch is missing, or sees no accelerator, or one that cannot multiply 16-bit numbers of this kind.
    """

    mark = ""  # before every line that is printed

    def __init__(self, cpu: bool = False, name: str = ""):
        self.torch, self.clock, self.host = _torch(), Clock(), Host()
        if not cpu and not self.torch.cuda.is_available():
            raise RecountError("PyTorch sees no accelerator: --cpu measures a small training on the processor.")
        if not cpu and (capability := self.torch.cuda.get_device_capability(0)) < _BFLOAT16:
            named = f"{self.torch.cuda.get_device_name(0)} (compute capability {capability[0]}.{capability[1]})"
            raise RecountError(f"{named} has no arithmetic in bfloat16, and what it emulates is no measure of it: a chip of 8.0 or later is needed.")
        self.where = self.torch.device("cpu" if cpu else "cuda:0")
        self.dtype = self.torch.float32 if cpu else self.torch.bfloat16
        self._name = name
        self.meter = None if cpu else Nvml(self._uuid(), clock=self.clock)

    def _uuid(self) -> str:
        """The board that PyTorch calls its first: NVML counts also those that are hidden from us."""
        found = getattr(self.torch.cuda.get_device_properties(0), "uuid", "")
        return f"GPU-{found}" if found else ""

    def device(self) -> dict[str, Any]:
        """What is measured."""
        if self.meter is None:
            return {"kind": "cpu", "chip": "", "name": self._name or "a processor", "counter": Host.kind, "cores": os.cpu_count(), "threads": self.torch.get_num_threads()}
        told = self.meter.device()
        if told["partitioned"]:
            raise RecountError(f"{told['name']} is cut into partitions (MIG): its counter counts all of them, so measure a whole one.")
        return {"kind": "gpu", "chip": workloads.chip_of(told["name"]), **told}

    def software(self) -> dict[str, str]:
        """Versions that a figure depends on."""
        found = {"python": platform.python_version(), "torch": self.torch.__version__}
        return found | ({"cuda": self.torch.version.cuda} if self.where.type == "cuda" else {})

    def training(self, shape: Shape, sequence: int) -> Training:
        self._needs(4 * shape.parameters)  # weights, gradients and two averages
        return Training(self, shape, sequence)

    def decoding(self, shape: Shape, batch: int, prompt: int, output: int) -> Decoding:
        self._needs(shape.parameters + 2 * batch * (prompt + output) * shape.layers * shape.key_value_heads * shape.head_size)
        return Decoding(self, shape, batch, prompt, output)

    def _needs(self, numbers: int) -> None:
        """So many numbers at once: an accelerator refuses what is too much, a system swaps until it ends us."""
        if self.where.type == "cpu" and numbers * self.dtype.itemsize > _physical_memory():
            raise OutOfMemory

    def synchronise(self) -> None:
        """Wait until all that was asked for is done."""
        if self.where.type == "cuda":
            self.torch.cuda.synchronize()

    def release(self) -> None:
        """Give memory back; whatever still holds a model must be gone."""
        gc.collect()
        if self.where.type == "cuda":
            self.torch.cuda.empty_cache()


def _physical_memory() -> float:
    """Bytes of the machine, where the system tells them."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return math.inf

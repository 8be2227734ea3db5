"""The instrument for real, on the processor: needs PyTorch ('make measuretest' installs it), and says so where it is missing."""

import contextlib
import importlib.util
import json
import os
import time
import types

import pytest

from recount.cli import main
from recount.errors import RecountError
from recount.measure import predict, record as records, session, submit, workloads
from recount.measure.meter import Nvml
from recount.measure.workloads import Shape

if importlib.util.find_spec("torch") is None and not os.environ.get("RECOUNT_NEEDS_TORCH"):
    pytest.skip("PyTorch is not installed: 'make measuretest' installs it and runs these", allow_module_level=True)

import torch  # noqa: E402

from recount.measure import bench as benches  # noqa: E402
from recount.measure.bench import Decoding, TorchBench, Training  # noqa: E402
from recount.measure.session import OutOfMemory  # noqa: E402
from recount.measure.transformer import Cache, Transformer  # noqa: E402

GROUPED = Shape(layers=2, hidden=64, heads=8, key_value_heads=2, feed_forward=96, vocabulary=50, tied=False)


@pytest.mark.parametrize("name", workloads.sizes())
def test_the_module_has_the_parameters_that_the_shape_says(name):
    assert Transformer(workloads.shape(name), 4, device="meta").count == workloads.shape(name).parameters


def test_what_is_decoded_from_the_cache_is_what_the_whole_sequence_gives():
    torch.manual_seed(0)
    model, tokens = Transformer(GROUPED, 24), torch.randint(50, (3, 20))
    cache = Cache(GROUPED, 3, 24, torch.device("cpu"), torch.float32)
    with torch.no_grad():
        whole = model.head(model(tokens))
        assert torch.equal(model.read(tokens[:, :12], cache), whole[:, 11:12].argmax(-1))
        for place in range(12, 20):
            hidden = model._cached(tokens[:, place : place + 1], cache, torch.tensor([place]), place + 1)
            assert torch.allclose(model.head(hidden), whole[:, place : place + 1], atol=1e-5)


def test_no_token_sees_a_later_one():
    torch.manual_seed(0)
    model, tokens = Transformer(GROUPED, 24), torch.randint(50, (1, 20))
    other = tokens.clone()
    other[:, 15:] = (other[:, 15:] + 1) % 50
    with torch.no_grad():
        before, after = model(tokens), model(other)
    assert torch.equal(before[:, :15], after[:, :15]) and not torch.allclose(before[:, 15:], after[:, 15:])


def test_activations_computed_again_give_the_same_gradients():
    torch.manual_seed(0)
    model, tokens = Transformer(GROUPED, 24), torch.randint(50, (2, 21))
    found = []
    for model.checkpointing in (False, True):
        model.zero_grad()
        model.loss(tokens).backward()
        found.append([weight.grad.clone() for weight in model.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_a_step_moves_the_weights_and_tells_its_tokens():
    work = Training(TorchBench(cpu=True), workloads.shape("1m"), 32)
    work.prepare(3, False)
    before = work._model.embedding.weight.detach().clone()
    assert work.step() == 96
    assert not torch.equal(work._model.embedding.weight, before)


def test_a_batch_is_read_in_parts_and_written_to_its_end(monkeypatch):
    monkeypatch.setattr(benches, "_PROMPT_TOKENS_AT_ONCE", 16)
    work = Decoding(TorchBench(cpu=True), GROUPED, 5, 8, 4)
    assert (work.prompt(), work.output()) == (40, 20)
    first = work._tokens.clone()
    assert int(work._position) == 12
    assert (work.prompt(), work.output()) == (40, 20)
    assert torch.equal(work._tokens, first), "every pass writes the same answers to the same prompts"


def test_an_allocator_without_room_is_one_exception():
    with pytest.raises(OutOfMemory), benches._memory(torch):
        torch.empty(2**62, dtype=torch.uint8)
    with pytest.raises(RuntimeError, match="shape"), benches._memory(torch):
        torch.ones(2, 3) @ torch.ones(2, 3)


def test_a_recorded_graph_looks_at_least_as_far_as_its_tokens():
    work = Decoding(TorchBench(cpu=True), GROUPED, 1, 8, 4)
    work._prompt, work._total = 512, 768
    assert all(position < work._end(position) <= min(768, position + 64) for position in range(512, 768))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is an accelerator here")
def test_without_an_accelerator_it_is_refused(tmp_path, capsys):
    assert main(["measure", "--out", str(tmp_path / "a.json")]) == 2
    assert capsys.readouterr().err == "recount: PyTorch sees no accelerator: --cpu measures a small training on the processor.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_processor_is_measured_for_real(tmp_path, capsys):
    path = tmp_path / "cpu.json"
    command = ["measure", "--cpu", "--name", "a test", "--sizes", "1m", "--minutes", "0.02", "--repeats", "2", "--out", str(path)]
    assert main(command) == 0
    found = json.loads(path.read_text(encoding="utf-8"))
    assert (found["device"]["kind"], found["device"]["counter"], found["synthetic"]) == ("cpu", "CodeCarbon", False)
    assert [entry["order"] for entry in found["repeats"]] == [1, 2] and {entry["repeat"] for entry in found["repeats"]} == {1, 2}
    for entry in found["repeats"]:
        one = entry["stretches"]["training"]
        assert entry["parameters"] == 1_058_016 and one["seconds"] >= 1.2
        assert one["joules"] == pytest.approx(one["host"]["processor_j"] + one["host"]["memory_j"])
        assert entry["epsilon_pj"] == pytest.approx(one["joules"] / one["tokens"] / 1_058_016 * 1e12)
    # What is left to say of it is that it was short and that a shared machine may not repeat itself.
    assert all("of 3 repeats" in fault or "apart" in fault for fault in submit.faults(path))
    assert main(command) == 0 and json.loads(path.read_text(encoding="utf-8")) == found | {"command": found["command"]}, "nothing is measured twice"
    assert "2 of 2 repeats that were asked for are there" in capsys.readouterr().out


# --- what only an accelerator does, with stand-ins for it ----------------------------------------


def test_an_optimiser_that_ran_out_of_memory_half_way_begins_anew(monkeypatch):
    """Weights and gradients of 7B fit into 40 GB, AdamW's averages do not: what is half made must not be taken for made."""
    work = Training(TorchBench(cpu=True), workloads.shape("1m"), 32)
    work.prepare(1, False)
    made, left = torch.zeros_like, [9]

    def few(*arguments, **more):
        left[0] -= 1
        if left[0] < 0:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return made(*arguments, **more)

    monkeypatch.setattr(torch, "zeros_like", few)
    with pytest.raises(OutOfMemory):
        work.step()
    assert left[0] == -1, "in the midst of the averages: two for each weight, after four weights one"
    monkeypatch.setattr(torch, "zeros_like", made)
    work.prepare(1, True)
    assert work.step() == 32


def test_the_search_goes_on_with_activations_computed_again_after_the_optimiser_found_no_room(monkeypatch):
    """As it is done for real: nothing fits without, and with it the same model trains."""
    bench = TorchBench(cpu=True)
    work = Training(bench, workloads.shape("1m"), 16)
    step = work._optimiser.step

    def no_room(*arguments):
        if not work._model.checkpointing:
            work._optimiser.state[next(work._model.parameters())] = {"step": torch.tensor(0.0)}
            raise torch.OutOfMemoryError("CUDA out of memory")
        return step(*arguments)

    monkeypatch.setattr(work._optimiser, "step", no_room)
    found = session._search(bench, work, 2)
    assert found["checkpointing"] is True and found["tried"][0]["batch"] == 1


class Queue:
    """A stand-in for ``torch.cuda``: events and graphs that only note what is asked of them."""

    def __init__(self):
        self.asked, self.done, self.work = 0, 0, None
        queue = self

        class Event:
            def record(self):
                queue.asked += 1
                self.number = queue.asked

            def synchronize(self):
                queue.done = max(queue.done, self.number)

        class Graph:
            end = 0

            def replay(self):
                queue.work._one(self.end)

            def pool(self):
                return "pool"

        @contextlib.contextmanager
        def graph(found, pool=None):
            asked = queue.work._one
            queue.work._one = lambda end: setattr(found, "end", end)
            yield
            queue.work._one = asked

        @contextlib.contextmanager
        def stream(side):
            yield

        side = types.SimpleNamespace(wait_stream=lambda other: None)
        self.Event, self.CUDAGraph, self.graph, self.stream = Event, Graph, graph, stream
        self.Stream = self.current_stream = lambda: side
        self.default_stream, self.set_stream = lambda: "default", lambda one: setattr(self, "set", one)
        self.synchronize = lambda: None


@pytest.fixture
def queue(monkeypatch):
    found = Queue()
    for name in ("Event", "CUDAGraph", "graph", "stream", "Stream", "current_stream", "default_stream", "set_stream", "synchronize"):
        monkeypatch.setattr(torch.cuda, name, getattr(found, name))
    return found


def test_no_work_is_asked_for_more_than_one_step_ahead(queue):
    """An answer of 256 tokens is asked for in a few milliseconds and takes seconds: the clock must not run ahead."""
    bench = TorchBench(cpu=True)
    work = Decoding(bench, GROUPED, 2, 8, 4)
    work._pace = benches._Pace(torch, types.SimpleNamespace(type="cuda"))
    for step in (work.prompt, work.output, work.output):
        step()
        assert queue.asked - queue.done <= 1 or queue.asked == 1
    assert (queue.asked, queue.done) == (3, 2)
    trained = Training(bench, workloads.shape("1m"), 16)
    trained._pace = benches._Pace(torch, types.SimpleNamespace(type="cuda"))
    trained.prepare(1, False)
    assert [(trained.step(), queue.asked, queue.done) for _ in range(2)] == [(16, 4, 2), (16, 5, 4)]


def test_graphs_write_the_same_answers_as_kernels_launched_by_hand(queue, monkeypatch):
    """Seventy tokens are two graphs; with a stretch of one token a graph sees what an eager launch sees, so the tokens are the same."""
    monkeypatch.setattr(benches, "_GRAPH_STEP", 1)
    torch.manual_seed(0)
    work = queue.work = Decoding(TorchBench(cpu=True), GROUPED, 3, 8, 70)
    work.prompt()
    work.output()
    by_hand = work._tokens.clone()
    work._record()
    assert work.launch == "CUDA graphs" and sorted(work._graphs) == list(range(9, 79)) == sorted(one.end for one in work._graphs.values())
    work.prompt()
    work.output()
    assert torch.equal(work._tokens, by_hand) and int(work._position) == 78
    monkeypatch.setattr(benches, "_GRAPH_STEP", 64)
    work._record()
    assert sorted(work._graphs) == [64, 78]


def test_a_graph_that_cannot_be_recorded_leaves_eager_launches(queue, monkeypatch):
    @contextlib.contextmanager
    def fails(found, pool=None):
        raise torch.OutOfMemoryError("CUDA out of memory\nmore")
        yield

    monkeypatch.setattr(torch.cuda, "graph", fails)
    work = queue.work = Decoding(TorchBench(cpu=True), GROUPED, 1, 8, 4)
    work._record()
    assert work.told()["launch"] == "eager (no graph: CUDA out of memory)" and work.output() == 4
    assert queue.set == "default"


def test_a_chip_that_cannot_multiply_bfloat16_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda which: (7, 0))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda which: "Tesla V100-SXM2-16GB")
    with pytest.raises(RecountError, match=r"Tesla V100-SXM2-16GB \(compute capability 7.0\) has no arithmetic in bfloat16"):
        TorchBench()


def test_what_the_machine_has_no_memory_for_is_not_begun(monkeypatch):
    """On a laptop 14 billion parameters in training are 217 GB: Linux would swap, then end us without a word."""
    monkeypatch.setattr(benches, "_physical_memory", lambda: 16e9)
    bench = TorchBench(cpu=True)
    for begin in (lambda: bench.training(workloads.shape("14b"), 256), lambda: bench.decoding(workloads.shape("1m"), 10**6, 512, 256)):
        with pytest.raises(OutOfMemory):
            begin()


def test_decoding_in_sixteen_bits_follows_the_whole_sequence():
    """As on an accelerator: from the cache and without one the hidden states agree to the precision of bfloat16."""
    torch.manual_seed(0)
    model, tokens = Transformer(GROUPED, 24, dtype=torch.bfloat16), torch.randint(50, (3, 20))
    cache = Cache(GROUPED, 3, 24, torch.device("cpu"), torch.bfloat16)
    with torch.no_grad():
        whole = model(tokens)
        model.read(tokens[:, :12], cache)
        for place in range(12, 20):
            hidden = model._cached(tokens[:, place : place + 1], cache, torch.tensor([place]), place + 1)
            assert torch.nn.functional.cosine_similarity(hidden.float(), whole[:, place : place + 1].float(), -1).min() > 0.999


class Board(types.SimpleNamespace):
    """NVML of a board that draws 300 W whatever is done, by the real clock."""

    NVMLError = type("NVMLError", (Exception,), {})
    NVML_TEMPERATURE_GPU = NVML_CLOCK_SM = NVML_CLOCK_MEM = 0

    def __init__(self):
        super().__init__(
            nvmlInit=lambda: None, nvmlDeviceGetCount=lambda: 1, nvmlDeviceGetHandleByIndex=lambda index: 0, nvmlDeviceGetName=lambda board: b"NVIDIA H100 80GB HBM3",
            nvmlDeviceGetTotalEnergyConsumption=lambda board: int(300e3 * time.perf_counter()), nvmlDeviceGetPowerUsage=lambda board: 300_000,
            nvmlDeviceGetEnforcedPowerLimit=lambda board: 700_000,
        )  # fmt: skip


def test_the_path_of_an_accelerator_from_its_counter_to_a_file_that_is_checked(tmp_path):
    """Real work in bfloat16, a board that answers little more than its energy, and the file that comes of it."""
    bench = TorchBench(cpu=True)
    bench.dtype, bench.meter = torch.bfloat16, Nvml(library=Board())
    cases = [workloads.case(name) for name in ("training-1m", "decoding-1m-batch-2")]
    chosen = records.settings(False, minutes=0.01, idle_seconds=0.2, sequence=32, largest_batch=2, prompt_tokens=8, output_tokens=4)
    found, path = records.new("h100", predict.sheet("h100"), chosen, predict.predictions("h100", cases, chosen)), tmp_path / "a.json"
    records.take_device(found, path, bench.device(), bench.software(), False)
    found |= {"measured_on": "2026-01-02"}
    session.run(bench, found, records.todo(found, path), lambda: records.write(path, found), lambda line: None)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert {(one["case"], one["repeat"]) for one in told["repeats"]} == {(case.id, repeat) for case in cases for repeat in (1, 2, 3)}
    assert (told["device"]["name"], told["device"]["other_processes"], told["device"]["memory_gb"]) == ("NVIDIA H100 80GB HBM3", None, None)
    for entry in told["repeats"]:
        for one in entry["stretches"].values():
            assert one["watts"] >= 299 and one["before"]["temperature_c"] is None
        assert (entry["precision"], entry["parameters"]) == ("bfloat16", 1_058_016) and 0 < max(entry["utilisation"].values()) < 0.01
        if entry["phase"] == "decoding":
            assert entry["epsilon_pj"] == pytest.approx(entry["epsilon_by_phase_pj"]["output"] + 2 * entry["epsilon_by_phase_pj"]["prompt"])
    assert [one["when"] for one in told["idle"]] == ["before", "after"]
    # The counter was read a moment longer than the clock, never shorter. The board idles and works at 300 W, the stretches are short and the machine may be shared: nothing else speaks against the file.
    other = [fault for fault in submit.faults(path) if not any(words in fault for words in ("too short", "apart", "at rest"))]
    assert other == []

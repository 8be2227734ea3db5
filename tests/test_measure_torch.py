"""The instrument for real, on the processor: needs PyTorch ('make measuretest' installs it), and says so where it is missing."""

import importlib.util
import json
import os

import pytest

from recount.cli import main
from recount.measure import submit, workloads
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

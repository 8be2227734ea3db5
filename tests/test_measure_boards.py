"""The instrument on boards of other kinds, and where others are: every answer that NVML or a system may give, without a machine."""

import copy
import csv
import io
import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

from recount.cli import main
from recount.errors import RecountError
from recount.measure import replay, rows, session, submit
from recount.measure.meter import Nvml

READINGS = Path(__file__).with_name("synthetic_readings.json")


def readings(tmp_path: Path, **changes) -> Path:
    """Made-up readings of another board."""
    told = json.loads(READINGS.read_text(encoding="utf-8"))
    told["board"] |= changes
    (tmp_path / "readings.json").write_text(json.dumps(told), encoding="utf-8")
    return tmp_path / "readings.json"


def dry(source: Path, out: Path, *more: str) -> int:
    return main(["measure", "--replay", str(source), "--out", str(out), *more])


def load_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def library(**changes) -> tuple[replay.ReplayNvml, replay.ReplayClock]:
    told = json.loads(READINGS.read_text(encoding="utf-8"))["board"]
    clock = replay.ReplayClock(told["idle_watts"])
    found = replay.ReplayNvml(told, clock)
    vars(found).update(changes)
    return found, clock


# --- which board -------------------------------------------------------------------------------


def test_among_several_boards_the_one_that_pytorch_uses_is_read():
    """CUDA_VISIBLE_DEVICES=2 makes NVML's third board PyTorch's first: the UUID tells, the number does not."""
    asked = []
    found, clock = library(nvmlDeviceGetCount=lambda: 4, nvmlDeviceGetHandleByUUID=lambda uuid: asked.append(uuid) or "board")
    Nvml("GPU-third", found, clock)
    assert asked == ["GPU-third"]
    with pytest.raises(RecountError, match="there are 4 accelerators, and PyTorch does not tell which of them is its first"):
        Nvml("", found, clock)


def test_a_counter_that_stands_still_is_refused():
    """A virtual machine may answer with the same figure for ever: that is no energy of nothing."""
    found, clock = library(nvmlDeviceGetTotalEnergyConsumption=lambda handle: 0)
    meter = Nvml("", found, clock)
    meter.begin()
    clock.work(10, 300)
    with pytest.raises(RecountError, match="the energy counter of NVIDIA H100 80GB HBM3 stood still at 0 mJ"):
        meter.end()


def test_others_on_the_board_are_counted_at_each_stretch():
    import os

    running = [types.SimpleNamespace(pid=os.getpid())]
    meter = Nvml("", *library(nvmlDeviceGetComputeRunningProcesses=lambda handle: running))
    assert (meter.device()["other_processes"], meter.state()["processes"]) == (0, 1)
    running.append(types.SimpleNamespace(pid=1))
    assert (meter.device()["other_processes"], meter.state()["processes"]) == (1, 2)


# --- a card that the data do not have ----------------------------------------------------------


def test_an_unknown_card_is_measured_without_a_prediction(tmp_path, capsys):
    path, source = tmp_path / "a.json", readings(tmp_path, name="NVIDIA GeForce RTX 4090", power_limit_w=700)
    assert dry(source, path, "--sizes", "1b", "--only", "training", "--minutes", "0.5") == 0
    assert "synthetic: data/measure.toml does not name NVIDIA GeForce RTX 4090: its energy is measured, without a prediction" in capsys.readouterr().out
    found = load_json(path)
    assert (found["for"], found["chip"], found["prediction"]["cases"]) == (
        "nvidia-geforce-rtx-4090", None, {"training-1b": {"problem": "data/measure.toml does not name NVIDIA GeForce RTX 4090"}},
    )  # fmt: skip
    assert len(found["repeats"]) == 3 and not any("utilisation" in one for one in found["repeats"])
    found = found | {"synthetic": False, "repeats": [one | {"precision": "bfloat16"} for one in found["repeats"]]}
    path.write_text(json.dumps(found), encoding="utf-8")
    assert submit.faults(path) == []
    lines = {line["name"]: line for line in csv.DictReader(io.StringIO(rows.text(path)))}
    assert lines["accelerator_energy_per_parameter_token"]["context"] == "measurement:nvidia-geforce-rtx-4090-training-1b" and "utilisation" not in lines
    assert rows.listed(path).count("\n") == 1, "the header alone: no prediction is to be held against it"


def test_a_prediction_for_a_card_here_is_for_that_card(tmp_path, monkeypatch, capsys):
    """Not for a processor, as which a card without a chip of the data would be taken."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("recount.cli_measure._bench", lambda options: replay.ReplayBench(readings(tmp_path, name="NVIDIA A10")))
    assert main(["measure", "--predict", "--sizes", "1b"]) == 0
    assert load_json(tmp_path / "measurement-nvidia-a10.json")["for"] == "nvidia-a10" and "does not name NVIDIA A10" in capsys.readouterr().out


def test_a_file_for_a_chip_is_not_for_a_card_without_one(tmp_path, capsys):
    path = tmp_path / "a.json"
    assert main(["measure", "--predict", "--chip", "h100", "--sizes", "1b", "--only", "training", "--out", str(path)]) == 0
    assert dry(readings(tmp_path, name="NVIDIA H100 NVL"), path) == 2
    assert "a.json was prepared for h100, and this is NVIDIA H100 NVL, which data/measure.toml does not name: give another --out." in capsys.readouterr().err


# --- going on ----------------------------------------------------------------------------------


@pytest.fixture
def begun(tmp_path) -> Path:
    """One repeat of three."""
    path = tmp_path / "a.json"
    assert dry(READINGS, path, "--sizes", "1b", "--only", "training", "--minutes", "0.2", "--stop-after", "0.6") == 0
    assert 1 <= len(load_json(path)["repeats"]) < 3
    return path


def test_a_measurement_is_not_gone_on_with_under_another_power_limit(begun, tmp_path, capsys):
    before = begun.read_bytes()
    assert dry(readings(tmp_path, power_limit_w=400), begun) == 2
    assert "a.json was begun with a power limit (W) of 700.0, and now it is 400.0: set it back, or give another --out." in capsys.readouterr().err
    assert begun.read_bytes() == before


def test_a_command_with_nothing_left_to_do_changes_no_date(begun):
    assert dry(READINGS, begun) == 0
    found = load_json(begun) | {"measured_on": "2026-01-02", "command": "recount measure"}
    begun.write_text(json.dumps(found), encoding="utf-8")
    assert dry(READINGS, begun, "--only", "training") == 0
    assert load_json(begun) == found


def test_a_batch_that_fits_no_more_is_tried_again_later(begun, monkeypatch, capsys):
    """Somebody else's model in the memory for an hour is no reason to give the case up."""
    made = replay._Work.step
    monkeypatch.setattr(replay._Work, "step", lambda self: (_ for _ in ()).throw(session.OutOfMemory))
    assert dry(READINGS, begun) == 0
    assert "training-1b: batch 8 fitted when it was searched for and does not any more; is something else in the memory?" in capsys.readouterr().out
    assert load_json(begun)["failures"] == []
    monkeypatch.setattr(replay._Work, "step", made)
    assert dry(READINGS, begun) == 0 and len(load_json(begun)["repeats"]) == 3


# --- rows, and where recount is not whole -------------------------------------------------------


def test_a_row_tells_the_limit_and_that_idle_power_is_in_it(begun):
    assert dry(READINGS, begun) == 0
    found = copy.deepcopy(load_json(begun))
    found |= {"synthetic": False, "repeats": [one | {"precision": "bfloat16"} for one in found["repeats"]]}
    begun.write_text(json.dumps(found), encoding="utf-8")
    first = next(csv.DictReader(io.StringIO(rows.text(begun))))
    assert first["derivation"].endswith("by the board's own energy counter, idle power not taken off; accelerator alone, limited to 700 W")


@pytest.mark.parametrize("what", ["--submit-check", "--rows"])
def test_a_bare_machine_says_that_it_cannot_check(begun, what, tmp_path):
    code = (
        "import sys\n"
        "class Bare:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name.split('.')[0] in {'pint', 'numpy', 'pandas', 'jsonschema'}:\n"
        "            raise ImportError(name, name=name)\n"
        "sys.meta_path.insert(0, Bare())\n"
        "from recount.cli import main\n"
        f"raise SystemExit(main(['measure', {what!r}, {str(begun)!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "recount: --submit-check and --rows need the whole of recount, and numpy is not installed here: take the file to where it is.\n")


def test_a_name_that_no_row_could_be_called_by_is_refused(capsys):
    assert main(["measure", "--cpu", "--name", "!"]) == 2
    assert capsys.readouterr().err == "recount: --name '!' is not taken: rows spell it in a to z and digits, so it must have some of them, such as 'my laptop'.\n"

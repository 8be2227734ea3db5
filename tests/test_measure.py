"""The instrument without a machine: what it is made of, a dry run on made-up readings, and what is refused."""

import copy
import csv
import io
import json
import subprocess
import sys
import types
from pathlib import Path

import pytest
from conftest import data_in, forget

from recount import figures
from recount.assumptions import COLUMNS, load
from recount.backtest import answers, cases, measured, rows as fitted_rows
from recount.backtest.cases import OWN
from recount.cli import main
from recount.errors import RecountError
from recount.measure import arithmetic, bench as benches, predict, record as records, replay, rows, session, submit, views, workloads
from recount.measure.meter import COUNTER, SAMPLED, Host, Nvml
from recount.validation import package_problems
from recount.vocabulary import data_folder

READINGS = Path(__file__).with_name("synthetic_readings.json")


def dry(path: Path, *more: str) -> int:
    return main(["measure", "--replay", str(READINGS), "--out", str(path), *more])


def load_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict:
    """A dry measurement of five cases."""
    path = tmp_path_factory.mktemp("dry") / "dry.json"
    made = records.new("h100", predict.sheet("h100"), records.settings(False, minutes=0.5), predict.predictions("h100", FIVE, records.settings(False)))
    records.write(path, made)
    assert dry(path) == 0
    return load_json(path)


FIVE = [workloads.case(name) for name in ("training-0.1b", "training-1b", "training-7b", "decoding-1b-batch-1", "decoding-7b-batch-64")]


def as_real(found: dict, **more) -> dict:
    """A dry measurement as if a chip had been there."""
    return copy.deepcopy(found) | {"synthetic": False, "repeats": [one | {"precision": "bfloat16"} for one in copy.deepcopy(found["repeats"])]} | more


@pytest.fixture
def sent(whole, tmp_path):
    """A measurement as somebody sends it: the dry one, taken for real, with a hand to spoil it."""

    def spoiled(change=lambda found: None) -> list[str]:
        found = as_real(whole)
        change(found)
        path = tmp_path / "sent.json"
        path.write_text(json.dumps(found), encoding="utf-8")
        return submit.faults(path)

    return spoiled


# --- what it is made of ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "parameters"),
    # Mistral 7B and TinyLlama 1.1B as published: 7,241,732,096 and 1,100,048,384
    [("7b", 7_241_732_096), ("1b", 1_100_048_384), ("0.1b", 12 * (4 * 768**2 + 3 * 768 * 2048 + 2 * 768) + 32_000 * 768 + 768)],
)
def test_shapes_have_the_parameters_of_published_models(size, parameters):
    assert workloads.shape(size).parameters == parameters


def test_the_floor_is_the_sheet(capsys):
    """A100: 400 W over 312 TFLOP/s is 1.282 pJ an operation."""
    told = str(views.floors("a100", "h100"))
    assert "7.69 pJ" in told and "2.56 pJ" in told and "4.24 pJ" in told and "1.41 TFLOP" in told


def test_every_repeat_comes_once_in_an_order_that_the_seed_gives():
    drawn = workloads.order(FIVE, 3, 6)
    assert sorted((case.id, repeat) for case, repeat in drawn) == sorted((case.id, repeat) for case in FIVE for repeat in (1, 2, 3))
    assert drawn == workloads.order(FIVE, 3, 6) != workloads.order(FIVE, 3, 7)
    assert drawn != [(case, repeat) for repeat in (1, 2, 3) for case in FIVE]


def test_chips_are_known_by_what_drivers_call_them():
    names = {
        "NVIDIA H100 80GB HBM3": "h100", "NVIDIA H100 PCIe": "h100-pcie", "NVIDIA H100 NVL": "", "NVIDIA H200": "h200", "NVIDIA H200 NVL": "",
        "NVIDIA H800": "h800", "NVIDIA H800 PCIe": "", "NVIDIA A100-SXM4-80GB": "a100", "NVIDIA A100-SXM4-40GB": "a100-40", "A100-SXM-80GB": "a100", "NVIDIA A100-PCIE-40GB": "",
        "NVIDIA L4": "l4", "NVIDIA L40": "l40", "NVIDIA L40S": "", "NVIDIA B200": "b200", "NVIDIA GB200": "gb200", "NVIDIA GH200 480GB": "", "NVIDIA GeForce RTX 4090": "",
    }  # fmt: skip
    assert {name: workloads.chip_of(name) for name in names} == names
    # A name that the model cannot predict would stop a measurement where the chip stands.
    assert [predict.sheet(predict.named(chip))["name"] for chip in workloads.table()["chips"].values()] == list(workloads.table()["chips"].values())


# --- a dry run ---------------------------------------------------------------------------------


def test_the_batch_is_doubled_until_memory_or_gain_runs_out(whole):
    """By the readings: 8 bytes a parameter, then 1, 6 or 30 GB a sequence in 80 GB; the 7B asks for activations computed again."""
    found = {name: (one["batch"], one["checkpointing"], one["ended_by_memory"]) for name, one in whole["searches"].items()}
    assert found == {"training-0.1b": (64, False, False), "training-1b": (8, False, True), "training-7b": (4, True, True)}
    assert [one["batch"] for one in whole["searches"]["training-1b"]["tried"]] == [1, 2, 4, 8]


def test_epsilon_is_what_the_readings_give(whole):
    """1B at batch 8: 16,384 tokens in 0.03 s + 16,384 / 50,000 s at 600 W are 13.1 mJ a token, to the counter's renewal."""
    a_token = 600 * (0.03 + 16_384 / 50_000) / 16_384
    for entry in (one for one in whole["repeats"] if one["case"] == "training-1b"):
        assert entry["epsilon_pj"] == pytest.approx(a_token / 1_100_048_384 * 1e12, rel=0.004)  # 0.1 s in 30 s
        assert entry["utilisation"]["training"] == pytest.approx(6 * 1_100_048_384 / (a_token / 600) / 989.4e12, rel=1e-6)
        attention = 12 * 22 * 2048 * 2048 / (6 * 1_100_048_384)
        assert entry["utilisation_with_attention"] == pytest.approx(entry["utilisation"]["training"] * (1 + attention))


def test_answers_carry_their_prompts(whole):
    """7B at batch 64: 256 tokens at 500 W and 4,000 a second, 512 at 600 W and 40,000 a second; the counter's renewal is 0.1 s in 6 s."""
    joules = 500 / 4000 + 600 / 40_000 * 512 / 256
    (entry, *_) = [one for one in whole["repeats"] if one["case"] == "decoding-7b-batch-64"]
    assert entry["epsilon_pj"] == pytest.approx(joules / 7_241_732_096 * 1e12, rel=0.02)
    assert entry["epsilon_by_phase_pj"]["output"] == pytest.approx(500 / 4000 / 7_241_732_096 * 1e12, rel=0.02)
    assert entry["stretches"]["output"]["tokens"] % (64 * 256) == 0 and entry["utilisation"]["output"] == pytest.approx(2 * 7_241_732_096 * 4000 / 989.4e12)


def test_a_dry_run_is_called_synthetic_in_every_line(tmp_path, capsys):
    assert dry(tmp_path / "a.json", "--only", "training", "--sizes", "0.1b", "--minutes", "0.2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and all(line.startswith("synthetic: ") for line in lines)
    found = load_json(tmp_path / "a.json")
    assert found["synthetic"] is True and str(tmp_path) not in found["command"]
    assert submit.faults(tmp_path / "a.json") == ["it is synthetic: made-up readings are no measurement."]
    with pytest.raises(RecountError, match="can become no rows: it is synthetic"):
        rows.text(tmp_path / "a.json")


def test_idle_power_is_taken_before_and_after(whole):
    assert [one["when"] for one in whole["idle"]] == ["before", "after"]
    assert all(one["watts"] == pytest.approx(80) for one in whole["idle"]), "the board's own, by the counter"


def test_what_was_measured_is_kept_and_gone_on_with(tmp_path, monkeypatch, capsys):
    path, command = tmp_path / "a.json", ["--only", "training", "--sizes", "0.1b,1b", "--minutes", "0.2"]
    done = session._training
    calls = []

    def broken(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return done(*arguments)

    monkeypatch.setattr(session, "_training", broken)
    assert dry(path, *command) == 130
    half = load_json(path)
    assert len(half["repeats"]) == 2
    monkeypatch.setattr(session, "_training", done)
    assert dry(path, *command) == 0
    assert load_json(path)["repeats"][:2] == half["repeats"] and len(load_json(path)["repeats"]) == 6
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"], "nothing half written"
    assert "6 of 6" in capsys.readouterr().out


def test_it_stops_before_its_time_is_up(tmp_path, capsys):
    """0.2 minutes and the rest of a repeat: two fit into half a minute of the made-up clock, the third would not be done."""
    path = tmp_path / "a.json"
    assert dry(path, "--only", "training", "--sizes", "1b", "--minutes", "0.2", "--stop-after", "0.6") == 0
    assert 1 <= len(load_json(path)["repeats"]) < 3
    assert "stopped for the time" in capsys.readouterr().out


def test_a_split_measurement_is_the_same_measurement(tmp_path, whole):
    path = tmp_path / "a.json"
    records.write(path, whole | {"repeats": [], "searches": {}, "idle": []})
    for part in (["--only", "decoding"], ["--sizes", "0.1b,1b", "--only", "training"], ["--sizes", "7b"]):
        assert dry(path, *part) == 0
    key = lambda entry: (entry["case"], entry["repeat"])  # noqa: E731
    parts, once = ({key(e): e["epsilon_pj"] for e in found["repeats"]} for found in (load_json(path), whole))
    assert parts == pytest.approx(once, rel=0.04)  # where the counter's renewal falls differs


def test_what_does_not_fit_is_told_and_the_rest_goes_on(tmp_path, capsys):
    path = tmp_path / "a.json"
    assert dry(path, "--only", "training", "--sizes", "14b,0.1b", "--minutes", "0.1") == 0
    found = load_json(path)
    assert found["failures"] == [{"case": "training-14b", "reason": "does not fit into the memory, even with one sequence and activations computed again"}]
    assert {one["case"] for one in found["repeats"]} == {"training-0.1b"}
    assert dry(tmp_path / "b.json", "--only", "training", "--sizes", "14b", "--minutes", "0.1") == 2
    assert capsys.readouterr().err == "recount: nothing was measured: training-14b do not fit into the memory; --sizes names smaller ones.\n"


def board(**changes) -> Nvml:
    told = json.loads(READINGS.read_text(encoding="utf-8"))["board"] | changes
    clock = replay.ReplayClock(told["idle_watts"])
    return Nvml(library=replay.ReplayNvml(told, clock), clock=clock)


def test_power_is_sampled_only_where_there_is_no_counter():
    assert board().device()["counter"] == COUNTER
    meter = board(counter=False)
    assert meter.device()["counter"] == SAMPLED
    meter.begin()
    meter._clock.work(10, 300)
    assert meter.end() == pytest.approx((80 + 300) / 2 * 10), "the trapezium of the two looks"


def test_a_board_without_any_reading_is_refused():
    told = json.loads(READINGS.read_text(encoding="utf-8"))["board"] | {"counter": False}
    clock = replay.ReplayClock(80)
    library = replay.ReplayNvml(told, clock)
    del library.nvmlDeviceGetPowerUsage
    with pytest.raises(RecountError, match="tells neither its energy nor its power"):
        Nvml(library=library, clock=clock)


def test_a_counter_that_was_set_back_is_refused():
    meter = board()
    meter.begin()
    meter._clock.joules = 0
    with pytest.raises(RecountError, match="set back or lost"):
        meter.end()


def test_no_driver_is_one_sentence():
    class Error(Exception):
        pass

    def fails():
        raise Error("NVML Shared Library Not Found")

    with pytest.raises(RecountError, match=r"no accelerator of NVIDIA answers \(NVML Shared Library Not Found\): --cpu measures the processor"):
        Nvml(library=types.SimpleNamespace(NVMLError=Error, nvmlInit=fails))


@pytest.mark.parametrize(("boards", "found"), [(1, "board"), (2, None)])
def test_a_board_by_another_name_is_taken_only_where_it_is_alone(boards, found):
    clock = replay.ReplayClock(80)
    library = replay.ReplayNvml(json.loads(READINGS.read_text(encoding="utf-8"))["board"], clock)

    def unknown(uuid):
        raise library.NVMLError("Not Found")

    library.nvmlDeviceGetHandleByUUID, library.nvmlDeviceGetCount = unknown, lambda: boards
    if found:
        assert Nvml("GPU-another", library, clock)._board == found
    else:
        with pytest.raises(RecountError, match=r"no accelerator of NVIDIA answers \(Not Found\)"):
            Nvml("GPU-another", library, clock)


def test_a_host_without_codecarbon_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "recount.peers", None)
    host = Host()
    host.begin()
    assert host.end() == {"problem": "not counted: recount.peers is not installed"}


# --- prediction before measurement -------------------------------------------------------------


def test_the_prediction_is_sealed_before_and_carried_by_every_repeat(whole):
    assert {one["prediction_sha256"] for one in whole["repeats"]} == {whole["prediction"]["sha256"]}
    assert whole["prediction"]["sha256"] == records.seal(whole["settings"], whole["chip"], whole["prediction"]["cases"])
    assert set(whole["prediction"]["cases"]) == {case.id for case in FIVE}


def test_the_same_prediction_has_the_same_hash_and_comes_before(tmp_path, capsys):
    paths = [tmp_path / name for name in ("a.json", "b.json")]
    for path in paths:
        assert main(["measure", "--predict", "--chip", "h100", "--out", str(path), "--sizes", "1b"]) == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert "training-1b" in capsys.readouterr().out
    assert dry(paths[0], "--only", "training") == 0
    assert main(["measure", "--predict", "--chip", "h100", "--out", str(paths[0])]) == 2
    assert "holds measurements already: a prediction comes before them" in capsys.readouterr().err


def test_training_is_predicted_from_the_fit_of_the_chip():
    """6 FLOP over 989.4 TFLOP/s at the fit's utilisation, at the share of 700 W that a busy chip draws."""
    share, busy = (float(load().pick(context, name).value) for context, name in (("fit:h100", "utilisation"), ("default", "power_fraction")))
    assert predict.training("h100", 7e9)[1] == pytest.approx(6 / 989.4e12 / share * 700 * busy * 1e12)


def test_a_bare_machine_measures_what_was_predicted_elsewhere(tmp_path):
    """Neither pint nor pandas nor anything else of the model is imported where a file is there already."""
    path = tmp_path / "a.json"
    assert main(["measure", "--predict", "--chip", "h100", "--out", str(path), "--only", "training", "--sizes", "0.1b", "--minutes", "0.1"]) == 0
    code = (
        "import sys\n"
        "class Bare:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name.split('.')[0] in {'pint', 'numpy', 'pandas', 'scipy', 'hamilton', 'matplotlib', 'codecarbon', 'torch', 'jsonschema'}:\n"
        "            raise ImportError(name, name=name)\n"
        "sys.meta_path.insert(0, Bare())\n"
        "from recount.cli import main\n"
        f"code = main(['measure', '--replay', {str(READINGS)!r}, '--out', {str(path)!r}])\n"
        f"other = main(['measure', '--replay', {str(READINGS)!r}, '--out', {str(tmp_path / 'none.json')!r}])\n"
        "print(code, other)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.splitlines()[-1] == "0 2"
    assert "the model cannot predict here" in done.stderr and "recount measure --predict --chip h100" in done.stderr
    assert len(load_json(path)["repeats"]) == 3 and not (tmp_path / "none.json").exists()


# --- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--sizes", "8b"], "size '8b' is not known: known names are"),
        (["--only", "trainin"], "'trainin' is not a phase to measure: did you mean 'training'?"),
        (["--minutes", "-1"], "minutes -1 cannot be: it must be from 0.01 to 60; the nearest valid value is 0.01."),
        (["--minutes", "nan"], "--minutes 'nan' is not read: it must be one number, such as '1'."),
        (["--repeats", "0"], "repeats 0 cannot be: it must be from 1 to 100; the nearest valid value is 1."),
        (["--seed", "1.5"], "--seed '1.5' is not read: it must be a whole number"),
        (["--batches", "0"], "--batches holds 0: a batch is at least 1."),
        (["--stop-after", "0"], "--stop-after 0 cannot be: it must be above 0 minutes."),
        (["--chip", "h100"], "--chip goes with --plan and --predict"),
        (["--out", " "], "--out is empty: name a file"),
        (["--out", "."], ". is a folder: name a file in it"),
        (["--cpu"], "--cpu and --replay are both given"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(tmp_path, monkeypatch, capsys, typed, said):
    monkeypatch.chdir(tmp_path)
    assert main(["measure", "--replay", str(READINGS), *typed]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert dry(tmp_path / "file" / "a.json", "--sizes", "0.1b", "--only", "training") == 2
    assert "cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "typed", "said"),
    [
        ({"for": "a100"}, [], "was prepared for a100, and this is NVIDIA H100 80GB HBM3"),
        ({"version": 2}, [], "is of version 2, and this recount reads up to version 1"),
        ({}, ["--minutes", "2"], "was prepared with minutes 0.5: leave --minutes out"),
        ({}, ["--sizes", "3b"], "was not prepared for 3b"),
        ({}, ["--only", "decoding", "--batches", "2"], "was not prepared for batch 2"),
        ({"software": {"torch": "1"}}, [], "was begun on NVIDIA H100 80GB HBM3 with torch 1"),
    ],
)
def test_another_file_is_not_gone_on_with(tmp_path, whole, capsys, change, typed, said):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(whole | change), encoding="utf-8")
    before = path.read_bytes()
    assert dry(path, *typed) == 2
    assert said in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize(("text", "said"), [("{}", "is no measurement"), ("[]", "is no measurement"), ("{", "is not readable"), (None, "does not exist")])
def test_what_is_no_measurement_is_refused(tmp_path, text, said):
    path = tmp_path / "a.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(RecountError, match=said):
        submit.faults(path)


def test_made_up_readings_must_say_so(tmp_path):
    told = json.loads(READINGS.read_text(encoding="utf-8"))
    (tmp_path / "r.json").write_text(json.dumps(told | {"synthetic": False}), encoding="utf-8")
    with pytest.raises(RecountError, match='is not marked "synthetic": true'):
        replay.ReplayBench(tmp_path / "r.json")


def test_without_pytorch_one_sentence_says_how_to_install_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["measure", "--cpu", "--out", str(tmp_path / "a.json")]) == 2
    assert capsys.readouterr().err == f"recount: {benches.MISSING}\n" and list(tmp_path.iterdir()) == []
    assert "Not measured here: PyTorch is not installed" in str(views.live("1 s"))


def test_nothing_of_the_extra_is_imported_by_the_rest():
    code = "import sys, recount.cli, recount.figures, recount.measure.views\nprint(sorted({'torch', 'pynvml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# --- what somebody sends -----------------------------------------------------------------------


def test_a_sound_measurement_is_taken(sent):
    assert sent() == []


def first(found, phase="training"):
    return next(one for one in found["repeats"] if one["phase"] == phase)


def scaled(found, key, factor, phase="training"):
    """A reading multiplied, with all that follows from it made to fit."""
    entry = first(found, phase)
    for one in entry["stretches"].values():
        one[key] = one[key] * factor
        one["watts"] = one["joules"] / one["seconds"]
    entry |= session.derived(entry, found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: scaled(f, "joules", 1.5), "more than its limit of 700 W allows"),
        (lambda f: scaled(f, "joules", 0.1), "at work are less than the 80 W at rest"),
        (lambda f: scaled(f, "joules", 0.85), "its repeats lie ×"),
        (lambda f: scaled(f, "seconds", 0.1), "utilisation 3.06 is above 1"),
        (lambda f: scaled(f, "seconds", 0.1), "too short for a counter"),
        (lambda f: first(f).update(epsilon_pj=first(f)["epsilon_pj"] * 1.01), "epsilon_pj is"),
        (lambda f: first(f)["utilisation"].update(training=0.9), "utilisation of training is 0.9, and its readings give"),
        (lambda f: first(f)["stretches"]["training"].update(tokens=7), "7 tokens are not"),
        (lambda f: first(f)["stretches"]["training"].update(watts=1.0), "are not 1 W"),
        (lambda f: first(f).update(parameters=7_000_000_000), "7,000,000,000 parameters, and size"),
        (lambda f: first(f, "decoding").update(batch=2), "its batch is 2"),
        (lambda f: f["prediction"]["cases"]["training-1b"].update(middle=12.0), "changed after they were sealed"),
        (lambda f: f["settings"].update(seed=7), "changed after they were sealed"),
        (lambda f: first(f).update(prediction_sha256="0" * 64), "follows another prediction"),
        (lambda f: f["repeats"].pop(), "2 of 3 repeats"),
        (lambda f: f["repeats"].append(f["repeats"][0]), "a repeat stands twice"),
        (lambda f: f["repeats"].reverse(), "not numbered in the order"),
        (lambda f: f["repeats"].clear(), "nothing has been measured yet"),
        (lambda f: f["device"].update(partitioned=True), "cut into partitions"),
        (lambda f: f["device"].update(other_processes=2), "2 processes were on"),
        (lambda f: first(f)["stretches"]["training"]["after"].update(processes=3), "3 processes were on NVIDIA H100 80GB HBM3"),
        (lambda f: f["device"].update(power_limit_w=900), "its power limit of 900 W is above the rated 700 W"),
        (lambda f: f["device"].update(name="NVIDIA A100-SXM4-80GB"), "NVIDIA A100-SXM4-80GB is called 'h100', and data/measure.toml calls it 'a100'"),
        (lambda f: f.update({"for": "a100"}), "it was prepared for 'a100' and measured on 'h100'"),
        (lambda f: f.update(chip=None), "its data sheet is that of '', and the chip is 'h100'"),
        (lambda f: f["idle"][0].update(watts=800), "800 W at rest are more than its limit"),
        (lambda f: f.update(measured_on=""), "it was measured on '', which is no date"),
        (lambda f: f.update(measured_on="2026-02-30"), "it was measured on '2026-02-30', which is no date"),
        (lambda f: f.update(measured_on="2999-01-01"), "which is still to come"),
        (lambda f: f["software"].clear(), "does not say with which versions"),
        (lambda f: f.update(device={}), "does not say on what it was measured"),
        (lambda f: first(f).update(precision="float32"), "its numbers are 'float32', and 'bfloat16' are asked for"),
        (lambda f: f["searches"].clear(), "and the search found none"),
        (lambda f: first(f, "decoding").update(case="training-1b"), "it is called decoding"),
        (lambda f: f["settings"].update(minutes=1.0), "s, and the settings say 60 s at the least"),
        (lambda f: f.update(command="recount\nmeasure"), "command: it is not one line"),
        (lambda f: first(f)["stretches"]["training"].update(tokens=10**400), "no instrument writes such a number"),
        (lambda f: first(f)["stretches"]["training"].update(joules=5e-324), "no instrument writes such a number"),
        (lambda f: f["device"].update(power_limit_w=None), "power limit of NVIDIA H100 80GB HBM3 is missing"),
        (lambda f: f["chip"].update(peak_flop_per_s=1e15), "its peak rate of h100 is 1e+15, and the data have 9.894e+14"),
        (lambda f: f.update(synthetic=True), "it is synthetic"),
        (lambda f: f.update(more=1), "Additional properties are not allowed ('more' was unexpected)"),
        (lambda f: first(f).pop("batch"), "'batch' is a required property"),
        (lambda f: first(f)["stretches"]["training"].update(joules=-1), "is less than or equal to the minimum of 0"),
        (lambda f: first(f)["stretches"]["training"].update(joules=float("inf")), "it is not a finite number"),
        (lambda f: first(f).update(case="training-9q"), "does not match"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(sent, change, said):
    told = sent(change)
    assert any(said in fault for fault in told), told
    assert all("\n" not in fault and fault.endswith(".") for fault in told)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: None, None),
        (lambda f: f["repeats"][0]["stretches"]["training"]["host"].update(memory_j=0), "J of the processor and 0 J of the memory"),
        (lambda f: f["repeats"][0]["stretches"]["training"]["host"].update(seconds_watched=30), "CodeCarbon watched 30 s of 62.17 s"),
        (lambda f: (f["repeats"][0]["stretches"]["training"]["host"].update(processor_j=1e6), scaled(f, "joules", 1500)), "W are more than a processor and its memory draw"),
        (lambda f: f.update({"for": "h100"}), "it was prepared for 'h100' and measured on 'cpu'"),
        (lambda f: f["device"].update(name="!"), "its name has no letter from a to z"),
    ],
)
def test_a_processor_that_cannot_be_is_told_as_well(tmp_path, change, said):
    found = load_json(data_folder() / "measurements" / "cpu-2-core-virtual-server.json")
    change(found)
    (tmp_path / "sent.json").write_text(json.dumps(found), encoding="utf-8")
    told = submit.faults(tmp_path / "sent.json")
    assert any(said in fault for fault in told) if said else told == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("[" * 100_000 + "]" * 100_000, "nested too deeply"), (" " * 20_000_001, "has 20 MB, and no measurement has more than 20")],
)
def test_a_file_made_to_choke_on_is_refused(tmp_path, text, said):
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(RecountError, match=said):
        submit.faults(tmp_path / "a.json")


def test_of_a_hundred_thousand_faults_the_first_are_told(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"version": 1, "prediction": {}, "repeats": [{}] * 100_000}), encoding="utf-8")
    assert len(submit.faults(tmp_path / "a.json")) == 20


def test_an_unknown_size_in_a_file_is_a_fault_and_no_crash(sent):
    told = sent(lambda f: first(f).update(case="training-9b"))
    assert told == ["'training-9b' is no case: it is training-SIZE or decoding-SIZE-batch-N, such as 'training-1b'."]


# --- rows, and the back-test -------------------------------------------------------------------


@pytest.fixture
def taken(whole, tmp_path):
    """A copy of the data with the dry measurement in it as if it were real, seen until the test ends."""
    import shutil

    path, folder = tmp_path / "sent.json", tmp_path / "data"
    path.write_text(json.dumps(as_real(whole)), encoding="utf-8")
    made, listed = rows.text(path), rows.listed(path)
    shutil.copytree(data_folder(), folder)
    before = (answers.constants(), fitted_rows.text("2026"))
    (folder / "assumptions" / "own_measurements.csv").write_text(made, encoding="utf-8")
    (folder / "backtests" / "measured.csv").write_text(listed, encoding="utf-8")
    with data_in(folder):
        yield made, before


def test_rows_are_the_project_s_own(taken):
    lines = list(csv.DictReader(io.StringIO(taken[0])))
    assert list(lines[0]) == COLUMNS and package_problems() == []
    found = {(line["context"], line["name"]): line for line in lines}
    epsilon = found["measurement:h100-training-1b", "accelerator_energy_per_parameter_token"]
    assert (epsilon["strength"], epsilon["unit"], epsilon["source"]) == ("measured", "pJ/parameter/token", OWN)
    assert epsilon["derivation"].startswith("recount measure") and "3 repeats" in epsilon["derivation"] and "energy counter" in epsilon["derivation"]
    assert found["measurement:h100-decoding-7b-batch-64", "batch"]["value"] == "64"
    # 64 answers of 256 tokens in 256 / 62.5 s and 512 · 64 / 40,000 s
    assert float(found["measurement:h100-decoding-7b-batch-64", "output_rate"]["value"]) == pytest.approx(64 * 256 / (64 * 256 / 4000 + 64 * 512 / 40_000), rel=1e-3)
    assert load().pick("measurement:h100-training-7b", "utilisation").quantity().magnitude == pytest.approx(0.335, abs=5e-4)


def test_a_case_without_its_repeats_becomes_no_row(whole, tmp_path):
    path = tmp_path / "sent.json"
    last = whole["repeats"][-1]["case"]
    real = as_real(whole)
    path.write_text(json.dumps(real | {"repeats": real["repeats"][:-1]}), encoding="utf-8")
    assert submit.faults(path) == [f"{last}: 2 of 3 repeats."]
    contexts = {line["context"] for line in csv.DictReader(io.StringIO(rows.text(path)))}
    assert contexts == {f"measurement:h100-{case.id}" for case in FIVE if case.id != last}
    path.write_text(json.dumps(real | {"repeats": real["repeats"][:2]}), encoding="utf-8")
    with pytest.raises(RecountError, match="no case has its 3 repeats yet"):
        rows.text(path)


def test_our_measurements_are_tested_and_enter_no_fit(taken):
    found = {phase: measured.predictions(phase) for phase in measured.PHASES}
    assert {p.case for phase in found.values() for p in phase} == {f"h100-{case.id}" for case in FIVE}
    assert {p.family for phase in found.values() for p in phase} == {"recount-random-weights"}
    one = next(p for p in found["training"] if p.case == "h100-training-1b")
    assert (one.low, one.middle, one.high) == predict.training("h100", 1_100_048_384) and one.reported == pytest.approx(11.9, rel=0.01)
    assert one.baselines == {"6ND at peak and thermal design power": pytest.approx(6 * 700 / 989.4)}
    assert (answers.constants(), fitted_rows.text("2026")) == taken[1], "the fits are those of before, to the last digit"
    assert cases.problems() == [] and "Not measured" not in str(views.accelerators()) and "Not measured" not in str(views.against_prediction())
    middle = predict.training("h100", 1_100_048_384)[1]
    assert "Predicted before" in str(views.accelerators()) and f"{middle:.3g} pJ" not in str(views.accelerators()), "no file is kept, so nothing was sealed"
    kept = json.loads((data_folder().parent / "sent.json").read_text(encoding="utf-8"))
    kept["prediction"]["cases"]["training-1b"]["middle"] = 98.7  # of a model since bettered: what was said then is what is shown
    (data_folder() / "measurements" / "h100.json").write_text(json.dumps(kept), encoding="utf-8")
    line = next(line for line in str(views.accelerators()).splitlines() if "H100 training 1B" in line)
    assert "11.9 pJ" in line and "98.7 pJ (7.29 to" in line
    told = str(figures.epsilon_by_size())
    assert "H100 training 1B: 11.9 pJ/(parameter·token)" in told and "not measured by us yet" not in told


def test_a_measurement_of_our_own_in_a_list_that_is_fitted_is_a_problem(taken):
    path = data_folder() / "backtests" / "answers.csv"
    with path.open("a", encoding="utf-8") as file:
        file.write("measurement:h100-decoding-7b-batch-64,,recount-random-weights,hardware:h100,random,accelerator,measured,\n")
    forget()
    assert cases.problems() == ["backtests/answers.csv: 'measurement:h100-decoding-7b-batch-64' is a measurement of our own, which no fit may see: list it in measured.csv."]


def test_no_accelerator_is_printed_as_measured_before_it_was():
    if any(row.source == OWN and row.context.startswith("measurement:") and not row.context.startswith("measurement:cpu-") for row in load().rows):
        pytest.fail("there are rows of an accelerator now: the notebook's sections about it should be read again, and this test go")
    assert str(views.accelerators()) == str(views.against_prediction()) == views.NOT_YET
    assert "not measured by us yet: any accelerator" in str(figures.epsilon_by_size())


def test_the_files_kept_are_sound_and_their_rows_are_theirs():
    kept = sorted((data_folder() / "measurements").glob("*.json"))
    assert kept and [fault for path in kept for fault in submit.faults(path, partial=True)] == []
    made = {(line["context"], line["name"]): line for path in kept for line in csv.DictReader(io.StringIO(rows.text(path)))}
    stored = {(row.context, row.name): {column: getattr(row, column) for column in COLUMNS} for row in load().rows if row.source == OWN}
    assert stored == made


@pytest.mark.parametrize("what", ["--plan", "--predict"])
def test_an_unknown_chip_is_refused_with_the_nearest(what, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["measure", what, "--chip", "h1000"]) == 2
    assert capsys.readouterr().err == "recount: chip 'h1000' is not known: did you mean 'h100'?\n" and list(tmp_path.iterdir()) == []


def test_a_plan_tells_what_would_be_run(capsys):
    assert main(["measure", "--plan", "--sizes", "1b", "--batches", "8", "--minutes", "0.5"]) == 0
    told = capsys.readouterr().out
    # training 30 s and 4.5 s of warm-up; decoding 6 s twice, with as much of a warm-up
    assert "training-1b" in told and "about 44 s a repeat" in told and "decoding-1b-batch-8" in told and "about 18 s a repeat" in told


@pytest.mark.parametrize("share", [arithmetic.TRAINING_FLOP, arithmetic.FORWARD_FLOP])
def test_the_floor_is_below_every_point_that_was_measured(share):
    """No published point on H100 takes less than peak rate at rated power: in use 1.4 pJ, in training 4.2 pJ."""
    sheet = predict.sheet("h100")
    floor = arithmetic.floor(sheet["thermal_design_power_w"], sheet["peak_flop_per_s"], share)
    assert floor < min(p.epsilon for p in views.published_points("h100") if ("training" in p.group) == (share == 6))

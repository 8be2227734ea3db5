"""``recount measure``: ε by our own instrument, and the check of what somebody else measured."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path
from typing import Any

from recount.errors import RecountError

_EXAMPLES = """examples:
  recount measure --cpu --name "my laptop"                            a small training on the processor
  recount measure --plan --chip h100                                  what would be run, and how long it takes
  recount measure --predict --chip h100 --out h100.json               the model's prediction, before anything is measured
  recount measure --out h100.json --only training --stop-after 9      measure what is left of it for nine minutes
  recount measure --submit-check h100.json                            is it whole, and can it be?
  recount measure --rows h100.json                                    the same as rows of the data
"""
_SAVED = ("minutes", "repeats", "seed", "idle_seconds")


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = commands.add_parser("measure", help="measure ε on an accelerator or a processor of your own", epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    what, add = parser.add_mutually_exclusive_group(), parser.add_argument
    what.add_argument("--plan", action="store_true", help="print what would be run and how long it takes")
    what.add_argument("--predict", action="store_true", help="write the model's prediction into --out, for a measurement to follow, here or on a machine without the model")
    what.add_argument("--submit-check", metavar="FILE", help="validate a measurement that somebody sends")
    what.add_argument("--rows", metavar="FILE", help="print a measurement as rows of the data")
    what.add_argument("--replay", metavar="FILE", help="dry run on made-up readings; nothing of it is a measurement")
    add("--out", metavar="FILE", help="where every repeat is saved; a file that is there is gone on with (default: measurement-CHIP.json)")
    add("--cpu", action="store_true", help="measure the processor, by CodeCarbon")
    add("--name", default="", metavar="TEXT", help="what the machine is called in rows, for a processor")
    add("--chip", default="", metavar="CHIP", help="with --plan and --predict: for which chip of the data (default: the one that is here)")
    add("--only", default="", metavar="PHASE", help="training or decoding")
    add("--sizes", default="", metavar="A,B", help="sizes of data/measure.toml, such as 0.1b,1b,7b")
    add("--batches", default="", metavar="N,N", help="answers decoded at a time, such as 1,8,64")
    add("--minutes", metavar="M", help="steady stretch of one training; each phase of decoding takes a share of it")
    add("--repeats", metavar="N", help="how often each case is measured")
    add("--seed", metavar="S", help="of the order in which repeats are shuffled")
    add("--idle-seconds", metavar="T", help="how long the accelerator is watched at rest, before and after; 0 leaves it out")
    add("--stop-after", metavar="M", help="minutes after which no further repeat is begun that would not be done by then")
    parser.set_defaults(command=_measure)


def _measure(options: argparse.Namespace) -> int:
    if options.submit_check or options.rows:
        try:
            from recount.measure import rows
        except ImportError as error:
            raise RecountError(f"--submit-check and --rows need the whole of recount, and {error.name} is not installed here: take the file to where it is.") from None
        if options.submit_check:
            return _submit_check(Path(options.submit_check))
        path = Path(options.rows)
        print(rows.text(path) + (f"\nfor data/backtests/measured.csv:\n{listed}" if (listed := rows.listed(path)).count("\n") > 1 else ""), end="")
        return 0
    asked = {
        "minutes": _number(options.minutes, "--minutes"), "repeats": _whole(options.repeats, "--repeats"), "seed": _whole(options.seed, "--seed"),
        "idle_seconds": _number(options.idle_seconds, "--idle-seconds"),
    }  # fmt: skip
    sizes, batches = _listed(options.sizes), [_whole(text, "--batches") for text in _listed(options.batches)]
    if any(batch < 1 for batch in batches):
        raise RecountError("--batches holds 0: a batch is at least 1.")
    from recount.measure import workloads

    if options.name.strip() and not workloads.slug(options.name):
        raise RecountError(f"--name '{options.name}' is not taken: rows spell it in a to z and digits, so it must have some of them, such as 'my laptop'.")
    if options.cpu and options.chip:
        raise RecountError("--cpu and --chip are both given: a processor has no chip of the data.")
    return _plan(options, asked, sizes, batches) if options.plan else _predict(options, asked, sizes, batches) if options.predict else _run(options, asked, sizes, batches)


def _submit_check(path: Path) -> int:
    from recount.measure import record, submit

    found = submit.faults(path)
    for fault in found:
        print(f"recount: {path}: {fault}", file=sys.stderr)
    if found:
        return 2
    told = record.read(path)
    cases = {entry["case"] for entry in told["repeats"]}
    print(f"{path}: {len(told['repeats'])} repeats of {len(cases)} cases on {told['device']['name']} by its {told['device']['counter']}, no fault found")
    return 0


def _plan(options: argparse.Namespace, asked: dict[str, Any], sizes: list[str], batches: list[int]) -> int:
    from recount.measure import record, session, workloads

    settings = record.settings(options.cpu, **asked)
    cases = workloads.cases(options.only, sizes, batches, options.cpu)
    if options.chip:
        from recount.measure import predict

        predict.named(options.chip)
    print(f"{len(cases)} cases, {settings['repeats']} repeats of each in an order shuffled by seed {settings['seed']}:")
    total = 0.0
    for case in cases:
        seconds = session.expected(settings, case)
        total += settings["repeats"] * seconds
        what = f"{settings['sequence']:,} tokens a sequence, the batch searched for" if case.phase == "training" else f"{settings['prompt_tokens']} prompt and {settings['output_tokens']} output tokens"
        print(f"  {case.id:26} {workloads.shape(case.size).parameters:>14,} parameters, {what}; about {seconds:.0f} s a repeat")
    print(f"About {(total + 3 * settings['idle_seconds']) / 60:.0f} minutes in all; every repeat is saved as it is finished, and --stop-after ends a command in time.")
    return 0


def _predict(options: argparse.Namespace, asked: dict[str, Any], sizes: list[str], batches: list[int]) -> int:
    from recount.measure import record, workloads

    device = {"kind": "cpu"} if options.cpu else {"kind": "gpu", "chip": options.chip} if options.chip else _bench(options).device()
    path = _path(options, workloads.called(device))
    if path.exists() and record.read(path)["repeats"]:
        raise RecountError(f"{path} holds measurements already: a prediction comes before them, so give another --out.")
    made = _prepared(device, asked, workloads.cases(options.only, sizes, batches, options.cpu))
    record.write(path, made)
    for name, one in made["prediction"]["cases"].items():
        print(f"{name:26} " + (one.get("problem") or f"{one['middle']:.3g} pJ/(parameter·token), 90 % interval {one['low']:.3g} to {one['high']:.3g}"))
    print(f"{path} written, sealed as {made['prediction']['sha256'][:12]}: 'recount measure --out {path.name}' measures it.")
    return 0


def _prepared(device: dict[str, Any], asked: dict[str, Any], cases: list[Any]) -> dict[str, Any]:
    from recount.measure import record, workloads

    settings, chip = record.settings(device["kind"] == "cpu", **asked), device.get("chip", "")
    if not chip:
        problem = "the model knows no processor" if device["kind"] == "cpu" else f"data/measure.toml does not name {device['name']}"
        return record.new(workloads.called(device), None, settings, {one.id: {"problem": problem} for one in cases})
    try:
        from recount.measure import predict
    except ImportError as error:
        raise RecountError(f"the model cannot predict here ({error.name} is not installed): prepare the file elsewhere with 'recount measure --predict --chip {chip} --out FILE', and bring it.") from None
    return record.new(chip, predict.sheet(chip), settings, predict.predictions(chip, cases, settings))


def _run(options: argparse.Namespace, asked: dict[str, Any], sizes: list[str], batches: list[int]) -> int:
    from recount.measure import record, session, workloads

    if options.chip:
        raise RecountError("--chip goes with --plan and --predict: what is measured is the chip that is here.")
    stop_after = _number(options.stop_after, "--stop-after")
    if stop_after is not None and stop_after <= 0:
        raise RecountError(f"--stop-after {stop_after:g} cannot be: it must be above 0 minutes.")
    workloads.cases(options.only, sizes, batches, options.cpu)
    record.settings(options.cpu, **asked)
    bench = _bench(options)
    device = bench.device()
    path = _path(options, ("synthetic-" if bench.mark else "") + workloads.called(device))
    if path.exists():
        found = record.read(path)
        record.keep_settings(found, path, **asked)
    else:
        found = _prepared(device, asked, workloads.cases(options.only, sizes, batches, options.cpu))
    todo = record.todo(found, path, options.only, sizes, batches)
    record.take_device(found, path, device, bench.software(), bool(bench.mark))
    if device["kind"] == "gpu" and not device["chip"]:
        print(f"{bench.mark}data/measure.toml does not name {device['name']}: its energy is measured, without a prediction, a floor or a utilisation.")
    if session.left(found, todo):
        found["command"], found["measured_on"] = record.command(sys.argv[1:] if sys.argv[1:2] == ["measure"] else ["measure"]), datetime.date.today().isoformat()
    save = lambda: record.write(path, found)  # noqa: E731
    save()  # before the first minute of work: what cannot be written should be known by then
    session.run(bench, found, todo, save, lambda line: print(line, flush=True), None if stop_after is None else 60 * stop_after)
    done = {(one["case"], one["repeat"]) for one in found["repeats"]}
    print(f"{bench.mark}{path}: {sum((case.id, repeat) in done for case, repeat in todo)} of {len(todo)} repeats that were asked for are there.")
    return 0


def _bench(options: argparse.Namespace) -> Any:
    if options.replay:
        from recount.measure.replay import ReplayBench

        if options.cpu:
            raise RecountError("--cpu and --replay are both given: made-up readings are those of an accelerator.")
        return ReplayBench(Path(options.replay))
    from recount.measure.bench import TorchBench

    return TorchBench(options.cpu, options.name.strip())


def _path(options: argparse.Namespace, what: str) -> Path:
    if options.out is not None and not options.out.strip():
        raise RecountError("--out is empty: name a file, such as measurement.json.")
    path = Path(options.out or f"measurement-{what}.json")
    if path.is_dir():
        raise RecountError(f"{path} is a folder: name a file in it, such as {path / 'measurement.json'}.")
    return path


def _listed(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _number(text: str | None, option: str) -> float | None:
    """A plain number, where one is given."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise RecountError(f"{option} '{text}' is not read: it must be one number, such as '1'.")
    return value


def _whole(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise RecountError(f"{option} '{text}' is not read: it must be a whole number, such as '3'.")
    return int(text)

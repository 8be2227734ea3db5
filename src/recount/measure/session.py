"""One measurement: every repeat in shuffled order, idle power round it, each saved as it is finished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recount.errors import RecountError
from recount.measure import arithmetic, workloads
from recount.measure.workloads import Case

_PLATEAU = 1.03  # a batch twice as large that is not this much faster gains nothing worth its memory
_TRIAL_STEPS, _TRIAL_SECONDS = 3, 1.0
_ROUND, _SEARCH = 4.0, 15.0  # seconds, for the plan alone


class OutOfMemory(Exception):
    """A model, its batch or its cache does not fit."""


def run(
    bench: Any, record: dict[str, Any], todo: list[tuple[Case, int]], save: Callable[[], None], say: Callable[[str], None] = print,
    stop_after: float | None = None,
) -> None:  # fmt: skip
    """Measure what is left of *todo* and save after every repeat.

    Parameters
    ----------
    bench : where the work is done, with its meters and its clock.
    record : the file's content (:mod:`recount.measure.record`), added to.
    save : writes it.
    stop_after : seconds after which no further repeat is begun that would not be done by then.

    Raises
    ------
    RecountError : nothing at all could be measured.
    """
    begun, longest, failed = bench.clock.now(), 0.0, {one["case"] for one in record["failures"]}
    todo = left(record, todo)
    if todo:
        _idle(bench, record, "before", save)
    for number, (case, repeat) in enumerate(todo, 1):
        started = bench.clock.now()
        if stop_after is not None and started - begun + max(longest, _least(record["settings"], case)) > stop_after:
            say(f"{bench.mark}stopped for the time: {len(todo) - number + 1} of {len(todo)} are left, and the same command goes on with them.")
            break
        if case.id in failed:
            continue
        try:
            found = _training(bench, record, case, save) if case.phase == "training" else _decoding(bench, record["settings"], case)
        except OutOfMemory:
            failed.add(case.id)
            if searched := record["searches"].get(case.id):  # not for ever: the same command tries it again
                say(f"{bench.mark}{case.id}: batch {searched['batch']} fitted when it was searched for and does not any more; is something else in the memory?")
            else:
                smallest = ", even with one sequence and activations computed again" if case.phase == "training" else ""
                record["failures"].append({"case": case.id, "reason": f"does not fit into the memory{smallest}"})
                say(f"{bench.mark}{case.id}: it does not fit into the memory{smallest}.")
        else:
            entry = {"case": case.id, "repeat": repeat, "order": 1 + len(record["repeats"]), "prediction_sha256": record["prediction"]["sha256"]} | found
            record["repeats"].append(entry | derived(entry, record))
            say(f"{bench.mark}{number} of {len(todo)}: {told(record['repeats'][-1])}")
        bench.release()
        save()
        longest = max(longest, bench.clock.now() - started)
    if todo:
        _idle(bench, record, "after", save)
    if failed and not record["repeats"]:
        raise RecountError(f"nothing was measured: {', '.join(sorted(failed))} do not fit into the memory; --sizes names smaller ones.")


def left(record: dict[str, Any], todo: list[tuple[Case, int]]) -> list[tuple[Case, int]]:
    """What is not measured yet, and may be."""
    done, failed = {(one["case"], one["repeat"]) for one in record["repeats"]}, {one["case"] for one in record["failures"]}
    return [(case, repeat) for case, repeat in todo if (case.id, repeat) not in done and case.id not in failed]


def _least(settings: dict[str, Any], case: Case) -> float:
    """Seconds that a repeat takes at the least."""
    stretch = 60 * settings["minutes"]
    return stretch * (1 + settings["warm_up_share"]) * (1 if case.phase == "training" else 2 * settings["decoding_share"])


def expected(settings: dict[str, Any], case: Case) -> float:
    """Seconds that a repeat takes by and large, the model made and the batch searched for."""
    return _least(settings, case) + _ROUND + (_SEARCH / settings["repeats"] if case.phase == "training" else 0)


def _idle(bench: Any, record: dict[str, Any], when: str, save: Callable[[], None]) -> None:
    """Power of the accelerator with nothing to do; a processor's cannot be told from the rest of its machine."""
    seconds = record["settings"]["idle_seconds"]
    if bench.meter is None or not seconds:
        return
    bench.clock.sleep(seconds / 2)  # the clocks fall a while after the work
    bench.meter.begin()
    started = bench.clock.now()
    bench.clock.sleep(seconds)
    took, joules = bench.clock.now() - started, bench.meter.end()
    record["idle"].append({"when": when, "after_repeats": len(record["repeats"]), "seconds": round(took, 3), "watts": joules / took, "state": bench.meter.state()})
    save()


def _training(bench: Any, record: dict[str, Any], case: Case, save: Callable[[], None]) -> dict[str, Any]:
    settings, shape = record["settings"], workloads.shape(case.size)
    work = bench.training(shape, settings["sequence"])
    try:
        if case.id not in record["searches"]:
            record["searches"][case.id] = _search(bench, work, settings["largest_batch"])
            save()
        taken = record["searches"][case.id]
        work.prepare(taken["batch"], taken["checkpointing"])
        stretch = 60 * settings["minutes"]
        _steady(bench, work.step, stretch * settings["warm_up_share"])
        found = _measured(bench, work.step, stretch)
        return {
            "phase": "training", "parameters": work.parameters, "batch": taken["batch"], "sequence": settings["sequence"], "checkpointing": taken["checkpointing"],
            **work.told(), "stretches": {"training": found},
        }  # fmt: skip
    finally:
        del work


def _search(bench: Any, work: Any, largest: int) -> dict[str, Any]:
    """The batch that trains fastest: doubled until memory or the gain runs out, activations computed again only where one sequence asks for it."""
    for checkpointing in (False, True):
        tried: list[dict[str, Any]] = []
        batch, full = 1, False
        while batch <= largest:
            try:
                work.prepare(batch, checkpointing)
                work.step()
                _, tokens, seconds = _steady(bench, work.step, _TRIAL_SECONDS, _TRIAL_STEPS)
            except OutOfMemory:
                full = True
                break
            tried.append({"batch": batch, "tokens_per_second": tokens / seconds})
            if len(tried) > 1 and tried[-1]["tokens_per_second"] < _PLATEAU * tried[-2]["tokens_per_second"]:
                break
            batch *= 2
        bench.release()  # not while the error is handled: it holds what did not fit
        if tried:
            best = max(tried, key=lambda one: one["tokens_per_second"])
            return {"batch": best["batch"], "checkpointing": checkpointing, "ended_by_memory": full, "tried": tried}
    raise OutOfMemory


def _decoding(bench: Any, settings: dict[str, Any], case: Case) -> dict[str, Any]:
    work = bench.decoding(workloads.shape(case.size), case.batch, settings["prompt_tokens"], settings["output_tokens"])
    try:
        stretch, found = 60 * settings["minutes"] * settings["decoding_share"], {}
        for name, step in (("prompt", work.prompt), ("output", work.output)):
            _steady(bench, step, stretch * settings["warm_up_share"])
            found[name] = _measured(bench, step, stretch)
        return {
            "phase": "decoding", "parameters": work.parameters, "batch": case.batch, "prompt_tokens": settings["prompt_tokens"], "output_tokens": settings["output_tokens"],
            **work.told(), "stretches": found,
        }  # fmt: skip
    finally:
        del work


def _steady(bench: Any, step: Callable[[], int], seconds: float, least: int = 1) -> tuple[int, int, float]:
    """Step for so long, at least so often: steps, tokens and seconds, all of them finished."""
    bench.synchronise()
    started, steps, tokens = bench.clock.now(), 0, 0
    while steps < least or bench.clock.now() - started < seconds:
        tokens += step()
        steps += 1
    bench.synchronise()
    return steps, tokens, bench.clock.now() - started


def _measured(bench: Any, step: Callable[[], int], seconds: float) -> dict[str, Any]:
    """A steady stretch between two readings of the counter, with the state of the board before and after."""
    bench.synchronise()
    state = bench.meter.state() if bench.meter else None
    bench.host.begin()
    if bench.meter:
        bench.meter.begin()
    steps, tokens, took = _steady(bench, step, seconds)
    joules = bench.meter.end() if bench.meter else None
    host = bench.host.end()
    if joules is None:
        if "problem" in host:
            raise RecountError(f"the energy of the processor was {host['problem']}: nothing to measure it with.")
        joules = host["processor_j"] + host["memory_j"]
    found = {"steps": steps, "tokens": tokens, "seconds": took, "joules": joules, "watts": joules / took, "host": host}
    return found | ({"before": state, "after": bench.meter.state()} if bench.meter else {})


def derived(entry: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """What follows from a repeat's readings: ε, and utilisation where the chip's peak is known.

    ε of decoding is per written token, the prompts' energy included: as every benchmark of
    answers counts it. That of the two phases apart is per token of each.
    """
    parameters, stretches = entry["parameters"], entry["stretches"]
    apart = {name: arithmetic.energy_per_parameter_token(one["joules"], parameters, one["tokens"]) for name, one in stretches.items()}
    if entry["phase"] == "decoding":
        prompts = apart["prompt"] * entry["prompt_tokens"] / entry["output_tokens"]
        found: dict[str, Any] = {"epsilon_pj": apart["output"] + prompts, "epsilon_by_phase_pj": apart}
    else:
        found = {"epsilon_pj": apart["training"]}
    peak = (record["chip"] or {}).get("peak_flop_per_s")
    if peak:
        shape = workloads.shape(workloads.case(entry["case"]).size)
        flop = {name: (arithmetic.TRAINING_FLOP if name == "training" else arithmetic.FORWARD_FLOP) * parameters for name in stretches}
        found["utilisation"] = {name: arithmetic.utilisation(one["tokens"], flop[name], one["seconds"], peak) for name, one in stretches.items()}
        if entry["phase"] == "training":
            attended = flop["training"] + arithmetic.attention_flop(shape.layers, shape.hidden, entry["sequence"])
            one = stretches["training"]
            found["utilisation_with_attention"] = arithmetic.utilisation(one["tokens"], attended, one["seconds"], peak)
    return found


def told(entry: dict[str, Any]) -> str:
    """A repeat in one line."""
    parts = [f"{name} {one['watts']:.3g} W, {one['tokens'] / one['seconds']:.3g} tokens/s" for name, one in entry["stretches"].items()]
    shares = "".join(f", {name} at {100 * share:.3g} % of the peak" for name, share in entry.get("utilisation", {}).items())
    return f"{entry['case']} repeat {entry['repeat']}: {entry['epsilon_pj']:.3g} pJ/(parameter·token); {'; '.join(parts)}{shares}"

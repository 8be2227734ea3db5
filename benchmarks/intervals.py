"""How long intervals take: every claim on a million samples, and 100,000 answers at once.

Run it with ``make bench`` or ``python benchmarks/intervals.py``; a minute or two. It prints

- the time to recompute every claim of the register with a million samples each, against the
  time merely to draw the columns of numbers that the claims need, each once, with the same
  functions (aim: at most twice that);
- the time per answer of energy, carbon, water and hardware of 100,000 different answers through
  the graph of formulas, against EcoLogits' ``compute_llm_impacts`` called 1,000 times, once an
  answer, as it takes no arrays (aim: a thousand times as fast).

What is compared runs in turns, the order reversed each time, and medians are printed: on a
shared machine only the ratios carry over. Data, formulas and libraries are loaded before the
clock starts; what was computed is forgotten before each turn.
"""

from __future__ import annotations

import platform
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from recount import assumptions, claims, graph, recompute, register, sampling
from recount.recompute import World
from recount.register import Operand
from recount.units import Quantity

SAMPLES, ANSWERS, CALLS = 1_000_000, 100_000, 1_000
IMPACTS = ("facility_energy", "usage_carbon", "usage_water", "embodied_carbon")
GIVEN = ("model:mistral-large-2", "inference:h100-batched", "hardware:h100", "grid:FRA-2023")
ZONE = "FRA"


def measured(turns: int, *jobs: Callable[[], object]) -> list[list[float]]:
    """Seconds of each job in each turn, the jobs in alternating order."""
    for job in jobs:
        job()
    seconds: list[list[float]] = [[] for _ in jobs]
    for turn in range(turns):
        for index in range(len(jobs))[:: -1 if turn % 2 else 1]:
            start = time.perf_counter()
            jobs[index]()
            seconds[index].append(time.perf_counter() - start)
    return seconds


def claims_against_drawing(turns: int = 5) -> None:
    """Every claim on a million samples, against drawing its numbers alone."""
    world = World.of()
    claims.recompute_all(world, count=sampling.FEWEST)
    plans = [
        recompute.plan(route, world)
        for claim in register.load().values()
        for route in (*claim.routes, *([claim.actually.route] if claim.actually and claim.actually.route else []))
    ]
    rows = {a.key: a for planned in plans for a in planned.assumptions}.values()
    drawn = [a for a in rows if np.ndim(sampling.samples(a, sampling.FEWEST).magnitude)]

    def draw() -> None:
        sampling.columns.clear()
        for assumption in drawn:
            sampling.samples(assumption, SAMPLES)

    def recompute_all() -> None:
        sampling.columns.clear()
        claims._recompute.cache_clear()
        claims.recompute_all(world, count=SAMPLES)

    alone, whole = measured(turns, draw, recompute_all)
    ratios = [b / a for a, b in zip(alone, whole, strict=True)]
    print(f"Every claim: {len(plans)} figures from {len(drawn)} columns, {SAMPLES:,} samples each, {turns} turns")
    print(f"  draw the numbers alone    {statistics.median(alone):8.2f} s   ({min(alone):.2f} to {max(alone):.2f})")
    print(f"  recompute every claim     {statistics.median(whole):8.2f} s   ({min(whole):.2f} to {max(whole):.2f})")
    print(f"  ratio                     {statistics.median(ratios):8.2f}     ({min(ratios):.2f} to {max(ratios):.2f}); aim: at most 2")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if platform.system() == "Darwin" else 1024)
    print(f"  most memory               {peak / 1e6:8.0f} MB  (columns kept: at most {sampling.KEPT / 1e6:.0f} MB)")


def answers_against_ecologits(turns: int = 7) -> None:
    """The impacts of many different answers at once, against EcoLogits, one call an answer."""
    from ecologits.electricity_mix_repository import electricity_mixes
    from ecologits.impacts.llm import compute_llm_impacts

    generator = np.random.default_rng(0)
    parameters, tokens = generator.uniform(7e9, 400e9, ANSWERS), generator.integers(50, 2000, ANSWERS).astype(float)
    wired, mix = graph.graph("answer", "epsilon"), electricity_mixes.find_electricity_mix(ZONE)
    values = {}
    for name in IMPACTS:
        found: dict[str, assumptions.Assumption] = recompute.gather(Operand("answer", name, "epsilon", GIVEN), World.of())
        values |= {key: one.value for key, one in found.items()}
    values |= {"active_parameters": Quantity(parameters, "parameter"), "answer_tokens": Quantity(tokens, "token/answer")}
    pue, water = (float(values[name].to(unit).magnitude) for name, unit in (("pue", ""), ("on_site_water_intensity", "L/kWh")))

    def own() -> None:
        found = wired.execute(IMPACTS, values)
        assert all(np.shape(found[name].magnitude) == (ANSWERS,) for name in IMPACTS)

    def ecologits() -> None:
        for billions, count in zip((parameters[:CALLS] / 1e9).tolist(), tokens[:CALLS].tolist(), strict=True):
            compute_llm_impacts(billions, billions, count, mix.adpe, mix.pe, mix.gwp, mix.wue, pue, water)

    ours, theirs = measured(turns, own, ecologits)
    ours, theirs = [s / ANSWERS for s in ours], [s / CALLS for s in theirs]
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    print(f"Answers: {', '.join(IMPACTS)}; {turns} turns")
    print(f"  recount, {ANSWERS:,} at once  {statistics.median(ours) * 1e6:8.4f} µs an answer")
    print(f"  EcoLogits, {CALLS:,} calls    {statistics.median(theirs) * 1e6:8.1f} µs an answer")
    print(f"  ratio                     {statistics.median(ratios):8,.0f}     ({min(ratios):,.0f} to {max(ratios):,.0f}); aim: at least 1,000")


if __name__ == "__main__":
    claims_against_drawing()
    answers_against_ecologits()

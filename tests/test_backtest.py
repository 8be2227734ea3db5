"""What has not been seen is predicted well, with intervals that are honest; a stale or leaking fit is red."""

import csv
import dataclasses
import re
import shutil

import numpy as np
import pytest
from conftest import data_in, forget
from scipy.stats import multivariate_normal, norm

from recount import recompute
from recount.backtest import answers, cases, published, random_effects, rows, training, views
from recount.backtest.random_effects import RandomEffects
from recount.backtest.scores import Prediction, baselines_of, score
from recount.errors import RecountError
from recount.project import Project
from recount.vocabulary import data_folder

# What was reached: points, groups left out, median error, points inside, width. The margins of error and width are
# what one point more or less would move them (the range over leaving out each point in turn, rounded up); a refit
# elsewhere moves them by less than a tenth of that.
STORED = {
    ("energy", "family"): (20, 12, (1.381, 0.04), 19, (5.78, 0.3)),
    ("energy", "maker"): (20, 3, (1.934, 0.06), 19, (5.98, 1.2)),
    ("chip_hours", "family"): (54, 32, (1.182, 0.01), 53, (3.70, 0.08)),
    ("chip_hours", "maker"): (54, 15, (1.237, 0.02), 53, (4.08, 0.35)),
    ("carbon", "family"): (19, 11, (1.443, 0.05), 18, (5.01, 0.2)),
    ("carbon", "maker"): (19, 3, (2.378, 0.16), 18, (5.01, 1.2)),
    ("answers", "family"): (112, 6, (1.153, 0.01), 100, (1.934, 0.03)),
    ("answers", "hardware"): (112, 2, (1.210, 0.01), 97, (1.817, 0.05)),
}
# The most that the median error may be. The aim for energy was 1.35 and is missed: see notebook 10 for what limits it.
AIMS = {("energy", "family"): 1.45, ("answers", "family"): 1.45}


def found(what: str, split: str) -> tuple[Prediction, ...]:
    return views.independent(answers.predictions(split) if what == "answers" else training.predictions(what, split))


def coverage_is_honest(predictions) -> bool:
    """Nominally 90 %: fewer than 80 % inside is too narrow, more than 95 % too wide."""
    return 0.80 <= score(predictions).coverage <= 0.95


@pytest.mark.parametrize("key", AIMS)
def test_the_aims_hold(key):
    predictions = found(*key)
    assert score(predictions).error < AIMS[key]
    assert coverage_is_honest(predictions)


@pytest.mark.parametrize("key", AIMS)
def test_every_baseline_is_beaten_on_its_own_points(key):
    predictions = found(*key)
    assert baselines_of(predictions) == list(answers.BASELINES if key[0] == "answers" else training.BASELINES)
    for baseline in baselines_of(predictions):
        able = [p for p in predictions if baseline in p.baselines]
        assert len(able) > 0.9 * len(predictions)
        for kind in ("error", "family_error"):
            assert getattr(score(able), kind) < getattr(score(able, baseline), kind), (baseline, kind)


@pytest.mark.parametrize("key", STORED)
def test_scores_are_the_stored_ones(key):
    """One point inside or outside more is noise; two are a change that somebody must look at."""
    points, groups, (error, error_margin), inside, (width, width_margin) = STORED[key]
    predictions = found(*key)
    today = score(predictions)
    assert (today.count, today.families) == (points, groups)
    assert today.error == pytest.approx(error, abs=error_margin)
    assert abs(sum(p.covered for p in predictions) - inside) <= 1
    assert today.width == pytest.approx(width, abs=width_margin)


@pytest.mark.parametrize("key", AIMS)
@pytest.mark.parametrize("stretch", [0.4, 2.5])
def test_a_dishonest_spread_is_seen(key, stretch):
    """Intervals of less than half the spread, and of more than double, fail the test of coverage."""
    predictions = [
        dataclasses.replace(p, low=p.middle * (p.low / p.middle) ** stretch, high=p.middle * (p.high / p.middle) ** stretch) for p in found(*key)
    ]
    assert coverage_is_honest(found(*key)) and not coverage_is_honest(predictions)


@pytest.mark.parametrize(("what", "line"), [("energy", "energy of a training"), ("chip_hours", "chip-hours of a training"), ("carbon", "carbon of a training"), ("answers", "GPU energy of an answer")])
def test_the_readme_prints_the_scores_of_today(what, line):
    """A reader of the README learns how far to trust the estimates: these figures, not last year's."""
    told = next(row for row in (Project.here().root / "README.md").read_text(encoding="utf-8").splitlines() if row.startswith(f"| {line}"))
    predictions = found(what, "family")
    ours = score(predictions)
    assert f"{ours.count} " in told and f"of {ours.families} families" in told
    assert f"| ×{ours.error:.2f} | {ours.coverage:.0%}".replace("%", " %") in told and f"×{ours.width:.1f}" in told
    for baseline in baselines_of(predictions):
        known = [p for p in predictions if baseline in p.baselines]
        assert f"×{score(known, baseline).error:.2f}" in told, baseline


def test_circular_energies_are_known_and_kept_apart():
    """LLaMA, Llama 2, OPT and LaMDA print hours times an assumed power."""
    everything = training.predictions("energy")
    assert {p.family for p in views.circular(everything)} == {"llama", "llama-2", "opt", "lamda"}
    assert sorted(p.case for p in (*views.circular(everything), *found("energy", "family"))) == sorted(p.case for p in everything)
    assert not views.circular(answers.predictions())


# ---- random effects


GROUPS, EACH, BETWEEN, WITHIN = 5, 4, 0.6, 0.3


def balanced(spreads=None) -> tuple[RandomEffects, np.ndarray]:
    values = np.random.default_rng(1).normal(size=(GROUPS, EACH)) * WITHIN + np.linspace(-1, 1, GROUPS)[:, None]
    chips = {"chip": [str(g) for g in range(GROUPS) for _ in range(EACH)]}
    if spreads:
        return RandomEffects(values.ravel(), chips, 0.0, 1e4, spreads), values
    return RandomEffects.fit(values.ravel(), chips), values


def test_a_balanced_layout_has_the_closed_form():
    """One-way layout, flat prior of the mean: a group's mean shrinks by nτ²/(nτ² + σ²), and the variance follows (Searle et al. 1992, chapter 7)."""
    fit, values = balanced({"chip": BETWEEN, "noise": WITHIN})
    share = EACH * BETWEEN**2 / (EACH * BETWEEN**2 + WITHIN**2)
    of_the_mean = (BETWEEN**2 + WITHIN**2 / EACH) / GROUPS
    for group in range(GROUPS):
        mean, spread = fit.predict({"chip": str(group)})
        assert mean == pytest.approx(values.mean() + share * (values[group].mean() - values.mean()), abs=1e-6)
        assert spread**2 == pytest.approx(WITHIN**2 + BETWEEN**2 * (1 - share) + (1 - share) ** 2 * of_the_mean, rel=1e-5)
    mean, spread = fit.predict({"chip": "never seen"})
    assert mean == pytest.approx(values.mean(), abs=1e-6)
    assert spread**2 == pytest.approx(WITHIN**2 + BETWEEN**2 + of_the_mean, rel=1e-5)


def test_the_spreads_are_the_likeliest():
    """The density of the values times the priors, written down independently, is nowhere higher nearby."""
    fit, values = balanced()
    same = np.kron(np.eye(GROUPS), np.ones((EACH, EACH)))

    def density(chip, noise):
        covariance = fit.mean_spread**2 + chip**2 * same + noise**2 * np.eye(values.size)
        priors = [norm.logpdf(s, scale=random_effects._EFFECT_SPREAD) + np.log(s) for s in (chip, noise)]
        return multivariate_normal.logpdf(values.ravel(), np.full(values.size, fit.centre), covariance) + sum(priors)

    best = (fit.spreads["chip"], fit.spreads["noise"])
    for factors in ((1.03, 1), (1 / 1.03, 1), (1, 1.03), (1, 1 / 1.03)):
        assert density(*best) > density(*(s * f for s, f in zip(best, factors, strict=True)))


# ---- the data behind it


def test_the_fitted_rows_are_those_of_today():
    """As many digits as are printed: a stale fit is red, and `recount fit` mends it."""
    path = data_folder() / "assumptions" / "fitted.csv"
    kept = path.read_text(encoding="utf-8")
    dated = kept.splitlines()[1].split(",")[-2]
    assert kept == rows.text(dated)


def test_every_context_of_the_lists_exists():
    assert cases.problems() == []


def test_derived_utilisations_follow_from_operations_hours_and_peak():
    """Each derivation of the form `6 · N · D / (H h · 3600 s · P FLOP/s)` gives the row's digits, from the run's own rows."""
    number = r"([\d.,]+(?:e\d+)?)"
    form = re.compile(rf"6 · {number} · {number}(?: tokens)? / \({number} h · 3600 s · {number} FLOP/s\)")
    read = lambda text: float(text.replace(",", ""))  # noqa: E731
    checked = 0
    for run in training.observed():
        row = run.supplied["utilisation"].row if "utilisation" in run.supplied else None
        match = form.match(row.derivation) if row else None
        if not match:
            continue
        size, tokens, hours, peak = map(read, match.groups())
        assert f"{6 * size * tokens / (hours * 3600 * peak):.3f}" == row.value, row.place
        assert run.hours == pytest.approx(hours, rel=1e-6), row.place
        assert run.value("peak_throughput", "FLOP/s/chip") == pytest.approx(peak, rel=1e-6), row.place
        assert run.compute == pytest.approx(6 * size * tokens, rel=5e-4), row.place  # sizes are printed with three or four digits
        checked += 1
    assert checked == 43


@pytest.mark.parametrize("measurement", ["mlenergy-llama-3.1-70b-h100-batch-64", "mlenergy-qwen3-8b-b200-batch-16", "chung2026-gpt-oss-120b-h100-batch-96"])
def test_the_ecologits_baseline_is_ecologits(measurement):
    """The package itself on the same model and answer: with its own batch, bits and chips, and told the true ones."""
    from ecologits.impacts.llm import compute_llm_impacts_dag

    point = next(p for p in answers.points() if p.case.measurement == f"measurement:{measurement}")
    values = {name: float(a.value.magnitude) for name, a in point.supplied.items()}
    size, tokens = values["active_parameters"], values["answer_tokens"]
    prediction = next(p for p in answers.predictions() if p.case == measurement)
    for baseline, told in zip(answers.BASELINES, ({}, {"batch_size": values["batch"], "model_quantization_bits": values["bits_per_parameter"]}), strict=True):
        theirs = compute_llm_impacts_dag(size / 1e9, values["total_parameters"] / 1e9, tokens, np.inf, 0, 0, 0, 0, 1, 0, **told)
        chips = values["chips"] if told else theirs["gpu_required_count"]
        assert prediction.baselines[baseline] == pytest.approx(theirs["gpu_energy"] * chips * 3.6e6 * 1e12 / (size * tokens), rel=1e-6)


# ---- published figures per prompt


def test_published_figures_are_predicted_at_their_own_boundary():
    """Gemini's 0.24 Wh divided by its PUE of 1.09 and its overhead of 1.57: each boundary has its own prediction."""
    gemini = {p.quantity: p for p in published.predictions() if p.case == "google-gemini-median-prompt"}
    assert {name: p.printed for name, p in gemini.items()} == {"accelerator_energy": 0.14, "it_energy": 0.22, "facility_energy": 0.24}
    assert gemini["it_energy"].middle / gemini["accelerator_energy"].middle == pytest.approx(1.57, rel=0.01)
    assert gemini["facility_energy"].middle / gemini["it_energy"].middle == pytest.approx(1.09, rel=0.01)


def test_what_a_published_figure_keeps_to_itself_is_said():
    basis = {p.case: (p.kind, p.size, p.length) for p in published.predictions()}
    assert basis["altman2025-chatgpt"] == ("declared", published.GUESSED, published.GUESSED)
    assert basis["epoch-gpt-4o"] == ("modelled", published.ASSUMED, published.ASSUMED)
    assert basis["jegham2025-gpt-4o-short"] == ("modelled", published.GUESSED, published.ASSUMED)
    assert basis["bloom-api"] == ("measured", published.DISCLOSED, published.GUESSED)
    assert basis["mistral-large-2-answer"] == ("declared", published.DISCLOSED, published.DISCLOSED)
    listed = {a.measurement.partition(":")[2] for a in cases.answers() if a.kind != "measured"}
    assert listed <= set(basis)


def test_published_figures_enter_no_fit():
    fitted = {p.case.measurement.partition(":")[2] for p in answers.points()}
    assert len(fitted) == 112 and not fitted & {p.case for p in published.predictions()}


def test_a_point_is_predicted_from_what_a_user_knows():
    """The published layers, heads and number of chips of the measured model are not among its inputs."""
    headline = answers.points()[0].headline()
    plan = recompute.plan_of("answer", "accelerator_energy_per_parameter_token", "roofline", headline)
    assert not {"layers", "cached_elements", "chips", "output_rate"} & {a.name for a in plan.assumptions if a.row and a.row.context.startswith(("model:", "measurement:"))}
    assert {a.name for a in plan.assumptions if a.row and a.row.context.startswith("measurement:")} <= set(answers.HEADLINE)


@pytest.mark.parametrize(("call", "said"), [
    (lambda: training.predictions("energy", "famly"), "split 'famly' is not known: did you mean 'family'"),
    (lambda: training.predictions("enrgy"), "quantity 'enrgy' is not known: did you mean 'energy'"),
    (lambda: answers.predictions("maker"), "split 'maker' is not known: known names are family, hardware"),
])  # fmt: skip
def test_an_unknown_split_is_refused(call, said):
    with pytest.raises(RecountError, match=said):
        call()


# ---- tables


def test_tables_tell_the_scores():
    energy = found("energy", "family")
    own, able = score(energy), score([p for p in energy if training.BASELINES[1] in p.baselines], training.BASELINES[1])
    told = views.scores(energy)._repr_mimebundle_()["text/html"]
    row = lambda *cells: "".join(f"<td>{cell}</td>" for cell in cells)  # noqa: E731
    assert row("recount", "20", "12", f"×{own.error:.2f}") in told and f"<td>{100 * own.coverage:.0f} %</td>" in told
    assert row(training.BASELINES[1], "19", "11", f"×{able.error:.2f}") in told
    assert row("recount, on the points of LLMCarbon's throughput fit", "19") in told
    points = views.points(energy)._repr_mimebundle_()["text/html"]
    gpt = next(p for p in energy if p.case == "gpt-3")
    assert row("GPT-3", "V100", "1,290", f"{gpt.middle:.0f}") in points and "<th>Reported, MWh</th>" in points
    assert "<tr>" + row("OLMo", "7") in views.by_group(energy)._repr_mimebundle_()["text/html"]


def test_the_worst_come_first_and_published_figures_are_picked_by_kind():
    assert "Qwen3 235B A22B FP8, batch 8" in str(views.worst(answers.predictions(), 1))
    assert "Altman 2025, ChatGPT" in str(views.published("declared")) and "BLOOM" not in str(views.published("declared"))


# ---- nothing of what is left out is known


@pytest.fixture
def copy(tmp_path):
    """A copy of the data whose rows a test may multiply, seen until the test ends."""
    folder = tmp_path / "data"
    shutil.copytree(data_folder(), folder)

    def scale(contexts, names, factor):
        count = 0
        for path in (folder / "assumptions").glob("*.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                header, *lines = csv.reader(file)
            for line in lines:
                if line[0] in contexts and line[1] in names:
                    line[3:6] = [repr(float(cell) * factor) if cell else "" for cell in line[3:6]]
                    count += 1
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([header, *lines])
        forget()
        return count

    with data_in(folder):
        yield scale


PREDICTED = ("low", "middle", "high")


def numbers(predictions) -> dict[str, tuple[float, ...]]:
    return {p.case: tuple(getattr(p, part) for part in PREDICTED) for p in predictions}


def test_a_training_run_does_not_know_itself(copy):
    """Ten times PaLM's power, hours and energy: its own prediction stays to the last digit, GLaM's on the same chip does not."""
    wanted = [(what, split) for what in ("energy", "chip_hours") for split in training.SPLITS]
    before = {key: training.predictions(*key) for key in wanted}
    reported = ("system_power", "chip_hours", "facility_energy", "usage_carbon")
    assert copy({"run:palm-540b", "declared:palm-540b"}, reported, 10) >= 4
    for key in wanted:
        after = training.predictions(*key)
        old, new = ({p.case: p for p in some} for some in (before[key], after))
        assert new["palm-540b"].reported == pytest.approx(10 * old["palm-540b"].reported)
        moved = {case for case, ends in numbers(after).items() if ends != numbers(before[key])[case]}
        google = {r.run.partition(":")[2] for r in cases.runs() if r.maker == "google-tpu"}
        assert "palm-540b" not in moved
        assert ("glam" in moved or "glam-280b-tokens" in moved) if key[1] == "family" else not moved & google
        assert moved - google  # the makers that do see PaLM


def test_an_answer_does_not_know_itself(copy):
    """Ten times everything measured of DeepSeek: all that its prediction is made of stays, another family's does not."""
    left, other = ("deepseek",), ("qwen3",)
    measured = {p.case.measurement for p in answers.points() if p.case.family == "deepseek"}
    made_of = lambda without: (answers.constants(without), answers.factor(True, True, without), answers.factor(False, True, without), answers.shape())  # noqa: E731
    own, others = made_of(left), answers.constants(other)
    assert copy(measured, ("accelerator_energy_per_parameter_token",), 10) == len(measured) == 5
    assert made_of(left) == own
    assert answers.constants(other) != others


def test_no_name_is_both_a_family_and_another_maker():
    """What is left out is looked for among families and makers alike."""
    makers = {r.maker for r in cases.runs()}
    for family in {r.family for r in cases.runs()} & makers:
        assert {r.family for r in cases.runs() if r.maker == family} == {family}

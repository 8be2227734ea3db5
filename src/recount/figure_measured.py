"""ε by size: what we measured, what others did, what the model predicts, and the least a chip could take."""

from __future__ import annotations

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from recount.contexts import spelled
from recount.figure_style import BLUE, FAINT, GREEN, INK, RED, Words, canvas, drawn, legend_below, name_points, named_reference, number_axis, shown, span, wrapped
from recount.language import labelled
from recount.measure import arithmetic, predict, views, workloads
from recount.measure.views import Point
from recount.study import View

_LOOK = {
    "published training": ("s", FAINT, 22), "published answers": ("x", FAINT, 20),
    "training": ("o", BLUE, 60), "decoding": ("D", GREEN, 48), "processor": ("^", RED, 70),
}  # fmt: skip
_SPAN = (1e8, 1e12)  # parameters over which training is predicted: the fit does not know the size
_BATCHES = (1, 64, 256)


@drawn
def epsilon_by_size(chip: str = "h100", *, language: str | None = None) -> View:
    """Measured and published ε by size, the model's prediction of our own cases, and the floor of a chip.

    Parameters
    ----------
    chip : of the data, whose answers, prediction and floor are shown.

    Raises
    ------
    RecountError : an unknown chip.
    """
    words, sheet = Words(language), predict.sheet(chip)
    name, settings = _spelled(chip), workloads.settings()
    low, middle, high = predict.training(chip, 1e9)
    lines = {batch: [(n, predict.decoding(chip, n, batch, settings["prompt_tokens"], settings["output_tokens"])[1]) for n in _decoded()] for batch in _BATCHES}
    floors = [arithmetic.floor(sheet["thermal_design_power_w"], sheet["peak_flop_per_s"], flop) for flop in (arithmetic.TRAINING_FLOP, arithmetic.FORWARD_FLOP)]
    own, published = views.own_points(), views.published_points(chip)
    figure, axes = canvas(6.6)
    number_axis(axes.xaxis, words, True, span([*_SPAN, *(p.parameters for p in (*own, *published))], 1.5))
    number_axis(axes.yaxis, words, True, span([*floors, *(p.epsilon for p in (*own, *published)), *(e for line in lines.values() for _, e in line)], 1.5))
    axes.fill_between(_SPAN, low, high, color=BLUE, alpha=0.13, lw=0)
    axes.plot(_SPAN, (middle, middle), color=BLUE, lw=1.4)
    for line in lines.values():
        axes.plot(*zip(*line), color=GREEN, lw=1.4)
    for floor, dashes in zip(floors, ("--", ":"), strict=True):
        axes.axhline(floor, color=INK, lw=1.1, ls=dashes)
    for point in (*published, *own):
        marker, colour, size = _LOOK[point.group]
        style = {"linewidths": 0.9} if marker == "x" else {"edgecolors": "white", "linewidths": 0.5}
        axes.scatter([point.parameters], [point.epsilon], marker=marker, color=colour, s=size, zorder=4 if point in own else 2, **style)
    axes.set_xlabel(words("parameters (active)"))
    axes.set_ylabel(wrapped(words.axis(words("energy per parameter and token"), predict.UNIT), 52))
    legend_below(figure, _handles(words, name, own), 2)
    name_points(axes, [(line[-1][0], line[-1][1], str(batch)) for batch, line in lines.items()])
    return shown(figure, _told(words, name, own, published, (low, middle, high), lines, floors))


def _spelled(chip: str) -> str:
    """A chip as people write it."""
    return chip.upper().replace("TPU-V", "TPU v").replace("X", "x")


def _decoded() -> list[float]:
    return [float(workloads.shape(name).parameters) for name in workloads.settings()["decoding"]]


def _handles(words: Words, chip: str, own: list[Point]) -> list:
    told = {
        "published training": words("published training (system)"), "published answers": words("published answers on {chip} (chip)", chip=chip),
        "training": words("measured by us: training"), "decoding": words("measured by us: answers"), "processor": words("measured by us: processor"),
    }  # fmt: skip
    there = {"published training", "published answers", *(p.group for p in own)}
    handles = [Line2D([], [], ls="", marker=_LOOK[g][0], color=_LOOK[g][1], ms=6, label=text) for g, text in told.items() if g in there]
    batches = ", ".join(map(str, _BATCHES))
    return [
        *handles, Patch(color=BLUE, alpha=0.3, label=words("predicted training on {chip}, 90 % interval", chip=chip)),
        Line2D([], [], color=GREEN, lw=1.4, label=words("predicted answers on {chip}, batch {batches}", chip=chip, batches=batches)),
        Line2D([], [], color=INK, lw=1.1, ls="--", label=words("floor of {chip} in training", chip=chip)),
        Line2D([], [], color=INK, lw=1.1, ls=":", label=words("floor of {chip} in use", chip=chip)),
    ]  # fmt: skip


def _told(words: Words, chip: str, own: list[Point], published: list[Point], trained: tuple[float, float, float], lines: dict, floors: list[float]) -> str:
    amount = lambda value: words.amount(value, predict.UNIT)  # noqa: E731
    low, middle, high = trained
    rows = [words("floor of {chip} {training} in training and {use} in use", chip=chip, training=amount(floors[0]), use=amount(floors[1]))]
    at = [words("{amount} at batch {batch}", amount=amount(line[-1][1]), batch=batch) for batch, line in lines.items()]
    interval = f"{amount(middle)} ({words.number(low)}–{words.number(high)})"
    rows.append(words("predicted on {chip}: training {training}, answers of {parameters} parameters {answers}", chip=chip, training=interval, parameters=words.number(lines[_BATCHES[0]][-1][0]), answers=", ".join(at)))
    for group, text in (("published training", words("published training (system)")), ("published answers", words("published answers on {chip} (chip)", chip=chip))):
        found = [p.epsilon for p in published if p.group == group]
        if found:
            rows.append(words("{group}: {count} points, {low} to {high}", group=text, count=len(found), low=words.number(min(found)), high=amount(max(found))))
    rows += [labelled(spelled(p.name), amount(p.epsilon)) for p in own]
    if not any(p.group != "processor" for p in own):
        rows.append(words("not measured by us yet: any accelerator"))
    head = words("energy per parameter and token by number of active parameters, both logarithmic, pJ")
    return f"{named_reference(head, words.listed(rows), words)}."

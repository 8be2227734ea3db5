"""Figures of the rows: water, answers, memory, grids, fleets.

What a row does not say in a column is read from its context (a model, a chip, a batch limit in
the slug); each function says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from recount.contexts import countries, country, spelled
from recount.figure_style import (
    BLUE, BROWN, EPSILON_UNIT, FAINT, GREEN, GREY, INK, OLIVE, ORANGE, PINK, PURPLE, RED, SKY, Words, canvas, drawn, legend_below,
    named_reference, number_axis, shown, side_note, span, wrapped,
)  # fmt: skip
from recount.language import french, message, say
from recount.study import Study, View
from recount.units import percent, pretty_unit, read_quantity, read_unit, with_unit


@drawn
def water_by_site(study: Study, *, language: str | None = None) -> View:
    """Water per kWh of IT energy at the sites of Li et al. 2025, Table 1: on site plus PUE × off site."""
    words = Words(language)
    frame = study.rows("site:microsoft-*", "pue", "on_site_water_intensity", "off_site_water_intensity")
    frame = frame[(frame.source == "li2025") & frame.locator.str.startswith("Table 1")]
    table = frame.pivot(index="context", columns="name", values="value").dropna()
    table["off"] = table.pue * table.off_site_water_intensity
    table["total"] = table.off + table.on_site_water_intensity
    table = table.sort_values("total", ascending=False)
    names = [_site(context) for context in table.index]
    figure, axes = canvas(1.2 + 0.29 * len(names), names)
    rows = range(len(names))
    axes.barh(rows, table.on_site_water_intensity, height=0.66, color=BLUE)
    axes.barh(rows, table.off, left=table.on_site_water_intensity, height=0.66, color=SKY, hatch="///", edgecolor="white", lw=0)
    for row, total in zip(rows, table.total, strict=True):
        side_note(axes, row, words.number(total))
    number_axis(axes.xaxis, words, False, (0, table.total.max() * 1.03))
    axes.set_xlabel(words.axis(words("water per kWh of IT energy"), "L/kWh"))
    legend_below(figure, [Patch(color=BLUE, label=words("on site")), Patch(fc=SKY, ec="white", hatch="///", label=words("off site (PUE × power plants)"))], 2)
    told = [f"{name} {words.number(t.on_site_water_intensity)} + {words.number(t.off)} = {words.amount(t.total, 'L/kWh')}" for name, t in zip(names, table.itertuples(), strict=True)]
    head = words("water per kWh of IT energy at {count} sites, on site plus off site", count=len(names))
    return shown(figure, f"{named_reference(head, words.listed(told), words)}.")


def _site(context: str) -> str:
    """A site's name from its context.

    >>> _site("site:microsoft-us-average"), _site("site:microsoft-sweden")
    ('US average', 'Sweden')
    """
    english = context.partition("microsoft-")[2].capitalize().replace("Us-", "US ")
    return dict([*countries().values(), *_PLACES]).get(english, english) if french() else english


@drawn
def answers_by_batch(study: Study, *, language: str | None = None) -> View:
    """Measured accelerator energy per active parameter and output token against the batch limit.

    Model, chip and batch limit stand in the context, ``measurement:mlenergy-MODEL-CHIP-batch-N``;
    the workload in the locator. Only the workload of most rows is shown, since another length of
    answers is not comparable.
    """
    words = Words(language)
    frame = study.rows("measurement:mlenergy-*", "accelerator_energy_per_parameter_token")
    frame = frame.join(frame.context.str.extract(r"mlenergy-(?P<model>.+)-(?P<chip>[a-z]+\d+)-batch-(?P<batch>\d+)")).astype({"batch": int})
    workload = frame.locator.str.split(", ").str[1]
    common = workload.mode()[0]
    frame = frame[workload == common]
    models, chips = sorted(frame.model.unique()), sorted(frame.chip.unique(), reverse=True)
    looks = dict(zip(models, zip((BLUE, ORANGE, GREEN, RED, PURPLE, BROWN, INK, GREY, OLIVE, SKY, PINK), "osD^vPX*<>h", strict=True), strict=False))
    figure, axes = canvas(6.2)
    told = []
    for model in models:
        for chip in chips:
            line = frame[(frame.model == model) & (frame.chip == chip)].sort_values("batch")
            if line.empty:
                continue
            (colour, marker), plain = looks[model], chip == chips[0]
            axes.plot(line.batch, line.value, color=colour, marker=marker, ms=6.5, lw=1.5, ls="-" if plain else (0, (4, 2)), mfc=colour if plain else "white", mec=colour)
            a, z = line.iloc[0], line.iloc[-1]
            told.append(f"{spelled(model)} {chip.upper()} " + words("from {first} at {start} to {last} at {end}", first=words.number(a.value), start=a.batch, last=words.amount(z.value, EPSILON_UNIT), end=words.number(z.batch, 4)))
    number_axis(axes.xaxis, words, True, span(frame.batch))
    number_axis(axes.yaxis, words, True, span(frame.value, 1.3))
    axes.set_xlabel(words("batch limit (answers at a time)"))
    axes.set_ylabel(wrapped(words.axis(words("accelerator energy per parameter and token"), EPSILON_UNIT), 52))
    handles = [Line2D([], [], color=looks[m][0], marker=looks[m][1], lw=1.5, label=spelled(m)) for m in models]
    handles += [Line2D([], [], color=INK, marker="o", mfc=INK if c == chips[0] else "white", lw=1.5, ls="-" if c == chips[0] else (0, (4, 2)), label=c.upper()) for c in chips]
    legend_below(figure, handles, 3)
    head = words("measured accelerator energy per active parameter and output token against the batch limit, both logarithmic")
    return shown(figure, f"{named_reference(f'{head} ({common})', words.listed(told), words)}.")


@drawn
def memory(study: Study, models: Sequence[str], machines: Sequence[str] = (), *, language: str | None = None) -> View:
    """Weights and cache of models at each precision of the data, against the memory of machines.

    Parameters
    ----------
    models : contexts such as ``"model:mistral-7b"``.
    machines : contexts such as ``"machine:laptop-16gb"``; all of the data if none is named.
    """
    words = Words(language)
    precisions = list(study.rows("precision:*", "bits_per_parameter").sort_values("value", ascending=False).context)
    every = study.rows("machine:*", "machine_memory")
    held = sorted((r.value, r.context.partition(":")[2]) for r in every.itertuples() if not machines or r.context in machines)
    rows = [(model, precision, *(study.value(f"architecture.{part}_memory", model, precision).value for part in ("weight", "cache"))) for model in models for precision in precisions]
    bits = [words("{bits} bits", bits=words.number(float(study.row(p, "bits_per_parameter").magnitude))) for _, p, *_ in rows]
    names = [f"{spelled(m.partition(':')[2])}, {b}" for (m, *_), b in zip(rows, bits, strict=True)]
    figure, axes = canvas(1.9 + 0.36 * len(rows), names)
    at = range(len(rows))
    axes.barh(at, [r[2] for r in rows], height=0.62, color=BLUE)
    axes.barh(at, [r[3] for r in rows], left=[r[2] for r in rows], height=0.62, color=ORANGE, hatch="///", edgecolor="white", lw=0)
    for row, (*_, weights, cache) in enumerate(rows):
        side_note(axes, row, words.number(weights + cache))
    top = max([r[2] + r[3] for r in rows] + [m for m, _ in held])
    number_axis(axes.xaxis, words, False, (0, top * 1.04))
    for number, name in held:
        axes.axvline(number, color=INK, lw=1.2, ls=(0, (4, 2)))
        axes.annotate(_machine(name), (number, 1), xycoords=("data", "axes fraction"), xytext=(0, 4), textcoords="offset points", rotation=38, fontsize=9, ha="left", va="bottom")
    axes.set_xlabel(words.axis(words("memory"), "GB"))
    legend_below(figure, [Patch(color=BLUE, label=words("weights")), Patch(fc=ORANGE, ec="white", hatch="///", label=words("cache"))], 2)
    tokens = words.number(study.value("architecture.context_tokens", models[0]).value, 5)
    told = [f"{n} {words.number(r[2])} + {words.number(r[3])} = {words.amount(r[2] + r[3], 'GB')}" for n, r in zip(names, rows, strict=True)]
    head = f"{words('memory of weights and cache at different precisions, against machines')}, {words('with {tokens} tokens in the cache', tokens=tokens)}"
    told += [named_reference(_machine(name), words.amount(number, "GB"), words) for number, name in held]
    return shown(figure, f"{named_reference(head, words.listed(told), words)}.")


def _machine(slug: str) -> str:
    """A machine's name from its context.

    >>> _machine("workstation-24gb-gpu"), _machine("h100-80gb")
    ('workstation 24 GB GPU', 'H100 80 GB')
    """
    words = re.sub(r"\b(h\d+|gpu)\b", lambda m: m[0].upper(), re.sub(r"(\d+)gb\b", lambda m: with_unit(m[1], pretty_unit("GB")), slug.replace("-", " ")))
    return re.sub(r"laptop|workstation|server", lambda m: say(m[0]), words)


_MACHINES = message("laptop"), message("workstation"), message("server")


@drawn
def grids(study: Study, highlight: Sequence[str] = (), reference: str | None = None, *, reference_label: str = "", year: int = 2023, language: str | None = None) -> View:
    """Life-cycle intensity of national grids in one year, with the range of all years to 2024.

    Parameters
    ----------
    highlight : codes such as ``"FRA"``, drawn in colour.
    reference : a quantity such as ``"128 gCO2e/kWh"``, drawn as a line.
    """
    words, unit = Words(language), "gCO2e/kWh"
    frame = study.rows("grid:*", "grid_intensity", scope="life-cycle")
    frame = frame.join(frame.context.str.extract(r"^grid:(?P<code>[A-Z0-9]+)-(?P<year>\d{4})$")).dropna(subset=["code"]).astype({"year": int})
    frame = frame[(frame.year >= 2018) & (frame.year <= 2024)]
    table = frame.groupby("code").value.agg(["min", "max"]).join(frame[frame.year == year].set_index("code").value, how="inner").sort_values("value")
    figure, axes = canvas(1.3 + 0.255 * len(table), [country(code) for code in table.index])
    for row, line in enumerate(table.itertuples()):
        chosen = line.Index in highlight
        axes.plot((line.min, line.max), (row, row), color=ORANGE if chosen else FAINT, lw=2.4 if chosen else 1.6)
        axes.scatter([line.value], [row], s=52 if chosen else 34, color=ORANGE if chosen else INK, marker="D" if chosen else "o", zorder=3)
        side_note(axes, row, words.number(line.value))
        axes.get_yticklabels()[row].set_fontweight("bold" if chosen else "normal")
    handles = [
        Line2D([], [], color=INK, marker="o", ls="", ms=6, label=str(year)),
        Line2D([], [], color=FAINT, lw=1.6, label=words("range {first}–{last}", first=frame.year.min(), last=frame.year.max())),
    ]
    limit = float(read_quantity(reference, unit).to(read_unit(unit)).magnitude) if reference else None
    number_axis(axes.xaxis, words, False, (0, max(table["max"].max(), limit or 0) * 1.03))
    axes.set_xlabel(words.axis(words("grid carbon intensity, life cycle"), unit))
    told = [words("grid carbon intensity in {year} (point) and its range {first}–{last} (line)", year=year, first=frame.year.min(), last=frame.year.max())]
    if limit is not None:
        named = named_reference(reference_label, words.amount(limit, unit), words)
        axes.axvline(limit, color=BLUE, lw=1.6, ls=(0, (4, 2)))
        handles.append(Line2D([], [], color=BLUE, lw=1.6, ls=(0, (4, 2)), label=named))
        told.append(words("reference: {reference}", reference=named))
    legend_below(figure, handles, 3)
    told.append(words.listed(f"{country(t.Index)} {words.number(t.value)} ({words('{low} to {high}', low=words.number(t.min), high=words.amount(t.max, unit))})" for t in table.itertuples()))
    return shown(figure, ". ".join(told) + ".")


_PLACES = (
    ("US average", "moyenne des États-Unis"), ("Denmark", "Danemark"), ("Georgia", "Géorgie"), ("Indonesia", "Indonésie"), ("Mexico", "Mexique"),
    ("Virginia", "Virginie"),
)  # fmt: skip


@drawn
def sectors(study: Study, *, language: str | None = None) -> View:
    """Shares of training and inference in the machine-learning energy of fleets, one bar each."""
    words = Words(language)
    table = study.rows("fleet:*", "training_share", "inference_share").pivot(index="context", columns="name", values="value")
    names = [" ".join(part.capitalize() for part in context.partition(":")[2].split("-", 1)).replace("-", "–") for context in table.index]
    figure, axes = canvas(1.3 + 0.62 * len(names), names)
    parts = ((message("training"), ORANGE, ""), (message("inference"), BLUE, "///"), (message("the rest"), "#c8c8c8", ""))
    told = []
    for row, (name, line) in enumerate(zip(names, table.itertuples(), strict=True)):
        shares, left = (line.training_share, line.inference_share, 1 - line.training_share - line.inference_share), 0.0
        for share, (_, colour, hatch) in zip(shares, parts, strict=True):
            axes.barh(row, 100 * share, left=100 * left, height=0.6, color=colour, hatch=hatch, edgecolor="white", lw=0.8)
            if share > 0.04:
                axes.text(100 * (left + share / 2), row, percent(share, 3), ha="center", va="center", bbox={"fc": "white", "ec": "none", "pad": 1.5})
            left += share
        told.append(named_reference(name, ", ".join(f"{words(part)} {percent(share, 3)}" for share, (part, *_) in zip(shares, parts, strict=True) if share > 1e-9), words))
    number_axis(axes.xaxis, words, False, (0, 100))
    axes.set_xlabel(words.axis(words("share of the fleet's machine-learning energy"), "percent"))
    legend_below(figure, [Patch(fc=colour, ec="white", hatch=hatch, label=words(part)) for part, colour, hatch in parts], 3)
    return shown(figure, f"{words('shares of training and inference in the energy of whole fleets')}. {words.listed(told)}.")

"""How every figure looks and speaks: verdicts, languages, axes, labels, and the alternative text.

A figure leaves here as a PNG inside HTML with its alternative text in front of it; the picture
carries no date and no name of a program, so the same numbers give the same bytes.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence

import matplotlib
import seaborn
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from recount import verdicts
from recount.study import View
from recount.units import plural, pretty_unit, trimmed

DPI, WIDTH = 120, 7.2
INK, FAINT, BAND = "#222222", "#8a8a8a", "#dcdcdc"
BLUE, ORANGE, GREEN, RED, PURPLE, BROWN, PINK, GREY, _, SKY = (matplotlib.colors.to_hex(c) for c in seaborn.color_palette("colorblind"))

OLIVE = "#8a8000"  # stands in for the palette's yellow, too pale for a line on white
EPSILON_UNIT = "pJ/parameter/token"

# verdict: colour, matplotlib marker, the same shape as a character. The shapes are those of the pages.
VERDICT_STYLE: dict[str, tuple[str, str, str]] = {
    verdicts.REPRODUCED: (GREEN, "o", "●"),
    verdicts.CONFIRMED: (GREEN, "$✓$", "✓"),
    verdicts.PLAUSIBLE: (BLUE, "$○$", "○"),
    verdicts.UNDECIDED: (PURPLE, "$◇$", "◇"),
    verdicts.MISATTRIBUTED: (ORANGE, ">", "▶"),
    verdicts.NOT_REPRODUCED: (RED, "s", "■"),
    verdicts.REFUTED: (RED, "X", "✖"),
    verdicts.UNTRACED: (GREY, "$…$", "…"),
    verdicts.NOT_RECOMPUTABLE: (GREY, "_", "–"),
}

_RC = {
    **seaborn.axes_style("ticks"),
    "font.family": ["DejaVu Sans"], "font.size": 10, "axes.labelsize": 10, "axes.titlesize": 10.5, "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5, "legend.fontsize": 9.5, "legend.frameon": False, "axes.edgecolor": FAINT, "text.color": INK,
    "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.grid": True, "grid.color": "#ececec",
    "axes.axisbelow": True, "axes.unicode_minus": True, "hatch.linewidth": 0.6, "svg.hashsalt": "recount",
}  # fmt: skip

FRENCH = {
    # verdicts
    "reproduced": "reproduit", "confirmed": "confirmé", "plausible": "plausible", "undecided": "indécidé",
    "misattributed": "mal attribué", "not reproduced": "non reproduit", "refuted": "réfuté", "untraced": "sans source",
    "not recomputable": "non recalculable",
    # claims
    "recomputed ÷ printed (no unit)": "recalculé ÷ imprimé (sans unité)",
    "recomputed ÷ printed for {count} claims, with 90 % intervals, on a logarithmic scale": "recalculé ÷ imprimé pour {count} affirmations, avec intervalles à 90 %, sur une échelle logarithmique",
    "recomputed ÷ printed of {count} claims, {one} against {other}, on a logarithmic scale": "recalculé ÷ imprimé pour {count} affirmations, {one} face à {other}, sur une échelle logarithmique",
    "1 is agreement; a grey line shows which side an inequality accepts": "1 vaut accord ; un trait gris montre le côté qu'une inégalité admet",
    "verdicts under changed assumptions": "verdicts sous d'autres hypothèses",
    "without a figure of their own": "sans chiffre recalculé",
    "printed: {printed}": "imprimé : {printed}",
    "{claim}: {printed} printed, against what each route recomputes": "{claim} : {printed} imprimé, face à ce que recalcule chaque voie",
    "{low} to {high}": "{low} à {high}", "in fact: {statement}": "en fait : {statement}",
    "independent of the figure": "indépendante du chiffre", "knows the figure": "connaît le chiffre", "takes the verdict": "porte le verdict",
    "verdict: {verdict}": "verdict : {verdict}", "accepted": "admis", "printed": "imprimé",
    "recomputed": "recalculé", "assumption at its low end": "hypothèse à sa borne basse", "assumption at its high end": "hypothèse à sa borne haute",
    "{claim}: how far the recomputed {value} moves when one assumption goes over its range": "{claim} : de combien bougent les {value} recalculés quand une hypothèse parcourt sa plage",
    "no assumption has a range": "aucune hypothèse n'a de plage",
    "share of variance": "part de la variance", "{share} of the variance": "{share} de la variance", "below 1 %": "moins de 1 %",
    "shares are of the variance of its logarithm": "les parts sont celles de la variance de son logarithme",
    "shares are of its variance": "les parts sont celles de sa variance",
    # a model of one's own
    "each figure ÷ its own median (no unit)": "chaque valeur ÷ sa propre médiane (sans unité)", "median": "médiane",
    "training with {chip}: each figure's 90 % interval over its median, on a logarithmic scale": "entraînement sur {chip} : intervalle à 90 % de chaque valeur rapporté à sa médiane, sur une échelle logarithmique",
    "answers with {chip}: each figure's 90 % interval over its median, on a logarithmic scale": "réponses sur {chip} : intervalle à 90 % de chaque valeur rapporté à sa médiane, sur une échelle logarithmique",
    "share of the variance": "part de la variance",
    "training with {chip}: share of the variance of each figure in which an assumption has a part": "entraînement sur {chip} : part de la variance de chaque valeur à laquelle une hypothèse prend part",
    "answers with {chip}: share of the variance of each figure in which an assumption has a part": "réponses sur {chip} : part de la variance de chaque valeur à laquelle une hypothèse prend part",
    # training runs
    "IT energy per parameter and token": "énergie informatique par paramètre et jeton", "year of publication (year)": "année de publication (année)",
    "IT energy per active parameter and training token of {count} declared runs": "énergie informatique par paramètre actif et jeton d'entraînement de {count} entraînements déclarés",
    "hollow where power is the chip's rating times hours, not a measurement": "en creux là où la puissance est la valeur nominale de la puce fois les heures, non une mesure",
    "circular": "circulaire", "lower bound": "minorant", "chip not stated": "puce non dite",
    "hollow: rated power × hours": "creux : puissance nominale × heures",
    "floor of a chip at its peak rate and rated power": "plancher d'une puce à son débit de crête et à sa puissance nominale",
    "left out, since distilled from a larger model": "écartés, car distillés d'un modèle plus grand",
    "parameters × training tokens": "paramètres × jetons d'entraînement", "IT energy of training": "énergie informatique de l'entraînement",
    "IT energy of {count} declared training runs against their work, both logarithmic, with lines of constant energy per parameter and token": "énergie informatique de {count} entraînements déclarés selon leur travail, échelles logarithmiques, avec droites d'énergie constante par paramètre et jeton",
    # water
    "water per kWh of IT energy": "eau par kWh d'énergie informatique", "on site": "sur site", "off site (PUE × power plants)": "hors site (PUE × centrales)",
    "water per kWh of IT energy at {count} sites, on site plus off site": "eau par kWh d'énergie informatique sur {count} sites, sur site plus hors site",
    # answers
    "batch limit (answers at a time)": "taille de lot (réponses à la fois)", "accelerator energy per parameter and token": "énergie de l'accélérateur par paramètre et jeton",
    "measured accelerator energy per active parameter and output token against the batch limit, both logarithmic": "énergie mesurée des accélérateurs par paramètre actif et jeton produit selon la taille de lot, échelles logarithmiques",
    "from {first} at {start} to {last} at {end}": "de {first} à {start} à {last} à {end}",
    "answers (count)": "réponses (nombre)", "energy": "énergie", "training, once": "entraînement, une fois", "answers, cumulated": "réponses, cumulées",
    "equal after {count} answers": "égales après {count} réponses",
    "training once takes {training}; answers take {answer} each (90 % interval {low} to {high}); the two are equal after {count} answers (between {least} and {most})": "l'entraînement prend une fois {training} ; chaque réponse prend {answer} (intervalle à 90 % de {low} à {high}) ; les deux s'égalent après {count} réponses (entre {least} et {most})",
    # sweeps
    "{claim}: the recomputed {value} over {axes}": "{claim} : les {value} recalculés selon {axes}", " and ": " et ",
    "from {low} to {high}, against {printed} printed": "de {low} à {high}, face à {printed} imprimé", "at {place}: {figure}": "à {place} : {figure}",
    "90 % interval of the other assumptions": "intervalle à 90 % des autres hypothèses", "accepted by the printed figure": "admis par le chiffre imprimé",
    "no point comes within what the printed figure accepts": "aucun point n'entre dans ce que le chiffre imprimé admet", "{share} % of the points shown come within what the printed figure accepts": "{share} % des points montrés entrent dans ce que le chiffre imprimé admet",
    "figure": "chiffre", "held at {held}": "maintenu à {held}", "recomputed (line)": "recalculé (trait)", "not computed": "non calculé",
    # gaps
    "from and to": "départ et arrivée", "makes it larger": "l'agrandit", "makes it smaller": "le réduit", "not explained": "non expliqué",
    "the gap taken apart step by step, factors on a logarithmic axis": "l'écart démonté pas à pas, facteurs sur un axe logarithmique",
    # back-tests
    "reported {name}": "déclaré : {name}", "predicted {name}": "prédit : {name}", "agreement": "accord", "within a factor of two": "à un facteur deux près",
    "predicted against reported {name} of {count} cases, each by a fit that has not seen its group, on logarithmic scales with 90 % intervals": "prédit et déclaré, {name}, pour {count} cas, chacun par un ajustement qui n'a pas vu son groupe, échelles logarithmiques, intervalles à 90 %",
    "{inside} of {count} reports lie inside": "{inside} déclarations sur {count} sont dedans", "median factor off": "facteur d'écart médian", "farthest off": "les plus éloignés",
    "{case} {predicted} ({low} to {high}) against {reported}": "{case} {predicted} ({low} à {high}) contre {reported}",
    "6ND at peak and thermal design power": "6ND au débit de crête et à la puissance nominale", "LLMCarbon's throughput fit": "débit ajusté de LLMCarbon",
    "EcoLogits 0.11.3": "EcoLogits 0.11.3", "EcoLogits told batch, bits and chips": "EcoLogits informé du lot, des bits et des puces",
    "place of the report: −1 and 1 are the ends of its interval, 0 the prediction": "place de la déclaration : −1 et 1 sont les bouts de son intervalle, 0 la prédiction",
    "reports inside their 90 % interval, by what was left out, {inside} of {count} in all": "déclarations dans leur intervalle à 90 %, selon ce qui a été écarté, {inside} sur {count} en tout",
    "{inside} of {count}": "{inside} sur {count}", "predicted": "prédit", "measured": "mesuré", "90 % interval": "intervalle à 90 %",
    "{predicted} ({low} to {high}) against {reported} at {batch}": "{predicted} ({low} à {high}) contre {reported} à {batch}",
    "accelerator energy per parameter and token, predicted with 90 % interval against measured, by batch limit": "énergie de l'accélérateur par paramètre et jeton, prédite avec intervalle à 90 % et mesurée, selon la taille de lot",
    # memory, grids, fleets
    "memory": "mémoire", "weights": "poids", "cache": "cache", "{bits} bits": "{bits} bits", "with {tokens} tokens in the cache": "avec {tokens} jetons en cache",
    "memory of weights and cache at different precisions, against machines": "mémoire des poids et du cache à plusieurs précisions, face à des machines",
    "grid carbon intensity, life cycle": "intensité carbone du réseau, cycle de vie",
    "grid carbon intensity in {year} (point) and its range {first}–{last} (line)": "intensité carbone du réseau en {year} (point) et sa plage {first}–{last} (trait)",
    "range {first}–{last}": "plage {first}–{last}", "reference: {reference}": "repère : {reference}",
    "share of the fleet's machine-learning energy": "part de l'énergie d'apprentissage automatique du parc", "training": "entraînement",
    "inference": "inférence", "the rest": "le reste", "shares of training and inference in the energy of whole fleets": "parts de l'entraînement et de l'inférence dans l'énergie de parcs entiers",
}  # fmt: skip

_FRENCH_WORDS = {
    "more than": "plus de", "at least": "au moins", "less than": "moins de", "up to": "jusqu'à", "about": "environ", "nearly": "près de",
    "as printed": "à l'arrondi imprimé", "exact": "exact", "trillion": "mille milliards de", "billion": "milliards de", "million": "millions de",
    "parameters": "paramètres", "parameter": "paramètre", "tokens": "jetons", "token": "jeton", "answers": "réponses", "answer": "réponse",
    "passengers": "passagers", "passenger": "passager", "households": "ménages", "household": "ménage", "people": "personnes", "person": "personne",
    "chips": "puces", "chip": "puce", "companies": "entreprises", "company": "entreprise", "years": "ans", "year": "an", "month": "mois", "to": "à",
    "laptop": "portable", "workstation": "station de travail", "server": "serveur", "GB": "Go",
}  # fmt: skip


class Words:
    """The words and numbers of one language."""

    def __init__(self, language: str):
        if language not in ("en", "fr"):
            raise ValueError(f"language '{language}' is not known: it is 'en' or 'fr'.")
        self.language = language

    def __call__(self, phrase: str, **fields: object) -> str:
        return (FRENCH[phrase] if self.language == "fr" else phrase).format(**fields)

    def number(self, value: float, digits: int = 3) -> str:
        """A number without zeros that say nothing; powers of ten from ten million on.

        >>> Words("en").number(1287.06, 4), Words("fr").number(0.152), Words("en").number(5.25e22)
        ('1,287', '0,152', '5.25 × 10²²')
        """
        if math.isfinite(value) and abs(value) >= 1e7:
            power = math.floor(math.log10(abs(value)))
            mantissa = trimmed(value / 10.0**power, digits, self.language)
            return f"10{raised(power)}" if mantissa == "1" else f"{mantissa} × 10{raised(power)}"
        return trimmed(value, digits, self.language) if math.isfinite(value) else "∞"

    def amount(self, value: float, unit: str, digits: int = 3) -> str:
        """A number with its unit.

        >>> Words("fr").amount(3349, "passenger", 4), Words("fr").amount(80.2, "pJ/parameter/token")
        ('3\u202f349 passagers', '80,2 pJ/(paramètre·jeton)')
        """
        return f"{self.number(value, digits)} {self.restate(pretty_unit(plural(unit, value)))}".strip()

    def restate(self, text: str) -> str:
        """A quantity printed in English, in this language.

        >>> Words("fr").restate("more than 1,287.5 MWh"), Words("en").restate("about 7 billion parameters")
        ('plus de 1\u202f287,5 MWh', 'about 7 billion parameters')
        """
        text = re.sub(r"10\^(\d+)", lambda m: f"10{raised(m[1])}", text)
        if self.language == "en":
            return text
        text = re.sub(r"\d[\d,]*(?:\.\d+)?", lambda m: m[0].replace(",", "\u202f").replace(".", ","), text)
        return re.sub(r"\b(" + "|".join(_FRENCH_WORDS) + r")\b", lambda m: _FRENCH_WORDS[m[0]], text)

    def axis(self, what: str, unit: str) -> str:
        """An axis title with its unit.

        >>> Words("en").axis("energy", "MWh"), Words("fr").axis("ratio", "1"), Words("en").axis("ε", "pJ/parameter/token")
        ('energy (MWh)', 'ratio (sans unité)', 'ε, pJ/(parameter·token)')
        """
        shown_unit = self.restate(pretty_unit(plural(unit, 2))) or {"en": "no unit", "fr": "sans unité"}[self.language]
        return f"{what}, {shown_unit}" if "(" in shown_unit else f"{what} ({shown_unit})"

    def listed(self, parts: Iterable[str]) -> str:
        """Parts of an alternative text as sentences."""
        stop = " ; " if self.language == "fr" else "; "
        return stop.join(parts)


def raised(power: int | str) -> str:
    """The digits of a power of ten, raised."""
    return str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def drawn(function: Callable[..., View]) -> Callable[..., View]:
    """Draw under the project's style whatever the reader's own settings are."""

    @functools.wraps(function)
    def inside(*args, **kwargs) -> View:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_RC)
            return function(*args, **kwargs)

    return inside


def canvas(height: float, rows: Sequence[str] | None = None) -> tuple[Figure, Axes]:
    """An empty figure; with *rows*, names down the side, the first on top."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    seaborn.despine(ax=axes, left=rows is not None)
    if rows is not None:
        axes.set_yticks(range(len(rows)), rows)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
    return figure, axes


def shown(figure: Figure, alternative: str) -> View:
    """The finished figure with its alternative text."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode()
    image = f'<img alt="{html.escape(alternative)}" src="data:image/png;base64,{data}">'
    return View(alternative, f'<figure class="recount-figure">{image}</figure>')


def number_axis(axis: Axis, words: Words, log: bool, limits: tuple[float, float] | None = None) -> None:
    """Numbers of the language along an axis; 1, 2, 5 where a logarithmic axis is short."""
    axes, along_x = axis.axes, axis.axis_name == "x"
    if log:
        (axes.set_xscale if along_x else axes.set_yscale)("log")
    if limits:
        (axes.set_xlim if along_x else axes.set_ylim)(*limits)
    if log:
        low, high = axis.get_view_interval()
        decades = math.log10(high / low)
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2.5 else (1,), numticks=9))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(MaxNLocator(6 if along_x else 7))
    axis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value, 6)))


def span(values: Iterable[float], margin: float = 1.6) -> tuple[float, float]:
    """Limits of a logarithmic axis that leave room round the positive values."""
    positive = [v for v in values if v > 0 and math.isfinite(v)]
    return min(positive) / margin, max(positive) * margin


def wants_log(values: Iterable[float], factor: float = 12) -> bool:
    """Whether values, all positive, span more than a decade."""
    values = [v for v in values if math.isfinite(v)]
    return min(values) > 0 and max(values) / min(values) > factor


def wrapped(text: str, width: int = 34) -> str:
    """A long name on several lines."""
    return "\n".join(textwrap.wrap(text, width)) or text


def side_note(axes: Axes, row: float, text: str) -> None:
    """A number to the right of a row."""
    axes.annotate(text, (1, row), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9.5)


def named_reference(label: str, amount: str, words: Words) -> str:
    """What a reference line is called in the legend."""
    return f"{label}{' : ' if words.language == 'fr' else ': '}{amount}" if label else amount


def legend_below(figure: Figure, handles: Sequence, columns: int) -> None:
    """A legend under everything, out of the data's way."""
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, handletextpad=0.4, columnspacing=1.4)


def settle(figure: Figure) -> None:
    """Lay the figure out for good, so that what is measured now stays where it is."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def _boxes(text: Text, renderer) -> list[Bbox]:
    """What a text covers; a slanted one as a chain of small boxes along its line."""
    box = text.get_window_extent(renderer)
    if not text.get_rotation():
        return [box]
    parts = [(box.x0 + box.width * (k + 0.5) / 12, box.y0 + box.height * (k + 0.5) / 12) for k in range(12)]
    return [Bbox.from_extents(x - 7, y - 7, x + 7, y + 7) for x, y in parts]


def name_points(axes: Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Write a name beside each point where it covers no other name or point.

    What finds no room stays without a name in the picture; the alternative text names every point.
    """
    settle(axes.figure)
    renderer, frame = axes.figure.canvas.get_renderer(), axes.get_window_extent()
    places = [axes.transData.transform(point[:2]) for point in points]
    taken = [Bbox.from_extents(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    taken += [box for text in axes.texts for box in _boxes(text, renderer)]
    tries = [(s * dx, dy, a) for dx in (6, 14, 24) for dy in (0, 7, -7, 13, -13, 19, -19) for s, a in ((1, "left"), (-1, "right"))]
    for (x, y, name), place in zip(points, places, strict=True):
        for dx, dy, side in tries:
            line = {"arrowstyle": "-", "color": FAINT, "lw": 0.6, "shrinkA": 0, "shrinkB": 4} if abs(dx) > 6 or abs(dy) > 6 else None
            text = axes.annotate(name, (x, y), (dx, dy), textcoords="offset points", ha=side, va="center", fontsize=9, arrowprops=line)
            text.update_positions(renderer)
            box = Text.get_window_extent(text, renderer)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if inside and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()

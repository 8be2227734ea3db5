"""The panel that moves assumptions as widgets, for JupyterLab and Voilà; it computes by :mod:`recount.explore`."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from recount import browser_model, explore, explore_view, page_views, register
from recount.claims import printed_text
from recount.errors import RecountError
from recount.units import magnitude
from recount.vocabulary import spec

_LABELS = {"description_width": "18em"}
_STYLE = Markup("""<style>
.recount-moved { border-collapse: collapse; line-height: 1.4; max-width: 72em; }
.recount-moved :is(th, td) { text-align: left; vertical-align: top; padding: 0.4em 1em 0.4em 0; border-bottom: 1px solid #ccc; }
.recount-moved .shape { width: 0.95em; height: 0.95em; vertical-align: -0.1em; margin-right: 0.4em; }
.recount-moved .strip { width: 8em; height: 1.1em; }
.recount-moved .strip :is(.axis, .printed, .range, .beyond) { stroke: currentColor; fill: none; }
.recount-moved .strip .axis { opacity: 0.25; }
.recount-moved .strip .range { stroke-width: 4; opacity: 0.5; }
.recount-moved .verdict { white-space: nowrap; }
.recount-moved .interval { opacity: 0.75; display: block; font-size: 0.9em; }
</style>""")


class Panel(widgets.VBox):
    """Sliders and fields for the three primary assumptions, a scenario, and what follows for the claims."""

    def __init__(self, language: str = "en", count: int | None = None):
        self.words, self.language = explore_view.words(language), language
        self.count = count or browser_model.settings()["samples"]
        self._still = False
        choices = [(self.words["no_scenario"], ""), *((one["title"], one["name"]) for one in explore_view.choices(language))]
        self.scenario = widgets.Dropdown(options=choices, description=self.words["scenario"], style=_LABELS, layout={"width": "36em"})
        self.assumptions = {told["name"]: _Assumption(told, self.words, self.follow) for told in explore_view.sliders(language)}
        self.together, self.result, self.table, self.file = widgets.HTML(), widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.name = widgets.Text(value=self.words["default_name"], description=self.words["name"])
        save, reset = widgets.Button(description=self.words["save"], layout={"width": "auto"}), widgets.Button(description=self.words["reset"])
        self.scenario.observe(lambda _: self.follow(), "value")
        save.on_click(lambda _: self.save())
        reset.on_click(lambda _: self.reset())
        super().__init__([
            self.scenario, *(one.box for one in self.assumptions.values()), self.together, widgets.HBox([reset, self.name, save]), self.file, self.result, self.table,
        ])  # fmt: skip
        self.follow()

    @property
    def state(self) -> tuple[str | None, dict[str, str]]:
        """The scenario's name and what was typed."""
        return self.scenario.value or None, {name: one.field.value.strip() for name, one in self.assumptions.items() if one.field.value.strip()}

    def follow(self) -> None:
        """Recompute the claims that the state reaches: figures at once, intervals and verdicts right after."""
        if self._still:
            return
        self.file.value = ""
        reading = explore.read(*self.state)
        for name, one in self.assumptions.items():
            one.read(reading["values"].get(name), reading["refused"].get(name, ""))
        self.together.value = _refusal(reading["refused"].get("", ""))
        if reading["refused"]:
            self.result.value = self.table.value = ""
            return
        moved = explore.moved(*self.state)
        self.result.value = self.words["working"] if moved else self.words["nothing_moved"]
        self.table.value = self._table([explore.point(claim, *self.state, self.language) for claim in moved])
        if moved:
            found = [explore.whole(claim, *self.state, self.count, self.language) for claim in moved]
            self.table.value = self._table(found)
            flips = sum(one["verdict"] != self._own(one["id"])["verdict"] for one in found)
            self.result.value = f"<b>{self.words['result_all'].format(moved=len(moved), all=len(register.shown()), changed=flips)}</b>"

    def save(self) -> None:
        """Offer the state as a scenario's file."""
        name = self.name.value.strip()
        try:
            text = explore.scenario_text(name, *self.state)
        except RecountError as error:
            self.file.value = _refusal(str(error))
            return
        link = Markup('<a download="{0}.toml" href="data:application/toml;base64,{1}">{0}.toml</a>').format(name, base64.b64encode(text.encode()).decode())
        told = self.words["saved"].replace("{name}", f"'{name}'" if " " in name else name)
        self.file.value = str(Markup("").join([link, ": ", told.replace("{file}", f"{name}.toml")]))

    def reset(self) -> None:
        """Give each claim its own assumptions again."""
        self._still = True
        self.scenario.value = ""
        for one in self.assumptions.values():
            one.field.value = ""
        self._still = False
        self.follow()

    def _own(self, claim: str) -> dict[str, Any]:
        return explore.whole(claim, None, {}, self.count, self.language)

    def _table(self, found: list[dict[str, Any]]) -> str:
        if not found:
            return ""
        heads = [self.words[key] for key in ("claim", "printed", "recomputed", "against", "verdict", "would_be")]
        head = Markup("").join(Markup('<th scope="col">{}</th>').format(text) for text in heads)
        return str(Markup("{}<table class='recount-moved'><tr>{}</tr>{}</table>").format(_STYLE, head, Markup("").join(map(self._row, found))))

    def _row(self, found: Mapping[str, Any]) -> Markup:
        claim = register.claim(found["id"])
        published = float(magnitude(claim.published, claim.unit)) if claim.printed else None
        bar = page_views.strip({**found, "published": published})
        figure = Markup('{}<span class="interval">{}</span>').format(found["problem"] if found["recomputed"] is None else found["recomputed_text"], found.get("interval_text", ""))
        would_be = page_views.badge(found["verdict"]) if "verdict" in found else ""
        cells = [claim.statement_fr if self.language == "fr" else claim.statement, printed_text(claim), figure, bar, page_views.badge(self._own(claim.id)["verdict"]), would_be]
        return Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(cell) for cell in cells))


class _Assumption:
    """One quantity: a slider on a logarithmic scale and a field, whose text is what counts."""

    def __init__(self, told: Mapping[str, Any], words: Mapping[str, str], follow):
        self.unit, self.start, self._follow, self._quiet = spec(told["name"]).unit, told["start"], follow, False
        self._least, self._most = told["low"], told["high"]
        self.slider = widgets.FloatLogSlider(
            value=self.start, min=math.log10(self._least), max=math.log10(self._most), step=0.005, readout=False, continuous_update=False,
            description=told["label"], style=_LABELS, layout={"width": "38em"},
        )  # fmt: skip
        self.field = widgets.Text(placeholder=words["own_of_each"], continuous_update=False, layout={"width": "14em"})
        self.clear = widgets.Button(description=words["own_value"], tooltip=words["back_to"].format(label=told["label"]), layout={"width": "auto"})
        self.refusal = widgets.HTML()
        self.slider.observe(self._slid, "value")
        self.field.observe(lambda _: self._follow(), "value")
        self.clear.on_click(lambda _: setattr(self.field, "value", ""))
        self.box = widgets.VBox([widgets.HBox([self.slider, self.field, self.clear]), self.refusal])

    def _slid(self, _) -> None:
        if not self._quiet:
            self.field.value = f"{float(f'{self.slider.value:.3g}'):g} {self.unit}"

    def read(self, value: float | None, refused: str) -> None:
        """Show how the field was read: the slider goes where it says."""
        self.refusal.value = _refusal(refused)
        if not refused:
            self._quiet = True
            self.slider.value = min(max(value if value else self.start, self._least), self._most)
            self._quiet = False


def _refusal(sentence: str) -> str:
    return str(Markup('<span role="alert" style="color: #b3261e; font-weight: 600">{}</span>').format(sentence)) if sentence else ""

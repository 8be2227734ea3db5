"""Ways to put a figure on one answer, side by side and each with what it counts (``data/methods.toml``)."""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recount import recompute, trace
from recount.assumptions import load
from recount.errors import RecountError, nearest
from recount.explain import Table
from recount.language import THIN, either, french, in_a_row, message, of_data, say
from recount.gaps import TYPED, Gap, Setting, Step, gap, scopes, supplied
from recount.recompute import World
from recount.study import Study, View, view
from recount.units import Quantity, format_quantity, read_unit, trimmed
from recount.vocabulary import data_folder
from recount.wording import label, readable

if TYPE_CHECKING:
    import pandas as pd

FILE = "methods.toml"
BOUNDARIES = ("accelerator_energy", "it_energy", "facility_energy")
SHOWN = {
    **dict.fromkeys(BOUNDARIES, "Wh"), "energy_per_answer": "Wh/answer", "total_carbon": "gCO2e", "usage_carbon": "gCO2e",
    "usage_water": "mL", "on_site_water": "mL", "total_materials": "mgSbe",
}  # fmt: skip
BOUNDARY_WORDS = {
    "accelerator_energy": message("chips"), "it_energy": message("servers"), "facility_energy": message("building"), "not said": message("not said"),
}  # fmt: skip
CARBON_WORDS = {
    "life-cycle": message("life-cycle, mix produced"), "consumption": message("life-cycle, mix consumed"),
    "consumption-flow-traced": message("life-cycle, mix consumed (flows traced)"), "direct": message("stack only"), TYPED: TYPED,
}  # fmt: skip
_NARROW = 1.05  # high ÷ low below which a spread is that of printed digits, no interval
_ON_SITE = {"consumption": message("on site: consumed"), "withdrawal": message("on site: withdrawn"), TYPED: message("on site: as typed")}
_AT_PLANTS = {"consumption": message("power plants: consumed"), "withdrawal": message("power plants: withdrawn"), TYPED: message("power plants: as typed")}
_BOTH = {"consumption": message("on site and power plants, consumed"), "withdrawal": message("on site and power plants, withdrawn"), TYPED: message("on site and power plants, as typed")}
_WIDEST = ("facility_energy", "energy_per_answer", "it_energy", "accelerator_energy")  # of several boundaries the first there is
_KEYS = {
    "method": {"id", "title", "title_fr", "via", "given", "names", "set", "only", "published", "tool", "about", "boundary", "carbon", "water"},
    "gap": {"id", "title", "title_fr", "quantities", "start", "end", "end_quantity", "rest", "rest_fr", "step"},
    "step": {"label", "label_fr", "given", "names", "set", "via", "take", "quantity", "scope"},
}


@dataclasses.dataclass(frozen=True)
class Amount:
    """A figure with its 90 % interval; a published one has none."""

    value: float
    low: float
    high: float

    def text(self) -> str:
        value, low, high = (trimmed(x, 3) for x in (self.value, self.low, self.high))
        return value if low == high else say("{value} ({low} to {high})", value=value, low=low, high=high)


@functools.cache
def _register() -> dict[str, dict[str, dict[str, Any]]]:
    """The methods and gaps by name, every key checked."""
    try:
        found = tomllib.loads((data_folder() / FILE).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecountError(f"{FILE} is not readable TOML: {error}.") from None
    for kind in ("method", "gap"):
        for entry in found.get(kind, []):
            for part, keys in ((entry, _KEYS[kind]), *((step, _KEYS["step"]) for step in entry.get("step", []))):
                wrong = next((key for key in part if key not in keys), None)
                if wrong:
                    raise RecountError(f"{FILE}, {kind} '{entry.get('id', '')}': the key '{wrong}' is not known: {nearest(wrong, keys)}")
    return {kind: {entry["id"]: entry for entry in found.get(kind, [])} for kind in ("method", "gap")}


def names(kind: str = "method") -> list[str]:
    """The methods (or, with ``"gap"``, the gaps) that there are."""
    trace.used("file", FILE)
    return list(_register()[kind])


def _entry(kind: str, name: str) -> dict[str, Any]:
    if name not in names(kind):
        raise RecountError(f"{kind} '{name}' is not in {FILE}: {nearest(name, names(kind))}")
    return _register()[kind][name]


def setting(name: str, quantity: str) -> Setting:
    """What a method computes a quantity from; a published figure is supplied as it stands.

    Raises
    ------
    RecountError : an unknown method, or one without that quantity.
    """
    found = _entry("method", name)
    if quantity not in figures_of(name):
        raise RecountError(f"method '{name}' has no {quantity}: it has {', '.join(figures_of(name)) or 'none'}.")
    if "published" in found:
        return Setting(quantity, found.get("via", "per_answer"), supplied([one for one in found["published"] if quantity in load().context(one)], names=[quantity]))
    return Setting(quantity, found["via"], supplied(found["given"], found.get("set"), found.get("names", ())))


def figures_of(name: str) -> list[str]:
    """The quantities that a method has a figure for."""
    found = _entry("method", name)
    if "published" in found:
        return [quantity for quantity in SHOWN if any(quantity in load().context(one) for one in found["published"])]
    if "tool" in found:
        return ["facility_energy", "total_carbon", "usage_water", "total_materials"]
    return found.get("only", [q for q in SHOWN if q != "energy_per_answer"])


def amount(study: Study, name: str, quantity: str) -> Amount | None:
    """A method's figure in the unit it is shown in; None where it has none."""
    if quantity not in figures_of(name):
        return None
    if "tool" in _entry("method", name):
        value = _run(study, name)[quantity].low.to(read_unit(SHOWN[quantity])).magnitude
        return Amount(value, value, value)
    # What is printed stays as printed, whatever the reader assumes.
    planned = setting(name, quantity).plan(World.of() if "published" in _entry("method", name) else study.world)
    value = recompute.point(planned, SHOWN[quantity])
    if all(a.low is None for a in planned.assumptions):
        return Amount(value, value, value)
    low, high = recompute.interval(planned, SHOWN[quantity], study.samples, study.seed)
    return Amount(value, low, high) if high > _NARROW * low else Amount(value, value, value)


def _run(study: Study, name: str):
    """EcoLogits run for real, with the sizes, the site and the batch of the method's rows; its electricity is its own."""
    from recount import peers

    found, taken = _entry("method", name), setting(name, "facility_energy")
    water = taken.of("on_site_water").plan(World.of()).assumptions
    used = {a.name: a.value for a in (*water, *taken.plan(study.world).assumptions)}
    return peers.ecologits_open_model(
        found["title"], used["active_parameters"], used["total_parameters"], used["answers"] * used["answer_tokens"], used["pue"],
        used["on_site_water_intensity"], found["tool"], str(round(float(used["batch"].to("").magnitude))),
    )  # fmt: skip


def chip_power(study: Study, name: str) -> Quantity:
    """The average power that a method takes each busy chip to draw: its chips' energy over their hours.

    Formula: chip_power = accelerator_energy ÷ chip_hours

    Raises
    ------
    RecountError : a method that does not compute the chips' energy, or by a route without their hours.
    """
    parts = [setting(name, "accelerator_energy").of(quantity).plan(study.world) for quantity in ("accelerator_energy", "chip_hours")]
    energy, hours = (recompute.evaluate(planned, lambda a: a.value) for planned in parts)
    return (energy / hours).to("W/chip")


def chip_powers(*methods: tuple[Study, str]) -> View:
    """:func:`chip_power` of several methods, each under assumptions of its own, with the batch that it takes."""
    rows = []
    for study, name in methods:
        batch = next(a.value for a in setting(name, "accelerator_energy").plan(study.world).assumptions if a.name == "batch")
        rows.append((_title(name), readable(batch, "batch"), format_quantity(chip_power(study, name), "W/chip", 3)))
    return view(Table((say("Method"), label("batch"), say("power of a busy chip")), tuple(rows)))


def scope(study: Study, name: str, quantity: str) -> str:
    """What a figure counts, in words: of a computed one from the scopes of its rows."""
    found = _entry("method", name)
    if quantity in (*BOUNDARIES, "energy_per_answer"):
        return say(BOUNDARY_WORDS[found.get("boundary", quantity)])
    if "carbon" in quantity or "water" in quantity:
        kind = "carbon" if "carbon" in quantity else "water"
        if "published" in found:
            return of_data(found[kind]) if kind in found else say("not said")
        used = scopes(setting(name, quantity).plan(study.world))
        if kind == "carbon":
            words = say(CARBON_WORDS.get(used["grid_intensity"], used["grid_intensity"]))
            return say("{carbon}; making included", carbon=words) if quantity == "total_carbon" else words
        return _water_words(used)
    return ""


def _water_words(used: dict[str, str]) -> str:
    on, off = (used.get(f"{where}_site_water_intensity") for where in ("on", "off"))
    if on is None:
        return say(TYPED)
    if on == off:
        return say(_BOTH.get(on, on))
    return in_a_row([say(_ON_SITE.get(on, on)), *([say(_AT_PLANTS.get(off, off))] if off is not None else [])])


def energy(study: Study, *methods: str) -> View:
    """One answer's energy by several methods, a column a boundary."""
    heads = [f"{say(BOUNDARY_WORDS[q])} (Wh)" for q in BOUNDARIES]
    rows = [(_title(name), *(_text(study, name, q) for q in BOUNDARIES)) for name in methods]
    return view(Table((say("Method"), *heads), tuple(rows)))


def _title(name: str) -> str:
    found = _entry("method", name)
    return either(found["title"], found.get("title_fr", ""))


def impacts(study: Study, *methods: str) -> View:
    """One answer's carbon, water and materials by several methods, each with what it counts."""
    rows = []
    for name in methods:
        cells = [_title(name)]
        for quantity in ("total_carbon", "usage_water"):
            cells += [_text(study, name, quantity), scope(study, name, quantity) + _grid(study, name, quantity) if quantity in figures_of(name) else ""]
        rows.append((*cells, _text(study, name, "total_materials")))
    heads = say("Method"), say("carbon (gCO2e)"), say("which carbon"), say("water (mL)"), say("which water"), say("materials (mgSbe)")
    return view(Table(heads, tuple(rows)))


def _grid(study: Study, name: str, quantity: str) -> str:
    """The carbon of a kilowatt-hour behind a computed carbon."""
    if quantity != "total_carbon" or "published" in _entry("method", name):
        return ""
    used = next((a.value for a in setting(name, quantity).plan(study.world).assumptions if a.name == "grid_intensity"), None)
    return f"{THIN if french() else ''}; {readable(used, 'grid_intensity', 3)}" if used is not None else ""


def published(study: Study, *methods: str) -> View:
    """What others print for an answer or a prompt of their own, each at its own boundary and with its own scopes."""
    rows = []
    for name in methods:
        known = figures_of(name)
        whole = next(q for q in _WIDEST if q in known)
        carbon, water = ([q for q in alternatives if q in known] for alternatives in (("total_carbon",), ("usage_water", "on_site_water")))
        rest = (f"{_text(study, name, q[0])} ({scope(study, name, q[0])})" if q else "" for q in (carbon, water))
        rows.append((_title(name), of_data(_entry("method", name).get("about", "")), _text(study, name, whole), scope(study, name, whole), *rest))
    return view(Table((say("Who"), say("Of what"), say("energy (Wh)"), say("up to"), say("carbon (gCO2e)"), say("water (mL)")), tuple(rows)))


def _text(study: Study, name: str, quantity: str) -> str:
    found = amount(study, name, quantity)
    return found.text() if found else say("not published" if "published" in _entry("method", name) else "not given")


def frame(study: Study, quantity: str, *methods: str, by_scope: bool = False) -> pd.DataFrame:
    """One quantity by several methods as numbers: method, value, low, high, scope; methods without it are left out.

    Raises
    ------
    RecountError : figures of several scopes, unless *by_scope* says that the scope is shown.
    """
    rows = []
    for name in methods:
        one = amount(study, name, quantity)
        if one:
            rows.append((_title(name), one.value, one.low, one.high, scope(study, name, quantity)))
    return _framed(rows, quantity, by_scope)


def energies(study: Study, *methods: str) -> pd.DataFrame:
    """Each method's energy at the widest boundary it has, in Wh, with that boundary as its scope."""
    rows = []
    for name in methods:
        widest = next(q for q in _WIDEST if q in figures_of(name))
        one = amount(study, name, widest)
        rows.append((_title(name), one.value, one.low, one.high, scope(study, name, widest)))
    return _framed(rows, "energy", True)


def _framed(rows: list[tuple], quantity: str, by_scope: bool) -> pd.DataFrame:
    import pandas as pd

    mixed = sorted({row[-1] for row in rows})
    if len(mixed) > 1 and not by_scope:
        raise RecountError(f"{quantity} of several scopes would stand side by side ({'; '.join(mixed)}): show the scope with by_scope=True, or compare one scope.")
    found = pd.DataFrame(rows, columns=["method", "value", "low", "high", "scope"])
    return found.assign(**{end: found[end].where(found.low < found.high) for end in ("low", "high")})


def taken_apart(study: Study, name: str, quantity: str = "", order: Sequence[int] = ()) -> Gap:
    """A gap of the register step by step, under the reader's assumptions.

    Parameters
    ----------
    name : of a gap in ``data/methods.toml``.
    quantity : one that the gap is told for; its first if left out.
    order : the steps in another order, counted from 1.

    Raises
    ------
    RecountError : an unknown gap or quantity, an order that is none, steps that do not close the gap.
    """
    found = _entry("gap", name)
    quantity = quantity or found["quantities"][0]
    if quantity not in found["quantities"]:
        raise RecountError(f"gap '{name}' is not told for '{quantity}': {nearest(quantity, found['quantities'])}")
    steps = [_step(one) for one in found["step"]]
    if order:
        if sorted(order) != list(range(1, len(steps) + 1)):
            raise RecountError(f"order {list(order)} must name each of the {len(steps)} steps of gap '{name}' once, from 1 to {len(steps)}.")
        steps = [steps[k - 1] for k in order]
    start, end = (_entry("method", found[side]) for side in ("start", "end"))
    return gap(
        setting(found["start"], quantity), steps, setting(found["end"], found.get("end_quantity", quantity)), SHOWN[quantity], study.world,
        names=(start["title"], end["title"]), names_fr=(start["title_fr"], end["title_fr"]), title=found["title"], title_fr=found["title_fr"],
        rest=found.get("rest", ""), rest_fr=found.get("rest_fr", ""),
    )  # fmt: skip


def _step(found: dict[str, Any]) -> Step:
    return Step(
        found["label"], supplied(found.get("given", ()), found.get("set"), found.get("names", ())), found.get("quantity", ""), found.get("via", ""),
        tuple(found.get("take", ())), found.get("scope", ""), found.get("label_fr", ""),
    )  # fmt: skip


def problems() -> list[str]:
    """Every method without a figure and every gap that cannot be taken apart."""
    study, told = Study(samples=1000), []
    for name in names():
        try:
            for quantity in figures_of(name):
                setting(name, quantity).plan(study.world)
        except RecountError as error:
            told.append(f"{FILE}, method '{name}': {error}")
    for name in names("gap"):
        try:
            for quantity in _entry("gap", name)["quantities"]:
                taken_apart(study, name, quantity)
        except RecountError as error:
            told.append(f"{FILE}, gap '{name}': {error}")
    return told

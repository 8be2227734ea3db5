"""What a reader says of a model of their own, as assumptions: read strictly, from numbers, chips, countries and sites.

Layers as everywhere in the project, the later wins: default rows, the contexts that the reader
names (a chip and what was fitted on it, a grid, a site), the scenario, what the reader types. A
typed quantity is taken exactly as it stands.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping

from recount import scenarios
from recount.assumptions import GIVEN, Assumption, Row, from_row, load, split_reference
from recount.contexts import countries, country, place
from recount.errors import RecountError, nearest
from recount.units import SCALE_WORDS, Quantity, read_number, read_unit
from recount.vocabulary import spec
from recount.wording import label, readable

ORIGIN = "reader"
NEEDED = {
    "training": ("peak_throughput", "thermal_design_power"),
    "answer": ("peak_throughput", "thermal_design_power", "memory_bandwidth", "accelerator_memory"),
}
# What a formula fitted on language models can be asked, in each name's unit.
# What an estimate tells: setting one of them would leave the others contradicting it.
RESULTS = (
    "accelerator_energy", "it_energy", "facility_energy", "chip_hours", "usage_carbon", "embodied_carbon", "total_carbon",
    "on_site_water", "off_site_water", "usage_water",
)  # fmt: skip
LIMITS = {
    "total_parameters": (1e6, 1e15), "active_parameters": (1e6, 1e15), "training_tokens": (1e6, 1e15), "answer_tokens": (1, 1e7),
    "prompt_tokens": (0, 1e8), "batch": (1, 1e5), "answers": (1, 1e15),
}  # fmt: skip
_LETTERS = {"K": "thousand", "M": "million", "B": "billion", "T": "trillion"}
_PRECISIONS = {"bf16": "16", "fp16": "16", "float16": "16", "bfloat16": "16", "fp8": "8", "int8": "8", "fp4": "4", "int4": "4"}
_WATER = ("on_site_water_intensity", "off_site_water_intensity", "water_intensity")


@dataclasses.dataclass
class Inputs:
    """Assumptions by name as they are gathered, and the contexts they come from."""

    activity: str
    scenario: str = scenarios.DEFAULT
    hardware: str = ""
    replaced: str = ""  # the chip that was named, where the scenario names another
    contexts: list[str] = dataclasses.field(default_factory=list)
    typed: dict[str, Assumption] = dataclasses.field(default_factory=dict)
    rows: dict[str, Assumption] = dataclasses.field(default_factory=dict)  # of the contexts
    fitted: dict[str, Assumption] = dataclasses.field(default_factory=dict)  # on the chip

    def give(self, name: str, quantity: Quantity) -> None:
        """Take a typed quantity exactly as it is; each name once."""
        if name in self.typed:
            raise RecountError(f"{name} is given twice: give it once.")
        self.typed[name] = Assumption(name, quantity, 0.0, GIVEN, ORIGIN, readable(quantity, name))

    @functools.cached_property
    def laid(self) -> dict[str, Assumption]:
        """What the scenario lays over the contexts; its chip is taken as the chip, measured answers on it are left out."""
        chosen = scenarios.scenario(self.scenario)
        rest = tuple(c for c in chosen.given if not c.startswith(("hardware:", "inference:")))
        return scenarios.layer(dataclasses.replace(chosen, given=rest), {}, self.activity, load())

    def layered(self) -> dict[str, Assumption]:
        """What is supplied: the chip's fit, the contexts, the scenario, what the reader types."""
        found = self.fitted | self.rows | self.laid | self.typed
        split = [name for name in _WATER[:2] if name in self.typed]
        if split and "water_intensity" in found:
            raise RecountError(f"{split[0]} and water_intensity are both given: the second is on-site and off-site water together, so give one or the other.")
        return found

    def take(self, context: str, rows: Mapping[str, Row]) -> None:
        """Take rows of a context."""
        self.contexts.append(context)
        self.rows |= {name: from_row(row) for name, row in rows.items()}


def text_of(value: object) -> str:
    """What was typed, as text; nothing where nothing was.

    >>> text_of(None), text_of(" 70B "), text_of(64)
    ('', '70B', '64')
    """
    return "" if value is None else str(value).strip()


def read_count(option: str, text: str, name: str) -> Quantity:
    """Read how many: a plain number, one with a scale word or K, M, B or T, with or without its unit.

    >>> [f"{read_count('parameters', text, 'total_parameters').magnitude:g}" for text in ("70e9", "70 billion", "70B", "0.07T", "7e10 parameters")]
    ['7e+10', '7e+10', '7e+10', '7e+10', '7e+10']
    >>> read_count("parameters", "70b", "total_parameters")
    Traceback (most recent call last):
    recount.errors.RecountError: parameters '70b' is not read: did you mean '70B'?
    >>> read_count("batch", "0.5", "batch")
    Traceback (most recent call last):
    recount.errors.RecountError: batch '0.5' is out of range: it must be from 1 to 100,000; the nearest valid value is 1.
    """
    unit, counted = read_unit(spec(name).unit), spec(name).unit.partition("/")[0]
    short = re.fullmatch(r"(.*\d)\s?([KMBTkmbt])(\s+[^\d\s].*)?", text)
    if short and short[2].islower():
        raise RecountError(f"{option} '{text}' is not read: did you mean '{short[1]}{short[2].upper()}{short[3] or ''}'?")
    number, rest = _number(option, f"{short[1]} {_LETTERS[short[2]]}{short[3] or ''}" if short else text, _EXAMPLES[name])
    word, _, after = rest.partition(" ")
    if word.lower() in SCALE_WORDS:
        number, rest = number * SCALE_WORDS[word.lower()], after.strip().removeprefix("de ")
    if rest and _dimension(rest) not in (unit.dimensionality, read_unit(counted).dimensionality) or rest and unit.dimensionless:
        raise RecountError(f"{option} '{text}' is not read: it must be a number{'' if unit.dimensionless else f' of {counted}s'}, such as '{_EXAMPLES[name]}'.")
    value = number * float((1 * read_unit(rest)).to(counted if _dimension(rest) == read_unit(counted).dimensionality else unit).magnitude) if rest else number
    low, high = LIMITS[name]
    if not low <= value <= high:
        ends = [readable(Quantity(end, counted if counted != "1" else ""), name if counted == spec(name).unit else "") for end in (low, high, min(max(value, low), high))]
        raise RecountError(f"{option} '{text}' is out of range: it must be from {ends[0]} to {ends[1]}; the nearest valid value is {ends[2]}.")
    return Quantity(value, unit)


_EXAMPLES = {"total_parameters": "70e9", "active_parameters": "37e9", "training_tokens": "15e12", "answer_tokens": "400", "prompt_tokens": "300", "batch": "64", "answers": "1000"}


def _dimension(text: str):
    """The dimension of a unit as typed, none where it is no unit."""
    try:
        return read_unit(text).dimensionality
    except RecountError:
        return None


def _number(option: str, text: str, example: str) -> tuple[float, str]:
    """The number that a text starts with, and the rest; its option named where there is none."""
    if not re.match(r"[+\-−]?[0-9]", text):
        raise RecountError(f"{option} '{text}' is not read: it must be one number, such as '{example}'.")
    return read_number(text)


def read_named(option: str, text: str, name: str, example: str) -> Quantity:
    """Read a quantity of the vocabulary as an option of its own.

    >>> read_named("pue", "high", "pue", "1.1")
    Traceback (most recent call last):
    recount.errors.RecountError: pue 'high' is not read: it must be one number, such as '1.1'.
    """
    _number(option, text, example)
    return spec(name).read(text)


def precision(inputs: Inputs, text: str) -> None:
    """The bits of a parameter: 16, 8 or 4, or the name of a format of so many."""
    known = {re.search(r"\d+", context)[0]: context for context in load().contexts() if context.startswith("precision:")}
    found = re.fullmatch(r"(\d+)(?:[\s-]?bits?(?:/parameter)?)?", _PRECISIONS.get(text.lower(), text).lower())
    if not found or found[1] not in known:
        takes = "it must be 16, 8 or 4 bits, or bf16, fp16, fp8, int8, fp4 or int4."
        try:
            number = read_number(text)[0]
            said = f"{takes[:-1]}; the nearest valid one is {min(known, key=lambda bits: abs(int(bits) - number))}."
        except RecountError:
            said = _meant(text.lower(), sorted([*known, *_PRECISIONS]), takes)
        raise RecountError(f"precision '{text}' is not known: {said}")
    inputs.take(known[found[1]], load().context(known[found[1]]))


def known_hardware(activity: str) -> dict[str, dict[str, Row]]:
    """The chips whose rows hold what an activity needs, by name."""
    found = {c.partition(":")[2]: load().context(c) for c in load().contexts() if c.startswith("hardware:")}
    return {name: rows for name, rows in found.items() if set(NEEDED[activity]) <= set(rows)}


def hardware_text(activity: str) -> str:
    """The chips there are, each with what it is reckoned with.

    >>> hardware_text("training").split("; ")[0]
    'a100 (312 TFLOP/s, 400 W)'
    """
    chips = []
    for name, rows in known_hardware(activity).items():
        told = [readable(rows[needed].quantity(), needed).replace("/chip", "").replace("/(s·chip)", "/s") for needed in NEEDED[activity]]
        chips.append(f"{name} ({', '.join(told)})")
    return "; ".join(chips)


def hardware(inputs: Inputs, text: str) -> None:
    """A chip, and what was fitted on it; a scenario's own goes before it."""
    own = next((c for c in scenarios.scenario(inputs.scenario).given if c.startswith("hardware:")), "")
    if own and text:
        inputs.replaced, text = text, own
    if not text:
        raise RecountError(f"hardware is missing: name a chip, one of {hardware_text(inputs.activity)}.")
    slug = re.sub(r"[\s_]+", "-", text.lower().removeprefix("hardware:").removeprefix("nvidia ")).strip("-")
    chips = known_hardware(inputs.activity)
    if slug not in chips:
        longer = [name for name in chips if slug.startswith(name)]
        there = _meant(max(longer, key=len) if longer else slug, list(chips), f"there are {hardware_text(inputs.activity)}.")
        lacks = load().context(f"hardware:{slug}") if f"hardware:{slug}" in load().contexts() else None
        missing = " and no ".join(label(n) for n in NEEDED[inputs.activity] if n not in lacks) if lacks else ""
        why = f"has no {missing} in the data" if lacks else "is not known"
        raise RecountError(f"hardware '{text}' {why}: {there}")
    inputs.hardware = slug
    inputs.take(f"hardware:{slug}", chips[slug])
    fits = [f"fit:{slug}"]
    if inputs.activity == "answer" and inputs.typed["active_parameters"].value < inputs.typed["total_parameters"].value:
        fits = ["fit:experts", *fits, f"fit:{slug}-experts"]  # the last that there is wins
    for fit in (fit for fit in fits if fit in load().contexts()):
        inputs.contexts.append(fit)
        inputs.fitted |= {name: from_row(row) for name, row in load().context(fit).items()}


def grid(inputs: Inputs, text: str) -> None:
    """A grid: a country (its latest year), a country and year, or a carbon intensity."""
    if _is_quantity(text):
        inputs.give("grid_intensity", read_named("grid", text, "grid_intensity", "56 gCO2e/kWh"))
        return
    reference = _grid_reference(text)
    inputs.take(reference, {"grid_intensity": load().pick(reference, "grid_intensity")})


def _is_quantity(text: str) -> bool:
    return bool(re.match(r"[+\-−]?[0-9.,]", text))


def _grid_reference(text: str) -> str:
    """The context of the data that a country, with or without its year, stands for.

    >>> _grid_reference("fra-2024[direct]"), _grid_reference("grid:SWE-2023"), _grid_reference("Poland") == _grid_reference("POL")
    ('grid:FRA-2024[direct]', 'grid:SWE-2023', True)
    """
    plain, scope = split_reference(text.removeprefix("grid:"))
    named, year = re.fullmatch(r"(.+?)(?:-(\d{4}.*))?", plain).groups()
    code, ending = _code(named), f"[{scope}]" if scope else ""
    years = [c for c in load().contexts() if (found := place(c)) and c.startswith("grid:") and found[0] == code]
    if not year and years:
        wanted = scope or spec("grid_intensity").scope
        keys = {row.context for row in load().rows if row.name == "grid_intensity" and row.scope == wanted and "@" not in row.context}
        latest = sorted(keys & set(years))
        if not latest:
            raise RecountError(f"grid '{text}' has no scope '{wanted}' in any year: leave the scope out.")
        return latest[-1] + ending
    if f"grid:{code}-{year}" in years:
        return f"grid:{code}-{year}{ending}"
    if years:
        there = sorted(c.partition("-")[2] for c in years if "@" not in c)
        raise RecountError(f"grid '{text}' is not in the data: {country(code)} is there from {there[0]} to {there[-1]}, as in '{code}-{there[-1]}'.")
    there = sorted({found[0] for c in load().contexts() if c.startswith("grid:") and (found := place(c))})
    takes = f"it takes a country with or without its year, such as FRA-2024 (there are {', '.join(there)}), or an intensity such as '56 gCO2e/kWh'."
    raise RecountError(f"grid '{text}' is not known: {_meant(named, [name for code, both in countries().items() for name in (code, *both)], takes)}")


def _code(name: str) -> str:
    """The code of a country that is named by its code or in English or French."""
    return next((code for code, both in countries().items() if name.casefold() in (word.casefold() for word in (code, *both))), name.upper())


def _meant(name: str, known: list[str], rest: str) -> str:
    """A suggestion, where there is one, and the rest of what a refusal says.

    >>> _meant("h1000", ["h100"], "there are two."), _meant("x", ["h100"], "there are two.")
    ("did you mean 'h100'? There are two.", 'there are two.')
    """
    hint = nearest(name, known)
    return f"{hint} {rest[0].upper()}{rest[1:]}" if hint.startswith("did you mean") else rest


def water(inputs: Inputs, text: str) -> None:
    """Water: a site or a country's power plants, or litres per kWh of both together."""
    if _is_quantity(text):
        inputs.give("water_intensity", read_named("water", text, "water_intensity", "4 L/kWh"))
        return
    plain, scope = split_reference(text)
    tried = [plain, f"water:{_code(plain.removeprefix('water:'))}", f"site:{plain}"]
    there = [c for c in load().contexts() if c.startswith(("site:", "water:"))]
    context = next((c for c in tried if c in there), None)
    if context is None:
        known = [*there, *(c.partition(":")[2] for c in there)]
        takes = "it takes a site such as site:average, a country's power plants such as water:FRA, or litres such as '4 L/kWh'."
        raise RecountError(f"water '{text}' is not known: {_meant(plain, known, takes)}")
    reference = f"{context}[{scope}]" if scope else context
    rows = {name: row for name, row in load().context(reference).items() if name in _WATER}
    hidden = {name: scopes for name, scopes in load().other_scopes(reference).items() if name in _WATER}
    if hidden:
        name, scopes = next(iter(hidden.items()))
        raise RecountError(f"'{name}' of '{context}' has only the scope {', '.join(scopes)}: choose it, as in '{context}[{scopes[0]}]'.")
    if not rows:
        raise RecountError(f"water '{text}' is not in the data: '{context}' holds {', '.join(load().context(context))} only.")
    inputs.take(reference, rows)


def water_of_grid(inputs: Inputs) -> None:
    """The water of the power plants behind a grid that is named, unless the reader says otherwise."""
    chosen = next((c for c in inputs.contexts if c.startswith("grid:")), "")
    found = place(split_reference(chosen)[0]) if chosen else None
    if found and f"water:{found[0]}" in load().contexts() and "off_site_water_intensity" not in inputs.rows:
        rows = load().context(f"water:{found[0]}")
        inputs.take(f"water:{found[0]}", {name: row for name, row in rows.items() if name == "off_site_water_intensity"})


def others(inputs: Inputs, assumptions: Mapping[str, object]) -> None:
    """Any other assumption by its name in the vocabulary, with the activity before it or not."""
    values = {name: text for name, value in assumptions.items() if (text := text_of(value))}
    scenarios.check_overrides(values)
    for name, text in values.items():
        activity, _, plain = name.rpartition(".")
        if activity and activity != inputs.activity:
            raise RecountError(f"'{name}' plays no part in an estimate of {inputs.activity}: write '{inputs.activity}.{plain}' or '{plain}'.")
        if plain in RESULTS:
            raise RecountError(f"'{plain}' is a result of the estimate and cannot be set in it: set what it follows from, such as energy_per_parameter_token or utilisation.")
        inputs.give(plain, spec(plain).read(text))

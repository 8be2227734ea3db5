"""The one unit registry, the one strict reader of quantities, and their one printed form.

Everything recount computes with is a pint quantity of this registry. Its base units are
those of the subject (a parameter, a token, a chip, a gram of CO2 equivalent), so that
energy per parameter-token cannot be mistaken for energy per token. Quantities enter
through :func:`read_quantity` only: pint's own parser evaluates arithmetic and silently
misreads French numbers.
"""

from __future__ import annotations

import functools
import math
import re

import numpy as np
import pint

from recount import language as spoken
from recount.errors import RecountError, nearest

_DEFINITIONS = """
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = µ- = μ- = u-
milli- = 1e-3 = m-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
peta- = 1e15 = P-
exa- = 1e18 = E-
percent = 0.01
meter = [length] = m = metre = meters = metres
mile = 1609.344 meter = miles
gram = [mass] = g
tonne = 1e6 gram = t = tonnes
pound = 453.59237 gram = lb
second = [time] = s = sec = seconds
minute = 60 second = min
hour = 3600 second = h = hours = heure = heures
day = 86400 second = d = days = jour = jours
year = 31557600 second = yr = years = an = ans
month = 2629800 second = months = mois
joule = [energy] = J
watt = joule / second = W
watt_hour = 3600 joule = Wh
liter = 0.001 meter ** 3 = L = l = litre = liters = litres
gallon = 3.785411784 liter = gal
carbon_gram = [carbon] = gCO2e = gCO2eq = gCO2
carbon_tonne = 1e6 carbon_gram = tCO2e = tCO2eq = tCO2
carbon_pound = 453.59237 carbon_gram = lbCO2e = lbCO2eq = lbCO2
antimony_gram = [mineral_depletion] = gSbe = gSbeq
operation = [floating_point] = FLOP = FLOPs
parameter = [parameter] = _ = parameters = paramètre = paramètres
token = [token] = _ = tokens = jeton = jetons
answer = [answer] = _ = answers = réponse = réponses
person = [person] = _ = persons = personne = personnes
visit = [visit] = _ = visits = visite = visites
passenger = [passenger] = _ = passengers = passager = passagers
household = [household] = _ = households = ménage = ménages
company = [company] = _ = companies = entreprise = entreprises
chip = [chip] = _ = chips
server = [server] = _ = servers
layer = [layer] = _ = layers
head = [head] = _ = heads
element = [element] = _ = elements
expert = [expert] = _ = experts
bit = [information] = _ = bits
byte = 8 bit = B = bytes = octet = octets
kibibyte = 1024 byte = KiB
gibibyte = 1073741824 byte = GiB
euro = [euro] = EUR = euros
dollar = [dollar] = USD = dollars
"""

ureg: pint.UnitRegistry = pint.UnitRegistry(None, autoconvert_to_preferred=False)
ureg.load_definitions([line for line in _DEFINITIONS.strip().splitlines() if line])
pint.set_application_registry(ureg)
Quantity = ureg.Quantity

_COMMON_UNITS = (
    "kWh MWh GWh TWh J MJ pJ W kW gCO2e kgCO2e tCO2e L mL m3 km h day month year gSbe FLOP TFLOP parameter token answer "
    "chip household passenger person visit company server bit byte GB EUR USD percent"
).split()
SCALE_WORDS = {
    "thousand": 1e3, "mille": 1e3, "million": 1e6, "millions": 1e6,
    "milliard": 1e9, "milliards": 1e9, "billion": 1e9, "billions": 1e9, "trillion": 1e12, "trillions": 1e12,
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻₂", "0123456789-2")
_SPACES = " \u00a0\u202f\u2009"  # plain, no-break, narrow no-break and thin space
_NUMBER = re.compile(
    rf"^(?P<sign>[+\-−]?)(?P<whole>\d{{1,3}}(?:[{_SPACES}]\d{{3}})+|\d+)"
    r"(?:(?P<mark>[.,])(?P<part>\d+))?(?P<power>[eE][+\-]?\d{1,3})?(?![0-9.,'’_])",
    re.ASCII,
)


def read_number(text: str) -> tuple[float, str]:
    """Read the single number that *text* starts with; return it and the rest of the text.

    A decimal point or a decimal comma, groups of three by a (no-break, narrow) space.
    ``1,287`` is refused: it is a thousand and more in English and one and a bit in French.

    Returns
    -------
    (number, rest) : the number and what follows it, stripped.

    Raises
    ------
    RecountError : no number, an ambiguous or a non-finite one.

    Examples
    --------
    >>> read_number("0,055 kgCO2e/kWh")
    (0.055, 'kgCO2e/kWh')
    >>> read_number("1 287 MWh")
    (1287.0, 'MWh')
    >>> read_number("1,287 MWh")
    Traceback (most recent call last):
    recount.errors.RecountError: '1,287 MWh' is ambiguous: write 1287 or 1 287 for the thousands, 1.287 for the decimals.
    """
    stripped = text.strip()
    match = _NUMBER.match(stripped)
    if not match:
        raise RecountError(
            f"'{text}' is not read: it must be one number and a unit, such as '56 gCO2e/kWh' or '1 287 MWh' (no arithmetic)."
        )
    whole, mark, part = match["whole"], match["mark"], match["part"]
    digits = re.sub(rf"[{_SPACES}]", "", whole)
    if mark == "," and len(part) == 3 and whole == digits and whole != "0" and len(whole) <= 3:
        raise RecountError(
            f"'{text}' is ambiguous: write {digits}{part} or {digits} {part} for the thousands, {digits}.{part} for the decimals."
        )
    number = float(f"{digits}.{part or 0}{match['power'] or ''}")
    if not math.isfinite(number):
        raise RecountError(f"'{text}' is too large: a quantity must be a finite number.")
    return (-number if match["sign"] in ("-", "−") else number), stripped[match.end() :].strip(_SPACES)


@functools.cache
def read_unit(text: str) -> pint.Unit:
    """Read a unit: names of the registry joined by ``·``, ``*``, ``/``, parentheses after a ``/``.

    >>> f"{read_unit('pJ/(parameter·token)'):~}"
    'pJ / parameter / token'
    """
    cleaned = text.translate(_SUPERSCRIPTS).replace("€", "EUR").replace("$", "USD").replace("%", "percent")
    cleaned = re.sub(r"[·⋅×*]", "*", cleaned.replace("**", "^")).strip()
    unit, sign, depth_signs = ureg.Unit(""), 1, [1]
    for piece in re.findall(r"[()*/]|[^()*/\s]+", cleaned):
        if piece == "/":
            sign = -1
        elif piece == "(":
            depth_signs.append(depth_signs[-1] * sign)
            sign = 1
        elif piece == ")":
            if len(depth_signs) == 1:
                raise RecountError(f"unit '{text}' has a closing parenthesis too many.")
            depth_signs.pop()
            sign = 1
        elif piece == "*":
            sign = 1
        else:
            unit = unit * _unit_factor(piece, text) ** (sign * depth_signs[-1])
            sign = 1
    if len(depth_signs) > 1:
        raise RecountError(f"unit '{text}' lacks a closing parenthesis.")
    return unit


def _unit_factor(piece: str, text: str) -> pint.Unit:
    if piece in ("1", "dimensionless"):
        return ureg.Unit("")
    try:
        if ureg.parse_unit_name(piece, case_sensitive=True):
            return ureg.Unit(piece)
    except (pint.errors.PintError, ValueError, AssertionError):
        pass
    power = re.fullmatch(r"(.*?[^\d^-])\^?(-?\d)", piece)
    if power:
        return _unit_factor(power[1], text) ** int(power[2])
    raise RecountError(f"unit '{piece}' in '{text}' is not known: {nearest(piece, _COMMON_UNITS)}")


def read_quantity(text: str, unit: str | None = None, name: str = "the quantity") -> Quantity:
    """Read one number with one unit, strictly; with *unit*, refuse another dimension.

    Parameters
    ----------
    text : what a user typed or a data row holds, for example ``"56 gCO2e/kWh"``.
    unit : the natural unit of the quantity, used to check the dimension and to advise.
    name : the quantity's name, for the message.

    Raises
    ------
    RecountError : unreadable, non-finite, without unit, unknown unit, wrong dimension.

    Examples
    --------
    >>> read_quantity("1 287 MWh").to("GWh").magnitude
    1.287
    >>> read_quantity("0,055 kgCO2e/kWh", "gCO2e/kWh").to("gCO2e/kWh").magnitude
    55.0
    >>> read_quantity("1.4 G€").to("MEUR").magnitude
    1400.0
    >>> read_quantity("56 g/kWh", "gCO2e/kWh", "grid_intensity")
    Traceback (most recent call last):
    recount.errors.RecountError: grid_intensity '56 g/kWh' has the wrong dimension: did you mean '56 gCO2e/kWh'?
    """
    number, rest = read_number(str(text))
    word = rest.split(" ", 1)[0].lower() if rest else ""
    if word in SCALE_WORDS:
        number, rest = number * SCALE_WORDS[word], rest[len(word) :].strip().removeprefix("de ").removeprefix("d'")
    wanted = read_unit(unit) if unit is not None else None
    if not rest:
        if wanted is None or wanted.dimensionless:
            return Quantity(number, "")
        raise RecountError(f"{name} '{text}' has no unit: write it with one, for example '{text.strip()} {unit}'.")
    if re.search(r"\d+\s*[*/^+-]+\s*\d", rest) or re.match(r"[*^+\-]", rest):
        raise RecountError(f"{name} '{text}' is not read: it must be one number and a unit, without arithmetic.")
    found = read_unit(rest)
    if wanted is not None and found.dimensionality != wanted.dimensionality:
        bare = re.sub(r"(?<![A-Za-z])([kMG]?)(g|t)(?![A-Za-z])", r"\1\2CO2e", rest)
        if "[carbon]" in wanted.dimensionality and bare != rest:
            raise RecountError(f"{name} '{text}' has the wrong dimension: did you mean '{text.replace(rest, bare)}'?")
        raise RecountError(f"{name} '{text}' has the wrong dimension: its unit must be one like {unit}.")
    return Quantity(number, found)


def magnitude(quantity: Quantity, unit: str) -> float | np.ndarray:
    """Return the magnitude of *quantity* in *unit*, the unit read strictly.

    >>> magnitude(Quantity(1287, "MWh"), "GWh")
    1.287
    """
    return quantity.to(read_unit(unit)).magnitude


def format_number(value: float, digits: int = 3, language: str | None = None) -> str:
    """Print *value* with *digits* significant digits and grouped thousands.

    >>> format_number(1287.06, 4), format_number(1287.06, 4, "fr"), format_number(0.0001234)
    ('1,287', '1\u202f287', '0.000123')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size >= 15 or size < -6:
        mantissa = value / 10.0**size
        printed = f"{mantissa:.{max(digits - 1, 0)}f} × 10^{size}"
    else:
        rounded = round(value, digits - 1 - size)
        printed = f"{rounded:,.{max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)}f}"
    return french_number(printed) if (language or spoken.current()) == "fr" else printed


def french_number(printed: str) -> str:
    return printed.replace(",", spoken.THIN).replace(".", ",")


def trimmed(value: float, digits: int = 4, language: str | None = None) -> str:
    """Print *value* with at most *digits* significant digits and no zeros that say nothing.

    >>> trimmed(400.0), trimmed(0.8), trimmed(2.5741), trimmed(1287.06)
    ('400', '0.8', '2.574', '1,287')
    """
    mantissa, times, power = format_number(value, digits, "en").partition(" × ")
    text = (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + times + power
    return french_number(text) if (language or spoken.current()) == "fr" else text


_COUNTED = (
    "parameter token answer person visit passenger household company chip server layer head element expert year month day"
).split()


def plural(unit: str, value: float) -> str:
    """A counted unit in the plural where the number asks for it.

    >>> plural("household", 100), plural("household", 1), plural("MWh", 2), plural("chip/server", 8)
    ('households', 'household', 'MWh', 'chips/server')
    """
    head, slash, below = unit.partition("/")
    if head not in _COUNTED or value == 1 or spoken.french() and abs(value) < 2:
        return unit
    return {"company": "companies", "person": "people"}.get(head, head + "s") + slash + below


def format_quantity(quantity: Quantity, unit: str | None = None, digits: int = 3) -> str:
    """Print a scalar quantity in *unit* (its own if none is given).

    >>> format_quantity(Quantity(1287060, "kWh"), "MWh", 4)
    '1,287 MWh'
    """
    shown = quantity if unit is None else quantity.to(read_unit(unit))
    label = pretty_unit(unit if unit is not None else f"{shown.units:~}")
    return with_unit(format_number(float(shown.magnitude), digits), label)


def with_unit(number: str, unit: str) -> str:
    """A printed number with its printed unit, held together as the language does it."""
    return f"{number}{spoken.THIN if spoken.french() else ' '}{unit}" if unit else number


def amount(value: float, unit: str, digits: int = 4) -> str:
    """Print a number of *unit* without zeros that say nothing.

    >>> amount(1287.06, "MWh"), amount(3349, "passenger"), amount(0.8, "1")
    ('1,287 MWh', '3,349 passengers', '0.8')
    >>> with spoken.speaking("fr"):
    ...     amount(1287.06, "MWh"), amount(1.5, "passenger"), amount(80.2, "pJ/parameter/token")
    ('1\u202f287\u202fMWh', '1,5\u202fpassager', '80,2\u202fpJ/(paramètre·jeton)')
    """
    return with_unit(trimmed(value, digits), pretty_unit(plural(unit, value)))


def without_unit(first: str, second: str) -> str:
    """The first of two printed quantities without its unit, where the second has the same.

    >>> without_unit("10 kWh", "20 kWh"), without_unit("900 kWh", "2 MWh"), without_unit("5", "7")
    ('10', '900 kWh', '5')
    """
    units = [re.sub(rf"^[\d{_SPACES}.,]*\d(?: × 10\^-?\d+)?[{_SPACES}]?", "", text) for text in (first, second)]
    return first.removesuffix(units[0]).rstrip(_SPACES) if units[0] and units[0] == units[1] else first


def times(factor: float, digits: int = 3) -> str:
    """A factor in brackets behind a value: ``2.5 ×`` with a space that does not break."""
    return f"×{spoken.THIN}{trimmed(factor, digits)}" if spoken.french() else f"{trimmed(factor, digits)}{NO_BREAK}×"


def percent(share: float, digits: int | None = None) -> str:
    """A share as a percentage, whole or with so many digits."""
    number = f"{100 * share:.0f}" if digits is None else trimmed(100 * share, digits)
    return with_unit(number, "%")


NO_BREAK = "\u00a0"
_FRENCH_UNITS = {
    "parameters": "paramètres", "parameter": "paramètre", "tokens": "jetons", "token": "jeton", "answers": "réponses", "answer": "réponse",
    "passengers": "passagers", "passenger": "passager", "households": "ménages", "household": "ménage", "people": "personnes", "person": "personne",
    "chips": "puces", "chip": "puce", "companies": "entreprises", "company": "entreprise", "servers": "serveurs", "server": "serveur",
    "visits": "visites", "visit": "visite", "layers": "couches", "layer": "couche", "heads": "têtes", "head": "tête", "elements": "éléments",
    "element": "élément", "experts": "experts", "expert": "expert", "years": "ans", "year": "an", "months": "mois", "month": "mois",
    "days": "jours", "day": "jour", "million": "millions de", "billion": "milliards de", "trillion": "mille milliards de",
    "Gparameter": "Gparamètre", "us": "µs", "GB": "Go", "MB": "Mo", "KB": "Ko", "byte": "octet", "GiB": "Gio", "TB": "To",
}  # fmt: skip


def in_french_units(text: str) -> str:
    """Units printed in English, in French words.

    >>> in_french_units("pJ/(parameter·token)"), in_french_units("GB/s")
    ('pJ/(paramètre·jeton)', 'Go/s')
    """
    return re.sub(r"[A-Za-z]+", lambda m: _FRENCH_UNITS.get(m[0], m[0]), text).replace("G€", "Md€").replace("G$", "Md$")


def pretty_unit(unit: str) -> str:
    """Print a unit as a reader knows it.

    >>> pretty_unit("pJ/parameter/token"), pretty_unit("1"), pretty_unit("m3"), pretty_unit("MEUR")
    ('pJ/(parameter·token)', '', 'm³', 'M€')
    """
    return in_french_units(_pretty(unit)) if spoken.french() else _pretty(unit)


def _pretty(unit: str) -> str:
    unit = unit.replace(" ", "")
    if unit in ("1", "dimensionless", ""):
        return ""
    if re.fullmatch(r"[MG](parameter|token|answer)s?", unit):
        return {"M": "million ", "G": "billion "}[unit[0]] + unit[1:].rstrip("s") + "s"
    head, *below = unit.replace("EUR", "€").replace("USD", "$").split("/")
    head = head.replace("**", "^").replace("*", "·").replace("m3", "m³").replace("percent", "%")
    head = "µs" if head == "us" else head
    if len(below) > 1:
        return f"{head}/({'·'.join(below)})"
    return "/".join([head, *below])


def rounding(text: str) -> float:
    """Half a unit in the last printed digit of a number, in the number's own unit.

    The *printed rounding* of an input: 24.6 stands for 24.55 to 24.65; a whole number's
    trailing zeros do not count, so 500 stands for 450 to 550.

    >>> rounding("24.6"), rounding("1287"), rounding("500"), rounding("3.14e23")
    (0.05, 0.5, 50.0, 5e+20)
    """
    match = re.fullmatch(r"[+\-−]?(\d+)(?:[.,](\d+))?(?:[eE]([+\-]?\d+))?", re.sub(rf"[{_SPACES}]", "", text))
    if not match:
        raise RecountError(f"'{text}' is not a plain number, so its rounding is unknown.")
    whole, part, power = match[1], match[2], int(match[3] or 0)
    if part:
        place = -len(part)
    else:
        place = len(whole) - len(whole.rstrip("0")) if whole.strip("0") else 0
    return 0.5 * 10.0 ** (place + power)

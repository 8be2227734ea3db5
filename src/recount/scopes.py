"""The same electricity under every definition of its carbon and water that the data hold.

None of these is the right one: they answer different questions. Each figure stands in the
column of its own definition, so that none is set against another unseen.
"""

from __future__ import annotations

from recount import methods, recompute, trace
from recount.assumptions import Row, load
from recount.contexts import country
from recount.errors import RecountError, nearest
from recount.explain import Table
from recount.gaps import supplied
from recount.language import say
from recount.model import carbon, water
from recount.study import Study, View, view
from recount.units import Quantity, read_unit, trimmed

CARBON = ("life-cycle", "consumption-flow-traced", "consumption", "direct")
_EARLIEST = 5  # years before the one asked for


def carbon_of(study: Study, method: str, *zones: str, year: str) -> View:
    """One method's energy times every carbon intensity of a country: by life cycle or stack, produced or consumed.

    Where a definition has no row for the year, the latest year before it stands in, and says so.

    Parameters
    ----------
    method : whose energy is taken, up to the building.
    zones : countries by three letters.
    year : of the electricity.

    Raises
    ------
    RecountError : a country without any row.
    """
    energy = _energy(study, method, "facility_energy")
    rows = []
    for zone in zones:
        if not any(row.context.startswith(f"grid:{zone}-") for row in load().rows):
            raise RecountError(f"no electricity of '{zone}' is in the data: {nearest(zone, {r.context[5:8] for r in load().rows if r.context.startswith('grid:')})}")
        rows.append((country(zone), *(_carbon_cell(energy, _grid(zone, scope, int(year)), year) for scope in CARBON)))
    caption = say("gCO2e for one answer, from electricity alone, {year}; in brackets gCO2e/kWh", year=year)
    return view(Table((say("Country"), *(say(methods.CARBON_WORDS[scope]) for scope in CARBON)), tuple(rows), caption))


def _grid(zone: str, scope: str, year: int) -> Row | None:
    wanted = [f"grid:{zone}-{y}|grid_intensity|{scope}" for y in range(year, year - _EARLIEST, -1)]
    found = next((load().by_key()[key] for key in wanted if key in load().by_key()), None)
    if found:
        trace.used("row", found.key)
    return found


def _carbon_cell(energy: Quantity, row: Row | None, year: str) -> str:
    if row is None:
        return say("not in the data")
    grams = carbon.usage_carbon(energy, row.quantity()).to("gCO2e").magnitude
    other = "" if row.context.endswith(year) else f", {row.context.rpartition('-')[2]}"
    return f"{trimmed(grams, 3)} ({trimmed(row.quantity().to('gCO2e/kWh').magnitude, 3)}{other})"


def water_of(study: Study, method: str, site: str, *zones: str) -> View:
    """One method's energy times every water intensity: on site, in power plants, consumed or withdrawn.

    Water consumed does not come back; of water withdrawn most does, warmer. The two are never added.

    Parameters
    ----------
    method : whose energy is taken, up to the servers.
    site : whose building and on-site water are taken, for every country the same.
    zones : countries by three letters, whose power plants are taken.

    Raises
    ------
    RecountError : a site or country that the data lack.
    """
    energy, building = _energy(study, method, "it_energy"), supplied([site], names=("pue", "on_site_water_intensity"))
    pue, on_site = building["pue"].value, water.on_site_water(energy, building["on_site_water_intensity"].value)
    rows = []
    for zone in zones:
        used = supplied([f"water:{zone}"], names=("off_site_water_intensity",))["off_site_water_intensity"].value
        plants = water.off_site_water(energy, pue, used)
        withdrawn = load().by_key().get(f"water:{zone}|off_site_water_intensity|withdrawal")
        rows.append((
            country(zone), _millilitres(on_site), _millilitres(plants), _millilitres(on_site + plants),
            _millilitres(water.off_site_water(energy, pue, withdrawn.quantity())) if withdrawn else say("not in the data"),
        ))  # fmt: skip
    heads = say("Power plants of"), say("on site, consumed"), say("power plants, consumed"), say("both, consumed"), say("power plants, withdrawn")
    return view(Table(heads, tuple(rows), say("mL for one answer")))


def _energy(study: Study, method: str, quantity: str) -> Quantity:
    return recompute.evaluate(methods.setting(method, quantity).plan(study.world), lambda a: a.value)


def _millilitres(volume: Quantity) -> str:
    return trimmed(float(volume.to(read_unit("mL")).magnitude), 3)

"""What the pages show of the panel that moves assumptions, in the page's language."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

from recount import browser_model, explore, own_register, register, scenarios
from recount.recompute import World
from recount.scenarios import DEFAULT
from recount.units import pretty_unit, trimmed
from recount.vocabulary import data_folder, quantities, spec


@functools.cache
def words(language: str = "en") -> dict[str, str]:
    """Every visible word of the panel (``site/explore_words.toml``)."""
    path = browser_model.ROOT / "site" / "explore_words.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))[language]


def view(language: str = "en") -> dict[str, Any]:
    """What the macro ``panel`` of ``site/pages/_explore.html`` needs as ``explore``."""
    told = browser_model.settings()
    return {
        "language": language,
        "words": words(language) | {"samples": words(language)["samples"].format(samples=trimmed(told["samples"], 9, language))},
        "sliders": sliders(language),
        "scenarios": choices(language),
        "own": functools.partial(own, language=language),
        "movable": movable(),
    }  # fmt: skip


def sliders(language: str = "en") -> list[dict[str, Any]]:
    """Each slider's name, label, unit and ends; it stands in the middle of its scale while nothing is moved."""
    found = []
    for told in _sliders():
        known = spec(told["name"])
        label = known.label_fr if language == "fr" else known.label
        found.append(told | {"label": label, "unit": known.unit, "start": (told["low"] * told["high"]) ** 0.5})
    return found


def choices(language: str = "en") -> list[dict[str, str]]:
    """The scenarios that change anything, by name and title."""
    read = [scenarios.scenario(name) for name in scenarios.names()]
    return [{"name": one.name, "title": one.title_fr if language == "fr" else one.title} for one in read if one.given or one.assumptions]


def own(claim: str, name: str, language: str = "en") -> dict[str, Any]:
    """Where a claim's slider stands while nothing is moved, what is said of it, and whether it can move the claim.

    >>> own("gpt-3-carbon", "grid_intensity")["text"], own("gpt-3-energy", "grid_intensity")["used"]
    ('429 gCO2e/kWh', False)
    """
    value, unit = explore.own(claim, name), spec(name).unit
    text = "" if value is None else f"{trimmed(value, 3, language)} {pretty_unit(unit)}"
    return {"value": value, "text": text, "used": value is not None or explore.reached(claim, _lowest(name))}


def movable() -> frozenset[str]:
    """The claims that any slider or scenario moves: only these have a panel of their own.

    >>> "gpt-3-carbon" in movable(), "models-apache" in movable()
    (True, False)
    """
    return _movable(data_folder(), own_register.digest())


@functools.cache
def _movable(_data: Path, _own: str) -> frozenset[str]:
    if DEFAULT not in scenarios.names():
        return frozenset()  # data without a world to start from
    worlds = [_lowest(told["name"]) for told in _sliders()]
    worlds += [World.of(name) for name in scenarios.names()]
    return frozenset(known for known in register.shown() if any(explore.reached(known, world) for world in worlds))


def _sliders() -> list[dict[str, Any]]:
    return [told for told in browser_model.settings()["slider"] if told["name"] in quantities()]


def _lowest(name: str) -> World:
    told = next(one for one in browser_model.settings()["slider"] if one["name"] == name)
    return World.of(None, {name: f"{told['low']} {spec(name).unit}"})

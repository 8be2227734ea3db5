"""What is measured: sizes and their shapes, and the cases made of them."""

from __future__ import annotations

import dataclasses
import functools
import random
import re
import tomllib
from collections.abc import Iterable
from typing import Any

from recount.errors import RecountError, nearest
from recount.project import Project

PHASES = ("training", "decoding")


@dataclasses.dataclass(frozen=True)
class Shape:
    """Sizes of a dense decoder."""

    layers: int
    hidden: int
    heads: int
    key_value_heads: int
    feed_forward: int
    vocabulary: int
    tied: bool

    @property
    def head_size(self) -> int:
        return self.hidden // self.heads

    @property
    def parameters(self) -> int:
        """Parameters that such a decoder has, embeddings included.

        >>> shape("7b").parameters  # the shape of Mistral 7B
        7241732096
        """
        attention = 2 * self.hidden * self.head_size * (self.heads + self.key_value_heads)
        per_layer = attention + 3 * self.hidden * self.feed_forward + 2 * self.hidden
        return self.layers * per_layer + self.hidden + self.vocabulary * self.hidden * (1 if self.tied else 2)


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing to measure: a size in training, or a size and a batch in decoding."""

    phase: str
    size: str
    batch: int | None = None  # of a training it is searched for

    @property
    def id(self) -> str:
        """What the case is called in files and contexts.

        >>> Case("decoding", "7b", 64).id
        'decoding-7b-batch-64'
        """
        return f"{self.phase}-{self.size}" + (f"-batch-{self.batch}" if self.batch else "")


def case(identifier: str) -> Case:
    """The case of an id.

    >>> case("training-1b"), case("decoding-7b-batch-64").batch
    (Case(phase='training', size='1b', batch=None), 64)
    """
    found = re.fullmatch(r"(training)-([\w.]+)|(decoding)-([\w.]+)-batch-(\d+)", identifier)
    if not found or (found[2] or found[4]) not in sizes():
        raise RecountError(f"'{identifier}' is no case: it is training-SIZE or decoding-SIZE-batch-N, such as 'training-1b'.")
    return Case("training", found[2]) if found[1] else Case("decoding", found[4], int(found[5]))


@functools.lru_cache(maxsize=4)
def _table(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecountError(f"measure.toml is not readable TOML: {error}.") from None


def table() -> dict[str, Any]:
    """``data/measure.toml``."""
    return _table(str(Project.here().data / "measure.toml"))


def settings() -> dict[str, Any]:
    """What is taken where nothing else is asked for."""
    return table()["settings"]


def sizes() -> dict[str, Shape]:
    """Every size by its name, the smallest first."""
    return {name: Shape(**entry) for name, entry in table()["sizes"].items()}


def shape(name: str) -> Shape:
    """The shape of a size.

    >>> shape("8b")
    Traceback (most recent call last):
    recount.errors.RecountError: size '8b' is not known: known names are 0.1b, 0.3b, 10m, 14b, 1b, 1m, 3b, 7b.
    """
    known = sizes()
    if name not in known:
        raise RecountError(f"size '{name}' is not known: {nearest(name, known)}")
    return known[name]


def chip_of(device: str) -> str:
    """What the data call a chip that a driver names so; empty where they have none.

    >>> chip_of("NVIDIA H100 80GB HBM3"), chip_of("NVIDIA L40S")
    ('h100', '')
    """
    return next((chip for pattern, chip in table()["chips"].items() if re.search(pattern, device)), "")


def called(device: dict[str, Any]) -> str:
    """What a file calls the device it is for: the chip of the data, a card that they do not have by its name, or cpu.

    >>> called({"kind": "gpu", "chip": "", "name": "NVIDIA GeForce RTX 4090"})
    'nvidia-geforce-rtx-4090'
    """
    return "cpu" if device["kind"] == "cpu" else device["chip"] or slug(device["name"])


def slug(name: str) -> str:
    """A name as contexts spell it.

    >>> slug("A 2-core virtual server!")
    'a-2-core-virtual-server'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def cases(only: str = "", named: Iterable[str] = (), batches: Iterable[int] = (), cpu: bool = False) -> list[Case]:
    """The cases of a measurement, trainings first.

    Parameters
    ----------
    only : ``training`` or ``decoding``; empty means both, on a processor training alone.
    named : sizes; none means those of ``data/measure.toml``.
    batches : answers at a time in decoding; none means those of ``data/measure.toml``.

    Examples
    --------
    >>> [one.id for one in cases("decoding", ["7b"], [1, 8])]
    ['decoding-7b-batch-1', 'decoding-7b-batch-8']
    """
    if only and only not in PHASES:
        raise RecountError(f"'{only}' is not a phase to measure: {nearest(only, PHASES)}")
    usual, found = settings(), []
    for phase in (only,) if only else ("training",) if cpu else PHASES:
        for name in list(named) or usual["cpu" if cpu else phase]:
            shape(name)
            found += [Case(phase, name)] if phase == "training" else [Case(phase, name, batch) for batch in list(batches) or usual["batches"]]
    return list(dict.fromkeys(found))


def order(found: Iterable[Case], repeats: int, seed: int) -> list[tuple[Case, int]]:
    """Every repeat of every case, shuffled, so that a drift of the machine falls on none of them alone."""
    drawn = [(one, repeat) for repeat in range(1, repeats + 1) for one in found]
    random.Random(seed).shuffle(drawn)
    return drawn

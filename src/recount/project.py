"""Where the notebooks and what is made from them lie, and how a file is written whole."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import tempfile
from pathlib import Path

from recount import own_register
from recount.errors import RecountError, nearest


CLAIM_MIME = "application/vnd.recount.claim+json"
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Project:
    """The folders of one checkout; everything that is made goes under ``build``, of this checkout or another.

    With a register of one's own its folder is the root; rows, pages and locked packages stay ours.
    """

    root: Path
    made: Path | None = None

    @classmethod
    def here(cls) -> Project:
        """The folder of one's own register, else the checkout that this package is installed from."""
        own = own_register.register()
        return cls(own.parent if own else _CHECKOUT)

    @property
    def checkout(self) -> Path:
        return _CHECKOUT if own_register.register() else self.root

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def data(self) -> Path:
        """All numbers: ``RECOUNT_DATA``, seen from where the command was given, or ``data``."""
        return Path(os.environ.get("RECOUNT_DATA") or self.checkout / "data").resolve()

    @property
    def lock(self) -> Path:
        return self.checkout / "requirements.lock"

    @property
    def build(self) -> Path:
        return self.made or self.root / "build" / own_register.name()

    @property
    def runs(self) -> Path:
        return self.build / "runs"

    @property
    def cache(self) -> Path:
        return self.build / "cache" / "runs"

    def all_notebooks(self) -> list[Path]:
        """Every notebook, in reading order; beside a register of one's own, those that its claims name."""
        named = own_register.notebooks_named() if own_register.register() else None
        return sorted(path for path in self.notebooks.glob("*.ipynb") if named is None or path.stem in named)

    def notebook(self, name: str) -> Path:
        """The notebook of a name, typed with or without its number, folder and ending.

        Raises
        ------
        RecountError : no such notebook; the message names the nearest one.
        """
        wanted = Path(name).name.removesuffix(".ipynb")
        if not wanted:
            raise RecountError("no notebook is named: say which, such as training_energy.")
        known = {alias: path for path in self.all_notebooks() for alias in (path.stem, _without_number(path.stem))}
        if wanted not in known:
            raise RecountError(f"notebook '{name}' does not exist: {nearest(wanted, known)}")
        return known[wanted]


def _without_number(stem: str) -> str:
    return re.sub(r"^\d+_", "", stem)


def write_whole(path: Path, text: str | bytes) -> bool:
    """Write a file in one step, so that nobody sees half of it; an equal file is left alone.

    Returns
    -------
    bool : whether the file changed.

    Raises
    ------
    OSError : the disk is full or the folder read-only; it names the file that was to be written.
    """
    content = text.encode("utf-8") if isinstance(text, str) else text
    if path.is_file() and path.read_bytes() == content:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            # A temporary file is private; what replaces the other must be as readable as any file.
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask if sys.platform != "emscripten" else 0o022  # a browser's starts as one that forbids everything

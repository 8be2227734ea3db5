"""One notebook, executed strictly through papermill and left without a trace of the machine.

papermill only warns on an unknown parameter, so names are checked by the caller against
:func:`parameters`, papermill's own reading of the parameters cell; values are injected as text.
What is written is a function of the notebook, its parameters and the data alone: no times, no
versions, no paths, so that an unchanged re-run is an unchanged file.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recount import warm
from recount.project import Project, write_whole

if TYPE_CHECKING:
    from nbformat import NotebookNode

VOLATILE = "volatile"
_INJECTED = "injected-parameters"
_MARKER = "papermill-error-cell-tag"
# The kernel is always the running interpreter's; its version is no property of a notebook.
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"},
}
# Figures go into the notebook even where a backend is set, and no debugger remarks on every start.
_KERNEL_ENVIRONMENT = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
# Anchored at the folder: a pattern that could begin anywhere takes minutes on an embedded picture.
_CELL_FILE = re.compile(re.escape(tempfile.gettempdir()) + r"[/\\]ipykernel_\d+[/\\]\d+\.py")


@dataclasses.dataclass(frozen=True)
class Job:
    """One notebook to execute with some parameters, and where its executed copy goes.

    ``written`` is the hash of the notebook when the job was planned; ``asked`` is what the whole
    run changes, of which ``parameters`` is the part that this notebook has.
    """

    source: Path
    written: str
    target: Path
    parameters: dict[str, str] = dataclasses.field(hash=False)
    asked: dict[str, str] = dataclasses.field(hash=False)
    root: Path
    timeout: int

    @property
    def name(self) -> str:
        return self.source.stem


@dataclasses.dataclass(frozen=True)
class Execution:
    """What came of a job: the data lines it used, the seconds it took, and its error if it failed.

    A ``partial`` copy lies at the job's target then, unless nothing was begun.
    """

    used: list[str]
    seconds: float
    error: str | None = None
    partial: bool = False


def read(path: Path) -> NotebookNode:
    """Read a notebook as written, with what papermill needs to know and stable cell names."""
    import nbformat

    node = nbformat.v4.reads(path.read_text(encoding="utf-8"))
    node.nbformat_minor = 5
    for position, cell in enumerate(node.cells):
        cell.setdefault("id", cell_id(position))
    node.metadata = nbformat.from_dict(_METADATA)
    return node


def cell_id(position: int) -> str:
    """The name of a cell that was written without one: the same each time."""
    return f"cell-{position}"


def written_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """A cell's metadata without what executing it leaves there."""
    return {key: value for key, value in metadata.items() if key not in ("papermill", "execution") and value != []}


def parameters(path: Path) -> dict[str, str]:
    """The parameters of a notebook as papermill itself sees them: name and default."""
    from papermill import inspect_notebook

    return {name: found["default"] for name, found in inspect_notebook(read(path)).items()}


def execute(job: Job) -> Execution:
    """Execute one notebook and write its copy; on failure write the partial one and say where.

    Returns
    -------
    Execution : with ``error`` as ``cell 7 (share = 1 / total): ZeroDivisionError: division by zero``.
    """
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="recount-") as folder:
        scratch = Path(folder)
        trace = scratch / "trace"
        # A kernel starts in the notebook's folder: a relative RECOUNT_DATA would be another folder there.
        with _environment(RECOUNT_TRACE=str(trace), RECOUNT_DATA=str(Project(job.root).data), IPYTHONDIR=folder, **_KERNEL_ENVIRONMENT):
            problem = _papermill(job, scratch / "executed.ipynb")
        error, begun = problem and f"not started: {problem}", (scratch / "executed.ipynb").is_file()
        if begun:
            executed = read_executed(scratch / "executed.ipynb")
            error = problem and f"{_failing_cell(executed)}: {problem}"
            tidy(executed, job.root)
            write(job.target, executed)
        used = sorted(set(trace.read_text(encoding="utf-8").splitlines())) if trace.is_file() else []
    return Execution(used, time.perf_counter() - started, error, partial=bool(error) and begun)


def read_executed(path: Path) -> NotebookNode:
    """Read a notebook that this module or papermill has written."""
    import nbformat

    return nbformat.read(path, as_version=4)


def write(path: Path, notebook: NotebookNode) -> bool:
    """Write a notebook whole; say whether the file changed."""
    import nbformat

    return write_whole(path, nbformat.writes(notebook) + "\n")


def _papermill(job: Job, output: Path) -> str | None:
    """Run papermill; return its error as one line."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it has to say is in the error
    try:
        papermill.execute_notebook(
            read(job.source), output, parameters=job.parameters, cwd=job.source.parent,
            progress_bar=False, start_timeout=120, execution_timeout=job.timeout,
            engine_name=_engine(), kernel_manager_class=_own_kernel(), coalesce_streams=True,
            shutdown_kernel="immediate",  # all it had to say is written down
            extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # else it warns of its loopback socket each time
        )  # fmt: skip
    except PapermillExecutionError as error:
        return _first_line(f"{error.ename}: {error.evalue}")
    except Exception as error:  # a dead kernel, a time-out: all of them end this notebook only
        return _first_line(f"{type(error).__name__}: {error}")
    return None


def _engine() -> str:
    """Papermill's engine, but writing once, at the end: it would write the whole notebook twice a cell."""
    from papermill.engines import NBClientEngine, papermill_engines
    from papermill.iorw import write_ipynb

    class Once(NBClientEngine):
        @classmethod
        def execute_notebook(cls, nb: NotebookNode, kernel_name: str, output_path: str | None = None, **options: Any) -> NotebookNode:
            try:
                return super().execute_notebook(nb, kernel_name, **options)
            finally:
                _end_listening()
                write_ipynb(nb, output_path)

    papermill_engines.register("recount", Once)
    return "recount"


def _end_listening() -> None:
    """End the task that listens to a kernel's outputs: nbclient leaves it behind where a cell takes too long, and it is told of at length when the process ends."""
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    if not loop.is_running() and (left := asyncio.all_tasks(loop)):
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))


def _own_kernel() -> type:
    """A kernel manager that knows one kernel, the running interpreter, warm where there is a parent.

    Jupyter would let a kernel of the same name in the user's home or on JUPYTER_PATH win.
    """
    from importlib.metadata import EntryPoint

    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_client.provisioning import KernelProvisionerFactory
    from traitlets import default

    # By name, as anybody's kernel may; also where the installed metadata are older than this.
    entry = EntryPoint(warm.PROVISIONER, "recount.warm.provisioner:WarmProvisioner", KernelProvisionerFactory.GROUP_NAME)
    KernelProvisionerFactory.instance().provisioners.setdefault(warm.PROVISIONER, entry)

    class OnlyNative(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            spec = super().get_kernel_spec(kernel_name)
            spec.metadata["kernel_provisioner"] = {"provisioner_name": warm.PROVISIONER}
            return spec

    class OwnKernelManager(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _only_native(self) -> KernelSpecManager:
            return OnlyNative(parent=self, kernel_dirs=[])

    return OwnKernelManager


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def _failing_cell(notebook: NotebookNode) -> str:
    """Name the last cell that papermill started, counted as in the notebook as written."""
    own = [cell for cell in notebook.cells if not _tags(cell) & {_INJECTED, _MARKER}]
    started = [n for n, cell in enumerate(own, 1) if cell.metadata.get("papermill", {}).get("start_time")]
    if not started:
        return "before the first cell"
    line = _first_line(own[started[-1] - 1].source)
    return f"cell {started[-1]} ({line if len(line) <= 60 else line[:59] + '…'})"


def _first_line(error: object) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    return plain.splitlines()[0] if plain else ""


def tidy(notebook: NotebookNode, root: Path) -> None:
    """Strip an executed notebook of times, versions, random names and paths of this machine."""
    import nbformat

    notebook.metadata = nbformat.from_dict(_METADATA)
    markers = 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(written_metadata(cell.metadata))
        if _INJECTED in _tags(cell):
            cell.id = _INJECTED
        elif _MARKER in _tags(cell):
            cell.id, markers = f"error-{markers}", markers + 1
        for output in cell.get("outputs", []):
            _tidy_output(output, root)


def _tidy_output(output: Any, root: Path) -> None:
    if output.output_type == "stream":
        output.text = _anonymous(output.text, root)
    elif output.output_type == "error":
        output.traceback = [_anonymous(line, root) for line in output.traceback]
    else:
        for kind, content in output.data.items():
            if kind.startswith("text/") and isinstance(content, str):
                output.data[kind] = _anonymous(content, root)


def _anonymous(text: str, root: Path) -> str:
    text = _CELL_FILE.sub("<cell>", text)
    for folder, name in ((root, ""), (Path.home(), "~/")):
        if folder != Path(folder.anchor):
            text = text.replace(f"{folder}{os.sep}", name)
    return _ADDRESS.sub("at 0x…", text)


def without_volatile(notebook: NotebookNode) -> NotebookNode:
    """Drop the outputs of cells that measure this very machine; their execution stays counted."""
    for cell in notebook.cells:
        if VOLATILE in _tags(cell):
            cell.outputs = []
    return notebook


def _tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", []))

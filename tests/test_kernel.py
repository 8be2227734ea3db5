"""Warm kernels: what they print is what stock ones print, and nothing outlives who asked for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager

from recount import cli, execution, runs, warm

ROOT = Path(__file__).resolve().parents[1]
SMALL = "ipykernel.kernelapp numpy"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")


class Kernel:
    """A kernel of the runner's kind, to talk to."""

    def __init__(self, **options):
        self.manager = KernelManager(kernel_spec_manager=execution._own_kernel()().kernel_spec_manager)
        self.manager.start_kernel(**options)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def says(self, source: str, timeout: float = 30) -> str:
        said = []
        reply = self.client.execute_interactive(
            source, timeout=timeout, store_history=False, stop_on_error=False, output_hook=lambda m: said.append(m["content"].get("text") or m["content"].get("ename", ""))
        )
        assert reply["content"]["status"] in ("ok", "error")
        return "".join(said).strip()

    @property
    def process(self):
        return self.manager.provisioner.process

    @property
    def forked(self) -> bool:
        return "recount.warm.parent" in command_line(self.process.pid)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel():
    with contextlib.ExitStack() as stack:

        def start(**options) -> Kernel:
            started = Kernel(**options)
            stack.callback(started.close)
            return started

        yield start


@pytest.fixture
def small(monkeypatch) -> None:
    """A parent that is warm in no time, and none around it."""
    monkeypatch.setenv("RECOUNT_WARM", SMALL)
    monkeypatch.delenv(warm.VARIABLE, raising=False)


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def gone(*pids: int) -> bool:
    """Whether these processes end soon."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not any(running(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# --- the same outputs --------------------------------------------------------------------------

LIKE_STOCK = (
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title('shown without show')",
    "import seaborn as sns\nsns.histplot(x=[1, 2, 2, 3]);",
    "import matplotlib\nmatplotlib.get_backend(), plt.isinteractive(), sorted(k for k, v in matplotlib.rcParams.items() if v != matplotlib.rcParamsDefault[k])",
    "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "import numpy as np\na = np.random.default_rng(0).random((700, 700))\nfloat(np.linalg.svd(a @ a, compute_uv=False).sum())",
    "import threading\nlen(np.linalg.inv(a)), sorted(t.name for t in threading.enumerate() if not t.name[-1].isdigit())",
    "import os, sys, signal, locale\nsys.path, sys.argv[0], sys.argv[-1], sys.flags, sys.executable, os.getcwd()",
    "import recount.graph\nsorted(set(os.environ) - {'RECOUNT_KERNEL'}), os.environ['RECOUNT_TRACE'].endswith('trace'), os.environ['RECOUNT_DATA']",
    "[signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)], locale.getlocale(), os.getpgrp() == os.getsid(0) == os.getpid()",
    "print(sys.stdin.encoding if sys.stdin else None, file=sys.stderr)\nos.write(1, b'from below\\n'); os.system('echo from a program; echo and to stderr >&2; cat')",
    "import warnings, logging\nwarnings.warn('careful', DeprecationWarning)\nlogging.getLogger('x').warning('logged')",
    "from recount.assumptions import load\nprint(load().pick('default', 'pue').value)",
    "%timeit -n1 -r1 -q 1\n%pwd\n__name__, sorted(n for n in globals() if not n.startswith('_'))",
    "open('/proc/self/limits').read(), os.umask(18), os.nice(0)",
)


def test_every_output_is_the_stock_kernels(tiny, warm_kernels):
    tiny.notebook("01_one", *LIKE_STOCK)
    told = runs.run(project=tiny.project)
    assert told.exit_code == 0, told.lines()
    forked = told.outcomes[0].path.read_bytes()
    with warm.kernels(stock=True):
        assert runs.run(project=tiny.project, force=True).outcomes[0].path.read_bytes() == forked
    cells = [cell for cell in nbformat.reads(forked.decode(), as_version=4).cells if cell.cell_type == "code"]
    assert [sum("image/png" in o.get("data", {}) for o in cell.outputs) for cell in cells[1:3]] == [1, 1], "plots vanish silently"


def test_the_runner_forks_its_kernels_and_can_be_told_not_to(tiny, small, monkeypatch, capsys):
    tiny.notebook("01_whose", "import os\nprint('warm' if 'recount.warm' in open(f'/proc/{os.getpid()}/cmdline').read() else 'stock')")
    monkeypatch.setattr("recount.project.Project.here", lambda: tiny.project)

    def printed() -> str:
        return (tiny.project.runs / "default" / "01_whose.ipynb").read_text()

    assert cli.main(["run"]) == 0 and '"warm\\n"' in printed()
    assert cli.main(["run", "--force", "--stock-kernel"]) == 0 and '"stock\\n"' in printed()
    assert warm.VARIABLE not in os.environ


def test_numpys_old_random_numbers_differ_from_kernel_to_kernel(kernel, warm_kernels):
    source = "import random, uuid, numpy as np\nprint(np.random.random(), random.random(), uuid.uuid4(), np.random.default_rng().random())"
    first, second = (one.says(source).split() for one in (kernel(), kernel()))
    assert len(first) == 4 and not set(first) & set(second)


def test_what_is_asked_for_reaches_the_kernel_and_stays_in_it(kernel, warm_kernels, tmp_path):
    one = kernel(env=os.environ | {"RECOUNT_DATA": "/one", "RECOUNT_TRACE": str(tmp_path / "é trace"), "TZ": "Pacific/Auckland"}, cwd=str(tmp_path))
    two = kernel()
    assert one.forked and two.forked
    assert one.says("import os, time, numpy\nprint(os.environ['RECOUNT_DATA'], os.environ['TZ'], time.tzname[0], os.getcwd())") == f"/one Pacific/Auckland NZST {tmp_path}"
    one.says("from recount.trace import used\nused('row', 'a')\nnumpy.intruder = os.environ['INTRUDER'] = 'yes'\nos.chdir('/')")
    assert (tmp_path / "é trace").read_text() == "row a\n"
    assert two.says("import os, numpy\nprint(hasattr(numpy, 'intruder'), 'INTRUDER' in os.environ, os.getcwd(), os.environ.get('RECOUNT_DATA'))").split() == [
        "False", "False", os.getcwd(), str(os.environ.get("RECOUNT_DATA")),
    ]  # fmt: skip


def test_a_fork_knows_the_register_that_it_was_started_for(kernel, warm_kernels, tmp_path):
    (tmp_path / "theirs.toml").write_text("version = 1\n")
    (tmp_path / "the_notebooks.toml").write_text("version = 1\n")
    asked = kernel(cwd=str(tmp_path), env=os.environ | {"RECOUNT_REGISTER": str(tmp_path / "theirs.toml")})
    assert asked.forked
    found = "from recount import own_register; own_register.of_notebook('the_notebooks.toml', ''); print(own_register.register().name)"
    assert asked.says(found) == "theirs.toml", "a command's register goes before a notebook's"
    assert kernel(cwd=str(tmp_path), env=dict(os.environ)).says(found) == "the_notebooks.toml"


def test_the_parent_has_one_thread_no_plot_and_no_library_with_threads_of_its_own(kernel, warm_kernels):
    one = kernel()
    father = int(one.says("import os\nprint(os.getppid())"))
    assert len(os.listdir(f"/proc/{father}/task")) == 1
    loaded = "import sys, matplotlib.pyplot as p\nprint([m in sys.modules for m in ('seaborn', 'scipy.stats', 'recount.study', 'polars', 'distributed')], p._backend_mod)"
    assert one.says(loaded) == "[True, True, True, False, False] None"
    assert one.says("import os\nprint('JE_ARROW_MALLOC_CONF' in os.environ)") == "False"


def test_the_threads_of_pyarrow_work_in_a_fork(kernel, warm_kernels, tmp_path):
    one = kernel(cwd=str(tmp_path))
    assert one.forked
    one.says("import numpy, pandas, pyarrow\npandas.DataFrame({'a': numpy.arange(10**6), 'b': 'text'}).to_parquet('t.parquet')")
    assert one.says("t = pandas.read_parquet('t.parquet')\nprint(t.a.sum(), t.b.nunique(), pyarrow.cpu_count() > 0)") == "499999500000 1 True"


# --- how kernels end ---------------------------------------------------------------------------


def test_death_error_interrupt_and_exit_status(kernel, warm_kernels):
    one = kernel()
    assert one.says("1 / 0") == "ZeroDivisionError"
    one.client.execute("import time\nprint('asleep', flush=True)\ntime.sleep(60)", stop_on_error=False)  # else the kernel drops what comes right after an error
    while one.client.get_iopub_msg(timeout=20)["content"].get("text", "").strip() != "asleep":
        pass
    time.sleep(0.5)  # what was printed is told before it sleeps
    one.manager.interrupt_kernel()
    assert one.client.get_shell_msg(timeout=20)["content"]["ename"] == "KeyboardInterrupt"
    assert one.says("print('alive')") == "alive" and one.manager.is_alive()
    one.client.execute("import os\nos._exit(3)")
    assert one.process.wait(20) == 3 and not one.manager.is_alive()
    two = kernel()
    os.kill(two.process.pid, signal.SIGKILL)
    assert two.process.wait(20) == -signal.SIGKILL


def test_a_graceful_shutdown_runs_what_was_left_for_the_exit(kernel, warm_kernels, tmp_path):
    one = kernel()
    one.says(f"import atexit\natexit.register(lambda: open({str(tmp_path / 'left')!r}, 'w').close())")
    one.manager.shutdown_kernel(now=False)
    assert (tmp_path / "left").is_file()


DRIVER = """
import sys, time
sys.path.insert(0, {tests!r})
from recount import warm
from test_kernel import Kernel
with warm.kernels() as path:
    one = Kernel()
    print(path, one.forked, one.process.pid, one.says("import os, subprocess; print(os.getppid(), subprocess.Popen(['sleep', '60']).pid)"), flush=True)
    time.sleep(60)
"""


def test_nothing_outlives_a_driver_that_is_killed(small):
    driver = subprocess.Popen([sys.executable, "-c", DRIVER.format(tests=str(ROOT / "tests"))], stdout=subprocess.PIPE, text=True)
    path, forked, *pids = driver.stdout.readline().split()
    assert forked == "True" and all(running(int(pid)) for pid in pids) and len(pids) == 3
    driver.kill()
    driver.wait()
    driver.stdout.close()
    assert gone(*map(int, pids)), "the kernel, its parent and what the kernel started"
    assert not Path(path).parent.exists()


def test_a_kernel_ends_with_the_process_that_drove_it_and_the_run_goes_on(small, kernel):
    with warm.kernels():
        driver = subprocess.Popen([sys.executable, "-c", DRIVER.format(tests=str(ROOT / "tests"))], stdout=subprocess.PIPE, text=True)
        _, forked, pid, father, started = driver.stdout.readline().split()
        driver.kill()
        driver.wait()
        driver.stdout.close()
        assert forked == "True" and gone(int(pid), int(started)) and running(int(father))
        assert kernel().forked


def test_a_parent_that_dies_takes_its_kernel_and_no_other_notebook(tiny, small):
    whose = "import os\nprint('warm' if 'recount.warm' in open(f'/proc/{os.getpid()}/cmdline').read() else 'stock')"
    tiny.notebook("01_murder", "import os\nos.kill(os.getppid(), 9)\nimport time\ntime.sleep(60)")
    tiny.notebook("02_after", whose)
    report = runs.run(project=tiny.project, jobs=1)
    assert [outcome.error for outcome in report.outcomes] == ["cell 3 (import os): DeadKernelError: Kernel died", None]
    assert '"stock\\n"' in report.outcomes[1].path.read_text()


def test_a_busy_kernel_does_not_outlive_its_parent(small, kernel):
    with warm.kernels():
        one = kernel()
        one.client.execute("import os, re\nos.kill(os.getppid(), 9)\nre.match('(a+)+$', 'a' * 40 + 'b')  # no other thread gets a turn")
        assert gone(one.process.pid) and one.process.wait(20) == -signal.SIGKILL


def test_two_runs_at_once_have_nothing_to_do_with_each_other(small, kernel, monkeypatch):
    with warm._parent() as first:
        with warm._parent() as second:
            monkeypatch.setenv(warm.VARIABLE, first)
            one = kernel()
            monkeypatch.setenv(warm.VARIABLE, second)
            two = kernel()
            assert first != second and one.forked and two.forked
        assert gone(two.process.pid) and one.says("print('alive')") == "alive"


# --- when the stock kernel is started ----------------------------------------------------------


def test_the_socket_is_its_owners_alone_and_goes_with_the_run(small):
    with warm.kernels() as path:
        assert stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700
        with warm.kernels() as inner:
            assert inner == path, "one parent serves all that is started within"
    assert not Path(path).parent.exists()


@pytest.mark.parametrize("left", ["nothing", "a socket nobody listens at", "a file"])
def test_a_stale_socket_is_no_obstacle(kernel, monkeypatch, tmp_path, left):
    path = tmp_path / "kernels"
    if left == "a file":
        path.touch()
    elif left != "nothing":
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(path))
    monkeypatch.setenv(warm.VARIABLE, str(path))
    one = kernel()
    assert not one.forked and one.says("print('alive')") == "alive"


def test_another_system_and_a_path_too_long_have_the_stock_kernel(small, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        with warm.kernels() as found:
            assert found == os.environ[warm.VARIABLE] == "stock"
    (tmp_path / ("x" * 120)).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("x" * 120)))
    with warm.kernels() as found:
        assert found == "stock"
    assert warm.VARIABLE not in os.environ


@pytest.mark.parametrize(("name", "value"), [("OMP_NUM_THREADS", "1"), ("PYTHONHASHSEED", "7"), ("HOME", "/elsewhere")])
def test_what_is_read_at_the_start_must_be_the_parents(kernel, warm_kernels, name, value):
    assert os.environ.get(name) != value
    one = kernel(env=os.environ | {name: value})
    assert not one.forked and one.says(f"import os\nprint(os.environ[{name!r}])") == value


def test_a_parent_with_threads_serves_nobody(kernel, monkeypatch, small, tmp_path):
    (tmp_path / "pooled.py").write_text("import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    with warm.kernels():
        assert kernel().forked
    monkeypatch.setenv("RECOUNT_WARM", f"{SMALL} pooled")
    with warm.kernels():
        assert not kernel().forked


def test_once_our_source_is_edited_the_parent_is_not_asked_again(kernel, monkeypatch, small, tmp_path):
    shutil.copytree(ROOT / "src" / "recount", tmp_path / "recount", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with warm.kernels():
        assert kernel().forked
        (tmp_path / "recount" / "trace.py").write_text("edited = True\n")
        two = kernel()
        assert not two.forked and two.says("import recount.trace\nprint(recount.trace.edited)") == "True"


# --- other programs ----------------------------------------------------------------------------


def test_nbval_runs_on_warm_kernels_by_the_entry_point(tiny, small, monkeypatch, tmp_path):
    (group, entries), = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"].items()
    installed = tmp_path / "site" / "recount_entry-1.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: recount-entry\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in entries.items()))
    monkeypatch.setenv("PYTHONPATH", f"{installed.parent}:{ROOT / 'src'}")
    source = "import os\nassert 'recount.warm' in open(f'/proc/{os.getpid()}/cmdline').read()"
    path = tiny.notebook("01_one", source, parameters=None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env", str(path)]
    warmed = subprocess.run([sys.executable, "-m", "recount.warm", *command], cwd=tmp_path, capture_output=True, text=True)
    assert warmed.returncode == 0 and "1 passed" in warmed.stdout, warmed.stdout + warmed.stderr


def test_the_wrapper_says_what_is_wrong(capsys, monkeypatch):
    from recount.warm.__main__ import main

    monkeypatch.setenv(warm.VARIABLE, "stock")
    assert main([]) == 2 and "no program is named" in capsys.readouterr().err
    assert main(["no-such-program"]) == 127 and "'no-such-program' is not there" in capsys.readouterr().err
    assert main([sys.executable, "-c", "raise SystemExit(5)"]) == 5

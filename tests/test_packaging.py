"""What installs the project agrees with itself: pyproject, conda file, lock, Makefile, CI."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def wanted(lines: list[str]) -> dict[str, str]:
    """Package name, as an index knows it, to version specifier."""
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(r.name): str(r.specifier) for r in requirements}


def locked() -> dict[str, str]:
    """Package name to locked version and its lines."""
    return {m[1]: m[2] for m in re.finditer(r"^([a-z0-9.-]+)==(\S+)", LOCK, re.M)}


def test_environment_yml_names_the_packages_of_pyproject():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    plain = [line for line in conda if isinstance(line, str)]
    (pip,) = [line["pip"] for line in conda if isinstance(line, dict)]
    both = wanted([line for line in [*plain, *pip] if line not in ("pip", "-e .")])
    assert both.pop("python") == PYPROJECT["project"]["requires-python"]
    assert both == wanted(PYPROJECT["project"]["dependencies"])
    assert "pip" in plain and "-e ." in pip


def test_every_package_that_conda_lacks_is_under_pip():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert not {"apache-hamilton", "ecologits"} & set(wanted([line for line in conda if isinstance(line, str)]))


@pytest.mark.parametrize("line", [*PYPROJECT["project"]["dependencies"], *PYPROJECT["project"]["optional-dependencies"]["course"], *PYPROJECT["dependency-groups"]["build"]])
def test_the_lock_holds_what_pyproject_asks_for(line):
    requirement = Requirement(line)
    assert requirement.specifier.contains(locked()[canonicalize_name(requirement.name)])


def test_the_lock_is_made_with_the_course():
    assert "--extra course" in MAKEFILE, "its tests grade a class"


def test_the_lock_brings_what_builds_the_project():
    assert PYPROJECT["build-system"]["requires"] == PYPROJECT["dependency-groups"]["build"]


def test_every_locked_package_has_a_hash_and_no_place_it_comes_from():
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(entries) > 100
    for entry in entries:
        assert re.match(r"[a-z0-9.-]+==\S+( ; [^\\]+)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]
    assert "://" not in LOCK and " @ " not in LOCK


def test_one_version_of_each_package_for_every_python():
    names = re.findall(r"^([a-z0-9.-]+)==", LOCK, re.M)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["ecologits", "codecarbon"])
def test_the_peers_are_pinned_since_notebooks_quote_them(name):
    assert re.fullmatch(r"==[\d.]+", wanted(PYPROJECT["project"]["dependencies"])[name])


def test_what_is_imported_is_asked_for():
    files = [path for folder in ("src", "site", "tests") for path in (ROOT / folder).rglob("*.py")]
    trees = [ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for path in files]
    modules = {name.split(".")[0] for tree in trees for node in tree for name in imported(node)}
    here = {path.stem for path in files} | {"recount", "tests"} | sys.stdlib_module_names
    provided, extras = packages_distributions(), [line for lines in PYPROJECT["project"]["optional-dependencies"].values() for line in lines]
    asked = set(wanted([*PYPROJECT["project"]["dependencies"], *extras]))
    # What belongs to an extra need not be installed: its module is then taken for its package.
    missing = {m for m in modules - here if not set(map(canonicalize_name, provided.get(m, [m]))) & asked}
    assert not missing


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def test_the_command_is_there():
    module, function = PYPROJECT["project"]["scripts"]["recount"].split(":")
    assert callable(getattr(importlib.import_module(module), function))


# --- make --------------------------------------------------------------------------------------

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed (a conda user needs none)")


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    # A test run by make inherits its flags, jobs and variables; this make is its own.
    clean = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=clean | environment, capture_output=True, text=True)


@needs_make
def test_make_alone_explains_every_target():
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.M))
    assert {"env", "run", "test", "refresh", "lab", "rerun", "clean", "lock", "site"} <= targets
    told = dict(re.findall(r"^  make (\S+) +(\S.*)$", make().stdout, re.M))
    assert set(told) == targets
    assert set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[1].split()) == targets


@needs_make
@pytest.mark.parametrize(
    "typed",
    ["grid_intensity='56 gCO2e/kWh'", "a='1 $x $(y)' b=\"2 $$ `z`\"", "note='1,4 G€ \\ # %'", ""],
)
def test_what_is_typed_after_P_reaches_the_command_unread(tmp_path, typed):
    for name in ("recount", "pip", ".ready"):
        (tmp_path / name).write_text('#!/bin/sh\nfor each in "$@"; do printf "<%s>" "$each"; done\n')
        (tmp_path / name).chmod(0o755)
    done = make("-o", f"{tmp_path}/.ready", f"BIN={tmp_path}", "rerun", "NB=training_energy", f"P={typed}")
    assert (done.returncode, done.stdout) == (0, f"<rerun><training_energy><{typed}>"), done.stderr


@needs_make
def test_an_old_python_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    done = make(f"BIN={tmp_path}/none", f"PYTHON={tmp_path}/python3", f"{tmp_path}/none/pip")
    assert done.returncode == 2
    assert done.stdout == "recount needs Python 3.11 or later on the PATH, or named: make env PYTHON=/path/to/python3\n"


@needs_make
def test_test_checks_the_data_and_runs_everything_in_one_pytest():
    recipe = make("-n", "-o", ".venv/bin/.ready", "test").stdout.strip().splitlines()
    assert recipe[:2] == [".venv/bin/python tests/browser.py", ".venv/bin/recount check"]
    assert recipe[2].endswith("--nbval-lax --nbval-current-env src tests notebooks") and len(recipe) == 3
    assert "--dist loadscope" in recipe[2], "nbval needs the cells of one notebook on one worker"


def test_ci_calls_exactly_make_test():
    script = ROOT / ".ci" / "run"
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["export RECOUNT_REQUIRE_BROWSER=1", "make test"] and "set -euo pipefail" in script.read_text()
    assert os.access(script, os.X_OK)

# Needs Python 3.11 or later, make and git; everything else goes into .venv.

# The first interpreter that is new enough, unless one is named: make env PYTHON=python3.12
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
JOBS ?= 2
# The address that the pages will have, where it is known: make site BASE_URL=https://example.org/recount
BASE_URL ?=
PORT ?= 8866
BIN := .venv/bin
RECOUNT := $(BIN)/recount
# An environment variable that forbids bytecode would make every start recompile everything.
unexport PYTHONDONTWRITEBYTECODE
# Taken as typed: neither make nor the shell may read the quotes, dollars and spaces in it.
export RERUN_NOTEBOOK := $(value NB)
export RERUN_ASSUMPTIONS := $(value P)
# The language of the lessons, en or fr; a folder of nbgrader holds one of them.
COURSE_LANGUAGE ?= en
COURSE_ENDING := $(if $(filter-out en,$(COURSE_LANGUAGE)),-$(COURSE_LANGUAGE))
export LITE_FOLDER := $(or $(value LITE),build/lite)
export COURSE_FOLDER := $(or $(value COURSE),build/course$(COURSE_ENDING))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env run test browser measuretest refresh messages lab explore pyodide rerun site course slides lite bench benchkernel lock clean distclean

help: ## explain every target (this text)
	@echo "recount: recompute what the press says about AI's energy, carbon and water."
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

env: $(BIN)/.ready ## make the environment in .venv, with locked versions

run: env ## execute all notebooks in both languages, collect the results, render the pages, show the verdicts
	$(RECOUNT) run
	$(RECOUNT) run --language fr
	$(RECOUNT) site $(if $(BASE_URL),--base-url "$(BASE_URL)")

test: env browser ## validate the data, then pytest: doctests, tests and every notebook's checked cells
	$(RECOUNT) check
	$(BIN)/python -m recount.warm $(BIN)/python -m pytest -n $(JOBS) --dist loadscope --nbval-lax --nbval-current-env src tests notebooks

browser: env ## the browser that the pages are tested in: as root Debian's Chromium is installed where there is none, else it says how
	@$(BIN)/python tests/browser.py

measuretest: env ## what needs PyTorch: installs the extra of 'recount measure' into .venv, then its tests
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable ".[measure]"
	RECOUNT_NEEDS_TORCH=1 $(BIN)/python -m pytest tests/test_measure.py tests/test_measure_boards.py tests/test_measure_torch.py

refresh: env ## re-execute the committed notebooks in place
	$(RECOUNT) refresh

messages: env ## after a sentence of code, notebooks, pages or data/ changed: bring the French catalogues up to date
	$(BIN)/python -m recount.catalogues

lab: env ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab notebooks

explore: env ## move assumptions in the browser by widgets, served from this machine alone: make explore PORT=8866
	JUPYTER_PATH="$(CURDIR)/explore:$$JUPYTER_PATH" $(BIN)/voila explore/explore.ipynb --template=recount --port=$(PORT) --Voila.ip=127.0.0.1 --no-browser

pyodide: env ## fetch the Pyodide that the browser's tests run on (85 MB, checked by its hashes) into build/pyodide
	$(BIN)/python tests/pyodide_fixture.py

rerun: env ## one notebook with other assumptions: make rerun NB=training_energy P="grid_intensity='56 gCO2e/kWh'"
	@$(RECOUNT) rerun "$$RERUN_NOTEBOOK" "$$RERUN_ASSUMPTIONS"

site: env ## render the pages of each language that was run into build/site
	$(RECOUNT) site $(if $(BASE_URL),--base-url "$(BASE_URL)")

course: env ## the course for a class: notebooks, solutions with full marks, handouts (COURSE=DIR COURSE_LANGUAGE=fr)
	$(BIN)/python -m recount.course release --language $(COURSE_LANGUAGE) --to "$$COURSE_FOLDER"

slides: env ## the lessons as slides that need no network, into build/slides; COURSE_LANGUAGE=fr: build/slides-fr
	$(BIN)/python -m recount.course slides --language $(COURSE_LANGUAGE) --to build/slides$(COURSE_ENDING)

lite: env ## the course in a browser that has nothing installed: a static JupyterLite in build/lite (LITE=DIR PYODIDE=DIR)
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable ".[lite]"
	$(BIN)/python -m recount.course lite --to "$$LITE_FOLDER" $(if $(PYODIDE),--pyodide "$(PYODIDE)")

bench: env ## how long intervals and sweeps take, against simpler and other ways (some minutes)
	$(BIN)/python benchmarks/intervals.py
	$(BIN)/python benchmarks/sweeps.py

benchkernel: env ## how long notebooks take, stock papermill against the runner with warm kernels (ten minutes)
	$(BIN)/python benchmarks/kernel.py

lock: env ## resolve requirements.lock anew, one version of each package for every Python and system
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group build --extra course --universal --fork-strategy fewest --python-version 3.11 \
		--upgrade --generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## remove what runs made: build/ and caches
	rm -rf build .pytest_cache jupyter_execute
	find . -path ./.venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

distclean: clean ## remove the environment as well
	rm -rf .venv

$(BIN)/pip:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "recount needs Python 3.11 or later on the PATH, or named: make env PYTHON=/path/to/python3"; exit 2; }
	$(PYTHON) -m venv .venv

# The fonts are listed once here: a first plot that lists them would warn in somebody's notebook.
$(BIN)/.ready: requirements.lock pyproject.toml | $(BIN)/pip
	@echo "Installing the locked packages into .venv: a minute or two, once."
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src
	$(BIN)/python -c "import matplotlib.font_manager"
	@touch $@

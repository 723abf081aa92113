# The same sessions for people and CI. `make demo` and `make test` need nothing but Python 3.11 or later;
# uv is used where it is there, because it is faster.
PYTHON ?= python3
VENV   ?= .venv
# Test files that run at once, also on two cores: tests wait for sites, delays and processes half of their time. They begin
# in the order of their folders, the longest ones (acceptance, integration) first.
JOBS   ?= 3
# Slow tests wait more.
SLOW_JOBS ?= 4
# Folders or files whose tests are run.
TESTS  ?=
# The longest files first: hosts of their own in tests/acceptance, then the pages of tests/quality.
SLOW_TESTS = $(or $(TESTS),tests/acceptance tests/quality tests/integration tests/unit)
BIN     = $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
# What runs here finds the tools of the environment by name, as in an activated one.
export PATH := $(abspath $(BIN)):$(PATH)
# Tests start the program hundreds of times: its modules are compiled once.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test slow container quality house mutants lint format bench bench-browser demo-site docs screenshots lock wheel clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# requirements/run.txt is what running needs, requirements/dev.txt adds what tests and checks need. Both are installed with
# hashes, by the pip that requirements/pip.txt pins: the pip that comes with Python may be too old for the lock files (23.0
# fails on extras in them). A stamp says which lock file the environment was made from.
ifdef UV
INSTALL_PIP      = @:
INSTALL_LOCKED   = $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r
INSTALL_CHECKOUT = $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
INSTALL_PIP      = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/pip.txt
INSTALL_LOCKED   = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r
INSTALL_CHECKOUT = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endif

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "newsarchive needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-run: requirements/run.txt requirements/pip.txt pyproject.toml | $(BIN)/python
	$(INSTALL_PIP)
	$(INSTALL_LOCKED) requirements/run.txt
	$(INSTALL_CHECKOUT)
	@touch $@

$(VENV)/.installed-dev: requirements/dev.txt $(VENV)/.installed-run
	$(INSTALL_LOCKED) requirements/dev.txt
	@touch $@

demo: $(VENV)/.installed-run ## Crawl a demo newsroom on loopback and show what was archived
	$(BIN)/newsarchive demo

test: $(VENV)/.installed-dev ## Run all tests but the slow ones
	$(BIN)/python -m pytest -m "not slow" -n $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)

slow: $(VENV)/.installed-dev ## Run the slow tests
	$(BIN)/python -m pytest -m slow -n $(SLOW_JOBS) --dist loadfile --no-loadscope-reorder $(SLOW_TESTS)

container: $(VENV)/.installed-dev ## Run the steps of the Containerfile in a fresh root (needs root, debootstrap and the network)
	NEWSARCHIVE_TEST_CONTAINER=1 $(BIN)/python -m pytest tests/acceptance/test_container.py

# With ABLATE=1 the session also measures each rule of reading: what the figures are without it.
quality: $(VENV)/.installed-dev ## Measure how well pages are read (NEWSARCHIVE_EVAL: annotated pages; ABLATE=1: without each rule) and results ranked
	$(BIN)/python -m nox --no-venv --no-install --non-interactive -s quality

lint: $(VENV)/.installed-dev ## Check style, types and layers
	$(BIN)/python -m nox --no-venv --no-install --non-interactive -s lint

format: $(VENV)/.installed-dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev ## Measure against a naive script, other programs, and what the same work costs alone
	$(BIN)/python -m benchmarks.crawl
	$(BIN)/python -m benchmarks.batch
	$(BIN)/python -m benchmarks.floor
	$(BIN)/python -m benchmarks.peers.crawls
	$(BIN)/python -m benchmarks.peers.reads
	$(BIN)/python -m benchmarks.peers.indexes

# With 200,000 articles the folder takes 5 GB and some twenty minutes; it is kept, and used again.
ARTICLES ?= 20000
INDEX    ?=
FOLDER   ?= /tmp/newsarchive-bench-$(ARTICLES)$(if $(INDEX),-postgresql)

bench-browser: $(VENV)/.installed-dev ## Measure the browser over a large archive (ARTICLES=200000, INDEX=postgresql+psycopg://…)
	$(BIN)/python -m benchmarks.generate $(FOLDER) --articles $(ARTICLES) $(if $(INDEX),--index $(INDEX))
	$(BIN)/python -m benchmarks.browser $(FOLDER)

MUTANTS ?= 60

house: $(VENV)/.installed-dev ## Measure how the code is named and divided
	$(BIN)/python -m benchmarks.house

mutants: $(VENV)/.installed-dev ## Measure how many faults the tests detect (takes hours; MUTANTS=60, RESULTS=file: resume an interrupted run)
	$(BIN)/python -m benchmarks.mutants --count $(MUTANTS) $(if $(RESULTS),--results $(RESULTS))

demo-site: $(VENV)/.installed-dev ## Record the site of `newsarchive demo` from the simulated newsroom of the tests
	$(BIN)/python -m tests.newsroom.record_demo

docs: $(VENV)/.installed-dev ## Make the pages of docs/ that come from the code, and build the site in site/
	$(BIN)/python docs/make.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

screenshots: $(VENV)/.installed-dev ## Take the pictures of docs/images anew (needs Chromium)
	NEWSARCHIVE_SCREENSHOTS=docs/images $(BIN)/python -m pytest -q tests/acceptance/test_browser_walk.py -k pictures

wheel: $(VENV)/.installed-dev ## Build the wheel and the sdist
	$(BIN)/python -m build --no-isolation --outdir dist .

# Extras stay in the lock files: in hash mode, pip looks up `coverage[toml]` apart from `coverage`, and refuses what is not pinned.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras

lock: ## Update requirements/*.txt from pyproject.toml (needs uv)
	$(COMPILE) --group dev --all-extras pyproject.toml -o requirements/dev.txt
	$(COMPILE) --group build -c requirements/dev.txt pyproject.toml -o requirements/run.txt
	echo pip | $(COMPILE) - -o requirements/pip.txt
	$(COMPILE) --all-extras -c requirements/dev.txt pyproject.toml -o requirements/extras.txt

clean: ## Remove what was made
	rm -rf $(VENV) dist build site .nox .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage*

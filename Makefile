# The same sessions for people and CI. `make demo` and `make test` need nothing but Python 3.11 or later;
# uv is used where it is there, because it is faster.
PYTHON ?= python3
VENV   ?= .venv
# Test files that run at once.
JOBS   ?= 2
BIN     = $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
# What runs here finds the tools of the environment by name, as in an activated one.
export PATH := $(abspath $(BIN)):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test slow quality lint format bench bench-browser docs screenshots lock wheel clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# The stamp says which lock file the environment was made from.
$(VENV)/.installed: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
ifdef UV
	$(UV) pip sync --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.txt
	$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $@

demo: $(VENV)/.installed ## Crawl a demo newsroom on loopback and show what was archived
	$(BIN)/newsarchive demo

test: $(VENV)/.installed ## Run all tests but the slow ones
	$(BIN)/python -m pytest -m "not slow" -n $(JOBS) --dist loadfile

slow: $(VENV)/.installed ## Run the slow tests
	$(BIN)/python -m pytest -m slow -n $(JOBS) --dist loadfile

quality: $(VENV)/.installed ## Measure how well pages are read (NEWSARCHIVE_EVAL: annotated pages) and print the table
	$(BIN)/python -m nox --no-venv --no-install --non-interactive -s quality

lint: $(VENV)/.installed ## Check style, types and the floors
	$(BIN)/python -m nox --no-venv --no-install --non-interactive -s lint

format: $(VENV)/.installed ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed ## Measure against a naive script, other programs, and what the same work costs alone
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

bench-browser: $(VENV)/.installed ## Measure the browser over a large archive (ARTICLES=200000, INDEX=postgresql+psycopg://…)
	$(BIN)/python -m benchmarks.generate $(FOLDER) --articles $(ARTICLES) $(if $(INDEX),--index $(INDEX))
	$(BIN)/python -m benchmarks.browser $(FOLDER)

docs: $(VENV)/.installed ## Make the pages of docs/ that come from the code
	$(BIN)/python docs/make.py

screenshots: $(VENV)/.installed ## Take the pictures of docs/images anew (needs Chromium)
	NEWSARCHIVE_SCREENSHOTS=docs/images $(BIN)/python -m pytest -q tests/acceptance/test_browser_walk.py -k pictures

wheel: $(VENV)/.installed ## Build the wheel and the sdist
	$(BIN)/python -m build --no-isolation --outdir dist .

lock: ## Make requirements/*.txt anew from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --group dev --all-extras pyproject.toml -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras pyproject.toml -o requirements/run.txt

clean: ## Remove what was made
	rm -rf $(VENV) dist build .nox .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage*

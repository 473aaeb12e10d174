# What a person types: install, check, test, simulate, overload, demo, bench; and what keeps the tree in order.

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
ARGS ?=
SEEDS ?= 300
FIRST ?= 0
PROCESSES ?=
WORKERS ?= 3
# Some images tell Python to keep nothing that it has compiled; each of a thousand processes would compile it anew.
export PYTHONDONTWRITEBYTECODE :=

LOCK := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-package headchef-contracts --quiet

.DEFAULT_GOAL := help
.PHONY: help install check test simulate mutants chaos overload demo bench generate format lock build clean

help:  ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED)  ## make .venv with the locked dependencies and both packages

$(INSTALLED): requirements-dev.lock pyproject.toml contracts/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headchef needs Python 3.11 or later; this is " \
		+ sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { echo "Python's venv module is missing; on Debian: apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e contracts -e .
	@touch $@

check: install  ## lint, format, types, imports, the published contracts, and the reference
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m contract_checks
	$(BIN)/python -m tests.docs.reference --check

# Each process has a broker of its own, and takes one file after the other; tests/conftest.py puts the long ones first.
# One more of them than two cores have: much of what they do is to wait for Kafka.
test: install  ## all tests, on real Apache Kafka; ARGS="-k name" chooses, WORKERS=3 says in how many processes
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

simulate: install  ## the pipeline under chosen faults, on all cores; SEEDS=300 says how many, FIRST=0 where from
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST) $(if $(PROCESSES),--processes $(PROCESSES))

mutants: install  ## break one promise after the other, and see how soon the simulation notices
	$(BIN)/python -m tests.simulation.hunt $(ARGS)

overload: install  ## 200,000 jobs at once: memory, latency and results, into BENCHMARKS.md; ARGS="--jobs N"
	$(BIN)/python -m tests.overload $(ARGS)

chaos: install  ## kill and stop processes and brokers on real Kafka for 40 minutes; ARGS=--write renews its table
	$(BIN)/python -m tests.chaos $(ARGS)

demo: install  ## 600 content jobs through all services, with nothing else to install
	$(BIN)/headchef demo $(ARGS)

bench: install  ## measure, and write build/bench.json and BENCHMARKS.md
	$(BIN)/python -m tests.bench $(ARGS)

generate: install  ## write the JSON Schemas, the AsyncAPI document and the reference again, from the code
	$(BIN)/python -m headchef_contracts.generate
	$(BIN)/python -m tests.docs.reference

format: install  ## put the source in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock:  ## resolve all dependencies anew and write the locks; needs uv
	@command -v $(UV) > /dev/null || { echo "make lock needs uv: pipx install uv, or make lock UV=path/to/uv" >&2; exit 1; }
	$(LOCK) --upgrade pyproject.toml -o requirements.lock
	$(LOCK) --upgrade pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --upgrade --group build -c requirements-dev.lock -o requirements-build.lock

build: install  ## make both wheels, in dist/
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist contracts
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

clean:  ## remove what was made, but not .venv
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find services contracts tests -name __pycache__ -type d -prune -exec rm -rf {} +

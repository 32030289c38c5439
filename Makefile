# Everything sets itself up: `make demo`, `make test`. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ONCE ?=
ONLY ?=
# Tests run in so many processes, a file in one of them; each takes some 2 GiB at most.
JOBS ?= 2

.PHONY: help demo test lint bench peers prism axe format clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'installing what pyproject.toml names (some minutes the first time: torch is large)'
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[demo,dev]'
	@touch $@

demo: $(READY)  ## a whole call on this machine; ONCE=1 ends after it
	$(BIN)/centralino demo $(if $(ONCE),--once) $(DEMO_OPTIONS)

test: $(READY)  ## the tests; those that lack a component say which
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: $(READY)  ## style, types, borders
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(READY)  ## let the formatter write
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## measurements; ONLY=admin, hearing, intents, routing, voice or webhook for one
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m tests.bench $(ONLY)

peers:  ## what the benches of hearing and voice measure against, below build/bench
	$(PYTHON) -m venv build/bench/peers
	build/bench/peers/bin/python -m pip install -q --disable-pip-version-check -r tests/bench/peers/requirements.txt
	$(PYTHON) -m pip install -q --disable-pip-version-check --no-deps --target build/bench/resemblyzer resemblyzer==0.1.4

prism:  ## the checking mock of the carrier's REST API, for the contract test
	npm install --prefix build/prism --no-audit --no-fund --loglevel=error @stoplight/prism-cli

axe:  ## the checker of accessibility, for the browser tests
	npm install --prefix build/axe --no-audit --no-fund --loglevel=error axe-core@4.14.1

clean:  ## forget what was made here
	rm -rf $(VENV) build var

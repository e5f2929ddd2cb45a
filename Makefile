# Two commands set everything up: `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

INSTALLED := $(VENV)/.installed
SOURCES := gitops_tui tests benchmarks
PYTEST_ARGS ?= -n 2 --dist loadscope

.PHONY: help install tools controlplane demo check format test bench snapshots wheel clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "gitops-tui needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

install: $(INSTALLED) ## create .venv and install the program with its development tools

tools: $(INSTALLED) ## fetch helm and kubectl where the machine lacks them
	@scripts/fetch-tools $(BIN) || { [ $$? -eq 3 ] && echo "Please install helm and kubectl yourself."; }

controlplane: $(INSTALLED) ## build kube-apiserver, kube-controller-manager and etcd for the end-to-end tests
	@tests/controlplane/build || { code=$$?; [ $$code -eq 3 ] && [ -z "$$CI" ] \
		&& echo "The end-to-end tests will be skipped: they need Go to build a control plane."; }
	@tests/controlplane/fetch-old-etcd || { code=$$?; [ $$code -eq 3 ]; }

demo: $(INSTALLED) tools ## open the program on an embedded cluster with a sample repository
	@$(BIN)/gitops-tui --demo

check: $(INSTALLED) ## lint, types, import contracts
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(INSTALLED) ## format the code
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

test: $(INSTALLED) tools controlplane ## all tests: unit, contract, snapshot, end to end
	$(BIN)/python -m pytest $(PYTEST_ARGS)

bench: $(INSTALLED) tools controlplane ## measure beside the peers and write docs/benchmarks.md (half an hour)
	$(BIN)/python -m benchmarks

snapshots: $(INSTALLED) ## paint the screens anew into snapshots/
	GITOPS_TUI_UPDATE_SNAPSHOTS=1 $(BIN)/python -m pytest tests/tui/test_snapshots.py

wheel: $(INSTALLED) ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove what was built; the demo's state stays
	rm -rf $(VENV) .cache build dist

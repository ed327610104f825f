# Two commands for a new machine: `make demo` and `make test`. Both set up what is missing, in .venv.

VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin

.PHONY: help demo test check lint types arrows unit readme test-cluster cluster-up cluster-down scenarios bench capture clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

demo: $(VENV)/.installed ## diagnose and audit the capture that ships along: no cluster, Docker, helm or API key
	@$(BIN)/agent diagnose --bundle demo || test $$? -eq 1
	@echo; $(BIN)/agent audit --bundle demo -n todo-prod --profile dev || test $$? -eq 1

test: check ## set up, and run every check that needs no root

check: lint types arrows unit ## ruff, mypy, the arrows of the architecture, the tests

lint: $(VENV)/.developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.developing
	$(BIN)/mypy

arrows: $(VENV)/.developing
	$(BIN)/lint-imports

unit: $(VENV)/.developing
	$(BIN)/python -m tests.binaries
	$(BIN)/pytest -m "not cluster"

test-cluster: $(VENV)/.developing ## the checks on a real Kubernetes (root; compiles it once, 12 minutes)
	$(BIN)/python -m tests.cluster up
	$(BIN)/pytest --cluster -m cluster; code=$$?; $(BIN)/python -m tests.cluster down; exit $$code

scenarios: $(VENV)/.developing ## play what really breaks on the real cluster and keep captures (root; K8S=v1.34: that version)
	BLUEHELM_K8S=$(K8S) $(BIN)/python -m tests.cluster up
	BLUEHELM_K8S=$(K8S) $(BIN)/python -m tests.scenarios $(if $(K8S),--k8s $(K8S)) $(SCENARIOS)

cluster-up: $(VENV)/.developing ## start the real Kubernetes, compiling it when it is not built yet (root)
	$(BIN)/python -m tests.cluster up

cluster-down: $(VENV)/.developing ## stop it, leaving nothing running or mounted (root)
	$(BIN)/python -m tests.cluster down

bench: $(VENV)/.developing ## speed and memory as ratios against a floor in the same run
	$(BIN)/python -m tests.bench

capture: $(VENV)/.developing ## record the demo's capture anew on the real cluster (root)
	$(BIN)/python -m tests.cluster up
	$(BIN)/python -m tests.cluster.demo

readme: $(VENV)/.developing ## write the README's list of commands anew from the table of operations
	$(BIN)/python -m tests.readme

clean: ## remove what the other targets made in the checkout
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/pip
	@echo "installing bluehelm into $(VENV)"
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.developing: pyproject.toml $(VENV)/.installed
	@echo "installing the checks' own tools into $(VENV)"
	$(BIN)/pip install --quiet --group dev
	touch $@

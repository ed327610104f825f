# Two commands for a new machine: `make demo` and `make test`. Both set up what is missing, in .venv.

VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
UV := .venv-lock/bin/uv
COMPILE = $(UV) pip compile pyproject.toml --quiet --universal --generate-hashes --no-annotate --custom-compile-command "make lock"

.PHONY: help demo test check lint types arrows unit readme test-cluster cluster-up cluster-down scenarios bench robustness capture lock newest floors clean
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
	$(BIN)/pytest -m "not cluster" --numprocesses=2

test-cluster: $(VENV)/.developing ## the checks on a real Kubernetes (root; compiles it once, 12 minutes; LONG=1: also the long ones)
	$(BIN)/python -m tests.cluster up
	$(BIN)/pytest --cluster -m cluster $(if $(LONG),--long); code=$$?; $(BIN)/python -m tests.cluster down; exit $$code

scenarios: $(VENV)/.developing ## play what really breaks on the real cluster and keep captures (root; K8S=v1.34: that version)
	BLUEHELM_K8S=$(K8S) $(BIN)/python -m tests.cluster up
	BLUEHELM_K8S=$(K8S) $(BIN)/python -m tests.scenarios $(if $(K8S),--k8s $(K8S)) $(SCENARIOS)

cluster-up: $(VENV)/.developing ## start the real Kubernetes, compiling it when it is not built yet (root)
	$(BIN)/python -m tests.cluster up

cluster-down: $(VENV)/.developing ## stop it, leaving nothing running or mounted (root)
	$(BIN)/python -m tests.cluster down

bench: $(VENV)/.developing ## speed and memory as ratios against a floor in the same run
	$(BIN)/python -m tests.bench

robustness: $(VENV)/.developing ## every step of apply with every fault, and what held (CASE=step:fault one; CLUSTER=1 the real one)
	$(BIN)/python -m tests.robustness $(if $(CLUSTER),--cluster) $(if $(CASE),"$(CASE)")

capture: $(VENV)/.developing ## record the demo's capture anew on the real cluster (root)
	$(BIN)/python -m tests.cluster up
	$(BIN)/python -m tests.cluster.demo

readme: $(VENV)/.developing ## write the README's list of commands anew from the table of operations
	$(BIN)/python -m tests.readme

clean: ## remove what the other targets made in the checkout
	rm -rf $(VENV) .venv-* build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

lock: $(UV) ## choose the newest versions that fit pyproject.toml, for `demo`, `test` and CI to install
	$(COMPILE) --upgrade --group build --output-file locks/run.txt
	$(COMPILE) --upgrade --group build --group dev --constraint locks/run.txt --output-file locks/dev.txt

newest floors: $(UV) ## the tests with the newest versions there are today, or with the oldest that pyproject.toml allows
	$(UV) venv --quiet --clear --seed --python $(PYTHON) .venv-$@
	$(UV) pip install --quiet --python .venv-$@/bin/python --resolution $(if $(filter floors,$@),lowest-direct,highest) \
		--group build --group dev --editable .
	.venv-$@/bin/python -m tests.binaries
	.venv-$@/bin/pytest -m "not cluster and not packaging"

# It resolves for every Python and platform at once, which pip cannot; only the targets above need it.
$(UV):
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet "uv>=0.9"

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

# hatchling comes out of the lock too, so that nothing that is installed here was chosen on the day.
$(VENV)/.installed: pyproject.toml locks/run.txt | $(VENV)/bin/pip
	@echo "installing bluehelm into $(VENV)"
	$(BIN)/pip install --quiet --require-hashes --requirement locks/run.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.developing: locks/dev.txt $(VENV)/.installed
	@echo "installing the checks' own tools into $(VENV)"
	$(BIN)/pip install --quiet --require-hashes --requirement locks/dev.txt
	touch $@

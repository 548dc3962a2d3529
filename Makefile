# make run and make test need Python 3.11 or newer, make and a package registry; nothing else.

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	echo "$$name"; break; fi; done)
VENV ?= .venv
BIN := $(VENV)/bin
SCENARIO ?= suncatcher
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help run train train-on-ray answers serve test test-full test-truth check static bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run-installed ## simulate suncatcher (or SCENARIO=...), print its summary and the report's path
	$(BIN)/dawndusk run $(SCENARIO)

train: $(VENV)/.train-installed ## train really in orbit beside the ground (installs PyTorch)
	$(BIN)/dawndusk run train-in-orbit

train-on-ray: $(VENV)/.cluster-installed ## the same, each satellite a node of a Ray cluster on this machine
	$(BIN)/dawndusk run train-in-orbit --engine ray --out results/train-on-ray

answers: $(VENV)/.inference-installed ## answer real prompts in orbit (installs llama.cpp and Gemma 3 270M, under its own terms)
	$(BIN)/dawndusk run gemma-in-orbit --set workload.answers=24

serve: $(VENV)/.inference-installed ## an OpenAI endpoint in orbit on the loopback, until Ctrl-C (the same packages)
	$(BIN)/dawndusk serve gemma-in-orbit --gguf gemma --speed 60

test: $(VENV)/.test-installed ## run the tests
	$(BIN)/pytest -n $(WORKERS)

test-full: $(VENV)/.truth-installed ## run the tests and the slower checks against outside truth
	$(BIN)/pytest -n $(WORKERS) -m "full or not full"

test-truth: $(VENV)/.truth-installed ## only the slower checks against outside truth
	$(BIN)/pytest -n $(WORKERS) -m full

check: static test ## everything a change must pass

static: $(VENV)/.test-installed ## formatting, lint, types, import contracts, docstrings, mirror tests, repository
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_docstrings.py
	$(BIN)/python tools/check_mirror.py
	$(BIN)/python tools/check_repository.py

bench: $(VENV)/.run-installed ## print every performance figure we quote, peers in .venv-peers beside ours
	$(BIN)/python benchmarks/bench_loop.py
	$(BIN)/python benchmarks/bench_network.py
	$(BIN)/python benchmarks/bench_placement.py
	$(BIN)/python benchmarks/bench_fleet.py
	$(BIN)/python benchmarks/bench_peers.py

lock: $(VENV)/.test-installed ## pin the newest versions that pyproject.toml admits, on Python 3.11
	$(BIN)/python -m pip install --quiet "pip-tools>=7.4"
	$(call compile,truth,--extra test --extra truth)
	$(call compile,test,--extra test $(ALIKE))
	$(call compile,cluster,--extra cluster --extra train $(ALIKE))
	$(call compile,train,--extra train $(ALIKE))
	$(call compile,inference,--extra inference $(ALIKE))
	$(call compile,run,$(ALIKE))

clean: ## remove the environments, caches and stamps (results stay)
	rm -rf .venv .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The tests' environment holds nearly all; the others take its versions.
ALIKE := --constraint requirements/truth.txt
compile = $(BIN)/pip-compile --quiet --upgrade --strip-extras --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	--output-file requirements/$(1).txt $(2) pyproject.toml \
	&& sed -i.bak -e 's/ ;.*//' -e 's/+cpu$$//' -e '/^dawndusk @/d' -e '/^[a-z]/!d' requirements/$(1).txt && rm requirements/$(1).txt.bak

$(VENV)/.run-installed: requirements/run.txt pyproject.toml
	$(call install,run,.)
$(VENV)/.train-installed: requirements/train.txt pyproject.toml
	$(call install,train,.[train])
$(VENV)/.inference-installed: requirements/inference.txt pyproject.toml
	$(call install,inference,.[inference])
$(VENV)/.cluster-installed: requirements/cluster.txt pyproject.toml
	$(call install,cluster,.[cluster,train])
$(VENV)/.test-installed: requirements/test.txt pyproject.toml
	$(call install,test,.[test])
$(VENV)/.truth-installed: requirements/truth.txt pyproject.toml
	$(call install,truth,.[test,truth])

# The locked versions, or, where a Python or platform other than the locked one has no such
# builds, the ranges of pyproject.toml, and saying so. Under CI only the lock will do.
define install
	@test -n "$(PYTHON)" || { echo "dawndusk needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3" >&2; exit 2; }
	@test -x $(BIN)/pip || "$(PYTHON)" -m venv $(VENV)
	@echo "installing requirements/$(1).txt into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/$(1).txt \
	|| { test -z "$$CI" \
	&& echo "requirements/$(1).txt does not install here; trying the ranges of pyproject.toml instead" >&2 \
	&& $(BIN)/python -m pip install --quiet --disable-pip-version-check -e "$(2)"; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@
endef

# `make run` sets everything up and triages the logs of examples/; `make test` sets everything up for the
# tests and runs them. Both need git, make and a python3 of 3.11 or later; as root on Debian they bring the
# rest themselves, otherwise they say what is missing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore

# Debian packages that the eBPF programs are compiled with, and loaded by.
BPF_PACKAGES := clang llvm libbpf-dev libbpf1
# Debian packages without which tests are skipped: Chromium looks at the HTML page, QEMU runs the guests,
# a compiler makes what runs in them, and libbpf loads what clang compiled for the kernel.
TEST_PACKAGES := chromium qemu-system-x86 qemu-utils busybox-static gcc libc6-dev make e2fsprogs xfsprogs \
    $(BPF_PACKAGES)
# Those that kernels are built with, and installed machines made.
VM_PACKAGES := flex bison bc libelf-dev libssl-dev rsync xz-utils ccache mmdebstrap grub-common grub-pc-bin
# Arguments for pytest, e.g. make test PYTEST_ARGS='-k triage'.
PYTEST_ARGS ?=
WORKERS ?= 2

SHARED := ../shared
CORPUS ?= $(wildcard $(SHARED)/corpora/syzkaller)
SCORER ?= $(wildcard $(SHARED)/score/triage_score.py)

FUZZ_SECONDS ?= 60

# Asks for a Python of 3.11 or later that can make virtual environments (Debian's needs python3-venv).
ASK_PYTHON := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/installed ## Set up, and triage the logs of examples/
	@$(BIN)/kernward triage examples/

.PHONY: test
test: $(VENV)/installed-for-tests ## Set up for the tests, and run them all
	@$(BIN)/python -m pytest -q -n $(WORKERS) $(PYTEST_ARGS)

.PHONY: test-vm
test-vm: $(VENV)/installed-for-vm ## Run the slow tests of the test bed: builds, boots, every fault on every kernel
	@$(BIN)/python -m pytest -q -n $(WORKERS) -m vm_slow tests/vm $(PYTEST_ARGS)

.PHONY: lint
lint: $(VENV)/installed-for-linting ## Formatting, rules, types, imports between rooms, generated docs, catalogue
	@$(BIN)/ruff format --check --quiet . || { echo "Some files are not formatted: run $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > $(VENV)/lint-imports.txt || { cat $(VENV)/lint-imports.txt; exit 1; }
	@$(BIN)/python docs/generate.py --check
	@$(BIN)/python -m pytest -q tests/foundation/test_catalogue_complete.py
	@echo "lint: nothing found"

.PHONY: bench
bench: $(VENV)/installed ## Measure speed and memory, each beside a peer or a limit
	@$(BIN)/python -m bench $(BENCH_ARGS)

.PHONY: docs
docs: $(VENV)/installed ## Generate docs/reference/ from the catalogue, the commands and the records
	@$(BIN)/python docs/generate.py

.PHONY: examples
examples: $(VENV)/installed-for-tests ## Make examples/ again: boots Debian's kernels in QEMU and breaks them
	@status=0; $(BIN)/kernward vm fleet examples/plan.toml --out examples $(EXAMPLES_ARGS) || status=$$?; \
	$(BIN)/python -m scripts.examples_readme; exit $$status

.PHONY: healthy
healthy: $(VENV)/installed-for-tests ## Make the logs of tests/healthy/ again: boots on which nothing goes wrong
	@$(BIN)/kernward vm fleet tests/healthy/plan.toml --out tests/healthy $(HEALTHY_ARGS)
	@$(BIN)/python -m scripts.healthy_text

.PHONY: fuzz
fuzz: $(VENV)/installed-for-linting ## Feed damaged and hostile logs to triage for FUZZ_SECONDS (60)
	@$(BIN)/python tests/foundation/fuzz_triage.py --seconds $(FUZZ_SECONDS)

.PHONY: score-triage
score-triage: $(VENV)/installed ## Score triage on the labelled logs of CORPUS=DIR, plain and mutated
	@if [ -z "$(SCORER)" ] || [ ! -f "$(SCORER)" ]; then \
	    echo "There is no scorer here; name one with SCORER=FILE."; exit 2; \
	elif [ -z "$(CORPUS)" ] || [ ! -d "$(CORPUS)" ]; then \
	    echo "There is no corpus here; name a folder of labelled logs with CORPUS=DIR."; exit 2; \
	fi
	@for mutation in none syslog cpu; do \
	    echo "== $(CORPUS), mutation: $$mutation"; \
	    $(BIN)/python $(SCORER) $(CORPUS) $(SCORE_ARGS) \
	        $$([ $$mutation = none ] || echo --mutate $$mutation) \
	        -- $(BIN)/kernward triage --no-save --format jsonl; \
	done

.PHONY: score-diagnosis
score-diagnosis: $(VENV)/installed-for-vm ## Score check on real faults and healthy machines, guests and this host
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m scripts.score_diagnosis $(SCORE_ARGS)

.PHONY: bpf
bpf: $(VENV)/installed ## Compile the eBPF programs of measurements that are older than their sources
	@$(call install_packages,$(BPF_PACKAGES))
	@$(BIN)/python -m kernward.collectors.bpf.build

.PHONY: clean
clean: ## Remove what the other targets made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -f src/kernward/events/catalogue.index* src/kernward/vm/guest/*.x86_64 src/kernward/collectors/bpf/programs/*.bpf.o

# Sets up. Each stamp is made again when what is installed changes.

$(VENV)/bin/python:
	@find_python() { \
	    for python in $${PYTHON:-python3 python3.11 python3.12 python3.13 python3.14}; do \
	        if "$$python" -c '$(ASK_PYTHON)' 2> /dev/null; then echo "$$python"; return; fi; \
	    done; \
	}; \
	python=$$(find_python); \
	if [ -z "$$python" ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	    echo "Installing python3-venv with apt-get."; \
	    apt-get update -qq; \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv > /dev/null; \
	    python=$$(find_python); \
	fi; \
	if [ -z "$$python" ]; then \
	    echo "kernward needs Python 3.11 or later with its venv module: as root, run" \
	        "'apt-get install python3-venv', then make again (or name another with PYTHON=)." >&2; \
	    exit 2; \
	fi; \
	echo "Making $(VENV) with $$python."; \
	"$$python" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/installed: $(VENV)/bin/python pyproject.toml hatch_build.py
	@echo "Installing kernward into $(VENV)."
	@$(PIP) -e .
	@touch $@

$(VENV)/installed-for-linting: $(VENV)/installed
	@echo "Installing the tools for development into $(VENV)."
	@$(PIP) -e '.[dev]'
	@touch $@

# Installs what is missing of the packages $(1), as far as that can be done.
define install_packages
	missing=$$(for package in $(1); do \
	    dpkg-query -W -f '$${Status}' $$package 2> /dev/null | grep -q 'ok installed' || echo $$package; \
	done); \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	    echo "Installing with apt-get:" $$missing; \
	    apt-get update -qq; \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing > /dev/null; \
	else \
	    echo "Tests that need these packages are skipped; as root, run: apt-get install" $$missing; \
	fi
endef

$(VENV)/installed-for-tests: $(VENV)/installed-for-linting
	@$(call install_packages,$(TEST_PACKAGES))
	@$(BIN)/python -m kernward.collectors.bpf.build || echo "Tests that need them are skipped."
	@touch $@

$(VENV)/installed-for-vm: $(VENV)/installed-for-tests
	@$(call install_packages,$(VM_PACKAGES))
	@touch $@

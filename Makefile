# `make demo` sets everything up and examines a bundled example; `make test` runs all tests.
# Nothing but Python 3.11+, git, make and the Debian base is needed; .venv is made here.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Without its Python (it was upgraded) or its pip (`python3-venv` came later) .venv is made anew.
$(shell test -x $(BIN)/python || rm -f $(STAMP))

# Every reader, for so long each; `make test` does a little of the same with Hypothesis.
SECONDS ?= 60
.PHONY: demo test lint types check fuzz bench-hunt bench-evidence bench-census bench-trace clean

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "waspglass needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { echo "cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Its folder is made anew: what an older version left there may not be known as ours any more.
demo: $(STAMP)
	@rm -rf out/demo
	@$(BIN)/waspglass examine examples/patched-but-occupied --facts examples/patched-but-occupied.facts.json --out out/demo; \
	code=$$?; case $$code in 0|10|20|30|40) exit 0;; *) exit $$code;; esac

test: $(STAMP)
	@$(BIN)/python -m pytest -n auto

lint: $(STAMP)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

check: lint types test

fuzz: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]' || true
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

# Ratios against peers, measured in one run each; the docs name the figures and what they were measured with.
bench-hunt: $(STAMP)
	@$(BIN)/python -m bench.hunt

bench-evidence: $(STAMP)
	@$(BIN)/python -m bench.evidence

bench-census: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@$(BIN)/python -m bench.census.run

bench-trace: $(STAMP)
	@test -n "$(DATA)" || { echo "make bench-trace DATA=folder-with-the-public-collections; bench/trace/datasets.py names them"; exit 1; }
	@$(BIN)/python -m bench.trace.datasets "$(DATA)" out/pairs
	@$(BIN)/python -m bench.trace.peers "$(DATA)" out/pairs

clean:
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache

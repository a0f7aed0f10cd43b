# `make` sets up .venv and runs the main job; `make test` sets up the same way and runs all tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := all
.PHONY: all test lint typecheck bench clean

all: $(READY)
	$(BIN)/maxout constant 2..5
	$(BIN)/maxout bounds --rank 5 --inputs 10 --widths 20x3 --outputs 1 --bias zero
	$(BIN)/maxout verify --suite quick

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "maxout needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[torch,dev]'
	@touch $(READY)

test: $(READY)
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The package is laid out over several folders, so types are checked on an installed copy.
typecheck: $(READY)
	rm -rf build/typecheck
	$(BIN)/python -m pip install --quiet --no-deps --target build/typecheck .
	cd build/typecheck && $(abspath $(BIN))/mypy --config-file ../../pyproject.toml -p maxout

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

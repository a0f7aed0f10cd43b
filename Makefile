# `make` sets up .venv and runs the main job; `make test` adds what tests need and runs all of them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTABLE := $(VENV)/.testable
DOCUMENTED := $(VENV)/.documented
RUNTIME := torch,data,plots,audit,dask

.DEFAULT_GOAL := all
.PHONY: all test mutants versions lint typecheck docs clean

all: $(READY)
	@echo '== constants c = 1/M_K: closed forms and certified digits'
	@$(BIN)/maxout constant 2..5
	@echo '== the Jacobian of one network: bounds, exact values, 10,000 sampled networks'
	@$(BIN)/maxout ladder jacobian.mean jacobian.variance activation.mean --rank 5 --inputs 10 --widths 20x3 --bias zero --simulate 10000
	@echo '== every statement against sampled networks (a minute or two)'
	@$(BIN)/maxout verify --suite quick --summary

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "maxout needs Python 3.11 or newer: make PYTHON=python3.11")'
	@echo '== making an environment in $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --upgrade pip
	@echo '== installing maxout and PyTorch into it (a minute or two)'
	@$(BIN)/python -m pip install -qq -c constraints.txt -e '.[torch]'
	@touch $@

$(TESTABLE): $(READY)
	@echo '== installing what tests need'
	@$(BIN)/python -m pip install -qq -c constraints.txt -e '.[dev]'
	@touch $@

$(DOCUMENTED): $(TESTABLE)
	@echo '== installing what the documentation is built with'
	@$(BIN)/python -m pip install -qq -c constraints.txt -e '.[docs]'
	@touch $@

test: $(TESTABLE)
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

# Wrong versions of every statement, and who notices them (docs/mutants.md): some ten minutes.
mutants: $(READY)
	$(BIN)/python -m tests.mutation

# The smoke tests with the lowest versions that are allowed and with the newest there are. PyTorch is
# the same in both, the one version that is run.
versions:
	@for set in lowest newest; do \
	  echo "== smoke tests with the $$set allowed versions" && \
	  rm -rf build/$$set && $(PYTHON) -m venv build/$$set && \
	  build/$$set/bin/python -m pip install -qq --upgrade pip && \
	  if [ $$set = lowest ]; then pins='-c constraints-lowest.txt'; else pins='--upgrade'; fi && \
	  build/$$set/bin/python -m pip install -qq $$pins -e '.[$(RUNTIME)]' torch==2.13.0 pytest && \
	  build/$$set/bin/python -m pip check && \
	  build/$$set/bin/python -m pytest -q -m smoke tests/cli || exit 1; \
	done

lint: $(TESTABLE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The package is laid out over several folders, so types are checked on an installed copy.
typecheck: $(TESTABLE)
	rm -rf build/typecheck
	$(BIN)/python -m pip install -qq --no-deps --target build/typecheck .
	cd build/typecheck && $(abspath $(BIN))/mypy --config-file ../../pyproject.toml -p maxout

# The site: build/site/index.html. Without network: formulas are set here, the search is a script.
docs: $(DOCUMENTED)
	$(BIN)/python -m sphinx -q -W --keep-going -E -b html docs build/site

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Every target is a command that a person can run. `make` alone lists them.

# The first Python >= 3.11 that can make virtual environments; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN = .venv/bin
# Bytecode comes with the first import of a module; most are never imported.
PIP_INSTALL = -m pip install -q --disable-pip-version-check --no-compile
SOURCES = src tests samples benchmarks

# Three at a time on two cores, as many of them wait for processes; what fails there, beside another test, is tried once more alone, and must pass.
run-tests = $(1) -m pytest -n $(3) --dist loadfile --ignore=tests/integrations -m "$(2)" || \
	$(1) -m pytest --last-failed --last-failed-no-failures none --ignore=tests/integrations -m "$(2)"

# Hundreds of tests start processes: without files of bytecode each of them would compile all modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-browser test-other lint bench bench-reading bench-viewer viewer test-integrations clean which-python

help:
	@echo "make demo               run the Ridge sweep of the samples and look at its run folder"
	@echo "make test               run the tests"
	@echo "make test-browser       run the tests that drive a browser"
	@echo "make lint               ruff and mypy"
	@echo "make bench              compare the handler with others"
	@echo "make bench-reading      compare reading, packing and listing with others"
	@echo "make bench-viewer       time the viewer in a browser"
	@echo "make viewer             copy the viewer's pages into the package"
	@echo "make test-integrations  run the tests that need other programs"
	@echo "make clean              remove what the targets made"

demo: .venv/.samples
	@mkdir -p demo
	cd demo && ../$(BIN)/python ../samples/train_on_local/train.py
	@echo
	$(BIN)/runlogging metrics latest --root demo/runs
	@echo
	@cd demo && find runs -type f | sort | tail -n 20
	@echo
	@echo "Next: $(BIN)/runlogging logs latest --root demo/runs"

test: .venv/.test
	$(call run-tests,$(BIN)/python,not browser,3)

# The pages in a real browser: Debian's chromium, headless. Without it they are skipped.
test-browser: .venv/.test
	$(call run-tests,$(BIN)/python,browser,3)

# The same with another Python, in an environment of its own.
test-other: .venv-other/.test
	$(call run-tests,.venv-other/bin/python,not browser,3)

lint: .venv/.lint
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

bench: .venv/.test
	$(BIN)/python benchmarks/handlers.py

bench-reading: .venv/.test
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/packing.py
	$(BIN)/python benchmarks/listing.py

bench-viewer: .venv/.test
	$(BIN)/python benchmarks/viewer.py
	$(BIN)/python benchmarks/viewer_runs.py
	$(BIN)/python benchmarks/viewer_log.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/terminal.py

# viewer/src becomes src/runlogging/viewer/static; uPlot comes from npm where it is not there yet.
viewer:
	$(PYTHON) viewer/copy_pages.py

test-integrations:
	@if ls tests/integrations/test_*.py >/dev/null 2>&1; \
	then $(MAKE) .venv-integrations/.integrations && .venv-integrations/bin/python -m pytest tests/integrations; \
	else echo "test-integrations: there are no integration tests yet, nothing to run"; fi

clean:
	rm -rf .venv .venv-other .venv-integrations demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

which-python:
	@echo $(PYTHON)

# An environment and what is installed in it; the stamp makes a second call quick.
%/bin/python:
	@test -n "$(PYTHON)" || { echo "no Python >= 3.11 with the venv module found; try PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $*

%/.samples: pyproject.toml | %/bin/python
	$*/bin/python $(PIP_INSTALL) -e '.[samples]'
	@touch $@

%/.test: pyproject.toml | %/bin/python
	$*/bin/python $(PIP_INSTALL) -e '.[samples,test]'
	@touch $@

%/.integrations: pyproject.toml | %/bin/python
	$*/bin/python $(PIP_INSTALL) -e '.[samples,test,integrations]'
	@touch $@

%/.lint: pyproject.toml | %/bin/python
	$*/bin/python $(PIP_INSTALL) -e '.[samples,test,lint]'
	@touch $@

# make would delete them as intermediate files otherwise.
.PRECIOUS: %/bin/python

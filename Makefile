# `make run` sets everything up and serves; `make test` sets everything up and tests.

PYTHON ?= python3
BIN := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test test-fast lint screenshots clean

run: .venv/.installed
	@DROVER_STOP_WITH_PARENT=1 exec $(BIN) manage.py up

test: .venv/.installed-dev
	$(BIN) -m pytest -n 2 tests

test-fast: .venv/.installed-dev
	$(BIN) -m pytest -n 2 tests --ignore tests/browser

lint: .venv/.installed-dev
	$(BIN) -m ruff check .
	$(BIN) -m ruff format --check .
	$(BIN) -m mypy
	$(BIN) manage.py makemigrations --check --dry-run
	DROVER_HTTPS=1 $(BIN) manage.py check --deploy --fail-level WARNING

.venv/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Drover needs Python 3.11 or newer: make run PYTHON=/path/to/python3"; exit 1; }
	@echo "Installing what Drover needs into .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN) -m pip install --quiet --no-input --requirement requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "Installing what its tests need ..."
	@$(BIN) -m pip install --quiet --no-input --requirement requirements-dev.txt
	@touch $@

screenshots: .venv/.installed-dev
	$(BIN) docs/screenshots.py

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

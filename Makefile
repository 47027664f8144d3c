# `make run` installs everything and serves; `make help` lists the other commands.

PYTHON ?= python3
BIN := .venv/bin/python
UV := $(shell command -v uv 2>/dev/null)
FAST := --ignore tests/browser --ignore tests/processes
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help run dev test test-fast check format screenshots clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.installed ## Install what is missing, then serve web and worker
	@DROVER_STOP_WITH_PARENT=1 exec $(BIN) manage.py up

dev: .venv/.installed-dev ## Like run, and restart web and worker when a file changes
	@exec $(BIN) -m watchfiles --sigint-timeout 6 "$(BIN) manage.py up" dashboard queueapp templates static

test: .venv/.installed-dev ## Run every test
	$(BIN) -m pytest -n 2 tests

test-fast: .venv/.installed-dev ## Run the tests that need neither a browser nor real processes
	$(BIN) -m pytest -n 2 tests $(FAST)

check: .venv/.installed-dev ## Run everything that CI runs
	$(BIN) -m ruff check .
	$(BIN) -m ruff format --check .
	$(BIN) -m djlint templates --lint --quiet
	$(BIN) -m mypy
	$(BIN) manage.py makemigrations --check --dry-run
	DROVER_HTTPS=1 $(BIN) manage.py check --deploy --fail-level WARNING
	$(BIN) -m pytest -n 2 tests --cov --cov-report=term:skip-covered

format: .venv/.installed-dev ## Format the Python code
	$(BIN) -m ruff check --fix --quiet .
	$(BIN) -m ruff format .

screenshots: .venv/.installed-dev ## Take the documentation's screenshots again
	$(BIN) docs/screenshots.py

clean: ## Delete the virtual environment and all caches
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

.venv/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Drover needs Python 3.11 or newer: make run PYTHON=/path/to/python3"; exit 1; }
	@echo "Installing what Drover needs into .venv ..."
ifdef UV
	@uv venv --quiet --allow-existing --python $(PYTHON) .venv
	@uv pip install --quiet --python $(BIN) --requirement requirements.txt
else
	@$(PYTHON) -m venv .venv
	@$(BIN) -m pip install --quiet --no-input --requirement requirements.txt
endif
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "Installing what its tests need ..."
ifdef UV
	@uv pip install --quiet --python $(BIN) --requirement requirements-dev.txt
else
	@$(BIN) -m pip install --quiet --no-input --requirement requirements-dev.txt
endif
	@touch $@

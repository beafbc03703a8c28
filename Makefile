# make run   the main job, on demo data if there is no landing folder yet
# make test  everything the tests need, then the tests
# make check format, lint and types of Python and SQL
# make clean remove what was built (never landing/, register/, ledger/ or the secret)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv --system-certs pip

.DEFAULT_GOAL := help
.PHONY: help run test check format clean

help:
	@sed -n 's/^# //p' Makefile

run: $(VENV)/.run
	@if [ ! -d "$${BIGTRUST_LANDING:-landing}" ]; then echo "== no landing folder yet: writing demo data"; $(BIN)/bigtrust demo; fi
	@echo "== the main job"
	@$(BIN)/bigtrust run

test: $(VENV)/.test
	@echo "== the tests"
	@$(BIN)/pytest -n 2 --dist loadgroup
	@echo "== all tests passed. Next: make run, then query published/analytics.duckdb"

check: $(VENV)/.test
	@echo "== format, lint and types"
	@$(BIN)/ruff format --check scripts tests expectations
	@$(BIN)/ruff check scripts tests expectations
	@$(BIN)/sqlfmt --check --quiet models macros tests/dbt scripts/adapters scripts/benchmarks
	@$(BIN)/mypy
	@echo "== clean"

format: $(VENV)/.test
	@$(BIN)/ruff format scripts tests expectations
	@$(BIN)/ruff check --fix scripts tests expectations
	@$(BIN)/sqlfmt models macros tests/dbt scripts/adapters scripts/benchmarks

clean:
	rm -rf warehouse published site target logs $(VENV)

$(VENV)/.uv:
	@echo "== creating the environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/.uv
	@echo "== installing the locked dependencies"
	@$(UV) install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements-dev.lock requirements-duckdb-1.5.lock requirements-tpcds.lock $(VENV)/.run
	@echo "== installing what the tests need"
	@$(UV) install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@$(PYTHON) -m venv $(VENV)/duckdb-1.5
	@$(UV) install --quiet --python $(VENV)/duckdb-1.5/bin/python --require-hashes -r requirements-duckdb-1.5.lock
	@$(PYTHON) -m venv $(VENV)/tpcds
	@$(UV) install --quiet --python $(VENV)/tpcds/bin/python --require-hashes -r requirements-tpcds.lock
	@command -v chromium >/dev/null || { echo "== installing chromium for the browser tests"; scripts/install_chromium; }
	@touch $@

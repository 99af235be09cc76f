# From a clone to reports: each target does its own set-up. `make help` lists them.
# Paths are relative throughout, so that folders with spaces or Chinese characters work.
PYTHON ?= python3
BIN := .venv/bin
# Where it is set, every process would compile the kit's 300 files anew.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help report test lab hooks lint format types bench demo catalogue handbook lock clean

help: ## This list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

report: .venv/report.done ## Set up, then write the reports of the demo clients to reports/
	$(BIN)/cx run --book

test: .venv/dev.done ## Set up, then run the tests (beside a PostgreSQL server, where there is one)
	.ci/postgres $(BIN)/python -m pytest -n 2 --dist loadgroup -m "not bench"

lab: .venv/report.done hooks ## Open JupyterLab on the notebooks
	$(BIN)/cx lab

hooks: ## Have git refuse commits of notebooks with outputs (`make lab` does this too)
	@! git rev-parse --git-dir >/dev/null 2>&1 || git config core.hooksPath >/dev/null || \
		[ -e "$$(git rev-parse --git-path hooks/pre-commit)" ] || git config core.hooksPath .ci/hooks

lint: .venv/dev.done ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev.done ## Put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev.done ## Measure speed, as ratios to named alternatives in the same run
	$(BIN)/python -m pytest -m bench -s tests/benchmarks

demo: .venv/dev.done ## Rebuild the demo clients' data, byte for byte
	$(BIN)/python -m cxlib.data.demo

catalogue: .venv/dev.done ## Bring the message catalogues up to date with code and notebooks
	$(BIN)/python -m cxlib.report.catalogue

handbook: .venv/report.done ## Write the handbook of methods to reports/
	$(BIN)/cx handbook

lock: .venv/dev.done ## Resolve the dependencies anew (needs uv)
	uv pip compile -q -U --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
		pyproject.toml --extra dev -o requirements-dev.lock
	printf 'hatchling\neditables\n' | uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header \
		--no-annotate pyproject.toml - --extra sav -c requirements-dev.lock -o requirements.lock

clean: ## Remove what the kit made here (reports, tables, environment); raw data and keys stay
	rm -rf .venv .cx reports build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Two steps, since pip refuses an editable install among hashed ones. A dev set-up serves reports too.
.venv/report.done: requirements.lock pyproject.toml
	@test -f .venv/dev.done || $(MAKE) --no-print-directory .venv/python.done
	@test -f .venv/dev.done || $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@test -f .venv/dev.done || $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.done: requirements-dev.lock pyproject.toml
	@$(MAKE) --no-print-directory .venv/python.done
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/python.done:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

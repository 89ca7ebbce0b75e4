# dafeng: `make run` starts the city's carbon account, `make test` checks it. Both work on a bare Debian 12.
SHELL      := /bin/sh
PYTHON     ?= python3
UV_VERSION := 0.13.8
UV         := .tools/bin/uv
VENV       := .venv
PY         := $(VENV)/bin/python
DAFENG     := $(VENV)/bin/dafeng
ADDRESS    ?= 127.0.0.1:8000
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test bench lint screens soak messages lock profiles nightly test-spark clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(UV):
	@sh scripts/bootstrap "$(PYTHON)" "$(UV_VERSION)"

$(VENV)/.stamp: requirements.lock pyproject.toml | $(UV)
	@echo "正在建立运行环境 (building the environment) …"
	@$(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV)
	@$(UV) pip sync --quiet --python $(PY) --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.stamp ## build the environment; the command is then .venv/bin/dafeng

run: $(VENV)/.stamp ## load Xinyang, compile its inventories, start the portal
	@$(DAFENG) up --address $(ADDRESS)

test: $(VENV)/.stamp ## run every test that needs no extra service
	@$(PY) -m pytest -q $(PYTEST_ARGS)

bench: $(VENV)/.stamp ## measure; prints a table and writes benchmarks/results.json
	@$(PY) -m benchmarks

lint: $(VENV)/.stamp ## ruff, mypy, import contracts, translations, migrations
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) -m dafeng.portal.messages --check
	@$(PY) manage.py makemigrations --check --dry-run

screens: $(VENV)/.stamp ## screenshots of every page at 1280 and 390 px in var/screens (needs Chromium)
	@$(PY) scripts/screens.py

soak: $(VENV)/.stamp ## 10,000 seeds of the ledger's simulator: hours, not minutes
	@$(PY) -m tests.kernel.ledger.soak --seeds 10000 --steps 200

messages: $(VENV)/.stamp ## collect and compile the translations
	@$(PY) -m dafeng.portal.messages

lock: | $(UV) ## resolve the dependencies anew
	@$(UV) pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements.lock
	@$(UV) pip compile --group pyproject.toml:nightly --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements-nightly.lock

	@$(UV) pip compile --group pyproject.toml:profiles --python-version 3.11 --generate-hashes --no-deps \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements-profiles.lock
	@$(UV) pip compile --group pyproject.toml:spark --constraints requirements.lock --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements-spark.lock

profiles: | $(UV) ## fetch real load profiles (SimBench) into .profiles for `pytest -m profiles` and the benchmark
	@$(UV) pip install --quiet --python "$$(command -v $(PYTHON))" --no-deps --require-hashes --target .profiles -r requirements-profiles.lock

nightly: $(VENV)/.stamp ## read our exports back with pyam and primap2, in an environment of their own; probe the API at length
	@$(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .venv-nightly
	@$(UV) pip sync --quiet --python .venv-nightly/bin/python --require-hashes requirements-nightly.lock
	@$(PY) -m pytest -q -m nightly tests/nightly
	@DAFENG_FUZZ=40 $(PY) -m pytest -q tests/portal/test_api_fuzz.py

test-spark: $(VENV)/.stamp ## the questions of the series store on a Spark cluster on loopback (Java 17)
	@$(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .venv-spark
	@sh scripts/java
	@$(UV) pip sync --quiet --python .venv-spark/bin/python --require-hashes requirements.lock requirements-spark.lock
	@$(UV) pip install --quiet --python .venv-spark/bin/python --no-deps --no-build-isolation --editable .
	@.venv-spark/bin/python -m pytest -q -n 0 -m spark tests/kernel/series

clean: ## remove the environments; your data in var/ stays
	rm -rf .venv .venv-nightly .venv-spark .profiles .tools

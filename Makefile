# make run: the main job from a bare checkout.  make test and make stack: everything that CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
TOOLS := .venv-tools
STAMP := $(VENV)/.installed
LOCKS := requirements/bootstrap.txt requirements/base.txt requirements/dev.txt
ASSETS := src/aneos_api/dashboard/static/manifest.json
UV_PIP := $(BIN)/uv pip install --quiet --python $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help env tools assets run screen load test lint types contracts unit docs lock bench sdk images sboms stack-test stack scan clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(STAMP) ## install the locked environment into .venv

$(STAMP): $(LOCKS) pyproject.toml $(wildcard src/aneos/orbits/*.[ch] src/aneos/dynamics/*.[ch])
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "aNEOS needs Python 3.11 or newer: make env PYTHON=python3.11")'
	@$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.isfile(sysconfig.get_path("include") + "/Python.h") and "aNEOS needs Python'"'"'s headers (Python.h) to build its kernels: python3-dev on Debian")'
	@command -v cc >/dev/null || { echo "aNEOS needs a C compiler (cc) to build its kernels" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	$(UV_PIP) --compile-bytecode --require-hashes -r requirements/dev.txt
	$(UV_PIP) --no-deps --no-build-isolation -e .
	@touch $@

tools: $(TOOLS)/.installed ## programs that check what is shipped to operate the service, into .venv-tools

$(TOOLS)/.installed: requirements/tools.txt | env
	$(PYTHON) -m venv $(TOOLS)
	$(BIN)/uv pip install --quiet --python $(TOOLS)/bin/python --require-hashes -r requirements/tools.txt
	@touch $@

assets: $(ASSETS) ## bundle the dashboard's scripts and styles (needs Node 20 or newer)

$(ASSETS): web/package.json web/package-lock.json web/build.mjs $(wildcard web/src/*)
	@command -v npm >/dev/null || { echo "the dashboard's pages need Node 20 or newer to be built: npm is missing" >&2; exit 1; }
	npm --prefix web ci --ignore-scripts --silent
	npm --prefix web run build --silent

run: screen load ## screen the bundled catalogue, load it into the database, serve API and dashboard until Ctrl+C
	$(BIN)/python start_api.py --host $(HOST) --port $(PORT)

screen: env ## the ranked list of the whole bundled catalogue, and results/; then end
	$(BIN)/aneos screen --output results/screen.json --plot results/screen.png

load: env ## the bundled catalogue and its screen into the database; nothing is done twice
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory assets; else \
	echo "Node is missing: the dashboard's pages stay without scripts and styles; everything else works" >&2; fi
	$(BIN)/python -m aneos_api.database.load_command

test: lint types contracts unit docs ## everything that CI runs but the stack from its images (make stack)

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env
	$(BIN)/mypy

contracts: env
	$(BIN)/lint-imports

unit: env tools assets
	$(BIN)/pytest -n 2 -m "not browser"
	$(BIN)/pytest -m browser # Playwright keeps an event loop running: a process of its own

docs: env
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

sdk: env tools ## the Python and TypeScript clients, from the service's own OpenAPI document
	sdk/generate.sh

images: ## container images without a registry (root; buildah, podman, runc, mmdebstrap)
	deploy/build-images.sh

sboms: tools ## what is inside the images, dist/*.cdx.json, by syft (root; after make images)
	deploy/make-sboms.sh

stack-test: env ## start the stack from the images and drive it, kill parts of it under load (root; after make images)
	$(BIN)/python -m tests.operations.stack

stack: images sboms stack-test ## images, bills of materials and the stack from them; CI runs it beside make test

scan: env tools ## security: bandit, known vulnerabilities of the locks, secrets in the repository
	$(TOOLS)/bin/bandit --quiet --recursive --severity-level medium --baseline .bandit-baseline.json src
	$(BIN)/python tools/known_vulnerabilities.py requirements/api.txt
	tools/secret_scan.sh

bench: env ## speed, as ratios within one run
	$(BIN)/python -m benchmarks

lock: ## rebuild requirements/*.txt from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/bootstrap.in -o requirements/bootstrap.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/base.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/base.txt --extra dev pyproject.toml requirements/bootstrap.in -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/dev.txt --extra api --extra kafka --extra otel pyproject.toml -o requirements/api.txt
	for name in web tools valkey; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/$$name.in -o requirements/$$name.txt || exit 1; done

clean: ## remove everything that can be made again
	rm -rf $(VENV) $(TOOLS) build dist site results web/node_modules src/aneos_api/dashboard/static *.egg-info src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src -name '*.so' -delete

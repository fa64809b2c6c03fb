# `make quickstart` and `make test` do all the set-up they need: Python 3.11+ and git are enough.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1

.PHONY: quickstart test check install clean
.DEFAULT_GOAL := quickstart

# The pinned versions of constraints.txt are those that the tests ran with.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@

# One of its packages is built from source; where nothing can build it, the tests of its tasks are skipped.
$(VENV)/tasks: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[reasoning-gym]' \
		|| echo 'reasoning_gym cannot be installed here (is there a C compiler?): its tests are skipped'
	touch $@

install: $(VENV)/installed

quickstart: install
	mtd compile specs/quickstart.mtd
	dvc repro

check: install
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	mtd fmt --check specs
	mtd check specs

test: check $(VENV)/tasks
	pytest --numprocesses auto --dist loadfile

clean:
	rm -rf $(VENV) artifacts .mtd mlflow.db mlruns mlartifacts

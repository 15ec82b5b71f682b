# The two commands: `make book` to read, `make test` to check. Each does its own set-up.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
CHAPTERS := $(wildcard chapters/*.ipynb)
export PYDEVD_DISABLE_FILE_VALIDATION := 1

.PHONY: help book test lint unit notebooks-check web notebooks lab pdf zip bench audit clean

help:
	@echo "make book       set up, render the book to _build/html and say where to open it"
	@echo "make test       set up, then check everything: lint, units, notebooks, the built pages"
	@echo "make lab        set up, then open the chapters in JupyterLab"
	@echo "make notebooks  run every chapter on this machine and keep its outputs"
	@echo "make pdf        the whole book as one PDF: _build/pretrained.pdf"
	@echo "make zip        the whole site as one file: _build/pretrained-site.zip"
	@echo "make bench      measure lmcore beside transformers: steps, memory, generation"
	@echo "make audit      look the pinned dependencies up among known vulnerabilities (needs a network)"
	@echo "make clean      remove what the commands above made"

$(READY): requirements.txt pyproject.toml
	@echo "== set up: .venv from requirements.txt (minutes the first time, torch is large)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

book: $(READY)
	@echo "== book: rendering the committed notebooks (nothing is trained)"
	@$(BIN)/jupyter-book build --quiet -W -n --keep-going .
	@echo "== open file://$(CURDIR)/_build/html/index.html"

test: lint unit notebooks-check web
	@echo "== everything passed"

lint: $(READY)
	@echo "== lint"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

unit: $(READY)
	@echo "== units"
	@$(BIN)/python -m pytest -q tests --ignore tests/web --ignore tests/lab -m "not slow"

notebooks-check: $(READY)
	@echo "== notebooks: every chapter is run again, its tagged outputs compared"
	@$(BIN)/python -m pytest -q --nbval-lax --nbval-cell-timeout 600 --durations 5 $(CHAPTERS)

web: book
	@echo "== pages: the built book in a browser, without a network"
	@bash scripts/ensure_browser.sh $(BIN)
	@$(BIN)/python -m pytest -q tests/web tests/lab -m "not slow"

notebooks: $(READY)
	@echo "== notebooks: training on this machine, minutes a chapter"
	@$(BIN)/python scripts/run_notebooks.py $(CHAPTERS)

lab: $(READY)
	@$(BIN)/jupyter lab --notebook-dir . chapters/01_gpt1.ipynb

pdf: book
	@bash scripts/ensure_browser.sh $(BIN)
	@$(BIN)/python scripts/print_book.py _build/pretrained.pdf

zip: book
	@$(BIN)/python scripts/zip_site.py _build/pretrained-site.zip

bench: $(READY)
	@$(BIN)/python -m benchmarks

audit: $(READY)
	@$(PYTHON) -m venv .venv-audit && .venv-audit/bin/python -m pip install --quiet pip-audit
	@grep -v '^-e' requirements.txt > .venv-audit/pinned.txt
	@.venv-audit/bin/pip-audit --strict --no-deps --disable-pip --requirement .venv-audit/pinned.txt

clean:
	@rm -rf .venv .venv-audit _build .jupyter_cache .pytest_cache .ruff_cache .hypothesis *.egg-info

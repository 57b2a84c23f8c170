# Everything a fresh machine with Python 3.11+ and make needs. `make` alone says what there is.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed-$(shell cat pyproject.toml constraints.txt | cksum | cut -d ' ' -f 1)
CLAN   := $(BIN)/clan
SEED   ?= 0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo test lint type fmt bench docs clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

venv: $(STAMP) ## make .venv and install clan with everything tested, in the pinned versions

# Named after what it was made from, so a checkout that only touches the files reinstalls nothing.
$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "clan needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) -V 2>&1); try: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments (no ensurepip); on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,dev]'
	@touch $@

demo: $(STAMP) ## train on a quiet day of site alpha, detect on a day with attacks, compare with the labels
	@mkdir -p out
	$(CLAN) train -r samples/alpha-benign.pcapng.zst -o out/demo.clan --alerts-per-day 10 --days 1 --seed $(SEED)
	$(CLAN) detect -m out/demo.clan -r samples/alpha-mixed.pcapng.zst -o out/alerts.ndjson --scores out/scores.parquet --report out/report.html
	$(CLAN) detect -m out/demo.clan -r samples/alpha-benign-2.pcapng.zst -o out/quiet.ndjson --scores out/quiet.parquet --quiet
	$(BIN)/python examples/demo.py out/scores.parquet samples/alpha-labels.csv --alerts-per-day 10 --quiet out/quiet.parquet
	@echo "report: $(CURDIR)/out/report.html"

test: $(STAMP) ## run all tests, the slow ones too
	$(BIN)/python -m pytest -q -n auto --dist loadfile

lint: $(STAMP) ## check style and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell src tests benchmarks lab docs examples samples/README.md *.md Makefile pyproject.toml

type: $(STAMP) ## check types
	$(BIN)/mypy
	$(BIN)/mypy examples/*.py docs/*.py

fmt: $(STAMP) ## format, and repair what can be repaired
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## run every benchmark in its short form
	@ran=0; for script in benchmarks/*/[a-z]*.py; do \
	  [ -f "$$script" ] || continue; ran=1; \
	  echo "== $$script --quick"; $(BIN)/python "$$script" --quick || exit 1; \
	done; [ $$ran = 1 ] || { echo "no benchmarks below benchmarks/" >&2; exit 1; }

docs: $(STAMP) ## check that every link and file that the documents name is there
	$(BIN)/python docs/check_links.py
	$(BIN)/python docs/figures.py --check

clean: ## remove what make made: .venv, out and the caches
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis

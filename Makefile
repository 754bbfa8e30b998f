# The course's commands. On a fresh machine with Python 3.11, 3.12 or 3.13: `make lab` or `make test`.
PYTHON ?= python3
LESSON ?=
SEEDS ?= 5
LAB_ARGS ?=
PYTEST_ARGS ?=

BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CELL_TIMEOUT := 300
# For the tests of the code; the lessons run one after the other, as a student runs them.
WORKERS := 2

.DEFAULT_GOAL := help
.PHONY: help lab test run notebooks html exercises seeds study lint lock stamp table test-browser clean

help: ## list the commands
	@echo "make …"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s%s\n", $$1, $$2 }'
	@echo "LESSON=01 or LESSON=01_world_map picks one lesson for run, notebooks, seeds and study."

lab: $(READY) ## open the first lesson in JupyterLab (LAB_ARGS="--no-browser --port 9999")
	@$(BIN)/python -m jupyterlab --ServerApp.root_dir=. notebooks/01_world_map.ipynb $(LAB_ARGS)

test: lint ## check everything: code, words, rules, units, and every lesson cell by cell
	@$(BIN)/python -m pytest tests -m "not browser" --numprocesses=$(WORKERS) --dist=loadfile $(PYTEST_ARGS)
	@$(BIN)/python -m pytest notebooks --nbval-lax --nbval-cell-timeout=$(CELL_TIMEOUT) $(PYTEST_ARGS)

run: $(READY) ## execute the lessons; seconds, peak memory, checks (SAVE=1 writes them into the lessons)
	@$(BIN)/python -m tools.run $(if $(SAVE),--save) $(LESSON)

notebooks: $(READY) ## execute the lessons and store their outputs
	@$(BIN)/python -m tools.store $(LESSON)

html: $(READY) ## write the lessons as HTML pages into build/html
	@$(BIN)/python -m tools.page $(LESSON)

exercises: $(READY) ## write the students' exercise notebooks from the solutions
	@$(BIN)/python -m tools.exercises

seeds: $(READY) ## run one lesson with SEEDS=5 seeds and show the spread of every check
	@$(BIN)/python -m tools.seeds --seeds $(SEEDS) $(LESSON)

study: $(READY) ## run one lesson's study (notebooks/studies) into data/studies
	@$(BIN)/python -m tools.study $(LESSON)

lint: $(READY) ## check code, words, addresses and the rules for notebooks, without running a lesson
	@$(BIN)/python -m ruff check --quiet --output-format=concise .
	@$(BIN)/python -m codespell_lib
	@$(BIN)/python -m tools.stamp --check
	@$(BIN)/python -m tools.exercises --check
	@$(BIN)/python -m tools.rules

lock: $(READY) ## resolve pyproject.toml's ranges into requirements.txt's versions
	@$(PIP) install uv
	@$(BIN)/python -m uv --quiet pip compile --universal --python-version 3.11 --all-extras --no-header \
		--no-annotate --no-emit-index-url --no-emit-find-links -o requirements.txt pyproject.toml

stamp: $(READY) ## write the repository's address (pyproject.toml) into badges and set-up cells
	@$(BIN)/python -m tools.stamp

table: $(READY) ## write the README's table of lessons and its picture
	@$(BIN)/python -m tools.table
	@$(BIN)/python -m tools.cover

test-browser: $(READY) ## drive JupyterLab and the page of the grader in a real Chromium
	@$(BIN)/python -m pytest -m browser tests/test_browser.py tests/test_grading_browser.py $(PYTEST_ARGS)

clean: ## remove what tools leave behind, except the environment
	@rm -rf .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	@find . -path ./.venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -print | xargs rm -rf

# Touched last, so an interrupted installation is taken up again by the next command.
$(READY): requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here: install Python 3.11, 3.12 or 3.13."; exit 1; }
	@{ $(BIN)/python tools/check_python.py && $(PIP) --version; } >/dev/null 2>&1 \
		|| { $(PYTHON) tools/check_python.py && $(PYTHON) -m venv --clear .venv; }
	@echo "Installing the course into .venv; the first time this takes a few minutes."
	@$(PIP) install -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# Every target does its own set-up; what is there already is used.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo $$p && exit; done; echo python3)
PY := .venv/bin/python
BOOK := _build/html/index.html
SNAKEMAKE = $(PY) -m snakemake --profile $(PROFILE)
PROFILE ?= profiles/local
quoted = '$(subst ','\'',$(1))'
ONLY ?=
LIST ?=
# compile what is imported once, also where containers say not to: every page and test is a process of its own
unexport PYTHONDONTWRITEBYTECODE
# texts are UTF-8 whatever the locale, and a page's kernel is this environment's whatever a hub offers
export PYTHONUTF8 := 1
export JUPYTER_PATH := $(CURDIR)/.venv/share/jupyter

.PHONY: help book pdf crate open rerun test environment clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk -F ':.*## *' '/^[a-z]+:.*##/ {printf "  make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: environment  ## build the book into _build/html, executing the pages whose inputs changed
	@mkdir -p _build
# a page's stamp counts for one call: its notebook may be lost later, or put back to an older one
	@$(PY) tools/alone.py .book.lock --log _build/book.log sh -c \
		'$(PY) tools/remove.py _build/pages && $(SNAKEMAKE) book'
	@echo "the book: $(BOOK)"

pdf: book  ## print the book as one PDF, which its front page then links to
	@$(PY) tools/alone.py .book.lock $(PY) -m imc.pages.pdf

crate: environment  ## pack records, claims (claims.json), pages and code as an RO-Crate
	@$(PY) -m imc.pages.crate

open: book  ## build the book and show it in a browser
	@$(PY) -c 'import pathlib, webbrowser as w; w.open(pathlib.Path("$(BOOK)").resolve().as_uri()) or exit(1)' \
		|| echo "open it in a browser: $(BOOK)"

rerun: environment  ## recompute the published runs into results/ [ONLY=reram/... LIST=file of runs]
	@$(PY) tools/alone.py .rerun.lock $(SNAKEMAKE) rerun --config only=$(call quoted,$(ONLY)) list=$(call quoted,$(LIST))

test: environment  ## check style, types, the package and every committed page
	@$(PYTHON) tools/environment.py tests/requirements.txt
	$(PY) -m ruff check .
	$(PY) -m pyright --threads 2
	OMP_NUM_THREADS=1 $(PY) -m pytest tests book --nbval --nbval-current-env -n 2 --dist loadscope --no-loadscope-reorder

environment:
	@$(PYTHON) tools/environment.py

clean:  ## remove what was built; keeps .venv, data and results
	@$(PYTHON) tools/remove.py _build .snakemake .book.lock .rerun.lock .pytest_cache .ruff_cache .hypothesis

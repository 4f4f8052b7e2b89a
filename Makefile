# Python 3.11 or later is all that is needed; everything else goes into .venv.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; \
	done; echo python3)
VENV := .venv/bin/python
MUTATE = .venv-mutate/bin/python -m pytest -q -p no:cacheprovider tools/mutation && \
	.venv-mutate/bin/python -m tools.mutation
# Python answers Ctrl-C with a traceback until the script's first line takes the signal over, so it
# is ignored until then; -S makes that a matter of milliseconds.
QUIETLY = trap '' INT; exec $(1) -S
export INSTANCE PORT

.DEFAULT_GOAL := help
.PHONY: help run reset test format lint bench bench-against bench-schema soak mutate mutate-all vendor env env-dev \
	env-bench env-mutate

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\): .*## /  make \1\t/p' Makefile | expand -t 24

run: env  ## Start everything; INSTANCE=folder and PORT=number may be given
	@$(call QUIETLY,$(VENV)) tools/run.py

reset: env  ## Start over: delete the database, mails and keys of the instance folder
	@$(call QUIETLY,$(VENV)) tools/run.py --reset

test: env-dev  ## Check format, lint, types, imports and templates, and run all tests
	@$(VENV) tools/check.py

format: env-dev  ## Put the code into shape
	@$(VENV) -m ruff format . && $(VENV) -m ruff check --fix .

lint: env-dev  ## The quick checks alone
	@$(VENV) -m ruff format --check . && $(VENV) -m ruff check . && $(VENV) -m mypy

bench: env-bench  ## Print figures with ratios to limits and peers
	@$(VENV) -m bench

bench-against: env-bench  ## Purchases and redemptions, this commit and an older COMMIT taking turns
	@$(VENV) -m bench.turns $(COMMIT)

bench-schema: env-bench  ## Rename a column under load, beside how it is usually done
	@$(VENV) -m bench.schema

soak: env-dev  ## Long proofs at full size
	@$(VENV) -m pytest -m soak

mutate: env-mutate  ## Change what is new since main in small ways: do tests notice? FOLDERS="..." may be given
	@$(MUTATE) $(FOLDERS)

mutate-all: env-mutate  ## The same for every line of what is planned: a soak
	@$(MUTATE) --all

vendor: env-dev  ## Fetch again what stands in static/vendor, and check it
	@$(VENV) -m nxloy_web.web.vendoring

env:
	@$(call QUIETLY,$(PYTHON)) tools/bootstrap.py

env-dev:
	@$(call QUIETLY,$(PYTHON)) tools/bootstrap.py dev

# Cosmic Ray brings much that the product does not need: it has an environment of its own.
env-mutate: export NX_VENV := .venv-mutate
env-mutate:
	@$(call QUIETLY,$(PYTHON)) tools/bootstrap.py dev mutate

env-bench:
	@$(call QUIETLY,$(PYTHON)) tools/bootstrap.py dev bench

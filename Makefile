# Parley: `make run` starts it, `make test` tests it. Both first set up what is missing, in .venv, which needs
# Python 3.11 or newer with venv. Only requirements.lock says what is installed there.

PYTHONS := python3.14 python3.13 python3.12 python3.11 python3
ARGS :=
# These folders of tests run beside all others, since tests also wait. What they say is shown when all have ended,
# and when those that measure a time have run with nothing beside them.
APART := journeys web+channels+sandbox

.DEFAULT_GOAL := help
.PHONY: help run test check faults bench migrate format lock ready browser
MAKEFLAGS += --no-print-directory

# A .venv that was moved here, or whose Python has gone, is made anew. Without a home, uv keeps its cache beside it.
$(shell grep -qsF '$(CURDIR)/.venv' .venv/bin/activate && .venv/bin/python -c '' 2>/dev/null || rm -f .venv/made)
export UV_CACHE_DIR := $(or $(UV_CACHE_DIR),$(shell test -w "$$HOME" || echo .venv/cache))
ifeq ($(UV_CACHE_DIR),)
unexport UV_CACHE_DIR
endif
# Each of Parley's processes would compile all that it imports, and take three times as long to start.
unexport PYTHONDONTWRITEBYTECODE

help:
	@echo 'make run       start Parley here, with all that it needs'
	@echo 'make test      run the tests; make test ARGS="tests/web -k stream" some of them'
	@echo 'make check     format, lint and types, then the tests'
	@echo 'make faults    the long fault runs;  make bench  the measurements (ARGS="20 21 --quick")'
	@echo 'make migrate   bring the database that PARLEY_DATABASE_URL names up to date'
	@echo 'make format    format the code;  make lock  write requirements.lock anew (ARGS=--upgrade)'

run: ready
	@exec .venv/bin/parley run

test: ready browser
	@if [ -n '$(ARGS)' ]; then exec .venv/bin/python -m pytest -m 'not faults' $(ARGS); fi; \
	beside=; \
	for part in $(APART); do \
	    .venv/bin/python -m pytest -m 'not faults and not timed' $$(echo tests/$$part | sed 's,+, tests/,g') > .venv/$$part.log 2>&1 & \
	    beside="$$beside $$!"; \
	done; \
	.venv/bin/python -m pytest -m 'not faults and not timed' $(patsubst %,--ignore=tests/%,$(subst +, ,$(APART))); well=$$?; \
	for one in $$beside; do wait $$one || well=1; done; \
	.venv/bin/python -m pytest -m timed || well=1; \
	cat $(APART:%=.venv/%.log); exit $$well

check: ready
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/djlint templates --lint --quiet
	@$(MAKE) test

faults: ready browser
	WHOLE_RUNS=1 .venv/bin/python -m pytest -m 'faults or sized' -s $(ARGS)

bench: ready browser
	.venv/bin/python -m tests.bench $(ARGS)

migrate: ready
	@exec .venv/bin/parley migrate

format: ready
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

lock: ready
	.venv/bin/uv pip compile pyproject.toml --extra embedded --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' --quiet -o requirements.lock $(ARGS)

browser: ready
	@.venv/bin/python -m tests.chromium

ready: app/baml_client/__init__.py

app/baml_client/__init__.py: .venv/installed $(wildcard baml_src/*.baml)
	@.venv/bin/baml-cli generate --from baml_src > .venv/baml.log 2>&1 || { cat .venv/baml.log; exit 1; }
	@touch $@

.venv/installed: .venv/made requirements.lock pyproject.toml
	@echo 'Installing what requirements.lock names ...'
	@.venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
	@.venv/bin/uv pip install --quiet --python .venv/bin/python --offline --no-deps --editable .
	@touch $@

.venv/made:
	@set -e; for python in $(PYTHONS); do \
	    if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi; \
	    python=; \
	done; \
	if [ -z "$$python" ]; then \
	    if python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "Parley needs Python's venv module, which is missing here: apt-get install python3-venv"; \
	    else \
	        echo "Parley needs Python 3.11 or newer; here is $$(python3 --version 2>&1 || echo none)."; \
	        echo 'Debian 12, Ubuntu 24.04 and newer have it: apt-get install python3 python3-venv'; \
	    fi >&2; exit 1; \
	fi; \
	echo "Setting up .venv with $$($$python --version) ..."; \
	$$python -m venv --clear .venv; \
	sed -n '/^uv==/,/# via/p' requirements.lock > .venv/uv.txt; \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r .venv/uv.txt
	@touch $@

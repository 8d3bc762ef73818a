# make up      set up and start everything           make up LISTEN=0.0.0.0   serve the LAN with TLS
# make test    set up and run all checks and tests   make soak, make bench    long runs, figures
# DATA: the data folder (default ./var)   CONFIG: a hub.toml   ARGS: more arguments for pytest   WORKERS: its processes

SHELL := /bin/sh
DATA ?= var
ARGS ?=
# Half of the time tests wait for processes: three at once suit two cores.
WORKERS ?= 3
BIN := .venv/bin
# Hundreds of processes are started by the tests: each would compile the whole product anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: up setup setup-dev test lint soak bench clean

# At a terminal the supervisor gets a process group of its own (set -m), so that Ctrl-C is its alone to answer, and
# make ends with its status, 0, instead of being interrupted itself.
up: setup
	@if [ -t 0 ]; then set -m; fi; $(BIN)/thongsuot up --data "$(DATA)" $(if $(CONFIG),--config "$(CONFIG)") $(if $(LISTEN),--listen "$(LISTEN)")

setup:
	@sh deploy/setup.sh up

setup-dev:
	@sh deploy/setup.sh dev

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 -p agent
	$(BIN)/lint-imports
	.make/node/node_modules/.bin/tsc --project hub/web/tsconfig.json
	.make/node/node_modules/.bin/tsc --project conferencing/web/tsconfig.json

# A test that failed is tried again: browsers and timers suffer on a loaded machine. What is wrong fails each time.
test: lint
	$(BIN)/pytest -m "not soak" --reruns 2 --reruns-delay 3 -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

soak: setup-dev
	$(BIN)/pytest -m soak $(ARGS)

bench: setup-dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .make .mypy_cache .ruff_cache .pytest_cache .hypothesis

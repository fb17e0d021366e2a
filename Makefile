# Everything a person types. `make` or `make help` lists it. The work is done by infra/src/messenger_infra.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

STATE := .state
BIN := $(STATE)/venv/bin
INFRA := $(BIN)/python -m messenger_infra
MEMBERS := services/platform services/user services/chat services/realtime services/terminal gateway/app infra

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^## / {printf "\n\033[1m%s\033[0m\n", substr($$0, 4)} /^[a-z][a-z-]*:.*## / {printf "  \033[36m%-11s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: venv
venv:
	@infra/bootstrap.sh

## The system

.PHONY: up
up: venv ## Install what is missing, start everything, wait until it is ready (repeating it is harmless)
	@$(INFRA) up

.PHONY: down
down: ## Stop what `up` started; data are kept
	@if [ -x $(BIN)/python ]; then $(INFRA) down; else echo "Nothing is installed here, so nothing runs."; fi

.PHONY: clean
clean: ## As down, and remove the data
	@if [ -x $(BIN)/python ]; then $(INFRA) clean; else echo "Nothing is installed here, so there are no data."; fi

FORMAT ?= table
.PHONY: status
status: ## One line per process: name, pid, port, healthy or not (FORMAT=json for machines)
	@if [ -x $(BIN)/python ]; then $(INFRA) status --format $(FORMAT); \
	elif [ $(FORMAT) = json ]; then echo '[]'; else echo "Nothing is installed here: make up"; fi

.PHONY: env
env: ## Write .env with generated secrets, if there is none (`docker compose` needs it; `make up` does it itself)
	@PYTHONPATH=infra/src python3 -m messenger_infra.settings && echo "Settings are in .env"

.PHONY: logs
logs: ## Follow the logs (NAME=chat-1 for one process)
	@$(INFRA) logs --name "$(NAME)"

STACK ?= up
.PHONY: resync
resync: venv ## Make the replication slot anew and tell everyone where everything stands, when events were lost (docs/operations.md)
	@$(INFRA) resync --stack $(STACK)

.PHONY: demo
demo: venv ## Two demo accounts log in at the real login page and talk; needs `make up`
	@set -a && eval "$$($(INFRA) env)" && set +a && PYTHONPATH=tests/support $(BIN)/python tests/demo.py

.PHONY: load
load: venv ## Latency at 100 messages/s through the gateway, with counts of lost, doubled, reordered; needs `make up`
	@set -a && eval "$$($(INFRA) env)" && set +a && PYTHONPATH=tests/support $(BIN)/python tests/load/load.py $(ARGS)

.PHONY: bench
bench: venv ## Measure against the test servers, restarted with one process of each kind; writes docs/bench (ARGS="w1 w2 --runs 1")
	@$(INFRA) bench -- $(ARGS)

.PHONY: web
web: venv ## Build the web client alone (services/web/dist), if anything has changed
	@$(INFRA) web

## Tests

.PHONY: test
test: venv ## Everything, on servers of its own that are stopped afterwards (ARGS=… for pytest)
	@$(INFRA) test -- $(ARGS)

.PHONY: test-up
test-up: venv ## Start the test servers and leave them running, or bring them up to date
	@$(INFRA) test-up

.PHONY: test-only
test-only: venv ## Run pytest against the running test servers (ARGS="services/chat -k writer")
	@$(INFRA) test-only -- $(ARGS)

.PHONY: test-web
test-web: venv ## Run Vitest, the size budget and Playwright against the running test servers (ARGS="smoke --headed")
	@$(INFRA) test-web -- $(ARGS)

.PHONY: screens
screens: venv ## Write docs/screens/web-*.png: the web client with made-up people on the test servers, which keep running
	@$(INFRA) screens

.PHONY: visual
visual: venv ## Compare the web client with its pictures in services/web/e2e/visual (ARGS=--update renews them)
	@$(INFRA) visual -- $(ARGS)

MINUTES ?= 120
.PHONY: soak
soak: venv ## 5,000 events and 200 chats in one tab of the web client: nothing lost, no growth (MINUTES=10; takes two hours)
	@$(INFRA) soak --minutes "$(MINUTES)"

.PHONY: drill
drill: venv ## Break everything in turn, under load, on servers of its own; writes docs/reliability.md (ARGS="-k relay"; 20 minutes)
	@$(INFRA) drill -- $(ARGS)

.PHONY: test-down
test-down: venv ## Stop the test servers and remove their data
	@$(INFRA) test-down

## The code

.PHONY: lint
lint: venv ## Style, types, boundaries between packages, declared dependencies
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy $(addsuffix /src,$(MEMBERS))
	@$(BIN)/lint-imports
	@for member in $(MEMBERS); do (cd $$member && $(CURDIR)/$(BIN)/deptry src) || exit 1; done
	@$(INFRA) web-check

.PHONY: fmt
fmt: venv ## Format the code and fix what can be fixed without thinking
	@$(BIN)/ruff check --fix-only --exit-zero . && $(BIN)/ruff format .

.PHONY: lock
lock: venv ## Compile requirements.lock from all pyproject.toml files
	@infra/lock.sh

.PHONY: schema
schema: venv ## Draw docs/database_schema.png from the metadata
	@command -v dot >/dev/null || { [ "$$(id -u)" = 0 ] && sudo= || sudo=sudo; $$sudo apt-get install -y -q --no-install-recommends graphviz; }
	@$(BIN)/python docs/draw_schema.py

# CrisisDesk: `make run` starts it, `make test` checks it. Needs Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
ONLY ?=

.DEFAULT_GOAL := help
.PHONY: help install run test test-peers bench lint format messages clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/run ## Set up without starting

run: .venv/run ## Start everything and print the address (PORT=8000, DEMO=0 starts empty)
	@exec $(BIN)/python manage.py up

test: .venv/dev ## Check everything: style, types, tests, faults, a real browser
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/test.sh

test-peers: .venv/dev ## Drive the connectors against the networks' own servers (needs Node.js)
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/test_peers.sh

bench: .venv/dev ## Measure and print the figures (ONLY=name measures one)
	@exec $(BIN)/python -m bench $(ONLY)

lint: .venv/dev ## Style, types, rooms, templates, spelling, migrations
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/lint.sh

format: .venv/dev ## Bring the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: .venv/dev ## Collect the texts to translate into locale/ (needs gettext)
	$(BIN)/python manage.py makemessages -l da --no-obsolete --add-location file -i .venv -i var -i tests
	$(BIN)/python -m crisisdesk.catalogues

clean: ## Remove what was installed; var/ with its data stays
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/run: requirements.txt
	@PYTHON="$(PYTHON)" tools/install.sh requirements.txt
	@touch $@

.venv/dev: requirements.txt requirements-dev.txt
	@PYTHON="$(PYTHON)" tools/install.sh requirements-dev.txt
	@touch .venv/run $@

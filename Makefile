# Everything a developer does, on a machine with Python 3.11 or newer, git and make. `make help` lists it.

.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
FRONTEND := $(BIN)/python hatch_build.py
TWO_WORKERS := -n 2 --dist loadfile --no-loadscope-reorder

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help demo test quick soak fuzz lint format bench bench-solver bench-peers bench-plan bench-live bench-live-peers bench-pages bench-pages-peer docs pictures assets system lock wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): requirements-dev.lock pyproject.toml scripts/make-venv
	scripts/make-venv $(VENV)
	@touch $@

assets: $(INSTALLED) ## build the front end if its sources have changed
	@$(FRONTEND)

demo: assets ## run the app with a generated conference and print its addresses
	$(BIN)/callboard demo

quick: assets ## the fast tests only: no servers, no browser, no long searches
	$(BIN)/pytest -n auto -m "not slow"

test: lint system ## lint, then every test
	$(FRONTEND) run test
	$(BIN)/pytest $(TWO_WORKERS)

lint: assets ## formatting, ruff, mypy and svelte-check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(FRONTEND) run check

format: $(INSTALLED) ## format the Python code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

soak: assets system ## the reliability tests in their long form: hours
	CALLBOARD_SOAK=1 $(BIN)/pytest -n 2 tests/reliability

fuzz: assets ## random calls and files in their long form: more than 60 000 calls, then files for two hours
	CALLBOARD_SOAK=1 $(BIN)/pytest -n 2 --timeout 14400 tests/webapp/test_fuzz.py tests/webapp/test_interop_fuzz.py

bench: assets ## the measurements of benchmarks/
	$(BIN)/python -m benchmarks

bench-solver: $(INSTALLED) bench-peers ## the repair engine against its targets and its peers; with FULL=--full, all of it
	$(BIN)/python -m benchmarks.solver $(FULL)

bench-live: assets bench-live-peers ## the live feeds against their targets, beside a bare loop and other servers
	$(BIN)/python scripts/with_servers.py $(BIN)/python -m benchmarks.live --database {database} --redis {redis} $(LIVE)

bench-live-peers: $(INSTALLED)
	@test -x .venv-peers/bin/python || $(BIN)/python -m venv .venv-peers
	@.venv-peers/bin/python -c "import aiohttp, picows, uvloop, websockets" 2>/dev/null \
		|| .venv-peers/bin/pip install --quiet aiohttp==3.14.5 picows==2.3.1 uvloop==0.23.0 websockets==17.4 \
		|| echo "not all servers to compare with could be installed; they will be left out"
	@test -d .venv-peers/node/node_modules/ws || { mkdir -p .venv-peers/node && npm install --prefix .venv-peers/node \
		--no-audit --no-fund --silent ws@8; } || echo "ws for Node.js could not be installed; it will be left out"

bench-plan: $(INSTALLED) ## plans from scratch, ITC-2007 and CoSPLib beside their best, batch jobs; SECONDS=20 is short
	-$(BIN)/python -m benchmarks.plan --improve 60
	$(BIN)/python -m benchmarks.curricula --seconds $(or $(SECONDS),300)
	$(BIN)/python -m benchmarks.cosplib --seconds $(or $(SECONDS),300)
	$(BIN)/python -m benchmarks.jobs

bench-pages: assets system bench-pages-peer ## the main thread of the editor and the live view, beside EventCalendar
	$(BIN)/python -m benchmarks.pages $(PAGES)

bench-pages-peer: $(INSTALLED)
	@test -d .venv-peers/node/node_modules/@event-calendar/build || { mkdir -p .venv-peers/node && npm install \
		--prefix .venv-peers/node --no-audit --no-fund --silent @event-calendar/build@5.10.1; } \
		|| echo "EventCalendar could not be installed; it will be left out"

# The peer's libraries are not ours, so it has an environment of its own; without it, the measurements say so.
bench-peers: $(INSTALLED)
	@.venv-peers/bin/python -c "import conference_scheduler" 2>/dev/null \
		|| { $(BIN)/python -m venv .venv-peers && .venv-peers/bin/pip install --quiet conference-scheduler==3.0.1 "pulp<4"; } \
		|| echo "conference-scheduler could not be installed; it will be left out"

docs: assets ## check the links of the documentation and write docs/openapi.json
	$(BIN)/pytest tests/test_documentation.py
	$(BIN)/python scripts/write_openapi.py docs/openapi.json

pictures: assets system ## take the documentation's pictures of a running demonstration
	$(BIN)/python scripts/take_pictures.py docs/pictures

system: ## install Chromium, PostgreSQL, Redis and OpenSSL for the tests where that is possible
	@scripts/install-test-programs

LOCK := $(BIN)/pip-compile --quiet --no-strip-extras --allow-unsafe --generate-hashes --annotation-style=line --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

lock: ## write both lock files anew; with UPGRADE=--upgrade, from the newest releases
	$(LOCK) $(UPGRADE) --output-file requirements.lock pyproject.toml requirements-older.in
	$(LOCK) $(UPGRADE) --output-file requirements-dev.lock --extra dev --constraint requirements.lock \
		pyproject.toml requirements-older.in

wheel: $(INSTALLED) ## build the source distribution and the wheel into dist/
	$(BIN)/python -m build --no-isolation

clean: ## remove everything that was built
	rm -rf $(VENV) .venv-peers benchmarks/results build dist webapp/static webapp/frontend/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis

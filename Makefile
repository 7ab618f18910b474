# Two commands do everything: `make demo` and `make test`. Both set up .venv when it is not ready.
PYTHON ?= python3
REGION ?= au
BIN := .venv/bin
READY := .venv/.ready
SERVER := tests/editor/node_modules/.ready
BROWSER := .venv/.browser

# durable-rules builds on CPython 3.13 but can only be imported there with this define.
export CPPFLAGS := -DPyEval_CallObject=PyObject_CallObject $(CPPFLAGS)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What is compiled is kept, also where the machine says otherwise: tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

# The pages of docs/ that are made from the product itself; a test compares them.
docs: $(READY)
	$(BIN)/pm2xero docs --write docs/reference
	$(BIN)/pm2xero matrix > docs/support-matrix.md

.PHONY: docs demo test quick lint types unit language-server bench simulate fuzz clean

FIRM := examples/$(REGION)/organisation.yaml
MONTH := examples/$(REGION)/month.jsonl
OUT := build/demo/$(REGION)
PLACES := --org $(FIRM) --db $(OUT)/outbox.sqlite3 --sandbox $(OUT)/sandbox.sqlite3

# Exit code 1 says that documents need attention, as some of an example month must; in the end, when
# the list of what is to be done is worked off, both ledgers agree and the exit code is 0.
demo: $(READY)
	@rm -rf $(OUT) && mkdir -p $(OUT)
	@echo '$$ pm2xero render $(MONTH) --org $(FIRM) --out $(OUT)/bodies'
	@$(BIN)/pm2xero render $(MONTH) --org $(FIRM) --out $(OUT)/bodies || test $$? -eq 1
	@echo; echo '$$ pm2xero push $(MONTH) $(PLACES)'
	@$(BIN)/pm2xero push $(MONTH) $(PLACES) --locks $(OUT)/locks.json > $(OUT)/push.txt || test $$? -eq 1
	@tail -n 1 $(OUT)/push.txt
	@echo; echo '$$ pm2xero reconcile $(PLACES)'
	@$(BIN)/pm2xero reconcile $(PLACES) || test $$? -eq 1
	@$(BIN)/python -m tests.examples.demo $(REGION) $(OUT)

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests

types: $(READY)
	$(BIN)/mypy

unit: $(READY) $(SERVER) $(BROWSER)
	$(BIN)/pytest -n 2 --dist worksteal tests

# Lint, types, and the tests of what changed since BASE.
BASE ?= HEAD

quick: lint types
	@found=$$($(BIN)/python -m tests.quick --base $(BASE)); \
	    test -z "$$found" && echo "no tests belong to what changed" || $(BIN)/pytest -n 2 $$found

# What editors run, for the tests of the schemas. Without npm or a network these tests are left out and
# say so; where everything is to be tested (CI=true), npm must be able to install it.
language-server: $(SERVER)

$(SERVER): $(addprefix tests/editor/,package.json package-lock.json .npmrc)
	@! command -v npm >/dev/null || { (cd tests/editor && npm ci --loglevel=error) && touch $@; } || \
	    { echo "yaml-language-server could not be installed"; test "$$CI" != true; }

# Chromium, in which pages are tested: the system's own, where there is one. Without it these tests are
# left out and say so; where everything is to be tested (PM2XERO_BROWSER=required), Playwright must be
# able to install it.
$(BROWSER): $(READY)
	@if $(BIN)/python -m tests.support.browser > $@.found; then mv $@.found $@; else cat $@.found; \
	    test "$$PM2XERO_BROWSER" != required || { $(BIN)/playwright install chromium && touch $@; }; fi

SEEDS ?= 10000

simulate: $(READY)
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)
	$(BIN)/python -m tests.signin --seeds $(SEEDS)

ROUNDS ?= 5000

fuzz: $(READY)
	PM2XERO_FUZZ=$(ROUNDS) $(BIN)/pytest -n 2 tests/validate/test_fuzz.py tests/sandbox/test_fuzz.py

bench: $(READY) .venv/.bench
	$(BIN)/python -m tests.benchmarks validate
	$(BIN)/python -m tests.benchmarks history
	$(BIN)/python -m tests.benchmarks lists
	$(BIN)/python -m tests.benchmarks reconcile
	$(BIN)/python -m tests.benchmarks

.venv/.bench: $(READY) pyproject.toml
	$(BIN)/pip install --quiet "zen-engine>=2.1,<3"
	@touch $@

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "pm2xero needs Python 3.11 or newer; say which: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	@# The first command shall be as quick as the next: what is compiled and what validate found are kept.
	@$(BIN)/python -m compileall -q src
	@for proofs in "" --no-proofs; do $(BIN)/pm2xero validate $$proofs > /dev/null 2>&1 || true; done
	@touch $@

clean:
	rm -rf .venv build tests/editor/node_modules

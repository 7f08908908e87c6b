# Two commands matter: `make run` and `make test`. `make` alone lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:

export UV_PYTHON_DOWNLOADS := never
export SAM_CLI_TELEMETRY := 0
BIN := .venv/bin
READY := .venv/.ready
CRM ?= sandbox
# xdist workers; two cores are the least we plan for.
WORKERS ?= 2
# What test-pythons tests on; CI takes the oldest, `make test` the newest.
PYTHONS ?= 3.11 3.12 3.13
# And which tests; CI takes the unit tests.
PARTS ?= tests/unit tests/ports
CONNECTORS := layers/switchboard/switchboard/connectors/*.yaml
SAM := .local/venvs/sam/bin/sam

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

.PHONY: run
run: $(READY) ## Everything on this machine, and one contact from ring to record (ONCE=1, CRM=tryton|roundup)
	@$(BIN)/switchboard run --crm "$(CRM)" $(if $(ONCE),--once)

.PHONY: test
test: test-unit test-wired test-local test-beside test-stack ## Every test; each part can be run alone

# These mostly wait, for servers of their own on ports of their own.
.PHONY: test-beside
test-beside: $(READY) ## What mostly waits, side by side: api, jdm, vendors, peers, the local AWS
	@$(MAKE) --no-print-directory --output-sync=target -j 3 test-api test-vendors test-jdm test-peers test-local-aws

.PHONY: test-unit
test-unit: $(READY) ## Decisions over values: seconds, no network
	@$(BIN)/pytest tests/unit -n $(WORKERS) --dist worksteal -q

.PHONY: test-wired
test-wired: $(READY) ## Ports, contracts and handlers, wired for real on moto and local servers
	@$(BIN)/pytest tests/ports tests/contracts tests/integration tests/proof -n $(WORKERS) --dist worksteal -q

.PHONY: test-api
test-api: $(READY) ## A property-based tester that knows only docs/openapi.json
	@$(BIN)/pytest tests/api -q

.PHONY: test-jdm
test-jdm: $(READY) ## Our rules, exported to GoRules JDM, decided by GoRules' own engine
	@$(BIN)/pytest tests/jdm -q

.PHONY: test-local
test-local: $(READY) ## The ECS emulator and the sandbox CRM themselves
	@$(BIN)/pytest tests/local -n $(WORKERS) -q -m "not stack"

.PHONY: test-local-aws
test-local-aws: $(READY) ## The local AWS itself
	@$(BIN)/pytest tests/local -q -m stack

.PHONY: test-vendors
test-vendors: $(READY) ## Our connectors beside the vendors' own client libraries
	@$(BIN)/pytest tests/vendors -q

.PHONY: test-peers
test-peers: $(READY) ## Tryton and Roundup, real applications from the package index
	@$(BIN)/pytest tests/peers -q

.PHONY: test-stack
test-stack: $(READY) ## The whole stack: the story, faults, killed functions, pages in a browser
	@$(BIN)/pytest tests/e2e -q

.PHONY: test-pythons
test-pythons: $(READY) ## Unit tests on every supported Python that this machine has, but the one of `make test`
	@own=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
	for version in $(PYTHONS); do
	    [ $$version != $$own ] || continue
	    if ! python=$$(tools/find_python.sh $$version 2>/dev/null); then
	        echo "SKIPPED LOUDLY: Python $$version is not on this machine, nothing was tested on it"
	        continue
	    fi
	    folder=.local/venvs/unit-$$version
	    [ -x $$folder/bin/python ] || $(BIN)/uv venv -q --python $$python $$folder
	    $(BIN)/uv pip sync -q --require-hashes --python $$folder/bin/python requirements/dev.lock
	    $(BIN)/uv pip install -q --python $$folder/bin/python --no-deps --no-build-isolation -e .
	    echo "Python $$version"
	    # Not the enumeration of traces, nor the simulation: they say the same on every Python, and
	    # take their time.
	    $$folder/bin/pytest $(PARTS) -n $(WORKERS) --dist worksteal -q -p no:cacheprovider \
	        --ignore tests/unit/use_cases/test_disposition_posting_every_trace.py \
	        --ignore tests/unit/simulation
	done

.PHONY: check
check: $(READY) ## Formatting, lint, strict types, import arrows, configuration, lock files
	@$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy & types=$$!
	$(BIN)/lint-imports
	$(BIN)/switchboard rules check config/routing.yaml
	$(BIN)/switchboard lookup check config/lookup.yaml
	$(BIN)/switchboard posting check config --strict
	$(BIN)/switchboard connector check --strict $(CONNECTORS)
	$(BIN)/switchboard connector check config/ecs/*.yaml
	$(BIN)/switchboard connector docs $(CONNECTORS) --out docs/connectors --check
	$(BIN)/python -m tools.connector_schema --check
	$(BIN)/python -m tools.ruleset_schema --check
	$(BIN)/python -m tools.openapi --check
	$(BIN)/switchboard handover --config config --base-url https://switchboard.example.com --out docs/handover --check
	wait $$types
	$(BIN)/python -m bench.connector_engine --check
	$(BIN)/python -m bench.rules --check
	$(BIN)/python -m bench.replay --check
	if grep -n '://' requirements/*.lock layers/switchboard/requirements.txt; then
	    echo "a lock file names a host; lock with \`make lock\`" >&2; exit 1
	fi

.PHONY: bench
bench: $(READY) ## What rules, connectors, a start and a warm lookup cost beside a reference
	@$(BIN)/python -m bench.connector_engine
	$(BIN)/python -m bench.rules
	$(BIN)/python -m bench.replay
	$(BIN)/python -m bench.simulate
	$(BIN)/python -m bench.posting
	$(BIN)/python -m bench.cold_start
	$(BIN)/python -m bench.warm_lookup

.PHONY: proof
proof: proof-posting $(READY) ## A caller never waits, nothing is lost or doubled (run nothing beside it; SHORT=1: CI's part)
	@$(BIN)/python -m bench.hostile_lookups $(if $(SHORT),--lookups 300) --check
	if [ -n "$(SHORT)" ]; then exit 0; fi
	$(BIN)/python -m bench.contact_reader --check
	$(BIN)/python -m bench.warm_lookup --check
	$(BIN)/python -m bench.cold_start --check
	$(BIN)/python -m bench.simulate --check
	$(BIN)/python -m bench.posting --check

.PHONY: proof-posting
proof-posting: $(READY) ## Every interaction in the CRM, once: 10,000 with kills, pauses and faults (SHORT=1: a minute)
	@$(BIN)/python -m bench.posting_proof $(if $(SHORT),--short --seed 8) --check

.PHONY: handover
handover: $(READY) ## Write docs/handover/, the example of the sheet for Evolve IP
	@$(BIN)/switchboard handover --config config --base-url https://switchboard.example.com --out docs/handover

.PHONY: format
format: $(READY) ## Format the code and mend what the linter can
	@$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format .

.PHONY: logs
logs: $(READY) ## Follow the functions' log lines of a running `make run`
	@$(BIN)/switchboard logs

.PHONY: openapi
openapi: $(READY) ## Write docs/openapi.json from the code
	@$(BIN)/python -m tools.openapi

.PHONY: connector-docs
connector-docs: $(READY) ## Write docs/connectors/ and the format's JSON Schema from the files and the code
	@$(BIN)/python -m tools.connector_schema
	$(BIN)/switchboard connector docs $(CONNECTORS) --out docs/connectors

.PHONY: ruleset-schema
ruleset-schema: $(READY) ## Write docs/routing.schema.json from the reader of rulesets
	@$(BIN)/python -m tools.ruleset_schema

.PHONY: layer
layer: $(READY) ## Build the layer for Lambda (arm64) and print its size
	@python=$$(tools/find_python.sh 3.13) || { echo "the layer's bytecode needs Python 3.13" >&2; exit 1; }
	$$python layers/switchboard/build_layer.py --out .local/layer-arm64 --platform arm64

.PHONY: sam
sam: $(SAM) ## `sam validate --lint` and `sam build`
	@$(SAM) validate --lint
	if python=$$(tools/find_python.sh 3.13 2>/dev/null); then
	    PATH="$$(dirname $$python):$$PATH" $(SAM) build
	else
	    echo "SKIPPED LOUDLY: sam build needs Python 3.13, the template's runtime, and it is not here"
	    [ -z "$(NEEDED)" ] || exit 1
	fi

.PHONY: deploy
deploy: ## Build and deploy to the AWS account of your environment (STAGE=prod for the other stage)
	@$(MAKE) sam NEEDED=yes
	$(SAM) deploy --config-env "$${STAGE:-default}"

.PHONY: lock
lock: $(READY) ## Resolve every lock file again from pyproject.toml and the layer's requirements.in
	@lock="$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url"
	$$lock layers/switchboard/requirements.in -o layers/switchboard/requirements.txt
	$$lock --generate-hashes pyproject.toml --group dev -o requirements/dev.lock
	for group in bootstrap stack sam tryton roundup vendors api jdm; do
	    $$lock --generate-hashes --group $$group -o requirements/$$group.lock
	done

.PHONY: clean
clean: ## Remove everything that was built or kept here, the sandbox CRM's data included
	@rm -rf .venv .local .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info .import_linter_cache

$(READY): requirements/bootstrap.lock requirements/dev.lock pyproject.toml layers/switchboard/requirements.txt
	@python=$$(tools/find_python.sh)
	echo "setting up .venv with $$($$python --version) (once; about half a minute)"
	[ -x $(BIN)/python ] || $$python -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	echo "installing what requirements/dev.lock names"
	VIRTUAL_ENV=.venv $(BIN)/uv pip sync -q --require-hashes requirements/dev.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(SAM): requirements/sam.lock $(READY)
	@echo "setting up the SAM CLI in an environment of its own (once; it pins another boto3)"
	[ -x .local/venvs/sam/bin/python ] || $(BIN)/uv venv -q --python "$$(tools/find_python.sh)" .local/venvs/sam
	$(BIN)/uv pip sync -q --require-hashes --python .local/venvs/sam/bin/python requirements/sam.lock
	touch $@

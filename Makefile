# Every command of this project. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help dev dev-reset dev-sam test quick check check-js format bench costs screenshots mails events docs admin redrive build validate deploy undeploy invoke start-api audit requirements hooks clean
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# Otherwise each of the hundreds of processes of `make test` compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

# Any of these starts uv, which finds Python 3.13 or installs it.
PYTHONS := python3.13 python3 python /usr/bin/python3
PYTHON ?= $(shell for python in $(PYTHONS); do $$python -c $(CAN_START_UV) 2>/dev/null && { echo $$python; break; }; done)
CAN_START_UV := 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 8))'
IS_PYTHON_3 := 'import sys; sys.exit(sys.version_info < (3, 8))'
IS_PYTHON_313 := 'import sys; sys.exit(sys.version_info[:2] != (3, 13))'
RUN := .venv/bin/python -m
# `sam build` needs a python3.13 with pip on the PATH: .venv has one.
SAM := SAM_CLI_TELEMETRY=0 PATH="$(CURDIR)/.venv/bin:$$PATH" .venv-sam/bin/sam
UV := .local/uv/bin/uv
BIOME := .local/biome/node_modules/.bin/biome
COMPILE := $(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.13
# The slowest first. They run at the same time where make can keep their outputs apart.
LINTERS := check-types check-template check-style check-architecture check-js
# One more than there are processors: tests of pages and of the local cloud often wait for another process.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[36mmake %-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: .venv/.installed ## Run the whole product on this machine: site, mailbox, logs (PORT=8000)
	@exec $(RUN) local

dev-reset: .venv/.installed ## Delete the accounts of `make dev`
	@$(RUN) local reset

dev-sam: .venv/.installed .venv-sam/.installed ## Deploy into the running `make dev` with SAM CLI instead
	@$(RUN) local.sam

test: .venv/.installed .venv-sam/.installed ## Run the linters and every test that can run on this machine
	@$(MAKE) check
	@$(MAKE) .venv-clients/.installed || echo "The tests of other clients will be skipped."
	@echo "== tests"
	@$(RUN) pytest --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder -p tests.crashed_workers -p tests.sampled_coverage --cov

quick: .venv/.installed ## Run the linters and one case of each unit test of the domain, in under a minute
	@$(MAKE) check
	@echo "== unit tests of the domain, one case of each"
	@$(RUN) pytest tests/unit/accounts --quiet --numprocesses auto --dist loadscope -p tests.first_cases

check: .venv/.installed ## Run the linters: style, types, architecture, template, JavaScript
	@$(MAKE) $(if $(filter output-sync,$(.FEATURES)),--jobs --output-sync) $(LINTERS)

check-types:
	@echo "== mypy: types"
	@.venv/bin/mypy

check-template:
	@echo "== cfn-lint: template"
	@.venv/bin/cfn-lint template.yaml monitoring/template.yaml

check-style:
	@echo "== ruff: style"
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

check-architecture:
	@echo "== import-linter: architecture"
	@PYTHONPATH=layers/domain .venv/bin/lint-imports

check-js: ## Run the linter of JavaScript and CSS
	@echo "== Biome: JavaScript and CSS"
	@$(call with-npm,$(BIOME) check --error-on-warnings .)

format: .venv/.installed ## Format the code and fix what the linters can fix
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .
	@$(call with-npm,$(BIOME) check --write .)

bench: .venv/.installed ## Measure cold starts, CPU per request and login
	@$(RUN) benchmarks

costs: .venv/.installed ## Compute what stories and an idle stack cost, and update docs/deploy.md
	@$(RUN) benchmarks.costs

screenshots: .venv/.installed ## Take pictures of every page in every state, phone and desktop, light and dark, into .local/screenshots
	@PYTHONPATH=layers/domain $(RUN) tests.browser.screenshots

mails: .venv/.installed ## Write every email as people get it into .local/mails
	@$(RUN) scripts.mails

events: .venv/.installed ## Write the table of docs/events.md, after a change in accounts.events
	@PYTHONPATH=layers/domain $(RUN) scripts.event_list

docs: .venv/.installed ## Write docs/openapi.yaml, what the service serves of it, and docs/api.md, after a change of routes, structs or errors
	@PYTHONPATH=layers/domain $(RUN) scripts.openapi

admin: .venv/.installed ## Help an owner, end a leak, rotate a secret: DO='show ann@example.com', on `make dev` or STACK=comfy-accounts
	@$(RUN) scripts.admin $(foreach word,$(value DO),'$(subst ','\'',$(word))')

redrive: .venv/.installed ## Send the emails that failed, of `make dev` or STACK=comfy-accounts in your AWS profile
	@$(RUN) scripts.redrive

build: .venv/.installed .venv-sam/.installed ## Build what is deployed into AWS, in .aws-sam/build
	@$(SAM) build

validate: .venv-sam/.installed ## Check the templates with SAM CLI
	@$(SAM) validate --lint
	@$(SAM) validate --lint --template monitoring/template.yaml

deploy: .venv/.installed .venv-sam/.installed ## Build, check and deploy into your AWS account: PROFILE=dev or prod of samconfig.toml
	@PYTHONPATH=layers/domain $(RUN) scripts.deploy

undeploy: .venv/.installed ## Remove that stack and list what stays
	@PYTHONPATH=layers/domain $(RUN) scripts.undeploy

invoke: .venv/.installed .venv-sam/.installed ## Run one function in Docker, on the running `make dev`: FUNCTION=login; without it, list them
	@PYTHONPATH=layers/domain $(RUN) scripts.sam_local invoke $(FUNCTION)

start-api: .venv/.installed .venv-sam/.installed ## Run the site in Docker with SAM CLI at http://localhost:3000, on the running `make dev`
	@PYTHONPATH=layers/domain exec $(RUN) scripts.sam_local start-api

audit: .venv/.installed ## List known vulnerabilities of the pinned packages; fails when one could not be looked up
	@for pins in requirements/*.txt; do echo "== $$pins"; .venv/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r $$pins || exit 1; done

requirements: $(UV) ## Compile the pins from pyproject.toml (UPGRADE=1 takes newer versions)
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements/runtime.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --extra dev pyproject.toml -o requirements/dev.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --extra sam pyproject.toml -o requirements/sam.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) requirements/install.in -o requirements/install.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) requirements/clients.in -o requirements/clients.txt
	@mkdir -p layers/dependencies && cp requirements/runtime.txt layers/dependencies/requirements.txt

hooks: .venv/.installed ## Run the linters on each commit
	@.venv/bin/pre-commit install

clean: ## Delete what was installed and built; the accounts of `make dev` stay
	rm -rf .venv .venv-sam .venv-clients .local/uv .local/biome .local/layers .local/sam .aws-sam .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# --- installation -------------------------------------------------------------------------------------------------

define GET_PYTHON
	echo "Install it: pyenv install 3.13 | brew install python@3.13 | apt install python3.13-venv | https://www.python.org/downloads/"; \
	echo "Or name it: make PYTHON=/path/to/python3.13 ..."; exit 1
endef

# uv installs in seconds what takes pip minutes. It has a folder of its own, so that `sync` does not remove it.
$(UV): requirements/install.txt
	@$(or $(PYTHON),false) -c $(CAN_START_UV) 2>/dev/null || { \
		for python in $(or $(PYTHON),$(PYTHONS)); do $$python -c $(IS_PYTHON_3) 2>/dev/null && { \
			echo "$$python lacks its venv module: apt install python3-venv"; exit 1; }; done; \
		echo "This needs Python 3.13, or another Python 3 to install 3.13."; \
		$(GET_PYTHON); }
	@echo "Installing uv, which installs everything else"
	@$(PYTHON) -m venv --clear .local/uv
	@.local/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/install.txt
	@touch $@

.venv/.installed: requirements/dev.txt $(UV)
	@$(call install,.venv,$<)

.venv-sam/.installed: requirements/sam.txt $(UV)
	@$(call install,.venv-sam,$<)

# The programs of others that the tests run.
.venv-clients/.installed: requirements/clients.txt $(UV)
	@$(call install,.venv-clients,$<)

# $(call install,<environment>,<pins>): make the environment hold the pinned packages and no others.
define install
	echo "Installing $(2) into $(1)"; \
	test -x $(1)/bin/python || { $(call create,$(1)); }; \
	$(UV) pip sync --quiet --require-hashes --python $(1)/bin/python $(2) && touch $(1)/.installed
endef

# $(call create,<environment>): with PYTHON if that is 3.13, else with the 3.13 that uv finds or installs.
define create
	python=$(or $(PYTHON),false); $$python -c $(IS_PYTHON_313) 2>/dev/null || python=3.13; \
	$(UV) python find --quiet --no-python-downloads $$python >/dev/null 2>&1 || \
		echo "Python 3.13 is not on this machine: uv downloads it into $$($(UV) python dir)"; \
	$(UV) venv --quiet --clear --no-project --python $$python $(1) || { \
		echo "uv could not install Python 3.13."; $(GET_PYTHON); }
endef

# Copied, because npm installs beside the lock file.
$(BIOME): requirements/biome/package-lock.json
	@echo "Installing Biome into .local/biome"
	@mkdir -p .local/biome && cp requirements/biome/package.json requirements/biome/package-lock.json .local/biome
	@npm ci --silent --no-audit --no-fund --ignore-scripts --prefix .local/biome
	@touch $@

# $(call with-npm,<command>): run it with Biome installed; without npm, skip it, or fail in CI.
define with-npm
	if command -v npm >/dev/null; then $(MAKE) --silent $(BIOME) && $(1); \
	elif [ "$$CI" = true ]; then echo "CI must have npm, which installs Biome."; exit 1; \
	else echo "Skipped: Biome needs npm (https://nodejs.org/en/download)."; fi
endef

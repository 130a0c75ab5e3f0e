# Everything a person runs here. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help dev dev-reset dev-sam test check format bench screenshots mails dashboard dashboard-preview admin redrive build validate deploy undeploy invoke start-api audit requirements hooks clean
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.13 || command -v python3 || echo python3)
RUN := .venv/bin/python -m
# `sam build` looks on the PATH for a python3.13 with pip: .venv has one.
SAM := SAM_CLI_TELEMETRY=0 PATH="$(CURDIR)/.venv/bin:$$PATH" .venv-sam/bin/sam
UV := .local/uv/bin/uv
COMPILE := $(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.13
FUNCTION ?= login
DOCKER = docker info >/dev/null 2>&1 || { echo "SAM CLI runs functions in Docker: install and start it (https://docs.docker.com/get-docker/). Without Docker, use make dev."; exit 1; }
# The credentials are those of the emulated AWS; on Linux a container finds this machine's loopback by sharing it.
EMULATED := AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
SAM_LOCAL = $$(cat .local/env-vars/arguments)

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[36mmake %-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: .venv/.installed ## The whole product on this machine: site, mailbox, logs (PORT=8000)
	@exec $(RUN) local

dev-reset: .venv/.installed ## Forget the accounts of `make dev`
	@$(RUN) local reset

dev-sam: .venv/.installed .venv-sam/.installed ## Deploy into the running `make dev` with SAM CLI instead
	@$(RUN) local.sam

test: .venv/.installed .venv-sam/.installed ## Everything that can be checked on this machine
	@$(MAKE) check
	@echo "== tests"
	@$(RUN) pytest --numprocesses auto --dist loadscope --no-loadscope-reorder

check: .venv/.installed ## The linters: style, types, architecture, template
	@echo "== ruff: style"
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@echo "== mypy: types"
	@.venv/bin/mypy
	@echo "== import-linter: architecture"
	@PYTHONPATH=layers/domain .venv/bin/lint-imports
	@echo "== cfn-lint: template"
	@.venv/bin/cfn-lint template.yaml

format: .venv/.installed ## Put the code into its style
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

bench: .venv/.installed ## Performance figures: cold start, CPU a request, login
	@$(RUN) benchmarks

screenshots: .venv/.installed ## Pictures of every page in every state, phone and desktop, light and dark, in .local/screenshots
	@$(RUN) tests.browser.screenshots

mails: .venv/.installed ## Every mail as people get it, in .local/mails, to be looked at
	@$(RUN) scripts.mails

dashboard: .venv/.installed ## Write dashboard, alarms over functions and list of events anew, after a change in watching/ or a new function
	@PYTHONPATH=layers/domain $(RUN) watching.section

dashboard-preview: .venv/.installed ## The dashboard with half a day of made-up people in it, as a picture in .local
	@PYTHONPATH=layers/domain $(RUN) tests.local.preview

admin: .venv/.installed ## Help a person, end a leak, rotate a secret: DO='show ann@example.com', of `make dev` or STACK=comfy-accounts
	@$(RUN) scripts.admin $(foreach word,$(value DO),'$(subst ','\'',$(word))')

redrive: .venv/.installed ## Send on the mail that failed: of `make dev`, or STACK=comfy-accounts of your AWS profile
	@$(RUN) scripts.redrive

build: .venv/.installed .venv-sam/.installed ## What is deployed into AWS, in .aws-sam/build
	@$(SAM) build

validate: .venv-sam/.installed ## The template, as SAM CLI sees it
	@$(SAM) validate --lint

deploy: .venv/.installed .venv-sam/.installed ## Build, check and deploy into your AWS account: PROFILE=dev or prod of samconfig.toml
	@PYTHONPATH=layers/domain $(RUN) scripts.deploy

undeploy: .venv/.installed ## Remove that stack again; says what stays
	@PYTHONPATH=layers/domain $(RUN) scripts.undeploy

invoke: .venv/.installed .venv-sam/.installed ## One function with its sample event, in Docker, on the running `make dev`: FUNCTION=login
	@$(DOCKER)
	@$(RUN) scripts.env_vars $(FUNCTION)
	@$(SAM) build
	@$(EMULATED) $(SAM) local invoke "$$(echo $(FUNCTION) | awk -F_ '{for (i = 1; i <= NF; i++) printf "%s", toupper(substr($$i, 1, 1)) substr($$i, 2)}')Function" --event events/$(FUNCTION).json --env-vars .local/env-vars/invoke.json $(SAM_LOCAL)

start-api: .venv/.installed .venv-sam/.installed ## The site in Docker as SAM CLI runs it, at http://127.0.0.1:3000, on the running `make dev`
	@$(DOCKER)
	@$(RUN) scripts.env_vars
	@$(SAM) build
	@$(EMULATED) $(SAM) local start-api --port 3000 --warm-containers LAZY --env-vars .local/env-vars/start-api.json $(SAM_LOCAL)

audit: .venv/.installed ## Known vulnerabilities in what is pinned
	@for pins in requirements/*.txt; do echo "== $$pins"; .venv/bin/pip-audit --disable-pip --require-hashes --progress-spinner off -r $$pins || exit 1; done

requirements: $(UV) ## Compile the pins from pyproject.toml anew (UPGRADE=1 takes newer versions)
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements/runtime.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --extra dev pyproject.toml -o requirements/dev.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --extra sam pyproject.toml -o requirements/sam.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) requirements/install.in -o requirements/install.txt
	@mkdir -p layers/dependencies && cp requirements/runtime.txt layers/dependencies/requirements.txt

hooks: .venv/.installed ## Check each commit as it is made
	@.venv/bin/pre-commit install

clean: ## Delete what was installed and built; the accounts of `make dev` stay
	rm -rf .venv .venv-sam .local/uv .aws-sam .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# --- what the above stands on -------------------------------------------------------------------------------------

# uv installs in seconds what takes pip minutes. It has a folder of its own, so that `sync` does not remove it.
$(UV): requirements/install.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { \
		echo "This needs Python 3.13, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || echo missing)."; \
		echo "Install it: pyenv install 3.13 | brew install python@3.13 | apt install python3.13-venv | https://www.python.org/downloads/"; \
		echo "Or name it: make PYTHON=/path/to/python3.13 ..."; exit 1; }
	@echo "Installing uv, which installs everything else"
	@$(PYTHON) -m venv --clear .local/uv || { echo "Python's venv module is missing: apt install python3.13-venv"; exit 1; }
	@.local/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/install.txt
	@touch $@

.venv/.installed: requirements/dev.txt $(UV)
	@$(call install,.venv,$<)

.venv-sam/.installed: requirements/sam.txt $(UV)
	@$(call install,.venv-sam,$<)

# $(call install,<environment>,<pins>): make the environment hold what is pinned and nothing else.
define install
	echo "Installing $(2) into $(1)"; \
	test -x $(1)/bin/python || $(PYTHON) -m venv --without-pip $(1); \
	$(UV) pip sync --quiet --require-hashes --python $(1)/bin/python $(2) && touch $(1)/.installed
endef

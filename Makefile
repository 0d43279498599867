# The two commands of the README. Each makes .venv and installs the package on
# its first call, and again only when the package's metadata has changed.

PYTHON ?= python3
VENV ?= .venv
TEST_EXTRAS ?= test
ARGS ?=
# Two processes, each of which runs whole files: their fixtures are made once.
WORKERS ?= 2

comma := ,
bin := $(VENV)/bin
metadata := setup.cfg pyproject.toml

.PHONY: help train test torture lint docs clean

help:
	@echo 'make train [ARGS="--flag=value ..."]     train and evaluate SACT on the default data set'
	@echo 'make test  [ARGS="pytest arguments"]     check the style and run the tests'
	@echo 'make torture                             kill, damage and starve the programs, for an hour or so'
	@echo 'make lint                                check the style alone'
	@echo 'make docs                                write the API reference to build/api'
	@echo 'make clean                               remove $(VENV)'
	@echo 'WORKERS=4 runs the tests in four processes rather than in two.'
	@echo 'PYTHON=python3.11 chooses the interpreter that $(VENV) is made with.'

train: $(VENV)/.installed
	$(bin)/python main.py --model_type=sact --tau=0.01 $(ARGS)

test: lint
	$(bin)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile $(ARGS)

# One after the other: the times of kills are drawn from how long a program takes.
torture: $(VENV)/.installed-$(subst $(comma),-,$(TEST_EXTRAS))
	$(bin)/python -m pytest -m torture $(ARGS)

lint: $(VENV)/.installed-$(subst $(comma),-,$(TEST_EXTRAS))
	$(bin)/python -m ruff check .
	$(bin)/python -m ruff format --check .

docs: TEST_EXTRAS = docs
docs: $(VENV)/.installed-docs
	$(bin)/python docs/build_reference.py --output_dir=build/api

clean:
	rm -rf $(VENV)

# The environment is made in the stamps' own recipes: a creation that failed
# half-way (no ensurepip, a full disk) is then made good by the next call.
define install
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "sact_keras needs Python 3.11 or newer. Received: $(PYTHON) is Python " + sys.version.split()[0] + " (choose another with PYTHON=python3.11)")'
	$(PYTHON) -m venv $(VENV)
	$(bin)/python -m pip install --editable '$(1)'
	@touch $@
endef

$(VENV)/.installed: $(metadata)
	$(call install,.)

$(VENV)/.installed-%: $(metadata)
	$(call install,.[$(TEST_EXTRAS)])

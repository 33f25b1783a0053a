# Two commands do everything: `make run` and `make test`. Both create .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: test check format lock clean

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

test: $(READY)  ## all tests but the long ones
	$(BIN)/python -m pytest

check: $(READY)  ## format, lint, types, walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## renew requirements.lock from pyproject.toml
	$(BIN)/pip install --upgrade torch==2.13.0 -e '.[offline,highlight,dev]'
	(echo "# Exact versions of everything, for Python 3.11 to 3.13. Renew with: make lock"; \
	 $(BIN)/pip freeze --exclude-editable | sed 's/+cpu//') > requirements.lock

clean:
	rm -rf $(VENV)

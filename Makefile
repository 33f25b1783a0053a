# Two commands do everything: `make run` and `make test`. Both create .venv first.
.DELETE_ON_ERROR:
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run quickstart test check coverage drills bench speedrun docs format lock clean

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

# Motion that shows itself well in minutes: twenty actions, made on the spot.
QUICKSTART_ACTIONS := walk,run,jump,wave,bow,clap,kick,punch,squat,sit_down,jumping_jack,cartwheel,dance,march,raise_hand,spin,throw,lunge,cheer,pick_up
data/quickstart.pt: | $(READY)
	@$(BIN)/stickgen data synth -n 2400 --actions $(QUICKSTART_ACTIONS) -o $@
	@$(BIN)/stickgen data embed $@ --encoder offline

# Two processes with a thread each train so small a model half as fast again as one process with two threads.
QUICKSTART_PROCESSES := $(shell [ $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) -ge 2 ] && echo 2 || echo 1)

run: $(READY) data/quickstart.pt  ## the app; without a terminal a headless training run of some minutes
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/stickgen-tui --config configs/quickstart.yaml; else $(MAKE) --no-print-directory quickstart; fi

quickstart: $(READY) data/quickstart.pt  ## train configs/quickstart.yaml and draw what it learned
	@$(BIN)/stickgen train --config configs/quickstart.yaml --nproc $(QUICKSTART_PROCESSES)
	@$(BIN)/stickgen generate latest "a person walks forward" "a person waves with the right hand" \
	  "a person does jumping jacks" "a person turns a cartwheel" "a person sits down on a chair" \
	  "a person kicks with the left leg" -o quickstart.gif --force

test: check  ## format, lint, types, walls, and all tests but the long ones
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m "not drill and not alone"
	$(BIN)/python -m pytest -m "alone and not drill" $$(grep -rl --include='test_*.py' 'mark\.alone' tests)

coverage: $(READY)  ## the tests again, slower, with the share of lines that they run; fails below the floor
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m "not drill and not alone" --cov --cov-report=term:skip-covered

drills: $(READY)  ## faults: killed processes, full disks, torn files; STICKGEN_KILLS=200 kills as often
	$(BIN)/python -m pytest -m drill
	$(BIN)/python -m pytest -m "hypothesis and not drill" --hypothesis-profile thorough

bench: $(READY)  ## this engine against the same training written the ordinary way, some ten minutes
	$(BIN)/python benchmarks/engine_speed.py

speedrun: $(READY) data/quickstart.pt  ## CPU seconds from nothing to motion that obeys its text; docs/speedrun.md
	$(BIN)/python benchmarks/speedrun.py --config configs/quickstart.yaml --seeds 1

check: $(READY)  ## format, lint, types, walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy stickgen stickgen_tui tests
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)  ## the reference pages, and the screenshots of the newest run in runs/
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/screenshots.py --config configs/quickstart.yaml

lock: $(READY)  ## renew requirements.lock from pyproject.toml
	$(BIN)/pip install --upgrade torch==2.13.0 -e '.[offline,onnx,parquet,tensorboard,dev]'
	(echo "# Exact versions of everything, for Python 3.11 to 3.13. Renew with: make lock"; \
	 $(BIN)/pip freeze --exclude-editable | sed 's/+cpu//') > requirements.lock

clean:
	rm -rf $(VENV)

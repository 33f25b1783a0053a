"""What a run would need on this machine: the planner's answers for an assistant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stickgen.config.key import Value
from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.datasets.facts import read_dataset_facts
from stickgen.errors import StickgenError
from stickgen.hardware.machine import local_machine_fast
from stickgen.json_values import json_value
from stickgen.mcp.inside import run_inside
from stickgen.planner.advising.fitting import fit
from stickgen.planner.estimate import estimate as estimate_of
from stickgen.planner.measured.calibration import calibration_of
from stickgen.runs.resuming import find_dataset


def estimate(root: Path, preset: str, run: str, changes: Mapping[str, Value]) -> dict[str, Any]:
    """Memory, time and disk of a preset's or a run's config with `changes`. Raises StickgenError if it is none."""
    if bool(preset) == bool(run):
        raise StickgenError("name a preset or a run, and not both")
    facts = None
    if run:
        found = run_inside(root, run)
        if not changes:
            config = found.config()
        elif found.config_bytes:  # refuses a link, which would lead out of the run
            config = TrainingConfig(str(found.config_path), dict(changes))
        facts = read_dataset_facts(find_dataset(found) or "")
    else:
        config = TrainingConfig(str(preset_path(preset)), dict(changes))
    machine = local_machine_fast()
    answer = estimate_of(config, machine, facts, calibration=calibration_of(machine))
    return _plain(answer.to_json())


def recommend() -> dict[str, Any]:
    """The config for this machine and its estimate."""
    machine = local_machine_fast()
    told = fit(machine, None, calibration=calibration_of(machine)).to_json()
    return _plain({name: told[name] for name in ("tier", "preset", "reasons", "recommended")})


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    value = json_value(facts)
    assert isinstance(value, dict)
    return value

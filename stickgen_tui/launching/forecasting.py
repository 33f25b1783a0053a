"""What a config would cost here. The world is looked at in a worker, now and then; the arithmetic is instant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.config.settings import Edit, Settings
    from stickgen.datasets.facts import DatasetFacts
    from stickgen.hardware.machine import Machine
    from stickgen.planner.estimate import Estimate
    from stickgen.planner.measured.calibration import Calibration


@dataclass(frozen=True)
class Surroundings:
    """What a forecast needs to know beside the config, as it was a moment ago."""

    machine: Machine
    calibration: Calibration  # what was measured on this machine
    dataset: Path
    facts: DatasetFacts | None
    disk_free_bytes: int | None


def look_around(config: TrainingConfig, root: Path | None) -> Surroundings:
    """This machine, the config's dataset, the disk that runs are written to. Reads files: run it in a worker."""
    from stickgen.config.chosen_dataset import dataset_path
    from stickgen.datasets.facts import read_dataset_facts
    from stickgen.hardware.machine import local_machine_fast
    from stickgen.planner.budget import free_disk_bytes
    from stickgen.planner.measured.calibration import calibration_of
    from stickgen.runs.store import runs_root

    dataset = dataset_path(config.get)
    machine = local_machine_fast()
    facts = read_dataset_facts(dataset)
    free = free_disk_bytes(root or runs_root())
    return Surroundings(machine, calibration_of(machine), dataset, facts, free)


def forecast(config: TrainingConfig, around: Surroundings, edit: Edit | None = None) -> Estimate:
    """The forecast of `config`, with one value changed where there is an `edit`; some tenths of a millisecond."""
    from stickgen.config.schema import KEY_BY_PATH
    from stickgen.planner.estimate import estimate

    settings: Settings = config
    if edit is not None and edit[0] in KEY_BY_PATH:  # a person's own keys cost nothing
        settings = config.replace([edit])
    return estimate(
        settings,
        around.machine,
        around.facts,
        disk_free_bytes=around.disk_free_bytes,
        calibration=around.calibration,
    )

"""The dataset of a run, opened for a launch, with what the run notes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stickgen.config.loading import TrainingConfig
from stickgen.datasets.facts import dataset_digest, dataset_doubts
from stickgen.errors import StickgenError
from stickgen.runs.resuming import dataset_difference, find_dataset, prepare, record_of
from stickgen.runs.store import Run
from stickgen.train.batching.clips import Clips, open_clips


@dataclass(frozen=True)
class RunDataset:
    """A run's clips, and the dataset they come from."""

    clips: Clips
    record: dict[str, Any]  # its digest and facts, as run.json and checkpoints keep them
    doubts: tuple[str, ...]  # what looks wrong in it


def open_run_dataset(run: Run, config: TrainingConfig) -> RunDataset:
    """Open the dataset of `run`. Raises StickgenError if it is missing or not the one the run was trained on."""
    path = find_dataset(run)
    if path is None:
        prepare(run)  # raises, and says how to name the dataset
    clips = open_clips(str(path), config)
    facts = clips.file.facts()
    if difference := dataset_difference(run, clips.file.path, facts):
        raise StickgenError(difference)
    record = record_of(facts, dataset_digest(clips.file.path))
    return RunDataset(clips, record, tuple(dataset_doubts(clips.file.path, facts)))

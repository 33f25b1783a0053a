"""What is known of a dataset without opening it: a small JSON file beside it, for whoever must not load torch."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen.atomic import write_text

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig


@dataclass(frozen=True)
class DatasetFacts:
    """Counts and names. `mean_frames` counts a clip as at most 250 frames, as training does.

    The train and validation counts are those of the dataset's own split, or, where it names none, of the
    default `training.val_fraction`.
    """

    clips: int
    frames: int
    mean_frames: float
    longest_frames: int
    clips_train: int
    clips_val: int
    frames_train: int
    texts: int
    embedding_dim: int | None  # None before `data embed`
    encoder: str | None
    sources: tuple[str, ...]
    licences: tuple[str, ...]
    fingerprint: str


def dataset_path(config: TrainingConfig, flag: str | None = None) -> Path:
    """The dataset that a run trains on: a flag wins over TRAIN_DATA_PATH, the variable over the config."""
    return Path(flag or os.environ.get("TRAIN_DATA_PATH") or config.data["train_data"]).absolute()


def facts_path(dataset: Path) -> Path:
    """`data/real.pt` → `data/real.pt.json`."""
    return dataset.with_name(dataset.name + ".json")


def write_dataset_facts(dataset: Path, facts: DatasetFacts) -> None:
    """Write the facts of a dataset beside it; they hold as long as its size and time stay what they are."""
    status = dataset.stat()
    stamp = {"file_size": status.st_size, "file_mtime_ns": status.st_mtime_ns}
    write_text(facts_path(dataset), json.dumps({**asdict(facts), **stamp}, indent=1))


def read_dataset_facts(dataset: str | Path) -> DatasetFacts | None:
    """The facts beside a dataset; None where there are none, or they tell of an older or foreign file."""
    dataset = Path(dataset)
    try:
        status = dataset.stat()
        found = json.loads(facts_path(dataset).read_bytes())
        if (found.pop("file_size"), found.pop("file_mtime_ns")) != (status.st_size, status.st_mtime_ns):
            return None
        found["sources"], found["licences"] = tuple(found["sources"]), tuple(found["licences"])
        return DatasetFacts(**found)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None

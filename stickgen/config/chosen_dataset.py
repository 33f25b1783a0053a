"""Which dataset a config trains on. The commands, the editor, the planner and the trainer all ask here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

_KEY_OF_STAGE = {"pretrain": "data.curated_pretrain_data", "sft": "data.curated_sft_data"}


def dataset_key(value: Callable[[str], object]) -> str:
    """The key that names the dataset, which depends on `training.stage`; `value` looks up a dotted path."""
    return _KEY_OF_STAGE.get(str(value("training.stage")), "data.train_data")


def dataset_path(value: Callable[[str], object], flag: str | None = None) -> Path:
    """The dataset of a config whose values `value` looks up by dotted path, such as `TrainingConfig.get`.

    `flag` wins over the variable TRAIN_DATA_PATH, and the variable over the config.
    """
    return Path(flag or os.environ.get("TRAIN_DATA_PATH") or str(value(dataset_key(value)))).absolute()

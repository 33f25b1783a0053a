"""Which dataset a config trains on: one answer, below a flag and the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickgen.config.chosen_dataset import dataset_key, dataset_path
from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path


@pytest.mark.parametrize(
    ("stage", "key"),
    [
        ("", "data.train_data"),
        ("pretrain", "data.curated_pretrain_data"),
        ("sft", "data.curated_sft_data"),
    ],
)
def test_a_stage_chooses_the_dataset_below_flag_and_variable(
    stage: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainingConfig(preset_path("small"), {"training.stage": stage})
    assert dataset_key(config.get) == key
    assert dataset_path(config.get) == Path(config.get(key)).absolute()
    assert dataset_path(config.get, "flag.pt") == Path("flag.pt").absolute()
    monkeypatch.setenv("TRAIN_DATA_PATH", "/variable.pt")
    assert dataset_path(config.get) == Path("/variable.pt")
    assert dataset_path(config.get, "flag.pt") == Path("flag.pt").absolute()


def test_a_stage_that_is_no_stage_is_for_the_schema_to_refuse() -> None:
    values: dict[str, object] = {"training.stage": ["sft"], "data.train_data": "d.pt"}
    assert dataset_path(values.__getitem__) == Path("d.pt").absolute()

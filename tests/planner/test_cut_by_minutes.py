"""What `training.max_minutes` cuts short is said and not taken for a faster run; a GPU that is not there has no memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from laptop import FACTS, LAPTOP

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.planner.advising.advice import advise
from stickgen.planner.budget import check_budget
from stickgen.planner.estimate import estimate


def minutes(limit: float) -> TrainingConfig:
    return TrainingConfig(preset_path("quickstart"), {"training.max_minutes": limit, "device.type": "cpu"})


def test_more_epochs_come_with_the_minutes_that_they_need() -> None:
    free = TrainingConfig(preset_path("quickstart"), {"training.max_minutes": 0.0, "device.type": "cpu"})
    whole = estimate(free, LAPTOP, FACTS)
    assert whole.last_epoch is None and whole.seconds_total is not None
    limit = round(1.2 * whole.seconds_total.value / 60, 2)
    config = minutes(limit)
    (more,) = (a for a in advise(config, LAPTOP, FACTS, "quality") if a.path == "training.epochs")
    assert dict(more.edits)["training.epochs"] == 200
    assert float(dict(more.edits)["training.max_minutes"]) > 1.9 * limit
    assert more.after.last_epoch is None and "100% more time" in more.effect
    (unlimited,) = (a for a in advise(free, LAPTOP, FACTS, "quality") if a.path == "training.epochs")
    assert dict(unlimited.edits) == {"training.epochs": 200}


def test_a_launch_that_is_cut_says_at_which_epoch() -> None:
    free = TrainingConfig(preset_path("quickstart"), {"training.max_minutes": 0.0, "device.type": "cpu"})
    seconds = estimate(free, LAPTOP, FACTS).seconds_total
    assert seconds is not None
    cut = minutes(seconds.value / 120)
    epoch = estimate(cut, LAPTOP, FACTS).last_epoch
    assert epoch is not None and abs(epoch - free.training.epochs / 2) < 1
    wider = [a for a in advise(cut, LAPTOP, FACTS, "quality") if a.path == "model.d_model"]
    assert "and training.max_minutes ends it at about epoch" in wider[0].effect


def test_a_gpu_that_is_not_there_is_not_full(tmp_path: Path) -> None:
    config = TrainingConfig(preset_path("medium"), {"device.type": "cuda"})
    for machine in (LAPTOP, replace(LAPTOP, torch_version="2.13.0")):
        budget = check_budget(config, machine, FACTS, tmp_path)
        assert not [text for text in (*budget.refusals, *budget.warnings) if "memory" in text]

"""The screens tell the truth about a learning rate whose schedule ends with the time of a launch."""

from __future__ import annotations

from pathlib import Path

import pytest
from laptop import FACTS, LAPTOP

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.planner.decisions.schedule import scheduled_rate
from stickgen.planner.estimate import estimate
from stickgen.record_log import RecordWriter
from stickgen.runs.store import create_run
from stickgen_tui.screens.live_keys import LiveKeysScreen, Present
from stickgen_tui.widgets.forecast_line import forecast_content


def config(minutes: float, until: str = "max_minutes") -> TrainingConfig:
    edits = {"training.max_minutes": minutes, "training.schedule_until": until, "device.type": "cpu"}
    return TrainingConfig(preset_path("quickstart"), edits)  # type: ignore[arg-type]


def test_the_live_keys_reckon_from_the_share_that_is_over(tmp_path: Path) -> None:
    run = create_run(config(10.0), root=tmp_path, data_path="clips.pt")
    run.update_identity(steps_per_epoch=10)
    writer = RecordWriter(run.metrics_path)
    writer.write({"kind": "train", "time": 1.0, "step": 6, "epoch": 0.6, "loss": 1.0, "schedule_share": 0.5})
    writer.close()
    now = Present.of(run)
    assert now.share == 0.5
    said = LiveKeysScreen(run, now)._next_rate(now.config.changed({"training.schedule_until": "epochs"}))
    was, is_ = scheduled_rate(now.config, now.step, 10, 0.5), scheduled_rate(now.config, now.step, 10)
    assert f"{was:.3g} → {is_:.3g}" in said and was != pytest.approx(is_)


def test_the_forecast_says_where_a_limit_ends_the_launch() -> None:
    free = estimate(config(0.0), LAPTOP, FACTS)
    assert "ends at epoch" not in forecast_content(free).plain and free.seconds_total is not None
    half = free.seconds_total.value / 120
    assert "schedule at 100%" in forecast_content(estimate(config(half), LAPTOP, FACTS)).plain
    assert "schedule at 50%" in forecast_content(estimate(config(half, "epochs"), LAPTOP, FACTS)).plain

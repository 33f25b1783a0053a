"""The learning rate comes down by the end of a launch's budget, never goes back up, and follows the steps elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from laptop import FACTS, LAPTOP

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.planner.decisions.schedule import scheduled_rate, share_by_steps
from stickgen.planner.estimate import estimate
from stickgen.record_log import RecordReader
from stickgen.run_contract import Field
from stickgen.runs.steering import schedule_share
from stickgen.runs.store import Run, create_run
from stickgen.train import between_steps
from stickgen.train import launch as launch_module
from stickgen.train.checkpoints.checkpoint import newest_checkpoint
from stickgen.train.loop import Trainer
from stickgen.train.optim import schedule_clock
from stickgen.train.optim.schedule_clock import LaunchEnd, ScheduleClock

torch.set_num_threads(1)
SMALL = {
    "model.embedding_dim": 16, "model.d_model": 16, "model.nhead": 2, "model.num_layers": 1,
    "training.batch_size": 18, "training.grad_accum_steps": 1, "training.epochs": 30, "training.warmup_epochs": 2,
    "training.compile": "never", "diffusion.sampling_steps": 1, "training.min_lr_ratio": 0.0,
    "evaluation.every_minutes": 0.0, "logging.sample_minutes": 0.0, "logging.log_interval": 1,
    "logging.save_interval": 30,
}  # fmt: skip
TOTAL = 100


def settings(until: str = "max_minutes", /, **more: Any) -> TrainingConfig:
    return TrainingConfig(preset_path("quickstart"), {"training.schedule_until": until, **more})


def walk(clock: ScheduleClock, end: LaunchEnd, steps: range, seconds_per_step: float, reached: float = 0.0,
         until: str = "max_minutes", start: float = 0.0) -> list[float]:  # fmt: skip
    shares = []
    for step in steps:
        reached = clock.share(
            settings(until), end, step, reached, start + seconds_per_step * (step - steps[0])
        )
        shares.append(reached)
    return shares


def test_a_limit_that_does_not_end_the_launch_changes_no_rate() -> None:
    shares = walk(ScheduleClock(), LaunchEnd(TOTAL, TOTAL, 200.0), range(1, TOTAL), 1.0)
    assert set(shares) == {0.0}
    config = settings()
    for step in (0, 7, 99):
        assert scheduled_rate(config, step, 3, 0.0) == scheduled_rate(settings("epochs"), step, 3)


def test_the_schedule_ends_when_the_time_does() -> None:
    shares = walk(ScheduleClock(), LaunchEnd(TOTAL, TOTAL, 20.0), range(1, 22), 1.0)
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert shares[10] == pytest.approx(0.5, abs=0.03)
    config = settings(**{"training.epochs": TOTAL, "training.warmup_epochs": 10})
    rates = [scheduled_rate(config, 1 + at, 1, share) for at, share in enumerate(shares)]
    least = config.training.learning_rate * config.training.min_lr_ratio
    assert rates[-1] == pytest.approx(least)
    assert max(rates) == pytest.approx(config.training.learning_rate, rel=0.05)
    peak = rates.index(max(rates))
    assert rates[:peak] == sorted(rates[:peak]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert peak < 5  # the warm-up is a tenth of the time, as it would be of the epochs


def test_more_time_stretches_the_rest_and_never_goes_back() -> None:
    clock = ScheduleClock()
    half = walk(clock, LaunchEnd(TOTAL, TOTAL, 20.0), range(1, 12), 1.0)[-1]
    rest = walk(clock, LaunchEnd(TOTAL, TOTAL, 50.0), range(12, 52), 1.0, reached=half, start=11.0)
    assert rest[0] == pytest.approx(half) and rest == sorted(rest) and rest[-1] == 1.0
    assert rest[19] == pytest.approx((1 + half) / 2, abs=0.03)


def test_without_a_limit_any_more_the_rest_goes_with_the_steps() -> None:
    shares = walk(ScheduleClock(), LaunchEnd(TOTAL, TOTAL, None), range(10, TOTAL), 1.0, reached=0.6)
    assert shares[0] == pytest.approx(0.6) and shares[-2] > 0.99
    assert shares[45] == pytest.approx(0.8, abs=0.01)


def test_it_ends_with_max_steps_only_if_the_launch_is_what_counts() -> None:
    end = LaunchEnd(TOTAL, 20, None)
    assert set(walk(ScheduleClock(), end, range(1, 20), 1.0)) == {0.0}
    shares = walk(ScheduleClock(), end, range(1, 20), 1.0, until="launch")
    assert shares[0] == pytest.approx(0.0, abs=0.02) and shares[-1] == 1.0 and shares == sorted(shares)
    assert set(walk(ScheduleClock(), LaunchEnd(TOTAL, 20, 10.0), range(1, 20), 1.0, until="epochs")) == {0.0}


def test_a_launch_that_loading_used_up_leaves_the_schedule_to_the_next_one() -> None:
    clock = ScheduleClock()
    assert clock.share(settings(), LaunchEnd(TOTAL, TOTAL, 60.0), 1, 0.0, now=61.0) == 0.0
    assert clock.share(settings(), LaunchEnd(TOTAL, TOTAL, 60.0), 2, 0.0, now=62.0) == 0.0


# -- in a run


class Watch:
    """A clock for which each look takes a second."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        self.now += 0.25
        return self.now


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """The launch, its limits and its schedule see a clock that goes with their looks at it."""
    watch = Watch()
    for module in (launch_module, between_steps, schedule_clock):
        monkeypatch.setattr(module, "time", watch)
    yield watch


def make(root: Path, data: Path, **more: Any) -> Run:
    config = settings(**{**SMALL, **more})
    return create_run(config, root=root, data_path=str(data))


def launch(run: Run, **facts: object) -> Trainer:
    run.update_identity(launches=[*run.launches, {"pid": 0}], **facts)
    trainer = Trainer(run)
    assert trainer.train() == 0
    return trainer


def records(run: Run) -> list[dict[str, float]]:
    return [each for each in RecordReader(run.metrics_path).read_new() if each["kind"] == "train"]


def test_a_run_that_time_ends_has_come_down_and_a_resumed_one_stays_there(
    tmp_path: Path, tiny_dataset: Path, ticking: Watch
) -> None:
    run = make(tmp_path, tiny_dataset, **{"training.max_minutes": 0.1})
    trainer = launch(run)
    assert 5 < trainer.state.step < trainer.total_steps
    before = records(run)
    rates = [record["lr"] for record in before]
    peak = rates.index(max(rates))
    assert rates[peak:] == sorted(rates[peak:], reverse=True) and rates[-1] < 0.15 * max(rates)
    assert before[-1][Field.SCHEDULE_SHARE] == pytest.approx(1.0, abs=0.1)
    assert schedule_share(run) == before[-1][Field.SCHEDULE_SHARE]
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and checkpoint.trainer["schedule_by_time"] == trainer.state.schedule_share
    launch(run)
    assert all(record["lr"] <= rates[-1] for record in records(run)[len(before) :])
    said = [each["message"] for each in RecordReader(run.events_path).read_new() if each["event"] == "alert"]
    assert any("stays at" in message for message in said) == (trainer.state.schedule_share > 0.99)


def test_a_generous_limit_and_max_steps_leave_the_run_as_it_is_to_the_bit(
    tmp_path: Path, tiny_dataset: Path
) -> None:
    plain = {"training.epochs": 3}
    one = make(tmp_path / "one", tiny_dataset, **plain)
    launch(one)
    other = make(tmp_path / "other", tiny_dataset, **plain, **{"training.max_minutes": 60.0})
    launch(other, max_steps=2)
    launch(other, max_steps=None)
    found = [newest_checkpoint(run.checkpoints_dir)[0] for run in (one, other)]
    assert found[0] is not None and found[1] is not None
    assert (found[0].path / "model.safetensors").read_bytes() == (
        found[1].path / "model.safetensors"
    ).read_bytes()
    assert "schedule_by_time" not in found[1].trainer


def test_a_run_of_before_keeps_a_schedule_of_epochs() -> None:
    assert (
        TrainingConfig.from_bytes(b"training:\n  epochs: 3\n", defaults=2).training.schedule_until == "epochs"
    )
    assert TrainingConfig.from_bytes(b"training:\n  epochs: 3\n").training.schedule_until == "max_minutes"


# -- what is said before it starts


def test_an_estimate_says_where_the_learning_rate_ends() -> None:
    config = settings()
    free = estimate(settings(**{"training.max_minutes": 0.0, "device.type": "cpu"}), LAPTOP, FACTS)
    assert free.seconds_total is not None and free.schedule is not None and free.schedule.whole
    least = config.training.learning_rate * config.training.min_lr_ratio
    assert free.schedule.rate == pytest.approx(least) and str(free.schedule) == ""
    minutes = free.seconds_total.value / 120
    for until, share in (("max_minutes", 1.0), ("launch", 1.0), ("epochs", 0.5)):
        limited = settings(until, **{"training.max_minutes": minutes, "device.type": "cpu"})
        end = estimate(limited, LAPTOP, FACTS).schedule
        assert end is not None and end.share == pytest.approx(share, abs=0.02) and not end.whole
        assert (end.rate == pytest.approx(least)) == (share == 1.0)
        assert f"{end.rate:.2g}" in str(end) and "training.schedule_until" in str(end)
    cut = estimate(settings(**{"device.type": "cpu"}), LAPTOP, FACTS, max_steps=20).schedule
    assert cut is not None and free.total_steps is not None
    assert cut.share == pytest.approx(share_by_steps(19, free.total_steps)) and not cut.whole

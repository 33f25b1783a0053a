"""What the watchdog does to a run: it goes back and on, it ends early with a save, and it says what it did not learn."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import RunFailedError
from stickgen.record_log import RecordReader
from stickgen.runs.live import effective_config
from stickgen.runs.store import Run, create_run
from stickgen.train import loop
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors
from stickgen.train.loop import Trainer
from stickgen.train.optim.step import StepResult
from stickgen.train.watch import measurements

torch.set_num_threads(1)
TINY: dict[str, Any] = {
    "model.embedding_dim": 16,
    "model.d_model": 16,
    "model.nhead": 2,
    "model.num_layers": 1,
    "training.batch_size": 20,
    "training.grad_accum_steps": 1,
    "training.epochs": 6,
    "training.warmup_epochs": 1,
    "training.optimizer": "adamw",
    "training.compile": "never",
    "logging.log_interval": 1,
    "logging.save_interval": 2,
    "logging.save_minutes": 0.0,
    "logging.sample_minutes": 0.0,
    "diffusion.sampling_steps": 1,
    "evaluation.every_minutes": 0.0,
    "watchdog.non_finite_steps": 2,
}  # fmt: skip  (two steps an epoch, a checkpoint every fourth step)
Make = Callable[..., Run]


@pytest.fixture
def make(tmp_path: Path, tiny_dataset: Path) -> Make:
    def made(**changed: Any) -> Run:
        config = TrainingConfig(preset_path("quickstart"), {**TINY, **changed})
        return create_run(config, root=tmp_path, data_path=str(tiny_dataset))

    return made


@pytest.fixture
def bad_steps(monkeypatch: pytest.MonkeyPatch) -> Callable[[set[int], int], None]:
    """Make the loss of some steps NaN, whenever one of them is taken, for so many steps altogether."""
    step = loop.optimizer_step

    def set_bad(steps: set[int], times: int) -> None:
        left = [times]

        def taken(learner: Any, batches: Any, **facts: Any) -> StepResult:
            if facts["step"] not in steps or not left[0]:
                return step(learner, batches, **facts)
            left[0] -= 1
            held = {name: value.clone() for name, value in learner.model.state_dict().items()}
            moments = {p: {k: v.clone() for k, v in m.items()} for p, m in learner.optimizer.state.items()}
            true = step(learner, batches, **facts)
            learner.model.load_state_dict(held)  # a bad step moves nothing
            learner.optimizer.state.clear()
            learner.optimizer.state.update(moments)
            return StepResult({**true.losses, "total": math.nan}, 1.0, true.clips, true.frames, skipped=True)

        monkeypatch.setattr(loop, "optimizer_step", taken)

    return set_bad


def events(run: Run, kind: str) -> list[dict[str, Any]]:
    return [record for record in RecordReader(run.events_path).read_new() if record["event"] == kind]


def weights(run: Run) -> dict[str, torch.Tensor]:
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    stems = ("model", "ema", "optimizer")
    return {f"{stem}/{k}": v for stem in stems for k, v in read_tensors(checkpoint, stem).items()}


def same(one: Run, other: Run) -> None:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name


def test_after_bad_steps_it_goes_back_with_a_lower_rate_and_finishes(
    make: Make, bad_steps: Callable[[set[int], int], None]
) -> None:
    run = make()
    bad_steps({5, 6}, 2)
    assert Trainer(run).train() == 0
    (back,) = events(run, "rollback")
    assert (back["from_step"], back["step"]) == (7, 4)
    assert back["message"] == (
        "after step 7: 2 steps in a row without a finite loss and gradient; the run went back to the checkpoint of "
        "step 4 (rollback 1 of 3) with the learning rate 0.003 → 0.0015"
    )
    assert run.identity["rollbacks"] == 1
    assert effective_config(run).training.learning_rate == 0.0015
    (lower,) = events(run, "live")
    assert lower["message"] == "training.learning_rate: 0.003 → 0.0015, from step 5 on"
    rates = [(r["step"], r["lr"]) for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "train"]
    assert [step for step, _ in rates] == [1, 2, 3, 4, 5, 6, 7, 5, 6, 7, 8, 9, 10, 11, 12]
    assert rates[7][1] == pytest.approx(rates[4][1] / 2)

    # it is what a launch would be that resumed there with the lower rate: bit for bit, and so is a resume of it
    bad_steps(set(), 0)
    resumed = make()
    resumed.update_identity(max_steps=4)
    assert Trainer(resumed).train() == 0
    resumed.update_identity(max_steps=3)
    shutil.copy(run.path / "live.json", resumed.path)
    assert Trainer(resumed).train() == 0
    resumed.update_identity(max_steps=None)
    assert Trainer(resumed).train() == 0
    same(run, resumed)


def test_before_the_first_checkpoint_it_begins_anew(
    make: Make, bad_steps: Callable[[set[int], int], None]
) -> None:
    run, straight = make(**{"training.epochs": 3}), make(**{"training.epochs": 3})
    bad_steps({1, 2}, 2)
    assert Trainer(run).train() == 0
    assert "the run went back to the beginning" in events(run, "rollback")[0]["message"]
    shutil.copy(run.path / "live.json", straight.path)
    assert Trainer(straight).train() == 0
    same(run, straight)


def test_it_gives_up_after_so_many_rollbacks_and_keeps_the_last_good_checkpoint(
    make: Make, bad_steps: Callable[[set[int], int], None]
) -> None:
    run = make(**{"watchdog.max_rollbacks": 2})
    bad_steps({5, 6}, 99)
    with pytest.raises(RunFailedError) as failed:
        Trainer(run).train()
    assert str(failed.value) == (
        "stopped early after step 7: 2 steps in a row without a finite loss and gradient; try "
        "training.learning_rate: 0.000375, after 2 rollbacks; the checkpoint of step 4 is kept"
    )
    newest, _ = newest_checkpoint(run.checkpoints_dir)
    assert newest is not None and newest.step == 4
    assert run.identity["rollbacks"] == 2
    assert effective_config(run).training.learning_rate == pytest.approx(0.003 / 4)


def test_early_stop_ends_with_a_checkpoint_and_names_the_best(make: Make) -> None:
    run = make(
        **{
            "training.epochs": 40, "training.learning_rate": 1e-12, "logging.save_interval": 1,
            "watchdog.early_stop": "stop", "watchdog.early_stop_patience": 2,
            "watchdog.early_stop_min_delta": 0.1,
        }
    )  # fmt: skip
    assert Trainer(run).train() == 0
    (end,) = events(run, "early")
    assert end["message"].startswith(
        "stopped early after step 6: loss has not improved by more than 0.1 for 2 measurements (best "
    )
    newest, _ = newest_checkpoint(run.checkpoints_dir)
    assert newest is not None and newest.step == 6
    assert f"; the best checkpoint is that of step {newest.trainer['best_step']}" in end["message"]
    again = Trainer(run)  # what was waited for is kept: it stops at its next measurement
    assert again.train() == 0 and again.state.step == 8


def test_a_learning_rate_of_1_does_not_end_as_learned(make: Make) -> None:
    run = make(
        **{
            "training.learning_rate": 1.0,
            "training.epochs": 60,
            "training.warmup_epochs": 0,
            "training.max_grad_norm": 1e9,
        }
    )
    with pytest.raises(RunFailedError, match="stopped early after step"):
        Trainer(run).train()
    assert events(run, "finished") == []


def test_what_ends_above_the_mean_pose_says_that_it_did_not_learn(make: Make) -> None:
    run = make(**{"training.epochs": 1, "training.ema_decay": 0.0})
    trainer = Trainer(run)
    with torch.no_grad():
        trainer.state.model.pose_out.bias.fill_(5.0)  # type: ignore[union-attr,operator]
    assert trainer.train() == 0
    (end,) = events(run, "finished")
    assert end["message"].startswith(
        "trained 1 epochs, 2 steps, but did not learn: its validation pose loss "
    )


def test_divergence_may_go_back_to_the_best_checkpoint_and_sets_the_ruined_ones_aside(make: Make) -> None:
    run = make(**{"logging.save_interval": 1, "watchdog.divergence": "rollback"})
    trainer = Trainer(run)
    look, again = trainer.watch.step_taken, [True]

    def explode(seen: StepResult, logged: Any = None) -> None:
        look(seen, logged)
        if trainer.state.step == 7 and again.pop():
            trainer.state.best_step = 4
            trainer.watch._show({"kind": "train", "step": 7, "loss": 99.0, "loss_pose": 99.0})
            for _ in range(99):
                trainer.watch.dog.divergence.first = 1.0
                trainer.watch._show({"kind": "train", "step": 7, "loss": 99.0, "loss_pose": 99.0})
            again.append(False)

    trainer.watch.step_taken = explode  # type: ignore[method-assign]
    assert trainer.train() == 0
    (back,) = events(run, "rollback")
    assert back["step"] == 4
    assert back["message"].endswith("; 1 later checkpoint set aside")


def test_measurements_leave_out_what_a_run_went_back_from(make: Make) -> None:
    run = make()
    trainer = Trainer(run)
    for step in (2, 4, 6, 4, 6, 8):
        trainer.journal.step = step
        trainer.journal.metrics.write({"kind": "val", "step": step, "loss": float(step)})
        trainer.journal.metrics.write({"kind": "train", "step": step, "loss": 1.0})
    assert [record["step"] for record in measurements(run, 7)] == [2, 4, 6]

"""Several processes are one trainer: the same losses, one log, and a killed one costs no step."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.record_log import RecordReader
from stickgen.run_contract import Wish
from stickgen.runs.control import request
from stickgen.runs.live import read_changes
from stickgen.runs.store import Run, create_run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors
from stickgen.train.loop import Trainer
from stickgen.train.measuring import assessment
from stickgen.train.placement.distributed import Ranks

torch.set_num_threads(1)
SMALL = {
    "training.optimizer": "adamw", "training.learning_rate": 0.002,
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 2,
    "model.dropout": 0.1, "training.batch_size": 3, "training.grad_accum_steps": 3, "training.epochs": 2,
    "training.compile": "never", "logging.log_interval": 1, "logging.sample_minutes": 0.0,
    "diffusion.sampling_steps": 1,
}  # fmt: skip


def make(root: Path, data: Path, nproc: int, **overrides: object) -> Run:
    config = TrainingConfig(preset_path("quickstart"), {**SMALL, **overrides})  # type: ignore[dict-item]
    return create_run(config, root=root, data_path=str(data), nproc=nproc)


def start(run: Run) -> subprocess.Popen[bytes]:
    with run.log_path.open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "stickgen.train", run.path], stdout=log, stderr=log)


def finish(process: subprocess.Popen[bytes], run: Run) -> int:
    try:
        return process.wait(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(run.log_path.read_text()[-4000:]) from None


def records(run: Run, kind: str = "train") -> list[dict[str, Any]]:
    return [r for r in RecordReader(run.metrics_path).read_new() if r["kind"] == kind]


def events(run: Run, kind: str) -> list[str]:
    return [r["message"] for r in RecordReader(run.events_path).read_new() if r["event"] == kind]


def weights(run: Run) -> dict[str, torch.Tensor]:
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    return {
        f"{s}/{k}": v for s in ("model", "ema", "optimizer") for k, v in read_tensors(checkpoint, s).items()
    }


def assert_same_training(one: Run, other: Run) -> None:
    """Losses, gradient norms, counts and weights, but for rounding: sums are taken in another order."""
    for ours, theirs in zip(records(one), records(other), strict=True):
        for name in ("step", "loss", "loss_pose", "loss_action", "grad_norm", "lr"):
            assert ours[name] == pytest.approx(theirs[name], rel=1e-4, abs=1e-6), (ours["step"], name)
    theirs_all = weights(other)
    for name, tensor in weights(one).items():
        torch.testing.assert_close(tensor, theirs_all[name], atol=2e-4, rtol=2e-3, msg=name)


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Run:
    run = make(tmp_path_factory.mktemp("single"), tiny_dataset, 1)
    assert Trainer(run).train() == 0
    return run


def test_two_processes_train_what_one_does_and_one_goes_on_with_it(
    tmp_path: Path, tiny_dataset: Path, single: Run
) -> None:
    """With dropout, and epochs whose last step has fewer clips; half by two processes, half by one."""
    run = make(tmp_path, tiny_dataset, 2)
    run.update_identity(max_steps=5)
    assert finish(start(run), run) == 0
    assert run.identity["processes"] == 2
    assert "2 processes on cpu" in events(run, "started")[0]
    run.update_identity(max_steps=None, nproc=1)
    assert finish(start(run), run) == 0
    assert_same_training(run, single)
    sequence = [r["seq"] for r in RecordReader(run.metrics_path).read_new()]
    assert sequence == list(range(1, len(sequence) + 1))  # one writer
    assert records(run, "val")[-1]["loss"] == pytest.approx(records(single, "val")[-1]["loss"], rel=1e-3)


@pytest.mark.drill
@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param({}, id="plain"),
        pytest.param({"training.activation_checkpointing": True, "diffusion.enabled": False}, id="again"),
    ],
)
def test_sharded_weights_train_what_whole_ones_do_and_one_process_goes_on(
    tmp_path: Path, tiny_dataset: Path, single: Run, overrides: dict[str, object]
) -> None:
    """The last step of an epoch has fewer micro-batches than there are processes: one passes without a clip."""
    if overrides:
        single = make(tmp_path / "one", tiny_dataset, 1, **overrides)
        assert finish(start(single), single) == 0
    run = make(tmp_path, tiny_dataset, 2, **{"device.sharding": "fsdp"}, **overrides)
    run.update_identity(max_steps=3)
    assert finish(start(run), run) == 0
    assert "2 processes on cpu, each with a shard of the weights" in events(run, "started")[0]
    run.update_identity(max_steps=2)
    assert finish(start(run), run) == 0  # cuts up what it finds in a checkpoint, moments too
    run.update_identity(max_steps=None, nproc=1)
    assert finish(start(run), run) == 0
    assert_same_training(run, single)
    assert [r["loss"] for r in records(run, "val")][-1] == pytest.approx(
        records(single, "val")[-1]["loss"], rel=1e-3
    )


@pytest.mark.drill
def test_sharded_processes_that_must_take_fewer_clips_at_once_do_not_wait_for_each_other(
    tmp_path: Path, tiny_dataset: Path
) -> None:
    """As after a kill for lack of memory. The first process has two of a step's parts, the second one has one."""
    run = make(tmp_path, tiny_dataset, 2, **{"device.sharding": "fsdp"})
    run.update_identity(max_steps=2, clips_at_once=2)
    assert finish(start(run), run) == 0
    assert [r["step"] for r in records(run)] == [1, 2]


def wait_for_step(run: Run, step: int) -> None:
    deadline = time.monotonic() + 90
    while int(run.heartbeat().get("step", 0)) < step or run.heartbeat().get("phase") != "training":
        assert time.monotonic() < deadline, run.log_path.read_text()[-4000:]
        time.sleep(0.02)


def ranks(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return [p for p in psutil.Process(process.pid).children() if "stickgen.train" in p.cmdline()]


def test_a_stop_ends_all_after_the_same_step_with_a_checkpoint(tmp_path: Path, tiny_dataset: Path) -> None:
    run = make(tmp_path, tiny_dataset, 2, **{"training.epochs": 100_000})
    process = start(run)
    wait_for_step(run, 3)
    children = ranks(process)
    assert len(children) == 2
    for child in (process.pid, *(p.pid for p in children)):  # as a service manager does: the whole group
        os.kill(child, signal.SIGTERM)
    assert finish(process, run) == 130
    assert "with a checkpoint" in events(run, "stopped")[0]
    assert newest_checkpoint(run.checkpoints_dir)[0] is not None
    assert not any(p.is_running() for p in children)


@pytest.mark.drill
def test_a_stop_by_the_inbox_which_only_the_first_process_reads_ends_all(
    tmp_path: Path, tiny_dataset: Path
) -> None:
    run = make(tmp_path, tiny_dataset, 2, **{"training.epochs": 100_000})
    process = start(run)
    wait_for_step(run, 3)
    children = ranks(process)
    request(run, Wish.STOP)
    assert finish(process, run) == 130
    assert newest_checkpoint(run.checkpoints_dir)[0] is not None
    assert not any(p.is_running() for p in children)


@pytest.mark.drill
@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_process_costs_a_restart_and_nothing_else(
    tmp_path: Path, tiny_dataset: Path, single: Run, victim: int
) -> None:
    run = make(tmp_path, tiny_dataset, 2)
    process = start(run)
    wait_for_step(run, 3)
    os.kill(ranks(process)[victim].pid, signal.SIGKILL)
    assert finish(process, run) == 0
    (alert,) = events(run, "alert")
    assert f"process {victim} of the group was killed (SIGKILL); all 2 restart" in alert
    theirs = weights(single)
    for name, tensor in weights(run).items():
        torch.testing.assert_close(tensor, theirs[name], atol=2e-4, rtol=2e-3, msg=name)


@pytest.mark.drill
@pytest.mark.parametrize("victim", [0, 1, "data worker"])
def test_a_process_that_hangs_is_named_and_costs_a_restart_and_nothing_else(
    tmp_path: Path, tiny_dataset: Path, single: Run, victim: int | str
) -> None:
    run = make(
        tmp_path,
        tiny_dataset,
        2,
        **{"watchdog.stalled_minutes": 0.2, "device.num_workers": int(victim == "data worker")},
    )
    process = start(run)
    wait_for_step(run, 3)
    rank = ranks(process)[victim if isinstance(victim, int) else 1]
    paused = rank
    while victim == "data worker" and paused is rank:  # each epoch has its own
        paused = next((p for p in rank.children() if p.name().startswith(("pt_data", "python"))), rank)
    os.kill(paused.pid, signal.SIGSTOP)
    assert finish(process, run) == 0
    told, restarted = events(run, "alert")
    number = 0 if victim == 0 else 1
    assert f"process {number} of the group hangs: the others have waited for " in told
    assert f"kill -CONT {paused.pid} lets it go on" in told and "if nothing changes, all restart" in told
    assert f"process {number} of the group hangs" in restarted and "all 2 restart" in restarted
    theirs = weights(single)
    for name, tensor in weights(run).items():
        torch.testing.assert_close(tensor, theirs[name], atol=2e-4, rtol=2e-3, msg=name)


@pytest.mark.drill
def test_a_process_that_hangs_ends_the_run_if_it_is_to(tmp_path: Path, tiny_dataset: Path) -> None:
    run = make(
        tmp_path, tiny_dataset, 2,
        **{"watchdog.stalled": "stop", "watchdog.stalled_minutes": 0.2, "training.epochs": 100_000},
    )  # fmt: skip
    process = start(run)
    wait_for_step(run, 3)
    os.kill(ranks(process)[1].pid, signal.SIGSTOP)
    assert finish(process, run) == 1
    (failed,) = events(run, "failed")
    assert failed.startswith("stopped early: process 1 of the group hangs: the others have waited for ")
    saved, _ = newest_checkpoint(run.checkpoints_dir)
    assert saved is not None and saved.step >= 3  # the other one saved the last whole step


def test_bad_input_ends_all_without_a_restart(tmp_path: Path, tiny_dataset: Path) -> None:
    run = make(tmp_path, tiny_dataset, 2, **{"model.embedding_dim": 24})
    assert finish(start(run), run) == 2
    (failed,) = events(run, "failed")
    assert "16 wide, but model.embedding_dim is 24" in failed
    assert not any("start again" in message for message in events(run, "alert"))


@pytest.mark.drill
def test_without_their_keeper_the_processes_end(tmp_path: Path, tiny_dataset: Path) -> None:
    run = make(tmp_path, tiny_dataset, 2, **{"training.epochs": 100_000})
    process = start(run)
    wait_for_step(run, 1)
    children = ranks(process)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


@pytest.mark.drill
def test_keys_that_are_set_change_in_all_processes_after_the_same_step(
    tmp_path: Path, tiny_dataset: Path
) -> None:
    run = make(tmp_path, tiny_dataset, 2, **{"training.epochs": 100_000, "evaluation.every_minutes": 0.0})
    process = start(run)
    wait_for_step(run, 3)
    spe = run.identity["steps_per_epoch"]
    epochs = int(run.heartbeat()["step"]) // spe + 4
    request(
        run,
        Wish.SET,
        {"training.epochs": epochs, "training.learning_rate": 1e-3, "loss_weights.physics": 0.5},
    )
    assert finish(process, run) == 0
    (change,) = read_changes(run)
    other = make(
        tmp_path / "alone", tiny_dataset, 1, **{"training.epochs": 100_000, "evaluation.every_minutes": 0.0}
    )
    shutil.copy(run.path / "live.json", other.path / "live.json")
    assert finish(start(other), other) == 0
    assert [r["step"] for r in records(run)][-1] == epochs * spe > change.step
    theirs = weights(other)
    for name, tensor in weights(run).items():
        torch.testing.assert_close(tensor, theirs[name], atol=2e-3, rtol=2e-2, msg=name)


@pytest.mark.parametrize("first_rested", [False, True])
def test_whether_the_best_is_saved_follows_the_first_process_and_no_other_clock(
    monkeypatch: pytest.MonkeyPatch, first_rested: bool
) -> None:
    """Only the first process saves, so the others' clocks of the last save stand still."""
    told: list[object] = []

    class Second(Ranks):
        def from_first(self, value: Any) -> Any:
            told.append(value)
            return {"loss": 0.5} if len(told) == 1 else first_rested

    ignore = SimpleNamespace(
        validation_record=lambda _: None, measured=lambda *_: None, unfit=None, seconds_since=lambda: 1e9
    )
    context: Any = SimpleNamespace(
        ranks=Second(rank=1, size=2), journal=ignore,
        config=TrainingConfig(preset_path("quickstart"), {}),
    )  # fmt: skip
    state: Any = SimpleNamespace(
        step=7, best_val=1.0, best_step=None, val_loss=None, gather=lambda *_, **__: None
    )
    monkeypatch.setattr(assessment, "Quality", lambda *_: None)
    monkeypatch.setattr(assessment, "Sampler", lambda *_: None)
    clips: Any = SimpleNamespace(held_out=[1])
    asked: Any = ignore
    second = assessment.Assessment(context, state, clips, asked, asked)
    assert second.validate(saves_anyway=False) is first_rested
    assert told == [None, True] and state.best_step == (7 if first_rested else None)

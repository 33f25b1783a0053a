"""kill -9 at random moments, as often as asked: every checkpoint verifies, and the run is the undisturbed one.

STICKGEN_KILLS=200 STICKGEN_SEED=7 python -m pytest -m drill tests/drills/test_killed_often.py
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import forked
import pytest
import torch
from real_run import MakeRun, wait_until

from stickgen.record_log import RecordReader
from stickgen.runs.locks import trainer_lock_holder
from stickgen.runs.store import Run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors

pytestmark = pytest.mark.drill
KILLS = int(os.environ.get("STICKGEN_KILLS", "20"))
SEED = int(os.environ.get("STICKGEN_SEED", "7"))
STEMS = ("model", "ema", "normaliser", "optimizer")


def weights(run: Run) -> tuple[int, dict[str, torch.Tensor]]:
    checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and skipped == []
    return checkpoint.step, {
        f"{stem}/{name}": tensor for stem in STEMS for name, tensor in read_tensors(checkpoint, stem).items()
    }


def losses(run: Run) -> dict[int, set[float]]:
    found: dict[int, set[float]] = {}
    for record in RecordReader(run.metrics_path).read_new():
        if record["kind"] == "train":
            found.setdefault(record["step"], set()).add(record["loss"])
    return found


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.parametrize("workers", [0, 2])
def test_the_killed_run_is_the_undisturbed_run(make: MakeRun, workers: int) -> None:
    often = {"logging.save_interval": 1, "device.num_workers": workers, "training.max_minutes": 60.0}
    killed, undisturbed = make(**often), make(**often)
    moments = random.Random(SEED + workers)
    saved, during = 0, {"no save": 0, "a save": 0}
    for number in range(KILLS if workers == 0 else -(-KILLS // 5)):
        logged = lines(killed.metrics_path) + moments.randint(
            1, 20
        )  # steps, so that a busy machine gets as far
        trainer = forked.start(killed, number, "note_clips")
        if moments.random() < 0.8:  # else while it starts
            wait_until(lambda: lines(killed.metrics_path) > logged or not trainer.is_alive())  # noqa: B023
            assert trainer.is_alive(), killed.log_path.read_text()
        time.sleep(moments.uniform(0.0, 0.5))
        forked.kill(trainer)
        wait_until(lambda: trainer_lock_holder(killed) is None, 1)
        left = list(killed.checkpoints_dir.glob(".step_*.tmp"))
        during["a save" if left else "no save"] += 1
        checkpoint, skipped = newest_checkpoint(killed.checkpoints_dir)
        assert skipped == []
        assert (checkpoint.step if checkpoint else 0) >= saved
        saved = checkpoint.step if checkpoint else 0
    assert saved > 0
    print(f"{sum(during.values())} kills, {during}, at step {saved} in the end")  # pytest -s
    undisturbed.update_identity(max_steps=saved)
    trainer = forked.start(undisturbed, 0, "note_clips")
    trainer.join(120 + 5 * KILLS)
    assert trainer.exitcode == 0
    (one_step, one), (other_step, other) = weights(killed), weights(undisturbed)
    assert one_step == other_step == saved
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    seen = forked.clips_seen(undisturbed)
    assert {step: clips for step, clips in forked.clips_seen(killed).items() if step < saved} == seen
    assert {step: loss for step, loss in losses(killed).items() if step <= saved} == losses(undisturbed)
    assert all(len(clips) == 1 for clips in seen.values())


def test_killed_between_the_files_of_a_save_and_while_pruning(tmp_path: Path) -> None:
    """With TMPDIR on another filesystem, where there is one: the temporary directory lies beside its target."""
    (tmp_path / "checkpoints").mkdir()
    if Path("/dev/shm").is_dir():
        os.environ["TMPDIR"] = "/dev/shm"
    moments = random.Random(SEED)
    acknowledged = tmp_path / "acknowledged"
    unfinished = 0
    acknowledged.write_text("0")
    try:
        for _ in range(2 * KILLS):
            process = forked.SERVER.Process(target=forked.save_without_end, args=(tmp_path,))
            before = acknowledged.read_text()
            process.start()
            wait_until(lambda: acknowledged.read_text() != before)  # noqa: B023
            time.sleep(moments.uniform(0.0, 0.1))
            forked.kill(process)
            unfinished += len(list((tmp_path / "checkpoints").glob(".step_*.tmp")))
            checkpoint, skipped = newest_checkpoint(tmp_path / "checkpoints")
            assert skipped == [] and checkpoint is not None
            assert checkpoint.step >= int(acknowledged.read_text())
            assert len(list((tmp_path / "checkpoints").glob("step_*"))) <= 4
    finally:
        os.environ.pop("TMPDIR", None)
    print(f"{2 * KILLS} kills, {unfinished} of them left an unfinished directory")

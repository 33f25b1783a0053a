"""Files cut or changed behind the trainer's back: the older checkpoint is used, and what was left is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from real_run import MakeRun, events, wait_for_end, wait_for_step

from stickgen.record_log import RecordReader
from stickgen.runs.launch import launch
from stickgen.runs.store import Run, Status
from stickgen.train.checkpoints.checkpoint import newest_checkpoint
from stickgen.train.loop import Trainer

pytestmark = pytest.mark.drill


@pytest.fixture
def saved(make: MakeRun) -> Run:
    """A run of ten steps with checkpoints after five and ten."""
    run = make(**{"training.epochs": 2, "logging.save_interval": 1})
    assert Trainer(run).train() == 0
    assert len(list(run.checkpoints_dir.glob("step_*"))) == 2
    return run


def cut(share: float) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        data = file.read_bytes()
        file.write_bytes(data[: int(len(data) * share)])

    return damage


def flip_a_bit(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "optimizer.safetensors", "trainer.json", "MANIFEST.json"]
)
@pytest.mark.parametrize("damage", [cut(0), cut(0.5), cut(0.9999), flip_a_bit, Path.unlink])
def test_the_older_checkpoint_is_used_and_the_damaged_one_named(
    saved: Run, name: str, damage: Callable[[Path], None]
) -> None:
    older, newest = sorted(saved.checkpoints_dir.glob("step_*"))
    damage(newest / name)
    trainer = Trainer(saved)
    assert f"step_{trainer.state.step:08d}" == older.name
    (said,) = events(saved, "alert")
    assert "skipped a damaged checkpoint" in said and str(newest) in said


def test_with_no_whole_checkpoint_a_run_does_not_begin_anew(saved: Run) -> None:
    for path in saved.checkpoints_dir.glob("step_*"):
        cut(0.5)(path / "model.safetensors")
    launch(saved)
    wait_for_end(saved)
    assert (saved.state().status, saved.exit["code"]) == (Status.FAILED, 2)
    assert "none of its checkpoints is whole" in saved.state().reason
    assert len(list(saved.checkpoints_dir.glob("step_*"))) == 2  # nothing was cleared away


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_cut_log_is_gone_on_with(make: MakeRun, share: float) -> None:
    run = make(**{"training.epochs": 1_000_000})
    run.update_identity(max_steps=10)
    assert Trainer(run).train() == 0
    cut(share)(run.metrics_path)
    kept = RecordReader(run.metrics_path).read_new()
    run.update_identity(max_steps=None)
    launch(run)
    wait_for_step(run, 15)
    reader = RecordReader(run.metrics_path)
    records = reader.read_new()
    assert records[: len(kept)] == kept
    assert [r["seq"] for r in records] == list(range(1, len(records) + 1))
    assert reader.bad_lines == (0 if share == 0.0 else 1)  # the torn line, closed and counted
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and checkpoint.step == 10

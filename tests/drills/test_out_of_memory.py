"""Out of memory: half as many clips at once with the same effective batch, and a clean end where one is too much."""

from __future__ import annotations

import forked
import pytest
import torch
from real_run import MakeRun

from stickgen.data.dataset import open_dataset
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint

pytestmark = pytest.mark.drill


def said(run: Run, kind: str) -> list[str]:
    return [r["message"] for r in RecordReader(run.events_path).read_new() if r["event"] == kind]


def test_the_micro_batch_halves_and_no_clip_is_lost(make: MakeRun) -> None:
    tight, roomy = make(**{"training.epochs": 3}), make(**{"training.epochs": 3})
    tight.update_identity(max_steps=6)
    for launch, (run, patches) in enumerate(
        [(tight, ("note_clips", "room_for_two"))] * 2 + [(roomy, ("note_clips",))]
    ):
        trainer = forked.start(run, launch % 2, *patches)
        trainer.join(120)
        assert trainer.exitcode == 0, run.log_path.read_text()
        tight.update_identity(max_steps=None)
    (alert,) = said(tight, "alert")  # the second launch knew what fits
    assert tight.identity["clips_at_once"] == 2
    assert "out of memory with 4 clips at a time" in alert and "the same effective batch" in alert
    assert forked.clips_seen(tight) == forked.clips_seen(roomy)
    checkpoint, _ = newest_checkpoint(tight.checkpoints_dir)
    assert checkpoint is not None and checkpoint.step == 15


def test_where_not_one_clip_fits_it_ends_with_advice(make: MakeRun) -> None:
    run = make()
    trainer = forked.start(run, 0, "no_room")
    trainer.join(120)
    assert trainer.exitcode == 1
    (failed,) = said(run, "failed")
    assert "with a single clip at a time, at a peak of" in failed
    assert "; try " in failed or "; reduce training.batch_size" in failed
    assert "Traceback" not in run.log_path.read_text()


def test_a_clip_with_nan_is_named_before_the_model_is_built(make: MakeRun) -> None:
    run = make()
    content = dict(open_dataset(run.identity["data_path"]).content)
    content["motion"] = content["motion"].clone()
    content["motion"][7 * 20 + 3, 5] = torch.nan
    path = run.path / "poisoned.pt"
    torch.save(content, path)
    run.update_identity(data_path=str(path))
    trainer = forked.start(run, 0)
    trainer.join(120)
    assert trainer.exitcode == 2
    (failed,) = said(run, "failed")
    assert failed.startswith(f"{path}: clip 7 (7) has a value that is not finite in its frame 3")


@pytest.mark.parametrize("damage", [0.0, 0.001, 0.5, 0.9999])
def test_a_cut_dataset_is_refused_in_a_sentence(make: MakeRun, damage: float) -> None:
    run = make()
    path = run.path / "cut.pt"
    with open(run.identity["data_path"], "rb") as file:  # noqa: PTH123
        data = file.read()
    path.write_bytes(data[: int(len(data) * damage)])
    run.update_identity(data_path=str(path))
    trainer = forked.start(run, 0)
    trainer.join(120)
    assert trainer.exitcode == 2
    (failed,) = said(run, "failed")
    assert failed.startswith(str(path)) and "\n" not in failed
    assert "Traceback" not in run.log_path.read_text()

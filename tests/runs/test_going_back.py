"""Going back to an older checkpoint leaves nothing that could be taken for the newest, whenever it is cut off."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from stickgen.config import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.run_contract import GOING_BACK, WENT_BACK
from stickgen.runs import going_back
from stickgen.runs.going_back import chosen_checkpoint, finish_going_back, go_back, saved_checkpoints
from stickgen.runs.live import KeyChange, LiveChange, add_change, read_changes
from stickgen.runs.store import Run


def checkpoint(run: Run, step: int, best: int | None = None, loss: float | None = None) -> None:
    folder = run.checkpoints_dir / f"step_{step:08d}"
    folder.mkdir()
    body = json.dumps({"step": step, "best_step": best, "val_loss": loss}).encode()
    (folder / "trainer.json").write_bytes(body)
    listed = {"trainer.json": {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}}
    (folder / "MANIFEST.json").write_text(json.dumps(listed))


@pytest.fixture
def saved(run: Run) -> Run:
    """Checkpoints of three steps, of which the second is the best, and a live change before each of the last two."""
    checkpoint(run, 100, 100, 2.0)
    checkpoint(run, 200, 200, 1.5)
    checkpoint(run, 300, 200)
    rate = 3e-4
    for number, (step, new) in enumerate(((150, 1e-4), (250, 5e-5)), 1):
        keys = (KeyChange("training.learning_rate", rate, new, rate),)
        add_change(run, LiveChange(f"change-{number}", step, 1, keys), TrainingConfig())
    return run


def test_a_person_chooses_the_last_the_best_or_one_by_its_step(saved: Run) -> None:
    known = saved_checkpoints(saved)
    assert [(c.step, c.best, c.val_loss) for c in known] == [
        (100, False, 2.0),
        (200, True, 1.5),
        (300, False, None),
    ]
    for which, step in (("last", 300), ("best", 200), ("100", 100)):
        found = chosen_checkpoint(saved, which)
        assert found is not None and found.step == step
    with pytest.raises(
        StickgenError, match="no checkpoint of step 77; there are those of step 100, 200, 300"
    ):
        chosen_checkpoint(saved, "77")


def test_without_a_checkpoint_it_starts_at_zero_and_there_is_no_best(run: Run) -> None:
    assert chosen_checkpoint(run, "last") is None
    with pytest.raises(StickgenError, match="it has none: it starts at step 0"):
        chosen_checkpoint(run, "best")


def gone_back(run: Run) -> None:
    assert [c.step for c in saved_checkpoints(run)] == [100, 200]
    assert [change.id for change in read_changes(run)] == ["change-1"]
    aside = list(run.checkpoints_dir.glob("set-aside-*/*"))
    assert [path.name for path in aside] == ["step_00000300"]  # nothing is deleted
    assert run.identity[GOING_BACK] is None
    assert "step 200" in run.identity[WENT_BACK]


def test_what_came_later_is_set_aside_and_said(saved: Run) -> None:
    go_back(saved, 200)
    gone_back(saved)
    said = saved.identity[WENT_BACK]
    assert "1 later checkpoint set aside" in said and "taken back: training.learning_rate" in said


def test_to_the_newest_there_is_nothing_to_do(saved: Run) -> None:
    go_back(saved, 300)
    assert WENT_BACK not in saved.identity and len(saved_checkpoints(saved)) == 3


@pytest.mark.parametrize("stage", ["drop_changes_after", "rename", "said"])
def test_cut_off_at_any_stage_the_next_launch_goes_all_the_way(
    saved: Run, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if stage == "rename":
            patch.setattr(Path, "rename", die)
        elif stage == "said":
            patch.setattr(going_back, "counted", die)
        else:
            patch.setattr(going_back, stage, die)
        with pytest.raises(Killed):
            go_back(saved, 200)
    finish_going_back(saved)
    gone_back(saved)

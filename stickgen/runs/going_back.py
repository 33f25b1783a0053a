"""The checkpoints that a run can go on from, and going back to an older one.

A run that goes back leaves nothing that could be taken for its newest state: later checkpoints are set aside in a
folder of their own, and live changes that were made later are taken back. That it goes back stands in run.json before
anything is touched and until all is done, so that a kill in between leaves work for the next launch and no mixture.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stickgen.errors import StickgenError
from stickgen.foreign_files import read_json
from stickgen.quantities import counted
from stickgen.run_contract import GOING_BACK, WENT_BACK
from stickgen.runs.checkpoint_folders import checkpoint_folders, step_of
from stickgen.runs.live import drop_changes_after, read_changes
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.runs.store import Run

LAST, BEST = "last", "best"


@dataclass(frozen=True)
class SavedCheckpoint:
    """A checkpoint as a person chooses one. Whether it is whole is found out on use."""

    path: Path
    step: int
    saved_unix: float | None
    val_loss: float | None  # that of validation, measured last before it was saved
    best: bool  # whether it is the best so far, by evaluation.best_by

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "step": self.step, "path": str(self.path), "saved_unix": self.saved_unix,
            "val_loss": self.val_loss, "best": self.best,
        }  # fmt: skip


def saved_checkpoints(run: Run) -> list[SavedCheckpoint]:
    """The checkpoints of `run`, the oldest first; one that cannot be read is left out."""
    found: dict[int, SavedCheckpoint] = {}
    best = None
    for path in run.checkpoints:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            numbers = read_json(path / "trainer.json")
            step, best = int(numbers["step"]), numbers.get("best_step")  # the newest one knows the best
            loss = numbers.get("val_loss")
            found[step] = SavedCheckpoint(
                path,
                step,
                path.stat().st_mtime,
                float(loss) if isinstance(loss, int | float) else None,
                False,
            )
    if best in found:
        was = found[best]
        found[best] = SavedCheckpoint(was.path, was.step, was.saved_unix, was.val_loss, True)
    return [found[step] for step in sorted(found)]


def chosen_checkpoint(run: Run, which: str) -> SavedCheckpoint | None:
    """The checkpoint that `which` names: `last` (None where nothing was saved yet), `best`, or a number of steps.

    Raises StickgenError with what there is.
    """
    known = saved_checkpoints(run)
    if which == LAST:
        return known[-1] if known else None
    steps = ", ".join(f"{checkpoint.step:,}" for checkpoint in known)
    there = f"there are those of step {steps}" if known else "it has none: it starts at step 0"
    if which == BEST:
        for checkpoint in known:
            if checkpoint.best:
                return checkpoint
        raise StickgenError(f"{run.name}: none of its checkpoints is the best by a measurement; {there}")
    for checkpoint in known:
        if which.replace(",", "") == str(checkpoint.step):
            return checkpoint
    raise StickgenError(
        f"{run.name}: no checkpoint of step {clean(which, single_line=True, limit=40)}; {there}"
    )


def go_back(run: Run, step: int) -> None:
    """Let the checkpoint of `step` be the newest of `run`. The caller holds the launch lock.

    Raises OSError or StickgenError where files cannot be moved.
    """
    if any(checkpoint.step > step for checkpoint in saved_checkpoints(run)) or _later_changes(run, step):
        run.update_identity(**{GOING_BACK: step})
        finish_going_back(run)


def finish_going_back(run: Run) -> None:
    """Do what is left of a `go_back`, if one was begun. Raises OSError or StickgenError as it does."""
    step = run.identity.get(GOING_BACK)
    if type(step) is not int:
        return
    said = []
    dropped = drop_changes_after(run, step)
    if dropped:
        said.append(f"live changes taken back: {'; '.join(map(str, dropped))}")
    if count := set_aside_later(run, step):
        said.append(f"{counted(count, 'later checkpoint')} set aside in {_aside(run)}")
    sentence = "; ".join([f"goes on from the checkpoint of step {step:,}", *said])
    run.update_identity(**{GOING_BACK: None, WENT_BACK: sentence})


def set_aside_later(run: Run, step: int) -> int:
    """Move the checkpoints of more than `step` steps to where no resume looks for them. How many. Raises OSError."""
    later = [path for path in checkpoint_folders(run.checkpoints_dir) if step_of(path) > step]
    if later:
        aside = _aside(run)
        aside.mkdir(mode=0o700, exist_ok=True)
        for path in later:
            target = aside / path.name
            while target.exists():  # that very step was set aside by this launch before
                target = target.with_name(f"{target.name}-again")
            path.rename(target)
    return len(later)


def _later_changes(run: Run, step: int) -> bool:
    return any(change.step > step for change in read_changes(run))


def _aside(run: Run) -> Path:
    """A folder that is new, or that a going back which was killed has made for this launch."""
    return run.checkpoints_dir / f"set-aside-{len(run.launches)}"

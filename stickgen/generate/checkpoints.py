"""Which checkpoint of a run is meant: its last, its best, or that of a step."""

from __future__ import annotations

from stickgen.errors import StickgenError
from stickgen.quantities import counted
from stickgen.runs.store import Run
from stickgen.text import clean
from stickgen.train.checkpoints.checkpoint import Checkpoint, newest_checkpoint, verify_checkpoint

LAST, BEST = "last", "best"


def checkpoint_of(run: Run, which: str = LAST) -> Checkpoint:
    """The checkpoint of `run` that `which` names: `last`, `best` or a step. Raises StickgenError if it is not there."""
    newest, skipped = newest_checkpoint(run.checkpoints_dir)
    if newest is None:
        raise StickgenError(
            f"{run.name}: it has no whole checkpoint yet" + "".join(f"; {sentence}" for sentence in skipped)
        )
    if which == LAST:
        return newest
    if which == BEST:
        best = newest.trainer.get("best_step")
        if type(best) is not int:
            raise StickgenError(f"{run.name}: no checkpoint of it was the best yet; take last")
        return newest if best == newest.step else _of_step(run, best, "the best")
    if not (which.isascii() and which.isdigit() and len(which) < 16):
        raise StickgenError(
            f"checkpoint {clean(which, single_line=True, limit=40)}: write last, best or a step"
        )
    return newest if int(which) == newest.step else _of_step(run, int(which), "that")


def _of_step(run: Run, step: int, called: str) -> Checkpoint:
    path = run.checkpoints_dir / f"step_{step:08d}"
    if path not in run.checkpoints:
        kept = ", ".join(f"{int(folder.name.split('_')[1].split('.')[0]):,}" for folder in run.checkpoints)
        raise StickgenError(
            f"{run.name}: {called} checkpoint, of step {step:,}, is not kept; there "
            f"{'are' if len(run.checkpoints) > 1 else 'is'} {counted(len(run.checkpoints), 'checkpoint')}: {kept}"
        )
    return verify_checkpoint(path)

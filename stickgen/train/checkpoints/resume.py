"""Where a launch goes on: the newest whole checkpoint, the weights of another run, or the beginning."""

from __future__ import annotations

import math
from typing import Any

from stickgen.errors import StickgenError
from stickgen.planner.decisions.schedule import scheduled_rate
from stickgen.run_contract import EventKind
from stickgen.runs.preflight import refusals
from stickgen.runs.provenance import ancestors_of, provenance
from stickgen.runs.resuming import refuse_changes
from stickgen.train.checkpoints.best import measures_best_otherwise
from stickgen.train.checkpoints.checkpoint import Checkpoint, newest_checkpoint, unfinished_saves
from stickgen.train.checkpoints.initial import initial_of
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.context import LaunchContext


def resume(context: LaunchContext, state: TrainState, dataset: dict[str, Any], steps_per_epoch: int) -> bool:
    """Bring `state` to where the run left off, and report what was skipped or has changed since.

    `dataset` is the record of the present dataset. Returns whether `state` is that of a checkpoint. Raises
    StickgenError if the run has checkpoints and none of them is whole, or if it may not start at all.
    """
    run, journal = context.run, context.journal
    checkpoint, skipped = context.ranks.from_first(
        newest_checkpoint(run.checkpoints_dir) if context.ranks.leads else None
    )
    for sentence in skipped:
        journal.event(EventKind.ALERT, f"skipped a damaged checkpoint: {sentence}")
    for path in unfinished_saves(run.checkpoints_dir):
        journal.event(EventKind.ALERT, f"{path}: a save that was cut off; it is not used")
    state.provenance = provenance(dataset, None if checkpoint is None else checkpoint.trainer)
    if checkpoint is not None:
        state.restore(checkpoint)
        journal.step = state.step
        context.at_step(state.step)
        _report_changes(context, state, checkpoint, dataset, steps_per_epoch)
        return True
    if skipped:
        raise StickgenError(
            f"{run.name}: none of its checkpoints is whole, so there is nothing to resume from: "
            + "; ".join(skipped)
        )
    if (initial := initial_of(run)) is None:
        for sentence in refusals(context.config, starts_from_weights=False):
            raise StickgenError(sentence)
        return False
    state.start_from(initial, context.config)
    state.provenance = {"dataset": dataset, "ancestors": ancestors_of(initial.path, initial.trainer)}
    journal.event(EventKind.INITIAL, f"weights of {initial.path}, after step {initial.step} there")
    return False


def _report_changes(
    context: LaunchContext,
    state: TrainState,
    checkpoint: Checkpoint,
    dataset: dict[str, Any],
    steps_per_epoch: int,
) -> None:
    """Write an event for each key, and for the dataset, that differs from what the checkpoint was trained with."""
    config, journal = context.config, context.journal
    before = checkpoint.trainer.get("dataset")
    if isinstance(before, dict) and before.get("digest") != dataset["digest"]:
        state.best_val, state.best_step = math.inf, None  # measured on other clips
        journal.event(
            EventKind.CHANGED,
            f"the dataset has changed: {dataset['clips']} clips, before {before.get('clips')}; "
            "the best checkpoint so far no longer counts",
        )
    try:
        trained = checkpoint.config()
    except (OSError, StickgenError):
        return  # written by an older version
    changes = refuse_changes(context.run, trained, config)
    if measures_best_otherwise(trained, config):
        state.best_val, state.best_step = math.inf, None  # measured by something else
    for change in changes:
        journal.event(EventKind.CHANGED, str(change), key=change.path, old=change.old, new=change.new)
    if changes:
        rate, was = (
            scheduled_rate(each, state.step, steps_per_epoch, state.schedule_share)
            for each in (config, trained)
        )
        journal.event(
            EventKind.CHANGED,
            f"the learning rate of the next step is {rate:.3g}, without the change {was:.3g}",
        )

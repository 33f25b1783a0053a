"""Going back to an earlier checkpoint while the trainer lives, with a lower learning rate from there on.

The clips, the noise and the dropout of a step follow from the seed and the step number, so after a rollback they
come again as they came before, and a resumed run still is the run it would have been. What must differ is the
learning rate, or the same would happen again: it becomes a live change of the step that the run went back to, like
one that a person makes, and so holds for every later launch.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch

from stickgen.errors import StickgenError
from stickgen.quantities import counted
from stickgen.run_contract import EventKind, Field
from stickgen.runs.checkpoint_folders import checkpoint_folders, step_of
from stickgen.runs.going_back import set_aside_later
from stickgen.runs.live import KeyChange, LiveChange, add_change, config_at, spelled
from stickgen.train.checkpoints.checkpoint import Checkpoint, newest_checkpoint
from stickgen.train.checkpoints.initial import initial_of
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.context import LaunchContext

ROLLBACKS = "rollbacks"  # in run.json: how many there were, over all launches
_RATE = "training.learning_rate"


def rollbacks_of(identity: Mapping[str, Any]) -> int:
    """How many rollbacks run.json counts."""
    count = identity.get(ROLLBACKS)
    return count if type(count) is int and count > 0 else 0


def roll_back(context: LaunchContext, state: TrainState, number: int, reason: str, *, to_best: bool) -> bool:
    """Bring `state` back to the newest whole checkpoint, or `to_best` to the best one; rollback `number` of the run.

    All processes call it after the same step. Checkpoints behind the best one hold what went wrong, and a resume
    would take the newest: with `to_best`, they are set aside. Without any checkpoint the run begins anew. Returns
    whether `state` is that of a checkpoint.
    """
    from_step = state.step
    checkpoint, aside = context.ranks.from_first(
        _target(context, state.best_step if to_best else None) if context.ranks.leads else None
    )
    _become(context, state, checkpoint)
    context.journal.step = state.step
    said = _lower_rate(context, state.step, number)
    where = f"the checkpoint of step {state.step:,}" if checkpoint is not None else "the beginning"
    kept = f"; {counted(aside, 'later checkpoint')} set aside" if aside else ""
    context.journal.event(
        EventKind.ROLLBACK,
        f"after step {from_step:,}: {reason}; the run went back to {where} (rollback {number} of "
        f"{context.config.watchdog.max_rollbacks}){said}{kept}",
        **{Field.FROM_STEP: from_step},
    )
    if context.ranks.leads:
        context.note(**{ROLLBACKS: number})
    return checkpoint is not None


def _target(context: LaunchContext, best_step: int | None) -> tuple[Checkpoint | None, int]:
    """The checkpoint to go back to, and how many later ones were set aside for it."""
    folder, aside = context.run.checkpoints_dir, 0
    if best_step is not None and best_step in map(step_of, checkpoint_folders(folder)):
        try:
            aside = set_aside_later(context.run, best_step)
        except OSError as error:
            context.journal.event(
                EventKind.ALERT,
                f"{folder}: later checkpoints cannot be set aside ({error.strerror or error})",
            )
    return newest_checkpoint(folder)[0], aside


def _become(context: LaunchContext, state: TrainState, checkpoint: Checkpoint | None) -> None:
    """Make `state` what a launch that resumes now would begin with."""
    fresh = TrainState(context.config, copy.deepcopy(state.normaliser), torch.device("cpu"))
    if checkpoint is not None:
        fresh.restore(checkpoint)
    elif (initial := initial_of(context.run)) is not None:
        fresh.start_from(initial, context.config)
    state.become(fresh)


def _lower_rate(context: LaunchContext, step: int, number: int) -> str:
    """Let a lower learning rate count from `step` on, in all processes. What is to be said of it."""
    factor = context.config.watchdog.rollback_learning_rate
    rate = config_at(context.base, context.changes, step).training.learning_rate
    if factor == 1:
        return ", and nothing is changed"
    lower = KeyChange(_RATE, rate, rate * factor, context.base.training.learning_rate)
    change = LiveChange(f"rollback-{number}", step, context.journal.launch, (lower,))
    if context.ranks.leads:
        try:
            context.changes = add_change(context.run, change, context.base)
        except (OSError, StickgenError) as error:
            context.changes = [*context.changes, change]
            context.journal.event(
                EventKind.ALERT, f"{change}: it counts, and a resume will not know it ({error})"
            )
        context.journal.event(
            EventKind.LIVE,
            f"{change}, from step {step + 1:,} on",
            **{Field.ID: change.id, Field.APPLIED: True, Field.CHANGES: [spelled(lower)]},
        )
    context.tell_changes()
    return f" with the learning rate {rate:.3g} → {rate * factor:.3g}"

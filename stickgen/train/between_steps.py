"""What is due between two steps: a stop, a checkpoint, a sample, an evaluation, a live change."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

from stickgen.errors import StickgenError
from stickgen.run_contract import StepPart
from stickgen.train.launch import Launch
from stickgen.train.processes.signals import StopWantedError


@dataclass(frozen=True)
class Due:
    """What to do after a step, the same on all processes."""

    stop: bool
    save: bool
    sample: bool
    evaluate: bool
    time_is_up: bool  # `training.max_minutes` have passed
    change: bool  # a key was set, which the other processes do not know yet
    ending: bool  # the watchdog wants the run to end, or to go back


class BetweenSteps:
    """Asks what is due, and does it. All processes call it together."""

    def __init__(self, launch: Launch) -> None:
        self.launch, self.state, self.ranks, self.asked = launch, launch.state, launch.ranks, launch.asked
        self.saver, self.watch, self.assessment = launch.saver, launch.watch, launch.assessment

    def due(self) -> Due:
        """What was asked for or is due by the clock. All processes ask after the same step and get one answer."""
        minutes = self.launch.config.training.max_minutes
        save_minutes = self.launch.config.logging.save_minutes
        return Due(
            *self.ranks.any_of(
                [
                    self.asked.stop,
                    (self.asked.save and not self.saver.busy) or self.saver.due(save_minutes),
                    self.asked.sample or self.assessment.sample_due(),
                    self.ranks.leads and self.assessment.quality.due(),
                    bool(minutes and time.monotonic() - self.launch.launched > 60 * minutes),
                    self.launch.context.untold,
                    self.watch.wanted is not None,
                ]
            )
        )

    def do(self, due: Due) -> None:
        """Do what is due. Raises StopWantedError for a stop."""
        self.launch.follow_changes(due.change)
        if due.save:
            self.asked.save = False
            self.save()
        if due.sample:
            self.asked.sample = False
            self.assessment.draw_sample()
        if due.stop:
            raise StopWantedError
        if due.evaluate and self.assessment.evaluate():
            self.save()

    def save(self) -> None:
        """Begin a checkpoint, unless the weights are not worth one."""
        if reason := self.watch.unfit:
            self.saver.skip(reason)
            return
        self.state.gather(keep=self.ranks.leads)
        if (
            self.ranks.leads
            and self.watch.first_loss is not None
            and "first_loss" not in self.launch.identity
        ):
            self.launch.identity["first_loss"] = self.watch.first_loss
            with contextlib.suppress(OSError, StickgenError):  # a full disk
                self.launch.run.update_identity(first_loss=self.watch.first_loss)
        with self.launch.profile.part(StepPart.CHECKPOINT):
            self.saver.begin(self.state)
        self.launch.remember()
        if not any(self.ranks.any_of([self.asked.stop])):
            self.assessment.draw_at_checkpoint()

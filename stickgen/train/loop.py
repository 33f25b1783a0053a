"""Training from top to bottom: epoch after epoch, step after step, until the end, a stop or a limit."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from itertools import islice

from stickgen.errors import RunFailedError
from stickgen.model.objective import Batch
from stickgen.planner.decisions.batch_shapes import frames_at_once
from stickgen.planner.decisions.schedule import scheduled_rate
from stickgen.quantities import counted
from stickgen.run_contract import StepPart
from stickgen.runs.store import Run
from stickgen.train.batching.batches import WorkerBatches, load_batches
from stickgen.train.batching.plan import MicroBatch, plan_epoch
from stickgen.train.between_steps import BetweenSteps
from stickgen.train.checkpoints.rollback import roll_back
from stickgen.train.ending import Ending
from stickgen.train.launch import Launch
from stickgen.train.optim.step import StepResult, optimizer_step
from stickgen.train.processes.signals import Asked, StopWantedError
from stickgen.train.watch import GoBackError, Verdict, judge

log = logging.getLogger("stickgen")


class Trainer(Launch):
    """A launch that trains: `train` is the algorithm."""

    def __init__(self, run: Run, *, launch: int | None = None, asked: Asked | None = None) -> None:
        super().__init__(run, launch=launch, asked=asked)
        self.between, self.ending = BetweenSteps(self), Ending(self)
        self.largest = 0  # clips of a micro-batch so far

    def train(self) -> int:
        """Train to the end, to a limit or to a stop. Returns the exit code.

        Raises RunFailedError if the weights cannot be saved at the end, DatasetChangedError if somebody changed
        the dataset meanwhile.
        """
        try:
            code = self._train()
        except StopWantedError:
            code = self.ending.stop()
        except Exception as error:
            saved = self.ending.rescue()
            if not (self.asked.stop and saved):
                if self.clips.file.rows.changed:  # whatever it led to, in this process or in a worker
                    raise self.ending.data_changed(saved) from error
                raise
            log.exception("an error during a stop; the last whole step is saved")
            return self.ending.report_stop()
        finally:
            self.saver.close()
            WorkerBatches.end_workers()
        if self.profile.exact:
            self.ending.report_profile()
        self.ranks.leave()
        return code

    def _train(self) -> int:
        """Train epoch after epoch, and again from an earlier step if the watchdog wants that. Returns the exit code."""
        self.begin()
        while self.state.step < self.total_steps:
            try:
                code = self._train_epoch(self.state.step // self.steps_per_epoch)
            except GoBackError as wish:
                WorkerBatches.end_workers()
                self.go_back(wish)
                continue
            if code is not None:
                return code
        return self.ending.finish(f"trained {self.config.training.epochs} epochs, {self.state.step} steps")

    def _train_epoch(self, epoch: int) -> int | None:
        """The algorithm: for each step of the epoch's plan an optimizer step. The exit code if that was the end."""
        state, plan = self.state, self.plan(epoch)
        batches = self.load(plan, epoch)
        for micro_batches in plan:
            if state.step >= self.journal.last_step:
                return self.ending.finish(f"reached --max-steps after step {state.step}")
            began = time.monotonic()
            rate = self.set_learning_rate()
            share = islice(batches, len(self.ranks.share(micro_batches)))
            result = optimizer_step(
                self.learner,
                self.context.until_stopped(share),
                step=state.step,
                clips=sum(map(len, micro_batches)),
                share=self.schedule_over,
                passes=self.ranks.most(micro_batches),
            )
            self.after_step(result, rate, time.monotonic() - began)
            due = self.between.due()
            if due.ending:
                return self.obey()
            self.between.do(due)
            if due.time_is_up:
                minutes = self.config.training.max_minutes
                return self.ending.finish(
                    f"reached training.max_minutes ({minutes:g}) after step {state.step}"
                )
        saves_anyway = (epoch + 1) % self.config.logging.save_interval == 0
        if self.assessment.validate(saves_anyway=saves_anyway) or saves_anyway:
            self.between.save()
        return self.obey() if self.watch.wanted else None

    def plan(self, epoch: int) -> list[list[MicroBatch]]:
        """The micro-batches of the epoch's steps that are still to do."""
        config, model = self.config, self.config.model
        most = min(config.training.batch_size, -(-config.effective_batch // self.ranks.size))
        if self.state.model.sharded and self.learner.limit.clips:
            # here, alike for all processes: if each cut its own, they would make different numbers of passes
            most = min(most, self.learner.limit.clips)
        steps = plan_epoch(
            self.clips.train.lengths,
            effective_batch=config.effective_batch,
            batch_size=most,
            seed=config.training.seed,
            epoch=epoch,
            most_frames=frames_at_once(model.d_model, model.patch_frames, self.device.type),
        )[self.state.step - epoch * self.steps_per_epoch :]
        self._note_largest(steps)
        return steps

    def _note_largest(self, plan: list[list[MicroBatch]]) -> None:
        """Note how many clips go through the model at once: whoever finds this launch killed wants to know."""
        largest = max((len(part) for step in plan for part in step), default=0)
        if self.ranks.leads and largest > self.largest:
            self.largest = largest
            self.context.note(largest_micro_batch=largest)

    def load(self, plan: list[list[MicroBatch]], epoch: int) -> Iterator[Batch]:
        """This process's share of the planned micro-batches of `epoch`, one after the other."""
        self.clips.train.set_epoch(epoch)
        return load_batches(
            self.clips.train,
            [micro_batch for step in plan for micro_batch in self.ranks.share(step)],
            num_workers=self.workers,
            pin_memory=self.config.device.pin_memory and self.device.type == "cuda",
            asked=self.asked if self.ranks.size == 1 else None,
        )

    def set_learning_rate(self) -> float:
        """Give the optimizer this step's rate, and return it."""
        rate = scheduled_rate(self.config, self.state.step, self.steps_per_epoch, self.state.schedule_share)
        for group in self.state.optimizer.param_groups:
            group["lr"] = rate
        return rate

    def after_step(self, result: StepResult, rate: float, seconds: float) -> None:
        """Average the weights, count the step, log it, and take the requests that came meanwhile."""
        state = self.state
        with self.profile.part(StepPart.AVERAGE):
            state.advance(moved=not result.skipped)
        self.journal.step = state.step
        self.follow_schedule()
        self.journal.record_step_time(seconds)
        logged = None
        if state.step % self.config.logging.log_interval == 0 or state.step == 1:
            logged = self.journal.train_record(result, rate, seconds, *self.profile.take())
        self.watch.step_taken(result, logged)
        if self.ranks.leads:
            self.context.take_requests()
            self.neighbours.look()
        self.saver.collect()

    # -- what the watchdog wants

    def obey(self) -> int:
        """End as the watchdog wants it, alike on all processes. Returns the exit code.

        Raises GoBackError to go back to an earlier checkpoint instead, RunFailedError for a run that is lost.
        """
        verdict = judge(self.watch, self.ranks, self.rollbacks, self.config.watchdog.max_rollbacks)
        early = f"stopped early after step {self.state.step}: {self.watch.sentence}"
        if verdict == Verdict.LOST:
            again = f", after {counted(self.rollbacks, 'rollback')}" if self.rollbacks else ""
            kept = f"; the checkpoint of step {self.saver.saved['step']} is kept" if self.saver.saved else ""
            raise RunFailedError(f"{early}{again}{kept}")
        if verdict == Verdict.STOP:
            return self.ending.stop(f": {self.watch.sentence}")
        best = self.state.best_step
        return self.ending.finish(early + (f"; the best checkpoint is that of step {best}" if best else ""))

    def go_back(self, wish: GoBackError) -> None:
        """Bring the run back to an earlier checkpoint, on all processes alike."""
        self.saver.collect(wait=True)
        self.rollbacks += 1
        saved = roll_back(self.context, self.state, self.rollbacks, str(wish), to_best=wish.to_best)
        self.schedule_clock.restart()
        self.steer()
        self.saver.saved = self.state.numbers() if saved else {}
        self.watch.forget()
        self.assessment.forget()
        self.recall()

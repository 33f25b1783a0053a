"""Training from top to bottom: open, build, then step after step until the end, a stop or a limit."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.data.rows import DatasetChangedError
from stickgen.datasets.facts import read_dataset_facts
from stickgen.errors import RunFailedError, StickgenError
from stickgen.hardware.contention import Contention
from stickgen.hardware.machine import local_machine_fast
from stickgen.model.objective import Batch
from stickgen.planner.arithmetic.parameters import count_parameters
from stickgen.planner.arithmetic.speed import step_cost
from stickgen.planner.arithmetic.workload import workload_of
from stickgen.planner.decisions.batch_shapes import PAD_FRAMES_TO, frames_at_once, steps_per_epoch
from stickgen.planner.decisions.schedule import scheduled_rate
from stickgen.quantities import counted
from stickgen.run_contract import WENT_BACK, EventKind, Phase, StepPart
from stickgen.runs.store import Run
from stickgen.runs.trainings import Neighbours
from stickgen.train.batching.batches import (
    SHARED_MEMORY,
    WorkerBatches,
    fitting_workers,
    load_batches,
)
from stickgen.train.batching.plan import MicroBatch, plan_epoch
from stickgen.train.batching.run_dataset import open_run_dataset
from stickgen.train.checkpoints.resume import resume
from stickgen.train.checkpoints.rollback import roll_back, rollbacks_of
from stickgen.train.checkpoints.saver import Saver, SilentSaver
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.context import LaunchContext
from stickgen.train.measuring.assessment import Assessment
from stickgen.train.optim.out_of_memory import MicroBatchLimit
from stickgen.train.optim.step import Learner, StepResult, optimizer_step
from stickgen.train.placement.compiled_blocks import compile_blocks, is_worth_compiling
from stickgen.train.processes.signals import NOTHING_TRAINED, Asked, StopWantedError
from stickgen.train.reporting.remember import remember
from stickgen.train.steering import steer
from stickgen.train.watch import GoBackError, Verdict, Watch, judge, measurements
from stickgen.watchdog.learned import not_learned

log = logging.getLogger("stickgen")


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


class Trainer:
    """One launch of a run. `__init__` puts its parts together, in order; `train` is the algorithm."""

    def __init__(self, run: Run, *, launch: int | None = None, asked: Asked | None = None) -> None:
        self.launched = time.monotonic()
        self.context = context = LaunchContext.open(run, launch, asked or Asked())
        self.run, self.identity = run, context.identity
        self.journal, self.asked, self.ranks = context.journal, context.asked, context.ranks
        self.profile, self.device = context.profile, context.device
        self.contention, self.neighbours = Contention(), Neighbours(run)

        self.dataset = open_run_dataset(run, self.config)
        self.clips = self.dataset.clips
        self.steps_per_epoch = steps_per_epoch(len(self.clips.train), self.config.effective_batch)
        self.journal.steps_per_epoch = self.steps_per_epoch
        self.last_of_launch: int | None = None  # by --max-steps
        self.set_end()

        sharded = self.config.device.sharding == "fsdp" and self.ranks.size > 1
        whole_on = torch.device("cpu") if sharded else self.device  # one GPU may not hold the whole of it
        self.state = TrainState(self.config, self.clips.fit_normaliser(), whole_on)
        self.saver = (Saver if self.ranks.leads else SilentSaver)(self.journal, self.config.bytes)
        self.watch = Watch.of(context)
        self.assessment = Assessment(context, self.state, self.clips, self.saver, self.watch)
        self.rollbacks = rollbacks_of(self.identity)
        if resume(context, self.state, self.dataset.record, self.steps_per_epoch):
            self.saver.saved = self.state.numbers()
            self._recall()
        if sharded:
            self.state.shard(self.device, self.ranks.size)
        self.workers = self._data_workers()
        self.compiled = self._compile()
        self.learner = Learner(
            self.state.model, self.state.normaliser, self.state.optimizer, self.config, self.device,
            context.precision, self._micro_batch_limit(), self.ranks, self.profile,
        )  # fmt: skip
        self.largest = 0  # clips of a micro-batch so far
        self.steer()
        if self.ranks.leads:
            self._note_what_runs()

    @property
    def config(self) -> TrainingConfig:
        """The config as it counts now, with the live changes so far."""
        return self.context.config

    @property
    def total_steps(self) -> int:
        """Of the whole run, as it is configured now."""
        return self.steps_per_epoch * self.config.training.epochs

    def train(self) -> int:
        """Train to the end, to a limit or to a stop. Returns the exit code.

        Raises RunFailedError if the weights cannot be saved at the end, DatasetChangedError if somebody changed
        the dataset meanwhile.
        """
        try:
            code = self._train()
        except StopWantedError:
            code = self.stop()
        except Exception as error:
            saved = self.rescue()
            if not (self.asked.stop and saved):
                if self.clips.file.rows.changed:  # whatever it led to, in this process or in a worker
                    raise self._data_changed(saved) from error
                raise
            log.exception("an error during a stop; the last whole step is saved")
            return self.report_stop()
        finally:
            self.saver.close()
            WorkerBatches.end_workers()
        if self.profile.exact:
            self.report_profile()
        self.ranks.leave()
        return code

    def _train(self) -> int:
        """Train epoch after epoch, and again from an earlier step if the watchdog wants that. Returns the exit code."""
        self._begin()
        while self.state.step < self.total_steps:
            try:
                code = self._train_epoch(self.state.step // self.steps_per_epoch)
            except GoBackError as wish:
                WorkerBatches.end_workers()
                self.go_back(wish)
                continue
            if code is not None:
                return code
        return self.finish(f"trained {self.config.training.epochs} epochs, {self.state.step} steps")

    def _train_epoch(self, epoch: int) -> int | None:
        """The algorithm: for each step of the epoch's plan an optimizer step. The exit code if that was the end."""
        state, plan = self.state, self.plan(epoch)
        batches = self.load(plan, epoch)
        for micro_batches in plan:
            if state.step >= self.journal.last_step:
                return self.finish(f"reached --max-steps after step {state.step}")
            began = time.monotonic()
            rate = self.set_learning_rate()
            share = islice(batches, len(self.ranks.share(micro_batches)))
            result = optimizer_step(
                self.learner,
                self.context.until_stopped(share),
                step=state.step,
                clips=sum(map(len, micro_batches)),
                passes=self.ranks.most(micro_batches),
            )
            self.after_step(result, rate, time.monotonic() - began)
            due = self.due()
            if due.ending:
                return self.obey()
            self.do(due)
            if due.time_is_up:
                minutes = self.config.training.max_minutes
                return self.finish(f"reached training.max_minutes ({minutes:g}) after step {state.step}")
        saves_anyway = (epoch + 1) % self.config.logging.save_interval == 0
        if self.assessment.validate(saves_anyway=saves_anyway) or saves_anyway:
            self.save()
        return self.obey() if self.watch.wanted else None

    # -- before the first step

    def _data_workers(self) -> int:
        """How many data workers to start: none if the shared memory is too small for their batches."""
        config, wanted = self.config, self.config.device.num_workers
        frames = min(config.data.max_frames, max(self.clips.train.lengths, default=0)) + PAD_FRAMES_TO
        clip = frames * (4 * config.model.input_dim + 8 + 1) + 4 * config.model.embedding_dim
        fitting = fitting_workers(wanted, config.training.batch_size * clip)
        if fitting < wanted:
            self.journal.event(
                EventKind.ALERT,
                f"{SHARED_MEMORY} is too small for {wanted} data workers, so the trainer reads the data itself "
                "(in a container: --shm-size, or --ipc=host)",
            )
        return fitting

    def _compile(self) -> bool:
        """Compile the model if the run's first launch did, or is this one and gains from it. Whether it did."""
        compiled = self.identity.get("compiled")
        if compiled is None:
            compiled = is_worth_compiling(self.config, self.device, self.context.precision, self.total_steps)
        if compiled:
            compile_blocks(self.state.model)
        return bool(compiled)

    def _micro_batch_limit(self) -> MicroBatchLimit:
        """The limit that earlier launches found. A new one is noted, so that a resumed run cuts alike."""

        def found(message: str, clips: int) -> None:
            self.journal.event(EventKind.ALERT, message)
            if self.ranks.leads:
                self.context.note(clips_at_once=clips)

        known = self.identity.get("clips_at_once")
        return MicroBatchLimit(found, known if isinstance(known, int) and known > 0 else None)

    def _note_what_runs(self) -> None:
        for doubt in self.dataset.doubts if self.state.step == 0 else ():
            self.journal.event(EventKind.ALERT, doubt)
        self.context.note(
            compiled=self.compiled,
            processes=self.ranks.size,
            parameters=count_parameters(self.config),
            device=str(self.device),
            precision=self.context.precision,
            torch_version=torch.__version__,
            dataset_fingerprint=self.dataset.record["fingerprint"],
            dataset=self.dataset.record,
            ancestors=self.state.provenance["ancestors"],
            total_steps=self.total_steps,
            steps_per_epoch=self.steps_per_epoch,
        )

    def _begin(self) -> None:
        """Report the start, start the clocks, and take what was asked for before."""
        step = self.state.step
        self.journal.event(
            EventKind.RESUMED if step else EventKind.STARTED,
            f"{count_parameters(self.config):,} parameters, effective batch {self.config.effective_batch}, "
            f"{self.steps_per_epoch} steps an epoch, {self._where()} in {self.context.precision}, "
            f"{len(self.clips.train)} clips to train on and {len(self.clips.held_out)} held out",
        )
        if went_back := self.identity.get(WENT_BACK):
            self.journal.event(EventKind.CHANGED, str(went_back))
        if self.compiled:
            self.journal.beat(Phase.COMPILING)
        self.contention, self.neighbours = Contention(), Neighbours(self.run)
        self.profile.start(step)
        limit = self.identity.get("max_steps")
        ends = [self.identity.get("last_step"), None if limit is None else step + int(limit)]
        self.last_of_launch = min((int(end) for end in ends if end is not None), default=None)
        self.set_end()
        if self.ranks.leads:
            self.context.take_requests()
        self.follow_changes(self.ranks.any_of([self.context.untold])[0])

    def set_end(self) -> None:
        """Tell the journal where the run ends, and where and when this launch does."""
        journal, minutes = self.journal, self.config.training.max_minutes
        journal.total_steps = self.total_steps
        journal.last_step = min(self.last_of_launch or self.total_steps, self.total_steps)
        journal.deadline = self.launched + 60 * minutes if minutes else None

    def follow_changes(self, new: bool) -> None:
        """Let the live changes of this step count, once all processes know of those that are `new`."""
        if new:
            self.context.tell_changes()
        if any(change.step == self.state.step for change in self.context.changes):
            self.steer()

    def steer(self) -> None:
        """Let what is configured at this step count from here on."""
        steer(self.context, self.state, self.watch, self.assessment.quality)
        self.learner = replace(self.learner, config=self.config)
        self.set_end()

    def _where(self) -> str:
        if self.ranks.size == 1:
            return str(self.device)
        each = ", each with a shard of the weights," if self.state.model.sharded else ""
        return f"{self.ranks.size} processes on {self.device}{each}"

    # -- step after step

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
        rate = scheduled_rate(self.config, self.state.step, self.steps_per_epoch)
        for group in self.state.optimizer.param_groups:
            group["lr"] = rate
        return rate

    def after_step(self, result: StepResult, rate: float, seconds: float) -> None:
        """Average the weights, count the step, log it, and take the requests that came meanwhile."""
        state = self.state
        with self.profile.part(StepPart.AVERAGE):
            state.advance(moved=not result.skipped)
        self.journal.step = state.step
        self.journal.record_step_time(seconds)
        logged = None
        if state.step % self.config.logging.log_interval == 0 or state.step == 1:
            logged = self.journal.train_record(result, rate, seconds, *self.profile.take())
        self.watch.step_taken(result, logged)
        if self.ranks.leads:
            self.context.take_requests()
            self.neighbours.look()
        self.saver.collect()

    def due(self) -> Due:
        """What was asked for or is due by the clock. All processes ask after the same step and get one answer."""
        minutes = self.config.training.max_minutes
        save_minutes = self.config.logging.save_minutes
        return Due(
            *self.ranks.any_of(
                [
                    self.asked.stop,
                    (self.asked.save and not self.saver.busy) or self.saver.due(save_minutes),
                    self.asked.sample or self.assessment.sample_due(),
                    self.ranks.leads and self.assessment.quality.due(),
                    bool(minutes and time.monotonic() - self.launched > 60 * minutes),
                    self.context.untold,
                    self.watch.wanted is not None,
                ]
            )
        )

    def do(self, due: Due) -> None:
        """Do what is due. Raises StopWantedError for a stop."""
        self.follow_changes(due.change)
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
        if self.ranks.leads and self.watch.first_loss is not None and "first_loss" not in self.identity:
            self.identity["first_loss"] = self.watch.first_loss
            with contextlib.suppress(OSError, StickgenError):  # a full disk
                self.run.update_identity(first_loss=self.watch.first_loss)
        with self.profile.part(StepPart.CHECKPOINT):
            self.saver.begin(self.state)
        self.remember()
        if not any(self.ranks.any_of([self.asked.stop])):
            self.assessment.draw_at_checkpoint()

    def remember(self) -> None:
        """Tell the planner how much time and memory training took so far."""
        if self.ranks.size == 1 and not self.identity.get("trial"):
            remember(
                self.learner, self.clips.file, self.journal, compiled=self.compiled,
                contended=self.contention.contended or self.neighbours.contended,
            )  # fmt: skip

    # -- what the watchdog wants

    def _recall(self) -> None:
        """Take up the waiting for better figures where the run was at this step."""
        step = self.state.step
        self.watch.recall(self.ranks.from_first(measurements(self.run, step) if self.ranks.leads else None))

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
            return self.stop(f": {self.watch.sentence}")
        best = self.state.best_step
        return self.finish(early + (f"; the best checkpoint is that of step {best}" if best else ""))

    def go_back(self, wish: GoBackError) -> None:
        """Bring the run back to an earlier checkpoint, on all processes alike."""
        self.saver.collect(wait=True)
        self.rollbacks += 1
        saved = roll_back(self.context, self.state, self.rollbacks, str(wish), to_best=wish.to_best)
        self.steer()
        self.saver.saved = self.state.numbers() if saved else {}
        self.watch.forget()
        self.assessment.forget()
        self._recall()

    # -- how it ends

    def finish(self, message: str) -> int:
        """Validate, draw, save and report. Raises RunFailedError if the weights cannot be saved."""
        if not any(self.ranks.any_of([self.asked.stop])):
            self.assessment.validate(saves_anyway=True)
            if any(self.ranks.any_of([self.ranks.leads and self.assessment.quality.due()])):
                self.assessment.evaluate()
            self.assessment.draw_sample()
        if reason := self.watch.unfit:
            raise RunFailedError(
                f"{message}, but {reason}; those weights are not saved, and earlier checkpoints are kept: "
                "lower training.learning_rate"
            )
        if not self.save_patiently():
            raise RunFailedError(f"{message}, but its checkpoint could not be saved; see the events")
        done = self.state.step >= self.total_steps
        if lesson := not_learned(self.assessment.validated):
            message += f", but {lesson}"
        self.journal.event(EventKind.FINISHED if done else EventKind.EARLY, message)
        return 0

    def stop(self, why: str = "") -> int:
        """End with a checkpoint, because somebody asked, or the watchdog. Raises RunFailedError if it cannot be saved."""
        if self.ranks.leads:
            self.context.take_requests()  # the signal of a pause comes with a request that says so
        if (reason := self.watch.unfit) and self.ranks.from_first(bool(self.saver.saved)):
            return self.report_stop(f"{why}; {reason}, so an earlier checkpoint is the last")
        if self.state.step and not self.save_patiently():
            raise RunFailedError(f"stopped after step {self.state.step}, but no checkpoint could be saved")
        return self.report_stop(f", with a checkpoint{why}")

    def report_stop(self, how: str = ", with a checkpoint") -> int:
        """Report that it ended because somebody asked. Returns the exit code."""
        step = self.state.step
        kind = EventKind.PAUSED if self.asked.pause else EventKind.STOPPED
        self.journal.event(kind, f"{kind} after step {step}{how}" if step else NOTHING_TRAINED)
        return 130

    def save_patiently(self) -> bool:
        """Save the present weights and wait for the disk. Whether they are saved."""
        self.remember()
        self.state.gather(keep=self.ranks.leads)
        return self.saver.save_patiently(self.state, self.asked)

    def rescue(self) -> bool:
        """Save the last whole step after an error, which may have nothing to do with the weights. Whether it is saved."""
        if self.state.step == 0:
            return True
        if self.watch.unfit:
            return False
        return self.state.whole and self.state.at_hand and self.saver.save(self.state)

    def report_profile(self) -> None:
        """Report where the time of this launch went."""
        facts = read_dataset_facts(self.clips.file.path)
        flops = step_cost(workload_of(self.config, local_machine_fast(), facts)).flops
        self.journal.event(EventKind.PROFILE, self.profile.report(self.state.step, flops / 1e9))

    def _data_changed(self, saved: bool) -> DatasetChangedError:
        saved = saved and self.state.step > 0
        kept = f"the run ends with a checkpoint after step {self.state.step}" if saved else "the run ends"
        return DatasetChangedError(
            f"{self.clips.file.path}: the dataset was changed while the run read it; {kept}: restore the dataset "
            f"and resume with stickgen train --resume {self.run.reference}"
        )

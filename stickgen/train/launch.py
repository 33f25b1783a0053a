"""The parts of one launch, put together in order, and what all that happens in it needs of them."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.hardware.contention import Contention
from stickgen.planner.arithmetic.parameters import count_parameters
from stickgen.planner.decisions.batch_shapes import PAD_FRAMES_TO, steps_per_epoch
from stickgen.planner.decisions.schedule import scheduled_rate, share_by_steps
from stickgen.run_contract import WENT_BACK, EventKind, Phase
from stickgen.runs.store import Run
from stickgen.runs.trainings import Neighbours
from stickgen.train.batching.batches import SHARED_MEMORY, fitting_workers
from stickgen.train.batching.run_dataset import open_run_dataset
from stickgen.train.checkpoints.resume import resume
from stickgen.train.checkpoints.rollback import rollbacks_of
from stickgen.train.checkpoints.saver import Saver, SilentSaver
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.context import LaunchContext
from stickgen.train.measuring.assessment import Assessment
from stickgen.train.optim.out_of_memory import MicroBatchLimit
from stickgen.train.optim.schedule_clock import LaunchEnd, ScheduleClock
from stickgen.train.optim.step import Learner
from stickgen.train.placement.compiled_blocks import (
    compile_blocks,
    is_of_compiled_code,
    is_worth_compiling,
    run_uncompiled,
)
from stickgen.train.processes.signals import Asked
from stickgen.train.reporting.remember import remember
from stickgen.train.steering import steer
from stickgen.train.watch import Watch, measurements


class Launch:
    """One launch of a run: everything it consists of, at the step where it is."""

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
        self.schedule_clock = ScheduleClock()
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
            self.recall()
        if sharded:
            self.state.shard(self.device, self.ranks.size)
        self.workers = self._data_workers()
        self.compiled = self._compile()
        self.learner = Learner(
            self.state.model, self.state.normaliser, self.state.optimizer, self.config, self.device,
            context.precision, self._micro_batch_limit(), self.ranks, self.profile,
        )  # fmt: skip
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

    @property
    def schedule_is_over(self) -> bool:
        """Whether an earlier launch has used up the schedule, and steps are left."""
        over = self.state.schedule_share > 0.99 and self.config.training.schedule_until != "epochs"
        return over and self.config.training.schedule != "constant" and self.state.step < self.total_steps

    def begin(self) -> None:
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
        if self.schedule_is_over:
            rate = scheduled_rate(self.config, step, self.steps_per_epoch, self.state.schedule_share)
            self.journal.event(
                EventKind.ALERT,
                "the learning rate came down with the time of an earlier launch, and stays at "
                f"{rate:.3g}; training.schedule_until: epochs lets it follow the epochs instead",
            )
        if self.ranks.leads:
            self.context.take_requests()
        self.follow_changes(self.ranks.any_of([self.context.untold])[0])

    def set_end(self) -> None:
        """Tell the journal where the run ends, and where and when this launch does."""
        journal, minutes = self.journal, self.config.training.max_minutes
        journal.total_steps = self.total_steps
        journal.last_step = min(self.last_of_launch or self.total_steps, self.total_steps)
        journal.deadline = self.launched + 60 * minutes if minutes else None

    @property
    def schedule_over(self) -> float:
        """How much of the schedule is over, by the steps or by what ends the launch before them: 0 to 1."""
        return max(self.state.schedule_share, share_by_steps(self.state.step, self.total_steps))

    def follow_schedule(self) -> None:
        """Note how much of the schedule is over after this step. All processes call it together."""
        state, journal = self.state, self.journal
        end = LaunchEnd(journal.total_steps, journal.last_step, journal.deadline)
        share = self.schedule_clock.share(self.config, end, state.step, state.schedule_share)
        if end.deadline is not None and self.config.training.schedule_until != "epochs":
            share = self.ranks.greatest(share)  # their clocks differ
        state.schedule_share = share
        journal.schedule_share = self.schedule_over

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

    def recall(self) -> None:
        """Take up the waiting for better figures where the run was at this step."""
        step = self.state.step
        self.watch.recall(self.ranks.from_first(measurements(self.run, step) if self.ranks.leads else None))

    def remember(self) -> None:
        """Tell the planner how much time and memory training took so far."""
        if self.ranks.size == 1 and not self.identity.get("trial"):
            remember(
                self.learner, self.clips.file, self.journal, compiled=self.compiled,
                contended=self.contention.contended or self.neighbours.contended,
                evaluated=self.assessment.quality.encoder_loaded,
            )  # fmt: skip

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
        clips = known if isinstance(known, int) and known > 0 else None
        return MicroBatchLimit(found, clips, self._goes_on_uncompiled)

    def _goes_on_uncompiled(self, error: Exception) -> bool:
        """Whether `error` came out of compiled blocks, which run uncompiled from here on."""
        if not self.compiled or not is_of_compiled_code(error):
            return False
        run_uncompiled(self.state.model)
        self.compiled = False
        what = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reason given'}"
        self.journal.event(
            EventKind.ALERT,
            f"the compiled layers failed ({what}); the step is repeated and the run goes on without torch.compile",
        )
        if self.ranks.leads:
            self.context.note(compiled=False)
        return True

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

    def _where(self) -> str:
        if self.ranks.size == 1:
            return str(self.device)
        each = ", each with a shard of the weights," if self.state.model.sharded else ""
        return f"{self.ranks.size} processes on {self.device}{each}"

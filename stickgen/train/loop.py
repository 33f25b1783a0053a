"""Training, from top to bottom: open, build, and step after step until the end, a stop or a limit."""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Iterator
from itertools import islice

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.data.rows import DatasetChangedError
from stickgen.errors import RunFailedError, StickgenError
from stickgen.hardware.contention import Contention
from stickgen.hardware.machine import local_machine_fast
from stickgen.model.objective import Batch
from stickgen.planner.parameters import count_parameters
from stickgen.planner.speed import step_cost
from stickgen.planner.workload import frames_at_once, workload_of
from stickgen.runs.control import take_requests
from stickgen.runs.dataset_facts import dataset_digest, dataset_doubts, read_dataset_facts
from stickgen.runs.preflight import refusals
from stickgen.runs.provenance import ancestors_of, provenance
from stickgen.runs.resuming import dataset_difference, find_dataset, prepare, record_of, refuse_changes
from stickgen.runs.store import Run
from stickgen.train.batching.batches import (
    PAD_TO,
    SHARED_MEMORY,
    WorkerBatches,
    fitting_workers,
    load_batches,
)
from stickgen.train.batching.clips import Clips, open_clips
from stickgen.train.batching.plan import MicroBatch, plan_epoch, steps_per_epoch
from stickgen.train.checkpoints.checkpoint import Checkpoint, newest_checkpoint, unfinished_saves
from stickgen.train.checkpoints.guard import LossGuard
from stickgen.train.checkpoints.initial import initial_of
from stickgen.train.checkpoints.saver import Saver, SilentSaver
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.measuring.quality import Quality
from stickgen.train.measuring.sampling import draw_sample
from stickgen.train.measuring.validate import validate
from stickgen.train.optim.out_of_memory import MicroBatchLimit
from stickgen.train.optim.profile import NO_PROFILE, Profile
from stickgen.train.optim.schedule import learning_rate
from stickgen.train.optim.step import Learner, StepResult, optimizer_step
from stickgen.train.placement.compiled_blocks import compile_blocks, is_worth_compiling
from stickgen.train.placement.device import choose_device, choose_precision
from stickgen.train.placement.distributed import Ranks, is_first
from stickgen.train.processes.signals import NOTHING_TRAINED, Asked, StopWantedError
from stickgen.train.reporting.journal import Journal, SilentJournal
from stickgen.train.reporting.remember import remember

log = logging.getLogger("stickgen")

SECONDS_BETWEEN_BEST = 60.0


class Trainer:
    """One launch of a run. Its pieces are made in `__init__`, in order; `train` is the algorithm."""

    def __init__(self, run: Run, *, launch: int | None = None, asked: Asked | None = None) -> None:
        self.run = run
        self.asked = asked or Asked()
        self.launched = self.sampled_at = time.monotonic()
        self.validated_step = -1
        self.contention = Contention()
        journal = Journal if is_first() else SilentJournal
        self.journal = journal(run, len(run.launches) if launch is None else launch)
        self.journal.beat("loading")
        self.config = config = run.config()
        logging.getLogger("stickgen").setLevel(config.logging["level"])
        if problem := run.identity_problem:
            raise StickgenError(f"{problem}; go on with: stickgen train --resume {run.reference}")
        self.identity = run.identity

        self.device = choose_device(config.device["type"])
        self.ranks = Ranks.join(self.device)
        self.precision = choose_precision(config.device["precision"], self.device)
        if config.digest != self.identity.get("config_digest", config.digest):
            found = prepare(run)  # raises where a value was changed
            for sentence in found.said:
                self.journal.event("alert", sentence)
            if is_first():
                self._note(**found.facts)
        self.clips = self._open_data()
        self.steps_per_epoch = steps_per_epoch(len(self.clips.train), config.effective_batch)
        self.total_steps = self.steps_per_epoch * config.training["epochs"]
        self.journal.total_steps, self.journal.steps_per_epoch = self.total_steps, self.steps_per_epoch

        sharded = config.device["sharding"] == "fsdp" and self.ranks.size > 1
        whole_on = torch.device("cpu") if sharded else self.device  # a GPU may not hold it in whole
        self.state = TrainState(config, self.clips.fit_normaliser(), whole_on)
        self.saver = (Saver if self.ranks.leads else SilentSaver)(self.journal, config.bytes)
        self.guard = LossGuard(self.journal, self.identity.get("first_loss"))
        self.quality = Quality(config, self.clips, self.journal)
        known = self.identity.get("clips_at_once")
        self.limit = MicroBatchLimit(
            self._found_limit, known if isinstance(known, int) and known > 0 else None
        )
        self.largest = 0  # clips of a micro-batch so far
        self.profile = Profile(self.device) if self.identity.get("profile") else NO_PROFILE
        self._resume()
        if sharded:
            self.state.shard(self.device, self.ranks.size)
        self.workers = self._data_workers()
        self.compiled = self._compile()
        self.learner = Learner(
            self.state.model, self.state.normaliser, self.state.optimizer, config, self.device, self.precision,
            self.limit, self.ranks, self.profile,
        )  # fmt: skip
        if self.ranks.leads:
            self._say_what_runs()

    def _found_limit(self, message: str, clips: int) -> None:
        """Memory ran out: say so, and remember what fits, or a resumed run would not be the run it would have been."""
        self.journal.event("alert", message)
        if self.ranks.leads:
            self._note(clips_at_once=clips)

    def _open_data(self) -> Clips:
        """The dataset of the run. Raises StickgenError where it is not the one that the run learned from."""
        place = find_dataset(self.run)
        if place is None:
            prepare(self.run)  # says so
        clips = open_clips(str(place), self.config)
        facts = clips.file.facts()
        if difference := dataset_difference(self.run, clips.file.path, facts):
            raise StickgenError(difference)
        self.doubts = dataset_doubts(clips.file.path, facts)
        self.dataset = record_of(facts, dataset_digest(clips.file.path))
        return clips

    def _note(self, **facts: object) -> None:
        """Add facts to run.json; where that cannot be, say so and train on."""
        try:
            self.run.update_identity(**facts)
        except OSError as error:
            self.journal.event("alert", f"run.json could not be written ({error.strerror or error})")
        except StickgenError as error:
            self.journal.event("alert", str(error))

    def _say_what_runs(self) -> None:
        config = self.config
        for doubt in self.doubts if self.state.step == 0 else ():
            self.journal.event("alert", doubt)
        self._note(
            compiled=self.compiled,
            processes=self.ranks.size,
            parameters=count_parameters(config),
            device=str(self.device),
            precision=self.precision,
            torch_version=torch.__version__,
            dataset_fingerprint=self.dataset["fingerprint"],
            dataset=self.dataset,
            ancestors=self.state.provenance["ancestors"],
            total_steps=self.total_steps,
            steps_per_epoch=self.steps_per_epoch,
        )

    def _resume(self) -> None:
        """Go on from the newest checkpoint that is whole; without any, start, perhaps from other weights."""
        checkpoint, skipped = self.ranks.from_first(
            newest_checkpoint(self.run.checkpoints_dir) if self.ranks.leads else None
        )
        for sentence in skipped:
            self.journal.event("alert", f"skipped a damaged checkpoint: {sentence}")
        for path in unfinished_saves(self.run.checkpoints_dir):
            self.journal.event("alert", f"{path}: a save that was cut off; it is not used")
        self.state.provenance = provenance(
            self.dataset, checkpoint.trainer if checkpoint is not None else None
        )
        if checkpoint is not None:
            self.state.restore(checkpoint)
            self.journal.step = self.state.step
            self.saver.saved = self.state.numbers()
            self._say_what_changed(checkpoint)
        elif skipped:
            raise StickgenError(
                f"{self.run.name}: none of its checkpoints is whole, so there is nothing to go on from: "
                + "; ".join(skipped)
            )
        elif (initial := initial_of(self.run)) is None:
            for sentence in refusals(self.config, starts_from_weights=False):
                raise StickgenError(sentence)
        else:
            self.state.start_from(initial, self.config)
            self.state.provenance = {
                "dataset": self.dataset, "ancestors": ancestors_of(initial.path, initial.trainer)
            }  # fmt: skip
            self.journal.event("initial", f"weights of {initial.path}, after step {initial.step} there")

    def _say_what_changed(self, checkpoint: Checkpoint) -> None:
        """An event for each key, and for the dataset, that is not what the checkpoint was trained with."""
        before = checkpoint.trainer.get("dataset")
        if isinstance(before, dict) and before.get("digest") != self.dataset["digest"]:
            self.state.best_val, self.state.best_step = math.inf, None  # measured on other clips
            self.journal.event(
                "changed",
                f"it goes on with other data ({self.dataset['clips']} clips, before {before.get('clips')}); what is "
                "the best so far counts anew",
            )
        try:
            trained = checkpoint.config()
        except (OSError, StickgenError):
            return  # by an older version
        found = refuse_changes(self.run, trained, self.config)
        if trained.evaluation["best_by"] != self.config.evaluation["best_by"]:
            self.state.best_val, self.state.best_step = math.inf, None  # measured by something else
        for change in found:
            self.journal.event("changed", str(change), key=change.path, old=change.old, new=change.new)
        if found:
            rate, was = self.rate(self.config, self.state.step), self.rate(trained, self.state.step)
            self.journal.event(
                "changed", f"the learning rate of the next step is {rate:.3g}, without the change {was:.3g}"
            )

    def _data_workers(self) -> int:
        """How many data workers there will be: none where the shared memory is too small for their batches."""
        config, wanted = self.config, self.config.device["num_workers"]
        frames = min(config.data["max_frames"], max(self.clips.train.lengths, default=0)) + PAD_TO
        clip = frames * (4 * config.model["input_dim"] + 8 + 1) + 4 * config.model["embedding_dim"]
        fitting = fitting_workers(wanted, config.training["batch_size"] * clip)
        if fitting < wanted:
            self.journal.event(
                "alert",
                f"{SHARED_MEMORY} is too small for {wanted} data workers; the trainer reads the data itself "
                "(in a container: --shm-size, or --ipc=host)",
            )
        return fitting

    def _compile(self) -> bool:
        """Compile the model if this run is, as its first launch decided. Whether it is compiled."""
        compiled = self.identity.get("compiled")
        if compiled is None:
            compiled = is_worth_compiling(self.config, self.device, self.precision, self.total_steps)
        if compiled:
            compile_blocks(self.state.model)
        return bool(compiled)

    def train(self) -> int:
        """Run to the end, to the limit or to a stop; returns the exit code.

        Raises RunFailedError when the weights cannot be saved at the end.
        """
        try:
            code = self._train()
        except StopWantedError:
            code = self.stop()
        except Exception as error:
            saved = self.rescue()
            if not (self.asked.stop and saved):
                if self.clips.file.rows.changed:  # whatever became of it, in this process or in a worker's
                    raise self._data_changed(saved) from error
                raise
            log.exception("it broke while a stop was wanted; the last whole step is saved")
            return self.stopped()
        finally:
            self.saver.close()
            WorkerBatches.end_workers()
        if self.profile is not NO_PROFILE:
            self.tell_profile()
        self.ranks.leave()
        return code

    def _data_changed(self, saved: bool) -> DatasetChangedError:
        saved = saved and self.state.step > 0
        kept = f"the run ends with a checkpoint after step {self.state.step}" if saved else "the run ends"
        return DatasetChangedError(
            f"{self.clips.file.path}: the dataset was changed while the run read it; {kept}: put back what was there "
            f"and go on with stickgen train --resume {self.run.reference}"
        )

    def _train(self) -> int:
        config, state = self.config, self.state
        self.journal.event(
            "resumed" if state.step else "started",
            f"{count_parameters(config):,} parameters, effective batch {config.effective_batch}, "
            f"{self.steps_per_epoch} steps an epoch, {self._where()} in {self.precision}, "
            f"{len(self.clips.train)} clips to train on and {len(self.clips.held_out)} held out",
        )
        if self.compiled:
            self.journal.beat("compiling")
        self.contention = Contention()
        self.profile.start(state.step)
        limit, minutes = self.identity.get("max_steps"), config.training["max_minutes"]
        last = self.total_steps if limit is None else min(state.step + int(limit), self.total_steps)
        self.journal.last_step = last
        self.journal.deadline = self.launched + 60 * minutes if minutes else None
        for epoch in range(state.step // self.steps_per_epoch, config.training["epochs"]):
            plan = self.plan(epoch)
            self._note_largest(plan)
            batches = self.load(plan)
            for micro_batches in plan:
                if state.step >= last:
                    return self.finish(f"reached --max-steps after step {state.step}")
                began = time.monotonic()
                rate = self.set_learning_rate()
                result = optimizer_step(
                    self.learner,
                    self.until_stopped(islice(batches, len(self.ranks.share(micro_batches)))),
                    step=state.step,
                    clips=sum(map(len, micro_batches)),
                    passes=self.ranks.most(micro_batches),
                )
                self.after_step(result, rate, time.monotonic() - began)
                if self.wishes(minutes):
                    return self.finish(f"reached training.max_minutes ({minutes:g}) after step {state.step}")
            to_save = (epoch + 1) % config.logging["save_interval"] == 0
            if self.validate(to_save) or to_save:
                self.save()
        return self.finish(f"trained {config.training['epochs']} epochs, {state.step} steps")

    def _where(self) -> str:
        if self.ranks.size == 1:
            return str(self.device)
        each = ", each with a shard of the weights," if self.state.model.sharded else ""
        return f"{self.ranks.size} processes on {self.device}{each}"

    def plan(self, epoch: int) -> list[list[MicroBatch]]:
        """The micro-batches of the epoch's steps that are still to be done."""
        training = self.config.training
        most = min(training["batch_size"], -(-self.config.effective_batch // self.ranks.size))
        if self.state.model.sharded and self.limit.clips:
            # cut here, the same for all processes: cut one by one they would make different numbers of passes
            most = min(most, self.limit.clips)
        steps = plan_epoch(
            self.clips.train.lengths,
            effective_batch=self.config.effective_batch,
            batch_size=most,
            seed=training["seed"],
            epoch=epoch,
            most_frames=frames_at_once(
                self.config.model["d_model"], self.config.model["patch_frames"], self.device.type
            ),
        )
        self.clips.train.set_epoch(epoch)
        return steps[self.state.step - epoch * self.steps_per_epoch :]

    def _note_largest(self, plan: list[list[MicroBatch]]) -> None:
        """Keep how many clips go through the model at once: whoever finds this launch killed wants to know."""
        largest = max((len(part) for step in plan for part in step), default=0)
        if self.ranks.leads and largest > self.largest:
            self.largest = largest
            self._note(largest_micro_batch=largest)

    def load(self, plan: list[list[MicroBatch]]) -> Iterator[Batch]:
        """This process's share of the planned micro-batches, one after the other."""
        device = self.config.device
        return load_batches(
            self.clips.train,
            [micro_batch for step in plan for micro_batch in self.ranks.share(step)],
            num_workers=self.workers,
            pin_memory=device["pin_memory"] and self.device.type == "cuda",
            asked=self.asked if self.ranks.size == 1 else None,
        )

    def until_stopped(self, micro_batches: Iterator[Batch]) -> Iterator[Batch]:
        """The micro-batches of a step, as long as nobody wants a stop; of several processes none leaves alone."""
        for batch in micro_batches:
            if self.asked.stop and self.ranks.size == 1:
                raise StopWantedError
            yield batch

    def set_learning_rate(self) -> float:
        """Give the optimizer this step's rate."""
        rate = self.rate(self.config, self.state.step)
        for group in self.state.optimizer.param_groups:
            group["lr"] = rate
        return rate

    def rate(self, config: TrainingConfig, step: int) -> float:
        """The learning rate of `step` by a config."""
        training = config.training
        return learning_rate(
            step,
            peak=training["learning_rate"],
            warmup_steps=training["warmup_epochs"] * self.steps_per_epoch,
            total_steps=self.steps_per_epoch * training["epochs"],
            min_lr_ratio=training["min_lr_ratio"],
            schedule=training["schedule"],
        )

    def after_step(self, result: StepResult, rate: float, seconds: float) -> None:
        """Average, count, log, and answer what was asked for meanwhile."""
        logging, state = self.config.logging, self.state
        with self.profile.part("average"):
            state.advance(moved=not result.skipped)
        self.journal.step = state.step
        self.guard.look_at(result)
        self.journal.took(seconds)
        if state.step % logging["log_interval"] == 0 or state.step == 1:
            self.journal.train_record(result, rate, seconds)

    def wishes(self, minutes: float) -> bool:
        """Do what was asked for or is due, all processes after the same step. Whether the time is over."""
        logging, now = self.config.logging, time.monotonic()
        if self.ranks.leads:
            self.answer_requests()
        self.saver.collect()
        every = logging["sample_minutes"]
        sample = self.asked.sample or bool(every and now - self.sampled_at > 60 * every)
        save = (self.asked.save and not self.saver.busy) or self.saver.due(logging["save_minutes"])
        over = bool(minutes and now - self.launched > 60 * minutes)
        evaluate = self.ranks.leads and self.quality.due()
        stop, save, sample, evaluate, over = self.ranks.any_of(
            [self.asked.stop, save, sample, evaluate, over]
        )
        if save:
            self.asked.save = False
            self.save()
        if sample:
            self.asked.sample = False
            self.draw_sample()
        if stop:
            raise StopWantedError
        if evaluate and self.evaluate():
            self.save()
        return over

    def answer_requests(self) -> None:
        """Take what lies in the inbox; each request is answered by an event with its id."""
        for request in take_requests(self.run, self.journal.launch):
            refused = f", but refused: {request.refusal}" if request.refusal else ""
            self.journal.event(
                "control", f"{request.wish} asked for{refused}", id=request.id, applied=not refused
            )
            if refused:
                continue
            if request.wish == "sample":
                self.asked.sample = True
            elif request.wish == "save":
                self.asked.save = True
            else:
                self.asked.stop = True

    def validate(self, to_save: bool) -> bool:
        """Measure the averaged weights on the held-out clips, once a step at most. Whether they are to be saved.

        They are, and count as the best, where they beat the best so far and are saved anyway (`to_save`) or
        nothing was saved for a while: a run of short epochs would write to the disk without end.
        """
        state = self.state
        if not len(self.clips.held_out) or self.validated_step == state.step:
            return False
        self.validated_step = state.step
        self.gather("ema")
        result = self.ranks.from_first(self.measure() if self.ranks.leads else None)
        self.journal.validation_record(result)
        rested = self.saver.seconds_since() > SECONDS_BETWEEN_BEST
        by_loss = self.config.evaluation["best_by"] == "loss"
        if not by_loss or result["loss"] >= state.best_val or not (to_save or rested) or self.guard.unfit:
            return False
        state.best_val, state.best_step = result["loss"], state.step
        return True

    def measure(self) -> dict[str, float]:
        """The losses of the averaged weights on the held-out clips."""
        state = self.state
        with (
            self.journal.phase("validating"),
            self.profile.part("validation"),
            state.evaluating() as model,
        ):
            return validate(
                model, state.normaliser, self.clips.held_out, self.config.loss_weights, self.device,
                min(max(self.config.training["batch_size"], 8), 32), self.until_stopped,
            )  # fmt: skip

    def evaluate(self) -> bool:
        """Ask whether the motion is any good. Whether the weights are to be saved, as the best by its answer."""
        self.gather("ema")
        figures = self.ranks.from_first(self._quality() if self.ranks.leads else None)
        if figures is None:
            return False
        self.journal.quality_record(figures)
        name = f"quality_{self.config.evaluation['best_by']}"
        if name not in figures or -figures[name] >= self.state.best_val or self.guard.unfit:
            return False
        self.state.best_val, self.state.best_step = -figures[name], self.state.step
        return True

    def _quality(self) -> dict[str, float] | None:
        def until_stopped() -> None:
            if self.asked.stop and self.ranks.size == 1:
                raise StopWantedError

        with self.profile.part("evaluation"):
            figures = self.quality.measure(self.state, until_stopped)
        return figures.record() if figures else None

    def draw_sample(self) -> None:
        """Draw the monitor's motion."""
        self.gather("ema")
        if self.ranks.leads:
            with self.profile.part("sample"):
                draw_sample(self.state, self.clips, self.config, self.device, self.journal)
        self.sampled_at = time.monotonic()

    def gather(self, *stems: str) -> None:
        """Bring sharded weights together at the process that writes."""
        self.state.gather(*stems, keep=self.ranks.leads)

    def save(self) -> None:
        """Begin a checkpoint, unless the weights are not worth one."""
        if reason := self.guard.unfit:
            self.saver.skip(reason)
            return
        self.gather()
        if self.ranks.leads and self.guard.first is not None and "first_loss" not in self.identity:
            self.identity["first_loss"] = self.guard.first
            with contextlib.suppress(OSError, StickgenError):  # a full disk
                self.run.update_identity(first_loss=self.guard.first)
        with self.profile.part("checkpoint"):
            self.saver.begin(self.state)
        self.remember()

    def tell_profile(self) -> None:
        """Say where the time of this launch went."""
        facts = read_dataset_facts(self.clips.file.path)
        flops = step_cost(workload_of(self.config, local_machine_fast(), facts)).flops
        self.journal.event("profile", self.profile.report(self.state.step, flops / 1e9))

    def remember(self) -> None:
        """Tell the planner what training took so far."""
        seconds = self.journal.usual_seconds
        if (
            self.ranks.leads
            and self.ranks.size == 1
            and seconds is not None
            and not self.identity.get("trial")
        ):
            remember(
                self.config, self.clips.file, self.device, self.precision,
                compiled=self.compiled, steps=self.journal.steps_timed, seconds_per_step=seconds,
                contended=self.contention.contended,
            )  # fmt: skip

    def saved(self) -> bool:
        """Whether the present weights are on disk, or could be brought there."""
        self.remember()
        self.gather()
        return self.saver.save_patiently(self.state, self.asked)

    def rescue(self) -> bool:
        """Save the last whole step: what ended the run need not be the fault of its weights. Whether it is saved."""
        if self.state.step == 0:
            return True
        if self.guard.unfit:
            return False
        return self.state.whole and self.state.at_hand and self.saver.save(self.state)

    def stop(self) -> int:
        """Leave with a checkpoint, as somebody asked. Raises RunFailedError when it cannot be saved."""
        if (reason := self.guard.unfit) and self.ranks.from_first(bool(self.saver.saved)):
            return self.stopped(f"; {reason}, so an earlier checkpoint is the last")
        if self.state.step and not self.saved():
            raise RunFailedError(
                f"stopped after step {self.state.step}, but its checkpoint could not be saved"
            )
        return self.stopped()

    def stopped(self, how: str = ", with a checkpoint") -> int:
        """Say that it ended as somebody asked; its exit code."""
        step = self.state.step
        self.journal.event(
            "stopped",
            f"stopped after step {step}{how}" if step else NOTHING_TRAINED,
        )
        return 130

    def finish(self, message: str) -> int:
        """Validate, draw, save and say so. Raises RunFailedError when the weights cannot be saved."""
        if not any(self.ranks.any_of([self.asked.stop])):
            self.validate(to_save=True)
            if any(self.ranks.any_of([self.ranks.leads and self.quality.due()])):
                self.evaluate()
            self.draw_sample()
        if reason := self.guard.unfit:
            raise RunFailedError(
                f"{message}, but {reason}; those weights are not saved, and what was saved before is kept: "
                "lower training.learning_rate"
            )
        if not self.saved():
            raise RunFailedError(f"{message}, but its checkpoint could not be saved; see the events")
        self.journal.event("finished", message)
        return 0

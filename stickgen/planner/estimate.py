"""Predicts a run's memory, time and disk before it is launched, each with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from stickgen.config.placement import Device, Precision
from stickgen.config.settings import Settings
from stickgen.hardware.machine import Machine
from stickgen.planner.arithmetic.compiling import is_worth_compiling
from stickgen.planner.arithmetic.evaluating import evaluates, with_evaluations
from stickgen.planner.arithmetic.memory import memory_parts
from stickgen.planner.arithmetic.parameters import count_parameters
from stickgen.planner.arithmetic.prediction import Prediction
from stickgen.planner.arithmetic.speed import training_steps, validation_steps
from stickgen.planner.arithmetic.workload import workload_of
from stickgen.planner.decisions.checkpoints import MOST_ON_DISK, checkpoint_bytes
from stickgen.planner.decisions.placement import memory_of
from stickgen.planner.decisions.schedule import scheduled_rate, share_by_steps
from stickgen.planner.measured.calibration import Basis, Calibration

if TYPE_CHECKING:
    from stickgen.datasets.facts import DatasetFacts

PEAK_MEMORY = "peak_memory_bytes"
LONG_ENOUGH = 0.99  # a launch of this share of the epochs counts as one of all of them
Verdict = Literal["fits", "tight", "does not fit"]


@dataclass(frozen=True)
class ScheduleEnd:
    """How far the learning rate's schedule gets in a launch."""

    epoch: float  # the launch's last, with its fraction
    whole: bool  # that is the last of all
    share: float  # of the schedule that is over then
    rate: float  # the learning rate then

    def __str__(self) -> str:
        """`a limit ends it at about epoch 7.6, with the learning rate at 0.0025, …`; empty for a whole run."""
        if self.whole:
            return ""
        over = "the end" if self.share >= LONG_ENOUGH else f"{self.share:.0%}"
        return (
            f"a limit ends it at about epoch {self.epoch:.1f}, with the learning rate at {self.rate:.2g}, {over} of its "
            "schedule (training.schedule_until)"
        )


@dataclass(frozen=True)
class Estimate:
    """A prediction of one run. Sizes in bytes, times in seconds; what needs a dataset is None without one."""

    parameters: int
    effective_batch: int
    epochs: int
    device: Device
    precision: Precision
    compiled: bool
    peak_memory: Prediction
    spare_bytes: int  # part of the peak: the checkpoint copy, which the trainer skips when memory is tight
    encoder_bytes: int  # part of the peak: the text encoder that evaluations load; 0 if none do
    memory_basis: Basis  # what the peak is based on
    memory_free_bytes: int  # free now: VRAM on CUDA, else RAM
    memory_total_bytes: int
    seconds_per_step: Prediction
    time_basis: Basis
    steps_per_epoch: int | None
    total_steps: int | None
    seconds_per_epoch: Prediction | None
    seconds_total: Prediction | None  # of the launch: training.max_minutes may end it before its last epoch
    seconds_to_last_epoch: Prediction | None  # as if training.max_minutes were 0
    schedule: ScheduleEnd | None  # of the learning rate, where the launch ends
    checkpoint_bytes: int
    disk_bytes: int  # of all kept checkpoints and the one being written
    disk_free_bytes: int | None

    @property
    def needed_memory(self) -> Prediction:
        """Peak memory excluding the checkpoint copy, which the trainer skips when memory is tight."""
        return self.peak_memory.less(self.spare_bytes)

    @property
    def verdict(self) -> Verdict:
        """Whether the needed memory is free. `tight`: the best guess fits, the upper end of the interval does not."""
        if self.needed_memory.high <= self.memory_free_bytes:
            return "fits"
        return "tight" if self.needed_memory.value <= self.memory_free_bytes else "does not fit"

    @property
    def last_epoch(self) -> float | None:
        """The epoch at which training.max_minutes ends the launch; None if it does not."""
        whole, cut = self.seconds_to_last_epoch, self.seconds_total
        if whole is None or cut is None or not whole.value or cut.value >= whole.value:
            return None
        return self.epochs * cut.value / whole.value

    @property
    def disk_fits(self) -> bool:
        """Whether the checkpoints fit on the disk; true if its free space is unknown."""
        return self.disk_free_bytes is None or self.disk_bytes <= self.disk_free_bytes

    def for_a_run(self) -> dict[str, float | None]:
        """What run.json keeps, to be compared with what the run does: memory, and the time of a step and of all."""
        facts: dict[str, float | None] = {**self.peak_memory.fields(PEAK_MEMORY)}
        for name in ("seconds_per_step", "seconds_total"):
            prediction = getattr(self, name)
            facts |= prediction.fields(name) if prediction else {name: None}
        return facts

    def to_json(self) -> dict[str, Any]:
        """Return plain values with units in the names; each prediction also as `_low` and `_high`."""
        facts: dict[str, Any] = {
            "parameters": self.parameters,
            "effective_batch": self.effective_batch,
            "device": self.device,
            "precision": self.precision,
            "compiled": self.compiled,
            **{name: round(size) for name, size in self.peak_memory.fields(PEAK_MEMORY).items()},
            "spare_memory_bytes": self.spare_bytes,
            "encoder_memory_bytes": self.encoder_bytes,
            "memory_basis": self.memory_basis,
            "memory_free_bytes": self.memory_free_bytes,
            "memory_total_bytes": self.memory_total_bytes,
            "verdict": self.verdict,
            **self.seconds_per_step.fields("seconds_per_step"),
            "time_basis": self.time_basis,
            "steps_per_epoch": self.steps_per_epoch,
            "total_steps": self.total_steps,
            "final_schedule_share": self.schedule and self.schedule.share,
            "final_learning_rate": self.schedule and self.schedule.rate,
        }
        for name in ("seconds_per_epoch", "seconds_total"):
            prediction = getattr(self, name)
            facts |= prediction.fields(name) if prediction else {name: None}
        return facts | {
            "checkpoint_bytes": self.checkpoint_bytes,
            "disk_bytes": self.disk_bytes,
            "disk_free_bytes": self.disk_free_bytes,
        }


def estimate(
    config: Settings,
    machine: Machine,
    facts: DatasetFacts | None = None,
    *,
    disk_free_bytes: int | None = None,
    max_steps: int | None = None,
    calibration: Calibration | None = None,
) -> Estimate:
    """Predict a run of `config` on `machine`, with the dataset that `facts` describe. Takes about a millisecond.

    `calibration` is what this machine has shown (`calibration_of`); without it, the estimate is arithmetic alone.
    Without `facts`, every clip counts as `data.max_frames` long and epochs are unknown.
    """
    work = workload_of(config, machine, facts)
    per_epoch = all_steps = None
    if facts is not None:
        per_epoch, all_steps = training_steps(config, facts.clips_train, max_steps)
        whole_run = training_steps(config, facts.clips_train, None)[1]
        compiled = is_worth_compiling(config, machine, work.device, work.precision, whole_run)
        work = replace(work, compiled=compiled)
    known = calibration or Calibration(machine)
    time = known.step_seconds(work)
    step = time.prediction
    free, total = memory_of(machine, work.device)
    epoch: Prediction | None = None
    whole: Prediction | None = None
    uncut: Prediction | None = None
    schedule: ScheduleEnd | None = None
    if facts is not None and per_epoch and all_steps is not None:
        validation = validation_steps(facts.clips_val, config.effective_batch)
        epoch = step.times(per_epoch + validation)
        whole = step.times(all_steps + math.ceil(all_steps / per_epoch) * validation)
        whole = uncut = with_evaluations(config, whole, step)
        if config.training.max_minutes:
            whole = whole.capped(60 * float(config.training.max_minutes))
        schedule = _schedule_end(
            config, per_epoch, all_steps, whole.value / uncut.value if uncut.value else 1.0
        )
    if not evaluates(config, whole, step):
        work = replace(work, encoder_weights=0)
    memory, parts = known.memory(work), memory_parts(work)
    checkpoint = checkpoint_bytes(work.parameters, work.moments, adapters=work.adapters)
    return Estimate(
        parameters=count_parameters(config),
        effective_batch=config.effective_batch,
        epochs=int(config.training.epochs),
        device=work.device,
        precision=work.precision,
        compiled=work.compiled,
        peak_memory=memory.prediction,
        spare_bytes=parts.saving,
        encoder_bytes=parts.encoder,
        memory_basis=memory.basis,
        memory_free_bytes=free,
        memory_total_bytes=total,
        seconds_per_step=step,
        time_basis=time.basis,
        steps_per_epoch=per_epoch,
        total_steps=all_steps,
        seconds_per_epoch=epoch,
        seconds_total=whole,
        seconds_to_last_epoch=uncut,
        schedule=schedule,
        checkpoint_bytes=checkpoint,
        disk_bytes=MOST_ON_DISK * checkpoint,
        disk_free_bytes=disk_free_bytes,
    )


def _schedule_end(config: Settings, per_epoch: int, steps: int, share_of_time: float) -> ScheduleEnd:
    """Where the schedule is after the `steps` of a launch, of which only `share_of_time` fit into its minutes."""
    total = per_epoch * int(config.training.epochs)
    last = max(math.ceil(steps * share_of_time), 1)
    until = config.training.schedule_until
    cut_by_time = until != "epochs" and share_of_time < 1
    over = 1.0 if cut_by_time or until == "launch" else share_by_steps(last - 1, total)
    rate = scheduled_rate(config, last - 1, per_epoch, over)
    return ScheduleEnd(last / per_epoch, last >= LONG_ENOUGH * total, over, rate)

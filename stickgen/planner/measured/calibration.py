"""Arithmetic moved by what this machine has shown.

A workload that was measured with these very versions gets its measurement back; others get the arithmetic,
corrected by what the measured ones say of its terms (see residuals.py), with an interval as wide as what is
still not known.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from stickgen.hardware.machine import Machine, Speed
from stickgen.planner.arithmetic.memory import MemoryParts, memory_parts
from stickgen.planner.arithmetic.prediction import Prediction
from stickgen.planner.arithmetic.speed import StepSeconds, guessed_speed, step_seconds
from stickgen.planner.arithmetic.workload import Workload
from stickgen.planner.decisions.placement import speed_of
from stickgen.planner.measured.measurements import Measurement, Origin, origin_of, read_measurements
from stickgen.planner.measured.residuals import Place, Residual, Residuals

Basis = Literal["arithmetic", "learned", "measured"]

NINETY = 1.645  # standard deviations on either side of the mean that hold nine of ten
MOST_POINTS = 24  # the newest; the cost of a correction grows with their square
SETTLED = 16  # micro-batches after which a heap seldom grows further

# Standard deviations of the logarithm, before anything was measured: how far each term may be off on a machine
# that is not the one it was fitted on. benchmarks/planner_error.py shows how often the interval holds.
MEMORY_SPREADS = {
    "base": 0.12,
    "states": 0.05,
    "activations": 0.15,
    "fp32": 0.1,
    "bf16": 0.15,
    "workers": 0.3,
}
MEMORY_LOCAL = 0.05
MEMORY_NOISE = 0.02  # of the same run twice
TIME_SPREADS = {"products": 0.3, "traffic": 0.3, "kernels": 0.4, "whole": 0.15}
TIME_LOCAL = 0.1
TIME_NOISE = 0.06  # of the same run twice, on a machine that does other things too
OTHER_VERSION = 0.1  # more, where torch or the engine were another version
NOT_MEASURED = 3.0  # times the spreads on a device that nobody fitted the constants on
GUESSED_RATES = 2.5  # times the spreads where the rates of the device are a guess


@dataclass(frozen=True)
class Corrected:
    """A prediction and what it rests on."""

    prediction: Prediction
    basis: Basis
    measurements: int  # of this device on this machine, that were taken into account


class Calibration:
    """What is known of one machine. Without measurements it leaves the arithmetic as it is."""

    def __init__(self, machine: Machine, measurements: Iterable[Measurement] = ()) -> None:
        self._machine = machine
        self._origin = origin_of(machine)
        ours = [one for one in measurements if one.origin.machine == self._origin.machine]
        self._measurements = tuple(ours[-MOST_POINTS:])
        self._memory = functools.cache(self._memory_residuals)
        self._time = functools.cache(self._time_residuals)

    def memory(self, work: Workload) -> Corrected:
        """Bytes at the peak."""
        value = float(memory_parts(work).total)
        residuals, count = self._memory(work.device)
        mean, deviation = residuals.at(_memory_place(work))
        same = [one for one in self._current() if _same_memory(one.workload, work)]
        if same:
            highest = max(same, key=lambda one: one.peak_memory_bytes)
            mean, deviation = math.log(highest.peak_memory_bytes / value), _memory_noise(highest)
        return Corrected(_interval(value, mean, deviation), _basis(bool(same), count), count)

    def step_seconds(self, work: Workload) -> Corrected:
        """Seconds of an optimizer step."""
        value = self._seconds(work).total
        residuals, count = self._time(work.device)
        mean, deviation = residuals.at(self._time_place(work))
        same = [one for one in self._current() if one.seconds_per_step and _same_time(one.workload, work)]
        if same:
            newest = max(same, key=lambda one: one.unix_time)
            assert newest.seconds_per_step is not None
            mean = math.log(newest.seconds_per_step / self._seconds(newest.workload).total)
            deviation = TIME_NOISE
        return Corrected(_interval(value, mean, deviation), _basis(bool(same), count), count)

    def _current(self) -> list[Measurement]:
        return [one for one in self._measurements if one.origin == self._origin]

    def _memory_residuals(self, device: str) -> tuple[Residuals, int]:
        found = []
        for one in self._measurements:
            if one.workload.device == device:
                noise = math.hypot(_memory_noise(one), _version_noise(one.origin, self._origin))
                value = math.log(one.peak_memory_bytes / memory_parts(one.workload).total)
                found.append(Residual(_memory_place(one.workload), value, noise))
        scale = 1.0 if device == "cpu" else NOT_MEASURED
        spreads = {term: scale * spread for term, spread in MEMORY_SPREADS.items()}
        return Residuals(found, spreads, scale * MEMORY_LOCAL), len(found)

    def _time_residuals(self, device: str) -> tuple[Residuals, int]:
        found = []
        for one in self._measurements:
            if one.workload.device == device and one.seconds_per_step:
                noise = math.hypot(TIME_NOISE, _version_noise(one.origin, self._origin))
                value = math.log(one.seconds_per_step / self._seconds(one.workload).total)
                found.append(Residual(self._time_place(one.workload), value, noise))
        known = self._speed(device) is not None
        scale = (1.0 if known else GUESSED_RATES) * (1.0 if device == "cpu" else NOT_MEASURED / 2)
        spreads = {term: scale * spread for term, spread in TIME_SPREADS.items()}
        return Residuals(found, spreads, scale * TIME_LOCAL), len(found)

    def _speed(self, device: str) -> Speed | None:
        return speed_of(self._machine, device)  # type: ignore[arg-type]

    def _seconds(self, work: Workload) -> StepSeconds:
        return step_seconds(work, self._speed(work.device) or guessed_speed(work.device, self._machine))

    def _time_place(self, work: Workload) -> Place:
        parts = self._seconds(work)
        shares = {
            "products": parts.products / parts.total, "traffic": parts.traffic / parts.total,
            "kernels": parts.kernels / parts.total, "whole": 1.0,
        }  # fmt: skip
        return Place(shares, _coordinates(work, work.tokens))


def calibration_of(machine: Machine) -> Calibration:
    """What has been measured on `machine`, read again only when the file has changed."""
    steady = replace(
        machine, ram_available_bytes=0, gpus=tuple(replace(gpu, vram_free_bytes=0) for gpu in machine.gpus)
    )
    return _calibration(steady, read_measurements())


@functools.lru_cache(maxsize=8)
def _calibration(machine: Machine, measurements: tuple[Measurement, ...]) -> Calibration:
    return Calibration(machine, measurements)


def _interval(value: float, mean: float, deviation: float) -> Prediction:
    best = value * math.exp(mean)
    return Prediction.within(best, math.exp(NINETY * deviation))


def _basis(measured: bool, count: int) -> Basis:
    return "measured" if measured else "learned" if count else "arithmetic"


def _memory_noise(one: Measurement) -> float:
    """Of a measured peak: more where the heap had not long to fragment."""
    seen = min(one.steps * one.workload.micro_batches / SETTLED, 1.0)
    return math.hypot(MEMORY_NOISE, 0.05 * (1 - seen))


def _version_noise(there: Origin, here: Origin) -> float:
    return 0.0 if there == here else OTHER_VERSION


def _memory_place(work: Workload) -> Place:
    parts: MemoryParts = memory_parts(work)
    activations = parts.activations / parts.total
    shares = {
        "base": parts.base / parts.total,
        "states": parts.states / parts.total,
        "activations": activations,
        work.precision: activations,
        "workers": parts.workers / parts.total,
    }
    return Place(shares, _coordinates(work, work.longest_tokens))


def _coordinates(work: Workload, tokens: float) -> tuple[float, ...]:
    """Where a workload lies; twice as many tokens, or half as wide a model again, is one step away."""
    return (
        math.log2(work.batch_size * tokens),
        2 * math.log2(work.d_model),
        2 * math.log2(work.layers),
        2.0 * work.denoising,
        3.0 * (work.precision == "bf16"),
        1.0 * work.dropout,
        2.0 * work.checkpointing,
        2.0 * work.compiled,
        2.0 * (work.trained < work.parameters),
    )


def _same_memory(a: Workload, b: Workload) -> bool:
    """Alike in all that the peak depends on."""
    return _alike(a) == _alike(b)


def _alike(work: Workload) -> Workload:
    """`work` without what only says how often its micro-batch comes, and how long it is on average."""
    return replace(work, clips=0, micro_batches=0, frames=0.0, words=0.0)


def _same_time(a: Workload, b: Workload) -> bool:
    """Alike but for how often the micro-batch comes, and nearly so in how long it is."""
    return abs(a.frames / b.frames - 1) < 0.15 and _alike(a) == _alike(b)

"""Arithmetic corrected by what this machine has shown.

A workload that was measured with these very versions gets its measurement back. All others get the arithmetic
times one factor, which the measurements of the same device share, with an interval as wide as what is still not
known. A Gaussian process over the terms of the arithmetic did no better (docs/planner.md has both).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from stickgen.hardware.machine import Machine, Speed
from stickgen.planner.arithmetic.memory import memory_parts
from stickgen.planner.arithmetic.prediction import Prediction
from stickgen.planner.arithmetic.speed import guessed_speed, step_seconds
from stickgen.planner.arithmetic.workload import Workload
from stickgen.planner.decisions.placement import speed_of
from stickgen.planner.measured.measurements import Measurement, Origin, origin_of, read_measurements

Basis = Literal["arithmetic", "learned", "measured"]

NINETY = 1.645  # standard deviations on either side of the mean that hold nine of ten
SETTLED = 16  # micro-batches after which a heap seldom grows further

OTHER_VERSION = 0.1  # standard deviation more, if torch or the engine were another version
NOT_MEASURED = 3.0  # times the spreads on a device that nobody fitted the constants on
GUESSED_RATES = 2.5  # times the spreads if the rates of the device are a guess


@dataclass(frozen=True)
class Spread:
    """How far the arithmetic may be off: standard deviations of the logarithm, before anything was measured."""

    machine: float  # of what all configs on one device of one machine share
    config: float  # of one config beside it
    noise: float  # of the same run twice

    def times(self, factor: float) -> Spread:
        """The same on a device that less is known of. A run repeats itself as well as elsewhere."""
        return Spread(factor * self.machine, factor * self.config, self.noise)


# benchmarks/planner_error.py shows how often the intervals hold.
MEMORY = Spread(machine=0.1, config=0.06, noise=0.02)
TIME = Spread(machine=0.3, config=0.25, noise=0.06)  # the machine does other things too

ENCODER_FACTOR = 1.1  # what a text encoder takes may be off by this factor


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
        self._measurements = tuple(one for one in measurements if one.origin.machine == self._origin.machine)
        self._memory_factor = functools.cache(self._find_memory_factor)
        self._time_factor = functools.cache(self._find_time_factor)

    def memory(self, work: Workload) -> Corrected:
        """Bytes at the peak. What was measured corrects training itself; a text encoder is as large everywhere."""
        parts = memory_parts(work)
        value = float(parts.training)
        factor = self._memory_factor(work.device)
        mean, deviation = factor.mean, factor.deviation
        found = [(_training_bytes(one), one) for one in self._current() if _same_memory(one.workload, work)]
        same = [(peak, one) for peak, one in found if peak is not None]
        if same:
            peak, highest = max(same, key=lambda pair: pair[0])
            mean, deviation = math.log(peak / value), _memory_noise(highest)
        whole = _interval(value, mean, deviation).plus(Prediction.within(parts.encoder, ENCODER_FACTOR))
        return Corrected(whole, _basis(bool(same), factor.count), factor.count)

    def step_seconds(self, work: Workload) -> Corrected:
        """Seconds of an optimizer step."""
        value = self._seconds(work)
        factor = self._time_factor(work.device)
        mean, deviation = factor.mean, factor.deviation
        same = [one for one in self._current() if one.seconds_per_step and _same_time(one.workload, work)]
        if same:
            newest = max(same, key=lambda one: one.unix_time)
            assert newest.seconds_per_step is not None
            mean = math.log(newest.seconds_per_step / self._seconds(newest.workload))
            deviation = TIME.noise
        return Corrected(_interval(value, mean, deviation), _basis(bool(same), factor.count), factor.count)

    def _current(self) -> list[Measurement]:
        return [one for one in self._measurements if one.origin == self._origin]

    def _find_memory_factor(self, device: str) -> Factor:
        found = []
        for one in self._measurements:
            peak = _training_bytes(one)
            if one.workload.device == device and peak is not None:
                noise = math.hypot(_memory_noise(one), _version_noise(one.origin, self._origin))
                found.append((math.log(peak / memory_parts(one.workload).training), noise))
        return find_factor(found, MEMORY.times(1.0 if device == "cpu" else NOT_MEASURED))

    def _find_time_factor(self, device: str) -> Factor:
        found = []
        for one in self._measurements:
            if one.workload.device == device and one.seconds_per_step:
                noise = math.hypot(TIME.noise, _version_noise(one.origin, self._origin))
                found.append((math.log(one.seconds_per_step / self._seconds(one.workload)), noise))
        known = self._speed(device) is not None
        scale = (1.0 if known else GUESSED_RATES) * (1.0 if device == "cpu" else NOT_MEASURED / 2)
        return find_factor(found, TIME.times(scale))

    def _speed(self, device: str) -> Speed | None:
        return speed_of(self._machine, device)  # type: ignore[arg-type]

    def _seconds(self, work: Workload) -> float:
        speed = self._speed(work.device) or guessed_speed(work.device, self._machine)
        return step_seconds(work, speed)


@dataclass(frozen=True)
class Factor:
    """What corrects the arithmetic of a config that was not measured, as a logarithm."""

    mean: float
    deviation: float  # of the config's own factor around it
    count: int  # measurements that it rests on


def find_factor(found: Sequence[tuple[float, float]], spread: Spread) -> Factor:
    """The factor that measurements share, from each one's (ln(measured / predicted), its noise).

    The mean of a normal distribution, weighted by precision, with 0 as the prior: few measurements move it less.
    """
    weights = [1 / (spread.config**2 + noise**2) for _, noise in found]
    precision = 1 / spread.machine**2 + sum(weights)
    mean = sum(weight * value for weight, (value, _) in zip(weights, found, strict=True)) / precision
    return Factor(mean, math.hypot(math.sqrt(1 / precision), spread.config), len(found))


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
    """Of a measured peak: more if the heap had little time to fragment."""
    seen = min(one.steps * one.workload.micro_batches / SETTLED, 1.0)
    return math.hypot(MEMORY.noise, 0.05 * (1 - seen))


def _training_bytes(one: Measurement) -> float | None:
    """What of a measured peak training itself took, half of what it must at the least; None if nobody knows."""
    if one.peak_memory_bytes is None:
        return None
    parts = memory_parts(one.workload)
    return max(float(one.peak_memory_bytes - parts.encoder), parts.training / 2)


def _version_noise(there: Origin, here: Origin) -> float:
    return 0.0 if there == here else OTHER_VERSION


def _same_memory(a: Workload, b: Workload) -> bool:
    """Alike in all that the peak depends on."""
    return _alike(a) == _alike(b)


def _alike(work: Workload) -> Workload:
    """`work` without what only says how often its micro-batch comes, how long it is on average, and what evaluates it."""
    return replace(work, clips=0, micro_batches=0, frames=0.0, words=0.0, encoder_weights=0)


def _same_time(a: Workload, b: Workload) -> bool:
    """Alike but for how often the micro-batch comes, and nearly so in how long it is."""
    return abs(a.frames / b.frames - 1) < 0.15 and _alike(a) == _alike(b)

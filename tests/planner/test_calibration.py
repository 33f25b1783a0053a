"""What was measured here moves the arithmetic: exactly where it was measured, by ratio elsewhere."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from laptop import LAPTOP

from stickgen.config.key import Value
from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.hardware.machine import Machine
from stickgen.planner.arithmetic.workload import workload_of
from stickgen.planner.estimate import Estimate, estimate
from stickgen.planner.measured import measurements
from stickgen.planner.measured.calibration import MEMORY, Calibration, calibration_of, find_factor
from stickgen.planner.measured.measurements import (
    Measurement,
    keep,
    measurements_path,
    origin_of,
    read_measurements,
)
from stickgen.record_log import encode


def config(preset: str = "small", **changes: Value) -> TrainingConfig:
    return TrainingConfig(
        preset_path(preset),
        {
            "device.type": "cpu",
            "evaluation.every_minutes": 0.0,
            **{name.replace("__", "."): v for name, v in changes.items()},
        },
    )


def measured(of: TrainingConfig, memory: float, time: float, machine: Machine = LAPTOP) -> Measurement:
    """A measurement that is `memory` and `time` times the arithmetic."""
    plain = estimate(of, machine)
    return Measurement(
        origin_of(machine), workload_of(of, machine, None), round(memory * plain.peak_memory.value),
        time * plain.seconds_per_step.value, 20, "probe", 1.0,
    )  # fmt: skip


def known(of: TrainingConfig, *found: Measurement, machine: Machine = LAPTOP) -> Estimate:
    return estimate(of, machine, calibration=Calibration(machine, found))


def test_what_was_measured_comes_back_with_a_narrow_interval() -> None:
    small = config()
    plain, answer = estimate(small, LAPTOP), known(small, measured(small, 1.2, 0.7))
    assert (plain.memory_basis, answer.memory_basis, answer.time_basis) == (
        "arithmetic",
        "measured",
        "measured",
    )
    assert answer.peak_memory.value == pytest.approx(1.2 * plain.peak_memory.value, rel=1e-3)
    assert answer.seconds_per_step.value == pytest.approx(0.7 * plain.seconds_per_step.value, rel=1e-3)
    assert answer.peak_memory.high / answer.peak_memory.low < 1.1
    assert answer.peak_memory.high / answer.peak_memory.low < plain.peak_memory.high / plain.peak_memory.low


def test_other_numbers_of_micro_batches_are_the_same_memory_and_their_multiple_of_time() -> None:
    few, many = config(training__grad_accum_steps=4), config(training__grad_accum_steps=64)
    answer = known(many, measured(few, 1.1, 1.5))
    assert answer.memory_basis == answer.time_basis == "measured"
    assert answer.seconds_per_step.value == pytest.approx(
        1.5 * estimate(many, LAPTOP).seconds_per_step.value, rel=1e-3
    )


def test_a_neighbour_is_moved_in_the_same_direction_and_less_surely() -> None:
    small, neighbour = config(), config(training__batch_size=4)
    answer, plain = known(neighbour, measured(small, 1.2, 1.5)), estimate(neighbour, LAPTOP)
    assert answer.memory_basis == "learned"
    assert plain.peak_memory.value < answer.peak_memory.value < 1.2 * plain.peak_memory.value
    assert plain.seconds_per_step.value < answer.seconds_per_step.value
    exact = known(small, measured(small, 1.2, 1.5))
    assert (
        exact.peak_memory.high / exact.peak_memory.low
        < answer.peak_memory.high / answer.peak_memory.low
        < plain.peak_memory.high / plain.peak_memory.low
    )


def test_more_measurements_narrow_the_interval_of_what_was_not_measured() -> None:
    target = config("medium", training__batch_size=4)
    some = [measured(config("small", training__batch_size=size), 1.1, 1.2) for size in (1, 8)]
    more = [*some, *(measured(config("large", training__batch_size=size), 1.1, 1.2) for size in (1, 8))]
    widths = [
        answer.peak_memory.high / answer.peak_memory.low
        for answer in (known(target), known(target, *some), known(target, *more))
    ]
    assert widths == sorted(widths, reverse=True)


def test_one_factor_corrects_all_configs_of_a_device_and_no_other_device() -> None:
    some = [measured(config(training__batch_size=size), 1.1, 1.3) for size in (1, 2, 4, 8, 16, 32)]
    for target in (config("large"), config("medium", training__batch_size=1)):
        answer, plain = known(target, *some), estimate(target, LAPTOP)
        assert answer.peak_memory.value == pytest.approx(1.1 * plain.peak_memory.value, rel=0.01)
        assert answer.seconds_per_step.value == pytest.approx(1.3 * plain.seconds_per_step.value, rel=0.05)
    calibration = Calibration(LAPTOP, some)
    gpu = replace(workload_of(config(), LAPTOP, None), device="cuda")
    assert calibration.memory(gpu) == Calibration(LAPTOP).memory(gpu)


def test_a_factor_follows_many_measurements_and_trusts_noisy_ones_less() -> None:
    blind, one, many = (find_factor([(0.2, 0.02)] * count, MEMORY) for count in (0, 1, 40))
    assert blind.mean == 0.0
    assert blind.deviation == pytest.approx((MEMORY.machine**2 + MEMORY.config**2) ** 0.5)
    assert 0 < one.mean < many.mean == pytest.approx(0.2, abs=0.01)
    assert blind.deviation > one.deviation > many.deviation > MEMORY.config
    assert find_factor([(0.2, 0.5)], MEMORY).mean < one.mean / 2
    # the better of two that disagree counts for more
    assert find_factor([(0.2, 0.02), (-0.2, 0.5)], MEMORY).mean > 0.1


def test_another_machine_tells_nothing_and_another_version_less() -> None:
    small = config()
    plain = estimate(small, LAPTOP)
    other = measured(small, 1.5, 1.5, replace(LAPTOP, cpu_name="another CPU"))
    assert known(small, other) == plain
    here = measured(small, 1.5, 1.5)
    older = replace(here, origin=replace(here.origin, engine="an older one"))
    answer = known(small, older)
    assert answer.memory_basis == "learned"
    assert plain.peak_memory.value < answer.peak_memory.value < 1.5 * plain.peak_memory.value


def test_the_file_keeps_the_newest_of_each_and_stays_small(tmp_path: Path) -> None:
    path, one = tmp_path / "deep" / "c.jsonl", measured(config(), 1.0, 1.0)
    assert keep(one, path) and keep(replace(one, unix_time=2.0), path)
    assert read_measurements(path) == (replace(one, unix_time=2.0),)
    for number in range(measurements.MOST + 20):
        keep(replace(one, workload=replace(one.workload, batch_size=number + 1)), path)
    kept = read_measurements(path)
    assert len(kept) == measurements.MOST and kept[-1].workload.batch_size == measurements.MOST + 20
    assert path.stat().st_mode & 0o777 == 0o600


def test_damage_costs_the_damaged_lines_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    ones = [replace(measured(config(), 1.0, 1.0), source=source) for source in ("probe", "run")]
    for one in ones:
        keep(one, path)
    whole = path.read_bytes()
    first, second = whole.splitlines(keepends=True)
    for damaged in (
        b"\xff\x00 not JSON\n" + second,
        first[:-40] + b"\n" + second,
        second[:100],
        b"[]\n{}\n",
        b"",
        second + second[: len(second) // 2],
    ):
        path.write_bytes(damaged)
        assert set(read_measurements(path)) <= set(ones)
        assert keep(ones[0], path) and ones[0] in read_measurements(path)
    record = json.loads(second)
    wrong: list[dict[str, Any]] = [
        {"workload": 3}, {"origin": {}}, {"peak_memory_bytes": -1}, {"seconds_per_step": "x"}
    ]  # fmt: skip
    for nonsense in wrong:
        path.write_bytes(encode({**record, **nonsense}))
        assert read_measurements(path) == ()


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not keep(measured(config(), 1.0, 1.0), tmp_path / "file" / "c.jsonl")
    assert read_measurements(tmp_path / "file" / "c.jsonl") == ()


def _keep_many(first: int) -> None:
    one = measured(config(), 1.0, 1.0)
    for number in range(first, first + 10):
        keep(replace(one, workload=replace(one.workload, batch_size=number)))


def test_processes_that_keep_at_once_lose_nothing() -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_keep_many, args=(100 * number + 1,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(read_measurements()) == 30


def test_a_new_measurement_is_seen_at_once_by_who_asks_again() -> None:
    assert calibration_of(LAPTOP).memory(workload_of(config(), LAPTOP, None)).basis == "arithmetic"
    keep(measured(config(), 1.1, 1.0))
    assert measurements_path().is_file()
    assert calibration_of(LAPTOP).memory(workload_of(config(), LAPTOP, None)).basis == "measured"
    # what is free now is no part of what a calibration depends on
    assert calibration_of(LAPTOP) is calibration_of(replace(LAPTOP, ram_available_bytes=1))

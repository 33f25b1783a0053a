"""The text encoder that evaluations load is part of the memory that a run is predicted to take, and only then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from laptop import FACTS

from stickgen.config.key import Value
from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.data.encoder_folder import KNOWN
from stickgen.datasets.facts import DatasetFacts
from stickgen.hardware.described import described
from stickgen.hardware.machine import Machine, Speed
from stickgen.planner.advising.advice import advise
from stickgen.planner.advising.fitting import fit
from stickgen.planner.arithmetic.encoder import LIBRARIES_BYTES, WEIGHTS_BYTES
from stickgen.planner.arithmetic.workload import workload_of
from stickgen.planner.budget import check_budget
from stickgen.planner.estimate import Estimate, estimate
from stickgen.planner.measured.calibration import Calibration
from stickgen.planner.measured.measurements import Measurement, origin_of

GIB, MIB = 2**30, 2**20
HERE = Machine(
    ram_total_bytes=16 * GIB, ram_available_bytes=12 * GIB, cgroup_limit_bytes=None,
    cores_logical=8, cores_physical=4, cores_usable=8, cpu_name="a CPU", cpu_bf16=False,
    cpu_speed=Speed(400.0, None, 40.0),
)  # fmt: skip
OFFLINE = LIBRARIES_BYTES + WEIGHTS_BYTES["offline"]


def config(preset: str = "quickstart", **changes: Value) -> TrainingConfig:
    keys = {name.replace("__", "."): value for name, value in changes.items()}
    return TrainingConfig(preset_path(preset), {"device.type": "cpu", **keys})


def of(preset: str = "quickstart", facts: DatasetFacts | None = None, **changes: Value) -> Estimate:
    return estimate(config(preset, **changes), HERE, facts)


def test_every_encoder_that_a_run_may_load_has_a_size() -> None:
    assert set(WEIGHTS_BYTES) == KNOWN


def test_evaluating_takes_the_encoder_on_top_of_training() -> None:
    plain, evaluating = of(evaluation__every_minutes=0.0), of()
    assert plain.encoder_bytes == 0 and evaluating.encoder_bytes == OFFLINE
    assert evaluating.peak_memory.value == pytest.approx(plain.peak_memory.value + OFFLINE)
    assert evaluating.to_json()["encoder_memory_bytes"] == OFFLINE
    larger = of(data__encoder="BAAI/bge-large-en-v1.5")
    assert larger.encoder_bytes > GIB > evaluating.encoder_bytes


def test_a_run_that_ends_before_its_first_evaluation_loads_none() -> None:
    short = of(facts=FACTS, training__max_minutes=5.0, evaluation__every_minutes=10.0)
    long = of(facts=FACTS, training__max_minutes=0.0, training__epochs=9999)
    assert (short.encoder_bytes, long.encoder_bytes) == (0, OFFLINE)


def test_an_encoder_that_only_a_person_may_choose_is_not_loaded_by_a_run() -> None:
    assert of(data__encoder="a/stranger").encoder_bytes == 0


def test_what_does_not_fit_beside_the_encoder_is_said_with_the_key_that_does_without(tmp_path: Path) -> None:
    chosen = config("small")
    peak = estimate(chosen, HERE).needed_memory
    tight = replace(HERE, ram_available_bytes=int(peak.low) - MIB)
    (refusal,) = check_budget(chosen, tight, None, tmp_path).refusals
    assert "for the text encoder" in refusal and "evaluation.every_minutes" in refusal
    assert not check_budget(config("small", evaluation__every_minutes=0.0), tight, None, tmp_path).refusals
    found = {advice.path: advice for advice in advise(chosen, tight, None, "memory")}
    assert found["evaluation.every_minutes"].after.verdict == "fits"


def test_only_the_first_of_several_processes_evaluates(tmp_path: Path) -> None:
    chosen = config("small")
    one = estimate(chosen, HERE)
    room = 2 * one.peak_memory.high - one.encoder_bytes
    enough = replace(HERE, ram_available_bytes=int(room))
    found = check_budget(chosen, enough, None, tmp_path, processes=2)
    assert found.refusals == found.warnings == ()


def taken(of: TrainingConfig, peak: int, *, evaluated: bool) -> Measurement:
    work = workload_of(of, HERE, None)
    work = work if evaluated else replace(work, encoder_weights=0)
    return Measurement(origin_of(HERE), work, peak, 1.0, 100, "run", 1.0)


def test_what_was_measured_counts_with_or_without_the_encoder() -> None:
    evaluating, plain = config(), config(evaluation__every_minutes=0.0)
    for one in (
        taken(evaluating, 400 * MIB, evaluated=False),
        taken(evaluating, 400 * MIB + OFFLINE, evaluated=True),
    ):
        calibration = Calibration(HERE, [one])
        assert estimate(plain, HERE, calibration=calibration).peak_memory.value == pytest.approx(400 * MIB)
        with_encoder = estimate(evaluating, HERE, calibration=calibration)
        assert with_encoder.peak_memory.value == pytest.approx(400 * MIB + OFFLINE)
        assert with_encoder.memory_basis == "measured"


def test_a_peak_of_nobody_knows_what_corrects_nothing() -> None:
    plain = taken(config(), 3 * GIB, evaluated=True).to_json()
    del plain["workload"]["encoder_weights"]  # as older versions kept it
    old = Measurement.from_json(plain)
    assert old.peak_memory_bytes is None and old.seconds_per_step == 1.0
    answer = estimate(config(), HERE, calibration=Calibration(HERE, [old]))
    assert answer.peak_memory == estimate(config(), HERE).peak_memory


def test_where_no_encoder_fits_a_config_without_evaluation_is_recommended() -> None:
    recommended = fit(described(HERE, ram_gib=2, vram_gib=None)).recommended
    assert recommended.estimate.verdict == "fits"
    assert dict(recommended.edits)["evaluation.every_minutes"] == 0.0

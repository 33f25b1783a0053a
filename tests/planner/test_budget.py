"""What would not fit is said before the launch, and refused where it is hopeless."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.hardware.machine import Machine
from stickgen.planner.budget import check_budget
from stickgen.planner.estimate import estimate

GIB = 2**30


def machine(free_gib: float) -> Machine:
    return Machine(
        ram_total_bytes=64 * GIB, ram_available_bytes=int(free_gib * GIB), cgroup_limit_bytes=None,
        cores_logical=2, cores_physical=2, cores_usable=2, cpu_name="some", cpu_bf16=False,
    )  # fmt: skip


def disk(monkeypatch: pytest.MonkeyPatch, free_bytes: float) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free_bytes))


def test_memory_is_warned_of_and_refused_where_it_is_hopeless(tmp_path: Path) -> None:
    config = TrainingConfig(preset_path("large"), {"device.type": "cpu"})
    assert check_budget(config, machine(60), None, tmp_path).refusals == ()
    (refusal,) = check_budget(config, machine(0.5), None, tmp_path).refusals
    assert "512 MiB are free" in refusal and "lower training.batch_size" in refusal
    peak = estimate(config, machine(60), None).peak_memory
    (warning,) = check_budget(config, machine(peak.value / GIB), None, tmp_path).warnings
    assert "training needs about" in warning


def test_several_processes_on_a_cpu_take_as_much_each(tmp_path: Path) -> None:
    config = TrainingConfig(preset_path("large"), {"device.type": "cpu"})
    room = machine(2 * estimate(config, machine(60), None).peak_memory.high / GIB)
    found = check_budget(config, room, None, tmp_path, processes=2)
    assert found.refusals == found.warnings == ()
    (refusal,) = check_budget(config, room, None, tmp_path, processes=8).refusals
    assert "in each of 8 processes" in refusal
    config = TrainingConfig(preset_path("large"), {"device.type": "cpu", "device.sharding": "fsdp"})
    found = check_budget(config, room, None, tmp_path, processes=8)
    assert found.refusals == () and len(found.warnings) == 1


def test_disk_is_warned_of_and_refused_where_not_two_checkpoints_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainingConfig(preset_path("small"))
    one = estimate(config, machine(60), None).checkpoint_bytes
    disk(monkeypatch, 3 * one)
    found = check_budget(config, machine(60), None, tmp_path / "not" / "yet")
    assert found.refusals == () and len(found.warnings) == 1
    assert found.warnings[0].startswith(f"{tmp_path}: checkpoints need up to ")
    assert "MiB each), but" in found.warnings[0]
    disk(monkeypatch, 1.9 * one)
    (refusal,) = check_budget(config, machine(60), None, tmp_path).refusals
    assert "free some space" in refusal

"""The five tiers of the guide, at their thresholds and around them."""

from __future__ import annotations

import pytest

from stickgen.hardware.machine import Gpu, Machine
from stickgen.planner.advising.recommend import recommend

GIB = 2**30


def machine(ram: float, vram: float = 0, limit: float | None = None) -> Machine:
    gpus = (Gpu(0, "gpu", int(vram * GIB), int(vram * GIB), True),) if vram else ()
    cgroup = int(limit * GIB) if limit else None
    return Machine(int(ram * GIB), int(ram * GIB), cgroup, 8, 4, 8, "cpu", False, gpus)


@pytest.mark.parametrize(
    ("ram", "vram", "tier"),
    [
        (8, 0, "cpu_8gb"), (7.7, 0, "cpu_8gb"), (15.5, 0, "cpu_16gb"), (16, 0, "cpu_16gb"), (24, 0, "cpu_16gb"),
        (31.2, 0, "cpu_32gb"), (128, 0, "cpu_32gb"), (32, 8, "gpu_8gb"), (8, 12, "gpu_8gb"),
        (64, 15.8, "gpu_16gb"), (64, 24, "gpu_16gb"), (16, 4, "cpu_16gb"), (2, 0, "cpu_8gb"),
    ],
)  # fmt: skip
def test_tiers(ram: float, vram: float, tier: str) -> None:
    answer = recommend(machine(ram, vram))
    assert answer.tier.name == tier
    assert answer.config_path.is_file()


def test_a_cgroup_limit_counts_as_the_ram() -> None:
    answer = recommend(machine(64, limit=8))
    assert answer.tier.name == "cpu_8gb"
    assert "cgroup" in answer.sentence

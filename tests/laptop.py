"""A laptop without a GPU and a dataset of two thousand clips, for tests of the planner."""

from __future__ import annotations

from stickgen.datasets.facts import DatasetFacts
from stickgen.hardware.machine import Machine, Speed

GIB = 2**30
LAPTOP = Machine(
    ram_total_bytes=16 * GIB, ram_available_bytes=12 * GIB, cgroup_limit_bytes=None,
    cores_logical=8, cores_physical=4, cores_usable=8, cpu_name="a CPU", cpu_bf16=False,
    cpu_speed=Speed(400.0, None, 40.0),
)  # fmt: skip
FACTS = DatasetFacts(
    clips=2000, frames=1, mean_frames=120.0, longest_frames=250, clips_train=1800, clips_val=200,
    frames_train=1, texts=1, embedding_dim=384, encoder="e", sources=("s",), licences=("l",),
    fingerprint="f",
)  # fmt: skip

"""What a config's rules are told of a machine and a dataset."""

from __future__ import annotations

from dataclasses import replace

from stickgen.config.rules import Site
from stickgen.datasets.facts import DatasetFacts
from stickgen.hardware.machine import Gpu, Machine
from stickgen.planner.site import site_of

MACHINE = Machine(
    ram_total_bytes=8 * 2**30, ram_available_bytes=6 * 2**30, cgroup_limit_bytes=None, cores_logical=8,
    cores_physical=4, cores_usable=6, cpu_name="x", cpu_bf16=False,
)  # fmt: skip


def test_gpus_are_unknown_until_torch_was_asked() -> None:
    assert site_of(MACHINE, None) == Site(cores=6, cpu_bf16=False)
    assert site_of(replace(MACHINE, torch_version="2.10", torch_error="broken"), None).cuda is None
    asked = replace(MACHINE, torch_version="2.10")
    assert (site_of(asked, None).cuda, site_of(asked, None).mps) == (False, False)
    gpu = Gpu(0, "g", 8 * 2**30, 7 * 2**30, bf16=True)
    assert (site_of(replace(asked, gpus=(gpu,)), None).cuda, site_of(replace(asked, gpus=(gpu,)), None).cuda_bf16) == (
        True, True,
    )  # fmt: skip


def test_the_dataset_brings_its_width_and_the_clips_that_are_trained_on() -> None:
    facts = DatasetFacts(
        clips=20, frames=1000, mean_frames=50.0, longest_frames=90, clips_train=18, clips_val=2, frames_train=900,
        texts=20, embedding_dim=384, encoder="offline", sources=(), licences=(), fingerprint="f",
    )  # fmt: skip
    site = site_of(MACHINE, facts)
    assert (site.embedding_dim, site.clips) == (384, 18)

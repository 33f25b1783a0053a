"""The facts about this machine and the dataset that a config's rules check against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stickgen.config.rules import Site
from stickgen.hardware.machine import Machine

if TYPE_CHECKING:
    from stickgen.datasets.facts import DatasetFacts


def site_of(machine: Machine, facts: DatasetFacts | None) -> Site:
    """Return the facts of `machine`, and of the dataset if there are any.

    GPUs are known only after torch was asked (`machine.torch_version`).
    """
    asked = machine.torch_version is not None and machine.torch_error is None
    return Site(
        cuda=bool(machine.gpus) if asked else None,
        mps=machine.mps if asked else None,
        cores=machine.cores_usable,
        cpu_bf16=machine.cpu_bf16,
        cuda_bf16=machine.gpus[0].bf16 if machine.gpus else None,
        embedding_dim=facts.embedding_dim if facts is not None else None,
        clips=facts.clips_train if facts is not None else None,
    )

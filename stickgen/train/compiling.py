"""torch.compile, where a run is long enough to win by it.

The blocks are compiled and not the whole model: they share one code, so that one of them is compiled for all.
Whether a run is compiled is decided at its first launch and kept in run.json: compiled and eager layers round
differently, and a resumed run must be the run it would have been.
"""

from __future__ import annotations

import shutil

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.hardware.machine import local_machine_fast
from stickgen.model.layers import Block
from stickgen.model.transformer import MotionTransformer
from stickgen.planner.estimate import estimate

COMPILING_SECONDS = 90.0  # cold, on two cores
GAIN = {"fp32": 0.05, "bf16": 0.15}  # share of the time that compiled layers save


def is_worth_compiling(config: TrainingConfig, device: torch.device, precision: str, steps: int) -> bool:
    """Whether `training.compile` wants a run of `steps` optimizer steps compiled.

    Raises StickgenError where it must be and there is no compiler.
    """
    wanted = config.training["compile"]
    there = device.type == "cuda" or any(map(shutil.which, ("c++", "g++", "clang++")))
    if wanted == "always" and not there:
        raise StickgenError(
            "training.compile is always, but there is no C++ compiler (g++ or clang++) here; "
            "install one, or use --set training.compile=never"
        )
    if wanted != "auto":
        return bool(wanted == "always")
    if not there or device.type == "mps":
        return False
    seconds = steps * estimate(config, local_machine_fast()).seconds_per_step.value
    return seconds * GAIN[precision] > 2 * COMPILING_SECONDS


def compile_blocks(model: MotionTransformer) -> None:
    """Compile the blocks of `model` in place, for batches of any size and length."""
    for block in model.blocks:
        assert isinstance(block, Block)
        block.compile(dynamic=True)

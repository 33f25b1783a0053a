"""torch.compile for runs that are long enough to gain from it.

Blocks are compiled one by one instead of the whole model: they share their code, so compiling one compiles all.
Whether a run is compiled is decided at its first launch and kept in run.json: compiled and eager layers round
differently, and a resumed run must be identical to an uninterrupted one.
"""

from __future__ import annotations

import re
import traceback
from typing import cast

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.config.placement import Device, Precision
from stickgen.errors import StickgenError
from stickgen.hardware.machine import local_machine_fast
from stickgen.model.layers import Block
from stickgen.model.transformer import MotionTransformer
from stickgen.planner.arithmetic import compiling

_COMPILERS = re.compile(r"[\\/](torch[\\/]_(dynamo|inductor|functorch)|torchinductor)[\\/]")


def is_worth_compiling(config: TrainingConfig, device: torch.device, precision: str, steps: int) -> bool:
    """Whether to compile a run of `steps` optimizer steps, by `training.compile`.

    Raises StickgenError if it is "always" and there is no compiler.
    """
    where = cast(Device, device.type)
    if config.training.compile == "always" and not compiling.can_compile(where):
        raise StickgenError(
            "training.compile is always, but there is no C++ compiler (g++ or clang++) here; "
            "install one, or use --set training.compile=never"
        )
    return compiling.is_worth_compiling(
        config, local_machine_fast(), where, cast(Precision, precision), steps
    )


def compile_blocks(model: MotionTransformer) -> None:
    """Compile the blocks of `model` in place, for batches of any size and length."""
    for block in model.blocks:
        assert isinstance(block, Block)
        block.compile(dynamic=True)


def run_uncompiled(model: MotionTransformer) -> None:
    """Undo `compile_blocks`: from here on the blocks run as they are written."""
    for block in model.blocks:
        block._compiled_call_impl = None


def is_of_compiled_code(error: BaseException) -> bool:
    """Whether an error came out of the compiler or what it made, not of the same arithmetic as it is written."""
    return any(_COMPILERS.search(frame.filename) for frame in traceback.extract_tb(error.__traceback__))

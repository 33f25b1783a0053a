"""What a process takes that draws the motion of a sentence: torch, a text encoder, and one model without its training."""

from __future__ import annotations

from stickgen.config.settings import Settings
from stickgen.planner.arithmetic.encoder import LIBRARIES_BYTES, MIB, weights_bytes
from stickgen.planner.arithmetic.parameters import count_parameters

LOADED_BYTES = 250 * MIB  # torch and the engine, without the terms below
READING_BYTES = 60 * MIB  # what an encoder keeps of the texts that it reads, one after another


def drawing_bytes(config: Settings) -> int:
    """Return the RAM of a process that draws motions of one window with a model of `config`.

    The weights are there twice while they are loaded. Guidance and an opposite make three passes side by side.
    """
    model = config.model
    tokens = 3 * (int(config.data.max_frames) // int(model.patch_frames) + 1)
    passes = 4 * tokens * (24 * int(model.d_model) + int(model.nhead) * tokens)
    encoder = LIBRARIES_BYTES + weights_bytes(config) + READING_BYTES
    return LOADED_BYTES + encoder + 2 * 4 * count_parameters(config) + passes

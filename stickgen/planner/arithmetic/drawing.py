"""What a process takes that draws the motion of a sentence: torch, a text encoder, and one model without its training."""

from __future__ import annotations

from stickgen.config.settings import Settings
from stickgen.planner.arithmetic.memory import MIB
from stickgen.planner.arithmetic.parameters import count_parameters

LOADED_BYTES = 440 * MIB  # torch, transformers and sentence-transformers, without the terms below
ENCODER_BYTES = {384: 140 * MIB, 768: 450 * MIB}  # weights of an encoder, by the width of its embeddings
LARGEST_ENCODER_BYTES = 1400 * MIB


def drawing_bytes(config: Settings) -> int:
    """Return the RAM of a process that draws motions of one window with a model of `config`.

    The weights are there twice while they are loaded. Guidance and an opposite make three passes side by side.
    """
    model = config.model
    tokens = 3 * (int(config.data.max_frames) // int(model.patch_frames) + 1)
    passes = 4 * tokens * (24 * int(model.d_model) + int(model.nhead) * tokens)
    encoder = ENCODER_BYTES.get(int(model.embedding_dim), LARGEST_ENCODER_BYTES)
    return LOADED_BYTES + encoder + 2 * 4 * count_parameters(config) + passes

"""What a text encoder takes in a process that loads it, and which one a run's evaluations load.

Measured by loading encoders of these shapes and reading fifty texts. In a trainer, what an encoder needs to read comes
from the memory that training has freed. `benchmarks/encoder_memory.py` compares the sum with what trainers took.
"""

from __future__ import annotations

from stickgen.config.settings import Settings

MIB = 2**20
LIBRARIES_BYTES = 190 * MIB  # RAM of sentence-transformers, transformers and what they import, without torch
# Weights of the encoders that a run may load without a person naming them; `stickgen.data` holds which these are.
WEIGHTS_BYTES = {
    "offline": 87 * MIB,
    "BAAI/bge-small-en-v1.5": 127 * MIB,
    "BAAI/bge-base-en-v1.5": 418 * MIB,
    "BAAI/bge-large-en-v1.5": 1279 * MIB,
    "sentence-transformers/all-MiniLM-L6-v2": 87 * MIB,
    "sentence-transformers/all-MiniLM-L12-v2": 127 * MIB,
    "sentence-transformers/all-mpnet-base-v2": 418 * MIB,
}
_BY_WIDTH = {384: 127 * MIB, 768: 418 * MIB}  # of others, by the width of their embeddings
_LARGEST = 1279 * MIB


def weights_bytes(config: Settings) -> int:
    """Return the size of the encoder that a config names; of one that nobody knows, by the width that the model expects."""
    usual = _BY_WIDTH.get(int(config.model.embedding_dim), _LARGEST)
    return WEIGHTS_BYTES.get(str(config.data.encoder), usual)


def evaluating_weights_bytes(config: Settings) -> int:
    """Return the size of the encoder that the trainer loads to evaluate; 0 if it loads none.

    It does not if evaluation is off, nor if the config names one that only a person may choose.
    """
    name = str(config.data.encoder)
    return WEIGHTS_BYTES.get(name, 0) if config.evaluation.every_minutes else 0


def loaded_bytes(weights: int, *, on_gpu: bool = False) -> int:
    """Return what an encoder with these bytes of weights adds to a process: VRAM if it is `on_gpu`, else RAM."""
    if not weights:
        return 0
    return weights + (0 if on_gpu else LIBRARIES_BYTES)

"""How long batches are padded, how many clips go through the model at once, and how many steps an epoch has."""

from __future__ import annotations

# oneDNN generates kernels for every batch length it meets and keeps them. In bf16, a run with arbitrary lengths
# grows to 1.3 GiB; one with few lengths stays at 0.6 (benchmarks/padding.py).
PAD_FRAMES_TO = 16
PAD_WORDS_TO = 8  # tokens of a text

# On a CPU no tensor of a micro-batch should grow beyond this: glibc maps an allocation over 32 MiB anew each
# time, so that every page of it faults, and caches are long exceeded. Smaller micro-batches are as fast.
CPU_TENSOR_BYTES = 16 * 2**20


def padded_length(longest: int, most: int) -> int:
    """Frames of a batch whose longest clip has `longest`: rounded up, but not beyond `most`."""
    return max(longest, min(-(-longest // PAD_FRAMES_TO) * PAD_FRAMES_TO, most))


def padded_words(longest: int) -> int:
    """Tokens of a batch's texts, the longest of which has `longest`."""
    return -(-longest // PAD_WORDS_TO) * PAD_WORDS_TO


def frames_at_once(d_model: int, patch_frames: int, device: str) -> int | None:
    """The most frames that go through the model at once, padding included; None if batch_size alone decides.

    The widest tensor of a block is the feed-forward's, 8·d_model values a token, counted in fp32.
    """
    return max(CPU_TENSOR_BYTES // (4 * 8 * d_model), 1) * patch_frames if device == "cpu" else None


def steps_per_epoch(clips: int, effective_batch: int) -> int:
    """Optimizer steps of one pass; the last one takes what is left."""
    return -(-clips // effective_batch)

"""What a checkpoint weighs, and how many of them lie on the disk."""

from __future__ import annotations

KEPT_LAST = 2  # the newest so many, and the best
MOST_ON_DISK = KEPT_LAST + 2  # with the best, and the one that is being written


def checkpoint_bytes(parameters: int, moments: int, *, adapters: int = 0) -> int:
    """Bytes of the tensors in a checkpoint, in fp32, but for the scale of the motion, which is small.

    They are the weights, with LoRA's `adapters` beside them; the averaged weights, which are the weights once more
    if nothing is averaged; and the `moments` that the optimizer keeps.
    """
    return 4 * (2 * parameters + adapters + moments)

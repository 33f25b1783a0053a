"""How much of the held-out clips a validation takes, and how many of them at once."""

from __future__ import annotations

MOST_CLIPS = 512  # of the held-out clips, the first so many


def validation_batch(batch_size: int) -> int:
    """Clips at once: as in training, but 8 at least and 32 at most, for there are no gradients."""
    return min(max(batch_size, 8), 32)

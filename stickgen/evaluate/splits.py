"""Which clips of a dataset an evaluation is trained on, and which it asks a model for."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from stickgen.data.dataset import UNLABELLED, DatasetFile
from stickgen.data.split import TRAIN, VALIDATION
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import PELVIS

LONGER = 1.4  # a clip of up to this many windows still shows its text within one window
MOST_TRAIN_CLIPS = 3000
MOST_CAPTIONS = 2  # captions of a training clip: more cost more than they teach
MOST_PROMPTS = 256
LEAST_PROMPTS = 16
SHARE = 0.2  # share of a clip's frames that an action needs to count as shown


@dataclass(frozen=True)
class Prompt:
    """A held-out text, and the real clip that it describes."""

    text: str
    clip: int
    frames: int
    actions: tuple[int, ...]  # in the order of their first frames


@dataclass(frozen=True)
class Split:
    """A dataset in windows of `frames` frames."""

    file: DatasetFile
    frames: int
    val_fraction: float
    train: tuple[int, ...]
    prompts: tuple[Prompt, ...]

    def captions(self, clip: int) -> list[str]:
        """One or two captions of a training clip, the same at every call."""
        captions = self.file.captions(clip)
        return random.Random(clip).sample(captions, min(MOST_CAPTIONS, len(captions)))

    def motion(self, clip: int) -> Tensor:
        """[t, 20] of a clip, its first `frames` frames, x = 0 at the first pelvis."""
        motion = self.file.motion(clip)[: self.frames].clone()
        motion[:, 0::2] -= motion[0, 2 * PELVIS].clone()
        return motion

    def actions(self, clip: int) -> Tensor:
        """int64 [t], the action of each frame of `motion`."""
        return self.file.actions(clip)[: self.frames].long()


def split_of(file: DatasetFile, *, frames: int, val_fraction: float, clips: int = MOST_PROMPTS) -> Split:
    """Split `file` as a training run with this `val_fraction` does, into training clips and held-out prompts.

    Clips much longer than a window of `frames` frames are excluded, because a window shows only part of what their texts
    say. There are at most `clips` prompts, one per clip, the same at every call. Raises StickgenError if too few clips
    are left.
    """
    parts, lengths = file.split(val_fraction), file.lengths
    train = [c for c in range(file.clips) if parts[c] == TRAIN and lengths[c] <= LONGER * frames]
    held_out = [c for c in range(file.clips) if parts[c] == VALIDATION and 2 <= lengths[c] <= frames]
    train = sorted(random.Random(0).sample(train, min(MOST_TRAIN_CLIPS, len(train))))
    chosen = random.Random(0).sample(held_out, len(held_out))[: min(clips, MOST_PROMPTS)]
    if len(chosen) < LEAST_PROMPTS or len(train) < LEAST_PROMPTS:
        raise StickgenError(
            f"{file.path}: {len(held_out)} held-out and {len(train)} training clips fit into {frames} frames, and "
            f"an evaluation needs {LEAST_PROMPTS} of each; evaluate on a larger dataset with --data"
        )
    prompts = []
    for clip in sorted(chosen):
        text = random.Random(clip).choice(file.captions(clip))
        prompts.append(
            Prompt(text, clip, min(lengths[clip], frames), shown_actions(file.actions(clip).tolist()))
        )
    return Split(file, frames, val_fraction, tuple(train), tuple(prompts))


def shown_actions(labels: Sequence[int]) -> tuple[int, ...]:
    """The actions that take at least a fifth of a clip's frames, in order."""
    counts = Counter(label for label in labels if label != UNLABELLED)
    return tuple(label for label in counts if counts[label] >= SHARE * len(labels))

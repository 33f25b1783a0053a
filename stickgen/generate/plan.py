"""From a request to a timeline: how many frames each text has, and which poses are held where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stickgen.errors import StickgenError
from stickgen.generate.given import Motion, Pose
from stickgen.generate.request import Request
from stickgen.motion.skeleton import FPS


@dataclass(frozen=True)
class Plan:
    """The frames of a timeline, of which the first `context` are the end of a clip that is continued."""

    passages: list[int]  # frames of each text
    held: dict[int, Pose]  # by frame of the timeline, in order
    context: int
    before: Motion  # what stands before the timeline: the rest of that clip

    @property
    def total(self) -> int:
        """The frames of the timeline."""
        return sum(self.passages)


@dataclass(frozen=True)
class Piece:
    """A part of a text's passage in which one action is shown."""

    passage: int
    action: int
    frames: int


def plan_of(request: Request, passages: Sequence[int], window: int, patch_frames: int) -> Plan:
    """Lay out a request whose texts have `passages` frames, for a model with a window of so many frames.

    Keyframes count from the beginning of the motion as it is written. Without seconds, the last text lasts to the last
    keyframe at least. Raises StickgenError if a keyframe lies outside.
    """
    frames = list(passages)
    clip = list(request.after or ())
    keyframes = dict(sorted((request.keyframes or {}).items()))
    total = len(clip) + sum(frames)
    last = max(keyframes, default=0)
    if last >= total and request.seconds_of_each[-1] is None:
        frames[-1] += last + 1 - total
        total = last + 1
    if last >= total:
        raise StickgenError(
            f"the keyframe at frame {last} lies outside the motion, whose frames are 0 to {total - 1} "
            f"({FPS} a second): move it, or ask for more seconds"
        )
    if keyframes and min(keyframes) < len(clip):
        raise StickgenError(
            f"the keyframe at frame {min(keyframes)} lies in the clip that is continued, whose frames are 0 to "
            f"{len(clip) - 1}: move it behind"
        )
    context = min(len(clip), window // 2)
    if context >= patch_frames:
        context -= context % patch_frames
    start = len(clip) - context
    frames[0] += context
    held = dict(enumerate(clip[start:])) | {frame - start: pose for frame, pose in keyframes.items()}
    return Plan(frames, held, context, clip[:start])


def pieces_of(plan: Plan, actions: Tensor) -> list[Piece]:
    """The passages of a plan, cut where the action changes; `actions` [t] are those of the frames after the context."""
    texts = torch.cat([torch.full((frames,), row) for row, frames in enumerate(plan.passages)])
    pairs, counts = torch.stack((texts[plan.context :], actions)).unique_consecutive(
        dim=1, return_counts=True
    )
    counts[0] += plan.context
    return [
        Piece(passage, action, frames)
        for (passage, action), frames in zip(pairs.T.tolist(), counts.tolist(), strict=True)
    ]

"""The last touches on a drawn motion, and its way from features to coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from stickgen.model.cleanup import cleaned
from stickgen.model.normalise import Normaliser
from stickgen.model.smoothing import smoothed

if TYPE_CHECKING:
    from stickgen.model.holding import HeldPoses


class Clean(NamedTuple):
    """A clean motion as the model predicts it."""

    motion: Tensor  # [b, t, 20] normalised features
    planted: Tensor  # [b, t, 2] how likely each foot is planted, left then right


class Finish(NamedTuple):
    """What is done to a motion at the end."""

    smoothing: bool  # the trembling is taken out
    cleanup: bool  # feet are planted and bones kept to their length


def finished(clean: Clean, normaliser: Normaliser, finish: Finish, held: HeldPoses | None = None) -> Tensor:
    """Coordinates [b, t, 20] of what was drawn, with the last touches of `finish`; `held` poses stay."""
    features = smoothed(clean.motion) if finish.smoothing else clean.motion
    if held is not None and finish.smoothing:
        features = held.impose(features[0])[None]
    motion = normaliser.decode(features).float()
    if not finish.cleanup:
        return motion
    kept = None
    if held is not None:
        kept = torch.zeros(motion.shape[1], dtype=torch.bool, device=motion.device)
        kept[held.frames.to(motion.device)] = True
    return cleaned(motion, clean.planted.float(), normaliser.bone_limits, kept)

"""The two training objectives: denoise a whole window, or predict the next poses. Both give one loss per clip.

No target leaks into its own prediction. The denoiser sees the clean motion only under noise; the regressor sees
only the poses before those it predicts. The true actions are an input for a tenth of the clips, and the action
loss counts only the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from stickgen.model.losses import (
    UNLABELLED,
    action_loss,
    physics_loss,
    pose_loss,
    temporal_loss,
)
from stickgen.model.noise import correlated
from stickgen.model.normalise import Normaliser
from stickgen.model.patches import last_of_patch
from stickgen.model.times import shifted
from stickgen.model.transformer import MotionTransformer, Prediction
from stickgen.model.words import TextBatch

# The error of the direction is divided by the time, or by this if the time is smaller. Measured over 400 steps on
# synthetic motion: at 0.05, the last traces of noise take most of the gradient, and actions are recognised in 27 %
# of the motions drawn from held-out texts (jerk 1.4 times the data's); at 0.3, in 37 % (0.5 times).
MIN_TIME = 0.3
ACTIONS_TOLD = 0.1  # share of clips whose actions are an input: sampling has only a text
INPUT_NOISE = (
    0.1  # standard deviation of noise on the regressor's inputs, so that it tolerates its own errors
)
LEAST_ERROR = (
    0.05  # added to a clip's error before its loss is divided by it: below, errors count as they are
)
TERMS = ("pose", "temporal", "action", "physics", "diffusion")


def mixed_seed(*parts: int) -> int:
    """One seed from several numbers, of 32 bits because torch's CPU generator takes no more."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=4).digest())


@dataclass(frozen=True)
class Batch:
    """A micro-batch on its device."""

    motion: Tensor  # [b, t, 20] coordinates, float32
    mask: Tensor  # [b, t] true on real frames
    actions: Tensor  # [b, t] int64, UNLABELLED if unknown
    text: Tensor  # [b, embedding_dim] float32
    clips: tuple[int, ...] = ()  # which clips of the dataset these are
    words: Tensor | None = None  # [b, l, embedding_dim] float32: the text token by token
    words_mask: Tensor | None = None  # [b, l] true on real tokens
    spans: Tensor | None = (
        None  # [b, 2] int: where each window begins in its clip, and the frames of the clip
    )

    def __len__(self) -> int:
        return len(self.motion)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return Batch(
            change(self.motion),
            change(self.mask),
            change(self.actions),
            change(self.text),
            self.clips,
            None if self.words is None else change(self.words),
            None if self.words_mask is None else change(self.words_mask),
            None if self.spans is None else change(self.spans),
        )

    def to(self, device: torch.device, non_blocking: bool = False) -> Batch:
        """The same batch on `device`."""
        return self._each(lambda part: part.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> Batch:
        """The same batch in pinned memory, from which a GPU copies asynchronously; called by torch's DataLoader."""
        return self._each(Tensor.pin_memory)

    def split(self, most: int) -> list[Batch]:
        """The same clips in batches of at most `most` clips."""
        return [
            replace(self._each(lambda part, rows=rows: part[rows]), clips=self.clips[rows])  # type: ignore[misc]
            for rows in (slice(first, first + most) for first in range(0, len(self), most))
        ]


@dataclass(frozen=True)
class Draw:
    """Every random choice for one micro-batch, made in advance so that a step can be repeated bit for bit."""

    noise: Tensor  # [b, t, 20]
    time: Tensor  # [b] in 0…1; 1 is pure noise
    text_known: Tensor  # [b] bool
    actions_told: Tensor  # [b] bool

    @classmethod
    def random(
        cls,
        batch: Batch,
        seed: int,
        condition_dropout: float,
        *,
        time_shift: float = 1.0,
        noise_correlation: float = 0.0,
    ) -> Draw:
        """Choices for training on `batch`, made on the CPU so that they are the same for every device.

        Those of a clip follow from `seed` and the clip's number alone: neither the other clips of its micro-batch
        nor the padding change them.
        """
        generator = torch.Generator()
        noise = torch.zeros_like(batch.motion)
        chances = torch.empty(len(batch), 3)
        for row, (clip, frames) in enumerate(zip(batch.clips, batch.mask.sum(1).tolist(), strict=True)):
            generator.manual_seed(mixed_seed(seed, clip))
            chances[row].uniform_(generator=generator)
            white = torch.randn(frames, noise.shape[2], generator=generator)
            noise[row, :frames] = correlated(white, noise_correlation)
        time, text, actions = chances.unbind(1)
        # logit-normal (Esser et al., arXiv 2403.03206): medium noise teaches most. Measured with equal CPU time on
        # synthetic motion: 6 % less pose loss than with uniform times, and more actions recognised.
        time = torch.sigmoid(torch.special.ndtri(time.clamp(1e-4, 1 - 1e-4)))
        return cls(noise, shifted(time, time_shift), text >= condition_dropout, actions < ACTIONS_TOLD)

    def to(self, device: torch.device, non_blocking: bool = False) -> Draw:
        """The same choices on `device`."""
        parts = (self.noise, self.time, self.text_known, self.actions_told)
        return Draw(*(part.to(device, non_blocking=non_blocking) for part in parts))

    @classmethod
    def fixed(cls, batch: Batch, seed: int, noise_correlation: float = 0.0) -> Draw:
        """Choices for validation, the same at every call: times spread evenly, text known, actions unknown."""
        generator = torch.Generator().manual_seed(seed)
        b, t, d = batch.motion.shape
        device = batch.motion.device
        times = (torch.arange(b) * 0.618033988749895 + seed * 0.381966) % 1.0  # golden ratio: evenly spread
        return cls(
            correlated(torch.randn(b, t, d, generator=generator), noise_correlation).to(device),
            times.to(device),
            torch.ones(b, dtype=torch.bool, device=device),
            torch.zeros(b, dtype=torch.bool, device=device),
        )


def predict(
    model: MotionTransformer, normaliser: Normaliser, clean: Tensor, batch: Batch, draw: Draw
) -> tuple[Prediction, Tensor | None]:
    """Run the trunk on the `clean` features [b, t, 20] after `draw` has noised or shifted them.

    Returns the prediction and, for a denoiser, the noised input that it saw.
    """
    texts = normaliser.encode_texts(TextBatch(batch.text, batch.words, batch.words_mask))
    actions = torch.where(
        draw.actions_told[:, None] & (batch.actions != UNLABELLED),
        batch.actions,
        torch.full_like(batch.actions, model.untold),
    )
    if model.config.denoising:
        time = draw.time[:, None, None]
        noised = (1 - time) * clean + time * draw.noise
        prediction = model(
            noised, batch.mask, texts, draw.text_known, time=draw.time, actions=actions, spans=batch.spans
        )
        return prediction, noised
    p = model.config.patch_frames
    before = torch.zeros_like(clean)
    before[:, p:] = (clean + INPUT_NOISE * draw.noise * draw.time[:, None, None])[:, :-p]
    # a frame's own action, not that of the frame before: whoever asks for a motion knows what is to come
    prediction = model(before, batch.mask, texts, draw.text_known, actions=actions, causal=True)
    return prediction._replace(pose=last_of_patch(before, p) + prediction.pose), None


def clip_losses(
    model: MotionTransformer,
    normaliser: Normaliser,
    batch: Batch,
    draw: Draw,
    weights: Mapping[str, Any],
) -> dict[str, Tensor]:
    """Every term of the loss, and their weighted sum as `total`; each [b] in fp32."""
    return losses_and_prediction(model, normaliser, batch, draw, weights)[0]


def losses_and_prediction(
    model: MotionTransformer,
    normaliser: Normaliser,
    batch: Batch,
    draw: Draw,
    weights: Mapping[str, Any],
) -> tuple[dict[str, Tensor], Prediction]:
    """As `clip_losses`, with the prediction that they are of."""
    with torch.no_grad():
        clean = normaliser.encode(batch.motion)
    prediction, noised = predict(model, normaliser, clean, batch, draw)
    predicted = normaliser.decode(prediction.pose)
    mask = batch.mask
    terms = {
        "pose": pose_loss(prediction.pose, clean, mask),
        "temporal": temporal_loss(predicted, batch.motion, mask, normaliser),
        "action": action_loss(prediction.action_logits, batch.actions, mask) * (~draw.actions_told).float(),
        "physics": physics_loss(prediction, predicted, batch.motion, mask),
    }
    if noised is None:
        terms["diffusion"] = torch.zeros_like(terms["pose"])
    else:
        # direction (x_t - x0) / t of the rectified flow (Liu et al., arXiv 2209.03003)
        terms["diffusion"] = terms["pose"] / draw.time.clamp_min(MIN_TIME).square()
    terms["total"] = terms["pose"] + sum(
        weights[name] * terms[name] for name in ("temporal", "action", "physics", "diffusion")
    )
    return terms, prediction


def training_loss(
    terms: Mapping[str, Tensor],
    draw: Draw,
    weights: Mapping[str, Any],
    diffusion: Mapping[str, Any],
    share: float = 0.0,
) -> Tensor:
    """What the gradient is taken of, [b]: the total of `clip_losses`, or for a denoiser its terms weighted anew.

    - The clean motion that a denoiser predicts from strong noise is a mean over motions, for which bones, feet and
      flight need not be right: asking for them pulls it away from the mean, and at time 0.9 with a gradient four times
      that of the pose (`benchmarks/loss_gradients.py`). So physics fades with the noise, by (1 - time)^physics_fade.
    - Errors of pose are divided by themselves (without a gradient), in the manner of the adaptive weights of
      MeanFlow (Geng et al., arXiv 2505.13447), or clips that move far take all of the gradient. Physics is divided by
      their square root: undivided, feet slide; divided alike, less is recognised (docs/ablation.md).
    - What is done has to be learned before it is polished: with the `share` of the schedule that is over, the pose gives
      way to the smoothness and physics of motion whose outline is right.
    """
    fade, relative = float(diffusion["physics_fade"]), float(diffusion["relative_loss"])
    if not diffusion["enabled"] or not (fade or relative):
        return terms["total"]
    scale, polish = (terms["pose"].detach() + LEAST_ERROR) ** -relative, share / 2
    physics = scale.sqrt() * (1 - draw.time) ** (fade * (1 - polish))
    return (
        (terms["pose"] + weights["diffusion"] * terms["diffusion"]) * scale ** (1 - polish)
        + weights["physics"] * terms["physics"] * physics
        + weights["temporal"] * terms["temporal"] * scale**polish
        + weights["action"] * terms["action"]
    )

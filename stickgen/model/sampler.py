"""From a text embedding to a motion: the denoiser's steps, or the regressor's patch by patch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.model.finishing import Clean, Finish, finished
from stickgen.model.noise import correlated
from stickgen.model.normalise import Normaliser
from stickgen.model.patches import last_of_patch, tokens_of
from stickgen.model.times import sampling_times
from stickgen.model.transformer import MotionTransformer, Prediction
from stickgen.model.words import TextBatch

START_NOISE = 0.05  # on the pose that a regressor starts from, so that motions of one text differ


@dataclass(frozen=True)
class Sampling:
    """How a denoiser samples. A regressor has nothing to choose."""

    sampling_steps: int
    guidance_scale: float  # 1 is no guidance
    contrast_scale: float = 0.0  # how strongly to steer away from the opposite text; 0 is not at all
    guidance_min_time: float = 0.0  # nothing steers at this time or below
    time_shift: float = 1.0  # how far the times of the steps are moved towards noise; 1 is not at all
    smoothing: bool = False  # whether the motion is smoothed at the end
    cleanup: bool = False  # whether feet are planted and bones kept to their length at the end

    @property
    def finish(self) -> Finish:
        """The last touches on what is drawn."""
        return Finish(self.smoothing, self.cleanup)

    @classmethod
    def of(cls, diffusion: Mapping[str, Any]) -> Sampling:
        """What a config's `diffusion` group says."""
        return cls(**{field.name: diffusion[field.name] for field in fields(cls)})


@torch.no_grad()
def sample(
    model: MotionTransformer,
    normaliser: Normaliser,
    texts: TextBatch,
    frames: int,
    *,
    sampling: Sampling,
    seed: int,
    opposites: TextBatch | None = None,
    noise: Tensor | None = None,
) -> Tensor:
    """Draw one motion for each text: coordinates [b, frames, 20], float32 on the CPU.

    `texts` are as the encoder gives them, on the device of the model; a model that was trained without tokens
    ignores theirs. `opposites` are texts to steer away from. The noise is drawn on the CPU from `seed`, so that
    the same call gives the same motion on any device; white `noise` [b, frames, 20] takes its place.
    """
    was_training = model.training
    model.eval()
    device = texts.text.device
    if noise is None:
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(len(texts.text), frames, model.config.input_dim, generator=generator)
    noise = correlated(noise, model.config.noise_correlation).to(device)
    told = normaliser.encode_texts(texts.to(device))
    away = None
    if opposites is not None and sampling.contrast_scale:
        away = normaliser.encode_texts(opposites.to(device))
    try:
        if model.config.denoising:
            clean = _denoise(model, noise, told, away, sampling)
            return finished(clean, normaliser, sampling.finish).cpu()
        return normaliser.decode(_continue(model, noise, told)).float().cpu()
    finally:
        model.train(was_training)


def clean_motion(
    model: MotionTransformer,
    x: Tensor,
    texts: TextBatch,
    time: Tensor,
    guidance_scale: Tensor | None,
    opposites: TextBatch | None = None,
    contrast_scale: float = 0.0,
    mask: Tensor | None = None,
    actions: Tensor | None = None,
    spans: Tensor | None = None,
) -> Clean:
    """The clean motion as predicted at `time`, a single number, from the features `x` [b, t, 20].

    Guidance extrapolates from the prediction without the text to the one with it (Ho and Salimans,
    arXiv 2207.12598); None turns it off. Contrast extrapolates in the same way from the prediction for the
    opposite text. All predictions are made in one batch. `mask` [b, t] is true on real frames, None if all are;
    `actions` [b, t] are told with the text and hidden with it. `spans` [b, 2] say where in its passage each window
    begins, and how long the passage is; None if each is whole.
    """
    b = x.shape[0]  # not len(): torch.export would take it for a constant
    known = torch.ones(b, dtype=torch.bool, device=x.device)
    parts, flags = [texts], [known]
    if guidance_scale is not None:
        parts, flags = [texts, texts], [known, ~known]
    if opposites is not None:
        parts, flags = [*parts, opposites], [*flags, known]
    n = len(parts)
    told = None
    if actions is not None:
        told = torch.cat([torch.where(flag[:, None], actions, model.untold) for flag in flags])
    found: Prediction = model(
        torch.cat([x] * n), None if mask is None else mask.repeat(n, 1), _side_by_side(parts), torch.cat(flags),
        time=time.expand(n * b), actions=told, spans=None if spans is None else spans.repeat(n, 1),
    )  # fmt: skip
    predicted = found.pose
    clean, steered = predicted[:b], predicted[:b]
    if guidance_scale is not None:
        untold = predicted[b : 2 * b]
        steered = untold + guidance_scale * (clean - untold)
    if opposites is not None:
        steered = steered + contrast_scale * (clean - predicted[-b:])
    return Clean(steered, found.contact_logits[:b].sigmoid())


def _side_by_side(parts: list[TextBatch]) -> TextBatch:
    """The texts of all `parts` in one batch, their tokens padded to the longest."""
    if len(parts) == 1:
        return parts[0]
    text = torch.cat([part.text for part in parts])
    words = [part.words for part in parts if part.words is not None]
    masks = [part.words_mask for part in parts if part.words_mask is not None]
    if len(words) < len(parts):
        return TextBatch(text)
    if all(part is parts[0] for part in parts):  # nothing to pad, which torch.export could not tell
        return TextBatch(text, torch.cat(words), torch.cat(masks))
    most = max(part.shape[1] for part in words)
    return TextBatch(
        text,
        torch.cat([F.pad(part, (0, 0, 0, most - part.shape[1])) for part in words]),
        torch.cat([F.pad(mask, (0, most - mask.shape[1])) for mask in masks]),
    )


def flow_step(
    x: Tensor, clean: Tensor, before: Tensor, time: Tensor, time_before: Tensor, following: Tensor
) -> Tensor:
    """Move `x` [b, t, 20] from `time` along the flow to `following`, by a second-order exponential multistep.

    The flow dx/dt = (x - clean(t)) / t is linear apart from the model's prediction. If the prediction stayed
    constant over the step, the solution would be the straight line to `clean`. Here the prediction goes on
    changing as it did since `before`, which was predicted one step ago at `time_before`, in the manner of
    DPM-Solver++(2M) (Lu et al., arXiv 2211.01095). It is extrapolated linearly in t rather than in the log
    signal-to-noise ratio, which is infinite at both ends of this flow. In the first step `time_before` equals
    `time`: there is no earlier prediction. The last step, to time 0, ends at its prediction, as in the few-step solvers
    of that paper's code: extrapolated, four steps skate and tremble more than real motion, and two show nothing.
    """
    straight = clean + (following / time) * (x - clean)
    bend = time - following + following * (following / time).clamp_min(1e-9).log()
    gap = time_before - time
    bends = (gap > 0) & (following > 0)
    return straight + torch.where(bends, bend / gap.clamp_min(1e-6), 0.0) * (clean - before)


def follow_flow(x: Tensor, sampling: Sampling, clean_at: Callable[[Tensor, Tensor, bool], Clean]) -> Clean:
    """Follow the flow from noise `x` (time 1) to motion (time 0), with the feet planted as the last step sees them.

    `clean_at` predicts the clean motion from x at a time, steered by guidance or not.
    """
    times = sampling_times(sampling.sampling_steps, sampling.time_shift, x.device)
    before, time_before, planted = x, times[0], x[..., :2]
    for time, following in zip(times[:-1], times[1:], strict=True):
        # guidance in an interval: Kynkäänniemi et al., arXiv 2404.07724
        clean, planted = clean_at(x, time, float(time) > sampling.guidance_min_time)
        x = flow_step(x, clean, before, time, time_before, following)
        before, time_before = clean, time
    return Clean(x, planted)


def guidance_of(sampling: Sampling, device: torch.device) -> Tensor | None:
    """The scale of the guidance; None if there is none."""
    scale = sampling.guidance_scale
    return None if scale == 1.0 else torch.tensor(scale, device=device)


def next_poses(
    model: MotionTransformer, before: Tensor, texts: TextBatch, actions: Tensor | None = None
) -> Tensor:
    """For each patch of `before` [b, t, 20], the next one, predicted from it and those before it.

    `actions` [b, t] are those of the frames that are predicted.
    """
    known = torch.ones(before.shape[0], dtype=torch.bool, device=before.device)
    poses: Tensor = model(before, None, texts, known, actions=actions, causal=True).pose
    return last_of_patch(before, model.config.patch_frames) + poses


def _denoise(
    model: MotionTransformer, x: Tensor, told: TextBatch, away: TextBatch | None, sampling: Sampling
) -> Clean:
    scale = guidance_of(sampling, x.device)

    def clean_at(x: Tensor, time: Tensor, steered: bool) -> Clean:
        if steered:
            return clean_motion(model, x, told, time, scale, away, sampling.contrast_scale)
        return clean_motion(model, x, told, time, None)

    return follow_flow(x, sampling, clean_at)


def _continue(model: MotionTransformer, noise: Tensor, told: TextBatch) -> Tensor:
    """Patch by patch, each from all before it."""
    frames, p = noise.shape[1], model.config.patch_frames
    poses = noise.new_zeros(noise.shape[0], p, noise.shape[2])
    poses[:, -1] = START_NOISE * noise[:, 0]
    for _ in range(tokens_of(frames, p)):
        poses = torch.cat((poses, next_poses(model, poses, told)[:, -p:]), dim=1)
    return poses[:, p : p + frames]

"""From a text embedding to a motion: the denoiser's steps, or the regressor pose by pose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.model.normalise import Normaliser
from stickgen.model.patches import last_of_patch, tokens_of
from stickgen.model.transformer import MotionTransformer

_SAMPLING = ("sampling_steps", "guidance_scale", "contrast_scale", "guidance_min_time")


def sampling_of(diffusion: Mapping[str, Any]) -> dict[str, Any]:
    """What of a config's `diffusion` group says how to sample, as `sample` takes it."""
    return {name: diffusion[name] for name in _SAMPLING}


class Told(NamedTuple):
    """What the model is told of some texts."""

    text: Tensor  # [b, embedding_dim]
    words: Tensor | None = None  # [b, l, embedding_dim]: the texts token by token
    words_mask: Tensor | None = None  # [b, l], true on real tokens


@torch.no_grad()
def sample(
    model: MotionTransformer,
    normaliser: Normaliser,
    text: Tensor,
    frames: int,
    *,
    sampling_steps: int,
    guidance_scale: float,
    seed: int,
    contrast_scale: float = 0.0,
    guidance_min_time: float = 0.0,
    words: Tensor | None = None,
    words_mask: Tensor | None = None,
    opposite: Told | None = None,
    noise: Tensor | None = None,
) -> Tensor:
    """Draw one motion for each text: [b, embedding_dim] → coordinates [b, frames, 20], float32 on the CPU.

    `words` [b, l, embedding_dim] are the texts token by token, real where `words_mask` [b, l]; a model that did
    not learn with them is not shown them. `opposite`: texts to steer away from, by `contrast_scale`. Below
    `guidance_min_time` nothing steers. The noise is drawn on the CPU from `seed`, so that the same call gives the
    same motion on any device; `noise` [b, frames, 20] takes its place.
    """
    was_training = model.training
    model.eval()
    if noise is None:
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(len(text), frames, model.config.input_dim, generator=generator)
    noise = noise.to(text.device)
    told = _told(normaliser, Told(text, words, words_mask), text.device)
    away = _told(normaliser, opposite, text.device) if opposite is not None and contrast_scale else None
    try:
        if model.config.denoising:
            features = _denoise(
                model, noise, told, away, sampling_steps, guidance_scale, contrast_scale, guidance_min_time
            )
        else:
            features = _continue(model, noise, told)
        return normaliser.decode(features).float().cpu()
    finally:
        model.train(was_training)


def _told(normaliser: Normaliser, texts: Told, device: torch.device) -> Told:
    text = normaliser.encode_text(texts.text.to(device))
    if texts.words is None or texts.words_mask is None or not normaliser.knows_words:
        return Told(text)
    return Told(text, normaliser.encode_words(texts.words.to(device)), texts.words_mask.to(device))


def clean_motion(
    model: MotionTransformer,
    x: Tensor,
    told: Told,
    time: Tensor,
    guidance_scale: Tensor | None,
    opposite: Told | None = None,
    contrast_scale: float = 0.0,
) -> Tensor:
    """The clean motion [b, t, 20] as seen from `time`, a single number; `x` [b, t, 20] are features at that time.

    Guidance extrapolates from the prediction without the text to the one with it (Ho and Salimans,
    arXiv 2207.12598); None leaves it out. Contrast extrapolates in the same way from the prediction for the
    `opposite` text. All predictions are one batch.
    """
    b = x.shape[0]  # not len(): torch.export would take it for a constant
    known = torch.ones(b, dtype=torch.bool, device=x.device)
    parts, flags = [told], [known]
    if guidance_scale is not None:
        parts, flags = [told, told], [known, ~known]
    if opposite is not None:
        parts, flags = [*parts, opposite], [*flags, known]
    text, words, words_mask = _side_by_side(parts)
    n = len(parts)
    predicted: Tensor = model(
        torch.cat([x] * n), None, text, torch.cat(flags), time=time.expand(n * b), words=words, words_mask=words_mask
    ).pose  # fmt: skip
    clean, steered = predicted[:b], predicted[:b]
    if guidance_scale is not None:
        untold = predicted[b : 2 * b]
        steered = untold + guidance_scale * (clean - untold)
    if opposite is not None:
        steered = steered + contrast_scale * (clean - predicted[-b:])
    return steered


def _side_by_side(parts: list[Told]) -> Told:
    """The texts of all `parts` in one batch, their tokens padded to the longest."""
    if len(parts) == 1:
        return parts[0]
    text = torch.cat([part.text for part in parts])
    words = [part.words for part in parts if part.words is not None]
    masks = [part.words_mask for part in parts if part.words_mask is not None]
    if len(words) < len(parts):
        return Told(text)
    if all(part is parts[0] for part in parts):  # nothing to pad; torch.export could not tell
        return Told(text, torch.cat(words), torch.cat(masks))
    most = max(part.shape[1] for part in words)
    return Told(
        text,
        torch.cat([F.pad(part, (0, 0, 0, most - part.shape[1])) for part in words]),
        torch.cat([F.pad(mask, (0, most - mask.shape[1])) for mask in masks]),
    )


def flow_step(
    x: Tensor, clean: Tensor, before: Tensor, time: Tensor, time_before: Tensor, following: Tensor
) -> Tensor:
    """`x` [b, t, 20] at `time` moved along the flow to `following`, by an exponential multistep of second order.

    The flow dx/dt = (x - clean(t)) / t is linear but for the model's prediction. With that constant over the
    step, the solution is the straight line to `clean`; here it goes on as it went since `before`, what was
    predicted a step ago at `time_before`, in the manner of DPM-Solver++(2M) (Lu et al., arXiv 2211.01095). Its
    prediction is a line in t instead of the log signal-to-noise ratio, which is not finite at either end of
    this flow. In the first step `time_before` is `time`: nothing is known of the way there.
    """
    straight = clean + (following / time) * (x - clean)
    bend = time - following + following * (following / time).clamp_min(1e-9).log()
    gap = time_before - time
    return straight + torch.where(gap > 0, bend / gap.clamp_min(1e-6), 0.0) * (clean - before)


def next_poses(
    model: MotionTransformer,
    before: Tensor,
    text: Tensor,
    words: Tensor | None = None,
    words_mask: Tensor | None = None,
) -> Tensor:
    """For each patch of `before` [b, t, 20] the one that follows it, from it and those before it alone."""
    known = torch.ones(before.shape[0], dtype=torch.bool, device=before.device)
    poses: Tensor = model(before, None, text, known, causal=True, words=words, words_mask=words_mask).pose
    return last_of_patch(before, model.config.patch_frames) + poses


def _denoise(
    model: MotionTransformer,
    x: Tensor,
    told: Told,
    away: Told | None,
    steps: int,
    guidance_scale: float,
    contrast_scale: float,
    guidance_min_time: float,
) -> Tensor:
    """Follow the flow from noise (time 1) to motion (time 0)."""
    scale = None if guidance_scale == 1.0 else torch.tensor(guidance_scale, device=x.device)
    times = torch.linspace(1.0, 0.0, steps + 1, device=x.device)
    before, time_before = x, times[0]
    for time, following in zip(times[:-1], times[1:], strict=True):
        # guidance in an interval: Kynkäänniemi et al., arXiv 2404.07724
        if float(time) > guidance_min_time:
            clean = clean_motion(model, x, told, time, scale, away, contrast_scale)
        else:
            clean = clean_motion(model, x, told, time, None)
        x = flow_step(x, clean, before, time, time_before, following)
        before, time_before = clean, time
    return x


def _continue(model: MotionTransformer, noise: Tensor, told: Told) -> Tensor:
    """Patch by patch, each from all before it; a little noise on the first sets clips of one text apart."""
    frames, p = noise.shape[1], model.config.patch_frames
    poses = noise.new_zeros(noise.shape[0], p, noise.shape[2])
    poses[:, -1] = 0.05 * noise[:, 0]
    for _ in range(tokens_of(frames, p)):
        poses = torch.cat((poses, next_poses(model, poses, *told)[:, -p:]), dim=1)
    return poses[:, p : p + frames]

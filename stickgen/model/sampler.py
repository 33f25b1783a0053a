"""From a text embedding to a motion: the denoiser's steps, or the regressor pose by pose."""

from __future__ import annotations

import torch
from torch import Tensor

from stickgen.model.normalise import Normaliser
from stickgen.model.transformer import MotionTransformer


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
    noise: Tensor | None = None,
) -> Tensor:
    """Draw one motion for each text: [b, embedding_dim] → coordinates [b, frames, 20], float32 on the CPU.

    The noise is drawn on the CPU from `seed`, so that the same call gives the same motion on any device;
    `noise` [b, frames, 20] takes its place.
    """
    was_training = model.training
    model.eval()
    if noise is None:
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(len(text), frames, model.config.input_dim, generator=generator)
    noise = noise.to(text.device)
    text = normaliser.encode_text(text)
    try:
        if model.config.denoising:
            features = _denoise(model, noise, text, sampling_steps, guidance_scale)
        else:
            features = _continue(model, noise, text)
        return normaliser.decode(features).float().cpu()
    finally:
        model.train(was_training)


def denoising_step(
    model: MotionTransformer,
    x: Tensor,
    text: Tensor,
    time: Tensor,
    following: Tensor,
    guidance_scale: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """One step along the flow: what is left of the noise at `following`, and the motion as seen from `time`.

    `x` [b, t, 20] features at `time`; `text` [b, embedding_dim] normalised; `time`, `following` single numbers.
    Guidance extrapolates from the prediction without the text to the one with it (Ho and Salimans,
    arXiv 2207.12598), both in one batch; None leaves it out.
    """
    b = x.shape[0]  # not len(): torch.export would take it for a constant
    known = torch.ones(b, dtype=torch.bool, device=x.device)
    if guidance_scale is None:
        clean = model(x, None, text, known, time=time.expand(b)).pose
    else:
        poses, texts, known = torch.cat((x, x)), torch.cat((text, text)), torch.cat((known, ~known))
        both = model(poses, None, texts, known, time=time.expand(2 * b)).pose
        clean = both[b:] + guidance_scale * (both[:b] - both[b:])
    return clean + (following / time) * (x - clean), clean


def next_poses(model: MotionTransformer, before: Tensor, text: Tensor) -> Tensor:
    """For each frame of `before` [b, t, 20] the pose that follows it, from it and those before it alone."""
    known = torch.ones(before.shape[0], dtype=torch.bool, device=before.device)
    poses: Tensor = model(before, None, text, known, causal=True).pose
    return before + poses


def _denoise(model: MotionTransformer, x: Tensor, text: Tensor, steps: int, guidance_scale: float) -> Tensor:
    """Follow the flow from noise (time 1) to motion (time 0), the last step landing on the prediction."""
    scale = None if guidance_scale == 1.0 else torch.tensor(guidance_scale, device=x.device)
    times = torch.linspace(1.0, 0.0, steps + 1, device=x.device)
    for time, following in zip(times[:-1], times[1:], strict=True):
        x, _ = denoising_step(model, x, text, time, following, scale)
    return x


def _continue(model: MotionTransformer, noise: Tensor, text: Tensor) -> Tensor:
    """Pose by pose, each from all before it; a little noise on the first sets clips of one text apart."""
    frames = noise.shape[1]
    poses = torch.zeros_like(noise[:, :1])
    poses[:, 0] = 0.05 * noise[:, 0]
    for _ in range(frames):
        poses = torch.cat((poses, next_poses(model, poses, text)[:, -1:]), dim=1)
    return poses[:, 1:]

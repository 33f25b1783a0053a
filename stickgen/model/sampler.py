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
) -> Tensor:
    """Draw one motion for each text: [b, embedding_dim] → coordinates [b, frames, 20], float32 on the CPU.

    The noise is drawn on the CPU from `seed`, so that the same call gives the same motion on any device.
    """
    was_training = model.training
    model.eval()
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(text), frames, model.config.input_dim, generator=generator).to(text.device)
    text = normaliser.encode_text(text)
    try:
        if model.config.denoising:
            features = _denoise(model, noise, text, sampling_steps, guidance_scale)
        else:
            features = _continue(model, noise, text)
        return normaliser.decode(features).float().cpu()
    finally:
        model.train(was_training)


def _denoise(model: MotionTransformer, x: Tensor, text: Tensor, steps: int, guidance_scale: float) -> Tensor:
    """Follow the flow from noise (time 1) to motion (time 0), the last step landing on the prediction.

    Guidance extrapolates from the prediction without the text to the one with it (Ho and Salimans,
    arXiv 2207.12598); both run in one batch.
    """
    b, t, _ = x.shape
    guided = guidance_scale != 1.0
    mask = torch.ones(2 * b if guided else b, t, dtype=torch.bool, device=x.device)
    known = torch.arange(len(mask), device=x.device) < b
    both = torch.cat((text, text)) if guided else text
    times = torch.linspace(1.0, 0.0, steps + 1).tolist()
    for time, following in zip(times[:-1], times[1:], strict=True):
        clock = torch.full((len(mask),), time, device=x.device)
        clean = model(torch.cat((x, x)) if guided else x, mask, both, known, time=clock).pose
        if guided:
            with_text, without = clean.chunk(2)
            clean = without + guidance_scale * (with_text - without)
        x = clean + (following / time) * (x - clean)
    return x


def _continue(model: MotionTransformer, noise: Tensor, text: Tensor) -> Tensor:
    """Pose by pose, each from all before it; a little noise on the first sets clips of one text apart."""
    b, frames, _ = noise.shape
    known = torch.ones(b, dtype=torch.bool, device=noise.device)
    before = torch.zeros_like(noise)
    before[:, 0] = 0.05 * noise[:, 0]
    motion = torch.zeros_like(noise)
    for t in range(frames):
        window = before[:, : t + 1]
        mask = torch.ones(b, t + 1, dtype=torch.bool, device=noise.device)
        motion[:, t] = before[:, t] + model(window, mask, text, known, causal=True).pose[:, -1]
        if t + 1 < frames:
            before[:, t + 1] = motion[:, t]
    return motion

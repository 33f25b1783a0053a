"""From a text embedding to a motion: the denoiser's steps, or the regressor pose by pose."""

from __future__ import annotations

import torch
from torch import Tensor

from stickgen.model.normalise import Normaliser
from stickgen.model.patches import last_of_patch, tokens_of
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
    words: Tensor | None = None,
    words_mask: Tensor | None = None,
    noise: Tensor | None = None,
) -> Tensor:
    """Draw one motion for each text: [b, embedding_dim] → coordinates [b, frames, 20], float32 on the CPU.

    `words` [b, l, embedding_dim] are the texts token by token, real where `words_mask` [b, l]; a model that did
    not learn with them is not shown them. The noise is drawn on the CPU from `seed`, so that the same call gives the same motion on any device;
    `noise` [b, frames, 20] takes its place.
    """
    was_training = model.training
    model.eval()
    if noise is None:
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(len(text), frames, model.config.input_dim, generator=generator)
    noise = noise.to(text.device)
    text = normaliser.encode_text(text)
    if words is None or words_mask is None or not normaliser.knows_words:
        words = words_mask = None
    else:
        words, words_mask = normaliser.encode_words(words.to(text.device)), words_mask.to(text.device)
    try:
        if model.config.denoising:
            features = _denoise(model, noise, text, sampling_steps, guidance_scale, words, words_mask)
        else:
            features = _continue(model, noise, text, words, words_mask)
        return normaliser.decode(features).float().cpu()
    finally:
        model.train(was_training)


def clean_motion(
    model: MotionTransformer,
    x: Tensor,
    text: Tensor,
    time: Tensor,
    guidance_scale: Tensor | None,
    words: Tensor | None = None,
    words_mask: Tensor | None = None,
) -> Tensor:
    """The clean motion [b, t, 20] as seen from `time`.

    `x` [b, t, 20] features at `time`, a single number; `text` [b, embedding_dim] and `words`
    [b, l, embedding_dim] normalised. Guidance extrapolates from the prediction without the text to the one with it (Ho and Salimans,
    arXiv 2207.12598), both in one batch; None leaves it out.
    """
    b = x.shape[0]  # not len(): torch.export would take it for a constant
    known = torch.ones(b, dtype=torch.bool, device=x.device)
    if guidance_scale is None:
        clean: Tensor = model(
            x, None, text, known, time=time.expand(b), words=words, words_mask=words_mask
        ).pose
        return clean
    poses, texts, known = torch.cat((x, x)), torch.cat((text, text)), torch.cat((known, ~known))
    if words is not None and words_mask is not None:
        words, words_mask = torch.cat((words, words)), torch.cat((words_mask, words_mask))
    both = model(poses, None, texts, known, time=time.expand(2 * b), words=words, words_mask=words_mask).pose
    guided: Tensor = both[b:] + guidance_scale * (both[:b] - both[b:])
    return guided


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
    text: Tensor,
    steps: int,
    guidance_scale: float,
    words: Tensor | None,
    words_mask: Tensor | None,
) -> Tensor:
    """Follow the flow from noise (time 1) to motion (time 0)."""
    scale = None if guidance_scale == 1.0 else torch.tensor(guidance_scale, device=x.device)
    times = torch.linspace(1.0, 0.0, steps + 1, device=x.device)
    before, time_before = x, times[0]
    for time, following in zip(times[:-1], times[1:], strict=True):
        clean = clean_motion(model, x, text, time, scale, words, words_mask)
        x = flow_step(x, clean, before, time, time_before, following)
        before, time_before = clean, time
    return x


def _continue(
    model: MotionTransformer, noise: Tensor, text: Tensor, words: Tensor | None, words_mask: Tensor | None
) -> Tensor:
    """Patch by patch, each from all before it; a little noise on the first sets clips of one text apart."""
    frames, p = noise.shape[1], model.config.patch_frames
    poses = noise.new_zeros(noise.shape[0], p, noise.shape[2])
    poses[:, -1] = 0.05 * noise[:, 0]
    for _ in range(tokens_of(frames, p)):
        poses = torch.cat((poses, next_poses(model, poses, text, words, words_mask)[:, -p:]), dim=1)
    return poses[:, p : p + frames]

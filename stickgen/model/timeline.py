"""One motion of several texts, of any length, with given poses: windows that overlap, drawn together.

A denoiser predicts every window from its own text at each step. Where windows overlap, their predictions are blended,
and given poses are imposed on the result, before all take the step as one motion. So the pelvis goes one way, whichever
windows it crosses, and texts agree on how one becomes the other. A regressor goes on, patch by patch, from the poses
that a window holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stickgen.model.finishing import Clean, finished
from stickgen.model.holding import HeldPoses
from stickgen.model.noise import correlated
from stickgen.model.normalise import Normaliser
from stickgen.model.sampler import (
    START_NOISE,
    Sampling,
    clean_motion,
    follow_flow,
    guidance_of,
    next_poses,
)
from stickgen.model.transformer import MotionTransformer
from stickgen.model.windows import blend_weights, lay_windows, spans_of
from stickgen.model.words import TextBatch

MOST_AT_ONCE = 16  # windows in a batch


@dataclass(frozen=True)
class Timeline:
    """What is to happen when in a motion of `total` frames."""

    passages: Sequence[int]  # how many frames each text has, in order
    longest: int  # frames that the model was trained on at most
    actions: Tensor | None = None  # [total] the action of each frame; the model's `untold` where it is hidden
    held: HeldPoses | None = None  # for a regressor, the frames before the first one that is drawn

    @property
    def total(self) -> int:
        """The frames of the motion."""
        return sum(self.passages)


@torch.no_grad()
def sample_timeline(
    model: MotionTransformer,
    normaliser: Normaliser,
    texts: TextBatch,
    timeline: Timeline,
    *,
    sampling: Sampling,
    seed: int,
    opposites: TextBatch | None = None,
) -> Tensor:
    """Draw one motion [t, 20], float32 on the CPU; `texts` are those of the passages.

    If one window holds all of it and nothing is given, the motion is that of `sample`.
    """
    was_training = model.training
    model.eval()
    device = texts.text.device
    generator = torch.Generator().manual_seed(seed)
    white = torch.randn(timeline.total, model.config.input_dim, generator=generator)
    noise = correlated(white, model.config.noise_correlation).to(device)
    told = normaliser.encode_texts(texts)
    away = None
    if opposites is not None and sampling.contrast_scale:
        away = normaliser.encode_texts(opposites.to(device))
    try:
        if model.config.denoising:
            clean = _denoise(model, noise, told, away, timeline, sampling)
            whole = Clean(clean.motion[None], clean.planted[None])
            motion = finished(whole, normaliser, sampling.finish, timeline.held)[0].cpu()
        else:
            motion = normaliser.decode(_continue(model, noise, told, timeline)).float().cpu()
        return motion if timeline.held is None else timeline.held.place(motion)
    finally:
        model.train(was_training)


def _denoise(
    model: MotionTransformer,
    noise: Tensor,
    told: TextBatch,
    away: TextBatch | None,
    timeline: Timeline,
    sampling: Sampling,
) -> Clean:
    device = noise.device
    windows = lay_windows(timeline.passages, timeline.longest)
    width = max(window.end - window.start for window in windows)
    frames = torch.arange(width)
    mask = torch.stack([frames < window.end - window.start for window in windows])
    spots = torch.stack([(window.start + frames).clamp_max(timeline.total - 1) for window in windows])
    share = (blend_weights(windows).gather(1, spots) * mask)[..., None].to(device)
    rows = torch.tensor([window.passage for window in windows], device=device)
    known = None if bool(mask.all()) else mask.to(device)
    spots = spots.to(device)
    actions = None if timeline.actions is None else timeline.actions.to(device)[spots]
    spans = torch.tensor(spans_of(windows), device=device)
    scale = guidance_of(sampling, device)

    def clean_at(x: Tensor, time: Tensor, steered: bool) -> Clean:
        clean, planted = torch.zeros_like(x), torch.zeros_like(x[:, :2])
        for start in range(0, len(windows), MOST_AT_ONCE):
            some = slice(start, start + MOST_AT_ONCE)
            seen = clean_motion(
                model, x[spots[some]], told.of(rows[some]), time, scale if steered else None,
                away.of(rows[some]) if steered and away is not None else None, sampling.contrast_scale,
                mask=None if known is None else known[some], actions=None if actions is None else actions[some],
                spans=spans[some],
            )  # fmt: skip
            for whole, part in ((clean, seen.motion), (planted, seen.planted)):
                whole.index_add_(0, spots[some].flatten(), (part * share[some]).flatten(0, 1))
        return Clean(clean if timeline.held is None else timeline.held.impose(clean), planted)

    return follow_flow(noise, sampling, clean_at)


def _continue(model: MotionTransformer, noise: Tensor, told: TextBatch, timeline: Timeline) -> Tensor:
    """Patch by patch, each from those before it that fit into a window, told the text of its own passage."""
    p, width = model.config.patch_frames, noise.shape[1]
    most = max(timeline.longest // p, 1) * p
    rows = torch.cat([torch.full((frames,), row) for row, frames in enumerate(timeline.passages)])
    given = noise.new_zeros(0, width) if timeline.held is None else timeline.held.features
    seen = noise.new_zeros(p, width)  # what the regressor goes on from
    if len(given) >= p:
        seen = torch.cat((seen, given[len(given) % p :]))
    elif len(given):
        seen[-len(given) :] = given
    else:
        seen[-1] = START_NOISE * noise[0]
    drawn = given
    offset = len(given) + p - len(seen)  # row i of `seen` predicts the frame i + offset, a patch later
    while len(drawn) < timeline.total:
        row = rows[len(drawn)].reshape(1).to(noise.device)
        start = max(len(seen) - most, 0)
        actions = None
        if timeline.actions is not None:
            spots = (torch.arange(start, len(seen)) + offset).clamp_max(timeline.total - 1)
            actions = timeline.actions[spots][None].to(noise.device)
        patch = next_poses(model, seen[None, start:], told.of(row), actions)[0, -p:]
        seen, drawn = torch.cat((seen, patch)), torch.cat((drawn, patch))
    return drawn[: timeline.total]

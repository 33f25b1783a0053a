"""The motion transformer: a window of frames and a text in; poses, actions and foot contacts out.

It serves two objectives. As a denoiser, it sees the whole noised window and the diffusion time. As a causal
regressor (`diffusion.enabled: false`), each patch is predicted from the poses before it and nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from stickgen.model.layers import Block, RMSNorm, rotary_table
from stickgen.model.patches import (
    any_of_patch,
    first,
    frames_read,
    frames_written,
    from_patches,
    from_windows,
    middle_of_patch,
    to_windows,
)
from stickgen.model.timing import WAVES, place_in_clip
from stickgen.model.words import TextBatch
from stickgen.motion.skeleton import MAX_FRAMES

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig


@dataclass(frozen=True)
class ModelConfig:
    """The shape of the model, as the config's `model` group names it."""

    input_dim: int
    d_model: int
    nhead: int
    num_layers: int
    output_dim: int
    embedding_dim: int
    dropout: float
    num_actions: int
    denoising: bool
    patch_frames: int = 1
    clip_timing: bool = False
    noise_correlation: float = 0.0  # of the noise from frame to frame

    @classmethod
    def from_training(cls, config: TrainingConfig) -> ModelConfig:
        """The shape that a training config describes."""
        diffusion = {"denoising": "enabled", "noise_correlation": "noise_correlation"}
        model = {name: config.model[name] for name in cls.__dataclass_fields__ if name not in diffusion}
        return cls(**model, **{name: config.diffusion[key] for name, key in diffusion.items()})


def text_rank(d_model: int) -> int:
    """The rank of the text's second map if a token has several frames: low, to keep the guide's model sizes."""
    return d_model // 8 if d_model > 128 else d_model


class Prediction(NamedTuple):
    """What the trunk predicts for each frame."""

    pose: Tensor  # [b, t, output_dim], normalised features of the clean motion
    action_logits: Tensor  # [b, t, num_actions]
    contact_logits: Tensor  # [b, t, 2]: left and right foot planted


class MotionTransformer(nn.Module):
    """Pre-Norm with RMSNorm, SwiGLU and RoPE; the text is a leading token and an adaptive shift, scale and gate."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        d = config.d_model
        p, causal = config.patch_frames, not config.denoising
        self.pose_in = nn.Linear(frames_read(p, causal=causal) * config.input_dim, d)
        if p == 1:
            self.text_in = nn.Sequential(nn.Linear(config.embedding_dim, d), nn.SiLU(), nn.Linear(d, d))
            self.action_in = nn.Embedding(config.num_actions + 1, d)  # the last row means "hidden"
        else:
            # The wider maps of patches add parameters, which are saved here to keep the guide's model sizes: the
            # text's second map has a low rank, and an action's embedding is the weights that recognise it.
            rank = text_rank(d)
            narrow = (nn.Linear(d, rank, bias=False), nn.Linear(rank, d))
            self.text_in = nn.Sequential(nn.Linear(config.embedding_dim, d), nn.SiLU(), *narrow)
            self.action_untold = nn.Parameter(torch.zeros(d))
        self.no_text = nn.Parameter(torch.zeros(d))
        self.clock = nn.Sequential(nn.Linear(d, d), nn.SiLU(), nn.Linear(d, d)) if config.denoising else None
        self.timing: nn.Linear | None = None
        if config.denoising and config.clip_timing:
            self.timing = nn.Linear(4 * WAVES, d, bias=False)
        self.condition = nn.Sequential(nn.SiLU(), nn.Linear(d, 6 * d))
        self.blocks = nn.ModuleList(Block(d, config.nhead, config.dropout) for _ in range(config.num_layers))
        self.norm = RMSNorm(d)
        self.pose_out = nn.Linear(d, frames_written(p, causal=causal) * config.output_dim)
        self.action_out = nn.Linear(d, config.num_actions)
        self.contact_out = nn.Linear(d, 2 * p)
        self.activation_checkpointing = False  # recompute blocks in the backward pass, to save memory
        self.sharded = False  # each of several processes holds a part of the weights
        self._initialise()
        # one row more than the longest window with its text, or torch.export specialises for that length
        table = rotary_table(MAX_FRAMES + 2, d // config.nhead, torch.device("cpu"))
        self.rotary: Tensor
        self.register_buffer("rotary", table, persistent=False)

    def _initialise(self) -> None:
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                std = 0.02 if isinstance(module, nn.Embedding) else module.weight.shape[1] ** -0.5
                # residual branches end in small weights, so that the stream does not grow with depth
                if name.endswith(("attention.out", "feed_forward.down")):
                    std /= math.sqrt(2 * self.config.num_layers)
                nn.init.normal_(module.weight, std=std)
                if isinstance(module, nn.Linear) and module.bias is not None:
                    nn.init.zeros_(module.bias)
        for head in (self.condition[1], self.pose_out, self.action_out, self.contact_out):
            assert isinstance(head, nn.Linear)
            nn.init.zeros_(head.weight)
        if self.timing is not None:
            nn.init.zeros_(self.timing.weight)

    @property
    def untold(self) -> int:
        """The action index that hides a frame's action."""
        return self.config.num_actions

    def forward(
        self,
        poses: Tensor,
        mask: Tensor | None,
        texts: TextBatch,
        text_known: Tensor,
        *,
        time: Tensor | None = None,
        actions: Tensor | None = None,
        spans: Tensor | None = None,
        causal: bool = False,
    ) -> Prediction:
        """One pass over a batch of windows.

        - `poses` [b, t, input_dim]: normalised features, noised, or shifted by one patch.
        - `mask` [b, t]: true on real frames, None if all are. Padding is never attended to.
        - `texts`: normalised, optionally with tokens.
        - `text_known` [b]: false replaces the text by the learned "no text".
        - `time` [b] in 0…1: the diffusion time, for a denoiser.
        - `actions` [b, t]: indices, `untold` for frames whose action is hidden; None hides all.
        - `spans` [b, 2]: the frame of the clip at which the window begins, and the frames of the clip; None if
          every window is a clip.
        - `causal`: a patch attends only to itself and those before it.
        """
        b, t, _ = poses.shape
        p = self.config.patch_frames
        text_token = torch.where(text_known[:, None], self.text_in(texts.text), self.no_text)
        condition = text_token
        if self.clock is not None:
            assert time is not None, "a denoiser needs the diffusion time"
            condition = condition + self.clock(sinusoids(time, self.config.d_model))
        condition = self.condition(condition).view(b, 6, -1)

        if mask is not None and p > 1:  # windows reach into the padding, which must read as zeros
            poses = poses * mask[..., None]
        x = self.pose_in(to_windows(poses, p, causal=causal)) + self._told(actions)
        if self.timing is not None:
            x = x + self.timing(self._place(spans, mask, t, x.shape[1]))
        x = torch.cat((text_token[:, None], x), dim=1)
        tokens = x.shape[1]
        read = None if mask is None else any_of_patch(mask, p)
        allowed = _allowed(read, tokens, causal, poses.device)
        table = self.rotary[:, :tokens]
        context = None
        if texts.words is not None:
            assert texts.words_mask is not None
            context = F.rms_norm(self.text_in(texts.words).float(), (self.config.d_model,))
            allowed = _with_words(allowed, texts.words_mask & text_known[:, None], b, tokens)
            still = table.new_zeros(2, texts.words.shape[1], table.shape[2])  # words have no position in time
            still[0] = 1.0
            table = torch.cat((table, still), dim=1)
        for block in self.blocks:
            if self.activation_checkpointing and torch.is_grad_enabled():
                x = checkpoint(block, x, condition, table, allowed, context, use_reentrant=False)
            else:
                x = block(x, condition, table, allowed, context)
        x = self.norm(x[:, 1:])
        placed = from_windows if self.config.denoising else from_patches
        return Prediction(
            placed(self.pose_out(x).float(), p, t),
            first(self.action_out(x).float().repeat_interleave(p, dim=1), t),
            from_patches(self.contact_out(x).float(), p, t),
        )

    def _place(self, spans: Tensor | None, mask: Tensor | None, frames: int, tokens: int) -> Tensor:
        """Where in its clip the middle of each of the `tokens` is, [b or 1, tokens, 4 · WAVES]."""
        p = self.config.patch_frames
        since_start = (p * torch.arange(tokens, device=self.no_text.device) + p / 2)[None]
        if spans is not None:
            since_start = since_start + spans[:, :1]
            to_end = spans[:, 1:] - since_start
        elif mask is not None:
            to_end = mask.sum(1, keepdim=True) - since_start
        else:
            to_end = frames - since_start
        return place_in_clip(since_start.expand_as(to_end), to_end)

    def _told(self, actions: Tensor | None) -> Tensor:
        """The embeddings of the frames' actions [b, t] for each token: [b, n, d], or [d] if all are hidden."""
        p = self.config.patch_frames
        if p == 1:
            return self.action_in.weight[self.untold] if actions is None else self.action_in(actions)
        if actions is None:
            return self.action_untold
        table = torch.cat((self.action_out.weight, self.action_untold[None]))
        return F.embedding(middle_of_patch(actions, p, self.untold), table)


def _allowed(mask: Tensor | None, tokens: int, causal: bool, device: torch.device) -> Tensor | None:
    """Which token may attend to which, [b or 1, 1, tokens or 1, tokens]; None if all may, which is faster."""
    keys = None
    if mask is not None and (causal or not bool(mask.all())):
        keys = torch.cat((mask.new_ones(len(mask), 1), mask), dim=1)[:, None, None]
    if not causal:
        return keys
    past = torch.ones(1, 1, tokens, tokens, dtype=torch.bool, device=device).tril()
    return past if keys is None else keys & past


def _with_words(allowed: Tensor | None, words: Tensor, b: int, tokens: int) -> Tensor:
    """`allowed`, extended by the `words` mask [b, l]: every token of the motion may attend to real words."""
    if allowed is None:
        allowed = words.new_ones(1, 1, 1, tokens)
    rows = allowed.shape[2]
    return torch.cat(
        (allowed.expand(b, 1, rows, tokens), words[:, None, None].expand(b, 1, rows, -1)), dim=-1
    )


def sinusoids(time: Tensor, width: int) -> Tensor:
    """The diffusion time [b] in 0…1 as sines and cosines [b, width], at angular frequencies from 1000 down to 1."""
    half = width // 2
    frequencies = torch.exp(-math.log(1000.0) * torch.arange(half, device=time.device) / half) * 1000.0
    angles = time.float()[:, None] * frequencies
    return torch.cat(
        (angles.sin(), angles.cos(), angles.new_zeros(angles.shape[0], width - 2 * half)), dim=-1
    )

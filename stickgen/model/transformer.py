"""The motion transformer: a window of frames and a text in, poses, actions and foot contacts out.

Two uses share it. As a denoiser it sees the whole noised window and the diffusion time; as a causal
next-pose regressor (`diffusion.enabled: false`) frame i sees the poses before it and nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from stickgen.model.layers import Block, RMSNorm, rotary_table
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

    @classmethod
    def from_training(cls, config: TrainingConfig) -> ModelConfig:
        """The shape that a training config asks for."""
        model = {name: config.model[name] for name in cls.__dataclass_fields__ if name != "denoising"}
        return cls(**model, denoising=bool(config.diffusion["enabled"]))


class Prediction(NamedTuple):
    """What the trunk says of each frame."""

    pose: Tensor  # [b, t, output_dim], normalised features of the clean motion
    action_logits: Tensor  # [b, t, num_actions]
    contact_logits: Tensor  # [b, t, 2]: left foot and right foot planted


class MotionTransformer(nn.Module):
    """RMSNorm, SwiGLU, Pre-Norm, RoPE; the text is a token in front and an adaptive shift, scale and gate."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        d = config.d_model
        self.pose_in = nn.Linear(config.input_dim, d)
        self.text_in = nn.Sequential(nn.Linear(config.embedding_dim, d), nn.SiLU(), nn.Linear(d, d))
        self.no_text = nn.Parameter(torch.zeros(d))
        self.action_in = nn.Embedding(config.num_actions + 1, d)  # the last row says "not told"
        self.clock = nn.Sequential(nn.Linear(d, d), nn.SiLU(), nn.Linear(d, d)) if config.denoising else None
        self.condition = nn.Sequential(nn.SiLU(), nn.Linear(d, 6 * d))
        self.blocks = nn.ModuleList(Block(d, config.nhead, config.dropout) for _ in range(config.num_layers))
        self.norm = RMSNorm(d)
        self.pose_out = nn.Linear(d, config.output_dim)
        self.action_out = nn.Linear(d, config.num_actions)
        self.contact_out = nn.Linear(d, 2)
        self.activation_checkpointing = False  # computes blocks again in the backward pass: less memory
        self.sharded = False  # of several processes each holds a part of the weights
        self._initialise()
        # one more than the longest window with its text, or torch.export makes that length a case of its own
        table = rotary_table(MAX_FRAMES + 2, d // config.nhead, torch.device("cpu"))
        self.rotary: Tensor
        self.register_buffer("rotary", table, persistent=False)

    def _initialise(self) -> None:
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                std = 0.02 if isinstance(module, nn.Embedding) else module.weight.shape[1] ** -0.5
                # the ends of residual branches start small, so that depth does not grow the stream
                if name.endswith(("attention.out", "feed_forward.down")):
                    std /= math.sqrt(2 * self.config.num_layers)
                nn.init.normal_(module.weight, std=std)
                if isinstance(module, nn.Linear) and module.bias is not None:
                    nn.init.zeros_(module.bias)
        for head in (self.condition[1], self.pose_out, self.action_out, self.contact_out):
            assert isinstance(head, nn.Linear)
            nn.init.zeros_(head.weight)

    @property
    def untold(self) -> int:
        """The action index that says: this frame's action is not told."""
        return self.config.num_actions

    def forward(
        self,
        poses: Tensor,
        mask: Tensor | None,
        text: Tensor,
        text_known: Tensor,
        *,
        time: Tensor | None = None,
        actions: Tensor | None = None,
        causal: bool = False,
    ) -> Prediction:
        """One pass over a batch of windows.

        `poses` [b, t, input_dim]: normalised features, noised or shifted by one frame. `mask` [b, t]: true
        on real frames, None where all are; padding is never attended to. `text` [b, embedding_dim];
        `text_known` [b]: false replaces the text by the learned "no text". `time` [b] in 0…1, for a denoiser. `actions` [b, t]:
        indices, `untold` where the model is not to know; None tells none. `causal`: a frame sees itself and
        those before it.
        """
        b, t, _ = poses.shape
        text_token = torch.where(text_known[:, None], self.text_in(text), self.no_text)
        condition = text_token
        if self.clock is not None:
            assert time is not None, "a denoiser needs the diffusion time"
            condition = condition + self.clock(sinusoids(time, self.config.d_model))
        condition = self.condition(condition).view(b, 6, -1)

        if actions is None:
            told = self.action_in.weight[self.untold]
        else:
            told = self.action_in(actions)
        x = torch.cat((text_token[:, None], self.pose_in(poses) + told), dim=1)
        allowed = _allowed(mask, t + 1, causal, poses.device)
        table = self.rotary[:, : t + 1]
        for block in self.blocks:
            if self.activation_checkpointing and torch.is_grad_enabled():
                x = checkpoint(block, x, condition, table, allowed, use_reentrant=False)
            else:
                x = block(x, condition, table, allowed)
        x = self.norm(x[:, 1:])
        return Prediction(self.pose_out(x).float(), self.action_out(x).float(), self.contact_out(x).float())


def _allowed(mask: Tensor | None, tokens: int, causal: bool, device: torch.device) -> Tensor | None:
    """Who may attend to whom, [b or 1, 1, tokens or 1, tokens]; None where everybody may: that path is faster."""
    keys = None
    if mask is not None and (causal or not bool(mask.all())):
        keys = torch.cat((mask.new_ones(len(mask), 1), mask), dim=1)[:, None, None]
    if not causal:
        return keys
    past = torch.ones(1, 1, tokens, tokens, dtype=torch.bool, device=device).tril()
    return past if keys is None else keys & past


def sinusoids(time: Tensor, width: int) -> Tensor:
    """The diffusion time [b] in 0…1 as [b, width] sines and cosines over 1 to 1/1000 of it."""
    half = width // 2
    frequencies = torch.exp(-math.log(1000.0) * torch.arange(half, device=time.device) / half) * 1000.0
    angles = time.float()[:, None] * frequencies
    return torch.cat(
        (angles.sin(), angles.cos(), angles.new_zeros(angles.shape[0], width - 2 * half)), dim=-1
    )

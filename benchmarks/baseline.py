"""The same training written the ordinary way, for `benchmarks/engine_speed.py` to compare with.

Blocks in the manner of `nn.TransformerEncoderLayer`, from stock modules: `nn.MultiheadAttention`, `nn.RMSNorm`,
`nn.Linear`, `nn.SiLU`, `nn.Dropout`; positions added at the input. They have the shape and, one by one, the
parameters of the engine's, the same conditioning, and dropout in the same two places; the objective and its
losses are the engine's. The loop shuffles, pads to the longest of a batch, keeps fp32, and uses the config's
micro-batch, AdamW and an average of the weights as torch ships them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from stickgen.config.loading import TrainingConfig
from stickgen.data.dataset import MotionDataset
from stickgen.model.losses import UNLABELLED
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import Batch, Draw, clip_losses
from stickgen.model.transformer import ModelConfig, MotionTransformer, sinusoids


class StockBlock(nn.Module):
    """A Pre-Norm encoder layer of stock modules, with SwiGLU and an adaptive shift, scale and gate."""

    def __init__(self, d_model: int, nhead: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.RMSNorm(d_model, eps=1e-6)
        self.self_attn = nn.MultiheadAttention(d_model, nhead, bias=False, batch_first=True)
        self.dropout1 = nn.Dropout(dropout)
        self.norm2 = nn.RMSNorm(d_model, eps=1e-6)
        self.gate = nn.Linear(d_model, 4 * d_model, bias=False)
        self.up = nn.Linear(d_model, 4 * d_model, bias=False)
        self.down = nn.Linear(4 * d_model, d_model, bias=False)
        self.activation = nn.SiLU()
        self.dropout2 = nn.Dropout(dropout)
        self.modulation = nn.Parameter(torch.zeros(6, d_model))

    def forward(
        self, x: Tensor, condition: Tensor, table: Tensor, allowed: Tensor | None, context: Tensor | None
    ) -> Tensor:
        """`x` [b, t, d], `condition` [b, 6, d] → [b, t, d]; `allowed` is what the engine's blocks are given.

        There is no `context`: the made-up texts come without their single tokens.
        """
        assert context is None
        shift1, scale1, gate1, shift2, scale2, gate2 = (self.modulation + condition).unsqueeze(2).unbind(1)
        h = self.norm1(x) * (1 + scale1) + shift1
        padding = None if allowed is None else ~allowed[:, 0, 0]
        h = self.self_attn(h, h, h, key_padding_mask=padding, need_weights=False)[0]
        x = x + gate1 * self.dropout1(h)
        h = self.norm2(x) * (1 + scale2) + shift2
        h = self.down(self.activation(self.gate(h)) * self.up(h))
        return x + gate2 * self.dropout2(h)


class Positions(nn.Module):
    """Sinusoidal positions, added to the way in."""

    def __init__(self, inner: nn.Linear) -> None:
        super().__init__()
        self.inner = inner
        table = sinusoids(torch.arange(251) / 251, inner.out_features)
        self.register_buffer("table", table, persistent=False)

    def forward(self, poses: Tensor) -> Tensor:
        """[b, t, values] → [b, t, d]."""
        return self.inner(poses) + self.get_buffer("table")[: poses.shape[1]]


def stock_model(config: ModelConfig) -> MotionTransformer:
    """The engine's model with stock blocks in place of its own."""
    model = MotionTransformer(config)
    parameters = sum(p.numel() for p in model.parameters())
    model.blocks = nn.ModuleList(
        StockBlock(config.d_model, config.nhead, config.dropout) for _ in range(config.num_layers)
    )
    model.pose_in = Positions(model.pose_in)  # type: ignore[assignment]
    assert sum(p.numel() for p in model.parameters()) == parameters
    return model


def collate(items: list[dict[str, Tensor]]) -> Batch:
    """Pad to the longest."""

    def padded(name: str, value: float) -> Tensor:
        return nn.utils.rnn.pad_sequence(
            [item[name] for item in items], batch_first=True, padding_value=value
        )

    actions = padded("actions", -1)
    mask = padded("motion", float("nan")).isnan().logical_not()[..., 0]
    return Batch(
        padded("motion", 0.0), mask, actions.where(actions >= 0, UNLABELLED),
        torch.stack([item["embedding"] for item in items]), tuple(int(item["clip"]) for item in items),
    )  # fmt: skip


class Baseline:
    """A plain training loop, an optimizer step at a time."""

    def __init__(self, config: TrainingConfig, clips: MotionDataset, normaliser: Normaliser) -> None:
        training = config.training
        self.config, self.clips, self.normaliser = config, clips, normaliser
        self.model = stock_model(ModelConfig.from_training(config))
        self.average = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(training.ema_decay))
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=training.learning_rate,
            betas=(training.beta1, training.beta2),
        )
        self.loader = DataLoader(clips, batch_size=training.batch_size, shuffle=True, collate_fn=collate)
        self.batches = iter(self.loader)

    def step(self) -> int:
        """One optimizer step; the clips it took."""
        steps = self.config.training.grad_accum_steps
        clips, losses = 0, 0.0
        self.optimizer.zero_grad()
        for _ in range(steps):
            batch = next(self.batches, None)
            if batch is None:
                self.batches = iter(self.loader)
                batch = next(self.batches)
            draw = Draw.random(batch, clips, self.config.diffusion.condition_dropout)
            terms = clip_losses(self.model, self.normaliser, batch, draw, self.config.loss_weights)
            loss = terms["total"].mean() / steps
            loss.backward()
            losses += loss.item()
            clips += len(batch)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.training.max_grad_norm)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        return clips

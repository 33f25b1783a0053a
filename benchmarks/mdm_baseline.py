"""MDM (Tevet et al., arXiv 2209.14916) of the parameters of a config, trained for the same CPU time on the same clips.

    python benchmarks/mdm_baseline.py RUN [--cpu-seconds 195] [--repeats 1] [--clips 200] [--no-contrast]

Trains it for RUN's config, on RUN's dataset, and prints `stickgen evaluate`'s table of RUN and of it, by one judge.

The peer that `stickgen evaluate` is to be compared with, written after its paper and its code (trans_enc): a stock
Post-Norm `nn.TransformerEncoder` with GELU and dropout 0.1, learned maps in and out of a frame, sinusoidal
positions, and one token in front that is the pooled text plus the diffusion time. It predicts the clean motion under
a cosine noise schedule of 50 steps (its "50 steps" model; `--diffusion-steps 1000` for the paper's) with a plain
squared error, hides the text of one clip in ten, and samples by all steps with guidance 2.5. Its width is what
brings it nearest to the config's number of parameters, with MDM's proportions: hidden layer 2·d, heads of 64 or
less. It sees the features that the engine sees, scaled alike, the same clips in the same windows, and its weights are
averaged as the engine's are (MDM's code has an average as an option).

AdamW at `--learning-rate`, held constant after `--warmup` steps as in its code, fp32 or bf16 as `device.precision` says. One thread; loading is not counted.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from stickgen.cli import evaluate
from stickgen.cli.progress import shown_progress
from stickgen.config.loading import TrainingConfig
from stickgen.data.embed import EncodedTexts
from stickgen.evaluate.admission import admit
from stickgen.evaluate.comparison import compare
from stickgen.evaluate.evaluator import load_or_train
from stickgen.generate.from_run import Generator
from stickgen.model.losses import pose_loss
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import Batch
from stickgen.motion.skeleton import MAX_FRAMES, POSE_DIM
from stickgen.planner.arithmetic.parameters import count_diffusion_parameters, count_parameters
from stickgen.runs.store import find_run, runs_root
from stickgen.train.batching.batches import load_batches
from stickgen.train.batching.clips import Clips, open_clips
from stickgen.train.batching.plan import plan_epoch
from stickgen.train.optim.step import autocast
from stickgen.train.placement.device import choose_precision

CPU = torch.device("cpu")
AT_ONCE = 16  # motions that are drawn together
GUIDANCE = 2.5


def positions(length: int, width: int) -> Tensor:
    """Sinusoids of Vaswani et al. (arXiv 1706.03762): [length, width]."""
    angles = torch.arange(length)[:, None] * torch.exp(
        torch.arange(0, width, 2) * (-math.log(10_000.0) / width)
    )
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)[:, :width]


class MDM(nn.Module):
    """The denoiser: noised features [b, t, 20], step [b], text [b, embedding_dim] → clean features [b, t, 20]."""

    table: Tensor

    def __init__(self, width: int, layers: int, heads: int, embedding_dim: int, steps: int) -> None:
        super().__init__()
        self.pose_in = nn.Linear(POSE_DIM, width)
        self.text_in = nn.Linear(embedding_dim, width)
        self.time_in = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, dim_feedforward=2 * width, dropout=0.1, activation="gelu", batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.pose_out = nn.Linear(width, POSE_DIM)
        self.dropout = nn.Dropout(0.1)
        table = positions(max(steps, MAX_FRAMES) + 1, width)
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: Tensor, step: Tensor, text: Tensor, known: Tensor, mask: Tensor | None) -> Tensor:
        """`known` [b]: false hides the text; `mask` [b, t]: true on real frames."""
        told = self.text_in(text) * known[:, None]
        token = self.time_in(self.table[step]) + told
        tokens = torch.cat((token[:, None], self.pose_in(x)), dim=1)
        tokens = self.dropout(tokens + self.table[: tokens.shape[1]])
        padding = None
        if mask is not None:
            padding = torch.cat((torch.zeros_like(mask[:, :1]), ~mask), dim=1)
        poses: Tensor = self.pose_out(self.encoder(tokens, src_key_padding_mask=padding)[:, 1:]).float()
        return poses


def of_parameters(wanted: int, layers: int, embedding_dim: int, steps: int) -> MDM:
    """The MDM whose number of parameters is nearest to `wanted`."""

    def count(width: int) -> int:
        with torch.device("meta"):
            model = MDM(width, layers, 1, embedding_dim, steps)
        return sum(parameter.numel() for parameter in model.parameters())

    width = min(range(32, 2049, 32), key=lambda width: abs(count(width) - wanted))
    return MDM(width, layers, max(width // 64, 1) if width % 64 == 0 else width // 32, embedding_dim, steps)


class Diffusion:
    """The cosine schedule (Nichol and Dhariwal, arXiv 2102.09672) and ancestral sampling from it."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        at = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
        height = torch.cos((at + 0.008) / 1.008 * math.pi / 2).square()
        betas = (1 - height[1:] / height[:-1]).clamp_max(0.999)
        kept = torch.cumprod(1 - betas, 0)
        before = torch.cat((torch.ones(1, dtype=torch.float64), kept[:-1]))
        self.kept = kept.float()
        # mean and spread of the step before, given the clean motion and this one
        self.of_clean = (betas * before.sqrt() / (1 - kept)).float()
        self.of_noised = ((1 - before) * (1 - betas).sqrt() / (1 - kept)).float()
        self.spread = (betas * (1 - before) / (1 - kept)).sqrt().float()

    def noised(self, clean: Tensor, step: Tensor, noise: Tensor) -> Tensor:
        """`clean` after `step` [b] steps of noise."""
        kept = self.kept[step][:, None, None]
        return kept.sqrt() * clean + (1 - kept).sqrt() * noise

    @torch.no_grad()
    def sample(self, model: MDM, text: Tensor, mask: Tensor, guidance: float, seed: int) -> Tensor:
        """Clean features [b, t, 20] for normalised texts [b, embedding_dim]; `mask` [b, t]: frames wanted."""
        generator = torch.Generator().manual_seed(seed)
        b, frames = mask.shape
        x = torch.randn(b, frames, POSE_DIM, generator=generator)
        texts, known, wanted = torch.cat((text, text)), torch.arange(2 * b) < b, torch.cat((mask, mask))
        for step in range(self.steps - 1, -1, -1):
            both = model(torch.cat((x, x)), torch.full((2 * b,), step), texts, known, wanted)
            clean = both[b:] + guidance * (both[:b] - both[b:])
            x = self.of_clean[step] * clean + self.of_noised[step] * x
            if step:
                x += self.spread[step] * torch.randn(x.shape, generator=generator)
        return x


def ramped(most: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], Tensor], None]:
    """The engine's average of weights: young at first, or so few steps would leave it near where they began."""

    def average(averaged: Sequence[Tensor], current: Sequence[Tensor], updates: Tensor) -> None:
        n = int(updates)
        torch._foreach_lerp_(list(averaged), list(current), 1 - min(most, (1 + n) / (10 + n)))

    return average


class Training:
    """An MDM in training on the clips of a config."""

    def __init__(
        self, config: TrainingConfig, clips: Clips, steps: int, rate: float, warmup: int, batch_size: int
    ) -> None:
        torch.manual_seed(config.training.seed)
        self.config, self.clips, self.rate, self.warmup = config, clips, rate, warmup
        self.batch_size = batch_size
        self.normaliser: Normaliser = clips.fit_normaliser()
        self.diffusion = Diffusion(steps)
        wanted = count_parameters(config) + count_diffusion_parameters(config)
        self.model = of_parameters(wanted, config.model.num_layers, config.model.embedding_dim, steps).train()
        self.average = AveragedModel(self.model, multi_avg_fn=ramped(config.training.ema_decay))
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=rate, betas=(0.9, 0.999), weight_decay=0.01, fused=True
        )
        self.precision = choose_precision(config.device.precision, CPU)
        self.steps = self.epoch = self.seen = 0
        self._planned: list[list[int]] = []

    def step(self) -> float:
        """One optimizer step; the loss."""
        if not self._planned:
            plan = plan_epoch(
                self.clips.train.lengths, effective_batch=self.batch_size, batch_size=self.batch_size,
                seed=self.config.training.seed, epoch=self.epoch,
            )  # fmt: skip
            self._planned = [micro for step in plan for micro in step]
            self.clips.train.set_epoch(self.epoch)
            self.epoch += 1
        batch: Batch = next(load_batches(self.clips.train, [self._planned.pop()]))
        clean, text = self.normaliser.encode(batch.motion), self.normaliser.encode_text(batch.text)
        at = torch.randint(self.diffusion.steps, (len(batch),))
        noised = self.diffusion.noised(clean, at, torch.randn_like(clean))
        known = torch.rand(len(batch)) >= 0.1
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * min((self.steps + 1) / max(self.warmup, 1), 1.0)
        with autocast(CPU, self.precision):
            predicted = self.model(noised, at, text, known, batch.mask)
        loss = pose_loss(predicted, clean, batch.mask).mean()
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.training.max_grad_norm)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        self.steps, self.seen = self.steps + 1, self.seen + len(batch)
        return loss.item()

    @torch.no_grad()
    def draw_many(
        self, texts: EncodedTexts, frames: Sequence[int], seed: int, progress: Callable[[int], None]
    ) -> list[Tensor]:
        """Motions [frames_i, 20] in coordinates for texts, of which it reads the vectors, as `Generator` draws them."""
        model = self.average.module.eval()
        assert isinstance(model, MDM)
        order = sorted(range(len(frames)), key=frames.__getitem__)
        motions: dict[int, Tensor] = {}
        for start in range(0, len(order), AT_ONCE):
            rows = order[start : start + AT_ONCE]
            lengths = torch.tensor([frames[row] for row in rows])
            features = self.diffusion.sample(
                model, self.normaliser.encode_text(texts.vectors[rows]),
                torch.arange(int(lengths.max())) < lengths[:, None], GUIDANCE, seed * 100_003 + start,
            )  # fmt: skip
            decoded = self.normaliser.decode(features)
            motions |= {row: decoded[place, : frames[row]] for place, row in enumerate(rows)}
            progress(len(motions))
        return [motions[row] for row in range(len(frames))]


def main() -> None:
    """Train, draw, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="a run, by name or path, whose dataset is there")
    parser.add_argument("--cpu-seconds", type=float, default=195.0)
    parser.add_argument("--diffusion-steps", type=int, default=50)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--warmup", type=int, default=50, help="steps")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--clips", type=int, default=200, help="held-out texts")
    parser.add_argument("--repeats", type=int, default=1, help="motions a text")
    parser.add_argument("--contrast", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--try", dest="only_train", action="store_true", help="train, and measure nothing")
    options = parser.parse_args()
    torch.set_num_threads(1)
    run = find_run(options.run, runs_root())
    generator = Generator.of_run(run)
    config, file = generator.config, generator.dataset
    if file is None:
        raise SystemExit(f"{options.run}: its dataset is not where it was")
    training = Training(
        config, open_clips(str(file.path), config), options.diffusion_steps, options.learning_rate,
        options.warmup, options.batch_size,
    )  # fmt: skip
    parameters = sum(parameter.numel() for parameter in training.model.parameters())
    print(f"{parameters:,} parameters, {training.precision}", flush=True)
    began, losses = time.process_time(), list[float]()
    while time.process_time() - began < options.cpu_seconds:
        losses.append(training.step())
        if training.steps % 100 == 0:
            print(f"step {training.steps}  loss {statistics.fmean(losses[-100:]):.4f}", flush=True)
    used = time.process_time() - began
    print(
        f"{training.steps} steps, {training.seen / used:.1f} clips a CPU second, "
        f"loss {statistics.fmean(losses[-50:]):.4f}",
        flush=True,
    )
    if options.only_train:
        return
    judge = load_or_train(
        file, frames=config.data.max_frames, val_fraction=config.training.val_fraction, clips=options.clips,
        stage=shown_progress,
    )  # fmt: skip
    admission = admit(judge, shown_progress)
    models = [
        evaluate.drawn(name, one, judge, options.repeats, None, options.contrast)  # type: ignore[arg-type]
        for name, one in (("MDM", training), (run.name, generator))
    ]
    evaluate.show(compare(judge, admission, models))


if __name__ == "__main__":
    main()

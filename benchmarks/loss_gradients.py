"""What each term of the loss pulls at, by diffusion time: the norm of its gradient, weighted as a config says.

    python benchmarks/loss_gradients.py RUN --data data/quickstart.pt

The terms are those of `clip_losses`, before `training_loss` weights them anew: the table says why it does.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from stickgen.generate.from_run import Generator
from stickgen.model.objective import TERMS, Draw, clip_losses
from stickgen.runs.store import find_run
from stickgen.train.batching.batches import collate
from stickgen.train.batching.clips import open_clips

TIMES = (0.98, 0.9, 0.75, 0.5, 0.3, 0.1)
CLIPS = 64


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", default="data/quickstart.pt")
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = Generator.of_run(find_run(options.run, options.runs))
    model, config = generator.model.requires_grad_(True), generator.config
    clips = open_clips(options.data, config)
    batch = collate([clips.train[number] for number in range(CLIPS)], config.data.max_frames)
    weights = {"pose": 1.0} | {name: float(config.loss_weights[name]) for name in TERMS if name != "pose"}
    print(f"{'time':>6}" + "".join(f"{name:>12}" for name in TERMS))
    for time in TIMES:
        draw = replace(Draw.fixed(batch, 0, model.config.noise_correlation), time=torch.full((CLIPS,), time))
        losses = clip_losses(model, generator.normaliser, batch, draw, config.loss_weights)
        row = f"{time:>6}"
        for name in TERMS:
            model.zero_grad()
            (losses[name].mean() * weights[name]).backward(retain_graph=True)
            norm = sum(p.grad.square().sum() for p in model.parameters() if p.grad is not None) ** 0.5
            row += f"{float(norm):>12.3f}"
        print(row, flush=True)


if __name__ == "__main__":
    main()

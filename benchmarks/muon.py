"""An optimizer step by Muon: torch's, which multiplies in bf16 everywhere, against the engine's.

    python benchmarks/muon.py [--preset quickstart] [--steps 20]

CPU milliseconds of a step over the matrices of the preset's model, one thread; the two take turns.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from torch import nn

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.train.optim.muon import Muon, multiplied_in
from stickgen.train.optim.optimizer import MuonWithAdamW, build_optimizer


def matrices_of(preset: str) -> list[nn.Parameter]:
    """What Muon moves of the preset's model."""
    config = TrainingConfig(preset_path(preset), {"training.optimizer": "muon"})
    optimizer = build_optimizer(MotionTransformer(ModelConfig.from_training(config)), config.training)
    assert isinstance(optimizer, MuonWithAdamW)
    return list(optimizer.param_groups[0]["params"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="quickstart")
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    matrices = matrices_of(options.preset)
    for matrix in matrices:
        matrix.grad = torch.randn_like(matrix)
    sides = {
        "torch": torch.optim.Muon(matrices, lr=1e-6, adjust_lr_fn="match_rms_adamw"),
        "engine": Muon(matrices, lr=1e-6, momentum=0.95, weight_decay=0.1),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(options.steps + 1):  # the first one warms up
        for name, optimizer in sides.items():
            began = time.process_time()
            optimizer.step()
            taken[name].append(time.process_time() - began)
    medians = {name: 1000 * statistics.median(times[1:]) for name, times in taken.items()}
    precision = str(multiplied_in(torch.device("cpu"))).removeprefix("torch.")
    print(f"{options.preset}: {len(matrices)} matrices, the engine in {precision}")
    print(
        f"torch {medians['torch']:.0f} ms, engine {medians['engine']:.0f} ms, {medians['torch'] / medians['engine']:.1f} times"
    )


if __name__ == "__main__":
    main()

"""How many steps a motion needs: distance from the end of the flow, by steps and by the order of the solver.

    python benchmarks/sampling.py RUN [--texts 24] [--frames 96] [--steps 4,6,8,10,16] [--set KEY=VALUE]
    python benchmarks/sampling.py RUN --judged 2      # what the dataset's evaluator says to so many steps
    python benchmarks/sampling.py --time small        # seconds of a ten-second clip, untrained weights

For the texts of a run's held-out clips, each from a noise of its own: root mean square distance of the joints'
coordinates (units of a body height) from the motion that 200 steps of second order draw from the same noise, as the
median over the clips and the 90th percentile. Beside it the median distance to the motion from another noise, which
is how far two equally right answers lie apart.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from pathlib import Path

import torch
from ablation import judged
from torch import Tensor

from stickgen.config.loading import TrainingConfig, parse_override
from stickgen.config.presets import preset_path
from stickgen.generate.from_run import Generator
from stickgen.model.noise import correlated
from stickgen.model.normalise import Normaliser
from stickgen.model.sampler import Sampling, clean_motion, flow_step, sample
from stickgen.model.times import sampling_times
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.model.words import TextBatch, pad_words
from stickgen.runs.store import Run
from stickgen.train.batching.clips import open_clips

REFERENCE = 200  # steps
JUDGED = {
    "kid": "KID ×1000", "r1": "R@1", "r3": "R@3", "action": "recognised", "action_strict": "plausibly",
    "skate_ratio": "skating", "mean_jerk": "jerk", "mean_speed": "speed",
}  # fmt: skip


def distances(run: Run, texts: int, frames: int, all_steps: list[int]) -> None:
    """Print the table of a run."""
    generator = Generator.of_run(run)
    model, normaliser = generator.model, generator.normaliser
    held_out = open_clips(run.identity["data_path"], generator.config).held_out
    items = [held_out[row] for row in range(min(texts, len(held_out)))]
    text = torch.stack([item["embedding"] for item in items])
    told = normaliser.encode_texts(TextBatch(text, *pad_words([item["words"] for item in items])))
    scale = torch.tensor(generator.config.diffusion.guidance_scale)

    @torch.no_grad()
    def drawn(steps: int, order: int, seed: int = 0) -> Tensor:
        white = torch.randn(len(text), frames, 20, generator=torch.Generator().manual_seed(seed))
        noise = correlated(white, model.config.noise_correlation)
        times = sampling_times(steps, generator.sampling.time_shift)
        x, before, time_before = noise, noise, times[0]
        for now, following in zip(times[:-1], times[1:], strict=True):
            clean = clean_motion(model, x, told, now, scale).motion
            x = flow_step(x, clean, before, now, time_before if order == 2 else now, following)
            before, time_before = clean, now
        return normaliser.decode(x)

    reference = drawn(REFERENCE, 2)

    def apart(motion: Tensor) -> str:
        each = (motion - reference).square().mean((1, 2)).sqrt()
        return f"{float(each.median()):8.4f} {float(each.quantile(0.9)):8.4f}"

    print(f"{run.name}, {len(text)} texts, {frames} frames, guidance {float(scale):g}")
    print(f"{'another noise':<14} {apart(drawn(16, 2, seed=1))}")
    print(f"{'steps':<14} {'first order':^17} {'second order':^17}")
    for steps in all_steps:
        print(f"{steps:<14} {apart(drawn(steps, 1))} {apart(drawn(steps, 2))}", flush=True)


def judgements(run: Run, repeats: int, all_steps: list[int]) -> None:
    """Print the evaluator's figures for each number of steps: `repeats` motions of each held-out text."""
    generator = Generator.of_run(run)
    file = open_clips(run.identity["data_path"], generator.config).file
    print(f"{run.name}\n{'steps':<7}" + "".join(f"{title:>12}" for title in JUDGED.values()))
    for steps in all_steps:
        config = generator.config.changed({"diffusion.sampling_steps": steps})
        found = judged(generator.model, generator.normaliser, config, file, repeats)
        print(f"{steps:<7}" + "".join(f"{found[f'judged_{key}']:12.3f}" for key in JUDGED), flush=True)


def seconds(preset: str, changes: list[str], frames: int, all_steps: list[int]) -> None:
    """Print how long one clip takes."""
    config = TrainingConfig(preset_path(preset), dict(parse_override(change) for change in changes))
    torch.manual_seed(0)
    model = MotionTransformer(ModelConfig.from_training(config)).eval()
    width = config.model.embedding_dim
    normaliser, texts = Normaliser(width), TextBatch(torch.randn(1, width))
    sampling = Sampling.of(config.diffusion)
    print(f"{preset} {' '.join(changes)}, {frames} frames, {torch.get_num_threads()} threads, {sampling}")
    for steps in all_steps:
        wall, cpu = [], []
        for _ in range(6):
            began, began_cpu = time.perf_counter(), time.process_time()
            sample(model, normaliser, texts, frames, sampling=replace(sampling, sampling_steps=steps), seed=0)
            wall.append(time.perf_counter() - began)
            cpu.append(time.process_time() - began_cpu)
        print(
            f"{steps:>3} steps: fastest {min(wall):.3f} s, {statistics.median(cpu[1:]):.3f} CPU s", flush=True
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, nargs="?", help="a run directory whose dataset is there")
    parser.add_argument("--time", metavar="PRESET", help="time a clip of this preset instead")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="with --time")
    parser.add_argument("--judged", type=int, default=0, help="motions of each held-out text")
    parser.add_argument("--texts", type=int, default=24)
    parser.add_argument("--frames", type=int, help="96; with --time 250, which is ten seconds")
    parser.add_argument("--steps", default="4,6,8,10,16")
    options = parser.parse_args()
    steps = [int(number) for number in options.steps.split(",")]
    if options.time:
        seconds(options.time, options.set, options.frames or 250, steps)
    elif options.run is None:
        parser.error("name a run directory, or --time PRESET")
    elif options.judged:
        judgements(Run(options.run), options.judged, steps)
    else:
        torch.set_num_threads(1)
        distances(Run(options.run), options.texts, options.frames or 96, steps)


if __name__ == "__main__":
    main()

"""From nothing to a quality target: how long does it take? The rules are in docs/speedrun.md.

    python benchmarks/speedrun.py --config configs/quickstart.yaml --seeds 1
    python benchmarks/speedrun.py --config configs/quickstart.yaml --seeds 10 --json record.jsonl --change "Muon"
    python benchmarks/speedrun.py --json record.jsonl --against before.jsonl

Trains the config on its dataset and evaluates the averaged weights whenever so many CPU seconds were trained
(`--every`). A run is over when at least 80 % of the unseen wordings of the twenty actions are recognised and
90 % of the contrasts obeyed, or when its schedule ends. Only training counts: not loading, not evaluating.
Prints the row of the table; `--json` appends each run as a line. `--against` compares two such files: the
chance (a permutation test, one-sided) that a mean lower by so much comes from equal engines.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import torch
from engine import Engine

from stickgen.config.chosen_dataset import dataset_path
from stickgen.config.loading import TrainingConfig, parse_override
from stickgen.evaluate.light import LightEvaluation
from stickgen.evaluate.prompts import QUICKSTART_ACTIONS
from stickgen.planner.decisions.batch_shapes import steps_per_epoch
from stickgen.planner.decisions.schedule import learning_rate
from stickgen.planner.measured.engine_version import engine_digest
from stickgen.runs.supervisor import ENVIRONMENT
from stickgen.train.batching.clips import open_clips
from stickgen.train.measuring.quality import Encoded, drawing, prepare

ACTIONS_TARGET, CONTRAST_TARGET = 0.80, 0.90
PROMPTS = 200  # texts of the actions, and of each contrast
SIGNIFICANT = 0.01
MOST_EXACT = 200_000  # divisions of two samples that are all looked at; beyond, as many at random


def run(
    config: TrainingConfig, data: str, every: float, prepared: tuple[LightEvaluation, Encoded]
) -> dict[str, Any]:
    """Train until the target or the end of the schedule; the seconds, and what each evaluation found."""
    clips = open_clips(data, config)
    engine = Engine(config, clips, clips.fit_normaliser())
    training, light = config.training, prepared[0]
    per_epoch = steps_per_epoch(len(clips.train), config.effective_batch)
    total = per_epoch * training.epochs
    cpu = wall = 0.0
    looks: list[dict[str, float]] = []
    reached = False
    while engine.state.step < total and not reached:
        until = cpu + every
        while cpu < until and engine.state.step < total:
            cpu_began, wall_began = time.process_time(), time.perf_counter()
            engine.step(
                learning_rate(
                    engine.state.step, peak=training.learning_rate,
                    warmup_steps=training.warmup_epochs * per_epoch, total_steps=total,
                    min_lr_ratio=training.min_lr_ratio, schedule=training.schedule,
                ),
                engine.state.step / total,
            )  # fmt: skip
            cpu += time.process_time() - cpu_began
            wall += time.perf_counter() - wall_began
        with engine.state.evaluating() as model:
            figures = light.measure(drawing(model, engine.state.normaliser, config, prepared[1])).record()
        looks.append({"cpu_seconds": cpu, "wall_seconds": wall, "step": engine.state.step, **figures})
        actions, contrast = (figures.get(f"quality_{name}", 0.0) for name in ("action_accuracy", "contrast"))
        print(
            f"  {cpu:6.0f} CPU s, step {engine.state.step}: {actions:.1%} recognised, {contrast:.1%} obeyed, "
            f"feet slide {figures['quality_skate_ratio']:.1%}",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        reached = actions >= ACTIONS_TARGET and contrast >= CONTRAST_TARGET
    return {
        "reached": reached,
        "cpu_seconds": cpu,
        "wall_seconds": wall,
        "steps": engine.state.step,
        "looks": looks,
    }


def chance_of(ours: list[float], theirs: list[float]) -> float:
    """How often a random division of all these numbers makes the first mean as much lower as it is, or lower."""
    every, size = ours + theirs, len(ours)
    least = sum(ours) + 1e-9
    if comb(len(every), size) <= MOST_EXACT:
        sums = [sum(chosen) for chosen in combinations(every, size)]
    else:
        dice = random.Random(0)
        sums = [sum(dice.sample(every, size)) for _ in range(MOST_EXACT)] + [sum(ours)]
    return sum(value <= least for value in sums) / len(sums)


def read(path: Path) -> list[dict[str, Any]]:
    """The runs in a file of `--json`."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def row(runs: list[dict[str, Any]], change: str) -> str:
    """A line of the table in docs/speedrun.md."""
    last = [found["looks"][-1] for found in runs]
    reached = sum(found["reached"] for found in runs)
    seconds = {
        name: statistics.mean(found[name] for found in runs) for name in ("cpu_seconds", "wall_seconds")
    }
    spread = statistics.stdev(found["cpu_seconds"] for found in runs) if len(runs) > 1 else 0.0
    mark = "" if reached == len(runs) else "≥ "
    actions, contrast = (
        statistics.mean(look.get(f"quality_{name}", 0.0) for look in last)
        for name in ("action_accuracy", "contrast")
    )
    return (
        f"| {time.strftime('%Y-%m-%d')} | {runs[-1]['commit']} | {change or '-'} | "
        f"{mark}{seconds['cpu_seconds']:.0f} ± {spread:.0f} | {mark}{seconds['wall_seconds']:.0f} | "
        f"{reached}/{len(runs)} | {actions:.1%} | {contrast:.1%} | {runs[-1]['evaluator'][:12]} |"
    )


def commit() -> str:
    """The commit of the checkout, with + where files differ from it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


def main() -> None:
    """Parse, run, print."""
    if any(os.environ.get(name) != value for name, value in ENVIRONMENT.items()):
        # as the trainer's process: threads that wait for each other must not spin, for that counts as CPU time
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ENVIRONMENT})
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path)
    parser.add_argument("--data", help="the dataset (default: the config's)")
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--every", type=float, default=15.0, help="CPU seconds between two evaluations")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="append each run as a line; or read it, with --against")
    parser.add_argument("--against", type=Path, help="compare the runs of --json with those of this file")
    parser.add_argument("--change", default="", help="what is new, for the row")
    options = parser.parse_args()
    if options.against:
        if options.json is None:
            parser.error("--against needs --json: the runs to compare")
        ours, theirs = read(options.json), read(options.against)
        if not all(found["reached"] for found in ours):
            print("not every run of ours reached the target: no record")
            return
        if len({found["evaluator"] for found in ours + theirs}) > 1:
            parser.error("the two files were judged by different evaluators, so nothing can be compared")
        times = [[found["cpu_seconds"] for found in runs] for runs in (ours, theirs)]
        p = chance_of(*times)
        gain = statistics.mean(times[1]) / statistics.mean(times[0])
        enough = p < SIGNIFICANT and len(ours) >= 10 and len(theirs) >= 10
        print(f"{gain:.2f} × as fast, p = {p:.4f}: {'a record' if enough else 'no record'}")
        return
    if options.config is None:
        parser.error("--config is needed: what is trained")
    torch.set_num_threads(options.threads)
    changes: dict[str, Any] = {"device.type": "cpu", "training.compile": "never"}
    changes |= dict(parse_override(change) for change in options.changes)
    base = TrainingConfig(options.config, changes)
    data = str(dataset_path(base.get, options.data))
    clips = open_clips(data, base)
    prepared = prepare(base, clips.file, PROMPTS)
    light = prepared[0]
    missing = set(QUICKSTART_ACTIONS) - {asked.action for asked in light.asked}
    if light.classifier is None or missing:
        parser.error(
            f"{data}: it does not show {', '.join(sorted(missing))} often enough; see docs/speedrun.md"
        )
    runs = []
    for seed in range(options.seeds):
        print(f"seed {seed}", file=sys.stderr, flush=True)
        config = TrainingConfig(options.config, {**changes, "training.seed": seed})
        found = run(config, data, options.every, prepared)
        found |= {
            "seed": seed, "change": options.change, "commit": commit(), "engine": engine_digest(),
            "evaluator": light.classifier.digest, "data": clips.file.fingerprint, "threads": options.threads,
        }  # fmt: skip
        runs.append(found)
        if options.json:
            with options.json.open("a") as file:
                file.write(json.dumps(found) + "\n")
    print(row(runs, options.change))


if __name__ == "__main__":
    main()

"""Variants of a config trained for equal CPU time: what each change does to quality and to speed.

    python benchmarks/ablation.py --variant muon:training.optimizer=muon \\
        --variant "muon lr 3e-3:training.optimizer=muon,training.learning_rate=0.003" \\
        --cpu-seconds 120 --seeds 3 --json ablation.jsonl

The config as it is comes first, under the name "base". Every variant and seed is a cell: a process with one thread,
on its own, that trains until it has used so many CPU seconds (with `--clips` until it has seen so many clips), and
then measures its averaged weights: the loss on the held-out clips, and with `--prompts` texts of a kind what share
of unseen wordings of the actions is recognised in what it draws, what share of the contrasts it obeys, and in what
share of the frames with a foot on the floor that foot slides. With `--judged` N, the dataset's evaluator measures N
motions of each held-out text, too, as `stickgen evaluate` does; its recognised share is called action. The cells of
a seed take turns of some CPU seconds, so that whatever else the machine does meets all of them. Loading and
validating are not counted.

Two changes of a variant are no keys: `short_first=48@0.5` trains on windows of 48 frames for the first half of the
budget, and `arms_from=pelvis` lets the model see hands and elbows from the pelvis.

The learning rate follows the share of the budget that is used, not the steps: every variant's schedule ends
where its time ends, with the warm-up's share of the epochs as the config has it.

Each cell that is done is a line of the JSON file; cells that are there already (same values of the config, same
data, same code of the engine, same budget and seed) are not trained again. `--report` only prints the table.
Differences to the base are paired by seed; ± is the standard error of their mean.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stickgen.config.loading import TrainingConfig, parse_override
from stickgen.planner.measured.engine_version import engine_digest
from stickgen.runs.supervisor import ENVIRONMENT

if TYPE_CHECKING:
    from stickgen.data.dataset import DatasetFile
    from stickgen.model.normalise import Normaliser
    from stickgen.model.transformer import MotionTransformer

TURN = 5.0  # CPU seconds that a cell trains before the next one's turn
SHORT_FIRST = "short_first="
ARMS_FROM_PELVIS = "arms_from=pelvis"
SCHEDULE = 100_000  # points of the learning-rate schedule over the budget
COLUMNS = (  # member of a record, title, format
    ("loss_pose", "pose", "{:.4f}"),
    ("loss", "loss", "{:.4f}"),
    ("quality_action_accuracy", "recognised", "{:.3f}"),
    ("quality_contrast", "contrast", "{:.3f}"),
    ("quality_contrast_hand", "hand", "{:.3f}"),
    ("quality_contrast_leg", "leg", "{:.3f}"),
    ("quality_contrast_speed", "speed", "{:.3f}"),
    ("quality_contrast_height", "height", "{:.3f}"),
    ("quality_contrast_count", "count", "{:.3f}"),
    ("quality_skate_ratio", "skate", "{:.3f}"),
    ("judged_kid", "KID ×1000", "{:.1f}"),
    ("judged_r1", "R@1", "{:.3f}"),
    ("judged_r3", "R@3", "{:.3f}"),
    ("judged_action", "action", "{:.3f}"),
    ("judged_action_strict", "plausibly", "{:.3f}"),
    ("judged_mean_jerk", "jerk", "{:.0f}"),
    ("clips_per_second", "clips/s", "{:.1f}"),
    ("steps", "steps", "{:.0f}"),
)


@dataclass(frozen=True)
class Variant:
    """A name and the keys that differ from the config."""

    name: str
    changes: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Variant:
        """Of `name:key=value,key=value`."""
        name, colon, changes = text.partition(":")
        if not colon or not name.strip():
            raise SystemExit(f"--variant {text}: write name:key=value,key=value")
        return cls(name.strip(), tuple(part.strip() for part in changes.split(",") if part.strip()))


@dataclass(frozen=True)
class Cell:
    """A variant and a seed."""

    variant: Variant
    config: str
    data: str
    seed: int
    cpu_seconds: float
    clips: int = 0  # where that is what all have alike, instead of CPU seconds
    prompts: int = 0  # texts of a kind that are drawn and judged
    judged: int = 0  # motions of each held-out text that the evaluator measures

    def spent(self, cpu_seconds: float, clips: int) -> float:
        """The share of the budget."""
        return clips / self.clips if self.clips else cpu_seconds / self.cpu_seconds

    def training_config(self) -> TrainingConfig:
        """The config with the variant's changes and the seed."""
        changes = dict(
            parse_override(change)
            for change in self.variant.changes
            if change != ARMS_FROM_PELVIS and not change.startswith(SHORT_FIRST)
        )
        changes["training.seed"] = self.seed
        return TrainingConfig(self.config, {"device.type": "cpu", "training.compile": "never", **changes})

    @property
    def short_first(self) -> tuple[int, float]:
        """Frames of the windows at first, and the share of the budget for which that holds; 0 if it never does."""
        for change in self.variant.changes:
            if change.startswith(SHORT_FIRST):
                frames, _, share = change.removeprefix(SHORT_FIRST).partition("@")
                return int(frames), float(share)
        return 0, 0.0

    @property
    def key(self) -> str:
        """What a result depends on, as a digest."""
        config = self.training_config()
        values = {group: config.get(group) for group in ("model", "training", "loss_weights", "diffusion")}
        values |= {group: config.get(group) for group in ("lora", "data", "device")}
        size = Path(self.data).stat()
        budget = (
            self.clips or self.cpu_seconds,
            self.prompts,
            *([self.judged] if self.judged else []),
            *([self.short_first] if self.short_first[0] else []),
            *([ARMS_FROM_PELVIS] if ARMS_FROM_PELVIS in self.variant.changes else []),
        )
        parts = (values, engine_digest(), size.st_size, size.st_mtime_ns, *budget)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


# -- a cell


def train_cell(cell: Cell) -> None:
    """In a process of its own: train for as long as each line read says; the last answer is the result."""
    import torch

    torch.set_num_threads(1)
    from engine import CPU, Engine

    from stickgen.model import normalise
    from stickgen.motion.skeleton import POSE_DIM
    from stickgen.planner.decisions.schedule import learning_rate
    from stickgen.train.batching.clips import open_clips
    from stickgen.train.measuring.quality import drawing, prepare
    from stickgen.train.measuring.validate import validate

    config = cell.training_config()
    training = config.training
    clips = open_clips(cell.data, config)
    if ARMS_FROM_PELVIS in cell.variant.changes:
        normalise.arm_shares = lambda: torch.zeros(POSE_DIM)
    engine = Engine(config, clips, clips.fit_normaliser())
    frames, share = cell.short_first
    if frames:
        engine.clips = open_clips(cell.data, config.changed({"data.max_frames": frames}))
    warmup = SCHEDULE * training.warmup_epochs / max(training.epochs, 1)
    used, seen, steps = 0.0, 0, 0
    for line in sys.stdin:
        until = used + float(line)
        before, began = used, time.process_time()
        while used < until and cell.spent(used, seen) < 1:
            if engine.clips is not clips and cell.spent(used, seen) >= share:
                engine.clips = clips
                engine.forget_plan()
            rate = learning_rate(
                int(SCHEDULE * cell.spent(used, seen)), peak=training.learning_rate,
                warmup_steps=int(warmup), total_steps=SCHEDULE, min_lr_ratio=training.min_lr_ratio,
                schedule=training.schedule,
            )  # fmt: skip
            result = engine.step(rate, cell.spent(used, seen))
            seen, steps = seen + result.clips, steps + 1
            used = before + time.process_time() - began
        answer: dict[str, Any] = {
            "used": used,
            "done": cell.spent(used, seen) >= 1,
            "train": result.losses["pose"],
        }
        if answer["done"]:
            with engine.state.evaluating() as model:
                answer |= validate(
                    model, engine.state.normaliser, clips.held_out, config.loss_weights, CPU, 16
                )
                if cell.prompts:
                    light, encoded = prepare(config, clips.file, cell.prompts)
                    drawn = light.measure(drawing(model, engine.state.normaliser, config, encoded))
                    answer |= drawn.record()
                if cell.judged:
                    answer |= judged(model, engine.state.normaliser, config, clips.file, cell.judged)
            answer |= {
                "steps": steps, "clips": seen, "clips_per_second": seen / used, "epochs": seen / len(clips.train),
                "precision": engine.precision, "parameters": sum(p.numel() for p in engine.state.model.parameters()),
            }  # fmt: skip
        print(json.dumps(answer), flush=True)


def judged(
    model: MotionTransformer, normaliser: Normaliser, config: TrainingConfig, file: DatasetFile, repeats: int
) -> dict[str, float]:
    """The evaluator's figures of what the model draws of the held-out texts, each as `judged_*`."""
    from stickgen.data.embed import load_encoder, with_opposites
    from stickgen.data.encoder_folder import encoder_of_run
    from stickgen.evaluate.comparison import asked_frames
    from stickgen.evaluate.evaluator import load_or_train
    from stickgen.evaluate.figures import FIGURE, Measured, bootstrap_weights
    from stickgen.model.sample_many import sample_many
    from stickgen.model.sampler import Sampling

    @contextlib.contextmanager
    def silent(stage: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda done, of: None

    judge = load_or_train(
        file, frames=int(config.data.max_frames), val_fraction=float(config.training.val_fraction), clips=200, stage=silent
    )  # fmt: skip
    encoder = load_encoder(encoder_of_run(config.data.encoder, None))
    texts = with_opposites([prompt.text for prompt in judge.prompts], encoder.read)
    motions = [
        sample_many(
            model, normaliser, texts, asked_frames(judge), sampling=Sampling.of(config.diffusion), seed=seed
        )
        for seed in range(repeats)
    ]
    found = Measured(judge, motions).figures(bootstrap_weights(len(judge.prompts), 1), quick=True)
    return {f"judged_{key}": value.value * FIGURE[key].factor for key, value in found.items()}


class CellProcess:
    """A cell's process, and what it said last."""

    def __init__(self, cell: Cell) -> None:
        self.cell, self.last = cell, dict[str, Any]()
        asked = json.dumps({**cell.__dict__, "variant": cell.variant.__dict__})
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--cell", asked], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **ENVIRONMENT, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def turn(self, seconds: float) -> CellProcess:
        """Let it train for so many CPU seconds."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{seconds}\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        self.last = json.loads(line) if line else {"failed": True, "done": True}
        return self

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def run_cells(cells: list[Cell], at_once: int, path: Path) -> None:
    """Train the cells in turns of equal CPU time, `at_once` of them at a time; each result is appended to `path`."""
    waiting = [CellProcess(cell) for cell in cells]
    with ThreadPoolExecutor(at_once) as pool:
        while waiting:
            for process in list(pool.map(lambda one: one.turn(TURN), waiting)):
                cell = process.cell
                if not process.last["done"]:
                    continue
                waiting.remove(process)
                process.close()
                if "failed" in process.last:
                    print(f"{cell.variant.name}, seed {cell.seed}: failed, see above", flush=True)
                    continue
                record = {
                    "variant": cell.variant.name, "changes": cell.variant.changes, "seed": cell.seed,
                    "config": cell.config, "data": cell.data, "key": cell.key,
                    **({"budget_clips": cell.clips} if cell.clips else {"cpu_seconds": cell.cpu_seconds}),
                    "engine": engine_digest(), "time": time.time(), **process.last,
                }  # fmt: skip
                with path.open("a") as out:
                    out.write(json.dumps(record) + "\n")


# -- the table


def read_records(path: Path) -> list[dict[str, Any]]:
    """The cells that are done; a line that was cut off is left out."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else []:
        with contextlib.suppress(json.JSONDecodeError):
            found.append(json.loads(line))
    return found


def report(records: list[dict[str, Any]]) -> str:
    """The table: means over the seeds, and the difference of the pose loss to the first variant's."""
    by_variant: dict[str, dict[int, dict[str, Any]]] = {}
    for record in records:
        by_variant.setdefault(record["variant"], {})[record["seed"]] = record
    if not by_variant:
        return "nothing was measured yet"
    base = next(iter(by_variant.values()))
    width = max(map(len, by_variant)) + 2
    lines = ["".join([f"{'variant':<{width}}{'seeds':>6}", *(f"{t:>10}" for _, t, _ in COLUMNS)]) + f"{'pose against base':>24}"]  # fmt: skip
    for name, cells in by_variant.items():
        row = f"{name:<{width}}{len(cells):>6}"
        for member, _, shape in COLUMNS:
            values = [cell[member] for cell in cells.values() if member in cell]
            row += f"{shape.format(statistics.fmean(values)) if values else '–':>10}"
        pairs = [cells[seed]["loss_pose"] / base[seed]["loss_pose"] - 1 for seed in cells if seed in base]
        if cells is not base and pairs:
            row += f"{statistics.fmean(pairs):>+14.1%}"
            if len(pairs) > 1:
                row += f" ±{statistics.stdev(pairs) / math.sqrt(len(pairs)):5.1%}"
        lines.append(row)
    return "\n".join(lines)


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", default="configs/quickstart.yaml")
    parser.add_argument("--data", default="data/quickstart.pt", help="a dataset with embeddings")
    parser.add_argument(
        "--variant", action="append", default=[], metavar="NAME:KEY=VALUE,…", help="may be given many times"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="for every variant and the base"
    )
    parser.add_argument("--cpu-seconds", type=float, default=120.0, help="of each cell")
    parser.add_argument("--clips", type=int, default=0, help="of each cell, instead of CPU seconds")
    parser.add_argument("--prompts", type=int, default=50, help="texts of a kind that are drawn and judged")
    parser.add_argument("--judged", type=int, default=0, help="motions of each held-out text")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=1, help="cells that train at the same time")
    parser.add_argument("--json", type=Path, default=Path("ablation.jsonl"))
    parser.add_argument("--report", action="store_true", help="only print the table of what is there")
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cell:
        values = json.loads(options.cell)
        variant = Variant(values["variant"]["name"], tuple(values["variant"]["changes"]))
        train_cell(Cell(**{**values, "variant": variant}))
        return
    variants = [Variant("base", ()), *map(Variant.read, options.variant)]
    variants = [Variant(one.name, (*options.set, *one.changes)) for one in variants]
    wanted = []
    for number in range(options.seeds if not options.report else 0):
        seed = options.first_seed + number
        cells = [
            Cell(
                one,
                options.config,
                options.data,
                seed,
                options.cpu_seconds,
                options.clips,
                options.prompts,
                options.judged,
            )
            for one in variants
        ]
        wanted += [(cell.key, cell) for cell in cells]
        done = {record["key"] for record in read_records(options.json)}
        run_cells([cell for cell in cells if cell.key not in done], options.at_once, options.json)
        keys = {key for key, _ in wanted}
        print(report([record for record in read_records(options.json) if record["key"] in keys]), flush=True)
    if options.report:
        print(report(read_records(options.json)))


if __name__ == "__main__":
    main()

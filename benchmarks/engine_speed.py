"""This engine against the same training written the ordinary way (baseline.py): speed, memory, use of the machine.

    python benchmarks/engine_speed.py [--full] [--seconds 20] [--compile] [--json FILE]

Three sides: the baseline; the engine with one token a frame, which is the same arithmetic; and the engine as its
presets are, with four frames a token, which is a quarter of it. Each runs in a process of its own; they take turns,
an optimizer step each, so that whatever else the machine does meets all. Ratios are medians over such turns, of the
time that passed and of the CPU time. The peak of matrix products is measured in the same turns, at the shapes of the
model, in the precision of the engine. Dropout 0 and 0.1 are tables of their own. Sequences a second are of the
fastest step, since others may share the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.runs.supervisor import ENVIRONMENT

CLIPS = 64  # in the dataset
FIXED, MIXED = (250, 250), (30, 250)  # frames of its clips
STEP = {"small": 16, "medium": 8, "large": 16}  # clips of a measured step; --full takes the presets' 64
SPECIFIED = {"small": 1, "medium": 2, "large": 16}  # the presets' micro-batches
PATCH = 4  # frames of a token of the third side
ENGINES = ("engine", "patched")
TRAINERS = ("baseline", *ENGINES)
SIDES = (*TRAINERS, "peak")


@dataclass(frozen=True)
class Case:
    """What is compared."""

    preset: str
    batch_size: int
    dropout: float
    frames: tuple[int, int] = FIXED
    clips: int = 16
    compile: str = "never"

    def config(self, side: str) -> TrainingConfig:
        """The preset with this micro-batch and dropout, as a side trains it."""
        return TrainingConfig(
            preset_path(self.preset),
            {
                "training.batch_size": self.batch_size,
                "training.grad_accum_steps": max(self.clips // self.batch_size, 1),
                "model.dropout": self.dropout, "device.type": "cpu", "training.compile": self.compile,
                "model.embedding_dim": 1024, "model.patch_frames": PATCH if side == "patched" else 1,
            },
        )  # fmt: skip


@dataclass
class Row:
    """What was measured of a case. Lists hold a value a pair of turns."""

    case: Case
    precision: str = ""
    seconds: dict[str, list[float]] = field(default_factory=dict)  # of a sequence, by side
    cpu_seconds: dict[str, list[float]] = field(default_factory=dict)
    peak_gflops: list[float] = field(default_factory=list)
    peak_rss_bytes: dict[str, int] = field(default_factory=dict)
    gflop_per_sequence: float = 0.0

    def ratio(self, side: str) -> float:
        """How many times the baseline's speed."""
        return _ratio(self.seconds["baseline"], self.seconds[side])

    def cpu_ratio(self, side: str) -> float:
        """The same in CPU time, which those who share the machine disturb less."""
        return _ratio(self.cpu_seconds["baseline"], self.cpu_seconds[side])

    def used(self, side: str) -> float:
        """Share of the matrix-product peak, fastest step against fastest products."""
        return self.gflop_per_sequence / min(self.seconds[side]) / max(self.peak_gflops)

    def line(self) -> str:
        """As a line of the table."""
        fastest = {side: 1 / min(values) for side, values in self.seconds.items()}
        mib = {side: size / 2**20 for side, size in self.peak_rss_bytes.items()}
        return (
            f"{self.case.preset:<7} {self.case.batch_size:>5} {self.case.frames[0]:>4}-{self.case.frames[1]:<4}"
            + "".join(f"{fastest[side]:>9.2f}" for side in TRAINERS)
            + "".join(f"{self.ratio(side):>8.2f}{self.cpu_ratio(side):>8.2f}" for side in ENGINES)
            + "".join(f"{mib[side]:>9,.0f}" for side in TRAINERS)
            + f"{self.used('baseline'):>9.0%}{self.used('engine'):>9.0%}{max(self.peak_gflops):>9,.0f}"
        )


def _ratio(slow: list[float], fast: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


HEAD = (
    f"{'':<7} {'micro':>5} {'':9}{'sequences/s':>27}{'engine, ratio':>16}{'patched, ratio':>16}"
    f"{'peak RSS, MiB':>27}{'of the peak':>18}{'peak':>9}\n"
    f"{'preset':<7} {'batch':>5} {'frames':<9}{'baseline':>9}{'engine':>9}{'patched':>9}"
    f"{'speed':>8}{'CPU':>8}{'speed':>8}{'CPU':>8}{'baseline':>9}{'engine':>9}{'patched':>9}"
    f"{'baseline':>9}{'engine':>9}{'GFLOP/s':>9}"
)


def compare(case: Case, data: Path, seconds: float) -> Row:
    """Let the sides of `case` take turns for about so long, three times at the least."""
    row = Row(
        case,
        seconds={side: [] for side in TRAINERS},
        cpu_seconds={side: [] for side in TRAINERS},
    )
    asked = json.dumps(asdict(case))
    processes = {
        side: subprocess.Popen(
            [sys.executable, __file__, "--side", side, asked, str(data)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **ENVIRONMENT},
        )
        for side in SIDES
    }  # fmt: skip
    for side, process in processes.items():
        facts = answer(process)
        if side == "engine":
            row.precision, row.gflop_per_sequence = facts["precision"], facts["gflop_per_sequence"]
    began, turns = time.perf_counter(), 0
    while turns < 3 or time.perf_counter() - began < seconds:
        turns += 1
        for side, process in processes.items():
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            value, cpu = map(answer(process).get, ("value", "cpu"))
            if side == "peak":
                row.peak_gflops.append(value)
            else:
                row.seconds[side].append(value)
                row.cpu_seconds[side].append(cpu)
    for side, process in processes.items():
        assert process.stdin is not None
        process.stdin.close()
        row.peak_rss_bytes[side] = answer(process)["rss"]
        process.wait()
    return row


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next line of a side."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit("a side ended early")
    answered: dict[str, Any] = json.loads(line)
    return answered


def say(**facts: object) -> None:
    """A line to whoever compares."""
    print(json.dumps(facts), flush=True)


def take_turns(side: str, case: Case, data: Path) -> None:
    """One side: ready after a step to warm up, a step a line read, the peak of its memory at the end."""
    import torch

    config = case.config(side)
    precision = "fp32"
    if side == "peak":
        step = matrix_products(config)
    else:
        from stickgen.train.batching.clips import open_clips

        clips = open_clips(str(data), config)
        normaliser = clips.fit_normaliser()
        if side == "baseline":
            from baseline import Baseline

            step = Baseline(config, clips.train, normaliser).step
        else:
            from engine import Engine

            ours = Engine(config, clips, normaliser)
            step, precision = lambda: ours.step().clips, ours.precision
    step()
    model = config.model
    d, layers, t = model.d_model, model.num_layers, (case.frames[0] + case.frames[1]) / 2 + 1
    say(precision=precision, gflop_per_sequence=(6 * 16 * d * d * layers * t + 12 * layers * t * t * d) / 1e9)
    for _ in sys.stdin:
        began, began_cpu = time.perf_counter(), time.process_time()
        done = step()
        taken, taken_cpu = time.perf_counter() - began, time.process_time() - began_cpu
        say(value=done if side == "peak" else taken / done, cpu=taken_cpu / done)
    unit = 1 if sys.platform == "darwin" else 1024
    say(rss=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
    del torch


def matrix_products(config: TrainingConfig) -> Any:
    """GFLOP/s of products as the blocks have them, forward and backward, the best of some."""
    import torch

    from stickgen.train.placement.device import choose_precision

    kind = torch.bfloat16 if choose_precision("auto", torch.device("cpu")) == "bf16" else torch.float32
    d = config.model.d_model
    shapes = [(1004, d, 3 * d), (1004, d, 8 * d), (1004, 4 * d, d)]
    made = [(torch.randn(m, k, dtype=kind), torch.randn(n, k, dtype=kind)) for m, k, n in shapes]

    def step() -> float:
        best = 0.0
        for _ in range(6):
            began = time.perf_counter()
            for x, w in made:
                y = x @ w.t()
                y @ w
                y.t() @ x
            flop = sum(3 * 2 * m * k * n for m, k, n in shapes)
            best = max(best, flop / 1e9 / (time.perf_counter() - began))
        return best

    return step


def tables(full: bool, compile_mode: str) -> list[tuple[str, list[Case]]]:
    """The cases, under their titles."""

    def case(preset: str, batch_size: int, dropout: float, frames: tuple[int, int] = FIXED) -> Case:
        clips = 64 if full else max(STEP[preset], batch_size)
        return Case(preset, batch_size, dropout, frames, clips, compile_mode)

    found = []
    for dropout in (0.0, 0.1):
        rows = [case(preset, SPECIFIED[preset], dropout) for preset in SPECIFIED]
        found.append((f"dropout {dropout:g}, the presets' micro-batches", rows))
        sizes = {"small": (1, 4, 16), "medium": (4, 16), "large": (1, 4)} if full else {"small": (4, 16)}
        rows = [case(preset, size, dropout) for preset, some in sizes.items() for size in some]
        if full or dropout == 0:
            found.append((f"dropout {dropout:g}, other micro-batches", rows))
            rows = [case("small", 16, dropout, MIXED)]
            found.append((f"dropout {dropout:g}, clips of many lengths", rows))
    return found


def main() -> None:
    """Compare, and print the tables as they fill."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="64 clips a step, more micro-batches")
    parser.add_argument("--seconds", type=float, default=20.0, help="of turns for each row")
    parser.add_argument("--compile", action="store_true", help="the engine with torch.compile")
    parser.add_argument("--only", help="rows of this preset alone")
    parser.add_argument("--json", type=Path, help="write every figure there")
    parser.add_argument("--side", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        side, asked, data = options.side
        values = json.loads(asked)
        take_turns(side, Case(**{**values, "frames": tuple(values["frames"])}), Path(data))
        return
    rows = []
    with tempfile.TemporaryDirectory(prefix="stickgen-bench-") as folder:
        for title, cases in tables(options.full, "always" if options.compile else "never"):
            wanted = [case for case in cases if options.only in (None, case.preset)]
            if wanted:
                print(f"\n{title}\n{HEAD}", flush=True)
            for case in wanted:
                row = compare(case, dataset(Path(folder), case.frames), options.seconds)
                print(row.line() + f"  {row.precision}", flush=True)
                ratios = {side: [row.ratio(side), row.cpu_ratio(side)] for side in ENGINES}
                rows.append({**asdict(row), "ratios": ratios})
                if options.json:
                    options.json.write_text(json.dumps(rows))


def dataset(folder: Path, frames: tuple[int, int]) -> Path:
    """Made-up clips whose lengths are spread evenly over `frames`."""
    from stickgen.train.trial import make_clips

    path = folder / f"{frames[0]}-{frames[1]}.pt"
    if not path.exists():
        lengths = [frames[0] + (frames[1] - frames[0]) * i // (CLIPS - 1) for i in range(CLIPS)]
        make_clips(path, lengths, lengths[:1], 1024)
    return path


if __name__ == "__main__":
    main()

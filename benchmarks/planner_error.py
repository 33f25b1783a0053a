"""Predicted against measured: memory and time of real training runs on this machine, before and after a probe.

    python benchmarks/planner_error.py measure [--only WORD] [--json FILE]   trains; goes on where it stopped
    python benchmarks/planner_error.py report [--json FILE]                  the table, with the present constants
    python benchmarks/planner_error.py fit [--json FILE]                     constants for memory.py and speed.py

Each case is a run as `stickgen train` would start it, in a fresh process, on made-up clips, then a probe of the
same config as `stickgen estimate --probe` makes it, then another such run: a machine that others share is not
equally fast at all times, and the probe is compared with both sides of it. Memory is the most that the kernel
saw the first run's process hold. Time is given twice: as it passed, and as the CPU seconds of a step over its
threads, which is what the machine would have taken with nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.datasets.facts import read_dataset_facts
from stickgen.hardware.machine import Machine, detect
from stickgen.hardware.resident import peak_rss_bytes
from stickgen.planner.arithmetic import memory, speed
from stickgen.planner.arithmetic.workload import Workload, workload_of
from stickgen.planner.measured.calibration import Calibration
from stickgen.planner.measured.engine_version import engine_digest
from stickgen.planner.measured.measurements import Measurement, origin_of
from stickgen.planner.probe import probe
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, create_run
from stickgen.runs.supervisor import ENVIRONMENT

MIB = 2**20
CLIPS_A_STEP = {"fp32": 8, "bf16": 4}  # in software, bf16 takes twenty times as long
STEPS = 4  # two epochs, with a checkpoint between them that is written beside the training
PROBE_SECONDS = {"fp32": 75.0, "bf16": 200.0}


@dataclass(frozen=True)
class Case:
    """A preset, the keys that differ from it, and the frames of the clips (shortest, longest)."""

    preset: str
    batch_size: int
    frames: tuple[int, int] = (250, 250)
    changes: tuple[tuple[str, int | float | bool | str], ...] = ()

    @property
    def precision(self) -> str:
        return str(dict(self.changes).get("device.precision", "fp32"))

    @property
    def clips_a_step(self) -> int:
        return max(CLIPS_A_STEP[self.precision], self.batch_size)

    @property
    def title(self) -> str:
        words = [self.preset.removeprefix("tiers/"), f"b{self.batch_size}"]
        if self.frames != (250, 250):
            words.append(f"{self.frames[0]}-{self.frames[1]}")
        short = {"diffusion.enabled": "next-pose", "device.precision": "bf16"}
        short["training.activation_checkpointing"] = "checkpointing"
        return " ".join(words + [short.get(path, f"{path}={value}") for path, value in self.changes])

    def config(self) -> TrainingConfig:
        wanted = {
            "training.batch_size": self.batch_size,
            "training.grad_accum_steps": self.clips_a_step // self.batch_size,
            "training.epochs": 100,
            "training.compile": "never",
            "logging.log_interval": 1,
            "logging.sample_minutes": 0.0,
            "logging.save_interval": 1,
            "device.type": "cpu",
            "device.num_workers": 0,
            "device.pin_memory": False,
            "device.precision": "fp32",
            "diffusion.sampling_steps": 2,
            **dict(self.changes),
        }
        from stickgen.config.schema import KEY_BY_PATH

        return TrainingConfig(
            preset_path(self.preset), {path: value for path, value in wanted.items() if path in KEY_BY_PATH}
        )


BF16 = (("device.precision", "bf16"),)
NEXT_POSE = (("diffusion.enabled", False),)
AGAIN = (("training.activation_checkpointing", True),)
CASES = (
    Case("quickstart", 16, (30, 100)),
    Case("tiers/cpu_8gb", 1),
    Case("tiers/cpu_8gb", 16),
    Case("tiers/cpu_8gb", 4, (60, 60), BF16),
    Case("small", 1),
    Case("small", 4, changes=NEXT_POSE),
    Case("small", 8, (30, 250)),
    Case("small", 8, changes=AGAIN),
    Case("small", 4, (60, 60), BF16),
    Case("medium", 2),
    Case("medium", 8, changes=NEXT_POSE),
    Case("medium", 4, (60, 60), (*AGAIN, *BF16)),
    Case("large", 1),
    Case("large", 4),
    Case("large", 16, changes=AGAIN),
    Case("large", 2, (40, 40), (*NEXT_POSE, *BF16)),
)


@dataclass
class Watched:
    """Steps of a process as they came: wall and CPU seconds of each, and its peak."""

    wall: list[float]
    cpu: list[float]
    peak_bytes: int = 0


class Clock:
    """Notes when steps end, and what the process had computed by then."""

    def __init__(self) -> None:
        self.watched = Watched([], [])
        self._steps = 0
        self._last: tuple[float, float] | None = None

    def look(self, process: psutil.Process, steps: int) -> None:
        try:
            times = process.cpu_times()
        except psutil.Error:
            return
        if steps > self._steps:
            now = time.monotonic(), times.user + times.system
            if self._last is not None and steps == self._steps + 1:
                self.watched.wall.append(now[0] - self._last[0])
                self.watched.cpu.append(now[1] - self._last[1])
            self._last, self._steps = now, steps


def measure(case: Case, folder: Path, machine: Machine) -> dict[str, Any]:
    """Train `case` for some steps in a process of its own, probe it, and train it again."""
    config = case.config()
    run, facts = made_run(case, config, folder)
    trained = watch(run)
    work = workload_of(config, machine, facts)
    clock = Clock()

    def progress(at: Any) -> None:
        for child in psutil.Process().children():
            clock.look(child, at.steps)

    probed = probe(config, machine, facts, limit_seconds=PROBE_SECONDS[case.precision], progress=progress)
    again = watch(begun_run(config, folder))
    return {
        "title": case.title,
        "engine": engine_digest(),
        "workload": work.to_json(),
        "peak_bytes": trained.peak_bytes,
        "wall": [trained.wall, again.wall],
        "cpu": [trained.cpu, again.cpu],
        "probe": probed.to_json(),
        "probe_wall": [clock.watched.wall],
        "probe_cpu": [clock.watched.cpu],
    }


def made_run(case: Case, config: TrainingConfig, folder: Path) -> tuple[Run, Any]:
    """A run directory on made-up clips; the clips are made in another process, which takes torch with it."""
    low, high = case.frames
    count = 2 * case.clips_a_step
    clips = [low + (high - low) * number // (count - 1) for number in range(count)]
    data = folder / "clips.pt"
    code = (
        "import json, sys; from pathlib import Path; from stickgen.train.trial import make_clips; "
        "make_clips(Path(sys.argv[1]), *json.loads(sys.argv[2]))"
    )
    wanted = json.dumps([clips, [high] * 8, config.model.embedding_dim])
    subprocess.run([sys.executable, "-c", code, str(data), wanted], check=True)
    return begun_run(config, folder), read_dataset_facts(data)


def begun_run(config: TrainingConfig, folder: Path) -> Run:
    """A run directory on the clips that are there."""
    return create_run(config, root=folder, data_path=str(folder / "clips.pt"), max_steps=STEPS, trial=True)


def watch(run: Run) -> Watched:
    """Train `run` to its end."""
    clock, reader, steps = Clock(), RecordReader(run.metrics_path), 0
    with run.log_path.open("wb") as log:
        trainer = psutil.Popen(
            [sys.executable, "-m", "stickgen.train", str(run.path)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **ENVIRONMENT},
        )  # fmt: skip
        while trainer.poll() is None:
            clock.watched.peak_bytes = max(clock.watched.peak_bytes, peak_rss_bytes(trainer))
            steps += sum(record["kind"] == "train" for record in reader.read_new())
            clock.look(trainer, steps)
            time.sleep(0.03)
    if trainer.returncode != 0:
        raise SystemExit(f"{run.name}: the trainer failed\n{run.log_path.read_text()[-2000:]}")
    return clock.watched


# -- what the figures say


@dataclass(frozen=True)
class Row:
    """A measured case and what was predicted of it; times are of a step."""

    title: str
    work: Workload
    peak: float
    probe: Measurement
    wall: float
    cpu: float
    probe_wall: float
    probe_cpu: float


def read_rows(path: Path) -> list[Row]:
    """The measured cases, each as it was measured last."""
    threads = psutil.cpu_count(logical=False) or 1
    found = {}
    for one in json.loads(path.read_text()) if path.exists() else []:

        def middle(processes: list[list[float]]) -> float:
            # of every second step: before the others it validated and saved
            return statistics.median(second for steps in processes for second in steps[::2])

        found[one["title"]] = Row(
            one["title"], Workload(**one["workload"]), one["peak_bytes"], Measurement.from_json(one["probe"]),
            middle(one["wall"]), middle(one["cpu"]) / threads,
            middle(one["probe_wall"]), middle(one["probe_cpu"]) / threads,
        )  # fmt: skip
    return list(found.values())


def report(rows: list[Row], machine: Machine) -> None:
    """The table: errors as signed shares of what was measured."""
    plain = Calibration(machine)
    errors: dict[str, list[float]] = {
        name: [] for name in ("arith", "others", "probe", "t arith", "t others", "t cpu", "t wall")
    }
    inside = 0
    print(
        f"{'config':<36} {'MiB':>6} {'arith.':>7} {'others':>7} {'probe':>7}   {'s/step':>7} {'arith.':>7} {'others':>7} {'probe':>7}  {'wall':>7} {'probe':>7}"
    )
    for row in rows:
        origin = origin_of(machine)
        mine = replace(row.probe, origin=origin)
        rest = [replace(other.probe, origin=origin) for other in rows if other is not row]
        memories = {
            "arith": plain.memory(row.work),
            "others": Calibration(machine, rest).memory(row.work),
            "probe": Calibration(machine, [mine]).memory(row.work),
        }
        for name, answer in memories.items():
            errors[name].append(answer.prediction.value / row.peak - 1)
        inside += memories["others"].prediction.low <= row.peak <= memories["others"].prediction.high
        seconds = plain.step_seconds(row.work).prediction.value
        errors["t arith"].append(seconds / row.cpu - 1)
        timed = [
            replace(other.probe, origin=origin, seconds_per_step=other.probe_cpu)
            for other in rows
            if other is not row
        ]
        seconds = Calibration(machine, timed).step_seconds(row.work).prediction.value
        errors["t others"].append(seconds / row.cpu - 1)
        for name, probed, measured in (
            ("t cpu", row.probe_cpu, row.cpu),
            ("t wall", row.probe_wall, row.wall),
        ):
            of = Calibration(machine, [replace(mine, seconds_per_step=probed)])
            errors[name].append(of.step_seconds(row.work).prediction.value / measured - 1)
        last = {name: values[-1] for name, values in errors.items()}
        print(
            f"{row.title:<36} {row.peak / MIB:6.0f} {last['arith']:+7.1%} {last['others']:+7.1%} {last['probe']:+7.1%}   "
            f"{row.cpu:7.2f} {last['t arith']:+7.1%} {last['t others']:+7.1%} {last['t cpu']:+7.1%}  {row.wall:7.2f} {last['t wall']:+7.1%}"
        )
    for label, figure in (("median error", statistics.median), ("largest error", max)):
        at = {name: figure([abs(value) for value in values]) for name, values in errors.items()}
        print(
            f"{label:<43} {at['arith']:7.1%} {at['others']:7.1%} {at['probe']:7.1%}   "
            f"{'':7} {at['t arith']:7.1%} {at['t others']:7.1%} {at['t cpu']:7.1%}  {'':7} {at['t wall']:7.1%}"
        )
    print(
        f"{inside} of {len(rows)} peaks lie in the interval that was predicted from the other configs' probes"
    )


# -- fitting


def fit(rows: list[Row], machine: Machine) -> None:
    """Least squares of relative errors, by non-negative constants."""
    import numpy as np
    from scipy.optimize import nnls

    peaks = np.array([max(row.peak, row.probe.peak_memory_bytes) for row in rows])
    names = ["BASE_BYTES", "BF16_KERNEL_BYTES", "RETENTION fp32", "RETENTION bf16", "GRADIENT_RETENTION"]
    table, rest = [], []
    for row, peak in zip(rows, peaks, strict=True):
        parts, low = memory.memory_parts(row.work), row.work.precision == "bf16"
        live = memory.live_bytes(row.work)
        table.append([1.0, float(low), 0.0 if low else live, live if low else 0.0, 4.0 * row.work.trained])
        rest.append(peak - parts.states + parts.retained)
    weights = 1 / peaks
    found, _ = nnls(np.array(table) * weights[:, None], np.array(rest) * weights)
    for name, value in zip(names, found, strict=True):
        print(
            f"{name:<20} {value / MIB if 'BYTES' in name else value:8.2f} {'MiB' if 'BYTES' in name else ''}"
        )

    for precision in ("fp32", "bf16"):
        chosen = [row for row in rows if row.work.precision == precision]
        table, times = [], []
        for row in chosen:
            cost, rates = speed.step_cost(row.work), machine.cpu_speed
            assert rates is not None
            rate = (
                rates.gflops_fp32
                if precision == "fp32"
                else rates.gflops_bf16 or rates.gflops_fp32 * speed.EMULATED
            )
            table.append(
                [cost.flops / (rate * 1e9), cost.bytes_moved / (rates.gbytes_per_second * 1e9), cost.kernels]
            )
            times.append(row.cpu)
        weights = 1 / np.array(times)
        found, _ = nnls(np.array(table) * weights[:, None], np.ones(len(times)))
        shares = [f"{1 / value:.3f}" if value else "none" for value in found[:2]]
        print(
            f"{precision}: PRODUCTS_SHARE {shares[0]}, MEMORY_SHARE {shares[1]}, KERNEL_SECONDS {found[2]:.2e}"
        )


def main() -> None:
    """Measure, report or fit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("measure", "report", "fit"))
    parser.add_argument("--only", default="", help="the cases with this in their title")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no case after so many")
    parser.add_argument("--json", type=Path, default=Path("planner_error.json"), help="the figures")
    options = parser.parse_args()
    machine = detect()
    if options.what == "measure":
        began = time.monotonic()
        done = json.loads(options.json.read_text()) if options.json.exists() else []
        known = {one["title"] for one in done if one["engine"] == engine_digest()}
        for case in CASES:
            if case.title in known or options.only not in case.title:
                continue
            if time.monotonic() - began > 60 * options.minutes:
                break
            with tempfile.TemporaryDirectory(prefix="stickgen-bench-") as folder:
                done.append(measure(case, Path(folder), machine))
            options.json.write_text(json.dumps(done))
            report([row for row in read_rows(options.json) if row.title == case.title], machine)
        return
    rows = read_rows(options.json)
    (report if options.what == "report" else fit)(rows, machine)


if __name__ == "__main__":
    main()

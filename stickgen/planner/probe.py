"""Measures a config instead of predicting it: runs the real trainer in a process that can be killed.

The trainer gets a run directory of its own in the cache folder, and made-up clips as long as those of the dataset. No
run or dataset of the user is touched. It trains, validates and saves in short epochs until its peak settles: the
heap fragments over many steps, and after only one or two the peak reads 3 to 25 % low.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from stickgen.children import child_environment
from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.folders import cache_path
from stickgen.hardware.contention import Contention
from stickgen.hardware.machine import Machine
from stickgen.hardware.resident import children_of, peak_rss_bytes
from stickgen.planner.arithmetic.memory import CUDA_CONTEXT_BYTES
from stickgen.planner.arithmetic.workload import Workload, at_once, usual_frames, workload_of
from stickgen.planner.decisions.batch_shapes import frames_at_once
from stickgen.planner.decisions.validation import validation_batch
from stickgen.planner.estimate import estimate
from stickgen.planner.measured.calibration import Calibration
from stickgen.planner.measured.measurements import Measurement, origin_of
from stickgen.record_log import RecordReader, last_record
from stickgen.run_contract import EventKind, Field, RecordKind
from stickgen.runs.store import Run, create_run
from stickgen.runs.supervisor import ENVIRONMENT
from stickgen.runs.trainings import Neighbours
from stickgen.text import clean
from stickgen.yaml_edit import Document

if TYPE_CHECKING:
    from stickgen.datasets.facts import DatasetFacts

SECONDS = 180.0  # a probe ends by then with what it has
STEP_SECONDS = 4.0  # a step is cut to as many micro-batches as fit into this
STEPS_AN_EPOCH = 2  # it validates and saves after each epoch, as a run does
LEAST_EPOCHS = 3
SETTLED = 0.01  # the peak has settled if it grew by a smaller share in the last two epochs
POLL_SECONDS = 0.1
OLD_SECONDS = 24 * 3600.0  # age at which a folder left behind by a killed probe is removed


@dataclass(frozen=True)
class ProbeProgress:
    """The progress of a probe."""

    steps: int
    peak_bytes: int
    seconds: float  # since its start
    seconds_left: float  # at most


def probe(
    config: TrainingConfig,
    machine: Machine,
    facts: DatasetFacts | None,
    *,
    calibration: Calibration | None = None,
    limit_seconds: float = SECONDS,
    progress: Callable[[ProbeProgress], None] = lambda _: None,
) -> Measurement:
    """Train `config` on made-up clips until its peak memory settles, for `limit_seconds` at most.

    Without `facts`, every clip is `data.max_frames` long. Raises StickgenError if the trainer fails or no step ends
    in time. KeyboardInterrupt ends the child process too.
    """
    short = shortened(config, machine, facts, calibration or Calibration(machine), limit_seconds)
    work = workload_of(short, machine, facts)
    with _folder() as folder:
        run = create_run(
            short, root=folder, data_path=str(folder / "run" / "clips.pt"), path=folder / "run", trial=True
        )
        steps_clips = STEPS_AN_EPOCH * short.effective_batch
        validation = validation_batch(short.training.batch_size)
        clips = {
            "train": lengths(short, facts, steps_clips),
            "validation": lengths(short, facts, validation),
            "embedding_dim": work.embedding_dim,
        }
        (run.path / "clips.json").write_text(json.dumps(clips))
        with _trainer(run) as trainer:
            return _watch(run, trainer, work, machine, limit_seconds, progress)


def shortened(
    config: TrainingConfig,
    machine: Machine,
    facts: DatasetFacts | None,
    calibration: Calibration,
    limit_seconds: float = SECONDS,
) -> TrainingConfig:
    """Return `config` with steps of a few seconds: fewer micro-batches of the same size, no samples and no evaluations."""
    answer = estimate(config, machine, facts, calibration=calibration)
    # on a CPU micro-batches are cut where tensors grow too large; more clips than that only take time
    most = frames_at_once(config.model.d_model, config.model.patch_frames, answer.device)
    batch = at_once(config.training.batch_size, usual_frames(config, facts)[1], most)
    a_clip = answer.seconds_per_step.value / config.effective_batch
    count = min(max(int(STEP_SECONDS / (a_clip * batch)), 2), max(config.effective_batch // batch, 1))
    document = Document.parse(config.bytes, config.name)
    for path, value in {
        "training.batch_size": batch,
        "training.grad_accum_steps": count,
        "training.compile": "always" if answer.compiled else "never",
        "training.epochs": 1_000_000,
        "training.warmup_epochs": 1000,
        "training.max_minutes": 2 * limit_seconds / 60 + 1,  # so that it ends even if nothing else ends it
        "logging.log_interval": 1,
        "logging.save_interval": 1,
        "logging.save_minutes": 0.0,
        "logging.sample_minutes": 0.0,
        "evaluation.every_minutes": 0.0,
    }.items():
        document.set(path, value)
    return TrainingConfig.from_bytes(document.data, config.name)


def lengths(config: TrainingConfig, facts: DatasetFacts | None, clips: int) -> list[int]:
    """Return the lengths of `clips` made-up clips, with the dataset's mean and maximum; all long without facts.

    They follow a power law, least + (longest − least)·uᵖ over even u, whose mean is
    least + (longest − least) / (p + 1).
    """
    longest = usual_frames(config, facts)[0]
    if facts is None:
        return [longest] * clips
    longest = min(facts.longest_frames, longest)
    mean = min(facts.mean_frames, float(longest))
    least = max(min(mean / 2, mean - (longest - mean) / 4), 1.0)
    power = (longest - least) / max(mean - least, 1e-9) - 1
    step = [round(least + (longest - least) * (index / max(clips - 1, 1)) ** power) for index in range(clips)]
    return [max(frames, 1) for frames in step]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder that is removed afterwards. It is in the cache folder because /tmp may be in memory."""
    cache = cache_path("probe").parent
    try:
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob("probe-*"):
            if time.time() - old.stat().st_mtime > OLD_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
        made = tempfile.mkdtemp(prefix="probe-", dir=cache)
    except OSError as error:
        raise StickgenError(
            f"{cache}: the probe cannot create its folder there ({error.strerror}); check the disk and the permissions"
        ) from error
    try:
        yield Path(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def _trainer(run: Run) -> Iterator[psutil.Popen]:
    with run.log_path.open("wb") as log:
        trainer = psutil.Popen(
            [sys.executable, "-m", "stickgen.train.trial", str(run.path)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=child_environment(**ENVIRONMENT),
        )  # fmt: skip
    try:
        yield trainer
    finally:
        for process in [*children_of(trainer), trainer]:
            with contextlib.suppress(psutil.Error):
                process.kill()
        trainer.wait()


def _watch(
    run: Run,
    trainer: psutil.Popen,
    work: Workload,
    machine: Machine,
    limit_seconds: float,
    progress: Callable[[ProbeProgress], None],
) -> Measurement:
    reader = RecordReader(run.metrics_path)
    began = time.monotonic()
    peak = device_peak = 0
    seconds: list[float] = []
    peaks: list[int] = []  # at the end of each epoch
    contention, neighbours = Contention(trainer.pid), Neighbours(run)
    while True:
        neighbours.look()
        peak = max(peak, peak_rss_bytes(trainer))
        for record in reader.read_new():
            if record.get(Field.KIND) == RecordKind.TRAIN:
                if not seconds:
                    contention = Contention(trainer.pid)  # from the first step on
                seconds.append(work.clips / record[Field.SEQUENCES_PER_SECOND])
                device_peak = max(device_peak, record.get(Field.DEVICE_MEMORY_BYTES) or 0)
            elif record.get(Field.KIND) == RecordKind.VAL and len(seconds) > len(peaks) * STEPS_AN_EPOCH:
                peaks.append(peak)
        spent = time.monotonic() - began
        progress(ProbeProgress(len(seconds), device_peak or peak, spent, max(limit_seconds - spent, 0.0)))
        if trainer.poll() is not None:
            raise StickgenError(f"the probe's trainer failed: {_last_words(run, trainer.returncode)}")
        if has_settled(peaks) or (spent > limit_seconds and len(seconds) > 1):
            break
        if spent > limit_seconds:
            raise StickgenError(
                f"the probe did not finish a step within {limit_seconds:.0f} s; allow more with --probe-seconds"
            )
        time.sleep(POLL_SECONDS)
    on_gpu = work.device == "cuda"
    return Measurement(
        origin_of(machine), work, device_peak + CUDA_CONTEXT_BYTES if on_gpu else peak,
        statistics.median(seconds[1:]), len(seconds), "probe", time.time(),
        contention.contended or neighbours.contended,
    )  # fmt: skip


def has_settled(peaks: list[int]) -> bool:
    """Whether `peaks`, one per epoch, have stopped growing."""
    return len(peaks) >= LEAST_EPOCHS and peaks[-1] <= (1 + SETTLED) * peaks[-LEAST_EPOCHS]


def _last_words(run: Run, code: int) -> str:
    said = last_record(run.events_path, event=EventKind.FAILED)
    if said is not None:
        return clean(said.get(Field.MESSAGE, ""), single_line=True, limit=300)
    if code == -9:
        return "killed (SIGKILL), most likely because memory ran out"
    try:
        lines = run.log_path.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return clean(lines[-1] if lines else f"exit code {code}", single_line=True, limit=300)

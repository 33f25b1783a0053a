"""Measure a config instead of predicting it: real steps of the real trainer, in a process that can be killed.

The trainer gets a run directory of its own in the cache folder and clips that are made up to the lengths of
the dataset; no run and no dataset of the person is touched. It trains, validates and saves in short epochs,
until its peak has settled: a heap fragments over many steps, and one or two of them read 3 to 25 % low.
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
from stickgen.planner.arithmetic.workload import Workload, at_once, frames_at_once, padded_frames, workload_of
from stickgen.planner.estimate import estimate
from stickgen.planner.measured.calibration import Calibration
from stickgen.planner.measured.measurements import Measurement, origin_of
from stickgen.record_log import RecordReader, last_record
from stickgen.run_contract import EventKind, Field, RecordKind
from stickgen.runs.store import Run, create_run
from stickgen.runs.supervisor import ENVIRONMENT
from stickgen.text import clean
from stickgen.yaml_edit import Document

if TYPE_CHECKING:
    from stickgen.datasets.facts import DatasetFacts

SECONDS = 180.0  # a probe ends then at the latest, with what it has
STEP_SECONDS = 4.0  # micro-batches of a step: as many as the config has, or as fit into this
STEPS_AN_EPOCH = 2  # and at each epoch's end it validates and saves, as a run does
LEAST_EPOCHS = 3
SETTLED = 0.01  # the peak grew by less, as a share, in the last two epochs
POLL_SECONDS = 0.1
VALIDATION_CLIPS = (8, 32)  # least and most of a batch in validation, as in `stickgen.train.loop`
OLD_SECONDS = 24 * 3600.0  # a folder that a killed probe left behind is swept away then


@dataclass(frozen=True)
class ProbeProgress:
    """How far a probe is."""

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
    """Train `config` on made-up clips until its peak memory has settled, or for `limit_seconds`.

    Without `facts` every clip is `data.max_frames` long. Raises StickgenError when the trainer fails or no
    step ends in time; KeyboardInterrupt ends the child too.
    """
    short = shortened(config, machine, facts, calibration or Calibration(machine), limit_seconds)
    work = workload_of(short, machine, facts)
    with _folder() as folder:
        run = create_run(
            short, root=folder, data_path=str(folder / "run" / "clips.pt"), path=folder / "run", trial=True
        )
        steps_clips = STEPS_AN_EPOCH * short.effective_batch
        validation = min(max(work.batch_size, VALIDATION_CLIPS[0]), VALIDATION_CLIPS[1])
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
    """`config` with steps of some seconds: fewer micro-batches, each as it is, and nothing drawn."""
    answer = estimate(config, machine, facts, calibration=calibration)
    # on a CPU a micro-batch is cut where its tensors grow too large: what is beyond that only takes time
    most = frames_at_once(config.model.d_model, config.model.patch_frames, answer.device)
    batch = at_once(config.training.batch_size, padded_frames(config, facts)[1], most)
    a_clip = answer.seconds_per_step.value / config.effective_batch
    count = min(max(int(STEP_SECONDS / (a_clip * batch)), 2), max(config.effective_batch // batch, 1))
    document = Document.parse(config.bytes, config.name)
    for path, value in {
        "training.batch_size": batch,
        "training.grad_accum_steps": count,
        "training.compile": "always" if answer.compiled else "never",
        "training.epochs": 1_000_000,
        "training.warmup_epochs": 1000,
        "training.max_minutes": 2 * limit_seconds / 60 + 1,  # its own end, should nobody be there to end it
        "logging.log_interval": 1,
        "logging.save_interval": 1,
        "logging.save_minutes": 0.0,
        "logging.sample_minutes": 0.0,
    }.items():
        document.set(path, value)
    return TrainingConfig.from_bytes(document.data, config.name)


def lengths(config: TrainingConfig, facts: DatasetFacts | None, clips: int) -> list[int]:
    """Frames of made-up clips: the dataset's mean and longest, in each step's worth; all long without facts.

    Between them they follow a power law, least + (longest − least)·uᵖ over even u, whose mean is
    least + (longest − least) / (p + 1).
    """
    longest = padded_frames(config, facts)[0]
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
    """A folder that is gone afterwards; in the cache, for /tmp may be memory."""
    cache = cache_path("probe").parent
    try:
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob("probe-*"):
            if time.time() - old.stat().st_mtime > OLD_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
        made = tempfile.mkdtemp(prefix="probe-", dir=cache)
    except OSError as error:
        raise StickgenError(f"{cache}: the probe has no room to work in ({error.strerror})") from error
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
    contention = Contention(trainer.pid)
    while True:
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
            raise StickgenError(f"the probe's trainer ended: {_last_words(run, trainer.returncode)}")
        if has_settled(peaks) or (spent > limit_seconds and len(seconds) > 1):
            break
        if spent > limit_seconds:
            raise StickgenError(
                f"no step of the probe ended within {limit_seconds:.0f} s; give it longer with --probe-seconds"
            )
        time.sleep(POLL_SECONDS)
    on_gpu = work.device == "cuda"
    return Measurement(
        origin_of(machine), work, device_peak + CUDA_CONTEXT_BYTES if on_gpu else peak,
        statistics.median(seconds[1:]), len(seconds), "probe", time.time(), contention.contended,
    )  # fmt: skip


def has_settled(peaks: list[int]) -> bool:
    """Whether the peak at the end of each epoch has stopped growing."""
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

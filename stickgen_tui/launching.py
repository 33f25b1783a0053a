"""Before and at a launch: what a config would cost, what stands in its way, and the run itself.

All of it calls the engine's torch-free rooms and may take a moment: run it in a worker.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen.errors import StickgenError
from stickgen_tui.quantities import byte_text, count_text, duration_text
from stickgen_tui.text import clean

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.runs.dataset_facts import DatasetFacts
    from stickgen.runs.store import Run


@dataclass(frozen=True)
class Forecast:
    """Memory in bytes, time in seconds; `error` says why there is none."""

    parameters: int | None = None
    effective_batch: int | None = None
    device: str = ""
    peak_bytes: float | None = None
    peak_low_bytes: float | None = None
    peak_high_bytes: float | None = None
    available_bytes: float | None = None
    seconds_per_epoch: float | None = None
    seconds_total: float | None = None  # `training.max_minutes` ends it
    epochs: int | None = None
    disk_bytes: float | None = None
    dataset_missing: bool = False
    error: str | None = None


@dataclass(frozen=True)
class Check:
    """One line of the preflight: `level` is "ok", "warning" or "error"."""

    level: str
    text: str


@dataclass(frozen=True)
class Preflight:
    """What was looked at before a launch."""

    config_path: Path
    checks: tuple[Check, ...]
    forecast: Forecast

    @property
    def errors(self) -> list[Check]:
        return [check for check in self.checks if check.level == "error"]

    @property
    def warnings(self) -> list[Check]:
        return [check for check in self.checks if check.level == "warning"]


def shown_path(path: Path) -> str:
    """Relative to this folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def forecast(data: bytes, name: str) -> Forecast:
    """The forecast of the config in `data`; what goes wrong is in its `error`."""
    from stickgen.config.loading import TrainingConfig

    try:
        return forecast_of(TrainingConfig.from_bytes(data, name))
    except StickgenError as error:
        return Forecast(error=clean(error, single_line=True, limit=300))


def forecast_of(config: TrainingConfig) -> Forecast:
    """The forecast of a config on this machine: its size, its batch, and what memory there is."""
    from stickgen.hardware.machine import local_machine_fast
    from stickgen.planner.calibration import calibration_of
    from stickgen.planner.estimate import estimate
    from stickgen.runs.dataset_facts import dataset_path, read_dataset_facts

    facts = read_dataset_facts(dataset_path(config))
    machine = local_machine_fast()
    answer = estimate(config, machine, facts, calibration=calibration_of(machine))
    return Forecast(
        parameters=answer.parameters,
        effective_batch=answer.effective_batch,
        device=answer.device,
        peak_bytes=answer.peak_memory.value,
        peak_low_bytes=answer.peak_memory.low,
        peak_high_bytes=answer.peak_memory.high,
        available_bytes=answer.memory_free_bytes,
        seconds_per_epoch=answer.seconds_per_epoch.value if answer.seconds_per_epoch else None,
        seconds_total=answer.seconds_total.value if answer.seconds_total else None,
        epochs=int(config.get("training.epochs")),
        disk_bytes=answer.disk_bytes,
        dataset_missing=facts is None,
    )


def preflight(path: Path) -> Preflight:
    """Look at everything a launch of `path` needs. Never raises for a bad config: it is an error line."""
    from stickgen.config.loading import TrainingConfig
    from stickgen.runs.dataset_facts import dataset_path, read_dataset_facts
    from stickgen.runs.preflight import refusals

    try:
        config = TrainingConfig(path)
        cost = forecast_of(config)
    except StickgenError as error:
        sentence = clean(error, limit=400)
        return Preflight(path, (Check("error", sentence),), Forecast(error=sentence))
    data = dataset_path(config)
    checks = [Check("error", sentence) for sentence in refusals(config, starts_from_weights=False)]
    checks.append(_dataset_check(data, read_dataset_facts(data), config))
    if cost.peak_bytes is not None:
        checks.append(_memory_check(cost))
    size = f"{count_text(cost.parameters)} parameters, effective batch {cost.effective_batch}, {cost.epochs} epochs"
    if cost.seconds_per_epoch is not None and cost.epochs is not None:
        size += (
            f" of about {duration_text(cost.seconds_per_epoch)}, {duration_text(cost.seconds_total)} in all"
        )
    checks.append(Check("ok", size))
    return Preflight(path, tuple(checks), cost)


def _dataset_check(path: Path, facts: DatasetFacts | None, config: TrainingConfig) -> Check:
    shown = clean(shown_path(path), single_line=True)
    if not path.is_file():
        return Check("error", f"no dataset at {shown}: make one with `stickgen data import ARCHIVES… -o {shown}`, "
                     f"then `stickgen data embed {shown}`")  # fmt: skip
    if facts is None:
        return Check("warning", f"{shown} has no facts beside it: the run will check it when it starts")
    width = config.get("model.embedding_dim")
    if facts.embedding_dim is None:
        return Check("error", f"{shown} has no text embeddings yet: `stickgen data embed {shown}`")
    if facts.embedding_dim != width:
        return Check("error", f"{shown} has embeddings of {facts.embedding_dim}, the config asks for {width}: "
                     f"set model.embedding_dim to {facts.embedding_dim}")  # fmt: skip
    return Check("ok", f"dataset {shown}: {facts.clips:,} clips, embeddings of {width}")


def _memory_check(cost: Forecast) -> Check:
    text = f"peak memory about {byte_text(cost.peak_bytes)} of {byte_text(cost.available_bytes)} on {cost.device}"
    if cost.peak_bytes is None or not cost.available_bytes:
        return Check("warning", "the memory it will need is not known")
    if cost.peak_bytes > cost.available_bytes:
        return Check("warning", f"{text}: it will not fit; lower training.batch_size or model.d_model")
    return Check("ok", text)


def start(path: Path, root: Path | None) -> Run:
    """Create a run of the config at `path` and launch it, detached. Raises StickgenError."""
    from stickgen.config.loading import TrainingConfig
    from stickgen.runs.dataset_facts import dataset_path
    from stickgen.runs.launch import launch
    from stickgen.runs.store import create_run, runs_root

    config = TrainingConfig(path)
    run = create_run(
        config, root=root or runs_root(), argv=list(sys.argv), data_path=str(dataset_path(config))
    )
    launch(run)
    return run

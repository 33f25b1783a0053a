"""What a run directory says of itself: its paths, and what the files at them hold. It only reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from stickgen.foreign_files import read_json, read_regular
from stickgen.run_contract import MAX_CONFIG_BYTES, File
from stickgen.runs.checkpoint_folders import checkpoint_folders
from stickgen.runs.heartbeat import whole_heartbeat
from stickgen.runs.identity import problem_of, read_identity

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig


class _At:
    """A path in a run directory, made when it is asked for: who lists a thousand runs asks for few."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, run: RunDirectory, kind: type[RunDirectory]) -> Path:
        return run.path / self._name


class RunDirectory:
    """One run directory, to be read."""

    config_path = _At(File.CONFIG)
    metrics_path = _At(File.METRICS)
    curves_path = _At(File.CURVES)
    events_path = _At(File.EVENTS)
    log_path = _At(File.LOG)
    samples_dir = _At(File.SAMPLES)
    checkpoints_dir = _At(File.CHECKPOINTS)
    control_dir = _At(File.CONTROL)
    lock_path = _At(File.RUN_LOCK)
    launch_lock_path = _At(File.LAUNCH_LOCK)
    exit_path = _At(File.EXIT)
    live_path = _At(File.LIVE)

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.name = self.path.name

    @property
    def identity(self) -> dict[str, Any]:
        """run.json: what runs, from what, where. Empty if it cannot be read: see `identity_problem`."""
        try:
            return read_identity(self.path)
        except (OSError, ValueError):
            return {}

    @property
    def identity_problem(self) -> str | None:
        """Why run.json cannot be read, in words; None if it can."""
        return problem_of(self.path)

    @property
    def checkpoints(self) -> list[Path]:
        """The folders of its checkpoints, the newest last; whether they are whole is found out on use."""
        return checkpoint_folders(self.checkpoints_dir)

    @property
    def launches(self) -> list[dict[str, Any]]:
        """The launches so far, oldest first: process, supervisor, start. Their count is the launch number."""
        launches = self.identity.get("launches")
        return [x for x in launches if isinstance(x, dict)] if isinstance(launches, list) else []

    @property
    def exit(self) -> dict[str, Any]:
        """exit.json: how the trainer ended; empty while it has not."""
        return _read_or_nothing(self.exit_path)

    @property
    def config_bytes(self) -> bytes:
        """The exact config of this run."""
        return read_regular(self.config_path, MAX_CONFIG_BYTES)

    def config(self) -> TrainingConfig:
        """The config of this run, read with the defaults of its time. Raises ConfigError, OSError."""
        from stickgen.config.loading import TrainingConfig

        noted = self.identity.get("defaults")
        defaults = noted if isinstance(noted, int) else 1
        return TrainingConfig.from_bytes(self.config_bytes, str(self.config_path), defaults=defaults)

    def heartbeat(self) -> dict[str, Any]:
        """The last sign of life; empty before the first."""
        return whole_heartbeat(lambda: _read_or_nothing(self.path / File.HEARTBEAT))


def _read_or_nothing(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except (OSError, ValueError):
        return {}

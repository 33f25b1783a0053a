"""Run directories: what they hold, who is running, and how they ended. Plain files, read by either side.

Status is derived at each look and never stored, so it cannot lie after a crash.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from stickgen.atomic import write_bytes, write_text
from stickgen.errors import StickgenError

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig

STALLED_AFTER_SECONDS = 120.0
STARTING_SECONDS = 60.0
_WORDS = [
    "amber",
    "brisk",
    "calm",
    "clear",
    "dapper",
    "eager",
    "fleet",
    "gentle",
    "happy",
    "keen",
    "light",
    "lively",
    "merry",
    "mild",
    "nimble",
    "proud",
    "quick",
    "quiet",
    "ready",
    "sunny",
    "swift",
    "tidy",
    "warm",
    "wise",
]
_NOUNS = [
    "badger",
    "crane",
    "deer",
    "falcon",
    "finch",
    "fox",
    "gecko",
    "hare",
    "heron",
    "ibex",
    "jay",
    "lark",
    "lynx",
    "marten",
    "newt",
    "otter",
    "owl",
    "panda",
    "puma",
    "robin",
    "seal",
    "stork",
    "swan",
    "wren",
]


class Status(StrEnum):
    """How a run is. `died`: the trainer is gone and nobody wrote how it ended."""

    STARTING = "starting"
    RUNNING = "running"
    STALLED = "stalled"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    DIED = "died"


@dataclass(frozen=True)
class State:
    """The status, why, and how far it is."""

    status: Status
    reason: str
    step: int = 0
    total_steps: int = 0
    phase: str = ""

    @property
    def alive(self) -> bool:
        """Whether a trainer process is there."""
        return self.status in {Status.STARTING, Status.RUNNING, Status.STALLED}


def boot_seconds() -> float:
    """Seconds since boot, asleep or awake: no change of the clock moves it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def boot_id() -> str:
    """What tells this boot from the others; empty where the system has no such thing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()))


class Run:
    """One run directory."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.name = self.path.name
        self.config_path = self.path / "config.yaml"
        self.metrics_path = self.path / "metrics.jsonl"
        self.events_path = self.path / "events.jsonl"
        self.log_path = self.path / "train.log"
        self.samples_dir = self.path / "samples"
        self.checkpoints_dir = self.path / "checkpoints"
        self.control_dir = self.path / "control"
        self.lock_path = self.path / "run.lock"
        self.exit_path = self.path / "exit.json"

    @property
    def identity(self) -> dict[str, Any]:
        """run.json: what runs, from what, where. Empty if it cannot be read."""
        return _read_json(self.path / "run.json")

    def update_identity(self, **facts: Any) -> None:
        """Add facts to run.json, atomically."""
        write_text(self.path / "run.json", json.dumps({**self.identity, **facts}, indent=1), mode=0o600)

    @property
    def exit(self) -> dict[str, Any]:
        """exit.json: how the trainer ended; empty while it has not."""
        return _read_json(self.exit_path)

    @property
    def config_bytes(self) -> bytes:
        """The exact config of this run."""
        return self.config_path.read_bytes()

    def beat(self, phase: str, step: int, total_steps: int) -> None:
        """The trainer's sign of life: small, not synced, and no reason to stop if it fails."""
        beat = {"phase": phase, "step": step, "total_steps": total_steps, "boot_seconds": boot_seconds()}
        try:
            write_text(self.path / "heartbeat", json.dumps(beat), mode=0o600, durable=False)
        except OSError:
            return

    def heartbeat(self) -> dict[str, Any]:
        """The last sign of life; empty before the first."""
        return _read_json(self.path / "heartbeat")

    def state(self) -> State:
        """Derive how the run is from its lock, its process, its exit file and its heartbeat."""
        beat = self.heartbeat()
        at = (int(beat.get("step", 0)), int(beat.get("total_steps", 0)), str(beat.get("phase", "")))
        launches = self.identity.get("launches") or []
        launch = launches[-1] if launches else None
        process = _process(launch) if launch else None
        if process is not None:
            if process == psutil.STATUS_STOPPED:
                return State(Status.STALLED, "the process is paused (SIGSTOP)", *at)
            age = boot_seconds() - float(beat.get("boot_seconds", boot_seconds()))
            if age > STALLED_AFTER_SECONDS:
                return State(Status.STALLED, f"no heartbeat for {age:.0f} s", *at)
            if not beat or at[2] in {"starting", "loading"}:
                return State(Status.STARTING, at[2] or "starting", *at)
            return State(Status.RUNNING, at[2], *at)
        ended = self.exit
        if ended:
            code = ended.get("code")
            reason = str(ended.get("reason", ""))
            if code == 0:
                return State(Status.FINISHED, reason or "finished", *at)
            if code == 130:
                return State(Status.STOPPED, reason or "stopped with a checkpoint", *at)
            return State(Status.FAILED, reason or f"exit code {code}", *at)
        created = self.identity.get("created_unix", 0.0)
        if launch is None and time.time() - float(created) < STARTING_SECONDS:
            return State(Status.STARTING, "not launched yet", *at)
        return State(Status.DIED, "the trainer is gone and did not say why (killed, or the power went)", *at)


def _process(launch: dict[str, Any]) -> str | None:
    """The state of the very process that `launch` names; None if it is gone, a zombie, or another one."""
    if launch.get("boot_id") != boot_id():
        return None
    try:
        process = psutil.Process(int(launch["pid"]))
        if abs(process.create_time() - float(launch["create_time"])) > 0.5:
            return None
        status = process.status()
    except (psutil.Error, KeyError, ValueError, TypeError):
        return None
    return None if status in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD} else str(status)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


class RunLock:
    """Held by the trainer for life: one trainer a run.

    `lockf` and not `flock`, which forked data workers would inherit; on one descriptor, opened once, for
    closing any other descriptor of the file would drop the lock.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock. Raises StickgenError that names the process that holds it."""
        self._fd = os.open(self._run.lock_path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
            pid = struct.unpack("hhqqi4x", fcntl.fcntl(self._fd, fcntl.F_GETLK, holder))[4]
            host = self._run.identity.get("host", "this machine")
            raise StickgenError(
                f"{self._run.name}: a trainer is at work on this run already (process {pid} on {host})"
            ) from error


def runs_root() -> Path:
    """Where runs live: $STICKGEN_RUNS, else ./runs."""
    return Path(os.environ.get("STICKGEN_RUNS") or "runs")


def create_run(config: TrainingConfig, *, root: Path, name: str | None = None, **identity: Any) -> Run:
    """Make a new run directory (mode 0700) with its config and run.json.

    `name` replaces the two words at the end. Raises StickgenError when the place cannot be written.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(config.name).stem).strip("-.") or "config"
    words = f"{secrets.choice(_WORDS)}-{secrets.choice(_NOUNS)}"
    if name is not None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
            raise StickgenError(f"--name {name!r}: use letters, digits, dots, dashes, at most 80")
        words = name
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    run = Run(root / f"{stamp}-{stem}-{words}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        run.path.mkdir(mode=0o700)
        for folder in (run.samples_dir, run.checkpoints_dir, run.control_dir):
            folder.mkdir(mode=0o700)
        write_bytes(run.config_path, config.bytes, mode=0o600)
        run.update_identity(
            name=run.name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            created_unix=time.time(),
            host=os.uname().nodename,
            cwd=str(Path.cwd()),
            config_name=config.name,
            config_digest=config.digest,
            launches=[],
            **identity,
        )
    except OSError as error:
        raise StickgenError(f"{run.path}: cannot make the run directory ({error.strerror})") from error
    return run


def list_runs(root: Path) -> list[Run]:
    """Every run below `root`, newest first."""
    if not root.is_dir():
        return []
    return [Run(path.parent) for path in sorted(root.glob("*/run.json"), reverse=True)]


def find_run(which: str, root: Path) -> Run:
    """A run by path, by name, by an unambiguous part of it, or `latest`.

    Raises StickgenError with what there is.
    """
    if (Path(which) / "run.json").is_file():
        return Run(Path(which))
    runs = list_runs(root)
    if not runs:
        raise StickgenError(f"there are no runs in {root}; start one with: stickgen train")
    if which == "latest":
        return runs[0]
    matching = [run for run in runs if which == run.name] or [run for run in runs if which in run.name]
    if len(matching) == 1:
        return matching[0]
    names = ", ".join(run.name for run in (matching or runs)[:5])
    what = "several runs match" if matching else "no run is called"
    raise StickgenError(f"{what} {which!r}; there are {names}")

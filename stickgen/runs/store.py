"""Run directories: what they hold, how one is made and how it is found. Plain files, read by either side."""

from __future__ import annotations

import errno
import math
import os
import re
import secrets
import shlex
import stat
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stickgen.atomic import write_bytes
from stickgen.config.key import DEFAULTS
from stickgen.errors import StickgenError
from stickgen.run_contract import Field, File, Phase
from stickgen.runs.directory import RunDirectory
from stickgen.runs.heartbeat import write_heartbeat
from stickgen.runs.identity import read_identity, rebuild_identity, stamp_of, write_identity
from stickgen.runs.layout import check_own_files
from stickgen.runs.locks import exclusive
from stickgen.runs.preflight import refusals
from stickgen.runs.process import boot_id
from stickgen.runs.state import State, Status, boot_seconds, derive_state

__all__ = ["Run", "State", "Status", "create_run", "find_run", "list_runs", "runs_root"]

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig

_OUT_OF_REACH = {
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
}
_WORDS = [
    "amber", "brisk", "calm", "clear", "dapper", "eager", "fleet", "gentle", "happy", "keen", "light", "lively",
    "merry", "mild", "nimble", "proud", "quick", "quiet", "ready", "sunny", "swift", "tidy", "warm", "wise",
]  # fmt: skip
_NOUNS = [
    "badger", "crane", "deer", "falcon", "finch", "fox", "gecko", "hare", "heron", "ibex", "jay", "lark",
    "lynx", "marten", "newt", "otter", "owl", "panda", "puma", "robin", "seal", "stork", "swan", "wren",
]  # fmt: skip


class Run(RunDirectory):
    """One run directory: read, written to, and how it is now."""

    @property
    def reference(self) -> str:
        """What a person types to name this run: its name where it lies among the others, else its path."""
        return self.name if self.path.parent == runs_root().absolute() else shlex.quote(str(self.path))

    def update_identity(self, **facts: Any) -> None:
        """Add facts to run.json, atomically; of two that do so at once, neither loses its facts.

        Raises StickgenError, and writes nothing, where run.json is there and cannot be read.
        """
        with exclusive(self.path / File.IDENTITY_LOCK):
            write_identity(self.path, facts)

    def rebuild_identity(self) -> str:
        """Make a damaged run.json anew; returns from what, in words. See identity.py."""
        with exclusive(self.path / File.IDENTITY_LOCK):
            return rebuild_identity(self.path)

    def check_writable(self) -> None:
        """Raise StickgenError for the first folder of the run that no file can be made in; make those missing.

        Before that, for anything in it that leads out of it.
        """
        check_own_files(self.path)
        for folder in (self.path, self.checkpoints_dir, self.samples_dir, self.control_dir):
            try:
                if folder != self.path:
                    folder.mkdir(mode=0o700, exist_ok=True)
                with tempfile.TemporaryFile(dir=folder):
                    pass
            except OSError as error:
                raise StickgenError(f"{folder}: cannot be written ({error.strerror})") from error

    def beat(
        self,
        phase: Phase,
        step: int,
        total_steps: int,
        median_step_seconds: float | None = None,
        unwritten: int = 0,
    ) -> None:
        """The trainer's sign of life: small, not synced, and no reason to stop if it fails."""
        beat = {
            Field.PHASE: phase,
            Field.STEP: step,
            Field.TOTAL_STEPS: total_steps,
            Field.MEDIAN_STEP_SECONDS: median_step_seconds,
            Field.BOOT_SECONDS: boot_seconds(),
            Field.BOOT_ID: boot_id(),
            Field.UNWRITTEN: unwritten,
        }
        try:
            write_heartbeat(self.path / File.HEARTBEAT, beat)
        except OSError:
            return

    def state(self) -> State:
        """How the run is; see state.py. Never raises: one odd run must not hide the others."""
        try:
            return derive_state(self)
        except Exception as error:  # noqa: BLE001 - whatever somebody put there
            return State(
                Status.UNREADABLE, f"{self.path}: it cannot be read ({type(error).__name__}: {error})"
            )


def runs_root() -> Path:
    """Where runs live: $STICKGEN_RUNS, else ./runs."""
    return Path(os.environ.get("STICKGEN_RUNS") or "runs")


def create_run(
    config: TrainingConfig,
    *,
    root: Path,
    name: str | None = None,
    path: Path | None = None,
    **identity: Any,
) -> Run:
    """Make a new run directory (mode 0700) with its config and run.json.

    `name` replaces the two words at the end; `path` the whole place below `root`, and must be new or empty.
    Raises StickgenError when the place cannot be written or is taken, or the config cannot be launched here.
    """
    for sentence in refusals(config, starts_from_weights="init_from" in identity):
        raise StickgenError(sentence)
    if path is not None and (not path.is_dir() or any(path.iterdir())) and os.path.lexists(path):
        raise StickgenError(
            f"--run-dir {path}: there is something already; name a new or empty folder, or add --resume"
        )
    if name is not None:
        check_name(name)
    run = Run(path or unused_path(root, config.name, name))
    try:
        run.path.mkdir(mode=0o700, parents=True, exist_ok=path is not None)
        run.path.chmod(0o700)
        for folder in (run.samples_dir, run.checkpoints_dir, run.control_dir):
            folder.mkdir(mode=0o700)
        write_bytes(run.config_path, config.bytes, mode=0o600)
        run.update_identity(
            tracker=None if config.logging.tracker == "none" else config.logging.tracker,
            name=run.name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            created_unix=time.time(),
            host=os.uname().nodename,
            cwd=str(Path.cwd()),
            run_path=str(run.path),
            config_name=config.name,
            config_digest=config.digest,
            defaults=DEFAULTS,
            launches=[],
            **identity,
        )
    except OSError as error:
        raise StickgenError(f"{run.path}: cannot make the run directory ({error.strerror})") from error
    return run


def check_name(name: str) -> None:
    """Raise StickgenError if a run cannot be called so."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise StickgenError(f"--name {name!r}: use letters, digits, dots, dashes, at most 80")


def unused_path(root: Path, config_name: str, name: str | None = None) -> Path:
    """A folder below `root` that is not there yet: time, config and two words, or `name` in their place."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(config_name).stem).strip("-.") or "config"
    while True:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        path = root / f"{stamp}-{stem}-{name or f'{secrets.choice(_WORDS)}-{secrets.choice(_NOUNS)}'}"
        if name is not None or not path.exists():
            return path


def list_runs(root: Path) -> list[Run]:
    """Every run below `root`, the newest first by what run.json says; those that cannot be read come last."""
    try:
        names = os.listdir(root)  # noqa: PTH208 - a Path for each name costs more than the look at it
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StickgenError(f"{root}: it cannot be read ({error.strerror})") from error
    runs = [Run(root / name) for name in names if name != "lost+found" and is_run(f"{root}/{name}")]
    return sorted(runs, key=lambda run: (created_seconds(run), run.name), reverse=True)


def is_run(path: Path | str) -> bool:
    """Whether `path` is a run directory, or one that cannot be reached at this moment."""
    for name in (File.IDENTITY, File.IDENTITY_COPY):
        try:
            if not stat.S_ISDIR(os.lstat(f"{path}/{name}").st_mode):
                return True
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            return isinstance(error, OSError) and error.errno in _OUT_OF_REACH
    return False


_Stamp = tuple[int, int, int]  # inode, ns since 1970, bytes
_created: dict[str, tuple[_Stamp, float]] = {}  # by run.json, so that a thousand runs cost a look each


def created_seconds(run: Run) -> float:
    """When the run was made, in seconds since 1970; minus infinity where run.json does not say."""
    path = f"{run.path}/{File.IDENTITY}"
    try:
        status = os.lstat(path)
        stamp = status.st_ino, status.st_mtime_ns, status.st_size
        known = _created.get(path)
        if known is None or known[0] != stamp:
            known = _created[path] = stamp, _created_by(run.name, read_identity(run.path))
        return known[1]
    except (OSError, ValueError):
        return -math.inf


_TICK_SECONDS = 2.0  # a file that changed so lately may change again within the same tick of its clock


def has_settled(changed_ns: int) -> bool:
    """Whether a file that was last changed then (ns since 1970) has another time if it changes again."""
    return time.time() - changed_ns / 1e9 > _TICK_SECONDS


def know_created(path: str, stamp: _Stamp, seconds: float) -> None:
    """Take it for known when the run with this run.json was made, as long as the file has this stamp."""
    _created.setdefault(path, (stamp, seconds))


def _created_by(name: str, identity: dict[str, Any]) -> float:
    seconds = identity.get("created_unix")
    if isinstance(seconds, int | float) and not isinstance(seconds, bool):
        return float(seconds)
    stamp = stamp_of(name)
    return stamp.timestamp() if stamp is not None else 0.0


def find_run(which: str, root: Path) -> Run:
    """A run by path, by name, by an unambiguous part of it, or `latest`.

    Raises StickgenError with what there is.
    """
    if not which:  # as from a variable that is not set; it is a part of every name
        raise StickgenError("the name of the run is empty; name one, or `latest`")
    if is_run(Path(which)):
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

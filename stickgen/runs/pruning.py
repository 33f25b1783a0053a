"""Checkpoints of a run that is not going, fewer of them. Nothing but folders that a save wrote is touched."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.foreign_files import is_own_folder, read_json
from stickgen.runs.checkpoint_folders import checkpoint_folders, looks_whole
from stickgen.runs.layout import check_own_files
from stickgen.runs.locks import LaunchLock, trainer_lock_holder
from stickgen.runs.process import find_process
from stickgen.runs.store import Run


@dataclass(frozen=True)
class Pruning:
    """What would be removed from a run, and what would stay; the newest last."""

    run: Run
    removed: tuple[Path, ...]
    kept: tuple[Path, ...]
    bytes: int  # of what is removed


def plan_pruning(run: Run, *, keep: int, keep_best: bool = True) -> Pruning:
    """Keep the newest `keep` checkpoints that are whole, and the best one. What a crashed save left goes too.

    Raises StickgenError for a run that is going: its trainer prunes by itself.
    """
    state = run.state()
    if state.alive:
        raise StickgenError(f"{run.name} is {state.status}, and prunes its checkpoints itself; stop it first")
    folders = checkpoint_folders(run.checkpoints_dir)
    whole = [path for path in folders if looks_whole(path)]
    kept = set(whole[-keep:] if keep else ())
    if keep_best and (best := best_checkpoint(run)) is not None:
        kept.add(best)
    removed = [path for path in folders if path not in kept]
    removed += [path for path in sorted(run.checkpoints_dir.glob(".step_*.tmp")) if is_own_folder(path)]
    return Pruning(
        run,
        tuple(removed),
        tuple(path for path in folders if path in kept),
        sum(map(_size, removed)),
    )


def best_checkpoint(run: Run) -> Path | None:
    """The checkpoint with the best validation so far, by what the newest readable one says."""
    folders = checkpoint_folders(run.checkpoints_dir)
    for path in reversed(folders):
        try:
            step = read_json(path / "trainer.json").get("best_step")
        except (OSError, ValueError):
            continue
        name = f"step_{step:08d}" if type(step) is int else ""
        return next((folder for folder in folders if folder.name == name and looks_whole(folder)), None)
    return None


def carry_out(pruning: Pruning) -> int:
    """Remove what was planned; returns the bytes that were freed.

    The launch lock is held meanwhile, so that no launch begins from what is being removed. A folder is renamed first:
    after a crash it is one more unfinished save, and never half a checkpoint. Raises StickgenError.
    """
    run = pruning.run
    check_own_files(run.path)
    lock = LaunchLock(run)
    freed = 0
    try:
        held = lock.acquire()
        launches = run.launches
        going = trainer_lock_holder(run) is not None or (launches and find_process(launches[-1]) is not None)
        if not held or going:
            raise StickgenError(f"{run.name} has been launched meanwhile; nothing was removed")
        for path in pruning.removed:
            if not is_own_folder(path) or path.parent != run.checkpoints_dir:
                continue
            size = _size(path)
            doomed = path if path.suffix == ".tmp" else path.with_name(f".{path.name}.pruned.tmp")
            if doomed != path:
                path.rename(doomed)
            shutil.rmtree(doomed)
            freed += size
    except OSError as error:
        raise StickgenError(f"{error.filename}: cannot be removed ({error.strerror})") from error
    finally:
        lock.close()
    return freed


def _size(folder: Path) -> int:
    """Bytes on disk of the files in a folder; a link counts as itself."""
    total = 0
    for base, _, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(base) / name).lstat().st_size
            except OSError:
                continue
    return total

"""Which folders below `checkpoints/` the program wrote: a person's copy beside them is theirs, not ours."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from stickgen.foreign_files import MAX_JSON_BYTES, is_own_folder, read_json, read_regular

_NAME = re.compile(r"step_(\d{8,})(\.old)?")


def checkpoint_folders(directory: Path) -> list[Path]:
    """Checkpoints, the newest last; one that was just being replaced by another of its step before that.

    Only real folders with the very name that a save gives, and, where their trainer.json can be read, of the
    step that the name says. Whether they are whole is another question.
    """
    found = []
    try:
        paths = list(directory.iterdir()) if is_own_folder(directory) else []
    except OSError:
        paths = []
    for path in paths:
        match = _NAME.fullmatch(path.name)
        if match is not None and is_own_checkpoint(path):
            found.append((int(match[1]), match[2] is None, path))
    return [path for _, _, path in sorted(found)]


def step_of(path: Path) -> int:
    """The step that the name of a checkpoint's folder says."""
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match is not None else 0


def is_own_checkpoint(path: Path) -> bool:
    """Whether a save wrote this folder under this name."""
    match = _NAME.fullmatch(path.name)
    if match is None or not is_own_folder(path):
        return False
    try:
        data = read_regular(path / "trainer.json", MAX_JSON_BYTES)
        step = json.loads(data)["step"]
        listed = read_json(path / "MANIFEST.json")["trainer.json"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return True  # one of ours that is damaged
    damaged = listed != hashlib.sha256(data).hexdigest()
    return damaged or type(step) is not int or step == int(match[1])


def looks_whole(path: Path) -> bool:
    """Whether all files that its manifest lists are there, with their sizes; no checksum is compared."""
    try:
        manifest = read_json(path / "MANIFEST.json")
        sizes = [(path / name).lstat().st_size == listed["bytes"] for name, listed in manifest.items()]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(sizes) and all(sizes)


def newest_name(directory: Path) -> str:
    """The name of the newest checkpoint, "" if there is none."""
    folders = checkpoint_folders(directory)
    return folders[-1].name if folders else ""

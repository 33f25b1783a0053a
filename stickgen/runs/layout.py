"""Which files and folders of a run directory are the program's own."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.foreign_files import KINDS, kind_of
from stickgen.run_contract import FILES, FOLDERS, File

# what launches, and repairs of run.json, leave beside the rest; and what a crash leaves of a write
_LATER = re.compile(r"exit-\d+\.json|config-\d+\.yaml|run\.json\.damaged-\d+|\..*\.tmp")


def check_own_files(run_path: Path) -> None:
    """Raise StickgenError for a link, or something of another kind, where the program keeps a file or a folder.

    It is called before anything is written: nothing in a run directory may lead out of it.
    """
    for path, wanted in _own(run_path):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StickgenError(f"{path}: it cannot be looked at ({error.strerror})") from error
        if stat.S_IFMT(mode) != wanted:
            raise StickgenError(
                f"{path}: it is {kind_of(mode)}, where a run directory has {KINDS[wanted]} of its own; nothing in "
                "a run directory may lead out of it: put the real one there, or remove this one"
            )


def strange_entries(run_path: Path) -> list[str]:
    """What lies in a run directory and is not the program's: its names, in alphabetical order."""
    try:
        names = [path.name for path in run_path.iterdir()]
    except OSError:
        return []
    own = {*FILES, *FOLDERS}
    return sorted(name for name in names if name not in own and not _LATER.fullmatch(name))


def _own(run_path: Path) -> Iterator[tuple[Path, int]]:
    for name in FOLDERS:
        yield run_path / name, stat.S_IFDIR
    for name in FILES:
        yield run_path / name, stat.S_IFREG
    for path in _entries(run_path / File.CONTROL, ".json"):
        yield path, stat.S_IFREG
    for path in _entries(run_path / File.SAMPLES, ".json"):
        yield path, stat.S_IFREG
    for path in _entries(run_path / File.PROMPTS, ".safetensors"):
        yield path, stat.S_IFREG
    for path in _entries(run_path / File.CHECKPOINTS, ""):
        if path.name.lstrip(".").startswith("step_") and not path.is_symlink() and path.is_dir():
            for inner in _entries(path, ""):
                yield inner, stat.S_IFREG


def _entries(folder: Path, suffix: str) -> list[Path]:
    """What a real folder holds; nothing of a link."""
    try:
        return [path for path in folder.iterdir() if path.suffix == suffix or not suffix]
    except OSError:
        return []

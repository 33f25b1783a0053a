"""What a command may write over: one rule for every `-o`, and for every file that is replaced where it lies.

Never over one of its inputs, by whatever name, link or second name it is called. Never over a file of another
kind, which is somebody's, and never over what a run keeps. Over a file of the same kind only if that is asked for
(`--force`), and what may not be possible to make again is kept beside it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.run_contract import WRITTEN_FOLDERS, File

_HEAD_BYTES = 65_536
_TEXTS_OF_A_RUN = (".yaml", ".json", ".jsonl")


@dataclass(frozen=True)
class Kind:
    """A kind of file: its name with its article, how one is told, and whether a replaced one is kept."""

    name: str
    is_one: Callable[[Path], bool]
    kept: Callable[[Path], bool] = lambda path: False
    suffixes: tuple[str, ...] = ()  # those that a new one must have; () for any


def begins(*starts: bytes) -> Callable[[Path], bool]:
    """Whether a file begins with one of `starts`."""
    return lambda path: _head(path).startswith(starts)


def contains(part: bytes) -> Callable[[Path], bool]:
    """Whether `part` is in the first 64 KiB of a file."""
    return lambda path: part in _head(path)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _pickled(path: Path) -> bytes:
    """The beginning of the part of a file by torch.save that names what is in it; nothing of it is loaded."""
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith("/data.pkl") and archive.getinfo(name).compress_type == zipfile.ZIP_STORED:
                    with archive.open(name) as file:
                        return file.read(_HEAD_BYTES)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, KeyError):
        pass
    return b""


def is_dataset(path: Path) -> bool:
    """Whether stickgen wrote it as a dataset; a model or a list by torch.save is another kind of file."""
    return b"stickgen-dataset-" in _pickled(path)


def _is_config(path: Path) -> bool:
    lines = _head(path).decode("utf-8", errors="replace").splitlines()
    return any(line.startswith(("model:", "training:", "data:", "device:")) for line in lines)


PNG = Kind("a PNG picture", begins(b"\x89PNG\r\n\x1a\n"), suffixes=(".png",))
GIF = Kind("a GIF", begins(b"GIF87a", b"GIF89a"), suffixes=(".gif",))
SCHEMA = Kind("a JSON Schema", lambda path: b'"$schema"' in _head(path))
REPORT = Kind("an evaluation's report", lambda path: b"stickgen evaluate" in _head(path), suffixes=(".html",))
CURATION = Kind(
    "a curation's report", lambda path: b"stickgen data curate" in _head(path), suffixes=(".html",)
)
CONFIG = Kind("a training config", _is_config, kept=lambda path: True)


@dataclass(frozen=True)
class Output:
    """A file that a command is going to write. Looked at when it is made, before any work is done for it."""

    path: Path
    kind: Kind
    inputs: tuple[Path, ...] = ()
    force: bool = False

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise StickgenError that says why `path` must not be written, and what to do."""
        path, kind = self.path, self.kind
        if kind.suffixes and path.suffix.lower() not in kind.suffixes:
            raise StickgenError(f"{path}: what is written is {kind.name}; name a {kind.suffixes[0]} file")
        try:
            there = _there(path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no file name"
            raise StickgenError(f"{_short(path)}: cannot be written ({reason}); name another file") from error
        for given in self.inputs:
            if _same(path, there, given):
                raise StickgenError(
                    f"{path}: it is an input of this command{_by_name(path, given)} and would be lost; name another file"
                )
        if there is None:
            return
        if stat.S_ISDIR(there.st_mode):
            raise StickgenError(f"{path}: it is a folder; name a file")
        if not stat.S_ISREG(there.st_mode):
            raise StickgenError(f"{path}: it is a device or a pipe, not a file; name a new file")
        if not there.st_size:
            return
        try:
            fitting = kind.is_one(path)
        except OSError as error:
            raise StickgenError(
                f"{path}: there is a file that cannot be read ({error.strerror}); name another"
            ) from error
        if not fitting:
            raise StickgenError(
                f"{path}: there is a file already, and it is not {kind.name}; name another file"
            )
        owner = _belongs_to(path)
        if owner is not None:
            raise StickgenError(f"{path}: it belongs to {owner}; name another file")
        if not self.force:
            kept = f" and keeps the old one as {backup_path(path).name}" if kind.kept(path) else ""
            raise StickgenError(
                f"{path}: there is {kind.name} already; --force replaces it{kept}, or name another file"
            )
        if not there.st_mode & 0o222:
            raise StickgenError(
                f"{path}: it is write-protected; make it writable first, or name another file"
            )

    def make_way(self) -> Path | None:
        """Look again, right before the write, and keep what must be kept; returns where that is."""
        self.check()
        there = _there(self.path)
        if there is None or not there.st_size or not self.kind.kept(self.path):
            return None
        return keep_backup(self.path)


def backup_path(path: Path) -> Path:
    """`real.pt` → `real.pt.bak`, or the next free number after that."""
    names = (path.with_name(f"{path.name}.bak{f'.{n}' if n > 1 else ''}") for n in range(1, 10_000))
    return next(name for name in names if not os.path.lexists(name))


def keep_backup(path: Path) -> Path:
    """Give the content of `path` a second name beside it, or a copy if the disk knows no second names.

    What then replaces `path` by a rename leaves the backup as it is. Raises StickgenError if neither can be had.
    """
    backup = backup_path(path)
    real = Path(os.path.realpath(path))
    try:
        with contextlib.suppress(OSError):
            backup.hardlink_to(real)
            return backup
        shutil.copy2(real, backup)
    except OSError as error:
        backup.unlink(missing_ok=True)
        raise StickgenError(
            f"{path}: the old one could not be kept as {backup.name} ({error.strerror}); nothing was changed"
        ) from error
    return backup


def _there(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _belongs_to(path: Path) -> str | None:
    """The run or the model that keeps this file for itself; a picture that somebody drew beside them is not of it."""
    real = Path(os.path.realpath(path))
    if real.suffix in _TEXTS_OF_A_RUN and (real.parent / "model.safetensors").is_file():
        return f"the model in {real.parent}"  # an exported one, or a copy of a checkpoint
    for folder in real.parents:
        if (folder / File.IDENTITY).is_file():
            within = real.relative_to(folder)
            own = within.parts[0] in WRITTEN_FOLDERS or within.suffix in _TEXTS_OF_A_RUN
            return f"the run in {folder}" if own else None
    return None


def _same(path: Path, there: os.stat_result | None, given: Path) -> bool:
    if os.path.realpath(path) == os.path.realpath(given):
        return True
    try:
        return there is not None and os.path.samestat(there, given.stat())
    except (OSError, ValueError):
        return False


def _by_name(path: Path, given: Path) -> str:
    return "" if str(path) == str(given) else f" (as {given})"


def _short(path: Path) -> str:
    name = str(path)
    return name if len(name) <= 100 else f"{name[:60]}…{name[-20:]}"


def distinct(outputs: Sequence[Output]) -> None:
    """Raise StickgenError if two outputs of a command are one file."""
    for number, output in enumerate(outputs):
        for other in outputs[:number]:
            if _same(output.path, _there(output.path), other.path):
                raise StickgenError(
                    f"{output.path}: it is named for two outputs; give each a file of its own"
                )


def check_output_folder(folder: Path, is_one: Callable[[Path], bool], name: str, *, force: bool) -> bool:
    """Whether a folder of the same kind is to be set aside for a new one; False if nothing is in the way.

    Raises StickgenError if `folder` must not be written.
    """
    try:
        if not os.path.lexists(folder) or (folder.is_dir() and not any(folder.iterdir())):
            return False
        if not folder.is_dir():
            raise StickgenError(f"{folder}: there is something already that is no folder; name a new folder")
        if not is_one(folder):
            raise StickgenError(f"{folder}: it is there already and not empty; name a new folder")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no file name"
        raise StickgenError(f"{_short(folder)}: cannot be written ({reason}); name another folder") from error
    if not force:
        raise StickgenError(
            f"{folder}: it is there already and not empty; name a new folder, or replace it with --force, which keeps "
            f"{name} that is there as {backup_path(folder).name}"
        )
    return True

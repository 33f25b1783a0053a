"""Writes motions in a format: a file that is whole or not there, or a folder of files."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stickgen.atomic import write_bytes
from stickgen.errors import StickgenError
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import Look
from stickgen.motion_export.raster import check_motion
from stickgen.outputs import Kind, Output, backup_path, check_output_folder

# they name the format in what is ours, so that nobody else's is replaced
_MARK = ".stickgen-export"
_COMMENT = b"stickgen export: "


def _is_zipped(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment.startswith(_COMMENT)
    except zipfile.BadZipFile:
        return False


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


ZIPPED = Kind("an export in a zip file", _is_zipped, suffixes=(".zip",))


@dataclass(frozen=True)
class Place:
    """Where motions go. Looked at when it is made, before any work is done for it: see `Output`."""

    path: Path
    export: Export
    inputs: tuple[Path, ...] = ()
    force: bool = False
    count: int = 1  # how many motions there will be, if that is known

    def __post_init__(self) -> None:
        self.export.needs()
        self._check(self.count)

    def paths(self, count: int) -> list[Path]:
        """The files of so many motions: `walk.bvh`, or `walk-1.bvh`, `walk-2.bvh`, … if each has a file of its own."""
        if self.export.each is None or count == 1:
            return [self.path]
        stem, suffix = self.path.stem, self.path.suffix
        return [self.path.with_name(f"{stem}-{number + 1}{suffix}") for number in range(count)]

    def named(self, count: int) -> str:
        """What to tell a person about where so many motions are."""
        first, *others = self.paths(count)
        return f"{first} to {others[-1].name}" if others else str(first)

    @property
    def _is_folder(self) -> bool:
        return self.export.several is not None and not _is_zip(self.path)

    def _check(self, count: int) -> list[Output]:
        if self._is_folder:
            self._folder_is_there()
            for given in self.inputs:
                if Path(os.path.realpath(given)).is_relative_to(os.path.realpath(self.path)):
                    raise StickgenError(
                        f"{self.path}: an input of this command is in it; name another folder"
                    )
            return []
        kind = self.export.kind if self.export.several is None else ZIPPED
        return [Output(path, kind, self.inputs, self.force) for path in self.paths(count)]

    def _folder_is_there(self) -> bool:
        return check_output_folder(
            self.path, lambda folder: (folder / _MARK).is_file(), "the export", force=self.force
        )

    def write(self, clips: Sequence[Clip], look: Look | None = None) -> list[str]:
        """Write `clips`. Returns a sentence for each that the format cannot hold as it is.

        Raises StickgenError if a motion cannot be drawn or the disk refuses.
        """
        export, look = self.export, look or self.export.look
        for clip in clips:
            check_motion(clip.motion)
        outputs = self._check(len(clips))
        try:
            if export.each is not None:
                for output, clip in zip(outputs, clips, strict=True):
                    _write_file(output, export.each(clip, look))
            elif export.several is not None:
                files = export.several(clips, look)
                if self._is_folder:
                    self._write_folder(files)
                else:
                    _write_file(outputs[0], _zipped(files, export.name))
            elif export.render is not None:
                _write_file(outputs[0], export.render(clips, look))
        except OSError as error:
            raise StickgenError(
                f"{self.path}: it could not be written ({error.strerror or error})"
            ) from error
        named = self.paths(len(clips)) if export.each is not None else [self.path] * len(clips)
        lost = [(path, export.lost(clip)) for path, clip in zip(named, clips, strict=True)]
        return [f"{path}: {sentence}" for path, sentence in lost if sentence]

    def _write_folder(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Under another name first, so that the folder is whole or not there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.", dir=self.path.parent))
        try:
            for name, content in files:
                place = made / name
                place.parent.mkdir(parents=True, exist_ok=True)
                write_bytes(place, content, durable=False)
            write_bytes(made / _MARK, self.export.name.encode())
            umask = os.umask(0)
            os.umask(umask)
            made.chmod(0o777 & ~umask)
            if self._folder_is_there():
                self.path.rename(backup_path(self.path))
            made.rename(self.path)  # over an empty folder, or where nothing is
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise


def is_written(path: Path, export: Export) -> bool:
    """Whether motions are at `path` already, in this format. They are whole: a file or folder is written whole or not."""
    try:
        if export.several is None:
            return export.kind.is_one(path)
        return _is_zipped(path) if _is_zip(path) else (path / _MARK).is_file()
    except (OSError, ValueError):
        return False


def _write_file(output: Output, content: bytes) -> None:
    output.make_way()
    write_bytes(output.path, content)


def _zipped(files: Iterable[tuple[str, bytes]], name: str) -> bytes:
    """The files as a zip archive, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = _COMMENT + name.encode()
        for inside, content in files:
            entry = zipfile.ZipInfo(inside)  # of 1980, where time begins in a zip file
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()

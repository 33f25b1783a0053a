"""Writes motions in a format: a file that is whole or not there, or a folder of files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stickgen.atomic import write_bytes
from stickgen.errors import StickgenError
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import Look
from stickgen.motion_export.raster import check_motion
from stickgen.outputs import Output, backup_path, check_output_folder

_MARK = ".stickgen-export"  # names the format in a folder of ours, so that nobody else's is replaced


@dataclass(frozen=True)
class Place:
    """Where motions go. Looked at when it is made, before any work is done for it: see `Output`."""

    path: Path
    export: Export
    inputs: tuple[Path, ...] = ()
    force: bool = False

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> Output | bool:
        if self.export.several is None:
            return Output(self.path, self.export.kind, self.inputs, self.force)
        return check_output_folder(
            self.path, lambda folder: (folder / _MARK).is_file(), "the export", force=self.force
        )

    def write(self, clips: Sequence[Clip], look: Look | None = None) -> None:
        """Write `clips`. Raises StickgenError if a motion cannot be drawn or the disk refuses."""
        look = look or Look()
        for clip in clips:
            check_motion(clip.motion)
        found = self._check()
        try:
            if self.export.several is not None:
                self._write_folder(self.export.several(clips, look), aside=found is True)
            elif self.export.render is not None:
                content = self.export.render(clips, look)
                if isinstance(found, Output):
                    found.make_way()
                write_bytes(self.path, content)
        except OSError as error:
            raise StickgenError(
                f"{self.path}: it could not be written ({error.strerror or error})"
            ) from error

    def _write_folder(self, files: Iterable[tuple[str, bytes]], *, aside: bool) -> None:
        """Under another name first, so that the folder is whole or not there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.", dir=self.path.parent))
        try:
            for name, content in files:
                place = made / name
                place.parent.mkdir(parents=True, exist_ok=True)
                write_bytes(place, content, durable=False)
            write_bytes(made / _MARK, self.export.name.encode())
            made.chmod(0o755)
            if aside:
                self.path.rename(backup_path(self.path))
            made.rename(self.path)  # over an empty folder, or where nothing is
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise


def is_written(path: Path, export: Export) -> bool:
    """Whether motions are at `path` already, in this format. They are whole: a file or folder is written whole or not."""
    try:
        return (path / _MARK).is_file() if export.several is not None else export.kind.is_one(path)
    except (OSError, ValueError):
        return False

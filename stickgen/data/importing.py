"""Clips from archives and folders of motion capture; what cannot be used is listed, with the reason."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from stickgen.data.actions import action_of_label
from stickgen.data.bvh import read_bvh
from stickgen.data.captions import captions_of
from stickgen.data.clip import Clip
from stickgen.data.projection import project
from stickgen.errors import StickgenError
from stickgen.text import clean

MAX_FILE_BYTES = 64_000_000  # of one capture; the longest of CMU's 2,500 has 12 MB
MIN_FRAMES = 8
Row = dict[str, str]


@dataclass
class ImportReport:
    """What came in, and what did not with the reason."""

    clips: list[Clip] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """A capture that is still to be read: `archive` is the zip or folder that it was found in."""

    archive: str
    name: str  # its path inside of that, with /
    read: Callable[[], bytes]


def import_archives(
    paths: list[Path],
    *,
    index: Path | None = None,
    fps: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Read every BVH file in zip archives, folders and files.

    `index` is a CSV that gives `file` and, as far as known, `archive`, `description`, `captions` (with |
    between), `action`, `style`, `fps`, `licence` and `source` of each clip. A rate is taken from `fps`, else
    from the index, else from the file. One bad file never stops the rest. `progress` is called with how many
    files are done, of how many. Raises StickgenError for a path or an index that is not there.
    """
    known = Index.read(index) if index else Index([])
    report = ImportReport()
    sources = [source for path in paths for source in _sources(path, report)]
    for number, source in enumerate(sources):
        if progress is not None:
            progress(number, len(sources))
        try:
            report.clips.append(_clip(source, known.row(source.archive, source.name), fps))
        except StickgenError as error:
            report.skipped.append(str(error))
        except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
            report.skipped.append(f"{source.name}: it cannot be read ({error})")
    found = {(source.archive, source.name) for source in sources}
    for archive in {source.archive for source in sources}:
        for name in known.names(archive):
            if (archive, name) not in found and name.lower().endswith(".bvh"):
                report.skipped.append(f"{name}: the index has it, {archive} has not")
    return report


class Index:
    """What a table says of the clips, found by archive and file, or by the file alone."""

    def __init__(self, rows: list[Row]) -> None:
        self._by_file: dict[tuple[str, str], Row] = {}
        for row in rows:
            self._by_file[row.get("archive") or "", row["file"]] = row
            # whoever unpacked an archive, or renamed it, still finds its files
            self._by_file.setdefault(("", row["file"]), row)

    @classmethod
    def read(cls, path: Path) -> Index:
        """Read a CSV file with a column `file`. Raises StickgenError where that is not what it is."""
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                table = csv.DictReader(file)
                if "file" not in (table.fieldnames or []):
                    raise StickgenError(
                        f"{path}: its first line names no column `file`; name an index of clips"
                    )
                return cls([{key: value or "" for key, value in row.items() if key} for row in table])
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no CSV text"
            raise StickgenError(f"{path}: the index cannot be read ({reason})") from error

    def row(self, archive: str, name: str) -> Row:
        """What is known of one clip; {} where that is nothing."""
        return self._by_file.get((archive, name)) or self._by_file.get(("", name)) or {}

    def names(self, archive: str) -> list[str]:
        """The files that the index has in `archive`."""
        return [name for where, name in self._by_file if where == archive]


def _sources(path: Path, report: ImportReport) -> Iterator[Source]:
    """The captures at `path`, sorted by name. Nothing is unpacked onto the disk."""
    try:
        if path.is_dir():
            for file in sorted(file for file in path.rglob("*") if file.is_file()):
                if file.suffix.lower() == ".zip":
                    yield from _sources(file, report)
                elif _wanted(name := file.relative_to(path).as_posix(), file.stat().st_size, report):
                    yield Source(path.name, name, file.read_bytes)
        elif not path.exists():
            raise StickgenError(f"{path}: there is no such archive, folder or file")
        elif not path.is_file():
            raise StickgenError(f"{path}: neither a zip archive nor a folder nor a BVH file")
        elif zipfile.is_zipfile(path):
            archive = zipfile.ZipFile(path)
            for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
                if not entry.is_dir() and _wanted(entry.filename, entry.file_size, report):
                    yield Source(path.name, entry.filename, lambda entry=entry: archive.read(entry))  # type: ignore[misc]
        elif path.suffix.lower() == ".bvh":
            if _wanted(path.name, path.stat().st_size, report):
                yield Source("", path.name, path.read_bytes)
        else:
            raise StickgenError(f"{path}: neither a zip archive nor a folder nor a BVH file")
    except (OSError, zipfile.BadZipFile) as error:
        raise StickgenError(f"{path}: it cannot be read ({error})") from error


def _wanted(name: str, size: int, report: ImportReport) -> bool:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in {".amc", ".asf", ".c3d", ".fbx"}:
        report.skipped.append(f"{name}: {suffix[1:].upper()} is not read yet, only BVH is")
    elif suffix == ".bvh" and size > MAX_FILE_BYTES:
        report.skipped.append(f"{name}: {size:,} bytes are more than a capture has ({MAX_FILE_BYTES:,})")
    elif suffix == ".bvh":
        return True
    return False


def _clip(source: Source, row: Row, fps: float | None) -> Clip:
    capture = read_bvh(source.read().decode("utf-8-sig", errors="replace"), source.name)
    motion = project(capture, source.name, fps or _rate(source, row) or capture.fps)
    if len(motion) < MIN_FRAMES:
        raise StickgenError(f"{source.name}: only {len(motion)} frames at 25 fps, {MIN_FRAMES} are the least")
    action = action_of_label(row.get("action") or "")
    return Clip(
        motion=motion,
        texts=captions_of(row, source.name),
        actions=np.full(len(motion), -1 if action is None else action, np.int16),
        source=clean(row.get("source") or source.archive or "import", single_line=True),
        licence=clean(row.get("licence") or "unknown", single_line=True),
        name=source.name,
    )


def _rate(source: Source, row: Row) -> float | None:
    text = row.get("fps")
    if not text:
        return None
    try:
        rate = float(text)
        if 1 <= rate <= 1000:
            return rate
    except ValueError:
        pass
    raise StickgenError(
        f"{source.name}: the index gives {clean(text, limit=20)!r} as its frame rate; mend it"
    )

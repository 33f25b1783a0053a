"""Clips from archives and folders of motion capture; what cannot be used is listed, with the reason."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from stickgen.data.bvh import read_bvh
from stickgen.data.clip import Clip
from stickgen.data.projection import project
from stickgen.errors import StickgenError

MAX_FILE_BYTES = 64_000_000
MIN_FRAMES = 8
STYLES = {
    "normal": "", "active": "with a lot of energy", "angry": "angrily", "childish": "like a child",
    "chimpira": "with a swagger", "feminine": "in a feminine way", "giant": "like a giant", "happy": "happily",
    "masculinity": "in a masculine way", "musical": "as if to music", "not-confident": "without confidence",
    "old": "like an old person", "proud": "proudly", "sad": "sadly", "tired": "as if tired",
}  # fmt: skip
VERBS = {
    "walk": "walks forward", "walk-back": "walks backward", "walk-left": "walks to the left",
    "walk-right": "walks to the right", "run": "runs", "dash": "dashes forward", "bow": "bows", "bye": "waves goodbye",
    "byebye": "waves goodbye with both arms", "guide": "shows the way", "dance": "dances",
    "dance-short": "dances for a moment", "call": "calls out", "kick": "kicks", "punch": "punches",
    "respond": "responds", "slash": "slashes with a sword", "jump": "jumps",
}  # fmt: skip


@dataclass
class ImportReport:
    """What came in, and what did not with the reason."""

    clips: list[Clip] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def import_archives(
    paths: list[Path], *, index: Path | None = None, fps: float | None = None
) -> ImportReport:
    """Read every BVH file in zip archives, folders and files.

    `index` is a CSV that gives `file`, and as known `description`, `captions` (with | between), `action`,
    `style`, `fps`, `licence` and `source` of each clip. `fps` wins over what a file says of itself, the
    index over both. One bad file never stops the rest. Raises StickgenError for a path that is not there.
    """
    known = _read_index(index) if index else {}
    report = ImportReport()
    for name, data in _files(paths, report):
        row = known.get(name, {})
        try:
            report.clips.append(_clip(name, data, row, fps))
        except (StickgenError, UnicodeDecodeError) as error:
            report.skipped.append(str(error) if isinstance(error, StickgenError) else f"{name}: not text")
    labels = sorted({known.get(clip.name, {}).get("action") or "" for clip in report.clips} - {""})
    for clip in report.clips:
        action = known.get(clip.name, {}).get("action")
        if action:
            clip.actions[:] = labels.index(action) % 64
    return report


def _read_index(path: Path) -> dict[str, dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {row["file"]: row for row in csv.DictReader(file)}
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise StickgenError(f"{path}: not an index with a column `file` ({error})") from error


def _files(paths: list[Path], report: ImportReport) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*.bvh")):
                yield str(file.relative_to(path)), file.read_bytes()
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    if not entry.filename.lower().endswith(".bvh"):
                        if entry.filename.lower().endswith((".amc", ".asf")):
                            report.skipped.append(f"{entry.filename}: ASF/AMC is not read yet")
                        continue
                    if entry.file_size > MAX_FILE_BYTES:
                        report.skipped.append(f"{entry.filename}: {entry.file_size} bytes is too large")
                        continue
                    yield entry.filename, archive.read(entry)
        elif path.is_file():
            yield path.name, path.read_bytes()
        else:
            raise StickgenError(f"{path}: there is no such archive, folder or file")


def _clip(name: str, data: bytes, row: dict[str, str], fps: float | None) -> Clip:
    capture = read_bvh(data.decode("utf-8"), name)
    motion = project(capture, name, float(row.get("fps") or fps or capture.fps))
    if len(motion) < MIN_FRAMES:
        raise StickgenError(f"{name}: only {len(motion)} frames at 25 fps")
    return Clip(
        motion,
        describe(name, row),
        np.full(len(motion), -1, np.int16),
        row.get("source") or "import",
        row.get("licence") or "unknown",
        name,
    )


def describe(name: str, row: dict[str, str]) -> list[str]:
    """The captions of a clip: those of the index, or a sentence from its labels, or its name."""
    texts = [text.strip() for text in (row.get("captions") or "").split("|") if text.strip()]
    if row.get("description"):
        texts.append(row["description"])
    if not texts and row.get("action"):
        verb = VERBS.get(row["action"], f"does a {row['action'].replace('_', ' ')}")
        style = STYLES.get(row.get("style") or "", row.get("style") or "")
        texts.append(f"a person {verb} {style}".strip())
    return texts or [Path(name).stem.replace("_", " ").replace("-", " ")]

"""Imports clips from archives and folders of motion capture. Whatever cannot be used is listed with the reason."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from stickgen.data.bvh import read_bvh
from stickgen.data.captions import captions_of
from stickgen.data.clip import Clip
from stickgen.data.clip_index import Index, Matching, Row
from stickgen.data.frame_rate import LEAST, MOST, checked_rate
from stickgen.data.labels import decide
from stickgen.data.projection import project
from stickgen.data.sources import Account, Source, find_sources
from stickgen.data.split import SPLIT_NAMES
from stickgen.errors import StickgenError
from stickgen.text import clean

MIN_FRAMES = 8


@dataclass
class ImportReport:
    """What was imported, and what was not, with the reason."""

    clips: list[Clip] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    notes: list[str] = field(default_factory=list)  # what was bridged, dropped or changed in a clip
    rows_without_file: list[str] = field(default_factory=list)
    rows_elsewhere: dict[str, int] = field(
        default_factory=dict
    )  # rows that name an archive that was not given
    files_without_row: list[str] = field(default_factory=list)

    @property
    def skipped(self) -> list[str]:
        """A sentence for each skipped file that might have been a capture."""
        return self.account.skipped


@dataclass(frozen=True)
class Choices:
    """What the user says about all captures of an import."""

    fps: float | None = None  # the true frame rate, if the files are wrong
    view: str = "auto"  # side, front, or auto
    joints: Mapping[str, str] | None = None  # the files' joint names by the figure's


def import_archives(
    paths: list[Path],
    *,
    index: Path | None = None,
    splits: Mapping[str, Path] | None = None,
    fps: float | None = None,
    view: str = "auto",
    joints: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Read every BVH file in zip archives, folders and files.

    `index` is a table with the `file` of each clip and, as far as known, its `archive`, `description`, `captions`
    (separated by |), `action`, `style`, `fps`, `subject`, `split`, `view`, `licence` and `source`. `splits` are lists
    of the files of train, val and test. The frame rate comes from `fps`, else from the index, else from the file. One
    bad file never stops the rest. `progress` gets how many files are done, of how many. Raises StickgenError if a path
    does not exist, or if an index or a list matches none of the files.
    """
    known = Index.read(index) if index else Index("")
    lists = {name: Index.read_list(path) for name, path in (splits or {}).items()}
    report = ImportReport()
    sources = list(find_sources(paths, report.account))
    matching = _matched(known, report)
    sides = {name: _matched(listed, report) for name, listed in lists.items()}
    if index:
        report.files_without_row = [s.name for s in sources if not matching.row(s.archive, s.name)]
    choices = Choices(fps, view, joints)
    content: dict[bytes, Clip] = {}
    for number, source in enumerate(sources):
        if progress is not None:
            progress(number, len(sources))
        row = matching.row(source.archive, source.name)
        listed = {name: name for name, side in sides.items() if side.row(source.archive, source.name)}
        try:
            data = source.read()
            clip = _clip(
                source, data, {**row, **({"split": min(listed)} if listed else {})}, choices, report.notes
            )
            # the same motion under another name, or written by another program
            twin = content.setdefault(hashlib.sha256(clip.motion.tobytes()).digest(), clip)
            if twin is clip:
                report.clips.append(clip)
                report.account.count("BVH", "imported")
            else:
                twin.texts += [text for text in clip.texts if text not in twin.texts and row]
                report.account.skip("BVH", "there twice", source.name, f"the same motion as {twin.name}")
        except StickgenError as error:
            report.account.count("BVH", "refused")
            report.skipped.append(str(error))
        except (
            OSError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
        ) as error:
            report.account.skip("BVH", "unreadable", source.name, f"it cannot be read ({error})")
    return report


def _matched(index: Index, report: ImportReport) -> Matching:
    """Match an index with the files that were seen. Rows without a file go into the report."""
    seen = report.account.seen
    matching = index.match(seen)
    if index.rows and seen and not matching.row_of:
        raise StickgenError(
            f"{index.name}: none of its {len(index.rows)} rows matches one of the {len(seen)} files (its first row says "
            f"{clean(index.rows[0]['file'], single_line=True, limit=80)!r}, the first file is "
            f"{clean(seen[0][1], single_line=True, limit=80)!r}); the column `file` must be the path inside the archive or folder"
        )
    sentences, elsewhere = matching.unmet({archive for archive, _ in seen})
    report.rows_without_file += sentences
    for archive, count in elsewhere.items():
        report.rows_elsewhere[archive] = report.rows_elsewhere.get(archive, 0) + count
    return matching


def _clip(source: Source, data: bytes, row: Row, choices: Choices, notes: list[str]) -> Clip:
    capture = read_bvh(data, source.name)
    rate = choices.fps or _rate(source, row) or checked_rate(capture.fps, source.name)
    view = _one_of(source, row, "view", ("side", "front", "auto")) or choices.view
    figure = project(capture, source.name, rate, view=view, joints=choices.joints)
    motion = figure.motion
    if len(motion) < MIN_FRAMES:
        raise StickgenError(
            f"{source.name}: only {len(motion)} frames at 25 fps; the minimum is {MIN_FRAMES}"
        )
    split = _one_of(source, row, "split", tuple(SPLIT_NAMES))
    label = row.get("action") or ""
    action, told = decide(label, figure)
    notes += [f"{source.name}: {note}" for note in figure.notes]
    if told != label:
        notes.append(f"{source.name}: called {clean(label, limit=40)}, but it goes {_way(told)}")
    return Clip(
        motion=motion,
        texts=captions_of({**row, "action": told}, source.name),
        actions=np.full(len(motion), -1 if action is None else action, np.int16),
        source=clean(row.get("source") or source.archive or "import", single_line=True),
        licence=clean(row.get("licence") or "unknown", single_line=True),
        name=clean(source.name, single_line=True),
        subject=_subject(row),
        view=figure.view,
        split=SPLIT_NAMES[split] if split else None,
    )


def _way(label: str) -> str:
    ways = {"walk": "forwards", "walk-back": "backwards"}
    return ways.get(
        label, f"forwards, drifting to the {label[11:]}" if "drift" in label else f"to the {label[5:]}"
    )


def _subject(row: Row) -> str:
    """Who moved, distinct from somebody of another source with the same number."""
    subject = clean(row.get("subject") or "", single_line=True).strip()
    return (
        f"{clean(row.get('source') or row.get('archive') or '', single_line=True)}/{subject}"
        if subject
        else ""
    )


def _one_of(source: Source, row: Row, column: str, values: tuple[str, ...]) -> str:
    """The value of an index column that takes one of a few words; "" if it is empty."""
    said = (row.get(column) or "").strip().lower()
    if said and said not in values:
        raise StickgenError(
            f"{source.name}: the index gives {clean(said, limit=20)!r} as its {column}; allowed are {', '.join(values)}"
        )
    return said


def _rate(source: Source, row: Row) -> float | None:
    text = (row.get("fps") or "").strip()
    if not text:
        return None
    try:
        rate = float(text.replace(",", "."))
        if LEAST <= rate <= MOST:
            return rate
    except ValueError:
        pass
    raise StickgenError(f"{source.name}: the index gives {clean(text, limit=20)!r} as its frame rate; fix it")

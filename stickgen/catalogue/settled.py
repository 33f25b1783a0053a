"""Runs that have ended, known without reading: what a list shows of them is kept in the cache, and looked up by a few stats.

What is kept counts as long as each file and folder that it was read from has the same inode, size and time. A launch
writes run.json anew, so that a run that goes on is read again, and so is one that goes.
"""

from __future__ import annotations

import contextlib
import math
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from stickgen.catalogue.kept import Kept
from stickgen.record_log import last_record
from stickgen.run_contract import Field, File, RecordKind
from stickgen.runs.labels import Labels, read_labels
from stickgen.runs.store import Run, State, Status, created_seconds, has_settled, know_created

READ_FROM = (
    File.IDENTITY, "", File.HEARTBEAT, File.EXIT, File.METRICS, File.EVENTS, File.LABELS, File.CHECKPOINTS,
)  # fmt: skip
# until a file says otherwise
AT_REST = frozenset(
    {Status.STOPPED, Status.EARLY, Status.FINISHED, Status.FAILED, Status.DIED, Status.PAUSED}
)
_STAMP = struct.Struct(f"{'Qqq' * len(READ_FROM)}")  # inode, bytes, ns since 1970; a file each
_MOST_BYTES = 2**16  # of a run; what is more is read each time
_SIGNS_OF_LIFE = (File.HEARTBEAT, File.EXIT, File.METRICS, File.IDENTITY)


@dataclass(frozen=True)
class Known:
    """What a list shows of a run, its figures and its config apart."""

    state: State
    facts: Mapping[str, Any]  # of run.json, those of a kind that can be shown
    labels: Labels = Labels()
    created: float = -math.inf  # s since 1970; minus infinity where run.json does not say
    changed: float | None = None  # the newest sign of life, s since 1970
    # step, total_steps and loss of the last train record
    newest: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """As `from_json` reads it. Raises TypeError for words that are not Unicode."""
        state, labels = self.state, self.labels
        return orjson.dumps(
            [
                [state.status, state.reason, state.step, state.total_steps, state.phase, state.unwritten],
                self.facts,
                [labels.tags, labels.note],
                None if math.isinf(self.created) else self.created,
                self.changed,
                self.newest,
            ]
        )

    @classmethod
    def from_json(cls, data: bytes) -> Known:
        """The inverse. Raises ValueError, TypeError or KeyError for what is none."""
        (status, *rest), facts, (tags, note), created, changed, newest = orjson.loads(data)
        return cls(
            State(Status(status), *rest),
            facts,
            Labels(tuple(tags), note),
            -math.inf if created is None else created,
            changed,
            newest,
        )


class SettledRuns:
    """The runs below `root`, each read once after it has ended. Used by one thread at a time."""

    def __init__(self, root: Path, kept: Kept | None = None) -> None:
        self.root = root.absolute()
        self._kept = kept or Kept()
        self._rows: dict[str, tuple[bytes, Known]] | None = None  # by folder, with its stamp
        self._new: dict[str, tuple[bytes, bytes]] = {}

    def of(self, run: Run, *, newest: bool = False) -> Known:
        """What is known of a run; of one that has ended and whose files are as they were, without reading any.

        Never raises: what cannot be read is left out. `newest` asks for the last train record of one that goes, too.
        """
        rows, folder = self.load(), str(run.path)
        stamp = stamp_of(folder)  # before the reading: what comes in between is then read again
        if stamp is not None and (row := rows.get(folder)) is not None and row[0] == stamp:
            return row[1]
        found = read(run)
        rests = stamp is not None and found.state.status in AT_REST and _has_settled(stamp)
        if rests or newest:
            found = replace(found, newest=_newest_record(run))
        if rests and stamp is not None:
            rows[folder] = stamp, found
            with contextlib.suppress(TypeError):  # words that are not Unicode are read each time
                if len(data := found.to_json()) <= _MOST_BYTES:
                    self._new[folder] = stamp, data
        else:
            rows.pop(folder, None)
        return found

    def settle(self, there: Iterable[Run] | None = None) -> None:
        """Write to the cache what was found since the last time; `there` are all runs, and others are forgotten."""
        if self._new:
            self._kept.keep_settled([(folder, *row) for folder, row in self._new.items()])
            self._new = {}
        if there is not None and self._rows:
            folders = {str(run.path) for run in there}
            gone = [folder for folder in self._rows if folder not in folders]
            if gone:
                self._kept.forget_settled(gone)
                for folder in gone:
                    del self._rows[folder]

    def load(self) -> dict[str, tuple[bytes, Known]]:
        """Read the cache, once; the listing of runs then need not read when each was made."""
        if self._rows is None:
            self._rows = {}
            for folder, (stamp, data) in self._kept.settled(self.root).items():
                known = _decoded(data)
                if known is not None and isinstance(stamp, bytes) and len(stamp) == _STAMP.size:
                    self._rows[folder] = stamp, known
                    inode, size, changed = _STAMP.unpack(stamp)[:3]
                    know_created(f"{folder}/{File.IDENTITY}", (inode, changed, size), known.created)
        return self._rows


def read(run: Run) -> Known:
    """What the files of a run say now, its log apart; unreadable parts are left out, never raised."""
    return Known(
        state=run.state(),
        facts={
            name: value for name, value in run.identity.items() if isinstance(value, str | int | float | bool)
        },
        labels=read_labels(run),
        created=created_seconds(run),
        changed=_newest_change(run),
    )


def _newest_record(run: Run) -> dict[str, Any]:
    record = last_record(run.metrics_path, kind=RecordKind.TRAIN) or {}
    return {
        name: record[name]
        for name in (Field.STEP, Field.TOTAL_STEPS, Field.LOSS)
        if isinstance(record.get(name), int | float)
    }


def stamp_of(folder: str) -> bytes | None:
    """What changes when something does that a list shows of a run; None if it cannot be seen."""
    stamp: list[int] = []
    for name in READ_FROM:
        try:
            status = os.lstat(f"{folder}/{name}" if name else folder)
        except FileNotFoundError:
            stamp += (0, -1, 0)
        except OSError:
            return None
        else:
            stamp += (status.st_ino, status.st_size, status.st_mtime_ns)
    try:
        return _STAMP.pack(*stamp)
    except struct.error:  # a time or a size that no file has
        return None


def _has_settled(stamp: bytes) -> bool:
    return has_settled(max(_STAMP.unpack(stamp)[2::3]))


def _decoded(data: bytes) -> Known | None:
    try:
        return Known.from_json(data)
    except (ValueError, TypeError, KeyError):
        return None


def _newest_change(run: Run) -> float | None:
    times = []
    for name in _SIGNS_OF_LIFE:
        try:
            times.append((run.path / name).lstat().st_mtime)
        except OSError:
            continue
    return max(times, default=None)

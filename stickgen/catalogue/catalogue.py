"""Every run of a folder: how it is, what it trains with, what it has measured, what a person says of it.

The first look reads each log to its end, and keeps what it found in the cache folder (kept.py). Later looks, in this
process or another, read only what is new.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import orjson

from stickgen.catalogue.entry import Entry
from stickgen.catalogue.fields import resolver
from stickgen.catalogue.figures import Figure, Figures
from stickgen.catalogue.kept import Kept
from stickgen.catalogue.query import Query, parse
from stickgen.catalogue.settled import SettledRuns
from stickgen.config.key import Value
from stickgen.config.schema import KEYS
from stickgen.errors import StickgenError
from stickgen.foreign_files import MAX_JSON_BYTES, read_regular
from stickgen.record_log import RecordReader
from stickgen.run_contract import File
from stickgen.runs.live import effective_config
from stickgen.runs.store import Run, list_runs, runs_root

_PIECE_BYTES = 4 * 2**20
_WORTH_KEEPING = 2**20  # bytes of a log that grows, read since it was last kept


@dataclass
class _Log:
    """What is known of a metrics log, in this process."""

    stamp: str = ""
    figures: dict[str, Figure] = field(default_factory=dict)
    folded: Figures | None = None  # None: kept in the cache alone
    reader: RecordReader | None = None
    kept_at: int = 0  # bytes


class Catalogue:
    """The runs below a folder, looked at again and again."""

    def __init__(self, root: Path | None = None, *, kept: Kept | None = None) -> None:
        self.root = (root or runs_root()).absolute()
        self._kept = kept or Kept()
        self._settled = SettledRuns(self.root, self._kept)
        self._logs: dict[Path, _Log] = {}
        self._known: dict[str, tuple[str, bytes]] | None = None  # what the cache has of this folder
        self._configs: dict[str, dict[str, Value]] = {}  # by digest
        self._new_logs: list[tuple[str, str, bytes, bytes]] = []
        self._new_configs: list[tuple[str, bytes]] = []

    def look(self, *, figures: bool = True, config: bool = True) -> list[Entry]:
        """Every run, the newest first. Without `figures` no log is read, without `config` no config."""
        runs = self.runs()
        entries = [self.entry(run, figures=figures, config=config) for run in runs]
        if figures:
            self.forget_others(runs)
        else:
            self._settled.settle(runs)
        self.settle()
        return entries

    def runs(self) -> list[Run]:
        """Every run, the newest first, not looked at yet."""
        self._settled.load()
        return list_runs(self.root)

    def entry(self, run: Run, *, figures: bool = True, config: bool = True) -> Entry:
        """One run as it is now. Never raises for an odd one: what cannot be read is left out."""
        known = self._settled.of(run)
        return Entry(
            run=run,
            state=known.state,
            identity=known.facts,
            labels=known.labels,
            created=known.created if known.created > 0 else None,
            changed=known.changed,
            figures=self._figures(run) if figures else {},
            config=self._config(run, known.facts.get("defaults")) if config else {},
        )

    # -- figures

    def _figures(self, run: Run) -> dict[str, Figure]:
        stamp = _stamp(run.metrics_path)
        if not stamp:
            return {}
        log = self._logs.get(run.path)
        if log is None:
            log = self._logs[run.path] = self._from_cache(run)
        if log.stamp != stamp:
            self._read_on(run, log, stamp)
        return log.figures

    def _from_cache(self, run: Run) -> _Log:
        if self._known is None:
            self._known = self._kept.logs(self.root)
        stamp, figures = self._known.get(str(run.metrics_path), ("", b""))
        try:
            return _Log(stamp, {name: Figure.from_json(one) for name, one in orjson.loads(figures).items()})
        except (ValueError, TypeError, AttributeError):
            return _Log()

    def _read_on(self, run: Run, log: _Log, stamp: str) -> None:
        if log.folded is None:
            self._take_up(run, log)
        assert log.folded is not None and log.reader is not None
        begun = log.reader.begun_again
        while records := log.reader.read_new(_PIECE_BYTES):
            if log.reader.begun_again != begun:  # cut or replaced since
                begun, log.folded = log.reader.begun_again, Figures()
            log.folded.add(records)
        log.stamp, log.figures = stamp, log.folded.summary()
        offset = log.reader.offset
        ended = bool(run.exit)
        if offset - log.kept_at > _WORTH_KEEPING or not log.kept_at or ended:
            self._note(run, log, offset)
        if ended:  # it goes on, if it does, from what the cache has
            log.folded = log.reader = None

    def _note(self, run: Run, log: _Log, offset: int) -> None:
        """Keep what is known of a log in the cache, at the end of this look."""
        assert log.folded is not None and log.reader is not None
        try:
            position = log.reader.position()
        except OSError:
            return
        log.kept_at = offset
        fold = orjson.dumps({"position": position, "folded": log.folded.to_json()})
        figures = orjson.dumps({name: vars(figure) for name, figure in log.figures.items()})
        self._new_logs.append((str(run.metrics_path), log.stamp, figures, fold))

    def _take_up(self, run: Run, log: _Log) -> None:
        """Go on from what the cache has of this log, or begin it."""
        log.folded, log.reader = Figures(), RecordReader(run.metrics_path)
        fold = self._kept.fold(run.metrics_path) if log.stamp else None
        if fold is None:
            return
        try:
            kept = orjson.loads(fold)
            figures = Figures.from_json(kept["folded"])
            if log.reader.go_on_from(kept["position"]):
                log.folded, log.kept_at = figures, log.reader.offset
        except (ValueError, TypeError, KeyError, AttributeError):
            log.reader = RecordReader(run.metrics_path)

    # -- config

    def _config(self, run: Run, defaults: object) -> dict[str, Value]:
        try:
            data = run.config_bytes
            with contextlib.suppress(FileNotFoundError):
                data += b"\0" + read_regular(run.path / File.LIVE, MAX_JSON_BYTES)
        except OSError:
            return {}
        digest = hashlib.sha256(data).hexdigest() + f"-{defaults}"
        values = self._configs.get(digest)
        if values is None:
            values = cast("dict[str, Value] | None", self._kept.config(digest))
            if values is None:
                values = _values_of(run)
                self._new_configs.append((digest, orjson.dumps(values)))
            self._configs[digest] = values
        return values

    # -- the cache

    def settle(self) -> None:
        """Write to the cache what was read since the last time; `look` does it by itself."""
        self._settled.settle()
        if self._new_logs or self._new_configs:
            self._kept.keep(self._new_logs, self._new_configs)
            self._new_logs, self._new_configs = [], []

    def forget_others(self, runs: Iterable[Run]) -> None:
        """Leave out of the cache what it has of other runs of this folder."""
        runs = list(runs)
        self._settled.settle(runs)
        there = {str(run.metrics_path) for run in runs}
        gone = [path for path in self._known or () if path not in there]
        if gone and self._known is not None:
            self._kept.forget(gone)
            for path in gone:
                del self._known[path]

    # -- asking

    def resolver(self) -> Callable[[str], str]:
        """What turns a name as it is typed into the full one; see fields.py.

        Only a name that this version does not know makes it read the logs, to see if the runs have it.
        """
        return resolver(lambda: {name for entry in self.look(config=False) for name in entry.figures})

    def query(self, text: str) -> Query:
        """A filter. Raises QueryError."""
        return parse(text, self.resolver())


def _values_of(run: Run) -> dict[str, Value]:
    """The value of each key as it trains now, changes while it trained included; of a config refused today, none."""
    try:
        config = effective_config(run)
    except (StickgenError, OSError):
        return {}
    return {key.path: config.get(key.path) for key in KEYS}


def _stamp(path: Path) -> str:
    """What changes when the file does; "" if there is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return ""
    return f"{status.st_dev}-{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"

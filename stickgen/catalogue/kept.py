"""What was read of runs before, in a small SQLite file of the cache folder: figures of logs, values of configs, how runs have ended.

It only saves time. What is there counts as long as the file that it was read from has the same inode, size and time; a
cache that is damaged, locked or on a full disk is gone without.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from stickgen.folders import cache_path

_VERSION = 1  # of what is kept; another one is not read
_NAME = f"runs-{_VERSION}.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS logs (path TEXT PRIMARY KEY, stamp TEXT, figures BLOB, fold BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settled (folder TEXT PRIMARY KEY, stamp BLOB, facts BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS configs (digest TEXT PRIMARY KEY, keys BLOB) WITHOUT ROWID;
"""


class Kept:
    """The cache file; opened for each question, so that any thread may ask."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or cache_path(_NAME)

    def logs(self, root: Path) -> dict[str, tuple[str, bytes]]:
        """Of the runs below `root`: by the path of the log its stamp, and its figures as JSON."""
        start = f"{root}/"
        with self._opened() as cache:
            if cache is None:
                return {}
            rows = cache.execute(
                "SELECT path, stamp, figures FROM logs WHERE path >= ? AND path < ?", (start, f"{root}0")
            )  # "0" comes right behind "/"
            return {path: (stamp, figures) for path, stamp, figures in rows}
        return {}

    def settled(self, root: Path) -> dict[str, tuple[bytes, bytes]]:
        """Of the runs below `root` that had ended: by the folder its stamp, and what was found as JSON."""
        with self._opened() as cache:
            if cache is None:
                return {}
            rows = cache.execute(
                "SELECT folder, stamp, facts FROM settled WHERE folder >= ? AND folder < ?",
                (f"{root}/", f"{root}0"),
            )
            return {folder: (stamp, facts) for folder, stamp, facts in rows}
        return {}

    def keep_settled(self, rows: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Write what was found of runs that have ended, in the place of earlier finds."""
        with self._opened(write=True) as cache:
            if cache is not None:
                cache.executemany("INSERT OR REPLACE INTO settled VALUES (?, ?, ?)", rows)

    def forget_settled(self, folders: Iterable[str]) -> None:
        """Leave out runs that are not there any more."""
        with self._opened(write=True) as cache:
            if cache is not None:
                cache.executemany("DELETE FROM settled WHERE folder = ?", [(folder,) for folder in folders])

    def fold(self, path: Path) -> bytes | None:
        """How to go on reading the log `path`, as JSON."""
        return self._one("SELECT fold FROM logs WHERE path = ?", str(path))

    def config(self, digest: str) -> dict[str, object] | None:
        """The values of the config whose bytes have this digest."""
        found = self._one("SELECT keys FROM configs WHERE digest = ?", digest)
        with contextlib.suppress(ValueError):
            if found is not None and isinstance(values := orjson.loads(found), dict):
                return values
        return None

    def keep(
        self, logs: Iterable[tuple[str, str, bytes, bytes]], configs: Iterable[tuple[str, bytes]]
    ) -> None:
        """Write rows of both tables, in the place of earlier ones."""
        with self._opened(write=True) as cache:
            if cache is not None:
                cache.executemany("INSERT OR REPLACE INTO logs VALUES (?, ?, ?, ?)", logs)
                cache.executemany("INSERT OR REPLACE INTO configs VALUES (?, ?)", configs)

    def forget(self, paths: Iterable[str]) -> None:
        """Leave out logs that are not there any more."""
        with self._opened(write=True) as cache:
            if cache is not None:
                cache.executemany("DELETE FROM logs WHERE path = ?", [(path,) for path in paths])

    def _one(self, question: str, value: str) -> bytes | None:
        with self._opened() as cache:
            row = None if cache is None else cache.execute(question, (value,)).fetchone()
            return row[0] if row is not None and isinstance(row[0], bytes) else None
        return None

    @contextlib.contextmanager
    def _opened(self, *, write: bool = False) -> Iterator[sqlite3.Connection | None]:
        """A connection, None if there is no cache. An error of SQLite ends the block, and nothing else."""
        try:
            if write:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not write and not self._path.is_file():
                yield None
                return
            cache = sqlite3.connect(self._path, timeout=2.0, isolation_level=None)
        except (OSError, sqlite3.Error):
            yield None
            return
        try:
            if write:
                cache.execute("PRAGMA synchronous=OFF")
                cache.executescript(_TABLES)
                cache.execute("BEGIN IMMEDIATE")
            yield cache
            if write:
                cache.execute("COMMIT")
        except sqlite3.OperationalError:  # locked, full, read-only, no table yet
            pass
        except sqlite3.DatabaseError:  # no database: begun anew by the next write
            with contextlib.suppress(OSError):
                self._path.unlink()
        finally:
            cache.close()

"""Caches embeddings in a small database for each encoder, so that nothing is encoded twice.

Each addition is a transaction: it survives whatever ends the process, and several processes may share the file.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from stickgen.folders import cache_path

Note = Callable[[str], None]  # gets a sentence that a person may want to read
_Row = tuple[bytes, bytes, bytes, int]  # sha256 of the text, vector, tokens, CRC-32 of the three
_ASKED_AT_ONCE = 500


def cache_folder() -> Path:
    """Where embeddings are cached."""
    return cache_path("embeddings")


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).digest()


class EmbeddingCache:
    """The embeddings of one encoder with certain weights: a vector for each text, and one for each token.

    A damaged cache is reported through `note` and recreated. A cache that cannot be used only costs time.
    """

    def __init__(
        self, encoder: str, weights_digest: str, dim: int, note: Note = lambda sentence: None
    ) -> None:
        name = hashlib.sha256(f"{encoder}\n{weights_digest}".encode()).hexdigest()[:32]
        self.path, self.dim, self._note = cache_folder() / f"{name}.sqlite", dim, note
        self._database: sqlite3.Connection | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._database = self._open()
            except sqlite3.DatabaseError as error:
                self._make_anew(error)
        except (OSError, sqlite3.Error) as error:
            self._do_without(error)

    def find(self, texts: Iterable[str]) -> dict[str, tuple[Tensor, Tensor]]:
        """For each known text, its vector [dim] float32 and its tokens [l, dim] float16."""
        found: dict[str, tuple[Tensor, Tensor]] = {}
        text_of = {_key(text): text for text in texts}
        damaged = 0
        try:
            for row in self._rows(text_of):
                if self._is_whole(row):
                    vector = torch.frombuffer(bytearray(row[1]), dtype=torch.float32)
                    tokens = (
                        torch.frombuffer(bytearray(row[2]), dtype=torch.float16) if row[2] else torch.zeros(0)
                    )
                    found[text_of[row[0]]] = vector, tokens.half().reshape(-1, self.dim)
                else:
                    damaged += 1
        except sqlite3.DatabaseError as error:
            try:
                self._make_anew(error)
            except (OSError, sqlite3.Error) as again:
                self._do_without(again)
        if damaged:
            self._note(f"{self.path}: {damaged} of its embeddings are damaged and will be computed again")
        return found

    def add(self, texts: Sequence[str], vectors: Tensor, words: Sequence[Tensor]) -> None:
        """Add `vectors` [len(texts), dim], and for each text its tokens [l, dim]."""
        if self._database is None:
            return
        rows: list[_Row] = []
        for text, vector, tokens in zip(texts, vectors, words, strict=True):
            parts = _key(text), vector.float().numpy().tobytes(), tokens.half().numpy().tobytes()
            rows.append((*parts, zlib.crc32(b"".join(parts))))
        try:
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            self._do_without(error)

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path)
        try:
            with database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS embeddings "
                    "(key BLOB PRIMARY KEY, vector BLOB, words BLOB, checksum INTEGER) WITHOUT ROWID"
                )
            # SQLite reads missing bytes of the last page as zeros
            if self.path.stat().st_size % database.execute("PRAGMA page_size").fetchone()[0]:
                raise sqlite3.DatabaseError("it is cut short")
        except BaseException:
            database.close()
            raise
        return database

    def _rows(self, keys: Iterable[bytes]) -> Iterator[_Row]:
        wanted = list(keys)
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            if self._database is None:
                return
            some = wanted[start : start + _ASKED_AT_ONCE]
            places = ", ".join("?" * len(some))
            yield from self._database.execute(
                f"SELECT key, vector, words, checksum FROM embeddings WHERE key IN ({places})", some
            )

    def _is_whole(self, row: _Row) -> bool:
        fits = all(isinstance(part, bytes) for part in row[:3]) and len(row[1]) == 4 * self.dim
        return fits and not len(row[2]) % (2 * self.dim) and zlib.crc32(b"".join(row[:3])) == row[3]

    def _make_anew(self, error: sqlite3.DatabaseError) -> None:
        """Replace a file that is no intact database. Raise `error` if it is about something else, such as locks."""
        if isinstance(error, sqlite3.OperationalError):
            raise error
        self.close()
        self._note(f"{self.path}: the cache of embeddings is damaged ({error}) and will be recreated")
        self.path.unlink(missing_ok=True)
        self.path.with_name(f"{self.path.name}-journal").unlink(missing_ok=True)
        self._database = self._open()

    def _do_without(self, error: OSError | sqlite3.Error) -> None:
        self.close()
        self._note(
            f"{self.path}: the cache of embeddings cannot be used ({error}); embeddings are not cached"
        )

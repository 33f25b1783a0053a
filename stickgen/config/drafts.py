"""Edits that outlive a killed terminal: each is appended to a journal, and the next start offers them.

    draft = drafts.find(path)              # of an editor that is gone; None if nothing was left behind
    if draft is not None and <the person wants it>:
        document = draft.open()            # the draft's bytes, its undo and redo, and its journal goes on
    else:
        if draft is not None: draft.discard()
        document = Document.open(path)
        drafts.keep(document)              # from here on every edit, undo and redo is journaled

Saving the document ends its journal (the edits are in the file); the next edit begins another.
`document.journal.discard()` is for changes that a person drops. An edit never fails because its journal does:
`document.journal.failure` then says why, for the screen to show.

A journal is a record log in `drafts` of the state folder (see folders.py; folder 0700, files 0600), one an
editor: the name is made of the config's absolute path and chance. Its first record holds the
bytes that the edits began from, each further one what changed, every line with a CRC-32 (see record_log.py; before it
the CRC came first in the line, and such drafts are still read), so that a torn tail
costs the edit it belongs to and nothing else. The editor holds a lock on its journal; a draft whose lock is
free belongs to nobody alive. Writes are not fsynced: a killed process loses nothing, a power cut may cost the
last seconds.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stickgen.errors import StickgenError
from stickgen.folders import state_path
from stickgen.record_log import decode, encode
from stickgen.yaml_edit import Document, YamlError, read_yaml_file
from stickgen.yaml_edit.document import MAX_UNDO

MAX_JOURNAL_BYTES = 32_000_000  # a longer one is no journal of ours
FRESH_SECONDS = 60.0  # a journal without a sound beginning may be one that is being begun


def drafts_directory() -> Path:
    """Where the journals are."""
    return state_path("drafts")


@dataclass(frozen=True)
class Draft:
    """Edits of `path` that were not saved, left by an editor that is gone."""

    path: Path  # the config, absolute
    journal_path: Path
    base: bytes  # what the edits began from
    states: tuple[bytes, ...]  # from base (or MAX_UNDO edits ago) to the last edit, without undone ones
    undone: tuple[bytes, ...]  # what redo would bring back, the next one last
    started: float  # seconds since the epoch
    changed: float

    @property
    def data(self) -> bytes:
        """The bytes as last edited."""
        return self.states[-1]

    @property
    def edits(self) -> int:
        """How many edits can be undone."""
        return len(self.states) - 1

    @property
    def file_changed(self) -> bool:
        """Whether the file on disk is no longer (or not at all) what the edits began from."""
        try:
            return read_yaml_file(self.path) != self.base
        except YamlError:
            return True

    def open(self) -> Document:
        """A document with these edits, their undo and redo; its journal is this draft's, which goes on.

        Saving it finds a conflict if the file on disk has changed since. Raises StickgenError if the
        draft cannot be read as a config, or another editor has taken it meanwhile.
        """
        document = Document(self.base, str(self.path), self.path)
        document.restore(self.states, self.undone)
        document.journal = Journal(document, adopt=self.journal_path)
        return document

    def discard(self) -> None:
        """Remove the draft. Raises StickgenError if that is not possible."""
        try:
            self.journal_path.unlink(missing_ok=True)
        except OSError as error:
            raise StickgenError(f"{self.journal_path}: cannot be removed ({error.strerror})") from error


def keep(document: Document) -> Journal:
    """Journal every edit of `document` from here on; nothing is written before the first edit."""
    journal = Journal(document)
    document.journal = journal
    return journal


def find(path: str | Path) -> Draft | None:
    """The newest draft of a config that no living editor holds, None if there is none.

    A journal without a difference to its base, or too damaged to be read, is removed on the way.
    """
    own = Path(os.path.realpath(path))
    found = [draft for draft in _abandoned(f"{_prefix(own)}-*.jsonl") if draft.path == own]
    return max(found, key=lambda draft: draft.changed, default=None)


def find_all() -> list[Draft]:
    """All drafts that no living editor holds, newest first."""
    return sorted(_abandoned("*.jsonl"), key=lambda draft: draft.changed, reverse=True)


class Journal:
    """Writes down what happens to a document."""

    def __init__(self, document: Document, adopt: Path | None = None) -> None:
        self.failure: str | None = None  # why the last edit is not in the journal
        self._document = document
        self._path: Path | None = None
        self._fd: int | None = None
        self._text = ""  # what the journal's records lead to
        self._gap = False  # a record could not be written: from there on each is an edit, undo or not
        if adopt is not None:
            self._adopt(adopt)

    @property
    def path(self) -> Path | None:
        """The file that it writes, None before the first edit."""
        return self._path

    def record(self, what: str, before: str) -> None:
        """Called by the document after an `edit`, `undo` or `redo`; `before` is the text it had."""
        if self._document.path is None:
            return
        text = self._document.text
        try:
            if self._fd is None:
                self._create(before)
            splice = _difference(self._text, text) if what == "edit" or self._gap else {}
            self._append({"do": "edit" if splice else what, **splice, "crc": zlib.crc32(text.encode())})
            self._text, self.failure = text, None
        except OSError as error:
            self._gap = True
            self.failure = f"edits are not kept in case of a crash: {drafts_directory()}: {error.strerror}"

    def discard(self) -> None:
        """Remove the journal: its edits are saved, or a person dropped them. The next edit begins another."""
        path, fd = self._path, self._fd
        self._path = self._fd = self.failure = None
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        if fd is not None:
            os.close(fd)

    def close(self) -> None:
        """Leave the draft for the next start."""
        fd, self._fd, self._path = self._fd, None, None
        if fd is not None:
            os.close(fd)

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            self.close()

    def _create(self, base: str) -> None:
        assert self._document.path is not None
        path = Path(os.path.realpath(self._document.path))
        folder = drafts_directory()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._path = folder / f"{_prefix(path)}-{secrets.token_hex(6)}.jsonl"
        self._fd = os.open(self._path, _APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        self._text, self._gap = base, False
        _lock(self._fd)
        try:
            self._append({"do": "begin", "path": str(path), "base": base})
        except OSError:
            self.discard()
            raise

    def _adopt(self, path: Path) -> None:
        try:
            self._fd = os.open(path, _APPEND)
        except OSError as error:
            raise StickgenError(f"{path}: the draft is gone ({error.strerror})") from error
        self._path, self._text = path, self._document.text
        if not _lock(self._fd):
            self.close()
            raise StickgenError(f"{self._document.name}: another editor has taken this draft")
        os.truncate(self._fd, max((end for _, end in _sound_records(path)), default=0))  # a torn tail

    def _append(self, record: dict[str, Any]) -> None:
        assert self._fd is not None
        line = encode({**record, "time": time.time()})
        size = os.fstat(self._fd).st_size
        try:
            if os.write(self._fd, line) != len(line):
                raise OSError(28, "No space left on device")
        except OSError:
            with contextlib.suppress(OSError):
                os.truncate(self._fd, size)
            raise


_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


def _lock(fd: int) -> bool:
    """Take the lock; False where another has it. A filesystem without locks counts as taken by us."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _prefix(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:24]


def _abandoned(pattern: str) -> Iterator[Draft]:
    folder = drafts_directory()
    for path in folder.glob(pattern) if folder.is_dir() else ():
        try:
            if _held(path):
                continue
            draft = _read(path)
            if draft is not None and draft.data != draft.base:
                yield draft
            elif draft is not None or time.time() - path.stat().st_mtime > FRESH_SECONDS:
                path.unlink()
        except OSError:
            continue  # not ours, or gone meanwhile


def _held(path: Path) -> bool:
    """Whether a living editor holds the journal. Raises OSError."""
    fd = os.open(path, _APPEND | os.O_NONBLOCK)
    try:
        return not _lock(fd)
    finally:
        os.close(fd)


def _sound_records(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """The sound records from the start, each with the offset behind it; stops at the first that is not."""
    with path.open("rb") as file:
        data = file.read(MAX_JOURNAL_BYTES)
    offset = 0
    while (end := data.find(b"\n", offset)) >= 0:
        line = data[offset:end]
        record = decode(line) or _decode_older(line)
        if record is None:
            return
        offset = end + 1
        yield record, offset


def _decode_older(line: bytes) -> dict[str, Any] | None:
    """The record of a line by a version that wrote the CRC first; None if it is damaged."""
    crc, _, body = line.partition(b" ")
    try:
        record = json.loads(body) if int(crc, 16) == zlib.crc32(body) else None
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _read(path: Path) -> Draft | None:
    """The draft in a journal; None if it has no sound beginning. Raises OSError."""
    begin: dict[str, Any] | None = None
    states: list[str] = []
    undone: list[str] = []
    changed = 0.0
    try:
        for record, _ in _sound_records(path):
            if record["do"] == "begin":
                begin, states = record, [record["base"]]
            elif record["do"] == "edit":
                old, start = states[-1], record["start"]
                states.append(old[:start] + record["new"] + old[start + record["removed"] :])
                undone.clear()
            elif record["do"] == "undo":
                undone.append(states.pop())
            elif record["do"] == "redo":
                states.append(undone.pop())
            changed = float(record["time"])
            del states[: -MAX_UNDO - 1]
            if "crc" in record and zlib.crc32(states[-1].encode()) != record["crc"]:
                return None
        if begin is None:
            return None
        return Draft(
            path=Path(begin["path"]),
            journal_path=path,
            base=begin["base"].encode(),
            states=tuple(state.encode() for state in states),
            undone=tuple(state.encode() for state in undone),
            started=float(begin["time"]),
            changed=changed,
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None


def _difference(old: str, new: str) -> dict[str, Any]:
    """One splice that turns `old` into `new`: where, how many characters go, what comes."""
    start = len(os.path.commonprefix([old, new]))
    limit = min(len(old), len(new)) - start
    tail = 0
    while tail < limit and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return {"start": start, "removed": len(old) - start - tail, "new": new[start : len(new) - tail]}

"""Asking a running trainer for something: a file a request, answered once, between steps.

A request waits in the run's inbox until the event that answers it is on disk, and whatever is in the events is not
answered again: a kill at any moment neither loses one nor applies it twice. A stop, a pause, a checkpoint or a sample
is meant for the present launch, and what is left over of these is refused by the next one. Keys that were set hold for
the run: the next launch takes them.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from stickgen.atomic import write_text
from stickgen.errors import StickgenError
from stickgen.foreign_files import is_own_folder, read_regular
from stickgen.record_log import RecordReader
from stickgen.run_contract import EventKind, Field, Wish
from stickgen.runs.store import Run

_MAX_BYTES = 65_536
_STAMP_DIGITS = 20  # of the id: when it was asked, in ns since 1970


@dataclass(frozen=True)
class Request:
    """What was asked for, by id; `refusal` says why it is not to be applied, and is empty if it is."""

    id: str
    wish: str
    refusal: str = ""
    values: Mapping[str, object] = field(default_factory=dict)  # of Wish.SET: by key

    def __str__(self) -> str:
        values = ", ".join(f"{key}={value}" for key, value in self.values.items())
        return f"{self.wish}{f' {values}' if values else ''}"

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            Field.ID: self.id, Field.WISH: self.wish, Field.VALUES: dict(self.values), "asked_unix": self.asked_unix,
        }  # fmt: skip

    @property
    def asked_unix(self) -> float | None:
        """When it was asked, in seconds since 1970; None if its name does not say."""
        stamp = self.id[:_STAMP_DIGITS]
        return int(stamp) / 1e9 if len(stamp) == _STAMP_DIGITS and stamp.isdigit() else None


def request(run: Run, wish: Wish, values: Mapping[str, object] | None = None) -> str:
    """Leave a request in the run's inbox, with the values of the keys to set; returns its id.

    Raises StickgenError if it cannot be written: a full or a read-only disk, another user's run.
    """
    identifier = f"{time.time_ns():0{_STAMP_DIGITS}d}-{uuid.uuid4().hex[:8]}"
    content = {Field.WISH: wish, Field.LAUNCH: len(run.launches)}
    if values is not None:
        content[Field.VALUES] = dict(values)
    if not is_own_folder(run.control_dir):
        raise StickgenError(
            f"{run.control_dir}: it is no folder, or a link; requests are left in a real folder"
        )
    try:
        write_text(run.control_dir / f"{identifier}.json", json.dumps(content), mode=0o600, follow=False)
    except OSError as error:
        raise StickgenError(
            f"{run.control_dir}: the request cannot be written ({error.strerror or error})"
        ) from error
    return identifier


def waiting(run: Run, launch: int) -> list[Request]:
    """Every request in the inbox, the oldest first, as launch number `launch` sees it. It only looks."""
    found: list[Request] = []
    if not is_own_folder(run.control_dir):
        return found
    for path in sorted(run.control_dir.glob("*.json")):
        with suppress(OSError):
            found.append(_parse(path.stem, read_regular(path, _MAX_BYTES), launch))
    return found


class Inbox:
    """The requests to one launch, as its trainer takes them: each once, and removed when its answer is on disk."""

    def __init__(self, run: Run, launch: int) -> None:
        self._run, self._launch = run, launch
        self._answered: set[str] | None = None  # by their ids; read when there is a request
        self._left: set[str] = set()  # those whose files are still there

    def new(self) -> list[Request]:
        """The requests that nobody has answered, the oldest first."""
        found = waiting(self._run, self._launch)
        if not found:
            return found
        if self._answered is None:
            records = RecordReader(self._run.events_path).read_new()
            self._answered = {str(record[Field.ID]) for record in records if Field.ID in record}
        self._left |= {request.id for request in found if request.id in self._answered}
        return [request for request in found if request.id not in self._answered]

    def answer(self, request: Request) -> None:
        """Its answer is among the events, which may still wait for the disk."""
        if self._answered is not None:
            self._answered.add(request.id)
        self._left.add(request.id)

    def clear(self) -> None:
        """Remove the requests that were answered; the events are on disk. What cannot be removed stays answered."""
        for identifier in list(self._left):
            try:
                (self._run.control_dir / f"{identifier}.json").unlink(missing_ok=True)
            except OSError:
                continue
            self._left.discard(identifier)

    @property
    def to_clear(self) -> bool:
        """Whether there are requests that were answered and not removed."""
        return bool(self._left)


def answer(run: Run, identifier: str, events: tuple[EventKind, ...], seconds: float) -> dict[str, Any] | None:
    """Wait for what came of a request: the first of `events` after the one that took it.

    The event that took it, where it was refused or `events` is empty; None when `seconds` pass or the run ends
    without an answer.
    """
    reader, taken = RecordReader(run.events_path), False
    deadline = time.monotonic() + seconds
    while True:
        alive = run.state().alive
        for record in reader.read_new():
            if record.get(Field.ID) == identifier:
                taken = True
                if not record.get(Field.APPLIED) or not events:
                    return record
            elif taken and record.get(Field.EVENT) in events:
                return record
        if not alive or time.monotonic() > deadline:
            return None
        time.sleep(0.1)


def _parse(identifier: str, data: bytes, launch: int) -> Request:
    try:
        content: Any = json.loads(data)
    except (ValueError, RecursionError):
        content = None
    wish = content.get(Field.WISH) if isinstance(content, dict) else None
    if not isinstance(wish, str) or wish not in set(Wish):
        return Request(identifier, "something", "not a request that this version knows")
    if wish == Wish.SET:
        values = content.get(Field.VALUES)
        if not isinstance(values, dict):
            return Request(identifier, wish, "it names no keys")
        return Request(identifier, wish, values=values)
    if content.get(Field.LAUNCH) != launch:
        return Request(
            identifier, wish, f"it was meant for launch {content.get(Field.LAUNCH)}, this is {launch}"
        )
    return Request(identifier, wish)

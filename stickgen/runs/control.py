"""Asking a running trainer for something: a file a request, applied once, between steps.

A request is meant for one launch. What is left over when that launch ends is refused by the next one.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from stickgen.atomic import write_text
from stickgen.errors import StickgenError
from stickgen.foreign_files import is_own_folder, read_regular
from stickgen.record_log import RecordReader
from stickgen.run_contract import EventKind, Field, Wish
from stickgen.runs.store import Run

_MAX_BYTES = 65_536


@dataclass(frozen=True)
class Request:
    """What was asked for, by id; `refusal` says why it is not to be applied, and is empty if it is."""

    id: str
    wish: str
    refusal: str = ""


def request(run: Run, wish: Wish) -> str:
    """Leave a request to the present launch in the run's inbox; returns its id.

    Raises StickgenError if it cannot be written: a full or a read-only disk, another user's run.
    """
    identifier = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"
    body = json.dumps({"wish": wish, Field.LAUNCH: len(run.launches)})
    if not is_own_folder(run.control_dir):
        raise StickgenError(
            f"{run.control_dir}: it is no folder, or a link; requests are left in a real folder"
        )
    try:
        write_text(run.control_dir / f"{identifier}.json", body, mode=0o600, follow=False)
    except OSError as error:
        raise StickgenError(
            f"{run.control_dir}: the request cannot be written ({error.strerror or error})"
        ) from error
    return identifier


def take_requests(run: Run, launch: int) -> list[Request]:
    """Every waiting request, oldest first, seen by launch number `launch`.

    Taking it removes it, so none is applied twice; one that cannot be removed is not taken.
    """
    taken: list[Request] = []
    if not is_own_folder(run.control_dir):
        return taken
    for path in sorted(run.control_dir.glob("*.json")):
        try:
            data = read_regular(path, _MAX_BYTES)
            path.unlink()
        except OSError:
            continue
        taken.append(_parse(path.stem, data, launch))
    return taken


def answer(run: Run, identifier: str, events: tuple[EventKind, ...], seconds: float) -> dict[str, Any] | None:
    """Wait for what came of a request: the first of `events` after the one that took it.

    The event that took it, where it was refused; None when `seconds` pass or the run ends without an answer.
    """
    reader, taken = RecordReader(run.events_path), False
    deadline = time.monotonic() + seconds
    while True:
        alive = run.state().alive
        for record in reader.read_new():
            if record.get(Field.ID) == identifier:
                taken = True
                if not record.get(Field.APPLIED):
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
    wish = content.get("wish") if isinstance(content, dict) else None
    if not isinstance(wish, str) or wish not in set(Wish):
        return Request(identifier, "something", "not a request that this version knows")
    if content.get(Field.LAUNCH) != launch:
        return Request(
            identifier, wish, f"it was meant for launch {content.get(Field.LAUNCH)}, this is {launch}"
        )
    return Request(identifier, wish)

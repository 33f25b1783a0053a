"""A process that draws sentences for a screen: a request a line of JSON on standard input, answers on standard output.

A request is `{"id": 1, "text": "a person waves"}`, and may have `seed`, `guidance`, `steps`, `seconds`, `checkpoint`
(`last`, `best` or a step), `run` (the folder of another run), `pin` (true pins the text instead of drawing it) and
`truth` (true asks for the real clip of the dataset whose caption is nearest).
Each gets lines `{"id", "phase", "seconds_left"}` while it is worked on, and in the end either the motion or
`{"id", "error"}`. The process ends with its parent, with its input, or when nobody asked for a while.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO, Any

from stickgen.atomic import write_text
from stickgen.errors import StickgenError
from stickgen.folders import cache_path
from stickgen.foreign_files import read_json
from stickgen.generate.sketching import PHASES, Sketcher
from stickgen.runs.process import die_with
from stickgen.runs.store import Run
from stickgen.text import clean

IDLE_SECONDS = 300.0
_LONGEST_LINE = 2**16
_LOOK_SECONDS = 2.0  # between two looks at whether the parent lives


class Progress:
    """Tells the phases of one request, and how long what is left took the last time."""

    def __init__(self, say: Callable[[dict[str, Any]], None]) -> None:
        self._say = say
        self._known = _read_times()
        self._id: Any = None
        self._phase, self._began = "", 0.0

    def begin(self, identifier: Any) -> None:
        """The phases that follow are of this request."""
        self._id, self._phase = identifier, ""

    def __call__(self, phases: Sequence[str]) -> None:
        """The first of `phases` begins, and the others follow."""
        self._note()
        phase = phases[0]
        self._phase, self._began = phase, time.monotonic()
        known = [self._known[name] for name in phases if name in self._known]
        self._say({"id": self._id, "phase": phase, "seconds_left": round(sum(known), 1) if known else None})

    def end(self) -> None:
        """The request is answered."""
        self._note()
        self._phase = ""
        with contextlib.suppress(OSError):
            path = cache_path("drawing_times.json")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps(self._known), durable=False)

    def _note(self) -> None:
        if self._phase:
            self._known[self._phase] = round(time.monotonic() - self._began, 2)


def serve(
    run: Run, lines: IO[str], out: IO[str], *, encoder: str | None = None, idle_seconds: float = IDLE_SECONDS
) -> None:
    """Answer the requests of `lines` until they end, the parent is gone, or none came for `idle_seconds`."""

    def say(told: dict[str, Any]) -> None:
        out.write(json.dumps(told, allow_nan=False) + "\n")
        out.flush()

    progress = Progress(say)
    sketcher = Sketcher(run, progress, encoder)
    waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines, waiting), daemon=True).start()
    parent, heard = os.getppid(), time.monotonic()
    while True:
        try:
            line = waiting.get(timeout=min(_LOOK_SECONDS, idle_seconds))
        except queue.Empty:
            if os.getppid() != parent or time.monotonic() - heard >= idle_seconds:
                return
            continue
        if line is None:
            return
        told: dict[str, Any] = {}
        try:
            told = _request(line)
            progress.begin(told.get("id"))
            answer = sketcher.answer(told)
        except StickgenError as error:
            answer = {"error": clean(error, single_line=True, limit=500)}
        except MemoryError:
            answer = {"error": "the memory ran out while it was drawn; the run is not touched"}
        progress.end()
        say({"id": told.get("id"), **answer})
        heard = time.monotonic()


def main_loop(run: Run, encoder: str | None, idle_seconds: float) -> None:
    """Serve standard input, at the back of every queue of this machine, until the parent dies."""
    die_with(os.getppid())
    # what a library prints to standard output would stand among the answers
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(run, sys.stdin, answers, encoder=encoder, idle_seconds=idle_seconds)


def _read(lines: IO[str], waiting: queue.SimpleQueue[str | None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while line := lines.readline(_LONGEST_LINE):
            if line.strip():
                waiting.put(line)
    waiting.put(None)


def _request(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise StickgenError(f"a request is a JSON object on one line ({clean(error, limit=80)})") from error
    if not isinstance(told, dict):
        raise StickgenError("a request is a JSON object on one line")
    return told


def _read_times() -> dict[str, float]:
    try:
        told = read_json(cache_path("drawing_times.json"))
    except (OSError, ValueError):
        return {}
    return {
        name: float(value)
        for name, value in told.items()
        if name in PHASES and isinstance(value, int | float)
    }

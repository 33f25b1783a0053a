"""Be the trainer of a recorded run, faster: write what it wrote, as it wrote it, into a run directory.

    python -m stickgen_tui.demo.player FOLDER

The process ends, and takes FOLDER with it, when its standard input does: so nothing stays of a demo whose app was killed.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from stickgen.atomic import write_text
from stickgen.record_log import RecordWriter
from stickgen.run_contract import EventKind, Field, Phase
from stickgen.runs.control import Inbox
from stickgen.runs.identity import write_identity
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run
from stickgen_tui.demo.recording import Piece, Recording, read_recording

NAME = "DEMO"
SPEED = 6.0  # times as fast as it was
HEAD_SHARE = 0.15  # of the recording is there at once, so that there is something to look at
_TICK_SECONDS = 0.2
_NO = "this is a recorded run: nothing trains, and nothing can be asked of it but to stop"


class Player:
    """Writes the pieces of a recording into a run directory when they are due."""

    def __init__(self, run: Run, recording: Recording) -> None:
        self.run, self._pieces = run, recording.pieces
        self._total, self._reason = recording.seconds, recording.reason
        self._next = 0
        self._inbox = Inbox(run, 1)
        self._step = self._steps = 0
        for folder in (run.path, run.samples_dir, run.checkpoints_dir, run.control_dir):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        run.config_path.write_text(recording.config)
        now = time.time()
        self._launch = {
            **describe_process(os.getpid()),
            "started": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(now)),
        }
        facts = {"name": run.name, "created_unix": now, "run_path": str(run.path), "launches": [self._launch]}
        write_identity(run.path, recording.identity | facts)
        self._metrics, self._events = RecordWriter(run.metrics_path), RecordWriter(run.events_path)
        self._began = now - HEAD_SHARE * self._total / SPEED

    def write_due(self) -> bool:
        """Write what is due by now; whether more is to come."""
        now = (time.time() - self._began) * SPEED
        while self._next < len(self._pieces) and self._pieces[self._next].seconds <= now:
            self._write(self._pieces[self._next])
            self._next += 1
        for request in self._inbox.new():
            self._event(EventKind.CONTROL, _NO, **{Field.ID: request.id, Field.APPLIED: False})
            self._inbox.answer(request)
        self._inbox.clear()
        self.run.beat(Phase.TRAINING, self._step, self._steps, None)
        return self._next < len(self._pieces)

    def _write(self, piece: Piece) -> None:
        came = self._began + piece.seconds / SPEED
        if piece.kind == "metrics":
            record = {**piece.content, Field.TIME: came}
            if isinstance(eta := record.get(Field.ETA_SECONDS), int | float):
                record[Field.ETA_SECONDS] = eta / SPEED
            self._step = record.get(Field.STEP, self._step)
            self._steps = record.get(Field.TOTAL_STEPS, self._steps)
            self._metrics.write(record)
        elif piece.kind == "events":
            self._events.write({**piece.content, Field.TIME: came})
        elif piece.kind == "sample":
            write_text(self.run.samples_dir / piece.name, json.dumps(piece.content))
        else:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(came))
            with self.run.log_path.open("a") as log:
                log.write(f"{stamp},000 {piece.content}\n")

    def end(self, *, stopped: bool) -> None:
        """Write how it ended, as the supervisor does."""
        reason = "the demo was stopped" if stopped else f"the recording is over: {self._reason}"
        self._event(EventKind.STOPPED if stopped else EventKind.FINISHED, reason)
        code = 130 if stopped else 0
        write_text(
            self.run.exit_path, json.dumps({"code": code, "signal": None, "reason": reason, "launch": 1})
        )
        write_identity(self.run.path, {"launches": [self._launch | {"pid": 0}]})  # this process plays no more

    def _event(self, kind: EventKind, message: str, **more: Any) -> None:
        facts = {Field.TIME: time.time(), Field.LAUNCH: 1, Field.STEP: self._step, Field.MESSAGE: message}
        self._events.write({Field.EVENT: kind, **facts, **more})


def main() -> None:
    """Play until the recording, the patience of who watches, or standard input ends."""
    folder = Path(sys.argv[1])
    stops: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, lambda number, _: stops.append(number))
    watch = select.poll()
    watch.register(sys.stdin.fileno(), 0)
    player = Player(Run(folder / NAME), read_recording())
    going = True
    while not watch.poll(_TICK_SECONDS * 1000):
        stopped = any(number != signal.SIGUSR1 for number in stops)
        if going and (stopped or not player.write_due()):
            going = False
            player.end(stopped=stopped)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

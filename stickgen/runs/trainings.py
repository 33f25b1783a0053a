"""Which trainings go on on this machine, in whichever folder, and how long another one went on beside this one.

Two trainings on one machine halve each other, so a launch asks, the queue waits, and what was measured beside another
one teaches the planner nothing. Each launch leaves a note of where its run is in the state folder; whether it still goes
on is derived from the run itself at each look.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

from stickgen.atomic import write_text
from stickgen.errors import StickgenError
from stickgen.folders import state_path
from stickgen.foreign_files import read_json
from stickgen.runs.locks import launch_under_way, trainer_lock_holder
from stickgen.runs.process import boot_id, find_process
from stickgen.runs.store import Run, is_run, list_runs

MOST_BESIDE = 0.15  # of the looks that found another training, before a measured time means nothing
LOOK_SECONDS = 10.0
_FRESH_SECONDS = 60.0  # a note so young may be of a launch that is only just beginning


def notes_folder() -> Path:
    """Where launches leave their notes."""
    return state_path("trainings")


def note_launch(run: Run) -> None:
    """Leave word of a run that is being launched. A disk that refuses is no reason not to train."""
    name = hashlib.sha256(os.fsencode(run.path)).hexdigest()[:24]
    with contextlib.suppress(OSError):
        notes_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        write_text(
            notes_folder() / f"{name}.json", json.dumps({"run": str(run.path)}), mode=0o600, durable=False
        )


def live_trainings(roots: Iterable[Path] = (), *, besides: Run | None = None) -> list[Run]:
    """The runs that train on this machine now, by the notes of launches and by what lies in `roots`.

    `besides` is left out. What cannot be read is passed over; notes of runs that have ended are removed.
    """
    found = {run.path: run for run in _noted()}
    for root in roots:
        with contextlib.suppress(StickgenError):
            found.update({run.path: run for run in list_runs(root) if is_going(run)})
    if besides is not None:
        found.pop(besides.path, None)
    return sorted((run for run in found.values() if _is_here(run)), key=lambda run: run.name)


def is_going(run: Run) -> bool:
    """Whether a launcher, a supervisor or a trainer is at work on the run, here or elsewhere."""
    if launch_under_way(run) or trainer_lock_holder(run) is not None:
        return True
    launches = run.launches
    return bool(launches) and find_process(launches[-1]) is not None


def _noted() -> list[Run]:
    going = []
    for note in notes_folder().glob("*.json"):
        try:
            run, age = Run(Path(read_json(note)["run"])), time.time() - note.stat().st_mtime
            if is_run(run.path) and is_going(run):
                going.append(run)
            elif age > _FRESH_SECONDS:
                note.unlink(missing_ok=True)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return going


def _is_here(run: Run) -> bool:
    """Whether its last launch was on this machine since it was started; a run never launched is where it was made."""
    launches = run.launches
    if launches:
        return bool(launches[-1].get("boot_id") == boot_id())
    return bool(run.identity.get("host") == os.uname().nodename)


class Neighbours:
    """How much of the time another training went on beside a run, by a look now and then."""

    def __init__(self, run: Run | None) -> None:
        self._run, self._looks, self._found, self._next = run, 0, 0, 0.0

    def look(self) -> None:
        """Look, if the last look is long enough ago. Never raises."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LOOK_SECONDS
        with contextlib.suppress(OSError, StickgenError):
            self._found += bool(live_trainings(besides=self._run))
            self._looks += 1

    @property
    def contended(self) -> bool:
        """Whether another training took part of the machine for long enough to spoil what was measured."""
        self.look()
        return self._found > MOST_BESIDE * self._looks

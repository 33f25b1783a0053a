"""The queue: a folder of jobs, their order, and whether it is paused. Plain files, changed under one lock.

order.json    the numbers of the jobs in the order of their turns, and the next number
queue.lock    held for the moment of a change
paused        there while no job is to be started
worker.lock   held by the worker for life; worker.json says who that is
jobs/N/       a job: config.yaml its exact bytes, job.json
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from stickgen.atomic import write_bytes, write_text
from stickgen.errors import StickgenError
from stickgen.folders import state_path
from stickgen.foreign_files import read_json
from stickgen.queue.job import CONFIG, JOB, Job, now, read_job, write_job
from stickgen.queue.state import JobState, JobStatus, derive
from stickgen.runs.locks import exclusive
from stickgen.runs.store import check_name
from stickgen.runs.trainings import is_going

ORDER: Final = "order.json"
LOCK: Final = "queue.lock"
PAUSED: Final = "paused"
JOBS: Final = "jobs"

Where = Literal["up", "down", "top", "bottom"] | int


def queue_root() -> Path:
    """Where the queue is: $STICKGEN_QUEUE, else `queue` in the state folder. One queue for a person and a machine."""
    return Path(os.environ.get("STICKGEN_QUEUE") or state_path("queue")).absolute()


@dataclass(frozen=True)
class Entry:
    """A job with how it is. `job` is None if its file cannot be read; the state then says why."""

    id: int
    folder: Path
    job: Job | None
    state: JobState


class Queue:
    """The jobs below one folder. Nothing is kept in memory: each call looks at the files."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or queue_root()).absolute()
        self.jobs_dir = self.root / JOBS

    # -- looking

    @property
    def paused(self) -> bool:
        """Whether no job is to be started for now."""
        return (self.root / PAUSED).exists()

    def ids(self) -> list[int]:
        """The numbers of the jobs in the order of their turns; one that the order does not know comes last."""
        there = {int(path.name) for path in _folders(self.jobs_dir) if path.name.isdecimal()}
        known = [number for number in self._order()["order"] if number in there]
        return [*known, *sorted(there - set(known))]

    def entries(self) -> list[Entry]:
        """Every job and how it is: those that run first, then those to come in their order, then those that are over."""
        found = [self._entry(number) for number in self.ids()]
        return in_turn(found)

    def _entry(self, number: int) -> Entry:
        folder = self.folder(number)
        try:
            job = read_job(folder)
        except StickgenError as error:
            return Entry(number, folder, None, JobState(JobStatus.FAILED, str(error)))
        return Entry(number, folder, job, derive(job))

    def folder(self, number: int) -> Path:
        """The folder of a job."""
        return self.jobs_dir / str(number)

    def find(self, which: str) -> Entry:
        """A job by its number, or by the name of it or of its run, or an unambiguous part of one.

        Raises StickgenError with what there is.
        """
        numbers = self.ids()
        if which.isdecimal() and int(which) in numbers:
            return self._entry(int(which))
        entries = [self._entry(number) for number in numbers]
        named = [(entry, _names(entry)) for entry in entries]
        matching = [entry for entry, names in named if which in names] or [
            entry for entry, names in named if which and any(which in name for name in names)
        ]
        if len(matching) == 1:
            return matching[0]
        there = ", ".join(
            str(entry.job.title if entry.job else entry.id) for entry in (matching or entries)[:6]
        )
        if not there:
            raise StickgenError("the queue is empty; add a job with: stickgen queue add CONFIG")
        what = "several jobs match" if matching else "there is no job"
        raise StickgenError(f"{what} {which!r}; there are {there}")

    # -- changing

    def add(self, config: bytes, **facts: Any) -> Job:
        """Put a job at the end of the queue; its config is frozen here. Raises StickgenError if it cannot be written."""
        return self.add_all([(config, facts)])[0]

    def add_all(self, jobs: Sequence[tuple[bytes, dict[str, Any]]]) -> list[Job]:
        """Put jobs at the end of the queue: all of them, or none if they cannot be written."""
        for _, facts in jobs:
            if facts.get("name"):
                check_name(facts["name"])
        made: list[Job] = []
        with self._changing():
            try:
                order = self._order()
                number = max([order["next"], *(known + 1 for known in self.ids())])
                for config, facts in jobs:
                    made.append(Job(id=number, created_unix=now(), **facts))
                    self._write_new(made[-1], config)
                    number += 1
                self._write_order([*self.ids_but(made), *(job.id for job in made)], number)
            except OSError:
                for job in made:
                    shutil.rmtree(self.folder(job.id), ignore_errors=True)
                raise
        return made

    def ids_but(self, made: Sequence[Job]) -> list[int]:
        """The numbers in their order, without those of `made`."""
        new = {job.id for job in made}
        return [number for number in self.ids() if number not in new]

    def _write_new(self, job: Job, config: bytes) -> None:
        """The folder appears whole or not at all: it is filled under another name."""
        filling = self.jobs_dir / f".{job.id}.new"
        shutil.rmtree(filling, ignore_errors=True)
        filling.mkdir(mode=0o700)
        write_bytes(filling / CONFIG, config, mode=0o600)
        write_job(filling, job)
        filling.rename(self.folder(job.id))

    def update(self, number: int, **facts: Any) -> Job:
        """Change what became of a job; of two that do so at once, neither loses its facts."""
        with self._changing():
            folder = self.folder(number)
            job = read_job(folder).with_facts(**facts)
            write_job(folder, job)
        return job

    def move(self, number: int, where: Where) -> int:
        """Give a job another turn: up, down, to the top or bottom, or to place `where`, from 1, among those to come.

        Returns its place among them. Raises StickgenError for one that is running or over.
        """
        with self._changing():
            entries = self.entries()
            coming = [entry.id for entry in entries if _rank(entry.state) == 1]
            if number not in coming:
                raise StickgenError(f"job {number} is not waiting, so it has no turn to move")
            at = coming.index(number)
            places = {"up": at - 1, "down": at + 1, "top": 0, "bottom": len(coming) - 1}
            to = where - 1 if isinstance(where, int) else places[where]
            to = min(max(to, 0), len(coming) - 1)
            coming.insert(to, coming.pop(at))
            others = iter(coming)
            moved = set(coming)
            self._write_order([next(others) if known in moved else known for known in self.ids()])
        return to + 1

    def remove(self, number: int) -> None:
        """Take a job out of the queue; its run directory stays. Raises StickgenError while it runs."""
        with self._changing():
            entry = self._entry(number)
            run = entry.job.directory if entry.job is not None else None
            if run is not None and is_going(run):
                raise StickgenError(
                    f"job {number} is running; stop it first: stickgen runs stop {run.reference}"
                )
            if not (entry.folder / JOB).exists() and not entry.folder.is_dir():
                raise StickgenError(f"there is no job {number}")
            gone = self.jobs_dir / f".{number}.gone"
            shutil.rmtree(gone, ignore_errors=True)
            entry.folder.rename(gone)  # at once, so that nobody sees half of it
            self._write_order([known for known in self.ids() if known != number])
            shutil.rmtree(gone, ignore_errors=True)

    def hold(self, number: int) -> None:
        """Leave a job in the queue and do not start it."""
        if not (state := self._entry(number).state).ready:
            raise StickgenError(f"job {number} is {state.status}; only one that waits can be held")
        self.update(number, held=True)

    def release(self, number: int) -> None:
        """Let a held job have its turn; one that failed or was stopped goes on where it was."""
        entry = self._entry(number)
        if entry.job is None:
            raise StickgenError(entry.state.reason)
        if entry.state.status == JobStatus.HELD and entry.job.held:
            self.update(number, held=False)
        elif entry.state.status in {JobStatus.HELD, JobStatus.FAILED, JobStatus.STOPPED}:
            run = entry.job.directory
            launches = len(run.launches) if run is not None else None
            self.update(number, held=False, failure="", deaths=[], again=launches)
        else:
            raise StickgenError(f"job {number} is {entry.state.status}; there is nothing to release")

    def pause(self) -> None:
        """Start no job until `resume`; what runs goes on."""
        with self._changing():
            write_text(self.root / PAUSED, "", mode=0o600)

    def resume(self) -> None:
        """Start jobs again."""
        with self._changing():
            (self.root / PAUSED).unlink(missing_ok=True)

    # -- files

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            self.jobs_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            with exclusive(self.root / LOCK):
                yield
        except OSError as error:
            raise StickgenError(
                f"{error.filename or self.root}: the queue cannot be changed ({error.strerror or error})"
            ) from error

    def _order(self) -> dict[str, Any]:
        """What order.json says; a lost or damaged one costs only the order."""
        with contextlib.suppress(OSError, ValueError):
            found = read_json(self.root / ORDER)
            order, following = found.get("order"), found.get("next")
            if isinstance(order, list) and type(following) is int:
                return {"order": [number for number in order if type(number) is int], "next": following}
        return {"order": [], "next": 1}

    def _write_order(self, order: list[int], following: int | None = None) -> None:
        following = self._order()["next"] if following is None else following
        write_text(self.root / ORDER, json.dumps({"order": order, "next": following}), mode=0o600)


def in_turn(entries: list[Entry]) -> list[Entry]:
    """Those that run, those to come, those that are over; each kind in the order it had."""
    return sorted(entries, key=lambda entry: _rank(entry.state))


def _folders(directory: Path) -> list[Path]:
    try:
        return [path for path in directory.iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError:
        return []


def _rank(state: JobState) -> int:
    if state.status == JobStatus.RUNNING:
        return 0
    return 1 if state.open else 2


def _names(entry: Entry) -> list[str]:
    if entry.job is None:
        return []
    return [
        name for name in (entry.job.name, Path(entry.job.run).name, Path(entry.job.config_name).stem) if name
    ]

"""The worker: starts the next job when the machine is free, one after the other, whatever becomes of each.

    stickgen queue run      in the foreground
    stickgen queue start    apart from the terminal

It keeps nothing in memory that matters: killed at any moment and started again, it finds every job as it is. A job's
training is a run like any other and belongs to no worker.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType

from stickgen.atomic import write_text
from stickgen.children import child_environment
from stickgen.errors import StickgenError
from stickgen.hardware.machine import detect
from stickgen.quantities import counted
from stickgen.queue.job import STARTING_LOG, Job
from stickgen.queue.places import Places
from stickgen.queue.state import JobStatus
from stickgen.queue.store import Entry, Queue
from stickgen.queue.watching import Watch
from stickgen.queue.worker_lock import WORKER, WorkerLock
from stickgen.runs.checkpoint_folders import newest_name
from stickgen.runs.launch import stop
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run, Status, runs_root
from stickgen.runs.trainings import is_going, live_trainings

POLL_SECONDS = 1.0
IDLE_SECONDS = 2.0  # while there is nothing to start and nothing to watch
START_SECONDS = 300.0  # within which a start must have ended

Say = Callable[[str], None]
Start = Callable[[Queue, Job, list[str]], str]  # returns why it failed; "" where it started, or noted why not


class Worker:
    """One worker of one queue. `run` returns when it was told to end, or, if wanted, when no job is left."""

    def __init__(self, queue: Queue, say: Say, places: Places, start: Start | None = None) -> None:
        self.queue, self._say, self._places = queue, say, places
        self._start: Start = start or partial(start_apart, alone=not places.several)
        self._watch = Watch(queue)
        self._ends = False  # the worker alone
        self._stops_jobs = False  # what runs as well, with a checkpoint, to go on later
        self._beside: list[Run] = []  # what was found to train here beside the queue
        self._waits_for = ""
        self._trouble = ""
        self._wake, self._woken = os.pipe()  # written to by a signal, so that a sleep ends at once

    # -- what it is told

    def listen(self) -> None:
        """SIGINT and SIGUSR2 end the worker and leave the training alone; SIGTERM, as of a system that goes down,
        stops that with a checkpoint, to go on at the next start. A closed terminal ends nothing."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGUSR2, signal.SIGTERM):
            signal.signal(number, self._told)

    def _told(self, number: int, _: FrameType | None) -> None:
        self.end(stops_jobs=number == signal.SIGTERM)

    def end(self, *, stops_jobs: bool = False) -> None:
        """Let `run` return soon."""
        self._stops_jobs = self._stops_jobs or stops_jobs
        self._ends = True
        with contextlib.suppress(OSError):
            os.write(self._woken, b"!")

    def _sleep(self, seconds: float) -> None:
        select.select([self._wake], [], [], seconds)

    # -- its life

    def run(self, *, until_empty: bool = False) -> None:
        """Work until told to end; `until_empty`: or until no job is waiting or running."""
        while not self._ends:
            try:
                left = self._turn()
                self._trouble = ""
            except (StickgenError, OSError) as error:  # a full disk passes, and the jobs are still there then
                if str(error) != self._trouble:
                    self._say(f"trouble: {error}; trying again")
                left, self._trouble = True, str(error)
            if until_empty and not left:
                return
            if not self._ends:
                self._sleep(POLL_SECONDS if left else IDLE_SECONDS)
        if self._stops_jobs:
            self._stop_jobs()

    def _turn(self) -> bool:
        """Note what ended and start what has a place; whether a job is running or may be started."""
        entries = self._settle(self._watch.entries())
        going = [entry for entry in entries if entry.state.status == JobStatus.RUNNING]
        ready = [] if self.queue.paused else [entry for entry in entries if entry.state.ready]
        if ready:
            self._start_next(ready, going)
        return bool(going or ready)

    def _settle(self, entries: list[Entry]) -> list[Entry]:
        """Note how launches ended, once each."""
        for entry in entries:
            job, state = entry.job, entry.state
            run = job.directory if job is not None else None
            if job is None or run is None or state.run is None or state.status == JobStatus.RUNNING:
                continue
            launches = len(run.launches)
            if not launches or job.settled == launches or is_going(run):
                continue
            facts: dict[str, object] = {"settled": launches, "launched": True}
            if job.interrupted == launches or state.status == JobStatus.INTERRUPTED:
                facts["interrupted"] = launches
            if state.run.status == Status.DIED:
                step = int(newest_name(run.checkpoints_dir).partition("_")[2].partition(".")[0] or 0)
                facts["deaths"] = [*job.deaths, [launches, step]]
            with contextlib.suppress(StickgenError):  # it was removed meanwhile
                self.queue.update(job.id, **facts)
                self._say(f"job {job.title}: {state.status}{f' ({state.reason})' if state.reason else ''}")
        return self._watch.entries()

    def _start_next(self, ready: list[Entry], going: list[Entry]) -> None:
        """Start the first job that has a place."""
        taken = self._taken(going)
        for entry in ready:
            job = entry.job
            assert job is not None
            gpus = self._places.find(self.queue, job, taken)
            if gpus is not None:
                self._begin(job, gpus)
                return
            if not self._places.several or (job.nproc or 1) > 1:
                return  # a job that needs several GPUs is not overtaken for ever

    def _taken(self, going: list[Entry]) -> set[str]:
        own = {entry.job.run: entry.job.gpus for entry in going if entry.job is not None}
        self._beside = [run for run in self._beside if is_going(run)] or [
            run for run in live_trainings(self._roots()) if str(run.path) not in own
        ]
        names = ", ".join(run.name for run in self._beside)
        if names != self._waits_for and names:
            self._say(f"waiting for {names}, which this queue did not start")
        self._waits_for = names
        pairs = [(Run(Path(path)), gpus) for path, gpus in own.items()]
        return self._places.taken([*pairs, *((run, ()) for run in self._beside)])

    def _roots(self) -> set[Path]:
        jobs = (entry.job for entry in self._watch.entries())
        return {runs_root().absolute(), *(Path(job.root) for job in jobs if job is not None)}

    def _begin(self, job: Job, gpus: list[str]) -> None:
        where = f" on GPU {', '.join(gpus)}" if gpus else ""
        self._say(f"job {job.title}: starting{where}")
        if reason := self._start(self.queue, job, gpus):
            self.queue.update(job.id, failure=reason)

    def _stop_jobs(self) -> None:
        """Stop what runs, with a checkpoint, and mark it: it goes on at the next start. Waits for its end."""
        going = [(entry, run) for entry in self._watch.entries()
                 if entry.state.status == JobStatus.RUNNING and entry.job is not None and (run := entry.job.directory)]  # fmt: skip
        for entry, run in going:
            with contextlib.suppress(StickgenError):
                self.queue.update(entry.id, interrupted=len(run.launches))
                self._say(f"job {entry.id}: stopping with a checkpoint, to go on later")
                stop(run)
        while any(is_going(run) for _, run in going):
            time.sleep(0.1)


def start_apart(queue: Queue, job: Job, gpus: list[str], *, alone: bool) -> str:
    """Start a job in a process of its own and wait until that has done so; returns why it failed, if it did not say.

    `alone`: not if another training has begun meanwhile.
    """
    log = queue.folder(job.id) / STARTING_LOG
    command = [sys.executable, "-m", "stickgen.queue.starting", str(queue.root), str(job.id), ",".join(gpus)]
    command += ["alone"] if alone else []
    try:
        with log.open("wb") as output:
            code = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=child_environment(),
                timeout=START_SECONDS,
            ).returncode
    except subprocess.TimeoutExpired:
        return f"it could not be started within {START_SECONDS:.0f} s; see {log}"
    except OSError as error:
        return f"{error.filename or log}: {error.strerror or error}"
    return f"its start ended with code {code}; see {log}" if code else ""


def work(queue: Queue, say: Say, *, until_empty: bool = False) -> None:
    """Be the worker of `queue`. Raises StickgenError if another one is at work, or the folder cannot be written."""
    with holding(queue):
        worker = Worker(queue, say, Places.of_machine(count_gpus()))
        worker.listen()
        jobs = sum(entry.state.open for entry in queue.entries())
        say(f"worker {os.getpid()} begins with {counted(jobs, 'job')}{', paused' if queue.paused else ''}")
        worker.run(until_empty=until_empty)
        say("worker ends")


def count_gpus() -> int:
    """How many GPUs torch can use; it is asked only where the system has two or more at all."""
    nodes = [path for path in Path("/dev").glob("nvidia*") if path.name.removeprefix("nvidia").isdecimal()]
    return len(detect().gpus) if len(nodes) > 1 or Path("/dev/kfd").exists() else len(nodes)


@contextlib.contextmanager
def holding(queue: Queue) -> Iterator[None]:
    """Hold the worker's lock, and say in worker.json who does. Raises StickgenError if another one has it."""
    lock = WorkerLock(queue.root)
    lock.acquire()
    try:
        facts = {**describe_process(os.getpid()), "host": os.uname().nodename, "started_unix": time.time()}
        write_text(queue.root / WORKER, json.dumps(facts), mode=0o600)
        yield
    finally:
        lock.close()


def say_with_time(sentence: str) -> None:
    """A line of the worker's log."""
    print(f"{datetime.now(UTC).isoformat(timespec='seconds')} {sentence}", flush=True)


if __name__ == "__main__":
    from stickgen.runs.stops import ignore_stops

    try:
        work(Queue(), say_with_time)
    except StickgenError as error:
        print(error, file=sys.stderr)
        sys.exit(0)  # another one is at work
    ignore_stops()

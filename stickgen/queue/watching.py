"""A queue looked at again and again, at a cost that does not grow with the jobs that are long over."""

from __future__ import annotations

from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.queue.job import JOB, read_job
from stickgen.queue.state import JobState, JobStatus, derive
from stickgen.queue.store import Entry, Queue, in_turn
from stickgen.run_contract import File

Stamp = tuple[int, ...]


class Watch:
    """The entries of a queue. What is over is looked at anew only when its files have changed."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._over: dict[int, tuple[Stamp, Entry]] = {}

    def entries(self) -> list[Entry]:
        """As `Queue.entries`."""
        found = [self._entry(number) for number in self._queue.ids()]
        self._over = {entry.id: self._over[entry.id] for entry in found if entry.id in self._over}
        return in_turn(found)

    def _entry(self, number: int) -> Entry:
        folder = self._queue.folder(number)
        known = self._over.get(number)
        if known is not None and known[0] == _stamp(folder, known[1]):
            return known[1]
        self._over.pop(number, None)
        try:
            job = read_job(folder)
        except StickgenError as error:
            return Entry(number, folder, None, JobState(JobStatus.FAILED, str(error)))
        entry = Entry(number, folder, job, derive(job))
        if not entry.state.open:
            self._over[number] = _stamp(folder, entry), entry
        return entry


def _stamp(folder: Path, entry: Entry) -> Stamp:
    """What changes when anything becomes of a job that is over: its file, or a new launch of its run."""
    run = Path(entry.job.run) if entry.job is not None and entry.job.run else folder
    out: list[int] = []
    for path in (folder / JOB, run / File.IDENTITY, run / File.EXIT, run / File.HEARTBEAT):
        try:
            status = path.stat()
            out += [status.st_ino, status.st_mtime_ns]
        except OSError:
            out += [0, 0]
    return tuple(out)

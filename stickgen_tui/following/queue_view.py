"""The queue as the screen shows it: what trains here, the queue's own or not, then what is to come, then what is over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stickgen.queue.forecasting import Forecaster
from stickgen.queue.state import JobStatus
from stickgen.queue.store import Entry, Queue
from stickgen.queue.watching import Watch
from stickgen.queue.worker_lock import is_at_work
from stickgen.runs.store import Run, runs_root
from stickgen.runs.trainings import live_trainings


@dataclass(frozen=True)
class Row:
    """A job, or a training that the queue did not start (`id` None). `ends` in seconds from now; None if unknown."""

    key: str
    id: int | None
    title: str
    status: str
    reason: str
    run: str
    step: int = 0
    total_steps: int = 0
    ends: float | None = None
    over: bool = False
    frozen: str = ""  # where its config is
    values: tuple[tuple[str, object], ...] = ()

    @property
    def running(self) -> bool:
        return self.id is None or self.status == JobStatus.RUNNING


@dataclass(frozen=True)
class View:
    """What a look found."""

    rows: list[Row]
    paused: bool
    at_work: bool  # whether a worker is

    @property
    def waiting(self) -> int:
        return sum(not row.over and not row.running for row in self.rows)


class QueueView:
    """Looks at a queue again and again."""

    def __init__(self, root: Path | None = None) -> None:
        self.queue = Queue()
        self._root = root
        self._watch, self._forecaster = Watch(self.queue), Forecaster()

    def look(self) -> View:
        """The queue as it is now. Reads files: run it in a worker."""
        entries = self._watch.entries()
        forecasts = self._forecaster.look(entries)
        own = {entry.job.run for entry in entries if entry.job is not None}
        beside = [run for run in live_trainings([self._root or runs_root()]) if str(run.path) not in own]
        rows = [_beside(run) for run in beside]
        for entry in entries:
            forecast = forecasts.get(entry.id)
            rows.append(_row(entry, forecast.ends if forecast is not None else None))
        return View(rows, self.queue.paused, is_at_work(self.queue.root))


def _beside(run: Run) -> Row:
    state = run.state()
    reason = "not started by the queue, which waits for it"
    return Row(
        str(run.path), None, run.name, str(state.status), reason, str(run.path), state.step, state.total_steps
    )


def _row(entry: Entry, ends: float | None) -> Row:
    job, state = entry.job, entry.state
    at = (state.run.step, state.run.total_steps) if state.run is not None else (0, 0)
    title = "?" if job is None else job.name or Path(job.config_name).name
    return Row(
        key=str(entry.id),
        id=entry.id,
        title=title,
        status=str(state.status),
        reason=state.reason,
        run=job.run if job is not None else "",
        step=at[0],
        total_steps=at[1],
        ends=ends,
        over=not state.open,
        frozen=str(entry.folder / "config.yaml"),
        values=tuple(job.values.items()) if job is not None else (),
    )

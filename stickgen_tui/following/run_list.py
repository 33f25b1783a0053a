"""The runs there are, newest first, each with what a row of the table shows."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen.record_log import last_record
from stickgen.run_contract import Field, File, RecordKind
from stickgen.runs.store import Run, State, Status, list_runs, runs_root
from stickgen_tui.drawing.states import look_of
from stickgen_tui.text import clean

if TYPE_CHECKING:
    from stickgen.catalogue.entry import Entry


Stamp = tuple[tuple[int, int], ...]  # ns since 1970 and bytes, a file each


@dataclass(frozen=True)
class RunSummary:
    """A row: `loss` is of the newest train record, `changed` the unix time of the newest sign of life."""

    name: str
    status: str
    step: int | None
    total_steps: int | None
    loss: float | None
    changed: float | None

    @property
    def alive(self) -> bool:
        return look_of(self.status).alive


MOST_SHOWN = 50
_OTHERS_A_LOOK = 50  # runs that are not shown, looked at each time, in turn
_FRESH_SECONDS = 2.0  # a file that changed so lately may change again within the same tick of its clock
_AT_REST = frozenset(
    {"stopped", "early", "finished", "failed", "died", "paused"}
)  # until a file says otherwise
_TOLD_BY = (
    "",
    File.HEARTBEAT,
    File.METRICS,
    File.EVENTS,
)  # the folder itself: all else is replaced, not written over
_LISTING_SECONDS = 30.0  # the folder is listed anew when it changed, and at the latest after this


@dataclass(frozen=True)
class Listing:
    """What a look found: the rows to show, those that are going first, and how many runs there are in all."""

    rows: list[tuple[Run, RunSummary]]
    total: int

    @property
    def hidden(self) -> int:
        """Runs that are there and not among the rows."""
        return self.total - len(self.rows)


class RunCatalogue:
    """The runs of a folder, looked at again and again at a cost that does not grow with their number.

    The first look is at all of them. After that at those that are going, those that are shown, and some of
    the others in turn, so that one that was resumed elsewhere is found within seconds. A run that has ended is
    read again only when its files changed.
    """

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._summaries: dict[Path, RunSummary] = {}
        self._stamp: tuple[Path, int] | None = None
        self._listed = 0.0
        self._turn = 0
        self._stamps: dict[Path, Stamp] = {}  # of those that have ended, as they were when they were read

    def look(self, root: Path | None, most: int = MOST_SHOWN) -> Listing:
        """The rows as they are now."""
        self._list(root or runs_root())
        known = self._summaries
        going = {run.path for run in self._runs if run.path in known and known[run.path].alive}
        others = [run for run in self._runs[most:] if run.path in known and run.path not in going]
        start = self._turn % max(len(others), 1)
        resting = {run.path for run in others} - {
            run.path for run in (*others, *others)[start : start + _OTHERS_A_LOOK]
        }
        self._turn = start + _OTHERS_A_LOOK
        self._summaries = {
            run.path: known[run.path] if run.path in resting else self._summary(run) for run in self._runs
        }
        self._stamps = {path: stamp for path, stamp in self._stamps.items() if path in self._summaries}
        rows = [(run, self._summaries[run.path]) for run in self._runs]
        rows.sort(key=lambda row: not row[1].alive)
        count = max(most, sum(summary.alive for _, summary in rows))
        return Listing(rows[:count], len(rows))

    def _summary(self, run: Run) -> RunSummary:
        """What is known of a run that has ended, while its files are as they were; else what they say now."""
        stamp = stamp_of(run.path)  # before the reading: what comes in between is then read again
        if stamp is not None and stamp == self._stamps.get(run.path):
            return self._summaries[run.path]
        summary = summary_of(run)
        if stamp is not None and summary.status in _AT_REST and _is_settled(stamp):
            self._stamps[run.path] = stamp
        else:
            self._stamps.pop(run.path, None)
        return summary

    def _list(self, root: Path) -> None:
        try:
            stamp = root.absolute(), root.stat().st_mtime_ns
        except OSError:
            stamp = root.absolute(), -1
        now = time.monotonic()
        if stamp != self._stamp or now - self._listed > _LISTING_SECONDS:
            self._runs, self._stamp, self._listed = list_runs(root), stamp, now


def stamp_of(path: Path) -> Stamp | None:
    """When each file that tells how the run at `path` is was last changed, and its size; None if it cannot be seen."""
    folder, stamp = str(path), []
    for name in _TOLD_BY:
        try:
            status = os.stat(f"{folder}/{name}")  # noqa: PTH116 - a Path each costs more than the look
        except FileNotFoundError:
            stamp.append((0, -1))
        except OSError:
            return None
        else:
            stamp.append((status.st_mtime_ns, status.st_size))
    return tuple(stamp)


def _is_settled(stamp: Stamp) -> bool:
    return time.time() - max(changed for changed, _ in stamp) / 1e9 > _FRESH_SECONDS


def summary_of(run: Run) -> RunSummary:
    """What a row shows of a run; unreadable parts are left out, never raised."""
    newest, state = last_record(run.metrics_path, kind=RecordKind.TRAIN) or {}, run.state()
    step, total, loss = newest.get(Field.STEP), newest.get(Field.TOTAL_STEPS), newest.get(Field.LOSS)
    total = total or state.total_steps or run.identity.get("total_steps")
    return RunSummary(
        name=clean(run.name, single_line=True, limit=200),
        status=str(state.status),
        step=max(int(step), state.step) if isinstance(step, int | float) else state.step or None,
        total_steps=int(total) if isinstance(total, int | float) else None,
        loss=float(loss) if isinstance(loss, int | float) else None,
        changed=_newest_change(run),
    )


def entry_of(run: Run, summary: RunSummary) -> Entry:
    """A row as the catalogue has it, without figures and config."""
    from stickgen.catalogue.entry import Entry

    try:
        status = Status(summary.status)
    except ValueError:
        status = Status.UNREADABLE
    state = State(status, "", summary.step or 0, summary.total_steps or 0)
    return Entry(run, state, {}, changed=summary.changed)


def _newest_change(run: Run) -> float | None:
    times = []
    for path in (run.path / File.HEARTBEAT, run.exit_path, run.metrics_path, run.path / File.IDENTITY):
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue
    return max(times, default=None)


def seconds_since(moment: float | None) -> float | None:
    """Age of a unix time in seconds, None of None."""
    return None if moment is None else max(time.time() - moment, 0.0)

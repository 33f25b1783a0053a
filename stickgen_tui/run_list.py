"""The runs there are, newest first, each with what a row of the table shows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stickgen.runs.files import open_regular
from stickgen.runs.metrics import decode
from stickgen.runs.store import Run, list_runs, runs_root
from stickgen_tui.states import look_of
from stickgen_tui.text import clean

_TAIL_BYTES = 8192


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


def recent_runs(root: Path | None, most: int = 50) -> list[tuple[Run, RunSummary]]:
    """The newest `most` runs under `root` (None: the usual folder), newest first."""
    return [(run, summary_of(run)) for run in list_runs(root or runs_root())[:most]]


def summary_of(run: Run) -> RunSummary:
    """What a row shows of a run; unreadable parts are left out, never raised."""
    newest, state = newest_train_record(run.metrics_path), run.state()
    step, total, loss = newest.get("step"), newest.get("total_steps"), newest.get("loss")
    total = total or state.total_steps or run.identity.get("total_steps")
    return RunSummary(
        name=clean(run.name, single_line=True, limit=200),
        status=str(state.status),
        step=max(int(step), state.step) if isinstance(step, int | float) else state.step or None,
        total_steps=int(total) if isinstance(total, int | float) else None,
        loss=float(loss) if isinstance(loss, int | float) else None,
        changed=_newest_change(run),
    )


def newest_train_record(path: Path) -> dict[str, Any]:
    """The last whole train record of a metrics log, from its end only; {} when there is none."""
    try:
        with open_regular(path) as file:
            size = file.seek(0, 2)
            file.seek(max(size - _TAIL_BYTES, 0))
            lines = file.read().split(b"\n")
    except OSError:
        return {}
    for line in reversed(lines):
        found = decode(line) if b'"kind":"train"' in line else None
        if found is not None:
            return found
    return {}


def _newest_change(run: Run) -> float | None:
    times = []
    for path in (run.path / "heartbeat", run.path / "exit.json", run.metrics_path, run.path / "run.json"):
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue
    return max(times, default=None)


def seconds_since(moment: float | None) -> float | None:
    """Age of a unix time in seconds, None of None."""
    return None if moment is None else max(time.time() - moment, 0.0)

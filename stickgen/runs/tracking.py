"""`python -m stickgen.runs.tracking RUN_DIR`: copies a run's metrics to TensorBoard, W&B or trackio as they come.

A process of its own that only reads the run: whatever a tracker does (fails, hangs, grows), training does not
notice. The supervisor starts it where `logging.tracker` names one.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from stickgen.atomic import write_text
from stickgen.foreign_files import read_json
from stickgen.record_log import RecordReader
from stickgen.run_contract import STAMPS, Field, File, RecordKind
from stickgen.runs.store import Run

POLL_SECONDS = 1.0


class Tracker(Protocol):
    """Where metrics go."""

    def log(self, values: dict[str, float], step: int, when: float) -> None:
        """Take the values of a step, measured at `when` (seconds since 1970)."""

    def close(self) -> None:
        """Write what waits."""


class TensorBoard:
    """Event files in a folder, the run's `tensorboard` by itself: `tensorboard --logdir runs` shows them."""

    def __init__(self, folder: Path) -> None:
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder), flush_secs=5)

    def log(self, values: dict[str, float], step: int, when: float) -> None:
        """One scalar a value."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step, walltime=when)

    def close(self) -> None:
        """Write what waits."""
        self._writer.close()


class WeightsAndBiases:
    """A run of the project `stickgen` at W&B; WANDB_MODE=offline keeps it in the run's folder `wandb`."""

    def __init__(self, run: Run) -> None:
        import wandb

        self._run = wandb.init(
            project="stickgen", id=run.name, name=run.name, dir=str(run.path), resume="allow",
            config=_config(run),
        )  # fmt: skip

    def log(self, values: dict[str, float], step: int, when: float) -> None:
        """One row a step; W&B drops the steps that a resumed run does again."""
        self._run.log(values, step=step)

    def close(self) -> None:
        """Wait until all is sent."""
        self._run.finish()


class Trackio:
    """A run of the project `stickgen` in trackio's folder: `trackio show` shows it."""

    def __init__(self, run: Run) -> None:
        import trackio

        self._trackio = trackio
        trackio.init(project="stickgen", name=run.name, config=_config(run), resume="allow")

    def log(self, values: dict[str, float], step: int, when: float) -> None:
        """One row a step."""
        self._trackio.log(values, step=step)

    def close(self) -> None:
        """Write what waits."""
        self._trackio.finish()


KINDS: dict[str, Callable[[Run], Tracker]] = {
    "tensorboard": lambda run: TensorBoard(run.path / File.TENSORBOARD),
    "wandb": WeightsAndBiases,
    "trackio": Trackio,
}


def _config(run: Run) -> dict[str, Any]:
    from stickgen.config.schema import KEYS

    config = run.config()
    return {key.path: config.get(key.path) for key in KEYS if not key.secret}


def measured_values(record: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a record of the metrics, each called by the kind of the record and its field."""
    return {
        f"{record.get(Field.KIND, RecordKind.TRAIN)}/{name}": float(value)
        for name, value in record.items()
        if name not in STAMPS and isinstance(value, int | float) and not isinstance(value, bool)
    }


class Copier:
    """Gives a tracker the records that it has not had; which those are is kept in the run's `tracker.json`."""

    def __init__(self, run: Run, tracker: Tracker) -> None:
        self._tracker = tracker
        self._reader = RecordReader(run.metrics_path)
        self._kept = run.path / File.TRACKER
        try:
            self._sent = int(read_json(self._kept)["sent"])
        except (OSError, ValueError, KeyError, TypeError):
            self._sent = 0

    def copy_new(self) -> None:
        """Copy what came since the last call."""
        before = self._sent
        for record in self._reader.read_new():
            seq, step = record.get(Field.SEQ), record.get(Field.STEP)
            if not isinstance(seq, int) or not isinstance(step, int) or seq <= self._sent:
                continue
            self._tracker.log(measured_values(record), step, float(record.get(Field.TIME, time.time())))
            self._sent = seq
        if self._sent != before:
            write_text(self._kept, json.dumps({"sent": self._sent}), mode=0o600, durable=False, follow=False)


def track(run: Run, kind: str) -> None:
    """Copy until the run has ended."""
    tracker = KINDS[kind](run)
    copier = Copier(run, tracker)
    while True:
        ended = not run.state().alive
        copier.copy_new()
        if ended:
            break
        time.sleep(POLL_SECONDS)
    tracker.close()


if __name__ == "__main__":
    here = Run(Path(sys.argv[1]))
    name = str(here.identity.get("tracker"))
    try:
        track(here, name)
    except Exception as error:  # noqa: BLE001 - a tracker may fail in any way, and it is said in one line
        print(f"tracker: {name} failed ({type(error).__name__}: {error}); training goes on", file=sys.stderr)
        sys.exit(1)

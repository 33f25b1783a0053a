"""What drills do with a real trainer: wait for it, kill it, read what it said."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from stickgen.config.key import Value
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run

TINY: dict[str, Value] = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
    "training.batch_size": 4, "training.grad_accum_steps": 2, "training.epochs": 1_000_000,
    "training.max_minutes": 5.0, "logging.log_interval": 1, "logging.sample_minutes": 0.0,
    "logging.save_minutes": 0.0, "logging.save_interval": 1_000_000, "diffusion.sampling_steps": 1,
}  # fmt: skip

MakeRun = Callable[..., Run]


def wait_until(what: Callable[[], object], seconds: float = 600.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
        time.sleep(0.02)


def wait_for_step(run: Run, step: int) -> None:
    """Until the trainer has done so many steps, or is gone."""
    wait_until(
        lambda: not run.state().alive or (run.state().phase == "training" and run.state().step >= step)
    )
    assert run.state().alive, run.state()


def wait_for_end(run: Run) -> None:
    """Until nobody works on the run any more."""
    wait_until(lambda: not run.state().alive)


def kill_trainer(run: Run) -> None:
    """SIGKILL to the trainer alone."""
    os.kill(run.launches[-1]["pid"], signal.SIGKILL)


def kill_supervisor(run: Run) -> None:
    """SIGKILL to the supervisor alone."""
    os.kill(run.launches[-1]["supervisor_pid"], signal.SIGKILL)


def events(run: Run, kind: str) -> list[str]:
    """The messages of all events of a kind, of the newest launch."""
    records = RecordReader(run.events_path).read_new()
    launch = len(run.launches)
    return [r["message"] for r in records if r["event"] == kind and r.get("launch") == launch]

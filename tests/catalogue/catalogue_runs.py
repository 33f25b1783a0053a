"""A metrics log by the program's own writer."""

from __future__ import annotations

from collections.abc import Callable

from stickgen.record_log import RecordWriter
from stickgen.runs.store import Run

Make = Callable[..., Run]


def write(run: Run, val: list[float | None], start: int = 0) -> None:
    """Ten training records and a validation for each of `val`."""
    writer = RecordWriter(run.metrics_path)
    for at, pose in enumerate(val):
        for step in range(start + 10 * at + 1, start + 10 * at + 11):
            writer.write(
                {
                    "kind": "train",
                    "time": 1e9 + step,
                    "step": step,
                    "epoch": at,
                    "loss": 2.0 / step,
                    "lr": 1e-3,
                }
            )
        step = start + 10 * at + 10
        writer.write({"kind": "val", "time": 1e9 + step, "step": step, "loss": pose, "loss_pose": pose})
    writer.close()

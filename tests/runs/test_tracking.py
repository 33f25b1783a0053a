"""Trackers read what the run writes: every record once, and whatever they do, the run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.record_log import RecordWriter
from stickgen.runs import trackers
from stickgen.runs.store import Run, create_run
from stickgen.runs.supervisor import supervise
from stickgen.runs.tracking import Copier, TensorBoard


class Kept:
    """A tracker that remembers."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, float]]] = []

    def log(self, values: dict[str, float], step: int, when: float) -> None:
        self.rows.append((step, values))

    def close(self) -> None:
        pass


def write(run: Run, *steps: int) -> None:
    writer = RecordWriter(run.metrics_path)
    for step in steps:
        writer.write({"kind": "train", "time": 1.7e9 + step, "step": step, "loss": step / 2, "name": "text"})
    writer.close()


def test_each_record_is_copied_once_also_by_the_next_launch(run: Run) -> None:
    tracker = Kept()
    write(run, 1, 2)
    copier = Copier(run, tracker)
    copier.copy_new()
    write(run, 3)
    copier.copy_new()
    assert tracker.rows == [(step, {"train/loss": step / 2}) for step in (1, 2, 3)]
    write(run, 3, 4)  # a resumed run does a step again
    later = Kept()
    Copier(run, later).copy_new()
    assert [step for step, _ in later.rows] == [3, 4]


def test_tensorboard_reads_what_was_written(run: Run) -> None:
    pytest.importorskip("tensorboardX")
    write(run, 1, 2, 3)
    tracker = TensorBoard(run.path / "tensorboard")
    Copier(run, tracker).copy_new()
    tracker.close()
    (file,) = (run.path / "tensorboard").glob("events.out.tfevents.*")
    loader = pytest.importorskip("tensorboardX.event_file_writer")
    assert loader and file.stat().st_size > 100
    from tensorboardX.proto import event_pb2

    data, scalars = file.read_bytes(), []
    while data:  # TFRecord: length, its checksum, the event, its checksum
        length = int.from_bytes(data[:8], "little")
        event = event_pb2.Event.FromString(data[12 : 12 + length])
        scalars += [(event.step, v.tag, v.simple_value, event.wall_time) for v in event.summary.value]
        data = data[16 + length :]
    assert scalars == [(step, "train/loss", step / 2, 1.7e9 + step) for step in (1, 2, 3)]


def test_a_tracker_that_fails_is_a_line_in_the_log_and_no_more(run: Run) -> None:
    run.update_identity(tracker="nonsense")
    assert supervise(run, [sys.executable, "-c", "import time; time.sleep(2)"]) == 0
    result = subprocess.run(
        [sys.executable, "-m", "stickgen.runs.tracking", str(run.path)], capture_output=True, text=True
    )
    assert result.returncode == 1
    assert result.stderr.startswith("tracker: nonsense failed (KeyError")
    assert "Traceback" not in result.stderr
    assert json.loads(run.exit_path.read_bytes())["code"] == 0


def test_a_missing_package_is_said_before_there_is_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(trackers.PACKAGES, "wandb", "no_such_package_at_all")
    config = TrainingConfig(preset_path("quickstart"), {"logging.tracker": "wandb"})
    with pytest.raises(
        StickgenError, match=r'pip install "stickgen\[wandb\]", or use --set logging.tracker=none'
    ):
        create_run(config, root=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()

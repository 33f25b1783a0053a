"""Records that never reach the disk are seen: in the log, by every reader, and on the screen."""

from __future__ import annotations

import errno
import json
import logging
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from stickgen import record_log
from stickgen.cli.runs import command as runs_command
from stickgen.config.loading import TrainingConfig
from stickgen.record_log import Damage, Loss, RecordReader, RecordWriter, encode, faults
from stickgen.run_contract import EventKind, Field, Phase
from stickgen.runs.store import Run, create_run
from stickgen.train.reporting.journal import Journal
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.widgets.run_facts import run_facts

ACTUAL_WRITE = os.write


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(TrainingConfig(), root=tmp_path)


class Disk:
    """A disk that is full or not."""

    full = False

    def write(self, fd: int, data: bytes) -> int:
        """`os.write`, which fails while the disk is full."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return ACTUAL_WRITE(fd, data)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk on which the logs are, with room for two records in memory when it is full."""
    found = Disk()
    monkeypatch.setattr(os, "write", found.write)
    monkeypatch.setattr(record_log, "MAX_WAITING", 2)
    return found


def lose(writer: RecordWriter, disk: Disk, count: int) -> None:
    """Write on a full disk until `count` records are lost, then let the rest through."""
    disk.full = True
    for number in range(record_log.MAX_WAITING + count):
        writer.write({"step": number})
    disk.full = False
    writer.flush()


def invoke(run: Run, *arguments: str) -> str:
    return CliRunner().invoke(runs_command, ["--runs", str(run.path.parent), *arguments]).output


@pytest.mark.parametrize("limit", [-1, 1, 1000])
def test_a_gap_in_the_numbers_is_a_loss(run: Run, disk: Disk, limit: int) -> None:
    writer = RecordWriter(run.metrics_path)
    lose(writer, disk, 3)  # at the very beginning
    writer.write({"step": 10})
    lose(writer, disk, 4)
    reader = RecordReader(run.metrics_path)
    while reader.read_new(limit):
        pass
    assert writer.lost == 7 and reader.faults == [Loss("metrics.jsonl", 7)]
    assert faults(run.metrics_path, run.events_path) == [Loss("metrics.jsonl", 7)]


def test_what_is_no_json_is_a_loss(run: Run) -> None:
    writer = RecordWriter(run.metrics_path)
    writer.write({"step": 1 << 70})
    writer.write({"step": 2})
    assert writer.lost == 1 and faults(run.metrics_path) == [Loss("metrics.jsonl", 1)]


def test_a_damaged_line_is_not_a_loss_as_well(run: Run) -> None:
    writer = RecordWriter(run.metrics_path)
    for number in range(5):
        writer.write({"step": number})
    lines = run.metrics_path.read_bytes().splitlines(keepends=True)
    run.metrics_path.write_bytes(b"".join([*lines[:2], b"torn\n", *lines[3:]]))
    assert faults(run.metrics_path) == [Damage("metrics.jsonl", 1, 3)]


def test_two_writers_and_a_resumed_one_lose_nothing(run: Run) -> None:
    first, second = RecordWriter(run.events_path), RecordWriter(run.events_path)
    for writer in (first, second, first, second, second, RecordWriter(run.events_path)):
        writer.write({"event": EventKind.ALERT})
    late = RecordReader(run.events_path)
    late.skip_to_end()
    RecordWriter(run.events_path).write({"event": EventKind.ALERT})
    assert len(late.read_new()) == 1 and late.faults == []
    assert faults(run.events_path) == []


def test_a_number_that_comes_twice_does_not_hide_a_gap(run: Run) -> None:
    lines = [encode({"seq": number}) for number in (1, 1, 3)]
    run.events_path.write_bytes(b"".join(lines))
    assert faults(run.events_path) == [Loss("events.jsonl", 1)]


def test_every_reader_tells_of_a_loss(run: Run, disk: Disk) -> None:
    writer = RecordWriter(run.metrics_path)
    lose(writer, disk, 3)
    (run.path / "exit.json").write_text('{"code": 0}')
    sentence = "metrics.jsonl: 3 records never reached the disk"
    assert sentence in invoke(run, "show", run.name)
    assert json.loads(invoke(run, "show", run.name, "--json"))["lost_records"] == [
        {"file": "metrics.jsonl", "records": 3}
    ]
    assert invoke(run, "watch", run.name).count(sentence) == 1
    told = [json.loads(line) for line in invoke(run, "watch", run.name, "--json").splitlines()]
    assert {"file": "metrics.jsonl", "records": 3} in [line.get("lost") for line in told]
    follower = RunFollower(run)
    assert "damage" in follower.poll()
    assert ("lost", "3 records of metrics.jsonl") in run_facts(follower, None)


def test_the_heartbeat_says_what_is_not_on_disk(
    run: Run, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    """Even while the disk is full: the heartbeat needs no space."""
    journal = Journal(run, 1)
    disk.full = True
    for step in range(5):
        journal.metrics.write({Field.STEP: step})
    with caplog.at_level(logging.INFO, "stickgen"):
        journal.beat(Phase.TRAINING)
        journal.beat(Phase.TRAINING)
    assert [record.levelno for record in caplog.records if "takes no records" in record.message] == [30]
    assert run.state().unwritten == 5
    assert json.loads(invoke(run, "list", "--json"))["runs"][0]["unwritten_records"] == 5
    assert "(5 records not on disk)" in invoke(run, "list")
    assert "records of the last launch that are not on disk: 5" in invoke(run, "show", run.name)
    follower = RunFollower(run)
    follower.poll()
    assert ("lost", "5 records not on disk") in run_facts(follower, None)
    disk.full = False
    journal.metrics.flush()
    with caplog.at_level(logging.INFO, "stickgen"):
        journal.beat(Phase.TRAINING)
    assert run.state().unwritten == 3
    alerts = [e for e in RecordReader(run.events_path).read_new() if e[Field.EVENT] == EventKind.ALERT]
    assert [event[Field.MESSAGE] for event in alerts] == [
        "3 records of this run never reached the disk; its curves have a gap"
    ]
    assert sum("never reached the disk" in record.message for record in caplog.records) == 1


def test_what_waits_at_the_end_is_a_loss(run: Run, disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(run, 1)
    disk.full = True
    journal.metrics.write({Field.STEP: 1})
    with caplog.at_level(logging.INFO, "stickgen"):
        journal.close()
    said = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert said == ["2 records of this run never reached the disk"]  # and the alert that tells of it
    assert run.state().unwritten == 2

"""A run told in sentences: what is new, once, without a sign that a screen reader stumbles over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stickgen.cli.runs import command
from stickgen.config.loading import TrainingConfig
from stickgen.record_log import RecordWriter
from stickgen.run_contract import Phase
from stickgen.runs import in_words
from stickgen.runs.in_words import Narrator, spoken_duration
from stickgen.runs.store import Run, create_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(TrainingConfig(None), root=tmp_path, name="mine")


def write(run: Run, log: str, *records: dict[str, Any]) -> None:
    """Append records to a log of the run."""
    writer = RecordWriter(run.path / log)
    for record in records:
        writer.write(record)
    writer.close()


def train(step: int, loss: float) -> dict[str, Any]:
    return {"kind": "train", "step": step, "loss": loss, "eta_seconds": 3 * 60.0}


def val(step: int, loss: float) -> dict[str, Any]:
    return {"kind": "val", "step": step, "loss_pose": loss, "mean_pose_loss": 0.9}


def test_only_what_is_new_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(run, "metrics.jsonl", train(10, 0.5), val(10, 0.3))
    write(run, "events.jsonl", {"event": "sample", "message": "before anybody listened"})
    run.beat(Phase.TRAINING, 10, 40)
    narrator = Narrator(run, "mine")
    assert narrator.news() == [
        "mine: It is starting, not launched yet. Step 10 of 40, 25 percent, loss 0.5, about 3 minutes left."
    ]
    assert narrator.news() == []
    write(run, "events.jsonl", {"event": "checkpoint", "message": "saved step_00000011"}, {"event": "epoch"})
    write(run, "metrics.jsonl", train(11, 0.25), val(11, 0.2), val(12, 0.25))
    assert narrator.news() == [
        "mine: Checkpoint: saved step_00000011.",
        "mine: Validation at step 12: pose loss 0.25, always the mean pose 0.9.",
    ]
    run.beat(Phase.TRAINING, 11, 40)
    assert narrator.news() == []  # how far it is, is told once a minute
    monkeypatch.setattr(in_words, "PROGRESS_SECONDS", 0.0)
    assert narrator.news() == ["mine: Step 11 of 40, 27 percent, loss 0.25, about 3 minutes left."]
    assert narrator.news() == []  # and only if it moved
    write(run, "metrics.jsonl", val(13, 0.1))
    assert narrator.news()[0].endswith("better than before.")
    (run.path / "exit.json").write_text('{"code": 1, "reason": "the disk is full"}')
    assert narrator.news() == [
        "mine: It has ended: failed, the disk is full. Step 11 of 40, 27 percent, loss 0.25."
    ]
    assert narrator.ended and narrator.news() == []


def test_many_events_are_counted_and_foreign_text_is_inert(run: Run) -> None:
    narrator = Narrator(run)
    narrator.news()
    write(run, "events.jsonl", *({"event": "alert", "message": f"\x1b[31m{n}\n"} for n in range(8)))
    told = narrator.news()
    assert told[0] == "Alert: \\x1b[31m0 ." and told[-1] == "And 3 more events." and len(told) == 6
    assert all(sentence.isprintable() for sentence in told)


def test_a_loss_that_is_not_finite_is_said(run: Run) -> None:
    write(run, "metrics.jsonl", train(1, float("nan")))
    assert "loss not finite" in Narrator(run).news()[0]


def test_durations_are_words() -> None:
    assert spoken_duration(0) == "0 seconds"
    assert spoken_duration(61) == "1 minute 1 second"
    assert spoken_duration(3600) == "1 hour"
    assert spoken_duration(90_061) == "1 day 1 hour"


def test_watch_in_sentences(run: Run) -> None:
    (run.path / "exit.json").write_text('{"code": 0, "reason": "all steps are done"}')
    words = ["--runs", str(run.path.parent), "watch", run.name, "--plain"]
    assert "It has ended: finished, all steps are done." in CliRunner().invoke(command, words).output
    assert CliRunner().invoke(command, [*words, "--json"]).exit_code == 2

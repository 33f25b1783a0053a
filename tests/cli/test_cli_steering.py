"""`stickgen runs pause`, `resume`, `set`, `sample`, as a person types them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stickgen.cli.runs import command
from stickgen.config import TrainingConfig
from stickgen.errors import RunFailedError, StickgenError
from stickgen.record_log import RecordWriter
from stickgen.run_contract import Phase, Wish
from stickgen.runs import steering
from stickgen.runs.control import request, waiting
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run, create_run


@pytest.fixture
def training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run as if this process were its trainer; no signal reaches it."""
    run = create_run(TrainingConfig(), root=tmp_path / "runs", name="one")
    run.update_identity(launches=[describe_process(os.getpid())], steps_per_epoch=10)
    run.beat(Phase.TRAINING, 123, 500, 38.0)
    monkeypatch.setattr("psutil.Process.send_signal", lambda self, number: None)
    return run


def stickgen(run: Run, *words: str) -> Result:
    result = CliRunner().invoke(command, ["--runs", str(run.path.parent), *words], catch_exceptions=True)
    if isinstance(result.exception, StickgenError):
        return result
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def test_set_asks_and_says_how_long_it_takes(training: Run) -> None:
    result = stickgen(
        training, "set", "one", "training.learning_rate=1e-4", "training.epochs=40", "--no-wait"
    )
    assert "asked for training.learning_rate: 0.0003 → 0.0001; training.epochs: 50 → 40" in result.output
    assert "after the step that it is in, which takes about 38 s" in result.output
    (asked,) = waiting(training, 1)
    assert (asked.wish, asked.values) == (Wish.SET, {"training.learning_rate": 1e-4, "training.epochs": 40})
    shown = stickgen(training, "show", "one").output
    assert "waits        set training.learning_rate=0.0001, training.epochs=40" in shown


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("training.learning_rate=fast", "training.learning_rate: fast must be a number above 0 to 1"),
        ("training.learning_rat=1", "unknown key; did you mean training.learning_rate?"),
        ("training.epochs", "write key=value"),
        ("training.epochs=3", "123 steps are done, which is epoch 13: use 13 or more"),
        ("model.d_model=64", "it cannot change while a run trains"),
        ("training.epochs=50", "training.epochs is 50 already"),
    ],
)
def test_what_cannot_be_is_refused_before_it_is_asked(training: Run, text: str, why: str) -> None:
    result = stickgen(training, "set", "one", text)
    assert isinstance(result.exception, StickgenError) and why in str(result.exception)
    assert waiting(training, 1) == []


@pytest.mark.parametrize("applied", [True, False])
def test_set_waits_for_the_answer(training: Run, monkeypatch: pytest.MonkeyPatch, applied: bool) -> None:
    def answered(run: Run, wish: Wish, values: dict[str, object]) -> str:
        identifier = request(run, wish, values)
        writer = RecordWriter(run.events_path)
        kind, message = (
            ("live", "done, from step 124 on") if applied else ("control", "set asked for, but refused: no")
        )
        writer.write({"event": kind, "id": identifier, "applied": applied, "step": 123, "message": message})
        writer.close()
        return identifier

    monkeypatch.setattr(steering, "request", answered)
    result = stickgen(training, "set", "one", "training.epochs=40", "--json")
    said = json.loads(result.stdout)
    assert (said["applied"], said["step"]) == (applied, 123)
    assert said["changes"] == [{"key": "training.epochs", "old": 50, "new": 40}]
    assert isinstance(result.exception, RunFailedError) is not applied


def test_a_run_that_has_ended_says_how_keys_change_then(training: Run) -> None:
    training.update_identity(launches=[{"pid": 2**22 + 1}])
    training.exit_path.write_text(
        json.dumps({"code": 130, "event": "paused", "reason": "paused after step 123"})
    )
    result = stickgen(training, "set", "one", "training.epochs=40")
    assert "is not running (paused)" in str(result.exception)
    assert "resume" in str(result.exception) and "--set training.epochs=" in str(result.exception)
    for word in ("pause", "sample"):
        assert "is not running (paused)" in str(stickgen(training, word, "one").exception)


def test_pause_asks(training: Run) -> None:
    result = stickgen(training, "pause", "one", "--no-wait", "--json")
    assert json.loads(result.stdout)["status"] == "running"
    assert [asked.wish for asked in waiting(training, 1)] == [Wish.PAUSE]


def test_resume_lists_the_checkpoints_and_names_those_there_are(training: Run) -> None:
    for step in (100, 120):
        folder = training.checkpoints_dir / f"step_{step:08d}"
        folder.mkdir()
        (folder / "trainer.json").write_text(json.dumps({"step": step, "best_step": 100, "val_loss": 0.25}))
    assert "100  validation loss 0.2500  best" in stickgen(training, "resume", "one", "--list").output
    listed = json.loads(stickgen(training, "resume", "one", "--list", "--json").stdout)
    assert [(each["step"], each["best"]) for each in listed["checkpoints"]] == [(100, True), (120, False)]
    refused = stickgen(training, "resume", "one", "--from", "7").exception
    assert "there are those of step 100, 120" in str(refused)


def test_the_keys_are_listed_with_what_counts(training: Run) -> None:
    listed = json.loads(stickgen(training, "set", "one", "--keys", "--json").stdout)
    assert listed["keys"]["training.epochs"] == {"value": 50, "config": 50}
    assert "training.learning_rate" in stickgen(training, "set", "one", "--keys").output

"""The monitor's keys that steer a run: each asks what its command asks, and says what will come of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from on_screen import screen_text, until
from textual.pilot import Pilot

from stickgen.run_contract import Phase, Wish
from stickgen.runs.control import request, waiting
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.screens.live_keys import LiveKeysScreen
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen_tui.screens.question import QuestionScreen

SIZES = [(80, 24), (160, 50)]


def on(app: StickgenApp, screen: type) -> Callable[[], bool]:
    return lambda: isinstance(app.screen, screen)


@pytest.fixture
def training(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The run as if this process were its trainer, in the midst of its steps; no signal reaches it."""
    run.exit_path.unlink()
    run.update_identity(launches=[describe_process(os.getpid())], steps_per_epoch=40)
    run.beat(Phase.TRAINING, 400, 1000, 38.0)
    monkeypatch.setattr("psutil.Process.send_signal", lambda self, number: None)
    return run


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Launches are noted and not made."""
    made: list[dict[str, Any]] = []
    monkeypatch.setattr("stickgen.runs.launch.launch", lambda run, **facts: made.append(facts))
    monkeypatch.setattr("stickgen.runs.resuming.check_dataset_file", lambda path: None)
    monkeypatch.setattr("stickgen.runs.resuming.dataset_difference", lambda *given: None)
    return made


def checkpoint(run: Run, step: int, best: int, loss: float) -> None:
    folder = run.checkpoints_dir / f"step_{step:08d}"
    folder.mkdir()
    (folder / "trainer.json").write_text(json.dumps({"step": step, "best_step": best, "val_loss": loss}))


async def opened(pilot: Pilot[None], app: StickgenApp, run: Run, word: str) -> None:
    app.open_monitor(run)
    await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and word in screen_text(app))


@pytest.mark.parametrize("size", SIZES)
async def test_k_changes_keys_and_says_what_it_means(
    app: StickgenApp, training: Run, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size, notifications=True) as pilot:
        await opened(pilot, app, training, "running")
        await pilot.press("k")
        await until(pilot, lambda: "Nothing is changed yet" in screen_text(app))
        text = screen_text(app)
        assert "learning_rate" in text and "d_model" not in text
        await pilot.press("down", "enter", *"0.5x")  # from epochs to the learning rate
        await until(pilot, lambda: "must be a number above 0 to 1" in screen_text(app))
        await pilot.press("ctrl+s")  # refused: the box stays
        assert isinstance(app.screen, LiveKeysScreen)
        await pilot.press("backspace", "enter")
        await until(pilot, lambda: "→ 0.5" in screen_text(app) and "a step takes 38 s" in screen_text(app))
        assert "The learning rate of the next step: 0.00" in screen_text(app)
        await pilot.press("ctrl+s")
        await until(pilot, on(app, MonitorScreen))
        (asked,) = waiting(training, 1)
        assert (asked.wish, asked.values) == (Wish.SET, {"training.learning_rate": 0.5})
        assert any("it counts from the next step on" in note.message for note in app._notifications)


async def test_what_is_trained_already_cannot_be_left_out(app: StickgenApp, training: Run) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, app, training, "running")
        await pilot.press("k")
        await until(pilot, on(app, LiveKeysScreen))
        await pilot.press("enter", *"5", "enter")
        await until(
            pilot, lambda: "400 steps are done, which is epoch 10: use 10 or more" in screen_text(app)
        )
        await pilot.press("ctrl+s")
        await pilot.press("enter", *"20", "enter")
        await until(pilot, lambda: "The run ends after step 800: 400 to go." in screen_text(app))
        await pilot.press("delete")
        await until(pilot, lambda: "Nothing is changed yet" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, on(app, MonitorScreen))
        assert waiting(training, 1) == []


async def test_u_pauses_and_goes_on(app: StickgenApp, training: Run, launches: list[dict[str, Any]]) -> None:
    checkpoint(training, 400, 400, 0.5)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, app, training, "running")
        await pilot.press("u")
        await until(pilot, lambda: "Pause this run?" in screen_text(app))
        await pilot.press("y")
        await until(
            pilot, lambda: "asked to pause at" in screen_text(app) and "a step takes 38 s" in screen_text(app)
        )
        assert [request.wish for request in waiting(training, 1)] == [Wish.PAUSE]
        training.update_identity(launches=[{"pid": 2**22 + 1}])
        body = {"code": 130, "event": "paused", "reason": "paused after step 400, with a checkpoint"}
        training.exit_path.write_text(json.dumps(body))
        await until(pilot, lambda: "⏸ paused" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: bool(launches))
        assert launches[0]["back_to_step"] is None


@pytest.mark.parametrize("size", SIZES)
async def test_a_stop_on_a_long_step_is_seen_by_everyone(
    app: StickgenApp, training: Run, size: tuple[int, int]
) -> None:
    """Also by an app that did not ask for it."""
    request(training, Wish.STOP)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app, training, "asked to stop at")
        assert "a step takes 38 s" in screen_text(app)


def ended_early(run: Run) -> None:
    run.beat(Phase.SAVING, 490, 1000)
    body = {"code": 0, "event": "early", "reason": "reached training.max_minutes (10) after step 490"}
    run.exit_path.write_text(json.dumps(body))


@pytest.mark.parametrize("size", SIZES)
async def test_a_limit_is_no_finish_and_R_chooses_the_checkpoint(
    app: StickgenApp, run: Run, launches: list[dict[str, Any]], size: tuple[int, int]
) -> None:
    ended_early(run)
    for step, loss in ((300, 0.3), (400, 0.2), (490, 0.4)):
        checkpoint(run, step, 400, loss)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app, run, "stopped early")
        assert "✓" not in screen_text(app).splitlines()[1]
        if size[0] > 80:
            assert "reached training.max_minutes (10) after step 490" in screen_text(app)
        await pilot.press("R")
        await until(pilot, on(app, ChoiceScreen))
        text = screen_text(app)
        assert "step       490" in text and "best" in text and "validation loss 0.2" in text
        await pilot.press("2")
        await until(pilot, lambda: bool(launches))
        assert launches[0]["back_to_step"] == 400


async def test_without_a_checkpoint_R_says_that_it_starts_at_zero(
    app: StickgenApp, run: Run, launches: list[dict[str, Any]]
) -> None:
    run.exit_path.write_text(json.dumps({"code": 137, "signal": "SIGKILL", "reason": "killed (SIGKILL)"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, run, "died")
        await pilot.press("R")
        await until(pilot, lambda: "starts again at step 0" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, on(app, MonitorScreen))
        assert not launches
        await pilot.press("R")
        await until(pilot, on(app, QuestionScreen))
        await pilot.press("y")
        await until(pilot, lambda: bool(launches))


async def test_the_palette_finds_them(app: StickgenApp, training: Run) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, app, training, "running")
        await pilot.press("ctrl+p", *"learning rate", "enter")
        await until(pilot, on(app, LiveKeysScreen))


def test_home_and_the_list_say_early(run: Run, workplace: Path) -> None:
    from stickgen.catalogue.settled import read
    from stickgen_tui.following.run_list import summary_of

    ended_early(run)
    assert summary_of(run, read(run)).status == "early"

"""The monitor says that a run did not learn, which alert stands, and lets the terminal tell of the end."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from on_screen import screen_text
from run_fixture import finished_run
from textual.pilot import Pilot

from stickgen.record_log import RecordWriter
from stickgen.run_contract import Phase
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.screens import monitor
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen_tui.widgets.status_line import status_content


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = tmp_path / "quickstart.yaml"
    config.write_text("notify:\n  terminal: osc9\n")
    return finished_run(tmp_path / "runs", config)


def write(path: Path, **record: object) -> None:
    writer = RecordWriter(path)
    writer.write(record)
    writer.close()


def status(run: Run) -> str:
    follower = RunFollower(run)
    follower.poll()
    return status_content(follower, 160).plain.splitlines()[0]


def test_a_run_that_did_not_learn_is_not_just_finished(run: Run) -> None:
    assert "did not learn" not in status(run)
    write(run.metrics_path, kind="val", step=1001, loss=3.0, loss_pose=3.0, mean_pose_loss=1.0)
    assert status(run).startswith("✓ finished   ✗ did not learn: worse than the mean pose")


def go_on(run: Run) -> None:
    run.exit_path.unlink()
    run.update_identity(launches=[{**describe_process(os.getpid()), "started": ""}])
    run.beat(Phase.TRAINING, 1001, 2000)


def test_an_alert_of_the_watchdog_stands_in_the_status_line_for_a_while(run: Run) -> None:
    go_on(run)
    write(run.events_path, event="alert", time=time.time() - 3600, message="old", rule="memory")
    assert "!" not in status(run)
    write(run.events_path, event="alert", time=time.time(), message="slow", rule="starving")
    write(run.events_path, event="sample", time=time.time(), message="drew")
    assert "   ! starving   " in status(run)


async def until(pilot: Pilot[None], there: Callable[[], bool]) -> None:
    """Wait for the screen's next look at the run."""
    for _ in range(200):
        if there():
            return
        await pilot.pause(0.05)


@pytest.mark.parametrize("focus", [True, False])
async def test_the_terminal_is_told_when_a_run_ends_that_is_looked_at(
    run: Run, monkeypatch: pytest.MonkeyPatch, focus: bool
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(monitor, "UNFOCUSED_SECONDS", 0.05)
    monkeypatch.setattr(monitor, "ring", lambda app, sequence: sent.append(sequence))
    monkeypatch.delenv("TMUX", raising=False)
    go_on(run)
    app = StickgenApp(root=run.path.parent)
    async with app.run_test() as pilot:
        screen = MonitorScreen(run)
        await app.push_screen(screen)
        await until(pilot, lambda: screen._saw_alive)
        assert sent == []
        app.app_focus = focus
        run.update_identity(launches=[{"pid": 2**22 + 1, "started": ""}])
        run.exit_path.write_text(json.dumps({"code": 1, "reason": "it \x1b]0;broke"}))
        await until(pilot, lambda: bool(sent))
        await until(pilot, lambda: "✗ failed" in screen_text(app))
    assert sent == [f"\x1b]9;stickgen: {run.name}: failed, it \\x1b]0;broke\x07"]


async def test_without_the_focus_nothing_is_drawn_and_with_it_all_is_up_to_date(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "UNFOCUSED_SECONDS", 0.05)
    go_on(run)
    app = StickgenApp(root=run.path.parent)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = MonitorScreen(run)
        await app.push_screen(screen)
        await until(pilot, lambda: "step 1,001 of" in screen_text(app))
        app.app_focus = False
        await pilot.pause(0.2)
        drawn: list[object] = []
        monkeypatch.setattr(app, "_display", lambda screen, update: drawn.append(update))
        write(
            run.metrics_path, kind="train", time=time.time(), step=1099, loss=0.125, total_steps=2000, lr=0.5
        )
        write(run.events_path, event="sample", time=time.time(), step=1099, message="a person bows")
        run.beat(Phase.TRAINING, 1100, 2000)
        await until(pilot, lambda: screen._follower.step == 1100)
        await pilot.pause(0.2)
        assert [update for update in drawn if update is not None] == []
        assert "step 1,001 of" in screen_text(app)
        monkeypatch.setattr(monitor, "UNFOCUSED_SECONDS", 60)
        monkeypatch.setattr(screen._follower, "poll", lambda: frozenset())  # what was read is shown at once
        app.app_focus = True
        await pilot.pause()
        shown = screen_text(app)
        assert "step 1,100 of 2,000" in shown and "train 0.1250" in shown and "a person bows" in shown


async def test_what_happens_without_the_focus_is_read_as_soon_as_it_is_back(run: Run) -> None:
    go_on(run)
    app = StickgenApp(root=run.path.parent)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(MonitorScreen(run))
        await until(pilot, lambda: "step 1,001 of" in screen_text(app))
        app.app_focus = False
        await pilot.pause(0.05)
        run.beat(Phase.TRAINING, 1100, 2000)
        app.app_focus = True
        began = time.monotonic()
        await until(pilot, lambda: "step 1,100 of" in screen_text(app))
        assert time.monotonic() - began < monitor.UNFOCUSED_SECONDS

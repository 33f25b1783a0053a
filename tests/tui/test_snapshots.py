"""What the screens look like, cell by cell. After a wanted change: pytest tests/tui --snapshot-update, and look."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from on_screen import screen_text, until
from run_fixture import finished_run
from textual.pilot import Pilot
from textual.widgets import Input

from stickgen.record_log import RecordWriter
from stickgen.runs.labels import change_tags, write_note
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.widgets.stick_canvas import StickCanvas

Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure keeps its first pose, ages keep their first word, the cursor does not blink."""
    monkeypatch.setattr(StickCanvas, "_advance", lambda self: None)
    monkeypatch.setattr("stickgen.catalogue.settled._newest_change", lambda run: 1_790_000_000.0)
    monkeypatch.setattr("stickgen_tui.following.run_summary.seconds_since", lambda moment: 7200.0)
    monkeypatch.setattr("textual.widgets.Input.cursor_blink", False)


async def _home(pilot: Pilot[None]) -> None:
    await until(
        pilot,
        lambda: "there is no such" in screen_text(pilot.app) and "finished" in screen_text(pilot.app),
    )


async def _editor(pilot: Pilot[None]) -> None:
    await pilot.press("e", "down", "right", "down", "enter", "backspace", "5")
    await until(pilot, lambda: "1 change not saved" in screen_text(pilot.app))
    await until(pilot, lambda: "effective batch" in screen_text(pilot.app))
    typed = pilot.app.screen.query(".field-box").results
    await until(pilot, lambda: [box.value for box in typed(Input)] == ["5"])
    await until(pilot, lambda: "must be" not in screen_text(pilot.app))


async def _monitor(pilot: Pilot[None]) -> None:
    await until(pilot, lambda: "✓ finished" in screen_text(pilot.app) and "3/3" in screen_text(pilot.app))
    await pilot.press("right")
    await until(pilot, lambda: "┅ mean pose" in screen_text(pilot.app))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_home(app: StickgenApp, run: Run, snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=_home)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_editor(app: StickgenApp, snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=_editor)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_monitor(app: StickgenApp, run: Run, snap_compare: Compare, size: tuple[int, int]) -> None:
    app.first_run = run
    assert snap_compare(app, terminal_size=size, run_before=_monitor)


def test_monitor_on_light(app: StickgenApp, run: Run, snap_compare: Compare) -> None:
    async def light(pilot: Pilot[None]) -> None:
        await _monitor(pilot)
        await pilot.press("f2", "y")
        await until(pilot, lambda: "  log" in screen_text(pilot.app))

    app.first_run = run
    assert snap_compare(app, terminal_size=(120, 40), run_before=light)


def test_monitor_with_an_evaluation(app: StickgenApp, run: Run, snap_compare: Compare) -> None:
    async def quality(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "✓ finished" in screen_text(pilot.app))
        while "quality: sliding feet  ‹" not in screen_text(pilot.app):
            await pilot.press("right")
            await pilot.pause()
        await until(pilot, lambda: "┅ real motion" in screen_text(pilot.app))

    writer = RecordWriter(run.metrics_path)
    for step in range(100, 1001, 100):
        writer.write(
            {"kind": "quality", "step": step, "quality_action_accuracy": 1 - 80 / step, "quality_contrast": 1 - 50 / step,
             "quality_skate_ratio": 0.1 + 20 / step, "quality_skate_ratio_real": 0.08}
        )  # fmt: skip
    writer.close()
    app.first_run = run
    assert snap_compare(app, terminal_size=(120, 40), run_before=quality)


async def _charts(pilot: Pilot[None]) -> None:
    await _monitor(pilot)
    await pilot.press("1", "g", "plus", "i", "left")
    await until(
        pilot, lambda: screen_text(pilot.app).count("at step") + screen_text(pilot.app).count("  step") >= 2
    )


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_grid_of_charts(app: StickgenApp, run: Run, snap_compare: Compare, size: tuple[int, int]) -> None:
    """Zoomed in, with the crosshair in all of them."""
    app.first_run = run
    assert snap_compare(app, terminal_size=size, run_before=_charts)


@pytest.fixture
def some_runs(workplace: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three runs that ended in different ways, with tags and a note."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(workplace / "cache"))
    monkeypatch.setattr("stickgen.catalogue.settled._newest_change", lambda run: 1_790_000_000.0)
    monkeypatch.setattr("stickgen.catalogue.entry.time.time", lambda: 1_790_007_200.0)
    text = config.read_text()
    for number, (name, code) in enumerate((("calm-otter", 0), ("brisk-fox", 130), ("wise-owl", 1))):
        config.write_text(text.replace("  learning_rate:", f"  seed: {number}\n  learning_rate:"))
        made = finished_run(workplace / "runs", config, name=name, steps=300 * (number + 1))
        made.update_identity(created_unix=1e9 + number)
        made.exit_path.write_text(json.dumps({"code": code, "reason": "", "launch": 1}))
        if number != 1:
            change_tags(made, add=["baseline", "night"][: number + 1])
    write_note(made, "the left hand lags")


async def _all_runs(pilot: Pilot[None]) -> None:
    await until(pilot, lambda: "wise-owl" in screen_text(pilot.app))
    await pilot.press("r")
    await until(pilot, lambda: "val.loss" in screen_text(pilot.app) and "0.0" in screen_text(pilot.app))
    await pilot.press("right", "right", "s")
    await until(pilot, lambda: "val.loss▾" in screen_text(pilot.app))
    await pilot.press("home", "space", "space")
    await until(pilot, lambda: "2 marked" in screen_text(pilot.app))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_all_runs(app: StickgenApp, some_runs: None, snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=_all_runs)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_runs_compared(
    app: StickgenApp, some_runs: None, snap_compare: Compare, size: tuple[int, int]
) -> None:
    async def compared(pilot: Pilot[None]) -> None:
        await _all_runs(pilot)
        await pilot.press("d")
        await until(
            pilot, lambda: "training.seed" in screen_text(pilot.app) and "◆ A" in screen_text(pilot.app)
        )
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=compared)

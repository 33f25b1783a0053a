"""The figure's panel: sentences typed, pinned, scrubbed and set beside each other, and what a moving figure costs."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from on_screen import screen_text, until
from run_fixture import finished_run, wave
from textual.geometry import Region
from textual.pilot import Pilot

from stickgen.motion.in_braille import BrailleView
from stickgen.motion.skeleton import FPS
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.drawing import pace
from stickgen_tui.following.sketcher import Sketcher
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.screens.help import HelpScreen
from stickgen_tui.widgets.sentence_list import SentenceList
from stickgen_tui.widgets.step_strip import StepStrip
from stickgen_tui.widgets.stick_canvas import StickCanvas

PIN = "0123abcd"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the drawing process was asked; it answers at once, and refuses what says so."""
    requests: list[dict[str, Any]] = []

    async def ask(self: Sketcher, told: Any, **request: Any) -> dict[str, Any]:
        requests.append(request)
        told("loading torch", 3.0)
        if request["text"] == "refuse":
            raise ValueError("it has no whole checkpoint yet")
        if request.get("pin"):
            pin(Run(self._run_path), request["text"])
            return {"pinned": PIN}
        text = "a clip of the data" if request.get("truth") else request["text"]
        return {"step": 777, "text": text, "seed": request.get("seed", 0), "fps": FPS, "motion": wave(20)}

    monkeypatch.setattr(Sketcher, "ask", ask)
    return requests


def pin(run: Run, text: str) -> None:
    """A pinned sentence as the engine writes it, as far as the screen reads it."""
    header = json.dumps(
        {"__metadata__": {"text": text, "seed": "0", "frames": "50", "created": "1"}}
    ).encode()
    folder = run.path / "prompts"
    folder.mkdir(exist_ok=True)
    (folder / f"{PIN}.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)


def pinned_sample(run: Run, step: int, text: str = "a person bows") -> None:
    body = {"step": step, "text": text, "fps": FPS, "motion": wave(), "prompt": PIN}
    (run.samples_dir / f"step_{step:08d}-{PIN}.json").write_text(json.dumps(body))


def _says(app: StickgenApp, words: str) -> bool:
    return words in screen_text(app)


async def monitor(pilot: Pilot[None], run: Run) -> StickgenApp:
    app = pilot.app
    assert isinstance(app, StickgenApp)
    app.open_monitor(run)
    await until(pilot, lambda: "‹ 3/3 ›" in screen_text(app))
    return app


async def test_a_typed_sentence_is_drawn_played_and_kept(
    app: StickgenApp, run: Run, asked: list[dict[str, Any]]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await monitor(pilot, run)
        await pilot.press("w", *"a cat [b]x[/b]", "enter")
        await until(pilot, lambda: "▸ yours   a cat [b]x[/b]" in screen_text(app))
        assert "step 777 of 1,000  yours" in screen_text(app)
        await pilot.press("w", "enter")  # the same again: other noise
        await until(pilot, lambda: screen_text(app).count("yours   a cat") == 2)
        assert [request["seed"] for request in asked] == [0, 1]
        await pilot.press("up", "up")
        await until(pilot, lambda: "▸ the run a person walks and waves" in screen_text(app))
        assert "‹ 3/3 ›" in screen_text(app)


async def test_what_cannot_be_drawn_is_said_and_escape_closes_the_line(
    app: StickgenApp, run: Run, asked: list[dict[str, Any]]
) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await monitor(pilot, run)
        await pilot.press("w", *"refuse", "enter")
        await until(pilot, lambda: "no whole checkpoint" in screen_text(app))
        await pilot.press("w", "q", "escape")
        await until(pilot, lambda: app.focused is None)
        assert len(asked) == 1 and app.is_running


async def test_a_sentence_is_pinned_and_its_samples_are_scrubbed_by_key_and_by_mouse(
    app: StickgenApp, run: Run, asked: list[dict[str, Any]]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await monitor(pilot, run)
        await pilot.press("w", *"a person bows", "enter")
        await until(pilot, lambda: "yours" in screen_text(app))
        await pilot.press("P")
        await until(pilot, lambda: "pinned  a person bows" in screen_text(app))
        assert asked[-1] == {"text": "a person bows", "seed": 0, "pin": True}
        await pilot.press("up")
        await until(pilot, lambda: "not drawn yet" in screen_text(app))
        for step in (200, 600, 900):
            pinned_sample(run, step)
        await until(pilot, lambda: "step 900 of 1,000  ‹ 3/3 ›" in screen_text(app))
        await pilot.press("[")
        await until(pilot, lambda: "step 600 of 1,000  ‹ 2/3 ›" in screen_text(app))
        await pilot.press("up")  # another sentence, at the same time of training
        await until(pilot, lambda: "step 500 of 1,000  ‹ 2/3 ›" in screen_text(app))
        await pilot.click(SentenceList, offset=(12, 1))
        await until(pilot, lambda: "▸ pinned  a person bows" in screen_text(app))
        strip = app.screen.query_one(StepStrip)
        await pilot.click(strip, offset=(round(0.2 * strip.size.width), 0))
        await until(pilot, lambda: "step 200 of 1,000  ‹ 1/3 ›" in screen_text(app))
        await pilot.press("P")
        await until(pilot, lambda: "before  a person bows" in screen_text(app))
        assert not list((run.path / "prompts").iterdir())


async def test_another_step_and_a_real_clip_stand_beside_the_figure(
    app: StickgenApp, run: Run, asked: list[dict[str, Any]]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await monitor(pilot, run)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("1")
        await until(pilot, lambda: "a real clip: “a clip of the data”" in screen_text(app))
        assert asked == [{"text": "a person walks and waves", "seed": 0, "truth": True}]
        await pilot.press("b")
        await until(pilot, lambda: "Step 1,000, held" in screen_text(app))
        await pilot.press("3", "[")
        await until(pilot, lambda: "step 500  " in screen_text(app) and "step 1,000  " in screen_text(app))
        await pilot.press("b")
        await until(pilot, lambda: "the figure alone" in screen_text(app))
        await pilot.press("1")
        await until(pilot, lambda: "step 1,000  " not in screen_text(app))


async def test_the_best_checkpoint_and_another_run_stand_beside_the_figure(
    app: StickgenApp, run: Run, config: Path, asked: list[dict[str, Any]]
) -> None:
    other = finished_run(run.path.parent, config, name="wise-owl", steps=100)
    for one in (run, other):
        (one.checkpoints_dir / "step_00000100").mkdir()
    async with app.run_test(size=(120, 40)) as pilot:
        await monitor(pilot, run)
        for key, shown, wanted in (
            ("3", "best, step 777", {"checkpoint": "best"}),
            ("5", f"step 777 of {other.name}"[:20], {"run": str(other.path)}),
        ):
            await pilot.press("b")
            await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
            assert f"{other.name}, its last checkpoint" in screen_text(app)
            await pilot.press(key)
            await until(pilot, partial(_says, app, shown))
            assert asked[-1] == {"text": "a person walks and waves", "seed": 0, **wanted}


async def test_the_figure_is_saved_as_a_gif(app: StickgenApp, run: Run, workplace: Path) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await monitor(pilot, run)
        await pilot.press("ctrl+s")
        path = workplace / "a-person-walks-and-waves-step-1000.gif"
        await until(pilot, lambda: f"saved {path.name}" in [one.message for one in app._notifications])
        assert path.stat().st_size > 1000
        assert "of 1,000  ‹ 3/3 ›" not in screen_text(app)
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "of 1,000  ‹ 3/3 ›" in screen_text(app))


async def test_looking_back_at_the_run_shows_the_figure_of_that_time(app: StickgenApp, run: Run) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await monitor(pilot, run)
        await pilot.press("home")
        await until(pilot, lambda: "‹ 1/3 ›" in screen_text(app) and "“a person stands”" in screen_text(app))
        await pilot.press("end")
        await until(pilot, lambda: "‹ 3/3 ›" in screen_text(app))


# -- what it costs


async def test_a_finished_runs_figure_stands_still_after_it_was_played(
    app: StickgenApp, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stickgen_tui.widgets.stick_canvas.PLAYS", 0.1)
    async with app.run_test(size=(120, 40)) as pilot:
        await monitor(pilot, run)
        canvas = app.screen.query_one(StickCanvas)
        await until(pilot, lambda: canvas._left <= 0 and not canvas.moving)
        await pilot.press("space")  # plays it again, and the next one pauses it
        await until(pilot, lambda: canvas.moving)
        await pilot.press("space")
        assert not canvas.moving and not canvas.playing


async def test_nothing_moves_while_the_terminal_has_not_the_focus_or_a_dialog_is_open(
    app: StickgenApp, run: Run
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await monitor(pilot, run)
        canvas = app.screen.query_one(StickCanvas)
        await until(pilot, lambda: canvas.moving)
        app.app_focus = False
        await until(pilot, lambda: not canvas.moving)
        app.app_focus = True
        await until(pilot, lambda: canvas.moving)
        await pilot.press("3")
        await until(pilot, lambda: not canvas.moving)
        await pilot.press("0", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and not canvas.moving)


async def test_a_motion_that_is_played_again_is_not_drawn_again(
    app: StickgenApp, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await monitor(pilot, run)
        canvas = app.screen.query_one(StickCanvas)
        await pilot.press("space")
        frames = []
        for seconds in (0.0, 0.5, 1.0):
            canvas._seconds = seconds
            frames.append(canvas._drawn())
        assert frames[0] != frames[1] != frames[2]
        monkeypatch.setattr(BrailleView, "draw", lambda self, frame: pytest.fail("it is known"))
        for seconds, known in zip((0.0, 0.5, 1.0), frames, strict=True):
            canvas._seconds = seconds
            assert canvas._drawn() == known


async def test_a_figure_has_the_colours_of_the_theme_and_its_own_width(app: StickgenApp, run: Run) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await monitor(pilot, run)
        canvas = app.screen.query_one(StickCanvas)
        whole = canvas.size.region
        for theme in ("textual-light", "textual-dark"):
            app.theme = theme
            await pilot.pause()
            lines, part = canvas.render_lines(whole), canvas.render_lines(Region(3, 1, 5, 2))
            style = canvas.get_component_rich_style("stick-canvas--figure")
            assert {segment.style for line in lines for segment in line} == {style}
            assert [line.cell_length for line in lines] == [whole.width] * whole.height
            assert [line.text for line in part] == [line.text[3:8] for line in lines[1:3]]


def test_the_rate_follows_the_connection() -> None:
    assert pace.draws_per_second({}) == pace.HERE
    assert pace.draws_per_second({"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}) == pace.OVER_SSH
    assert pace.draws_per_second({"SSH_TTY": "/dev/pts/1", "TEXTUAL_FPS": "2"}) == 2
    assert pace.draws_per_second({"TEXTUAL_FPS": "60"}) == pace.HERE

"""What the dialogs and the smaller screens look like: all of one size in one app, each compared as the large ones are.

After a wanted change: pytest tests/tui --snapshot-update, and look at the pictures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from on_screen import screen_text, until
from pytest_textual_snapshot import SVGImageExtension
from run_fixture import wave
from syrupy.assertion import SnapshotAssertion
from test_data_screen import dataset as dataset  # a fixture
from test_steering import training as training  # a fixture
from textual.pilot import Pilot
from textual.screen import Screen

from stickgen.config.loading import TrainingConfig
from stickgen.config.schema import KEY_BY_PATH
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.datasets.catalogue import find_datasets
from stickgen_tui.datasets.clip_reader import ClipReader, ClipShown
from stickgen_tui.datasets.job import DataJob
from stickgen_tui.editing.session import EditSession
from stickgen_tui.following.metric_names import title_of
from stickgen_tui.launching.forecasting import look_around
from stickgen_tui.panels.chart_grid import GridChoice
from stickgen_tui.panels.choose_charts import ChooseChartsScreen
from stickgen_tui.screens.advice import AdviceScreen
from stickgen_tui.screens.arrange import ArrangeScreen
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.screens.choosing_data import _choices
from stickgen_tui.screens.clips import ClipsScreen
from stickgen_tui.screens.data import DataScreen
from stickgen_tui.screens.help import HelpScreen
from stickgen_tui.screens.job import JobScreen
from stickgen_tui.screens.live_keys import LiveKeysScreen, Present
from stickgen_tui.screens.monitor import USUAL
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.screens.open_file import OpenScreen, configs_here
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.screens.resetting import ResetScreen
from stickgen_tui.screens.unreadable import UnreadableScreen
from stickgen_tui.widgets.stick_canvas import StickCanvas

SIZES = [(80, 24), (120, 40), (200, 60)]
Make = Callable[[], Screen[Any]]


@pytest.fixture(autouse=True)
def stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure keeps its first pose, the cursor does not blink, a job goes on for ever, times stay."""

    async def half_done(job: DataJob, told: Callable[[str], None]) -> int:
        told("making clips: 1083 of 2400, about 4 s left")
        await asyncio.Event().wait()
        return 0

    async def clip(reader: ClipReader, number: int) -> ClipShown:
        about = (("source", "made"), ("licence", "MIT"))
        return ClipShown(number, 40, ("a person walks", "walking"), ((0, 50, "walk"),), about, 25.0, poses)

    poses = tuple(map(tuple, wave()))
    monkeypatch.setattr(ClipReader, "read", clip)

    monkeypatch.setattr(DataJob, "run", half_done)
    monkeypatch.setattr(StickCanvas, "_advance", lambda self: None)
    monkeypatch.setattr("textual.widgets.Input.cursor_blink", False)
    monkeypatch.setattr("stickgen_tui.screens.home.HomeScreen.look", lambda self: None)


def dialogs(app: StickgenApp, training: Run, dataset: Path, config: Path) -> dict[str, tuple[Make, str]]:
    """By name: how it is made, and what it shows once it is there."""
    wanted = TrainingConfig(config)
    session = EditSession.open(config)
    names = ["loss_pose", "loss_action", "lr", "grad_norm", "frames_per_second"]
    sure = "It saves a checkpoint after the step it is in, and ends. R goes on from there later."
    unreadable = Path("configs/broken.yaml")
    unreadable.write_text("model:\n  d_model: [128\ntraining:\n  epochs: 3\n")
    return {
        "advice": (lambda: AdviceScreen(wanted, look_around(wanted, None)), "out of memory"),
        "arrange": (lambda: ArrangeScreen(USUAL, USUAL, lambda to: None), "lower row"),
        "charts": (
            lambda: ChooseChartsScreen(GridChoice(on=True), names, lambda to: None),
            title_of(names[0]),
        ),
        "data": (DataScreen, "data/tiny.pt"),
        "clips": (lambda: ClipsScreen(dataset), "caption"),
        "unreadable": (lambda: UnreadableScreen(unreadable, "line 3: a list that does not end"), "d_model"),
        "choosing data": (
            lambda: ChoiceScreen("Which motion should it train on?", _choices(find_datasets(), wanted)),
            "Import motion",
        ),
        "job": (
            lambda: JobScreen("A practice dataset", [("make clips", ["x"]), ("embed them", ["y"])]),
            "1083",
        ),
        "live keys": (lambda: LiveKeysScreen(training, Present.of(training)), "Nothing is changed"),
        "name": (lambda: NameScreen("The config to write", "configs/calm-otter.yaml"), "calm-otter"),
        "open": (lambda: OpenScreen(configs_here()), "quickstart"),
        "question": (
            lambda: QuestionScreen("Stop this run?", sure, [("b", "Back"), ("y", "Stop with a checkpoint")]),
            "Stop with",
        ),
        "help": (lambda: HelpScreen(app.screen_stack[0]), "Help · Home"),
        "reset": (lambda: ResetScreen(session, KEY_BY_PATH["training.learning_rate"], []), "the defaults"),
    }


@pytest.mark.parametrize("size", SIZES)
async def test_dialogs(
    app: StickgenApp,
    training: Run,
    dataset: Path,
    config: Path,
    snapshot: SnapshotAssertion,
    size: tuple[int, int],
) -> None:
    pictures = snapshot.use_extension(SVGImageExtension)
    other: list[str] = []
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "there is no such" in screen_text(app))
        for name, (make, shows) in dialogs(app, training, dataset, config).items():
            app.push_screen(make())
            await until(pilot, partial(_says, app, shows))
            same = pictures(name=name) == await _picture(pilot)
            if not same:
                other.append(name)
            await app.pop_screen()
    assert not other


def _says(app: StickgenApp, words: str) -> bool:
    return words in screen_text(app)


async def _picture(pilot: Pilot[None]) -> str:
    """The screen once nothing moves on it any more."""
    before = ""
    while (now := screen_text(pilot.app)) != before:
        before = now
        await pilot.pause()
    return pilot.app.export_screenshot()

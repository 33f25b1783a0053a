"""From an empty folder to a run, without a shell: each question on the way has its answer in the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from on_screen import screen_text, until
from test_form import in_editor
from test_launching import dataset
from textual.pilot import Pilot
from textual.widgets import Input

from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.planner.launch_check import LaunchCheck
from stickgen_tui.app import StickgenApp
from stickgen_tui.datasets.job import DataJob
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.job import JobScreen

QUESTION = "Which motion should it train on?"


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[TrainingConfig]:
    """What was launched; nothing is."""
    found: list[TrainingConfig] = []

    def start(check: LaunchCheck, root: Path | None) -> None:
        found.append(check.config)
        raise StickgenError("a test launches nothing")

    monkeypatch.setattr("stickgen_tui.screens.launch.start", start)
    return found


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that were run; in place of the work, a dataset of the practice kind appears."""
    ran: list[tuple[str, ...]] = []

    async def run(job: DataJob, told: Callable[[str], None]) -> int:
        ran.append(job.arguments)
        told("making clips: 1083 of 2400, about 4 s left")
        if job.arguments[0] == "embed":
            dataset(Path(job.arguments[1]), 384)
        return 0

    monkeypatch.setattr(DataJob, "run", run)
    return ran


async def asked(pilot: Pilot[None], text: str = QUESTION) -> None:
    await until(pilot, lambda: text in screen_text(pilot.app))


async def test_enter_enter_enter_trains_on_practice_data(
    workplace: Path, jobs: list[tuple[str, ...]], launched: list[TrainingConfig]
) -> None:
    app = StickgenApp(root=workplace / "runs")  # no config is named: the recommended one
    async with app.run_test(size=(80, 24)) as pilot:
        await asked(pilot, "Enter finds a dataset")
        await pilot.press("enter")
        await asked(pilot)
        assert "data/train_data_final.pt: there is no such dataset yet" in screen_text(app)
        await pilot.press("enter")
        await asked(pilot, "is ready. Train on it with")
        shown = " ".join(screen_text(app).replace("│", " ").split())
        assert "train_data data/quickstart.pt, embedding_dim" in shown and "384, encoder offline" in shown
        await pilot.press("enter")
        await until(pilot, lambda: bool(launched))
    assert [arguments[0] for arguments in jobs] == ["synth", "embed"]
    assert launched[0].data.train_data == "data/quickstart.pt"
    assert launched[0].training.max_minutes == 6


async def test_the_card_launches_at_a_double_click_and_at_a_click_on_its_words(app: StickgenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await asked(pilot, "Enter finds a dataset")
        card = app.screen.query_one("#card")
        await pilot.click("#card-config")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)  # a single click is too little for 30 hours
        at = screen_text(app).splitlines()[card.region.bottom - 1].index("Enter finds")
        await pilot.click("#card", offset=(at + 2 - card.region.x, card.region.height - 1))
        await asked(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await pilot.click("#card-config", times=2)
        await asked(pilot)


async def test_the_recommended_config_on_practice_data_is_shown_before_it_is_launched(
    workplace: Path, jobs: list[tuple[str, ...]], launched: list[TrainingConfig]
) -> None:
    app = StickgenApp(root=workplace / "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await asked(pilot, "Enter finds a dataset")
        await pilot.press("enter")
        await asked(pilot)
        await pilot.press("enter")
        await asked(pilot, "is ready. Train on it with")
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await asked(pilot, "3 changes not saved")
        await pilot.press("f5")
        await asked(pilot, "Save and launch (y)")
        await pilot.press("y")
        await asked(pilot, "Save your copy of the preset tiers/cpu_16gb as")
        await pilot.press("enter")
        await until(pilot, lambda: bool(launched))
    assert launched[0].bytes == Path("cpu_16gb.yaml").read_bytes()
    assert launched[0].model.embedding_dim == 384


async def test_a_dataset_that_fits_stands_first_and_one_that_does_not_says_what_it_takes(
    app: StickgenApp, workplace: Path, launched: list[TrainingConfig]
) -> None:
    dataset(Path("data/narrow.pt"), 256)
    dataset(Path("data/walks.pt"), 384)
    dataset(Path("data/bare.pt"), None)
    async with app.run_test(size=(120, 40)) as pilot:
        await asked(pilot, "Enter finds a dataset")
        await pilot.press("enter")
        await asked(pilot)
        shown = screen_text(app)
        assert "1 data/walks.pt  231 clips, fits" in shown
        assert "data/narrow.pt  231 clips, fits with model.embedding_dim 384 → 256" in shown
        assert "data/bare.pt  231 clips, its captions are embedded first" in shown
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        assert isinstance(app.screen, EditorScreen)
        assert app.screen._session.value_at("data.train_data") == "data/walks.pt"


async def test_the_editor_takes_the_edits_of_a_chosen_dataset(app: StickgenApp, workplace: Path) -> None:
    dataset(Path("data/narrow.pt"), 256)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        await pilot.press("f5")
        await asked(pilot)
        await pilot.press("3")
        await asked(pilot, "2 changes not saved")
        assert screen._session.value_at("model.embedding_dim") == 256


async def test_import_asks_for_the_source_the_name_and_the_encoder(
    app: StickgenApp, workplace: Path, jobs: list[tuple[str, ...]]
) -> None:
    (workplace / "mocap").mkdir()
    (workplace / "mocap" / "index.csv").write_text("file,caption\n")
    async with app.run_test(size=(80, 24)) as pilot:
        await asked(pilot, "Enter finds a dataset")
        await pilot.press("enter")
        await asked(pilot)
        await pilot.press("2")
        await asked(pilot, "Import motion from a folder")
        await pilot.press(*"mocap", "enter")
        await asked(pilot, "The dataset to write")
        assert app.screen.query_one(Input).value == "data/mocap.pt"
        await pilot.press("enter")
        await asked(pilot, "Embed the captions with")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
    assert jobs == [
        ("import", "mocap", "-o", "data/mocap.pt", "--index", "mocap/index.csv"),
        ("embed", "data/mocap.pt", "--encoder", "offline"),
    ]


async def test_a_step_that_fails_says_why_and_leads_back(
    app: StickgenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(job: DataJob, told: Callable[[str], None]) -> int:
        job.said = ["[red]no space left[/red]"]
        return 2

    monkeypatch.setattr(DataJob, "run", run)
    async with app.run_test(size=(80, 24)) as pilot:
        await asked(pilot, "Enter finds a dataset")
        await pilot.press("enter")
        await asked(pilot)
        await pilot.press("enter")
        await asked(pilot, "✗ make 2,400 clips")
        assert "[red]no space left[/red]" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


async def test_escape_stops_what_is_going(app: StickgenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = asyncio.Event()

    async def run(job: DataJob, told: Callable[[str], None]) -> int:
        await stopped.wait()
        return 130

    monkeypatch.setattr(DataJob, "run", run)
    monkeypatch.setattr(DataJob, "stop", lambda job: stopped.set())
    async with app.run_test(size=(80, 24)) as pilot:
        await asked(pilot, "Enter finds a dataset")
        await pilot.press("enter")
        await asked(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, JobScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    assert stopped.is_set()

"""The data screen: from an empty folder to clips that are looked at, dropped and labelled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from on_screen import screen_text, until
from textual.pilot import Pilot
from textual.widgets import Input

from stickgen_tui.app import StickgenApp
from stickgen_tui.datasets.catalogue import find_datasets
from stickgen_tui.datasets.job import DataJob
from stickgen_tui.screens.clips import ClipsScreen
from stickgen_tui.screens.data import DataScreen
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.name import NameScreen


@pytest.fixture
def dataset(workplace: Path, tiny_dataset: Path) -> Path:
    """A small dataset where the screen looks."""
    place = workplace / "data" / "tiny.pt"
    place.parent.mkdir()
    shutil.copy(tiny_dataset, place)
    shutil.copy(tiny_dataset.with_name(tiny_dataset.name + ".json"), place.with_name("tiny.pt.json"))
    return Path("data/tiny.pt")


async def in_data(pilot: Pilot[None]) -> DataScreen:
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    await pilot.press("d")
    await until(pilot, lambda: isinstance(app.screen, DataScreen))
    assert isinstance(app.screen, DataScreen)
    return app.screen


def noticed(app: StickgenApp) -> str:
    return "\n".join(notification.message for notification in app._notifications)


async def type_name(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, NameScreen))
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")


async def test_an_empty_folder_says_what_to_do(app: StickgenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await in_data(pilot)
        await until(pilot, lambda: "m makes one to practise with" in screen_text(app))
        await pilot.press("e")
        await until(pilot, lambda: "there is no dataset yet" in noticed(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


async def test_a_practice_dataset_is_made_and_embedded(
    app: StickgenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    async def run(job: DataJob, told: object) -> int:
        ran.append(list(job.arguments))
        job.said = ["data/quickstart.pt: 2400 clips"]
        return 0

    monkeypatch.setattr(DataJob, "run", run)
    async with app.run_test(size=(80, 24)) as pilot:
        await in_data(pilot)
        await pilot.press("m")
        await until(pilot, lambda: "✓ data embed: data/quickstart.pt: 2400 clips" in screen_text(app))
    assert [arguments[0] for arguments in ran] == ["synth", "embed"]
    assert ran[0][-1] == ran[1][1] == "data/quickstart.pt"


async def test_clips_are_looked_at_dropped_and_labelled(app: StickgenApp, dataset: Path) -> None:
    before = dataset.read_bytes()
    async with app.run_test(size=(120, 40)) as pilot:
        await in_data(pilot)
        await until(pilot, lambda: "data/tiny.pt" in screen_text(app) and "40" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "clip 0 of 40" in screen_text(app), 60)
        await pilot.press("right", "d")
        await until(pilot, lambda: "✗ is taken out" in screen_text(app))
        await pilot.press("right", "l")
        await type_name(pilot, "bow")
        await until(pilot, lambda: "● 2 changes not saved" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Leave without saving?" in screen_text(app))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, DataScreen), 60)
        await until(pilot, lambda: "39" in screen_text(app))
    assert dataset.with_name("tiny.pt.bak").read_bytes() == before
    (found,) = find_datasets()
    assert found.facts is not None and found.facts.clips == 39


async def test_a_label_that_is_no_action_changes_nothing_and_says_why(
    app: StickgenApp, dataset: Path
) -> None:
    before = dataset.read_bytes()
    async with app.run_test(size=(120, 40)) as pilot:
        await in_data(pilot)
        await until(pilot, lambda: "data/tiny.pt" in screen_text(app))
        app.push_screen(ClipsScreen(dataset))
        await until(pilot, lambda: "clip 0 of 40" in screen_text(app), 60)
        await pilot.press("l")
        await type_name(pilot, "[red]wlak[/]")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "no action is called [red]wlak" in noticed(app), 60)
        assert "● 1 change not saved" in screen_text(app)
    assert dataset.read_bytes() == before


async def test_a_command_that_fails_says_why(app: StickgenApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await in_data(pilot)
        await pilot.press("i")
        await type_name(pilot, "nowhere")
        await type_name(pilot, "data/new.pt")
        await until(pilot, lambda: "✗ data import: " in screen_text(app), 60)
        assert "nowhere: there is no such archive, folder or file" in screen_text(app)


async def test_something_that_is_no_dataset_is_said_when_it_is_opened(
    app: StickgenApp, workplace: Path
) -> None:
    (workplace / "model.pt").write_bytes(b"PK\x03\x04 not one")
    async with app.run_test(size=(120, 40)) as pilot:
        await in_data(pilot)
        await until(pilot, lambda: "model.pt" in screen_text(app))
        assert "nothing known" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "model.pt:" in noticed(app), 60)

"""A screen that looks again and again: only in front, in a thread of its own, telling only what is new."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from on_screen import until
from textual.app import App
from textual.message import Message
from textual.screen import Screen

from stickgen.errors import StickgenError
from stickgen_tui.screens.data import DataScreen
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.looking import LookingScreen
from stickgen_tui.screens.queue import QueueScreen
from stickgen_tui.screens.runs import RunsScreen


class Counting(LookingScreen[None]):
    LOOK_SECONDS = 0.01

    class Seen(Message):
        def __init__(self, value: int) -> None:
            super().__init__()
            self.value = value

    def __init__(self) -> None:
        super().__init__()
        self.looks, self.value, self.told = 0, 1, list[int]()
        self.error: Exception | None = None

    def on_mount(self) -> None:
        self.start_looking()

    def look(self) -> None:
        self.looks += 1
        if self.error is not None:
            raise self.error
        self.tell(self.Seen(self.value), self.value)

    def on_counting_seen(self, event: Seen) -> None:
        self.told.append(event.value)


@pytest.fixture
def screen() -> Counting:
    return Counting()


async def test_it_tells_what_is_new_and_nothing_else(screen: Counting) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(screen)
        await until(pilot, lambda: screen.looks > 5)
        screen.value = 2
        await until(pilot, lambda: screen.told[-1:] == [2])
        looks = screen.looks
        await until(pilot, lambda: screen.looks > looks + 5)
        assert screen.told.count(2) == 1


async def test_behind_another_screen_it_does_not_look_and_in_front_again_it_tells_all(
    screen: Counting,
) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(screen)
        await until(pilot, lambda: bool(screen.told))
        await app.push_screen(Screen())
        await until(pilot, lambda: not screen._in_front.is_set())
        await pilot.pause(0.05)  # a look that had begun
        looks, told = screen.looks, len(screen.told)
        await pilot.pause(0.1)
        assert screen.looks == looks
        await app.pop_screen()
        await until(pilot, lambda: len(screen.told) > told)


async def test_another_theme_is_told_all_again(screen: Counting) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(screen)
        await until(pilot, lambda: bool(screen.told))
        told = len(screen.told)
        app.theme = "textual-light"
        await until(pilot, lambda: len(screen.told) > told)


async def test_a_look_that_fails_is_said_once_and_made_again(screen: Counting) -> None:
    screen.error = StickgenError("runs: it cannot be read (no [such] device)")
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(screen)
        await until(pilot, lambda: screen.looks > 5)
        await until(pilot, lambda: bool(app._notifications))
        assert [said.message for said in app._notifications] == ["runs: it cannot be read (no [such] device)"]
        screen.error = None
        await until(pilot, lambda: bool(screen.told))


async def test_its_thread_ends_with_it(screen: Counting) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(screen)
        await until(pilot, lambda: "Counting looks" in _threads())
        await app.pop_screen()
        await until(pilot, lambda: "Counting looks" not in _threads())


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_the_screens_that_look_again_and_again_all_do_it_so(repo: Path) -> None:
    assert all(issubclass(kind, LookingScreen) for kind in (HomeScreen, DataScreen, QueueScreen, RunsScreen))

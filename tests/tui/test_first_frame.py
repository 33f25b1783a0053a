"""The first frame of Home is useful, and made without what it does not need."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from on_screen import screen_text, until
from same_machine import MACHINE

from stickgen_tui import cli
from stickgen_tui.app import StickgenApp
from stickgen_tui.screens.home import HomeScreen


@pytest.fixture
def frozen() -> Iterator[None]:
    """Garbage is collected again after the test, all of it."""
    yield
    gc.unfreeze()
    gc.enable()


async def test_the_first_frame_has_the_machine_and_what_it_should_train(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = replace(MACHINE, torch_version="2.13.0")  # as torch answered an earlier start
    monkeypatch.setattr("stickgen_tui.screens.home.local_machine_fast", lambda: known)
    begun: list[str] = []
    monkeypatch.setattr(HomeScreen, "_begin", lambda home: begun.append(screen_text(home.app)))
    app = StickgenApp(root=workplace / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(begun))
    assert "12.0 of 16.0 GiB free" in begun[0]
    assert "preset tiers/cpu_16gb  recommended" in begun[0] and "16GB RAM (Standard CPU)" in begun[0]


async def test_before_torch_has_ever_answered_nothing_is_recommended_yet(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(HomeScreen, "_begin", lambda home: begun.append(screen_text(home.app)))
    async with StickgenApp(root=workplace / "runs").run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(begun))
    assert "12.0 of 16.0 GiB free" in begun[0] and "looking" in begun[0] and "recommended" not in begun[0]


async def test_home_is_the_screen_below_all_others(app: StickgenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.is_mounted)
        assert [type(screen) for screen in app.screen_stack] == [HomeScreen]
        assert app.screen.has_class("-narrow") and app.screen.has_class("-short")
        app.action_help()
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await app.go_home()
        assert [type(screen) for screen in app.screen_stack] == [HomeScreen]


async def test_garbage_is_collected_once_the_app_has_started(
    app: StickgenApp, monkeypatch: pytest.MonkeyPatch, frozen: None
) -> None:
    monkeypatch.setattr("stickgen_tui.app.START_SECONDS", 0.01)
    gc.disable()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, gc.isenabled)
        assert gc.get_freeze_count()


def test_a_start_that_is_refused_leaves_the_collector_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--config", "nowhere.yaml"])
    assert gc.isenabled() and "no such config file" in capsys.readouterr().err

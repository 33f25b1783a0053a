"""A key press in the editor draws what it changed: nothing is laid out for it, and an editor at rest draws nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from on_screen import screen_text, until
from test_form import in_editor
from test_open_box import BATCH, row
from textual.geometry import Region
from textual.screen import Screen
from textual.widgets import Input

from stickgen.config.loading import TrainingConfig
from stickgen_tui.app import StickgenApp
from stickgen_tui.widgets.yaml_view import YamlView


class Drawn:
    """What a screen did since: how often it was laid out, and the regions that it painted."""

    def __init__(self) -> None:
        self.layouts, self.regions = 0, list[Region]()

    @property
    def rows(self) -> int:
        """Lines that were painted."""
        return sum(region.height for region in self.regions)


@contextmanager
def drawn(screen: Screen[None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawn]:
    """Counts what is drawn meanwhile."""
    seen = Drawn()
    lay_out, update = screen._refresh_layout, screen._compositor.update_widgets

    def layout(*arguments: object) -> None:
        seen.layouts += 1
        lay_out(*arguments)  # type: ignore[arg-type]

    def widgets(changed: set[object]) -> None:
        update(changed)  # type: ignore[arg-type]
        seen.regions += screen._compositor._dirty_regions

    with monkeypatch.context() as patch:
        patch.setattr(screen, "_refresh_layout", layout)
        patch.setattr(screen._compositor, "update_widgets", widgets)
        yield seen


async def test_a_key_draws_its_row_and_what_follows_from_it(
    app: StickgenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        screen.set_focus(row(screen, BATCH))
        await until(pilot, lambda: "an epoch" in screen_text(app) or "a step" in screen_text(app))
        await pilot.pause(0.2)
        for keys in (("right",), ("down", "up"), ("tab", "shift+tab"), ("left",)):
            with drawn(screen, monkeypatch) as seen:
                await pilot.press(*keys)
                await pilot.pause(0.1)
            assert seen.layouts == 0 and 0 < seen.rows <= 20 * len(keys), keys
        await pilot.press("enter", "end")
        await pilot.pause(0.1)
        with drawn(screen, monkeypatch) as seen:
            await pilot.press("0")
            await pilot.pause(0.1)
        assert seen.layouts == 0 and 0 < seen.rows < 10
        with drawn(screen, monkeypatch) as seen:
            await pilot.pause(1.2)
        assert not seen.regions  # the cursor of the box stands still


async def test_what_is_drawn_in_parts_is_what_is_there(app: StickgenApp, config: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        screen.set_focus(row(screen, BATCH))
        await pilot.press(
            "right", "down", "right", "right", "up", "pagedown", "left", "pageup", "d", "escape"
        )
        await pilot.press("v", "v", *["down"] * 12, "right")
        await pilot.pause(0.2)
        shown = screen_text(app)
        screen.query_one(YamlView).refresh()
        for field in screen.query("Field, Line"):
            field.refresh(layout=True)
        await pilot.pause(0.2)
        assert screen_text(app) == shown


async def test_an_error_and_its_end_move_the_rows_below(app: StickgenApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        below = row(screen, "training.learning_rate")
        screen.set_focus(row(screen, BATCH))
        await pilot.pause()
        line = below.region.y
        await pilot.press("enter", "ctrl+u", "x")
        await until(pilot, lambda: "✗ must be" in screen_text(app) and below.region.y == line + 1)
        await pilot.press("ctrl+u", "4")
        await until(pilot, lambda: below.region.y == line)


async def test_keys_in_a_burst_are_all_in_what_is_saved(app: StickgenApp, config: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        screen.set_focus(row(screen, BATCH))
        await pilot.press("enter", "ctrl+u", "1", "2", "8", "ctrl+s")
        await until(pilot, lambda: TrainingConfig(config).get(BATCH) == 128)
        await until(
            pilot, lambda: "✓ saved" in screen_text(app) and not screen.query(Input).filter(".field-box")
        )
        await until(pilot, lambda: "effective batch 512" in screen_text(app))  # of four batches each

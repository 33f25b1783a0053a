"""An update of the screen asks only the widgets that are seen where it changes, and paints what Textual would paint."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import pytest
from on_screen import screen_text, until
from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.drawing.front import FrontCompositor
from stickgen_tui.screens.help import HelpScreen
from stickgen_tui.widgets.chart import Chart
from stickgen_tui.widgets.stick_canvas import StickCanvas


def cells(strip: Strip | None) -> list[tuple[str, object]]:
    return [] if strip is None else [(letter, style) for text, style, _ in strip for letter in text]


def same_where_it_changed(compositor: Compositor, changed: list[Region]) -> None:
    """What is drawn of `changed` is what Textual's own compositor would draw there."""
    screen = compositor.size.region
    compositor._dirty_regions = set(changed)
    update = compositor.render_partial_update()
    whole = Compositor._render_chops(compositor, screen, lambda y: True)
    seen = [part for region in changed if (part := region.intersection(screen))]
    assert (update is None) == (not seen)
    if update is None:
        return
    assert set(update.spans) == set(Compositor._regions_to_spans(seen))
    for y, left, right in update.spans:
        assert list(update.chops[y]) == list(whole[y])
        for (start, piece), end in zip(update.chops[y].items(), update.chop_ends[y], strict=True):
            if start < right and end > left:
                assert cells(piece) == cells(whole[y][start])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_paints_what_textual_would_paint(app: StickgenApp, run: Run, size: tuple[int, int]) -> None:
    noise = random.Random(3)
    app.first_run = run
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "step 1,000" in screen_text(app))
        for screen in (app.screen, HelpScreen(app.screen)):
            if screen is not app.screen:
                await app.push_screen(screen)
                await pilot.pause()
            compositor = app.screen._compositor
            assert isinstance(compositor, FrontCompositor)
            for widget, (region, clip) in list(compositor.visible_widgets.items()):
                same_where_it_changed(compositor, [region.intersection(clip)])
                widget.refresh()
            for _ in range(30):
                changed = [
                    Region(noise.randrange(-3, size[0]), noise.randrange(-3, size[1]), noise.randrange(1, 40), noise.randrange(1, 9))
                    for _ in range(noise.randrange(3))
                ]  # fmt: skip
                same_where_it_changed(compositor, changed)


W = TypeVar("W", bound=Widget)


def counting(
    render_lines: Callable[[W, Region], list[Strip]], asked: Counter[Widget]
) -> Callable[[W, Region], list[Strip]]:
    def counted(self: W, crop: Region) -> list[Strip]:
        asked[self] += 1
        return render_lines(self, crop)

    return counted


async def test_a_figure_that_moves_asks_nothing_else_to_draw(
    app: StickgenApp, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.first_run = run
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "step 1,000" in screen_text(app))
        canvas, asked = app.screen.query_one(StickCanvas), Counter[Widget]()
        canvas.toggle()
        await pilot.pause(0.1)
        monkeypatch.setattr(Widget, "render_lines", counting(Widget.render_lines, asked))
        monkeypatch.setattr(StickCanvas, "render_lines", counting(StickCanvas.render_lines, asked))
        canvas.refresh(Region(2, 1, 5, 2))
        await pilot.pause(0.1)
        assert asked == {canvas: 1}


async def test_new_records_lay_nothing_out_anew_however_many_charts_are_hidden(
    app: StickgenApp, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.first_run = run
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "step 1,000" in screen_text(app))
        await pilot.pause(0.1)
        laid_out: list[object] = []
        arrange = Compositor._arrange_root

        def counted(self: Compositor, *given: object, **named: object) -> object:
            laid_out.append(self)
            return arrange(self, *given, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(Compositor, "_arrange_root", counted)
        assert any(not chart.region for chart in app.screen.query(Chart))
        app.screen.post_message(type(app.screen).Changed(frozenset({"metrics", "status"})))  # type: ignore[attr-defined]
        await pilot.pause(0.2)
        assert laid_out == []

"""The words in a border: literal, and set once, because each time costs a redraw of the box."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.widget import Widget

from stickgen_tui.border_words import say_subtitle, say_title


async def test_words_that_stand_there_already_redraw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with App[None]().run_test() as pilot:
        box, redrawn = Widget(), []
        await pilot.app.mount(box)
        monkeypatch.setattr(box, "refresh", lambda *a, **k: redrawn.append(1))
        for words in ("loss [bold] [1/2]", "loss [bold] [1/2]", "", ""):
            say_title(box, words)
            say_subtitle(box, words)
        assert len(redrawn) == 4
        say_title(box, "loss [bold] [1/2]")
        assert str(box._border_title) == "loss [bold] [1/2]"

"""A screen that opens is styled as it is made, and not all over again for its size and for coming to the front."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stickgen_tui.app import StickgenApp
from stickgen_tui.screens.help import HelpScreen


async def test_a_screen_that_opens_is_styled_once_and_still_follows_the_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = StickgenApp(root=tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        whole: list[Any] = []
        update_nodes = app.stylesheet.update_nodes

        def count(nodes: Any, animate: bool = False) -> None:
            nodes = list(nodes)
            whole.extend(node for node in nodes if node is app.screen)
            update_nodes(nodes, animate)

        monkeypatch.setattr(app.stylesheet, "update_nodes", count)
        screen = HelpScreen(app.screen)
        await app.push_screen(screen)
        await pilot.pause()
        assert not whole
        assert screen.has_class("-normal") and screen.has_class("-tall")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert whole and screen.has_class("-narrow") and screen.has_class("-short")
        assert not screen.has_class("-normal") and not screen.has_class("-tall")

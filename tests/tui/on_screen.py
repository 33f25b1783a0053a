"""Waiting for the app, and reading what stands on its screen."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot


async def until(pilot: Pilot[None], holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Let the app go on until `holds`; a test that waits in vain fails here."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
        await pilot.pause(0.02)


def screen_text(app: App[None]) -> str:
    """What stands on the screen, as plain lines."""
    size = app.size
    rows = app.screen._compositor.render_strips(size)
    return "\n".join("".join(segment.text for segment in row) for row in rows)

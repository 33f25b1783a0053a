"""The way from a config file to the monitor of its run: look first, ask if there is a doubt, launch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from stickgen.errors import StickgenError
from stickgen_tui.editing.values import value_text
from stickgen_tui.launching.preflight import Preflight, preflight, shown_path, start
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.widgets.check_lines import check_lines

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.config.settings import Edit


async def launch_config(
    screen: Screen[None], subject: Path | TrainingConfig, root: Path | None, shown: str | None = None
) -> Sequence[Edit]:
    """Preflight and launch a config, then show its monitor. Call it from a worker of `screen`.

    An error stops it with a sentence; a warning asks. Returns the edits that a person wants made instead. What is
    launched is what was looked at, byte for byte; `shown` is the digest of what the screen says of a file.
    """
    app = screen.app
    looked: Preflight = await asyncio.to_thread(preflight, subject, root)
    if looked.config is not None and shown is not None and looked.config.digest != shown:
        notice(
            app,
            f"{shown_path(looked.config_path)} has changed since it was shown; look, then launch it again",
        )
        return ()
    if looked.errors or looked.warnings:
        answers = [("b", "Back")]
        if looked.fix:
            changes = ", ".join(f"{key.split('.')[-1]} to {value_text(value)}" for key, value in looked.fix)
            answers.append(("f", f"Fix: {changes}"))
        if looked.needs_data:
            answers.append(("d", "Make or import data"))
        if not looked.errors:
            answers.append(("y", "Launch anyway"))
        title = "Not launched" if looked.errors else "Launch anyway?"
        answer = await app.push_screen_wait(QuestionScreen(title, check_lines(list(looked.checks)), answers))
        if answer == "d":
            opens(app).open_data()
        if answer != "y":
            return looked.fix if answer == "f" else ()
    assert looked.found is not None  # else there was an error
    try:
        run = await asyncio.to_thread(start, looked.found, root)
    except (StickgenError, OSError) as error:
        notice(app, f"not launched: {error}", error=True)
        return ()
    opens(app).open_monitor(run)
    return ()

"""Asks what is to stand beside a figure: what the panel offers, and the other runs that have a checkpoint."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from stickgen.runs.store import Run, list_runs
from stickgen_tui.panels.figure import BESIDE_RUN
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.text import clean

MOST_RUNS = 8


async def ask_what_stands_beside(app: App[Any], run: Run, choices: list[tuple[str, str]]) -> str:
    """What was chosen; "" if nothing was."""
    others = await asyncio.to_thread(_others, run)
    named = [
        (BESIDE_RUN + str(one.path), f"{clean(one.name, single_line=True, limit=50)}, its last checkpoint")
        for one in others
    ]
    return await app.push_screen_wait(ChoiceScreen("What stands beside the figure?", [*choices, *named]))


def _others(run: Run) -> list[Run]:
    """The newest other runs of the same folder that have a checkpoint."""
    found: list[Run] = []
    for one in list_runs(run.path.parent):
        if one.path != run.path and one.checkpoints:
            found.append(one)
            if len(found) == MOST_RUNS:
                break
    return found

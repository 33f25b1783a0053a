"""After a run that failed: advice on its config, and the file in which it can be followed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen_tui.launching.forecasting import look_around
from stickgen_tui.screens.advice import AdviceScreen

if TYPE_CHECKING:
    from textual.app import App

    from stickgen.config.settings import Edit
    from stickgen.planner.advising.advice import Goal
    from stickgen.runs.store import Run


async def ask_for_advice(app: App[None], run: Run) -> tuple[Edit, ...]:
    """The edits that a person chose for the run's config; none if it was left. Call it from a worker.

    Raises ConfigError or OSError if the run's config cannot be read.
    """
    config = run.config()
    around = await asyncio.to_thread(look_around, config, run.path.parent)
    goal: Goal = "memory" if "memory" in run.state().reason else "speed"
    advice = await app.push_screen_wait(AdviceScreen(config, around, goal))
    return advice.edits if advice is not None else ()


def source_of(run: Run) -> Path | None:
    """The file that the run's config was copied from; None if it is gone."""
    identity = run.identity
    path = Path(str(identity.get("cwd") or "")) / str(identity.get("config_name") or "")
    return path if path.is_file() else None

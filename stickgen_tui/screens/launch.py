"""The way from a config file to the monitor of its run: look first, ask if there is a doubt, launch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.screen import Screen

from stickgen.config.presets import preset_of, preset_path
from stickgen.errors import StickgenError
from stickgen_tui.editing.values import value_text
from stickgen_tui.launching.preflight import Preflight, launch_command, preflight, shown_path, start
from stickgen_tui.launching.queueing import queue_config, trainings_beside
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.screens.beside import answers_beside, beside_line, stop_before
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.text import clean
from stickgen_tui.widgets.check_lines import check_lines

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.config.settings import Edit
    from stickgen.runs.store import Run

_GO_ON = {"y", "q", "s"}


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
    if looked.asks_for_data and looked.config is not None:
        return await _with_data(screen, looked.config, root, looked.errors[0].text)
    others = [] if looked.errors else await asyncio.to_thread(trainings_beside, root)
    if looked.errors or looked.warnings or others:
        answer = await app.push_screen_wait(_question(looked, others))
        if answer == "d" and looked.config is not None:
            return await _with_data(screen, looked.config, root, looked.errors[0].text)
        if answer == "f":
            return looked.fix
        if answer not in _GO_ON:
            return ()
        if answer == "q":
            await _queue(app, looked, root)
            return ()
        if answer == "s" and not await stop_before(app, others):
            return ()
    assert looked.found is not None  # else there was an error
    try:
        run = await asyncio.to_thread(start, looked.found, root)
    except (StickgenError, OSError) as error:
        notice(app, f"not launched: {error}", error=True)
        return ()
    opens(app).launched(looked.config_path)
    opens(app).open_monitor(run)
    return ()


def copy_command(app: App[Any], config: Path, root: Path | None) -> None:
    """Say the shell command of this launch, and put it into the terminal's clipboard if that takes it."""
    command = launch_command(config, root)
    app.copy_to_clipboard(command)
    notice(app, f"copied: {command}")


def _question(looked: Preflight, others: Sequence[Run]) -> QuestionScreen:
    """What stands in the way of a launch, and what can be done about it; the first answer harms nothing."""
    answers = [("b", "Back")]
    if looked.fix:
        changes = ", ".join(f"{key.split('.')[-1]} to {value_text(value)}" for key, value in looked.fix)
        answers.append(("f", f"Fix: {changes}"))
    if looked.needs_data:
        answers.append(("d", "Another dataset"))
    body = check_lines([*map(beside_line, others), *looked.checks])
    if looked.errors:
        return QuestionScreen("Not launched", body, answers)
    if others:
        answers = [*answers_beside(others), *answers]
        return QuestionScreen("Another training goes on", body, answers)
    return QuestionScreen("Launch anyway?", body, [*answers, ("q", "Queue it"), ("y", "Launch anyway")])


async def _queue(app: App[Any], looked: Preflight, root: Path | None) -> None:
    """Put what was looked at into the queue, and show that."""
    found = looked.found
    assert found is not None
    try:
        job = await asyncio.to_thread(
            queue_config, found.config, found.dataset, root, force=bool(found.budget)
        )
    except (StickgenError, OSError) as error:
        notice(app, f"not queued: {error}", error=True)
        return
    notice(app, f"job {job.title} is in the queue")
    opens(app).open_queue()


async def _with_data(
    screen: Screen[None], config: TrainingConfig, root: Path | None, why: str
) -> Sequence[Edit]:
    """Choose or make the dataset first, then launch; or return the edits that make the config train on it."""
    from stickgen_tui.screens.choosing_data import choose_dataset

    chosen = await choose_dataset(screen.app, config, why.partition("; ")[0])
    if chosen is None:
        return ()
    if not chosen.edits:
        return await launch_config(screen, config, root)
    quickstart = preset_path("quickstart")
    if chosen.practice and preset_of(config.name) != "quickstart":
        changed = ", ".join(f"{key.split('.')[-1]} {value_text(value)}" for key, value in chosen.edits)
        name = clean(shown_name(config.name), single_line=True, limit=40)
        ways = [
            ("quickstart", "quickstart: a small model made for it, a figure within a minute"),
            ("edit", f"{name}, with {changed}: shown first"),
        ]
        title = f"{shown_path(chosen.path)} is ready. Train on it with"
        way = await screen.app.push_screen_wait(ChoiceScreen(title, ways))
        if way == "quickstart":
            return await launch_config(screen, quickstart, root)
        return chosen.edits if way else ()
    return chosen.edits


def shown_name(config: str) -> str:
    """A preset by its name, another config by its path."""
    return preset_of(config) or str(shown_path(Path(config)))

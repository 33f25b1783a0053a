"""What the monitor's keys that steer a run do: change keys, pause, stop, go on, from which checkpoint."""

from __future__ import annotations

import asyncio
import time

from textual.app import App
from textual.content import Content

from stickgen.errors import StickgenError
from stickgen.quantities import age_text, number_text
from stickgen.runs.going_back import SavedCheckpoint, saved_checkpoints
from stickgen.runs.launch import pause, stop
from stickgen.runs.resuming import resume
from stickgen.runs.store import Run
from stickgen_tui.notices import notice
from stickgen_tui.screens.beside import may_resume
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.screens.live_keys import LiveKeysScreen, Present
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.tones import MUTED


async def change_keys(app: App[None], run: Run) -> None:
    """Let a person change live keys of `run`."""
    try:
        present = await asyncio.to_thread(Present.of, run)
    except (StickgenError, OSError) as error:
        notice(app, error, error=True)
        return
    asked = await app.push_screen_wait(LiveKeysScreen(run, present))
    if asked is not None:
        notice(app, f"asked for {'; '.join(map(str, asked.changes))}; it counts from the next step on")


async def pause_run(app: App[None], run: Run) -> None:
    """Ask, then pause `run`."""
    body = (
        "It saves a checkpoint after the step it is in, and ends: its memory is free.\n"
        "u goes on later, exactly where it was."
    )
    if (
        await app.push_screen_wait(
            QuestionScreen("Pause this run?", body, [("b", "Back"), ("y", "Pause it")])
        )
        != "y"
    ):
        return
    try:
        await asyncio.to_thread(pause, run)
    except (StickgenError, OSError) as error:
        notice(app, error, error=True)
        return
    notice(app, "asked to pause; it saves a checkpoint first")


async def stop_run(app: App[None], run: Run, *, may_kill: bool) -> bool:
    """Ask, then stop `run`, or kill it where that may be asked; whether it was told to end."""
    answers = [("b", "Back"), ("y", "Stop with a checkpoint")]
    text = "It saves a checkpoint after the step it is in, and ends. R goes on from there later."
    if may_kill:
        answers.append(("k", "Kill it now"))
        text += "\nKilling it ends it at once; what came after its last checkpoint is lost."
    answer = await app.push_screen_wait(QuestionScreen("Stop this run?", text, answers))
    if answer not in ("y", "k"):
        return False
    try:
        await asyncio.to_thread(stop, run, force=answer == "k")
    except (StickgenError, OSError) as error:
        notice(app, error, error=True)
        return False
    notice(app, "killed" if answer == "k" else "asked to stop; it saves a checkpoint first")
    return True


async def resume_run(app: App[None], run: Run, *, choose: bool) -> None:
    """Go on with `run`, from its newest checkpoint or from one that a person chooses."""
    try:
        known = await asyncio.to_thread(saved_checkpoints, run)
        start = "last"
        if choose and not known:
            body = "It ended before its first checkpoint, so it starts again at step 0."
            answers = [("b", "Back"), ("y", "Start at step 0")]
            if await app.push_screen_wait(QuestionScreen("Resume this run?", body, answers)) != "y":
                return
        elif choose and len(known) > 1:
            start = await app.push_screen_wait(_question(known))
        if not start or not await may_resume(app, run, from_last=start == "last"):
            return
        said = await asyncio.to_thread(lambda: resume(run, start=start))
    except (StickgenError, OSError) as error:
        notice(app, error, error=True)
        return
    notice(app, "; ".join(said))


def _question(known: list[SavedCheckpoint]) -> ChoiceScreen:
    newest = known[-1]
    choices: list[tuple[str, Content]] = [("last", _line(newest, "last"))]
    choices += [(str(each.step), _line(each, "best")) for each in known if each.best and each is not newest]
    choices += [(str(each.step), _line(each, "")) for each in reversed(known[:-1]) if not each.best]
    return ChoiceScreen("Go on from which checkpoint? Later ones are set aside.", choices, at="last")


def _line(checkpoint: SavedCheckpoint, name: str) -> Content:
    age = None if checkpoint.saved_unix is None else max(time.time() - checkpoint.saved_unix, 0.0)
    words = f"{name or 'earlier'} and best" if checkpoint.best and name == "last" else name or "earlier"
    loss = "" if checkpoint.val_loss is None else f"   validation loss {number_text(checkpoint.val_loss)}"
    return Content.assemble(
        (f"{words:<14}", "bold" if name else ""),
        f"step {checkpoint.step:>9,}",
        (f"   {age_text(age)}{loss}", MUTED),
    )

"""What is asked before a second training begins on this machine: queue it, start it all the same, or stop the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import App

from stickgen.errors import StickgenError
from stickgen_tui.launching.preflight import Check
from stickgen_tui.launching.queueing import queue_run, stop_first, trainings_beside
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.text import clean
from stickgen_tui.widgets.check_lines import check_lines

if TYPE_CHECKING:
    from stickgen.runs.store import Run


def beside_line(run: Run) -> Check:
    """That a run trains here, and how far it is."""
    state = run.state()
    at = f", step {state.step:,} of {state.total_steps:,}" if state.total_steps else ""
    name = clean(run.name, single_line=True)
    return Check("warning", f"{name} trains on this machine{at}; two at once halve each other")


def answers_beside(others: Sequence[Run]) -> list[tuple[str, str]]:
    """The answers, the one that harms nothing first."""
    them = "it" if len(others) == 1 else "them"
    return [("q", "Queue it"), ("y", "Start beside"), ("s", f"Stop {them} first")]


async def stop_before(app: App[Any], others: Sequence[Run]) -> bool:
    """Stop the trainings that go on and wait for their end; whether they ended."""
    notice(app, f"stopping {', '.join(run.name for run in others)} with a checkpoint")
    try:
        await asyncio.to_thread(stop_first, others)
    except (StickgenError, OSError) as error:
        notice(app, f"not launched: {error}", error=True)
        return False
    return True


async def may_resume(app: App[Any], run: Run, *, from_last: bool = True) -> bool:
    """Whether a run is to be resumed now: asks while another training goes on. Call it from a worker of a screen.

    The queue goes on with a run only `from_last`, its newest checkpoint.
    """
    others = await asyncio.to_thread(trainings_beside, run.path.parent, besides=run)
    if not others:
        return True
    body = check_lines([beside_line(other) for other in others])
    answers = [answer for answer in answers_beside(others) if from_last or answer[0] != "q"]
    answers = [*answers, ("b", "Back")] if from_last else [("b", "Back"), *answers]
    answer = await app.push_screen_wait(QuestionScreen("Another training goes on", body, answers))
    if answer == "s":
        return await stop_before(app, others)
    if answer == "q":
        try:
            job = await asyncio.to_thread(queue_run, run)
        except (StickgenError, OSError) as error:
            notice(app, f"not queued: {error}", error=True)
            return False
        notice(app, f"job {job.id} goes on with it when its turn comes")
        opens(app).open_queue()
    return answer == "y"

"""A second training on one machine halves both: what to do about it, asked or said beforehand."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Literal

import click

from stickgen.quantities import counted
from stickgen.runs.launch import stop
from stickgen.runs.store import Run
from stickgen.runs.trainings import is_going
from stickgen.text import clean

Answer = Literal["start", "queue"]
_POLL_SECONDS = 0.2

BESIDE = click.option(
    "--beside", is_flag=True, help="Start although another training goes on on this machine; both get slower."
)
QUEUE = click.option(
    "--queue", "queued", is_flag=True, help="Put it into the queue: it starts when the machine is free."
)


def settle(others: Sequence[Run], *, asks: bool = True) -> Answer:
    """What to do while `others` train here: ask on a terminal if it `asks`, else start with a warning.

    Where the answer is to stop them first, that is done, and waited for. Raises click.Abort for no answer.
    """
    if not others:
        return "start"
    told = f"{' and '.join(_told(run) for run in others[:3])}{' and more' if len(others) > 3 else ''}"
    if not asks or not _at_a_terminal():
        click.echo(
            f"warning: {told} on this machine already; both get slower, and neither teaches the planner anything "
            "(--queue waits for its turn, --beside says that this is meant)",
            err=True,
        )
        return "start"
    click.echo(f"{told} on this machine already. Two at once halve each other.")
    them = "it" if len(others) == 1 else "them"
    answer = click.prompt(
        f"[q]ueue this one, start it [b]eside, [s]top {them} first, or [c]ancel",
        type=click.Choice(["q", "b", "s", "c"], case_sensitive=False),
        default="q",
        show_choices=False,
    )
    if answer == "c":
        raise click.Abort
    if answer == "s":
        stop_first(others)
    return "queue" if answer == "q" else "start"


def stop_first(others: Sequence[Run]) -> None:
    """Stop trainings with a checkpoint and wait for their end."""
    for run in others:
        if is_going(run):
            stop(run)
    click.echo(f"stopping {counted(len(others), 'training')} with a checkpoint…")
    while any(is_going(run) for run in others):
        time.sleep(_POLL_SECONDS)


def _told(run: Run) -> str:
    state = run.state()
    at = f" (step {state.step:,} of {state.total_steps:,})" if state.total_steps else ""
    return f"{clean(run.name, single_line=True)}{at} trains"


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()

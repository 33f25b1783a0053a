"""Progress of one long thing: a bar with its ETA on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from stickgen.children import PROGRESS_OFTEN
from stickgen.cli.streams import is_plain_terminal

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def shown_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to call with how many are done, of how many, while the block lasts."""
    if sys.stderr is None or not sys.stderr.isatty() or is_plain_terminal():
        yield _plain_lines(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _plain_lines(what: str) -> Callable[[int, int], None]:
    began = said = time.monotonic()
    pause = 0.5 if os.environ.get(PROGRESS_OFTEN) else _SECONDS_BETWEEN_LINES
    first: int | None = None  # how many were done before, by a command that was ended

    def show(done: int, total: int) -> None:
        nonlocal said, first
        now = time.monotonic()
        first = done if first is None else first
        if done > first and now - said > pause:
            said = now
            left = (now - began) / (done - first) * (total - done)
            click.echo(f"{what}: {done} of {total}, about {left:.0f} s left", err=True)

    return show

"""Watch a run from its directory: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from stickgen.errors import StickgenError
from stickgen.runs.launch import stop
from stickgen.runs.metrics import RecordReader
from stickgen.runs.store import Run, Status
from stickgen.text import clean

POLL_SECONDS = 0.25
PLAIN_LINE_SECONDS = 10.0
EXIT_CODES = {Status.FINISHED: 0, Status.STOPPED: 130}


def duration(seconds: float) -> str:
    """`2 h 05 min`, `3 min 20 s`, `12 s`."""
    whole = round(max(seconds, 0))
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def describe(record: dict[str, Any]) -> str:
    """A metrics record of kind `train` in a line."""
    return (
        f"step {record['step']}/{record['total_steps']}  epoch {record['epoch']:.1f}  loss {_number(record['loss'])}  "
        f"lr {record['lr']:.2e}  {record['sequences_per_second']:.1f} clips/s  "
        f"{record['rss_bytes'] / 2**20:.0f} MiB  ETA {duration(record['eta_seconds'])}"
    )


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.4f}"


def follow(run: Run, *, owner: bool) -> int:
    """Show a run until it ends; returns its exit code.

    `owner`: Ctrl-C and SIGTERM ask the run to stop with a checkpoint, and a second one kills it. Without,
    they only end the watching. A closed terminal (SIGHUP) ends the watching and never the run.
    """
    console = Console(highlight=False)
    events, metrics = RecordReader(run.events_path), RecordReader(run.metrics_path)
    events.read_new(), metrics.read_new()  # from here on
    asked = 0

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    answered = 0
    last_line = time.monotonic()
    bar = Progress(
        SpinnerColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=console, disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("starting", total=None)
        while True:
            state = run.state()
            for event in events.read_new():
                console.print(Text(clean(f"{event.get('event')}: {event.get('message')}", single_line=True)))
            for record in metrics.read_new():
                if record.get("kind") != "train":
                    continue
                line = describe(record)
                bar.update(task, total=record["total_steps"], completed=record["step"], description=line)
                if not console.is_terminal and time.monotonic() - last_line > PLAIN_LINE_SECONDS:
                    last_line = time.monotonic()
                    console.print(line)
            if asked > answered:
                answered = asked
                if not owner:
                    return 0
                console.print(
                    "stopping with a checkpoint; once more kills the run" if asked == 1 else "killing the run"
                )
                try:
                    stop(run, force=asked > 1)
                except StickgenError:
                    continue
            if not state.alive:
                break
            time.sleep(POLL_SECONDS)
    return _report(run)


def _report(run: Run) -> int:
    state = run.state()
    if state.status == Status.FINISHED:
        click.echo(f"{run.name}: {clean(state.reason)}")
    elif state.status == Status.STOPPED:
        click.echo(f"{run.name}: {clean(state.reason)}; go on with: stickgen train --resume {run.name}")
    else:
        click.echo(f"stickgen: {clean(state.reason)}", err=True)
        if run.exit.get("code") not in {1, 2}:
            click.echo(f"the log is {run.log_path}", err=True)
    code = run.exit.get("code", 1)
    return EXIT_CODES.get(state.status, code if code in {1, 2} else 1)


def follow_and_exit(run: Run, *, owner: bool) -> None:
    """`follow`, then leave with its code."""
    sys.exit(follow(run, owner=owner))

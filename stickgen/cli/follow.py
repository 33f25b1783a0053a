"""Watch a run from its directory: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import json
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from stickgen.errors import StickgenError
from stickgen.planner.rescue import memory_advice, ran_out_of_memory
from stickgen.runs.launch import stop
from stickgen.runs.metrics import RecordReader, last_record
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


def follow(run: Run, *, owner: bool, as_json: bool = False) -> int:
    """Show a run until it ends; returns its exit code.

    `as_json`: a line of JSON for each event and each metrics record, and one for the end.

    `owner`: Ctrl-C and SIGTERM ask the run to stop with a checkpoint, and a second one kills it. Without,
    they only end the watching. A closed terminal (SIGHUP) ends the watching and never the run.
    """
    console = Console(highlight=False)
    events, metrics = RecordReader(run.events_path), RecordReader(run.metrics_path)
    launch = len(run.launches)
    metrics.skip_to_end()
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
        console=console, disable=as_json or not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("starting", total=None)
        while True:
            state = run.state()
            for event in events.read_new():
                if event.get("launch", launch) != launch:
                    continue  # of an older launch
                if as_json:
                    click.echo(json.dumps({"event": event}))
                    continue
                if event.get("event") == "failed":
                    continue  # the report at the end says it
                console.print(
                    Text(clean(f"{event.get('event')}: {event.get('message')}", single_line=True)),
                    soft_wrap=True,
                )
            for record in metrics.read_new():
                if as_json:
                    click.echo(json.dumps({"metrics": record}))
                if as_json or record.get("kind") != "train":
                    continue
                line = describe(record)
                bar.update(task, total=record["total_steps"], completed=record["step"], description=line)
                if not console.is_terminal and time.monotonic() - last_line > PLAIN_LINE_SECONDS:
                    last_line = time.monotonic()
                    console.print(line, soft_wrap=True)
            if asked > answered:
                answered = asked
                if not owner:
                    return 0
                click.echo(
                    "stopping with a checkpoint; once more kills the run"
                    if asked == 1
                    else "killing the run",
                    err=as_json,
                )
                try:
                    stop(run, force=asked > 1)
                except StickgenError:
                    continue
            if not state.alive:
                break
            time.sleep(POLL_SECONDS)
    return _report(run, as_json)


@dataclass(frozen=True)
class Ending:
    """How a run ended and what there is of it now. Paths are absolute; None where there is none."""

    name: str
    status: str
    reason: str
    step: int
    total_steps: int
    checkpoint: str | None  # the newest one, by its name; whether it is whole is found out when it is used
    sample: str | None
    gif: str | None
    log: str
    resume: str | None  # the command that goes on with it
    exit_code: int

    @classmethod
    def of(cls, run: Run) -> Ending:
        """Read it from the run directory."""
        state = run.state()
        code = run.exit.get("code")
        return cls(
            run.name, state.status, state.reason, state.step, state.total_steps,
            checkpoint=str(run.checkpoints[-1]) if run.checkpoints else None,
            sample=_last(run.samples_dir, "step_*.json"),
            gif=_last(run.samples_dir, "*.gif"), log=str(run.log_path),
            resume=None if state.alive else f"stickgen train --resume {run.reference}",
            exit_code=EXIT_CODES.get(state.status, 2 if code == 2 else 1),
        )  # fmt: skip


def _last(folder: Path, pattern: str) -> str | None:
    """The last by name; the names carry the step, with leading zeros."""
    return max(map(str, folder.glob(pattern)), default=None)


def _report(run: Run, as_json: bool) -> int:
    ending = Ending.of(run)
    if as_json:
        click.echo(json.dumps({"end": asdict(ending)}))
        return ending.exit_code
    failed = ending.status not in EXIT_CODES
    learned = last_record(run.metrics_path, kind="val")
    worked = last_record(run.metrics_path, kind="train")
    if failed:
        click.echo(f"stickgen: {clean(ending.reason)}", err=True)
    else:
        click.echo(f"{clean(run.name)}: {clean(ending.reason)}")
    if ending.exit_code != 2:  # bad input: there is nothing yet but the sentence
        if learned is not None and learned.get("mean_pose_loss"):
            click.echo(
                f"  learned    validation pose loss {_number(learned.get('loss_pose'))}, "
                f"against {_number(learned['mean_pose_loss'])} for always saying the mean pose",
                err=failed,
            )
        if worked is not None:
            click.echo(
                f"  worked     {worked['sequences_per_second']:.1f} clips/s, {worked['rss_bytes'] / 2**20:.0f} MiB",
                err=failed,
            )
        for what, path in (
            ("checkpoint", ending.checkpoint), ("sample", ending.sample), ("GIF", ending.gif),
            ("log", ending.log if failed else None),
        ):  # fmt: skip
            if path is not None:
                click.echo(f"  {what:<10} {clean(path)}", err=failed)
        if ending.status == Status.FINISHED:
            click.echo(f'  draw with  stickgen generate {run.reference} "a person waves" -o wave.gif')
        if failed and ran_out_of_memory(run):
            for advice in memory_advice(run)[:3]:
                click.echo(f"  try        {advice.change} ({advice.effect})", err=True)
            click.echo(f"  all edits  stickgen advise {clean(run.config_path)} --for memory", err=True)
        if ending.resume is not None and ending.step < ending.total_steps:
            click.echo(f"  go on with {ending.resume}", err=failed)
    return ending.exit_code


def follow_and_exit(run: Run, *, owner: bool, as_json: bool = False) -> None:
    """`follow`, then leave with its code."""
    sys.exit(follow(run, owner=owner, as_json=as_json))

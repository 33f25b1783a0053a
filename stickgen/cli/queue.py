"""`stickgen queue`: trainings that start one after another when the machine is free."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickgen.cli.options import JSON, OVERRIDES
from stickgen.cli.output import print_json
from stickgen.cli.queue_search import grid, random_, results
from stickgen.cli.queue_system import install, submit, uninstall
from stickgen.cli.queueing import (
    PAUSED,
    added,
    job_options,
    start_worker_if_wanted,
    warn,
)
from stickgen.errors import StickgenError
from stickgen.quantities import counted, duration_text
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.queue.adding import Options
    from stickgen.queue.store import Entry, Queue, Where


@click.group("queue", epilog="Example: stickgen queue add a.yaml b.yaml; stickgen queue list")
def command() -> None:
    """Trainings that start one after another when the machine is free.

    The queue outlives this terminal. It is in the state folder, or where STICKGEN_QUEUE says.
    """


def _queue() -> Queue:
    from stickgen.queue.store import Queue

    return Queue()


# -- adding


@command.command("add", epilog="Example: stickgen queue add configs/small.yaml --set training.epochs=20")
@click.argument("configs", nargs=-1, required=True, metavar="CONFIG...")
@click.option("--name", help="Name of the run, in place of two words; several get -1, -2, …")
@OVERRIDES
@job_options
@PAUSED
@JSON
def add(
    configs: tuple[str, ...],
    name: str | None,
    overrides: tuple[str, ...],
    options: Options,
    paused: bool,
    as_json: bool,
) -> None:
    """Put configs at the end of the queue, frozen as they are now, and see to it that they start."""
    from stickgen.config.loading import TrainingConfig, parse_override
    from stickgen.queue.adding import freeze

    values = dict(map(parse_override, overrides))
    loaded = [TrainingConfig(path, values) for path in configs]
    warn(loaded, options)
    frozen = []
    for number, config in enumerate(loaded, 1):
        called = "" if name is None else name if len(configs) == 1 else f"{name}-{number}"
        frozen.append(freeze(config, options, name=called))
    added(_queue(), frozen, paused=paused, as_json=as_json)


# -- looking


@command.command("list")
@JSON
def list_(as_json: bool) -> None:
    """The jobs: what runs, what is to come in its order, what is over."""
    from stickgen.queue.forecasting import Forecaster
    from stickgen.queue.worker_lock import is_at_work
    from stickgen.runs.store import runs_root
    from stickgen.runs.trainings import live_trainings

    queue = _queue()
    entries = queue.entries()
    forecasts = Forecaster().look(entries)
    own = {entry.job.run for entry in entries if entry.job is not None}
    beside = [run for run in live_trainings([runs_root()]) if str(run.path) not in own]
    if as_json:
        jobs = []
        for entry in entries:
            forecast = forecasts.get(entry.id)
            times = {"seconds_left": forecast.takes, "ends_in_seconds": forecast.ends} if forecast else {}
            jobs.append({**_facts(entry), **times})
        facts = {
            "paused": queue.paused,
            "worker": is_at_work(queue.root),
            "beside": [{"run": str(run.path), "name": run.name} for run in beside],
            "jobs": jobs,
        }
        print_json("queue.list", facts)
        return
    for run in beside:
        state = run.state()
        name = clean(run.name, single_line=True)
        click.echo(f"  – {state.status:<12} {state.step:>7}/{state.total_steps:<7} {name}  not of this queue")
    for entry in entries:
        forecast = forecasts.get(entry.id)
        click.echo(_line(entry, forecast.ends if forecast else None))
    if not entries:
        click.echo("no jobs; add one with: stickgen queue add CONFIG")
    elif queue.paused:
        click.echo("paused: nothing is started; go on with: stickgen queue resume")
    elif not is_at_work(queue.root) and any(entry.state.open for entry in entries):
        click.echo("no worker is at work: nothing is started; start one with: stickgen queue start")


def _line(entry: Entry, ends: float | None) -> str:
    state = entry.state
    name = clean(_name(entry), single_line=True, limit=48)
    at = f"{state.run.step:,}/{state.run.total_steps:,}" if state.run and state.run.total_steps else ""
    more = f"ends in about {duration_text(ends)}" if ends is not None else ""
    if state.reason and (not state.open or not more):
        more = clean(state.reason, single_line=True, limit=100)
    return f"{entry.id:>3} {state.status:<12} {at:>15} {name:<24} {more}".rstrip()


def _name(entry: Entry) -> str:
    job = entry.job
    if job is None:
        return "?"
    return Path(job.run).name if job.run else job.name or Path(job.config_name).name


def _facts(entry: Entry) -> dict[str, Any]:
    state = entry.state
    job = asdict(entry.job) if entry.job is not None else {}
    kept = (
        "name",
        "config_name",
        "data_path",
        "run",
        "created_unix",
        "max_steps",
        "nproc",
        "gpus",
        "search",
        "values",
    )
    return {
        "id": entry.id,
        "status": state.status,
        "reason": state.reason,
        "step": state.run.step if state.run is not None else None,
        "total_steps": state.run.total_steps if state.run is not None else None,
        **{name: job.get(name) for name in kept},
    }


@command.command("show", epilog="Example: stickgen queue show 3")
@click.argument("job")
@click.option("--config", "config", is_flag=True, help="Print its frozen config, byte for byte.")
@JSON
def show(job: str, config: bool, as_json: bool) -> None:
    """What a job is, how it is, and how long it will take."""
    from stickgen.queue.forecasting import Forecaster
    from stickgen.queue.job import config_bytes

    queue = _queue()
    entry = queue.find(job)
    if config:
        sys.stdout.flush()
        sys.stdout.buffer.write(config_bytes(entry.folder))
        return
    forecast = Forecaster().look([entry]).get(entry.id)
    if as_json:
        took = forecast.takes if forecast else None
        print_json("queue.show", {**_facts(entry), "seconds_left": took})
        return
    click.echo(_line(entry, None))
    for name, value in _facts(entry).items():
        if name not in {"id", "status", "step", "total_steps", "created_unix"} and value not in (
            None,
            "",
            [],
            {},
        ):
            click.echo(f"  {name:<12} {clean(value, single_line=True)}")
    if forecast is not None and forecast.takes is not None:
        click.echo(f"  takes about  {duration_text(forecast.takes)}")
    click.echo(f"  frozen config {clean(entry.folder)}/config.yaml")


# -- order


@command.command("move", epilog="Examples: stickgen queue move 7 up   stickgen queue move 7 1")
@click.argument("job")
@click.argument("where", metavar="up|down|top|bottom|PLACE")
@JSON
def move(job: str, where: str, as_json: bool) -> None:
    """Give a waiting job another turn; PLACE counts those to come, from 1."""
    queue = _queue()
    to: Where
    if where in {"up", "down", "top", "bottom"}:
        to = where  # type: ignore[assignment]
    elif where.isdecimal() and int(where) > 0:
        to = int(where)
    else:
        raise StickgenError(f"{clean(where)}: a turn is up, down, top, bottom or a number from 1")
    entry = queue.find(job)
    turn = queue.move(entry.id, to)
    if as_json:
        print_json("queue.moved", {"id": entry.id, "turn": turn})
    else:
        click.echo(f"job {entry.id}: its turn is number {turn} of those to come")


@command.command("rm", epilog="Example: stickgen queue rm 7")
@click.argument("jobs", nargs=-1, metavar="JOB...")
@click.option("--over", is_flag=True, help="All that finished, failed or were stopped.")
@JSON
def remove(jobs: tuple[str, ...], over: bool, as_json: bool) -> None:
    """Take jobs out of the queue. Their run directories stay; one that is running is refused."""
    if not jobs and not over:
        raise StickgenError("name the jobs to remove, or give --over")
    queue = _queue()
    entries = [queue.find(job) for job in jobs]
    entries += [entry for entry in queue.entries() if over and not entry.state.open]
    if not entries and not as_json:
        click.echo("nothing to remove")
    _change(entries, queue.remove, "removed", as_json)


def _change(entries: Sequence[Entry], change: Callable[[int], None], done: str, as_json: bool) -> None:
    """Change each of these jobs once, and say so."""
    changed = list(dict.fromkeys(entry.id for entry in entries))
    for number in changed:
        change(number)
        if not as_json:
            click.echo(f"job {number}: {done}")
    if as_json:
        print_json("queue.changed", {"changed": changed, "done": done})


@command.command("hold", epilog="Example: stickgen queue hold 7")
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@JSON
def hold(jobs: tuple[str, ...], as_json: bool) -> None:
    """Leave jobs in the queue and do not start them until they are released."""
    queue = _queue()
    _change([queue.find(job) for job in jobs], queue.hold, "held", as_json)


@command.command("release", epilog="Example: stickgen queue release 7")
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@JSON
def release(jobs: tuple[str, ...], as_json: bool) -> None:
    """Let held jobs have their turn; one that failed or was stopped goes on where it was."""
    queue = _queue()
    _change([queue.find(job) for job in jobs], queue.release, "waits for its turn", as_json)


@command.command("pause")
@JSON
def pause(as_json: bool) -> None:
    """Start no job until `queue resume`; what runs goes on."""
    queue = _queue()
    queue.pause()
    if as_json:
        _print_state(queue)
    else:
        click.echo("paused: what runs goes on, nothing is started")


@command.command("resume")
@JSON
def resume(as_json: bool) -> None:
    """Start jobs again, by a worker if none is at work."""
    queue = _queue()
    queue.resume()
    start_worker_if_wanted(queue, quiet=as_json)
    if as_json:
        _print_state(queue)


def _print_state(queue: Queue) -> None:
    from stickgen.queue.worker_lock import LOG, is_at_work, worker_facts

    facts = {
        "paused": queue.paused,
        "worker": is_at_work(queue.root),
        "pid": worker_facts(queue.root).get("pid"),
        "log": queue.root / LOG,
    }
    print_json("queue.state", facts)


# -- the worker


@command.command("run", epilog="Example: stickgen queue run --until-empty")
@click.option("--until-empty", is_flag=True, help="End when no job is waiting or running.")
def run(until_empty: bool) -> None:
    """Work on the queue in the foreground. Ctrl-C ends that and leaves the training alone.

    SIGTERM, as of a system that goes down, stops the training with a checkpoint; it goes on at the next start.
    """
    from stickgen.queue.worker import say_with_time, work
    from stickgen.runs.stops import ignore_stops

    work(_queue(), lambda sentence: say_with_time(clean(sentence, single_line=True)), until_empty=until_empty)
    ignore_stops()


@command.command("start")
@JSON
def start(as_json: bool) -> None:
    """Start a worker apart from this terminal."""
    from stickgen.queue.worker_lock import LOG, start_worker, worker_text

    queue = _queue()
    begun = "started" if start_worker(queue.root) else "at work already"
    if as_json:
        _print_state(queue)
        return
    click.echo(f"worker{worker_text(queue.root)}: {begun}; its log is {clean(queue.root / LOG)}")
    if queue.paused:
        click.echo("the queue is paused; go on with: stickgen queue resume")


@command.command("stop")
@click.option(
    "--jobs", is_flag=True, help="Stop what runs too, with a checkpoint; it goes on at the next start."
)
@JSON
def stop(jobs: bool, as_json: bool) -> None:
    """End the worker; what runs goes on, and nothing more is started."""
    from stickgen.queue.worker_lock import stop_worker

    queue = _queue()
    going = sum(entry.state.status == "running" for entry in queue.entries())
    stop_worker(queue.root, jobs=jobs)
    if as_json:
        _print_state(queue)
        return
    rest = (
        f"; {counted(going, 'job')} stopped with a checkpoint"
        if jobs
        else f"; {counted(going, 'job')} going on"
    )
    click.echo(f"the worker has ended{rest if going else ''}")


for also in (grid, random_, results, install, uninstall, submit):
    command.add_command(also)

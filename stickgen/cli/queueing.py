"""Putting trainings into the queue, as `stickgen queue add` and `stickgen train --queue` do."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickgen.cli.options import RUNS
from stickgen.cli.output import print_json
from stickgen.errors import StickgenError
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.planner.launch_check import LaunchCheck
    from stickgen.queue.adding import Options
    from stickgen.queue.job import Job
    from stickgen.queue.store import Queue
    from stickgen.runs.store import Run

DATA = click.option(
    "--data-path",
    "--data_path",
    metavar="FILE",
    help="The dataset; wins over TRAIN_DATA_PATH and the config.",
)
MAX_STEPS = click.option("--max-steps", type=click.IntRange(1), help="End each run after so many steps.")
NPROC = click.option(
    "--nproc", type=click.IntRange(1, 1024), metavar="N", help="Processes that share each step."
)
FORCE = click.option(
    "--force",
    is_flag=True,
    help="Add it although its start would be refused now; start it although memory is short.",
)
PAUSED = click.option(
    "--paused", is_flag=True, help="Pause the queue first: nothing starts until `queue resume`."
)


def job_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a job, which it gets together as `options`."""
    return _with_options(command, FORCE, NPROC, MAX_STEPS, RUNS, DATA)


def run_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same for a run that another scheduler starts, again and again until it is complete."""
    return _with_options(command, FORCE, NPROC, RUNS, DATA)


def _with_options(
    command: Callable[..., None], *wanted: Callable[[Callable[..., None]], Callable[..., None]]
) -> Callable[..., None]:
    """`wanted`: the first is declared first, and told of last."""

    @functools.wraps(command)
    def with_options(
        data_path: str | None,
        runs: str | None,
        nproc: int | None,
        force: bool,
        max_steps: int | None = None,
        **rest: Any,
    ) -> None:
        from stickgen.queue.adding import Options

        command(options=Options(data_path, Path(runs) if runs else None, max_steps, nproc, force), **rest)

    decorated: Callable[..., None] = with_options
    for option in wanted:
        decorated = option(decorated)
    return decorated


def queue_new(
    config: TrainingConfig, options: Options, name: str, run_dir: str | None, as_json: bool = False
) -> None:
    """Queue a training of a config, in `run_dir` if it is to be there. Raises StickgenError if it cannot be."""
    from stickgen.queue.adding import freeze
    from stickgen.queue.store import Queue
    from stickgen.runs.store import is_run

    place = Path(run_dir).absolute() if run_dir is not None else None
    if place is not None and (
        is_run(place) or (place.exists() and (not place.is_dir() or any(place.iterdir())))
    ):
        raise StickgenError(f"--run-dir {run_dir}: there is something already; name a new or empty folder")
    more = {"run": str(place)} if place is not None else {}
    added(Queue(), [freeze(config, options, name=name, **more)], paused=False, as_json=as_json)


def queue_run(
    run: Run, max_steps: int | None, nproc: int | None, *, changes: bool, as_json: bool = False
) -> None:
    """Queue a run that has begun. Raises StickgenError where the resume would change something of it."""
    from stickgen.queue.adding import add_run
    from stickgen.queue.store import Queue

    if changes:
        raise StickgenError(
            "a run in the queue goes on as it is: drop --set, --data-path, --force and --profile, or resume it now"
        )
    queue = Queue()
    job = add_run(queue, run, max_steps=max_steps, nproc=nproc)
    if as_json:
        print_json("queue.added", {"added": [job.id]})
    else:
        name = clean(run.name, single_line=True)
        click.echo(f"job {clean(job.title, single_line=True)}: goes on with {name}")
    start_worker_if_wanted(queue, quiet=as_json)


def warn(configs: Sequence[TrainingConfig], options: Options, *, budget: bool = True) -> LaunchCheck | None:
    """Say what speaks against these trainings, each sentence once; returns what was found of the last.

    What would make a start fail is refused, or, with --force, said. Without `budget`, nothing is said of the memory and
    the disk of this machine. Raises StickgenError.
    """
    from stickgen.queue.adding import look_at

    said: dict[str, None] = {}
    found = None
    for config in configs:
        said.update(dict.fromkeys(problem.sentence(config.name) for problem in config.warnings))
        found = look_at(config, options)
        for refusal in found.refusals:
            if not options.force:
                raise refusal
            said[str(refusal)] = None
        said.update(dict.fromkeys((*(found.budget + found.warnings if budget else ()), *found.doubts)))
    for sentence in said:
        click.echo(f"warning: {clean(sentence)}", err=True)
    return found


def added(queue: Queue, frozen: list[tuple[bytes, dict[str, Any]]], *, paused: bool, as_json: bool) -> None:
    """Add jobs, say so, and start a worker if none is at work and the queue is not paused."""
    if paused:
        queue.pause()
    jobs = queue.add_all(frozen)
    if as_json:
        print_json("queue.added", {"added": [job.id for job in jobs]})
    else:
        for job in jobs:
            click.echo(f"job {clean(job.title, single_line=True)}: added{_of_search(job)}")
    start_worker_if_wanted(queue, quiet=as_json)


def _of_search(job: Job) -> str:
    values = ", ".join(f"{key}={value}" for key, value in job.values.items())
    return f" ({clean(values, single_line=True)})" if values else ""


def start_worker_if_wanted(queue: Queue, *, quiet: bool = False) -> None:
    from stickgen.queue.worker_lock import start_worker, worker_text

    if queue.paused:
        sentence = "the queue is paused; go on with: stickgen queue resume"
    elif start_worker(queue.root):
        sentence = f"started a worker{worker_text(queue.root)}; watch: stickgen queue list"
    else:
        sentence = f"the worker{worker_text(queue.root)} takes them in turn; watch: stickgen queue list"
    if not quiet:
        click.echo(sentence)

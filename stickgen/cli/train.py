"""`stickgen train`: make a run directory, start the trainer apart from this terminal, and watch it."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickgen.cli.beside import BESIDE, QUEUE, settle
from stickgen.cli.options import LINES, RUNS
from stickgen.cli.output import json_text, print_json_line

if TYPE_CHECKING:
    from stickgen.config.key import Value
    from stickgen.config.loading import TrainingConfig
    from stickgen.planner.launch_check import LaunchCheck
    from stickgen.queue.adding import Options
    from stickgen.runs.store import Run


@click.command(
    "train",
    epilog="Examples: stickgen train --config configs/small.yaml --data-path data/real.pt   "
    "stickgen train --resume latest   stickgen train --resume latest --set training.epochs=40",
)
@click.option("--config", "config_path", metavar="FILE", help="The config (default: the shipped medium).")
@click.option(
    "--data-path",
    "--data_path",
    metavar="FILE",
    help="The dataset; wins over TRAIN_DATA_PATH and the config, and with --resume over what the run recorded.",
)
@RUNS
@click.option(
    "--run-dir", metavar="DIR", help="The run's own folder: new or empty, or that of the run to --resume."
)
@click.option("--name", help="Name of the run, in place of two words.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="A value that wins over the config's; with --resume, for keys that a run can change.",
)
@click.option("--max-steps", type=click.IntRange(1), help="Stop after so many steps of this launch.")
@click.option("--resume", metavar="RUN", help="Go on with a run, by name or `latest`, in its own directory.")
@click.option(
    "--from",
    "start",
    metavar="CKPT",
    help="With --resume, the checkpoint to go on from: last (default), best, or its step; later ones are set aside.",
)
@click.option(
    "--init-from",
    metavar="CKPT|RUN",
    help="Start from the weights of another run, or of one checkpoint of it.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Launch although memory or disk will not suffice, or a resumed run's data or config changed.",
)
@click.option(
    "--nproc",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Processes that share each step: one a GPU, or some that share the cores (a resumed run keeps its number).",
)
@click.option(
    "--prepare",
    is_flag=True,
    help="Make the run's folder, launch nothing, and print the command that trains it on several machines.",
)
@click.option("--profile", is_flag=True, help="Say at the end where the time went, part by part.")
@BESIDE
@QUEUE
@click.option("--detach", is_flag=True, help="Do not watch; the run goes on by itself.")
@LINES
def command(
    config_path: str | None,
    data_path: str | None,
    runs: str | None,
    run_dir: str | None,
    name: str | None,
    overrides: tuple[str, ...],
    max_steps: int | None,
    resume: str | None,
    start: str | None,
    init_from: str | None,
    force: bool,
    nproc: int | None,
    prepare: bool,
    profile: bool,
    beside: bool,
    queued: bool,
    detach: bool,
    as_json: bool,
) -> None:
    """Train a model, with progress, or detached from this terminal.

    The run outlives this terminal. Ctrl-C stops it with a checkpoint (exit code 130). While another training goes on
    on this machine it asks what to do; without a terminal it warns and starts.
    """
    from stickgen.cli.follow import Told, follow_and_exit
    from stickgen.cli.queueing import queue_new, queue_run
    from stickgen.cli.streams import Unbreakable
    from stickgen.config.loading import parse_override
    from stickgen.errors import StickgenError
    from stickgen.runs.launch import launch
    from stickgen.runs.resuming import prepare as prepare_resume
    from stickgen.text import clean

    if "TORCHELASTIC_RUN_ID" in os.environ:
        raise StickgenError(
            "torchrun starts trainers, not this command, which would make a run for each process: make the run with "
            "--prepare, which prints the command; on one machine use --nproc instead of torchrun"
        )
    values = dict(map(parse_override, overrides))
    changed: dict[str, Any] = {}
    if start is not None and resume is None:
        raise StickgenError("--from names a checkpoint of a run that goes on; name the run with --resume")
    if resume is not None:
        if config_path or name or init_from:
            raise StickgenError(
                "--resume continues a run with its own config under its own name; change keys of it with --set, and "
                "drop --config, --name and --init-from"
            )
        run = _run_to_resume(resume, runs, run_dir)
        if not prepare and _waits(runs, beside, queued, run, asks=not as_json):
            queue_run(
                run,
                max_steps,
                nproc,
                changes=bool(values or data_path or force or profile or start),
                as_json=as_json,
            )
            return
        resumption = prepare_resume(
            run, data_path=data_path, overrides=values, force=force, start=start or "last"
        )
        for sentence in resumption.said:
            click.echo(f"warning: {clean(sentence)}", err=True)
        changed = resumption.for_launch
        if prepare and any(value is not None and value != {} for value in changed.values()):
            raise StickgenError(
                "--prepare launches nothing, so it changes nothing; resume without it first, then prepare"
            )
    else:
        place = _Place(runs, run_dir, name)
        new = _check_new(config_path, values, data_path, place, init_from, nproc or 1, force=force)
        if not prepare and _waits(runs, beside, queued, asks=not as_json):
            queue_new(
                new.config, _options(new, max_steps, nproc, force), place.name or "", place.run_dir, as_json
            )
            return
        run = _make(new, place, quiet=as_json)
    facts = {"name": run.name, "path": run.path, "launched": not prepare}
    if prepare:
        torchrun = (
            "torchrun --nnodes N --nproc-per-node gpu --rdzv-backend c10d --rdzv-endpoint FIRST_MACHINE:29500 "
            f"-m stickgen.train {shlex.quote(str(run.path))}"
        )
        if as_json:
            print_json_line("train", {**facts, "torchrun": torchrun})
            return
        click.echo(
            f"run {run.path}\non each of N machines that see this folder, with one process a GPU:\n"
            f"  {torchrun}"
        )
        return
    # from here on no stop is lost, and broken output does not end the watching
    told, out = Told(), Unbreakable(sys.stdout)
    if not detach:
        told.listen()
    if nproc is not None:
        changed["nproc"] = nproc
    launch(run, max_steps=max_steps, profile=profile, **changed)
    out.say(json_text("train", facts, line=True) if as_json else f"run {run.path}")
    if detach and not as_json:
        out.say(
            f"watch it: stickgen runs watch {run.reference}\nstop it:  stickgen runs stop {run.reference}"
        )
    if detach:
        if out.reason:
            click.echo(f"stickgen: {out.reason}; the run is {clean(run.path)}", err=True)
        return
    follow_and_exit(run, owner=True, as_json=as_json, told=told, out=out)


@dataclass(frozen=True)
class _Place:
    """Where a new run goes, as the options say."""

    runs: str | None
    run_dir: str | None
    name: str | None


def _run_to_resume(resume: str, runs: str | None, run_dir: str | None) -> Run:
    """The run that the options name; a damaged run.json is rebuilt, with a warning."""
    from stickgen.errors import StickgenError
    from stickgen.runs.store import find_run, runs_root
    from stickgen.text import clean

    run = find_run(resume if run_dir is None else run_dir, Path(runs) if runs else runs_root())
    if run_dir is not None and resume not in {"latest", run.name} and Path(resume).absolute() != run.path:
        raise StickgenError(
            f"--run-dir {run_dir} is not the run that --resume {resume} names; give one of them"
        )
    if damage := run.identity_problem:
        source = run.rebuild_identity()
        click.echo(f"warning: {clean(damage)}; it was rebuilt from {source}", err=True)
    return run


@dataclass(frozen=True)
class _New:
    """A launch that was checked, and what its run directory is made with."""

    found: LaunchCheck
    root: Path
    facts: dict[str, str]

    @property
    def config(self) -> TrainingConfig:
        return self.found.config


def _waits(runs: str | None, beside: bool, queued: bool, run: Run | None = None, *, asks: bool) -> bool:
    """Whether this training is to wait for its turn in the queue; asks, if another one goes on and nothing was said."""
    from stickgen.errors import StickgenError
    from stickgen.runs.store import runs_root
    from stickgen.runs.trainings import is_going, live_trainings

    if beside and queued:
        raise StickgenError("--beside starts it now and --queue later; give one of them")
    if beside or queued or (run is not None and is_going(run)):  # the launch will say that it is running
        return queued
    root = Path(runs) if runs else runs_root()
    return settle(live_trainings([root], besides=run), asks=asks) == "queue"


def _options(new: _New, max_steps: int | None, nproc: int | None, force: bool) -> Options:
    from stickgen.queue.adding import Options

    dataset = str(new.found.dataset)
    return Options(dataset, new.root, max_steps, nproc, force, new.facts.get("init_from", ""))


def _check_new(
    config_path: str | None,
    values: dict[str, Value],
    data_path: str | None,
    place: _Place,
    init_from: str | None,
    nproc: int,
    *,
    force: bool,
) -> _New:
    """Check a launch of the config. Raises StickgenError for what prevents it."""
    from stickgen.config.chosen_dataset import dataset_path
    from stickgen.config.loading import TrainingConfig
    from stickgen.errors import StickgenError
    from stickgen.runs.store import runs_root
    from stickgen.text import clean

    root = Path(place.runs) if place.runs else runs_root()
    path = Path(place.run_dir) if place.run_dir is not None else None
    config = TrainingConfig(config_path, values)
    for problem in config.warnings:
        click.echo(f"warning: {clean(problem.sentence(config.name))}", err=True)
    data = dataset_path(config.get, data_path)
    found = _check_launch(config, data, path or root, nproc, force, starts_from_weights=init_from is not None)
    facts: dict[str, str] = {}
    if init_from is not None:
        from stickgen.train.checkpoints.initial import check_initial, find_initial

        checkpoint = find_initial(init_from, root)
        check_initial(checkpoint, config)
        facts["init_from"] = str(checkpoint.path.absolute())
    if path is not None and place.name is not None:
        raise StickgenError("--run-dir names the run already; drop --name")
    return _New(found, root, facts)


def _make(new: _New, place: _Place, *, quiet: bool) -> Run:
    """Make the run directory of a launch that was checked."""
    from stickgen.planner.arithmetic.parameters import count_parameters

    path = Path(place.run_dir) if place.run_dir is not None else None
    run = new.found.create_run(new.root, name=place.name, path=path, argv=sys.argv, **new.facts)
    config = new.config
    if not quiet:
        click.echo(
            f"{count_parameters(config):,} parameters, effective batch {config.effective_batch} "
            f"({config.training.batch_size} × {config.training.grad_accum_steps})"
        )
    return run


def _check_launch(
    config: TrainingConfig, data: Path, directory: Path, nproc: int, force: bool, *, starts_from_weights: bool
) -> LaunchCheck:
    """Check a launch and print its warnings. Raises StickgenError for what prevents it."""
    from stickgen.errors import StickgenError
    from stickgen.hardware.machine import local_machine_fast
    from stickgen.planner.launch_check import check_launch
    from stickgen.text import clean

    found = check_launch(
        config,
        local_machine_fast(),
        data,
        directory,
        processes=nproc,
        starts_from_weights=starts_from_weights,
    )
    for refusal in found.refusals:
        raise refusal
    if found.budget and not force:
        raise StickgenError("; ".join(found.budget) + "; or launch it all the same with --force")
    for sentence in (*found.budget, *found.warnings, *found.doubts):
        click.echo(f"warning: {clean(sentence)}", err=True)
    return found

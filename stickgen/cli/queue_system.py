"""`stickgen queue install`, `uninstall` and `submit`: a worker that starts with the system, and Slurm."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from stickgen.cli.options import JSON, OVERRIDES
from stickgen.cli.output import print_json
from stickgen.cli.queueing import run_options, warn
from stickgen.errors import StickgenError
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.queue.adding import Options


@click.command("install")
@click.option("--print", "only_print", is_flag=True, help="Show what would be written, and write nothing.")
@JSON
def install(only_print: bool, as_json: bool) -> None:
    """Let a worker start with the system: a `systemd --user` unit, else an @reboot line of the crontab."""
    from stickgen.queue.service import UNIT, install, lingers, service_for
    from stickgen.queue.store import Queue
    from stickgen.queue.worker_lock import is_at_work, stop_worker

    queue = Queue()
    service = service_for(queue.root)
    if not as_json:
        click.echo(f"# {clean(service.place)}\n{clean(service.text).rstrip()}")
    if only_print:
        if as_json:
            print_json("queue.installed", {**asdict(service), "written": False})
        return
    if service.kind == "systemd" and is_at_work(queue.root):
        stop_worker(queue.root)  # the unit's takes over; what runs goes on
    written = install(service)
    if as_json:
        print_json("queue.installed", {**asdict(service), "written": written})
        return
    click.echo("written" if written else "it was there already, exactly so")
    if service.kind == "systemd":
        click.echo(f"see: systemctl --user status {UNIT}")
        if not lingers():
            click.echo("it starts when you log in; to start it with the system: loginctl enable-linger")


@click.command("uninstall")
@JSON
def uninstall(as_json: bool) -> None:
    """Remove what `install` wrote. A training that runs goes on."""
    from stickgen.queue.service import uninstall

    removed = uninstall()
    if as_json:
        print_json("queue.uninstalled", {"removed": removed})
        return
    for what in removed:
        click.echo(f"removed {clean(what)}")
    if not removed:
        click.echo("nothing was installed")


@click.command(
    "submit", epilog="Example: stickgen queue submit --slurm configs/large.yaml --time 12:00:00 --gpus 1"
)
@click.argument("config")
@click.option("--slurm", is_flag=True, required=True, help="Hand it to Slurm, by sbatch.")
@click.option("--print", "only_print", is_flag=True, help="Show the script; make no run and submit nothing.")
@click.option("--name", help="Name of the run, in place of two words.")
@OVERRIDES
@run_options
@click.option(
    "--time", metavar="HH:MM:SS", help="The limit of one go; before it, the run stops and queues again."
)
@click.option("--partition", metavar="NAME")
@click.option("--gpus", type=click.IntRange(1))
@click.option("--cpus", type=click.IntRange(1), help="Cores of the task.")
@click.option("--mem", "memory", metavar="SIZE", help="Memory, as Slurm writes it: 32G.")
@click.option("--notice", type=click.IntRange(10), default=300, show_default=True, metavar="SECONDS",
              help="How long before the limit it is told to stop.")  # fmt: skip
@click.option(
    "--sbatch", "more", multiple=True, metavar="OPTION", help="Any other option, as --sbatch --account=lab."
)
@JSON
def submit(
    config: str,
    slurm: bool,
    only_print: bool,
    name: str | None,
    overrides: tuple[str, ...],
    options: Options,
    more: tuple[str, ...],
    as_json: bool,
    **wanted: Any,
) -> None:
    """Make the run directory and submit a batch script that trains in it, on this cluster.

    Memory and disk of the machine that will train are not known here, and not checked.
    """
    from stickgen.config.loading import TrainingConfig, parse_override
    from stickgen.queue.slurm import Wants, script, submit
    from stickgen.runs.store import runs_root, unused_path

    loaded = TrainingConfig(config, dict(map(parse_override, overrides)))
    root = (options.root or runs_root()).absolute()
    found = warn([loaded], replace(options, root=root), budget=False)
    wants = Wants(
        wanted["time"],
        wanted["partition"],
        wanted["gpus"],
        wanted["cpus"],
        wanted["memory"],
        wanted["notice"],
        more,
    )
    path = unused_path(root, loaded.name, name)
    text = script(path, wants, nproc=options.nproc)
    if only_print:
        if as_json:
            print_json("queue.submitted", {"run": None, "slurm_job": None, "script": text})
        else:
            click.echo(text, nl=False)
        return
    if found is None:
        raise StickgenError(f"{clean(config)}: it cannot be trained as it is")
    run = found.create_run(root, path=path, argv=["stickgen", "queue", "submit", config])
    number = submit(run, text)
    if as_json:
        print_json("queue.submitted", {"run": run.path, "slurm_job": number, "script": text})
        return
    click.echo(
        f"run {clean(run.path)}\nSlurm's job {clean(number)}; watch it: stickgen runs watch {shlex.quote(run.name)}"
    )

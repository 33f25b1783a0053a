"""`stickgen runs`: look at, watch, save, stop and remove a run; catalogue.py has what is asked of many."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from stickgen.cli import catalogue
from stickgen.cli.numbers import Finite
from stickgen.cli.options import JSON, LINES, RUNS
from stickgen.cli.output import print_json
from stickgen.cli.pinning import pin
from stickgen.cli.steering import COMMANDS as STEERING
from stickgen.run_contract import EventKind, Field, RecordKind, Wish
from stickgen.text import clean


@click.group("runs")
@RUNS
@click.pass_context
def command(context: click.Context, runs: str | None) -> None:
    """List, compare, watch, save, stop and remove runs."""
    from stickgen.runs.store import runs_root

    context.obj = Path(runs) if runs else runs_root()


for _command in catalogue.COMMANDS:
    command.add_command(_command)


@command.command("show", epilog="Example: stickgen runs show latest")
@click.argument("which", default="latest")
@JSON
@click.pass_obj
def show(root: Path, which: str, as_json: bool) -> None:
    """What a run is, how it is and what happened in it."""
    from stickgen.errors import StickgenError
    from stickgen.record_log import Damage, Loss, RecordReader, faults, last_record
    from stickgen.runs.control import waiting
    from stickgen.runs.health import health
    from stickgen.runs.live import LiveChange, read_changes
    from stickgen.runs.store import find_run
    from stickgen.watchdog.learned import learned

    run = find_run(which, root)
    state = run.state()
    events, found = RecordReader(run.events_path).read_new(), faults(run.metrics_path, run.events_path)
    requests = [asked for asked in waiting(run, len(run.launches)) if not asked.refusal]
    changes: list[LiveChange] = []
    damaged = ""
    signs = health(run, alive=state.alive)
    try:
        changes = read_changes(run)
    except StickgenError as error:
        damaged = str(error)
    if as_json:
        print_json(
            "runs.show",
            {
                **run.identity,
                "status": state.status,
                "reason": state.reason,
                "step": state.step,
                "total_steps": state.total_steps,
                "damaged_lines": [fault for fault in found if isinstance(fault, Damage)],
                "lost_records": [fault for fault in found if isinstance(fault, Loss)],
                "unwritten_records": state.unwritten,
                "live_changes": [change.to_json() for change in changes],
                "waiting_requests": [asked.to_json() for asked in requests],
                "learned": learned(last_record(run.metrics_path, kind=RecordKind.VAL)),
                "health": [asdict(sign) for sign in signs],
                "events": events,
            },
        )
        return
    click.echo(
        f"{clean(run.name)}: {state.status} ({clean(state.reason)}), step {state.step}/{state.total_steps}"
    )
    for fact in ("config_name", "data_path", "parameters", "device", "precision", "created"):
        click.echo(f"  {fact:<12} {clean(run.identity.get(fact, ''), single_line=True)}")
    if problem := run.identity_problem:
        click.echo(f"  {clean(problem, single_line=True)}")
    for change in changes:
        click.echo(f"  live         {clean(change, single_line=True)}, from step {change.step + 1:,} on")
    for asked in requests:
        click.echo(f"  waits        {clean(asked, single_line=True)}")
    if damaged:
        click.echo(f"  {clean(damaged, single_line=True)}")
    for sign in signs:
        click.echo(f"  {'!' if sign.wrong else '·'} {clean(sign.sentence, single_line=True)}")
    for fault in found:
        click.echo(f"  {fault}")
    if state.unwritten:
        click.echo(
            f"  records of the last launch that are not on disk: {state.unwritten:,}; it was full or refused them"
        )
    for event in events[-20:]:
        click.echo(f"  {clean(event.get(Field.EVENT))}: {clean(event.get(Field.MESSAGE), single_line=True)}")


@command.command("watch", epilog="Example: stickgen runs watch latest --notify bell --notify desktop")
@click.argument("which", default="latest")
@LINES
@click.option("--plain", is_flag=True, help="In sentences, and only what is new: for a screen reader.")
@click.option(
    "--notify",
    type=click.Choice(["bell", "osc9", "osc777", "desktop", "webhook"]),
    multiple=True,
    help="Tell of the end, whatever the run's notify keys say: ring or notify through this terminal, show a notification "
    "on this machine, or post to notify.webhook or STICKGEN_WEBHOOK. Several may be given.",
)
@click.pass_obj
def watch(root: Path, which: str, as_json: bool, plain: bool, notify: tuple[str, ...]) -> None:
    """Follow a run; Ctrl-C ends the watching, not the run."""
    from stickgen.cli.follow import follow_and_exit
    from stickgen.errors import StickgenError
    from stickgen.runs.notifying import WEBHOOK, webhook_of
    from stickgen.runs.store import find_run

    if plain and as_json:
        raise click.UsageError("--plain is for people and --json for programs; give one of them")
    run = find_run(which, root)
    if "webhook" in notify and not webhook_of(run):
        raise StickgenError(
            f"there is no address to post to; put it into {WEBHOOK}, or into notify.webhook of the config"
        )
    follow_and_exit(run, owner=False, as_json=as_json, plain=plain, notify=notify)


@command.command("stop", epilog="Example: stickgen runs stop latest")
@click.argument("which", default="latest")
@click.option("--force", is_flag=True, help="Kill it; what came after the last checkpoint is lost.")
@JSON
@click.pass_obj
def stop_(root: Path, which: str, force: bool, as_json: bool) -> None:
    """Stop a run with a checkpoint."""
    from stickgen.runs.launch import stop
    from stickgen.runs.store import find_run

    run = find_run(which, root)
    stop(run, force=force)
    if as_json:
        print_json("runs.stop", {"name": run.name, "asked": "kill" if force else "stop"})
        return
    click.echo(f"{clean(run.name)}: " + ("killed" if force else "stopping with a checkpoint"))


@command.command("save", epilog="Example: stickgen runs save latest")
@click.argument("which", default="latest")
@click.option(
    "--wait", "seconds", type=Finite(0), default=60.0, metavar="SECONDS", help="For the answer; 0 only asks."
)
@JSON
@click.pass_obj
def save(root: Path, which: str, seconds: float, as_json: bool) -> None:
    """Save a checkpoint of a running run now, between two steps; it trains on."""
    from stickgen.errors import RunFailedError, StickgenError
    from stickgen.runs.control import answer, request
    from stickgen.runs.store import find_run

    run = find_run(which, root)
    state = run.state()
    if not state.alive:
        raise StickgenError(f"{run.name} is not running ({state.status}); its last checkpoint is kept")
    identifier = request(run, Wish.SAVE)
    said = answer(run, identifier, (EventKind.CHECKPOINT, EventKind.ALERT), seconds) if seconds else None
    saved = said is not None and said.get(Field.EVENT) == EventKind.CHECKPOINT
    path = str(run.checkpoints_dir / str(said.get(Field.PATH))) if said is not None and saved else None
    message = str(said.get(Field.MESSAGE, "")) if said is not None else "asked; it has not answered yet"
    if as_json:
        print_json(
            "runs.save",
            {
                "name": run.name, "id": identifier, "saved": saved, "checkpoint": path, "message": message,
            },
        )  # fmt: skip
    elif saved or said is None:
        click.echo(f"{clean(run.name)}: {clean(path or message, single_line=True)}")
    if said is not None and not saved:
        raise RunFailedError(f"{run.name}: {message}")


@command.command("rm", epilog="Example: stickgen runs rm calm-otter --yes")
@click.argument("which")
@click.option("--yes", is_flag=True, help="Do not ask; `latest` is asked for all the same.")
@JSON
@click.pass_obj
def remove(root: Path, which: str, yes: bool, as_json: bool) -> None:
    """Remove a run with its checkpoints and samples. A live one is refused."""
    from stickgen.runs.launch import remove_run
    from stickgen.runs.layout import strange_entries
    from stickgen.runs.store import find_run

    run = find_run(which, root)
    if not yes or which == "latest":  # which run that is may have changed since it was last looked at
        count = len(run.checkpoints)
        strange = strange_entries(run.path)
        beside = (
            f", and what is not of stickgen: {clean(', '.join(strange), single_line=True, limit=200)}"
            * bool(strange)
        )
        latest = f"latest is {clean(run.name, single_line=True)}: " if which == "latest" else ""
        click.confirm(
            f"{latest}remove {clean(run.path)}, with {count} checkpoint{'s' * (count != 1)}{beside}?",
            abort=True,
            err=as_json,
        )
    remove_run(run)
    if as_json:
        print_json("runs.rm", {"name": run.name, "path": run.path})
        return
    click.echo(f"{clean(run.path)}: removed")


command.add_command(pin)
for _steering in STEERING:
    command.add_command(_steering)

"""`stickgen runs pause`, `resume`, `set`, `sample`: steering a run, by the functions that the app's keys call."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickgen.cli.numbers import Finite
from stickgen.cli.options import JSON
from stickgen.cli.output import print_json
from stickgen.quantities import duration_text
from stickgen.run_contract import EventKind, Field, Wish
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.runs.store import Run

WAIT = click.option(
    "--wait", "seconds", type=Finite(0), default=60.0, metavar="SECONDS", help="For the answer; 0 only asks."
)
NO_WAIT = click.option("--no-wait", is_flag=True, help="Only ask: --wait 0.")


@click.command("pause", epilog="Example: stickgen runs pause latest")
@click.argument("which", default="latest")
@WAIT
@NO_WAIT
@JSON
@click.pass_obj
def pause(root: Path, which: str, seconds: float, no_wait: bool, as_json: bool) -> None:
    """Pause a run: it saves a checkpoint and ends, and its memory is free.

    `stickgen runs resume` goes on exactly where it was.
    """
    from stickgen.errors import RunFailedError
    from stickgen.runs.launch import pause as ask
    from stickgen.runs.store import Status, find_run

    run = find_run(which, root)
    ask(run)
    ended = _wait_for_end(run, 0.0 if no_wait else seconds)
    state = run.state()
    if as_json:
        _print("runs.pause", run, asked="pause", status=state.status, reason=state.reason, step=state.step)
    elif ended:
        click.echo(f"{clean(run.name)}: {clean(state.reason)}; go on: stickgen runs resume {run.reference}")
    else:
        click.echo(f"{clean(run.name)}: asked to pause; {_between_steps(run)}")
    if ended and state.status not in {Status.PAUSED, Status.FINISHED, Status.EARLY}:
        raise RunFailedError(f"{run.name}: it ended without a pause ({state.status}: {state.reason})")


@click.command(
    "resume", epilog="Examples: stickgen runs resume latest   stickgen runs resume latest --from best"
)
@click.argument("which", default="latest")
@click.option(
    "--from",
    "start",
    default="last",
    show_default=True,
    metavar="CKPT",
    help="last, best, or a step; what is later is set aside.",
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A key that a run can change.")
@click.option("--force", is_flag=True, help="Although its data or its config changed.")
@click.option("--list", "only_list", is_flag=True, help="Only list the checkpoints that it can go on from.")
@JSON
@click.pass_obj
def resume(
    root: Path,
    which: str,
    start: str,
    overrides: tuple[str, ...],
    force: bool,
    only_list: bool,
    as_json: bool,
) -> None:
    """Go on with a run that has ended, without watching it."""
    from stickgen.config.loading import parse_override
    from stickgen.runs.going_back import saved_checkpoints
    from stickgen.runs.resuming import resume as go_on
    from stickgen.runs.store import find_run

    run = find_run(which, root)
    if only_list:
        found = saved_checkpoints(run)
        if as_json:
            _print("runs.checkpoints", run, checkpoints=[checkpoint.to_json() for checkpoint in found])
            return
        for checkpoint in found:
            loss = "" if checkpoint.val_loss is None else f"  validation loss {checkpoint.val_loss:.4f}"
            click.echo(f"step {checkpoint.step:>10,}{loss}{'  best' if checkpoint.best else ''}")
        if not found:
            click.echo(f"{clean(run.name)}: no checkpoint; it would start at step 0")
        return
    said = go_on(run, start=start, overrides=dict(map(parse_override, overrides)), force=force)
    if as_json:
        _print("runs.resume", run, launch=len(run.launches), said=list(said))
        return
    for sentence in said:
        click.echo(f"{clean(run.name)}: {clean(sentence, single_line=True)}")
    click.echo(f"watch it: stickgen runs watch {run.reference}")


@click.command(
    "set", epilog="Example: stickgen runs set latest training.learning_rate=1e-4 loss_weights.physics=0.4"
)
@click.argument("which")
@click.argument("changes", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--keys", is_flag=True, help="List the keys that can change while it trains, with their values."
)
@WAIT
@NO_WAIT
@JSON
@click.pass_obj
def set_(
    root: Path, which: str, changes: tuple[str, ...], keys: bool, seconds: float, no_wait: bool, as_json: bool
) -> None:
    """Give keys of a run other values while it trains, between two steps."""
    from stickgen.config.loading import parse_override
    from stickgen.errors import RunFailedError, StickgenError
    from stickgen.runs.control import answer
    from stickgen.runs.steering import ask_for_change
    from stickgen.runs.store import find_run

    run = find_run(which, root)
    if keys:
        _list_keys(run, as_json)
        return
    if not changes:
        raise StickgenError(
            f"name keys and values: stickgen runs set {which} training.learning_rate=1e-4; --keys lists them"
        )
    asked = ask_for_change(run, dict(parse_override(text, option="") for text in changes))
    for warning in asked.warnings:
        click.echo(f"warning: {clean(warning, single_line=True)}", err=True)
    said = None if no_wait or not seconds else answer(run, asked.id, (), seconds)
    applied = said is not None and bool(said.get(Field.APPLIED))
    if as_json:
        _print(
            "runs.set",
            run,
            id=asked.id,
            applied=applied if said is not None else None,
            step=said.get(Field.STEP) if said is not None else None,
            message=said.get(Field.MESSAGE) if said is not None else None,
            changes=[{"key": each.path, "old": each.old, "new": each.new} for each in asked.changes],
        )
    elif applied and said is not None:
        click.echo(f"{clean(run.name)}: {clean(said.get(Field.MESSAGE), single_line=True)}")
    elif said is None:
        each = "; ".join(map(str, asked.changes))
        later = _between_steps(run) if run.state().alive else "the run has ended; it counts when it goes on"
        click.echo(f"{clean(run.name)}: asked for {each}; {later}")
    if said is not None and not applied:
        raise RunFailedError(f"{run.name}: {said.get(Field.MESSAGE)}")


@click.command("sample", epilog="Example: stickgen runs sample latest")
@click.argument("which", default="latest")
@WAIT
@NO_WAIT
@JSON
@click.pass_obj
def sample(root: Path, which: str, seconds: float, no_wait: bool, as_json: bool) -> None:
    """Let a running run draw a sample now, between two steps; it trains on."""
    from stickgen.errors import RunFailedError, StickgenError
    from stickgen.runs.control import answer, request
    from stickgen.runs.store import find_run

    run = find_run(which, root)
    if not (state := run.state()).alive:
        raise StickgenError(
            f"{run.name} is not running ({state.status}); draw from it with: stickgen generate"
        )
    identifier = request(run, Wish.SAMPLE)
    events = (EventKind.SAMPLE, EventKind.ALERT)
    said = None if no_wait or not seconds else answer(run, identifier, events, seconds)
    drawn = said is not None and said.get(Field.EVENT) == EventKind.SAMPLE
    path = str(run.samples_dir / str(said.get(Field.PATH))) if said is not None and drawn else None
    if as_json:
        _print("runs.sample", run, id=identifier, drawn=drawn if said is not None else None, sample=path)
    elif path is not None:
        click.echo(f"{clean(run.name)}: {clean(path)}")
    elif said is None:
        click.echo(f"{clean(run.name)}: asked for a sample; {_between_steps(run)}")
    if said is not None and not drawn:
        raise RunFailedError(f"{run.name}: {said.get(Field.MESSAGE)}")


COMMANDS = (pause, resume, set_, sample)


def _list_keys(run: Run, as_json: bool) -> None:
    from stickgen.runs.live import LIVE_KEYS, effective_config, shown

    config, base = effective_config(run), run.config()
    if as_json:
        values = {
            key.path: {"value": config.get(key.path), "config": base.get(key.path)} for key in LIVE_KEYS
        }
        _print("runs.keys", run, keys=values)
        return
    for key in LIVE_KEYS:
        value, in_file = config.get(key.path), base.get(key.path)
        was = f"  (config.yaml: {shown(in_file)})" if value != in_file else ""
        click.echo(f"{key.path:<28} {shown(value)}{was}")


def _wait_for_end(run: Run, seconds: float) -> bool:
    """Whether the run ended within so many seconds."""
    deadline = time.monotonic() + seconds
    while run.state().alive or not run.exit:
        if time.monotonic() >= deadline:
            return not run.state().alive and bool(run.exit)
        time.sleep(0.1)
    return True


def _between_steps(run: Run) -> str:
    from stickgen.runs.steering import step_seconds

    took = step_seconds(run)
    length = "" if took is None else f", which takes about {duration_text(took)}"
    return f"it comes after the step that it is in{length}"


def _print(shape: str, run: Run, **facts: Any) -> None:
    print_json(shape, {"name": run.name, **facts})

"""`stickgen config`: check, show and edit a training config."""

from __future__ import annotations

import json
import sys

import click

from stickgen.text import clean


@click.group("config")
def command() -> None:
    """Check, show and edit training configs."""


@command.command("check", epilog="Example: stickgen config check configs/medium.yaml")
@click.argument("path")
def check_(path: str) -> None:
    """Say everything that is wrong with a config; exit code 2 if it cannot be used."""
    from stickgen.config.document import Document
    from stickgen.config.loading import check

    problems = check(Document.open(path))
    for problem in problems:
        click.echo(f"{problem.severity}: {clean(problem.sentence(path))}")
    if any(problem.severity == "error" for problem in problems):
        sys.exit(2)
    click.echo(f"{clean(path)}: fine" if not problems else f"{clean(path)}: usable")


@command.command("show", epilog="Example: stickgen config show configs/medium.yaml --json")
@click.argument("path", required=False)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A value that wins over the file's."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show(path: str | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Show every value in force and where it comes from (default: the shipped medium config)."""
    from stickgen.config.loading import TrainingConfig, parse_override
    from stickgen.config.schema import KEYS

    given = dict(parse_override(text) for text in overrides)
    config = TrainingConfig(path, given)
    if as_json:
        click.echo(json.dumps({key.path: config.get(key.path) for key in KEYS}, indent=2))
        return
    for key in KEYS:
        origin = "--set" if key.path in given else "default" if key.path in config.missing else "file"
        value = clean(config.get(key.path), single_line=True)
        click.echo(f"{key.path:<30} {value:<45} {origin}")
    click.echo(f"effective batch {config.effective_batch}")
    for problem in config.warnings:
        click.echo(f"warning: {clean(problem.sentence(config.name))}")


@command.command("set", epilog="Example: stickgen config set configs/custom.yaml training.batch_size=4")
@click.argument("path")
@click.argument("assignments", nargs=-1, required=True, metavar="KEY=VALUE...")
def set_(path: str, assignments: tuple[str, ...]) -> None:
    """Change values in a config and keep every other byte of it."""
    from stickgen.config.document import Document
    from stickgen.config.loading import parse_override

    document = Document.open(path)
    for key, value in map(parse_override, assignments):
        before = document.get(key)
        document.set(key, value)
        click.echo(f"{key}: {clean(before if before is not None else 'empty')} → {clean(value)}")
    document.save()

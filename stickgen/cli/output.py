"""What commands print for programs, the option of those that write files, and notes on the side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from stickgen.json_values import json_value
from stickgen.text import clean

FORCE = click.option("--force", is_flag=True, help="Replace a file of the same kind that is there already.")

document_printed = False  # whether this process has printed its one document: an error is then no second one


def json_text(shape: str, members: Mapping[str, Any], *, line: bool = False) -> str:
    """A document of a shape (`runs.list`) as JSON, indented unless it is a `line` of many.

    What JSON cannot say is null (numbers that are not finite) or text (paths, dates, half characters). All of it is
    ASCII, so that no stream refuses it.
    """
    from stickgen.cli.shapes import SHAPES, schema_name

    document = {"schema": schema_name(shape, SHAPES[shape]), **{k: json_value(v) for k, v in members.items()}}
    return json.dumps(document, indent=None if line else 1, allow_nan=False)


def print_json(shape: str, members: Mapping[str, Any]) -> None:
    """Print the one document of a command with --json."""
    global document_printed
    click.echo(json_text(shape, members))
    document_printed = True


def print_written(
    datasets: Mapping[str | Path, Any], left_out: Mapping[str, int] | None = None, **more: Any
) -> None:
    """Print what a command wrote, with --json: DatasetFacts by path, and what was left out, by why."""
    written = [{"path": path, **asdict(facts)} for path, facts in datasets.items()]
    print_json("data.written", {"datasets": written, "left_out": left_out or {}, **more})


def print_json_line(shape: str, members: Mapping[str, Any]) -> None:
    """Print one of the many documents of a command with --json, and let it go at once."""
    click.echo(json_text(shape, members, line=True))


def say_note(sentence: object) -> None:
    """A sentence on stderr that is no error."""
    click.echo(f"NOTE: {clean(sentence, single_line=True)}", err=True)


def say_kept(backup: Path | None) -> None:
    """Where the file that is replaced is kept, if it is."""
    if backup is not None:
        click.echo(f"the old one is kept as {clean(backup)}", err=True)

"""The options of commands that write files, and notes on the side."""

from __future__ import annotations

from pathlib import Path

import click

from stickgen.text import clean

FORCE = click.option("--force", is_flag=True, help="Replace a file of the same kind that is there already.")


def say_note(sentence: object) -> None:
    """A sentence on stderr that is no error."""
    click.echo(f"NOTE: {clean(sentence, single_line=True)}", err=True)


def say_kept(backup: Path | None) -> None:
    """Where the file that is replaced is kept, if it is."""
    if backup is not None:
        click.echo(f"the old one is kept as {clean(backup)}", err=True)

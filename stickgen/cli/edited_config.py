"""Where an edited config is written: back to its file, or to another one; never over a preset that stickgen ships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stickgen.cli.output import say_kept
from stickgen.errors import StickgenError
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.outputs import Output
    from stickgen.yaml_edit import Document

PROTECTED = click.option("--force", is_flag=True, help="Write it although it is write-protected.")
ELSEWHERE = click.option(
    "-o", "--output", metavar="FILE", help="Write the changed config there; the file it came from stays."
)


@dataclass(frozen=True)
class Place:
    """Where it goes: to `other`, which was looked at before the edit, or where it came from."""

    force: bool
    other: Output | None = None

    def write(self, document: Document) -> None:
        """Write it. Raises StickgenError that says what to do."""
        from stickgen.yaml_edit import ProtectedError

        if self.other is not None:
            say_kept(self.other.make_way())
        try:
            if self.other is None:
                lost = document.save(force=self.force)
            else:
                lost = document.save(self.other.path, over=True, force=self.force)
        except ProtectedError as error:
            raise StickgenError(f"{error}; --force writes it all the same") from error
        say_lost(document.name, lost)
        if self.other is not None:
            click.echo(f"written to {clean(document.name)}", err=True)


def place_for(path: str, output: str | None, force: bool) -> Place:
    """Where the edit of `path` may be written. Raises StickgenError if it may not be: before any work."""
    from stickgen.config.presets import refuse_shipped
    from stickgen.outputs import CONFIG, Output

    if output is None:
        refuse_shipped(path, instead="-o mine.yaml writes the changed config there")
        return Place(force)
    refuse_shipped(output, instead="name another file")
    return Place(force, Output(Path(output), CONFIG, (Path(path),), force))


def say_lost(name: str, lost: Sequence[str]) -> None:
    """What of a file's owner and attributes could not be kept."""
    if lost:
        click.echo(f"warning: {clean(name)}: {' and '.join(lost)} could not be kept", err=True)

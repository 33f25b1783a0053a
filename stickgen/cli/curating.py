"""`stickgen data merge` and what else makes a dataset out of datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stickgen.cli.output import FORCE, say_kept, say_note
from stickgen.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stickgen.data.dataset import DatasetFile


@click.command("merge", epilog="Example: stickgen data merge data/cmu.pt data/mine.pt -o data/all.pt")
@click.argument("paths", nargs=-1, required=True, metavar="DATASET...")
@click.option("-o", "output", required=True, metavar="FILE", help="The dataset to write.")
@click.option(
    "--drop-embeddings",
    is_flag=True,
    help="Leave embeddings out, so that any encoders fit; embed the result.",
)
@FORCE
def merge(paths: tuple[str, ...], output: str, drop_embeddings: bool, force: bool) -> None:
    """Put datasets together as one.

    A motion that is in several is taken once, with the captions of all. Sources, licences, subjects, splits and mirror
    images stay as they are. The texts must be embedded by one encoder, or not at all.
    """
    from stickgen.cli.progress import shown_progress
    from stickgen.curating.gathering import gather
    from stickgen.curating.merging import check_encoders
    from stickgen.curating.merging import merge as merged_of
    from stickgen.curating.scratch import Scratch
    from stickgen.data.dataset import open_dataset, save_dataset
    from stickgen.datasets.facts import dataset_output

    place = dataset_output(Path(output), inputs=tuple(map(Path, paths)), force=force)
    files = [open_dataset(path) for path in paths]
    if not drop_embeddings:
        check_encoders(files)
    _say_left_out(files)
    with shown_progress("comparing clips") as progress:
        merged = merged_of(files, progress)
    scratch = Scratch(place.path.parent)
    content = gather(files, merged.clips, scratch, embeddings=not drop_embeddings)
    say_kept(place.make_way())
    facts = save_dataset(place.path, content, scratch.resident()).facts()
    if merged.split_otherwise:
        say_note(
            f"{merged.split_otherwise} clips are on another side of the split in a later dataset; the first one's side counts"
        )
    click.echo(
        f"{clean(output)}: {facts.clips} of {sum(file.clips for file in files)} clips, {facts.texts} texts; "
        f"{merged.doubles} were there already, and {merged.mirrors_of_doubles} mirror images of those"
    )
    for licence in facts.licences:
        click.echo(f"licence: {clean(licence, single_line=True)}")
    if facts.embedding_dim is None:
        click.echo(f"next: stickgen data embed {clean(output)}")


def _say_left_out(files: Sequence[DatasetFile]) -> None:
    from stickgen.curating.gathering import unknown_entries

    for file in files:
        for name in unknown_entries(file):
            say_note(f"{file.path}: its entry `{name}` is not known and is left out")


COMMANDS = (merge,)

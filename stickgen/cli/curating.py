"""`stickgen data merge` and what else makes a dataset out of datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stickgen.cli.numbers import SEED, Finite
from stickgen.cli.output import FORCE, say_kept, say_note
from stickgen.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from stickgen.data.dataset import DatasetFile
    from stickgen.outputs import Output


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


@click.command(
    "split", epilog="Example: stickgen data split data/all.pt --val 0.1 --test 0.1 -o data/parted.pt"
)
@click.argument("path", metavar="DATASET")
@click.option(
    "--by",
    multiple=True,
    type=click.Choice(["subject", "source", "caption"]),
    default=("subject",),
    show_default=True,
    help="What is never on two sides; may be given several times.",
)
@click.option(
    "--val", type=Finite(0, 0.9), default=0.1, show_default=True, help="Share of the clips for validation."
)
@click.option(
    "--test", type=Finite(0, 0.9), default=0.0, show_default=True, help="Share of the clips for testing."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Another seed, other clips.")
@click.option(
    "--list",
    "lists",
    multiple=True,
    metavar="SIDE=FILE",
    help="Instead: a list of the names of one side's clips, train, val or test; may be given several times.",
)
@click.option(
    "-o", "output", metavar="FILE", help="The dataset to write (default: the one that is read is replaced)."
)
@FORCE
def split(
    path: str,
    by: tuple[str, ...],
    val: float,
    test: float,
    seed: int,
    lists: tuple[str, ...],
    output: str | None,
    force: bool,
) -> None:
    """Decide which clips are held out, and keep that in the dataset.

    No person is on both sides, nor is a clip and its mirror image. The same seed draws the same clips.
    """
    import torch

    from stickgen.curating.splitting import shares, split_by, split_by_lists
    from stickgen.data.dataset import open_dataset
    from stickgen.data.split import UNDECIDED
    from stickgen.motion.skeleton import FPS

    if val + test >= 1:
        raise click.UsageError("--val and --test leave nothing to train on")
    given = split_lists(lists, "--list")
    file = open_dataset(path)
    own = file.content.get("split")
    lost = "its split" if own is not None and bool((own != UNDECIDED).any()) else None
    place = _place(file, output, tuple(given.values()), lost, force)
    parted = split_by_lists(file, given) if given else split_by(file, by, val=val, test=test, seed=seed)
    _write(file, place, {**file.content, "split": torch.tensor(parted.sides, dtype=torch.int8)}, lost)
    for note in parted.notes:
        say_note(note)
    click.echo(clean(output or path))
    for name, clips, frames, persons in shares(file, parted.sides):
        click.echo(
            f"{name:<6}{clips:>7} clips {clips / file.clips:>6.1%} {frames / FPS / 60:>8.1f} min"
            f"{f' {persons:>4} persons' if persons else ''}"
        )


def _place(
    file: DatasetFile, output: str | None, others: tuple[Path, ...], lost: str | None, force: bool
) -> Output | None:
    """Where the dataset goes; None if it replaces the one that was read. Raises StickgenError where it must not."""
    from stickgen.data.older_layout import check_replaceable
    from stickgen.datasets.facts import dataset_output
    from stickgen.errors import StickgenError

    if output is not None:
        return dataset_output(Path(output), inputs=(file.path, *others), force=force)
    check_replaceable(file, None, force)
    if lost and not force:
        raise StickgenError(
            f"{file.path}: replacing it would lose {lost}; write a new dataset with -o FILE, or replace this one with "
            "--force, which keeps a copy of the old one"
        )
    return None


def _write(file: DatasetFile, place: Output | None, content: dict[str, Any], lost: str | None) -> DatasetFile:
    from stickgen.data.dataset import save_dataset
    from stickgen.outputs import keep_backup

    may_be_lost = lost is not None or file.left_out is not None
    say_kept(place.make_way() if place else keep_backup(file.path) if may_be_lost else None)
    return save_dataset(place.path if place else file.path, content, file.resident)


def split_lists(given: tuple[str, ...], option: str) -> dict[str, Path]:
    """`SIDE=FILE` … as files by side. Raises StickgenError that shows how it is written."""
    from stickgen.data.split import SPLIT_NAMES
    from stickgen.errors import StickgenError

    lists: dict[str, Path] = {}
    for text in given:
        side, equals, path = text.partition("=")
        if side not in SPLIT_NAMES or not equals or not path:
            raise StickgenError(f"{option} {clean(text)}: write train=FILE, val=FILE or test=FILE")
        lists[side] = Path(path)
    return lists


def _say_left_out(files: Sequence[DatasetFile]) -> None:
    from stickgen.curating.gathering import unknown_entries

    for file in files:
        for name in unknown_entries(file):
            say_note(f"{file.path}: its entry `{name}` is not known and is left out")


COMMANDS = (merge, split)

"""`stickgen data merge` and what else makes a dataset out of datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickgen.cli.numbers import SEED, Finite
from stickgen.cli.options import JSON, REPLACING
from stickgen.cli.output import FORCE, print_written, say_kept, say_note
from stickgen.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

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
@JSON
def merge(paths: tuple[str, ...], output: str, drop_embeddings: bool, force: bool, as_json: bool) -> None:
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
    if as_json:
        left = {"there already": merged.doubles, "mirror images of those": merged.mirrors_of_doubles}
        print_written({output: facts}, left)
        return
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
@REPLACING
@FORCE
@JSON
def split(
    path: str,
    by: tuple[str, ...],
    val: float,
    test: float,
    seed: int,
    lists: tuple[str, ...],
    output: str | None,
    force: bool,
    as_json: bool,
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
    written = _write(
        file, place, {**file.content, "split": torch.tensor(parted.sides, dtype=torch.int8)}, lost
    )
    for note in parted.notes:
        say_note(note)
    if as_json:
        sides = {
            name: {"clips": clips, "frames": frames, "subjects": persons}
            for name, clips, frames, persons in shares(file, parted.sides)
        }
        print_written({output or path: written.facts()}, sides=sides)
        return
    click.echo(clean(output or path))
    for name, clips, frames, persons in shares(file, parted.sides):
        click.echo(
            f"{name:<6}{clips:>7} clips {clips / file.clips:>6.1%} {frames / FPS / 60:>8.1f} min"
            f"{f' {persons:>4} persons' if persons else ''}"
        )


@click.command("label", epilog="Example: stickgen data label data/all.pt -o data/labelled.pt")
@click.argument("path", metavar="DATASET")
@click.option(
    "--encoder", help="As for stickgen data embed (default: the one that embedded the dataset, else offline)."
)
@click.option(
    "--threshold",
    type=Finite(0, 1),
    default=0.5,
    show_default=True,
    help="A clip whose action is less sure than this stays unlabelled.",
)
@click.option("--relabel", is_flag=True, help="Replace the labels of the sources too.")
@click.option("--captions/--no-captions", default=True, show_default=True, help="Also clean the captions.")
@REPLACING
@FORCE
@JSON
def label(
    path: str,
    encoder: str | None,
    threshold: float,
    relabel: bool,
    captions: bool,
    output: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Read the action of each clip that has none from its captions, and clean these.

    The class whose wordings are nearest to the captions is taken, and how sure that is stays with the clip. A dataset that
    is replaced is kept as .bak.
    """
    from stickgen.cli.progress import shown_progress
    from stickgen.curating.labelling import label as labelled
    from stickgen.data.dataset import open_dataset
    from stickgen.data.embed import embed, load_encoder, read_texts
    from stickgen.data.encoder_folder import OFFLINE, encoder_of_dataset
    from stickgen.errors import StickgenError

    file = open_dataset(path)
    place = _place(file, output, (), "the labels of its sources" if relabel else None, force)
    named = file.content.get("encoder")
    loaded = load_encoder(encoder_of_dataset(named, encoder) if named else encoder or OFFLINE)
    digest = file.content.get("encoder_digest")
    if file.embedding_dim is not None and digest is not None and digest != loaded.digest:
        raise StickgenError(
            f"{path}: its texts were embedded by {clean(named)}, and {clean(loaded.name)} has other weights; "
            "name that one with --encoder, or embed the dataset again"
        )
    with shown_progress("reading captions") as progress:
        done = labelled(
            file,
            lambda texts: read_texts(texts, loaded, progress=progress, note=say_note).vectors,
            threshold=threshold,
            relabel=relabel,
            captions=captions,
        )
    content = done.content
    if file.embedding_dim is not None and content.get("embeddings") is None:
        with shown_progress("embedding texts") as progress:
            content = embed(content, loaded, progress=progress)
    written = _write(file, place, content, "its captions")
    if as_json:
        print_written(
            {output or path: written.facts()},
            captions=done.captions, labelled_by_text=done.by_text, labelled_by_source=done.by_source,
        )  # fmt: skip
        return
    click.echo(
        f"{clean(output or path)}: {done.by_text} of {file.clips} clips labelled from their captions, {done.by_source} by "
        f"their source, {done.unsure} not surely enough; {done.captions:,} captions of {done.captions_before:,}"
    )


@click.command(
    "curate", epilog="Example: stickgen data curate data/all.pt -o data/curated --report curation.html"
)
@click.argument("path", metavar="DATASET")
@click.option(
    "-o",
    "output",
    default="data/curated",
    show_default=True,
    metavar="FOLDER",
    help="Where pretrain_data_embedded.pt and sft_data_embedded.pt are written.",
)
@click.option("--report", metavar="FILE", help="Also write an HTML page with contact sheets.")
@click.option("--min-seconds", type=Finite(0, 60), default=1.0, show_default=True, help="Drop shorter clips.")
@click.option(
    "--max-still",
    type=Finite(0, 1),
    default=0.9,
    show_default=True,
    help="Share of frames in which nothing moves.",
)
@click.option(
    "--max-jerk", type=Finite(0), default=1500.0, show_default=True, help="Mean jerk of the joints, m/s³."
)
@click.option(
    "--max-slide",
    type=Finite(0),
    default=0.3,
    show_default=True,
    help="Speed of the foot that bears the body, m/s.",
)
@click.option(
    "--max-depth", type=Finite(0), default=2.0, show_default=True, help="Mean depth below the floor, cm."
)
@click.option(
    "--max-stretch",
    type=Finite(0),
    default=1.2,
    show_default=True,
    help="Largest excess of a bone over its length.",
)
@click.option(
    "--near",
    type=Finite(0, 1),
    default=0.0125,
    show_default=True,
    help="Clips nearer than this, in body heights a joint, are the same motion again; 0 keeps all.",
)
@click.option(
    "--source-share",
    type=Finite(0.01, 1),
    default=1.0,
    show_default=True,
    help="At most this share of the pretraining clips from one source.",
)
@click.option(
    "--min-quality", type=Finite(0, 1), default=0.5, show_default=True, help="For SFT, from 0 to 1."
)
@click.option(
    "--min-confidence",
    type=Finite(0, 1),
    default=0.5,
    show_default=True,
    help="For SFT, of labels read from texts.",
)
@click.option(
    "--per-action",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="For SFT, captures of one action at most; 0 is twice the mean over the actions.",
)
@FORCE
@JSON
def curate(
    path: str,
    output: str,
    report: str | None,
    min_seconds: float,
    max_still: float,
    max_jerk: float,
    max_slide: float,
    max_depth: float,
    max_stretch: float,
    near: float,
    source_share: float,
    min_quality: float,
    min_confidence: float,
    per_action: int,
    force: bool,
    as_json: bool,
) -> None:
    """Select what to train on: broad and clean to pretrain, the best, labelled and balanced to refine (SFT).

    Every clip that is left out is counted with its reason. A clip that one of the two datasets holds out is held out by
    the other too, and goes with its mirror image.
    """
    from collections import Counter

    from stickgen.atomic import write_text
    from stickgen.cli.progress import shown_progress
    from stickgen.curating.page import html_page, minutes
    from stickgen.curating.quality import Limits
    from stickgen.curating.selecting import NAMES, Wanted, curated, select, shortcomings
    from stickgen.data.dataset import open_dataset, save_dataset
    from stickgen.datasets.facts import dataset_output
    from stickgen.datasets.file_checks import check_embedding_width
    from stickgen.errors import StickgenError
    from stickgen.outputs import CURATION, Output

    inputs = (Path(path),)
    places = [dataset_output(Path(output) / name, inputs=inputs, force=force) for name in NAMES]
    paper = Output(Path(report), CURATION, inputs, force) if report is not None else None
    file = open_dataset(path)
    if file.embedding_dim is None:
        check_embedding_width(file.path, None, 0)
    wanted = Wanted(
        Limits(min_seconds, max_still, max_jerk, max_slide, max_depth, max_stretch),
        near, source_share, min_quality, confidence=min_confidence, per_action=per_action,
    )  # fmt: skip
    _say_left_out([file])
    with shown_progress("looking at clips") as progress:
        found = select(file, wanted, progress)
    notes = shortcomings(file, found)
    if paper is not None:
        write_text(paper.path, html_page(file, found, wanted, notes))
    left_out = {
        f"{what}{why}": count
        for what, dropped in (("", found.dropped), ("not SFT: ", found.not_sft))
        for why, count in Counter(dropped.values()).most_common()
    }
    for why, count in left_out.items():
        if not as_json:
            click.echo(f"{count:>7} {why}")
    for note in notes:
        say_note(note)
    if not found.pretrain:
        raise StickgenError(
            f"{file.path}: no clip is left; the reasons are above, each with its option in --help"
        )
    made: dict[str | Path, Any] = {}
    for place, clips in zip(places, (found.pretrain, found.sft), strict=True):
        if not clips:
            say_note(f"{place.path} was not written: no clip is left for it")
            continue
        content, resident = curated(file, clips, found, place.path.parent)
        say_kept(place.make_way())
        facts = made[place.path] = save_dataset(place.path, content, resident).facts()
        if as_json:
            continue
        click.echo(
            f"{clean(place.path)}: {facts.clips} of {file.clips} clips, {minutes(file, clips):.1f} minutes, "
            f"{facts.clips_val} held out"
        )
    if as_json:
        print_written(made, left_out)
        return
    if paper is not None:
        click.echo(f"{clean(paper.path)}: the report")
    click.echo(
        f"next: stickgen train --config CONFIG --set training.stage=pretrain --data-path {clean(places[0].path)}"
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


COMMANDS = (merge, split, label, curate)

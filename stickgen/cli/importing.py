"""`stickgen data import`: from the files that a person has to a dataset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stickgen.cli import curating
from stickgen.cli.numbers import ASPECT, Finite
from stickgen.cli.options import JSON
from stickgen.cli.output import FORCE, print_written, say_kept, say_note
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.importing.clips import ImportReport
    from stickgen.importing.journal import Journal

FIRST_FEW = 5  # of each kind of what happened in an import


@click.command("import", epilog="Example: stickgen data import motions.zip --index index.csv -o data/real.pt")
@click.argument("sources", nargs=-1, required=True, metavar="ARCHIVE_OR_FOLDER...")
@click.option(
    "--index", metavar="CSV", help="What is known of each clip: file, description, action, fps, licence…"
)
@click.option("--fps", type=Finite(1, 1000), help="True frame rate, where the files have it wrong.")
@click.option(
    "--view",
    metavar="VIEW,…",
    help="Where the figure is seen from: auto, where most of the movement shows (the default), side, front, turning "
    "(along with the body) or fixed:DEGREES; several give several clips.",
)
@click.option(
    "--cameras",
    type=click.IntRange(2, 12),
    metavar="N",
    help="See each capture N times, from evenly spaced places around it, instead of --view.",
)
@click.option(
    "--joints",
    metavar="MAP",
    help="Which joint is which, where that is not found: left_hip=NAME,left_knee=NAME,… or a file of such lines.",
)
@click.option(
    "--markers",
    metavar="MAP",
    help="Which markers of C3D and TRC a joint lies between: left_knee=NAME+NAME,… or a file of such lines.",
)
@click.option(
    "--body",
    type=click.Choice(["standard", "keep"]),
    default="standard",
    show_default=True,
    help="standard: every bone gets the figure's length; keep: each capture keeps its own proportions.",
)
@click.option(
    "--body-model",
    metavar="FOLDER",
    help="Your SMPL-H or SMPL-X models (.npz), for the bodies of AMASS (default: an average body).",
)
@click.option(
    "--confidence",
    type=Finite(0, 1),
    help="How sure a pose detector must be of a joint; one it is less sure of was not seen (default: 0.3).",
)
@click.option(
    "--aspect",
    type=ASPECT,
    metavar="W:H",
    help="The shape of a video's pictures, 16:9 or 9:16, for keypoints that are fractions of them.",
)
@click.option(
    "--split",
    "splits",
    multiple=True,
    metavar="SIDE=FILE",
    help="A list of the files of one side, train, val or test; may be given several times.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that read captures at a time (default: as many as there are cores, if it pays).",
)
@click.option("-o", "output", required=True, metavar="FILE", help="The dataset to write.")
@click.option(
    "--mirror/--no-mirror",
    default=True,
    show_default=True,
    help="Add each clip once more with left and right swapped, in figure and captions: twice as many clips.",
)
@click.option(
    "--verbose", is_flag=True, help=f"Say all that was skipped, not the first {FIRST_FEW} of each kind."
)
@FORCE
@JSON
def import_(
    sources: tuple[str, ...],
    index: str | None,
    fps: float | None,
    view: str | None,
    cameras: int | None,
    joints: str | None,
    markers: str | None,
    body: str,
    body_model: str | None,
    confidence: float | None,
    aspect: float | None,
    splits: tuple[str, ...],
    jobs: int | None,
    output: str,
    mirror: bool,
    verbose: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Turn motions (zip archives, folders or files; docs/formats.md) into a dataset of the ten-joint figure.

    Every file that is looked at is accounted for: what is no motion of a person (leaps, trembling, other bones,
    stillness, the same again) is left out, and counted or said. What is read is kept as it goes, whatever ends the
    command: the same command goes on from there.
    """
    from stickgen.cli.progress import shown_progress
    from stickgen.data.dataset import pack, save_dataset
    from stickgen.data.mirroring import with_mirrors
    from stickgen.datasets.facts import dataset_output
    from stickgen.errors import StickgenError
    from stickgen.importing.clips import import_archives
    from stickgen.importing.joint_names import read_joint_map
    from stickgen.importing.journal import journal_of
    from stickgen.importing.views import camera_views
    from stickgen.motion.skeleton import FPS
    from stickgen.quantities import counted

    if view is not None and cameras is not None:
        raise StickgenError("--cameras chooses the views itself; give it or --view, not both")
    lists = curating.split_lists(splits, "--split")
    named = [*sources, *([index] if index is not None else []), *map(str, lists.values())]
    inputs = tuple(Path(name) for name in named)
    place = dataset_output(Path(output), inputs=inputs, force=force)
    journal = journal_of(place.path)
    with _kept_if_stopped(journal), shown_progress("reading captures") as progress:
        report = import_archives(
            [Path(source) for source in sources],
            index=Path(index) if index is not None else None,
            splits=lists,
            fps=fps,
            view=camera_views(cameras) if cameras is not None else view or "auto",
            joints=read_joint_map(joints) if joints is not None else None,
            markers=read_joint_map(markers, "--markers") if markers is not None else None,
            body=body,
            body_model=Path(body_model) if body_model is not None else None,
            confidence=confidence,
            aspect=aspect,
            jobs=jobs,
            journal=journal,
            progress=progress,
        )
    _say_what_happened(report, verbose)
    if journal.found:
        say_note(f"{counted(journal.found, 'file')} had been read before, by an import that did not end")
    if not report.clips:
        journal.remove()
        why = "the reasons are above" if report.account.looked_at else "there is no file in it"
        raise StickgenError(f"no clip could be read from {clean(', '.join(sources))}; {why}")
    say_kept(place.make_way())
    file = save_dataset(Path(output), pack(with_mirrors(report.clips) if mirror else report.clips))
    journal.remove()
    facts = file.facts()
    mirrors = f" ({len(report.clips)} and their mirrors)" if mirror else ""
    if not as_json:
        click.echo(
            f"{clean(output)}: {facts.clips} clips{mirrors}, {facts.frames / FPS / 60:.1f} minutes, {facts.texts} texts, "
            f"{len(report.skipped)} files skipped"
        )
    for doubt in facts.doubts or ():
        say_note(doubt)
    if as_json:
        print_written({output: facts}, {"skipped": len(report.skipped)})
        return
    for licence in facts.licences:
        click.echo(f"licence: {clean(licence, single_line=True)}")
    click.echo(f"next: stickgen data embed {clean(output)}")


@contextmanager
def _kept_if_stopped(journal: Journal) -> Iterator[None]:
    """Say on Ctrl-C what is kept."""
    from stickgen.quantities import counted

    try:
        yield
    except KeyboardInterrupt:
        click.echo(
            f"stopped; {counted(len(journal), 'file')} read so far: the same command goes on from there",
            err=True,
        )
        raise
    finally:
        journal.close()


def _say_what_happened(report: ImportReport, verbose: bool) -> None:
    """What was skipped and changed, the first of each kind or all, then how many files of which kind there were."""
    groups = (
        ("skipped", report.skipped, "files"),
        ("note:", report.notes, "notes"),
        ("index:", report.rows_without_file, "rows that match no file, or several"),
        ("index:", [f"{name} met no row" for name in report.files_without_row], "files that met no row"),
    )
    for word, entries, what in groups:
        # one more than the first few is shown too: a line that says so would be no shorter
        shown = entries if verbose or len(entries) <= FIRST_FEW + 1 else entries[:FIRST_FEW]
        for text in shown:
            click.echo(clean(f"{word} {text}", single_line=True, limit=600), err=True)
        if len(shown) < len(entries):
            click.echo(
                f"{word} … and {len(entries) - len(shown):,} more {what}; --verbose lists them", err=True
            )
    for archive, count in report.rows_elsewhere.items():
        click.echo(f"index: {count} rows name {clean(archive)}, which was not given", err=True)
    if report.account.looked_at:
        click.echo(f"looked at {report.account.looked_at} files", err=True)
    for line in report.account.lines():
        click.echo(f"  {clean(line, single_line=True)}", err=True)


COMMANDS = (import_,)

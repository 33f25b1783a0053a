"""`stickgen data`: import captures, embed their texts, look at what is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stickgen.cli import clips, curating
from stickgen.cli.numbers import ASPECT, SEED, Finite
from stickgen.cli.options import FORMAT, STYLE
from stickgen.cli.output import FORCE, say_kept, say_note
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.importing.clips import ImportReport
    from stickgen.importing.journal import Journal

FIRST_FEW = 5  # of each kind of what happened in an import


@click.group("data")
def command() -> None:
    """Make, import, embed, curate and look at datasets."""


for _one in (*curating.COMMANDS, *clips.COMMANDS):
    command.add_command(_one)


@command.command(
    "synth",
    epilog="Example: stickgen data synth -n 2000 --actions walk,wave,bow -o data/synthetic.pt",
)
@click.option("-n", "--clips", type=click.IntRange(1, 1_000_000), default=2000, show_default=True)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Another seed, other clips.")
@click.option("-o", "output", required=True, metavar="FILE", help="The dataset to write.")
@click.option("--actions", metavar="A,B,…", help="Only these actions (default: all 64).")
@click.option(
    "--mirror/--no-mirror",
    default=True,
    show_default=True,
    help="Show half of the clips with left and right swapped, in figure and captions.",
)
@FORCE
def synth(clips: int, seed: int, output: str, actions: str | None, mirror: bool, force: bool) -> None:
    """Make motion of the 64 actions, with captions, where there are no captures."""
    from stickgen.cli.progress import shown_progress
    from stickgen.data.dataset import pack, save_dataset
    from stickgen.data.synthetic import synthesize
    from stickgen.datasets.facts import dataset_output
    from stickgen.motion.skeleton import FPS

    place = dataset_output(Path(output), force=force)
    made = []
    with shown_progress("making clips") as progress:
        for clip in synthesize(
            clips, seed, actions.split(",") if actions is not None else None, mirror=mirror
        ):
            made.append(clip)
            progress(len(made), clips)
    say_kept(place.make_way())
    facts = save_dataset(Path(output), pack(made)).facts()
    click.echo(
        f"{clean(output)}: {facts.clips} clips, {facts.frames / FPS / 60:.1f} minutes, {facts.texts} texts"
    )
    click.echo(f"next: stickgen data embed {clean(output)}")


@command.command(
    "import", epilog="Example: stickgen data import motions.zip --index index.csv -o data/real.pt"
)
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
    click.echo(
        f"{clean(output)}: {facts.clips} clips{mirrors}, {facts.frames / FPS / 60:.1f} minutes, {facts.texts} texts, "
        f"{len(report.skipped)} files skipped"
    )
    for doubt in facts.doubts or ():
        say_note(doubt)
    for licence in facts.licences:
        click.echo(f"licence: {clean(licence, single_line=True)}")
    click.echo(f"next: stickgen data embed {clean(output)}")


@command.command("embed", epilog="Example: stickgen data embed data/real.pt --encoder offline")
@click.argument("path")
@click.option(
    "--encoder",
    help="A model of the Hugging Face hub, a folder, or `offline` (default: BAAI/bge-large-en-v1.5 where it can "
    "be had, else offline).",
)
@click.option(
    "--batch-size", type=click.IntRange(1, 4096), default=32, show_default=True, help="Texts at a time."
)
@click.option(
    "-o", "output", metavar="FILE", help="The dataset to write (default: the one that is read is replaced)."
)
@FORCE
def embed_(path: str, encoder: str | None, batch_size: int, output: str | None, force: bool) -> None:
    """Give every text of a dataset its embedding; the dataset is replaced when all of them are there.

    What is embedded is kept as it goes, whatever ends the command: the same command goes on from there.
    Where replacing the dataset would lose something (embeddings by another encoder, what only the older layout holds), it takes
    -o FILE, or --force, which keeps the old one beside it.
    """
    from stickgen.cli.progress import shown_progress
    from stickgen.data.dataset import open_dataset, save_dataset
    from stickgen.data.embed import DEFAULT, EncoderUnavailableError, embed, load_encoder
    from stickgen.data.encoder_folder import OFFLINE
    from stickgen.data.older_layout import check_replaceable
    from stickgen.datasets.facts import dataset_output
    from stickgen.outputs import keep_backup

    file = open_dataset(path)
    place = dataset_output(Path(output), inputs=(Path(path),), force=force) if output is not None else None
    if place is None:
        check_replaceable(file, None, force)
    try:
        loaded = load_encoder(DEFAULT if encoder is None else encoder)
    except EncoderUnavailableError as error:
        if encoder is not None:
            raise
        say_note(error)
        loaded = load_encoder(OFFLINE)
        say_note(f"the offline encoder takes its place; its embeddings are {loaded.dim} wide")
    lost = place is None and check_replaceable(file, loaded.digest, force)
    with shown_progress("embedding texts") as progress:
        content = embed(file.content, loaded, batch_size=batch_size, progress=progress, note=say_note)
    say_kept(place.make_way() if place else keep_backup(file.path) if lost else None)
    for sentence in save_dataset(place.path if place else file.path, content).facts().doubts or ():
        say_note(sentence)
    click.echo(
        f"{clean(output or path)}: {len(content['texts'])} texts embedded by {clean(loaded.name)}, {loaded.dim} wide"
    )
    click.echo(f"a config for it says model.embedding_dim: {loaded.dim}, data.encoder: {clean(loaded.name)}")


@command.command("info", epilog="Example: stickgen data info data/real.pt --json")
@click.argument("path")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def info(path: str, as_json: bool) -> None:
    """What a dataset holds, after checking all of it."""
    from stickgen.data.dataset import open_dataset
    from stickgen.motion.skeleton import FPS

    file = open_dataset(path)
    facts, actions = file.facts(), file.frames_by_action()
    if as_json:
        click.echo(json.dumps({"path": path, **asdict(facts), "frames_by_action": actions}, indent=1))
        return
    width = (
        f"{facts.embedding_dim} wide, by {facts.encoder}"
        if facts.embedding_dim
        else "none yet: stickgen data embed"
    )
    named = sum(count for name, count in actions.items() if name)
    shown = {
        "clips": f"{facts.clips} ({facts.clips_train} to train on, {facts.clips_val} held out)",
        "length": f"{facts.frames / FPS / 60:.1f} minutes, {facts.frames / facts.clips / FPS:.1f} s a clip, "
        f"the longest {facts.longest_frames / FPS:.1f} s",
        "texts": facts.texts,
        "embeddings": width,
        "actions": ", ".join(name for name in actions if name) or "none",
        "labelled": f"{named / facts.frames:.0%} of the frames",
        "sources": "; ".join(facts.sources),
        "licences": "; ".join(facts.licences),
        "fingerprint": facts.fingerprint[:16],
    }
    for name, value in shown.items():
        click.echo(f"{name:<12} {clean(value, single_line=True)}")
    for doubt in facts.doubts or ():
        click.echo(f"{'doubt':<12} {doubt}")


@command.command("preview", epilog="Example: stickgen data preview data/real.pt -o sheet.png --action walk")
@click.argument("path")
@click.option(
    "-o",
    "output",
    metavar="FILE",
    help="Its ending is the format, .png a sheet (default: draw in this terminal).",
)
@FORMAT
@STYLE
@click.option("--clips", type=click.IntRange(1, 100), help="How many clips (default: 12, in a terminal 4).")
@click.option("--action", metavar="NAME", help="Only clips with frames of this action.")
@click.option("--contains", metavar="TEXT", default="", help="Only clips with this in a caption.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Another seed chooses others.")
@FORCE
def preview(
    path: str,
    output: str | None,
    written_as: str | None,
    style: str | None,
    clips: int | None,
    action: str | None,
    contains: str,
    seed: int,
    force: bool,
) -> None:
    """Draw clips: a row of poses each, or in any format of `stickgen generate`."""
    import shutil

    from stickgen.data.dataset import open_dataset
    from stickgen.motion.skeleton import FPS
    from stickgen.motion_export.format import Clip
    from stickgen.motion_export.in_terminal import poses_in_terminal
    from stickgen.motion_export.look import read_look
    from stickgen.motion_export.registry import export_of
    from stickgen.motion_export.write import Place

    place = None
    if output is not None:
        place = Place(Path(output), export_of(Path(output), written_as), (Path(path),), force)
    file = open_dataset(path)
    chosen = file.choose(
        clips or (12 if output is not None else 4), action=action, contains=contains, seed=seed
    )
    drawn = [Clip(file.captions(clip)[0], file.motion(clip).tolist()) for clip in chosen]
    if place is not None:
        look = read_look(Path(style), place.export.look) if style is not None else None
        for sentence in place.write(drawn, look):
            say_note(sentence)
        click.echo(f"{clean(place.named(len(chosen)))}: {len(chosen)} of {file.clips} clips")
    else:
        columns = min(shutil.get_terminal_size().columns, 160)
        for text, motion in drawn:
            click.echo(clean(f"{text} ({len(motion) / FPS:.1f} s)", single_line=True, limit=columns))
            click.echo("\n".join(poses_in_terminal(motion, columns)))


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

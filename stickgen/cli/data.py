"""`stickgen data`: make motion, embed its texts, look at what is there; other files have the other commands."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from stickgen.cli import clips, curating, importing
from stickgen.cli.numbers import SEED
from stickgen.cli.options import FORMAT, JSON, REPLACING, STYLE
from stickgen.cli.output import FORCE, print_json, print_written, say_kept, say_note
from stickgen.text import clean


@click.group("data")
def command() -> None:
    """Make, import, embed, curate and look at datasets."""


for _one in (*importing.COMMANDS, *curating.COMMANDS, *clips.COMMANDS):
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
@JSON
def synth(
    clips: int, seed: int, output: str, actions: str | None, mirror: bool, force: bool, as_json: bool
) -> None:
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
    if as_json:
        print_written({output: facts})
        return
    click.echo(
        f"{clean(output)}: {facts.clips} clips, {facts.frames / FPS / 60:.1f} minutes, {facts.texts} texts"
    )
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
@REPLACING
@FORCE
@JSON
def embed_(
    path: str, encoder: str | None, batch_size: int, output: str | None, force: bool, as_json: bool
) -> None:
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
    facts = save_dataset(place.path if place else file.path, content).facts()
    for sentence in facts.doubts or ():
        say_note(sentence)
    if as_json:
        print_written({output or path: facts})
        return
    click.echo(
        f"{clean(output or path)}: {len(content['texts'])} texts embedded by {clean(loaded.name)}, {loaded.dim} wide"
    )
    click.echo(f"a config for it says model.embedding_dim: {loaded.dim}, data.encoder: {clean(loaded.name)}")


@command.command("info", epilog="Example: stickgen data info data/real.pt --json")
@click.argument("path")
@JSON
def info(path: str, as_json: bool) -> None:
    """What a dataset holds, after checking all of it."""
    from stickgen.data.dataset import open_dataset
    from stickgen.motion.skeleton import FPS

    file = open_dataset(path)
    facts, actions = file.facts(), file.frames_by_action()
    if as_json:
        print_json("data.info", {"path": path, **asdict(facts), "frames_by_action": actions})
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
@JSON
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
    as_json: bool,
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

    if as_json and output is None:
        raise click.UsageError("--json tells of a file: name one with -o")
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
        if as_json:
            paths = place.paths(len(chosen))
            print_json("data.preview", {"paths": paths, "drawn": chosen, "clips": file.clips})
            return
        click.echo(f"{clean(place.named(len(chosen)))}: {len(chosen)} of {file.clips} clips")
    else:
        columns = min(shutil.get_terminal_size().columns, 160)
        for text, motion in drawn:
            click.echo(clean(f"{text} ({len(motion) / FPS:.1f} s)", single_line=True, limit=columns))
            click.echo("\n".join(poses_in_terminal(motion, columns)))

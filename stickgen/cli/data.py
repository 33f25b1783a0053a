"""`stickgen data`: import captures, embed their texts, look at what is there."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import click

from stickgen.text import clean


@click.group("data")
def command() -> None:
    """Import, embed and look at datasets."""


@command.command(
    "import", epilog="Example: stickgen data import motions.zip --index index.csv -o data/real.pt"
)
@click.argument("sources", nargs=-1, required=True, metavar="ARCHIVE_OR_FOLDER...")
@click.option(
    "--index", metavar="CSV", help="What is known of each clip: file, description, action, fps, licence…"
)
@click.option("--fps", type=click.FloatRange(1, 1000), help="True frame rate, where the files have it wrong.")
@click.option("-o", "output", required=True, metavar="FILE", help="The dataset to write.")
def import_(sources: tuple[str, ...], index: str | None, fps: float | None, output: str) -> None:
    """Turn BVH captures into the ten-joint figure."""
    from stickgen.data.dataset import pack, save_dataset
    from stickgen.data.importing import import_archives
    from stickgen.errors import StickgenError

    report = import_archives([Path(s) for s in sources], index=Path(index) if index else None, fps=fps)
    for reason in report.skipped:
        click.echo(f"skipped {clean(reason, single_line=True)}", err=True)
    if not report.clips:
        raise StickgenError(f"no clip could be read from {', '.join(sources)}")
    save_dataset(Path(output), pack(report.clips))
    frames = sum(len(clip.motion) for clip in report.clips)
    click.echo(
        f"{output}: {len(report.clips)} clips, {frames / 25 / 60:.1f} minutes, {len(report.skipped)} skipped"
    )
    click.echo(f"next: stickgen data embed {output}")


@command.command("embed", epilog="Example: stickgen data embed data/real.pt --encoder offline")
@click.argument("path")
@click.option("--encoder", help="A hub model, a folder, or `offline` (default: bge-large, else offline).")
def embed_(path: str, encoder: str | None) -> None:
    """Give every text of a dataset its embedding."""
    from stickgen.data.dataset import open_dataset, save_dataset
    from stickgen.data.embed import DEFAULT, OFFLINE, embed, load_encoder
    from stickgen.errors import StickgenError

    file = open_dataset(path)
    try:
        loaded = load_encoder(encoder or DEFAULT)
    except StickgenError as error:
        if encoder is not None:
            raise
        click.echo(f"{clean(error)}\nusing the offline encoder instead", err=True)
        loaded = load_encoder(OFFLINE)
    save_dataset(Path(path), embed(file.content, loaded, progress=sys.stderr.isatty()))
    click.echo(f"{path}: {len(file.content['texts'])} texts embedded by {loaded.name}, {loaded.dim} wide")
    click.echo(f"train with: --set model.embedding_dim={loaded.dim}")


@command.command("info", epilog="Example: stickgen data info data/real.pt --json")
@click.argument("path")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def info(path: str, as_json: bool) -> None:
    """What a dataset holds."""
    from stickgen.data.dataset import open_dataset

    file = open_dataset(path)
    lengths = file.content["offsets"].diff().tolist()
    facts = {
        "clips": file.clips,
        "frames": sum(lengths),
        "mean_frames": round(sum(lengths) / len(lengths), 1),
        "texts": len(file.content["texts"]),
        "embedding_dim": file.embedding_dim,
        "encoder": file.content.get("encoder"),
        "sources": sorted(set(file.content["source"])),
        "licences": sorted(set(file.content["licence"])),
        "fingerprint": file.fingerprint[:16],
    }
    if as_json:
        click.echo(json.dumps(facts, indent=1))
        return
    for name, value in facts.items():
        shown = "; ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{name:<14} {clean(shown, single_line=True)}")


@command.command("preview", epilog="Example: stickgen data preview data/real.pt -o sheet.png --clips 12")
@click.argument("path")
@click.option("-o", "output", required=True, metavar="FILE", help="The PNG to write.")
@click.option("--clips", type=click.IntRange(1, 100), default=12, help="How many clips.")
@click.option("--contains", default="", help="Only clips whose text holds this.")
@click.option("--seed", type=int, default=0, help="Another seed chooses others.")
def preview(path: str, output: str, clips: int, contains: str, seed: int) -> None:
    """Draw a sheet of clips, a row each."""
    from stickgen.data.dataset import open_dataset
    from stickgen.errors import StickgenError
    from stickgen.generate.render import draw_sheet

    file = open_dataset(path)
    texts = [file.content["texts"][file.texts(clip)[0]] for clip in range(file.clips)]
    candidates = [clip for clip in range(file.clips) if contains.lower() in texts[clip].lower()]
    if not candidates:
        raise StickgenError(f"{path}: no text holds {contains!r}")
    chosen = sorted(random.Random(seed).sample(candidates, min(clips, len(candidates))))
    draw_sheet([(texts[clip], file.motion(clip).tolist()) for clip in chosen], Path(output))
    click.echo(f"{output}: {len(chosen)} of {file.clips} clips")

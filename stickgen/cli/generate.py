"""`stickgen generate`: the motions of texts, as a GIF or a sheet of poses."""

from __future__ import annotations

from pathlib import Path

import click

from stickgen.cli.numbers import SEED, Finite
from stickgen.cli.options import ENCODER, FORMAT, RUNS, STYLE
from stickgen.cli.output import FORCE


@click.command(
    "generate",
    epilog='Examples: stickgen generate latest "a person waves" -o wave.gif   '
    'stickgen generate latest "a person walks" "a person bows" -o both.png',
)
@click.argument("run_name", metavar="RUN")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@click.option("-o", "output", required=True, metavar="FILE", help="Its ending is the format: .gif, .png, …")
@FORMAT
@STYLE
@click.option(
    "--seconds",
    type=Finite(0.4, 10.0),
    help="Length (default: that of the training clips with the nearest texts).",
)
@click.option("--seed", type=SEED, default=0, help="Another seed draws another motion.")
@ENCODER
@RUNS
@FORCE
def command(
    run_name: str,
    texts: tuple[str, ...],
    output: str,
    written_as: str | None,
    style: str | None,
    seconds: float | None,
    seed: int,
    encoder: str | None,
    runs: str | None,
    force: bool,
) -> None:
    """Draw the motions of texts with a trained model."""
    from stickgen.api import find_run, generate, load_model
    from stickgen.errors import StickgenError
    from stickgen.motion.skeleton import FPS
    from stickgen.motion_export.format import Clip
    from stickgen.motion_export.look import read_look
    from stickgen.motion_export.registry import export_of
    from stickgen.motion_export.write import Place
    from stickgen.text import clean, is_unicode

    for text in texts:
        if not is_unicode(text):
            raise StickgenError(f"TEXT {clean(text)!r}: this is not UTF-8; write it in UTF-8")
    path = Path(output)
    look = read_look(Path(style)) if style is not None else None
    place = Place(path, export_of(path, written_as), force=force)
    model = load_model(find_run(run_name, Path(runs) if runs else None))
    motions = generate(model, texts, seconds=seconds, seed=seed, encoder=encoder)
    place.write([Clip(*drawn) for drawn in zip(texts, motions, strict=True)], look)
    longest = max(map(len, motions)) / FPS
    click.echo(f"{path} ({longest:.1f} s, weights of step {model.step})")

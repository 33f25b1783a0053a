"""`stickgen generate`: the motions of texts, as a GIF or a sheet of poses."""

from __future__ import annotations

from pathlib import Path

import click

from stickgen.cli.numbers import SEED, Finite
from stickgen.cli.output import FORCE


@click.command(
    "generate",
    epilog='Examples: stickgen generate latest "a person waves" -o wave.gif   '
    'stickgen generate latest "a person walks" "a person bows" -o both.png',
)
@click.argument("run_name", metavar="RUN")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@click.option("-o", "output", required=True, metavar="FILE", help="A .gif, or a .png sheet of poses.")
@click.option(
    "--seconds",
    type=Finite(0.4, 10.0),
    help="Length (default: that of the training clips with the nearest texts).",
)
@click.option("--seed", type=SEED, default=0, help="Another seed draws another motion.")
@click.option("--encoder", help="Text encoder (default: the config's data.encoder, if stickgen knows it).")
@click.option("--runs", "runs", metavar="DIR", help="Where runs live (default: $STICKGEN_RUNS, else ./runs).")
@FORCE
def command(
    run_name: str,
    texts: tuple[str, ...],
    output: str,
    seconds: float | None,
    seed: int,
    encoder: str | None,
    runs: str | None,
    force: bool,
) -> None:
    """Draw the motions of texts with a trained model."""
    from stickgen.api import find_run, generate, load_model
    from stickgen.errors import StickgenError
    from stickgen.generate.render import draw_gif, draw_sheet
    from stickgen.motion.skeleton import FPS
    from stickgen.outputs import PICTURES, Output
    from stickgen.text import clean, is_unicode

    for text in texts:
        if not is_unicode(text):
            raise StickgenError(f"TEXT {clean(text)!r}: this is not UTF-8; write it in UTF-8")
    path = Path(output)
    kind = PICTURES.get(path.suffix.lower())
    if kind is None:
        raise StickgenError(f"{output}: name a .gif or a .png file")
    place = Output(path, kind, force=force)
    model = load_model(find_run(run_name, Path(runs) if runs else None))
    motions = generate(model, texts, seconds=seconds, seed=seed, encoder=encoder)
    drawn = list(zip(texts, motions, strict=True))
    place.make_way()
    (draw_gif if path.suffix.lower() == ".gif" else draw_sheet)(drawn, path)
    longest = max(map(len, motions)) / FPS
    click.echo(f"{path} ({longest:.1f} s, weights of step {model.step})")

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
    from stickgen.data.embed import load_encoder, with_opposites
    from stickgen.data.encoder_folder import encoder_of_run
    from stickgen.errors import StickgenError
    from stickgen.generate.from_run import Generator
    from stickgen.generate.render import draw_gif, draw_sheet
    from stickgen.motion.skeleton import FPS
    from stickgen.outputs import PICTURES, Output
    from stickgen.runs.store import find_run, runs_root
    from stickgen.text import clean, is_unicode

    for text in texts:
        if not is_unicode(text):
            raise StickgenError(f"TEXT {clean(text)!r}: this is not UTF-8; write it in UTF-8")
    path = Path(output)
    kind = PICTURES.get(path.suffix.lower())
    if kind is None:
        raise StickgenError(f"{output}: name a .gif or a .png file")
    place = Output(path, kind, force=force)
    generator = Generator.of_run(find_run(run_name, Path(runs) if runs else runs_root()))
    named = encoder_of_run(generator.config.data.encoder, encoder)
    read = with_opposites(list(texts), load_encoder(named).read)
    drawn = []
    for row, text in enumerate(texts):
        frames = int(seconds * FPS) if seconds else generator.natural_frames(read.vectors[row])
        drawn.append((text, generator.draw(read, row, frames, seed)))
    place.make_way()
    (draw_gif if path.suffix.lower() == ".gif" else draw_sheet)(drawn, path)
    longest = max(len(motion) for _, motion in drawn) / FPS
    click.echo(f"{path} ({longest:.1f} s, weights of step {generator.step})")

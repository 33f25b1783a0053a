"""`stickgen generate`: the motion of a text, as a GIF or a sheet of poses."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("generate", epilog='Example: stickgen generate latest "a person waves" -o wave.gif')
@click.argument("run_name", metavar="RUN")
@click.argument("text")
@click.option("-o", "output", required=True, metavar="FILE", help="A .gif, or a .png sheet of poses.")
@click.option(
    "--seconds", type=click.FloatRange(0.4, 10.0), help="Length (default: the window it was trained on)."
)
@click.option("--seed", type=int, default=0, help="Another seed draws another motion.")
@click.option("--encoder", help="Text encoder (default: the config's data.encoder).")
@click.option("--runs", "runs", metavar="DIR", help="Where runs live (default: $STICKGEN_RUNS, else ./runs).")
def command(
    run_name: str,
    text: str,
    output: str,
    seconds: float | None,
    seed: int,
    encoder: str | None,
    runs: str | None,
) -> None:
    """Draw the motion of a text with a trained model."""
    from stickgen.data.embed import load_encoder
    from stickgen.errors import StickgenError
    from stickgen.generate.from_run import Generator
    from stickgen.generate.render import draw_gif, draw_sheet
    from stickgen.motion.skeleton import FPS
    from stickgen.runs.store import find_run, runs_root

    path = Path(output)
    if path.suffix.lower() not in {".gif", ".png"}:
        raise StickgenError(f"{output}: name a .gif or a .png file")
    generator = Generator.of_run(find_run(run_name, Path(runs) if runs else runs_root()))
    frames = int(seconds * FPS) if seconds else int(generator.config.data["max_frames"])
    embedding = load_encoder(encoder or generator.config.data["encoder"]).encode([text])[0]
    motion = generator.draw(embedding, frames, seed)
    if path.suffix.lower() == ".gif":
        draw_gif(text, motion, path)
    else:
        draw_sheet([(text, motion)], path)
    click.echo(f"{path} ({frames / FPS:.1f} s, weights of step {generator.step})")

"""`stickgen generate`: the motions of texts, as a GIF or a sheet of poses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickgen.cli.numbers import SEED, KeyNumber, Several
from stickgen.cli.options import ENCODER, FORMAT, JSON, RUNS, STYLE
from stickgen.cli.output import FORCE, print_json, say_note

if TYPE_CHECKING:
    from stickgen.generate.from_run import Generator
    from stickgen.generate.request import Request


@click.command(
    "generate",
    epilog='Examples: stickgen generate latest "a person waves" -o wave.gif   '
    'stickgen generate latest "a person walks" "a person bows" --sequence --seconds 3,2 -o both.png   '
    'stickgen generate latest "a person bows" --style bold.yaml -o bow.webm   '
    "stickgen generate latest --from prompts.txt -o drawn/p.gif   "
    'stickgen generate latest "a person jumps" --show',
)
@click.argument("run_name", metavar="RUN")
@click.argument("texts", nargs=-1, metavar="TEXT...")
@click.option(
    "-o", "output", metavar="FILE",
    help="Its ending is the format: .gif, .png, … With --from, each motion has a file of its own beside it.",
)  # fmt: skip
@FORMAT
@STYLE
@click.option(
    "--seconds",
    type=Several(0.4, 600.0),
    help="Length, or one for each text: 3,2 (default: that of the training clips with the nearest texts).",
)
@click.option("--seed", type=SEED, default=0, help="Another seed draws another motion.")
@click.option(
    "--guidance",
    type=KeyNumber("diffusion.guidance_scale"),
    help="Pull towards the text (default: the config's diffusion.guidance_scale).",
)
@click.option(
    "--steps",
    type=KeyNumber("diffusion.sampling_steps"),
    help="Denoising steps (default: the config's diffusion.sampling_steps).",
)
@click.option(
    "--actions",
    metavar="A:WEIGHT,…",
    help="What the motion shows when: walk:2,wave:1 is two thirds walking, then waving.",
)
@click.option("--sequence", is_flag=True, help="One motion that shows the texts one after the other.")
@click.option(
    "--keyframes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Poses that the motion meets at given frames: npz or JSON with `frames` and `poses`.",
)
@click.option(
    "--continue",
    "continued",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A clip that the motion continues: npz, npy or JSON with `motion`; --seconds is what is added.",
)
@click.option(
    "--checkpoint", metavar="WHICH", default="last", show_default=True,
    help="Of the run: last, best, or a step whose checkpoint is kept.",
)  # fmt: skip
@click.option("--show", is_flag=True, help="Play the motion in this terminal; Ctrl-C ends it.")
@click.option(
    "--serve",
    is_flag=True,
    help="Read requests from standard input, a line of JSON each, and answer each at once (docs/generate.md).",
)
@click.option(
    "--from",
    "prompts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A text a line, or .jsonl with text, seconds, seed, … ; what is drawn already is skipped.",
)
@ENCODER
@RUNS
@FORCE
@JSON
def command(
    run_name: str,
    texts: tuple[str, ...],
    output: str | None,
    written_as: str | None,
    style: str | None,
    seconds: tuple[float, ...] | None,
    actions: str | None,
    sequence: bool,
    keyframes: Path | None,
    continued: Path | None,
    prompts: Path | None,
    encoder: str | None,
    runs: str | None,
    force: bool,
    checkpoint: str,
    show: bool,
    serve: bool,
    as_json: bool,
    **sampling: Any,  # seed, guidance, steps
) -> None:
    """Draw the motions of texts with a trained model."""
    if serve:
        _serve(run_name, runs, encoder)
        return
    from stickgen.api import find_run, generate_each, load_model
    from stickgen.errors import StickgenError
    from stickgen.generate.actions import ActionPlan
    from stickgen.generate.given import read_clip, read_keyframes
    from stickgen.generate.prompts import files_of, read_prompts
    from stickgen.generate.request import requests_of
    from stickgen.motion.skeleton import FPS
    from stickgen.motion_export.format import Clip
    from stickgen.motion_export.look import read_look
    from stickgen.motion_export.registry import export_of
    from stickgen.motion_export.write import Place, is_written

    if output is None and not show:
        raise StickgenError("say where it goes: -o FILE, or --show to play it here")
    if show and (prompts is not None or output is not None):
        raise StickgenError("--show plays what TEXT draws and writes no file; drop -o and --from")
    if show and as_json:
        raise StickgenError("--show plays in a terminal; drop --json, or write a file with -o")
    if bool(texts) == (prompts is not None):
        raise StickgenError("name a TEXT, or a file of texts with --from; not both")
    if prompts is not None and sequence:
        raise StickgenError("--sequence is for texts here; in a .jsonl file, a list of texts is a sequence")
    asked = {
        **sampling,
        "seconds": seconds or (None,),
        "actions": None if actions is None else ActionPlan.parse(actions),
        "keyframes": None if keyframes is None else read_keyframes(keyframes),
        "after": None if continued is None else read_clip(continued),
    }
    if prompts is not None:
        requests = read_prompts(prompts, asked)
    else:
        if not sequence and seconds and len(seconds) > 1:
            raise StickgenError("--seconds: several numbers are for the texts of a --sequence; give one")
        requests = requests_of(texts, sequence=sequence, **asked)
    if output is None:
        _show(load_model(find_run(run_name, Path(runs) if runs else None), checkpoint), requests, encoder)
        return
    path = Path(output)
    export = export_of(path, written_as)
    look = read_look(Path(style), export.look) if style is not None else None
    inputs = tuple(given for given in (keyframes, continued, prompts) if given is not None)
    if prompts is None:
        single = Place(path, export, inputs, force=force, count=len(requests))
    model = load_model(find_run(run_name, Path(runs) if runs else None), checkpoint)
    if prompts is None:
        motions = list(generate_each(model, requests, encoder=encoder, note=say_note))
        drawn = [Clip(request.caption, motion) for request, motion in zip(requests, motions, strict=True)]
        for sentence in single.write(drawn, look):
            say_note(sentence)
        seconds_drawn = max(map(len, motions)) / FPS
        if as_json:
            paths = single.paths(len(drawn))
            lengths = [len(motion) / FPS for motion in motions]
            lengths = lengths if len(paths) == len(lengths) else [seconds_drawn] * len(paths)
            files = [{"path": path, "seconds": s} for path, s in zip(paths, lengths, strict=True)]
            print_json("generate", {"step": model.step, "files": files, "there_already": 0})
            return
        click.echo(f"{single.named(len(drawn))} ({seconds_drawn:.1f} s, weights of step {model.step})")
        return
    named = files_of(requests, path, f"{model.digest} {encoder} {look}")
    left = {place: request for place, request in named.items() if force or not is_written(place, export)}
    places = [Place(place, export, inputs, force=force) for place in left]
    files = []
    for place, request, motion in zip(
        places,
        left.values(),
        generate_each(model, list(left.values()), encoder=encoder, note=say_note),
        strict=True,
    ):
        for sentence in place.write([Clip(request.caption, motion)], look):
            say_note(sentence)
        files.append({"path": place.path, "seconds": len(motion) / FPS})
        if not as_json:
            click.echo(f"{place.path} ({len(motion) / FPS:.1f} s)")
    there = len(named) - len(left)
    if as_json:
        print_json("generate", {"step": model.step, "files": files, "there_already": there})
        return
    click.echo(f"{len(left)} drawn, {there} there already (weights of step {model.step})")


def _show(model: Generator, requests: list[Request], encoder: str | None) -> None:
    """Play each motion in the terminal."""
    from stickgen.api import generate_each
    from stickgen.cli.playing import check_terminal, play

    check_terminal()
    for request, motion in zip(
        requests, generate_each(model, requests, encoder=encoder, note=say_note), strict=True
    ):
        play(motion, f"“{request.caption}”, as the model was at step {model.step:,}")


def _serve(run_name: str, runs: str | None, encoder: str | None) -> None:
    """Answer a screen, behind everything else that this machine does."""
    from stickgen.generate.yielding import yield_to_others

    yield_to_others()  # before torch is loaded
    from stickgen.generate.serving import IDLE_SECONDS, main_loop
    from stickgen.runs.store import find_run, runs_root

    main_loop(find_run(run_name, Path(runs) if runs else runs_root()), encoder, IDLE_SECONDS)

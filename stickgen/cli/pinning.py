"""`stickgen runs pin`: sentences that a run draws at every sample and checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from stickgen.cli.numbers import SEED
from stickgen.cli.options import ENCODER, JSON
from stickgen.cli.output import print_json, say_note
from stickgen.text import clean


@click.command(
    "pin",
    epilog='Examples: stickgen runs pin latest "a person waves"   stickgen runs pin latest --list   '
    "stickgen runs pin latest --remove 3f2a9c1e",
)
@click.argument("which", metavar="RUN")
@click.argument("text", required=False)
@click.option("--seed", type=SEED, default=0, help="Another seed draws another motion.")
@click.option("--list", "listing", is_flag=True, help="What is pinned.")
@click.option("--remove", metavar="ID|TEXT", help="Pin it no longer; what was drawn of it stays.")
@ENCODER
@JSON
@click.pass_obj
def pin(
    root: Path,
    which: str,
    text: str | None,
    seed: int,
    listing: bool,
    remove: str | None,
    encoder: str | None,
    as_json: bool,
) -> None:
    """Pin a sentence: the run draws it at every sample and checkpoint, after a resume too."""
    from stickgen.errors import StickgenError
    from stickgen.runs.pinned import Pinned, pinned_prompts, unpin
    from stickgen.runs.store import find_run

    if (text is not None) + listing + (remove is not None) != 1:
        raise StickgenError("name a TEXT to pin, or --list, or --remove one")
    run = find_run(which, root)

    def facts(pinned: Pinned) -> dict[str, Any]:
        return {"id": pinned.id, "text": pinned.text, "seed": pinned.seed, "frames": pinned.frames}

    if listing:
        found, problems = pinned_prompts(run)
        for problem in problems:
            say_note(problem)
        if as_json:
            print_json("runs.pin", {"name": run.name, "did": "listed", "prompts": list(map(facts, found))})
            return
        for pinned in found:
            click.echo(f"{pinned.id}  {clean(pinned.text, single_line=True)}  (seed {pinned.seed})")
        if not found:
            click.echo(
                f'nothing is pinned to {clean(run.name)}; pin a sentence: stickgen runs pin {run.reference} "…"'
            )
        return
    if remove is not None:
        pinned, verb = unpin(run, remove), "not pinned any more"
    else:
        pinned, verb = _pin(run, str(text), seed, encoder), "pinned"
    if as_json:
        did = "removed" if remove is not None else "pinned"
        print_json("runs.pin", {"name": run.name, "did": did, "prompts": [facts(pinned)]})
    else:
        click.echo(f"{clean(run.name)}: {verb}: {pinned.id}  {clean(pinned.text, single_line=True)}")


def _pin(run: Any, text: str, seed: int, encoder: str | None) -> Any:
    from stickgen.data.embed import load_encoder, with_opposites
    from stickgen.data.encoder_folder import encoder_of_run
    from stickgen.generate.pinning import check_pin, pin

    check_pin(run, text, seed)
    loaded = load_encoder(encoder_of_run(run.config().data.encoder, encoder))
    return pin(run, text, seed, lambda texts: with_opposites(texts, loaded.read))

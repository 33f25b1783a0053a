"""`stickgen advise`: edits of a config that serve a goal, each with its predicted effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stickgen.cli.edited_config import Place, place_for
from stickgen.cli.options import JSON
from stickgen.cli.output import print_json
from stickgen.errors import StickgenError
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.planner.advising.advice import Advice


@click.command(
    "advise",
    epilog="Examples: stickgen advise configs/large.yaml --for memory   "
    "stickgen advise my.yaml --for speed --apply 1",
)
@click.argument("config_path", metavar="CONFIG")
@click.option(
    "--for", "goal", type=click.Choice(["memory", "speed", "quality"]), default="memory", show_default=True,
    help="What to improve: memory use, training speed or quality.",
)  # fmt: skip
@click.option(
    "--apply", "number", type=click.IntRange(1), metavar="N", help="Make edit number N in the file."
)
@click.option(
    "-o", "--output", metavar="FILE", help="With --apply: write the changed config there; CONFIG stays."
)
@click.option("--force", is_flag=True, help="With --apply: write the file even if it is write-protected.")
@click.option(
    "--data-path",
    "--data_path",
    metavar="FILE",
    help="The dataset, whose clip lengths affect memory and time.",
)
@JSON
def command(
    config_path: str,
    goal: str,
    number: int | None,
    output: str | None,
    force: bool,
    data_path: str | None,
    as_json: bool,
) -> None:
    """Suggest edits of CONFIG, the best first, each with its predicted effect."""
    from stickgen.config.chosen_dataset import dataset_path
    from stickgen.config.loading import TrainingConfig
    from stickgen.config.presets import preset_of
    from stickgen.datasets.facts import read_dataset_facts
    from stickgen.hardware.machine import detect
    from stickgen.planner.advising.advice import GOALS, weigh
    from stickgen.planner.measured.calibration import calibration_of

    config = TrainingConfig(config_path)
    facts = read_dataset_facts(dataset_path(config.get, data_path))
    machine = detect()
    wanted = next(name for name in GOALS if name == goal)
    weighed = weigh(config, machine, facts, wanted, calibration=calibration_of(machine))
    helpful = [advice for advice in weighed if advice.helps]
    if number is not None:
        if number > len(helpful):
            raise StickgenError(
                f"--apply {number}: there are only {len(helpful)} edits; run it without --apply to see them"
            )
        written = _apply(config, helpful[number - 1], place_for(config_path, output, force))
        if as_json:
            print_json("advise", {"advice": [helpful[number - 1].to_json()], "applied": number})
        else:
            click.echo(f"{clean(written)}: {helpful[number - 1].change}")
        return
    if as_json:
        print_json("advise", {"advice": [advice.to_json() for advice in weighed], "applied": None})
        return
    if not helpful:
        click.echo(f"{clean(config_path)}: none of the known edits for {goal} would help here")
    for line, advice in enumerate(helpful, start=1):
        click.echo(f"{line:>2}. {advice.change}\n    {advice.reason}: {advice.effect}")
    for advice in weighed:
        if not advice.helps:
            click.echo(f" -  {advice.change} would not help: {advice.effect}")
    if helpful:
        elsewhere = " -o mine.yaml" if preset_of(config_path) else ""
        click.echo(
            f"to make the first: stickgen advise {clean(config_path)} --for {goal} --apply 1{elsewhere}"
        )


def _apply(config: TrainingConfig, advice: Advice, place: Place) -> str:
    """Make the edits, and return where they were written."""
    from stickgen.planner.advising.advice import apply
    from stickgen.yaml_edit import Document

    document = Document.open(config.name)
    if document.data != config.bytes:
        raise StickgenError(f"{config.name}: the file changed while the advice was computed; run it again")
    apply(document, advice)
    place.write(document)
    return document.name

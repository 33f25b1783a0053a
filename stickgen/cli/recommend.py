"""`stickgen recommend`: the config for this machine, or for one that flags describe."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stickgen.cli.numbers import Finite
from stickgen.cli.options import JSON
from stickgen.cli.output import FORCE, print_json
from stickgen.errors import StickgenError
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.datasets.facts import DatasetFacts
    from stickgen.outputs import Output
    from stickgen.planner.advising.fitting import Fit, Fitting


@click.command(
    "recommend",
    epilog="Examples: stickgen recommend -o mine.yaml   stickgen recommend --ram 16 --vram 8 --cores 8",
)
@click.option("--ram", type=Finite(0.1, 1e6), metavar="GIB", help="RAM of the machine you describe.")
@click.option("--vram", type=Finite(0, 1e6), metavar="GIB", help="VRAM of its GPU; 0 for no GPU.")
@click.option("--cores", type=click.IntRange(1, 2**16), metavar="N", help="Its number of cores.")
@click.option("--data-path", "--data_path", metavar="FILE", help="The dataset, for clip lengths and times.")
@click.option("--largest", is_flag=True, help="Take the largest model that fits, even if it trains slowly.")
@click.option("-o", "--output", metavar="FILE", help="Write the recommended config there.")
@FORCE
@JSON
def command(
    ram: float | None,
    vram: float | None,
    cores: int | None,
    data_path: str | None,
    largest: bool,
    output: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Recommend a config for this machine, or for one you describe.

    The starting point is the training guide's hardware tier. From there the planner finds the fastest
    micro-batch and the largest model that leave part of the memory free.
    """
    from stickgen.config.presets import refuse_shipped
    from stickgen.datasets.facts import read_dataset_facts
    from stickgen.hardware.described import described
    from stickgen.hardware.machine import detect
    from stickgen.outputs import CONFIG, Output
    from stickgen.planner.advising.fitting import fit
    from stickgen.planner.measured.calibration import calibration_of

    if output is not None:
        refuse_shipped(output, instead="name another file")
    place = (
        None
        if output is None
        else Output(Path(output), CONFIG, (Path(data_path),) if data_path else (), force)
    )
    machine = described(detect(), ram_gib=ram, vram_gib=vram, cores=cores)
    facts = None if data_path is None else read_dataset_facts(data_path)
    if data_path is not None and facts is None:
        raise StickgenError(
            f"{clean(data_path)}: there are no facts beside this dataset; run: stickgen data info"
        )
    fitting = fit(machine, facts, calibration=calibration_of(machine))
    chosen = fitting.largest if largest else fitting.recommended
    if place is not None:
        _write(place, fitting, chosen, facts)
    if as_json:
        print_json("recommend", fitting.to_json() | {"written": output})
        return
    for line in _lines(fitting, chosen):
        click.echo(line)
    data = clean(data_path) if data_path else "DATASET"
    if output is not None:
        click.echo(f"next: stickgen train --config {clean(output)} --data-path {data}")
    elif chosen.edits:
        flag = " --largest" if largest else ""
        click.echo(f"next: stickgen recommend{flag} -o mine.yaml, or use the guide's config unchanged:")
        click.echo(f"      stickgen train --config {_shown(fitting)} --data-path {data}")
    else:
        click.echo(f"next: stickgen train --config {_shown(fitting)} --data-path {data}")


def _lines(fitting: Fitting, chosen: Fit) -> list[str]:
    from stickgen.cli.estimate import facts_of

    tier = fitting.recommendation
    lines = [tier.sentence, *(f"  - {reason}" for reason in fitting.reasons), ""]
    lines.append(f"{'config':<12} {_shown(fitting)}" + (", changed:" if chosen.edits else ", unchanged"))
    lines += [f"{'':<12} {path}: {value}" for path, value in chosen.edits]
    return lines + [f"{label:<12} {fact}" for label, fact in facts_of(chosen.estimate) if label != "disk"]


def _shown(fitting: Fitting) -> str:
    """The tier's config, from this folder if it lies below it."""
    path = fitting.recommendation.config_path
    relative = os.path.relpath(path)
    return clean(path if relative.startswith("..") else relative)


def _write(place: Output, fitting: Fitting, chosen: Fit, facts: DatasetFacts | None) -> None:
    from stickgen.planner.advising.fitting import apply
    from stickgen.yaml_edit import Document

    document = Document.open(fitting.recommendation.config_path)
    apply(document, chosen, facts)
    kept = place.make_way()
    document.save(place.path, over=kept is not None)
    if kept is not None:
        click.echo(f"the old file is kept as {clean(kept)}", err=True)

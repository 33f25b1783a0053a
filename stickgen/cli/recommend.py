"""`stickgen recommend`: the preset for this machine, or for one that flags describe."""

from __future__ import annotations

import json
from dataclasses import replace

import click


@click.command("recommend", epilog="Example: stickgen recommend --ram 16 --vram 8")
@click.option("--ram", type=click.FloatRange(0.1), metavar="GIB", help="RAM of the machine in question.")
@click.option("--vram", type=click.FloatRange(0), metavar="GIB", help="VRAM of its GPU.")
@click.option("--cores", type=click.IntRange(1), help="Its cores.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(ram: float | None, vram: float | None, cores: int | None, as_json: bool) -> None:
    """Recommend a preset for this machine, or for one you describe."""
    from stickgen.hardware.machine import Gpu, detect
    from stickgen.planner.recommend import GIB, recommend

    machine = detect()
    if ram is not None:
        size = int(ram * GIB)
        machine = replace(machine, ram_total_bytes=size, ram_available_bytes=size, cgroup_limit_bytes=None)
    if ram is not None or vram is not None:
        size = int((vram or 0) * GIB)
        machine = replace(machine, gpus=(Gpu(0, "described", size, size, True),) if size else (), mps=False)
    if cores is not None:
        machine = replace(machine, cores_usable=cores)
    answer = recommend(machine)
    if as_json:
        facts = {"tier": answer.tier.name, "preset": answer.preset, "config": str(answer.config_path)}
        click.echo(json.dumps({**facts, "reasons": answer.reasons}, indent=1))
        return
    click.echo(answer.sentence)
    click.echo(f"preset {answer.preset}, config {answer.config_path}")
    click.echo(f"next: stickgen train --config {answer.config_path} --data-path DATASET")

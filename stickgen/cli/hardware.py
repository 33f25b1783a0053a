"""`stickgen hardware`: what this machine has."""

from __future__ import annotations

import json

import click

from stickgen.text import clean


@click.command("hardware", epilog="Example: stickgen hardware --json")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON, sizes in bytes.")
@click.option("--refresh", is_flag=True, help="Ask torch again instead of the cache.")
def command(as_json: bool, refresh: bool) -> None:
    """Show what this machine has."""
    from stickgen.hardware.machine import detect

    machine = detect(refresh)
    if as_json:
        click.echo(json.dumps(machine.to_json(), indent=1))
        return
    gib = 2**30
    limit = machine.cgroup_limit_bytes
    click.echo(
        f"RAM    {machine.ram_total_bytes / gib:.1f} GiB, {machine.ram_available_bytes / gib:.1f} available"
    )
    if limit:
        click.echo(f"limit  {limit / gib:.1f} GiB (cgroup)")
    bf16 = "with" if machine.cpu_bf16 else "without"
    click.echo(f"CPU    {clean(machine.cpu_name)}, {machine.cores_usable} usable cores, {bf16} bf16")
    for gpu in machine.gpus:
        vram = f"{gpu.vram_total_bytes / gib:.1f} GiB, {gpu.vram_free_bytes / gib:.1f} free"
        click.echo(f"GPU {gpu.index}  {clean(gpu.name)}, {vram}")
    if not machine.gpus:
        click.echo("GPU    " + ("Apple Silicon (mps)" if machine.mps else "none that torch can use"))
    click.echo(f"torch  {clean(machine.torch_version or 'not found')}")

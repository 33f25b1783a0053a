"""`stickgen hardware`: what this machine has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stickgen.cli.options import JSON
from stickgen.cli.output import print_json
from stickgen.quantities import byte_text
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.hardware.machine import Machine, Speed


@click.command("hardware", epilog="Example: stickgen hardware --json")
@JSON
@click.option("--refresh", is_flag=True, help="Ask torch again instead of taking its remembered answer.")
def command(as_json: bool, refresh: bool) -> None:
    """Show what this machine has: memory, cores, GPUs, and how fast it multiplies."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from stickgen.hardware.machine import detect

    machine = detect(refresh)
    if as_json:
        print_json("hardware", machine.to_json())
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, fact in facts_of(machine):
        table.add_row(label, Text(clean(fact, single_line=True)))
    Console().print(table)


def facts_of(machine: Machine) -> list[tuple[str, str]]:
    """Label and fact of each line."""
    free, total = byte_text(machine.ram_available_bytes), byte_text(machine.ram_total_bytes)
    lines = [("RAM", f"{total}, {free} available")]
    if machine.limited_by_cgroup:
        lines.append(("limit", f"{byte_text(machine.ram_usable_bytes)}, by this process's control group"))
    lines.append(("CPU", machine.cpu_name))
    cores = f"{machine.cores_physical} physical, {machine.cores_logical} logical"
    if machine.cores_usable < machine.cores_logical:
        cores += f", {machine.cores_usable} usable by this process"
    lines.append(("cores", cores))
    lines.append(("bf16", "in hardware" if machine.cpu_bf16 else "not in hardware: the CPU trains in fp32"))
    lines += _speed_line("speed", machine.cpu_speed)
    for gpu in machine.gpus:
        vram = f"{byte_text(gpu.vram_total_bytes)}, {byte_text(gpu.vram_free_bytes)} free"
        lines.append((f"GPU {gpu.index}", f"{gpu.name}, {vram}, {'with' if gpu.bf16 else 'without'} bf16"))
        lines += _speed_line("", gpu.speed)
    if machine.mps:
        lines.append(("GPU", "Apple Silicon (mps), which shares the RAM"))
        lines += _speed_line("", machine.mps_speed)
    elif not machine.gpus and machine.torch_error is None:
        lines.append(("GPU", "none that torch can use"))
    lines.append(("torch", machine.torch_version or machine.torch_error or "not found"))
    return lines


def _speed_line(label: str, speed: Speed | None) -> list[tuple[str, str]]:
    if speed is None:
        return []
    bf16 = "" if speed.gflops_bf16 is None else f", {speed.gflops_bf16:,.0f} in bf16"
    return [
        (label, f"{speed.gflops_fp32:,.0f} GFLOP/s in fp32{bf16}, {speed.gbytes_per_second:,.0f} GB/s memory")
    ]

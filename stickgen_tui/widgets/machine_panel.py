"""This machine in a few lines: processor, memory, graphics."""

from __future__ import annotations

import re

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from stickgen.hardware.machine import Machine
from stickgen.quantities import byte_text
from stickgen_tui.drawing.progress_bar import progress_bar
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.facts import Facts


class MachinePanel(Vertical):
    """What `stickgen hardware` knows, in short."""

    DEFAULT_CSS = "MachinePanel { height: 100%; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="panel")
        self.border_title = "This machine"

    def compose(self) -> ComposeResult:
        yield Facts()

    def show(self, machine: Machine, *, final: bool) -> None:
        """Show it; `final` says that torch has been asked, so that "no GPU" is certain."""
        self.query_one(Facts).show_facts(machine_lines(machine, final=final))


def machine_lines(machine: Machine, *, final: bool) -> list[tuple[str, str | Content]]:
    """Labels and values."""
    usable = machine.ram_usable_bytes
    free = min(machine.ram_available_bytes, usable)
    cores = f"{machine.cores_usable}"
    if machine.cores_usable != machine.cores_logical:
        cores += f" usable of {machine.cores_logical}"
    name = re.sub(r"\((R|TM|tm)\)|\bCPU\b", "", machine.cpu_name)
    lines: list[tuple[str, str | Content]] = [
        ("CPU", one_line(" ".join(name.split()), limit=60)),
        ("cores", f"{cores}, {'bf16' if machine.cpu_bf16 else 'no bf16'}"),
        ("RAM", _free_of(free, usable)),
        ("", Content.styled(progress_bar(1 - free / usable if usable else 0.0, 21), "$primary")),
    ]
    if machine.cgroup_limit_bytes is not None and machine.cgroup_limit_bytes < machine.ram_total_bytes:
        lines.append(
            (
                "",
                f"limited to {byte_text(machine.cgroup_limit_bytes)} of {byte_text(machine.ram_total_bytes)}",
            )
        )
    for gpu in machine.gpus:
        bf16 = ", bf16" if gpu.bf16 else ""
        vram = _free_of(gpu.vram_free_bytes, gpu.vram_total_bytes)
        lines.append((f"GPU {gpu.index}", f"{clean(gpu.name, single_line=True, limit=30)}, {vram}{bf16}"))
    if machine.mps:
        lines.append(("GPU", "Apple Silicon (mps)"))
    elif not machine.gpus:
        lines.append(("GPU", "none: the CPU trains" if final else Content.styled("looking…", MUTED)))
    return lines


def _free_of(free: int, total: int) -> str:
    """`20.1 of 23.4 GiB free`; the unit once where it is the same."""
    short, unit = byte_text(free).split(" "), byte_text(total).split(" ")[1]
    return f"{short[0] if short[1] == unit else ' '.join(short)} of {byte_text(total)} free"

"""Which of the guide's five hardware tiers fits a machine, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stickgen.config.presets import TIERS, Tier, preset_path
from stickgen.hardware.machine import Machine
from stickgen.quantities import byte_text

NOMINAL = 0.9  # a machine sold with 16 GB shows less: firmware and the kernel reserve some


@dataclass(frozen=True)
class Recommendation:
    """A tier with its config, and the reasons in words."""

    tier: Tier
    preset: str
    config_path: Path
    reasons: list[str]

    @property
    def sentence(self) -> str:
        """The tier and the reasons as one sentence."""
        return f"{self.tier.title}: {'; '.join(self.reasons)}."


def recommend(machine: Machine) -> Recommendation:
    """Return the guide's tier for `machine`: by its largest GPU if that has 8 GB or more, else by RAM."""
    reasons: list[str] = []
    vram_bytes = max((gpu.vram_total_bytes for gpu in machine.gpus), default=0)
    vram, ram = vram_bytes / 2**30, machine.ram_usable_bytes / 2**30
    vram_text, ram_text = byte_text(vram_bytes), byte_text(machine.ram_usable_bytes)
    tier = next((t for t in reversed(TIERS) if t.min_vram_gib and vram >= NOMINAL * t.min_vram_gib), None)
    if tier is not None:
        reasons.append(f"{vram_text} of VRAM are enough for it")
    else:
        by_ram = [t for t in TIERS if t.min_ram_gib]
        if vram:
            reasons.append(f"{vram_text} of VRAM are less than the 8 GB that the smallest GPU tier needs")
        else:
            reasons.append("there is no CUDA GPU")
        tier = next((t for t in reversed(by_ram) if ram >= NOMINAL * t.min_ram_gib), by_ram[0])
        limited = (
            machine.cgroup_limit_bytes is not None and machine.cgroup_limit_bytes < machine.ram_total_bytes
        )
        reasons.append(
            f"{ram_text} of RAM{' (limited by the cgroup)' if limited else ''} put it in this tier"
        )
        if ram < NOMINAL * by_ram[0].min_ram_gib:
            reasons[-1] = (
                f"{ram_text} of RAM are less than any tier needs; this is the smallest, and may not fit"
            )
    return Recommendation(tier, tier.preset, preset_path(f"tiers/{tier.name}"), reasons)

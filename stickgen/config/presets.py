"""The shipped configs, and the five hardware tiers of the user's guide."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stickgen.errors import StickgenError

_PACKAGED = Path(__file__).parent / "shipped"  # in an installed wheel
_CHECKOUT = Path(__file__).parents[2] / "configs"


@dataclass(frozen=True)
class Tier:
    """A class of machines and the config that the guide recommends for it."""

    name: str  # the file's name in configs/tiers
    title: str
    preset: str  # the preset of the same model, or the next larger one
    min_ram_gib: float = 0.0
    min_vram_gib: float = 0.0


TIERS: tuple[Tier, ...] = (
    Tier("cpu_8gb", "8GB RAM (Budget CPU)", "small", min_ram_gib=8),
    Tier("cpu_16gb", "16GB RAM (Standard CPU)", "small", min_ram_gib=16),
    Tier("cpu_32gb", "32GB+ RAM (High-end CPU)", "medium", min_ram_gib=32),
    Tier("gpu_8gb", "8GB VRAM (GPU)", "medium", min_vram_gib=8),
    Tier("gpu_16gb", "16GB+ VRAM (High-end GPU)", "large", min_vram_gib=16),
)


def shipped_directory() -> Path:
    """The folder of the shipped configs."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def preset_names() -> list[str]:
    """The shipped configs by name; tiers are `tiers/cpu_8gb` and so on."""
    folder = shipped_directory()
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))


def preset_path(name: str) -> Path:
    """The file of a shipped config. Raises StickgenError that names the ones there are."""
    path = shipped_directory() / f"{name}.yaml"
    if name not in preset_names():
        raise StickgenError(f"there is no preset {name!r}; there are {', '.join(preset_names())}")
    return path

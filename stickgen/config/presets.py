"""The shipped configs, and the five hardware tiers of the user's guide."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from stickgen.errors import StickgenError

_PACKAGED = Path(__file__).parent / "shipped"  # in an installed wheel
_CHECKOUT = Path(__file__).parents[2] / "configs"


_GENERAL = (
    "base",
    "large",
    "medium",
    "quickstart",
    "small",
)  # a checkout's configs/ may hold a person's own too


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
    return sorted((*_GENERAL, *(f"tiers/{tier.name}" for tier in TIERS)))


def preset_path(name: str) -> Path:
    """The file of a shipped config. Raises StickgenError that names the ones there are."""
    if name not in preset_names():
        raise StickgenError(f"there is no preset {name!r}; there are {', '.join(preset_names())}")
    return shipped_directory() / f"{name}.yaml"


def preset_of(path: Path | str) -> str | None:
    """The name of the shipped config that `path` is, by whatever link or name it is called; None if it is none."""
    try:
        real = os.path.realpath(path)
        folder = os.path.realpath(shipped_directory())
    except (OSError, ValueError):
        return None
    name = os.path.relpath(real, folder).removesuffix(".yaml").replace(os.sep, "/")
    return name if real.endswith(".yaml") and name in preset_names() else None


def refuse_shipped(path: Path | str, *, instead: str) -> None:
    """Raise StickgenError if `path` is a shipped config, which is a starting point; `instead` says what to do."""
    if preset_of(path) is not None:
        raise StickgenError(f"{path}: this preset comes with stickgen and stays as it is; {instead}")

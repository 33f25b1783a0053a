"""`lora:` fine-tuning a few numbers beside frozen weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key


@dataclass(frozen=True, eq=False)
class Lora(Section):
    """Training small adapters beside the frozen weights of another run."""

    title: ClassVar[str] = "LoRA fine-tuning"

    enabled: bool = key(
        False,
        "Train adapters only (needs --init-from)",
        "true: the weights that --init-from names stay as they are, and adapters of low rank learn beside the "
        "linear maps of the blocks: little to overfit with on a small dataset. It is never right for a model "
        "that starts from nothing.",
        in_specification=False,
    )
    rank: int = key(
        8,
        "Rank of the adapters",
        "How much an adapter can learn: each adds rank times the width of its input and output in parameters.",
        minimum=1,
        maximum=1024,
        steps=(2, 4, 8, 16, 32),
        in_specification=False,
    )
    alpha: float = key(
        16.0,
        "Scale of the adapters, divided by the rank",
        "What an adapter computes counts alpha / rank; twice the rank is usual.",
        minimum=0.0,
        above_minimum=True,
        steps=(4.0, 8.0, 16.0, 32.0, 64.0),
        in_specification=False,
    )

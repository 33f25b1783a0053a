"""`loss_weights:` how much each part of the loss counts beside the pose itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key


@dataclass(frozen=True, eq=False)
class LossWeights(Section):
    """How much each part of the loss counts beside the pose itself."""

    title: ClassVar[str] = "Loss weights"

    temporal: float = key(
        0.1,
        "Temporal consistency loss weight",
        "Velocity and acceleration should match the clip's. Increase for smoother motion.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.05, 0.1, 0.2, 0.5, 1.0),
        live=True,
    )
    action: float = key(
        0.15,
        "Action prediction loss weight",
        "The model should know which action each frame shows. Increase for better action recognition.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.05, 0.1, 0.15, 0.3, 0.5),
        live=True,
    )
    physics: float = key(
        0.2,
        "Physics loss weight",
        "Bones keep their length, planted feet do not slide, nothing sinks into the floor. Increase for more "
        "realistic dynamics.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.1, 0.2, 0.4, 0.8),
        live=True,
    )
    diffusion: float = key(
        0.1,
        "Diffusion refinement loss weight",
        "How much the error of the denoising direction counts, beside the error of the clean motion. "
        "Without effect when diffusion.enabled is false.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.05, 0.1, 0.2, 0.5),
        live=True,
    )

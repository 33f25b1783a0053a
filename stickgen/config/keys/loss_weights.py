"""`loss_weights:` how much each part of the loss counts beside the pose itself."""

from __future__ import annotations

from stickgen.config.key import Group, Key

GROUP = Group("loss_weights", "Loss weights", "How much each part of the loss counts beside the pose itself.")

KEYS: tuple[Key, ...] = (
    Key(
        "loss_weights.temporal",
        float,
        0.1,
        "Temporal consistency loss weight",
        "Velocity and acceleration should match the clip's. Increase for smoother motion.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.05, 0.1, 0.2, 0.5, 1.0),
    ),
    Key(
        "loss_weights.action",
        float,
        0.15,
        "Action prediction loss weight",
        "The model should know which action each frame shows. Increase for better action recognition.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.05, 0.1, 0.15, 0.3, 0.5),
    ),
    Key(
        "loss_weights.physics",
        float,
        0.2,
        "Physics loss weight",
        "Bones keep their length, planted feet do not slide, nothing sinks into the floor. Increase for more "
        "realistic dynamics.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.1, 0.2, 0.4, 0.8),
    ),
    Key(
        "loss_weights.diffusion",
        float,
        0.1,
        "Diffusion refinement loss weight",
        "How much the error of the denoising direction counts, beside the error of the clean motion. "
        "Without effect when diffusion.enabled is false.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.05, 0.1, 0.2, 0.5),
    ),
)

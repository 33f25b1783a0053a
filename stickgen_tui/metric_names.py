"""The curves of a run: their order, what they are called, and how their values are written."""

from __future__ import annotations

from collections.abc import Mapping

from stickgen_tui.series import Series
from stickgen_tui.text import clean

# the record's name → the title of the chart, in the order in which the arrow keys go through them
TITLES: dict[str, str] = {
    "loss": "loss",
    "loss_pose": "loss: pose",
    "loss_temporal": "loss: temporal",
    "loss_action": "loss: action",
    "loss_physics": "loss: physics",
    "loss_diffusion": "loss: diffusion",
    "action_accuracy": "action accuracy",
    "quality_action_accuracy": "quality: actions recognised",
    "quality_contrast": "quality: texts obeyed",
    "quality_skate_ratio": "quality: sliding feet",
    "quality_contrast_hand": "quality: left or right hand",
    "quality_contrast_leg": "quality: left or right leg",
    "quality_contrast_direction": "quality: forward or backward",
    "quality_contrast_speed": "quality: fast or slow",
    "quality_contrast_height": "quality: high or low",
    "quality_contrast_count": "quality: how often",
    "lr": "learning rate",
    "grad_norm": "gradient norm",
    "sequences_per_second": "clips per second",
    "frames_per_second": "frames per second",
    "rss_bytes": "memory of the process tree, GiB",
    "device_memory_bytes": "device memory, GiB",
}
# the level that a curve is compared with: the record that has it, and what it is called
BASELINES = {
    "loss_pose": ("mean_pose_loss", "mean pose"),
    "quality_skate_ratio": ("quality_skate_ratio_real", "real motion"),
}
_DRAWN_ELSEWHERE = {record for record, _ in BASELINES.values()}


def curve_names(train: Mapping[str, Series], validation: Mapping[str, Series]) -> list[str]:
    """The curves there are points for, the known ones first, then what else the trainer writes."""
    there = {name for found in (train, validation) for name, series in found.items() if len(series)}
    known = [name for name in TITLES if name in there]
    return known + sorted(there - set(known) - _DRAWN_ELSEWHERE)


def title_of(name: str) -> str:
    """What a chart of this curve is called."""
    return TITLES.get(name, clean(name.replace("_", " "), single_line=True, limit=40))

"""The curves of a run: their order, what they are called, and how their values are written."""

from __future__ import annotations

from collections.abc import Mapping

from stickgen.curves.series import Series
from stickgen.run_contract import Field, contrast_field
from stickgen_tui.text import clean

# the record's name → the title of the chart, in the order in which the arrow keys go through them
TITLES: dict[str, str] = {
    Field.LOSS: "loss",
    Field.LOSS_POSE: "loss: pose",
    Field.LOSS_TEMPORAL: "loss: temporal",
    Field.LOSS_ACTION: "loss: action",
    Field.LOSS_PHYSICS: "loss: physics",
    Field.LOSS_DIFFUSION: "loss: diffusion",
    Field.ACTION_ACCURACY: "action accuracy",
    Field.QUALITY_ACTION_ACCURACY: "quality: actions recognised",
    Field.QUALITY_CONTRAST: "quality: texts obeyed",
    Field.QUALITY_SKATE_RATIO: "quality: sliding feet",
    contrast_field("hand"): "quality: left or right hand",
    contrast_field("leg"): "quality: left or right leg",
    contrast_field("direction"): "quality: forward or backward",
    contrast_field("speed"): "quality: fast or slow",
    contrast_field("height"): "quality: high or low",
    contrast_field("count"): "quality: how often",
    Field.LR: "learning rate",
    Field.GRAD_NORM: "gradient norm",
    Field.SEQUENCES_PER_SECOND: "clips per second",
    Field.FRAMES_PER_SECOND: "frames per second",
    Field.RSS_BYTES: "memory of the process tree, GiB",
    Field.DEVICE_MEMORY_BYTES: "device memory, GiB",
    Field.RAM_FREE_BYTES: "free memory, GiB",
    Field.DISK_FREE_BYTES: "free disk, GiB",
}
# the level that a curve is compared with: the record that has it, and what it is called
BASELINES = {
    Field.LOSS_POSE: (Field.MEAN_POSE_LOSS, "mean pose"),
    Field.QUALITY_SKATE_RATIO: (Field.QUALITY_SKATE_RATIO_REAL, "real motion"),
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

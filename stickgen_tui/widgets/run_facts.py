"""The numbers of a run beside its curves: speed, memory, learning rate, gradient, and what it is."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content

from stickgen.curves.series import Series
from stickgen.quantities import byte_text, count_text, number_text
from stickgen.run_contract import Field
from stickgen_tui.following.moment import Moment
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.following.sparkline import sparkline
from stickgen_tui.launching.preflight import shown_path
from stickgen_tui.text import clean
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.meter import memory_meter

SPARK_COLUMNS = 14
_VALUE_COLUMNS = 12


def run_facts(
    follower: RunFollower, usable_ram_bytes: int | None, moment: Moment | None = None
) -> list[tuple[str, str | Content]]:
    """Labels and values, now or as they were at `moment`; what the trainer has not said yet is left out."""
    train = follower.train
    lines: list[tuple[str, str | Content]] = []
    for label, name in (
        ("clips/s", Field.SEQUENCES_PER_SECOND),
        ("frames/s", Field.FRAMES_PER_SECOND),
        ("learning rate", Field.LR),
        ("gradient norm", Field.GRAD_NORM),
    ):
        series = train.get(name)
        if series is not None and (value := _value(series, moment)) is not None:
            lines.append((label, _with_spark(number_text(value), series)))
    if moment is None:
        lines.extend(_memory(follower, usable_ram_bytes))
    elif (held := _value(train.get(Field.RSS_BYTES), moment)) is not None:
        lines.append(("RAM", byte_text(held)))
    lines.extend(_against_mean_pose(follower, moment))
    lines.extend(_identity(follower))
    lines.extend(("not read", clean(damage, single_line=True)) for damage in follower.damage)
    lines.extend(("lost", clean(loss, single_line=True)) for loss in follower.lost)
    return lines


def _value(series: Series | None, moment: Moment | None) -> float | None:
    """The newest value, or the one at `moment`; None if there is none yet."""
    if series is None or not len(series):
        return None
    if moment is None:
        return series.last
    near = series.near(moment.step)
    return near[1] if near is not None and near[0] <= moment.step else None


def _with_spark(text: str, series: Series) -> Content:
    return Content.assemble(f"{text:<{_VALUE_COLUMNS}}", (sparkline(series, SPARK_COLUMNS), "$text-primary"))


def _memory(follower: RunFollower, usable: int | None) -> list[tuple[str, str | Content]]:
    """What the process tree holds, the most it held, and what the planner said it would; never a peak below now."""
    lines: list[tuple[str, str | Content]] = []
    used = follower.tree_rss_bytes
    if used is not None:
        lines.append(("RAM", memory_meter(used, usable, 10)))
    logged = follower.train.get(Field.RSS_BYTES)
    extent = logged.whole_extent if logged is not None else None
    peak = max((size for size in (extent and extent[1], used) if size), default=None)
    device = follower.train.get(Field.DEVICE_MEMORY_BYTES)
    on_device = device is not None and len(device) > 0
    if peak is not None:
        lines.append(("peak RAM", byte_text(peak) if on_device else _beside_prediction(peak, follower)))
    if device is not None and on_device:
        lines.append(("peak VRAM", _beside_prediction(device.last or 0.0, follower)))
    lines.extend(("GPU", clean(line, single_line=True)) for line in follower.gpu_lines)
    return lines


def _beside_prediction(peak: float, follower: RunFollower) -> Content:
    """`1.2 GiB, predicted 1.3 GiB`, and a word if it is more than the prediction's upper end."""
    predicted = follower.identity.get("predicted")
    value, high = (
        (predicted.get("peak_memory_bytes"), predicted.get("peak_memory_bytes_high"))
        if isinstance(predicted, dict)
        else (None, None)
    )
    if not isinstance(value, int | float) or not isinstance(high, int | float):
        return Content(byte_text(peak))
    more = "  ! more" if peak > high else ""
    return Content.assemble(
        byte_text(peak), (f", predicted {byte_text(value)}", MUTED), (more, "$text-warning")
    )


def _against_mean_pose(follower: RunFollower, moment: Moment | None) -> list[tuple[str, str | Content]]:
    """The validation loss beside that of always predicting the mean pose: below 1× nothing is learnt."""
    ours = _value(follower.validation.get(Field.LOSS_POSE), moment)
    mean = _value(follower.validation.get(Field.MEAN_POSE_LOSS), moment)
    if not ours or mean is None:
        return []
    ratio = mean / ours
    said = (
        (f"{ratio:.{1 if ratio >= 1.1 else 2}f}× below mean pose", "$text-success")
        if ratio > 1
        else ("! not below mean pose", "$text-warning")
    )
    return [("val pose", Content.assemble(f"{number_text(ours)}  ", said))]


def _identity(follower: RunFollower) -> list[tuple[str, str | Content]]:
    identity = follower.identity
    lines: list[tuple[str, str | Content]] = []
    parameters = identity.get("parameters")
    device = " ".join(clean(identity[key], limit=20) for key in ("device", "precision") if identity.get(key))
    model = f"{count_text(parameters)} parameters" if isinstance(parameters, int | float) else ""
    if model or device:
        lines.append(("model", ", ".join(part for part in (model, device) if part)))
    for label, key in (("config", "config_name"), ("dataset", "data_path")):
        if identity.get(key):
            text = clean(shown_path(Path(str(identity[key]))), single_line=True)
            lines.append((label, text if len(text) <= 34 else "…" + text[-33:]))
    return lines

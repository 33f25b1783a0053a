"""What this config would cost, in three lines below the form: size, time, memory against what there is."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from stickgen.planner.arithmetic.prediction import Prediction
from stickgen.planner.estimate import Estimate
from stickgen.quantities import byte_text, count_text, duration_text
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.meter import memory_meter, moved, without_unit

BASES = {"arithmetic": "", "learned": ", learned here", "measured": ", measured here"}


class ForecastLine(Line):
    """Shows a forecast; while errors stand in the config there is none, and it says so."""

    DEFAULT_CSS = "ForecastLine { height: 3; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(Content.styled("working out memory and time…", MUTED), id=id)

    def show_errors(self, count: int, fix: str) -> None:
        """No forecast while the config does not hold together; `fix` is what f does about it, "" for nothing."""
        noun = "error" if count == 1 else "errors"
        words = Content.styled(f"✗ {count} {noun} to fix before this can be launched", "$text-error")
        self.show(words + (Content.styled(f"\n  f {fix}", MUTED) if fix else ""))

    def show_forecast(self, now: Estimate, before: Estimate | None = None) -> None:
        """Show this forecast; what is another than `before` is shown as a change."""
        self.show(forecast_content(now, before))


def forecast_content(now: Estimate, before: Estimate | None = None) -> Content:
    """Three lines: `20.5 M parameters · effective batch 64 · …`, the time, `peak on cpu ━━╸── 3.1 → 4.4 GiB …`."""
    was = before or now
    return Content("\n").join([_size(now, was), _time(now, was), _memory(now, was)])


def _size(now: Estimate, was: Estimate) -> Content:
    parts = [
        moved(was.parameters, now.parameters, count_text) + " parameters",
        Content("effective batch ") + moved(was.effective_batch, now.effective_batch, count_text),
    ]
    if now.steps_per_epoch is not None:
        steps = moved(was.steps_per_epoch, now.steps_per_epoch, count_text)
        parts.append(steps + (" step an epoch" if now.steps_per_epoch == 1 else " steps an epoch"))
    return Content(" · ").join(parts)


def _disk(now: Estimate) -> Content:
    need, free = byte_text(now.disk_bytes), byte_text(now.disk_free_bytes)
    if not now.disk_fits:
        return Content.styled(f" · ✗ disk {need}, {free} free", "$text-error")
    return Content.styled(f" · disk {need}", MUTED)


def _time(now: Estimate, was: Estimate) -> Content:
    if now.seconds_per_epoch is None or now.seconds_total is None:
        step = moved(was.seconds_per_step.value, now.seconds_per_step.value, _seconds_text)
        return step + " a step" + _disk(now) + Content.styled(" · no dataset yet, so no epochs", MUTED)
    epoch = was.seconds_per_epoch.value if was.seconds_per_epoch else now.seconds_per_epoch.value
    whole = was.seconds_total.value if was.seconds_total else now.seconds_total.value
    return (
        moved(epoch, now.seconds_per_epoch.value, _seconds_text)
        + " an epoch · "
        + moved(whole, now.seconds_total.value, duration_text)
        + " in all"
        + Content.styled(f" ({_between(now.seconds_total, duration_text)}{BASES[now.time_basis]})", MUTED)
        + _disk(now)
    )


def _memory(now: Estimate, was: Estimate) -> Content:
    peak = now.peak_memory
    return (
        Content.styled(f"peak on {now.device} ", MUTED)
        + memory_meter(peak.value, now.memory_free_bytes, before=was.peak_memory.value)
        + Content.styled(f" ({_between(peak, byte_text)}{BASES[now.memory_basis]})", MUTED)
    )


def _between(prediction: Prediction, text: Callable[[float], str]) -> str:
    low, high = text(prediction.low), text(prediction.high)
    return low if low == high else f"{without_unit(low, high)} to {high}"


def _seconds_text(seconds: float) -> str:
    """Short times too: `0.42s`."""
    return f"{seconds:.2g} s" if seconds < 10 else duration_text(seconds)

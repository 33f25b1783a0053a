"""What this config would cost, in three lines below the form: size, time, memory against what there is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from textual import on, work
from textual.content import Content
from textual.message import Message

from stickgen.config.checking import Problem
from stickgen.config.chosen_dataset import dataset_path
from stickgen.config.loading import TrainingConfig
from stickgen.config.schema import Value
from stickgen.errors import StickgenError
from stickgen.planner.arithmetic.prediction import Prediction
from stickgen.planner.estimate import Estimate
from stickgen.quantities import byte_text, count_text, counted, duration_text
from stickgen.yaml_edit import Document
from stickgen_tui.editing.session import EditSession
from stickgen_tui.editing.values import fix_text
from stickgen_tui.launching.forecasting import Surroundings, forecast, look_around
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.meter import memory_meter, moved, without_unit

LOOK_AGAIN = 5.0  # seconds after which an edit makes the machine's free memory be read anew
BASES = {"arithmetic": "", "learned": ", learned here", "measured": ", measured here"}


class ForecastLine(Line):
    """Shows what the config of an edit session would cost; while it has errors there is no forecast, and it says so.

    The machine, the dataset and the disk are looked at in a worker; `Looked` tells when that is done.
    """

    DEFAULT_CSS = "ForecastLine { height: 3; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    class Looked(Message):
        """A worker has looked at the machine, the dataset and the disk."""

        def __init__(self, around: Surroundings) -> None:
            super().__init__()
            self.around = around

    def __init__(self, root: Path | None, *, id: str | None = None) -> None:
        """`root` is where runs live, whose disk must hold a new one."""
        super().__init__(Content.styled("working out memory and time…", MUTED), id=id)
        self._root = root
        self.around: Surroundings | None = None
        self.config: TrainingConfig | None = None  # what the form says; None while it has errors
        self.typed: tuple[str, Value] | None = None  # a value in a text box that is not taken yet
        self._looked_at = 0.0
        self._before: Estimate | None = None  # of the file as saved
        self._saved: Document | None = None

    def follow(self, session: EditSession, *, saved: bool = False) -> None:
        """Show the forecast of the session as it is now; `saved` says that changes count from here."""
        self._saved = session.saved
        if session.errors:
            self.config = None
            self._show_errors(session.errors)
            return
        if self.typed is None or self.config is None:
            self.config = session.config()
        around = self.around
        old = time.monotonic() - self._looked_at > LOOK_AGAIN
        if around is None or around.dataset != dataset_path(self.config.get) or old:
            self._looked_at = time.monotonic()
            self._look(self.config)
        if saved:
            self._forecast_before()
        if around is not None:
            self.show(forecast_content(forecast(self.config, around, self.typed), self._before))

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def _look(self, config: TrainingConfig) -> None:
        self.post_message(self.Looked(look_around(config, self._root)))

    @on(Looked)
    def _have_looked(self, event: Looked) -> None:
        self.around = event.around
        self._forecast_before()

    def _forecast_before(self) -> None:
        """Of the file as saved: what the changes are measured against."""
        self._before = None
        if self.around is not None and self._saved is not None:
            with contextlib.suppress(StickgenError):
                self._before = forecast(TrainingConfig.from_document(self._saved), self.around)

    def _show_errors(self, errors: Sequence[Problem]) -> None:
        fix = next((fix_text(problem, "s") for problem in errors if problem.fixable), "")
        words = Content.styled(
            f"✗ {counted(len(errors), 'error')} to fix before this can be launched", "$text-error"
        )
        self.show(words + (Content.styled(f"\n  f {fix}", MUTED) if fix else ""))


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
        + _early_end(now)
        + _disk(now)
    )


def _early_end(now: Estimate) -> Content:
    """Where a limit ends the launch, and how much of the learning rate's schedule is over then."""
    end = now.schedule
    if end is None or end.whole:
        return Content()
    return Content.styled(f" · ends at epoch {end.epoch:.1f}, schedule at {end.share:.0%}", MUTED)


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

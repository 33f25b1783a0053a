"""What this config would cost, in two lines below the form: size, memory against what there is, time."""

from __future__ import annotations

from textual.content import Content
from textual.message import Message

from stickgen_tui.launching import Forecast
from stickgen_tui.quantities import byte_text, count_text, duration_text
from stickgen_tui.text import one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.meter import memory_meter


class ForecastLine(Line):
    """Shows a forecast; while errors stand in the config there is none, and it says so."""

    DEFAULT_CSS = "ForecastLine { height: 2; padding: 0 1; }"

    class Ready(Message):
        """A worker has worked the forecast out."""

        def __init__(self, forecast: Forecast) -> None:
            super().__init__()
            self.forecast = forecast

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(Content.styled("working out memory and time…", MUTED), id=id)

    def show_errors(self, count: int) -> None:
        """No forecast while the config does not hold together."""
        noun = "error" if count == 1 else "errors"
        self.show(Content.styled(f"✗ {count} {noun} to mend before this can be launched", "$text-error"))

    def show_forecast(self, forecast: Forecast) -> None:
        """Show this forecast."""
        self.show(forecast_content(forecast))


def forecast_content(forecast: Forecast) -> Content:
    """Two lines: `20.5 M parameters · effective batch 64 · …` and the memory."""
    if forecast.error is not None:
        return one_line(f"✗ {forecast.error}", "$text-error", limit=300)
    first = f"{count_text(forecast.parameters)} parameters · effective batch {forecast.effective_batch}"
    if forecast.seconds_per_epoch is not None:
        first += f" · {duration_text(forecast.seconds_per_epoch)} an epoch"
        if forecast.epochs is not None:
            first += f" · about {duration_text(forecast.seconds_total)} in all"
    elif forecast.dataset_missing:
        first += " · no dataset yet, so no time"
    if forecast.peak_bytes is None:
        return Content(first) + Content.styled(
            f"\n{byte_text(forecast.available_bytes)} of memory free", MUTED
        )
    second = Content.styled(f"peak on {forecast.device} ", MUTED) + memory_meter(
        forecast.peak_bytes, forecast.available_bytes
    )
    if forecast.peak_low_bytes is not None and forecast.peak_high_bytes is not None:
        second += Content.styled(
            f"  (between {byte_text(forecast.peak_low_bytes)} and {byte_text(forecast.peak_high_bytes)})",
            MUTED,
        )
    if forecast.disk_bytes is not None:
        second += Content.styled(f"  disk {byte_text(forecast.disk_bytes)}", MUTED)
    return Content(first) + "\n" + second

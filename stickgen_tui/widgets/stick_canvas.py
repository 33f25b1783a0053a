"""The figure that the model drew, moving in braille dots."""

from __future__ import annotations

from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from stickgen_tui.figure import draw_figure
from stickgen_tui.sample import Sample
from stickgen_tui.tones import MUTED

DRAWS_PER_SECOND = 12.5  # every second frame of 25


class StickCanvas(Widget):
    """Plays a sample in a loop. The timer sleeps while it is paused, hidden, or there is nothing to move."""

    DEFAULT_CSS = "StickCanvas { height: 1fr; min-height: 4; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sample: Sample | None = None
        self._frame = 0.0
        self._timer: Timer | None = None
        self._playing = True
        self._shown = True

    @property
    def playing(self) -> bool:
        """Whether the figure moves when it can be seen."""
        return self._playing

    def on_mount(self) -> None:
        self._timer = self.set_interval(1 / DRAWS_PER_SECOND, self._advance, pause=True)
        self._settle()

    def show(self, sample: Sample) -> None:
        """Play this sample from its beginning."""
        self._sample, self._frame = sample, 0.0
        self._settle()
        self.refresh()

    def toggle(self) -> bool:
        """Pause, or go on; returns whether it plays now."""
        self._playing = not self._playing
        self._settle()
        return self._playing

    def set_shown(self, shown: bool) -> None:
        """Told by the screen when it is covered or left, and when it is back."""
        self._shown = shown
        self._settle()

    def on_show(self) -> None:
        self._settle()

    def on_hide(self) -> None:
        self._settle()

    def _settle(self) -> None:
        """Let the timer run exactly while there is movement to see."""
        if self._timer is None:
            return
        moves = self._sample is not None and len(self._sample.motion) > 1
        if moves and self._playing and self._shown and self.size.area > 0:
            self._timer.resume()
        else:
            self._timer.pause()

    def on_resize(self) -> None:
        self._settle()

    def _advance(self) -> None:
        if self._sample is None:
            return
        self._frame = (self._frame + self._sample.fps / DRAWS_PER_SECOND) % len(self._sample.motion)
        self.refresh()

    def render(self) -> Content:
        if self._sample is None:
            return Content.styled("no sample yet: p asks the trainer for one", MUTED)
        lines = draw_figure(self._sample.motion, int(self._frame), self.size.width, self.size.height)
        return Content("\n").join(Content.styled(line, "$text-accent") for line in lines)

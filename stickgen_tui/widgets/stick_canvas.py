"""The figure that the model drew, moving in braille dots."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Region
from textual.timer import Timer
from textual.widget import Widget

from stickgen.motion.in_braille import draw_figure
from stickgen_tui.following.sample import Sample
from stickgen_tui.tones import MUTED

DRAWS_PER_SECOND = 12.5  # every second frame of 25


class StickCanvas(Widget):
    """Plays a sample in a loop. The timer sleeps while it is paused, hidden, or there is nothing to move."""

    DEFAULT_CSS = "StickCanvas { height: 1fr; min-height: 4; }"

    def __init__(
        self, empty: str = "no sample yet: p asks the trainer for one", *, id: str | None = None
    ) -> None:
        """`empty` is what stands there before anything is shown."""
        super().__init__(id=id)
        self._empty = empty
        self._sample: Sample | None = None
        self._frame = 0.0
        self._lines: list[str] = []
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
        self._sample, self._frame, self._lines = sample, 0.0, []
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
        before, self._lines = self._lines, self._drawn()
        changed = changed_region(before, self._lines)
        if changed is not None:
            self.refresh(changed)

    def _drawn(self) -> list[str]:
        assert self._sample is not None
        return draw_figure(self._sample.motion, int(self._frame), self.size.width, self.size.height)

    def render(self) -> Content:
        if self._sample is None:
            return Content.styled(self._empty, MUTED)
        if len(self._lines) != self.size.height or (self._lines and len(self._lines[0]) != self.size.width):
            self._lines = self._drawn()
        return Content("\n").join(Content.styled(line, "$text-accent") for line in self._lines)


def changed_region(before: list[str], after: list[str]) -> Region | None:
    """The cells that differ, as one rectangle: all that a frame has to send. None if nothing differs."""
    if len(before) != len(after):
        return Region(0, 0, max(map(len, after), default=0), len(after))
    rows = [row for row, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    columns = [
        column
        for row in rows
        for column, (old, new) in enumerate(zip(before[row], after[row], strict=False))
        if old != new
    ]
    if not columns:
        return None
    left, top = min(columns), rows[0]
    return Region(left, top, max(columns) - left + 1, rows[-1] - top + 1)

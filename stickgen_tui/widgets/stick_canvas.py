"""The figure that the model drew, moving in braille dots; or two of them beside each other, in step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from stickgen.motion.in_braille import BrailleView
from stickgen.text import clean
from stickgen_tui.drawing.pace import (
    AGAIN_SECONDS,
    LOOKED_AT_SECONDS,
    PLAYS,
    draws_per_second,
    terminal_is_behind,
)
from stickgen_tui.following.sample import Sample

_LEAST_COLUMNS, _LEAST_ROWS = 4, 3  # of one figure
_MOST_PICTURES, _MOST_STRIPS = 300, 500  # that are kept: a motion is played again and again


class StickCanvas(Widget):
    """Plays a sample a few times, then stands still.

    Nothing is drawn while it is paused, hidden, covered, or the terminal is not the one that has the focus.
    """

    DEFAULT_CSS = """
    StickCanvas { height: 1fr; min-height: 4; }
    StickCanvas > .stick-canvas--figure { color: $text-accent; }
    StickCanvas > .stick-canvas--words { color: $text-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"stick-canvas--figure", "stick-canvas--words"}

    def __init__(
        self, empty: str = "no sample yet: p asks the trainer for one", *, id: str | None = None
    ) -> None:
        """`empty` is what stands there before anything is shown."""
        super().__init__(id=id)
        self._empty = empty
        self._samples: tuple[Sample, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._views: list[BrailleView] = []
        self._drawn_for = (0, 0)  # columns and rows of the views
        self._lines: list[str] = []
        self._pictures: dict[tuple[int, ...], list[str]] = {}  # what was drawn, by the frame of each view
        self._strips: dict[tuple[str, bool], Strip] = {}  # lines as they are sent, by whether they are words
        self._looks: dict[bool, Style] = {}  # of figures and of words
        self._drawn_in: tuple[str | None, Color, Color] | None = (
            None  # theme and backgrounds for which these hold
        )
        self._frame = 0.0  # of the first sample
        self._seconds = 0.0  # since the beginning of the motion
        self._left = 0.0  # seconds to play before it stands still
        self._ticked = self._woken = 0.0
        self._timer: Timer | None = None
        self._again: Timer | None = None
        self._playing = self._shown = True
        self._live = False

    @property
    def playing(self) -> bool:
        """Whether the figure moves when it can be seen; one that stands still after it was played counts too."""
        return self._playing

    @property
    def moving(self) -> bool:
        """Whether it moves at this moment."""
        return self._timer is not None and self._timer._active.is_set()

    def on_mount(self) -> None:
        self._timer = self.set_interval(1 / draws_per_second(), self._advance, pause=True)
        self.watch(self.app, "app_focus", self._focus_changed, init=False)
        self._settle()

    def show(self, sample: Sample, beside: Sample | None = None, labels: Sequence[str] = ()) -> None:
        """Play this sample from its beginning, and another one at its right; `labels` stand above the two."""
        self._samples = (sample,) if beside is None else (sample, beside)
        self._labels = tuple(labels)
        self._views, self._lines, self._seconds, self._frame = [], [], 0.0, 0.0
        self._pictures.clear()
        self.wake()
        self.refresh()

    def show_nothing(self, why: str) -> None:
        """Say in words why there is no figure."""
        if self._samples or why != self._empty:
            self._samples, self._labels, self._views, self._lines, self._empty = (), (), [], [], why
            self._settle()
            self.refresh()

    def set_live(self, live: bool) -> None:
        """A live run's figure moves again now and then; that of a finished one stands still."""
        if live != self._live:
            self._live = live
            self._settle()

    def wake(self) -> None:
        """Somebody looks: play it a few times."""
        self._woken = time.monotonic()
        self._left = PLAYS * self._duration
        self._settle()

    def toggle(self) -> bool:
        """Pause, or go on; one that stands still is played again. Returns whether it plays now."""
        resting = self._playing and self._left <= 0
        self._playing = resting or not self._playing
        if self._playing:
            self.wake()
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

    def on_resize(self) -> None:
        self._settle()

    def on_click(self) -> None:
        self.wake()

    def _focus_changed(self, focus: bool) -> None:
        if focus:
            self.wake()
        self._settle()

    @property
    def _duration(self) -> float:
        """Seconds of the longest motion."""
        return max((len(sample.motion) / sample.fps for sample in self._samples), default=0.0)

    def _settle(self) -> None:
        """Let the timer run exactly while there is movement to see."""
        if self._timer is None:
            return
        moves = any(len(sample.motion) > 1 for sample in self._samples)
        seen = self._playing and self._shown and self.app.app_focus and self.size.area > 0
        if moves and seen and self._left > 0:
            if not self.moving:
                self._ticked = time.monotonic()
            self._timer.resume()
        else:
            self._timer.pause()
        looked_at = time.monotonic() - self._woken < LOOKED_AT_SECONDS
        rests = moves and seen and self._left <= 0 and self._live and looked_at
        if rests and self._again is None:
            self._again = self.set_timer(AGAIN_SECONDS, self._play_again)
        elif not rests and self._again is not None:
            self._again.stop()
            self._again = None

    def _play_again(self) -> None:
        self._again = None
        self._left = self._duration
        self._settle()

    def _advance(self) -> None:
        now = time.monotonic()
        passed, self._ticked = now - self._ticked, now
        if not self._samples or terminal_is_behind(self.app):
            return
        passed = min(passed, 1.0)  # a machine that slept
        self._left -= passed
        self._seconds = (self._seconds + passed) % max(self._duration, 0.04)
        if self._left <= 0:
            self._seconds = max(self._duration - 0.04, 0.0)  # it stands as it ends
            self._settle()
        self._frame = self._seconds * self._samples[0].fps
        before, self._lines = self._lines, self._drawn()
        changed = changed_region(before, self._lines)
        if changed is not None:
            self.refresh(changed)

    def _drawn(self) -> list[str]:
        """The lines at this moment; [] if there is no room. A motion that is over keeps its last pose."""
        columns, rows = self.size
        count = len(self._samples)
        wide, high = (columns - count + 1) // count, rows - (count > 1)
        if wide < _LEAST_COLUMNS or high < _LEAST_ROWS:
            return []
        if not self._views or self._drawn_for != (columns, rows):
            motions = [sample.motion for sample in self._samples]
            self._views = [BrailleView(motion, wide, high, beside=motions) for motion in motions]
            self._drawn_for = (columns, rows)
            self._pictures.clear()
        frames = tuple(
            min(int(self._seconds * sample.fps), len(sample.motion) - 1) for sample in self._samples
        )
        if frames not in self._pictures:
            if len(self._pictures) >= _MOST_PICTURES:
                self._pictures.clear()
            self._pictures[frames] = self._picture(frames, wide, columns)
        return self._pictures[frames]

    def _picture(self, frames: tuple[int, ...], wide: int, columns: int) -> list[str]:
        """These frames of the views, each `wide` columns, beside each other."""
        pictures = [view.draw(frame) for view, frame in zip(self._views, frames, strict=True)]
        if len(pictures) == 1:
            return pictures[0]
        head = " ".join(clean(label, single_line=True)[:wide].ljust(wide) for label in self._labels)
        return [head.ljust(columns), *("│".join(row).ljust(columns) for row in zip(*pictures, strict=True))]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of `crop`. It has no border and no padding, and moves: Textual's way over these costs most of a frame."""
        drawn_in = self.app.theme, *self.background_colors
        if drawn_in != self._drawn_in:
            self._drawn_in = drawn_in
            self._looks.clear()
            self._strips.clear()
        strips = [self.render_line(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, drawn_in[2]) for strip in strips]
        left, right = crop.column_span
        return (
            strips if (left, right) == (0, self.size.width) else [strip.crop(left, right) for strip in strips]
        )

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self._samples:
            lines = wrap(self._empty, max(width, 1))
            return self._strip(lines[y] if y < len(lines) else "", words=True)
        if len(self._lines) != self.size.height or len(self._lines[0]) != width:
            self._lines = self._drawn()
        if y >= len(self._lines):
            return Strip.blank(width)
        return self._strip(self._lines[y], words=y == 0 and len(self._samples) > 1)

    def _strip(self, line: str, *, words: bool) -> Strip:
        """The line in its style, as wide as the widget. Most lines of a picture are those of the one before."""
        width = self.size.width
        known = self._strips.get((line, words))
        if known is not None and known.cell_length == width:
            return known
        if words not in self._looks:
            part = "stick-canvas--words" if words else "stick-canvas--figure"
            self._looks[words] = self.get_component_rich_style(part)
        if len(self._strips) >= _MOST_STRIPS:
            self._strips.clear()
        strip = Strip([Segment(line, self._looks[words])]).adjust_cell_length(width, self._looks[words])
        self._strips[line, words] = strip
        return strip


def changed_region(before: list[str], after: list[str]) -> Region | None:
    """The cells that differ, as one rectangle. None if nothing differs."""
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

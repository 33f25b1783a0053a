"""A line chart in braille that is looked at with keys and mouse; charts/plot.py draws it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget, _RenderCache

from stickgen_tui.charts.chart_view import SMOOTHING, ChartView
from stickgen_tui.charts.curve import Curve
from stickgen_tui.charts.plot import Plotted, Row, plot
from stickgen_tui.following.marks import Mark

__all__ = ["SMOOTHING", "Chart", "ChartView", "Curve", "draw"]

WHEEL = 1.25  # how much further a notch of the wheel zooms
WHEEL_PAN = 0.1  # of what is seen, a notch with shift or control


class Chart(Widget):
    """Curves over the training step. `show` sets what is drawn; it redraws only when told to.

    The mouse asks for another look by messages; whoever holds the view decides, and shows it in all its charts.
    """

    DEFAULT_CSS = "Chart { width: 1fr; height: 1fr; min-height: 4; text-wrap: nowrap; }"
    ALLOW_SELECT = False  # a drag pans

    class Zoomed(Message):
        """See `factor` times as much detail, with the share `at` of x in place."""

        def __init__(self, chart: Chart, at: float, factor: float) -> None:
            super().__init__()
            self.chart, self.at, self.factor = chart, at, factor

        @property
        def control(self) -> Chart:
            return self.chart

    class Panned(Message):
        """Move by that share of x."""

        def __init__(self, chart: Chart, share: float) -> None:
            super().__init__()
            self.chart, self.share = chart, share

    class Pointed(Message):
        """The pointer is at that share of x: pressed there, or only moved."""

        def __init__(self, chart: Chart, at: float, *, pressed: bool) -> None:
            super().__init__()
            self.chart, self.at, self.pressed = chart, at, pressed

    def __init__(self, empty: str = "no points yet", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.auto_links = False  # there are none, and looking for them takes longer than drawing
        self._empty = empty
        self._curves: tuple[Curve, ...] = ()
        self._marks: Sequence[Mark] = ()
        self._drag: int | None = None  # the column where the button was pressed, or that was dragged to
        self._dragged = False
        self.view = ChartView()
        self.plotted = Plotted()
        self._plotted_as: object = None  # of what
        self._plotted_size = Size(0, 0)
        self._due = False  # whether something else is to be plotted
        self._drawn: list[tuple[Row, Strip]] = []  # the rows as they were drawn last
        self._looks: dict[str, RichStyle | None] = {}  # what a style looks like here
        self._drawn_in: object = None  # the theme and the style for which these hold

    def show(
        self,
        curves: tuple[Curve, ...],
        *,
        view: ChartView | None = None,
        marks: Sequence[Mark] = (),
        log_y: bool = False,
        smoothing: float = 0.0,
        empty: str | None = None,
    ) -> None:
        """Draw these curves from now on, as `view` says, or else `log_y` and `smoothing`."""
        self._curves, self._marks = curves, marks
        self.view = ChartView(log_y=log_y, smoothing=smoothing) if view is None else view
        self._empty = self._empty if empty is None else empty
        if not self._due:
            self._due = True
            self.call_later(self._draw_what_changed)

    def on_show(self) -> None:
        self._draw_what_changed()  # of what it was told while it was hidden

    def _draw_what_changed(self) -> None:
        """Plot what is due, once for all that it was told meanwhile, and draw the rows that differ."""
        if not self._due or not can_be_seen(self):
            return
        before = self.plotted.rows
        self._plot()
        rows = self.plotted.rows
        if len(rows) != len(before):
            self.refresh()
        elif changed := [
            y for y, (old, new) in enumerate(zip(before, rows, strict=True)) if not same(old, new)
        ]:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def _plot(self) -> None:
        view = self.view
        what = (tuple(curve.name for curve in self._curves), view.log_y, view.clip, view.window, view.over)
        before = self.plotted if self._plotted_as == what else None
        self.plotted = plot(
            self._curves, self.size, view, marks=self._marks, before=before, empty=self._empty
        )
        self._plotted_as, self._plotted_size, self._due = what, self.size, False

    def render(self) -> Content:
        self._plot_if_needed()
        return self.plotted.content

    def _plot_if_needed(self) -> None:
        if self._due or self._plotted_size != self.size:
            self._plot()

    def _render_content(self) -> None:
        """As Textual's, but a row that is as it was is not made again."""
        self._plot_if_needed()
        drawn_in = self.app.theme, self.visual_style
        if drawn_in != self._drawn_in:
            self._drawn_in = drawn_in
            self._drawn = []
            self._looks.clear()
        rows = self.plotted.rows[: self.size.height]
        self._drawn = [
            before if before is not None and same(before[0], row) else (row, self._strip(row))
            for row, before in zip_longest(rows, self._drawn[: len(rows)])
        ]
        self._render_cache = _RenderCache(self.size, [strip for _, strip in self._drawn])
        self._dirty_regions.clear()

    def _strip(self, row: Row) -> Strip:
        if isinstance(row, Content):
            style = self.visual_style
            parts = row.render(style, end="", parse_style=self._get_style)
            return Strip([Segment(text, (style + own).rich_style) for text, own in parts])
        return Strip([Segment(text, self._look(style)) for text, style in row])

    def _look(self, style: str) -> RichStyle | None:
        if style not in self._looks:
            own = self.visual_style + self._get_style(style) if style else self.visual_style
            self._looks[style] = own.rich_style
        return self._looks[style]

    # -- the mouse

    def _share(self, event: events.MouseEvent) -> float:
        return self.plotted.share_at(event.x)

    def _wheel(self, event: events.MouseEvent, notches: int) -> None:
        if self.plotted.x is None:
            return
        event.stop()
        event.prevent_default()
        if event.shift or event.ctrl:
            self.post_message(self.Panned(self, WHEEL_PAN * -notches))
        else:
            self.post_message(self.Zoomed(self, self._share(event), WHEEL**notches))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, -1)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if self.plotted.x is not None and event.button == 1:
            self._drag, self._dragged = event.x, False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._drag is None:
            if self.view.crosshair is not None and self.plotted.x is not None:
                self.post_message(self.Pointed(self, self._share(event), pressed=False))
        elif event.x != self._drag:
            share = (self._drag - event.x) / max(self.plotted.columns, 1)
            self._drag, self._dragged = event.x, True
            self.post_message(self.Panned(self, share))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._drag is None:
            return
        self.release_mouse()
        if not self._dragged:
            self.post_message(self.Pointed(self, self._share(event), pressed=True))
        self._drag = None


def same(one: Row, other: Row) -> bool:
    """Whether two rows look alike."""
    if isinstance(one, Content) and isinstance(other, Content):
        return one.plain == other.plain and one.spans == other.spans
    return not isinstance(one, Content) and one == other


def can_be_seen(widget: Widget) -> bool:
    """Whether neither the widget nor anything around it is hidden.

    To refresh a hidden one is not only in vain: Textual then lays out the whole screen anew.
    """
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


def draw(
    curves: tuple[Curve, ...], size: Size, *, log_y: bool, smoothing: float, empty: str = "no points yet"
) -> Content:
    """A chart of all of these curves over the step, as content of `size`."""
    return plot(curves, size, ChartView(log_y=log_y, smoothing=smoothing), empty=empty).content

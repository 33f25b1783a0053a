"""Which widgets are asked to draw when a part of the screen changes: those that are seen there.

Textual's compositor asks every widget that shares a rectangle with the change for all of its lines, the panels and the
screen behind it too, and drops what is covered. A figure that moves ten times a second pays for a dozen widgets each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Span = tuple[int, int, int]  # a line, its first column, the column past its last
Pieces = dict[int, Strip | None]  # of a line, by the column where each begins; None: not drawn


class FrontCompositor(Compositor):
    """Draws from the front to the back, and stops when nothing is missing."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """What has changed since the last update; None if that is nothing."""
        regions, self._dirty_regions = self._dirty_regions, set()
        screen = self.size.region
        spans = list(
            self._regions_to_spans(seen for region in regions if (seen := screen.intersection(region)))
        )
        if not spans:
            return None
        return ChopsUpdate(self._pieces(spans), spans, [line[1:] for line in self.cuts])

    def _render_chops(
        self, crop: Region, is_rendered_line: Callable[[int], bool]
    ) -> Sequence[Mapping[int, Strip]]:
        """The lines of `crop` for which `is_rendered_line` holds."""
        left, right = crop.column_span
        return self._pieces((y, left, right) for y in crop.line_range if is_rendered_line(y))  # type: ignore[return-value]

    def _pieces(self, spans: Iterable[Span]) -> list[Pieces]:
        """For each line of the screen, its pieces between the edges of widgets; those that touch `spans` are drawn."""
        cuts = self.cuts
        pieces: list[Pieces] = [{} for _ in cuts]
        missing: dict[int, set[int]] = {}  # by line, where the pieces begin that are still to be drawn
        for y, left, right in spans:
            if not 0 <= y < len(cuts):
                continue
            edges = cuts[y]
            if not pieces[y]:
                pieces[y] = dict.fromkeys(edges[:-1])
                missing[y] = set()
            ends = zip(edges, edges[1:], strict=False)
            missing[y].update(start for start, end in ends if start < right and end > left)
        for widget, (region, clip) in self.visible_widgets.items():
            if not missing:
                break
            self._draw(widget, region, region.intersection(clip), pieces, missing)
        return pieces

    def _draw(
        self, widget: Widget, region: Region, seen: Region, pieces: list[Pieces], missing: dict[int, set[int]]
    ) -> None:
        """Take from a widget what is still missing where it is seen."""
        left, right = seen.column_span
        wanted = {
            y: own
            for y in seen.line_range
            if (there := missing.get(y)) and (own := [start for start in there if left <= start < right])
        }
        if not wanted:
            return
        first, last = min(wanted), max(wanted)
        strips = widget.render_lines(
            Region(left - region.x, first - region.y, right - left, last - first + 1)
        )
        for y, strip in zip(range(first, last + 1), strips, strict=False):
            if not (here := wanted.get(y)):
                continue
            edges = [edge for edge in self.cuts[y] if left <= edge <= right]
            for start, piece in zip(edges, strip.divide([edge - left for edge in edges[1:]]), strict=False):
                if start in here:
                    pieces[y][start] = piece
                    missing[y].discard(start)
            if not missing[y]:
                del missing[y]

"""Many curves at once: a grid of small charts, those that a person chose, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from textual.containers import Container, Vertical
from textual.content import Content

from stickgen_tui.following.metric_names import title_of
from stickgen_tui.widgets.chart import Chart

MOST_COLUMNS = 4
_USUAL_CURVES = 4


@dataclass(frozen=True)
class GridChoice:
    """Which curves the grid shows, in which order, beside each other in how many columns. No curve: the first four."""

    on: bool = False
    curves: tuple[str, ...] = ()
    columns: int = 2

    def of(self, names: Sequence[str]) -> tuple[str, ...]:
        """The curves to show of those that there are."""
        chosen = tuple(name for name in self.curves if name in names)
        return chosen or tuple(names[:_USUAL_CURVES])

    def toggled(self, name: str, names: Sequence[str]) -> GridChoice:
        """With that curve as well, the last, or without it; one stays."""
        shown = self.of(names)
        kept = tuple(n for n in shown if n != name) if name in shown else (*shown, name)
        return replace(self, curves=kept) if kept else self

    def moved(self, name: str, by: int, names: Sequence[str]) -> GridChoice:
        """With that curve so many places further on."""
        shown = list(self.of(names))
        if name not in shown:
            return self
        at = shown.index(name)
        shown.insert(min(max(at + by, 0), len(shown) - 1), shown.pop(at))
        return replace(self, curves=tuple(shown))

    def widened(self, by: int) -> GridChoice:
        """With so many columns more."""
        return replace(self, columns=min(max(self.columns + by, 1), MOST_COLUMNS))

    def to_json(self) -> dict[str, Any]:
        """As `grid_from_json` reads it."""
        return {"on": self.on, "curves": list(self.curves), "columns": self.columns}


def grid_from_json(value: Any) -> GridChoice:
    """What was kept, as far as it can be used."""
    if not isinstance(value, dict):
        return GridChoice()
    curves, columns = value.get("curves"), value.get("columns")
    names = tuple(name for name in curves if isinstance(name, str)) if isinstance(curves, list) else ()
    if not isinstance(columns, int) or not 1 <= columns <= MOST_COLUMNS:
        columns = GridChoice.columns
    return GridChoice(value.get("on") is True, tuple(dict.fromkeys(names)), columns)


class ChartGrid(Container):
    """Small charts with their titles, scrolled where they are too many."""

    DEFAULT_CSS = """
    ChartGrid { layout: grid; height: 1fr; overflow-y: auto; grid-gutter: 0 1; grid-rows: 1fr; }
    ChartGrid > Vertical { min-height: 8; border-top: solid $foreground 25%; border-title-color: $text-primary; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.names: tuple[str, ...] = ()
        self.charts: list[Chart] = []

    def hold(self, names: tuple[str, ...], columns: int) -> None:
        """Have a chart for each of these curves, in so many columns."""
        columns = min(columns, len(names) or 1)
        rows = -(-len(names) // columns)
        self.styles.grid_size_columns = columns
        self.styles.grid_size_rows = rows
        if names == self.names:
            return
        while len(self.charts) > len(names):
            box = self.charts.pop().parent
            if box is not None:
                box.remove()  # type: ignore[attr-defined]
        while len(self.charts) < len(names):
            chart = Chart("no points yet")
            self.charts.append(chart)
            self.mount(Vertical(chart))
        self.names = names
        self.call_after_refresh(self._title)

    def on_mount(self) -> None:
        self._title()

    def _title(self) -> None:
        for name, chart in zip(self.names, self.charts, strict=True):
            if isinstance(chart.parent, Vertical):
                chart.parent.border_title = Content(title_of(name))

"""The datasets that lie around: clips, minutes, embeddings, doubts."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from stickgen.motion.skeleton import FPS
from stickgen.quantities import DASH, byte_text
from stickgen.text import clean
from stickgen_tui.datasets.catalogue import Found

COLUMNS = {"dataset": 33, "clips": 8, "minutes": 8, "embedded": 10, "size": 9}  # 78 wide with what is between
RIGHT = {"clips", "minutes", "size"}


class DatasetTable(DataTable[Text]):
    """Rows keyed by the path."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "select_cursor", "Look", tooltip="Flip through the clips of the dataset under the cursor"
        ),
        Binding("k", "cursor_up", show=False),
        Binding("j", "cursor_down", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", show_row_labels=False, zebra_stripes=False)
        self._found: list[Found] = []

    @property
    def chosen(self) -> Found | None:
        """The dataset under the cursor."""
        return self._found[self.cursor_row] if 0 <= self.cursor_row < len(self._found) else None

    def on_mount(self) -> None:
        for name, width in COLUMNS.items():
            self.add_column(Text(name, justify="right" if name in RIGHT else "left"), key=name, width=width)

    def show(self, found: list[Found], at: str = "") -> None:
        """Show these; the cursor goes to the path `at`, or stays where it was."""
        if found == self._found:
            return
        at = at or (str(self.chosen.path) if self.chosen else "")
        self._found = found
        self.clear()
        for dataset in found:
            self.add_row(*(Text(text, justify="right" if name in RIGHT else "left", no_wrap=True, overflow="ellipsis")
                           for name, text in _cells(dataset).items()), key=str(dataset.path))  # fmt: skip
        paths = [str(dataset.path) for dataset in found]
        if at in paths:
            self.move_cursor(row=paths.index(at), animate=False)


def _cells(dataset: Found) -> dict[str, str]:
    facts = dataset.facts
    return {
        "dataset": clean(dataset.path, single_line=True, limit=200),
        "clips": DASH if facts is None else f"{facts.clips:,}",
        "minutes": DASH if facts is None else f"{facts.frames / FPS / 60:.1f}",
        "embedded": DASH
        if facts is None
        else f"{facts.embedding_dim} wide"
        if facts.embedding_dim
        else "not yet",
        "size": byte_text(dataset.size),
    }

"""What happened to a run at a step, to be marked on its charts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stickgen.run_contract import EventKind, Field
from stickgen_tui.text import clean

MOST = 2000  # of them, the newest
# kind of event → its glyph below the curves; where several fall on a column, the first of these is shown
GLYPHS: dict[str, str] = {
    EventKind.FAILED: "✗",
    EventKind.ROLLBACK: "↶",
    EventKind.ALERT: "!",
    EventKind.RESUMED: "▶",
    EventKind.EARLY: "■",
    EventKind.STOPPED: "■",
    EventKind.PAUSED: "‖",
    EventKind.LIVE: "Δ",
    EventKind.CHANGED: "Δ",
    EventKind.CONTROL: "›",
    EventKind.QUALITY: "★",
    EventKind.CHECKPOINT: "◆",
    EventKind.SAMPLE: "☺",
}
_RANK = {kind: rank for rank, kind in enumerate(GLYPHS)}


@dataclass(frozen=True)
class Mark:
    """One event at a step."""

    step: float
    kind: str
    words: str  # clean, on one line

    @property
    def glyph(self) -> str:
        """The sign that stands for it."""
        return GLYPHS[self.kind]

    @property
    def rank(self) -> int:
        """Where it stands among those on the same column: the lowest is shown."""
        return _RANK[self.kind]


def fold_marks(marks: deque[Mark], events: Iterable[dict[str, Any]]) -> None:
    """Add what these events are as marks."""
    for event in events:
        kind, step = event.get(Field.EVENT), event.get(Field.STEP)
        if isinstance(kind, str) and kind in GLYPHS and isinstance(step, int) and not isinstance(step, bool):
            words = clean(event.get(Field.MESSAGE) or kind, single_line=True, limit=120)
            marks.append(Mark(step, kind, words))

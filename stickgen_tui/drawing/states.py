"""How the state of a run looks: always a glyph and a word, never a colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from stickgen_tui.tones import MUTED


@dataclass(frozen=True)
class Look:
    """A glyph, the word, a style with theme variables, and whether a process is behind it."""

    glyph: str
    word: str
    style: str
    alive: bool


LOOKS: dict[str, Look] = {
    "starting": Look("◌", "starting", "$text-primary", True),
    "running": Look("●", "running", "$text-success", True),
    "stalled": Look("◍", "stalled", "$text-warning", True),
    "paused": Look("⏸", "paused", "$text-warning", False),
    "early": Look("◧", "early", "$text-primary", False),
    "waiting": Look("○", "waiting", MUTED, False),
    "held": Look("‖", "held", "$text-warning", False),
    "interrupted": Look("↻", "interrupted", "$text-warning", False),
    "stopped": Look("■", "stopped", MUTED, False),
    "finished": Look("✓", "finished", "$text-success", False),
    "failed": Look("✗", "failed", "$text-error", False),
    "died": Look("†", "died", "$text-error", False),
    "unreadable": Look("?", "unreadable", "$text-error", False),
}


def look_of(status: str) -> Look:
    """The look of the status of a run, or of a job of the queue (a str enum compares equal to its value)."""
    return LOOKS.get(str(status), Look("?", str(status), MUTED, False))

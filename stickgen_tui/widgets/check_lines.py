"""What was looked at before a launch, line by line."""

from __future__ import annotations

from textual.content import Content

from stickgen_tui.launching.preflight import Check
from stickgen_tui.text import foreign

GLYPHS = {"ok": ("✓", "$text-success"), "warning": ("!", "$text-warning"), "error": ("✗", "$text-error")}


def check_lines(checks: tuple[Check, ...] | list[Check]) -> Content:
    """The lines of a preflight, each with its glyph."""
    lines = []
    for check in checks:
        glyph, style = GLYPHS[check.level]
        lines.append(
            Content.styled(f"{glyph} ", style) + foreign(check.text, style if check.level != "ok" else "")
        )
    return Content("\n").join(lines)

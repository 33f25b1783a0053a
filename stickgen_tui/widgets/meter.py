"""A share of a whole in one line: a bar, what is used, what there is, and a mark in words when it is tight."""

from __future__ import annotations

from textual.content import Content

from stickgen_tui.quantities import byte_text, progress_bar


def memory_meter(used: float | None, total: float | None, width: int = 12) -> Content:
    """`████░░░░ 5.1 GiB of 16.0 GiB`; from 90 % on it says `tight`, past 100 % `does not fit`."""
    if used is None or not total:
        return Content(byte_text(used))
    share = used / total
    style, word = "$success", ""
    if share > 1:
        style, word = "$error", "  ✗ does not fit"
    elif share > 0.9:
        style, word = "$warning", "  ! tight"
    return Content.assemble(
        (progress_bar(share, width), style),
        f" {byte_text(used)} of {byte_text(total)}",
        (word, style),
    )

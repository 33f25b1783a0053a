"""A share of a whole in one line: a bar, what is used, what there is, and a mark in words when it is tight."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from stickgen.quantities import byte_text
from stickgen_tui.drawing.progress_bar import progress_bar
from stickgen_tui.tones import MUTED

CHANGED = "bold $text-accent"


def memory_meter(
    used: float | None, total: float | None, width: int = 12, *, before: float | None = None
) -> Content:
    """`━━━╸──── 5.1 GiB of 16.0 GiB`; from 90 % on it says `tight`, past 100 % `does not fit`.

    Where `before` reads differently it is `━━━╸──── 4.4 → 5.1 GiB of 16.0 GiB`.
    """
    shown = moved(before, used, byte_text) if used is not None else Content(byte_text(used))
    if used is None or not total:
        return shown
    share = used / total
    style, word = "$success", ""
    if share > 1:
        style, word = "$error", "  ✗ does not fit"
    elif share > 0.9:
        style, word = "$warning", "  ! tight"
    return (
        Content.styled(progress_bar(share, width), style)
        + " "
        + shown
        + Content.assemble(f" of {byte_text(total)}", (word, style))
    )


def moved(before: float | None, now: float, text: Callable[[float], str]) -> Content:
    """The value now, behind what it was before where that reads differently."""
    shown = text(now)
    if before is None or text(before) == shown:
        return Content(shown)
    return Content.assemble((without_unit(text(before), shown), MUTED), (" → ", CHANGED), (shown, CHANGED))


def without_unit(text: str, other: str) -> str:
    """`561 MiB` as `561`, where `other` says the unit too."""
    number, _, unit = text.rpartition(" ")
    return number if number and other.endswith(" " + unit) else text

"""A bar of a line's height that shows a share."""

from __future__ import annotations

import math


def progress_bar(share: float, width: int) -> str:
    """`━━━━╸────`; `share` from 0 to 1 (anything else is clipped)."""
    if width <= 0:
        return ""
    share = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    halves = round(share * width * 2)
    bar = "━" * (halves // 2) + "╸" * (halves % 2)
    return bar + "─" * (width - len(bar))

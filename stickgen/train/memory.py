"""How much memory the trainer holds."""

from __future__ import annotations

import psutil


def tree_rss_bytes() -> int:
    """Resident memory of this process and its workers."""
    me = psutil.Process()
    total = me.memory_info().rss
    for child in me.children(recursive=True):
        try:
            total += child.memory_info().rss
        except psutil.Error:
            continue
    return int(total)

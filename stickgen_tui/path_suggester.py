"""Completion of a path while it is typed, from what lies on the disk."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from textual.suggester import Suggester

MOST_ENTRIES = 5000  # of a folder; one with more is not read to its end


class PathSuggester(Suggester):
    """Suggests the first name that continues the path; folders come with their slash, to go on from."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """`value` with the rest of its name. Reads the folder in a thread: it may lie on a slow disk."""
        return await asyncio.to_thread(completed, value)


def completed(value: str) -> str | None:
    """`data/tr` → `data/train_data_final.pt`; None if nothing continues it."""
    folder, slash, start = value.rpartition("/")
    place = Path(folder + slash).expanduser() if slash else Path()
    found: list[str] = []
    try:
        with os.scandir(place) as entries:
            for count, entry in enumerate(entries):
                if count >= MOST_ENTRIES:
                    break
                hidden = entry.name.startswith(".") and not start.startswith(".")
                if entry.name.startswith(start) and not hidden and entry.name.isprintable():
                    found.append(entry.name + ("/" if entry.is_dir() else ""))
    except OSError:
        return None
    best = min(found, default="")
    return folder + slash + best if best not in ("", start) else None

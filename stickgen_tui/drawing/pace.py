"""How often a moving figure is drawn: often here, less over a connection, and not while the terminal is behind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from textual.app import App

HERE = 10.0  # pictures a second
OVER_SSH = 5.0
MOST_WAITING = 2  # writes that the terminal has not taken yet, before a picture is left out
PLAYS = 2  # how often a motion is played before it stands still
AGAIN_SECONDS = 30.0  # a live run plays it once more so often
LOOKED_AT_SECONDS = 600.0  # after the last key at the figure, nobody looks any more


def draws_per_second(environment: Mapping[str, str] = os.environ) -> float:
    """Pictures a second; TEXTUAL_FPS is the most."""
    remote = any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))
    rate = OVER_SSH if remote else HERE
    most = environment.get("TEXTUAL_FPS", "")
    return min(rate, float(most)) if most.isascii() and most.isdigit() and int(most) > 0 else rate


def terminal_is_behind(app: App[Any]) -> bool:
    """Whether what was written before still waits for the terminal, as on a slow connection."""
    queue = getattr(getattr(getattr(app, "_driver", None), "_writer_thread", None), "_queue", None)
    return queue is not None and queue.qsize() > MOST_WAITING

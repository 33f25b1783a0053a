"""`notify:` how you hear that a run has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key


@dataclass(frozen=True, eq=False)
class Notify(Section):
    """How you hear that a run has ended."""

    title: ClassVar[str] = "Notifications"

    terminal: str = key(
        "none",
        '"none", "bell", "osc9" or "osc777"',
        "What a terminal that watches the run does at its end, in `stickgen train`, `runs watch` and the app. bell: it "
        "rings; osc9 (iTerm2, Windows Terminal, kitty, WezTerm) and osc777 (foot, Ghostty, VTE): it shows a "
        "notification, also over SSH.",
        choices=("none", "bell", "osc9", "osc777"),
        in_specification=False,
        live=True,
    )
    desktop: bool = key(
        False,
        "A notification of the desktop",
        "Shows one on the machine that trains, by notify-send on Linux and osascript on macOS.",
        in_specification=False,
        live=True,
    )
    webhook: str = key(
        "",
        "Address to post the end to",
        "An http or https address that gets a JSON object at the end of each launch, however the trainer ended: `run`, "
        "`status`, `reason`, `step`, `total_steps`, and `text` and `content` as chat programs show them. Such an address "
        "is often a secret: STICKGEN_WEBHOOK in the environment does the same without a file.",
        in_specification=False,
        secret=True,
        live=True,
    )

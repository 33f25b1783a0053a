"""The themes: Textual's, two of high contrast, and which of them a start begins with."""

from __future__ import annotations

import contextlib
from collections.abc import Container

from textual.theme import Theme

from stickgen.errors import StickgenError
from stickgen_tui.remembered import recall, remember

DARK, LIGHT = "textual-dark", "textual-light"
CONTRAST_DARK, CONTRAST_LIGHT = "contrast-dark", "contrast-light"
_NAME = "theme"
_SHORT = {"dark": DARK, "light": LIGHT}  # what STICKGEN_THEME may say for short

# Pure black and white, and colours that stand at 7 : 1 or more against the background (WCAG AAA).
CONTRAST = (
    Theme(
        CONTRAST_DARK, dark=True, primary="#5cc8ff", secondary="#9be7ff", accent="#ffd75f", warning="#ffd75f",
        error="#ff9d9d", success="#7dff9b", foreground="#ffffff", background="#000000", surface="#0a0a0a",
        panel="#161616", text_alpha=1.0,
    ),
    Theme(
        CONTRAST_LIGHT, dark=False, primary="#00418a", secondary="#004b5c", accent="#6b2f00", warning="#6b3f00",
        error="#8b0000", success="#00501a", foreground="#000000", background="#ffffff", surface="#f5f5f5",
        panel="#e8e8e8", text_alpha=1.0,
    ),
)  # fmt: skip


def first_theme(variable: str, there: Container[str], *, no_color: bool) -> str:
    """The theme to begin with: what STICKGEN_THEME says, or what was chosen last, or dark.

    One that is not there any more, or cannot be drawn here, is passed over.
    """
    chosen = _SHORT.get(variable, variable) or recall(_NAME)
    if isinstance(chosen, str) and chosen in there and refusal(chosen, no_color=no_color) is None:
        return chosen
    return DARK


def refusal(name: str, *, no_color: bool) -> str | None:
    """Why a theme cannot be drawn here; None if it can."""
    if name.startswith("ansi-") and no_color:
        return (
            f"{name} takes its colours from the terminal, and NO_COLOR takes them away: all would be black on black; "
            "choose another theme, or unset NO_COLOR"
        )
    return None


def keep_theme(name: str) -> None:
    """The next start begins with it. A choice that cannot be kept still holds for this one."""
    with contextlib.suppress(StickgenError):
        remember(_NAME, name)


def other_brightness(name: str, *, dark: bool) -> str:
    """The theme of the other brightness that belongs to `name`, which is `dark` now."""
    for pair in ((DARK, LIGHT), (CONTRAST_DARK, CONTRAST_LIGHT), ("ansi-dark", "ansi-light"), ("solarized-dark", "solarized-light")):  # fmt: skip
        if name in pair:
            return pair[1 - pair.index(name)]
    return LIGHT if dark else DARK

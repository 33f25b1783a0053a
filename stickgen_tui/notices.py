"""A short notice in the corner of the app."""

from __future__ import annotations

from typing import Any

from textual.app import App

from stickgen_tui.text import clean


def notice(app: App[Any], message: object, *, error: bool = False) -> None:
    """Show `message`, which may come from anywhere and is never markup."""
    app.notify(
        clean(message, limit=500),
        severity="error" if error else "information",
        timeout=8 if error else 4,
        markup=False,
    )


def ring(app: App[Any], sequence: str) -> None:
    """Write what makes the terminal ring, or show a notification; nothing moves on the screen."""
    driver = app._driver
    if driver is not None and sequence:
        driver.write(sequence)
        driver.flush()

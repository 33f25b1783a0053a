"""Keeping a choice for the next start, away from the screen's thread: the disk may be slow."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.app import App
from textual.dom import DOMNode

from stickgen.errors import StickgenError
from stickgen_tui.notices import notice
from stickgen_tui.remembered import remember


def keep_choice(node: DOMNode, name: str, value: Any) -> None:
    """Remember `value` under `name`, None forgets it; the app says so if it cannot be kept."""
    node.run_worker(partial(_keep, node.app, name, value), thread=True, group="keep", exit_on_error=False)


def _keep(app: App[Any], name: str, value: Any) -> None:
    try:
        remember(name, value)
    except StickgenError as error:
        app.call_from_thread(notice, app, error, error=True)

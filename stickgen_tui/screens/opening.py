"""From a path to the editor: the file is read, a draft that was left behind is offered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.app import App

from stickgen.config.drafts import Draft, find
from stickgen.errors import StickgenError
from stickgen_tui.editing.session import Edit, EditSession
from stickgen_tui.notices import notice
from stickgen_tui.screens.drafts import draft_question, drop
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.unreadable import UnreadableScreen
from stickgen_tui.text import clean

AT_ONCE_BYTES = 30_000  # read within a tenth of a second; more is read in a thread


def open_config(app: App[Any], root: Path | None, path: Path, edits: Sequence[Edit] = ()) -> None:
    """Open the editor on `path`, with `edits` made in it. At once if nothing is to be asked or waited for."""
    draft = find(path)
    if draft is None and _small(path):
        _show(app, root, path, _session(path), edits)
    else:
        app.run_worker(_open(app, root, path, draft, edits), group="open", exclusive=True)


def open_draft(app: App[Any], root: Path | None, draft: Draft) -> None:
    """Open the editor on a draft that a person wants."""
    _show(app, root, draft.path, _taken(draft), ())


async def _open(
    app: App[Any], root: Path | None, path: Path, draft: Draft | None, edits: Sequence[Edit]
) -> None:
    answer = await app.push_screen_wait(draft_question(draft)) if draft is not None else ""
    if draft is not None and answer not in ("t", "d"):
        return
    if draft is not None and answer == "t":
        session = await asyncio.to_thread(_taken, draft)
    else:
        if draft is not None:
            drop(app, draft)
        if not _small(path):
            notice(app, f"reading {path}…")
        session = await asyncio.to_thread(_session, path)
    _show(app, root, path, session, edits)


def _show(
    app: App[Any], root: Path | None, path: Path, session: EditSession | str, edits: Sequence[Edit]
) -> None:
    if isinstance(session, str):
        app.push_screen(UnreadableScreen(path, session))
        return
    try:
        session.apply(edits)
    except StickgenError as error:
        notice(app, error, error=True)
    app.push_screen(EditorScreen(session, path, root))


def _session(path: Path) -> EditSession | str:
    """The session, or why there is none."""
    try:
        return EditSession.open(path)
    except StickgenError as error:
        return clean(error)


def _taken(draft: Draft) -> EditSession | str:
    try:
        return EditSession.take_up(draft)
    except StickgenError as error:
        return clean(error)


def _small(path: Path) -> bool:
    try:
        return path.stat().st_size <= AT_ONCE_BYTES
    except OSError:
        return True

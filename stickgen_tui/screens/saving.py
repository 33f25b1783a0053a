"""Saving what the editor changed, with what there is to ask: a changed file, one that cannot be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import App
from textual.content import Content

from stickgen.config.document import SaveConflictError
from stickgen.errors import StickgenError
from stickgen_tui.editing import EditSession
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.diff_pane import diff_content


async def save(app: App[Any], session: EditSession) -> EditSession | None:
    """Write the file; None when it was not. Call it from a worker.

    Returns the session to go on with, which is another one where the file had changed on disk.
    """
    if not session.dirty:
        notice(app, "nothing to save: the file is as it was")
        return session
    try:
        session.save()
    except SaveConflictError as conflict:
        return await _settle_conflict(app, session, conflict)
    except StickgenError as error:
        notice(app, error, error=True)
        return await _save_copy(app, session)
    notice(app, f"saved {session.document.path}")
    return session


async def _settle_conflict(
    app: App[Any], session: EditSession, conflict: SaveConflictError
) -> EditSession | None:
    assert session.document.path is not None
    body = Content.assemble(
        "Another program changed this file after it was opened here.\n\n", ("What it changed:\n", MUTED)
    )
    body += diff_content(conflict.diff) + Content.styled("\n\nYour changes:\n", MUTED)
    body += changes_content(session)
    answers = [
        ("b", "Back"),
        ("m", "Mine into the new file"),
        ("o", "Overwrite it"),
        ("d", "Drop mine"),
    ]
    answer = await app.push_screen_wait(QuestionScreen("The file changed on disk", body, answers))
    try:
        if answer == "m":
            merged = session.merged_onto_disk()
            merged.save()
            session.drop()
            merged.keep_draft()
            return merged
        if answer == "o":
            session.save(over=True)
            return session
        if answer == "d":
            fresh = EditSession.open(session.document.path)
            session.drop()
            return fresh
        return None
    except StickgenError as error:
        notice(app, error, error=True)
        return None


async def _save_copy(app: App[Any], session: EditSession) -> EditSession | None:
    """The file cannot be written (a shipped config of an installed package): offer a copy in this folder."""
    path = session.document.path
    copy = Path.cwd() / (path.name if path is not None else "config.yaml")
    if copy.exists() or copy == path:
        return None
    question = QuestionScreen(
        "This file cannot be written",
        one_line(f"Save a copy as {copy} and go on there?"),
        [("y", "Save the copy"), ("n", "Back")],
    )
    if await app.push_screen_wait(question) != "y":
        return None
    try:
        session.save(copy)
    except StickgenError as error:
        notice(app, error, error=True)
        return None
    notice(app, f"saved {copy}")
    return session


def changes_content(session: EditSession) -> Content:
    """A line a changed key: `training.batch_size: 16 → 8`."""
    return Content("\n").join(
        one_line(f"{path}: {old} → {new}", limit=100) for path, old, new in session.changes()
    )


def notice(app: App[Any], message: object, *, error: bool = False) -> None:
    """A short notice in the corner."""
    app.notify(
        clean(message, limit=500),
        severity="error" if error else "information",
        timeout=8 if error else 3,
        markup=False,
    )

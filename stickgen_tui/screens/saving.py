"""Saving what the editor changed, with what there is to ask: a changed file, one that cannot be written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.app import App
from textual.content import Content

from stickgen.config.presets import preset_of
from stickgen.errors import StickgenError
from stickgen.yaml_edit import Document, ProtectedError, SaveConflictError, path_text
from stickgen_tui.editing.session import EditSession
from stickgen_tui.editing.values import changed_values
from stickgen_tui.launching.preflight import shown_path
from stickgen_tui.notices import notice
from stickgen_tui.recent import note_opened
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.diff_pane import diff_content


async def save(app: App[Any], session: EditSession, *, quiet: bool = False) -> EditSession | None:
    """Bring the file and the form together; None when they are not. Call it from a worker.

    Returns the session to go on with, which is another one where the file had changed on disk. `quiet` leaves the
    notice away that there is nothing to save.
    """
    if not session.dirty:
        return await _compare(app, session, quiet)
    if session.preset is not None:
        return session if await save_as(app, session) else None
    try:
        lost = session.save()
    except SaveConflictError as conflict:
        return await _settle_conflict(app, session, conflict)
    except ProtectedError as error:
        return await _ask_protected(app, session, error)
    except StickgenError as error:
        notice(app, error, error=True)
        return session if await save_as(app, session) else None
    _say_saved(app, session, lost)
    return session


def _say_saved(app: App[Any], session: EditSession, lost: Sequence[str]) -> None:
    kept = f"; {' and '.join(lost)} could not be kept" if lost else ""
    notice(app, f"saved {session.document.path}{kept}", error=bool(lost))


async def _ask_protected(app: App[Any], session: EditSession, reason: ProtectedError) -> EditSession | None:
    answers = [("b", "Back"), ("c", "Save a copy"), ("w", "Write it all the same")]
    question = QuestionScreen("Protected", Content(clean(reason)), answers)
    answer = await app.push_screen_wait(question)
    if answer == "c":
        return session if await save_as(app, session) else None
    if answer != "w":
        return None
    try:
        lost = session.save(force=True)
    except SaveConflictError as conflict:
        return await _settle_conflict(app, session, conflict)
    except StickgenError as error:
        notice(app, error, error=True)
        return None
    _say_saved(app, session, lost)
    return session


async def _compare(app: App[Any], session: EditSession, quiet: bool) -> EditSession | None:
    """Nothing is to be written: does the file still hold what the form shows?"""
    path = session.document.path
    try:
        state = session.disk_state()
        if state == "same" or path is None:
            if not quiet:
                notice(app, "nothing to save: the file is as it was")
            return session
        if state == "changed":
            fresh = EditSession.open(path)
            session.drop()
            count = len(changed_values(session.document, fresh.document))
            values = {0: "no value differs", 1: "1 value differs"}.get(count, f"{count} values differ")
            notice(app, f"another program changed {path}: read again, {values}")
            return fresh
        title, body = "The file is gone", f"{path} is no longer there."
        answers = [("b", "Back"), ("w", "Write it again")]
    except StickgenError as error:
        title, body = "The file changed on disk", str(error)
        answers = [("b", "Back"), ("w", "Overwrite it with what is shown")]
    if await app.push_screen_wait(QuestionScreen(title, clean(body), answers)) != "w":
        return None
    try:
        session.save(over=True)
    except StickgenError as error:
        notice(app, error, error=True)
        return None
    notice(app, f"saved {path}")
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
            notice(app, _merged_words(session, conflict))
            return merged
        if answer == "o":
            session.save(over=True)
            notice(app, f"saved over what another program had written: {session.document.path}")
            return session
        if answer == "d":
            fresh = EditSession.open(session.document.path)
            session.drop()
            notice(app, f"your changes are dropped; this is {session.document.path} as it is now")
            return fresh
        return None
    except StickgenError as error:
        notice(app, error, error=True)
        return None


async def save_as(app: App[Any], session: EditSession) -> bool:
    """Ask for another name and write there; the session goes on in that file. False if nothing was written.

    A preset is a starting point: its name is never taken, and the one that is offered lies in this folder.
    """
    offered, title = _offered(session), "Save as"
    if session.preset is not None:
        title = f"Save your copy of the preset {session.preset} as"
    while True:
        name = await app.push_screen_wait(NameScreen(title, offered))
        if not name:
            return False
        path = Path(name).expanduser()
        if preset_of(path) is None:
            break
        offered = name
        notice(
            app, f"{path}: this preset comes with stickgen and stays as it is; name another file", error=True
        )
    if session.document.path is not None and path.absolute() == session.document.path.absolute():
        return await save(app, session) is session
    try:
        lost = session.save(path)
    except (SaveConflictError, ProtectedError) as reason:
        answers = [("b", "Back"), ("w", "Write over it")]
        question = QuestionScreen("There is such a file already", Content(clean(reason)), answers)
        if await app.push_screen_wait(question) != "w":
            return False
        try:
            lost = session.save(path, over=True, force=True)
        except StickgenError as error:
            notice(app, error, error=True)
            return False
    except StickgenError as error:
        notice(app, error, error=True)
        return False
    note_opened(path)
    _say_saved(app, session, lost)
    return True


def _offered(session: EditSession) -> str:
    """The name to begin with: the file's own, or for one that cannot be written a free one in this folder."""
    path = session.document.path or Path("my.yaml")
    if session.preset is None and os.access(path, os.W_OK):
        return shown_path(path)
    names = (f"{path.stem}{f'-{number}' if number > 1 else ''}.yaml" for number in range(1, 1000))
    return next((name for name in names if not Path(name).exists()), path.name)


def _merged_words(session: EditSession, conflict: SaveConflictError) -> str:
    """What a merge did, with the keys that both had changed."""
    mine = {path for path, _, _ in changed_values(session.saved, session.document)}
    theirs = changed_values(session.saved, Document.parse(conflict.on_disk, session.document.name))
    both = [path_text(path) for path, _, _ in theirs if path in mine]
    one = len(mine) == 1
    words = "your change is in the new file" if one else f"your {len(mine)} changes are in the new file"
    if both:
        words += f"; the other program had changed {', '.join(both)} too, and yours stands"
    return f"{words}; ctrl+z takes {'it' if one else 'them'} back{'' if one else ' one by one'}"


def changes_content(session: EditSession) -> Content:
    """A line a changed key: `training.batch_size: 16 → 8`."""
    return Content("\n").join(
        one_line(f"{path}: {old} → {new}", limit=100) for path, old, new in session.changes()
    )

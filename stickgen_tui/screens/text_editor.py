"""The text itself, in the editor that a person has chosen: what the form refuses can be written there."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported
from textual.content import Content

from stickgen.errors import StickgenError
from stickgen_tui.editing.session import EditSession
from stickgen_tui.notices import notice
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.text import clean

_TAKE_A_LINE = {
    "vi",
    "vim",
    "nvim",
    "nano",
    "emacs",
    "emacsclient",
    "micro",
    "joe",
    "kak",
    "ne",
    "sensible-editor",
}
_USUAL = ("sensible-editor", "nano", "vim", "vi")


async def edit_text(app: App[Any], session: EditSession, line: int) -> bool:
    """Open the text as it stands in $EDITOR and take what comes back as one step of undo. Call it from a worker.

    A text that is no config is asked about and can be edited again. False if nothing changed. The file itself is
    not written: that is what a save is for.
    """
    name = session.document.path.name if session.document.path is not None else "config.yaml"
    with tempfile.TemporaryDirectory(prefix="stickgen-") as folder:
        path = Path(folder) / name
        path.write_bytes(session.document.data)
        while True:
            try:
                await _run(app, editor_command(path, line))
                text = path.read_bytes().decode("utf-8")
                if text == session.document.text:
                    return False
                session.replace(text)
                return True
            except UnicodeDecodeError:
                reason = "it is not UTF-8"
            except StickgenError as error:
                reason = str(error).replace(f"{path}:", f"{name}:")
            except (
                OSError,
                ValueError,
                SuspendNotSupported,
            ) as error:  # ValueError: a quote left open in $EDITOR
                notice(app, no_editor(error), error=True)
                return False
            answers = [("a", "Edit it again"), ("d", "Drop the text")]
            question = QuestionScreen("This is no config", Content(clean(reason)), answers)
            if await app.push_screen_wait(question) != "a":
                return False


async def edit_file(app: App[Any], path: Path, line: int) -> bool:
    """Open a file that is no config in $EDITOR, the file itself; False, and a notice, where that cannot be done."""
    if not path.is_file():
        notice(app, f"{path}: there is no file to edit", error=True)
        return False
    try:
        await _run(app, editor_command(path.absolute(), line))
    except (OSError, ValueError, SuspendNotSupported) as error:
        notice(app, no_editor(error), error=True)
        return False
    return True


def no_editor(error: Exception) -> str:
    """Why no editor was opened, in a sentence."""
    if isinstance(error, SuspendNotSupported):
        return "there is no terminal for $EDITOR here; edit the file in a terminal"
    return f"no editor could be opened ({error}); set $EDITOR"


def editor_command(path: Path, line: int) -> list[str]:
    """What opens `path`, at `line` where the editor is known to take one. Raises OSError if there is none."""
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    words = words or [found for name in _USUAL if (found := shutil.which(name))][:1]
    if not words:
        raise FileNotFoundError("none is installed")
    at = [f"+{line}"] if Path(words[0]).name in _TAKE_A_LINE else []
    return [*words, *at, str(path)]


async def _run(app: App[Any], command: list[str]) -> None:
    with app.batch_update(), app.suspend():  # nothing is drawn over the editor meanwhile
        process = await asyncio.create_subprocess_exec(*command)
        await process.wait()

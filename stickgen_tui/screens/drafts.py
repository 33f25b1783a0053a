"""Edits that a killed terminal left behind: take them up, or drop them, with what they change in sight."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from textual.app import App
from textual.content import Content

from stickgen.config.drafts import Draft
from stickgen.errors import StickgenError
from stickgen.quantities import age_text
from stickgen.yaml_edit import text_diff
from stickgen_tui.launching.preflight import shown_path
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.diff_pane import diff_content

MOST_LINES = 200


async def offer_drafts(app: App[Any], drafts: Sequence[Draft]) -> None:
    """Ask for each what is to become of it, until one is taken up. Call it from a worker."""
    for draft in drafts:
        answer = await app.push_screen_wait(draft_question(draft))
        if answer == "t":
            opens(app).open_draft(draft)
            return
        if answer == "d":
            drop(app, draft)


def drop(app: App[Any], draft: Draft) -> None:
    """Remove a draft that is not wanted, with a notice where that is not possible."""
    try:
        draft.discard()
    except StickgenError as error:
        notice(app, error, error=True)


def draft_question(draft: Draft) -> QuestionScreen:
    """Asks what is to become of a draft: `t` take it up, `d` drop it, anything else: later."""
    age = age_text(time.time() - draft.changed)
    count = f"{draft.edits} edit{'s' if draft.edits != 1 else ''}"
    body = one_line(shown_path(draft.path), "bold") + Content.styled(f"  {count}, {age}\n", MUTED)
    if draft.file_changed:
        body += Content.styled("! the file has changed since; saving will show how\n", "$text-warning")
    body += Content("\n") + diff_content(text_diff(draft.base, draft.data)[:MOST_LINES])
    title = f"Edits of {clean(draft.path.name, single_line=True, limit=40)} that were not saved"
    return QuestionScreen(title, body, [("t", "Take them up"), ("l", "Later"), ("d", "Drop them")])

"""Edits that a killed terminal left behind: take them up, or drop them, with what they change in sight."""

from __future__ import annotations

import difflib
import time

from textual.content import Content

from stickgen.config.drafts import Draft
from stickgen_tui.launching import shown_path
from stickgen_tui.quantities import age_text
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.diff_pane import diff_content

MOST_LINES = 200


def draft_question(draft: Draft) -> QuestionScreen:
    """Asks what is to become of a draft: `t` take it up, `d` drop it, anything else: later."""
    age = age_text(time.time() - draft.changed)
    count = f"{draft.edits} edit{'s' if draft.edits != 1 else ''}"
    body = one_line(shown_path(draft.path), "bold") + Content.styled(f"  {count}, {age}\n", MUTED)
    if draft.file_changed:
        body += Content.styled("! the file has changed since; saving will show how\n", "$text-warning")
    lines = difflib.unified_diff(_lines(draft.base), _lines(draft.data), n=1, lineterm="")
    body += Content("\n") + diff_content(list(lines)[2:][:MOST_LINES])
    title = f"Edits of {clean(draft.path.name, single_line=True, limit=40)} that were not saved"
    return QuestionScreen(title, body, [("t", "Take them up"), ("l", "Later"), ("d", "Drop them")])


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", errors="replace").splitlines()

"""A file that cannot be edited as a form: why, where, and the text as it is. Only $EDITOR writes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen

from stickgen_tui.launching.preflight import shown_path
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.screens.text_editor import edit_file
from stickgen_tui.text import clean, foreign
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.yaml_view import YamlView

MOST_BYTES = 100_000


class UnreadableScreen(Screen[None]):
    """Shows the reason and, marked, the line that it is about."""

    HELP_TITLE = "Read-only"
    HELP = (
        "This file cannot be read as a config, so it is shown as it is. E opens it in $EDITOR, at the line that is "
        "marked; r reads it again after it was fixed elsewhere.\n"
    )
    AUTO_FOCUS = "#raw"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("E", "text", "$EDITOR", tooltip="Fix the text in $EDITOR, then read it again"),
        Binding("r", "again", "Read again", tooltip="Read the file again, after it was fixed elsewhere"),
        Binding("f5", "refuse", "Launch", show=False),
        Binding("escape", "leave", "Back", tooltip="Back"),
    ]

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__()
        self._path, self._reason = path, reason

    def compose(self) -> ComposeResult:
        yield Line(id="editor-title", classes="title-line")
        yield Line(foreign(f"✗ {self._reason}", "$text-error"), id="refusal")
        yield YamlView(id="raw")
        yield KeyBar()

    def on_mount(self) -> None:
        path = clean(shown_path(self._path), single_line=True)
        words = Content.assemble(
            ("Editor ", "bold $primary"), (path, "bold"), ("  read-only: it cannot be read as a config", "$text-error")
        )  # fmt: skip
        self.query_one("#editor-title", Line).show(words)
        view = self.query_one(YamlView)
        view.show(first_part(self._path))
        line = line_of(self._reason)
        self.call_after_refresh(view.point_at, line, "$error 25%")

    def action_again(self) -> None:
        app = opens(self.app)
        self.dismiss(None)
        app.open_editor(self._path)

    def action_text(self) -> None:
        self._edit()

    @work(group="edit", exclusive=True)
    async def _edit(self) -> None:
        if await edit_file(self.app, self._path, line_of(self._reason) or 1):
            self.action_again()

    def action_refuse(self) -> None:
        notice(self.app, self._reason, error=True)

    def action_leave(self) -> None:
        self.dismiss(None)


def first_part(path: Path) -> str:
    """The beginning of a file, whatever it is; "" if it is no file that can be read."""
    try:
        if not path.is_file():  # a FIFO would keep us waiting
            return ""
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""


def line_of(reason: str) -> int | None:
    """The line that `file:line:column: …` names."""
    found = re.search(r":(\d+):(\d+):", reason)
    return int(found.group(1)) if found else None

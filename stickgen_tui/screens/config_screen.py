"""A screen that holds a config under edit: it saves, launches and leaves it, and asks where something could be lost."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.content import Content
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from stickgen_tui.editing.session import Edit, EditSession
from stickgen_tui.notices import notice
from stickgen_tui.screens.launch import copy_command, launch_config
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.screens.saving import changes_content, save, save_as

if TYPE_CHECKING:
    from stickgen_tui.widgets.field import Field
    from stickgen_tui.widgets.forecast_line import ForecastLine


def taking_the_box(action: Callable[..., None]) -> Callable[..., None]:
    """An action that an open text box is taken for first; one that is refused keeps the focus instead."""

    @functools.wraps(action)
    def taken_first(screen: ConfigScreen, *arguments: object) -> None:
        if screen._settle():
            action(screen, *arguments)
        elif (field := screen.open_field) is not None:
            notice(screen.app, f"{field.key.name}: {field.error}", error=True)

    return taken_first


class ConfigScreen(Screen[None]):
    """What is done to the config as a whole. How its values are shown and changed is for the screen that builds on it."""

    focused: Reactive[Widget | None] = Reactive(
        None, repaint=False
    )  # what gets and loses it is drawn, not all else

    def __init__(self, session: EditSession, path: Path, root: Path | None = None) -> None:
        super().__init__()
        self._session, self._path, self._root = session, path, root
        self._quitting = False  # whether the question before a quit is open

    def action_copy_command(self) -> None:
        """The command that launches the file, which is not what is on screen while changes are not saved."""
        copy_command(self.app, self._path, self._root)
        if self._session.changes():
            notice(self.app, "the changes on this screen are not saved; the command launches the file")

    @abstractmethod
    def _settle(self) -> bool:
        """Take what stands in an open text box; False if it is refused."""

    @abstractmethod
    def _refresh_all(self, *, saved: bool = False) -> None:
        """Show the session as it is now."""

    @abstractmethod
    def _apply(self, edits: Sequence[Edit]) -> bool:
        """Make these edits as one step; False, and a notice, where they are refused."""

    @property
    @abstractmethod
    def open_field(self) -> Field | None:
        """The row whose text box is open."""

    @property
    @abstractmethod
    def _forecast(self) -> ForecastLine:
        """What the config would cost."""

    @taking_the_box
    def action_save(self) -> None:
        self._save()

    @work(group="save")
    async def _save(self) -> None:
        await self._saved()

    async def _saved(self, *, quiet: bool = False) -> bool:
        """Save, with what there is to ask; False when the file does not hold what the form shows."""
        saved = await save(self.app, self._session, quiet=quiet)
        if saved is None:
            return False
        if self._session.site is not None and self._forecast.around is not None:
            saved.take_site(self._session.site, self._forecast.around.dataset)
        self._session = saved
        self._path = saved.document.path or self._path
        self._refresh_all(saved=True)
        return True

    @taking_the_box
    def action_launch(self) -> None:
        self._launch()

    @work(group="launch", exclusive=True)
    async def _launch(self) -> None:
        session = self._session
        if session.errors:
            problem = session.errors[0]
            fix = "; f fixes it" if problem.fixable else ""
            notice(self.app, f"not launched: {problem.path}: {problem.message}{fix}", error=True)
            return
        if session.dirty:
            answers = [("y", "Save and launch"), ("n", "Back")]
            question = QuestionScreen("Save before the launch?", changes_content(session), answers)
            if await self.app.push_screen_wait(question) != "y" or not await self._saved():
                return
        elif not await self._saved(quiet=True):
            return
        if self._session is not session:
            notice(self.app, "the form shows another file now: look at it, then F5 launches")
            return
        edits = await launch_config(self, session.config(), self._root)
        if edits and self._apply(edits):
            notice(self.app, "fixed: look at it, then F5 launches")

    def may_quit(self) -> bool:
        """Whether the app may be left at once; else it is asked what is to become of the edits.

        To quit a second time answers that: the next start offers them.
        """
        taken = self._settle()
        if self._quitting or (taken and not self._session.dirty):
            return True
        self._ask_quit("" if taken else "What stands in the open box is not allowed, and is not kept.\n\n")
        return False

    @work(group="quit", exclusive=True)
    async def _ask_quit(self, note: str) -> None:
        answers = [
            ("b", "Back"),
            ("k", "Quit; the next start offers the edits"),
            ("s", "Save and quit"),
            ("d", "Drop the changes and quit"),
        ]
        body = Content(note) + changes_content(self._session)
        self._quitting = True
        try:
            answer = await self.app.push_screen_wait(QuestionScreen("Quit without saving?", body, answers))
        finally:
            self._quitting = False
        if answer == "s" and not await self._saved():
            return
        if answer == "d":
            self._session.drop()
        if answer in ("k", "s", "d"):
            self.app.exit()

    @taking_the_box
    def action_save_as(self) -> None:
        self._save_as()

    @work(group="save")
    async def _save_as(self) -> None:
        if await save_as(self.app, self._session):
            self._path = self._session.document.path or self._path
            self._refresh_all(saved=True)

    @work(group="leave", exclusive=True)
    async def _leave(self) -> None:
        if self._session.dirty:
            answers = [("b", "Back"), ("s", "Save and leave"), ("d", "Drop the changes")]
            question = QuestionScreen("Leave without saving?", changes_content(self._session), answers)
            answer = await self.app.push_screen_wait(question)
            if answer not in ("s", "d") or (answer == "s" and not await self._saved()):
                return
        self._session.drop()
        self.dismiss(None)

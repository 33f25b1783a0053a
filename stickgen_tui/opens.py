"""What a screen asks of the app: to open another one. Screens know this protocol and never import the app.

A call, not a message: keys that a fast hand has typed ahead belong to the screen that opens, and a message would come
after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from textual.app import App

    from stickgen.catalogue.entry import Entry
    from stickgen.config.drafts import Draft
    from stickgen.runs.store import Run
    from stickgen_tui.editing.session import Edit


class Opens(Protocol):
    """The app, as screens see it."""

    def open_editor(self, path: Path, edits: Sequence[Edit] = ()) -> None:
        """Edit a config file, with `edits` made in it."""

    def open_draft(self, draft: Draft) -> None:
        """Edit a config, going on from edits that an editor left behind."""

    def open_file(self) -> object:
        """Ask for a config, and edit it."""

    def launched(self, config: Path) -> None:
        """A run of this config was launched: it is what Home offers from now on."""

    def open_data(self) -> None:
        """Make, import and look at datasets."""

    def open_queue(self) -> None:
        """The trainings that start one after another."""

    def open_monitor(self, run: Run, *, above: bool = False) -> None:
        """Watch a run, on top of the home screen, whatever is open now; or `above` what is open, to come back to."""

    def open_runs(self, known: Sequence[Entry] = ()) -> None:
        """All runs; `known` are shown until they are found."""


def opens(app: App[Any]) -> Opens:
    """The app that a screen belongs to."""
    return cast(Opens, app)

"""The runs of the folder, looked at again and again at a cost that does not grow with their number.

The first look is at all of them, in pieces, so that the newest are on screen at once. After that a look goes its rounds:
of a run that has ended, whose files did not change, it is a few stats, and not at every look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from stickgen.catalogue.catalogue import Catalogue
from stickgen.catalogue.entry import Entry
from stickgen.catalogue.settled import AT_REST
from stickgen.runs.store import Run
from stickgen_tui.following.rounds import Rounds

_PIECE = 50  # runs looked at before they are shown, the first time


class RunLooker:
    """Entries of all runs, the newest first. Used by one worker at a time."""

    def __init__(self, root: Path | None) -> None:
        self.catalogue = Catalogue(root)
        self.entries: list[Entry] = []
        self._rounds = Rounds(self.catalogue.root, self.catalogue.runs)
        self._known: dict[Path, Entry] = {}

    def look(self, shown: Collection[Path] = ()) -> Iterator[list[Entry]]:
        """What is known after each piece of the look; the last one is all of it. `shown` are the runs on screen.

        A look that found the same as the one before yields the very same list. Raises StickgenError if the folder cannot
        be read.
        """
        changed = self._rounds.list_again()
        if changed:
            self.catalogue.forget_others(self._rounds.runs)
        on_screen = [entry.run for path in shown if (entry := self._known.get(path)) is not None]
        new = 0
        for run in self._rounds.due(on_screen):
            known = self._known.get(run.path)
            changed |= self._look_at(run) != known
            new += known is None
            if known is None and new % _PIECE == 0:
                yield self._arranged()
        self.catalogue.settle()
        yield self._arranged() if changed else self.entries

    def look_at(self, run: Run) -> None:
        """Look at one run now, because something was done to it."""
        self._look_at(run)
        self._arranged()

    def _look_at(self, run: Run) -> Entry:
        def at_rest() -> bool:
            entry = self.catalogue.entry(run)
            self._known[run.path] = entry
            return entry.state.status in AT_REST

        self._rounds.look_at(run, at_rest)
        return self._known[run.path]

    def _arranged(self) -> list[Entry]:
        self.entries = [self._known[run.path] for run in self._rounds.runs if run.path in self._known]
        return self.entries

"""`stickgen-tui --plain`: what Home and the monitor show, in sentences, a line each, and a line only for what is new.

It moves no cursor and uses no colour, so that a screen reader, a log or a terminal that only prints can follow.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from stickgen.runs.in_words import Narrator
from stickgen.runs.store import Run, list_runs
from stickgen.text import clean

LOOK_SECONDS = 2.0
MOST_AT_FIRST = 10  # runs that are told of when it begins


class PlainStatus:
    """Every run of a folder, or one run, told as they change."""

    def __init__(self, root: Path, run: Run | None = None) -> None:
        self._root, self._only = root, run
        self._narrators: dict[Path, Narrator] = {}
        self._begun = False
        if run is not None:
            self._narrators[run.path] = Narrator(run)

    @property
    def over(self) -> bool:
        """Whether nothing more is to come: the one run has ended."""
        return self._only is not None and self._narrators[self._only.path].ended

    def news(self) -> Iterator[str]:
        """The sentences of one look."""
        if self._only is None:
            yield from self._new_runs()
        for path, narrator in self._narrators.items():
            if self._only is not None or not narrator.ended or _is_going(path):
                yield from narrator.news()

    def _new_runs(self) -> Iterator[str]:
        runs = list_runs(self._root)
        there = {run.path for run in runs}
        for path in self._narrators.keys() - there:
            del self._narrators[path]
            yield f"{clean(path.name, single_line=True)}: It was removed."
        for run in reversed(runs):  # the newest is told last, where it is read first
            if run.path not in self._narrators:
                self._narrators[run.path] = Narrator(run, run.name)
        if not self._begun:
            self._begun = True
            yield _how_many(len(runs), self._root)
            for run in runs[MOST_AT_FIRST:]:
                if not run.state().alive:
                    self._narrators[run.path].pass_over()


def _how_many(count: int, root: Path) -> str:
    where = clean(root, single_line=True)
    if not count:
        return f"There are no runs in {where}. Start one with: stickgen train."
    told = f" The newest {MOST_AT_FIRST} and those that are going follow." if count > MOST_AT_FIRST else ""
    return f"{count} {'run' if count == 1 else 'runs'} in {where}.{told}"


def _is_going(path: Path) -> bool:
    return Run(path).state().alive


def follow_in_words(root: Path, run: Run | None) -> int:
    """Print until Ctrl-C, or until the one run has ended. Returns the exit code."""
    status = PlainStatus(root, run)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        while True:
            for sentence in status.news():
                print(sentence, flush=True)
            if status.over:
                return 0
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        sys.stdout = None  # or Python complains of it at the end
        return 0

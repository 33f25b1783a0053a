"""The curves of several runs, read side by side."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from stickgen.curves.cache import place_of
from stickgen.curves.history import History
from stickgen.curves.series import Series
from stickgen.run_contract import RecordKind, higher_is_better
from stickgen.runs.store import Run
from stickgen_tui.following.metric_names import curve_names, title_of

_VAL = f"{RecordKind.VAL}."
_READ_SECONDS = 0.25  # of one run, before what is there is drawn


class Overlay:
    """Reads the logs of runs; `series` gives one curve of all of them. Hold `lock` while drawing."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = list(runs)
        self.lock = threading.Lock()
        self._closed = threading.Event()
        self._histories = [
            History(run.metrics_path, self.lock, place_of(run.metrics_path), run.curves_path)
            for run in self.runs
        ]

    @property
    def behind(self) -> bool:
        """Whether there is more to read."""
        return any(history.behind for history in self._histories)

    def read(self) -> bool:
        """Read what is new of each run, for a moment; whether there was anything."""
        found = [history.read(_READ_SECONDS, self._closed) for history in self._histories]
        return any(found)

    def close(self) -> None:
        """Read nothing more."""
        self._closed.set()

    def names(self) -> list[str]:
        """The curves that any of the runs has: validation before training, the known ones first."""
        found: dict[str, None] = {}
        for prefix, part in ((_VAL, "validation"), ("", "train")):
            for history in self._histories:
                own = getattr(history.curves, part)
                for name in curve_names(own, {}):
                    bare = name.startswith(RecordKind.QUALITY)
                    found[name if bare else prefix + name] = None
        return list(found)

    def series(self, name: str) -> list[Series | None]:
        """This curve of each run; None of one that has no such curve."""
        field = name.removeprefix(_VAL)
        validation = name.startswith((_VAL, RecordKind.QUALITY))
        parts = [
            history.curves.validation if validation else history.curves.train for history in self._histories
        ]
        return [part.get(field) for part in parts]


def overlay_title(name: str) -> str:
    """What an overlay of this curve is called."""
    words = title_of(name.removeprefix(_VAL))
    return f"validation {words}" if name.startswith(_VAL) else words


def better_is(name: str) -> str:
    """In a word, which end of the axis is the good one."""
    return "higher is better" if higher_is_better(name.removeprefix(_VAL)) else "lower is better"

"""What a row shows of a run. It is on the first screen, so that it loads nothing of the engine's."""

from __future__ import annotations

import time
from dataclasses import dataclass

from stickgen.quantities import age_text, resting_age_text
from stickgen_tui.drawing.states import look_of


@dataclass(frozen=True)
class RunSummary:
    """A row: `loss` is of the newest train record, `changed` the unix time of the newest sign of life."""

    name: str
    status: str
    step: int | None
    total_steps: int | None
    loss: float | None
    changed: float | None

    @property
    def alive(self) -> bool:
        return look_of(self.status).alive


def age_of(summary: RunSummary) -> str:
    """How long ago its newest sign of life was; of a run that does not go told so that it changes each minute at most."""
    seconds = seconds_since(summary.changed)
    return age_text(seconds) if summary.alive else resting_age_text(seconds)


def seconds_since(moment: float | None) -> float | None:
    """Age of a unix time in seconds, None of None."""
    return None if moment is None else max(time.time() - moment, 0.0)

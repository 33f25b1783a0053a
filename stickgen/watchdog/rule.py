"""What a rule is: it is shown every record of a run, oldest first, and says what it finds."""

from __future__ import annotations

from typing import Protocol

from stickgen.config.settings import Settings
from stickgen.watchdog.finding import Finding, Record


class Rule(Protocol):
    """A rule looks at records as the metrics log holds them, and passes over those without its fields.

    So it can run inside the trainer, where each step is a record, and over the log of a run that is gone.
    """

    name: str  # its key under `watchdog`

    def look_at(self, record: Record) -> Finding | None:
        """Take note of a record. A finding when something is newly wrong; None while it is not, or is known."""
        ...

    def take(self, config: Settings) -> None:
        """Go by the keys of another config from now on."""
        ...

    def forget(self) -> None:
        """The run went back to an earlier checkpoint: what was seen since then never happened."""
        ...

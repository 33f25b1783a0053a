"""Steps whose loss or gradient is not finite. They move no weight, so a single one is only an odd batch."""

from __future__ import annotations

from stickgen.config.settings import Settings
from stickgen.quantities import counted
from stickgen.run_contract import Field, RecordKind
from stickgen.watchdog.finding import Finding, Record, number


class NonFinite:
    """Counts such steps in a row."""

    name = "non_finite"

    def __init__(self, config: Settings) -> None:
        self.take(config)
        self.in_a_row = 0

    def take(self, config: Settings) -> None:
        """Go by the keys of another config from now on."""
        self.limit = config.watchdog.non_finite_steps
        self.rate = config.training.learning_rate

    def look_at(self, record: Record) -> Finding | None:
        """A finding at every `limit` steps in a row."""
        if record.get(Field.KIND) != RecordKind.TRAIN or Field.LOSS not in record:
            return None
        if is_finite(record):
            self.in_a_row = 0
            return None
        self.in_a_row += 1
        if self.in_a_row % self.limit:
            return None
        return Finding(
            self.name,
            f"{counted(self.in_a_row, 'step')} in a row without a finite loss and gradient",
            (("training.learning_rate", halved(self.rate)),),
        )

    def forget(self) -> None:
        """The bad steps were undone."""
        self.in_a_row = 0


def is_finite(record: Record) -> bool:
    """Whether loss and gradient of a step were finite. The log writes null for what was not."""
    fields = (Field.LOSS, Field.GRAD_NORM) if Field.GRAD_NORM in record else (Field.LOSS,)
    return all(number(record, field) is not None for field in fields)


def halved(rate: float) -> float:
    """Half of a learning rate, in three figures."""
    return float(f"{rate / 2:.3g}")

"""A figure that no longer improves: what ends a run early, and what a plateau is."""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean

from stickgen.config.keys.watchdog import smaller_is_better
from stickgen.config.settings import Settings
from stickgen.quantities import counted, number_text
from stickgen.run_contract import Field, RecordKind
from stickgen.watchdog.finding import Finding, Record, number

SMOOTHED = 5  # validations whose mean a plateau is judged by
LEAST_GAIN = 0.002  # as a share: less is no improvement of a plateau
WORTH_TELLING = 0.2  # share of the run that must still be to come for a plateau to be news


class EarlyStop:
    """Whether `watchdog.early_stop_figure` has not improved for `early_stop_patience` measurements."""

    name = "early_stop"

    def __init__(self, config: Settings) -> None:
        self.config = config
        self._take()
        self.forget()

    def _take(self) -> None:
        keys = self.config.watchdog
        self.figure, self.patience, self.min_delta = (
            keys.early_stop_figure,
            keys.early_stop_patience,
            keys.early_stop_min_delta,
        )
        self.sign = 1.0 if smaller_is_better(self.figure) else -1.0

    def take(self, config: Settings) -> None:
        """Go by the keys of another config from now on. Another figure, or a loss of other weights, begins anew."""
        before, self.config = self.config, config
        self._take()
        if self.figure != before.watchdog.early_stop_figure or config.loss_weights != before.loss_weights:
            self.forget()

    def forget(self) -> None:
        """Wait anew."""
        self.best, self.best_step, self.waited = math.inf, 0, 0

    def look_at(self, record: Record) -> Finding | None:
        """A finding when the patience ends, and at each measurement without an improvement after that."""
        if record.get(Field.KIND) not in {RecordKind.VAL, RecordKind.QUALITY} or self.figure not in record:
            return None
        value = number(record, self.figure)
        signed = math.inf if value is None else self.sign * value
        if signed < self.best - self.min_delta or (self.best == math.inf and signed < math.inf):
            self.best, self.best_step, self.waited = signed, int(number(record, Field.STEP) or 0), 0
            return None
        self.waited += 1
        if self.waited < self.patience:
            return None
        at = f" (best {number_text(self.sign * self.best)} at step {self.best_step:,})"
        least = f" by more than {self.min_delta:g}" if self.min_delta else ""
        return Finding(
            self.name,
            f"{self.figure} has not improved{least} for {counted(self.waited, 'measurement')}"
            + (at if self.best < math.inf else ""),
        )


class Plateau:
    """Whether the validation loss, smoothed, has stood still while much of the run is still to come."""

    name = "plateau"

    def __init__(self, config: Settings) -> None:
        self.config = config
        self._take()
        self.forget()

    def _take(self) -> None:
        self.patience = self.config.watchdog.plateau_patience
        self.epochs = self.config.training.epochs
        self.warmup_epochs = self.config.training.warmup_epochs
        self.rate = self.config.training.learning_rate

    def take(self, config: Settings) -> None:
        """Go by the keys of another config from now on. A loss of other weights begins anew."""
        before, self.config = self.config, config
        self._take()
        if config.loss_weights != before.loss_weights:
            self.forget()

    def forget(self) -> None:
        """Wait anew."""
        self._recent: deque[float] = deque(maxlen=SMOOTHED)
        self._best, self._waited, self._told = math.inf, 0, False

    def look_at(self, record: Record) -> Finding | None:
        """A finding once, until the loss improves again."""
        loss, epoch = number(record, Field.LOSS), number(record, Field.EPOCH)
        if record.get(Field.KIND) != RecordKind.VAL or loss is None:
            return None
        if epoch is not None and epoch < self.warmup_epochs:
            return None
        self._recent.append(loss)
        if len(self._recent) < SMOOTHED:
            return None
        smoothed = fmean(self._recent)
        if smoothed < self._best * (1 - LEAST_GAIN):
            self._best, self._waited, self._told = smoothed, 0, False
            return None
        self._waited += 1
        left = 1.0 if epoch is None else 1 - epoch / self.epochs
        if self._waited < self.patience or self._told or left < WORTH_TELLING:
            return None
        self._told = True
        return Finding(
            self.name,
            f"the validation loss has not improved for {counted(self._waited, 'validation')} "
            f"({number_text(smoothed)} on average now, {number_text(self._best)} at best); a lower learning rate may "
            "help, or it has learned what it can",
            (("training.learning_rate", float(f"{self.rate / 2:.3g}")),),
        )

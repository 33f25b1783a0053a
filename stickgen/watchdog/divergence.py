"""A model that gets worse instead of better: the loss explodes, or it predicts worse than the mean pose.

A run of days is ended by this rule, so each way to be certain asks for several things at once that no healthy run
has together, and for a long time: a spike, a warm-up, a restart of the learning rate, or fine-tuning that begins
on strange data must pass. What only looks wrong is an alert.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean, median

from stickgen.config.settings import Settings
from stickgen.quantities import number_text
from stickgen.run_contract import Field, RecordKind
from stickgen.watchdog.finding import Finding, Record, number

FIRST = 20  # steps whose median is the loss that a run began with, if its very first step was not lower
LAST = 5  # steps whose median is the loss now, to decide whether the weights may be saved
WINDOW = 50  # steps whose median is the loss now, to decide whether the run is lost
EXPLODED = 10.0  # times the loss that the run began with
WORSE = 3.0  # times the mean pose's loss on validation, and the run's first loss in training
VALIDATIONS = 3  # so many in a row must be that bad
WILD_NORM = 1e4  # times the gradient norm that the run began with
ABOVE = 8  # validations in a row above the mean pose, and not falling, that are worth an alert
FALLING = 0.98  # of the older half of them: a newer half below that is on its way
TINY = 1e-6


class Divergence:
    """Compares a run with its own beginning and with the mean pose."""

    name = "divergence"

    def __init__(self, config: Settings, first: float | None = None) -> None:
        """`first` is the loss that the run began with, where an earlier launch noted it."""
        self.take(config)
        self.first = first
        self._beginning: list[float] = []
        self._norms: list[float] = []  # the first ones
        self._known: set[bool] = set()  # what was found before: the suspicion (False), the certainty (True)
        self._forget_now()

    def take(self, config: Settings) -> None:
        """Go by the keys of another config from now on."""
        self.rate = config.training.learning_rate
        self.warmup_epochs = config.training.warmup_epochs

    def _forget_now(self) -> None:
        self._losses: deque[float] = deque(maxlen=WINDOW)
        self._last_norms: deque[float] = deque(maxlen=WINDOW)
        self._far_off = 0  # steps in a row after which the loss had exploded
        self._ratios: deque[float] = deque(maxlen=max(VALIDATIONS, ABOVE))  # validation loss : mean pose

    def look_at(self, record: Record) -> Finding | None:
        """A finding once for the suspicion, and once for the certainty."""
        match record.get(Field.KIND):
            case RecordKind.TRAIN:
                self._step(record)
                return self._told(self._exploded() or self._wild())
            case RecordKind.VAL:
                return self._told(self._validated(record))
        return None

    def forget(self) -> None:
        """The run began again from weights that were good; how it began at first still holds."""
        self._known.clear()
        self._forget_now()

    @property
    def unfit(self) -> str:
        """A sentence if the loss of the last steps is so far off that the weights are worth no checkpoint."""
        if self.first is None or len(self._losses) < LAST:
            return ""
        now = median(list(self._losses)[-LAST:])
        return self._sentence(now) if self._is_exploded(now) else ""

    def _told(self, finding: Finding | None) -> Finding | None:
        if finding is None or finding.certain in self._known or True in self._known:
            return None
        self._known.add(finding.certain)
        return finding

    def _step(self, record: Record) -> None:
        loss = number(record, Field.LOSS_POSE)  # its weight is always 1, whatever else is weighed anew
        loss = number(record, Field.LOSS) if loss is None else loss
        if loss is None:
            return
        self._losses.append(loss)
        if self.first is None:
            self._beginning.append(loss)
            if len(self._beginning) == FIRST:
                # with a rate far too high, 20 steps are enough to explode: then the first one counts
                self.first = min(self._beginning[0], median(self._beginning))
        norm = number(record, Field.GRAD_NORM)
        if norm is not None:
            self._last_norms.append(norm)
            if len(self._norms) < FIRST:
                self._norms.append(norm)
        self._far_off = self._far_off + 1 if self.unfit else 0

    def _is_exploded(self, loss: float) -> bool:
        return self.first is not None and loss > EXPLODED * max(self.first, TINY)

    def _sentence(self, now: float) -> str:
        return f"the loss has diverged ({now:.3g} now, {self.first:.3g} at the beginning)"

    def _exploded(self) -> Finding | None:
        """So many steps in a row that their loss is far above the beginning."""
        if self._far_off < WINDOW or not self._is_exploded(now := median(self._losses)):
            return None
        return self._found(self._sentence(now))

    def _wild(self) -> Finding | None:
        """Gradients of another order of magnitude, in a model that is no better than at its beginning."""
        if self.first is None or len(self._last_norms) < WINDOW or not self._ratios or self._ratios[-1] <= 1:
            return None
        norm, began = median(self._last_norms), self._norms[0]
        if norm < WILD_NORM * max(began, TINY) or median(self._losses) < self.first:
            return None
        return self._found(
            f"the norm of the gradient is {norm:.2g}, at the beginning {began:.2g}, and validation is above always "
            "predicting the mean pose"
        )

    def _validated(self, record: Record) -> Finding | None:
        loss, mean = number(record, Field.LOSS_POSE), number(record, Field.MEAN_POSE_LOSS)
        epoch = number(record, Field.EPOCH)
        if not mean or mean <= 0 or Field.LOSS_POSE not in record:
            return None
        ratio = loss / mean if loss is not None else math.inf
        if epoch is not None and epoch < self.warmup_epochs and ratio <= WORSE:
            return None
        self._ratios.append(ratio)
        worse = self.first is not None and self._losses and median(self._losses) > WORSE * self.first
        if worse and len(self._ratios) >= VALIDATIONS and min(list(self._ratios)[-VALIDATIONS:]) > WORSE:
            return self._found(
                f"the last {VALIDATIONS} validations are more than {WORSE:g} times worse than always predicting the "
                f"mean pose ({_text(loss)} now, mean pose {number_text(mean)})"
            )
        if self._stays_above():
            return Finding(
                self.name,
                f"it is not learning: the last {ABOVE} validations are above always predicting the mean pose "
                f"({_text(loss)} now, mean pose {number_text(mean)})",
                self._edit(),
                certain=False,
            )
        return None

    def _stays_above(self) -> bool:
        """Whether all of the last validations are above the mean pose, and do not fall towards it."""
        last = list(self._ratios)[-ABOVE:]
        if len(last) < ABOVE or min(last) <= 1:
            return False
        older, newer = last[: ABOVE // 2], last[ABOVE // 2 :]
        return math.inf in last or fmean(newer) > FALLING * fmean(older)

    def _found(self, message: str) -> Finding:
        return Finding(self.name, message, self._edit())

    def _edit(self) -> tuple[tuple[str, float], ...]:
        return (("training.learning_rate", float(f"{self.rate / 10:.2g}")),)


def _text(loss: float | None) -> str:
    return "not finite" if loss is None else number_text(loss)

"""How good the averaged weights are: validation, the evaluation of their motion, and the monitor's sample."""

from __future__ import annotations

import math
import time

from stickgen.planner.decisions.validation import validation_batch
from stickgen.run_contract import Field, Phase, RecordKind, StepPart
from stickgen.runs.pinned import pinned_files
from stickgen.train.batching.clips import Clips
from stickgen.train.checkpoints.saver import Saver
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.context import LaunchContext
from stickgen.train.measuring.quality import Quality
from stickgen.train.measuring.sampling import Sampler
from stickgen.train.measuring.validate import validate
from stickgen.train.watch import Watch

SECONDS_BETWEEN_BEST = 60.0


class Assessment:
    """Measures a launch's weights, and knows whether they are the best so far. All processes call it together."""

    def __init__(
        self, context: LaunchContext, state: TrainState, clips: Clips, saver: Saver, watch: Watch
    ) -> None:
        self.context, self.state, self.clips, self.saver, self.watch = context, state, clips, saver, watch
        self.quality = Quality(context.config, clips, context.journal)
        self._sampler = Sampler(context, state, clips)
        self._sampled_at, self._sampled_step = time.monotonic(), -1
        self._validated_step = -1
        self.validated: dict[str, float] | None = None  # the newest validation of this launch

    def validate(self, *, saves_anyway: bool) -> bool:
        """Measure the loss on the held-out clips, at most once a step. Whether to save the weights as the best.

        New bests are saved only if a save is due anyway or the last one was a while ago: a run of short epochs
        would write to the disk all the time.
        """
        state = self.state
        if not len(self.clips.held_out) or self._validated_step == state.step:
            return False
        self._validated_step = state.step
        self.gather()
        result = self.context.ranks.from_first(self._losses() if self.context.ranks.leads else None)
        self.validated = result
        self.context.journal.validation_record(result)
        state.val_loss = result[Field.LOSS] if math.isfinite(result[Field.LOSS]) else None
        self.watch.measured(RecordKind.VAL, result)
        if self.context.config.evaluation.best_by != "loss":
            return False
        # the first process's clock, for only it saves: a save that not all take part in tears the group apart
        rested = saves_anyway or self.context.ranks.from_first(
            self.saver.seconds_since() > SECONDS_BETWEEN_BEST
        )
        return rested and self._take_as_best(result[Field.LOSS])

    def evaluate(self) -> bool:
        """Judge the motion that the weights draw. Whether to save them as the best."""
        self.gather()
        figures = self.context.ranks.from_first(self._quality() if self.context.ranks.leads else None)
        if figures is None:
            return False
        self.context.journal.quality_record(figures)
        self.watch.measured(RecordKind.QUALITY, figures)
        name = f"quality_{self.context.config.evaluation.best_by}"
        return name in figures and self._take_as_best(-figures[name])

    def forget(self) -> None:
        """The run went back to an earlier step, which is measured again."""
        self._validated_step, self._sampled_step, self.validated = -1, -1, None

    def draw_sample(self) -> None:
        """Draw the motions that the monitor shows."""
        self.gather()
        if self.context.ranks.leads:
            with self.context.profile.part(StepPart.SAMPLE):
                self._sampler.draw()
        self._sampled_at, self._sampled_step = time.monotonic(), self.state.step

    def draw_at_checkpoint(self) -> None:
        """Draw the pinned sentences with the weights that are being saved, if there are any and it was not just done."""
        ranks, run = self.context.ranks, self.context.run
        wanted = self._sampled_step != self.state.step
        if ranks.from_first(wanted and bool(pinned_files(run))):
            self.draw_sample()

    def sample_due(self) -> bool:
        """Whether `logging.sample_minutes` have passed since the last sample (0 is never)."""
        every = self.context.config.logging.sample_minutes
        return bool(every and time.monotonic() - self._sampled_at > 60 * every)

    def gather(self) -> None:
        """Bring sharded averaged weights together at the first process."""
        self.state.gather("ema", keep=self.context.ranks.leads)

    def _take_as_best(self, figure: float) -> bool:
        """Take `figure` (smaller is better) for the best if it is and the weights may be saved. Whether it was taken."""
        if figure >= self.state.best_val or self.watch.unfit:
            return False
        self.state.best_val, self.state.best_step = figure, self.state.step
        return True

    def _losses(self) -> dict[str, float]:
        state, config, context = self.state, self.context.config, self.context
        with (
            context.journal.phase(Phase.VALIDATING),
            context.profile.part(StepPart.VALIDATION),
            state.evaluating() as model,
        ):
            return validate(
                model, state.normaliser, self.clips.held_out, config.loss_weights, context.device,
                validation_batch(config.training.batch_size), context.until_stopped,
            )  # fmt: skip

    def _quality(self) -> dict[str, float] | None:
        with self.context.profile.part(StepPart.EVALUATION):
            figures = self.quality.measure(self.state, self.context.check_stop)
        return figures.record() if figures else None

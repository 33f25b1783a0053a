"""Saving checkpoints while training: a disk that refuses is said loudly, and training goes on."""

from __future__ import annotations

import time

from stickgen.errors import StickgenError
from stickgen.train.checkpoint import prune_checkpoints, save_checkpoint
from stickgen.train.journal import Journal
from stickgen.train.state import TrainState


class Saver:
    """Writes one run's checkpoints and knows what is saved."""

    def __init__(self, journal: Journal, config_bytes: bytes) -> None:
        self.journal, self.config_bytes = journal, config_bytes
        self.saved_step = -1  # of the newest checkpoint that is whole
        self.saved_at = time.monotonic()

    def due(self, minutes: float) -> bool:
        """Whether `logging.save_minutes` have passed since the last save was tried; 0 is never."""
        return minutes > 0 and time.monotonic() - self.saved_at > 60 * minutes

    def save(self, state: TrainState) -> bool:
        """Save a checkpoint of `state`. Whether it was saved."""
        self.saved_at = time.monotonic()
        directory = self.journal.run.checkpoints_dir
        with self.journal.phase("saving"):
            try:
                saved = save_checkpoint(
                    directory,
                    tensors=state.tensors(),
                    trainer=state.numbers(),
                    config_bytes=self.config_bytes,
                )
            except (OSError, StickgenError) as error:
                self.journal.event(
                    "alert", f"THE CHECKPOINT WAS NOT SAVED ({error}); training goes on and tries again"
                )
                return False
            self.saved_step = state.step
            prune_checkpoints(directory, best_step=state.best_step)
            self.journal.metrics.sync()
            self.journal.event("checkpoint", f"saved {saved.path.name}", path=saved.path.name)
        return True

"""What all parts of one launch share: its run and config, who is told and who asks, and where it computes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.run_contract import EventKind, Field, Phase, Wish
from stickgen.runs.control import take_requests
from stickgen.runs.resuming import prepare
from stickgen.runs.store import Run
from stickgen.train.optim.profile import NO_PROFILE, Profile
from stickgen.train.placement.device import choose_device, choose_precision
from stickgen.train.placement.distributed import Ranks, is_first
from stickgen.train.processes.signals import Asked, StopWantedError
from stickgen.train.reporting.journal import Journal, SilentJournal

T = TypeVar("T")


@dataclass(frozen=True)
class LaunchContext:
    """One launch of a run, as its parts see it."""

    run: Run
    identity: dict[str, Any]  # run.json when the launch began
    config: TrainingConfig
    journal: Journal
    asked: Asked
    ranks: Ranks
    device: torch.device
    precision: str  # "fp32" or "bf16"
    profile: Profile = NO_PROFILE

    @classmethod
    def open(cls, run: Run, number: int | None, asked: Asked) -> LaunchContext:
        """Begin launch `number` of `run` (its newest by default): read its config and meet the other processes.

        Raises StickgenError if the run's files are damaged, if the config was changed in a way that a resumed
        run must not be, or if this machine lacks the device.
        """
        journal = (Journal if is_first() else SilentJournal)(
            run, len(run.launches) if number is None else number
        )
        journal.beat(Phase.LOADING)
        config = run.config()
        logging.getLogger("stickgen").setLevel(config.logging.level)
        if problem := run.identity_problem:
            raise StickgenError(f"{problem}; go on with: stickgen train --resume {run.reference}")
        identity = run.identity
        device = choose_device(config.device.type)
        ranks = Ranks.join(device)
        precision = choose_precision(config.device.precision, device)
        profile = Profile(device) if identity.get("profile") else NO_PROFILE
        context = cls(run, identity, config, journal, asked, ranks, device, precision, profile)
        if config.digest != identity.get("config_digest", config.digest):
            changes = prepare(run)  # raises if one of them is not allowed
            for sentence in changes.said:
                journal.event(EventKind.ALERT, sentence)
            if ranks.leads:
                context.note(**changes.facts)
        return context

    def note(self, **facts: object) -> None:
        """Add facts to run.json. If that fails, raise an alert and train on."""
        try:
            self.run.update_identity(**facts)
        except OSError as error:
            self.journal.event(EventKind.ALERT, f"run.json could not be written ({error.strerror or error})")
        except StickgenError as error:
            self.journal.event(EventKind.ALERT, str(error))

    def take_requests(self) -> None:
        """Take what lies in the run's inbox. Each request is answered by an event with its id."""
        for request in take_requests(self.run, self.journal.launch):
            refused = f", but refused: {request.refusal}" if request.refusal else ""
            self.journal.event(
                EventKind.CONTROL,
                f"{request.wish} asked for{refused}",
                **{Field.ID: request.id, Field.APPLIED: not refused},
            )
            if refused:
                continue
            if request.wish == Wish.SAMPLE:
                self.asked.sample = True
            elif request.wish == Wish.SAVE:
                self.asked.save = True
            else:
                self.asked.stop = True

    def check_stop(self) -> None:
        """Raise StopWantedError if a stop is wanted. One of several processes never leaves on its own."""
        if self.asked.stop and self.ranks.size == 1:
            raise StopWantedError

    def until_stopped(self, items: Iterable[T]) -> Iterator[T]:
        """`items`, one by one, until a stop is wanted: then StopWantedError."""
        for item in items:
            self.check_stop()
            yield item

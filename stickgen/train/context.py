"""What all parts of one launch share: its run and config, who is told and who asks, and where it computes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.run_contract import EventKind, Field, Phase, Wish
from stickgen.runs.control import Inbox, Request
from stickgen.runs.going_back import finish_going_back
from stickgen.runs.live import (
    LiveChange,
    add_change,
    check_changes,
    config_at,
    drop_overruled,
    read_changes,
    spelled,
)
from stickgen.runs.resuming import prepare
from stickgen.runs.store import Run
from stickgen.train.optim.profile import Profile
from stickgen.train.placement.device import choose_device, choose_precision
from stickgen.train.placement.distributed import Ranks, is_first
from stickgen.train.processes.signals import Asked, StopWantedError
from stickgen.train.reporting.journal import Journal, SilentJournal

T = TypeVar("T")


@dataclass
class LaunchContext:
    """One launch of a run, as its parts see it."""

    run: Run
    identity: dict[str, Any]  # run.json when the launch began
    config: TrainingConfig  # as it counts at this step: that of config.yaml with the live changes so far
    journal: Journal
    asked: Asked
    ranks: Ranks
    device: torch.device
    precision: str  # "fp32" or "bf16"
    profile: Profile = field(default_factory=lambda: Profile(torch.device("cpu")))
    changes: list[LiveChange] = field(default_factory=list)  # of all launches, those to come again too

    def __post_init__(self) -> None:
        self.base = self.config  # what config.yaml says
        self.inbox = Inbox(self.run, self.journal.launch)
        self._told = 0  # live changes that all processes know
        self._cannot_record = False  # whether it was said that live changes cannot be written

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
        if is_first():
            finish_going_back(run)  # that a launch which was killed has begun
        config = run.config()
        logging.getLogger("stickgen").setLevel(config.logging.level)
        if problem := run.identity_problem:
            raise StickgenError(f"{problem}; go on with: stickgen train --resume {run.reference}")
        identity = run.identity
        device = choose_device(config.device.type)
        ranks = Ranks.join(device)
        precision = choose_precision(config.device.precision, device)
        profile = Profile(device, exact=bool(identity.get("profile")))
        context = cls(run, identity, config, journal, asked, ranks, device, precision, profile)
        if config.digest != identity.get("config_digest", config.digest):
            changes = prepare(run)  # raises if one of them is not allowed
            for sentence in changes.said:
                journal.event(EventKind.ALERT, sentence)
            if ranks.leads:
                context.note(**changes.facts)
        if ranks.leads:
            context.changes = context.known_changes()
        context.tell_changes()
        return context

    def known_changes(self) -> list[LiveChange]:
        """The live changes of earlier launches, without what config.yaml overrules by now.

        Raises StickgenError if they cannot be read.
        """
        try:
            return drop_overruled(self.run, self.base)
        except OSError:
            return read_changes(self.run)  # a full disk: what is overruled has no effect anyway

    @property
    def untold(self) -> bool:
        """Whether this process knows of a live change that the others do not."""
        return len(self.changes) != self._told

    def tell_changes(self) -> None:
        """Give the first process's live changes to all of them."""
        self.changes = self.ranks.from_first(self.changes)
        self._told = len(self.changes)

    def at_step(self, step: int) -> None:
        """Let `config` be what counts after `step` steps."""
        self.config = config_at(self.base, self.changes, step)

    def note(self, **facts: object) -> None:
        """Add facts to run.json. If that fails, raise an alert and train on."""
        try:
            self.run.update_identity(**facts)
        except OSError as error:
            self.journal.event(EventKind.ALERT, f"run.json could not be written ({error.strerror or error})")
        except StickgenError as error:
            self.journal.event(EventKind.ALERT, str(error))

    def take_requests(self) -> None:
        """Answer what lies in the run's inbox, each request by an event with its id, and note what was asked for."""
        for request in self.inbox.new():
            if request.wish == Wish.SET and not request.refusal:
                if not self._set(request):
                    break  # it waits for the disk, and what came after it waits for it
            else:
                self._ask(request)
            self.inbox.answer(request)
        if self.inbox.to_clear and not self.journal.events.waiting:
            self.journal.sync()
            self.inbox.clear()

    def _ask(self, request: Request) -> None:
        refused = f", but refused: {request.refusal}" if request.refusal else ""
        self._answer(request, f"{request.wish} asked for{refused}", applied=not refused)
        if refused:
            return
        match request.wish:
            case Wish.SAMPLE:
                self.asked.sample = True
            case Wish.SAVE:
                self.asked.save = True
            case Wish.PAUSE:
                self.asked.stop = self.asked.pause = True
            case _:
                self.asked.stop, self.asked.pause = True, False

    def _answer(self, request: Request, message: str, *, applied: bool) -> None:
        self.journal.event(
            EventKind.CONTROL,
            message,
            **{Field.ID: request.id, Field.APPLIED: applied, Field.WISH: request.wish},
        )

    def _set(self, request: Request) -> bool:
        """Take a live change: record it, then say so. Whether it is answered; if not, the disk refuses it now."""
        known = {change.id: change for change in self.changes}
        if (change := known.get(request.id)) is None:  # else a launch recorded it and died before it said so
            step = self.journal.step
            try:
                keys = check_changes(
                    config_at(self.base, self.changes, step), request.values, planned=config_at(self.base, self.changes),
                    step=step, steps_per_epoch=self.journal.steps_per_epoch,
                )  # fmt: skip
            except StickgenError as error:
                self._answer(request, f"{request.wish} asked for, but refused: {error}", applied=False)
                return True
            change = LiveChange(request.id, step, self.journal.launch, keys)
            try:
                self.changes = add_change(self.run, change, self.base)
            except (OSError, StickgenError) as error:
                if not self._cannot_record:
                    self.journal.event(
                        EventKind.ALERT,
                        f"{change}: asked for, and cannot be recorded yet ({error}); it waits",
                    )
                self._cannot_record = True
                return False
            self._cannot_record = False
        self.journal.event(
            EventKind.LIVE,
            f"{change}, from step {change.step + 1:,} on",
            **{
                Field.ID: change.id, Field.APPLIED: True, Field.STEP: change.step,
                Field.CHANGES: [spelled(key) for key in change.keys],
            },
        )  # fmt: skip
        return True

    def check_stop(self) -> None:
        """Raise StopWantedError if a stop is wanted. One of several processes never leaves on its own."""
        if self.asked.stop and self.ranks.size == 1:
            raise StopWantedError

    def until_stopped(self, items: Iterable[T]) -> Iterator[T]:
        """`items`, one by one, until a stop is wanted: then StopWantedError."""
        for item in items:
            self.check_stop()
            yield item

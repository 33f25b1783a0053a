"""What runs out while a run goes on: memory, disk, and the data that a GPU waits for."""

from __future__ import annotations

import math
from collections import deque
from statistics import median

from stickgen.config.settings import Edit, Settings
from stickgen.quantities import byte_text, duration_text
from stickgen.run_contract import Field, RecordKind, StepPart
from stickgen.watchdog.finding import Finding, Record, number
from stickgen.watchdog.trend import Trend

LEAST_MEMORY_SHARE = 0.03  # of what is free and held together; less free is as good as none
LEAST_DISK_CHECKPOINTS = 1.2  # checkpoints that must still fit on the disk
LONGEST_SECONDS = 86400.0  # a limit that is further away is no news, however long the run still takes
STARVING_SHARE = 0.4  # of a step's time that is spent waiting for data
STARVING_RECORDS = 30


class Memory:
    """Memory that creeps up: at this pace the limit is reached before the run ends."""

    name = "memory"

    def __init__(self, config: Settings) -> None:
        self.take(config)
        self.forget()

    def take(self, config: Settings) -> None:
        """Go by the keys of another config from now on."""
        self._workers = config.device.num_workers

    def forget(self) -> None:
        """Measure anew."""
        self._trend, self._told = Trend(), False

    def look_at(self, record: Record) -> Finding | None:
        """A finding once."""
        held, free, seconds = (
            number(record, field) for field in (Field.RSS_BYTES, Field.RAM_FREE_BYTES, Field.TIME)
        )
        if record.get(Field.KIND) != RecordKind.TRAIN or held is None or free is None or seconds is None:
            return None
        new = self._trend.add(seconds, held)
        if self._told:
            return None
        edits: tuple[Edit, ...] = (("device.num_workers", 0),) if self._workers else ()
        if free < LEAST_MEMORY_SHARE * (held + free):
            self._told = True
            return Finding(
                self.name,
                f"memory is nearly full: {byte_text(free)} are free, and the run holds {byte_text(held)}",
                edits,
            )
        foreseen = self._trend.reaches(free) if new else None
        if foreseen is None or not _comes_first(foreseen[0], record):
            return None
        self._told = True
        left, slope = foreseen
        return Finding(
            self.name,
            f"memory grows by {byte_text(3600 * slope)} an hour and is full in about {duration_text(left)}; the run "
            f"holds {byte_text(held)}, and {byte_text(free)} are free",
            edits,
        )


class Disk:
    """A disk that fills: at this pace, or before the next checkpoint."""

    name = "disk"

    def __init__(self, checkpoint_bytes: int) -> None:
        self._least = LEAST_DISK_CHECKPOINTS * checkpoint_bytes
        self.forget()

    def take(self, config: Settings) -> None:
        """Nothing of it depends on the config."""

    def forget(self) -> None:
        """Measure anew."""
        self._trend, self._told = Trend(), False

    def look_at(self, record: Record) -> Finding | None:
        """A finding once, until there is room again."""
        free, seconds = number(record, Field.DISK_FREE_BYTES), number(record, Field.TIME)
        if record.get(Field.KIND) != RecordKind.TRAIN or free is None or seconds is None:
            return None
        new = self._trend.add(seconds, free)
        if free < self._least:
            told, self._told = self._told, True
            return None if told else Finding(
                self.name,
                f"the disk is nearly full: {byte_text(free)} are free, and a checkpoint needs "
                f"{byte_text(self._least)}; free some space, or the next one cannot be saved",
            )  # fmt: skip
        if not new:
            return None
        foreseen = self._trend.reaches(self._least - free)
        if foreseen is None or not _comes_first(foreseen[0], record):
            self._told = self._told and free < 4 * self._least
            return None
        told, self._told = self._told, True
        left, slope = foreseen
        return None if told else Finding(
            self.name,
            f"the disk fills by {byte_text(3600 * -slope)} an hour: in about {duration_text(left)} there is no room "
            f"for a checkpoint; {byte_text(free)} are free",
        )  # fmt: skip


def _comes_first(seconds: float, record: Record) -> bool:
    """Whether a limit that is `seconds` away comes before the end of the run, and soon."""
    remaining = number(record, Field.ETA_SECONDS)
    return seconds < min(LONGEST_SECONDS, LONGEST_SECONDS if remaining is None else remaining)


def _waiting(record: Record) -> float | None:
    """The share of the time that steps waited for clips; None where a record does not say."""
    covered, parts = number(record, Field.SECONDS_COVERED), record.get(Field.SECONDS_BY_PART)
    place = list(StepPart).index(StepPart.DATA)
    if not covered or not isinstance(parts, list) or len(parts) <= place:
        return None
    waited = parts[place]
    return waited / covered if isinstance(waited, int | float) and math.isfinite(waited) else None


class Starving:
    """Steps that mostly wait for their clips."""

    name = "starving"

    def __init__(self, config: Settings, cores: int) -> None:
        self._cores = cores
        self.take(config)
        self.forget()

    def take(self, config: Settings) -> None:
        """Go by the keys of another config from now on."""
        self._workers = config.device.num_workers

    def forget(self) -> None:
        """Measure anew."""
        self._shares: deque[float] = deque(maxlen=STARVING_RECORDS)
        self._told = False

    def look_at(self, record: Record) -> Finding | None:
        """A finding once."""
        share = _waiting(record)
        if record.get(Field.KIND) != RecordKind.TRAIN or share is None or self._told:
            return None
        self._shares.append(share)
        if len(self._shares) < STARVING_RECORDS or (usual := median(self._shares)) < STARVING_SHARE:
            return None
        self._told = True
        more = min(max(2 * self._workers, 4), self._cores)
        return Finding(
            self.name,
            f"{usual:.0%} of a step is spent waiting for data",
            (("device.num_workers", more),) if more > self._workers else (),
        )

"""Following a run from its directory: what the monitor shows, folded from whatever new bytes there are.

`RunFollower.poll` runs in a worker thread and returns what changed; the screen draws from the same object
while it holds `lock`, so a fold is never seen by half. Nothing here talks to the trainer.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from stickgen.curves.cache import place_of
from stickgen.curves.history import History
from stickgen.curves.series import Series
from stickgen.hardware.gpu_usage import GpuMeter
from stickgen.quantities import counted
from stickgen.record_log import RecordReader
from stickgen.run_contract import Field, StepPart
from stickgen.runs.process import find_process
from stickgen.runs.steering import EndAsked, asked_to_end
from stickgen.runs.store import Run, State, Status
from stickgen_tui.following.clock import Clock, clips_in_an_epoch
from stickgen_tui.following.log_tail import LogTail
from stickgen_tui.following.marks import MOST as MOST_MARKS
from stickgen_tui.following.marks import Mark, fold_marks
from stickgen_tui.following.sample import Sample, read_sample
from stickgen_tui.following.sample_book import OWN, SampleBook, step_of
from stickgen_tui.text import clean

_READ_SECONDS = 0.5  # of reading metrics, before what is there is shown
_WEIGH_SECONDS = 2.0  # between two looks at the memory of the processes: each reads the whole process table


@dataclass
class RunFollower:
    """The state of one run as far as it is on disk."""

    run: Run
    state: State = field(default_factory=lambda: State(Status.STARTING, ""))
    identity: dict[str, Any] = field(default_factory=dict)
    ended: dict[str, Any] = field(default_factory=dict)  # exit.json
    asked_to_end: EndAsked | None = None  # the stop or pause that waits for a step to end
    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=300))
    marks: deque[Mark] = field(default_factory=lambda: deque(maxlen=MOST_MARKS))
    prompt: str = OWN  # the sentence that is looked at
    samples: list[Path] = field(default_factory=list)  # of that sentence, oldest first
    sample: Sample | None = None
    tree_rss_bytes: int | None = None
    gpu_lines: tuple[str, ...] = ()  # what the GPUs do, while the run trains on one
    sampled_index: int | None = None  # None: follow the newest
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.log = LogTail(self.run.log_path)
        self.history = History(
            self.run.metrics_path, self.lock, place_of(self.run.metrics_path), self.run.curves_path
        )
        self._closed = threading.Event()
        self.book = SampleBook(self.run)
        self._events = RecordReader(self.run.events_path)
        self._shown_sample: Path | None = None
        self._told_damage: list[str] = []
        self._bad_sample: Path | None = None  # that was to be shown and cannot be read
        self._polling = threading.Lock()
        self._log_waiting: deque[str] = deque(maxlen=1000)
        self._process: psutil.Process | None = None
        self._weighed = 0.0  # when the processes' memory was looked at, monotonic s
        self._gpus = GpuMeter()

    def poll(self) -> frozenset[str]:
        """Read what is new. Returns what changed: status, step, metrics, events, log, samples, sample, memory, damage.

        "status" is anything that is said of the run but the step it is at.
        """
        if not self._polling.acquire(blocking=False):
            return frozenset()
        try:
            return frozenset(self._poll())
        finally:
            self._polling.release()

    def _poll(self) -> set[str]:
        changed: set[str] = set()
        state = self.run.state()
        asked = asked_to_end(self.run) if state.alive else None
        seen = state, self.run.identity, self.run.exit, asked
        before = self.state, self.identity, self.ended, self.asked_to_end
        if seen != before:
            self.state, self.identity, self.ended, self.asked_to_end = seen
            at_step = replace(before[0], step=state.step)
            changed.add("step" if seen == (at_step, *before[1:]) else "status")
        events = self._events.read_new()
        if events:
            with self.lock:
                self.events.extend(events)
                fold_marks(self.marks, events)
            changed.add("events")
        lines = self.log.read_new()
        if lines:
            with self.lock:
                self._log_waiting.extend(lines)
            changed.add("log")
        if self.book.refresh() or self.samples != self.book.files.get(self.prompt, []):
            with self.lock:
                self.samples = self.book.files.get(self.prompt, [])
            changed.add("samples")
        if self.history.read(_READ_SECONDS, self._closed):
            changed.add("metrics")
        if self._load_sample():
            changed.add("sample")
        if (faults := self.damage + self.lost) != self._told_damage:
            self._told_damage = faults
            changed.add("damage")
        rss = self._tree_rss()
        if rss != self.tree_rss_bytes:
            self.tree_rss_bytes = rss
            changed.add("memory")
        gpus = self._read_gpus()
        if gpus != self.gpu_lines:
            self.gpu_lines = gpus
            changed.add("memory")
        return changed

    @property
    def train(self) -> dict[str, Series]:
        """What the records of training measured, by the name of the field."""
        return self.history.curves.train

    @property
    def validation(self) -> dict[str, Series]:
        """What validation and evaluations measured, by the name of the field."""
        return self.history.curves.validation

    @property
    def newest(self) -> dict[str, Any]:
        """The last record of training."""
        return self.history.curves.newest

    @property
    def clock(self) -> Clock:
        """What the epoch, the time and the clips seen were at each step."""
        return Clock(self.history.curves.clocks, clips_in_an_epoch(self.identity))

    @property
    def behind(self) -> bool:
        """Whether there is more to read than one poll takes."""
        return self.history.behind

    def close(self) -> None:
        """Read nothing more: a poll under way ends after the piece it is at."""
        self._closed.set()

    @property
    def damage(self) -> list[str]:
        """What could not be read and is passed over, in a few words each: `metrics.jsonl:17 and 2 lines more`."""
        found = []
        for damage in (self.history.reader.damage, self._events.damage):
            if damage is not None:
                more = damage.lines - 1
                others = f" and {counted(more, 'line')} more" if more else ""
                found.append(f"{damage.file}:{damage.first_line}{others}")
        return found + ([f"samples/{self._bad_sample.name}"] if self._bad_sample is not None else [])

    @property
    def lost(self) -> list[str]:
        """What never reached the disk, or is not there yet: `12 records of metrics.jsonl`."""
        found = []
        for reader in (self.history.reader, self._events):
            if count := reader.lost:
                found.append(f"{counted(count, 'record')} of {reader.path.name}")
        if self.state.alive and (count := self.state.unwritten):
            found.append(f"{counted(count, 'record')} not on disk")
        return found

    def _load_sample(self) -> bool:
        """Load the sample that is to be shown, if it is not the one that is."""
        if not self.samples:
            return False
        index = len(self.samples) - 1 if self.sampled_index is None else self.sampled_index
        path = self.samples[min(max(index, 0), len(self.samples) - 1)]
        if path == self._shown_sample:
            return False
        found = read_sample(path)
        if found is None:
            self._bad_sample = path
            return False
        self._shown_sample, self._bad_sample = path, None
        with self.lock:
            self.sample = found
        return True

    def take_log_lines(self) -> list[str]:
        """The lines of the log that were not taken before, cleaned. Called with the lock held."""
        lines = list(self._log_waiting)
        self._log_waiting.clear()
        return lines

    def scrub(self, by: int) -> None:
        """Choose an older or newer sample; past the newest, follow along again."""
        last = len(self.samples) - 1
        if last < 0:
            return
        index = (last if self.sampled_index is None else self.sampled_index) + by
        self.sampled_index = None if index >= last else max(index, 0)

    def scrub_to(self, step: int | None) -> None:
        """Choose the sample that the model drew last at `step` or before it; None follows the newest."""
        last = len(self.samples) - 1
        index = sum(step_of(path) <= step for path in self.samples) - 1 if step is not None else last
        self.sampled_index = None if index >= last else max(index, 0)

    def look_at(self, prompt: str) -> None:
        """Choose the sentence whose samples are shown, at the same step as before."""
        if prompt == self.prompt:
            return
        at = self.sampled_index
        step = step_of(self.samples[at]) if at is not None and at < len(self.samples) else None
        with self.lock:
            self.prompt, self.samples = prompt, self.book.files.get(prompt, [])
            self.scrub_to(step)

    def _tree_rss(self) -> int | None:
        """Resident memory of the trainer and its children, bytes; None when no such process is ours."""
        if not self.state.alive:
            self._process = None
            return None
        if time.monotonic() - self._weighed < _WEIGH_SECONDS:
            return self.tree_rss_bytes
        self._weighed = time.monotonic()
        try:
            if self._process is None:
                self._process = trainer_process(self.identity)
            if self._process is None:
                return None
            total = self._process.memory_info().rss
            for child in self._process.children(recursive=True):
                total += child.memory_info().rss
            return int(total)
        except (psutil.Error, OSError):
            self._process = None
            return None

    def _read_gpus(self) -> tuple[str, ...]:
        on_gpu = str(self.identity.get("device", "")).startswith("cuda")
        return tuple(reading.sentence for reading in self._gpus.read()) if on_gpu and self.state.alive else ()

    # -- what the status line says

    def time_parts(self) -> tuple[float, dict[str, float]]:
        """The seconds that the trainer looked back on, and how many of them each StepPart took."""
        parts = self.newest.get(Field.SECONDS_BY_PART)
        parts = parts if isinstance(parts, list) else []
        return _seconds(self.newest.get(Field.SECONDS_COVERED)), {
            part.value: _seconds(seconds) for part, seconds in zip(StepPart, parts, strict=False)
        }

    @property
    def step(self) -> int | None:
        """The newest step known: the heartbeat is ahead of the metrics."""
        logged = self.newest.get(Field.STEP)
        known = [int(step) for step in (logged, self.state.step or None) if isinstance(step, int | float)]
        return max(known, default=None)

    @property
    def total_steps(self) -> int | None:
        """Steps of the whole run, None while nobody has said."""
        for value in (
            self.newest.get(Field.TOTAL_STEPS),
            self.state.total_steps,
            self.identity.get("total_steps"),
        ):
            if isinstance(value, int | float) and value > 0:
                return int(value)
        return None

    @property
    def phase(self) -> str:
        """What the trainer is doing; empty once it is gone."""
        return clean(self.state.phase, single_line=True, limit=20) if self.state.alive else ""

    @property
    def step_seconds(self) -> float | None:
        """How long a step usually takes; None while nobody has said."""
        return _seconds(self.newest.get(Field.MEDIAN_STEP_SECONDS)) or None

    def eta_error_seconds(self) -> float | None:
        """How much sooner or later the end may come; None while nobody has said."""
        value = self.newest.get(Field.ETA_ERROR_SECONDS)
        return float(value) if isinstance(value, int | float) and value > 0 else None

    def eta_seconds(self) -> float | None:
        """Seconds to the end: what the trainer said, less the time since it said so."""
        value, said = self.newest.get(Field.ETA_SECONDS), self.newest.get(Field.TIME)
        if self.state.status != Status.RUNNING or not isinstance(value, int | float):
            return None
        since = time.time() - said if isinstance(said, int | float) else 0.0
        return max(float(value) - max(since, 0.0), 0.0)

    def elapsed_seconds(self) -> float | None:
        """Since the latest launch, to now or to its end."""
        launches = self.identity.get("launches") or []
        try:
            started = datetime.fromisoformat(launches[-1]["started"]).timestamp()
            if self.state.alive:
                return time.time() - started
            return datetime.fromisoformat(self.ended["ended"]).timestamp() - started
        except (LookupError, TypeError, ValueError, AttributeError):
            return None


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < math.inf else 0.0


def trainer_process(identity: dict[str, Any]) -> psutil.Process | None:
    """The process of the latest launch, if it is still that process and not a later one of its id."""
    launches = identity.get("launches") or []
    return find_process(launches[-1]) if launches and isinstance(launches[-1], dict) else None

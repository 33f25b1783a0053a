"""A process of a group that hangs: the others wait for it, and none of them can say so. Their keeper does.

A group that works gives signs of life: the first process's heartbeat, and the arrivals of all where they wait for each
other. The time without one is counted from look to look, so that neither a laptop that slept nor a keeper that was
paused takes the whole group for dead.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from stickgen.config.keys.watchdog import Watchdog
from stickgen.errors import StickgenError
from stickgen.quantities import duration_text
from stickgen.run_contract import LEAST_QUIET_SECONDS, QUIET_SECONDS, Field, File, quiet_limit_seconds
from stickgen.runs.live import effective_config
from stickgen.runs.process import is_paused
from stickgen.runs.store import Run
from stickgen.train.processes.arrivals import Arrivals
from stickgen.watchdog.finding import Action

LOOK_SECONDS = 1.0  # between two looks
TOLD_AFTER = 1 / 3  # of `watchdog.stalled_minutes`


@dataclass(frozen=True)
class Late:
    """A process that the others wait for."""

    rank: int
    pid: int
    paused_pid: int | None  # what is paused: the process itself, or one of its data workers

    @property
    def words(self) -> str:
        """What is known of it, and what to do."""
        if self.paused_pid is None:
            return f"to see where it hangs: py-spy dump --pid {self.pid}"
        what = "it is paused" if self.paused_pid == self.pid else "a process that reads its data is paused"
        return f"{what}, and kill -CONT {self.paused_pid} lets it go on"


@dataclass(frozen=True)
class Stall:
    """What is to be done about a group that gives no sign of life."""

    action: Action
    message: str
    ranks: tuple[int, ...]  # those that hang; empty if nobody can tell


def look_at(rank: int, pid: int) -> Late:
    """Whether process `pid` or a child of it is paused."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        family = []
    return Late(rank, pid, next((one.pid for one in family if is_paused(one)), None))


class StallWatch:
    """Looks at one group of processes, from its start to its end."""

    def __init__(
        self,
        run: Run,
        arrivals: Arrivals | None,
        pids: Sequence[int],
        *,
        clock: Callable[[], float] = time.monotonic,
        look_at: Callable[[int, int], Late] = look_at,
    ) -> None:
        """`arrivals` is None where they cannot be counted: then the heartbeat alone is a sign of life."""
        self._run, self._arrivals, self._pids = run, arrivals, pids
        self._clock, self._look_at = clock, look_at
        self._looked = clock()
        self._signs: object = None
        self._keys, self._keys_of = Watchdog(), -1
        self.quiet, self._told = 0.0, False
        self._told_of: list[Late] = []

    def look(self) -> Stall | None:
        """What is to be done now; None almost always. To be called often: it looks once a second."""
        passed = self._clock() - self._looked
        if passed < LOOK_SECONDS:
            return None
        self._looked += passed
        beat = self._run.heartbeat()
        signs = (self._arrivals.counts() if self._arrivals else None, beat.get(Field.BOOT_SECONDS))
        if signs != self._signs:
            self._signs, self.quiet, self._told = signs, 0.0, self._still_paused()
            return None
        self.quiet += min(passed, 2 * LOOK_SECONDS)
        keys = self._read_keys()
        if (action := Action(keys.stalled)) == Action.OFF:
            return None
        patience = 60 * keys.stalled_minutes
        if self.quiet < TOLD_AFTER * patience:
            return None
        return self._judge(action, patience, beat)

    def _judge(self, action: Action, patience: float, beat: dict[str, object]) -> Stall | None:
        late = self._late()
        told_after = TOLD_AFTER * patience
        if not any(
            one.paused_pid for one in late
        ):  # what is paused does nothing, however long its phase may last
            told_after = max(told_after, _longest_quiet(beat))
        acts_after = told_after + (1 - TOLD_AFTER) * patience
        acts = action != Action.ALERT and not self._all_paused(late)
        if acts and self.quiet >= acts_after:
            return Stall(action, self._sentence(late), tuple(one.rank for one in late))
        if self._told or self.quiet < told_after:
            return None
        self._told, self._told_of = True, late
        then = f"; if nothing changes, {_WHAT_COMES[action]} in {duration_text(acts_after - self.quiet)}"
        return Stall(Action.ALERT, self._sentence(late) + (then if acts else ""), ())

    def _late(self) -> list[Late]:
        """Whom the others wait for. If all have arrived, those that are paused."""
        ranks = self._arrivals.late() if self._arrivals else []
        found = [
            self._look_at(rank, pid) for rank, pid in enumerate(self._pids) if not ranks or rank in ranks
        ]
        return found if ranks else [one for one in found if one.paused_pid is not None]

    def _still_paused(self) -> bool:
        """Whether what was told of is paused even now: the others may have come a little further, as while they load."""
        told = self._told_of if self._told else []
        return any(one.paused_pid and self._look_at(one.rank, one.pid) == one for one in told)

    def _all_paused(self, late: Sequence[Late]) -> bool:
        """Whether somebody has paused the whole group, which is no accident."""
        if not any(one.paused_pid == one.pid for one in late):
            return False
        return all(self._look_at(rank, pid).paused_pid == pid for rank, pid in enumerate(self._pids))

    def _sentence(self, late: Sequence[Late]) -> str:
        since = duration_text(self.quiet)
        if not late:
            return f"no process of the group has given a sign of life for {since}; look into train.log"
        if len(late) == len(self._pids):
            return f"all processes of the group are paused, for {since} now"
        first = late[0]
        names = (
            f"process {first.rank}"
            if len(late) == 1
            else f"{len(late)} processes, the first of them {first.rank},"
        )
        verb = "hangs" if len(late) == 1 else "hang"
        return f"{names} of the group {verb}: the others have waited for {since} ({first.words})"

    def _read_keys(self) -> Watchdog:
        """The keys as they count now; those read before while a file cannot be read."""
        try:
            changed = (self._run.path / File.LIVE).stat().st_mtime_ns
        except OSError:
            changed = 0
        if changed != self._keys_of:
            with contextlib.suppress(OSError, StickgenError):
                self._keys, self._keys_of = effective_config(self._run).watchdog, changed
        return self._keys


_WHAT_COMES = {
    Action.ALERT: "",
    Action.STOP: "the run ends",
    Action.RESTART: "all restart from the last checkpoint",
}


def _longest_quiet(beat: dict[str, object]) -> float:
    """How many seconds a group may be quiet in what it does now: the first process alone draws, validates and saves."""
    phase, usual = str(beat.get(Field.PHASE, "")), beat.get(Field.MEDIAN_STEP_SECONDS)
    seconds = float(usual) if isinstance(usual, int | float) else None
    limit = quiet_limit_seconds(phase, seconds)
    # its floor is for one who looks at the heartbeat alone; here the key says how long to wait
    return limit if phase in QUIET_SECONDS or limit > LEAST_QUIET_SECONDS else 0.0

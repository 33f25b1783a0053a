"""Keeps the processes of `stickgen train --nproc N` going: starts them, forwards signals, and restarts them.

If one of them is killed, the others cannot go on: they are ended, and all restart from the last checkpoint. So it is
with one that hangs (stalled.py). Like the supervisor, the keeper stays small: it never loads torch.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from stickgen.children import child_environment
from stickgen.errors import StickgenError
from stickgen.hardware.machine import local_machine_fast
from stickgen.hardware.oom_kills import oom_kills
from stickgen.record_log import RecordWriter
from stickgen.run_contract import BEATS_ONCE, EventKind, Field
from stickgen.runs.checkpoint_folders import newest_name
from stickgen.runs.state import boot_seconds, last_words
from stickgen.runs.stops import FORWARDED, STOPS, Stops
from stickgen.runs.store import Run
from stickgen.train.processes.arrivals import FILE as ARRIVALS
from stickgen.train.processes.arrivals import Arrivals
from stickgen.train.processes.killed import take_fewer
from stickgen.train.processes.stalled import Stall, StallWatch
from stickgen.watchdog.finding import Action

log = logging.getLogger("stickgen")

KEEPER = "STICKGEN_KEEPER"  # the process id of the keeper, which its ranks do not outlive
PEER_LOST = 75  # exit code of a process whose group broke (EX_TEMPFAIL)
MAX_RESTARTS = 3  # in a row without a new checkpoint
_OWN_ENDS = {0, 1, 2, 130}  # exit codes that a process chose; all others, and signals, are accidents
STORE = "STICKGEN_STORE"  # the file through which the ranks of one machine meet
_GRACE_SECONDS = 60.0  # for the others to notice that one is gone, and for the first to save
_STOP_SECONDS = 15.0  # without a heartbeat after a stop, before a hanging rank is killed


class RankKeeper:
    """The parent of `count` trainer processes of one launch."""

    def __init__(self, run: Run, launch: int, count: int) -> None:
        self.run, self.launch, self.count = run, launch, count
        self._ranks: list[subprocess.Popen[bytes]] = []
        self._stops = Stops()
        self._ended_for: Stall | None = None  # why processes that hang were killed

    def keep(self) -> int:
        """Run the processes to their end. Returns the exit code of the launch."""
        self._listen()
        restarts, newest = 0, self._newest()
        while True:
            with _meeting_place(self.run) as store:
                self._start(store)
                kills = oom_kills()
                codes = self._wait(self._watch(store))
                if -signal.SIGKILL in codes and kills is not None and (oom_kills() or 0) > kills:
                    self._take_fewer()
            if said := [code for code in codes if code in {1, 2}]:
                return self._give_up("a process failed; see train.log", said[0])
            if all(code in _OWN_ENDS for code in codes):
                return max(codes)
            if self._stops:
                if codes[0] in _OWN_ENDS:  # the first process has saved for all
                    return codes[0]
                return self._give_up("a process was killed while the run stopped")
            happened = self._ended_for.message if self._ended_for else _accident(codes)
            if self._ended_for and self._ended_for.action == Action.STOP:
                return self._give_up(f"stopped early: {happened}")
            if self._newest() != newest:
                restarts, newest = 0, self._newest()
            if restarts == MAX_RESTARTS:
                return self._give_up(
                    f"{happened}, and {MAX_RESTARTS} restarts produced no new checkpoint; see train.log"
                )
            restarts += 1
            self._say(
                EventKind.ALERT,
                f"{happened}; all {self.count} restart from the last checkpoint "
                f"(restart {restarts} of {MAX_RESTARTS})",
            )

    def _take_fewer(self) -> None:
        """Restart with fewer clips at a time: the kernel has killed a process for lack of memory."""
        try:
            self._say(EventKind.ALERT, f"a process was killed for lack of memory: {take_fewer(self.run)}")
        except (OSError, StickgenError) as error:
            log.warning("the limit of clips at a time could not be lowered: %s", error)

    def _listen(self) -> None:
        """Forward signals: a stop as SIGUSR2, so that a stop sent to the whole group counts once."""

        def stop(number: int, _: FrameType | None) -> None:
            if self._stops.add(number):
                self._send(signal.SIGKILL)
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            self._send(signal.SIGUSR2)
            self._send(signal.SIGCONT)  # a paused process handles no other signal, and the others wait for it

        for number in STOPS:
            signal.signal(number, stop)
        signal.signal(signal.SIGUSR1, lambda number, _: self._send(number))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)

    def _start(self, store: Path) -> None:
        cores = int(local_machine_fast().cores_usable)
        loopback = "lo0" if sys.platform == "darwin" else "lo"
        environment = child_environment(
            **{
                KEEPER: str(os.getpid()),
                STORE: str(store),
                "WORLD_SIZE": str(self.count),
                "LOCAL_WORLD_SIZE": str(self.count),
                "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS") or str(max(cores // self.count, 1)),
                # all are on this machine, so nothing listens on the network
                "GLOO_SOCKET_IFNAME": loopback,
                "NCCL_SOCKET_IFNAME": loopback,
            }
        )
        # children inherit the block until they listen, so a signal that arrives meanwhile waits
        signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
        self._ranks = [
            subprocess.Popen(
                [sys.executable, "-m", "stickgen.train", str(self.run.path), str(self.launch)],
                stdin=subprocess.DEVNULL,
                env={**environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            )
            for rank in range(self.count)
        ]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        if self._stops:
            self._send(signal.SIGUSR2)

    def _watch(self, store: Path) -> StallWatch:
        """Who notices if one of the processes that were just started hangs."""
        try:
            arrivals = Arrivals(store.with_name(ARRIVALS), self.count)
        except OSError:
            arrivals = None
        return StallWatch(self.run, arrivals, [process.pid for process in self._ranks])

    def _wait(self, watch: StallWatch) -> list[int]:
        """Wait until all have ended. Once one has ended badly, the others are killed after a grace period.

        Processes that hang are killed too; after a stop, or if nobody can tell which one hangs, the first one last, so
        that it can save. Returns exit codes.
        """
        self._ended_for = None
        deadline: float | None = None
        killed: set[int] = set()
        while True:
            hanging = range(1, self.count) if self._hangs() else self._stalled(watch)
            for rank in hanging:
                if self._ranks[rank].poll() is None:
                    killed.add(rank)
                    self._ranks[rank].kill()
            if hanging and deadline is None:
                deadline = time.monotonic() + _GRACE_SECONDS
            codes = [process.poll() for process in self._ranks]
            if all(code is not None for code in codes):
                # a process that was killed here had no accident of its own
                return [PEER_LOST if rank in killed else code or 0 for rank, code in enumerate(codes)]
            if deadline is None and any(code not in {None, 0, 130} for code in codes):
                deadline = time.monotonic() + _GRACE_SECONDS
            if deadline is not None and time.monotonic() > deadline:
                for rank, process in enumerate(self._ranks):
                    if process.poll() is None:
                        killed.add(rank)
                        process.kill()
                deadline = None
            time.sleep(0.05)

    def _hangs(self) -> bool:
        """Whether a stop is wanted and the run hangs: no heartbeat for longer than several steps take."""
        if self._stops.since_seconds < _STOP_SECONDS:
            return False
        beat = self.run.heartbeat()
        if beat.get(Field.PHASE) in BEATS_ONCE:
            return False
        try:
            quiet = boot_seconds() - float(beat.get(Field.BOOT_SECONDS) or 0.0)
            usual = float(beat.get(Field.MEDIAN_STEP_SECONDS) or 0.0)
        except (TypeError, ValueError):
            return False
        return quiet > max(_STOP_SECONDS, 5 * usual)

    def _stalled(self, watch: StallWatch) -> Sequence[int]:
        """The processes to kill because the group gives no sign of life; what is only told is told here."""
        if self._stops or self._ended_for or any(process.poll() is not None for process in self._ranks):
            return ()
        stall = watch.look()
        if stall is None:
            return ()
        if stall.action == Action.ALERT:
            self._say(EventKind.ALERT, stall.message, **{Field.RULE: "stalled"})
            return ()
        self._ended_for = stall
        return stall.ranks or range(1, self.count)

    def _send(self, number: int) -> None:
        for process in self._ranks:
            if process.poll() is None:
                process.send_signal(number)

    def _newest(self) -> str:
        return newest_name(self.run.checkpoints_dir)

    def _give_up(self, message: str, code: int = 1) -> int:
        """Report how the launch ended, unless one of its processes has. Returns `code`."""
        if last_words(self.run, self.launch) is None:
            self._say(EventKind.FAILED, message)
        return code

    def _say(self, event: EventKind, message: str, **facts: object) -> None:
        """Write an event, when no process of the group is left to do so, or all of them wait."""
        log.warning("%s: %s", event, message)
        try:
            writer = RecordWriter(self.run.events_path)
        except OSError:
            return
        writer.write(
            {
                Field.EVENT: event,
                Field.TIME: time.time(),
                Field.LAUNCH: self.launch,
                Field.MESSAGE: message,
                **facts,
            }
        )
        writer.close()


@contextlib.contextmanager
def _meeting_place(run: Run) -> Iterator[Path]:
    """The path of a file in a new folder that no other user can enter. Raises OSError if none can be made."""
    places = [tempfile.gettempdir(), str(run.path)]
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        places.insert(0, runtime)
    for place in places:
        try:
            folder = tempfile.TemporaryDirectory(prefix="stickgen-", dir=place, ignore_cleanup_errors=True)
            break
        except OSError:
            if place == places[-1]:
                raise
    with folder as path:
        yield Path(path) / "store"


def _accident(codes: list[int]) -> str:
    """What happened, by the exit codes: a process that was killed or crashed, else that they lost each other."""
    guilty = [rank for rank, code in enumerate(codes) if code not in _OWN_ENDS | {PEER_LOST}]
    if not guilty:
        return "the processes lost each other"
    code = codes[guilty[0]]
    how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"crashed (exit code {code})"
    return f"process {guilty[0]} of the group {how}"


def end_with_keeper() -> None:
    """In a process that a keeper started, end at once if the keeper is gone."""
    keeper = os.environ.get(KEEPER)
    if keeper is None:
        return

    def watch() -> None:
        while os.getppid() == int(keeper):
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="keeper-watch").start()

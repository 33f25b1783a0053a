"""How a run is, derived at each look from what is on disk and who is alive; never stored, so it cannot lie."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from stickgen.record_log import last_record
from stickgen.run_contract import ENDINGS, STARTING_PHASES, EventKind, Field, Phase, quiet_limit_seconds
from stickgen.runs.checkpoint_folders import step_of
from stickgen.runs.locks import launch_under_way, trainer_lock_holder
from stickgen.runs.process import boot_id, find_process, is_paused

if TYPE_CHECKING:
    from stickgen.runs.directory import RunDirectory

STARTING_SECONDS = 60.0  # a new run directory without a launch is "starting" so long, and then nothing came


class Status(StrEnum):
    """How a run is. `died`: the trainer was killed, or is gone and nobody wrote how it ended.

    `early`: a limit ended it, as `training.max_minutes` or `--max-steps`, before its last step. `paused`: stopped to
    free the memory. `unreadable`: its folder or its run.json cannot be read now, so that nothing is known.
    """

    STARTING = "starting"
    RUNNING = "running"
    STALLED = "stalled"
    PAUSED = "paused"
    STOPPED = "stopped"
    EARLY = "early"
    FINISHED = "finished"
    FAILED = "failed"
    DIED = "died"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class State:
    """The status, why, and how far it is."""

    status: Status
    reason: str
    step: int = 0
    total_steps: int = 0
    phase: str = ""
    unwritten: int = 0  # records of the last launch that are not on disk

    @property
    def alive(self) -> bool:
        """Whether a trainer process is there."""
        return self.status in {Status.STARTING, Status.RUNNING, Status.STALLED}

    @property
    def can_go_on(self) -> bool:
        """Whether a launch would find steps to do."""
        return not self.alive and self.status not in {Status.FINISHED, Status.UNREADABLE}


def boot_seconds() -> float:
    """Seconds since boot, asleep or awake: no change of the clock moves it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def derive_state(run: RunDirectory) -> State:
    """How `run` is, from its locks, its process, its exit file, its events and its heartbeat."""
    beat = run.heartbeat()
    phase = str(beat.get(Field.PHASE, ""))
    at = (
        int(_number(beat.get(Field.STEP))),
        int(_number(beat.get(Field.TOTAL_STEPS))),
        phase,
        int(_number(beat.get(Field.UNWRITTEN))),
    )
    if beat and not at[1]:  # a launch that is loading, or ended so, has not said where it is
        at = (*_where_it_left_off(run), *at[2:])
    launches = run.launches
    process = find_process(launches[-1]) if launches else None
    if process is not None and is_paused(process):
        return State(Status.STALLED, "the process is paused (SIGSTOP)", *at)
    if process is not None or trainer_lock_holder(run) is not None:
        return _alive(beat, at)
    for _ in range(2):  # the exit file may come between the look for it and the look at the supervisor
        if ended := run.exit:
            return _ended(ended, at)
        if launch_under_way(run):
            if not beat:
                return State(Status.STARTING, Phase.STARTING, *at)
            return State(Status.RUNNING, "ending", *at)
    if not launches and (problem := run.identity_problem) is not None:
        return State(Status.UNREADABLE, problem, *at)
    if launches:
        said = last_words(run, len(launches))  # a trainer that outlived its supervisor has no exit file
        if said is not None:
            return _said(said, at)
        return State(Status.DIED, "the trainer is gone and did not say why (killed, or the power went)", *at)
    if number := run.identity.get("slurm_job"):
        return State(Status.STOPPED, f"it waits in Slurm as job {number}", *at)
    if time.time() - _number(run.identity.get("created_unix")) < STARTING_SECONDS:
        return State(Status.STARTING, "not launched yet", *at)
    return State(Status.DIED, "it was never launched", *at)


def _where_it_left_off(run: RunDirectory) -> tuple[int, int]:
    """The step of the newest checkpoint, and the steps of the whole run; 0 of what is not known."""
    saved = run.checkpoints
    return (step_of(saved[-1]) if saved else 0), int(_number(run.identity.get("total_steps")))


def _alive(beat: dict[str, Any], at: tuple[int, int, str, int]) -> State:
    phase = at[2]
    if (
        beat.get(Field.BOOT_ID, boot_id()) == boot_id()
    ):  # on another machine the seconds count from another start
        median = beat.get(Field.MEDIAN_STEP_SECONDS)
        age = boot_seconds() - _number(beat.get(Field.BOOT_SECONDS), boot_seconds())
        limit = quiet_limit_seconds(phase, _number(median) if median is not None else None)
        if age > limit:
            return State(Status.STALLED, f"no heartbeat for {age:.0f} s while {phase or Phase.STARTING}", *at)
    if not beat or phase in STARTING_PHASES:
        return State(Status.STARTING, phase or Phase.STARTING, *at)
    return State(Status.RUNNING, phase, *at)


def _ended(ended: dict[str, Any], at: tuple[int, int, str, int]) -> State:
    code, reason = ended.get("code"), str(ended.get("reason", ""))
    said = ended.get(Field.EVENT)
    # versions whose exit file does not have it called all of these finished
    if code == 0 and (said == EventKind.EARLY or (said is None and at[0] < at[1])):
        return State(Status.EARLY, reason or "it ended before its last step", *at)
    if code == 0:
        return State(Status.FINISHED, reason or "finished", *at)
    if ended.get("signal"):
        return State(Status.DIED, reason or f"ended by {ended['signal']}", *at)
    if code == 130 and said == EventKind.PAUSED:
        return State(Status.PAUSED, reason or "paused", *at)
    if code == 130:
        return State(Status.STOPPED, reason or "stopped", *at)
    return State(Status.FAILED, reason or f"exit code {code}", *at)


def _said(said: dict[str, Any], at: tuple[int, int, str, int]) -> State:
    """How a run is whose trainer said how it ended, and nobody else."""
    status = Status(str(said[Field.EVENT]))
    if status == Status.FINISHED and at[0] < at[1]:
        status = Status.EARLY
    return State(status, str(said.get(Field.MESSAGE, "")), *at)


def last_words(run: RunDirectory, launch: int) -> dict[str, Any] | None:
    """The event by which launch number `launch` said how it ended."""
    for event in ENDINGS:
        if (record := last_record(run.events_path, event=event, launch=launch)) is not None:
            return record
    return None


def _number(value: object, otherwise: float = 0.0) -> float:
    return float(value) if isinstance(value, int | float) else otherwise

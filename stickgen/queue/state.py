"""How a job is, derived at each look from its file and its run directory; never stored, so it cannot lie."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stickgen.queue.job import Job
from stickgen.runs.process import boot_id
from stickgen.runs.state import State, Status
from stickgen.runs.store import Run, is_run
from stickgen.runs.trainings import is_going

MOST_DEATHS = 3  # in a row without a checkpoint in between, before a job counts as failed


class JobStatus(StrEnum):
    """`waiting`: its turn will come. `interrupted`: it was killed in its middle, and goes on when its turn comes."""

    WAITING = "waiting"
    HELD = "held"
    INTERRUPTED = "interrupted"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class JobState:
    """The status, why, and how its run is if it has one."""

    status: JobStatus
    reason: str = ""
    run: State | None = None

    @property
    def ready(self) -> bool:
        """Whether it may be started."""
        return self.status in {JobStatus.WAITING, JobStatus.INTERRUPTED}

    @property
    def open(self) -> bool:
        """Whether it is not over yet."""
        return self.status in {JobStatus.WAITING, JobStatus.INTERRUPTED, JobStatus.RUNNING, JobStatus.HELD}


def derive(job: Job) -> JobState:
    """How `job` is now."""
    if job.failure:
        return JobState(JobStatus.FAILED, job.failure)
    run = job.directory
    if run is None or not is_run(run.path):
        if job.launched:
            return JobState(JobStatus.FAILED, f"its run directory is gone: {job.run}")
        return _in_line(job, "")
    state = run.state()
    if is_going(run):
        return JobState(JobStatus.RUNNING, state.reason, state)
    launches = len(run.launches)
    if job.again == launches:
        return _in_line(job, "it goes on where it was", state)
    if not launches:
        return _in_line(job, "", state)
    match state.status:
        case Status.FINISHED | Status.EARLY:  # a limit of the job's own is its end
            return JobState(JobStatus.FINISHED, state.reason, state)
        case Status.DIED:
            return _died(job, run, state, launches)
        case Status.PAUSED:
            return JobState(JobStatus.HELD, f"{state.reason}; release it, or resume it in its monitor", state)
        case Status.STOPPED:
            if job.interrupted == launches or (job.settled != launches and _of_an_earlier_boot(run)):
                return _goes_on(job, "stopped with a checkpoint as the queue was ended", state)
            return JobState(JobStatus.STOPPED, state.reason, state)
        case _:
            return JobState(JobStatus.FAILED, state.reason, state)


def _in_line(job: Job, reason: str, state: State | None = None) -> JobState:
    return JobState(JobStatus.HELD if job.held else JobStatus.WAITING, reason, state)


def _goes_on(job: Job, reason: str, state: State) -> JobState:
    return JobState(JobStatus.HELD if job.held else JobStatus.INTERRUPTED, reason, state)


def _died(job: Job, run: Run, state: State, launches: int) -> JobState:
    if run.identity.get("killed_launch") == launches:
        return JobState(JobStatus.STOPPED, "killed because somebody asked", state)
    if died_in_vain(job):
        return JobState(
            JobStatus.FAILED, f"{state.reason}; {MOST_DEATHS} times without a new checkpoint", state
        )
    return _goes_on(job, f"{state.reason}; it goes on from its last checkpoint", state)


def died_in_vain(job: Job) -> bool:
    """Whether its last deaths came without a checkpoint in between."""
    last = job.deaths[-MOST_DEATHS:]
    return len(last) == MOST_DEATHS and len({step for _, step in last}) == 1


def _of_an_earlier_boot(run: Run) -> bool:
    """A machine that goes down stops its trainings as a person would: with a checkpoint."""
    return bool(run.launches[-1].get("boot_id") != boot_id())

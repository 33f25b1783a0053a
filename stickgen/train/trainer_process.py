"""The trainer's process: it takes the run's lock, listens to signals, trains, and reports how it ended.

Lock and signals come before torch, because loading torch takes seconds in which no signal may be lost.
"""

from __future__ import annotations

import gc
import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.record_log import RecordWriter
from stickgen.run_contract import EventKind, Field, Phase, Wish
from stickgen.runs.control import Inbox
from stickgen.runs.locks import NoLocksError, RunLock
from stickgen.runs.private_folder import keep_compiled_code_private
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run
from stickgen.train.processes.elastic import KEEPER, PEER_LOST, RankKeeper, end_with_keeper
from stickgen.train.processes.signals import NOTHING_TRAINED, Asked, StopWantedError

log = logging.getLogger("stickgen")


def run_training(path: Path, launch: int | None = None) -> int:
    """Be the trainer process of the run directory `path`, as its launch number `launch`. Returns the exit code.

    0: done. 130: stopped, with a checkpoint if there was anything to save. 1: the run failed. 2: bad input.
    """
    run = Run(path)
    launch = len(run.launches) if launch is None else launch
    rank = os.environ.get("RANK")
    if rank is None and (count := processes_of(run)) > 1:
        return RankKeeper(run, launch, count).keep()
    end_with_keeper()
    asked = Asked()
    asked.listen()
    lock = RunLock(run)  # of the first process, until it ends
    if rank in {None, "0"}:
        try:
            lock.acquire()
        except NoLocksError as error:
            _say(run, launch, str(error))
            return 2
        except (StickgenError, OSError) as error:  # the files are another trainer's: write not even an event
            log.error("%s", error)
            return 2
        if rank is not None and KEEPER not in os.environ:
            launch = _record_launch(run)
        run.beat(Phase.STARTING, 0, 0)
    try:
        return _train(run, launch, asked, prepares=rank in {None, "0"})
    except (StopWantedError, Exception) as error:  # noqa: BLE001 (each is reported)
        return _report_end(run, launch, error)


def _train(run: Run, launch: int, asked: Asked, *, prepares: bool) -> int:
    """Load torch and train. The first process of a group `prepares` for all. Returns the exit code."""
    run.check_writable()
    if prepares:
        _learn(run, launch)
        _warn(run, launch)
    keep_compiled_code_private()
    gc.disable()  # torch's modules stay for good, and scanning them over and over takes time
    from stickgen.train.optim.out_of_memory import is_out_of_memory

    try:
        with asked.ending_the_wait():  # opening a large dataset takes minutes; there is nothing to lose yet
            from stickgen.train.loop import Trainer

            gc.freeze()
            gc.enable()
            trainer = Trainer(run, launch=launch, asked=asked)
        try:
            return trainer.train()
        finally:
            trainer.journal.close()
    except RuntimeError as error:  # what torch raises if RAM or GPU memory runs out
        if not is_out_of_memory(error):
            raise
        raise MemoryError(str(error)) from error


def _report_end(run: Run, launch: int, error: BaseException) -> int:
    """Write the event that says by what `error`, or stop, the launch ended. Returns the exit code."""
    match error:
        case StopWantedError():
            kind = EventKind.PAUSED if _take_stops(run, launch) == Wish.PAUSE else EventKind.STOPPED
            _say(run, launch, _stopped_while_loading(run, kind), event=kind)
            return 130
        case StickgenError():
            _say(run, launch, str(error))
            return error.exit_code
        case MemoryError():
            _say(run, launch, f"out of memory ({error}); {_less_memory(run)}")
        case OSError():
            _say(run, launch, f"{error.filename or run.path}: {error.strerror or error}")
        case _:  # whatever it is: one sentence for the user, the rest for the log
            log.error("the trainer ended with an unexpected error", exc_info=error)
            if "RANK" in os.environ and isinstance(error, RuntimeError):  # usually another process is gone
                return PEER_LOST
            what = str(error).strip().partition("\n")[0][:300]
            name = type(error).__name__
            _say(run, launch, f"unexpected {name}: {what}; the full traceback is in {run.log_path}")
    return 1


def processes_of(run: Run) -> int:
    """How many processes `stickgen train --nproc` asked for; 1 without it."""
    count = run.identity.get("nproc")
    return count if isinstance(count, int) else 1


def _record_launch(run: Run) -> int:
    """Record a launch by torchrun, as the supervisor does for its own. Returns the launch number."""
    launches = run.launches
    if run.exit_path.exists():
        run.exit_path.rename(run.path / f"exit-{len(launches)}.json")
    this = {**describe_process(os.getpid()), "started": datetime.now(UTC).isoformat(timespec="seconds")}
    run.update_identity(launches=[*launches, this])
    return len(launches) + 1


def _learn(run: Run, launch: int) -> None:
    """If the previous launch was killed for lack of memory, take fewer clips at a time and alert."""
    from stickgen.train.processes.killed import learn_from_kill

    if said := learn_from_kill(run, launch - 1):
        _say(run, launch, said, event=EventKind.ALERT)


def _warn(run: Run, launch: int) -> None:
    """Alert if memory or disk will be tight, before torch takes its share."""
    from stickgen.datasets.facts import read_dataset_facts
    from stickgen.hardware.machine import local_machine_fast
    from stickgen.planner.budget import check_budget
    from stickgen.runs.resuming import find_dataset

    config = run.config()
    facts = read_dataset_facts(find_dataset(run) or "")
    budget = check_budget(
        config, local_machine_fast(), facts, run.checkpoints_dir, processes=processes_of(run)
    )
    for sentence in (*budget.refusals, *budget.warnings):
        _say(run, launch, sentence, event=EventKind.ALERT)


def _take_stops(run: Run, launch: int) -> str | None:
    """Answer the requests of a stop that came while it loaded; returns the last one, None if it was a signal alone."""
    last = None
    if os.environ.get("RANK", "0") != "0":
        return last
    inbox = Inbox(run, launch)
    for request in inbox.new():
        if request.wish in {Wish.STOP, Wish.PAUSE} and not request.refusal:
            last = request.wish
            facts = {Field.ID: request.id, Field.APPLIED: True, Field.WISH: last}
            if _say(run, launch, f"{last} asked for", event=EventKind.CONTROL, **facts):
                inbox.answer(request)
    inbox.clear()
    return last


def _stopped_while_loading(run: Run, kind: EventKind) -> str:
    if any(run.checkpoints_dir.glob("step_*")):
        return f"{kind} while loading; the checkpoints are unchanged"
    return NOTHING_TRAINED


def _less_memory(run: Run) -> str:
    """The two edits that would save most memory, in words."""
    from stickgen.planner.advising.rescue import memory_advice

    best = [advice.change for advice in memory_advice(run)[:2]]
    return "try " + ", or ".join(best) if best else "reduce training.batch_size, then model.d_model"


def _say(
    run: Run, launch: int, message: str, *, event: EventKind = EventKind.FAILED, **facts: object
) -> bool:
    """Write an event, by default why this launch failed; whether it is on disk.

    The first process of a group writes for all.
    """
    log.error("%s", message)
    if os.environ.get("RANK", "0") != "0":
        return False
    try:
        writer = RecordWriter(run.events_path)
    except OSError:
        return False  # the log has it
    writer.write(
        {Field.EVENT: event, Field.TIME: time.time(), Field.LAUNCH: launch, Field.MESSAGE: message, **facts}
    )
    writer.sync()
    writer.close()
    return not writer.lost

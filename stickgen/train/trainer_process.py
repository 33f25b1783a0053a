"""The trainer's process: the lock for life, what signals mean, and how an error ends.

Lock and signals come before torch is loaded, which takes seconds in which nothing may be lost.
"""

from __future__ import annotations

import gc
import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.runs.locks import NoLocksError, RunLock
from stickgen.runs.metrics import RecordWriter
from stickgen.runs.private_folder import keep_compiled_code_private
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run
from stickgen.train.processes.elastic import KEEPER, PEER_LOST, RankKeeper, end_with_keeper
from stickgen.train.processes.signals import NOTHING_TRAINED, Asked, StopWantedError

log = logging.getLogger("stickgen")


def run_training(path: Path, launch: int | None = None) -> int:
    """The trainer process of a run directory, as its launch number `launch`; returns its exit code.

    0: done; 130: stopped, with a checkpoint if there was anything to save; 1: the run failed; 2: bad input.
    """
    run = Run(path)
    launch = len(run.launches) if launch is None else launch
    rank = os.environ.get("RANK")
    if rank is None and (count := processes_of(run)) > 1:
        return RankKeeper(run, launch, count).keep()
    end_with_keeper()
    asked = Asked()
    asked.listen()
    if rank in {None, "0"}:
        lock = RunLock(run)
        try:
            lock.acquire()
        except NoLocksError as error:
            _say(run, launch, str(error))
            return 2
        except (StickgenError, OSError) as error:  # another trainer's files: not even an event
            log.error("%s", error)
            return 2
        if rank is not None and KEEPER not in os.environ:
            launch = _record_launch(run)
        run.beat("starting", 0, 0)
    try:
        run.check_writable()
        if rank in {None, "0"}:
            _learn(run, launch)
            _warn(run, launch)
        keep_compiled_code_private()
        gc.disable()  # what torch's modules are made of stays; to look through it again and again takes time
        from stickgen.train.optim.out_of_memory import is_out_of_memory

        try:
            with asked.ending_the_wait():  # a large dataset takes minutes to open, and nothing can be lost
                from stickgen.train.loop import Trainer

                gc.freeze()
                gc.enable()
                trainer = Trainer(run, launch=launch, asked=asked)
            return trainer.train()
        except RuntimeError as error:  # torch says so of RAM and of a GPU's memory
            if not is_out_of_memory(error):
                raise
            raise MemoryError(str(error)) from error
    except StopWantedError:
        _say(run, launch, _stopped_while_loading(run), event="stopped")
        return 130
    except StickgenError as error:
        _say(run, launch, str(error))
        return error.exit_code
    except MemoryError as error:
        _say(run, launch, f"out of memory ({error}); {_less_memory(run)}")
        return 1
    except OSError as error:
        _say(run, launch, f"{error.filename or run.path}: {error.strerror or error}")
        return 1
    except Exception as error:  # whatever it is: one sentence for a person, the rest for the log
        log.exception("the trainer ended by an error that nobody expected")
        if rank is not None and isinstance(error, RuntimeError):  # mostly because another one is gone
            return PEER_LOST
        what = str(error).strip().partition("\n")[0][:300]
        _say(run, launch, f"unexpected {type(error).__name__}: {what}; {run.log_path} has the whole of it")
        return 1


def processes_of(run: Run) -> int:
    """How many processes `stickgen train --nproc` asked for."""
    count = run.identity.get("nproc")
    return count if isinstance(count, int) else 1


def _record_launch(run: Run) -> int:
    """What the supervisor does elsewhere: torchrun started this process. Returns the launch number."""
    launches = run.launches
    if run.exit_path.exists():
        run.exit_path.rename(run.path / f"exit-{len(launches)}.json")
    this = {**describe_process(os.getpid()), "started": datetime.now(UTC).isoformat(timespec="seconds")}
    run.update_identity(launches=[*launches, this])
    return len(launches) + 1


def _learn(run: Run, launch: int) -> None:
    """Take fewer clips at a time where the launch before was killed for want of memory, and say so."""
    from stickgen.train.processes.killed import learn_from_kill

    if said := learn_from_kill(run, launch - 1):
        _say(run, launch, said, event="alert")


def _warn(run: Run, launch: int) -> None:
    """Say what memory and disk will be short of, before torch takes its share."""
    from stickgen.hardware.machine import local_machine_fast
    from stickgen.planner.budget import check_budget
    from stickgen.runs.dataset_facts import read_dataset_facts
    from stickgen.runs.resuming import find_dataset

    config = run.config()
    facts = read_dataset_facts(find_dataset(run) or "")
    budget = check_budget(
        config, local_machine_fast(), facts, run.checkpoints_dir, processes=processes_of(run)
    )
    for sentence in (*budget.refusals, *budget.warnings):
        _say(run, launch, sentence, event="alert")


def _stopped_while_loading(run: Run) -> str:
    if any(run.checkpoints_dir.glob("step_*")):
        return "stopped while it was loading; its checkpoints are as they were"
    return NOTHING_TRAINED


def _less_memory(run: Run) -> str:
    """The edits that would help most, in words."""
    from stickgen.planner.rescue import memory_advice

    best = [advice.change for advice in memory_advice(run)[:2]]
    return "try " + ", or ".join(best) if best else "reduce training.batch_size, then model.d_model"


def _say(run: Run, launch: int, message: str, *, event: str = "failed") -> None:
    """Write an event, by default the one that says why this launch failed; a group's first process writes for all."""
    log.error("%s", message)
    if os.environ.get("RANK", "0") != "0":
        return
    try:
        writer = RecordWriter(run.events_path)
    except OSError:
        return  # the log has it
    writer.write({"event": event, "time": time.time(), "launch": launch, "message": message})
    writer.close()

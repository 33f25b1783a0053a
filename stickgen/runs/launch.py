"""Start a run that outlives its terminal, and stop one gracefully."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import psutil

from stickgen.atomic import write_bytes
from stickgen.children import child_environment
from stickgen.errors import StickgenError
from stickgen.run_contract import LAUNCH_OPTIONS, WENT_BACK, File, Wish
from stickgen.runs.control import request
from stickgen.runs.going_back import finish_going_back, go_back
from stickgen.runs.layout import check_own_files
from stickgen.runs.locks import LaunchLock, trainer_lock_holder
from stickgen.runs.process import find_process
from stickgen.runs.store import Run
from stickgen.runs.trainings import note_launch

if TYPE_CHECKING:
    from stickgen.config.key import Value


def launch(
    run: Run,
    timeout_seconds: float = 20.0,
    *,
    config: bytes | None = None,
    back_to_step: int | None = None,
    values: Mapping[str, Value] | None = None,
    **facts: Any,
) -> None:
    """Start the supervisor of `run` in a session of its own and wait until the trainer has a process.

    `facts` go into run.json, `config` takes the place of config.yaml (the old one is kept beside it), the run goes
    back to the checkpoint `back_to_step`, and `values` are asked for as a live change, once it is certain that this
    launch is the only one. Of any number of launches
    at once one wins; the others raise StickgenError before they touch a file of the run. So does one
    whose folders cannot be written, or whose trainer does not appear.
    """
    check_own_files(run.path)  # before anything is written, the locks too
    try:
        lock = LaunchLock(run)
        if not lock.acquire():
            raise _running_already(run)
        try:
            if trainer_lock_holder(run) is not None or _trainer(run) is not None:
                raise _running_already(run)  # a trainer that outlived its supervisor
            run.check_writable()
            if run.identity.get(WENT_BACK):  # before an earlier launch, which has said it
                run.update_identity(**{WENT_BACK: None})
            if back_to_step is not None:
                go_back(run, back_to_step)
            else:
                finish_going_back(run)
            if values:
                request(run, Wish.SET, values)
            _start(run, lock, timeout_seconds, facts, config)
        finally:
            lock.close()  # the supervisor's copy holds it now
    except OSError as error:
        raise StickgenError(f"{run.path}: cannot be launched ({error.strerror})") from error


def _start(
    run: Run, lock: LaunchLock, timeout_seconds: float, facts: dict[str, Any], config: bytes | None
) -> None:
    launches = len(run.launches)
    if config is not None:
        write_bytes(run.path / f"config-{launches}.yaml", run.config_bytes, mode=0o600, follow=False)
        write_bytes(run.config_path, config, mode=0o600, follow=False)
    identity = run.identity
    facts = {option: None for option in LAUNCH_OPTIONS if identity.get(option) is not None} | facts
    if facts:
        run.update_identity(**facts)
    if run.exit_path.exists():
        run.exit_path.rename(run.path / f"exit-{launches}.json")
    (run.path / File.HEARTBEAT).unlink(missing_ok=True)  # an old one would make the new launch look stalled
    note_launch(run)
    log = os.open(run.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "stickgen.runs.supervisor", str(run.path), str(lock.fd)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=child_environment(),
            close_fds=True,
            pass_fds=(lock.fd,),
        )
    finally:
        os.close(log)
    deadline = time.monotonic() + timeout_seconds
    while len(run.launches) == launches:
        if supervisor.poll() is not None or time.monotonic() > deadline:
            raise StickgenError(f"{run.name}: the trainer did not start; see {run.log_path}")
        time.sleep(0.02)
    # it may outlive this process; if it does not, somebody must take its exit code, or it stays as a zombie
    threading.Thread(target=supervisor.wait, name="supervisor", daemon=True).start()


def pause(run: Run) -> None:
    """Ask for a stop with a checkpoint that frees the memory and is called a pause.

    Raises StickgenError when nothing runs, or the request cannot be written.
    """
    state = run.state()
    if not state.alive:
        raise StickgenError(f"{run.name} is not running ({state.status})")
    request(run, Wish.PAUSE)  # before the signal, which does not say what it is for
    process = _trainer(run)
    if process is None:
        return  # on another machine, which reads the request between two steps
    try:
        process.send_signal(signal.SIGUSR2)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise _not_ours(run, process) from error
    _wake(process)


def stop(run: Run, *, force: bool = False) -> None:
    """Ask for a stop with a checkpoint, as often as one likes; `force` kills the trainer at once.

    The signal comes first: it needs no disk. Raises StickgenError when nothing runs, or nothing that can be
    reached from here.
    """
    state = run.state()
    if not state.alive:
        raise StickgenError(f"{run.name} is not running ({state.status})")
    process = _trainer(run)
    if process is None:
        if trainer_lock_holder(run) is None:
            raise StickgenError(f"{run.name} has no trainer at this moment ({state.reason}); try again")
        if force:
            raise StickgenError(
                f"{run.name} runs on {run.identity.get('host', 'another machine')} or in another container; "
                "kill it there"
            )
        request(run, Wish.STOP)
        return
    try:
        if force:
            with contextlib.suppress(OSError, StickgenError):  # a kill that somebody wanted is no accident
                run.update_identity(killed_launch=len(run.launches))
            process.kill()
            return
        process.send_signal(signal.SIGUSR2)  # never taken for a second one, unlike SIGTERM
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise _not_ours(run, process) from error
    _wake(process)
    with contextlib.suppress(StickgenError):  # the signal has said it
        request(run, Wish.STOP)


def save_now(run: Run) -> None:
    """Ask the trainer for a checkpoint by a signal, if it can be reached; it says itself what came of it."""
    process = _trainer(run)
    with contextlib.suppress(psutil.Error):
        if process is not None:
            process.send_signal(signal.SIGUSR1)


def _wake(trainer: psutil.Process) -> None:
    """A paused process hears nothing but SIGCONT, and who waits for a paused one waits for ever."""
    with contextlib.suppress(psutil.Error):
        family = [trainer, *trainer.children(recursive=True)]
        launch = trainer.parent()
        if launch is not None and launch.pid != os.getpid():
            family.append(launch)  # the supervisor, which says how it ended
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGCONT)


def _not_ours(run: Run, process: psutil.Process) -> StickgenError:
    return StickgenError(
        f"{run.name} is a run of {_owner(process)}, and only they can stop it (process {process.pid})"
    )


def _owner(process: psutil.Process) -> str:
    try:
        return process.username()
    except (psutil.Error, KeyError):
        return "another user"


def remove_run(run: Run) -> None:
    """Delete a run directory. Raises StickgenError when the run is alive, or the folder is not a run's.

    The launch lock is held meanwhile, so that no launch begins in what is being deleted.
    """
    if run.path.is_symlink() or run.path.name in ("", "..") or not run.identity.get("created"):
        raise StickgenError(f"{run.path}: not the folder of a run; nothing was removed")
    lock = LaunchLock(run)
    try:
        if not lock.acquire() or trainer_lock_holder(run) is not None or _trainer(run) is not None:
            raise StickgenError(f"{run.name} is running; stop it first: stickgen runs stop {run.reference}")
        shutil.rmtree(run.path)
    except OSError as error:
        raise StickgenError(f"{error.filename}: cannot be removed ({error.strerror})") from error
    finally:
        lock.close()


def _trainer(run: Run) -> psutil.Process | None:
    launches = run.launches
    return find_process(launches[-1]) if launches else None


def _running_already(run: Run) -> StickgenError:
    process = _trainer(run)
    where = f" (process {process.pid} on {run.identity.get('host', 'this machine')})" if process else ""
    return StickgenError(
        f"{run.name} is running already{where}; watch it with: stickgen runs watch {run.reference}"
    )

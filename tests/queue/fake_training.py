"""Trainings without a process, and a trainer's process that loads no torch and does what a file tells it."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.queue.job import Job
from stickgen.queue.store import Queue
from stickgen.runs.locks import LaunchLock
from stickgen.runs.process import boot_id
from stickgen.runs.store import Run, create_run

FAKE_TRAINER = """
import json, os, signal, sys, time
from pathlib import Path
from stickgen.record_log import RecordWriter
from stickgen.runs.locks import RunLock
from stickgen.runs.store import Run
run = Run(Path(sys.argv[1]))
launch = int(sys.argv[2])
lock = RunLock(run)
lock.acquire()
def end(code, event, message):
    writer = RecordWriter(run.events_path)
    writer.write({"event": event, "time": time.time(), "launch": launch, "message": message})
    writer.close()
    os._exit(code)
for number in (signal.SIGTERM, signal.SIGUSR2):
    signal.signal(number, lambda *_: end(130, "stopped", "stopped after step 3, with a checkpoint"))
signal.pthread_sigmask(signal.SIG_SETMASK, [])
run.beat("training", 3, 9)
(run.path / f"started-{launch}.tmp").write_text(json.dumps(
    {"cwd": os.getcwd(), "identity": run.identity, "env": dict(os.environ)}))
(run.path / f"started-{launch}.tmp").rename(run.path / f"started-{launch}.json")
order = Path(os.environ["FAKE_ORDERS"]) / f"end-{launch}"
while not order.exists():
    time.sleep(0.01)
run.beat("training", 9, 9)
end(0, "finished", "trained for 9 steps")
"""


class AddJob:
    """Adds a job of the quickstart config."""

    def __init__(self, queue: Queue, dataset: Path) -> None:
        self._queue, self._dataset = queue, dataset

    def __call__(self, name: str = "", **facts: object) -> Job:
        config = TrainingConfig(preset_path("quickstart"))
        given: dict[str, object] = {
            "config_name": "quickstart.yaml", "data_path": str(self._dataset), "cwd": os.getcwd(),  # noqa: PTH109
            "root": str(Path("runs").absolute()), "name": name, "force": True,
        }  # fmt: skip
        return self._queue.add(config.bytes, **(given | facts))


class Trainings:
    """Starts trainings that are a held lock and nothing else, and ends them."""

    def __init__(self) -> None:
        self._locks: dict[Path, LaunchLock] = {}
        self._one_at_a_time = threading.Lock()  # a run is seen as running before its launch is written down
        self.gpus: dict[int, list[str]] = {}
        self.started: list[int] = []
        self.fail: set[int] = set()

    def start(self, queue: Queue, job: Job, gpus: list[str]) -> str:
        """As `start_apart`."""
        if job.id in self.fail:
            return "it cannot be started"
        run = job.directory
        if run is None:
            run = self.make(Path(job.root), f"run-{job.id}")
        self.launch(run)
        self.gpus[job.id] = gpus
        self.started.append(job.id)
        queue.update(job.id, run=str(run.path), launched=True, gpus=gpus)
        return ""

    def make(self, root: Path, name: str) -> Run:
        return create_run(TrainingConfig(preset_path("quickstart")), root=root, path=root / name)

    def launch(self, run: Run) -> None:
        with self._one_at_a_time:
            lock = LaunchLock(run)
            assert lock.acquire()
            self._locks[run.path] = lock
            run.exit_path.unlink(missing_ok=True)
            run.update_identity(
                launches=[*run.launches, {"pid": 2**22 + 1, "boot_id": boot_id(), "start_ticks": 1}]
            )

    def end(self, run: Run, code: int = 0, signal: str | None = None, reason: str = "so it ended") -> None:
        with self._one_at_a_time:
            run.exit_path.write_text(json.dumps({"code": code, "signal": signal, "reason": reason}))
            self._locks.pop(run.path).close()

    def end_all(self) -> None:
        for lock in self._locks.values():
            lock.close()

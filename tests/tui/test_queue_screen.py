"""The queue on the screen: every key, the mouse, and what a launch asks while another training goes on."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from on_screen import screen_text, until
from textual.coordinate import Coordinate
from textual.pilot import Pilot
from textual.widgets import Input

from stickgen.config.loading import TrainingConfig
from stickgen.datasets.facts import DatasetFacts, write_dataset_facts
from stickgen.queue.state import JobStatus
from stickgen.queue.store import Queue
from stickgen.run_contract import Phase
from stickgen.runs.locks import LaunchLock
from stickgen.runs.store import Run, create_run
from stickgen_tui.app import StickgenApp
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.screens.queue import QueueScreen
from stickgen_tui.widgets.queue_table import QueueTable


@pytest.fixture
def queue(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """An empty queue; no worker starts."""
    monkeypatch.setenv("STICKGEN_QUEUE", str(workplace / "queue"))
    monkeypatch.setattr("stickgen.queue.worker_lock.start_worker", lambda root: True)
    return Queue()


@pytest.fixture
def dataset(workplace: Path) -> Path:
    """A dataset that nobody opens."""
    path = workplace / "data" / "quickstart.pt"
    path.parent.mkdir()
    zipfile.ZipFile(path, "w").close()
    write_dataset_facts(path, DatasetFacts(
        clips=231, frames=36401, mean_frames=140.0, longest_frames=1584, clips_train=208, clips_val=23,
        frames_train=30864, texts=208, embedding_dim=384, encoder="offline", sources=("CMU",),
        licences=("free",), fingerprint="0" * 64,
    ))  # fmt: skip
    return path


@pytest.fixture
def jobs(queue: Queue, config: Path, dataset: Path, workplace: Path) -> list[int]:
    """Three jobs that wait."""
    facts = {
        "config_name": str(config),
        "data_path": str(dataset),
        "cwd": str(workplace),
        "root": str(workplace / "runs"),
    }
    named = [(config.read_bytes(), {**facts, "name": name}) for name in ("alpha", "beta", "gamma")]
    return [job.id for job in queue.add_all(named)]


@pytest.fixture
def going(config: Path, workplace: Path) -> Iterator[tuple[Run, LaunchLock]]:
    """A training that goes on: a held lock and a heartbeat."""
    run = create_run(TrainingConfig(config), root=workplace / "runs", path=workplace / "runs" / "by-hand")
    lock = LaunchLock(run)
    assert lock.acquire()
    run.beat(Phase.TRAINING, 30, 90)
    yield run, lock
    lock.close()


async def in_queue(pilot: Pilot[None]) -> QueueScreen:
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    await pilot.press("q")
    await until(pilot, lambda: isinstance(app.screen, QueueScreen))
    assert isinstance(app.screen, QueueScreen)
    await until(pilot, lambda: "to come" in screen_text(app))
    return app.screen


def noticed(app: StickgenApp) -> str:
    return "\n".join(notification.message for notification in app._notifications)


async def test_an_empty_queue_says_what_to_do_and_a_adds_a_config(
    app: StickgenApp, queue: Queue, config: Path, dataset: Path
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await in_queue(pilot)
        await until(pilot, lambda: "a adds a config" in screen_text(app))
        for key in ("h", "x", "K", "enter"):
            await pilot.press(key)  # nothing to act on
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, NameScreen))
        app.screen.query_one(Input).value = "nowhere.yaml"
        await pilot.press("enter")
        await until(pilot, lambda: "there is no such config" in noticed(app))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, NameScreen))
        app.screen.query_one(Input).value = str(config)
        await pilot.press("enter")
        await until(pilot, lambda: "quickstart.yaml" in screen_text(app) and "○ waiting" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    assert queue.ids() == [1]


async def test_jobs_move_by_keys_and_the_mark_stays_on_the_job(
    app: StickgenApp, queue: Queue, jobs: list[int]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_queue(pilot)
        await until(pilot, lambda: "gamma" in screen_text(app))
        await pilot.press("down", "down", "shift+up")
        await until(pilot, lambda: queue.ids() == [1, 3, 2])
        await pilot.press("t")
        await until(pilot, lambda: queue.ids() == [3, 1, 2])
        await until(pilot, lambda: screen.query_one(QueueTable).cursor_row == 0)
        await pilot.press("shift+down")
        await until(pilot, lambda: queue.ids() == [1, 3, 2])


async def test_hold_pause_worker_and_removal(
    app: StickgenApp, queue: Queue, jobs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []

    def start(root: Path) -> bool:
        started.append(root)
        return True

    monkeypatch.setattr("stickgen.queue.worker_lock.start_worker", start)
    async with app.run_test(size=(120, 40)) as pilot:
        await in_queue(pilot)
        await until(pilot, lambda: "gamma" in screen_text(app))
        await pilot.press("h")
        await until(pilot, lambda: "‖ held" in screen_text(app))
        await pilot.press("h")
        await until(pilot, lambda: "held" not in screen_text(app).replace("is held", ""))
        await pilot.press("space")
        await until(pilot, lambda: "paused: space goes on" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: "no worker: w starts one" in screen_text(app))
        await pilot.press("w")
        await until(pilot, lambda: started == [queue.root] * 2)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await pilot.press("enter")  # Back stands first
        await until(pilot, lambda: isinstance(app.screen, QueueScreen))
        assert queue.ids() == jobs
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await pilot.press("y")
        await until(pilot, lambda: queue.ids() == jobs[1:] and "alpha" not in screen_text(app))


async def test_what_runs_is_first_and_opens_its_monitor(
    app: StickgenApp,
    queue: Queue,
    jobs: list[int],
    going: tuple[Run, LaunchLock],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, lock = going
    stopped: list[str] = []
    monkeypatch.setattr("stickgen.runs.launch.stop", lambda run: stopped.append(run.name))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_queue(pilot)
        await until(
            pilot, lambda: "by-hand" in screen_text(app) and "not started by the queue" in screen_text(app)
        )
        await pilot.press("x")
        await until(pilot, lambda: "did not start this training" in noticed(app))
        queue.update(2, run=str(run.path), launched=True)
        await until(pilot, lambda: screen.query_one(QueueTable).get_cell_at(Coordinate(0, 0)).plain == "2")
        await until(pilot, lambda: "30/90" in screen_text(app))
        screen.query_one(QueueTable).move_cursor(row=0)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        assert "Stop it with a checkpoint" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: stopped == [run.name])
        await pilot.press("down", "enter")
        await until(pilot, lambda: "it has no run yet" in noticed(app))
        await pilot.press("up", "enter")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen))


async def test_a_click_opens_too(
    app: StickgenApp, queue: Queue, jobs: list[int], going: tuple[Run, LaunchLock]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await in_queue(pilot)
        await until(pilot, lambda: "by-hand" in screen_text(app))
        await pilot.click(QueueTable, offset=(10, 2))
        await pilot.click(QueueTable, offset=(10, 1))
        await pilot.click(QueueTable, offset=(10, 1))
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen))


@pytest.mark.parametrize(("key", "launches", "stays"), [("q", 0, 1), ("y", 1, 0), ("s", 1, 0), ("b", 0, 0)])
async def test_a_launch_asks_while_another_training_goes_on(
    app: StickgenApp, queue: Queue, dataset: Path, going: tuple[Run, LaunchLock], monkeypatch: pytest.MonkeyPatch,
    key: str, launches: int, stays: int,
) -> None:  # fmt: skip
    launched: list[str] = []
    monkeypatch.setattr("stickgen.runs.launch.launch", lambda run, **facts: launched.append(run.name))
    monkeypatch.setattr("stickgen.runs.launch.stop", lambda run: going[1].close())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Enter launches" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        assert "by-hand" in screen_text(app) and "step 30 of 90" in screen_text(app)
        await pilot.press(key)
        await until(pilot, lambda: not isinstance(app.screen, QuestionScreen))
        await until(pilot, lambda: len(launched) == launches and len(queue.ids()) == stays)
        if key == "q":
            await until(pilot, lambda: isinstance(app.screen, QueueScreen))
    for entry in queue.entries():
        assert entry.state.status == JobStatus.WAITING and entry.job is not None
        assert entry.job.data_path == str(dataset)


@pytest.mark.parametrize(
    ("key", "resumed", "stays"), [("q", 0, 1), ("y", 1, 0), ("s", 1, 0), ("escape", 0, 0)]
)
async def test_a_resume_asks_too(
    app: StickgenApp, queue: Queue, run: Run, going: tuple[Run, LaunchLock], monkeypatch: pytest.MonkeyPatch,
    key: str, resumed: int, stays: int,
) -> None:  # fmt: skip
    launched: list[str] = []

    def resume(run: Run, *, start: str) -> tuple[str, ...]:
        launched.append(run.name)
        return ()

    run.exit_path.write_text('{"code": 130, "reason": "stopped"}')
    monkeypatch.setattr("stickgen_tui.screens.steering.resume", resume)
    monkeypatch.setattr("stickgen.runs.launch.stop", lambda run: going[1].close())
    app.first_run = run
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "stopped" in screen_text(app))
        await pilot.press("R")
        await until(pilot, lambda: "starts again at step 0" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "Another training goes on" in screen_text(app))
        await pilot.press(key)
        await until(pilot, lambda: not isinstance(app.screen, QuestionScreen))
        await until(pilot, lambda: len(launched) == resumed and len(queue.ids()) == stays)
    for entry in queue.entries():
        assert entry.job is not None and entry.job.run == str(run.path) and entry.state.ready


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_how_it_looks(
    app: StickgenApp, queue: Queue, jobs: list[int], going: tuple[Run, LaunchLock], snap_compare: Callable[..., bool],
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(
        "stickgen.queue.forecasting.planned_seconds", lambda entry, job, machine: 7200.0 * job.id
    )
    queue.hold(3)
    queue.update(1, failure="data/quickstart.pt: there is no such dataset")

    async def there(pilot: Pilot[None]) -> None:
        await in_queue(pilot)
        await until(
            pilot, lambda: "4 h 00 min" in screen_text(pilot.app) and "30/90" in screen_text(pilot.app)
        )
        await pilot.press("down")
        await until(pilot, lambda: "queue/jobs/2/config.yaml" in screen_text(pilot.app))

    assert snap_compare(app, terminal_size=size, run_before=there)

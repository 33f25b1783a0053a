"""Grids and random searches: which combinations, which bytes, and the table of what came of them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_training import AddJob, Trainings
from hypothesis import given
from hypothesis import strategies as st

from stickgen.cli import root
from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.queue.job import config_bytes
from stickgen.queue.results import smoothed
from stickgen.queue.searching import Choice, Range, draw, grid, parse_choice, parse_space
from stickgen.queue.store import Queue
from stickgen.record_log import RecordWriter
from stickgen.runs.store import Run

RATE = "training.learning_rate"


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_a_grid_is_the_product_each_combination_once(counts: list[int]) -> None:
    found = grid([Choice(f"key{i}", tuple(range(count))) for i, count in enumerate(counts)])
    assert len(found) == math.prod(counts) == len({tuple(values.items()) for values in found})
    assert found[0] == {f"key{i}": 0 for i in range(len(counts))}


@given(
    low=st.floats(1e-6, 10),
    times=st.floats(1.5, 1e5),
    log=st.booleans(),
    whole=st.booleans(),
    seed=st.integers(0, 99),
)
def test_what_is_drawn_lies_in_the_range_and_follows_from_the_seed(
    low: float, times: float, log: bool, whole: bool, seed: int
) -> None:
    low, high = (math.ceil(low), math.ceil(low) + math.ceil(times)) if whole else (low, low * times)
    space = Range("k", float(low), float(high), log, whole)
    first, second = (draw([space, Choice("c", (1, 2))], 5, seed) for _ in range(2))
    assert first == second and len({repr(values) for values in first}) == len(first)
    for values in first:
        assert low <= values["k"] <= high and isinstance(values["k"], int) == whole  # type: ignore[operator]


def test_of_few_combinations_each_is_drawn_once() -> None:
    assert len(draw([Choice("a", (1, 2)), Choice("b", (True, False))], 9, 0)) == 4


@pytest.mark.parametrize(("text", "expected"), [
    (f"{RATE}=1e-5..1e-3:log", Range(RATE, 1e-5, 1e-3, True, False)),
    (f"{RATE}=0.1...5", Range(RATE, 0.1, 0.5, False, False)),
    (f"{RATE}=.1...5", Range(RATE, 0.1, 0.5, False, False)),
    ("model.d_model=128..256", Range("model.d_model", 128.0, 256.0, False, True)),
    ("model.d_model=128,256", Choice("model.d_model", (128, 256))),
    ("data.train_data=a.pt,b/../c.pt", Choice("data.train_data", ("a.pt", "b/../c.pt"))),
])  # fmt: skip
def test_a_space_as_it_is_written(text: str, expected: Choice | Range) -> None:
    assert parse_space(text) == expected


@pytest.mark.parametrize(("text", "sentence"), [
    (f"{RATE}", "write KEY=a,b,c"), (f"{RATE}=", "write KEY=a,b,c"), ("model.d_mode=1,2", "did you mean model.d_model?"),
    ("model.d_model=64,x", "model.d_model: x "), ("model.d_model=64,64", "names a value twice"),
    ("model.dropout=0.4..0.1", "from the lower to the higher"), ("model.dropout=0..0.5:log", "begins above 0"),
    ("device.pin_memory=false..true", "is no number"),
])  # fmt: skip
def test_what_is_no_space_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(StickgenError) as caught:
        parse_space(text)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)
    if ".." not in text:
        with pytest.raises(StickgenError):
            parse_choice(text)


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(root, ["queue", *map(str, arguments)])


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stickgen.queue.worker_lock.start_worker", lambda where: True)


def test_a_grid_freezes_configs_that_differ_in_nothing_but_its_values(queue: Queue, dataset: Path) -> None:
    base = preset_path("quickstart").read_bytes()
    said = call(
        "grid",
        preset_path("quickstart"),
        "training.epochs=3,5",
        "training.batch_size=4,16",
        "--data-path",
        dataset,
    )
    assert said.exception is None, said.output
    assert "job 2 quickstart-2: added (training.epochs=3, training.batch_size=16)" in said.output
    assert len(queue.ids()) == 4
    for number in queue.ids():
        job = queue.find(str(number)).job
        assert job is not None and job.search == "quickstart"
        frozen = config_bytes(queue.folder(number))
        config = TrainingConfig.from_bytes(frozen)
        assert {key: config.get(key) for key in job.values} == job.values
        changed = [(a, b) for a, b in zip(base.splitlines(), frozen.splitlines(), strict=True) if a != b]
        assert len(changed) <= 2 and all(a.split(b":")[0] == b.split(b":")[0] for a, b in changed)
    again = call("grid", preset_path("quickstart"), "training.seed=3,4", "--data-path", dataset)
    assert "results quickstart-2" in again.output


def test_a_combination_that_is_no_config_adds_nothing(queue: Queue, dataset: Path) -> None:
    said = call("grid", preset_path("quickstart"), "model.nhead=4,7", "--data-path", dataset)
    assert "with model.nhead=7: " in str(said.exception) and queue.ids() == []


def test_a_dry_run_shows_and_adds_nothing(queue: Queue, dataset: Path) -> None:
    said = call(
        "random",
        preset_path("quickstart"),
        "--trials",
        "3",
        "--seed",
        "5",
        f"{RATE}=1e-5..1e-3:log",
        "--dry-run",
    )
    assert len(said.output.splitlines()) == 3 and queue.ids() == []
    few = call("random", preset_path("quickstart"), "--trials", "9", "training.seed=1,2", "--dry-run")
    assert "only 2 different combinations" in few.output


def measured(queue: Queue, trainings: Trainings, number: int, losses: list[float]) -> Run:
    job = queue.find(str(number)).job
    assert job is not None
    trainings.start(queue, job, [])
    run = Run(Path("runs") / f"run-{number}")
    writer = RecordWriter(run.metrics_path)
    for step, loss in enumerate(losses, 1):
        writer.write({"kind": "val", "step": step, "loss_pose": loss, "action_accuracy": loss})
    writer.close()
    trainings.end(run)
    return run


def test_the_table_has_the_best_first_and_only_the_keys_searched(
    queue: Queue, add: AddJob, trainings: Trainings
) -> None:
    for seed in (1, 2, 3):
        add(search="s", values={"training.seed": seed})
    add()  # of no search
    measured(queue, trainings, 1, [0.5, 0.2, 0.4])
    measured(queue, trainings, 2, [0.3, 0.3, 0.3])
    lines = call("results").output.splitlines()
    assert lines[0].split()[-1] == "training.seed" and "val loss_pose, best" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]
    assert lines[1].split() == ["1", "finished", "0.2000", "2", "1"] and lines[3].split()[2] == "–"
    for how, order in (("last", [2, 1, 3]), ("smoothed", [2, 1, 3])):
        rows = json.loads(call("results", "s", "--how", how, "--json").output)["rows"]
        assert [row["id"] for row in rows] == order
    rows = json.loads(call("results", "--figure", "action_accuracy", "--how", "last", "--json").output)[
        "rows"
    ]
    assert [row["figure"] for row in rows] == [0.4, 0.3, None]  # of this one, more is better
    assert "no run measures this" in str(call("results", "--figure", "beauty").exception)
    assert "there is no search 'x'" in str(call("results", "x").exception)


def test_an_average_of_equal_values_is_that_value() -> None:
    assert smoothed([0.3] * 5) == pytest.approx(0.3) and 0.2 < smoothed([1.0, 0.2, 0.2]) < 0.6

"""Data and identity changed behind a run's back, while it trains and between two launches, by real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from real_run import MakeRun, wait_for_end, wait_for_step

from stickgen.data.dataset import save_dataset
from stickgen.data.dataset_checks import load_untrusted
from stickgen.runs.launch import launch
from stickgen.runs.store import Run, Status
from stickgen.train.checkpoints.checkpoint import newest_checkpoint

pytestmark = pytest.mark.drill


def of_its_own(run: Run, dataset: Path) -> Path:
    """Give the run a copy of the dataset that may be ruined."""
    place = run.path.parent / "own.pt"
    shutil.copy(dataset, place)
    shutil.copy(f"{dataset}.json", f"{place}.json")
    run.update_identity(data_path=str(place))
    return place


def resume(run: Run, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stickgen", "train", "--resume", str(run.path), "--max-steps", "3", *options],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize("workers", [0, 1, 4])
@pytest.mark.parametrize("size", [0, 3000, None])
def test_data_cut_or_overwritten_while_it_trains_ends_with_a_checkpoint(
    make: MakeRun, dataset: Path, workers: int, size: int | None
) -> None:
    run = make(**{"device.num_workers": workers})
    place = of_its_own(run, dataset)
    launch(run)
    wait_for_step(run, 20)
    if size is None:
        with place.open("r+b") as file:
            file.write(place.read_bytes()[::-1])
    else:
        os.truncate(place, size)
    wait_for_end(run)
    state = run.state()
    assert state.status == Status.FAILED and str(place) in state.reason, state
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and checkpoint.step >= 20
    shutil.copy(dataset, place)
    assert resume(run).returncode == 0


def test_data_replaced_between_launches_is_refused_and_forced(make: MakeRun, dataset: Path) -> None:
    run = make()
    run.update_identity(max_steps=5)
    place = of_its_own(run, dataset)
    launch(run)
    wait_for_end(run)
    content = dict(load_untrusted(place))
    content["embeddings"] = content["embeddings"].flip(0)
    save_dataset(place, content)
    refused = resume(run)
    assert refused.returncode == 2 and "not the data that" in refused.stderr
    forced = resume(run, "--force")
    assert forced.returncode == 0 and "other data" in forced.stdout, forced.stdout + forced.stderr


def saved_with(**changed: Callable[[Any], object]) -> Callable[[Path], None]:
    """The dataset saved again with some of its parts as these functions make them."""

    def change(place: Path) -> None:
        content = {
            name: part.clone() if isinstance(part, torch.Tensor) else part
            for name, part in load_untrusted(place).items()
        }
        save_dataset(place, {**content, **{name: make(content[name]) for name, make in changed.items()}})

    return change


def one_number_more(found: torch.Tensor) -> torch.Tensor:
    found.view(-1)[0] += 0.01
    return found


def without_the_last_clip(place: Path) -> None:
    content = dict(load_untrusted(place))
    frames = int(content["offsets"][-2])
    for name in ("offsets", "clip_text_offsets"):
        content[name] = content[name][:-1].clone()
    content["clip_texts"] = content["clip_texts"][: int(content["clip_text_offsets"][-1])].clone()
    for name in ("source", "licence", "name"):
        content[name] = content[name][:-1]
    for name in ("motion", "actions"):
        content[name] = content[name][:frames].clone()
    save_dataset(place, content)


def split_by_hand(place: Path) -> None:
    content = dict(load_untrusted(place))
    clips = len(content["offsets"]) - 1
    save_dataset(place, {**content, "split": torch.tensor([n % 2 for n in range(clips)], dtype=torch.int8)})


OTHER_DATA: dict[str, Callable[[Path], None]] = {
    "embeddings in another order": saved_with(embeddings=lambda found: found.flip(0)),
    "one number of an embedding": saved_with(embeddings=one_number_more),
    "one coordinate": saved_with(motion=one_number_more),
    "motion backwards": saved_with(motion=lambda found: found.flip(0)),
    "captions": saved_with(texts=lambda found: [f"{text}!" for text in found]),
    "labels": saved_with(actions=lambda found: (found + 1) % 5),
    "another encoder's name and width": saved_with(
        embeddings=lambda found: torch.cat([found, found], 1)
    ),
    "a clip less": without_the_last_clip,
    "another split": split_by_hand,
}  # fmt: skip


def after_five_steps(make: MakeRun, dataset: Path) -> tuple[Run, Path]:
    """A run that may go on, and its own copy of the dataset."""
    run = make()
    run.update_identity(max_steps=5)
    place = of_its_own(run, dataset)
    launch(run)
    wait_for_end(run)
    assert run.state().step == 5, run.state()
    return run, place


@pytest.mark.parametrize("facts", ["facts beside it", "no facts"])
@pytest.mark.parametrize("what", OTHER_DATA)
def test_a_resume_asks_whatever_of_the_data_is_other(
    make: MakeRun, dataset: Path, what: str, facts: str
) -> None:
    run, place = after_five_steps(make, dataset)
    OTHER_DATA[what](place)
    if facts == "no facts":
        Path(f"{place}.json").unlink()
    refused = resume(run)
    assert refused.returncode == 2 and "not the data that" in refused.stderr, refused.stdout + refused.stderr
    assert run.state().step == 5
    right = resume(run, "--data-path", str(dataset))
    assert right.returncode == 0 and run.state().step == 8, right.stderr


def moved_with_its_facts(place: Path) -> Path:
    there = place.parent / "elsewhere" / "renamed.pt"
    there.parent.mkdir()
    place.rename(there)
    Path(f"{place}.json").rename(f"{there}.json")
    return there


def the_same_over_itself(place: Path) -> Path:
    shutil.copy(place, place.with_name("new"))
    place.with_name("new").replace(place)
    return place


def without_facts(place: Path) -> Path:
    Path(f"{place}.json").unlink()
    return place


def with_damaged_facts(place: Path) -> Path:
    Path(f"{place}.json").write_bytes(b'{"clips": ')
    return place


def behind_a_link(place: Path) -> Path:
    there = moved_with_its_facts(place)
    place.symlink_to(there)
    return place


SAME_DATA = [moved_with_its_facts, the_same_over_itself, without_facts, with_damaged_facts, behind_a_link]


@pytest.mark.parametrize("move", SAME_DATA)
def test_the_same_data_is_no_question_wherever_it_lies(
    make: MakeRun, dataset: Path, move: Callable[[Path], Path]
) -> None:
    run, place = after_five_steps(make, dataset)
    there = move(place)
    done = resume(run, *(("--data-path", str(there)) if there != place else ()))
    assert done.returncode == 0 and run.state().step == 8, done.stderr


def folder(place: Path) -> None:
    place.unlink()
    place.mkdir()


def pipe(place: Path) -> None:
    place.unlink()
    os.mkfifo(place)


def dangling(place: Path) -> None:
    place.unlink()
    place.symlink_to("nowhere")


GONE: dict[str, Callable[[Path], object]] = {
    "not there": Path.unlink,
    "empty": lambda place: os.truncate(place, 0),
    "cut": lambda place: os.truncate(place, place.stat().st_size // 2),
    "a folder": folder,
    "a named pipe": pipe,
    "another kind of file": lambda place: place.write_text("model:\n  d_model: 64\n"),
    "a link to nothing": dangling,
}


@pytest.mark.parametrize("what", GONE)
def test_data_that_is_gone_is_a_sentence_and_no_wait(make: MakeRun, dataset: Path, what: str) -> None:
    run, place = after_five_steps(make, dataset)
    GONE[what](place)
    refused = resume(run)
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert refused.stderr.count("stickgen: ") == 1 and place.name in refused.stderr
    assert "Traceback" not in refused.stderr and run.state().step == 5
    assert newest_checkpoint(run.checkpoints_dir)[0] is not None


@pytest.mark.parametrize("copy_too", [False, True])
def test_a_damaged_run_json_is_rebuilt_by_the_next_resume(
    make: MakeRun, dataset: Path, copy_too: bool
) -> None:
    run = make()
    run.update_identity(max_steps=5)
    launch(run)
    wait_for_end(run)
    whole = (run.path / "run.json").read_bytes()
    (run.path / "run.json").write_bytes(whole[:200])
    if copy_too:
        (run.path / "run-copy.json").write_bytes(whole[:200])
    done = resume(run, *(("--data-path", str(dataset)) if copy_too else ()))
    assert done.returncode == 0, done.stderr
    assert run.identity["data_path"] == str(dataset) and run.state().step == 8
    assert (run.path / "run.json.damaged-1").read_bytes() == whole[:200]

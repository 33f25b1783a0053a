"""A split keeps persons, sources, captions and mirror images together, follows the seed, and says what it reached."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from stickgen.cli.data import command
from stickgen.curating.splitting import split_by
from stickgen.data.clip import Clip
from stickgen.data.dataset import DatasetFile, open_dataset, pack, save_dataset
from stickgen.data.mirroring import with_mirrors
from stickgen.data.split import TEST, TRAIN, VALIDATION
from stickgen.errors import StickgenError


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def clips(persons: int, each: int) -> list[Clip]:
    rng = np.random.default_rng(0)
    return [
        Clip(
            rng.random((12, 20), np.float32), [f"text {number % 7}"], np.zeros(12, np.int16), f"lab {person % 3}", "CC0",
            f"{person:02}/{person:02}_{number:02}.bvh", subject=f"lab/{person}",
        )
        for person in range(persons) for number in range(each)
    ]  # fmt: skip


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    save_dataset(tmp_path / "d.pt", pack(with_mirrors(clips(20, 3))))
    return tmp_path / "d.pt"


def sides_by(file: DatasetFile, values: list[str]) -> dict[str, set[int]]:
    found = defaultdict(set)
    for value, side in zip(values, file.split(0.1), strict=True):
        found[value].add(side)
    return found


def test_no_person_is_on_two_sides_and_the_shares_are_said(dataset: Path) -> None:
    result = call("split", dataset, "--val", "0.2", "--test", "0.1")
    assert result.exit_code == 0, result.exception
    file = open_dataset(dataset)
    assert all(len(found) == 1 for found in sides_by(file, file.content["subject"]).values())
    sides = file.split(0.5)  # what is stored decides
    assert [sides.count(side) for side in (TRAIN, VALIDATION, TEST)] == [84, 24, 12]
    lines = [line.split() for line in result.output.splitlines()]
    assert ["val", "24", "clips", "20.0%", "0.2", "min", "4", "persons"] in lines
    assert "36 of 36 held-out clips have a caption that training has too" in result.output
    assert file.facts().clips_val == 24


def test_a_seed_draws_the_same_and_another_seed_others(dataset: Path) -> None:
    file = open_dataset(dataset)
    drawn = [split_by(file, ("subject",), val=0.2, test=0, seed=seed).sides for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    # nor does the order of the clips matter, or what else is there
    more = DatasetFile(Path("more.pt"), pack([*reversed(clips(20, 3)), *clips(21, 3)[60:]]))
    again = dict(
        zip(more.content["name"], split_by(more, ("subject",), val=0.2, test=0, seed=0).sides, strict=True)
    )
    before = dict(zip(file.content["name"], drawn[0], strict=True))
    assert sum(again[name] == before[name] for name in again if name in before) >= 54


@pytest.mark.parametrize("by", ["source", "caption"])
def test_by_source_and_by_caption(dataset: Path, by: str, tmp_path: Path) -> None:
    result = call("split", dataset, "--by", by, "--val", "0.3", "-o", tmp_path / "parted.pt")
    assert result.exit_code == 0, result.exception
    file = open_dataset(tmp_path / "parted.pt")
    values = (
        file.content["source"] if by == "source" else [file.captions(clip)[0] for clip in range(file.clips)]
    )
    found = sides_by(file, values)
    assert all(len(sides) == 1 for sides in found.values())
    assert {TRAIN, VALIDATION} == set.union(*found.values())
    assert "20 persons are on several sides" in result.output or by == "source"


@given(st.lists(st.integers(1, 12), min_size=2, max_size=12), st.floats(0.05, 0.5), st.integers(0, 99))
def test_whatever_the_sizes_both_sides_have_somebody(sizes: list[int], val: float, seed: int) -> None:
    made = [
        Clip(np.full((12, 20), 0.01 * person + number, np.float32), ["x"], np.zeros(12, np.int16), "lab", "CC0", f"{person}/{number}", subject=str(person))
        for person, size in enumerate(sizes) for number in range(size)
    ]  # fmt: skip
    file = DatasetFile(Path("d.pt"), pack(made))
    sides = split_by(file, ("subject",), val=val, test=0.0, seed=seed).sides
    assert set(sides) == {TRAIN, VALIDATION}
    assert abs(sides.count(VALIDATION) - val * len(sides)) <= max(sizes)


def test_who_is_unknown_is_said(tmp_path: Path) -> None:
    made = clips(6, 2)
    for clip in made[:4]:
        clip.subject = ""
    save_dataset(tmp_path / "d.pt", pack(made))
    result = call("split", tmp_path / "d.pt", "--val", "0.3")
    assert "4 of 12 clips do not say who moves" in result.output


def test_too_few_groups_are_refused(tmp_path: Path) -> None:
    save_dataset(tmp_path / "d.pt", pack(clips(1, 5)))
    result = call("split", tmp_path / "d.pt")
    assert isinstance(result.exception, StickgenError)
    assert "hang together by subject" in str(result.exception)
    assert call("split", tmp_path / "d.pt", "--val", "0.6", "--test", "0.5").exit_code == 2


def test_lists(dataset: Path, tmp_path: Path) -> None:
    """Names as other programs write them: no extension, capitals, backslashes, a longer path."""
    (tmp_path / "val.txt").write_bytes(b"# held out\r\n00_01\r\nD:\\mocap\\01\\01_02.BVH\r\n")
    (tmp_path / "test.txt").write_text("02/02_00.bvh\n")
    result = call(
        "split", dataset, "--list", f"val={tmp_path / 'val.txt'}", "--list", f"test={tmp_path / 'test.txt'}"
    )
    assert result.exit_code == 0, result.exception
    file = open_dataset(dataset)
    held = {
        name: side for name, side in zip(file.content["name"], file.split(0.1), strict=True) if side != TRAIN
    }
    assert held == {
        f"{name}{mark}": side
        for name, side in (("00/00_01.bvh", VALIDATION), ("01/01_02.bvh", VALIDATION), ("02/02_00.bvh", TEST))
        for mark in ("", " (mirrored)")
    }
    assert "3 persons are on several sides" in result.output


@pytest.mark.parametrize(
    ("val", "train", "said"),
    [
        ("00_01\nnobody\n", None, "val.txt:2: no clip of"),
        ("00_01\n", "00/00_01.bvh\n", "train.txt:1: '00/00_01.bvh' is on the list for val too"),
        ("00_01\n", "00/00_02.bvh\n", "116 clips are on no list (the first is 00/00_00.bvh)"),
    ],
)
def test_lists_that_do_not_fit_are_refused(
    dataset: Path, tmp_path: Path, val: str, train: str | None, said: str
) -> None:
    arguments = []
    for name, text in (("val", val), ("train", train)):
        if text is not None:
            (tmp_path / f"{name}.txt").write_text(text)
            arguments += ["--list", f"{name}={tmp_path / name}.txt"]
    result = call("split", dataset, *arguments)
    assert isinstance(result.exception, StickgenError)
    assert said in str(result.exception)


def test_a_split_that_is_there_is_not_lost(dataset: Path, tmp_path: Path) -> None:
    assert call("split", dataset, "--seed", "1").exit_code == 0
    result = call("split", dataset, "--seed", "2")
    assert isinstance(result.exception, StickgenError) and "would lose its split" in str(result.exception)
    before = open_dataset(dataset).content["split"]
    assert call("split", dataset, "--seed", "2", "--force").exit_code == 0
    assert not torch.equal(open_dataset(dataset).content["split"], before)
    assert torch.equal(open_dataset(tmp_path / "d.pt.bak").content["split"], before)

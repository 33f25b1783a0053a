"""Clips that a person takes out or labels: they and their mirror images, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from stickgen.cli import root
from stickgen.data.clip import Clip
from stickgen.data.dataset import open_dataset, pack, save_dataset
from stickgen.data.mirroring import with_mirrors
from stickgen.errors import StickgenError

RNG = np.random.default_rng(3)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    clips = []
    for number in range(3):
        motion = RNG.normal(0.5, 0.1, size=(12 + number, 20)).astype(np.float32)
        labels = np.full(len(motion), -1, np.int16)
        clips.append(Clip(motion, [f"moves left {number}"], labels, "Lab", "CC0", f"{number}.bvh"))
    path = tmp_path / "three.pt"
    save_dataset(path, pack(with_mirrors(clips)))
    return path


def call(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(root, ["data", *map(str, arguments)], input=stdin)


def told(path: Path, *clips: int) -> list[dict[str, Any]]:
    result = call("clips", path, "-", stdin="".join(f"{clip}\n" for clip in clips))
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_clip_is_told_whole(dataset: Path) -> None:
    file = open_dataset(dataset)
    (found,) = told(dataset, 2)
    assert found["captions"] == file.captions(2) and found["clips"] == 6
    assert np.allclose(np.array(found["motion"]), file.motion(2).numpy(), atol=1e-4)
    assert found["labels"] == [[0, file.lengths[2], ""]]
    assert {"source": "Lab", "licence": "CC0"}.items() <= found.items()


def test_a_dropped_clip_takes_its_mirror_image_along_and_the_old_file_stays(dataset: Path) -> None:
    before, old = [found["name"] for found in told(dataset, *range(6))], dataset.read_bytes()
    result = call("edit", dataset, "--drop", "0")
    assert result.exit_code == 0, result.output
    assert "4 clips, 2 dropped" in result.output
    after = told(dataset, *range(4))
    assert [found["name"] for found in after] == [
        name for name in before if not str(name).startswith("0.bvh")
    ]
    assert len({str(found["mirror_of"]) for found in after if found["mirror_of"] != -1}) == 2
    assert dataset.with_name("three.pt.bak").read_bytes() == old


def test_a_label_holds_for_the_clip_and_its_mirror_image_and_can_be_taken_away(dataset: Path) -> None:
    assert call("edit", dataset, "--label", "1=walk").exit_code == 0
    labelled = [
        clip for clip, found in enumerate(told(dataset, *range(6))) if found["labels"][0][2] == "walk"
    ]
    assert len(labelled) == 2 and 1 in labelled
    assert call("edit", dataset, "--label", "1=").exit_code == 0
    assert {found["labels"][0][2] for found in told(dataset, *range(6))} == {""}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--drop", "9"), "it has no clip 9"),
        (("--drop", "x"), "write the number of a clip"),
        (("--label", "1"), "write the number of a clip, =, and an action"),
        (("--label", "1=wlak"), "no action is called wlak"),
        (("--drop", "0,1,2,3,4,5"), "no clip would be left"),
        ((), "nothing to do"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(
    dataset: Path, arguments: tuple[str, ...], said: str
) -> None:
    old = dataset.read_bytes()
    result = call("edit", dataset, *arguments)
    assert isinstance(result.exception, StickgenError) and said in str(result.exception)
    assert dataset.read_bytes() == old
    assert not dataset.with_name("three.pt.bak").exists()

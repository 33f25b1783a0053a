"""Labels of each tenth of a second: they fall on the frames that they are of, also where the motion was trimmed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from walking import walking_bvh

from stickgen.data.actions import ACTION_INDEX
from stickgen.importing.clips import import_archives
from stickgen.motion.skeleton import HEAD, LEFT_HAND, PELVIS, RIGHT_HAND

NAMES = ["JumpJack", "Jog", "ArmCircle"]
NUMBERS = "1 " * 5 + "2 " * 10 + "3\n" * 4 + "2\r\n"


def labelled(folder: Path, numbers: str = NUMBERS, key: dict[str, object] | None = None) -> Path:
    caps = folder / "caps"
    caps.mkdir()
    (caps / "14_06.bvh").write_text(walking_bvh())
    (caps / "14_07.bvh").write_text(walking_bvh(seed=1.0))
    (folder / "labels").mkdir()
    told = {"rate_hz": 10, "first_label_value": 1, "names": NAMES, "clips": {"14_06": {"n_labels": 20}}}
    (folder / "labels" / "labels.json").write_text(json.dumps(told | (key or {})))
    (folder / "labels" / "14_06.txt").write_bytes(numbers.encode())
    return folder


def test_each_stretch_has_its_label(tmp_path: Path) -> None:
    report = import_archives([labelled(tmp_path)])
    assert not report.skipped
    one, other = report.clips
    jack, jog = ACTION_INDEX["jumping_jack"], ACTION_INDEX["jog"]
    assert len(one.motion) == 50
    assert one.actions.tolist() == [jack] * 12 + [jog] * 26 + [-1] * 10 + [jog] * 2  # at 25 frames a second
    assert set(other.actions.tolist()) == {-1}
    assert "1 JSON: 1 used" in report.account.lines()


@pytest.mark.parametrize(
    ("numbers", "key", "says"),
    [
        ("1 1 4\n", {}, "14_06.txt:1: '4' is no label; they go from 1 to 3"),
        ("1\n0\n", {}, "14_06.txt:2: '0' is no label"),
        ("1\n1.5\n", {}, "14_06.txt:2: '1.5' is no label"),
        ("1\nnan\n", {}, "14_06.txt:2: 'nan' is no label"),
        (NUMBERS[:-3], {}, "14_06.txt: 19 labels where 20 belong"),
        (NUMBERS, {"rate_hz": 0}, "labels.json: not a key to labels"),
        (NUMBERS, {"rate_hz": "NaN"}, "labels.json: not a key to labels"),
        (NUMBERS, {"clips": [1]}, "labels.json: not a key to labels"),
        (NUMBERS, {"names": [1, 2, 3]}, "labels.json: not a key to labels"),
    ],
)
def test_labels_that_are_wrong_are_said_and_the_motion_comes_in(
    tmp_path: Path, numbers: str, key: dict[str, object], says: str
) -> None:
    report = import_archives([labelled(tmp_path, numbers, key)])
    assert len(report.clips) == 2 and len(report.skipped) == 1
    assert says in report.skipped[0]
    assert set(report.clips[0].actions.tolist()) == {-1}


@pytest.mark.drill
@pytest.mark.real_data
def test_real_labels_fall_on_the_exercises(real_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(real_data / "motions" / "cmu_asfamc.zip") as source:
        for name in ("14/14.asf", "14/14_06.amc"):
            source.extract(name, tmp_path)
    (clip,) = import_archives([tmp_path, real_data / "frame_labels"]).clips
    joints = clip.motion.reshape(len(clip.motion), -1, 2)
    hands = joints[:, [LEFT_HAND, RIGHT_HAND], 1].max(axis=1)
    pelvis = joints[:, PELVIS, 1]

    def during(action: str) -> np.ndarray:
        return np.asarray(clip.actions == ACTION_INDEX[action])

    assert set(clip.actions.tolist()) == {
        -1,
        *(ACTION_INDEX[name] for name in ("jumping_jack", "jog", "squat", "punch")),
    }
    assert hands[during("jumping_jack")].max() > joints[during("jumping_jack"), HEAD, 1].max()
    assert np.percentile(pelvis[during("squat")], 10) < 0.35 < np.percentile(pelvis[~during("squat")], 10)

"""DeepMimic's JSON: its humanoid poses as its description says, at the rate of its frames; and all that may be wrong."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from stickgen.errors import StickgenError
from stickgen.importing.clips import import_archives
from stickgen.importing.formats.deepmimic import read_deepmimic

NO_TURN = [1.0, 0.0, 0.0, 0.0]


def about_z(angle: float) -> list[float]:
    return [math.cos(angle / 2), 0.0, 0.0, math.sin(angle / 2)]


def frame(
    *,
    seconds: float = 1 / 30,
    at: tuple[float, float, float] = (0.0, 0.9, 0.0),
    root: list[float] = NO_TURN,
    hips: tuple[float, float] = (0.0, 0.0),
    knees: tuple[float, float] = (0.0, 0.0),
    shoulders: tuple[float, float] = (0.0, 0.0),
    elbows: tuple[float, float] = (0.0, 0.0),
) -> list[float]:
    """A pose; of the pairs, the right one comes first."""
    sides = [
        [*about_z(hip), knee, *NO_TURN, *about_z(shoulder), elbow]
        for hip, knee, shoulder, elbow in zip(hips, knees, shoulders, elbows, strict=True)
    ]
    return [seconds, *at, *root, *NO_TURN, *NO_TURN, *sides[0], *sides[1]]


def walk(frames: int = 60, seconds: float = 1 / 30) -> list[list[float]]:
    found = []
    for number in range(frames):
        swing = math.sin(2 * math.pi * number / 30)
        found.append(
            frame(
                seconds=seconds, at=(0.03 * number, 0.85, 0.0), hips=(0.5 * swing, -0.5 * swing), elbows=(0.4, 0.4),
                knees=(-0.3 - 0.2 * swing, -0.3 + 0.2 * swing), shoulders=(-0.4 * swing, 0.4 * swing),
            )
        )  # fmt: skip
    return found


def written(frames: list[list[float]]) -> str:
    rows = ",\n".join(json.dumps(row) for row in frames)
    return f'{{\n"Loop": "wrap",\n"RightJoints": [3, 4],\n"Frames":\n[\n{rows}\n]\n}}\n'


def joints(text: str) -> dict[str, np.ndarray]:
    capture, _ = read_deepmimic(text, "walk.txt")
    return {name: capture.positions[:, index] for index, name in enumerate(capture.names)}


def test_each_joint_turns_what_hangs_from_it() -> None:
    straight = frame()
    right = math.pi / 2
    # the right thigh forwards, the right shin down from it; the left forearm forwards; all turned to face -z
    bent = frame(hips=(right, 0), knees=(-right, 0), elbows=(0, right), root=[math.cos(right / 2), 0, math.sin(right / 2), 0])  # fmt: skip
    found = joints(written([straight, bent]))
    np.testing.assert_allclose(found["right_ankle"][0], [0, 0.9 - 0.831416, 0.084887], atol=1e-6)
    np.testing.assert_allclose(found["head"][0], [0, 0.9 + 0.236151 + 0.223894 + 0.175, 0], atol=1e-6)
    np.testing.assert_allclose(found["left_wrist"][0], [-0.02405, 0.9 + 0.236151 + 0.2435 - 0.533735, -0.18311], atol=1e-6)  # fmt: skip
    # x forwards became -z, and z to the right became x
    np.testing.assert_allclose(found["right_knee"][1], [0.084887, 0.9, -0.421546], atol=1e-6)
    np.testing.assert_allclose(found["right_ankle"][1], [0.084887, 0.9 - 0.40987, -0.421546], atol=1e-6)
    np.testing.assert_allclose(found["left_wrist"][1][2], 0.02405 - 0.258947, atol=1e-6)


def test_a_walk_comes_in_as_one(tmp_path: Path) -> None:
    (tmp_path / "humanoid3d_walk.txt").write_text(written(walk()).replace("\n", "\r\n"))
    (tmp_path / "humanoid3d_run.json").write_text(json.dumps({"Frames": walk(90)}))
    (tmp_path / "notes.txt").write_text("Frames: none\n")
    report = import_archives([tmp_path])
    assert report.account.lines() == ["2 DeepMimic: 2 imported", "1 other: 1 no motion"]
    run, steps = report.clips
    assert (len(steps.motion), len(run.motion)) == (50, 75)
    assert steps.view == "side" and steps.motion[-1, 2] > 0.5  # it goes forwards


def test_quaternions_of_any_length_and_sign() -> None:
    frames = walk(10)
    scaled = [[*row[:4], *(-1.001 * value for value in row[4:8]), *row[8:]] for row in frames]
    np.testing.assert_allclose(
        joints(written(scaled))["left_wrist"], joints(written(frames))["left_wrist"], atol=1e-9
    )


def test_the_durations_of_frames_are_the_frame_rate() -> None:
    frames = walk(10, seconds=0.02)
    frames[-1][0] = 0.0  # as in the original files
    capture, notes = read_deepmimic(written(frames), "walk.txt")
    assert capture.fps == pytest.approx(50) and len(capture.positions) == 10 and not notes
    frames[4][0] = 0.04  # it holds a frame twice as long
    capture, notes = read_deepmimic(written(frames), "walk.txt")
    assert capture.fps == pytest.approx(50) and len(capture.positions) == 11
    assert notes == ["its frames take from 0.02 to 0.04 seconds; made even, 0.02 each"]
    root = capture.positions[:, 0, 0]
    np.testing.assert_allclose(root[[4, 5, 6]], [0.12, 0.135, 0.15], atol=1e-9)


TEXT = written(walk(4))
ROW = json.dumps(walk(4)[2])
BROKEN = {
    "cut short": (TEXT[:-200], "walk.txt:9: not JSON here"),
    "no frame": (written([]), "walk.txt: it has no frame"),
    "a list": ("[1, 2]", "walk.txt: it has no frame"),
    "nested without end": ('{"Frames": ' + "[" * 100_000, "walk.txt"),
    "NaN": (TEXT.replace(ROW, ROW.replace("0.85", "NaN")), "walk.txt:8: frame 3 has a number"),
    "a number too few": (TEXT.replace(ROW, "[" + ROW.partition(", ")[2]), "walk.txt:8: frame 3 has 43 numbers"),
    "a dog": (written([[0.03] + [1.0] * 70]), "walk.txt:6: frame 1 has 71 numbers where DeepMimic's humanoid has 44"),
    "text": (TEXT.replace("0.85", '"up"'), "walk.txt:6: frame 1 is no list of numbers"),
    "an object": (TEXT.replace(ROW, '{"a": 1}'), "walk.txt:8: frame 3 is no list of numbers"),
    "no time": (TEXT.replace("[0.03333", "[0.0e0"), "walk.txt:6: frame 1 takes"),
    "a quaternion of zeros": (written([[0.03, 0, 1, 0, *[0.0] * 40]]), "walk.txt:6: frame 1 turns the root"),
    "one frame without time": (written([frame(seconds=0)]), "walk.txt: its one frame takes no time"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_said_with_its_line(what: str) -> None:
    text, says = BROKEN[what]
    assert text != TEXT
    with pytest.raises(StickgenError) as caught:
        joints(text)
    assert str(caught.value).startswith(says)

"""MediaPipe's landmarks in the shapes that people dump them in come in as the motion that was filmed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filmed import BLAZEPOSE, Floats, away, body_of, in_order, motion_of

from stickgen.importing.clips import import_archives

WALK = motion_of("walk", 1)
PIXELS = in_order(body_of(WALK, fps=30), BLAZEPOSE)
BODY = PIXELS / (1920, 1080, 1)
RUN = in_order(body_of(motion_of("run", 2), fps=30, start=1500, facing=-1), BLAZEPOSE) / (1920, 1080, 1)
HIPS = [BLAZEPOSE.index("left_hip"), BLAZEPOSE.index("right_hip")]


def landmarks(points: Floats) -> list[dict[str, float]]:
    return [{"x": x, "y": y, "z": -0.1, "visibility": c} for x, y, c in points.tolist()]


def in_the_world(body: Floats, pixels: float = 230.0) -> Floats:
    """In metres from the middle of the hips."""
    world = body.copy()
    world[..., :2] = (body[..., :2] - body[:, HIPS, :2].mean(axis=1, keepdims=True)) / pixels
    return world


FORMS: dict[str, Callable[[Floats], Any]] = {
    "a list of lists": lambda body: [landmarks(points) for points in body],
    "frames": lambda body: {"frames": [{"frame": n, "landmarks": landmarks(points)} for n, points in enumerate(body)]},
    "by number": lambda body: {f"frame_{n}": landmarks(points) for n, points in enumerate(body)},
    "protobuf": lambda body: [{"poseLandmarks": {"landmark": landmarks(points)}} for points in body],
    "tasks": lambda body: [
        {"timestamp_ms": 33.333 * n, "landmarks": [landmarks(points)], "worldLandmarks": [landmarks(points)]}
        for n, points in enumerate(body)
    ],
    "dataclasses": lambda body: [[[{**one, "presence": 0.9, "name": None} for one in landmarks(points)]] for points in body],
    "by name": lambda body: [dict(zip([name.upper() for name in BLAZEPOSE], landmarks(points), strict=True)) for points in body],
    "lists": lambda body: {"pose_landmarks": [[[x, y, 0.0, c] for x, y, c in points.tolist()] for points in body]},
    "rows": lambda body: {"landmarks": [[value for x, y, c in points.tolist() for value in (x, y, 0.0, c)] for points in body]},
    "with the world": lambda body: {
        "fps": 30,
        "data": [
            {"pose_landmarks": landmarks(points), "pose_world_landmarks": landmarks(world)}
            for points, world in zip(body, in_the_world(PIXELS), strict=False)
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_motion(tmp_path: Path, form: str) -> None:
    (tmp_path / "walk.json").write_text(json.dumps(FORMS[form](BODY), indent=1))
    report = import_archives([tmp_path], fps=30, aspect=16 / 9)
    (clip,) = report.clips
    assert away(clip.motion, WALK) < 0.04
    assert report.account.lines() == ["1 MediaPipe JSON: 1 imported"]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_cut_short_is_one_sentence(tmp_path: Path, form: str) -> None:
    text = json.dumps(FORMS[form](BODY))
    (tmp_path / "walk.json").write_text(text[: len(text) // 2])
    (said,) = import_archives([tmp_path], fps=30, aspect=16 / 9).skipped
    assert said == "walk.json:1: it is cut short; write it again"


def test_the_file_may_say_rate_and_shape(tmp_path: Path) -> None:
    value = {"metadata": {"fps": 30.0, "width": 1920, "height": 1080}, **FORMS["frames"](BODY)}
    (tmp_path / "walk.json").write_text(json.dumps(value))
    (clip,) = import_archives([tmp_path]).clips
    assert away(clip.motion, WALK) < 0.04
    (tmp_path / "walk.json").write_text(json.dumps(FORMS["tasks"](BODY)))
    (clip,) = import_archives([tmp_path], aspect=16 / 9).clips
    assert away(clip.motion, WALK) < 0.04


def test_the_shape_of_the_picture_must_be_known(tmp_path: Path) -> None:
    (tmp_path / "walk.json").write_text(json.dumps(FORMS["frames"](BODY)))
    (said,) = import_archives([tmp_path], fps=30).skipped
    assert "say --aspect 16:9" in said


def test_frames_without_anybody_are_gaps(tmp_path: Path) -> None:
    frames = FORMS["a list of lists"](BODY)
    for number, nobody in ((20, []), (21, None), (22, {}), (40, [])):
        frames[number] = nobody
    for landmark in frames[60]:
        landmark["x"] = float("nan")
    (tmp_path / "walk.json").write_text(json.dumps(frames))
    report = import_archives([tmp_path], fps=30, aspect=16 / 9)
    (clip,) = report.clips
    assert away(clip.motion, WALK) < 0.08
    assert any("filled over short gaps" in note for note in report.notes)


def test_two_people(tmp_path: Path) -> None:
    frames = []
    for number in range(max(len(BODY), len(RUN))):
        poses = [landmarks(body[number]) for body in (BODY, RUN) if number < len(body)]
        frames.append({"landmarks": poses[:: 1 if number % 2 else -1]})
    (tmp_path / "two.json").write_text(json.dumps(frames))
    report = import_archives([tmp_path], fps=30, aspect=16 / 9)
    assert sorted(clip.name for clip in report.clips) == ["two.json#1", "two.json#2"]
    assert min(away(clip.motion, WALK) for clip in report.clips) < 0.04


def test_a_file_a_frame(tmp_path: Path) -> None:
    for number, points in enumerate(BODY):
        (tmp_path / f"frame_{number:05d}.json").write_text(json.dumps({"landmarks": landmarks(points)}))
    (clip,) = import_archives([tmp_path], fps=30, aspect=16 / 9).clips
    assert away(clip.motion, WALK) < 0.04


@pytest.mark.parametrize("action", ["walk", "sit_down"])
@pytest.mark.parametrize("aspect", [None, 16 / 9])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_landmarks_in_the_world_stand_on_their_feet(
    tmp_path: Path, action: str, aspect: float | None, form: str
) -> None:
    """They are metres, so the shape of the picture does not matter to them."""
    motion = motion_of(action, 1)
    world = in_the_world(in_order(body_of(motion, fps=30), BLAZEPOSE))
    if form == "json":
        frames = [{"world_landmarks": landmarks(points)} for points in world]
        (tmp_path / "walk.json").write_text(json.dumps(frames))
    else:
        head = ",".join(f"{axis}{number}" for number in range(33) for axis in "xyv")
        rows = [",".join(f"{value:.5f}" for value in points.ravel()) for points in world]
        (tmp_path / "walk.csv").write_text("\n".join([head, *rows]))
    report = import_archives([tmp_path], fps=30, aspect=aspect)
    (clip,) = report.clips
    assert away(clip.motion, motion) < 0.08
    assert any("so it has no path" in note for note in report.notes)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            {"frames": [{"landmarks": landmarks(BODY[0])[:20]}] * 30},
            "a body has 20 landmarks; MediaPipe's has 33",
        ),
        ({"frames": [{"landmarks": []}] * 30}, "nobody was seen"),
        ([[{"x": "left", "y": 1, "visibility": 1}] * 33] * 30, "the landmarks are not all numbers"),
        ([landmarks(np.full((33, 3), 0.5))] * 30, "legs"),
    ],
    ids=["count", "nobody", "words", "a point"],
)
def test_what_is_no_body(tmp_path: Path, value: Any, said: str) -> None:
    (tmp_path / "walk.json").write_text(json.dumps(value))
    (sentence,) = import_archives([tmp_path], fps=30, aspect=1).skipped
    assert said in sentence

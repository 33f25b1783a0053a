"""A capture is seen from where the user says; its takes from several places stay together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from test_projection import BODY, NAMES, capture, standing, walking, x, y
from walking import walking_bvh

from stickgen.curating.splitting import split_by, split_by_lists
from stickgen.data.dataset import DatasetFile, open_dataset, pack, save_dataset
from stickgen.data.mirroring import mirrored, with_mirrors
from stickgen.data.split import VALIDATION, split_clips
from stickgen.errors import StickgenError
from stickgen.importing.clips import import_archives
from stickgen.importing.projection import figures, project
from stickgen.importing.views import camera_views, read_views
from stickgen.motion.skeleton import LEFT_HAND, PELVIS, RIGHT_HAND


def turned(points: np.ndarray, degrees: np.ndarray | float) -> np.ndarray:
    """Points [t, j, 3] turned about y, to the body's left, by so many degrees in each frame."""
    angle = np.radians(np.broadcast_to(degrees, len(points)))
    cos, sin, none, one = np.cos(angle), np.sin(angle), np.zeros(len(points)), np.ones(len(points))
    matrices = np.stack([cos, none, -sin, none, one, none, sin, none, cos], axis=1).reshape(-1, 3, 3)
    result: np.ndarray = points @ matrices
    return result


def in_a_circle(frames: int = 150) -> np.ndarray:
    """A body that walks round a circle of 2 m to its left, once, in six seconds, and nods its way."""
    degrees = np.linspace(0, 360, frames)
    centre = np.array([200.0, 0, 0])
    walked: np.ndarray = turned(standing(frames) - centre, degrees) + centre
    return walked


def test_a_fixed_view_stands_where_it_says() -> None:
    swing = standing()
    swing[:, NAMES.index("LeftHand"), 2] += np.linspace(0, 20, 40)
    one = capture(swing)
    front, right, back = (project(one, "a", 25, view=f"fixed:{degrees}").motion for degrees in (0, 90, 180))
    np.testing.assert_allclose(front, project(one, "a", 25, view="front").motion, atol=1e-6)
    np.testing.assert_allclose(right, project(one, "a", 25, view="side").motion, atol=1e-6)
    np.testing.assert_allclose(back[:, 0::2], -front[:, 0::2], atol=1e-6)
    between = project(one, "a", 25, view="fixed:45").motion
    np.testing.assert_allclose(between[:, 0::2], (front + right)[:, 0::2] * np.sqrt(0.5), atol=1e-6)


@pytest.mark.parametrize("degrees", [0.0, 70.0, 200.0])
def test_a_fixed_view_turns_with_where_the_body_faces_not_with_the_room(degrees: float) -> None:
    points = walking((0, 0, 1))
    expected = project(capture(points), "a", 25, view="fixed:30").motion
    np.testing.assert_allclose(
        project(capture(turned(points, degrees)), "a", 25, view="fixed:30").motion, expected, atol=1e-5
    )


def test_a_turning_camera_makes_a_circle_straight() -> None:
    points = in_a_circle()
    motion = project(capture(points), "a", 25, view="turning").motion
    step = np.diff(x(motion, PELVIS))
    round_it = 2 * np.pi * 200 / 160
    assert x(motion, PELVIS)[-1] == pytest.approx(round_it, rel=0.03)
    assert step[15:-15].min() > 0.9 * step[15:-15].max()
    fixed = project(capture(points), "a", 25, view="side").motion
    assert abs(x(fixed, PELVIS)[-1]) < 0.2
    # the body always faces +x: left and right lie behind each other
    apart = x(motion, LEFT_HAND) - x(motion, RIGHT_HAND)
    assert np.abs(apart[20:-20]).max() < 0.03
    np.testing.assert_allclose(y(motion, PELVIS), 0.5, atol=1e-5)


def test_a_turning_camera_sees_who_walks_straight_from_the_side() -> None:
    straight = capture(walking((0.6, 0, 0.8)))
    straight.positions = turned(walking((0, 0, 1)), 37.0)
    np.testing.assert_allclose(
        project(straight, "a", 25, view="turning").motion,
        project(straight, "a", 25, view="side").motion,
        atol=1e-5,
    )


def test_hips_in_one_place_do_not_face_anywhere() -> None:
    points = walking((0, 0, 1))
    points[:, NAMES.index("LeftUpLeg"), 0] = points[:, NAMES.index("RightUpLeg"), 0] = 0
    rest = BODY.copy()
    with pytest.raises(StickgenError, match="choose another view"):
        project(capture(points, rest), "a.bvh", 25, view="turning", body="keep")


def test_several_views_of_one_capture() -> None:
    one = capture(walking((0, 0, 1)))
    seen = figures(one, "a", 25, views=("auto", "side", "front", "fixed:60"))
    assert [figure.view for figure in seen] == ["side", "front", "fixed:60"]  # auto is the side here
    for figure in seen:
        np.testing.assert_array_equal(figure.motion, project(one, "a", 25, view=figure.view).motion)


@pytest.mark.parametrize(
    ("text", "views"),
    [
        ("auto", ("auto",)), ("front, Side", ("front", "side")), ("fixed:45", ("fixed:45",)),
        ("fixed:-90,fixed:270", ("fixed:-90",)), ("fixed: 12.5", ("fixed:12.5",)), ("turning,turning", ("turning",)),
        (camera_views(4), ("fixed:0", "fixed:45", "fixed:90", "fixed:135")),
    ],
)  # fmt: skip
def test_views_are_read(text: str, views: tuple[str, ...]) -> None:
    assert read_views(text) == views


@pytest.mark.parametrize("text", ["", "above", "fixed", "fixed:x", "fixed:nan", "fixed:1000", "front,,side"])
def test_a_view_that_is_none(text: str, tmp_path: Path) -> None:
    with pytest.raises(StickgenError, match="the view"):
        read_views(text)
    with pytest.raises(StickgenError, match="the view"):
        import_archives([tmp_path], view=text)


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    folder = tmp_path / "captures"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.bvh").write_text(walking_bvh(seed=number / 10, frames=30))
    return folder


def test_several_cameras_give_several_clips_that_nothing_parts(captures: Path, tmp_path: Path) -> None:
    clips = import_archives([captures], view=camera_views(3)).clips
    assert [clip.name for clip in clips[:4]] == ["0.bvh", "0.bvh@fixed:60", "0.bvh@fixed:120", "1.bvh"]
    for clip in clips:  # captions of their own, as if each had been labelled by somebody else
        clip.texts = [f"{clip.name} {clip.view}"]
    file = saved(tmp_path / "a.pt", with_mirrors(clips))
    (tmp_path / "val.txt").write_text("2.bvh\n")
    by_hand = split_by_lists(file, {"val": tmp_path / "val.txt"}).sides
    assert [clip for clip, side in enumerate(by_hand) if side == VALIDATION] == list(range(12, 18))
    for sides in (file.split(0.3), by_hand, split_by(file, ("subject",), val=0.3, test=0.0, seed=0).sides):
        assert len(set(sides)) == 2
        for first in range(0, 24, 6):
            assert len(set(sides[first : first + 6])) == 1
    one = import_archives([captures]).clips
    assert {clip.capture for clip in one} == {""}
    assert "capture" not in pack(one)


def saved(path: Path, clips: list[Any]) -> DatasetFile:
    save_dataset(path, pack(clips))
    return open_dataset(path)


def test_clips_of_one_capture_share_a_side() -> None:
    texts = [[str(number)] for number in range(60)]
    captures = [str(number // 3) if number < 30 else "" for number in range(60)]
    sides = split_clips(texts, 0.4, captures=captures)
    assert all(len(set(sides[3 * n : 3 * n + 3])) == 1 for n in range(10))
    assert len(set(sides)) == 2


@pytest.mark.parametrize("degrees", [0, 20, 45, 70, 90, 110, 160, -30])
def test_the_mirror_image_of_a_fixed_view_is_what_the_mirrored_body_shows(
    degrees: int, captures: Path
) -> None:
    clip = import_archives([captures / "1.bvh"], view=f"fixed:{degrees}").clips[0]
    other = mirrored(clip)
    assert other.view is not None
    text = walking_bvh(seed=0.1 + np.pi, frames=30)  # the walk with its other foot first
    (captures / "mirror.bvh").write_text(text)
    again = import_archives([captures / "mirror.bvh"], view=other.view).clips[0]
    # the walk sways a little in its own way, so the feet and hands are compared, not the sway
    assert np.abs(again.motion - other.motion).max() < 0.03


def test_the_index_gives_views_too(captures: Path, tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text('file,view\n0.bvh,"front,turning"\n1.bvh,above\n')
    report = import_archives([captures], index=tmp_path / "i.csv", view="side")
    assert [(clip.name, clip.view) for clip in report.clips] == [
        ("0.bvh", "front"), ("0.bvh@turning", "turning"), ("2.bvh", "side"), ("3.bvh", "side"),
    ]  # fmt: skip
    assert report.skipped == [
        "1.bvh: the view 'above' is none of auto, side, front, turning and fixed:DEGREES"
    ]


def test_cameras_and_views_exclude_each_other(tmp_path: Path) -> None:
    from stickgen.cli.data import command

    result = CliRunner().invoke(
        command, ["import", "x", "--view", "side", "--cameras", "3", "-o", str(tmp_path / "o.pt")]
    )
    assert isinstance(result.exception, StickgenError)
    assert "--cameras chooses the views itself" in str(result.exception)

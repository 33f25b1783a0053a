"""A video of people, as OpenPose writes it, comes in as the motion that was filmed; or one sentence says why not."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filmed import (
    BODY_25,
    COCO,
    COCO_18,
    HALPE_26,
    Floats,
    away,
    body_of,
    in_order,
    motion_of,
    openpose_person,
    write_openpose,
)

from stickgen.importing.clips import ImportReport, import_archives
from stickgen.motion_export.formats.openpose import BODY_25 as BODY_25_OUT
from stickgen.motion_export.formats.openpose import COCO_18 as COCO_18_OUT
from stickgen.motion_export.formats.openpose import frame_name, frames

WALK = motion_of("walk", 1)


def imported(folder: Path, **choices: Any) -> ImportReport:
    return import_archives([folder], **{"fps": 30, **choices})


def filmed(names: tuple[str, ...] = BODY_25, motion: Floats = WALK, **how: Any) -> Floats:
    return in_order(body_of(motion, **{"fps": 30, **how}), names)


def sentence(folder: Path, **choices: Any) -> str:
    report = imported(folder, **choices)
    assert not report.clips
    (said,) = report.skipped
    return said


@pytest.mark.parametrize("names", [BODY_25, COCO_18, HALPE_26, COCO], ids=len)
def test_each_order_of_points_gives_the_motion(tmp_path: Path, names: tuple[str, ...]) -> None:
    write_openpose(tmp_path / "walk_json", [filmed(names, noise=1.0)])
    report = imported(tmp_path)
    (clip,) = report.clips
    assert away(clip.motion, WALK) < 0.05
    assert (clip.name, clip.view, report.skipped) == ("walk_json/walk", "side", [])
    assert "1 OpenPose JSON: 1 imported" in report.account.lines()


def test_a_zip_is_read_in_place_and_its_video_found_in_the_index(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "a", [filmed()])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"videos/{file.name}")
    index = tmp_path / "index.csv"
    index.write_text("file,fps,captions,action\nwalk.mp4,30,a man walks,walk\n")
    report = import_archives([tmp_path / "a.zip"], index=index)
    (clip,) = report.clips
    assert clip.texts[0] == "a man walks"
    assert len(clip.motion) == len(WALK) - 1 or len(clip.motion) == len(WALK)
    assert not report.files_without_row and not report.rows_without_file


def test_a_walk_to_the_left_goes_to_the_right_and_stays_a_walk_forwards(tmp_path: Path) -> None:
    write_openpose(tmp_path / "v", [filmed(facing=-1, start=1700)])
    index = tmp_path / "i.csv"
    index.write_text("file,action\nv/walk,walk\n")
    (clip,) = imported(tmp_path / "v", index=index).clips
    assert away(clip.motion, WALK) < 0.03
    assert "a person walks forward" in clip.texts


def test_a_walk_backwards_is_one(tmp_path: Path) -> None:
    motion = motion_of("walk_backward", 1)
    folder = write_openpose(tmp_path / "v", [filmed(motion=motion * np.tile([-1, 1], 10), facing=-1)])
    index = tmp_path / "i.csv"
    index.write_text("file,action\nv/walk,walk\n")
    (clip,) = imported(folder, index=index).clips
    assert clip.motion[-1, 2] > 0.5
    assert "a person walks backwards" in clip.texts


def test_seen_from_the_front_left_is_at_plus_x(tmp_path: Path) -> None:
    motion = motion_of("jumping_jack", 1)
    for place, wide in (("front", 0.11), ("back", -0.11)):
        turned = motion * np.tile([np.sign(wide), 1], 10)
        folder = write_openpose(tmp_path / place, [filmed(motion=turned, wide=wide)])
        (clip,) = imported(folder).clips
        assert clip.view == "front"
        assert away(clip.motion, motion) < 0.03


def test_two_people_who_cross_are_two_clips(tmp_path: Path) -> None:
    bow = motion_of("run", 2)
    there, back = filmed(start=300), filmed(motion=bow, start=1500, facing=-1, tall=380)
    folder = tmp_path / "v"
    write_openpose(folder, [there, back])
    for frame, file in enumerate(sorted(folder.iterdir())):  # in no order, as detectors list them
        content = json.loads(file.read_text())
        content["people"] = content["people"][:: 1 if frame % 2 else -1]
        file.write_text(json.dumps(content))
    report = imported(folder)
    assert [clip.name for clip in report.clips] == ["walk#1", "walk#2"]
    found = {
        min((away(clip.motion, one), name) for name, one in (("walk", WALK), ("run", bow)))
        for clip in report.clips
    }
    assert {name for _, name in found} == {"walk", "run"}
    assert max(far for far, _ in found) < 0.06


def test_the_detectors_numbers_tell_people_apart(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "v", [filmed(), filmed(start=310)], numbers=[4, 7])
    assert [clip.name for clip in imported(folder).clips] == [
        "walk#4"
    ]  # the same motion, so the other is there twice
    folder = write_openpose(
        tmp_path / "w", [filmed(), filmed(motion=motion_of("run", 2), start=310)], numbers=[4, 7]
    )
    assert [clip.name for clip in imported(folder).clips] == ["walk#4", "walk#7"]


def test_people_who_cannot_be_told_apart_are_cut(tmp_path: Path) -> None:
    """Two who move alike and slowly pass each other may go on as either."""
    one = filmed(motion=motion_of("bow", 1), start=500)
    other = one.copy()
    shift = np.linspace(-100, 100, len(one))
    one[..., 0] += shift[:, None]
    other[..., 0] -= shift[:, None]
    folder = write_openpose(tmp_path / "v", [one, other])
    report = imported(folder)
    assert any("unknown who is who" in note for note in report.notes)
    assert all(len(clip.motion) < len(one) * 0.7 for clip in report.clips)


def test_gaps_are_filled_and_said(tmp_path: Path) -> None:
    body = filmed()
    body[20:28, BODY_25.index("left_wrist"), 2] = 0
    body[30:40, BODY_25.index("right_ankle"), 2] = 0.05
    body[50] = np.nan
    folder = write_openpose(tmp_path / "v", [np.nan_to_num(body)])
    report = imported(folder)
    (clip,) = report.clips
    assert away(clip.motion, WALK) < 0.06
    assert any("filled over short gaps" in note for note in report.notes)


def test_a_joint_that_is_missing_for_long_is_named(tmp_path: Path) -> None:
    body = filmed()
    body[25:65, BODY_25.index("left_wrist"), 2] = 0.2
    folder = write_openpose(tmp_path / "v", [body])
    said = sentence(folder)
    assert "walk: its left hand is not seen for 1.3 s (frames 25 to 64)" in said
    assert "--confidence" in said
    assert away(imported(folder, confidence=0.1).clips[0].motion, WALK) < 0.03


def test_legs_out_of_the_picture(tmp_path: Path) -> None:
    body = filmed()
    for side in ("left", "right"):
        for part in ("knee", "ankle"):
            body[:, BODY_25.index(f"{side}_{part}"), 2] = 0
    assert "the whole body must be in the picture" in sentence(write_openpose(tmp_path / "v", [body]))


def test_the_end_where_somebody_leaves_is_cut_off(tmp_path: Path) -> None:
    body = filmed()
    body[70:, BODY_25.index("left_ankle") :, 2] = 0
    report = imported(write_openpose(tmp_path / "v", [body]))
    (clip,) = report.clips
    assert away(clip.motion, WALK) < 0.03
    assert len(clip.motion) == 58
    assert any("frames 0 to 69 kept" in note for note in report.notes)


@pytest.mark.parametrize("limb", [("knee", "ankle"), ("elbow", "wrist")], ids=["legs", "arms"])
def test_sides_that_the_detector_confused_are_put_back(tmp_path: Path, limb: tuple[str, ...]) -> None:
    body = filmed(noise=1.0)
    order = list(range(len(BODY_25)))
    for part in limb:
        left, right = BODY_25.index(f"left_{part}"), BODY_25.index(f"right_{part}")
        order[left], order[right] = right, left
    wrong = [*range(8, 14), 37, *range(60, 66)]
    swapped = body.copy()
    swapped[wrong] = body[wrong][:, order]
    report = imported(write_openpose(tmp_path / "v", [swapped]))
    (clip,) = report.clips
    assert away(clip.motion, WALK) < 0.05
    assert any("had changed places in" in note for note in report.notes)


def test_a_leg_that_goes_back_and_forth_is_refused(tmp_path: Path) -> None:
    body = filmed()
    order = list(range(len(BODY_25)))
    for part in ("knee", "ankle"):
        left, right = BODY_25.index(f"left_{part}"), BODY_25.index(f"right_{part}")
        order[left], order[right] = right, left
    body[10:30], body[50:70] = body[10:30][:, order], body[50:70][:, order]
    assert "left and right legs change places" in sentence(write_openpose(tmp_path / "v", [body]))


def test_the_rate_must_be_given(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "v", [filmed()])
    (said,) = import_archives([folder]).skipped
    assert said == (
        "walk: it does not say how many frames a second its video has; give --fps, or a column `fps` in an index"
    )


def test_places_as_fractions_need_the_shape_of_the_picture(tmp_path: Path) -> None:
    body = filmed()
    body[..., :2] /= (1920, 1080)
    folder = write_openpose(tmp_path / "v", [body])
    assert "say --aspect 16:9" in sentence(folder)
    assert away(imported(folder, aspect=16 / 9).clips[0].motion, WALK) < 0.05


def test_files_that_are_cut_short_empty_or_missing(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "v", [filmed()])
    files = sorted(folder.iterdir())
    files[10].write_text(files[10].read_text()[:300])
    files[11].write_text('{"version":1.3,"people":[]}')
    files[12].unlink()
    files[13].write_text(files[13].read_text().replace(",", ",\r\n"))
    files[14].write_text(
        files[14].read_text().replace('"pose_keypoints_2d":[', '"pose_keypoints_2d":[NaN,NaN,0,', 1)[:]
    )
    report = imported(folder)
    (clip,) = report.clips
    assert away(clip.motion, WALK) < 0.06
    assert any("frames cannot be read" in note and "cut short" in note for note in report.notes)


def test_all_files_cut_short(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "v", [filmed()])
    for file in folder.iterdir():
        file.write_text(file.read_text()[:400])
    assert "it is cut short; write it again; 89 of its 89 frames are like that" in sentence(folder)


def test_nobody_and_somebody_for_a_moment(tmp_path: Path) -> None:
    empty = write_openpose(tmp_path / "a", [None, filmed()[:1]])
    (empty / "walk_000000000000_keypoints.json").write_text('{"version":1.3,"people":[]}')
    assert "nobody was seen" in sentence(empty)
    assert "the longest sight of a person has 5" in sentence(write_openpose(tmp_path / "b", [filmed()[:5]]))
    report = imported(write_openpose(tmp_path / "c", [filmed(), filmed(start=1400)[:5]]))
    assert len(report.clips) == 1
    assert "walk: 1 person who is seen in fewer than 8 frames left out" in report.notes


def test_a_wrong_number_of_points(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    write_openpose(folder, [filmed()[:, :21]])
    assert "its bodies have 21 points" in sentence(folder)


def test_somebody_who_comes_nearer(tmp_path: Path) -> None:
    body = filmed(motion=motion_of("wave", 1), wide=0.11)
    grows = np.linspace(1, 2.5, len(body))[:, None]
    body[..., 0], body[..., 1] = body[..., 0] * grows, body[..., 1] * grows
    assert "it comes nearer, or the camera zooms" in sentence(write_openpose(tmp_path / "v", [body]))


def test_alphapose_writes_all_frames_into_one_file(tmp_path: Path) -> None:
    body = filmed(COCO_18)
    frames = {
        f"{number}.jpg": {"version": "AlphaPose v0.3", "people": [openpose_person(points)]}
        for number, points in enumerate(body)
    }
    (tmp_path / "walk.json").write_text(json.dumps(frames))
    (clip,) = imported(tmp_path).clips
    assert away(clip.motion, WALK) < 0.03


def test_files_of_two_videos_in_a_folder_are_two_clips(tmp_path: Path) -> None:
    write_openpose(tmp_path / "v", [filmed()], name="cam1")
    write_openpose(tmp_path / "v", [filmed(motion=motion_of("run", 2))], name="cam2")
    assert [clip.name for clip in imported(tmp_path).clips] == ["v/cam1", "v/cam2"]


def test_a_list_of_frames_with_their_canvas(tmp_path: Path) -> None:
    body = filmed(COCO_18)
    body[..., :2] /= (1920, 1080)
    frames = [
        {"people": [{"pose_keypoints_2d": points.tolist()}], "canvas_width": 1920, "canvas_height": 1080}
        for points in body
    ]
    (tmp_path / "walk.json").write_text(json.dumps(frames))
    (clip,) = imported(tmp_path).clips
    assert away(clip.motion, WALK) < 0.03


def test_what_stickgen_writes_for_openpose_comes_back(tmp_path: Path) -> None:
    for layout in (BODY_25_OUT, COCO_18_OUT):
        folder = tmp_path / layout.name
        folder.mkdir()
        for number, frame in enumerate(frames(WALK, layout)):
            (folder / frame_name("walk", number)).write_bytes(frame)
        (clip,) = imported(folder, fps=25).clips
        assert away(clip.motion, WALK) < 0.03

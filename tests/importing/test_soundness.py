"""What is no motion of a person is left out and said; one bad frame costs one frame."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from walking import BODY, Tree, walking_bvh

from stickgen.data.actions import ACTION_INDEX
from stickgen.errors import StickgenError
from stickgen.importing.clips import ImportReport, import_archives
from stickgen.importing.formats.bvh import read_bvh
from stickgen.importing.projection import Figure, project


def figure(text: str, fps: float = 30.0, view: str = "auto") -> Figure:
    return project(read_bvh(text, "a.bvh"), "a.bvh", fps, view=view)


def scaled(tree: Tree, factors: dict[str, float]) -> Tree:
    name, (x, y, z), children = tree
    factor = next((f for key, f in factors.items() if name.endswith(key)), 1.0)
    return name, (x * factor, y * factor, z * factor), [scaled(child, factors) for child in children]


@pytest.mark.parametrize("spikes", [{30: 5000.0}, {30: -1e7}, {1: 900.0}, {58: 900.0}, {20: 300.0, 40: -300.0}, dict.fromkeys(range(20, 26), 400.0)])  # fmt: skip
def test_bad_frames_decide_neither_the_view_nor_the_floor(spikes: dict[int, float]) -> None:
    clean, spoilt = figure(walking_bvh()), figure(walking_bvh(spikes=spikes))
    assert spoilt.view == clean.view == "side"
    assert spoilt.notes and not clean.notes
    assert any("bridged" in note or "kept" in note for note in spoilt.notes)
    frames = min(len(clean.motion), len(spoilt.motion))
    assert frames >= 40
    if 1 not in spikes:
        np.testing.assert_allclose(spoilt.motion[:frames], clean.motion[:frames], atol=0.04)


def test_a_bad_frame_does_not_make_a_traveller_of_who_stays() -> None:
    stays = walking_bvh(speed=0.0)
    assert figure(walking_bvh(speed=0.0, spikes={30: 5000.0})).view == figure(stays).view


def test_a_body_that_jumps_to_another_place_is_cut_there() -> None:
    spoilt = figure(walking_bvh(frames=90, spikes=dict.fromkeys(range(60, 90), 2000.0)))
    assert spoilt.notes == ("frames 1 to 60 of 90 kept, because of leaps",)
    assert len(spoilt.motion) == 50


REFUSED = {
    "a static T-pose": (walking_bvh(still=True), "stands still"),
    "positions in millimetres, bones in centimetres": (walking_bvh(root_scale=10, frames=90), "another unit"),
    "a rate ten times too high": (walking_bvh(frame_time="0.0033333", frames=300), None),
    "a trunk of an elephant": (walking_bvh(body=scaled(BODY, {"neck": 3.0, "spine": 3.0})), "not the bones of a person"),
    "a hip of a spider": (walking_bvh(body=scaled(BODY, {"hip": 6.0})), "not the bones of a person"),
    "shins of a stork": (walking_bvh(body=scaled(BODY, {"foot": 4.0})), "not the bones of a person"),
    "arms of nothing": (walking_bvh(body=scaled(BODY, {"hand": 0.01})), "not the bones of a person"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_person_that_moves_is_refused(what: str) -> None:
    text, says = REFUSED[what]
    capture = read_bvh(text, "a.bvh")
    with pytest.raises(StickgenError, match=says):
        project(capture, "a.bvh", capture.fps)


def test_noise_is_no_motion() -> None:
    capture = read_bvh(walking_bvh(), "a.bvh")
    capture.positions += np.random.default_rng(0).normal(0, 12, capture.positions.shape)
    with pytest.raises(StickgenError, match="tremble|changes its length"):
        project(capture, "a.bvh", 30.0)


def test_frames_that_leap_all_over_are_no_motion() -> None:
    spikes = {frame: 3000.0 * (-1) ** frame for frame in range(0, 60, 2)}
    with pytest.raises(StickgenError, match="leap away"):
        figure(walking_bvh(spikes=spikes))


def test_four_legs_are_told_from_two() -> None:
    """A horse with the names of a person: trunk level, hands on the floor."""
    trunk: Tree = ("spine", (0, 5, 30), [])
    arm: Tree = ("lshoulder", (12, 0, 25), [("lelbow", (0, -40, 0), [("lhand", (0, -42, 0), [])])])
    right: Tree = ("rshoulder", (-12, 0, 25), [("relbow", (0, -40, 0), [("rhand", (0, -42, 0), [])])])
    trunk = (trunk[0], trunk[1], [("neck", (0, 2, 30), [("head", (0, 4, 20), [])]), arm, right])
    horse: Tree = (BODY[0], BODY[1], [trunk, *BODY[2][1:]])
    capture = read_bvh(walking_bvh(body=horse), "horse.bvh")
    capture.positions = np.tile(capture.rest + [0, 86, 0], (60, 1, 1))  # stands on all fours
    capture.positions += (np.arange(60) * 2.0)[:, None, None] * np.array([0, 0, 1.0])
    with pytest.raises(StickgenError, match="four legs|bones"):
        project(capture, "horse.bvh", 30.0)


@pytest.mark.parametrize("view", ["side", "front"])
def test_the_view_can_be_chosen(view: str, tmp_path: Path) -> None:
    assert figure(walking_bvh(), view=view).view == view
    (tmp_path / "walk.bvh").write_text(walking_bvh())
    (clip,) = import_archives([tmp_path], view=view).clips
    assert clip.view == view
    travel = clip.motion[-1, 2]  # of the pelvis, along x
    assert travel > 0.8 if view == "side" else abs(travel) < 0.2
    index = tmp_path / "i.csv"
    index.write_text("file,view\nwalk.bvh,front\n")
    assert import_archives([tmp_path], index=index, view="side").clips[0].view == "front"


def imported(folder: Path, label: str, text: str) -> ImportReport:
    (folder / "a.bvh").write_text(text)
    (folder / "i.csv").write_text(f"file,action\na.bvh,{label}\n")
    return import_archives([folder], index=folder / "i.csv")


@pytest.mark.parametrize(
    ("label", "degrees", "action", "says"),
    [
        ("walk-left", 10, "walk", "walks forward, drifting to the left"), ("walk-right", -20, "walk", "to the right"),
        ("walk-left", 0, "walk", "walks forward"), ("walk-left", 85, "sidestep", "walks to the left"),
        ("walk-right", -85, "sidestep", "walks to the right"), ("sidestep", 180, "walk_backward", "backwards"),
        ("walk", 180, "walk_backward", "backwards"), ("walk", 90, "sidestep", "to the left"), ("walk", 20, "walk", "walks forward"),
        ("walk-back", 0, "walk", "walks forward"), ("bow", 0, "bow", "bows"), ("run", 0, "run", "runs"),
    ],
)  # fmt: skip
def test_labels_are_decided_from_where_somebody_goes(
    tmp_path: Path, label: str, degrees: float, action: str, says: str
) -> None:
    way = math.radians(degrees)
    report = imported(tmp_path, label, walking_bvh(speed=3 * math.cos(way), sideways=3 * math.sin(way)))
    (clip,) = report.clips
    assert set(clip.actions.tolist()) == {ACTION_INDEX[action]}
    assert any(says in text for text in clip.texts), clip.texts


def test_duplicates_come_in_once(tmp_path: Path) -> None:
    for number in range(30):
        end = "\r\n" if number % 2 else "\n"
        (tmp_path / f"copy{number:02}.bvh").write_bytes(walking_bvh().replace("\n", end).encode())
    (tmp_path / "other.bvh").write_text(walking_bvh(seed=1.0))
    report = import_archives([tmp_path])
    assert [clip.name for clip in report.clips] == ["copy00.bvh", "other.bvh"]
    assert report.account.lines() == ["31 BVH: 29 there twice, 2 imported"]


@pytest.mark.real_data
def test_real_captures_come_in_whole_and_as_what_they_are(real_data: Path) -> None:
    """231 captures, none refused or bridged, none of the thirty that only drift called a sidestep."""
    archives = [real_data / "motions" / name for name in ("cmu_bvh.zip", "bandai_namco_1.zip")]
    report = import_archives(archives, index=real_data / "index.csv")
    assert (len(report.clips), report.skipped) == (231, [])
    assert not [note for note in report.notes if "called" not in note]
    assert not [clip.name for clip in report.clips if (clip.actions == ACTION_INDEX["sidestep"]).any()]
    assert len([clip for clip in report.clips if "drifting" in clip.texts[0]]) == 29

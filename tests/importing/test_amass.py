"""AMASS comes in with the user's bodies or an average one, and with BABEL's captions and labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from smpl_walk import AT, amass, joints, npy, place, walk

from stickgen.data.actions import ACTION_INDEX
from stickgen.data.split import VALIDATION
from stickgen.errors import StickgenError
from stickgen.importing.babel import Labels, labels_of, place_of
from stickgen.importing.clips import import_archives
from stickgen.importing.smpl import approximate_rest, pose, read_body_models, rotations
from stickgen.motion.skeleton import LEFT_HAND, LEFT_KNEE, PELVIS

WALK = "KIT/3/walk_forward01_poses.npz"


def test_a_knee_bends_where_it_should() -> None:
    rest = approximate_rest()
    turns = np.zeros((2, 22, 3))
    turns[1, AT["left_knee"], 0] = np.pi / 2  # a right angle about x, from down to backwards
    positions = pose(rest, turns, np.array([[0, 0, 0], [1.0, 2.0, 3.0]]))
    assert np.allclose(positions[0], rest)
    shin = rest[AT["left_ankle"]] - rest[AT["left_knee"]]
    moved = positions[1, AT["left_ankle"]] - positions[1, AT["left_knee"]]
    assert np.allclose(moved, [shin[0], -shin[2], shin[1]])
    assert np.allclose(positions[1, AT["right_ankle"]], rest[AT["right_ankle"]] + [1, 2, 3])
    turn = rotations(np.array([0.3, -0.5, 0.7]))
    assert np.allclose(turn @ turn.T, np.eye(3))
    assert np.allclose(turn @ [0.3, -0.5, 0.7], [0.3, -0.5, 0.7])
    assert np.isclose(np.trace(turn), 1 + 2 * np.cos(np.linalg.norm([0.3, -0.5, 0.7])))


@pytest.mark.parametrize("width", [72, 156, 165])
def test_each_body_walks_as_its_joints_do(tmp_path: Path, width: int) -> None:
    """Z up or Y up, SMPL, SMPL-H or SMPL-X: the same figure as HumanML3D's of the same motion."""
    amass(tmp_path / "set" / WALK, width=width)
    report = import_archives([tmp_path / "set"], view="side")
    assert report.skipped == []
    (clip,) = report.clips
    folder = place(tmp_path / "joints", {"1.npy": npy(joints(120, 60.0)), "1.txt": "he walks#x/X#0.0#0.0"})
    (same,) = import_archives([folder], fps=60, view="side").clips
    assert np.abs(clip.motion - same.motion).max() < 1e-5
    assert clip.motion[-1, 2 * PELVIS] > 1
    assert clip.texts[0] == "walk forward"
    assert set(clip.actions.tolist()) == {ACTION_INDEX["walk"]}
    assert (clip.source, clip.subject) == ("AMASS KIT", "AMASS KIT/3")
    assert "an average body took the place" in report.notes[0]


def test_stageii_files_and_other_names_of_the_same_arrays(tmp_path: Path) -> None:
    turns, trans = walk(120, 60.0)
    flat = turns.reshape(120, -1)
    parts: dict[str, Any] = {
        "poses": None, "mocap_framerate": None, "mocap_frame_rate": np.array(60.0), "trans": trans, "gender": np.array(b"male"),
        "root_orient": flat[:, :3], "pose_body": flat[:, 3:], "pose_jaw": np.zeros((120, 3)),
    }  # fmt: skip
    amass(tmp_path / "x" / "CMU" / "01" / "01_01_stageii.npz", **parts)
    renamed = {**parts, "root_orient": None, "pose_body": None, "trans": None, "mocap_frame_rate": None}
    renamed |= {
        "global_orient": flat[:, :3],
        "body_pose": flat[:, 3:],
        "transl": trans,
        "frame_rate": np.array([60]),
    }
    amass(tmp_path / "y" / "motion.npz", **renamed)
    (first,) = import_archives([tmp_path / "x"]).clips
    (second,) = import_archives([tmp_path / "y"]).clips
    assert len(first.motion) == 50
    assert np.allclose(first.motion, second.motion)


def test_a_name_that_says_nothing_is_noted(tmp_path: Path) -> None:
    amass(tmp_path / "set" / "BMLrub" / "rub001" / "0001_poses.npz")
    report = import_archives([tmp_path / "set"])
    assert any("no caption was found for it" in note for note in report.notes)
    assert set(report.clips[0].actions.tolist()) == {-1}


def test_the_shape_of_a_person_is_no_motion(tmp_path: Path) -> None:
    amass(tmp_path / "set" / WALK)
    np.savez(tmp_path / "set" / "KIT" / "3" / "shape.npz", betas=np.zeros(16))
    np.savez(tmp_path / "set" / "KIT" / "3" / "neutral_stagei.npz", betas=np.zeros(16))
    report = import_archives([tmp_path / "set"])
    assert len(report.clips) == 1
    assert report.skipped == []


NAN = np.zeros((120, 156))
NAN[7, 4] = np.nan
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nan": ({"poses": NAN}, "frame 8 is not finite"),
    "width": ({"poses": np.zeros((120, 100))}, "its poses have the shape 120×100"),
    "counts": ({"trans": np.zeros((60, 3))}, "120 poses, but 60 translations"),
    "no path": ({"trans": None}, "does not say where the body goes"),
    "no rate": ({"mocap_framerate": None}, "--fps"),
    "no pose": ({"poses": None}, "neither poses nor root_orient"),
    "words": ({"trans": np.array(["a"] * 3)}, "trans: it holds <U1, not numbers"),
    "objects": ({"trans": np.array([None] * 3)}, "trans holds Python objects"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_said(tmp_path: Path, case: str) -> None:
    change, said = REFUSED[case]
    amass(tmp_path / "set" / WALK, **change)
    (sentence,) = import_archives([tmp_path / "set"]).skipped
    assert said in sentence
    assert WALK in sentence


def test_a_file_that_is_cut_short_and_a_gender_that_is_pickled(tmp_path: Path) -> None:
    whole = amass(tmp_path / "set" / WALK)
    (whole.parent / "b_poses.npz").write_bytes(whole.read_bytes()[:5000])
    amass(tmp_path / "set" / "KIT" / "4" / "jump_poses.npz", gender=np.array(None), frames=90)
    report = import_archives([tmp_path / "set"])
    assert len(report.clips) == 2
    (sentence,) = report.skipped
    assert "b_poses.npz: the file is cut short" in sentence


def _model(path: Path, count: int = 52, *, longer: float = 0.0, **other: Any) -> None:
    """A body model whose joints are vertices of their own: the average body, taller by its first beta."""
    rest = np.zeros((count, 3))
    rest[:22] = approximate_rest()
    rest[AT["left_wrist"]] += [longer, 0, 0]
    shapes = np.zeros((count, 3, 16))
    shapes[AT["right_wrist"], 0, 0] = -0.1
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        "J_regressor": np.eye(count), "v_template": rest, "shapedirs": shapes, "part2num": np.array({"a": 1}), **other,
    }  # fmt: skip
    np.savez(path, **arrays)


def test_the_users_own_body_model(tmp_path: Path) -> None:
    """The model of the right kind and gender, and the person's shape, decide the length of the bones."""
    models = tmp_path / "models"
    _model(models / "smplh" / "male" / "model.npz", longer=0.05)
    _model(models / "smplh" / "female" / "model.npz", longer=0.10)
    _model(models / "SMPLX_NEUTRAL.npz", 55, longer=0.15)
    sets = tmp_path / "set"
    betas = np.array([2.0] + [0.0] * 15)
    amass(sets / "A/1/a_poses.npz", frames=119)
    amass(sets / "A/1/b_poses.npz", gender=np.array("female"), frames=120, betas=betas)
    amass(sets / "A/1/c_stageii.npz", width=165, frames=121)
    report = import_archives([sets], body_model=models, view="front", body="keep")
    bare = import_archives([sets], view="front", body="keep")
    reach = []
    for clip, plain in zip(report.clips, bare.clips, strict=True):
        assert np.allclose(clip.motion[:, 2 * LEFT_KNEE :][:, :2], plain.motion[:, 2 * LEFT_KNEE :][:, :2])
        reach.append(float(np.abs(clip.motion - plain.motion)[:, 2 * LEFT_HAND :][:, :2].max()))
    assert reach == pytest.approx([reach[0], 2 * reach[0], 3 * reach[0]], rel=1e-3)
    assert reach[0] > 0.01
    assert [note for note in report.notes if "neutral one took its place" in note] == []
    read = {(model.kind, model.gender): model for model in read_body_models(models)}
    rest = read["SMPL-H", "female"].rest(betas)
    assert rest[AT["right_wrist"], 0] == pytest.approx(approximate_rest()[AT["right_wrist"], 0] - 0.2)


def test_a_shape_that_no_body_has_is_noted(tmp_path: Path) -> None:
    _model(tmp_path / "models" / "smplh" / "male" / "model.npz")
    amass(tmp_path / "set" / WALK, betas=np.array([np.nan] + [0.0] * 15))
    report = import_archives([tmp_path / "set"], body_model=tmp_path / "models")
    assert len(report.clips) == 1
    assert "its shape (betas) is that of no body" in report.notes[0]


def test_a_model_of_another_kind_lends_its_mean_body(tmp_path: Path) -> None:
    _model(tmp_path / "models" / "SMPLX_MALE.npz", 55)
    amass(tmp_path / "set" / WALK)
    (note,) = import_archives([tmp_path / "set"], body_model=tmp_path / "models").notes
    assert "no body model of SMPL-H was given; the mean body of SMPL-X took its place" in note


@pytest.mark.parametrize("kind", ["missing", "empty", "pickled", "other", "torn"])
def test_a_folder_without_a_body_model(tmp_path: Path, kind: str) -> None:
    models = tmp_path / "models"
    if kind != "missing":
        models.mkdir()
    if kind == "pickled":
        (models / "SMPL_MALE.pkl").write_bytes(b"\x80\x04.")
    if kind == "other":
        _model(models / "model.npz", v_template=np.zeros((3, 3)))
    if kind == "torn":
        _model(models / "model.npz")
        (models / "model.npz").write_bytes((models / "model.npz").read_bytes()[:900])
    amass(tmp_path / "set" / WALK)
    said = {"missing": "no such folder", "pickled": "SMPL_MALE.pkl is pickled", "empty": "holds no .npz"}
    with pytest.raises(StickgenError, match=said.get(kind, "model.npz")):
        import_archives([tmp_path / "set"], body_model=models)


BABEL = {
    "7001": {
        "babel_sid": 7001, "feat_p": "KIT/KIT/3/walk_forward01_poses.npz", "dur": 2.0,
        "seq_ann": {"labels": [{"raw_label": "walking, then waving", "proc_label": "walk", "act_cat": ["walk"]}]},
        "frame_ann": {"labels": [
            {"raw_label": "wave hand", "proc_label": "wave hand", "act_cat": ["wave", "gesture"], "start_t": 1.0, "end_t": 2.0},
            {"raw_label": "walk forward", "proc_label": "walk", "act_cat": ["walk"], "start_t": 0.0, "end_t": 1.0},
            {"raw_label": "transition", "proc_label": "transition", "act_cat": ["transition"], "start_t": 0.9, "end_t": 1.1},
            {"raw_label": "", "proc_label": None, "act_cat": None, "start_t": None, "end_t": "x"},
        ]},
    },
    "7002": {"babel_sid": 7002, "feat_p": "KIT/KIT/4/unknown_poses.npz", "seq_ann": None, "frame_ann": None},
}  # fmt: skip


def test_babel_gives_captions_sides_and_labels(tmp_path: Path) -> None:
    """In the layout of the test set too, whose labels are kept back, and with several annotators."""
    extra = {
        "7001": {
            "babel_sid": 7001, "feat_p": BABEL["7001"]["feat_p"], "frame_anns": None,
            "seq_anns": [{"labels": [{"raw_label": "strolls", "proc_label": "walk", "act_cat": ["walk"]}]}],
        }
    }  # fmt: skip
    amass(tmp_path / "set" / WALK)
    place(tmp_path / "set", {"babel/val.json": json.dumps(BABEL), "babel/extra_val.json": json.dumps(extra)})
    report = import_archives([tmp_path / "set"])
    assert report.skipped == []
    (clip,) = report.clips
    assert set(clip.texts[:3]) == {"walking, then waving", "walk forward, then wave hand", "strolls"}
    assert clip.texts[3] == "walk forward"  # from the file's name
    assert clip.split == VALIDATION
    assert set(clip.actions[:25].tolist()) == {ACTION_INDEX["walk"]}
    assert set(clip.actions[26:].tolist()) == {ACTION_INDEX["wave"]}
    assert any("JSON: 2 used" in line for line in report.account.lines())


def test_babels_categories_are_our_actions() -> None:
    """By the words of the label, by its category, or by its first verb; what is none of ours stays unlabelled."""
    told = (
        ("take cup", ["take/pick something up"], "pick_up"), ("turn left", ["turn"], "turn"), ("walk back", ["walk"], "walk back"),
        ("march on the spot", ["leg movements"], "march"), ("hold something", ["hand movements"], ""), ("transition", ["transition"], ""),
    )  # fmt: skip
    labels = [
        {
            "raw_label": words,
            "proc_label": words,
            "act_cat": categories,
            "start_t": number,
            "end_t": number + 1,
        }
        for number, (words, categories, _) in enumerate(told)
    ]
    entry = json.dumps({"frame_ann": {"labels": labels}, "split": "train"})
    found = {int(segment.start): segment.label for segment in labels_of([entry]).segments}
    assert [found[number] for number in range(len(told))] == [action for _, _, action in told]


def test_a_label_of_the_whole_is_that_of_each_frame() -> None:
    def labels(*words: str) -> Labels:
        told = [{"raw_label": word, "proc_label": word, "act_cat": [word]} for word in words]
        return labels_of([json.dumps({"seq_ann": {"labels": told}, "frame_ann": None, "split": ""})])

    assert labels("jump").action == "jump"
    assert labels("jump", "walk").action == ""
    assert labels().action == labels("juggle").action == ""


def test_a_damaged_babel_is_said(tmp_path: Path) -> None:
    amass(tmp_path / "set" / WALK)
    place(tmp_path / "set", {"train.json": json.dumps(BABEL)[:700]})
    report = import_archives([tmp_path / "set"])
    assert len(report.clips) == 1
    assert "train.json: not BABEL's JSON" in report.skipped[0]


def test_paths_of_both_releases_meet() -> None:
    old = place_of("BioMotionLab_NTroje/rub001/0000_treadmill norm_poses.npz")
    assert old == place_of("BMLrub/rub001/0000_treadmill_norm_stageii.npz")
    assert place_of("") == ("",)

"""HumanML3D and KIT-ML come in with captions, stretches and sides; what is missing or damaged is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from smpl_walk import AT, joints, kit_joints, npy, place

from stickgen.data.split import TEST, TRAIN
from stickgen.importing.clips import import_archives
from stickgen.importing.joint_vectors import decode_vectors
from stickgen.motion.skeleton import PELVIS

Floats = NDArray[np.float64]
Files = dict[str, str | bytes]
LINE = "a person walks forward.#a/DET person/NOUN walk/VERB forward/ADV#0.0#0.0\n"
FILES: Files = {
    "HumanML3D/new_joints/000001.npy": npy(joints()),
    "HumanML3D/new_joints/M000001.npy": npy(joints() * [-1, 1, 1]),
    "HumanML3D/new_joints/000002.npy": npy(joints(80, seed=1.0)),
    "HumanML3D/texts/000001.txt": LINE + "a man strides.#a/DET man/NOUN#0.0#0.0\r\n",
    "HumanML3D/texts/M000001.txt": LINE,
    "HumanML3D/texts/000002.txt": "he starts to walk.#he/PRON#0.0#2.0\nhe goes on.#he/PRON#2.0#4.0\nall of it.#x/X#nan#nan\n",
    "HumanML3D/train.txt": "000001\nM000001\n",
    "HumanML3D/test.txt": "000002\r\n000003\r\nM000003\r\n",
    "HumanML3D/all.txt": "000001\n000002\n000003\n",
    "HumanML3D/Mean.npy": npy(np.zeros(263)),
}  # fmt: skip


@pytest.mark.parametrize("name", ["set", "set.zip"])
def test_a_folder_or_an_archive_of_humanml3d(tmp_path: Path, name: str) -> None:
    report = import_archives([place(tmp_path / name, FILES)])
    clips = {clip.name.removeprefix("HumanML3D/new_joints/"): clip for clip in report.clips}
    assert sorted(clips) == ["000001.npy", "000002.npy", "000002.npy#0-2s", "000002.npy#2-4s"]
    walk = clips["000001.npy"]
    assert walk.texts == ["a person walks forward.", "a man strides."]
    assert (walk.split, walk.source) == (TRAIN, "HumanML3D")
    assert len(walk.motion) == 74  # 60 frames at 20 a second
    assert walk.motion[-1, 2 * PELVIS] == pytest.approx(1.2 * 2.95 * 0.5 / 0.785, rel=0.02)
    assert clips["000002.npy"].texts == ["all of it."]
    assert clips["000002.npy#2-4s"].texts == ["he goes on."]
    assert {clips[name].split for name in clips if "000002" in name} == {TEST}
    assert len({clips[name].subject for name in clips if "000002" in name}) == 1  # never on two sides
    assert len(clips["000002.npy#2-4s"].motion) == 49
    # the joints do not jump from one stretch to the next
    whole = clips["000002.npy"].motion
    stretch = clips["000002.npy#2-4s"].motion
    assert np.abs((whole[50:99] - stretch)[:, 1::2]).max() < 0.02
    assert report.skipped == ["HumanML3D/test.txt: 2 of its 3 clips have no file: 000003, M000003"]
    lines = report.account.lines()
    assert any("1 mirror images left out" in line for line in lines)
    assert not any("no motion" in line or "not read yet" in line for line in lines)


def test_kit_keeps_its_rate_and_the_left_is_left(tmp_path: Path) -> None:
    """Its space is left-handed: taken as it is, a figure seen from the front shows the wrong arm moving."""
    for folder, mirrored in (("kit", True), ("fixed", False)):
        files: Files = {"new_joints/00001.npy": npy(kit_joints(mirrored=mirrored)), "texts/00001.txt": LINE}
        (clip,) = import_archives([place(tmp_path / folder, files)], view="side").clips
        assert len(clip.motion) == 79  # 40 frames at 12.5 a second
        assert clip.source == "KIT-ML"
        human = npy(joints(40, 12.5))
        loose = place(tmp_path / f"{folder}2", {"new_joints/1.npy": human, "texts/1.txt": LINE})
        (same,) = import_archives([loose], fps=12.5, view="side").clips
        # a toe of KIT's takes the place of no joint of the figure, so that both are the same
        assert np.abs(clip.motion - same.motion).max() < 1e-3


def test_a_mirrored_space_is_put_right_without_swapping_the_sides(tmp_path: Path) -> None:
    """Only the left arm waves wide: seen from the front, it must be the same arm at the same side."""
    clips = []
    for sign in (1, -1):
        files: Files = {"new_joints/1.npy": npy(joints() * [sign, 1, 1]), "texts/1.txt": LINE}
        clips += import_archives([place(tmp_path / f"x{sign}", files)], view="front").clips
    assert np.abs(clips[0].motion - clips[1].motion).max() < 1e-5


def test_vectors_stand_in_for_joints(tmp_path: Path) -> None:
    positions = joints(60)
    files: Files = {"new_joint_vecs/000001.npy": npy(_vectors(positions)), "texts/000001.txt": LINE}
    (clip,) = import_archives([place(tmp_path / "vecs", files)]).clips
    files = {"new_joints/000001.npy": npy(positions[:-1]), "texts/000001.txt": LINE}
    (same,) = import_archives([place(tmp_path / "joints", files)]).clips
    assert np.abs(clip.motion - same.motion).max() < 1e-4
    both: Files = {
        "joints/000001.npy": npy(positions + 1.0),
        **files,
        "new_joint_vecs/000001.npy": npy(_vectors(positions)),
    }
    report = import_archives([place(tmp_path / "both", both)])
    assert [clip.name for clip in report.clips] == ["new_joints/000001.npy"]
    assert "2 NPY: 2 used" in report.account.lines()


def test_decoded_vectors_turn_as_the_body_turned() -> None:
    """A body on a circle: encoded as the data set does, with its quaternions, decoded to the same shape."""
    positions = joints(40)
    turn = np.linspace(0, 2.0, 40)
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x, y, z = np.moveaxis(positions - positions[:, :1] * [1, 0, 1], -1, 0)
    centre = np.stack((1 - np.cos(turn), 0 * turn, np.sin(turn)), axis=-1)[:, None]
    circling = np.stack((cos * x + sin * z, y, cos * z - sin * x), axis=-1) + centre
    decoded = decode_vectors(_vectors(circling), "x.npy")
    first = circling[:-1] - circling[0, 0] * [1, 0, 1]
    assert np.abs(decoded - first).max() < 1e-9


def _vectors(positions: Floats) -> Floats:
    """[t, 22, 3] → [t - 1, 263], by the recipe of HumanML3D's motion_representation, rotations and contacts aside."""
    hips, shoulders = (
        positions[:, AT[f"right_{part}"]] - positions[:, AT[f"left_{part}"]] for part in ("hip", "shoulder")
    )
    forward = np.cross([0.0, 1.0, 0.0], hips + shoulders)
    angle = np.arctan2(forward[:, 0], forward[:, 2])
    root = np.stack((np.cos(-angle / 2), 0 * angle, np.sin(-angle / 2), 0 * angle), axis=-1)  # faces +z
    velocity = _turned(root[1:, None], np.diff(positions[:, :1], axis=0))[:, 0]
    difference = _product(root[1:], root[:-1] * [1, -1, -1, -1])
    local = positions - positions[:, :1] * [1, 0, 1]
    local = _turned(np.repeat(root[:, None], 22, axis=1), local)
    frames = len(positions) - 1
    return np.concatenate(
        (
            np.arcsin(difference[:, 2:3]), velocity[:, [0, 2]], local[:-1, 0, 1:2],
            local[:-1, 1:].reshape(frames, -1), np.zeros((frames, 126 + 66 + 4)),
        ), axis=1,
    )  # fmt: skip


def _product(a: Floats, b: Floats) -> Floats:
    w, x, y, z = np.moveaxis(a, -1, 0)
    p, q, r, s = np.moveaxis(b, -1, 0)
    return np.stack(
        (w * p - x * q - y * r - z * s, w * q + x * p + y * s - z * r,
         w * r - x * s + y * p + z * q, w * s + x * r - y * q + z * p), axis=-1,
    )  # fmt: skip


def _turned(quaternion: Floats, vector: Floats) -> Floats:
    pure = np.concatenate((np.zeros_like(vector[..., :1]), vector), axis=-1)
    turned: Floats = _product(_product(quaternion, pure), quaternion * [1, -1, -1, -1])[..., 1:]
    return turned


NAN = joints()
NAN[3, 5] = np.nan
REFUSED = {
    "nan": (npy(NAN), LINE, "frame 4 is not finite (NaN)"),
    "cut": (npy(joints())[:-100], LINE, "cut short or damaged"),
    "promises": (npy(joints()).replace(b"(60, 22, 3)", b"(9999999999, 22, 3)", 1).replace(b"        ", b"", 1), LINE, "cut short or damaged"),
    "far": (npy(joints() * np.where(np.arange(60) == 6, 1e300, 1)[:, None, None]), LINE, "frame 7 is not finite (NaN) or beyond"),
    "header": (npy(joints()).replace(b"(60, 22, 3)", b"(60, 22, 3]"), LINE, "not an array of NumPy"),
    "open header": (npy(joints()).replace(b"(60, 22, 3)", b"(60, 22, 3 "), LINE, "not an array of NumPy"),
    "noise": (b"\x93NUMPY and no more", LINE, "not an array of NumPy"),
    "no frame": (npy(np.zeros((0, 22, 3))), LINE, "no frame"),
    "one field": (npy(joints()), "a person walks\n", "000001.txt:1: 'a person walks' is not caption#tokens"),
    "no time": (npy(joints()), LINE + "he walks#x/X#now#0.0\n", "000001.txt:2:"),
    "past the end": (npy(joints()), "he walks#x/X#50.0#60.0\n", "a caption is about 50 to 60 s, which is no part of its 3.0 s"),
    "backwards": (npy(joints()), "he walks#x/X#2.0#1.0\n", "a caption is about 2 to 1 s"),
    "normalised": (npy(np.zeros((40, 263))), LINE, "the vectors are normalised"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_damaged_is_said_and_stops_no_other(tmp_path: Path, case: str) -> None:
    data, text, said = REFUSED[case]
    files: Files = {
        "new_joints/000001.npy": data, "texts/000001.txt": text,
        "new_joints/000002.npy": npy(joints(70)), "texts/000002.txt": LINE,
    }  # fmt: skip
    report = import_archives([place(tmp_path / "set", files)])
    assert [clip.name for clip in report.clips] == ["new_joints/000002.npy"]
    (sentence,) = report.skipped
    assert said in sentence


def test_a_stretch_that_is_no_part_of_the_clip_leaves_the_others(tmp_path: Path) -> None:
    text = "he walks#x/X#0.0#2.0\nhe stops#x/X#50.0#60.0\n"
    files: Files = {"new_joints/000001.npy": npy(joints()), "texts/000001.txt": text}
    report = import_archives([place(tmp_path / "set", files)])
    assert [clip.texts for clip in report.clips] == [["he walks"]]
    assert len(report.skipped) == 1


def test_results_of_models_are_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the refusal advises works."""
    motion = np.concatenate((joints(), np.zeros((20, 22, 3))))  # padded, as the models give it
    results = {
        "motion": motion.transpose(1, 2, 0)[None],
        "text": ["a person walks"],
        "lengths": np.array([60]),
    }
    folder = place(tmp_path / "set", {"results.npy": npy(np.array(results, dtype=object))})
    (sentence,) = import_archives([folder]).skipped
    assert "results.npy: it holds Python objects" in sentence
    assert len(sentence) < 600  # or the command cuts it short
    monkeypatch.chdir(folder)
    exec(sentence.split("`")[1], {})
    (clip,) = import_archives([folder]).clips
    assert clip.texts == ["a person walks"]
    assert len(clip.motion) == 74


def test_a_mirror_without_its_original_and_texts_in_an_archive_of_their_own(tmp_path: Path) -> None:
    """As the repository has them: texts.zip beside folders that a person made."""
    folder = place(tmp_path / "HumanML3D", {"new_joints/M000001.npy": npy(joints())})
    place(folder / "texts.zip", {"texts/M000001.txt": LINE})
    (clip,) = import_archives([folder]).clips
    assert clip.texts == ["a person walks forward."]


def test_a_rate_that_is_assumed_is_noted(tmp_path: Path) -> None:
    """A loose array may have any rate; the folders of the data set have its own."""
    folder = place(tmp_path / "loose", {"a.npy": npy(joints()), "a.txt": LINE})
    assert "20 frames a second, as HumanML3D's (--fps)" in import_archives([folder]).notes[0]
    assert import_archives([folder], fps=30).notes == []


def test_a_clip_without_a_caption_is_noted(tmp_path: Path) -> None:
    report = import_archives([place(tmp_path / "set", {"new_joints/000001.npy": npy(joints())})])
    assert "no caption was found for it" in report.notes[0]

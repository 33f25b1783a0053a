"""AMC with ASF: the same walk as a BVH file's, whatever the units, axes and line ends; and all that may be wrong."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from acclaim_walk import acclaim, line_of
from test_sources import packed
from walking import walking_bvh

from stickgen.errors import StickgenError
from stickgen.importing.clips import import_archives
from stickgen.importing.formats.acclaim import read_acclaim, read_skeleton
from stickgen.importing.formats.bvh import read_bvh
from stickgen.motion.skeleton import JOINTS

ASF, AMC = acclaim(frames=30)


def positions(asf: str, amc: str) -> dict[str, np.ndarray]:
    capture, _ = read_acclaim(read_skeleton(asf, "walk.asf"), amc, "walk.amc")
    return {name: capture.positions[:, index] for index, name in enumerate(capture.names)}


def assert_walks(found: dict[str, np.ndarray], scale: float = 1.0) -> None:
    bvh = read_bvh(walking_bvh(frames=30), "walk.bvh")
    truth = {name: bvh.positions[:, index] * scale for index, name in enumerate(bvh.names)}
    for joint, bone in {
        "LeftUpLeg": "lfemur", "LeftLeg": "ltibia", "LeftFoot": "lfoot", "LeftArm": "lhumerus", "LeftForeArm": "lradius",
        "LeftHand": "lhand", "RightFoot": "rfoot", "RightHand": "rhand", "Head": "head", "Head end": "head end",
    }.items():  # fmt: skip
        np.testing.assert_allclose(found[bone], truth[joint], atol=1e-4, err_msg=bone)


def test_bones_turn_about_axes_of_their_own() -> None:
    assert_walks(positions(ASF, AMC))


def test_radians_in_both_files() -> None:
    assert_walks(positions(*acclaim(frames=30, radians=True)))


def test_the_motion_s_unit_of_angles_goes_before_the_skeleton_s() -> None:
    asf, _ = acclaim(frames=30, radians=True)
    assert_walks(positions(asf, AMC))


def test_the_order_of_a_bone_s_numbers_is_the_skeleton_s() -> None:
    asf = ASF.replace("dof ry rx rz", "dof rz ry rx")  # other turns, the same numbers
    found = positions(asf, AMC)["lfoot"]
    assert not np.allclose(found, positions(ASF, AMC)["lfoot"], atol=0.1)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_case_blank_lines_and_an_end_too_many(end: str) -> None:
    asf = ASF.replace("  end\n", "  end\n  end\n").replace("name lfemur", "name LFemur") + "\n\n"
    amc = AMC.replace("lfemur", "LFEMUR").replace("\n2\n", "\n\n2  \n") + "\0\x1a"
    assert_walks(positions(asf.replace("\n", end), amc.replace("\n", end)))


def test_a_root_whose_order_is_not_said() -> None:
    asf = ASF.replace("  order TX TY TZ RY RX RZ\n", "")
    found, truth = positions(asf, AMC)["root"], positions(ASF, AMC)["root"]
    np.testing.assert_allclose(found, truth)


def test_limits_and_notes_in_between_are_not_read() -> None:
    assert_walks(
        positions(ASF.replace("(-180.0 180.0)", "(inf nan)"), AMC.replace(":DEGREES", ":DEGREES\n# x"))
    )


def test_a_bone_that_never_moves_stays_and_is_said() -> None:
    amc = "\n".join(line for line in AMC.splitlines() if not line.startswith("ltoes"))
    capture, notes = read_acclaim(read_skeleton(ASF, "walk.asf"), amc, "walk.amc")
    assert len(capture.positions) == 30
    assert notes == ["no motion for ltoes, which stay as in walk.asf"]


BROKEN_MOTIONS = {
    "nothing": ("", 1, "no frame of motion"),
    "only its head": (AMC[: AMC.index("\n1\n")], 3, "no frame of motion"),
    "cut within a frame": (AMC[: AMC.rindex("rhand")], None, "is cut short"),
    "cut within a number": (AMC[: AMC.rindex("\nrtoes") + 15], None, "numbers where 3 belong"),
    "NaN": (re.sub(r"\nlfoot \S+", "\nlfoot nan", AMC, count=1), None, "not finite"),
    "infinity": (re.sub(r"\nlfoot \S+", "\nlfoot -1e999", AMC, count=1), None, "not finite"),
    "an old compiler's NaN": (re.sub(r"(\nlfoot \S+ \S+) \S+", r"\1 1.#QNAN", AMC, count=1), None, "1.#QNAN' are no numbers"),
    "another skeleton's bone": (AMC.replace("ltoes", "tail"), None, "'tail' is no bone of walk.asf"),
    "a bone before the first frame": ("root 0 0 0 0 0 0\n" + AMC, 1, "before the first frame"),
    "a bone twice": (AMC.replace("\n2\n", "\nroot 0 0 0 0 0 0\n2\n"), None, "root a second time"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN_MOTIONS)
def test_what_is_wrong_with_a_motion_is_said_with_its_line(what: str) -> None:
    amc, number, says = BROKEN_MOTIONS[what]
    assert amc != AMC
    with pytest.raises(StickgenError) as caught:
        positions(ASF, amc)
    assert str(caught.value).startswith(f"walk.amc:{number}:" if number else "walk.amc:")
    assert says in str(caught.value)


BROKEN_SKELETONS = {
    "nothing": ("", "walk.asf:0", "before its hierarchy"),
    "cut short": (ASF[: ASF.index(":hierarchy")], "walk.asf", "before its hierarchy"),
    "NaN": (ASF.replace("length ", "length nan #", 2), "walk.asf", "not finite"),
    "a number too few": (ASF.replace("direction ", "direction 1 #", 1), "walk.asf", "1 numbers where 3"),
    "a bone twice": (ASF.replace("name lfoot", "name lfemur"), "walk.asf", "'lfemur' a second time"),
    "a bone that is not there": (ASF.replace("lfemur ltibia", "lfemur tail"), "walk.asf", "'tail', which is not among"),
    "a bone that slides": (ASF.replace("dof ry rx rz", "dof ry l", 1), "walk.asf", "moves by l, which is not read"),
    "grads": (ASF.replace("angle deg", "angle grad"), "walk.asf:7", "angles in 'grad'"),
    "an axis order of two": (ASF.replace("XYZ", "XY"), "walk.asf", "an axis order 'xy'"),
    "no tree": (ASF.replace("root lowerback lhipjoint rhipjoint", "lfoot ltibia"), "walk.asf", "no bone hangs"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN_SKELETONS)
def test_what_is_wrong_with_a_skeleton_is_said(what: str) -> None:
    asf, where, says = BROKEN_SKELETONS[what]
    assert asf != ASF
    with pytest.raises(StickgenError) as caught:
        positions(asf, AMC)
    assert str(caught.value).startswith(where + ":")
    assert says in str(caught.value)


def test_the_line_is_the_right_one() -> None:
    bad = AMC.replace("\n7\n", "\n7\nhead x y z\n", 1)
    with pytest.raises(StickgenError, match=rf"^walk\.amc:{line_of(bad, 'head x')}: .*no numbers"):
        positions(ASF, bad)


@pytest.mark.parametrize(
    ("skeleton", "motion"),
    [
        ("14/14.asf", "14/14_06.amc"),
        ("asf/14.ASF", "amc/14_06.AMC"),  # by its name, in another folder
        ("HDM_bd.asf", "HDM_bd_walk2_01_120.amc"),
        ("walk.asf", "walk.amc"),
        ("subject.asf", "some_walk.amc"),  # the only one in the folder
        ("b/b.asf", "b/walk.amc"),  # by its folder
    ],
)
def test_a_motion_finds_its_skeleton(tmp_path: Path, skeleton: str, motion: str) -> None:
    other = acclaim(frames=1)[0].replace("name lfemur", "name thigh").replace("lfemur", "thigh")
    files = {skeleton: ASF.encode(), motion: AMC.encode(), "other/1.asf": other.encode()}
    for name, content in files.items():
        (tmp_path / "caps" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "caps" / name).write_bytes(content)
    for place in (tmp_path / "caps", packed(tmp_path / "caps.zip", files)):
        report = import_archives([place], fps=60)
        assert not report.skipped and len(report.clips) == 1
        assert "1 AMC: 1 imported" in report.account.lines()
        assert "2 ASF: 1 used, 1 without a motion" in report.account.lines()


def test_frames_that_are_written_differently_are_read_too() -> None:
    """Line by line, with what is not alike in all frames: the order of bones, capitals, a comment."""
    root = AMC.index("\nroot", AMC.index("\n2\n")) + 1
    end = AMC.index("\n", root) + 1
    third = AMC.index("\n3\n", end) + 1
    moved = AMC[:root] + AMC[end:third] + AMC[root:end] + AMC[third:]
    assert_walks(positions(ASF, moved))
    assert_walks(positions(ASF, AMC.replace("\n3\n", "\n3 # noise\n").replace("rfoot", "RFoot", 1)))


def test_a_missing_skeleton_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "14_06.amc").write_text(AMC)
    (tmp_path / "a.bvh").write_text(walking_bvh(frames=30))
    report = import_archives([tmp_path])
    assert len(report.clips) == 1
    assert report.skipped == ["14_06.amc: its skeleton is missing; put 14.asf (or 14_06.asf) in its folder"]


def test_the_rate_is_assumed_only_if_nobody_gives_it(tmp_path: Path) -> None:
    asf, amc = acclaim(frames=60)
    files = {"1.asf": asf.encode(), "1_01.amc": amc.encode()}
    archive = packed(tmp_path / "caps.zip", files)
    (tmp_path / "index.csv").write_text("file,fps\n1_01.amc,60\n")
    alone, told = import_archives([archive]), import_archives([archive], fps=60)
    listed = import_archives([archive], index=tmp_path / "index.csv")
    assert ["no rate" in note for note in alone.notes] == [True]
    assert not told.notes and not listed.notes
    assert [len(report.clips[0].motion) for report in (alone, told, listed)] == [13, 25, 25]


@pytest.mark.real_data
@pytest.mark.parametrize(
    "trials",
    [
        ("02_04", "16_21", "49_06"),
        pytest.param(("02_07", "05_05", "49_02"), marks=pytest.mark.drill),  # the longer ones
    ],
)
def test_the_same_trial_as_bvh_and_as_amc_is_the_same_figure(
    real_data: Path, tmp_path: Path, trials: tuple[str, ...]
) -> None:
    for archive in ("cmu_bvh", "cmu_asfamc"):
        with zipfile.ZipFile(real_data / "motions" / f"{archive}.zip") as source:
            for name in source.namelist():
                if Path(name).stem in trials or name.endswith(".asf"):
                    source.extract(name, tmp_path / archive)
    report = import_archives([tmp_path], fps=120)
    found = {(Path(clip.name).stem, Path(clip.name).suffix): clip for clip in report.clips}
    assert len(found) == 6 and not report.skipped
    for trial in trials:
        one, other = found[trial, ".bvh"], found[trial, ".amc"]
        assert one.view == other.view
        frames = min(len(one.motion), len(other.motion))
        assert abs(len(one.motion) - len(other.motion)) <= 1
        figures = [clip.motion[:frames].reshape(frames, len(JOINTS), 2) for clip in (one, other)]
        height = float(np.median(np.ptp(figures[0][..., 1], axis=1)))
        apart = np.linalg.norm(figures[0] - figures[1], axis=-1) / height
        assert apart.max() < 0.05, trial
        legs = [JOINTS.index(f"{side}_{part}") for side in ("left", "right") for part in ("knee", "foot")]
        assert apart[:, legs].max() < 0.005, trial


@pytest.mark.drill
@pytest.mark.real_data
def test_every_real_amc_comes_in(real_data: Path) -> None:
    report = import_archives([real_data / "motions" / "cmu_asfamc.zip"], index=real_data / "index.csv")
    assert len(report.clips) == 90 and not report.skipped
    assert "90 AMC: 90 imported" in report.account.lines()

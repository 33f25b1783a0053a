"""Markers on a walk whose joints are known: TRC and C3D, the usual sets, gaps, units and axes; and what is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from marked_walk import SETS, Points, marked_walk, trc, turned, write_c3d
from walking import walking_bvh

from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture
from stickgen.importing.clips import import_archives
from stickgen.importing.formats.c3d import read_c3d
from stickgen.importing.formats.trc import read_trc
from stickgen.importing.joint_names import read_joint_map
from stickgen.importing.marker_names import plain_names
from stickgen.importing.markers import Recording, capture_of
from stickgen.motion.skeleton import JOINTS

TRUE = {
    "left hip": "LeftUpLeg", "right hip": "RightUpLeg", "left knee": "LeftLeg", "right knee": "RightLeg",
    "left foot": "LeftFoot", "right foot": "RightFoot", "left elbow": "LeftForeArm", "right elbow": "RightForeArm",
    "left hand": "LeftHand", "right hand": "RightHand",
}  # fmt: skip


def capture(markers: dict[str, Points], fps: float = 30.0) -> tuple[Capture, list[str]]:
    recording = Recording(list(markers), np.stack(list(markers.values()), axis=1), fps)
    return capture_of(recording, "walk.c3d")


@pytest.mark.parametrize("marker_set", SETS)
def test_joints_lie_under_the_markers_of_each_set(marker_set: str) -> None:
    markers, joints = marked_walk(marker_set)
    found, notes = capture(markers)
    assert not notes
    for joint, true in TRUE.items():
        apart = np.linalg.norm(found.positions[:, found.names.index(joint)] - joints[true], axis=-1)
        assert apart.max() < (4.0 if "elbow" in joint else 2.5), (
            joint
        )  # cm; an elbow is taken where its marker is


@pytest.mark.parametrize("suffix", [".trc", ".c3d"])
def test_a_marked_walk_is_the_same_figure_as_the_walk(tmp_path: Path, suffix: str) -> None:
    markers, _ = marked_walk()
    if suffix == ".trc":
        (tmp_path / "walk.trc").write_text(trc(markers))
    else:
        write_c3d(tmp_path / "walk.c3d", markers)
    (tmp_path / "walk.bvh").write_text(walking_bvh())
    report = import_archives([tmp_path])
    assert not report.skipped
    walk, marked = report.clips
    assert marked.name == f"walk{suffix}"
    assert len(walk.motion) == len(marked.motion) == 50
    apart = (walk.motion - marked.motion).reshape(-1, len(JOINTS), 2)
    height = float(np.median(np.ptp(walk.motion.reshape(-1, len(JOINTS), 2)[..., 1], axis=1)))
    assert np.linalg.norm(apart, axis=-1).max() < 0.05 * height


def z_up(points: Points) -> Points:
    return points[:, [2, 0, 1]]


WRITINGS: dict[str, Callable[[dict[str, Points]], str]] = {
    "metres": lambda markers: trc(markers, units="m", scale=0.01),
    "inches": lambda markers: trc(markers, units="in", scale=1 / 2.54),
    "Z up": lambda markers: trc(turned(markers, z_up)),
    "CRLF": lambda markers: trc(markers).replace("\n", "\r\n"),
    "CR": lambda markers: trc(markers).replace("\n", "\r"),
    "blank lines": lambda markers: trc(markers).replace("\n", "\n\n"),
    "decimal commas": lambda markers: trc(markers).replace(".", ","),
    "spaces": lambda markers: trc(markers).replace("\t\t\t", "\t").replace("\t", " "),
    "a subject": lambda markers: trc({f"Bob:{name}": track for name, track in markers.items()}),
    "another prefix": lambda markers: trc({f"Skeleton_001_{name}": track for name, track in markers.items()}),
    "names in words": lambda markers: trc({f"{name[0]}_{name[1:].lower()}": track for name, track in markers.items()}),
    "another person's markers": lambda markers: trc(markers | {"*12": markers["LKNE"] + 500, "LKNE2": markers["LTOE"]}),
    "no rate": lambda markers: trc(markers).replace("30\t30", "\t"),
}  # fmt: skip


@pytest.mark.parametrize("how", WRITINGS)
def test_writings_that_mean_the_same(tmp_path: Path, how: str) -> None:
    markers, _ = marked_walk()
    (tmp_path / "a.trc").write_bytes(WRITINGS[how](markers).encode())
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.trc").write_text(trc(markers))
    (clip,) = import_archives([tmp_path / "a.trc"]).clips
    (same,) = import_archives([plain]).clips
    np.testing.assert_allclose(clip.motion, same.motion, atol=2e-4)


@pytest.mark.parametrize(
    ("change", "scale", "units"),
    [(z_up, 10.0, "mm"), (z_up, 0.01, "m"), (lambda points: points, 1 / 2.54, "in")],
)
def test_c3d_in_other_units_and_axes(
    tmp_path: Path, change: Callable[[Points], Points], scale: float, units: str
) -> None:
    markers, _ = marked_walk()
    write_c3d(tmp_path / "a.c3d", markers)
    write_c3d(tmp_path / "b.c3d", turned(markers, change), units=units, scale=scale)
    (one,) = import_archives([tmp_path / "a.c3d"]).clips
    (other,) = import_archives([tmp_path / "b.c3d"]).clips
    np.testing.assert_allclose(one.motion, other.motion, atol=2e-4)


def test_short_gaps_are_filled_on_a_curve(tmp_path: Path) -> None:
    markers, _ = marked_walk()
    truth, _ = capture(markers)
    gappy = {name: track.copy() for name, track in markers.items()}
    gappy["LWRA"][20:26] = np.nan
    gappy["RKNE"][40:43] = np.nan
    found, notes = capture(gappy)
    assert notes == ["2 short gaps of markers filled, the longest 0.20 s"]
    assert np.abs(found.positions - truth.positions).max() < 0.7  # cm; a straight line would be 1.3 off
    write_c3d(tmp_path / "a.c3d", gappy)
    (tmp_path / "a.trc").write_text(trc(gappy))
    for recording in (read_c3d((tmp_path / "a.c3d").read_bytes(), "a"), read_trc(trc(gappy), "a")[0]):
        np.testing.assert_allclose(capture_of(recording, "a")[0].positions / 10, found.positions, atol=1e-2)


def test_a_long_gap_ends_the_motion_or_begins_it() -> None:
    markers, _ = marked_walk(frames=120)
    markers["LANK"][:24] = np.nan
    markers["RELB"][100:] = np.nan
    found, notes = capture(markers)
    assert len(found.positions) == 76 and found.rest_frames == 24
    assert notes == [
        "only 0.80 to 3.33 s of 4.00 kept: markers such as LANK are missing for long in the rest"
    ]
    markers["LASI"][::2] = np.nan
    markers["LASI"][1:110:3] = np.nan
    with pytest.raises(StickgenError, match="no marker is known for the left hip, the right hip; name some"):
        capture(markers)
    markers, _ = marked_walk(frames=120)
    for start in range(0, 120, 20):
        markers["LANK"][start : start + 9] = np.nan
    with pytest.raises(StickgenError, match=r"LANK in 45% of the frames\), and no stretch"):
        capture(markers)


def test_a_marker_that_was_never_seen_has_others_in_its_place() -> None:
    markers, joints = marked_walk()
    markers["LBHD"][:] = np.nan
    markers["LWRA"][:] = np.nan
    found, _ = capture(markers)
    apart = found.positions[:, found.names.index("left hand")] - joints["LeftHand"]
    assert np.linalg.norm(apart, axis=-1).max() < 4


def test_other_names_by_a_map(tmp_path: Path) -> None:
    markers, _ = marked_walk()
    odd = {("Knie außen" if name == "LKNE" else name): track for name, track in markers.items()}
    (tmp_path / "a.trc").write_text(trc(odd))
    report = import_archives([tmp_path])
    assert "a.trc: no marker is known for the left knee; name some with --markers" in report.skipped[0]
    assert "Knie außen" in report.skipped[0]
    given = {"left knee": "Knie außen + Knie außen"}
    assert len(import_archives([tmp_path], markers=given).clips) == 1
    wrong = import_archives([tmp_path], markers={"left knee": "Kniee"})
    assert "--markers finds the left knee from 'Kniee'" in wrong.skipped[0]


def test_people_are_told_apart(tmp_path: Path) -> None:
    one, other = marked_walk()[0], marked_walk(seed=1.0)[0]
    both = {f"Ann:{name}": track for name, track in one.items()}
    both |= {f"Bob:{name}": track + 100 for name, track in other.items()}
    both |= {"Ball:1": one["LTOE"], "*17": one["LTOE"]}
    (tmp_path / "both.trc").write_text(trc(both))
    report = import_archives([tmp_path])
    assert [clip.name for clip in report.clips] == ["both.trc#Ann", "both.trc#Bob"]
    del both["Ann:LKNE"]
    (tmp_path / "both.trc").write_text(trc(both))
    report = import_archives([tmp_path])
    assert [clip.name for clip in report.clips] == ["both.trc#Bob"]
    assert report.skipped[0].startswith("both.trc#Ann: no marker is known for the left knee")


def test_a_map_may_name_markers_with_their_prefix(tmp_path: Path) -> None:
    markers, _ = marked_walk()
    whole = {f"Skeleton_001_{'Knie' if name == 'LKNE' else name}": track for name, track in markers.items()}
    (tmp_path / "a.trc").write_text(trc(whole))
    for name in ("Knie", "Skeleton_001_Knie"):
        assert len(import_archives([tmp_path], markers={"left knee": name}).clips) == 1


def test_keypoints_that_are_written_as_markers() -> None:
    _, joints = marked_walk()
    called = {"hip": "Hip", "knee": "Knee", "foot": "Ankle", "elbow": "Elbow", "hand": "Wrist"}
    markers = {f"{joint[0].upper()}{called[joint.split()[1]]}": joints[true] for joint, true in TRUE.items()}
    found, _ = capture(
        markers | {"Head": joints["Head"], "Neck": joints["Neck"], "LBigToe": joints["LeftToeBase"]}
    )
    for joint, true in TRUE.items():
        np.testing.assert_allclose(found.positions[:, found.names.index(joint)], joints[true])


def test_a_map_that_names_no_joint_says_which_option() -> None:
    with pytest.raises(StickgenError, match="^--markers: 'tail=A' names no joint"):
        read_joint_map("left_knee=LKNE+LKNM,tail=A", "--markers")
    assert read_joint_map("left_knee = A + B", "--markers") == {"left knee": "A + B"}


def test_c3d_without_its_package_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_c3d(tmp_path / "a.c3d", MARKERS)
    monkeypatch.setitem(sys.modules, "c3d", None)
    (tmp_path / "b.bvh").write_text(walking_bvh())
    report = import_archives([tmp_path])
    assert len(report.clips) == 1
    assert report.skipped == ["a.c3d: reading C3D takes the package c3d: pip install 'stickgen[c3d]'"]


def test_names_without_their_subject_and_side_marks() -> None:
    assert plain_names(["Bob:LKNE", "Left_Knee", "R.Ankle.Lat", "right wrist", "LELB", ""]) == [
        "LKNE", "LKNEE", "RANKLELAT", "RWRIST", "LELB", "",
    ]  # fmt: skip
    assert plain_names([f"S_1_{name}" for name in ("LA", "LB", "RA", "RB", "LC", "RC")])[0] == "LA"


MARKERS, _ = marked_walk(frames=10)
TRC = trc(MARKERS)
ROWS = TRC.splitlines()
BROKEN = {
    "nothing": ("", "a.trc:1: the file ends before"),
    "another file": ("a,b\n1,2\n", "a.trc:1: not TRC"),
    "only a header": ("\n".join(ROWS[:3]), "a.trc:3: the file ends before its line of markers"),
    "no frame": ("\n".join(ROWS[:6]), "a.trc:"),
    "cut between frames": ("\n".join(ROWS[:-2]), "a.trc: 10 frames are declared, but only 8 are there"),
    "cut in a frame": (TRC[:-100], "a.trc:16: "),
    "a cell too many": (TRC.replace("\n5\t", "\n5\t0.1\t"), "a.trc:11: 69 cells where"),
    "a word": (TRC.replace("\n5\t", "\n5\tx"), "a.trc:11: 'x"),
    "markers that do not add up": (TRC.replace("\t22\tmm", "\t21\tmm"), "a.trc:4: 22 markers are named where 21"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_with_a_trc_file_is_said_with_its_line(what: str) -> None:
    text, says = BROKEN[what]
    assert text != TRC
    with pytest.raises(StickgenError) as caught:
        read_trc(text, "a.trc")
    assert str(caught.value).startswith(says)


def test_nan_infinity_and_zeros_are_markers_that_were_not_seen() -> None:
    for word in ("nan", "NaN", "inf", "0.0"):
        rows = [*ROWS]
        cells = rows[8].split("\t")
        cells[2:5] = [word] * 3
        rows[8] = "\t".join(cells)
        recording, _ = read_trc("\n".join(rows), "a.trc")
        assert np.argwhere(np.isnan(recording.positions).all(axis=2)).tolist() == [[2, 0]]


def test_a_rate_that_the_times_contradict_is_said() -> None:
    recording, notes = read_trc(trc(MARKERS, rate=60).replace("\n60\t60", "\n120\t60"), "a.trc")
    assert recording.fps == pytest.approx(60, rel=1e-3)
    assert notes == ["DataRate says 120, and its times 60 frames a second, which is taken (--fps)"]
    longer, notes = read_trc(TRC.replace("\t10\t22", "\t8\t22"), "a.trc")
    assert len(longer.positions) == 10 and notes == ["8 frames are declared, and 10 are there; all are read"]


def test_c3d_that_is_damaged_is_refused(tmp_path: Path) -> None:
    data = write_c3d(tmp_path / "a.c3d", MARKERS).read_bytes()
    assert len(read_c3d(data, "a.c3d").positions) == 10
    for bad in (b"", b"HIERARCHY\n", data[:300], data[:1500], data[:-600], bytes(5000)):
        with pytest.raises(StickgenError, match=r"^a\.c3d: "):
            read_c3d(bad, "a.c3d")
    rng = np.random.default_rng(0)
    for _ in range(200):
        bad_bytes = bytearray(data)
        for place in rng.integers(0, 3000, 4):
            bad_bytes[place] = rng.integers(0, 256)
        try:
            read_c3d(bytes(bad_bytes), "a.c3d")
        except StickgenError as error:
            assert str(error).startswith("a.c3d: ")

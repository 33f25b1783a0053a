"""Points of a body in a table or an array come in, whoever made it; stickgen's own files come back exactly."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filmed import BLAZEPOSE, COCO, Floats, away, body_of, in_order, motion_of

from stickgen.importing.clips import ImportReport, import_archives
from stickgen.motion.skeleton import JOINTS
from stickgen.motion_export.formats.csv import csv as our_csv
from stickgen.motion_export.formats.json import json as our_json
from stickgen.motion_export.formats.npz import npz as our_npz

WALK = motion_of("walk", 1)
BODY = in_order(body_of(WALK, fps=30), COCO)


def imported(folder: Path, **choices: Any) -> ImportReport:
    return import_archives([folder], **choices)


def wide(
    body: Floats, names: Sequence[str], axes: str = "xyc", form: str = "{name}_{axis}", **more: Any
) -> str:
    text = io.StringIO()
    table = csv.writer(text, delimiter=more.get("delimiter", ","))
    called = {"c": more.get("score", "confidence")}
    table.writerow(
        ["frame", *(form.format(name=name, axis=called.get(axis, axis)) for name in names for axis in axes)]
    )
    for frame, points in enumerate(body):
        cells = [f"{value:.4f}" for value in points[:, ["xyc".index(axis) for axis in axes]].ravel()]
        table.writerow([frame, *cells])
    return text.getvalue()


@pytest.mark.parametrize("suffix", ["csv", "npz", "json"])
def test_what_stickgen_writes_comes_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    bow = motion_of("bow", 2)
    for name, motion in (("walk", WALK), ("bow", bow)):
        rows = motion.tolist()
        written = {
            "csv": our_csv(rows).encode(),
            "npz": our_npz(name, rows),
            "json": our_json([(name, rows)]),
        }
        (tmp_path / f"{name}.{suffix}").write_bytes(written[suffix])
    report = imported(tmp_path)
    assert report.skipped == []
    for clip, motion in zip(report.clips, (bow, WALK), strict=True):
        assert np.abs(clip.motion - motion[: len(clip.motion)]).max() < 1e-4
        assert clip.texts[0] == clip.name.split(".")[0]


def test_several_clips_of_one_file(tmp_path: Path) -> None:
    clips = [("a walk", WALK.tolist()), ("a bow", motion_of("bow", 2).tolist())]
    (tmp_path / "two.json").write_bytes(our_json(clips))
    report = imported(tmp_path)
    assert [(clip.name, clip.texts) for clip in report.clips] == [
        ("two.json#1", ["a walk"]),
        ("two.json#2", ["a bow"]),
    ]


@pytest.mark.parametrize(
    "form", ["{name}_{axis}", "{name}.{axis}", "{axis}_{name}", "{name} [{axis}]", "{name} {axis}"]
)
def test_names_of_columns(tmp_path: Path, form: str) -> None:
    (tmp_path / "walk.csv").write_text(wide(BODY, COCO, form=form))
    (clip,) = imported(tmp_path, fps=30).clips
    assert away(clip.motion, WALK) < 0.03


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_line_ends_and_decimal_commas(tmp_path: Path, delimiter: str) -> None:
    text = wide(BODY, [name.upper() for name in COCO], delimiter=delimiter).replace("\n", "\r\n")
    if delimiter == ";":
        text = text.replace(".", ",")
    (tmp_path / "walk.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (clip,) = imported(tmp_path, fps=30).clips
    assert away(clip.motion, WALK) < 0.03


def test_a_row_a_point(tmp_path: Path) -> None:
    lines = ["frame,keypoint,x,y,score"]
    for frame, points in enumerate(BODY):
        lines += [
            f"{frame},{name},{x:.3f},{y:.3f},{c:.3f}" for name, (x, y, c) in zip(COCO, points, strict=True)
        ]
    (tmp_path / "walk.csv").write_text("\n".join(lines))
    (clip,) = imported(tmp_path, fps=30).clips
    assert away(clip.motion, WALK) < 0.03


def test_deeplabcut(tmp_path: Path) -> None:
    lines = [
        ["scorer", *["net"] * 51],
        ["bodyparts", *(name for name in COCO for _ in range(3))],
        ["coords", *["x", "y", "likelihood"] * 17],
    ]
    lines += [
        [str(frame), *(f"{value:.3f}" for value in points.ravel())] for frame, points in enumerate(BODY)
    ]
    (tmp_path / "walk.csv").write_text("\n".join(",".join(line) for line in lines))
    (clip,) = imported(tmp_path, fps=30).clips
    assert away(clip.motion, WALK) < 0.03


def test_times_give_the_rate_and_dropped_frames_a_gap(tmp_path: Path) -> None:
    text = our_csv(WALK.tolist()).splitlines()
    kept = [line for number, line in enumerate(text) if number not in {20, 21, 22, 40}]
    (tmp_path / "walk.csv").write_text("\n".join(kept))
    report = imported(tmp_path)
    (clip,) = report.clips
    assert len(clip.motion) == len(WALK)
    assert np.abs(clip.motion - WALK).max() < 0.15
    assert np.abs(clip.motion[:17] - WALK[:17]).max() < 0.02


def test_joints_in_space(tmp_path: Path) -> None:
    """Named points with z are a capture, which is projected."""
    body = body_of(WALK, fps=30, tall=1.7)
    names = [
        name
        for name in body
        if not name.startswith(("nose", "left_eye", "right_eye", "mouth")) and "ear" not in name
    ] + ["head"]
    body["head"] = body["left_ear"]
    lines = ["frame," + ",".join(f"{name}_{axis}" for name in names for axis in "xyz")]
    for frame in range(len(BODY)):
        cells = [
            f"{body[name][frame, 0]:.4f},{-body[name][frame, 1]:.4f},{0.05 * (-1) ** name.startswith('left'):.3f}"
            for name in names
        ]
        lines.append(f"{frame}," + ",".join(cells))
    (tmp_path / "walk.csv").write_text("\n".join(lines))
    (clip,) = imported(tmp_path, fps=30, body="keep").clips
    assert away(clip.motion, WALK) < 0.05


def test_arrays_of_other_programs(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", keypoints=BODY, fps=np.array(30.0))
    np.savez(
        tmp_path / "b.npz",
        points=BODY[..., :2],
        scores=BODY[..., 2],
        joint_names=np.array(COCO),
        fps=np.array([30]),
    )
    np.save(tmp_path / "c.npy", WALK)
    report = imported(tmp_path)
    assert [clip.name for clip in report.clips] == ["a.npz"]
    assert "b.npz: the same motion as a.npz" in report.skipped
    assert any(said.startswith("c.npy: it does not say how many frames") for said in report.skipped)
    assert away(report.clips[0].motion, WALK) < 0.03


def test_joints_named_by_the_user(tmp_path: Path) -> None:
    names = [name.replace("left_knee", "lk9") for name in COCO]
    (tmp_path / "walk.csv").write_text(wide(BODY, names))
    (said,) = imported(tmp_path, fps=30).skipped
    assert "no point looks like the left knee; name it with --joints" in said
    (clip,) = imported(tmp_path, fps=30, joints={"left knee": "lk9"}).clips
    assert away(clip.motion, WALK) < 0.03


@pytest.mark.parametrize("kind", ["x1", "LEFT_HIP_x", "bare", "long"])
def test_tables_of_mediapipe(tmp_path: Path, kind: str) -> None:
    body = in_order(body_of(WALK, fps=30), BLAZEPOSE)
    body[..., :2] /= (1920, 1080)
    rows = np.concatenate((body[..., :2], np.zeros((*body.shape[:2], 1)), body[..., 2:]), axis=-1)
    head = {
        "x1": ["class", *(f"{axis}{number}" for number in range(1, 34) for axis in "xyzv")],
        "LEFT_HIP_x": [
            "frame",
            *(f"{name.upper()}_{axis}" for name in BLAZEPOSE for axis in ("x", "y", "z", "visibility")),
        ],
    }
    lines = (
        [",".join(head[kind])]
        if kind in head
        else ["frame,landmark_id,x,y,z,visibility"]
        if kind == "long"
        else []
    )
    for frame, points in enumerate(rows):
        if kind == "long":
            lines += [
                ",".join(map(str, (frame, number, *point.round(5)))) for number, point in enumerate(points)
            ]
        else:
            lines.append(
                ",".join(
                    ["walk"] * (kind == "x1")
                    + [str(frame)] * (kind == "LEFT_HIP_x")
                    + [f"{value:.5f}" for value in points.ravel()]
                )
            )
    (tmp_path / "walk.csv").write_text("\n".join(lines))
    (said,) = imported(tmp_path, fps=30).skipped
    assert "--aspect 16:9" in said
    (clip,) = imported(tmp_path, fps=30, aspect=16 / 9).clips
    assert away(clip.motion, WALK) < 0.05


def test_an_index_and_other_tables_are_no_motion(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("file,captions,fps\nwalk.bvh,walks,30\n")
    (tmp_path / "prices.csv").write_text("1,2,3\n4,5,6\n")
    (tmp_path / "curve.csv").write_text("x,y\n1,2\n")
    np.savez(tmp_path / "weights.npz", w=np.zeros((3, 3)))
    report = imported(tmp_path)
    assert not report.clips
    assert not any("csv" in said for said in report.skipped)


def test_damage_is_one_sentence(tmp_path: Path) -> None:
    text = wide(BODY, COCO).splitlines()
    (tmp_path / "cut.csv").write_text("\n".join(text)[:-200])
    (tmp_path / "short.csv").write_text("\n".join([*text[:9], "8,1,2,3", *text[10:]]))
    (tmp_path / "words.csv").write_text("\n".join([*text[:9], text[9].replace(".", "x"), *text[10:]]))
    whole = our_npz("walk", WALK.tolist())
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "cut.json").write_bytes(our_json([("walk", WALK.tolist())])[:9000])
    np.savez(tmp_path / "nan.npz", positions=np.full((30, 10, 2), np.nan), fps=np.array(25))
    np.savez(tmp_path / "flat.npz", positions=np.zeros((30, 10, 2)), fps=np.array(25))
    report = imported(tmp_path, fps=30)
    assert sorted(clip.name for clip in report.clips) == ["cut.csv", "words.csv"]
    said = "\n".join(report.skipped)
    for sentence in (
        "short.csv:10: 4 values in a table of 52 columns; fix the line", "cut.json:1: it is cut short", "cut.npz: the file is cut short", "nan.npz: ", "flat.npz: ",
    ):  # fmt: skip
        assert sentence in said
    assert any("its last line is cut short" in note for note in report.notes)


def test_the_figures_order_of_joints(tmp_path: Path) -> None:
    rows = "\n".join(",".join(f"{value:.5f}" for value in pose) for pose in WALK)
    (tmp_path / "bare.csv").write_text(f"# fps: 25\n{rows}\n")
    (clip,) = imported(tmp_path).clips
    assert np.abs(clip.motion - WALK[: len(clip.motion)]).max() < 1e-4
    assert len(JOINTS) == 10
    assert json.dumps(clip.texts)

"""Keypoints in the forms of COCO's tools come in as the motion that was filmed; or one sentence says why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filmed import BODY_25, COCO, HALPE_26, Floats, away, body_of, in_order, motion_of

from stickgen.importing.clips import import_archives

WALK = motion_of("walk", 1)
BODY = in_order(body_of(WALK, fps=30), COCO)
RUN = in_order(body_of(motion_of("run", 2), fps=30, start=1500, facing=-1), COCO)


def alphapose(body: Floats) -> Any:
    return [
        {"image_id": f"{n}.jpg", "category_id": 1, "keypoints": points.ravel().tolist(), "score": 2.9, "box": [1, 2, 3, 4], "idx": [0.0]}
        for n, points in enumerate(body)
    ]  # fmt: skip


def detectron(body: Floats) -> Any:
    return [
        {"image_id": 1000 + n, "category_id": 1, "keypoints": points.ravel().tolist(), "score": 0.99}
        for n, points in enumerate(body)
    ]


def mmpose(body: Floats) -> Any:
    frames = [
        {
            "frame_id": n + 1,
            "instances": [
                {"keypoints": points[:, :2].tolist(), "keypoint_scores": points[:, 2].tolist(), "bbox": [[1, 2, 3, 4]], "bbox_score": 0.9}
            ],
        }
        for n, points in enumerate(body)
    ]  # fmt: skip
    names = dict(enumerate(COCO))
    return {"meta_info": {"dataset_name": "coco", "keypoint_id2name": names}, "instance_info": frames}


def vitpose(body: Floats) -> Any:
    frames = [{"0": points[:, [1, 0, 2]].tolist()} for points in body]
    return {"keypoints": frames, "skeleton": {str(n): name for n, name in enumerate(COCO)}}


def annotated(body: Floats) -> Any:
    shown = np.where(body[..., 2:] > 0.3, 2, 0)
    return {
        "info": {"year": 2026},
        "images": [
            {"id": 7 * n, "file_name": f"walk_{n:06d}.jpg", "width": 1920, "height": 1080}
            for n in range(len(body))
        ],
        "annotations": [
            {
                "id": n,
                "image_id": 7 * n,
                "category_id": 1,
                "num_keypoints": 17,
                "keypoints": points.ravel().tolist(),
            }
            for n, points in enumerate(np.concatenate((body[..., :2], shown), axis=-1))
        ],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO), "skeleton": []}],
    }


def by_person(body: Floats) -> Any:
    return {
        "1": {str(n): {"keypoints": points.ravel().tolist(), "scores": 0.9} for n, points in enumerate(body)}
    }


def frames_of_persons(body: Floats) -> Any:
    return {"video_info": {}, "frames": [{"persons": [{"keypoints": points.tolist()}]} for points in body]}


FORMS = (alphapose, detectron, mmpose, vitpose, annotated, by_person, frames_of_persons)


def write(folder: Path, value: Any, name: str = "walk.json") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(value))
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_motion(tmp_path: Path, form: Callable[[Floats], Any]) -> None:
    report = import_archives([write(tmp_path, form(BODY))], fps=30)
    (clip,) = report.clips
    assert away(clip.motion, WALK) < 0.03
    assert (clip.name, clip.view) == ("walk.json", "side")
    assert report.account.lines() == ["1 COCO keypoints: 1 imported"]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_cut_short_is_one_sentence(tmp_path: Path, form: Callable[[Floats], Any]) -> None:
    text = json.dumps(form(BODY))
    (tmp_path / "walk.json").write_text(text[: len(text) * 2 // 3])
    (said,) = import_archives([tmp_path], fps=30).skipped
    assert said == "walk.json:1: it is cut short; write it again"


@pytest.mark.parametrize("form", FORMS)
def test_missing_joints_and_frames_are_filled(tmp_path: Path, form: Callable[[Floats], Any]) -> None:
    body = BODY.copy()
    body[30:36, 9] = 0
    body[50, 3:7, :2] = np.nan
    report = import_archives([write(tmp_path, form(body))], fps=30)
    (clip,) = report.clips
    assert away(clip.motion, WALK) < 0.06


@pytest.mark.parametrize(
    ("names", "count"),
    [((*COCO, "neck"), 18), ((*BODY_25[:8], *BODY_25[9:19]), 18), (HALPE_26, 26)],
    ids=["end", "openpose", "halpe"],
)
def test_other_numbers_of_points(tmp_path: Path, names: tuple[str, ...], count: int) -> None:
    assert len(names) == count
    body = in_order(body_of(WALK, fps=30), names)
    (clip,) = import_archives([write(tmp_path, alphapose(body))], fps=30).clips
    assert away(clip.motion, WALK) < 0.03


@pytest.mark.parametrize("tracked", [True, False])
def test_two_people_in_one_file(tmp_path: Path, tracked: bool) -> None:
    entries = alphapose(BODY) + alphapose(RUN)
    for place, entry in enumerate(entries):
        entry["idx"] = 1 + (place >= len(BODY)) if tracked else 0
    entries.sort(key=lambda entry: (int(entry["image_id"].split(".")[0]), entry["score"]))
    report = import_archives([write(tmp_path, entries)], fps=30)
    assert [clip.name for clip in report.clips] == ["walk.json#1", "walk.json#2"]
    assert away(report.clips[0].motion, WALK) < 0.03


def test_files_of_one_frame_each(tmp_path: Path) -> None:
    for n, points in enumerate(BODY):
        person = {
            "keypoints": points[:, :2].tolist(),
            "keypoint_scores": points[:, 2].tolist(),
            "bbox": [[0, 0, 9, 9]],
        }
        write(tmp_path, [person], f"{n:06d}.json")
        ultralytics = {
            "name": "person",
            "keypoints": {axis: points[:, i].tolist() for i, axis in enumerate(("x", "y", "visible"))},
        }
        write(tmp_path / "yolo", [ultralytics], f"walk_{n}.json")
    report = import_archives([tmp_path], fps=30)
    assert len(report.clips) == 1
    assert away(report.clips[0].motion, WALK) < 0.03
    assert report.account.counts["COCO keypoints", "there twice"] == 1


def test_every_fifth_frame(tmp_path: Path) -> None:
    entries = alphapose(BODY[::2])
    for n, entry in enumerate(entries):
        entry["image_id"] = f"walk_{10 * n:05d}.png"
    report = import_archives([write(tmp_path, entries)], fps=15)
    assert away(report.clips[0].motion, WALK) < 0.06
    assert any("numbered in steps of 10" in note for note in report.notes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda entries: entries[3].update(keypoints=["a"] * 51),
            "the keypoints of a body are not all numbers",
        ),
        (
            lambda entries: [entry.update(keypoints=entry["keypoints"][:50]) for entry in entries],
            "50 numbers, which are not x, y and score",
        ),
        (lambda entries: entries.clear(), "nobody was seen"),
        (lambda entries: [entry.update(keypoints=[]) for entry in entries], "nobody was seen"),
        (
            lambda entries: [entry.update(keypoints=list(range(51))) for entry in entries],
            "bones of a person",
        ),
    ],
    ids=["words", "count", "empty", "no points", "nonsense"],
)
def test_what_is_no_body(tmp_path: Path, change: Callable[[Any], Any], said: str) -> None:
    entries = alphapose(BODY)
    change(entries)
    text = json.dumps(entries) if entries else '[{"image_id": 1, "keypoints": []}]'
    (tmp_path / "walk.json").write_text(text)
    (sentence,) = import_archives([tmp_path], fps=30).skipped
    assert said in sentence

"""Where motions go: one file, a file each, a folder or a zip; never over what is somebody else's."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from motions import performed

from stickgen.errors import StickgenError
from stickgen.importing.clips import import_archives
from stickgen.motion.skeleton import JOINTS, PELVIS
from stickgen.motion_export.format import Clip
from stickgen.motion_export.look import Look, read_look
from stickgen.motion_export.registry import EXPORTS, export_of
from stickgen.motion_export.write import Place, is_written

WALK, WAVE = Clip("a person walks", performed("walk")[:12]), Clip("a person waves", performed("wave")[:8])
DATA = {"bvh", "openpose", "openpose-coco", "asciinema", "json", "csv", "npz"}
EACH = [export for export in EXPORTS if export.each is not None]


def place(path: Path, name: str | None = None, *, force: bool = False, count: int = 1) -> Place:
    return Place(path, export_of(path, name), force=force, count=count)


def test_every_ending_chooses_its_format() -> None:
    assert {export.name for export in EXPORTS} >= DATA
    for ending in ("bvh", "json", "csv", "npz"):
        assert export_of(Path(f"x.{ending.upper()}")).name == ending
    assert export_of(Path("x.cast")).name == "asciinema"
    assert export_of(Path("x.lottie.json")).name == "lottie"


@pytest.mark.parametrize("export", EACH, ids=lambda export: export.name)
def test_a_file_that_holds_one_motion_becomes_several(tmp_path: Path, export: object) -> None:
    suffix = next(each for each in EACH if each is export).suffixes[0]
    both = place(tmp_path / f"both{suffix}", count=2)
    both.write([WALK, WAVE])
    names = [f"both-1{suffix}", f"both-2{suffix}"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert both.named(2) == f"{tmp_path / names[0]} to {names[1]}"
    first, second = ((tmp_path / name).read_bytes() for name in names)
    assert first != second
    place(tmp_path / f"one{suffix}").write([WALK])
    assert (tmp_path / f"one{suffix}").read_bytes() == first


@pytest.mark.parametrize("export", EACH, ids=lambda export: export.name)
def test_somebodys_file_is_never_replaced_and_ours_only_if_asked(tmp_path: Path, export: object) -> None:
    suffix = next(each for each in EACH if each is export).suffixes[0]
    theirs = tmp_path / f"both-2{suffix}"
    theirs.write_bytes(b"my own notes")
    with pytest.raises(StickgenError, match="not a"):
        place(tmp_path / f"both{suffix}", force=True, count=2)
    unaware = place(tmp_path / f"both{suffix}", force=True)  # it learns only later how many there are
    with pytest.raises(StickgenError, match="not a"):
        unaware.write([WALK, WAVE])
    assert theirs.read_bytes() == b"my own notes" and len(list(tmp_path.iterdir())) == 1
    theirs.unlink()
    place(tmp_path / f"both{suffix}", count=2).write([WALK, WAVE])
    with pytest.raises(StickgenError, match="--force replaces it"):
        place(tmp_path / f"both{suffix}", count=2)
    place(tmp_path / f"both{suffix}", count=2, force=True).write([WAVE, WALK])


def test_json_holds_all_clips(tmp_path: Path) -> None:
    place(tmp_path / "all.json").write([WALK, WAVE])
    read = json.loads((tmp_path / "all.json").read_bytes())
    assert [clip["text"] for clip in read["clips"]] == [WALK.text, WAVE.text]
    place(tmp_path / "all.json", force=True).write([WALK])


def test_openpose_is_a_folder_with_a_folder_for_each_of_several(tmp_path: Path) -> None:
    place(tmp_path / "one", "openpose").write([WALK])
    frames = sorted(path.name for path in (tmp_path / "one").glob("*.json"))
    assert len(frames) == 12 and frames[3] == "motion_000000000003_keypoints.json"
    place(tmp_path / "two", "openpose-coco").write([WALK, WAVE])
    assert len(list((tmp_path / "two" / "motion-2").glob("motion-2_*_keypoints.json"))) == 8
    with pytest.raises(StickgenError, match="--force"):
        place(tmp_path / "one", "openpose")


def test_a_folder_may_be_a_zip_which_is_the_same_each_time(tmp_path: Path) -> None:
    zipped = tmp_path / "poses.zip"
    place(zipped, "openpose").write([WALK])
    once = zipped.read_bytes()
    assert is_written(zipped, export_of(zipped, "openpose"))
    with zipfile.ZipFile(zipped) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 12
    place(zipped, "openpose", force=True).write([WALK])
    assert zipped.read_bytes() == once
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("thesis.txt", "mine")
    assert not is_written(zipped, export_of(zipped, "openpose"))
    with pytest.raises(StickgenError, match="not an export"):
        place(zipped, "openpose", force=True)


def test_a_style_says_how_large_and_without_it_each_format_has_its_own_size(tmp_path: Path) -> None:
    def canvas(look: Look | None) -> tuple[int, int]:
        place(tmp_path / "p", "openpose", force=True).write([WALK], look)
        frame = json.loads(next((tmp_path / "p").glob("*.json")).read_bytes())
        return frame["canvas_width"], frame["canvas_height"]

    export = export_of(tmp_path, "openpose")
    assert canvas(None) == (1280, 720)
    style = tmp_path / "style.yaml"
    style.write_text("height: 1080\n")
    assert canvas(read_look(style, export.look)) == (1280, 1080)
    cast = export_of(Path("a.cast"))
    assert cast.each is not None
    style.write_text("width: 320\nheight: 16\ncaption: false\n")
    header, first, *_ = cast.each(WALK, read_look(style, cast.look)).splitlines()
    assert (json.loads(header)["width"], json.loads(header)["height"]) == (40, 4)
    assert WALK.text in json.loads(header)["title"] and WALK.text not in json.loads(first)[2]


def test_bvh_says_how_far_its_bones_take_the_joints_from_the_motion(tmp_path: Path) -> None:
    sentences = place(tmp_path / "m.bvh", count=2).write([WALK, WAVE])
    assert len(sentences) == 2
    assert sentences[0].startswith(f"{tmp_path / 'm-1.bvh'}: BVH has rigid bones") and "%" in sentences[0]
    assert place(tmp_path / "m.csv").write([WALK]) == []


def test_numpys_numbers_are_numbers(tmp_path: Path) -> None:
    """A generated motion may be an array as well as a list."""
    array = np.asarray(WALK.motion, dtype=np.float32)
    for name in sorted(DATA - {"openpose", "openpose-coco"}):
        export = next(export for export in EXPORTS if export.name == name)
        path = tmp_path / f"x{export.suffixes[0]}"
        place(path).write([Clip("w", array.tolist())])
        wanted = path.read_bytes()
        place(path, force=True).write([Clip("w", array)])  # type: ignore[arg-type]
        found = path.read_bytes()
        if name == "npz":
            assert np.load(io.BytesIO(found))["positions"].shape == (12, 10, 2)
        else:
            assert found == wanted, name


@pytest.mark.parametrize("action", ["walk", "kick", "wave"])
@pytest.mark.parametrize(
    ("name", "captions", "tolerance"),
    [("csv", "m", 1e-5), ("npz", "a person", 1e-5), ("json", "a person", 1e-5), ("bvh", "m", 0.02)],
)
def test_our_own_import_gives_the_motion_back(
    tmp_path: Path, name: str, captions: str, tolerance: float, action: str
) -> None:
    """To the digits that are written; from BVH as far as its rigid bones allow."""
    motion = performed(action)
    place(tmp_path / f"m.{name}").write([Clip("a person", motion)])
    report = import_archives([tmp_path])
    assert not report.skipped
    (clip,) = report.clips
    read = np.asarray(clip.motion).reshape(-1, len(JOINTS), 2)
    wanted = np.array(motion).reshape(-1, len(JOINTS), 2)
    assert len(read) == len(wanted)
    away = np.linalg.norm((read - read[0, PELVIS]) - (wanted - wanted[0, PELVIS]), axis=-1)
    assert away.mean() < tolerance
    assert list(clip.texts) == [captions]

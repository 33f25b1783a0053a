"""Archives, folders and files come in; what does not is listed with its reason and stops nobody."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import numpy as np
import pytest

from stickgen.data.actions import ACTION_INDEX, ACTIONS, action_of_label
from stickgen.errors import StickgenError
from stickgen.importing.captions import captions_of
from stickgen.importing.clips import import_archives
from stickgen.motion.skeleton import LEFT_FOOT, PELVIS, RIGHT_FOOT

_CHAIN = {
    "UpLeg": ("9 0 0", "Leg"), "Leg": ("0 -40 0", "Foot"), "Foot": ("0 -40 0", None),
    "ForeArm": ("20 25 0", "Hand"), "Hand": ("2 -25 0", None),
}  # fmt: skip


def limb(side: str, part: str) -> str:
    offset, child = _CHAIN[part]
    if side == "Right":
        offset = "-" + offset if not offset.startswith("0") else offset
    inner = limb(side, child) if child else "End Site\n{\nOFFSET 0 0 0\n}"
    channels = "CHANNELS 3 Zrotation Xrotation Yrotation"
    return f"JOINT {side}{part}\n{{\nOFFSET {offset}\n{channels}\n{inner}\n}}"


def bvh(frames: int = 30, fps: float = 25.0, step: float = 5.0) -> str:
    """A body that glides along z, a step of so many cm a frame."""
    limbs = "\n".join(limb(side, part) for side in ("Left", "Right") for part in ("UpLeg", "ForeArm"))
    head = "JOINT Head\n{\nOFFSET 0 60 0\nCHANNELS 3 Zrotation Xrotation Yrotation\nEnd Site\n{\nOFFSET 0 20 0\n}\n}"
    root = "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
    rows = "\n".join(f"0 88 {step * frame:g} " + "0 " * 36 for frame in range(frames))
    motion = f"MOTION\nFrames: {frames}\nFrame Time: {1 / fps:.6f}\n{rows}\n"
    return f"HIERARCHY\nROOT Hips\n{{\nOFFSET 0 0 0\n{root}\n{head}\n{limbs}\n}}\n{motion}"


def pack(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_index(path: Path, *rows: dict[str, str]) -> Path:
    names = ["archive", "file", "description", "captions", "action", "style", "fps", "licence", "source"]
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, names, restval="")
        table.writeheader()
        table.writerows(rows)
    return path


def test_an_archive_with_its_index(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", {"01/walk.bvh": bvh(), "01/README.txt": "hello"})
    row = {
        "archive": "a.zip", "file": "01/walk.bvh", "description": "walks", "captions": "A man walks.|He goes.",
        "action": "walk-back", "style": "sad", "licence": "CC0", "source": "Lab",
    }  # fmt: skip
    report = import_archives([archive], index=write_index(tmp_path / "i.csv", row))
    assert report.skipped == []
    (clip,) = report.clips
    assert clip.motion.shape == (30, 20)
    assert clip.texts[:3] == ["A man walks.", "He goes.", "walks"]
    assert set(clip.actions.tolist()) == {ACTION_INDEX["walk_backward"]}
    assert (clip.source, clip.licence, clip.name) == ("Lab", "CC0", "01/walk.bvh")
    assert clip.motion[-1, 2 * PELVIS] == pytest.approx(29 * 5 / 160, abs=1e-4)


def test_the_rate_of_the_option_wins_over_the_index_and_that_over_the_file(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", {"walk.bvh": bvh(frames=61, fps=120)})
    index = write_index(tmp_path / "i.csv", {"file": "walk.bvh", "fps": "60"})
    assert len(import_archives([archive]).clips[0].motion) == 13
    assert len(import_archives([archive], index=index).clips[0].motion) == 26
    assert len(import_archives([archive], index=index, fps=30).clips[0].motion) == 51


def test_one_bad_file_never_stops_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    (folder / "deep").mkdir(parents=True)
    (folder / "good.bvh").write_text(bvh())
    (folder / "deep" / "noise.BVH").write_bytes(bytes(range(256)) * 8)
    (folder / "short.bvh").write_text(bvh(frames=5))
    (folder / "cut.bvh").write_text(bvh()[:-500])
    (folder / "take.blend").write_text("BLENDER")
    pack(folder / "inner.zip", {"also.bvh": bvh()})
    index = write_index(
        tmp_path / "i.csv",
        {"archive": "captures", "file": "lost.bvh"},
        {"archive": "captures", "file": "good.bvh", "fps": "fast"},
    )
    report = import_archives([folder], index=index)
    assert [clip.name for clip in report.clips] == ["also.bvh"]
    reasons = "\n".join(report.skipped)
    for said in (
        "good.bvh: the index gives 'fast' as its frame rate", "deep/noise.BVH:1: not BVH", "short.bvh: only 5 frames",
        "cut.bvh:", "take.blend: Blender is not supported",
    ):  # fmt: skip
        assert said in reasons
    assert len(report.skipped) == 5
    assert report.rows_without_file == [f"{tmp_path / 'i.csv'}:2: lost.bvh matches no file"]
    assert sorted(report.files_without_row) == ["also.bvh", "cut.bvh", "deep/noise.BVH", "short.bvh"]
    assert report.account.lines() == [
        "5 BVH: 4 refused, 1 imported",
        "1 Blender: 1 not read yet",
        "1 ZIP: 1 opened",
    ]
    assert [clip.name for clip in import_archives([folder]).clips] == ["good.bvh"]


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    (folder / "walk.bvh").write_text(bvh())
    report = import_archives([folder, folder / "walk.bvh", folder])
    assert len(report.clips) == 1
    assert report.skipped == []


def test_hostile_archives(tmp_path: Path) -> None:
    """A name that leaves the folder writes nowhere, a bomb is not opened, damage is one skipped file."""
    archive = pack(
        tmp_path / "a.zip", {"../../evil.bvh": bvh(), "bomb.bvh": b" " * 65_000_000, "fine.bvh": bvh(31), "torn.bvh": bvh()}
    )  # fmt: skip
    data = bytearray(archive.read_bytes())
    at = data.index(b"torn.bvh") + 60
    data[at : at + 40] = bytes(40)
    archive.write_bytes(data)
    before = sorted(tmp_path.parent.rglob("*.bvh"))
    report = import_archives([archive])
    assert [clip.name for clip in report.clips] == ["../../evil.bvh", "fine.bvh"]
    assert sorted(tmp_path.parent.rglob("*.bvh")) == before
    assert any("65,000,000 bytes" in reason for reason in report.skipped)
    assert any(reason.startswith("torn.bvh: it cannot be read") for reason in report.skipped)


@pytest.mark.parametrize("name", ["none.zip", "notes.txt"])
def test_a_path_that_is_nothing_to_import(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(StickgenError, match=name):
        import_archives([tmp_path / name])


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_an_index_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "i.csv"
    path.write_bytes(content)
    with pytest.raises(StickgenError, match=r"i\.csv"):
        import_archives([tmp_path], index=path)


def test_progress_counts_the_files(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    archive = pack(tmp_path / "a.zip", {f"{n}.bvh": bvh() for n in range(3)})
    import_archives([archive], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 3), (1, 3), (2, 3)]


def test_captions() -> None:
    assert captions_of({"action": "walk", "style": "tired"}, "x.bvh") == [
        "a person walks forward wearily", "someone takes a walk, feeling tired", "a tired person walks forward",
    ]  # fmt: skip
    assert captions_of({"action": "bow", "style": "normal"}, "x.bvh") == [
        "a person bows",
        "someone takes a bow",
    ]
    assert captions_of({}, "01/side-step_left.bvh") == ["side step left"]
    assert captions_of({"captions": " | \x1b]0;pwned\x07hops |"}, "x.bvh") == [r"\x1b]0;pwned\x07hops"]


def test_labels() -> None:
    assert len(ACTIONS) == 64
    assert action_of_label("Walk_Left") == action_of_label("walk-right") == ACTION_INDEX["sidestep"]
    assert action_of_label("byebye") == ACTION_INDEX["wave"]
    assert action_of_label("") is action_of_label("teleport") is None


@pytest.mark.real_data
def test_real_captures_walk_on_the_floor(real_data: Path, tmp_path: Path) -> None:
    """A few of each archive: travelling to +x, feet on the floor, limbs of a person's length."""
    picks = {
        "cmu_bvh.zip": ("02/02_01", "49/49_06", "07/07_12"),
        "bandai_namco_1.zip": ("walk_tired_001", "bow_active"),
    }
    for archive, wanted in picks.items():
        with zipfile.ZipFile(real_data / "motions" / archive) as source:
            files: dict[str, str | bytes] = {
                name: source.read(name) for name in source.namelist() if any(part in name for part in wanted)
            }
        report = import_archives([pack(tmp_path / archive, files)], index=real_data / "index.csv")
        assert len(report.clips) == len(wanted)
        assert report.skipped == []
        for clip in report.clips:
            motion = clip.motion.reshape(-1, 10, 2)
            assert np.abs(motion[:, [LEFT_FOOT, RIGHT_FOOT], 1].min(axis=1)[:5]).max() < 0.08
            assert 0.35 < np.median(motion[:, PELVIS, 1]) < 0.6
            assert motion[:, :, 1].min() > -0.12
            if "bow" not in clip.name:
                assert motion[-1, PELVIS, 0] > 0.5
            assert len(set(clip.actions.tolist())) == 1
            assert clip.actions[0] >= 0
            assert "CC BY-NC" in clip.licence or "CMU" in clip.licence

"""A dataset file is what was saved, maps instead of reading, and refuses everything that it is not."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stickgen.data.clip import Clip
from stickgen.data.dataset import (
    MotionDataset,
    open_dataset,
    pack,
    save_dataset,
)
from stickgen.data.split import TRAIN, VALIDATION, split_clips
from stickgen.datasets.facts import facts_path, read_dataset_facts
from stickgen.datasets.file_checks import check_dataset
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import PELVIS


def clip(frames: int, *texts: str, start: float = 0.0) -> Clip:
    motion = np.zeros((frames, 20), np.float32)
    motion[:, 0::2] = start + np.arange(frames)[:, None]
    return Clip(motion, list(texts), np.full(frames, 3, np.int16), "made", "MIT", f"{texts[0]}.bvh")


@pytest.fixture
def content() -> dict[str, Any]:
    packed = pack([clip(30, "walk", "stroll"), clip(300, "run", start=5.0), clip(12, "walk")])
    packed["embeddings"] = torch.arange(3 * 4.0).reshape(3, 4)
    packed["encoder"] = "test"
    return packed


@pytest.fixture
def saved(tmp_path: Path, content: dict[str, Any]) -> Path:
    path = tmp_path / "made" / "set.pt"
    save_dataset(path, content)
    return path


def windows(path: Path, *, seed: int = 0, max_frames: int = 100) -> MotionDataset:
    return MotionDataset(open_dataset(path), TRAIN, max_frames=max_frames, val_fraction=0.0, seed=seed)


def test_there_and_back(saved: Path, content: dict[str, Any]) -> None:
    file = open_dataset(saved)
    assert file.clips == 3
    assert file.lengths == [30, 300, 12]
    assert file.embedding_dim == 4
    assert file.captions(0) == ["walk", "stroll"]
    torch.testing.assert_close(file.motion(1), content["motion"][30:330])
    assert file.actions(2).tolist() == [3] * 12


def test_facts_hold_until_the_file_changes(saved: Path) -> None:
    facts = read_dataset_facts(saved)
    assert facts is not None
    assert (facts.clips, facts.frames, facts.texts, facts.embedding_dim) == (3, 342, 3, 4)
    assert facts.mean_frames == pytest.approx((30 + 250 + 12) / 3)  # a clip counts as 250 frames at most
    assert facts.clips_train + facts.clips_val == 3
    assert facts.fingerprint == open_dataset(saved).fingerprint
    copied = saved.with_name("copied.pt")
    for name in ("set.pt", "set.pt.json"):
        shutil.copy(saved.with_name(name), saved.with_name(name.replace("set", "copied")))
    assert read_dataset_facts(copied) == facts  # they tell of the content, not of a place or an hour
    content = open_dataset(saved).content
    torch.save({**content, "motion": content["motion"] + 1}, copied)
    assert read_dataset_facts(copied) is None


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [(4, None), (8, "4 wide, but model.embedding_dim is 8; use --set model.embedding_dim=4")],
)
def test_a_width_that_does_not_fit_is_known_from_the_facts(
    saved: Path, wanted: int, sentence: str | None
) -> None:
    with pytest.raises(StickgenError, match=sentence) if sentence else contextlib.nullcontext():
        check_dataset(saved, wanted)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"clips": 1}', "\x00", "[" * 100_000])
def test_odd_facts_are_no_facts(saved: Path, text: str) -> None:
    facts_path(saved).write_text(text)
    assert read_dataset_facts(saved) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clips", "3"), ("clips", 0), ("frames", -1), ("mean_frames", "Infinity"), ("longest_frames", 10**30),
        ("embedding_dim", 4.5), ("encoder", ["x"]), ("licences", ["\ud800"]), ("sources", [3]), ("texts", True),
    ],
)  # fmt: skip
def test_facts_that_cannot_be_are_no_facts(saved: Path, name: str, value: object) -> None:
    facts = json.loads(facts_path(saved).read_text())
    facts_path(saved).write_text(json.dumps({**facts, name: value}).replace('"Infinity"', "Infinity"))
    assert read_dataset_facts(saved) is None


@pytest.mark.parametrize(
    "odd", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.symlink_to(path)]
)
def test_facts_that_are_no_file_are_no_facts(saved: Path, odd: Callable[[Path], object]) -> None:
    facts_path(saved).unlink()
    odd(facts_path(saved))
    assert read_dataset_facts(saved) is None


def test_facts_need_neither_torch_nor_numpy() -> None:
    code = "import sys, stickgen.datasets.facts; sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_an_item_is_a_pure_function_of_seed_epoch_and_index(saved: Path) -> None:
    one, other = windows(saved), windows(saved)
    for epoch in range(8):
        one.set_epoch(epoch)
        other.set_epoch(epoch)
        _ = other[0], other[2]  # what was asked for before does not matter
        item, again = one[1], other[1]
        torch.testing.assert_close(item["motion"], again["motion"])
        assert item["text"] == again["text"]
        assert item["motion"].shape == (100, 20)
        assert item["motion"][0, 2 * PELVIS] == 0
    assert one.lengths == [30, 100, 12]


def test_windows_and_captions_change_with_the_epoch(saved: Path) -> None:
    dataset = windows(saved)
    captions, first_frames = set(), set()
    dataset.file.content["motion"] = dataset.file.content["motion"].clone()  # in memory, not of the file
    dataset.file.content["motion"][30:330, 1] = torch.arange(300.0)  # y tells which frame it was
    for epoch in range(20):
        dataset.set_epoch(epoch)
        captions.add(dataset.file.content["texts"][dataset[0]["text"]])
        first_frames.add(float(dataset[1]["motion"][0, 1]))
    assert captions == {"walk", "stroll"}
    assert len(first_frames) > 10
    assert max(first_frames) <= 200


def test_a_worker_is_sent_the_path_and_not_the_tensors(saved: Path) -> None:
    packed = pickle.dumps(windows(saved))
    assert len(packed) < 2000
    torch.testing.assert_close(pickle.loads(packed)[1]["motion"], windows(saved)[1]["motion"])  # noqa: S301


@given(st.lists(st.text(max_size=4), min_size=2, max_size=40), st.floats(0.01, 0.5))
def test_a_text_is_on_one_side(texts: list[str], fraction: float) -> None:
    split = split_clips([[text] for text in texts], fraction)
    assert len(set(zip(texts, split, strict=True))) == len(set(texts))
    if len(set(texts)) > 1:
        assert set(split) == {TRAIN, VALIDATION}
    assert set(split_clips([[text] for text in texts], 0.0)) == {TRAIN}


def test_the_split_of_the_file_wins(tmp_path: Path) -> None:
    path = tmp_path / "set.pt"
    clips = [clip(9, "a"), clip(9, "b"), clip(9, "a")]
    save_dataset(path, {**pack(clips, split=[1, 0, 0]), "embeddings": torch.zeros(2, 4)})
    held_out = MotionDataset(open_dataset(path), VALIDATION, max_frames=9, val_fraction=0.5, seed=0)
    assert held_out.clips == [0]


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Opening 160 MB of embeddings and taking an item reads a few of them, not all."""
    path = tmp_path / "large.pt"
    content = pack([clip(9, f"{number:04}") for number in range(2_000)])
    save_dataset(path, {**content, "embeddings": torch.zeros(2_000, 20_000)})
    code = (
        "import resource, sys\n"
        "from stickgen.data.dataset import MotionDataset, TRAIN, open_dataset\n"
        "def anonymous():\n"
        "    return next(int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('RssAnon'))\n"
        "before = anonymous()\n"
        "file = open_dataset(sys.argv[1])\n"
        "MotionDataset(file, TRAIN, max_frames=9, val_fraction=0.1, seed=0)[7]\n"
        "print(anonymous() - before)"
    )
    if not Path("/proc/self/status").exists():
        pytest.skip("resident memory is read from /proc")
    grown = int(subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=True).stdout)
    assert grown < 80_000  # KiB; the file has 170,000


def older(**changed: Any) -> dict[str, Any]:
    return {
        "description": "walk", "motion": torch.zeros(20, 20), "embedding": torch.zeros(1024),
        "actions": torch.zeros(20, dtype=torch.int64), "physics": torch.zeros(20, 6), **changed,
    }  # fmt: skip


def test_the_older_layout_loads(tmp_path: Path) -> None:
    path = tmp_path / "older.pt"
    torch.save([older(), older(description="run", motion=torch.ones(30, 20), actions=torch.ones(30))], path)
    file = open_dataset(path)
    assert (file.clips, file.lengths, file.embedding_dim) == (2, [20, 30], 1024)
    assert file.captions(1) == ["run"]
    assert file.actions(1).tolist() == [1] * 30
    item = MotionDataset(file, TRAIN, max_frames=25, val_fraction=0.0, seed=0)[1]
    assert item["motion"].shape == (25, 20)
    save_dataset(path, file.content)  # converted by being saved
    assert open_dataset(path).fingerprint == file.fingerprint


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        ([], "it has no clips"),
        ([older(), 3], "clip 1 is no dict"),
        ([older(motion=torch.zeros(20, 48))], "clip 0 has no `motion` of [frames, 20]"),
        ([older(actions=torch.zeros(19))], "clip 0 has not one action a frame"),
        ([older(), older(embedding=torch.zeros(384))], "differ in width"),
        ([older(), older(motion=torch.full((20, 20), torch.nan))], "clip 1 (clip 1) has a value that is not finite"),
    ],
)  # fmt: skip
def test_a_bad_clip_of_the_older_layout_is_named(tmp_path: Path, samples: list[Any], says: str) -> None:
    path = tmp_path / "older.pt"
    torch.save(samples, path)
    with pytest.raises(StickgenError) as caught:
        open_dataset(path)
    assert says in str(caught.value)


class Attack:
    """What a pickle can do to whoever loads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch pwned",)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3000])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda p: p.unlink(), "there is no such dataset"),
        (lambda p: (p.unlink(), p.mkdir()), "not a file"),
        (lambda p: p.write_bytes(b""), "the file is empty"),
        (lambda p: p.write_text("step,loss\n1,2\n"), "but a text file"),
        (lambda p: p.write_text("version https://git-lfs.github.com/spec/v1\n"), "Git LFS pointer"),
        (lambda p: p.write_bytes(os.urandom(900)), "not a dataset"),
        (_truncate, "cut short or damaged"),
        (lambda p: p.write_bytes(pickle.dumps(Attack())), "a bare pickle"),
        (lambda p: torch.save({"format": Attack()}, p), "could run code"),
        (lambda p: torch.save({"state_dict": torch.zeros(3)}, p), "not a stickgen dataset"),
        (lambda p: torch.save(torch.zeros(3), p), "not a stickgen dataset"),
    ],
)
def test_a_file_that_is_no_dataset_is_refused(
    saved: Path, spoil: Callable[[Path], object], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved.parent)
    spoil(saved)
    with pytest.raises(StickgenError) as caught:
        open_dataset(saved)
    assert says in str(caught.value)
    assert str(saved) in str(caught.value)
    assert not Path("pwned").exists()


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("fps", 30, "30 frames a second"),
        ("motion", None, "`motion` is missing"),
        ("motion", torch.zeros(342, 48), "has 48 numbers, not 20"),
        ("motion", torch.zeros(342, 20).double(), "`motion` is float64"),
        ("motion", torch.zeros(341, 20), "does not go from 0 to 341"),
        ("offsets", torch.tensor([0]), "it has no clips"),
        ("offsets", torch.tensor([0, 330, 30, 342]), "`offsets` gives clip 1 fewer than 2"),
        ("actions", torch.zeros(342, dtype=torch.int64), "`actions` is int64"),
        ("actions", torch.full((342,), 64, dtype=torch.int16), "index that is none of the 64"),
        ("texts", "walk", "`texts` is no list"),
        ("clip_texts", torch.tensor([0, 1, 2, 3]), "points beyond the 3 texts"),
        ("clip_text_offsets", torch.tensor([0, 2, 2, 4]), "gives clip 1 fewer than 1"),
        ("source", ["one"], "`source` has 1 entries for 3 clips"),
        ("embeddings", torch.zeros(2, 4), "2 embeddings for 3 texts"),
        ("embeddings", torch.full((3, 4), torch.inf), "the embedding of text 0 is not finite"),
        ("split", torch.zeros(2, dtype=torch.int8), "`split` has 2 entries"),
    ],
)
def test_content_that_does_not_fit_is_named(
    saved: Path, content: dict[str, Any], key: str, value: Any, says: str
) -> None:
    torch.save({**content, key: value}, saved)
    with pytest.raises(StickgenError) as caught:
        open_dataset(saved)
    assert says in str(caught.value)


def test_a_clip_with_nan_is_named(saved: Path, content: dict[str, Any]) -> None:
    content["motion"][332, 7] = torch.nan
    torch.save(content, saved)
    with pytest.raises(
        StickgenError, match=r"clip 2 \(walk.bvh\) has a value that is not finite in its frame 2"
    ):
        open_dataset(saved)


def test_a_dataset_that_cannot_be_written_leaves_the_old_one(saved: Path, content: dict[str, Any]) -> None:
    before = saved.read_bytes()
    content["motion"][0, 0] = torch.nan
    with pytest.raises(StickgenError):
        save_dataset(saved, content)
    assert saved.read_bytes() == before
    assert sorted(p.name for p in saved.parent.iterdir()) == ["set.pt", "set.pt.json"]


def test_a_flipped_bit_anywhere_is_refused_and_the_file_named(tmp_path: Path, tiny_dataset: Path) -> None:
    """The zip's own checksums see all of it; what lies between the records is no content."""
    import random
    import zipfile

    whole, chance = tiny_dataset.read_bytes(), random.Random(1)
    with zipfile.ZipFile(tiny_dataset) as archive:
        entries = archive.infolist()
    path = tmp_path / "flipped.pt"
    for number in range(60):
        entry = entries[number % len(entries)]
        header = whole[entry.header_offset : entry.header_offset + 30]
        start = entry.header_offset + 30 + int.from_bytes(header[26:28], "little")
        start += int.from_bytes(header[28:30], "little")
        if not entry.file_size:
            continue
        data = bytearray(whole)
        data[start + chance.randrange(entry.file_size)] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        with pytest.raises(StickgenError, match=r"flipped\.pt: "):
            open_dataset(path)


def test_a_record_that_is_compressed_is_refused_before_it_is_read(tmp_path: Path, tiny_dataset: Path) -> None:
    import zipfile

    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(tiny_dataset) as there, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in there.infolist():
            made.writestr(entry.filename, there.read(entry))
        made.writestr("archive/data/99", bytes(50_000_000))
    with pytest.raises(StickgenError, match="is compressed"):
        open_dataset(path)

"""Pages of a mapped dataset are given back, and nothing that is not mapped from it is ever touched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from stickgen.data import resident
from stickgen.data.dataset import MotionDataset, open_dataset
from stickgen.data.resident import Resident
from stickgen.data.split import TRAIN
from stickgen.train.trial import make_clips

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")


def file_pages() -> int:
    """Bytes of mapped files that this process holds."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssFile:"):
            return int(line.split()[1]) * 1024
    raise AssertionError


def test_what_was_read_is_given_back_and_can_be_read_again(tmp_path: Path) -> None:
    made = torch.randn(4_000_000)
    torch.save({"x": made}, tmp_path / "x.pt")
    mapped = torch.load(tmp_path / "x.pt", weights_only=True, mmap=True)["x"]
    pages = Resident(tmp_path / "x.pt", (mapped,))
    before = file_pages()
    assert torch.equal(mapped, made)
    assert file_pages() - before > 15_000_000
    pages.give_back()
    assert file_pages() - before < 1_000_000
    assert torch.equal(mapped, made)


def test_tensors_in_memory_keep_what_they_hold(tmp_path: Path) -> None:
    """Also where they are said to be of a file that is mapped elsewhere."""
    torch.save({"x": torch.ones(100_000)}, tmp_path / "x.pt")
    mapped = torch.load(tmp_path / "x.pt", weights_only=True, mmap=True)["x"]
    own = torch.randn(1_000_000)
    kept = own.clone()
    Resident(tmp_path / "x.pt", (own, mapped)).give_back()
    Resident(tmp_path / "no.pt", (own,)).give_back()
    Resident().give_back()
    assert torch.equal(own, kept)
    assert bool((mapped == 1).all())


def test_a_dataset_gives_back_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_clips(tmp_path / "d.pt", [250] * 40, [250], 16)
    monkeypatch.setattr(resident, "MOST_BYTES", 300_000)
    monkeypatch.setattr(resident, "LOOK_BYTES", 60_000)
    mapped = iter(range(0, 10**9, 400_000))  # what the kernel maps around a read differs from one to the next
    monkeypatch.setattr(resident, "_mapped_bytes", lambda: next(mapped))
    file = open_dataset(tmp_path / "d.pt")
    given_back: list[bool] = []
    monkeypatch.setattr(Resident, "give_back", lambda self: given_back.append(True))
    clips = MotionDataset(file, TRAIN, max_frames=250, val_fraction=0.1, seed=0)
    items = [clips[i] for i in range(len(clips))]
    assert len(given_back) >= 10
    monkeypatch.undo()
    file.resident.give_back()
    for i, item in enumerate(items):
        for name in ("motion", "actions", "embedding"):
            assert torch.equal(item[name], clips[i][name])

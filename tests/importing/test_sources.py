"""Every file that is looked at is accounted for, and none of them stops an import or fills the memory."""

from __future__ import annotations

import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from walking import walking_bvh

from stickgen.errors import StickgenError
from stickgen.importing.clips import import_archives
from stickgen.importing.sources import MAX_FILE_BYTES

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 46883\n"


def packed(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def walk(seed: float = 0.0) -> bytes:
    return walking_bvh(frames=30, seed=seed).encode()


BAD: dict[str, tuple[str, bytes, str]] = {
    "a zip cut short": ("z.zip", b"PK\x03\x04" + bytes(3000), "1 ZIP: 1 unreadable"),
    "an empty zip file": ("z.zip", b"", "1 ZIP: 1 unreadable"),
    "a zip that is text": ("z.zip", b"<html>404</html>", "1 ZIP: 1 unreadable"),
    "a pointer to a zip": ("z.zip", POINTER, "1 ZIP: 1 only a pointer"),
    "a pointer to a capture": ("z.bvh", POINTER, "2 BVH: 1 imported, 1 only a pointer"),
    "an empty capture": ("z.bvh", b"", "2 BVH: 1 imported, 1 refused"),
    "NUL bytes": ("z.bvh", bytes(4000), "2 BVH: 1 imported, 1 refused"),
    "an array": ("000001.npy", b"\x93NUMPY", "1 NPY: 1 not read yet"),
    "arrays": ("walk.npz", b"PK\x03\x04", "1 table of joints: 1 refused"),
    "a packed folder": ("more.tar.gz", b"\x1f\x8b", "1 packed: 1 not opened"),
    "notes": ("README.txt", b"hello", "1 other: 1 no motion"),
    "macOS notes": ("._walk.bvh", b"\0\5\26\7", "1 macOS notes: 1 no motion"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("inside", [False, True])
def test_a_bad_file_stops_nobody_and_is_counted(tmp_path: Path, what: str, inside: bool) -> None:
    name, content, line = BAD[what]
    folder = tmp_path / "caps"
    folder.mkdir()
    if inside and "pointer" not in what and not name.endswith(".zip"):
        packed(folder / "all.zip", {"a.bvh": walk(), name: content})
    else:
        (folder / "a.bvh").write_bytes(walk())
        (folder / name).write_bytes(content)
    report = import_archives([folder])
    assert [clip.name for clip in report.clips] == ["a.bvh"]
    assert line in report.account.lines()
    assert report.account.looked_at == (3 if (folder / "all.zip").exists() else 2)


def test_what_is_in_a_folder_and_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.bvh").write_bytes(walk())
    (tmp_path / "gone.bvh").symlink_to("nowhere.bvh")
    os.mkfifo(tmp_path / "pipe.bvh")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    report = import_archives([tmp_path])
    assert [clip.name for clip in report.clips] == ["a.bvh"]
    assert report.account.lines() == ["3 BVH: 1 imported, 1 not a file, 1 unreadable"]


def test_a_bad_archive_beside_good_ones_that_were_all_named(tmp_path: Path) -> None:
    good = packed(tmp_path / "good.zip", {"a.bvh": walk()})
    (tmp_path / "bad.zip").write_bytes(b"PK no")
    (tmp_path / "pointer.zip").write_bytes(POINTER)
    report = import_archives([tmp_path / "bad.zip", good, tmp_path / "pointer.zip"])
    assert len(report.clips) == 1 and len(report.skipped) == 2
    with pytest.raises(StickgenError, match=r"none\.zip: there is no such"):
        import_archives([good, tmp_path / "none.zip"])


def lying(path: Path, size: int, method: int, content: bytes, says: int) -> Path:
    """An archive whose directory says that a large entry has `says` bytes."""
    with (
        zipfile.ZipFile(path, "w", method) as archive,
        archive.open("bomb.bvh", "w", force_zip64=True) as file,
    ):
        for _ in range(size // len(content)):
            file.write(content)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start, entry = archive.start_dir, archive.infolist()[0]
    struct.pack_into("<II", data, start + 20, entry.compress_size, says)
    return path if not path.write_bytes(data) else path


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("says", [1000, 64_000_000])
def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, method: int, says: int) -> None:
    path = lying(tmp_path / "b.zip", 200 * 2**20, method, bytes(2**20), says)
    tracemalloc.start()
    report = import_archives([path])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not report.clips and len(report.skipped) == 1
    assert peak < 2.5 * MAX_FILE_BYTES


def test_entries_that_lie_over_each_other_are_not_unpacked(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {f"{number}.bvh": walk(number) for number in range(3)})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.start_dir
    struct.pack_into("<I", data, start + 20, len(data) * 2)  # of the first entry, packed
    path.write_bytes(data)
    report = import_archives([path])
    assert not report.clips
    assert "its entries overlap" in report.skipped[0]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_archives_of_each_method(tmp_path: Path, method: int) -> None:
    assert len(import_archives([packed(tmp_path / "a.zip", {"a.bvh": walk()}, method)]).clips) == 1


def test_an_encrypted_entry_is_said(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.bvh": walk(), "b.bvh": walk(1.0)})
    data = bytearray(path.read_bytes())
    for start, sign in ((6, b"PK\x03\x04"), (8, b"PK\x01\x02")):
        data[data.index(sign) + start] |= 1
    path.write_bytes(data)
    report = import_archives([path])
    assert [clip.name for clip in report.clips] == ["b.bvh"]
    assert "encrypted" in report.skipped[0]

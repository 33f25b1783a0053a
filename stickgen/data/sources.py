"""Finds captures in archives, folders and files, and accounts for every file that was seen."""

from __future__ import annotations

import bz2
import copy
import os
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from stickgen.errors import StickgenError

MAX_FILE_BYTES = 64_000_000  # of a capture; the longest of CMU's 2,500 has 12 MB
_LFS = b"version https://git-lfs"
# other formats of motion, and what to do with them
_OTHER_MOTION = {
    ".amc": "AMC", ".asf": "ASF", ".c3d": "C3D", ".fbx": "FBX", ".glb": "GLB", ".gltf": "glTF", ".npz": "NPZ",
    ".npy": "NPY", ".trc": "TRC", ".vmd": "VMD", ".pkl": "pickle", ".pt": "torch", ".usd": "USD", ".usdz": "USD",
    ".blend": "Blender", ".anim": "Unity animation", ".htr": "HTR", ".mvnx": "MVNX", ".tak": "OptiTrack take",
    ".vrma": "VRMA", ".dae": "Collada",
}  # fmt: skip
_ARCHIVES = {".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".zst"}


@dataclass(frozen=True)
class Source:
    """A capture that is still to be read. `archive` is the zip file or folder that it was found in."""

    archive: str
    name: str  # its path inside that, with /
    read: Callable[[], bytes]


@dataclass
class Account:
    """Every file that was seen, by kind, with what became of it."""

    seen: list[tuple[str, str]] = field(default_factory=list)  # archive and name, of any kind
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # by kind and outcome
    skipped: list[str] = field(
        default_factory=list
    )  # a sentence for each file that might have been a capture

    def count(self, kind: str, outcome: str) -> None:
        """Count a file of a kind, with what became of it."""
        self.counts[kind, outcome] += 1

    def skip(self, kind: str, outcome: str, name: str, reason: str) -> None:
        """Count a skipped file, with a sentence of its own."""
        self.count(kind, outcome)
        self.skipped.append(f"{name}: {reason}")

    @property
    def looked_at(self) -> int:
        """The number of files that were seen."""
        return sum(self.counts.values())

    def lines(self) -> list[str]:
        """One line per kind: how many files, and what became of them."""
        kinds = Counter[str]()
        outcomes = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        for (kind, _), count in self.counts.items():
            kinds[kind] += count
        return [
            f"{total} {kind}: " + ", ".join(f"{n} {outcome}" for (k, outcome), n in outcomes if k == kind)
            for kind, total in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
        ]


def find_sources(paths: list[Path], account: Account) -> Iterator[Source]:
    """The captures at `paths`, sorted by name. Everything else goes into the account. Nothing is unpacked.

    Raises StickgenError if a path does not exist, or is neither an archive nor a folder nor a capture.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise StickgenError(f"{path}: there is no such archive, folder or file")
    for path in paths:
        if path.is_dir():
            yield from _in_folder(path, account)
        elif _kind(path.name) == "other" and path.is_file() and not zipfile.is_zipfile(path):
            raise StickgenError(f"{path}: neither a zip archive nor a folder nor a BVH file")
        else:
            yield from _file(path, "", path.name, account)


def _in_folder(folder: Path, account: Account) -> Iterator[Source]:
    """The captures in a folder and its subfolders. A linked folder is visited once."""
    been: set[tuple[int, int]] = set()

    def refuse(error: OSError) -> None:
        account.skip("folder", "unreadable", str(error.filename), f"it cannot be read ({error.strerror})")

    found: list[Path] = []
    for here, folders, files in os.walk(folder, followlinks=True, onerror=refuse):
        status = Path(here).stat()
        if (status.st_dev, status.st_ino) in been:
            folders.clear()
            continue
        been.add((status.st_dev, status.st_ino))
        found += [Path(here) / name for name in files]
    for file in sorted(found):
        yield from _file(file, folder.name, file.relative_to(folder).as_posix(), account)


def _file(path: Path, archive: str, name: str, account: Account) -> Iterator[Source]:
    account.seen.append((archive, name))
    kind = _kind(name)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            account.skip(kind, "not a file", name, "it is a device or a pipe, not a file")
            return
        with path.open("rb") as file:
            start = file.read(64)
        if start.startswith(_LFS):
            account.skip(
                kind, "only a pointer", name, "it is only a Git LFS pointer; fetch it with git lfs pull"
            )
        elif kind == "ZIP" or (start.startswith(b"PK") and kind == "other"):
            yield from _in_zip(path, account)
        elif _is_capture(kind, name, status.st_size, account):
            yield Source(archive, name, path.read_bytes)
    except OSError as error:
        account.skip(kind, "unreadable", name, f"it cannot be read ({error.strerror or error})")


def _in_zip(path: Path, account: Account) -> Iterator[Source]:
    try:
        archive = zipfile.ZipFile(path)
        entries = sorted(archive.infolist(), key=lambda entry: entry.filename)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        account.skip("ZIP", "unreadable", path.name, f"a damaged zip archive ({error}); get it again")
        return
    if sum(entry.compress_size for entry in entries) > path.stat().st_size:
        account.skip("ZIP", "unreadable", path.name, "its entries overlap; pack it again")
        return
    account.count("ZIP", "opened")
    for entry in entries:
        if entry.is_dir():
            continue
        account.seen.append((path.name, entry.filename))
        kind = _kind(entry.filename)
        if kind == "ZIP":
            account.skip(kind, "inside of another", entry.filename, "an archive inside an archive; unpack it")
        elif _is_capture(kind, entry.filename, entry.file_size, account):
            yield Source(path.name, entry.filename, lambda entry=entry: _entry(archive, entry))  # type: ignore[misc]


def _is_capture(kind: str, name: str, size: int, account: Account) -> bool:
    if kind == "BVH":
        if size <= MAX_FILE_BYTES:
            return True
        reason = f"{size:,} bytes are more than a capture may have ({MAX_FILE_BYTES:,})"
        account.skip(kind, "too large", name, reason)
    elif kind in _OTHER_MOTION.values():
        account.skip(kind, "not read yet", name, f"{kind} is not supported, only BVH is; export it as BVH")
    elif kind == "packed":
        account.skip(kind, "not opened", name, "only zip archives are supported; unpack it")
    else:
        account.count(kind, "no motion")
    return False


def _kind(name: str) -> str:
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if (
        path.name.startswith("._") or "__MACOSX" in path.parts
    ):  # macOS's metadata of a file, under the file's name
        return "macOS notes"
    if suffix == ".bvh":
        return "BVH"
    if suffix == ".zip":
        return "ZIP"
    if suffix in _ARCHIVES:
        return "packed"
    return _OTHER_MOTION.get(suffix, "other")


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The content of an entry. Whatever size it claims, no more is unpacked than a capture may have.

    The library trusts the directory, and unpacks bzip2 and LZMA without limit.
    """
    if entry.flag_bits & 1:
        raise StickgenError(f"{entry.filename}: it is encrypted; unpack it with its password first")
    raw = copy.copy(entry)
    raw.compress_type, raw.file_size = zipfile.ZIP_STORED, entry.compress_size
    del raw.CRC  # it is of the whole content, not of the part that is read
    with archive.open(raw) as file:
        packed = file.read()
    limit = MAX_FILE_BYTES + 1
    if entry.compress_type == zipfile.ZIP_STORED:
        data = packed
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit)
    elif entry.compress_type == zipfile.ZIP_BZIP2:
        data = bz2.BZ2Decompressor().decompress(packed, limit)
    else:
        raise StickgenError(
            f"{entry.filename}: its compression method is not supported; pack it with deflate"
        )
    if len(data) > MAX_FILE_BYTES:
        raise StickgenError(
            f"{entry.filename}: it unpacks to more than a capture may have ({MAX_FILE_BYTES:,} bytes)"
        )
    if zlib.crc32(data) != entry.CRC:
        raise StickgenError(f"{entry.filename}: it cannot be read (damaged in the archive); get it again")
    if data.startswith(_LFS):
        raise StickgenError(f"{entry.filename}: it is only a Git LFS pointer; fetch it with git lfs pull")
    return data

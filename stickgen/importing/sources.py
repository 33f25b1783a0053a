"""Finds captures in archives, folders and files, and accounts for every file that was seen."""

from __future__ import annotations

import bz2
import copy
import functools
import os
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from stickgen.errors import StickgenError

MAX_FILE_BYTES = 64_000_000  # of a capture; the longest of CMU's 2,500 has 12 MB
_LFS = b"version https://git-lfs"
# what the account calls the files of motion formats, whether they are read or not
_MOTION = {
    ".bvh": "BVH", ".amc": "AMC", ".asf": "ASF", ".c3d": "C3D", ".fbx": "FBX", ".glb": "GLB", ".gltf": "glTF", ".npz": "NPZ",
    ".npy": "NPY", ".trc": "TRC", ".vmd": "VMD", ".pkl": "pickle", ".pt": "torch", ".usd": "USD", ".usdz": "USD",
    ".blend": "Blender", ".anim": "Unity animation", ".htr": "HTR", ".mvnx": "MVNX", ".tak": "OptiTrack take",
    ".vrma": "VRMA", ".dae": "Collada",
}  # fmt: skip
_ARCHIVES = {".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".zst"}


@dataclass(frozen=True)
class Found:
    """A file that was found and is still to be read, in a folder or a zip archive; it may be read in any process."""

    archive: str  # the zip file or folder that it was found in
    name: str  # its path inside that, with /
    size: int  # bytes, unpacked
    path: Path  # itself, or the zip file
    entry: int | None = None  # its number in the zip file's directory

    @property
    def base(self) -> str:
        """Its name without folders."""
        return self.name.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder it is in, "" for the top."""
        return self.name.rpartition("/")[0]

    @property
    def stem(self) -> str:
        """Its name without folders and without the last ending."""
        return PurePosixPath(self.base).stem

    @property
    def suffix(self) -> str:
        """The last ending of its name, lower case, with its dot."""
        return PurePosixPath(self.base).suffix.lower()

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        """Its content. Raises StickgenError if it has more than `limit` bytes or its archive is damaged, or OSError."""
        if self.size > limit:
            raise StickgenError(
                f"{self.name}: {self.size:,} bytes are more than a capture may have ({limit:,})"
            )
        return self.path.read_bytes() if self.entry is None else _unpacked(*self._packed, limit)

    def head(self, size: int = 4096) -> bytes:
        """Its first bytes; b"" if it cannot be read, which `read` will say."""
        try:
            if self.entry is None:
                with self.path.open("rb") as file:
                    return file.read(size)
            archive, entry = self._packed
            return _inflated(entry, _stored(archive, entry), size)[:size]
        except (OSError, StickgenError, *UNREADABLE):
            return b""

    @property
    def _packed(self) -> tuple[zipfile.ZipFile, zipfile.ZipInfo]:
        assert self.entry is not None
        archive = _opened(self.path, self.path.stat().st_mtime_ns, os.getpid())
        return archive, archive.infolist()[self.entry]


# what a damaged archive raises while it is read
UNREADABLE = (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError, ValueError)


@functools.lru_cache(maxsize=4)
def _opened(path: Path, changed: int, process: int) -> zipfile.ZipFile:
    """A zip file whose directory is read once a process, however many of its files are read."""
    return zipfile.ZipFile(path)


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


def find_files(paths: list[Path], account: Account) -> list[Found]:
    """The files at `paths`, sorted by name. What cannot be one goes into the account. Nothing is unpacked.

    Raises StickgenError if a path does not exist.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise StickgenError(f"{path}: there is no such archive, folder or file")
    found: list[Found] = []
    for path in paths:
        found += _in_folder(path, account) if path.is_dir() else _file(path, "", path.name, account)
    return found


def leave_out(file: Found, account: Account) -> None:
    """Account for a file that no format claims, with what to do if it might be a motion.

    Raises StickgenError if the user named a file that is nothing of the kind.
    """
    kind = kind_of(file.name)
    if kind == "other" and not file.archive:
        raise StickgenError(f"{file.path}: neither a zip archive nor a folder nor a file of motion")
    if kind == "ZIP":
        account.skip(kind, "inside of another", file.name, "an archive inside an archive; unpack it")
    elif kind == "ASF":
        account.count(kind, "without a motion")
    elif kind in {"NPZ", "NPY"}:
        reason = "its arrays are no motion in a form that is known (docs/formats.md)"
        account.skip(kind, "not read yet", file.name, reason)
    elif kind in _MOTION.values():
        account.skip(kind, "not read yet", file.name, f"{kind} is not supported; export it as BVH")
    elif kind == "packed":
        account.skip(kind, "not opened", file.name, "only zip archives are supported; unpack it")
    else:
        account.count(kind, "no motion")


def _in_folder(folder: Path, account: Account) -> Iterator[Found]:
    """The files in a folder and its subfolders. A linked folder is visited once."""
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


def _file(path: Path, archive: str, name: str, account: Account) -> Iterator[Found]:
    account.seen.append((archive, name))
    kind = kind_of(name)
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
        else:
            yield Found(archive, name, status.st_size, path)
    except OSError as error:
        account.skip(kind, "unreadable", name, f"it cannot be read ({error.strerror or error})")


def _in_zip(path: Path, account: Account) -> Iterator[Found]:
    try:
        entries = list(enumerate(_opened(path, path.stat().st_mtime_ns, os.getpid()).infolist()))
        entries.sort(key=lambda numbered: numbered[1].filename)
    except (*UNREADABLE, OSError) as error:
        account.skip("ZIP", "unreadable", path.name, f"a damaged zip archive ({error}); get it again")
        return
    if sum(entry.compress_size for _, entry in entries) > path.stat().st_size:
        account.skip("ZIP", "unreadable", path.name, "its entries overlap; pack it again")
        return
    account.count("ZIP", "opened")
    for number, entry in entries:
        if not entry.is_dir():
            account.seen.append((path.name, entry.filename))
            yield Found(path.name, entry.filename, entry.file_size, path, number)


def kind_of(name: str) -> str:
    """What the account calls a file by its name."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if (
        path.name.startswith("._") or "__MACOSX" in path.parts
    ):  # macOS's metadata of a file, under the file's name
        return "macOS notes"
    if suffix == ".zip":
        return "ZIP"
    if suffix in _ARCHIVES:
        return "packed"
    return _MOTION.get(suffix, "other")


def _stored(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry as they are packed."""
    if entry.flag_bits & 1:
        raise StickgenError(f"{entry.filename}: it is encrypted; unpack it with its password first")
    raw = copy.copy(entry)
    raw.compress_type, raw.file_size = zipfile.ZIP_STORED, entry.compress_size
    del raw.CRC  # it is of the whole content, not of the part that is read
    with archive.open(raw) as file:
        return file.read()


def _inflated(entry: zipfile.ZipInfo, packed: bytes, limit: int) -> bytes:
    """At most `limit` bytes of an entry. The library unpacks bzip2 and LZMA without limit."""
    if entry.compress_type == zipfile.ZIP_STORED:
        return packed
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit)
    if entry.compress_type == zipfile.ZIP_BZIP2:
        return bz2.BZ2Decompressor().decompress(packed, limit)
    raise StickgenError(f"{entry.filename}: its compression method is not supported; pack it with deflate")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """The content of an entry. Whatever size it claims, no more than `limit` is unpacked."""
    data = _inflated(entry, _stored(archive, entry), limit + 1)
    if len(data) > limit:
        raise StickgenError(f"{entry.filename}: it unpacks to more than a capture may have ({limit:,} bytes)")
    if zlib.crc32(data) != entry.CRC:
        raise StickgenError(f"{entry.filename}: it cannot be read (damaged in the archive); get it again")
    if data.startswith(_LFS):
        raise StickgenError(f"{entry.filename}: it is only a Git LFS pointer; fetch it with git lfs pull")
    return data

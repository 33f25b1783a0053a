"""What can be told of a dataset file without torch, so that a launch that cannot work is refused before it begins."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from stickgen.config.settings import Edit
from stickgen.datasets.facts import DatasetFacts, read_dataset_facts
from stickgen.errors import StickgenError


class UnfitDatasetError(StickgenError):
    """The dataset does not fit the config; `edits` make the config fit."""

    def __init__(self, message: str, edits: tuple[Edit, ...] = ()) -> None:
        super().__init__(message)
        self.edits = edits


class MissingDatasetError(StickgenError):
    """There is no file where the dataset should be."""


def check_dataset(path: Path, embedding_dim: int) -> DatasetFacts | None:
    """The facts beside a dataset. StickgenError where `path` is none, or they say that it does not fit the config.

    Without facts the trainer finds out about its content.
    """
    check_dataset_file(path)
    facts = read_dataset_facts(path)
    if facts is not None:
        check_embedding_width(path, facts.embedding_dim, embedding_dim)
    return facts


def check_dataset_file(path: Path) -> None:
    """Raise StickgenError that says what `path` is, if it is not a zip file as `torch.save` writes them."""
    if not path.exists():
        raise MissingDatasetError(
            f"{path}: there is no such dataset; make one with stickgen data synth or stickgen data import, "
            "then stickgen data embed; or name another in the config or with --data-path"
        )
    if not path.is_file():
        raise StickgenError(f"{path}: not a file; name the dataset itself, which ends in .pt")
    try:
        with path.open("rb") as file:
            start = file.read(512)
        if not start:
            raise StickgenError(f"{path}: the file is empty; make or import the dataset again")
        if not start.startswith(b"PK"):
            raise StickgenError(
                f"{path}: not a dataset, {_looks_like(start)}; name a .pt file that stickgen wrote"
            )
        if not zipfile.is_zipfile(path):
            raise StickgenError(f"{path}: the file is cut short or damaged; make or import the dataset again")
    except OSError as error:
        raise StickgenError(f"{path}: it cannot be read ({error.strerror or error})") from error


def check_checksums(path: Path) -> None:
    """Read all of a dataset against the CRC-32 that its zip file keeps of every record.

    Raises StickgenError that names the damaged record, or one that is compressed: torch never does that, and a few
    bytes could stand for as many as one likes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
                    raise StickgenError(
                        f"{path}: its record {entry.filename} is compressed; no dataset has that"
                    )
            damaged = archive.testzip()
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise StickgenError(
            f"{path}: the file is damaged ({error}); make, import or copy it again"
        ) from error
    except OSError as error:
        raise StickgenError(f"{path}: it cannot be read ({error.strerror or error})") from error
    if damaged is not None:
        raise StickgenError(
            f"{path}: the file is damaged, its record {damaged} has another checksum than when it was written; "
            "make, import or copy it again"
        )


def check_embedding_width(path: Path, there: int | None, wanted: int) -> None:
    """Raise UnfitDatasetError if the embeddings are not as wide as the config says."""
    if there is None:
        raise StickgenError(f"{path}: its texts are not embedded yet; run: stickgen data embed {path}")
    if there != wanted:
        raise UnfitDatasetError(
            f"{path}: its text embeddings are {there} wide, but model.embedding_dim is {wanted}; "
            f"use --set model.embedding_dim={there}",
            (("model.embedding_dim", there),),
        )


def _looks_like(start: bytes) -> str:
    if start.startswith(b"version https://git-lfs"):
        return "only a Git LFS pointer to one (fetch it with git lfs pull)"
    if start.startswith(b"\x80"):
        return "but a bare pickle, which could run code and is never loaded"
    try:
        text = start.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 4:
            return "but some other binary file"
        text = start[: error.start].decode()
    return "but a text file" if text.isprintable() or "\n" in text else "but some other binary file"

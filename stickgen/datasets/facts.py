"""What is known of a dataset without opening it: a small JSON file beside it, for whoever must not load torch."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_type_hints

from stickgen.atomic import write_text
from stickgen.foreign_files import read_json
from stickgen.outputs import Kind, Output, distinct, is_dataset
from stickgen.text import is_unicode

_DIRECTORY_BYTES = 65_536
_SYNTHETIC = ("synthetic",)  # sources of a dataset that stickgen made and can make again


@dataclass(frozen=True)
class DatasetFacts:
    """Counts and names. `mean_frames` counts a clip as at most 250 frames, as training does.

    The train and validation counts are those of the dataset's own split, or, if it names none, of the
    default `training.val_fraction`.
    """

    clips: int
    frames: int
    mean_frames: float
    longest_frames: int
    clips_train: int
    clips_val: int
    frames_train: int
    texts: int
    embedding_dim: int | None  # None before `data embed`
    encoder: str | None
    sources: tuple[str, ...]
    licences: tuple[str, ...]
    fingerprint: str
    mean_words: float = 0.0  # tokens of a text; 0 if the dataset does not have them one by one
    longest_words: int = 0
    doubts: tuple[str, ...] | None = None  # what of it looks wrong; None by a version that did not look


def facts_path(dataset: Path) -> Path:
    """`data/real.pt` → `data/real.pt.json`."""
    return dataset.with_name(dataset.name + ".json")


def write_dataset_facts(dataset: Path, facts: DatasetFacts) -> None:
    """Write the facts of a dataset beside it; they hold for this content, wherever the two are copied to."""
    write_text(facts_path(dataset), json.dumps({**asdict(facts), "file_stamp": _stamp(dataset)}, indent=1))


def read_dataset_facts(dataset: str | Path) -> DatasetFacts | None:
    """The facts beside a dataset; None if there are none, or they tell of an older or foreign file."""
    dataset = Path(dataset)
    try:
        found = read_json(facts_path(dataset).resolve())
        if found.pop("file_stamp") != _stamp(dataset):
            return None
        found["sources"], found["licences"] = tuple(found["sources"]), tuple(found["licences"])
        if found.get("doubts") is not None:
            found["doubts"] = tuple(found["doubts"])
        facts = DatasetFacts(**found)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError):  # the last for links in a circle
        return None
    return facts if _is_sound(facts) else None


def dataset_doubts(dataset: Path, facts: DatasetFacts | None) -> tuple[str, ...]:
    """What looks wrong about a dataset that can be used all the same, a sentence each."""
    return tuple(f"{dataset}: {doubt}" for doubt in (facts.doubts if facts is not None else None) or ())


def _is_sound(facts: DatasetFacts) -> bool:
    """Whether each is of its type, no count is below 0, and each text is one: the file may come from elsewhere."""
    for name, kind in get_type_hints(DatasetFacts).items():
        value = getattr(facts, name)
        if kind is float:
            fits = type(value) in (int, float) and value >= 0
        elif kind in (int, int | None):
            fits = (type(value) is int and value >= 0) or (value is None and kind is not int)
        elif kind in (str, str | None):
            fits = (isinstance(value, str) and is_unicode(value)) or (value is None and kind is not str)
        else:
            fits = all(isinstance(text, str) and is_unicode(text) for text in value or ())
        if not fits:
            return False
    return facts.clips > 0


def dataset_output(path: Path, *, inputs: tuple[Path, ...] = (), force: bool = False) -> Output:
    """Where a dataset may be written, its facts beside it. Raises StickgenError where not."""
    output = Output(path, _DATASET, inputs, force)
    distinct([output, Output(facts_path(path), _FACTS, inputs, force=True)])
    return output


def _may_be_lost(dataset: Path) -> bool:
    facts = read_dataset_facts(dataset)
    return facts is None or facts.sources != _SYNTHETIC


_DATASET = Kind("a dataset", is_dataset, kept=_may_be_lost)
_FACTS = Kind(
    "the facts of a dataset",
    lambda path: path.stat().st_size < 2**24 and b'"file_stamp"' in path.read_bytes(),
)


def dataset_digest(dataset: Path) -> str:
    """A digest of the checksums that the zip file keeps of every record: two files of one content have the same.

    It costs one look at the file's directory. "" if it is no zip file or cannot be read.
    """
    try:
        with zipfile.ZipFile(dataset) as archive:
            records = sorted((entry.filename, entry.CRC, entry.file_size) for entry in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return ""
    return hashlib.sha256(json.dumps(records).encode()).hexdigest()


def _stamp(dataset: Path) -> str:
    """Size, and a digest of the end: a zip file has its directory there, with the checksum of every record."""
    with dataset.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _DIRECTORY_BYTES, 0))
        return f"{size}-{hashlib.sha256(file.read()).hexdigest()[:32]}"

"""The datasets that lie around: found by what is beside them, without opening one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stickgen.datasets.facts import DatasetFacts, read_dataset_facts

FOLDERS = ("data", "data/curated", "curated", ".")  # below the working folder
_MOST_ENTRIES = 2000  # of a folder that are looked at


@dataclass(frozen=True)
class Found:
    """A dataset file. `facts` is None if nothing is known of it: one of another program, or of an older version."""

    path: Path
    size: int
    facts: DatasetFacts | None


def find_datasets(named: Sequence[Path] = ()) -> list[Found]:
    """The datasets in FOLDERS, and those of `named` that exist; each once, sorted by path."""
    found: dict[str, Found] = {}
    for path in (*named, *(path for folder in FOLDERS for path in _files(Path(folder)))):
        try:
            size = path.stat().st_size
        except OSError:
            continue
        found.setdefault(os.path.realpath(path), Found(path, size, read_dataset_facts(path)))
    return sorted(found.values(), key=lambda dataset: str(dataset.path))


def _files(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                if count >= _MOST_ENTRIES:
                    return
                if entry.name.endswith(".pt") and not entry.name.startswith(".") and entry.is_file():
                    yield folder / entry.name
    except OSError:
        return

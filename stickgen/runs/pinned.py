"""The sentences that a run draws beside its own sample: a file each in its `prompts/`, read by the trainer at each look.

A file holds the sentence as the text encoder reads it, so that the trainer needs no encoder. Each is written whole and
removed whole: pinning and a trainer that draws meanwhile never meet in half of one, and a resumed run finds them.
This room only lists and removes them, without torch; `stickgen/generate/pinning.py` writes them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stickgen.errors import StickgenError
from stickgen.foreign_files import is_own_folder, open_regular
from stickgen.run_contract import File
from stickgen.runs.directory import RunDirectory
from stickgen.text import clean

MOST = 8  # each is drawn at every checkpoint
LONGEST_TEXT = 300  # characters
_MOST_HEADER = 2**16
_NAME = re.compile(r"[0-9a-f]{8}\.safetensors")


@dataclass(frozen=True)
class Pinned:
    """A sentence of a run. `id` is what its samples are named by."""

    id: str
    text: str
    seed: int
    frames: int
    path: Path


def pinned_folder(run: RunDirectory) -> Path:
    """Where a run keeps its sentences; it need not be there."""
    return run.path / File.PROMPTS


def pinned_prompts(run: RunDirectory) -> tuple[list[Pinned], list[str]]:
    """The sentences of a run, the oldest first, and a sentence for each file that cannot be read."""
    found: list[tuple[float, Pinned]] = []
    problems: list[str] = []
    for path in pinned_files(run):
        try:
            facts = _facts(path)
            pinned = Pinned(
                path.stem, clean(facts["text"], single_line=True, limit=LONGEST_TEXT), int(facts["seed"]),
                int(facts["frames"]), path,
            )  # fmt: skip
            found.append((float(facts["created"]), pinned))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            problems.append(f"{path}: it is no pinned sentence ({clean(error, single_line=True, limit=80)})")
    found.sort(key=lambda pair: (pair[0], pair[1].id))
    return [pinned for _, pinned in found], problems


def pinned_files(run: RunDirectory) -> list[Path]:
    """The files of a run's sentences, unread."""
    folder = pinned_folder(run)
    try:
        return (
            sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
            if is_own_folder(folder)
            else []
        )
    except OSError:
        return []


def unpin(run: RunDirectory, which: str) -> Pinned:
    """Remove a sentence, named by its id or its text. What was drawn of it stays. Raises StickgenError."""
    prompts, _ = pinned_prompts(run)
    for pinned in prompts:
        if which in (pinned.id, pinned.text):
            try:
                pinned.path.unlink(missing_ok=True)
            except OSError as error:
                raise StickgenError(f"{pinned.path}: it cannot be removed ({error.strerror})") from error
            return pinned
    there = "; ".join(f"{pinned.id} “{pinned.text}”" for pinned in prompts) or "none"
    raise StickgenError(
        f"{run.name} has no pinned sentence “{clean(which, single_line=True, limit=80)}”; it has {there}"
    )


def _facts(path: Path) -> dict[str, Any]:
    """The metadata of a safetensors file, from its header."""
    with open_regular(path) as file:
        length = int.from_bytes(file.read(8), "little")
        if length > _MOST_HEADER:
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(file.read(length))
    facts: dict[str, Any] = header["__metadata__"]
    return facts

"""What a person says of a run: tags and a note, in `tags.json` of its directory. The trainer never reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from stickgen.atomic import write_text
from stickgen.errors import StickgenError
from stickgen.foreign_files import read_json
from stickgen.run_contract import File
from stickgen.runs.directory import RunDirectory
from stickgen.runs.layout import check_own_files
from stickgen.runs.locks import exclusive
from stickgen.text import clean, is_unicode

MOST_TAGS = 50
LONGEST_NOTE = 4000  # characters
_TAG = re.compile(r"\w[\w./-]{0,39}")


@dataclass(frozen=True)
class Labels:
    """Tags in alphabetical order, and a note, "" for none."""

    tags: tuple[str, ...] = ()
    note: str = ""


def read_labels(run: RunDirectory) -> Labels:
    """The labels of a run; none if it has none, or if they cannot be read."""
    try:
        return _read(run)
    except (OSError, ValueError):
        return Labels()


def change_tags(run: RunDirectory, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Labels:
    """Add tags and take others off, atomically; of two that do so at once, neither loses its change.

    Raises StickgenError for what is no tag, and if tags.json cannot be read or written.
    """
    added, removed = set(add), set(remove)
    for tag in sorted(added):
        if not _TAG.fullmatch(tag):
            raise StickgenError(
                f"{clean(tag, single_line=True, limit=60)!r} is no tag: use letters, digits, dots, dashes and "
                "slashes, at most 40"
            )
    return _change(run, add=added, remove=removed)


def write_note(run: RunDirectory, note: str) -> Labels:
    """Put `note` in the place of the one before; "" takes it off. Raises StickgenError as `change_tags` does."""
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise StickgenError(
            f"the note has {len(note):,} characters, and a run keeps at most {LONGEST_NOTE:,}"
        )
    if not is_unicode(note):
        raise StickgenError("the note is not UTF-8")
    return _change(run, note=note)


def _change(
    run: RunDirectory, *, add: set[str] | None = None, remove: set[str] | None = None, note: str | None = None
) -> Labels:
    path = run.path / File.LABELS
    check_own_files(run.path)
    try:
        with exclusive(run.path / File.IDENTITY_LOCK):
            known = _read(run)
            tags = tuple(sorted((set(known.tags) | (add or set())) - (remove or set())))
            if len(tags) > MOST_TAGS:
                raise StickgenError(f"{run.name}: a run keeps at most {MOST_TAGS} tags")
            labels = Labels(tags, known.note if note is None else note)
            if labels != known:
                text = json.dumps({"tags": labels.tags, "note": labels.note}, indent=1)
                write_text(path, text, mode=0o600, follow=False)
    except OSError as error:
        raise StickgenError(f"{path}: cannot be written ({error.strerror or error})") from error
    except ValueError as error:
        raise StickgenError(f"{path}: it is damaged ({error}); nothing was written over it") from error
    return labels


def _read(run: RunDirectory) -> Labels:
    """Raises OSError, or ValueError if the file is damaged."""
    try:
        found = read_json(run.path / File.LABELS)
    except FileNotFoundError:
        return Labels()
    tags, note = found.get("tags", []), found.get("note", "")
    if not isinstance(tags, list) or not isinstance(note, str) or not all(isinstance(t, str) for t in tags):
        raise ValueError("tags is a list of texts and note a text")
    return Labels(tuple(sorted(set(tags))[:MOST_TAGS]), note[:LONGEST_NOTE])

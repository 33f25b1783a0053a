"""What a public set of motion is to an import: what its tables and file names say of each file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stickgen.importing.format import Known
from stickgen.importing.sources import Found

Describe = Callable[[Found], Known | None]  # None for a file that is not of the set


@dataclass(frozen=True)
class PublicSet:
    """A set that is recognised by its names. `reads` is a sentence for the docs."""

    name: str
    reads: str
    is_table: Callable[[Found], bool]  # cheap: looks at the name, and at the beginning
    # reads the tables, as far as they are about the given files; raises StickgenError for a damaged one
    describe: Callable[[Sequence[Found], Sequence[Found]], Describe]


def joined(*captions: str) -> str:
    """Captions as a column of an index, separated by bars."""
    return "|".join(dict.fromkeys(text for text in (c.replace("|", " ").strip() for c in captions) if text))


def is_in(file: Found, *words: str) -> bool:
    """Whether the archive or a folder of a file has one of `words` (lower case) in its name."""
    where = f"{file.archive}/{file.folder}".lower()
    return any(word in where for word in words)

"""What a format of an export is: motions in, the content of a file or of a folder of files out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stickgen.motion_export.look import Look
from stickgen.outputs import Kind

Motion = Sequence[Sequence[float]]  # [t][20], skeleton units, 25 fps


class Clip(NamedTuple):
    """A motion with the text that it shows."""

    text: str
    motion: Motion


@dataclass(frozen=True)
class Export:
    """A way to write motions. Exactly one of `render`, `each` and `several` is given.

    `about`, `opened_by` and `limits` are for the table of formats in the docs.
    """

    name: str  # what --format takes
    suffixes: tuple[str, ...]  # what -o ends with if --format is not given; the first is the usual one
    kind: Kind  # how an older one is told from somebody else's file, before it is replaced
    about: str
    opened_by: str
    limits: str = ""
    render: Callable[[Sequence[Clip], Look], bytes] | None = None  # the one file
    each: Callable[[Clip, Look], bytes] | None = None  # a file for each clip
    several: Callable[[Sequence[Clip], Look], Iterable[tuple[str, bytes]]] | None = None  # name, content
    look: Look = Look()  # if no style says otherwise
    needs: Callable[[], object] = lambda: None  # raises StickgenError if a program that writes it is missing
    lost: Callable[[Clip], str] = lambda clip: ""  # what the format cannot hold of a clip, in a sentence

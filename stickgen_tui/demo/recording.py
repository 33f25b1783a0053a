"""The recording: what a real training wrote, each piece with the second at which it came."""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from stickgen.errors import StickgenError

PLACE = Path(__file__).parent / "recording.json.xz"
VERSION = 1
Kind = Literal["metrics", "events", "log", "sample"]


@dataclass(frozen=True)
class Piece:
    """What came `seconds` after the start: a record of a log, a line of train.log, or a sample and its file's name."""

    seconds: float
    kind: Kind
    content: Any
    name: str = ""


@dataclass(frozen=True)
class Recording:
    """A run from its start to its end."""

    identity: dict[str, Any]
    config: str
    reason: str  # how it ended
    pieces: list[Piece]  # in the order in which they came

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.pieces[-1].seconds

    def write(self, path: Path) -> None:
        """Pack it into a file."""
        body = {
            "version": VERSION, "identity": self.identity, "config": self.config, "reason": self.reason,
            "pieces": [[p.seconds, p.kind, p.content, p.name] for p in self.pieces],
        }  # fmt: skip
        path.write_bytes(lzma.compress(json.dumps(body, separators=(",", ":")).encode(), preset=9))


def read_recording(path: Path = PLACE) -> Recording:
    """The recording in a file. Raises StickgenError if it is not there or not one of this version."""
    try:
        body = json.loads(lzma.decompress(path.read_bytes()))
        if body["version"] != VERSION:
            raise ValueError(f"version {body['version']}")
        pieces = [Piece(*piece) for piece in body["pieces"]]
        return Recording(body["identity"], body["config"], body["reason"], pieces)
    except (OSError, lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        raise StickgenError(f"{path}: the recorded run cannot be read ({error}); install again") from error

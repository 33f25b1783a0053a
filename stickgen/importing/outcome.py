"""What became of a claim, and how it is written down, so that an import that was ended goes on from there."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from stickgen.data.clip import Clip


@dataclass
class Outcome:
    """What became of a claim: its clips, and a sentence for each take, or for the whole file, that is none."""

    clips: list[Clip] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    kind: str = "refused"  # refused or unreadable


def as_record(outcome: Outcome) -> dict[str, Any] | None:
    """The outcome as JSON can hold it; None if it cannot. A clip that shows another of them says which by its number."""
    places = {id(clip): number for number, clip in enumerate(outcome.clips)}
    clips = []
    for clip in outcome.clips:
        record: dict[str, Any] = {}
        for part in fields(clip):
            value = getattr(clip, part.name)
            if isinstance(value, Clip):
                if id(value) not in places:
                    return None
                value = {"clip": places[id(value)]}
            elif isinstance(value, np.ndarray):
                data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
                value = {"dtype": value.dtype.str, "shape": value.shape, "data": data}
            elif not isinstance(value, str | int | float | list | None):
                return None
            record[part.name] = value
        clips.append(record)
    return {"clips": clips, "notes": outcome.notes, "refused": outcome.refused, "kind": outcome.kind}


def from_record(record: Mapping[str, Any]) -> Outcome | None:
    """The outcome that `as_record` wrote; None if it is not one."""
    try:
        clips: list[Clip] = []
        for written in record["clips"]:
            values = {name: _value(value, clips) for name, value in written.items()}
            clips.append(Clip(**values))
        notes, refused = list(map(str, record["notes"])), list(map(str, record["refused"]))
        return Outcome(clips, notes, refused, str(record["kind"]))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None


def _value(value: Any, clips: list[Clip]) -> Any:
    if not isinstance(value, dict):
        return value
    if "clip" in value:
        return clips[value["clip"]]
    data = np.frombuffer(base64.b64decode(value["data"], validate=True), np.dtype(value["dtype"]))
    return data.reshape(value["shape"]).copy()

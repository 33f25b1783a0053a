"""A dataset without some of its clips, or with other labels: what a person decides who looked at them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from stickgen.curating.gathering import Gathered, gather, mirror_of
from stickgen.curating.scratch import Scratch
from stickgen.data.actions import ACTION_INDEX, ACTIONS
from stickgen.data.dataset import UNLABELLED, DatasetFile
from stickgen.errors import StickgenError
from stickgen.text import clean


def edited(
    file: DatasetFile,
    scratch: Scratch,
    *,
    drop: Collection[int] = (),
    labels: Mapping[int, str] | None = None,
) -> tuple[dict[str, Any], list[int]]:
    """The content without the clips `drop`, every frame of the clips in `labels` labelled so; and all that were dropped.

    A clip goes with its mirror image, which is the same motion, and is labelled with it; "" takes a label away. Raises
    StickgenError for a clip or an action that is not there, and if no clip would be left.
    """
    partners = _partners(file)
    for clip in (*drop, *(labels or {})):
        check_clip(file, clip)
    for name in (labels or {}).values():
        if name and name not in ACTION_INDEX:
            known = ", ".join(action.name for action in ACTIONS)
            raise StickgenError(
                f"no action is called {clean(name, single_line=True, limit=40)}; there are {known}"
            )
    gone = {other for clip in drop for other in partners[clip]}
    kept = [clip for clip in range(file.clips) if clip not in gone]
    if not kept:
        raise StickgenError(f"{file.path}: no clip would be left; delete the file instead")
    content = gather([file], [Gathered([(0, clip)]) for clip in kept], scratch)
    place = {clip: number for number, clip in enumerate(kept)}
    names: list[str] = content["action_names"]
    for clip, name in (labels or {}).items():
        if name and name not in names:
            names.append(name)
        for one in partners[clip]:
            if one in place:
                start, end = content["offsets"][place[one] : place[one] + 2].tolist()
                content["actions"][start:end] = names.index(name) if name else UNLABELLED
                if "label_confidence" in content:
                    content["label_confidence"][place[one]] = 1.0 if name else 0.0
    return content, sorted(gone)


def check_clip(file: DatasetFile, clip: int) -> None:
    """Raise StickgenError if a dataset has no clip of this number."""
    if not 0 <= clip < file.clips:
        raise StickgenError(f"{file.path}: it has no clip {clip}; its clips are 0 to {file.clips - 1}")


def _partners(file: DatasetFile) -> list[set[int]]:
    """Each clip with its mirror images and what it is the mirror image of."""
    partners = [{clip} for clip in range(file.clips)]
    for clip, other in enumerate(mirror_of(file)):
        if other >= 0:
            partners[clip].add(other)
            partners[other].add(clip)
    return partners

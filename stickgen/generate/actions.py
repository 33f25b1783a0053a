"""Which action a motion shows when: `walk:2,wave:1` is two parts of walking, then one of waving.

A model is told the action of a frame, but it mostly obeys the text. So a part whose action the text does not name is
drawn from a caption of that action.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from stickgen.data.actions import ACTIONS, action_of_label
from stickgen.data.dataset import DatasetFile
from stickgen.errors import StickgenError
from stickgen.text import clean

ALONE = 0.9  # share of its frames from which a clip shows an action alone


@dataclass(frozen=True)
class ActionPlan:
    """Actions in order, each with its share of the motion."""

    parts: tuple[tuple[str, float], ...]  # (name as written, weight)

    @classmethod
    def parse(cls, written: str) -> ActionPlan:
        """Read `walk:2,wave:1`; a name alone has the weight 1. Raises StickgenError if it is none."""
        parts = []
        for part in written.split(","):
            name, colon, weight = part.partition(":")
            if not name.strip():
                raise StickgenError(
                    f"actions {clean(written, limit=80)!r}: an action is missing; write them as walk:2,wave:1"
                )
            parts.append((name.strip(), _weight(name.strip(), weight.strip()) if colon else 1.0))
        return cls(tuple(parts))

    def frames(self, total: int, names: Sequence[str]) -> Tensor:
        """The index in `names` of each frame's action, [total] int64.

        Raises StickgenError if an action is unknown, or gets no frame.
        """
        whole = sum(weight for _, weight in self.parts)
        frames = torch.empty(total, dtype=torch.int64)
        done, start = 0.0, 0
        for name, weight in self.parts:
            done += weight
            end = round(total * done / whole)
            if end == start:
                raise StickgenError(
                    f"action {clean(name)}: its share of {total} frames is less than one frame; give it more weight"
                )
            frames[start:end] = index_of(name, names)
            start = end
        return frames


def index_of(name: str, names: Sequence[str]) -> int:
    """The index of an action in `names`, by its name or another label for it; "" stands for one that is not known.

    Raises StickgenError if it is none of them.
    """
    plain = name.lower().replace("-", "_").replace(" ", "_")
    if plain and plain in names:
        return names.index(plain)
    label = action_of_label(name)
    if label is not None and ACTIONS[label].name in names:
        return names.index(ACTIONS[label].name)
    known = [name for name in names if name]
    if not known:
        raise StickgenError(
            f"action {clean(name, limit=80)}: the model learned from a dataset without actions"
        )
    alike = difflib.get_close_matches(plain, known, n=1)
    hint = f"did you mean {alike[0]}?" if alike else f"name one of {', '.join(known)}"
    raise StickgenError(f"action {clean(name, limit=80)}: the model knows no such action; {hint}")


def wording_of(
    dataset: DatasetFile | None, text: str, embedding: Tensor, action: int, names: Sequence[str]
) -> str:
    """What a part that shows `action` is drawn from.

    The text itself, if the caption nearest to it is of a clip of that action; else the nearest caption of such a clip.
    Without a dataset with the text encoder's embeddings, the action's name.
    """
    known = dataset.content.get("embeddings") if dataset else None
    if dataset is None or known is None or known.shape[1] != len(embedding):
        return names[action].replace("_", " ")
    captions = captions_of(dataset, action)
    likeness = cosine_similarity(known.float(), embedding[None].float())
    if int(likeness.argmax()) in captions:
        return text
    rows = sorted(captions)
    return str(dataset.content["texts"][rows[int(likeness[rows].argmax())]])


def captions_of(dataset: DatasetFile, action: int) -> set[int]:
    """The indices of the captions of clips that show hardly anything else than an action, or else of those that show it."""
    shown = torch.cat((torch.zeros(1), (dataset.content["actions"] == action).cumsum(0)))
    offsets = dataset.content["offsets"].long()
    share = (shown[offsets[1:]] - shown[offsets[:-1]]) / offsets.diff().clamp_min(1)
    clips = (share > ALONE).nonzero().flatten().tolist() or (share > 0).nonzero().flatten().tolist()
    return {caption for clip in clips for caption in dataset.texts(clip)}


def _weight(name: str, written: str) -> float:
    try:
        weight = float(written)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight) or weight <= 0:
        raise StickgenError(
            f"action {clean(name, limit=80)}: its weight {clean(written, limit=40)!r} must be a number above 0"
        )
    return weight

"""The older dataset layout, a list with a dict a clip, turned into today's in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stickgen.data.dataset_checks import FORMAT
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import FPS, POSE_DIM


def convert_older_layout(path: Path, samples: list[Any]) -> dict[str, Any]:
    """`description`, `motion` [t, 20], `embedding` [e], `actions` [t] a clip → the flat dict.

    `physics` is left aside: it follows from the motion. An item is a text of its own, for nothing says
    that equal descriptions have equal embeddings. Raises StickgenError that names the first bad clip.
    """
    if not samples:
        raise StickgenError(f"{path}: it holds no clip")
    clips = [_clip(path, number, sample) for number, sample in enumerate(samples)]
    motions, actions, embeddings, texts = zip(*clips, strict=True)
    widths = {None if embedding is None else len(embedding) for embedding in embeddings}
    if len(widths) > 1:
        raise StickgenError(f"{path}: its clips' embeddings differ in width ({widths}); embed them again")
    one_each = torch.arange(len(clips) + 1)
    return {
        "format": FORMAT,
        "fps": FPS,
        "motion": torch.cat(motions),
        "actions": torch.cat(actions),
        "offsets": torch.tensor([0, *map(len, motions)]).cumsum(0),
        "texts": list(texts),
        "clip_texts": one_each[:-1],
        "clip_text_offsets": one_each,
        "source": ["older layout"] * len(clips),
        "licence": ["unknown"] * len(clips),
        "name": [f"clip {number}" for number in range(len(clips))],
        **({} if None in widths else {"embeddings": torch.stack(embeddings)}),
    }


def _clip(path: Path, number: int, sample: Any) -> tuple[Tensor, Tensor, Tensor | None, str]:
    def demand(holds: bool, what: str) -> None:
        if not holds:
            raise StickgenError(f"{path}: clip {number} {what}; make or import the dataset again")

    demand(isinstance(sample, dict), "is no dict with `description` and `motion`")
    motion, text = sample.get("motion"), sample.get("description")
    demand(isinstance(text, str), "has no `description`")
    demand(
        isinstance(motion, Tensor) and motion.ndim == 2 and motion.shape[1] == POSE_DIM and len(motion) > 1,
        f"has no `motion` of [frames, {POSE_DIM}]",
    )
    actions = sample.get("actions")
    if actions is None:
        actions = torch.full((len(motion),), -1)
    demand(isinstance(actions, Tensor) and actions.shape == (len(motion),), "has not one action a frame")
    embedding = sample.get("embedding")
    fits = embedding is None or (isinstance(embedding, Tensor) and embedding.ndim == 1)
    demand(fits, "has an `embedding` that is no vector")
    return motion.float(), actions.to(torch.int16), None if embedding is None else embedding.float(), text

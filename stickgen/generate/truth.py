"""The real motion that a text asks for: the clip of a run's dataset whose caption is that text, or the nearest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn.functional import cosine_similarity

from stickgen.curating.gathering import motion_of
from stickgen.data.dataset import DatasetFile
from stickgen.data.embed import EncodedTexts
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import MAX_FRAMES


@dataclass(frozen=True)
class RealClip:
    """A clip beside a text. `likeness` is the cosine of the two embeddings, 1 for the very text."""

    clip: int
    caption: str
    likeness: float
    motion: list[list[float]]  # [frames][20]


def nearest_clip(
    dataset: DatasetFile | None, text: str, read: Callable[[list[str]], EncodedTexts]
) -> RealClip:
    """The clip for a text; `read`, the encoder, is asked only for a text that is no caption.

    Raises StickgenError without the dataset, or if its captions were embedded otherwise.
    """
    if dataset is None:
        raise StickgenError("the dataset of this run is not there any more, so there is no real clip to show")
    content = dataset.content
    texts: list[str] = content["texts"]
    if text in texts:
        number, likeness = texts.index(text), 1.0
    else:
        vectors = content.get("embeddings")
        vector = read([text]).vectors[0]
        if vectors is None or vectors.shape[1] != len(vector):
            raise StickgenError("the captions of the run's dataset were embedded by another encoder")
        alike = cosine_similarity(vectors.float(), vector[None].float())
        number, likeness = int(alike.argmax()), float(alike.max())
    place = int((content["clip_texts"].long() == number).nonzero()[0])
    found = torch.searchsorted(content["clip_text_offsets"].long(), torch.tensor(place), right=True)
    clip = int(found) - 1
    motion = motion_of(dataset, clip)[:MAX_FRAMES].double().tolist()
    return RealClip(clip, texts[number], likeness, motion)

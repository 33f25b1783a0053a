"""How long the motion of a text takes, by the dataset that a model was trained on."""

from __future__ import annotations

from statistics import median

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from stickgen.data.dataset import DatasetFile, open_dataset
from stickgen.errors import StickgenError
from stickgen.runs.resuming import find_dataset
from stickgen.runs.store import Run

NEIGHBOURS = 12  # training texts whose clips decide how long a motion is


def natural_frames(dataset: DatasetFile | None, embedding: Tensor, window: int) -> int:
    """How long a motion of this text takes: the median length of the training clips with the nearest texts.

    Without the dataset, `window`, the length of the training window.
    """
    texts = dataset.content.get("embeddings") if dataset else None
    if dataset is None or texts is None or texts.shape[1] != len(embedding):
        return window
    likeness = cosine_similarity(texts.float(), embedding[None].float())
    nearest = likeness.topk(min(NEIGHBOURS, len(texts))).indices
    content = dataset.content
    places = torch.isin(content["clip_texts"].long(), nearest).nonzero().flatten()
    clips = torch.searchsorted(content["clip_text_offsets"].long(), places, right=True).unique() - 1
    frames = content["offsets"].long().diff()[clips].tolist()
    return min(round(median(frames)), window) if frames else window


def dataset_of(run: Run) -> DatasetFile | None:
    """What a run was trained on, if that still exists."""
    place = find_dataset(run)
    try:
        return open_dataset(place) if place is not None else None
    except StickgenError:
        return None

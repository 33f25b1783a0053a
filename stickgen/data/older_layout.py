"""Converts the older dataset layout, a list with one dict per clip, to today's, in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from stickgen.data.dataset_checks import FORMAT
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import FPS, POSE_DIM

if TYPE_CHECKING:
    from stickgen.data.dataset import DatasetFile

_KEPT = {"description", "motion", "actions", "embedding", "source", "licence", "license", "name"}


def convert_older_layout(path: Path, samples: list[Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """`description`, `motion` [t, 20], `embedding` [e], `actions` [t] per clip → the flat dict, and the fields it drops.

    `source`, `licence` and `name` are kept if they are texts. `physics` is dropped silently, because it follows from
    the motion. Each item gets a text of its own, because equal descriptions need not have equal embeddings. Raises
    StickgenError that names the first bad clip.
    """
    if not samples:
        raise StickgenError(f"{path}: it has no clips")
    checked = [_clip(path, number, sample) for number, sample in enumerate(samples)]
    # views of one tensor, and items that repeat, would exhaust the memory once concatenated
    needed = sum(tensor.nbytes for clip in checked for tensor in clip[:3] if tensor is not None)
    needed += sum(len(clip[3]) for clip in checked)
    if needed > 2 * path.stat().st_size:
        raise StickgenError(
            f"{path}: its clips add up to {needed:,} bytes, but the file has {path.stat().st_size:,}; "
            "make or import the dataset again"
        )
    motions, actions, embeddings, texts = zip(*checked, strict=True)
    widths = {None if embedding is None else len(embedding) for embedding in embeddings}
    if len(widths) > 1:
        raise StickgenError(
            f"{path}: the embeddings of its clips differ in width ({widths}); embed them again"
        )
    one_each = torch.arange(len(checked) + 1)
    content = {
        "format": FORMAT,
        "fps": FPS,
        "motion": torch.cat(motions).float(),
        "actions": torch.cat(actions).to(torch.int16),
        "offsets": torch.tensor([0, *map(len, motions)]).cumsum(0),
        "texts": list(texts),
        "clip_texts": one_each[:-1],
        "clip_text_offsets": one_each,
        "source": _texts(samples, ("source",), lambda number: "older layout"),
        "licence": _texts(samples, ("licence", "license"), lambda number: "unknown"),
        "name": _texts(samples, ("name",), lambda number: f"clip {number}"),
        **({} if None in widths else {"embeddings": torch.stack(embeddings).float()}),
    }
    return content, tuple(sorted({str(field) for sample in samples for field in sample} - _KEPT))


def check_replaceable(file: DatasetFile, digest: str | None, force: bool) -> bool:
    """Check that replacing `file` by one with new embeddings loses nothing that may be irreplaceable.

    `digest` is that of the new embeddings' encoder, None while it is unknown. Raises StickgenError that names what
    would be lost, unless `force`.
    """
    lost = []
    if file.left_out is not None:
        lost = ["its older layout", *(f"`{field}`" for field in file.left_out)]
    other = file.content.get("encoder_digest") != digest
    if file.embedding_dim and (file.left_out is not None or (digest is not None and other)):
        by = file.content.get("encoder")
        lost.append(
            f"embeddings {file.embedding_dim} wide by {by if by else 'an encoder that it does not name'}"
        )
    if lost and not force:
        raise StickgenError(
            f"{file.path}: replacing it would lose {', '.join(lost)}; write a new dataset with -o FILE, "
            "or replace this one with --force, which keeps a copy of the old one"
        )
    return bool(lost)


def _texts(samples: list[Any], fields: tuple[str, ...], default: Any) -> list[str]:
    return [
        next((sample[field] for field in fields if isinstance(sample.get(field), str)), default(number))
        for number, sample in enumerate(samples)
    ]


def _clip(path: Path, number: int, sample: Any) -> tuple[Tensor, Tensor, Tensor | None, str]:
    """The clip's values as the file holds them, checked but not converted."""

    def demand(holds: bool, what: str) -> None:
        if not holds:
            raise StickgenError(f"{path}: clip {number} {what}; make or import the dataset again")

    def dense(tensor: Any) -> bool:
        return isinstance(tensor, Tensor) and tensor.layout == torch.strided and tensor.is_contiguous()

    demand(isinstance(sample, dict), "is no dict with `description` and `motion`")
    motion, text = sample.get("motion"), sample.get("description")
    demand(isinstance(text, str), "has no `description`")
    demand(
        dense(motion) and motion.ndim == 2 and motion.shape[1] == POSE_DIM and len(motion) > 1,
        f"has no `motion` of [frames, {POSE_DIM}]",
    )
    demand(motion.is_floating_point(), "has a `motion` that is not of floating-point numbers")
    actions = sample.get("actions")
    if actions is None:
        actions = torch.full((len(motion),), -1, dtype=torch.int16)
    demand(dense(actions) and actions.shape == (len(motion),), "has not one action a frame")
    embedding = sample.get("embedding")
    fits = embedding is None or (dense(embedding) and embedding.ndim == 1 and embedding.is_floating_point())
    demand(fits, "has an `embedding` that is no vector")
    return motion, actions, embedding, text

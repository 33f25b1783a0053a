"""The dataset file: a flat dict of tensors and strings, memory-mapped, and the torch `Dataset` over it.

All clips lie end to end in `motion`, so memory use does not grow with the file. Files are loaded with
`weights_only=True` and checked before they are used; nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stickgen.atomic import write_bytes
from stickgen.data.clip import Clip
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import FPS, PELVIS, POSE_DIM

FORMAT = "stickgen-dataset-1"
TRAIN, VALIDATION = 0, 1


def split_of(text: str, val_fraction: float) -> int:
    """TRAIN or VALIDATION, by the text alone: clips of one text stay on one side."""
    share = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
    return VALIDATION if share < val_fraction else TRAIN


def pack(clips: Sequence[Clip]) -> dict[str, Any]:
    """Clips as the flat dict that the file holds, without embeddings."""
    texts = sorted({text for clip in clips for text in clip.texts})
    index = {text: i for i, text in enumerate(texts)}
    lengths = [len(clip.motion) for clip in clips]
    return {
        "format": FORMAT,
        "fps": FPS,
        "motion": torch.from_numpy(np.concatenate([clip.motion for clip in clips]).astype(np.float32)),
        "actions": torch.from_numpy(np.concatenate([clip.actions for clip in clips]).astype(np.int16)),
        "offsets": torch.tensor([0, *np.cumsum(lengths).tolist()]),
        "texts": texts,
        "clip_texts": torch.tensor([index[text] for clip in clips for text in clip.texts]),
        "clip_text_offsets": torch.tensor([0, *np.cumsum([len(clip.texts) for clip in clips]).tolist()]),
        "source": [clip.source for clip in clips],
        "licence": [clip.licence for clip in clips],
        "name": [clip.name for clip in clips],
    }


def save_dataset(path: Path, content: dict[str, Any]) -> None:
    """Write a packed dataset atomically."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, buffer.getvalue())


@dataclass(frozen=True)
class DatasetFile:
    """An opened and checked dataset file; its tensors are mapped, not read."""

    path: Path
    content: dict[str, Any]

    @property
    def clips(self) -> int:
        """Number of clips."""
        return len(self.content["offsets"]) - 1

    @property
    def embedding_dim(self) -> int | None:
        """Width of the text embeddings; None before `data embed`."""
        embeddings = self.content.get("embeddings")
        return None if embeddings is None else int(embeddings.shape[1])

    def motion(self, clip: int) -> Tensor:
        """[t, 20] of one clip, a view of the mapped file."""
        start, end = self.content["offsets"][clip : clip + 2].tolist()
        motion: Tensor = self.content["motion"][start:end]
        return motion

    def texts(self, clip: int) -> list[int]:
        """Indices of a clip's captions in `texts` and `embeddings`."""
        start, end = self.content["clip_text_offsets"][clip : clip + 2].tolist()
        indices: list[int] = self.content["clip_texts"][start:end].tolist()
        return indices

    @property
    def fingerprint(self) -> str:
        """A digest of sizes, texts and a sample of the motion: which dataset a run learned from."""
        motion = self.content["motion"]
        digest = hashlib.sha256(repr((motion.shape, self.content["offsets"].tolist())).encode())
        digest.update("\n".join(self.content["texts"]).encode())
        digest.update(motion[:: max(len(motion) // 1000, 1)].contiguous().numpy().tobytes())
        return digest.hexdigest()


def open_dataset(path: str | Path) -> DatasetFile:
    """Open and check a dataset. Raises StickgenError that says what is wrong and with which clip."""
    path = Path(path)
    if not path.is_file():
        raise StickgenError(f"{path}: there is no such dataset; name one with --data-path")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(path, weights_only=True, mmap=True, map_location="cpu")
    except Exception as error:
        raise StickgenError(f"{path}: not a dataset, or a damaged one; make or import it again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise StickgenError(f"{path}: not a stickgen dataset; make or import one")
    _check(path, content)
    return DatasetFile(path, content)


def _check(path: Path, content: dict[str, Any]) -> None:
    def demand(holds: bool, what: str) -> None:
        if not holds:
            raise StickgenError(f"{path}: {what}; make or import it again")

    tensors = {
        name: content.get(name)
        for name in ("motion", "actions", "offsets", "clip_texts", "clip_text_offsets")
    }
    for name, tensor in tensors.items():
        demand(isinstance(tensor, Tensor) and tensor.is_contiguous(), f"{name} is missing or no plain tensor")
    motion, offsets = content["motion"], content["offsets"]
    demand(motion.ndim == 2 and motion.shape[1] == POSE_DIM and motion.dtype == torch.float32,
           f"motion is {tuple(motion.shape)}, not [frames, {POSE_DIM}] of float32")  # fmt: skip
    demand(offsets.ndim == 1 and len(offsets) > 1, "it holds no clip")
    demand(int(offsets[0]) == 0 and int(offsets[-1]) == len(motion) and bool((offsets.diff() > 1).all()),
           "the clips' offsets do not fit the motion")  # fmt: skip
    demand(len(content["actions"]) == len(motion), "there is not one action a frame")
    texts = content.get("texts")
    demand(isinstance(texts, list) and len(texts) > 0, "it holds no text")
    demand(len(content["clip_text_offsets"]) == len(offsets)
           and bool((content["clip_text_offsets"].diff() > 0).all())
           and int(content["clip_text_offsets"][-1]) == len(content["clip_texts"])
           and int(content["clip_texts"].min()) >= 0 and int(content["clip_texts"].max()) < len(texts),
           "the clips' captions do not fit the texts")  # fmt: skip
    embeddings = content.get("embeddings")
    if embeddings is not None:
        demand(isinstance(embeddings, Tensor) and embeddings.ndim == 2 and len(embeddings) == len(texts),
               "there is not one embedding a text")  # fmt: skip
    for clip in range(len(offsets) - 1):
        start, end = offsets[clip : clip + 2].tolist()
        demand(bool(torch.isfinite(motion[start:end]).all()), f"clip {clip} has values that are not finite")


class MotionDataset(torch.utils.data.Dataset[dict[str, Any]]):
    """The clips of one split, cut to windows. An item is a pure function of (seed, epoch, index).

    Items: `motion` [t, 20] with x = 0 at the window's first pelvis, `actions` [t] int64, `embedding`
    [embedding_dim], `text` its index.
    """

    def __init__(
        self, file: DatasetFile, split: int, *, max_frames: int, val_fraction: float, seed: int
    ) -> None:
        self.file, self.max_frames, self.seed, self.epoch = file, max_frames, seed, 0
        names = file.content["texts"]
        stored = file.content.get("split")
        self.clips = [
            clip
            for clip in range(file.clips)
            if (
                int(stored[clip])
                if stored is not None
                else split_of(names[file.texts(clip)[0]], val_fraction)
            )
            == split
        ]
        self.lengths = [min(len(file.motion(clip)), max_frames) for clip in self.clips]

    def __len__(self) -> int:
        return len(self.clips)

    def set_epoch(self, epoch: int) -> None:
        """Choose the windows and captions of `epoch`."""
        self.epoch = epoch

    def __getitem__(self, index: int) -> dict[str, Any]:
        clip = self.clips[index]
        generator = np.random.default_rng((self.seed, self.epoch, clip))
        motion = self.file.motion(clip)
        first = int(generator.integers(max(len(motion) - self.max_frames, 0) + 1))
        window = slice(first, first + self.max_frames)
        motion = motion[window].clone()
        motion[:, 0::2] -= motion[0, 2 * PELVIS].clone()
        start = int(self.file.content["offsets"][clip])
        actions = self.file.content["actions"][start + first : start + first + len(motion)].long()
        captions = self.file.texts(clip)
        text = captions[int(generator.integers(len(captions)))]
        embedding = self.file.content["embeddings"][text].float()
        return {"motion": motion, "actions": actions, "embedding": embedding, "text": text}

"""The clips that a run trains on and those it is validated on, checked against its config."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from stickgen.config.loading import TrainingConfig
from stickgen.data.dataset import DatasetFile, MotionDataset, open_dataset
from stickgen.data.dataset_checks import chunks
from stickgen.data.split import TRAIN, VALIDATION
from stickgen.datasets.file_checks import check_embedding_width
from stickgen.errors import StickgenError
from stickgen.model.normalise import Normaliser
from stickgen.model.text_map import motion_summary

STATISTICS_CLIPS = 5_000  # clips that the normaliser is fitted to
MOST_CAPTIONS = 4  # captions of a clip that the text map is fitted to
STATISTICS_TEXTS = 2_000  # texts whose tokens the scale of words is fitted to


@dataclass(frozen=True)
class Clips:
    """A dataset file, the clips to train on and the clips held out."""

    file: DatasetFile
    train: MotionDataset
    held_out: MotionDataset

    def fit_normaliser(self) -> Normaliser:
        """Fit the scale of motions and texts to the first training clips."""
        shown = self.train.clips[:STATISTICS_CLIPS]
        texts = sorted({text for clip in shown for text in self.file.texts(clip)})
        embeddings = self.file.content["embeddings"]
        normaliser = Normaliser(embeddings.shape[1])
        words = [self.file.words(text) for text in texts[:STATISTICS_TEXTS] if self.train.text_tokens]
        there = [tokens for tokens in words if tokens is not None]
        normaliser.fit(_Motions(self.file, shown), embeddings[texts], torch.cat(there) if there else None)
        normaliser.fit_text_map(self._captions_with_motion(shown))
        self.file.resident.give_back()
        return normaliser

    def _captions_with_motion(self, clips: Sequence[int]) -> Iterator[tuple[Tensor, Tensor]]:
        """For each clip, the embeddings of its captions, and for each caption the summary of the clip's motion."""
        embeddings = self.file.content["embeddings"]
        for clip, motion in zip(clips, _Motions(self.file, clips), strict=True):
            texts = self.file.texts(clip)[:MOST_CAPTIONS]
            summary = motion_summary(motion[: self.train.max_frames])
            yield embeddings[texts].float(), summary.expand(len(texts), -1)


@dataclass(frozen=True)
class _Motions:
    """The motions of some clips, read again at every iteration; none is kept in memory."""

    file: DatasetFile
    clips: Sequence[int]

    def __iter__(self) -> Iterator[Tensor]:
        for clip in self.clips:
            motion = self.file.motion(clip)
            yield motion
            self.file.resident.read(motion.nbytes)


def open_clips(path: str, config: TrainingConfig) -> Clips:
    """Open a dataset for `config`.

    Raises StickgenError if it is damaged, if its embeddings have another width, if the model has too few
    actions, or if no clip is left for training.
    """
    file = open_dataset(path)
    check_embedding_width(file.path, file.embedding_dim, config.model.embedding_dim)
    if config.model.num_actions < len(file.action_names):  # else opening the file has checked them
        highest = max(int(part.max()) for part in chunks(file.content["actions"], file.resident.read))
        if highest >= config.model.num_actions:
            raise StickgenError(
                f"{file.path}: the dataset has action number {highest}, but model.num_actions is "
                f"{config.model.num_actions}; use --set model.num_actions={highest + 1} or more"
            )
    options: dict[str, Any] = {
        "max_frames": config.data.max_frames,
        "val_fraction": config.training.val_fraction,
        "seed": config.training.seed,
        "text_tokens": config.model.text_tokens,
    }
    clips = Clips(file, MotionDataset(file, TRAIN, **options), MotionDataset(file, VALIDATION, **options))
    if not len(clips.train):
        raise StickgenError(f"{file.path}: no clip is left for training; lower training.val_fraction")
    return clips

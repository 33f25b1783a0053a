"""The clips a run learns from and those it is measured on, and that they fit the config."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stickgen.config.loading import TrainingConfig
from stickgen.data.dataset import TRAIN, VALIDATION, DatasetFile, MotionDataset, open_dataset
from stickgen.data.dataset_checks import chunks
from stickgen.errors import StickgenError
from stickgen.model.normalise import Normaliser
from stickgen.model.text_map import motion_summary
from stickgen.runs.dataset_file import check_embedding_width

STATISTICS_CLIPS = 5_000
MOST_CAPTIONS = 4  # of a clip, for the same
STATISTICS_TEXTS = 2_000  # of which the single tokens are looked at too


@dataclass(frozen=True)
class Clips:
    """One dataset file, and its clips to train on and held out."""

    file: DatasetFile
    train: MotionDataset
    held_out: MotionDataset

    def fit_normaliser(self) -> Normaliser:
        """The scale of motion and texts, of the first clips to train on."""
        shown = self.train.clips[:STATISTICS_CLIPS]
        texts = sorted({text for clip in shown for text in self.file.texts(clip)})
        embeddings = self.file.content["embeddings"]
        normaliser = Normaliser(embeddings.shape[1])
        words = [self.file.words(text) for text in texts[:STATISTICS_TEXTS] if self.train.text_tokens]
        there = [tokens for tokens in words if tokens is not None]
        normaliser.fit(_Motions(self.file, shown), embeddings[texts], torch.cat(there) if there else None)
        normaliser.fit_text_map(self._told(shown))
        self.file.resident.give_back()
        return normaliser

    def _told(self, clips: Sequence[int]) -> Iterator[tuple[Tensor, Tensor]]:
        """Of each clip the embeddings of its captions, and beside each of them what its motion is like."""
        embeddings = self.file.content["embeddings"]
        for clip, motion in zip(clips, _Motions(self.file, clips), strict=True):
            texts = self.file.texts(clip)[:MOST_CAPTIONS]
            summary = motion_summary(motion[: self.train.max_frames])
            yield embeddings[texts].float(), summary.expand(len(texts), -1)


@dataclass(frozen=True)
class _Motions:
    """The motions of some clips, one after the other, as often as one goes through them; none is kept."""

    file: DatasetFile
    clips: Sequence[int]

    def __iter__(self) -> Iterator[Tensor]:
        for clip in self.clips:
            motion = self.file.motion(clip)
            yield motion
            self.file.resident.read(motion.nbytes)


def open_clips(path: str, config: TrainingConfig) -> Clips:
    """Open a dataset for `config`. Raises StickgenError where it is damaged, of another width, or empty."""
    file = open_dataset(path)
    check_embedding_width(file.path, file.embedding_dim, config.model["embedding_dim"])
    if config.model["num_actions"] < len(file.action_names):  # opening it has looked at all of them already
        highest = max(int(part.max()) for part in chunks(file.content["actions"], file.resident.read))
        if highest >= config.model["num_actions"]:
            raise StickgenError(
                f"{file.path}: it has frames of action number {highest}, but model.num_actions is "
                f"{config.model['num_actions']}; use --set model.num_actions={highest + 1} or more"
            )
    options = {
        "max_frames": config.data["max_frames"],
        "val_fraction": config.training["val_fraction"],
        "seed": config.training["seed"],
        "text_tokens": config.model["text_tokens"],
    }
    clips = Clips(file, MotionDataset(file, TRAIN, **options), MotionDataset(file, VALIDATION, **options))
    if not len(clips.train):
        raise StickgenError(f"{file.path}: no clip is left for training; lower training.val_fraction")
    return clips

"""The dataset file: a flat dict of tensors and strings, memory-mapped, and the torch `Dataset` over it.

All clips lie end to end in `motion`, so memory use does not grow with the file. Files are loaded with
`weights_only=True` and checked before they are used; nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stickgen.atomic import replacing
from stickgen.config.schema import KEY_BY_PATH
from stickgen.data.actions import ACTIONS
from stickgen.data.clip import Clip
from stickgen.data.cut_short import watch
from stickgen.data.dataset_checks import FORMAT, check_content, load_untrusted
from stickgen.data.doubts import doubts_of
from stickgen.data.older_layout import convert_older_layout
from stickgen.data.resident import Resident
from stickgen.data.rows import Rows
from stickgen.data.split import TRAIN, UNDECIDED, VALIDATION, split_clips
from stickgen.datasets.facts import DatasetFacts, read_dataset_facts, write_dataset_facts
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import FPS, MAX_FRAMES, PELVIS

UNLABELLED = -1  # the action of a frame whose action is unknown


def pack(clips: Sequence[Clip], *, split: Sequence[int] | None = None) -> dict[str, Any]:
    """Clips as the flat dict that the file holds, without embeddings.

    `split` has a value for each clip (TRAIN, VALIDATION, TEST or UNDECIDED), as a clip's own `split` does; without
    either, `training.val_fraction` decides at training time. `subject`, `view` and `capture` are included if any clip has one.
    """
    texts = sorted({text for clip in clips for text in clip.texts})
    index = {text: i for i, text in enumerate(texts)}
    lengths = [len(clip.motion) for clip in clips]
    content: dict[str, Any] = {
        "format": FORMAT,
        "fps": FPS,
        "motion": torch.from_numpy(np.concatenate([clip.motion for clip in clips]).astype(np.float32)),
        "actions": torch.from_numpy(np.concatenate([clip.actions for clip in clips]).astype(np.int16)),
        "action_names": [action.name for action in ACTIONS],
        "offsets": torch.tensor([0, *np.cumsum(lengths).tolist()]),
        "texts": texts,
        "clip_texts": torch.tensor([index[text] for clip in clips for text in clip.texts]),
        "clip_text_offsets": torch.tensor([0, *np.cumsum([len(clip.texts) for clip in clips]).tolist()]),
        "source": [clip.source for clip in clips],
        "licence": [clip.licence for clip in clips],
        "name": [clip.name for clip in clips],
    }
    if any(clip.mirror_of is not None for clip in clips):
        place = {id(clip): number for number, clip in enumerate(clips)}
        content["mirror_of"] = torch.tensor([place.get(id(clip.mirror_of), -1) for clip in clips])
    for name in ("subject", "view", "capture"):
        values = [getattr(clip, name) or "" for clip in clips]
        if any(values):
            content[name] = values
    own = [UNDECIDED if clip.split is None else clip.split for clip in clips] if split is None else split
    if any(side != UNDECIDED for side in own):
        content["split"] = torch.tensor(own, dtype=torch.int8)
    return content


def save_dataset(path: Path, content: dict[str, Any], resident: Resident | None = None) -> DatasetFile:
    """Write a packed dataset atomically, its facts beside it, and open it.

    `resident` gives memory back while mapped content is read. Raises StickgenError if it cannot be written; an existing
    dataset is then untouched.
    """
    resident = resident or Resident()
    check_content(path, content, resident.read)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            torch.save(content, file)
    except (OSError, RuntimeError) as error:  # torch's zip writer raises RuntimeError if the disk is full
        raise StickgenError(
            f"{path}: the dataset could not be written ({error}); choose another place"
        ) from error
    opened = DatasetFile(path, content, resident)
    write_dataset_facts(path, opened.facts())
    return opened


def open_dataset(path: str | Path) -> DatasetFile:
    """Open and check a dataset. Raises StickgenError that names what is wrong, and the clip."""
    path = Path(path)
    watch(path)
    content = load_untrusted(path)
    left_out: tuple[str, ...] | None = None
    if isinstance(content, list):
        content, left_out = convert_older_layout(path, content)
    large = (
        [content.get(name) for name in ("motion", "actions", "embeddings", "word_embeddings")]
        if isinstance(content, dict)
        else []
    )
    mapped = tuple(
        tensor for tensor in large if isinstance(tensor, Tensor) and tensor.layout == torch.strided
    )
    resident, rows = Resident(path, mapped), Rows(path, mapped)
    check_content(path, content, resident.read)
    rows.check()
    small = {  # kept in memory, so that they survive if somebody cuts the file short
        name: value.clone()
        for name, value in content.items()
        if isinstance(value, Tensor) and not any(value is tensor for tensor in mapped)
    }
    return DatasetFile(path, {**content, **small}, resident, left_out, rows)


@dataclass(frozen=True)
class DatasetFile:
    """An opened and checked dataset file; its tensors are mapped, not read."""

    path: Path
    content: dict[str, Any]
    resident: Resident = field(
        default_factory=Resident, compare=False
    )  # counts what is read of the mapped file
    left_out: tuple[str, ...] | None = None  # fields of the older layout that today's has no place for
    rows: Rows = field(
        default_factory=Rows, compare=False
    )  # reads from the file, because reading the mapping could end the process

    def __reduce__(self) -> tuple[Any, ...]:
        # a worker process opens the file again instead of receiving a copy
        return open_dataset, (self.path,)

    @property
    def clips(self) -> int:
        """Number of clips."""
        return len(self.content["offsets"]) - 1

    @property
    def lengths(self) -> list[int]:
        """Frames of each clip."""
        lengths: list[int] = self.content["offsets"].diff().tolist()
        return lengths

    @property
    def embedding_dim(self) -> int | None:
        """Width of the text embeddings; None before `data embed`."""
        embeddings = self.content.get("embeddings")
        return None if embeddings is None else int(embeddings.shape[1])

    def motion(self, clip: int) -> Tensor:
        """[t, 20] of one clip, a view of the mapped file."""
        motion: Tensor = self.content["motion"][self.frames(clip)]
        return motion

    def actions(self, clip: int) -> Tensor:
        """int16 [t] of one clip, the index of each frame's action or UNLABELLED."""
        actions: Tensor = self.content["actions"][self.frames(clip)]
        return actions

    def texts(self, clip: int) -> list[int]:
        """Indices of a clip's captions in `texts` and `embeddings`."""
        start, end = self.content["clip_text_offsets"][clip : clip + 2].tolist()
        indices: list[int] = self.content["clip_texts"][start:end].tolist()
        return indices

    def words(self, text: int) -> Tensor | None:
        """The token embeddings of a text, float32 [tokens, embedding_dim]; None in a file without them."""
        words = self.content.get("word_embeddings")
        if words is None:
            return None
        start, end = self.content["word_offsets"][text : text + 2].tolist()
        tokens: Tensor = self.rows.read(words, start, end).to(torch.float32, copy=True)
        return tokens

    def captions(self, clip: int) -> list[str]:
        """A clip's captions. The first one is the one to show."""
        return [self.content["texts"][index] for index in self.texts(clip)]

    def split(self, val_fraction: float) -> list[int]:
        """TRAIN, VALIDATION or TEST for each clip: the file's own split, else one by captions and subjects."""
        stored = self.content.get("split")
        own: list[int] | None = None if stored is None else stored.tolist()
        if own is not None and UNDECIDED not in own:
            return own
        texts = self.content["texts"]
        starts = self.content["clip_text_offsets"].tolist()
        indices = self.content["clip_texts"].tolist()
        captions = [
            [texts[i] for i in indices[low:high]] for low, high in zip(starts, starts[1:], strict=False)
        ]
        mirror_of = self.content.get("mirror_of")
        return split_clips(
            captions,
            val_fraction,
            subjects=self.content.get("subject"),
            captures=self.content.get("capture"),
            stored=own,
            mirror_of=None if mirror_of is None else mirror_of.tolist(),
        )

    @property
    def action_names(self) -> list[str]:
        """Names of the actions, by index."""
        names: list[str] = self.content.get("action_names") or [action.name for action in ACTIONS]
        return names

    def frames_by_action(self) -> dict[str, int]:
        """How many frames each action has, the most frequent first; unlabelled frames are under ""."""
        counts = torch.bincount(self.content["actions"].long() + 1).tolist()
        names = ["", *self.action_names]
        found = [(name, count) for name, count in zip(names, counts, strict=False) if count]
        return dict(sorted(found, key=lambda pair: -pair[1]))

    def choose(
        self, count: int, *, action: str | None = None, contains: str = "", seed: int = 0
    ) -> list[int]:
        """Up to `count` clips, in order, with frames of `action` and a caption that contains `contains`.

        Raises StickgenError if there is no such clip, with the existing actions.
        """
        there = self.frames_by_action()
        if action is not None and action not in there:
            raise StickgenError(
                f"{self.path}: no frame is labelled {action!r}; it has {', '.join(name for name in there if name)}"
            )
        index = None if action is None else self.action_names.index(action)
        fitting = [
            clip
            for clip in range(self.clips)
            if (index is None or bool((self.actions(clip) == index).any()))
            and any(contains.lower() in text.lower() for text in self.captions(clip))
        ]
        if not fitting:
            raise StickgenError(f"{self.path}: no such clip has {contains!r} in a caption; try other words")
        return sorted(random.Random(seed).sample(fitting, min(count, len(fitting))))

    @property
    def fingerprint(self) -> str:
        """A digest of sizes, texts and a sample of the motion, to tell which dataset a run was trained on."""
        motion = self.content["motion"]
        digest = hashlib.sha256(repr((motion.shape, self.content["offsets"].tolist())).encode())
        digest.update("\n".join(self.content["texts"]).encode())
        for frames in motion[:: max(len(motion) // 1000, 1)].split(16):  # each read may map 2 MiB
            digest.update(frames.contiguous().numpy().tobytes())
            self.resident.look()
        return digest.hexdigest()

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """What looks wrong about the motion: as noted beside the file, else by examining every clip now."""
        noted = read_dataset_facts(self.path)
        return doubts_of(self) if noted is None or noted.doubts is None else noted.doubts

    def facts(self) -> DatasetFacts:
        """What the side without torch needs to know."""
        lengths = self.lengths
        fraction = KEY_BY_PATH["training.val_fraction"].default
        assert isinstance(fraction, float)
        split = self.split(fraction)
        return DatasetFacts(
            clips=self.clips,
            frames=sum(lengths),
            mean_frames=sum(min(length, MAX_FRAMES) for length in lengths) / len(lengths),
            longest_frames=max(lengths),
            clips_train=split.count(TRAIN),
            clips_val=split.count(VALIDATION),
            frames_train=sum(length for length, part in zip(lengths, split, strict=True) if part == TRAIN),
            texts=len(self.content["texts"]),
            embedding_dim=self.embedding_dim,
            encoder=self.content.get("encoder"),
            sources=tuple(sorted(set(self.content["source"]))),
            licences=tuple(sorted(set(self.content["licence"]))),
            fingerprint=self.fingerprint,
            doubts=self.doubts,
            **self._words(),
        )

    def _words(self) -> dict[str, Any]:
        """How many tokens the texts have, if the file has token embeddings."""
        offsets = self.content.get("word_offsets")
        if offsets is None or len(offsets) < 2:
            return {}
        lengths = offsets.diff()
        return {"mean_words": float(lengths.double().mean()), "longest_words": int(lengths.max())}

    def frames(self, clip: int) -> slice:
        """Where a clip's frames are in `motion` and `actions`."""
        start, end = self.content["offsets"][clip : clip + 2].tolist()
        return slice(start, end)


class MotionDataset(torch.utils.data.Dataset[dict[str, Any]]):
    """The clips of one split, cut to windows. An item is a pure function of (seed, epoch, index).

    Items: `motion` [t, 20] with x = 0 at the window's first pelvis, `actions` [t] int64, `embedding`
    [embedding_dim], `words` [tokens, embedding_dim] or None, `text` its index, `clip` the clip's index in the file,
    `span` [2] the clip's frame at which the window begins and the clip's frames.
    """

    def __init__(
        self,
        file: DatasetFile,
        split: int,
        *,
        max_frames: int,
        val_fraction: float,
        seed: int,
        text_tokens: bool = True,
    ) -> None:
        self.text_tokens = text_tokens
        self.file, self.max_frames, self.seed, self.epoch = file, max_frames, seed, 0
        self.clips = [clip for clip, part in enumerate(file.split(val_fraction)) if part == split]
        lengths = file.lengths
        self.lengths = [min(lengths[clip], max_frames) for clip in self.clips]

    def __len__(self) -> int:
        return len(self.clips)

    def set_epoch(self, epoch: int) -> None:
        """Choose the windows and captions of `epoch`."""
        self.epoch = epoch

    def __getitem__(self, index: int) -> dict[str, Any]:
        clip = self.clips[index]
        generator = np.random.default_rng((self.seed, self.epoch, clip))
        content, read, frames = self.file.content, self.file.rows.read, self.file.frames(clip)
        first = frames.start + int(
            generator.integers(max(frames.stop - frames.start - self.max_frames, 0) + 1)
        )
        last = min(first + self.max_frames, frames.stop)
        motion = read(content["motion"], first, last).clone()
        motion[:, 0::2] -= motion[0, 2 * PELVIS].clone()
        captions = self.file.texts(clip)
        text = captions[int(generator.integers(len(captions)))]
        item: dict[str, Any] = {
            "motion": motion,
            "actions": read(content["actions"], first, last).long(),
            "embedding": read(content["embeddings"], text, text + 1)[0].to(torch.float32, copy=True),
            "words": self.file.words(text) if self.text_tokens else None,
            "text": text,
            "clip": clip,
            "span": torch.tensor([first - frames.start, frames.stop - frames.start]),
        }
        for part in (item["motion"], item["actions"], item["embedding"]):
            self.file.resident.read(part.nbytes)
        return item

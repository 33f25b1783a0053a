"""Clips of one or several datasets as the content of a new one, with all that is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from stickgen.curating.scratch import Scratch
from stickgen.data.dataset import UNLABELLED, DatasetFile
from stickgen.data.dataset_checks import FORMAT
from stickgen.data.split import UNDECIDED
from stickgen.motion.skeleton import FPS, POSE_DIM

Place = tuple[int, int]  # a file and one of its clips, or of its texts
_TEXTS = {"source": "", "licence": "unknown", "name": "", "subject": "", "view": "", "capture": ""}
_NUMBERS: dict[str, tuple[float, torch.dtype]] = {
    "split": (UNDECIDED, torch.int8),
    "label_confidence": (0.0, torch.float32),
    "quality": (0.0, torch.float32),
}
_REQUIRED = ("source", "licence", "name")
_OTHERS = (
    "format", "fps", "motion", "actions", "action_names", "offsets", "texts", "clip_texts", "clip_text_offsets",
    "mirror_of", "embeddings", "word_embeddings", "word_offsets", "encoder", "encoder_digest", "embedding_dim",
)  # fmt: skip
_AT_ONCE = 4096  # texts whose embeddings are read at a time


@dataclass
class Gathered:
    """A clip of the new dataset: where it lies, then where the same motion lies again.

    It gets the captions of all of them, and what its own file does not say from the first that does.
    """

    places: list[Place] = field(default_factory=list)


def gather(
    files: Sequence[DatasetFile], clips: Sequence[Gathered], scratch: Scratch, *, embeddings: bool = True
) -> dict[str, Any]:
    """The content of a dataset of `clips`. Memory does not grow with their number of frames.

    The `files` must agree about the encoder (`merging.check_encoders`) unless `embeddings` is off. A mirror image whose
    clip is not among `clips` is nobody's mirror image any more.
    """
    names, index_of = _action_names(files)
    texts, text_places, clip_texts = _texts(files, clips, by_words=not embeddings or _are_named(files))
    starts = torch.tensor([0, *(files[file].lengths[clip] for file, clip in (c.places[0] for c in clips))])
    content: dict[str, Any] = {
        "format": FORMAT,
        "fps": FPS,
        "motion": scratch.tensor(_motion(files, clips), POSE_DIM, torch.float32),
        "actions": scratch.tensor(_actions(files, clips, index_of), None, torch.int16),
        "action_names": names,
        "offsets": starts.cumsum(0),
        "texts": texts,
        "clip_texts": torch.tensor([text for own in clip_texts for text in own]),
        "clip_text_offsets": torch.tensor([0, *map(len, clip_texts)]).cumsum(0),
    }
    content |= _columns(files, clips)
    mirror_of = _mirrors(files, clips)
    if any(other >= 0 for other in mirror_of):
        content["mirror_of"] = torch.tensor(mirror_of)
    if embeddings and files[0].embedding_dim is not None:
        content |= _embeddings(files, text_places, scratch)
    return content


def unknown_entries(file: DatasetFile) -> tuple[str, ...]:
    """Names of what the file holds and `gather` does not know, so that a person can be told that it is left out."""
    return tuple(str(name) for name in file.content if name not in (*_OTHERS, *_TEXTS, *_NUMBERS))


def mirror_of(file: DatasetFile) -> list[int]:
    """For each clip, the one that it is the mirror image of; -1 for none."""
    stored = file.content.get("mirror_of")
    return [-1] * file.clips if stored is None else stored.tolist()


def motion_of(file: DatasetFile, clip: int) -> Tensor:
    """[t, 20] of one clip, read from the file."""
    frames = file.frames(clip)
    motion = file.rows.read(file.content["motion"], frames.start, frames.stop)
    file.resident.read(motion.nbytes)
    return motion


def actions_of(file: DatasetFile, clip: int) -> Tensor:
    """int16 [t] of one clip, read from the file."""
    frames = file.frames(clip)
    return file.rows.read(file.content["actions"], frames.start, frames.stop)


def _are_named(files: Sequence[DatasetFile]) -> bool:
    """Whether equal texts have equal embeddings, which the older layout does not promise."""
    return all(file.embedding_dim is None or file.content.get("encoder_digest") for file in files)


def _action_names(files: Sequence[DatasetFile]) -> tuple[list[str], list[Tensor]]:
    """The names of all actions, those of the first file first, and for each file the new index of each of its own."""
    names = list(files[0].action_names)
    for file in files[1:]:
        names += [name for name in file.action_names if name not in names]
    places = {name: index for index, name in enumerate(names)}
    return names, [
        torch.tensor([UNLABELLED, *(places[name] for name in file.action_names)], dtype=torch.int16)
        for file in files
    ]


def _texts(
    files: Sequence[DatasetFile], clips: Sequence[Gathered], *, by_words: bool
) -> tuple[list[str], list[Place], list[list[int]]]:
    """All texts, where the embedding of each lies, and the texts of each clip."""
    index: dict[object, int] = {}
    texts: list[str] = []
    places: list[Place] = []
    clip_texts = []
    for clip in clips:
        own: list[int] = []
        for number, place in enumerate(clip.places):
            file = files[place[0]]
            for text in file.texts(place[1]):
                words = file.content["texts"][text]
                if number and any(texts[there] == words for there in own):
                    continue
                row = index.setdefault(words if by_words else (place[0], text), len(texts))
                if row == len(texts):
                    texts.append(words)
                    places.append((place[0], text))
                if row not in own:
                    own.append(row)
        clip_texts.append(own)
    return texts, places, clip_texts


def _motion(files: Sequence[DatasetFile], clips: Iterable[Gathered]) -> Iterator[Tensor]:
    for clip in clips:
        file, number = clip.places[0]
        yield motion_of(files[file], number)


def _actions(
    files: Sequence[DatasetFile], clips: Iterable[Gathered], index_of: Sequence[Tensor]
) -> Iterator[Tensor]:
    """Of each clip the labels of the first place that has any and as many frames: a mirror image may be slower."""
    for clip in clips:
        found = [index_of[file][actions_of(files[file], number).long() + 1] for file, number in clip.places]
        fitting = [labels for labels in found if len(labels) == len(found[0])]
        yield next((labels for labels in fitting if bool((labels != UNLABELLED).any())), found[0])


def _columns(files: Sequence[DatasetFile], clips: Sequence[Gathered]) -> dict[str, Any]:
    """What the files say of each clip, one value each."""
    columns: dict[str, Any] = {}
    said = {name: [file.content.get(name) for file in files] for name in (*_TEXTS, *_NUMBERS)}
    if any(values is not None for values in said["label_confidence"]):
        said["label_confidence"] = [_confidence(file) for file in files]
    for name, values in said.items():
        known = [column is not None for column in values]
        # a clip whose quality nobody measured must not pass for a bad one
        if name not in _REQUIRED and not (all(known) if name == "quality" else any(known)):
            continue
        missing: Any = _TEXTS[name] if name in _TEXTS else _NUMBERS[name][0]
        found = []
        for clip in clips:
            own = [column[number] for file, number in clip.places if (column := values[file]) is not None]
            found.append(next((value for value in own if value != missing), missing))
        if name in _TEXTS:
            columns[name] = found
        else:
            columns[name] = torch.tensor([float(value) for value in found]).to(_NUMBERS[name][1])
    return columns


def _confidence(file: DatasetFile) -> Tensor:
    """How sure the label of each clip is; in a file that does not say it, labels are those of the source."""
    said: Tensor | None = file.content.get("label_confidence")
    if said is not None:
        return said
    return torch.tensor([float((actions_of(file, clip) != UNLABELLED).any()) for clip in range(file.clips)])


def _mirrors(files: Sequence[DatasetFile], clips: Sequence[Gathered]) -> list[int]:
    new = {place: index for index, clip in enumerate(clips) for place in clip.places}
    partners = [mirror_of(file) for file in files]
    found = []
    for index, clip in enumerate(clips):
        own = [new.get((file, partners[file][number]), -1) for file, number in clip.places]
        found.append(next((other for other in own if other not in (-1, index)), -1))
    return found


def _embeddings(files: Sequence[DatasetFile], places: Sequence[Place], scratch: Scratch) -> dict[str, Any]:
    contents = [file.content for file in files]
    dtypes = {content["embeddings"].dtype for content in contents}
    width = files[0].embedding_dim
    assert width is not None

    def rows() -> Iterator[Tensor]:
        for file, text in places:
            yield files[file].rows.read(contents[file]["embeddings"], text, text + 1)

    content: dict[str, Any] = {
        name: contents[0][name]
        for name in ("encoder", "encoder_digest", "embedding_dim")
        if contents[0].get(name) is not None
    }
    dtype = dtypes.pop() if len(dtypes) == 1 else torch.float32
    content["embeddings"] = scratch.tensor(rows(), width, dtype)
    if all(one.get("word_embeddings") is not None for one in contents):
        starts = [one["word_offsets"].tolist() for one in contents]

        def words() -> Iterator[Tensor]:
            for file, text in places:
                low, high = starts[file][text], starts[file][text + 1]
                yield files[file].rows.read(contents[file]["word_embeddings"], low, high)

        kinds = {one["word_embeddings"].dtype for one in contents}
        dtype = kinds.pop() if len(kinds) == 1 else torch.float32
        content["word_embeddings"] = scratch.tensor(words(), width, dtype)
        lengths = [starts[file][text + 1] - starts[file][text] for file, text in places]
        content["word_offsets"] = torch.tensor([0, *lengths]).cumsum(0)
    return content

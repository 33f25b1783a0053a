"""Several datasets as one: the same motion only once, with the captions of all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stickgen.curating.gathering import Gathered, Place, mirror_of, motion_of
from stickgen.data.dataset import DatasetFile
from stickgen.data.split import UNDECIDED
from stickgen.errors import StickgenError
from stickgen.text import clean


@dataclass
class Merged:
    """The clips of a merged dataset, and how many were not taken."""

    clips: list[Gathered] = field(default_factory=list)
    doubles: int = 0  # clips whose motion was there already
    mirrors_of_doubles: int = 0  # mirror images of those, of which the clip that stays has its own
    split_otherwise: int = 0  # doubles that their own dataset puts on another side


def check_encoders(files: Sequence[DatasetFile]) -> None:
    """Raise StickgenError unless the texts of all `files` were embedded by one encoder, or of none."""
    first = files[0]
    for file in files[1:]:
        if _encoder(file) != _encoder(first):
            raise StickgenError(
                f"{first.path} is {_said(first)}, but {file.path} is {_said(file)}; {_remedy(first, file)}"
            )
    if len(files) > 1 and first.embedding_dim is not None and not first.content.get("encoder_digest"):
        raise StickgenError(
            f"{first.path} and {files[1].path} do not say which encoder embedded their texts, so they may not fit together; "
            "use --drop-embeddings, then: stickgen data embed"
        )


def _encoder(file: DatasetFile) -> tuple[object, ...]:
    words = file.content.get("word_embeddings") is not None
    return (file.embedding_dim, file.content.get("encoder_digest"), words)


def _said(file: DatasetFile) -> str:
    if file.embedding_dim is None:
        return "not embedded"
    name = clean(file.content.get("encoder") or "an encoder that it does not name", limit=80)
    words = "" if file.content.get("word_embeddings") is not None else " without its tokens"
    return f"embedded by {name}, {file.embedding_dim} wide{words}"


def _remedy(first: DatasetFile, second: DatasetFile) -> str:
    model, other = (first, second) if first.embedding_dim is not None else (second, first)
    name = model.content.get("encoder")
    drop = "merge with --drop-embeddings and embed the result"
    if not name:
        return drop
    return f"run: stickgen data embed {other.path} --encoder {clean(name, limit=80)}, or {drop}"


def merge(
    files: Sequence[DatasetFile], progress: Callable[[int, int], None] = lambda done, total: None
) -> Merged:
    """All clips of all `files`, in order. A motion that is there again only adds its captions and labels to the first.

    So does the mirror image of such a clip, if the first has one: it may be played at another speed, but shows the same.
    """
    merged = Merged()
    by_motion: dict[bytes, Gathered] = {}
    of_place: dict[Place, Gathered] = {}
    mirrored: dict[int, Gathered] = {}  # by the id of the clip that each is the mirror image of
    total, done = sum(file.clips for file in files), 0
    for number, file in enumerate(files):
        partners = mirror_of(file)
        # a clip before its mirror image, whatever their order in the file
        for clip in sorted(range(file.clips), key=lambda clip: partners[clip] >= 0):
            progress(done, total)
            done += 1
            place = (number, clip)
            digest = hashlib.blake2b(motion_of(file, clip).numpy().tobytes(), digest_size=16).digest()
            there = by_motion.get(digest)
            partner = of_place.get((number, partners[clip]))
            if there is not None:
                merged.doubles += 1
                merged.split_otherwise += _split_otherwise(files, there.places[0], place)
            elif partner is not None and partner.places[0] != (number, partners[clip]):
                there = mirrored.get(id(partner))
                merged.mirrors_of_doubles += there is not None
            if there is None:
                there = by_motion[digest] = Gathered()
                merged.clips.append(there)
                if partner is not None:
                    mirrored.setdefault(id(partner), there)
            there.places.append(place)
            of_place[place] = there
    merged.clips.sort(key=lambda clip: clip.places[0])
    return merged


def _split_otherwise(files: Sequence[DatasetFile], first: Place, second: Place) -> bool:
    sides = []
    for file, clip in (first, second):
        stored = files[file].content.get("split")
        sides.append(UNDECIDED if stored is None else int(stored[clip]))
    return UNDECIDED not in sides and sides[0] != sides[1]

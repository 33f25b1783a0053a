"""Pins a sentence to a run: writes it as the text encoder reads it, for the trainer that has no encoder."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from safetensors.torch import save
from torch import Tensor

from stickgen.atomic import write_bytes
from stickgen.data.embed import EncodedTexts
from stickgen.errors import StickgenError
from stickgen.generate.from_run import check_width
from stickgen.generate.lengths import dataset_of, natural_frames
from stickgen.generate.request import MOST_SEED
from stickgen.runs.pinned import LONGEST_TEXT, MOST, Pinned, pinned_folder, pinned_prompts
from stickgen.runs.store import Run
from stickgen.text import clean


def check_pin(run: Run, text: str, seed: int) -> None:
    """Raise StickgenError if `text` cannot be pinned, before an encoder is loaded for it."""
    if not 0 <= seed <= MOST_SEED:
        raise StickgenError(f"seed {seed}: must be a whole number from 0 to {MOST_SEED}")
    if not text.strip():
        raise StickgenError("the sentence is empty: say what the motion is to show")
    if len(text) > LONGEST_TEXT:
        raise StickgenError(f"the sentence has {len(text)} characters; pin one of at most {LONGEST_TEXT}")
    there, _ = pinned_prompts(run)
    if len(there) >= MOST and identifier(text, seed) not in {pinned.id for pinned in there}:
        raise StickgenError(
            f"{run.name} has {MOST} pinned sentences, which is the most: each is drawn at every checkpoint. "
            f"Remove one: stickgen runs pin {run.reference} --remove {there[0].id}"
        )


def pin(run: Run, text: str, seed: int, read: Callable[[list[str]], EncodedTexts]) -> Pinned:
    """Pin `text` to `run`, which draws it at every sample and checkpoint from now on; `read` as for `Generator.draw`.

    It needs no checkpoint: a run that has just begun can be given its sentences. The same text with the same seed is pinned once. Raises StickgenError if it cannot be pinned or written.
    """
    text = clean(text, single_line=True).strip()
    check_pin(run, text, seed)
    texts = read([text])
    config = run.config()
    check_width(texts, config.model.embedding_dim)
    assert texts.opposites is not None
    frames = natural_frames(dataset_of(run), texts.vectors[0], int(config.data.max_frames))
    name = identifier(text, seed)
    path = pinned_folder(run) / f"{name}.safetensors"
    tensors: dict[str, Tensor] = {
        "vector": texts.vectors[0].contiguous(),
        "words": texts.words[0].contiguous(),
        "opposite": texts.opposites.vectors[0].contiguous(),
        "opposite_words": texts.opposites.words[0].contiguous(),
    }
    there = {pinned.id: pinned for pinned in pinned_prompts(run)[0]}
    if name in there:
        return there[name]
    about = {"text": text, "seed": str(seed), "frames": str(frames), "created": str(time.time())}
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_bytes(path, save(tensors, about), mode=0o600, follow=False)
    except OSError as error:
        raise StickgenError(f"{path}: the sentence cannot be written ({error.strerror or error})") from error
    return Pinned(name, text, seed, frames, path)


def identifier(text: str, seed: int) -> str:
    """What the samples of a sentence are named by."""
    return hashlib.sha256(f"{seed} {text}".encode(errors="replace")).hexdigest()[:8]

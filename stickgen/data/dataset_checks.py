"""Opens a dataset file that may be anything: says what is wrong with it, in a sentence, before it is used."""

from __future__ import annotations

import math
import pickle
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stickgen.data.pickled import check_pickles
from stickgen.data.split import TEST, UNDECIDED
from stickgen.datasets.file_checks import check_checksums, check_dataset_file
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import FPS, POSE_DIM
from stickgen.text import clean, is_unicode

FORMAT = "stickgen-dataset-1"
_CHUNK_BYTES = 16 * 2**20  # checked in one go


def load_untrusted(path: Path) -> Any:
    """What `torch.save` wrote, mapped into memory: only tensors, numbers, strings and containers of them.

    Raises StickgenError if the file is anything else. Nothing in it is executed.
    """
    check_dataset_file(path)
    check_checksums(path)
    check_pickles(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(path, weights_only=True, mmap=True, map_location="cpu")
    except OSError as error:
        raise StickgenError(f"{path}: it cannot be read ({error.strerror or error})") from error
    except pickle.UnpicklingError as error:
        raise StickgenError(
            f"{path}: it holds more than tensors and text, which could run code and is never loaded; "
            "save it again as tensors and plain text"
        ) from error
    except (RuntimeError, ValueError, KeyError, EOFError, IndexError, TypeError, AttributeError) as error:
        raise StickgenError(f"{path}: not a dataset, or a damaged one; make or import it again") from error
    _check_kinds(path, content)
    return content


def _check_kinds(path: Path, content: Any) -> None:
    """Raise StickgenError if a tensor is no plain array, or if the content is larger than the file.

    A tensor with strides of 0, or a text that a list repeats, takes few bytes in the file but many once copied.
    """
    if not isinstance(content, dict):
        return
    size = path.stat().st_size
    tensors = sum(value.nbytes for value in content.values() if isinstance(value, Tensor))
    texts = sum(len(text) for text in _strings(content.get("texts")))
    for what, needed, most in (("tensors", tensors, 2 * size), ("texts", texts, 8 * size)):
        if needed > most:
            raise StickgenError(
                f"{path}: its {what} add up to {needed:,} bytes, but the file has {size:,}; make or import the dataset again"
            )
    for name, value in content.items():
        if isinstance(value, Tensor):
            plain = value.layout == torch.strided and value.device.type == "cpu" and not value.is_quantized
            if not plain:
                kind = "quantized" if value.is_quantized else f"{value.layout} on {value.device}"
                raise StickgenError(
                    f"{path}: `{name}` is no plain tensor ({kind.removeprefix('torch.')}); make or import the dataset again"
                )


def _strings(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _check_texts(path: Path, content: dict[Any, Any]) -> None:
    """Raise StickgenError if any text is not valid Unicode, which no file or terminal accepts."""
    for name, value in content.items():
        entries = value if isinstance(value, list) else [value]
        for index, text in enumerate((name, *entries)):
            if isinstance(text, str) and not is_unicode(text):
                where = f" {index - 1}" if index and isinstance(value, list) else ""
                raise StickgenError(
                    f"{path}: `{clean(name)}`{where} holds half of a character (a lone surrogate), which is no text: "
                    f"{clean(text, single_line=True, limit=60)}"
                )


def check_content(path: Path, content: Any, read: Callable[[int], None] = lambda size: None) -> None:
    """Raise StickgenError with the first thing about a dataset's content that does not fit.

    `read` gets the number of bytes of each piece that was read of the large tensors.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise StickgenError(f"{path}: a torch file, but not a stickgen dataset; make or import one")
    _check_texts(path, content)
    checks = _Checks(path, content, read)
    checks.facts()
    motion, offsets = checks.motion()
    clips = len(offsets) - 1
    checks.actions(len(motion))
    texts = checks.texts(clips)
    checks.embeddings(texts)
    checks.words(texts)
    checks.split(clips)
    checks.mirrors(clips)
    checks.shares(clips)
    checks.finite(motion, offsets)


class _Checks:
    """The checks of a dataset's content, one method for each group of entries. They raise StickgenError."""

    def __init__(self, path: Path, content: dict[Any, Any], read: Callable[[int], None]) -> None:
        self.path, self.content, self.read = path, content, read

    def demand(self, holds: bool, what: str) -> None:
        """Raise StickgenError with `what` is wrong unless it `holds`."""
        if not holds:
            raise StickgenError(f"{self.path}: {what}; make or import the dataset again")

    def tensor(self, name: str, dtypes: tuple[torch.dtype, ...], dimensions: int) -> Tensor:
        """The entry `name`, a contiguous tensor of one of `dtypes`."""
        found = self.content.get(name)
        self.demand(
            isinstance(found, Tensor) and found.layout == torch.strided, f"`{name}` is missing or no tensor"
        )
        assert isinstance(found, Tensor)
        kinds = " or ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)
        self.demand(
            found.dtype in dtypes and found.ndim == dimensions and found.is_contiguous(),
            f"`{name}` is {str(found.dtype).removeprefix('torch.')} of shape {list(found.shape)}, "
            f"not {kinds} of {dimensions} dimension{'s' * (dimensions > 1)}",
        )
        return found

    def strings(self, name: str, count: int | None = None) -> list[str]:
        """The entry `name`, a list of strings, one a clip if `count` clips are given."""
        found = self.content.get(name)
        self.demand(
            isinstance(found, list) and all(isinstance(text, str) for text in found),
            f"`{name}` is no list of texts",
        )
        assert isinstance(found, list)
        self.demand(
            count is None or len(found) == count, f"`{name}` has {len(found)} entries for {count} clips"
        )
        return found

    def offsets(self, name: str, end: int, *, least: int) -> Tensor:
        """The entry `name`: where each clip begins, and `end`; each has at least `least` entries."""
        offsets = self.tensor(name, (torch.int64,), 1)
        self.demand(
            len(offsets) > 0 and int(offsets[0]) == 0 and int(offsets[-1]) == end,
            f"`{name}` does not go from 0 to {end}",
        )
        short = (offsets.diff() < least).nonzero()
        self.demand(
            not len(short),
            f"`{name}` gives clip {int(short[0]) if len(short) else 0} fewer than {least} "
            f"entr{'y' if least == 1 else 'ies'}",
        )
        return offsets

    def facts(self) -> None:
        """The encoder that embedded the texts, and the frame rate."""
        for name, kind in (("encoder", str), ("encoder_digest", str), ("embedding_dim", int)):
            value = self.content.get(name)
            self.demand(
                value is None or type(value) is kind,
                f"`{name}` is {type(value).__name__}, not {kind.__name__}",
            )
        fps = self.content.get("fps")
        self.demand(fps == FPS, f"it says {fps} frames a second, not {FPS}")

    def motion(self) -> tuple[Tensor, Tensor]:
        """The poses of all clips, one after the other, and where each clip begins."""
        motion = self.tensor("motion", (torch.float32,), 2)
        width = motion.shape[1]
        self.demand(width == POSE_DIM, f"a pose in `motion` has {width} numbers, not {POSE_DIM}")
        self.demand(len(self.tensor("offsets", (torch.int64,), 1)) > 1, "it has no clips")
        return motion, self.offsets("offsets", len(motion), least=2)

    def actions(self, frames: int) -> None:
        """The action of each frame, -1 for none."""
        actions = self.tensor("actions", (torch.int16,), 1)
        self.demand(len(actions) == frames, f"`actions` has {len(actions)} frames, `motion` {frames}")
        top = len(self.strings("action_names")) if "action_names" in self.content else 64
        for chunk in chunks(actions, self.read):
            self.demand(
                int(chunk.min()) >= -1 and int(chunk.max()) < top,
                f"`actions` has an index that is none of the {top}",
            )

    def texts(self, clips: int) -> int:
        """The texts, which clip has which, and where clips come from. Returns the number of texts."""
        count = len(self.strings("texts"))
        self.demand(count > 0, "it has no texts")
        clip_texts = self.tensor("clip_texts", (torch.int64,), 1)
        starts = self.tensor("clip_text_offsets", (torch.int64,), 1)
        self.demand(len(starts) == clips + 1, f"`clip_text_offsets` does not fit {clips} clips")
        self.offsets("clip_text_offsets", len(clip_texts), least=1)
        self.demand(
            int(clip_texts.min()) >= 0 and int(clip_texts.max()) < count,
            f"`clip_texts` points beyond the {count} texts",
        )
        for name in ("source", "licence", "name"):
            self.strings(name, clips)
        return count

    def embeddings(self, texts: int) -> None:
        """An embedding of each text, if there are any."""
        if self.content.get("embeddings") is None:
            return
        embeddings = self.tensor("embeddings", (torch.float32, torch.float16), 2)
        self.demand(len(embeddings) == texts, f"there are {len(embeddings)} embeddings for {texts} texts")
        self.demand(embeddings.shape[1] > 0, "its embeddings have no width")
        bad = _first_bad_row(embeddings, self.read)
        self.demand(bad is None, f"the embedding of text {bad} is not finite")

    def words(self, texts: int) -> None:
        """The embeddings of each text's tokens, if there are any."""
        if self.content.get("word_embeddings") is None:
            return
        words = self.tensor("word_embeddings", (torch.float16, torch.float32), 2)
        starts = self.tensor("word_offsets", (torch.int64,), 1)
        self.demand(
            self.content.get("embeddings") is not None, "it has `word_embeddings` but no `embeddings`"
        )
        width = self.content["embeddings"].shape[1]
        self.demand(
            words.shape[1] == width, f"`word_embeddings` are {words.shape[1]} wide, `embeddings` {width}"
        )
        self.demand(len(starts) == texts + 1, f"`word_offsets` does not fit {texts} texts")
        self.offsets("word_offsets", len(words), least=0)
        bad = _first_bad_row(words, self.read)
        self.demand(bad is None, f"row {bad} of `word_embeddings` is not finite")

    def split(self, clips: int) -> None:
        """The split of the clips, their subjects, views and captures, if they are given."""
        if self.content.get("split") is not None:
            split = self.tensor("split", (torch.int8,), 1)
            self.demand(len(split) == clips, f"`split` has {len(split)} entries for {clips} clips")
            self.demand(
                bool(((split >= UNDECIDED) & (split <= TEST)).all()),
                f"`split` has a value that is not {UNDECIDED} to {TEST}",
            )
        for name in ("subject", "view", "capture"):
            if self.content.get(name) is not None:
                self.strings(name, clips)

    def mirrors(self, clips: int) -> None:
        """Which clip each is the mirror image of, -1 for none, if it is given."""
        if self.content.get("mirror_of") is None:
            return
        mirror_of = self.tensor("mirror_of", (torch.int64,), 1)
        self.demand(len(mirror_of) == clips, f"`mirror_of` has {len(mirror_of)} entries for {clips} clips")
        self.demand(
            int(mirror_of.min()) >= -1 and int(mirror_of.max()) < clips,
            f"`mirror_of` points beyond the {clips} clips",
        )

    def shares(self, clips: int) -> None:
        """How sure the label of each clip is and how good its motion, from 0 to 1, if they are given."""
        for name in ("label_confidence", "quality"):
            if self.content.get(name) is not None:
                shares = self.tensor(name, (torch.float32,), 1)
                self.demand(len(shares) == clips, f"`{name}` has {len(shares)} entries for {clips} clips")
                self.demand(
                    bool(((shares >= 0) & (shares <= 1)).all()),
                    f"`{name}` has a value that is not from 0 to 1",
                )

    def finite(self, motion: Tensor, offsets: Tensor) -> None:
        """Every number of the poses."""
        bad = _first_bad_row(motion, self.read)
        if bad is None:
            return
        clip = int(torch.searchsorted(offsets, bad, right=True)) - 1
        raise StickgenError(
            f"{self.path}: clip {clip} ({self.content['name'][clip]}) has a value that is not finite in its frame "
            f"{bad - int(offsets[clip])}; make or import the dataset again without it"
        )


def chunks(values: Tensor, read: Callable[[int], None]) -> Iterator[Tensor]:
    """`values` in pieces of some MiB. `read` gets the bytes of each piece after its use."""
    rows = max(_CHUNK_BYTES // max(values[:1].nbytes, 1), 1)
    for start in range(0, len(values), rows):
        chunk = values[start : start + rows]
        yield chunk
        read(chunk.nbytes)


def _first_bad_row(values: Tensor, read: Callable[[int], None]) -> int | None:
    """The first row of [n, d] with a value that is not finite; None if there is none."""
    before = 0
    for chunk in chunks(values, read):
        # the sum is many times faster, and finite only if every value is
        if not math.isfinite(float(chunk.sum(dtype=torch.float32))):
            bad = ~torch.isfinite(chunk).all(dim=1)
            if bool(bad.any()):
                return before + int(bad.nonzero()[0])
        before += len(chunk)
    return None

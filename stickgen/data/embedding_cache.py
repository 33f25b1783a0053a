"""Embeddings that were computed before, a safetensors file an encoder, so that nothing is encoded twice."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from stickgen.atomic import write_bytes


def cache_folder() -> Path:
    """Where embeddings are kept: `$XDG_CACHE_HOME/stickgen/embeddings`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stickgen" / "embeddings"


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).digest()


@dataclass
class EmbeddingCache:
    """What one encoder said of texts, by the sha256 of the text: a vector, and one a token."""

    path: Path
    dim: int
    _known: dict[bytes, tuple[Tensor, Tensor]] = field(default_factory=dict)
    _changed: bool = False

    @classmethod
    def open(cls, encoder: str, weights_digest: str, dim: int) -> EmbeddingCache:
        """The cache of an encoder with these weights; empty where there is none, or a damaged one."""
        name = hashlib.sha256(f"{encoder}\n{weights_digest}".encode()).hexdigest()[:32]
        cache = cls(cache_folder() / f"{name}.safetensors", dim)
        with contextlib.suppress(OSError, SafetensorError, KeyError):
            found = load_file(cache.path)
            keys, vectors, counts = found["keys"], found["vectors"], found["word_counts"].tolist()
            words = found["words"].split(counts)
            fits = vectors.shape[1:] == (dim,) and len(words) == len(vectors)
            if fits and keys.dtype == torch.uint8 and keys.shape == (len(vectors), 32):
                rows = keys.numpy()
                cache._known = {rows[i].tobytes(): (vectors[i], words[i]) for i in range(len(rows))}
        return cache

    def __contains__(self, text: str) -> bool:
        return _key(text) in self._known

    def add(self, texts: Sequence[str], vectors: Tensor, words: Sequence[Tensor]) -> None:
        """Take in `vectors` [len(texts), dim], and of each text its tokens [l, dim]."""
        for text, vector, tokens in zip(texts, vectors, words, strict=True):
            self._known[_key(text)] = vector, tokens
        self._changed = self._changed or bool(texts)

    def look_up(self, texts: Sequence[str]) -> tuple[Tensor, list[Tensor]]:
        """[len(texts), dim], and of each text its tokens. Raises KeyError for one that is not in the cache."""
        vectors, words = zip(*(self._known[_key(text)] for text in texts), strict=True)
        return torch.stack(vectors), list(words)

    def save(self) -> None:
        """Write what is new. A disk that refuses costs time at the next call and nothing else."""
        if not self._changed:
            return
        keys = torch.frombuffer(bytearray(b"".join(self._known)), dtype=torch.uint8).reshape(-1, 32)
        vectors, words = zip(*self._known.values(), strict=True)
        content = {
            "keys": keys,
            "vectors": torch.stack(vectors),
            "words": torch.cat(words),
            "word_counts": torch.tensor([len(tokens) for tokens in words]),
        }
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self.path, save(content))
            self._changed = False

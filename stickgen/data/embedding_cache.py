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
    """The vectors of one encoder by the sha256 of their text."""

    path: Path
    dim: int
    _vectors: dict[bytes, Tensor] = field(default_factory=dict)
    _changed: bool = False

    @classmethod
    def open(cls, encoder: str, weights_digest: str, dim: int) -> EmbeddingCache:
        """The cache of an encoder with these weights; empty where there is none, or a damaged one."""
        name = hashlib.sha256(f"{encoder}\n{weights_digest}".encode()).hexdigest()[:32]
        cache = cls(cache_folder() / f"{name}.safetensors", dim)
        with contextlib.suppress(OSError, SafetensorError, KeyError):
            found = load_file(cache.path)
            keys, vectors = found["keys"], found["vectors"]
            if keys.dtype == torch.uint8 and keys.shape == (len(vectors), 32) and vectors.shape[1:] == (dim,):
                rows = keys.numpy()
                cache._vectors = {rows[i].tobytes(): vectors[i] for i in range(len(rows))}
        return cache

    def __contains__(self, text: str) -> bool:
        return _key(text) in self._vectors

    def add(self, texts: Sequence[str], vectors: Tensor) -> None:
        """Take in [len(texts), dim]."""
        for text, vector in zip(texts, vectors, strict=True):
            self._vectors[_key(text)] = vector
        self._changed = self._changed or bool(texts)

    def look_up(self, texts: Sequence[str]) -> Tensor:
        """[len(texts), dim]. Raises KeyError for a text that is not in the cache."""
        return torch.stack([self._vectors[_key(text)] for text in texts])

    def save(self) -> None:
        """Write what is new. A disk that refuses costs time at the next call and nothing else."""
        if not self._changed:
            return
        keys = torch.frombuffer(bytearray(b"".join(self._vectors)), dtype=torch.uint8).reshape(-1, 32)
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self.path, save({"keys": keys, "vectors": torch.stack(list(self._vectors.values()))}))
            self._changed = False

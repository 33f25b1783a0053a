"""Caches what an evaluation has trained: one safetensors file each, with facts in its header; never a pickle."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from stickgen.atomic import write_bytes
from stickgen.folders import cache_path

_FACTS = "facts"


def evaluators_folder() -> Path:
    """Where trained evaluators are cached."""
    return cache_path("evaluators")


def key_of(*parts: object) -> str:
    """A name for what was trained from exactly these parts."""
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()[:32]


def digest_of(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, shapes and bytes of the tensors, to tell which evaluator gave a figure."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def load(kind: str, key: str) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Tensors and facts that `keep` wrote; None if there are none or the file is damaged."""
    path = evaluators_folder() / f"{kind}-{key}.safetensors"
    with contextlib.suppress(OSError, SafetensorError, ValueError, KeyError, TypeError):
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()[_FACTS])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if facts["digest"] == digest_of(tensors):
            return tensors, facts
    return None


def keep(kind: str, key: str, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write tensors and facts, atomically, and return the facts with the `digest` of the tensors.

    If the disk refuses, the only cost is that the next call trains again.
    """
    flat = {name: value.detach().contiguous() for name, value in tensors.items()}
    told = {**facts, "digest": digest_of(flat)}
    path = evaluators_folder() / f"{kind}-{key}.safetensors"
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, save(flat, metadata={_FACTS: json.dumps(told)}))
    return told
